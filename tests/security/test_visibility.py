"""Who sees what: cases, tasks, papers and files, by role and by relation to the case. What one may not see is not found."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from engine import documents, messages, process, queries, tasks
from engine.access import PUBLIC, Actor, NotOverseer
from engine.db import Reading
from engine.errors import NotFound
from engine.models import Case, Document, Notice
from engine.queries.board import VIEWS
from notices import deliveries, service
from tests.factories import World


@pytest.fixture
def world(world: World) -> World:
    """A case of the transport agency with an attachment, a receipt and a drafted reply that waits to be reviewed."""
    world.submit(uploads=[world.upload()])
    world.reach("review_reply")
    return world


def looks(world: World) -> dict[str, Callable[[Reading], object]]:
    """Everything that can be looked at in the case."""
    receipt, reply = (world.one(Notice, case_id=world.case_id, name=name) for name in ("receipt", "reply"))
    draft = world.one(Document, id=reply.draft_document_id)
    attachment = world.one(Document, case_id=world.case_id, kind="attachment")
    task = world.task("review_reply")
    case = world.case()
    return {
        "file of the case": lambda reading: queries.case_file(reading, case.reference),
        "public status": lambda reading: queries.public_status(reading, case.id),
        "task": lambda reading: queries.task(reading, task.id),
        "receipt": lambda reading: service.pdf(reading, receipt.id),
        "draft": lambda reading: service.draft_pdf(reading, reply.id),
        "attachment": lambda reading: documents.read(reading, attachment.id),
        "file of the draft": lambda reading: documents.read(reading, draft.id),
        "list of cases": lambda reading: _listed(queries.cases(reading).rows),
        "inbox": lambda reading: _listed(queries.inbox(reading, "all").rows),
    }


def _listed(rows: tuple[object, ...]) -> None:
    if not rows:
        raise NotFound()


def seen(world: World, actor: Actor) -> set[str]:
    """What somebody can see of the case."""
    visible = set()
    for name, look in looks(world).items():
        try:
            with world.database.reading(actor) as reading:
                look(reading)
            visible.add(name)
        except (NotFound, service.CodeIsTheirs):
            pass
    return visible


PAPERS = {"file of the case", "public status", "draft", "attachment", "file of the draft", "list of cases"}

OVERSEEN = PAPERS - {"draft", "file of the draft"}  # what is not issued yet stays in its house


@pytest.mark.parametrize("role", ["case_handler", "unit_head", "leader", "confidentiality_reviewer"])
def test_the_agency_that_works_on_a_case_sees_its_papers(world: World, role: str) -> None:
    inbox = {"inbox"} if role == "unit_head" else set()
    assert seen(world, world.member("gy-jtw", role, login="somebody")) - {"task"} == PAPERS | inbox


def test_the_bureau_that_oversees_the_agency_sees_the_case_but_has_no_work_in_it(world: World) -> None:
    supervisor = world.member("gy-sjj", "supervisor")
    assert seen(world, supervisor) - {"task"} == OVERSEEN
    with world.database.reading(supervisor) as reading:
        assert len(queries.board_list(reading, "on_time").rows) == queries.board_counts(reading).on_time == 1


def test_so_does_the_government_above_it(world: World) -> None:
    assert seen(world, world.member("gy-zf", "supervisor")) - {"task"} == OVERSEEN


@pytest.mark.parametrize(
    "stranger",
    [
        ("gy-jyj", "case_handler"),
        ("gy-jyj", "unit_head"),
        ("gy-jyj", "supervisor"),
        ("nm-zf", "supervisor"),
        ("gy-zf", "leader"),
        ("gy-jcw", "supervisor"),
    ],
)
def test_another_agency_and_a_supervisor_of_others_see_nothing(world: World, stranger: tuple[str, str]) -> None:
    assert seen(world, world.member(*stranger)) == set()


@pytest.mark.parametrize(
    "somebody",
    [
        PUBLIC,
        Actor("person", "x"),
        Actor("person", "x", duty="administrator"),
        Actor("person", "x", duty="auditor"),
        Actor("party", "x"),
        Actor("party", "x", case_id="x"),
    ],
    ids=str,
)
def test_administrators_auditors_and_the_public_see_nothing(world: World, somebody: Actor) -> None:
    assert seen(world, somebody) == set()


def test_not_even_an_administrator_who_was_given_a_role_by_mistake(world: World) -> None:
    roles = world.member("gy-jtw", "case_handler", "supervisor").roles
    assert seen(world, Actor("person", "x", roles=roles, duty="administrator")) <= {"task"}


def test_a_party_sees_its_own_case_and_papers_and_never_a_draft(world: World) -> None:
    first, applicant = world.case_id, world.applicant()
    world.work(papers=True)
    assert seen(world, applicant) == {"public status", "receipt", "attachment", "list of cases"}
    world.submit(uploads=[world.upload()])
    other = world.applicant()
    world.case_id = first
    assert seen(world, other) - {"list of cases"} == set()
    with world.database.reading(other) as reading:
        assert [row.reference for row in queries.cases(reading).rows] == ["KF-2026-000002"]


def test_whoever_works_on_a_case_does_not_get_the_code_by_which_its_party_acts(world: World) -> None:
    """They could withdraw a complaint in the place of who filed it; whoever has to hand the paper over prints it."""
    receipt, clerk = world.one(Notice, name="receipt"), world.member("gy-sjj", "case_handler", login="clerk")
    world.work(papers=True)
    for actor in (clerk, world.person("data_provider.case_handler")):
        with pytest.raises(service.CodeIsTheirs), world.database.reading(actor) as reading:
            service.pdf(reading, receipt.id)
        with pytest.raises(NotFound), world.database.reading(actor) as reading:
            documents.read(reading, str(world.one(Notice, name="receipt").document_id))
    with world.database.unit_of_work(clerk) as uow:
        deliveries.order(uow, receipt.id, "in_person", "申请人到窗口领取")
    with world.database.reading(clerk) as reading:
        assert service.pdf(reading, receipt.id)[2].startswith(b"%PDF")


def test_a_draft_becomes_visible_to_the_party_when_it_is_issued(world: World) -> None:
    applicant, reply = world.applicant(), world.one(Notice, name="reply").id
    with pytest.raises(service.NoticeNotFound), world.database.reading(applicant) as reading:
        service.pdf(reading, reply)
    world.reach("open_dataset")
    world.work(papers=True)
    with world.database.reading(applicant) as reading:
        notice, name, content = service.pdf(reading, reply)
    assert (notice.state, content[:4]) == ("issued", b"%PDF")
    assert world.case().reference in name


def test_a_party_does_not_see_papers_between_agencies(world: World) -> None:
    world.submit(agency="gy-jyj")
    world.do("check", intake_action="refer", refer_to="gy-jtw", refer_reason="停车数据由交通部门采集。")
    world.do("approve_intake", intake_approval="approve")
    world.work(papers=True)
    papers = {n.name: n for n in world.all(Notice, case_id=world.case_id)}
    with world.database.reading(world.applicant()) as reading:
        shown = {n.name for n in queries.public_status(reading, world.case_id).notices}
    for name, notice in papers.items():
        assert (name in shown) == (notice.party_id is not None), name


def test_who_passed_a_case_on_may_look_but_not_work(world: World) -> None:
    world.submit(agency="gy-jyj")
    handler = world.person("data_provider.case_handler")
    world.do("check", intake_action="refer", refer_to="gy-jtw", refer_reason="停车数据由交通部门采集。")
    world.do("approve_intake", intake_approval="approve")
    with world.database.reading(handler) as reading:
        assert queries.case_file(reading, world.case().reference).case.reference == world.case().reference
        assert queries.inbox(reading, "all").rows == ()
    with pytest.raises(tasks.TaskNotFound), world.database.unit_of_work(handler) as uow:
        tasks.claim(uow, world.task("check").id)


def test_a_role_that_ended_shows_nothing_any_more(world: World) -> None:
    from engine import directory
    from engine.models import Organisation

    somebody = world.member("gy-jtw", "case_handler", login="leaver")
    with world.database.unit_of_work() as uow:
        directory.end_role(uow, somebody.id, world.one(Organisation, code="gy-jtw").id, "case_handler")
        after = directory.actor_of(uow, somebody.id)
    assert seen(world, after) == set()


def test_strangers_change_nothing(world: World) -> None:
    before = world.case()
    for stranger in (world.member("gy-jyj", "case_handler"), PUBLIC, Actor("party", "x", "x"), Actor("person", "x")):
        acts = (
            lambda uow: process.lock(uow, before.id),
            lambda uow: messages.send(uow, before.id, "withdraw", {}),
            lambda uow: tasks.complete(uow, world.task("review_reply").id, {"review_result": "approve"}),
            lambda uow: tasks.save_draft(uow, world.task("review_reply").id, {}),
            lambda uow: queries.unmask(uow, before.id, "neugierig"),
        )
        for act in acts:
            with pytest.raises(NotFound), world.database.unit_of_work(stranger) as uow:
                act(uow)
    assert world.one(Case, id=before.id) == before


def test_who_answers_for_nobody_has_no_board(world: World) -> None:
    for somebody in (world.member("gy-jtw", "case_handler", login="a1"), PUBLIC, Actor("person", "x", duty="auditor")):
        for look in (queries.board_list, queries.board_counts, queries.figures):
            with pytest.raises(NotOverseer), world.database.reading(somebody) as reading:
                look(reading)


@pytest.mark.parametrize(
    "stranger",
    [
        ("gy-jyj", "leader"),
        ("gy-jyj", "unit_head"),
        ("gy-jyj", "supervisor"),
        ("gy-zf", "leader"),
        ("nm-zf", "supervisor"),
    ],
)
def test_the_board_of_another_house_shows_nothing(world: World, stranger: tuple[str, str]) -> None:
    world.travel("+30d")
    with world.database.reading(world.member(*stranger)) as reading:
        counts, figures = queries.board_counts(reading), queries.figures(reading)
        assert (counts.open, counts.unacknowledged, counts.undelivered, counts.targets_overdue) == (0, 0, 0, 0)
        assert (figures.by_organisation, figures.by_process, figures.loads, figures.results) == ((), (), (), ())
        assert figures.pressure is None or figures.pressure.steps == ()
        for view in VIEWS:
            assert queries.board_list(reading, view).rows == ()
            assert list(queries.export_rows(reading, view)) == []


def test_the_head_of_another_unit_does_not_see_what_a_unit_holds(world: World) -> None:
    from engine import directory
    from engine.models import Organisation, Task

    def head(unit: str) -> Actor:
        with world.database.unit_of_work() as uow:
            house = world.one(Organisation, code="gy-jtw").id
            person = directory.create_person(uow, f"head-{len(unit)}", "某人", "!")
            directory.grant_role(uow, person.id, house, "unit_head", unit)
            return directory.actor_of(uow, person.id)

    theirs, others = head("数据科"), head("法规一科")
    with world.database.unit_of_work() as uow:
        for task in uow.session.exec(select(Task).where(col(Task.state) == "open")):
            task.assignee_id = theirs.id
            uow.add(task)
    for actor, number in ((theirs, 1), (others, 0)):
        with world.database.reading(actor) as reading:
            assert queries.board_counts(reading).open == len(queries.board_list(reading, "on_time").rows) == number
            assert len(queries.figures(reading).loads) == number
