"""Sealed identities: kept apart under other keys, opened by few with a reason, told by no token, refusal or paper."""

from datetime import timedelta

import pytest

from engine import kin, queries, recusals, search, tasks, vault
from engine.access import SYSTEM, Actor
from engine.models import AuditEvent, Case, Party, Person, SealedIdentity
from engine.privacy import Erased
from notices import facts
from tests import confidential
from tests.factories import World

NAME, PHONE, EMAIL = "欧阳䶮䶮", "13977778888", "ouyang.secret@example.org"


@pytest.fixture
def world(world: World) -> World:
    """A sealed complaint against the education bureau, which the city's bureau handles."""
    confidential.deploy(world)
    confidential.file(world, complainant=NAME, phone=PHONE, email=EMAIL)
    return world


def party(world: World) -> Party:
    return world.one(Party, case_id=world.case_id)


def named(world: World, actor: Actor, name: str) -> None:
    with world.database.unit_of_work(SYSTEM) as uow:
        person = uow.session.get_one(Person, actor.id)
        person.name = name
        uow.add(person)


def shown(world: World, actor: Actor) -> str:
    with world.database.reading(actor) as reading:
        return str(queries.case_file(reading, world.case().reference))


def test_the_case_knows_a_complainant_by_a_word_and_the_key_of_the_case_opens_no_more(world: World) -> None:
    with world.database.reading(SYSTEM) as reading:
        case, row = world.case(), party(world)
        key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
        assert key.open_value(row.identity, f"party.identity:{row.id}") == {"name": "投诉举报人"}
        kept = world.one(SealedIdentity, party_id=row.id)
        assert kept.master_key_id == reading.keys.identity.current != reading.keys.current
        assert vault.email(reading, row.id) == EMAIL


def test_whoever_handles_the_case_opens_the_identity_once_and_it_stands_on_record(world: World) -> None:
    handler = world.person(confidential.HANDLER)
    assert NAME not in shown(world, handler)
    assert "投诉举报人（身份已封存）" in shown(world, handler)
    with world.database.unit_of_work(handler) as uow:
        told = queries.unmask(uow, world.case_id, "需要当面核实线索")
    assert [field.value for field in told] == [NAME, PHONE, EMAIL]
    opened = world.one(AuditEvent, name="identity.opened")
    assert (opened.stream, opened.actor) == (f"case:{world.case_id}", str(handler))
    assert world.one(AuditEvent, name="party.unmasked").detail["reason"] == "需要当面核实线索"
    assert NAME not in shown(world, handler)


def test_the_record_of_an_opening_keeps_its_reason_without_the_name_that_was_opened(world: World) -> None:
    with world.database.unit_of_work(world.person(confidential.HANDLER)) as uow:
        queries.unmask(uow, world.case_id, f"给{NAME}回电话{PHONE}")
    assert world.one(AuditEvent, name="party.unmasked").detail["reason"] == "给▇▇回电话▇▇"


def test_others_of_the_same_house_do_not_open_it(world: World) -> None:
    task = world.task("receive")
    head = world.person("city_data_bureau.unit_head")
    with pytest.raises(vault.IdentityClosed), world.database.unit_of_work(head) as uow:
        queries.unmask(uow, task.case_id, "想看看是谁")
    assert world.all(AuditEvent, name="identity.opened") == []


def test_a_search_by_the_name_finds_nothing_and_the_tokens_of_cases_do_not_meet_it(world: World) -> None:
    handler = world.person(confidential.HANDLER)
    with world.database.reading(handler) as reading:
        assert queries.cases(reading, search_for=NAME).rows == ()
        assert len(queries.cases(reading, search_for=world.case().reference).rows) == 1
        token = party(world).name_token
        assert token is not None
        assert token != search.name_token(reading.keys, NAME)


def test_who_bears_the_name_is_kept_from_the_case_and_not_told_why(world: World) -> None:
    handler = world.person(confidential.HANDLER)
    named(world, handler, NAME)
    with pytest.raises(recusals.Hindered) as refused, world.database.unit_of_work(handler) as uow:
        tasks.claim(uow, world.task("receive").id)
    assert refused.value.sentence("zh") == f"按照回避规定，{NAME}不能办理本件。"
    assert not any(word in refused.value.sentence("zh") for word in ("当事人", "同名", "亲属"))
    with world.database.reading(world.person("city_data_bureau.unit_head")) as reading:
        assert queries.hands(reading, world.task("receive").id).namesakes == ()


def test_kin_keep_from_a_case_only_if_they_were_declared_before_it_was_filed(world: World) -> None:
    """Else names could be declared one after the other to see which one complained."""
    world.travel("+1h")
    guessing, honest = world.person(confidential.HANDLER), world.person(f"{confidential.HANDLER}#2")
    for person, name in ((guessing, NAME), (honest, "司马懿懿")):
        with world.database.unit_of_work(person) as uow:
            kin.declare(uow, name, "spouse")
    with world.database.unit_of_work(guessing) as uow:
        tasks.claim(uow, world.task("receive").id)
    world.travel("+1h")
    confidential.file(world, complainant="司马懿懿")
    with pytest.raises(recusals.Hindered), world.database.unit_of_work(honest) as uow:
        tasks.claim(uow, world.task("receive").id)


def test_kin_declared_after_a_letter_came_and_before_it_was_registered_keep_from_its_case(world: World) -> None:
    honest = world.person(confidential.HANDLER)
    with world.database.unit_of_work(honest) as uow:
        kin.declare(uow, "司马懿懿", "spouse")
    world.travel("+1h")
    confidential.file(world, complainant="司马懿懿")
    with world.database.unit_of_work(SYSTEM) as uow:
        case = uow.session.get_one(Case, world.case_id)
        case.submitted_at = case.submitted_at - timedelta(days=3)  # it came by post
        uow.add(case)
    with pytest.raises(recusals.Hindered), world.database.unit_of_work(honest) as uow:
        tasks.claim(uow, world.task("receive").id)


def test_facts_of_papers_say_the_word_and_mail_goes_to_the_address(world: World) -> None:
    with world.database.reading(SYSTEM) as reading:
        from engine import process

        run = process.opened(reading, world.case())
        known = facts.available(reading, run, run.bundle.notice("receipt"))["complainant"]
        assert (known["name"], known["sealed"]) == ("投诉举报人", True)
        assert not {"phone", "email", "address", "identity_number"} & known.keys()


def test_what_somebody_anonymous_sent_nevertheless_is_not_kept(world: World) -> None:
    filed = confidential.file(world, anonymous=True, complainant=NAME, phone=PHONE)
    assert world.all(SealedIdentity, party_id=filed.party_id) == []
    assert party(world).name_token is None
    handler = world.person(confidential.HANDLER)
    assert "投诉举报人（匿名）" in shown(world, handler)
    with pytest.raises(vault.NothingSealed), world.database.unit_of_work(handler) as uow:
        queries.unmask(uow, world.case_id, "核实")
    with world.database.reading(Actor("party", filed.party_id, world.case_id)) as reading:
        assert queries.public_status(reading, world.case_id).case.reference == filed.reference


def test_an_identity_whose_key_was_destroyed_cannot_be_opened_by_anybody(world: World) -> None:
    with world.database.unit_of_work(SYSTEM) as uow:
        vault.erase(uow, party(world).id)
    with pytest.raises(Erased), world.database.unit_of_work(world.person(confidential.HANDLER)) as uow:
        queries.unmask(uow, world.case_id, "核实")
    assert "身份已封存" in shown(world, world.person(confidential.HANDLER))
