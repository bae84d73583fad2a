"""The schema: up, down and up again on both databases, and the same as the models say."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

import engine.models  # noqa: F401  (fills the metadata)
from engine.db import connect, downgrade, is_empty, upgrade


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
def test_numbers_of_earlier_papers_are_entered_into_the_register(blank: Engine, blank_database_url: str) -> None:
    upgrade(blank_database_url)
    downgrade(blank_database_url, "0012")
    paper = (
        "INSERT INTO notice (id, case_id, name, presentation_id, organisation_id, form, title, number, facts, state,"
        " verify_token, digest_algorithm, created_at, issued_at, issued_on) VALUES (:id, 'c', 'reply', 'p', 'o', 'letter',"
        " '答复书', :number, x'', 'issued', :id, 'sha256', '2026-04-21 01:00:00', '2026-04-21 01:00:00', '2026-04-21')"
    )
    series = "INSERT INTO number_sequence (id, owner, series, year, last) VALUES (:series, 'o', :series, 2026, 2)"
    organ = (
        "INSERT INTO organisation (id, code, name, short_name, name_en, kind, level, document_prefix, phone, address,"
        " applicability, demonstration, active) VALUES ('o', 'o', 'o', 'o', '', 'agency', 'city', '筑', '', '', 'direct', 0, 1)"
    )
    with blank.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.execute(text(organ))
        for name in ("复", "数复"):
            connection.execute(text(series), {"series": name})
        for ident, number in (("a", "筑数复〔2026〕1号"), ("b", "筑数复〔2026〕2号"), ("c", None)):
            connection.execute(text(paper), {"id": ident, "number": number})
        connection.commit()
    upgrade(blank_database_url)
    with blank.connect() as connection:
        entered = connection.execute(
            text("SELECT series, year, ordinal, number, notice_id FROM registered_number ORDER BY ordinal")
        )
        assert [tuple(row) for row in entered] == [
            ("数复", 2026, 1, "筑数复〔2026〕1号", "a"),
            ("数复", 2026, 2, "筑数复〔2026〕2号", "b"),
        ]
