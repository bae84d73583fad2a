"""Finding cases: by number, by words, by an exact name; on both databases alike, whatever is typed."""

import pytest
from sqlalchemy import select as sa_select
from sqlalchemy import text
from sqlmodel import col

from engine import definitions, directory, documents, queries, search, tasks
from engine.access import Actor
from engine.db import CharacterUnusable
from engine.errors import NotFound
from engine.models import Case
from notices import service
from tests.factories import World

SUBJECTS = {
    "parking": "贵阳市公共停车场实时泊位数据",
    "cars": "停车后车场清洁费用",
    "bus": "公交到站时间 bus arrival API-v2",
    "rare": "𬭚矿开采许可",
    "wide": "１２３４５热线工单（Café 版）",
}


@pytest.fixture
def filed(world: World) -> dict[str, str]:
    """The references of some cases, by what they are about."""
    return {
        name: world.submit(dataset=subject, applicant_name=f"申请人{name}").reference
        for name, subject in SUBJECTS.items()
    }


@pytest.fixture
def handler(world: World, filed: dict[str, str]) -> Actor:
    return world.person("data_provider.case_handler")


def found(world: World, actor: Actor, typed: str) -> list[str]:
    with world.database.reading(actor) as reading:
        return sorted(row.reference for row in queries.cases(reading, search_for=typed).rows)


EXPECTED = {
    "停车场": ["parking"],
    "停车": ["parking", "cars"],
    "车": ["parking", "cars"],
    "车场": ["parking", "cars"],
    "数据 停车": ["parking"],
    "泊位数据": ["parking"],
    "𬭚": ["rare"],
    "𬭚矿": ["rare"],
    "BUS": ["bus"],
    "api-v2": ["bus"],
    "12345": ["wide"],
    "cafe": ["wide"],
    "(café)": ["wide"],
    "KF-2026-000002": ["cars"],
    "kf-2026-000002": ["cars"],
    "000003": ["bus"],
    "3": ["bus"],
    "申请人bus": ["bus"],
    " 申请人 Bus ": ["bus"],
    "申请人b": [],
    "申请人": [],
    "不存在的词": [],
    "场车": [],
}


HOSTILE = [
    '"',
    '""',
    '"停车" OR "1"="1',
    "*",
    "停*",
    "NEAR(停车 场, 5)",
    "terms:停车",
    "case_id:*",
    "^停车",
    "-停车",
    "NOT 停车",
    "%",
    "停%场",
    "_",
    "'; DROP TABLE case_file; --",
    "{停车}",
    "\\",
    "\0",
    "停\0车",
    "\ud800",
    "\x1b[2J",
    "（）",
    "𬭚" * 5000,
    "a" * 100_000,
    "a " * 50_000,
    "AND",
    "OR OR",
]


def test_a_search_finds_what_it_should(world: World, filed: dict[str, str], handler: Actor) -> None:
    names = {reference: name for name, reference in filed.items()}
    results = {typed: [names[reference] for reference in found(world, handler, typed)] for typed in EXPECTED}
    assert results == EXPECTED


def test_whatever_is_typed_is_only_text(world: World, filed: dict[str, str], handler: Actor) -> None:
    for typed in HOSTILE:
        assert set(found(world, handler, typed)) <= set(filed.values()), ascii(typed)[:40]
        with world.database.reading(handler) as reading:
            queries.inbox(reading, "all", search_for=typed)
    assert len(found(world, handler, "")) == len(SUBJECTS)


def test_a_search_finds_nothing_that_one_may_not_see(world: World, filed: dict[str, str]) -> None:
    for stranger in (world.member("gy-jyj", "case_handler"), Actor("person", "x", duty="administrator")):
        for typed in ("停车场", "KF-2026-000001", "申请人parking", ""):
            assert found(world, stranger, typed) == []


@pytest.mark.sqlite_only
def test_a_thousand_cases_of_others_do_not_hide_mine(world: World) -> None:
    others = world.submit(agency="gy-jyj").case_id
    with world.database.engine.begin() as connection:
        terms = connection.exec_driver_sql("SELECT terms FROM search_words").scalar_one()
        for _ in range(1200):
            connection.exec_driver_sql("INSERT INTO search_words (case_id, terms) VALUES (?, ?)", (others, terms))
    mine = world.submit().reference
    assert found(world, world.person("data_provider.case_handler"), "停车场") == [mine]


@pytest.mark.postgresql_only
def test_the_index_is_used(world: World, filed: dict[str, str], handler: Actor) -> None:
    with world.database.reading(handler) as reading:
        reading.session.execute(text("SET enable_seqscan = off"))
        query = sa_select(col(Case.id)).where(search.matching(reading, "停车场"))
        sql = query.compile(world.database.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(reading.session.execute(text(f"EXPLAIN {sql}")).scalars())
    assert "ix_search_entry_terms" in plan


def test_an_id_that_no_database_can_hold_is_not_found_or_refused_with_a_sentence(world: World) -> None:
    world.submit()
    handler = world.person("data_provider.case_handler")
    for typed in ("\0", "KF-2026-000001\0", "\ud800", "x" * 100_000, ""):
        _look_for(world, handler, typed)


def _look_for(world: World, handler: Actor, typed: str) -> None:
    looks = (
        lambda reading: queries.case_file(reading, typed),
        lambda reading: queries.task(reading, typed),
        lambda reading: documents.read(reading, typed),
        lambda reading: service.pdf(reading, typed),
        lambda reading: definitions.current(reading, typed),
        lambda reading: directory.organisation(reading, typed),
    )
    for look in looks:
        with pytest.raises((NotFound, CharacterUnusable)), world.database.reading(handler) as reading:
            look(reading)
    with pytest.raises((NotFound, CharacterUnusable)), world.database.unit_of_work(handler) as uow:
        tasks.claim(uow, typed)
