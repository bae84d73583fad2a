"""An English courtesy translation beside the Chinese paper: unasked for who filed in English, for others when they ask."""

import pytest

from engine import clock
from engine.access import SYSTEM
from engine.models import AuditEvent, Document, Incident, Job, Notice
from notices import service, translations
from notices.paper import TemplateFaulty
from tests.factories import World, at_once
from tests.integration.test_jobs import Clockwork
from tests.papers import text


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    return Clockwork(monkeypatch)


def receipt(world: World) -> Notice:
    return world.one(Notice, name="receipt")


def test_who_filed_in_english_gets_a_translation_beside_the_original(world: World, fonts: object) -> None:
    world.submit(locale="en")
    world.work(papers=True)
    notice = receipt(world)
    assert notice.document_id != notice.translation_id
    assert world.one(Document, id=notice.translation_id).kind == "translation"
    with world.database.reading(world.applicant()) as reading:
        name, content = translations.pdf(reading, notice.id)
        _, _, original = service.pdf(reading, notice.id)
    assert name == f"Receipt of the request-{world.case().reference}.pdf"
    said = text(content)
    assert "Replydueby" in said
    assert "GuiyangTransportCommission" in said
    assert "答复机关" in text(original)
    assert world.all(AuditEvent, name="notice.translated")


def test_who_filed_in_chinese_gets_none_until_they_ask(world: World, fonts: object) -> None:
    world.submit()
    world.work(papers=True)
    notice = receipt(world)
    assert notice.translation_id is None
    with (
        pytest.raises(translations.TranslationNotAsked),
        world.database.reading(world.applicant()) as reading,
    ):
        translations.pdf(reading, notice.id)
    for _ in range(2):
        with world.database.unit_of_work(world.applicant()) as uow:
            assert not translations.ask(uow, notice.id)
    world.work(papers=True)
    with world.database.unit_of_work(world.applicant()) as uow:
        assert translations.ask(uow, notice.id)
    assert len(world.all(Job, kind=translations.JOB)) == 1


@pytest.mark.sqlite_only
def test_a_stranger_and_another_party_find_no_translation(world: World, fonts: object) -> None:
    world.submit(locale="en")
    world.work(papers=True)
    notice = receipt(world)
    world.submit()
    for actor in (world.applicant(), world.member("gy-jyj", "case_handler")):
        with pytest.raises(service.NoticeNotFound), world.database.reading(actor) as reading:
            translations.pdf(reading, notice.id)
        with pytest.raises(service.NoticeNotFound), world.database.unit_of_work(actor) as uow:
            translations.ask(uow, notice.id)


@pytest.mark.sqlite_only
def test_two_who_ask_at_once_get_one_translation(world: World, fonts: object) -> None:
    world.submit()
    world.work(papers=True)
    notice, applicant = receipt(world), world.applicant()

    def ask() -> None:
        with world.database.unit_of_work(applicant) as uow:
            translations.ask(uow, notice.id)

    assert at_once(ask, ask) == [None, None]
    world.work(papers=True)
    assert len(world.all(Document, kind="translation")) == 1


@pytest.mark.sqlite_only
def test_a_translation_that_fails_is_an_incident_and_the_original_stands(
    world: World, fonts: object, wall: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> bytes:
        raise TemplateFaulty(sentence="no English today.")

    monkeypatch.setattr(translations, "render", fails)
    world.submit(locale="en")
    for _ in range(9):
        world.work(papers=True)
        wall.pass_by(900)
    notice = receipt(world)
    assert notice.document_id is not None
    assert notice.translation_id is None
    assert [(i.kind, i.case_id) for i in world.all(Incident)] == [("job.failed", notice.case_id)]


@pytest.mark.sqlite_only
def test_a_translation_bears_neither_seal_nor_signature_nor_facts_for_programs(world: World, fonts: object) -> None:
    world.print_nothing()
    world.submit(locale="en")
    world.reach("sign_reply")
    world.do("sign_reply")
    notice = world.one(Notice, name="reply", state="issued")
    with world.database.reading(SYSTEM) as reading:
        paper = translations.paper(reading, notice, world.case())
    assert (paper.lang, paper.seal, paper.signed, paper.attached) == ("en", False, False, None)
    assert (paper.number, paper.title) == (notice.number, "Reply to an open-data request")
    assert paper.organisation == "Guiyang Transport Commission"
    assert paper.facts["bureau"] == "Guiyang Big Data Development Administration"
    assert paper.issued_on == clock.day_of(notice.issued_at) if notice.issued_at else None
