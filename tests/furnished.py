"""Furnished installations for tests, copied from one that was furnished once a run: `from tests.furnished import household`.

`household` runs a test on both databases; `small_household` on SQLite only, where what is tested does not depend on it.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from tests.household import Household, furnish, reopen
from tests.postgres import PostgresServer

_numbers = count(1)


@dataclass(frozen=True)
class Furnished:
    """An installation to copy: its folder, its tokens and, on PostgreSQL, the name of its database."""

    folder: Path
    tokens: dict[str, str]
    database: str = ""


@pytest.fixture(scope="session")
def furnished_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copyfile(sqlite_template, folder / "duban.db")
    made = furnish(folder)
    made.database.dispose()
    connection = sqlite3.connect(folder / "duban.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Furnished(folder, made.tokens)


@pytest.fixture(scope="session")
def furnished_postgres(
    postgres: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Furnished:
    folder = tmp_path_factory.mktemp("furnished")
    made = furnish(folder, postgres.create("furnished", postgres_template))
    made.database.dispose()
    postgres.freeze("furnished")
    return Furnished(folder, made.tokens, "furnished")


@pytest.fixture(params=["sqlite", "postgresql"])
def household(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Household]:
    """A small, furnished installation of the test's own, on each of the two databases."""
    if request.param == "sqlite":
        yield from _copied(request.getfixturevalue("furnished_sqlite"), tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    template: Furnished = request.getfixturevalue("furnished_postgres")
    name = f"household_{next(_numbers)}"
    yield from _copied(template, tmp_path, server.create(name, template.database))
    server.drop(name)


@pytest.fixture
def small_household(furnished_sqlite: Furnished, tmp_path: Path) -> Iterator[Household]:
    """The same on SQLite only."""
    yield from _copied(furnished_sqlite, tmp_path)


def _copied(template: Furnished, folder: Path, url: str = "") -> Iterator[Household]:
    for file in template.folder.iterdir():
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    opened = replace(reopen(folder, url), tokens=dict(template.tokens))
    yield opened
    opened.database.dispose()
