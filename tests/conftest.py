"""What all tests share: databases, the machine's programs, the budget of time.

``database_url`` is the address of a migrated, empty database of the test's own. A test that asks for it runs twice, on
SQLite and on PostgreSQL, unless it is marked ``sqlite_only`` or ``postgresql_only``. ``blank_database_url`` is the same
without any table; ``city_url`` with the demonstration's city and the open-data request, and ``world`` an installation over
that. They are copies of a template, so they cost milliseconds.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from tests import compiling, machine
from tests.furnished import furnished_postgres, furnished_sqlite, household, small_household
from tests.postgres import PostgresServer, find_binaries

__all__ = ["furnished_postgres", "furnished_sqlite", "household", "small_household"]

if TYPE_CHECKING:
    from tests.factories import World

# Seconds of testing in each folder, added up over all processes, with which `make test` would end within 15 minutes on 2 cores.
BUDGET = {
    "unit": 150,
    "fuzz": 150,
    "integration": 400,
    "processes": 900,
    "functional": 230,
    "browser": 200,
    "acceptance": 200,
    "security": 220,
    "migration": 60,
    "faults": 220,
}
TESTS = Path(__file__).resolve().parent
MEANT_FOR_TESTS = {"DUBAN_CHROMIUM", "DUBAN_FONTS", "DUBAN_SCREENSHOTS"}

# A developer's own installation must not leak into the tests, nor theirs into it.
for name in [name for name in os.environ if name.startswith("DUBAN_") and name not in MEANT_FOR_TESTS]:
    del os.environ[name]

if folder := machine.fast_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)  # where pytest makes the folders of tests

compiling.share()
hypothesis_settings.register_profile("duban", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis_settings.load_profile("duban")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, one for each process of the test run."""
    binaries = find_binaries()
    if binaries is None:
        machine.missing("PostgreSQL")
    with PostgresServer(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    from engine.db import upgrade

    upgrade(postgres.create("template_duban"))
    postgres.freeze("template_duban")
    return "template_duban"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    from engine.db import upgrade

    path = tmp_path_factory.mktemp("template") / "duban.db"
    upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in the one file that is copied
    connection.close()
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own, on each of the two databases."""
    if request.param == "sqlite":
        path = tmp_path / "duban.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres")
        yield from _postgres_database(server, request.getfixturevalue("postgres_template"))


@pytest.fixture
def blank_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, on each of the two databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
    else:
        yield from _postgres_database(request.getfixturevalue("postgres"), "template0")


@pytest.fixture(scope="session")
def sqlite_city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with city and process to copy."""
    from tests.factories import furnish

    folder = tmp_path_factory.mktemp("city")
    path = folder / "duban.db"
    shutil.copyfile(sqlite_template, path)
    furnish(f"sqlite:///{path}", folder)
    return path


@pytest.fixture(scope="session")
def postgres_city(postgres: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database with city and process to copy."""
    from tests.factories import furnish

    furnish(postgres.create("template_city", postgres_template), tmp_path_factory.mktemp("city"))
    postgres.freeze("template_city")
    return "template_city"


@pytest.fixture
def city_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own with the city in it and the open-data request deployed."""
    if request.param == "sqlite":
        path = tmp_path / "duban.db"
        shutil.copyfile(request.getfixturevalue("sqlite_city"), path)
        yield f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres")
        yield from _postgres_database(server, request.getfixturevalue("postgres_city"))


@pytest.fixture
def world(city_url: str, tmp_path: Path) -> "Iterator[World]":
    """An installation of the test's own (``tests.factories``)."""
    from tests.factories import installation

    with installation(city_url, tmp_path) as made:
        yield made


_database_numbers = count(1)


def _postgres_database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"duban_{next(_database_numbers)}"
    yield server.create(name, template)
    server.drop(name)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser to drive (Playwright's ``executable_path``)."""
    return machine.find_chromium() or machine.missing("Chromium")


@pytest.fixture(scope="session")
def fonts() -> Path:
    """The folder with the fonts of official documents."""
    return machine.find_fonts() or machine.missing("the fonts of official documents")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a database on both, or on the one that the test is marked for."""
    dialects = ["sqlite", "postgresql"]
    for dialect in list(dialects):
        if metafunc.definition.get_closest_marker(f"{dialect}_only"):
            dialects = [dialect]
    for fixture in ("database_url", "blank_database_url", "city_url"):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, dialects, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its folder, so that `-m browser` or `-m "not browser"` chooses; the longest folders come first,
    so that no process is left alone with a long file in the end."""
    for item in items:
        if folder := _folder(item.path):
            item.add_marker(folder)
    items.sort(key=lambda item: -BUDGET.get(_folder(item.path) or "", 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, loudly, and where the time went."""
    left_out = {
        report.longrepr[2].partition(machine.MISSING)[2]
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple) and machine.MISSING in report.longrepr[2]
    }
    if left_out:
        terminalreporter.write_line(f"!!! {machine.MISSING}{', '.join(sorted(left_out))} !!!", red=True, bold=True)
    spent: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            folder = _folder(TESTS.parent / report.nodeid.partition("::")[0]) if hasattr(report, "duration") else None
            if folder:
                spent[folder] = spent.get(folder, 0) + report.duration
    for folder, seconds in spent.items():
        over = seconds > BUDGET[folder]
        line = f"{folder}: {seconds:.0f} s of {BUDGET[folder]} s{', OVER BUDGET' if over else ''}"
        terminalreporter.write_line(line, yellow=over)


def _folder(path: Path) -> str | None:
    """The folder of tests/ that a file belongs to, when it is one with a budget."""
    if not path.is_relative_to(TESTS):
        return None
    folder = path.relative_to(TESTS).parts[0]
    return folder if folder in BUDGET else None
