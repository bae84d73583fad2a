"""Many rows out of few: one case is filed as people file it, and its rows are copied with other ids, as fast as a database
takes rows. What is sealed for a case is sealed anew for its copy."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from engine.db import Database

Row = dict[str, Any]


class Copier:
    """A plain connection to an installation's database, for rows by the hundred thousand."""

    def __init__(self, database: Database) -> None:
        self.database, self.sqlite = database, database.sqlite
        self._pooled = database.engine.raw_connection()
        self.connection: Any = self._pooled.driver_connection

    def rows(self, table: str, case_id: str, column: str = "case_id") -> list[Row]:
        """The rows of a case as the driver gives them."""
        mark = "?" if self.sqlite else "%s"
        cursor = self.connection.execute(f"SELECT * FROM {table} WHERE {column} = {mark}", (case_id,))
        names = [field[0] for field in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in found if not self.sqlite else ():
            for name, value in row.items():  # the driver gives JSON as what it means, and takes it as text
                if isinstance(value, list | dict):
                    row[name] = json.dumps(value)
        return found

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """All rows of a table in one transaction."""
        made = iter(rows)
        first = next(made, None)
        if first is None:
            return
        names = list(first)
        values = (tuple(row[name] for name in names) for row in _with(first, made))
        columns = ", ".join(f'"{name}"' for name in names)
        if self.sqlite:
            marks = ", ".join("?" * len(names))
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
            self.connection.execute("COMMIT")
            return
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as sink:
            for row in values:
                sink.write_row(row)
        self.connection.commit()

    def at(self, instant: datetime | None) -> Any:
        """An instant as the driver wants it."""
        if instant is None or not self.sqlite:
            return instant
        return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def done(self) -> None:
        """Let the database know how much there is now."""
        self.connection.commit()
        if not self.sqlite:
            self.connection.autocommit = True
        self.connection.execute("ANALYZE")
        self._pooled.close()


def _with(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def ident(kind: str, number: int) -> str:
    """The id of a copy: 32 hexadecimal digits, the same in every table that refers to it."""
    return f"{kind}{number:0{32 - len(kind)}x}"
