"""Confidential cases: seen by those to whom they are entrusted, counted for those who oversee, named outside by their process."""

import pytest
from sqlmodel import col, select

from engine import case_facts, definitions, leads, process, queries, recusals, subjects, tasks
from engine.access import SYSTEM, Actor
from engine.models import Deadline, Organisation, Participant, SupervisionLead
from engine.process import CaseNotFound
from engine.queries import board_lines
from tests import confidential
from tests.factories import BUNDLES, World

BUREAU, RESPONDENT = "gy-sjj", "gy-jyj"


@pytest.fixture
def world(world: World) -> World:
    confidential.deploy(world)
    confidential.file(world)
    return world


def sees(world: World, actor: Actor) -> bool:
    with world.database.reading(actor) as reading:
        listed = {row.reference for row in queries.cases(reading).rows}
        try:
            queries.case_file(reading, world.case().reference)
        except CaseNotFound:
            assert listed == set()
            return False
        assert listed == {world.case().reference}
        return True


def test_who_could_take_an_open_task_sees_the_case_and_then_only_who_took_it(world: World) -> None:
    first, second = world.person(confidential.HANDLER), world.person(f"{confidential.HANDLER}#2")
    assert sees(world, first)
    assert sees(world, second)
    with world.database.unit_of_work(first) as uow:
        tasks.claim(uow, world.task("receive").id)
        tasks.complete(uow, world.task("receive").id, {"summary": "请说明。"})
    world.work(papers=True)
    assert world.open_tasks() == ["answer"]  # nothing of it lies in the bureau now
    assert sees(world, first)
    assert not sees(world, second)


def test_heads_see_it_where_the_process_has_a_lane_for_them_and_others_of_the_house_do_not(world: World) -> None:
    assert sees(world, world.member(BUREAU, "unit_head", login="head"))  # approves the result
    for role in ("leader", "registrar", "confidentiality_reviewer", "supervisor", "archivist"):
        assert not sees(world, world.member(BUREAU, role, login=role)), role
    for house in ("gy-zf", "gy-jcw", RESPONDENT, "gy-jtw"):
        assert not sees(world, world.member(house, "supervisor", "case_handler", "leader", login=house)), house


def test_the_respondent_sees_it_when_a_paper_reaches_it_and_by_the_title_of_the_process(world: World) -> None:
    handler, colleague = world.person(confidential.RESPONDENT), world.member(RESPONDENT, "archivist")
    assert not sees(world, handler)
    world.do("receive", summary="请说明。")
    assert sees(world, handler)
    assert not sees(world, colleague)
    with world.database.reading(handler) as reading:
        file = queries.case_file(reading, world.case().reference)
        assert (file.case.subject, file.fields, file.applicant) == ("试办投诉", (), ())
        assert queries.inbox(reading, "queue").rows[0].subject == "试办投诉"
    with world.database.reading(world.person(confidential.HANDLER)) as reading:
        assert queries.case_file(reading, world.case().reference).case.subject == RESPONDENT


def test_who_is_recused_sees_it_no_more(world: World) -> None:
    handler = world.person(confidential.HANDLER)
    with world.database.unit_of_work(handler) as uow:
        tasks.claim(uow, world.task("receive").id)
        recusals.recuse(uow, world.case().reference, "与被投诉单位有利害关系")
    assert not sees(world, handler)


def test_the_board_counts_it_and_says_no_more_than_number_process_and_clock(world: World) -> None:
    supervisor = world.member(BUREAU, "supervisor")
    world.travel("+90d")
    world.work(papers=True)
    with world.database.reading(supervisor) as reading:
        assert queries.board_counts(reading).targets_overdue == 1
        (line,) = board_lines.lines(reading, [(world.case(), world.one(Deadline, name="handling"), None)])
        assert (line.reference, line.subject, line.step, line.holder) == (world.case().reference, "试办投诉", "", "")
        for typed in ("试办投诉", RESPONDENT):
            assert queries.cases(reading, search_for=typed).rows == ()


def test_other_cases_learn_its_number_and_process_and_not_its_subject(world: World) -> None:
    world.member("gy-zf", "supervisor")
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(BUNDLES / "supervision_lead"))
    with world.database.unit_of_work(SYSTEM) as uow:
        run = process.opened(uow, world.case())
        assert case_facts.facts(uow, run)["case"]["subject"] == subjects.outside(uow, world.case()) == "试办投诉"
        house = uow.session.exec(select(Organisation).where(col(Organisation.code) == BUREAU)).one()
        lead = leads.open_by_hand(uow, world.case_id, ground="6", findings="久拖不办", respondent=house.code)
        assert (
            process.opened(uow, uow.session.get_one(type(world.case()), lead.case_id)).data["about_subject"]
            == "试办投诉"
        )
    assert len(world.all(SupervisionLead)) == 1


def test_roles_that_see_it_by_themselves_are_remembered_with_the_part(world: World) -> None:
    kept = {row.part: row.readers.split() for row in world.all(Participant, case_id=world.case_id)}
    assert kept["city_data_bureau"] == ["unit_head"]
    assert kept["respondent"] == ["case_handler", "leader", "registrar", "unit_head"]
