"""The demonstration: a city with people who can sign in, and cases that the product itself has brought to where they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from api import seed
from api.composition import compose
from engine import audit, directory, incidents
from engine.access import SYSTEM
from engine.db import Database, upgrade
from engine.models import Breach, Case, Notice, Organisation, OrganisationRelation
from engine.settings import Settings

COUNT = 4


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    settings = Settings(var=tmp_path_factory.mktemp("demo"), demo=True)
    upgrade(settings.url)
    database = compose(settings)
    seed.seed(database, show=False, count=COUNT)
    yield database
    database.dispose()


def test_every_login_that_is_shown_can_sign_in(city: Database) -> None:
    password, *logins = seed.login_lines()
    for line in logins:
        with city.reading(SYSTEM) as reading:
            assert directory.sign_in(reading, line.split()[0], password.split()[-1])


def test_the_city_has_both_relations_between_organisations(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        kinds = set(reading.session.exec(select(OrganisationRelation.kind)))
        assert kinds == {"superior_of", "business_guidance_of"}
        assert all(o.demonstration for o in reading.session.exec(select(Organisation)))


def test_its_cases_have_papers_a_whole_record_and_no_incident(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        assert reading.session.exec(select(func.count()).select_from(Case)).one() == COUNT
        assert audit.verify(reading.session) == []
        assert incidents.open_incidents(reading) == []
        unfinished = select(Notice).where(col(Notice.state) == "issued", col(Notice.document_id).is_(None))
        assert reading.session.exec(unfinished).first() is None


def test_old_cases_were_answered_in_their_time(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        assert {c.status for c in reading.session.exec(select(Case))} == {"closed"}
        assert reading.session.exec(select(Breach)).first() is None


def test_the_whole_plan_has_some_sixty_cases_due_today_overdue_and_in_time(city: Database) -> None:
    bundles = city.settings.bundles
    with city.reading(SYSTEM) as reading:
        plan = list(seed.plan(seed.read(bundles), city, reading.now))
    stories = {Path(bundles / c["process"] / "scenarios" / f"{c['story']}.toml") for c in plan}
    assert 55 <= len(plan) <= 65
    assert all(story.is_file() for story in stories)
    assert len({c["steps"] for c in plan}) > 5
    assert all(c["filed"] < reading.now for c in plan)
