"""The demonstration: a city with people who can sign in, and cases that the product itself has brought to where they are."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from api import seed, tales
from api.composition import compose
from engine import audit, definitions, directory, incidents, reports, silence
from engine.access import SYSTEM
from engine.db import Database
from engine.manifest import read_manifest
from engine.models import (
    Case,
    CaseLink,
    CatalogueItem,
    CatalogueRevision,
    Notice,
    Organisation,
    OrganisationRelation,
    Party,
    SealedIdentity,
)
from engine.settings import Settings


@pytest.fixture(scope="module")
def city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The whole demonstration, seeded once."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(sqlite_template, folder / "duban.db")
    database = compose(Settings(var=folder, demo=True))
    assert seed.seed(database, show=False) == []  # every tale was told as far as it should be
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
        assert audit.verify(reading.session) == []
        assert incidents.open_incidents(reading) == []
        unfinished = select(Notice).where(col(Notice.state) == "issued", col(Notice.document_id).is_(None))
        assert reading.session.exec(unfinished).first() is None


def test_every_process_has_open_and_closed_cases(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        cases = list(reading.session.exec(select(Case)))
    keys = {read_manifest(definitions.read_folder(f)[definitions.MANIFEST]).process.key for f in _bundles(city)}
    assert {c.process_key for c in cases if c.closed_at is None} == keys
    assert {c.process_key for c in cases if c.closed_at is not None} == keys


def test_at_least_three_cases_come_out_of_one_another(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        links = list(reading.session.exec(select(CaseLink)))
        keys = {c.id: c.process_key for c in reading.session.exec(select(Case))}
    offspring: dict[str, list[str]] = {}
    for link in links:
        offspring.setdefault(link.from_id, []).append(link.to_id)
    chains = {
        (keys[first], keys[second], keys[third])
        for first, seconds in offspring.items()
        for second in seconds
        for third in offspring.get(second, [])
    }
    assert ("open_data_request", "review", "catalogue_update") in chains
    assert ("complaint", "supervision_lead", "rectification") in chains


def test_a_complaint_is_sealed_and_another_one_anonymous(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        parties = reading.session.exec(select(Party).join(Case).where(col(Case.process_key) == "complaint")).all()
        named = set(reading.session.exec(select(SealedIdentity.party_id)))
        assert all(p.sealed for p in parties)
        assert {p.id in named for p in parties} == {True, False}


def test_no_date_of_a_story_is_left_in_a_far_past(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        oldest = min(c.submitted_at for c in reading.session.exec(select(Case)))
        assert reading.now - oldest < timedelta(days=160)
        assert all(c.submitted_at < reading.now for c in reading.session.exec(select(Case)))


def test_the_catalogue_is_older_than_what_became_of_it(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        first = select(CatalogueRevision.settled_at).where(col(CatalogueRevision.change) == "add")
        stands = min(at for at in reading.session.exec(first) if at is not None)
        assert all(c.submitted_at > stands for c in reading.session.exec(select(Case)))


def test_no_open_case_of_the_city_lacks_a_clock(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        assert {alarm.kind for alarm in silence.alarms(reading)} <= {"outdated", "metronome"}


def test_the_public_finds_reports_and_an_item_that_was_renewed_today(city: Database) -> None:
    with city.reading(SYSTEM) as reading:
        assert len(reports.published(reading)) == len(seed.read(city.settings.bundles)["published"])
        renewed = [i for i in reading.session.exec(select(CatalogueItem)) if i.code == "gy-sjj-0004"]
        assert [reading.now - i.updated_at < timedelta(days=1) for i in renewed if i.updated_at] == [True]


def test_a_tale_moves_days_as_a_person_writes_them() -> None:
    week = timedelta(weeks=1)
    assert tales.moved("2026-12-28", week, 2026) == "2027-01-04"
    assert tales.moved("自2026年4月28日起，5月8日恢复", week, 2026) == "自2026年5月5日起，5月15日恢复"
    assert tales.moved("自2026年4月起，每月更新，8月底前完成", 5 * week, 2026) == "自2026年5月起，每月更新，8月底前完成"


def test_the_plan_names_stories_that_exist(city: Database) -> None:
    bundles = city.settings.bundles
    with city.reading(SYSTEM) as reading:
        plan = list(seed.plan(seed.read(bundles), city, reading.now))
    stories = {Path(bundles / c["process"] / "scenarios" / f"{c['story']}.toml") for c in plan}
    assert len(plan) > 100
    assert all(story.is_file() for story in stories)


def _bundles(city: Database) -> list[Path]:
    return list(definitions.bundle_folders(city.settings.bundles))
