"""The schema: up, down and up again on both databases, and the same as the models say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

import engine.models  # noqa: F401  (fills the metadata)
from engine.db import connect, downgrade, is_empty, upgrade
from tests.factories import installation


@pytest.fixture
def blank(blank_database_url: str) -> Iterator[Engine]:
    made = connect(blank_database_url)
    yield made
    made.dispose()


def test_up_down_and_up_again_leaves_the_same_tables(blank: Engine, blank_database_url: str) -> None:
    assert is_empty(blank)
    upgrade(blank_database_url)
    first = _tables(blank)
    assert {"case_file", "audit_event", "search_entry"} <= set(first)
    downgrade(blank_database_url)
    assert set(_tables(blank)) <= {"alembic_version"}
    upgrade(blank_database_url)
    assert _tables(blank) == first


def test_what_is_at_the_newest_version_is_left_alone(blank: Engine, blank_database_url: str) -> None:
    upgrade(blank_database_url)
    with blank.begin() as connection:
        connection.execute(text("INSERT INTO system_value (name, value) VALUES ('a', '1')"))
    upgrade(blank_database_url)
    with blank.connect() as connection:
        assert connection.execute(text("SELECT value FROM system_value")).scalar_one() == "1"


def test_the_migrations_make_what_the_models_declare(blank: Engine, blank_database_url: str) -> None:
    upgrade(blank_database_url)
    with blank.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_name": _is_declared}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the full-text index, which no model can declare."""
    if kind == "table":
        return name is not None and not name.startswith("search_words")
    return name != "ix_search_entry_terms"


def _tables(blank: Engine) -> dict[str, list[str]]:
    found = inspect(blank)
    return {table: sorted(c["name"] for c in found.get_columns(table)) for table in found.get_table_names()}


@pytest.mark.sqlite_only
def test_numbers_of_earlier_papers_are_entered_into_the_register(city_url: str, tmp_path: Path) -> None:
    with installation(city_url, tmp_path) as world:
        for _ in range(2):
            world.submit()
            world.reach("sign_reply")
            world.do("sign_reply")
    entries = text("SELECT series, year, ordinal, number, notice_id FROM registered_number ORDER BY ordinal")
    shorter = text(
        "INSERT INTO number_sequence (id, owner, series, year, last)"
        " SELECT 's', owner, substr(series, 2), year, 2 FROM number_sequence WHERE series = '开放复'"
    )
    with connect(city_url).begin() as connection:
        before = [tuple(row) for row in connection.execute(entries)]
        assert [row[:3] for row in before] == [("开放复", 2026, 1), ("开放复", 2026, 2)]
        connection.execute(shorter)  # a series whose name ends like that of the other one
    downgrade(city_url, "0012")
    upgrade(city_url)
    with connect(city_url).connect() as connection:
        assert [tuple(row) for row in connection.execute(entries)] == before


@pytest.mark.sqlite_only
def test_tables_that_others_refer_to_are_made_anew_with_rows_in_them(city_url: str, tmp_path: Path) -> None:
    with installation(city_url, tmp_path) as world:
        world.submit()
        world.reach("sign_reply")
    kept = ("notice", "delivery", "document", "task", "case_file")
    with connect(city_url).connect() as connection:
        before = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in kept]
        upgraded = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    downgrade(city_url, "0011")
    upgrade(city_url)
    with connect(city_url).connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == upgraded
        assert [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in kept] == before
        assert all(before)
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
