"""Installations for the tests of the pages: furnished once on SQLite and copied, or made anew on both databases."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from api.composition import compose
from engine.settings import Settings
from tests.household import Household, furnish


@pytest.fixture(scope="session")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Household]:
    """A furnished installation to copy, with its folder."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copyfile(sqlite_template, folder / "duban.db")
    made = furnish(folder)
    with made.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.database.dispose()
    return folder, made


@pytest.fixture
def household(furnished: tuple[Path, Household], tmp_path: Path) -> Iterator[Household]:
    """A small, furnished installation of the test's own. What pages do does not depend on the database."""
    folder, made = furnished
    shutil.copytree(folder, tmp_path / "var")
    database = compose(Settings(var=tmp_path / "var"))
    yield replace(made, database=database, app=create_app(database))
    database.dispose()


@pytest.fixture
def either_household(database_url: str, tmp_path: Path) -> Iterator[Household]:
    """The same on each of the two databases."""
    made = furnish(tmp_path, database_url)
    yield made
    made.database.dispose()
