"""Attackers with an account: they use a second role, an earlier case, a merger or a chain to reach what is not theirs.

The processes are those of the house, as they are deployed; a citizen whose request was refused complains about the agency.
"""

import tomllib
from typing import Any

import pytest
from sqlmodel import col, select

from engine import cases, definitions, directory, maintenance, process, queries, recusals, reports, tasks, vacancies
from engine.access import PUBLIC, SYSTEM, Actor, visible_cases, whole_cases
from engine.cases import PartBarred, Submitted
from engine.followers import LINK
from engine.models import Case, CaseLink, Incident, Organisation, OrganisationRelation, Person
from engine.operations import Call
from engine.queries import case_chain
from engine.silence import alarms
from tests.factories import BUNDLES, START, World

pytestmark = (
    pytest.mark.sqlite_only
)  # each deploys whole processes; that the conditions hold on both is for test_case_chain.py

COMPLAINT = tomllib.loads((BUNDLES / "complaint" / "scenarios" / "substantiated.toml").read_text(encoding="utf-8"))
ORDER = tomllib.loads(
    (BUNDLES / "rectification" / "scenarios" / "district_government_orders_its_bureau.toml").read_text(encoding="utf-8")
)
AGENCY, BUREAU = "gy-jtw", "gy-sjj"


def deploy(world: World, *names: str) -> None:
    for name in names:
        with world.database.unit_of_work(SYSTEM) as uow:
            definitions.deploy(uow, definitions.read_folder(BUNDLES / name))


def complain(world: World, about: Submitted | None = None, **said: Any) -> Submitted:
    """Somebody complains about the agency with the bureau; the world's case is the complaint from now on."""
    named = {"source_case": about.reference, "source_code": about.query_code} if about else {}
    with world.database.unit_of_work(PUBLIC) as uow:
        filed = cases.submit(uow, "complaint", COMPLAINT["submit"]["form"] | named | said)
    world.case_id = filed.case_id
    world.print_nothing()
    world.work(papers=True)
    return filed


def tell(world: World, story: dict[str, Any], until: str) -> None:
    """Go on as a story has it until a task is open."""
    for step in story["steps"]:
        if "task" in step and "refused" not in step and step["task"] in world.open_tasks():
            if step["task"] == until:
                return
            with world.database.unit_of_work(world.person(step["by"])) as uow:
                tasks.complete(uow, world.task(step["task"]).id, step["form"])
            world.work(papers=True)
    assert until in world.open_tasks()


def reach_the_respondent(world: World) -> None:
    """A paper reaches the respondent, which sees its own of the case from now on."""
    with world.database.unit_of_work(SYSTEM) as uow:
        process.let_see(uow, process.lock(uow, world.case_id), "respondent")


def work_also(world: World, actor: Actor, organisation: str, role: str) -> Actor:
    """Somebody gets a second role elsewhere."""
    with world.database.unit_of_work(SYSTEM) as uow:
        house = uow.session.exec(select(Organisation).where(col(Organisation.code) == organisation)).one()
        directory.grant_role(uow, actor.id, house.id, role)
        return directory.actor_of(uow, actor.id)


def sees(world: World, actor: Actor, *, whole: bool = False) -> bool:
    condition = (whole_cases if whole else visible_cases)(actor)
    with world.database.reading(actor) as reading:
        return reading.session.exec(select(Case.id).where(col(Case.id) == world.case_id, condition)).first() is not None


def claim(world: World, actor: Actor, node: str) -> None:
    with world.database.unit_of_work(actor) as uow:
        tasks.claim(uow, world.task(node).id)


# ---------------------------------------------------------------- who complained


@pytest.fixture
def complaint(world: World) -> Submitted:
    """A refused applicant complains and names the request; the respondent has been asked."""
    deploy(world, "complaint")
    filed = world.submit(agency=AGENCY)
    complain(world, filed)
    reach_the_respondent(world)
    return filed


def test_the_respondent_does_not_learn_from_the_chain_whose_request_the_complaint_came_out_of(
    world: World, complaint: Submitted
) -> None:
    respondent = world.person("respondent.case_handler")
    for reference in (complaint.reference, world.case().reference):
        with world.database.reading(respondent) as reading:
            chain = case_chain.case_chain(reading, reference)
        assert [case.reference for case in chain.cases] == [reference]
        assert (chain.links, chain.hidden) == ((), 0)
    with world.database.reading(world.person("handling_organ.case_handler")) as reading:
        assert len(case_chain.case_chain(reading, complaint.reference).links) == 1


def test_nor_does_the_board_say_that_it_hangs_together_with_a_request_that_others_see(
    world: World, complaint: Submitted
) -> None:
    supervisor = world.member(BUREAU, "supervisor")
    with world.database.reading(supervisor) as reading:
        assert case_chain.numbers(reading, [world.case_id, complaint.case_id]) == {}
        linked = select(Case.id).where(col(Case.id) == world.case_id, case_chain.is_linked(reading))
        assert reading.session.exec(linked).first() is None


def test_a_house_does_not_count_the_complaints_about_it_before_anything_reaches_it(world: World) -> None:
    """A count of one for today would tell; those above it count all."""
    deploy(world, "complaint")
    complain(world)
    own, above = world.member(AGENCY, "leader"), world.member("gy-zf", "supervisor")
    period = reports.Period(world.watch.at.date(), world.watch.at.date())

    def counted(actor: Actor) -> int:
        with world.database.reading(actor) as reading:
            trace = reports.trace(reading, "complaint_filed", period, "that")
        return len(trace.cases) + trace.hidden

    assert (counted(own), counted(above)) == (0, 1)
    reach_the_respondent(world)
    assert (counted(own), counted(above)) == (1, 1)


# ---------------------------------------------------------------- one person, two sides


def test_nobody_of_the_respondent_handles_the_complaint_by_a_second_role_in_the_organ_that_does(world: World) -> None:
    deploy(world, "complaint")
    complain(world)
    both = work_also(world, world.person("handling_organ.case_handler"), AGENCY, "registrar")
    assert not sees(world, both)
    with pytest.raises(process.CaseNotFound):
        claim(world, both, "check")
    with world.database.reading(world.person("handling_organ.unit_head")) as reading:
        bundle = definitions.of_case(reading, world.case())
        refusal = recusals.bar(reading, bundle, world.case_id, both.id, world.task("check"))
    assert isinstance(refusal, recusals.OnTheOtherSide)
    assert "在本件所涉的机关任职" in refusal.sentence("zh")


def test_a_second_role_in_a_house_without_a_part_leaves_them_their_own_of_the_complaint(
    world: World, complaint: Submitted
) -> None:
    handler = work_also(world, world.person("respondent.case_handler"), "gy-jyj", "case_handler")
    assert sees(world, handler)
    assert not sees(world, handler, whole=True)


def test_an_organ_that_passed_a_complaint_on_reads_no_more_than_what_it_did_itself(world: World) -> None:
    """It may have passed it on because it has a stake in the matter."""
    deploy(world, "complaint")
    complain(world)
    handler = world.person("handling_organ.case_handler")
    with world.database.unit_of_work(handler) as uow:
        tasks.complete(uow, world.task("check").id, {"organ_conflict": "yes", "intake_action": "transfer"})
    assert sees(world, handler, whole=True)
    with world.database.unit_of_work(SYSTEM) as uow:
        run = process.lock(uow, world.case_id)
        cases.transfer(uow, run, Call("t", "n", {"part": "handling_organ", "organisation": "gy-zf"}))
    assert not sees(world, handler, whole=True)
    with world.database.reading(handler) as reading:
        file = queries.case_file(reading, world.case().reference)
    assert (file.fields, file.applicant, file.diagrams) == ((), (), ())
    assert [step for step, _ in file.answers] == ["核对管辖和内容"]
    assert sees(world, world.person("handling_organ.case_handler"), whole=True)


# ---------------------------------------------------------------- whoever decided before


def test_who_decided_in_the_case_before_neither_reads_the_complaint_about_it_nor_opens_who_complained(
    world: World,
) -> None:
    deploy(world, "complaint")
    filed = world.submit(agency=BUREAU)
    world.print_nothing()
    world.reach("assess")
    decided = world.person("data_provider.case_handler")
    leader = world.person("data_provider.leader")
    with world.database.unit_of_work(SYSTEM) as uow:  # a leader who had a hand in it
        for actor in (decided, leader):
            house = uow.session.exec(select(Organisation).where(col(Organisation.code) == BUREAU)).one()
            directory.grant_role(uow, actor.id, house.id, "leader")
    complain(world, filed, respondent_organ=AGENCY)
    with world.database.reading(SYSTEM) as reading:
        decided, leader = (directory.actor_of(reading, actor.id) for actor in (decided, leader))
    assert not sees(world, decided)
    with pytest.raises(process.CaseNotFound), world.database.unit_of_work(decided) as uow:
        queries.unmask(uow, world.case_id, "想看看是谁")
    assert sees(world, leader)


def test_a_complaint_that_follows_brings_its_earlier_deciders_out_of_the_one_that_leads(world: World) -> None:
    deploy(world, "complaint")
    about = world.submit(agency=BUREAU)
    world.print_nothing()
    world.reach("assess")
    decided = world.person("data_provider.case_handler")  # of the bureau, which handles the complaints below
    follower, lead = complain(world, about), complain(world)
    link = CaseLink(from_id=follower.case_id, to_id=lead.case_id, kind=LINK, at=START)
    with world.database.unit_of_work(SYSTEM) as uow:
        uow.add(link)
    with pytest.raises(recusals.Excluded):
        claim(world, decided, "check")
    with world.database.unit_of_work(SYSTEM) as uow:  # the merger is undone
        uow.session.delete(uow.session.get_one(CaseLink, link.id))
    claim(world, decided, "check")


def test_who_is_kept_from_a_request_is_kept_from_all_that_came_out_of_it_however_many_steps_after(
    world: World,
) -> None:
    ids = [world.submit(agency=AGENCY).case_id for _ in range(3)]
    with world.database.unit_of_work(SYSTEM) as uow:
        for first, later in ((ids[0], ids[1]), (ids[1], ids[2])):
            uow.add(CaseLink(from_id=first, to_id=later, kind="lead", at=uow.now))
    handler = world.person("data_provider.case_handler")
    world.case_id = ids[0]
    with world.database.unit_of_work(handler) as uow:
        recusals.recuse(uow, world.case().reference, "与申请人有利害关系")
    world.case_id = ids[2]
    with pytest.raises(recusals.Recused):
        claim(world, handler, "check")


# ---------------------------------------------------------------- who may order


def test_an_organ_that_has_ceased_to_be_the_superior_issues_no_order(world: World) -> None:
    """Art. 30: the guard is judged when the organ is named, and again when its order goes out."""
    deploy(world, "rectification")
    with world.database.unit_of_work(world.person("nm-zf.case_handler")) as uow:
        world.case_id = cases.file_at_desk(uow, "rectification", ORDER["submit"]["form"], organisation="nm-zf").id
    world.work(papers=True)
    tell(world, ORDER, "sign_order")
    with world.database.unit_of_work(SYSTEM) as uow:
        upper, lower = (directory.organisation(uow, code) for code in ("nm-zf", "nm-sjj"))
        assert upper is not None
        assert lower is not None
        tie = uow.session.exec(
            select(OrganisationRelation).where(
                col(OrganisationRelation.upper_id) == upper.id, col(OrganisationRelation.lower_id) == lower.id
            )
        ).one()
        uow.session.delete(tie)
        directory.relate(uow, upper.id, lower.id, "business_guidance_of")
    leader = world.person("ordering_organ.leader")
    with pytest.raises(PartBarred) as refusal, world.database.unit_of_work(leader) as uow:
        tasks.complete(uow, world.task("sign_order").id, {"order_result": "sign"})
    assert "只有被责令机关的上级机关或者监察机关可以责令改正" in refusal.value.sentence("zh")
    assert world.open_tasks() == ["sign_order"]
    with world.database.unit_of_work(leader) as uow:
        tasks.complete(
            uow, world.task("sign_order").id, {"order_result": "drop", "order_remarks": "隶属关系已经变化。"}
        )
    world.work(papers=True)
    assert "order" not in world.facts()["notices"]


# ---------------------------------------------------------------- and where nobody is left


def test_a_task_that_nobody_may_do_is_seen_by_those_who_answer_for_it(world: World) -> None:
    world.submit(agency=AGENCY)
    handler, supervisor = world.person("data_provider.case_handler"), world.member(BUREAU, "supervisor")
    maintenance.tidy(world.database)
    assert world.all(Incident, kind=vacancies.KIND) == []
    with world.database.unit_of_work(handler) as uow:
        recusals.recuse(uow, world.case().reference, "与申请人有利害关系")
    maintenance.tidy(world.database)
    maintenance.tidy(world.database)
    assert world.one(Incident, kind=vacancies.KIND).node == "check"
    with world.database.reading(supervisor) as reading:
        assert [alarm.count for alarm in alarms(reading) if alarm.kind == "nobody"] == [1]
        assert [row.case_id for row in queries.board_list(reading, "nobody").rows] == [world.case_id]
    world.person("data_provider.case_handler#2")  # somebody else gets the role
    maintenance.tidy(world.database)
    assert world.one(Incident, kind=vacancies.KIND).resolved_at is not None
    with world.database.reading(supervisor) as reading:
        assert [alarm.kind for alarm in alarms(reading) if alarm.kind == "nobody"] == []
    with world.database.reading(SYSTEM) as reading:
        assert reading.session.get_one(Person, handler.id).active
