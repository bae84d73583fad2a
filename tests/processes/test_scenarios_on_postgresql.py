"""Every story of every bundle is true on PostgreSQL as well.

What is decided, owed and sent is played whole. The papers are not set again: they look the same whatever the database, and on
SQLite each story sets its own.
"""

from itertools import count
from pathlib import Path

import pytest

from api import scenarios
from tests.postgres import PostgresServer
from tests.processes.story_files import FILES, name
from tests.processes.walking import PAPERWORK

_numbers = count(1)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_the_story_is_true_on_postgresql(
    file: Path, postgres: PostgresServer, installed_on_postgres: tuple[Path, str], tmp_path: Path
) -> None:
    (folder, template), database = installed_on_postgres, f"story_{next(_numbers)}"
    url = postgres.create(database, template)
    result = scenarios.play(file.parents[1], file, tmp_path / "story", folder, lambda: url, PAPERWORK)
    postgres.drop(database)
    assert result.ok, result.fault
