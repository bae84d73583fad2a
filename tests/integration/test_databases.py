"""Each test has a migrated database of its own, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from engine.db import connect, is_empty
from tests.postgres import PostgresServer


@pytest.fixture
def engine(database_url: str):
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("_turn", [1, 2])
def test_what_one_test_writes_the_next_does_not_see(engine: Engine, _turn: int) -> None:
    assert not is_empty(engine)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM system_value")).scalar_one() == 0
        connection.execute(text("INSERT INTO system_value (name, value) VALUES ('竹', '1')"))


def test_the_fixture_gives_the_database_that_the_test_is_named_after(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    assert f"[{engine.dialect.name}]" in request.node.name


def test_a_blank_database_has_no_tables(blank_database_url: str) -> None:
    engine = connect(blank_database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.sqlite_only
def test_a_test_for_sqlite_alone_gets_a_file_in_its_own_folder(database_url: str, tmp_path: Path) -> None:
    assert Path(database_url.removeprefix("sqlite:///")).parent == tmp_path


@pytest.mark.postgresql_only
def test_a_test_for_postgresql_alone_gets_a_database_of_the_throw_away_server(
    database_url: str, postgres: PostgresServer
) -> None:
    assert f"127.0.0.1:{postgres.port}/" in database_url
