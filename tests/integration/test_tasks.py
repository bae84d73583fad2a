"""Tasks when people meet: two who claim, two who complete, one who completes while the case goes another way."""

from collections.abc import Callable
from threading import Event
from time import sleep

import pytest

from engine import maintenance, queries, tasks
from engine.access import Actor
from engine.form_problems import FormInvalid
from engine.messages import MessageRefused
from engine.models import AuditEvent, Breach, Incident, Notice, Person, Task
from engine.tasks import SeparationViolated, TaskAlreadyClaimed, TaskAlreadyEnded, TaskNotFound, TaskStale
from tests.bundles import Trial, bundle
from tests.drawing import Drawn
from tests.factories import ANSWERS, World, at_once

HANDLER, COLLEAGUE = "data_provider.case_handler", "data_provider.case_handler#2"


def claiming(world: World, task: Task, actor: Actor) -> Callable[[], Task]:
    def act() -> Task:
        with world.database.unit_of_work(actor) as uow:
            return tasks.claim(uow, task.id)

    return act


def completing(world: World, task: Task, actor: Actor) -> Callable[[], Task]:
    def act() -> Task:
        with world.database.unit_of_work(actor) as uow:
            return tasks.complete(uow, task.id, ANSWERS[task.node])

    return act


def test_of_two_who_claim_at_once_one_has_the_task_and_the_other_learns_who(world: World) -> None:
    world.submit()
    people = [world.person(HANDLER), world.person(COLLEAGUE)]
    answers = at_once(*(claiming(world, world.task("check"), person) for person in people))
    (winner,) = (answer for answer in answers if isinstance(answer, Task))
    (loser,) = (answer for answer in answers if not isinstance(answer, Task))
    assert isinstance(loser, TaskAlreadyClaimed)
    assert world.task("check").assignee_id == winner.assignee_id
    assert loser.data["by"] == "gy-jtw.case_handler." + str([p.id for p in people].index(winner.assignee_id or "") + 1)


def test_of_two_who_complete_at_once_one_does_and_the_flow_goes_on_once(world: World) -> None:
    world.submit()
    people = [world.person(HANDLER), world.person(COLLEAGUE)]
    answers = at_once(*(completing(world, world.task("check"), person) for person in people))
    assert [type(a) for a in answers].count(Task) == 1
    assert all(isinstance(a, Task | TaskAlreadyEnded | TaskAlreadyClaimed) for a in answers)
    assert world.open_tasks() == ["assess"]


def test_a_double_click_completes_a_task_once(world: World) -> None:
    world.submit()
    task, handler = world.task("check"), world.person(HANDLER)
    answers = at_once(*[completing(world, task, handler)] * 3)
    assert [type(a) for a in answers].count(Task) == 1
    assert [type(a) for a in answers].count(TaskAlreadyEnded) == 2
    assert world.open_tasks() == ["assess"]
    assert len(world.all(AuditEvent, name="task.completed")) == 1


def test_a_task_is_completed_once(world: World) -> None:
    world.submit()
    task, handler = world.task("check"), world.person(HANDLER)
    completing(world, task, handler)()
    with pytest.raises(TaskAlreadyEnded, match="it was completed"):
        completing(world, task, handler)()


def test_after_a_withdrawal_an_open_task_cannot_be_completed_any_more(world: World) -> None:
    world.submit()
    task, handler = world.task("check"), world.person(HANDLER)
    claiming(world, task, handler)()
    world.send("withdraw")
    with pytest.raises(TaskAlreadyEnded, match="another way"):
        completing(world, task, handler)()
    assert world.facts()["outcome"] == "withdrawn"
    assert world.one(Task, node="check").state == "cancelled"


def test_a_withdrawal_and_a_completion_at_once_leave_a_whole_case(world: World) -> None:
    world.submit()
    handler, applicant = world.person(HANDLER), world.applicant()
    withdrawn, completed = at_once(
        lambda: world.send("withdraw", by=applicant), completing(world, world.task("check"), handler)
    )
    assert withdrawn is None  # whoever comes first: before the decision one may always withdraw
    assert isinstance(completed, Task | TaskAlreadyEnded)
    facts = world.facts()
    assert (facts["status"], facts["outcome"], facts["open"]) == ("closed", "withdrawn", [])
    assert not world.all(Incident)


def test_a_withdrawal_and_the_signature_at_once_one_wins_and_the_other_hears_why(world: World) -> None:
    world.submit()
    task, leader, applicant = world.reach("sign_reply"), world.person("data_provider.leader"), world.applicant()
    withdrawn, signed = at_once(lambda: world.send("withdraw", by=applicant), completing(world, task, leader))
    replies = world.all(Notice, case_id=world.case_id, name="reply", state="issued")
    if withdrawn is None:
        assert isinstance(signed, TaskAlreadyEnded)
        assert (world.facts()["outcome"], replies) == ("withdrawn", [])
    else:
        assert isinstance(withdrawn, MessageRefused)
        assert "撤回" in withdrawn.sentence("zh")
        assert isinstance(signed, Task)
        assert world.facts()["outcome"] == "agreed_open"
        assert len(replies) == 1


def test_a_task_may_be_completed_while_the_clock_of_the_case_runs_out(world: World) -> None:
    world.submit()
    task, handler = world.task("check"), world.person(HANDLER)
    world.travel("2026-05-07T00:00")
    answers = at_once(completing(world, task, handler), lambda: maintenance.sweep(world.database))
    assert isinstance(answers[0], Task), answers
    world.work()
    assert world.open_tasks() == ["assess", "explain_delay"]
    assert len(world.all(Breach)) == 1
    assert not world.all(Incident)


def test_a_task_of_another_agency_role_or_person_is_not_found(world: World) -> None:
    world.submit()
    task = world.task("check")
    for stranger in (
        world.member("gy-jyj", "case_handler"),
        world.member("gy-jtw", "leader", "unit_head", "confidentiality_reviewer"),
        world.member("gy-sjj", "supervisor"),
        world.applicant(),
        Actor("public"),
        Actor("person", "nobody"),
        Actor("person", "administrator", duty="administrator"),
    ):
        for act in (claiming, completing):
            with pytest.raises(TaskNotFound):
                act(world, task, stranger)()
    assert world.task("check") == task


def test_a_task_that_is_referred_while_somebody_waits_to_complete_it_is_not_theirs_any_more(world: World) -> None:
    """The agency is late and owes an explanation; that task goes along with the referral, and is the new agency's."""
    world.submit(agency="gy-jyj")
    world.travel("2026-05-07T00:00")
    world.work()
    world.do("check", intake_action="refer", refer_to="gy-jtw", refer_reason="停车数据由交通部门采集。")
    task, handler = world.task("explain_delay"), world.person(HANDLER)
    approval, head = world.task("approve_intake"), world.person("data_provider.unit_head")
    referring = Event()

    def refer() -> None:
        with world.database.unit_of_work(head) as uow:
            tasks.complete(uow, approval.id, {"intake_approval": "approve"})
            referring.set()
            sleep(0.5)  # the handler has found the task by now, and waits for the case

    def explain() -> Task:
        referring.wait()
        with world.database.unit_of_work(handler) as uow:
            return tasks.complete(uow, task.id, {"delay_reason": "人手不足。", "delay_until": "2026-05-20"})

    assert at_once(refer, explain)[1].__class__ is TaskNotFound
    assert world.person(HANDLER).organisations() != handler.organisations()
    assert world.task("explain_delay").organisation_id in world.person(HANDLER).organisations()
    world.do("check")
    assert world.open_tasks() == ["assess", "explain_delay"]


def test_a_claimed_task_is_put_back_with_its_draft_and_taken_up_by_a_colleague(world: World) -> None:
    world.submit()
    task, handler, colleague = world.task("check"), world.person(HANDLER), world.person(COLLEAGUE)
    claiming(world, task, handler)()
    with world.database.unit_of_work(handler) as uow:
        tasks.save_draft(uow, task.id, {"intake_action": "supplement", "unknown": "x"})
    with pytest.raises(TaskAlreadyClaimed), world.database.unit_of_work(colleague) as uow:
        tasks.release(uow, task.id)
    with world.database.unit_of_work(handler) as uow:
        tasks.release(uow, task.id)
    claiming(world, task, colleague)()
    with world.database.reading(colleague) as reading:
        assert queries.task(reading, task.id).values == {"intake_action": "supplement"}


def test_who_answers_what_somebody_changed_meanwhile_is_told_so(world: World) -> None:
    world.submit()
    task, handler = world.task("check"), world.person(HANDLER)
    for _ in range(2):
        claiming(world, task, handler)()
        with world.database.unit_of_work(handler) as uow:
            tasks.release(uow, task.id)
    with pytest.raises(TaskStale), world.database.unit_of_work(handler) as uow:
        tasks.complete(uow, task.id, ANSWERS["check"], revision=0)
    assert world.open_tasks() == ["check"]


def test_wrong_answers_change_nothing(world: World) -> None:
    world.submit()
    revision = world.case().revision
    for wrong in ({"intake_action": "nonsense"}, {}, {"intake_action": "proceed", "decision": "refused"}):
        with pytest.raises(FormInvalid), world.database.unit_of_work(world.person(HANDLER)) as uow:
            tasks.complete(uow, world.task("check").id, wrong)
    assert world.case().revision == revision
    assert world.task("check").assignee_id is None


def test_who_drafts_does_not_sign_even_with_both_roles(world: World) -> None:
    world.submit()
    world.reach("review_reply")
    with pytest.raises(SeparationViolated):
        world.do("review_reply", by="data_provider.case_handler+unit_head")
    assert world.open_tasks() == ["review_reply"]


@pytest.mark.parametrize("kind", ["userTask", "manualTask", "task"])
def test_the_file_says_who_did_a_task_of_whatever_kind(world: World, kind: str) -> None:
    Trial(world, bundle("start > visit > end", visit=Drawn(kind))).do("visit")
    with world.database.reading(world.person(HANDLER)) as reading:
        history = queries.case_file(reading, world.case().reference).history
        name = reading.session.get_one(Person, reading.actor.id).name
    assert [(entry.actor, entry.kind) for entry in history if entry.title == "visit"] == [(name, "done")]
