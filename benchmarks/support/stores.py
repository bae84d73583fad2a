"""Where a step is stored: one row a case, read and written back in one transaction, with nothing in between."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.postgres import PostgresServer, find_binaries

TABLE = "CREATE TABLE stored (id INTEGER PRIMARY KEY, state {kind}, document {kind})"


class Store(Protocol):
    """A table of states; what ``write`` was given is safe when it returns."""

    name: str

    def add(self) -> int: ...
    def read(self, ident: int) -> tuple[Any, Any]: ...
    def write(self, ident: int, state: Any, document: Any) -> None: ...
    def close(self) -> None: ...


class Sqlite:
    """A file with a write-ahead log; ``FULL`` waits for the disk at each commit, as an installation does."""

    def __init__(self, folder: Path, synchronous: str) -> None:
        self.name = f"SQLite {synchronous}"
        self.connection = sqlite3.connect(folder / f"{synchronous}.db", isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", f"PRAGMA synchronous={synchronous}", TABLE.format(kind="BLOB")):
            self.connection.execute(statement).close()

    def add(self) -> int:
        return int(self.connection.execute("INSERT INTO stored DEFAULT VALUES").lastrowid or 0)

    def read(self, ident: int) -> tuple[Any, Any]:
        self.connection.execute("BEGIN IMMEDIATE")
        found = self.connection.execute("SELECT state, document FROM stored WHERE id = ?", (ident,)).fetchone()
        return found[0], found[1]

    def write(self, ident: int, state: Any, document: Any) -> None:
        change = "UPDATE stored SET state = ?, document = ? WHERE id = ?"
        self.connection.execute(change, (state, document, ident))
        self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.close()


class Postgresql:
    """The same on a server that waits for its disk too; the row is locked while its case moves."""

    name = "PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        url = server.create("steps").replace("postgresql+psycopg://", "postgresql://")
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(TABLE.format(kind="BYTEA").replace("INTEGER", "SERIAL"))

    def add(self) -> int:
        found = self.connection.execute("INSERT INTO stored DEFAULT VALUES RETURNING id").fetchone()
        return int(found[0]) if found else 0

    def read(self, ident: int) -> tuple[Any, Any]:
        self.connection.execute("BEGIN")
        query = "SELECT state, document FROM stored WHERE id = %s FOR UPDATE"
        found = self.connection.execute(query, (ident,)).fetchone()
        return found if found else (None, None)

    def write(self, ident: int, state: Any, document: Any) -> None:
        change = "UPDATE stored SET state = %s, document = %s WHERE id = %s"
        self.connection.execute(change, (state, document, ident))
        self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.close()


@contextmanager
def postgres() -> Iterator[PostgresServer | None]:
    """A server that keeps what it commits, or None where this machine has none (which is said)."""
    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed here: left out (make setup-test installs it)")
        yield None
        return
    with PostgresServer(binaries, durable=True) as server:
        yield server


@contextmanager
def every_store(folder: Path) -> Iterator[list[Store]]:
    """All stores of this machine, empty."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        stores: list[Store] = [Sqlite(folder, "NORMAL"), Sqlite(folder, "FULL")]
        if server:
            stores.append(Postgresql(server))
        for store in stores:
            stack.callback(store.close)
        yield stores
