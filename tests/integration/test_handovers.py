"""A task goes from hand to hand: to a colleague who prepares it, back again, or to somebody else by those who head."""

from collections.abc import Callable
from typing import Any

import pytest

from engine import absences, audit, clock, consistency, directory, handovers, queries, recusals, tasks
from engine.access import SYSTEM, Actor
from engine.db import UnitOfWork
from engine.models import AuditEvent, Handover, Membership, Person, Reminder, Task
from tests.factories import ANSWERS, START, World, at_once

HANDLER, COLLEAGUE = "data_provider.case_handler", "data_provider.case_handler#2"
HEAD = "data_provider.unit_head"


def acting(world: World, actor: Actor, act: Callable[..., Any], *given: Any) -> Any:
    with world.database.unit_of_work(actor) as uow:
        return act(uow, *given)


@pytest.fixture
def handler(world: World) -> Actor:
    """A case handler who has claimed the check of a fresh case, and typed something."""
    world.submit()
    who = world.person(HANDLER)
    acting(world, who, tasks.claim, world.task("check").id)
    acting(world, who, tasks.save_draft, world.task("check").id, {"defects": "看看"})
    return who


def delegated(world: World, handler: Actor) -> Actor:
    """The colleague to whom the handler has handed the task."""
    colleague = world.person(COLLEAGUE)
    acting(world, handler, handovers.delegate, world.task("check").id, colleague.id, "请先核对")
    return colleague


def test_a_colleague_prepares_a_task_and_its_owner_completes_it(world: World, handler: Actor) -> None:
    colleague, task = delegated(world, handler), world.task("check")
    assert (task.assignee_id, task.owner_id) == (colleague.id, handler.id)
    with world.database.reading(colleague) as reading:
        shown = queries.task(reading, task.id)
        assert shown.values == {"defects": "看看"}
        assert (shown.may_prepare, shown.may_complete) == (True, False)
        assert [row.task_id for row in queries.inbox(reading, "mine").rows] == [task.id]
    acting(world, colleague, tasks.save_draft, task.id, {"intake_action": "proceed"})
    acting(world, colleague, handovers.give_back, task.id, "已核对")
    task = world.task("check")
    assert (task.assignee_id, task.owner_id) == (handler.id, None)
    with world.database.reading(handler) as reading:
        assert queries.task(reading, task.id).values == {"intake_action": "proceed"}
        told = queries.hands(reading, task.id).handovers
    assert [(row.kind, row.giver == row.by, row.words) for row in told] == [
        ("delegated", True, "请先核对"),
        ("returned", True, "已核对"),
    ]
    world.do("check")
    assert world.open_tasks() == ["assess"]
    assert {(r.person_id, r.kind) for r in world.all(Reminder)} == {
        (colleague.id, "delegated"),
        (handler.id, "returned"),
    }


def test_while_a_colleague_prepares_a_task_its_owner_is_told_who_and_does_not_complete_it(
    world: World, handler: Actor
) -> None:
    colleague, task = delegated(world, handler), world.task("check")
    for act in (
        lambda uow: tasks.complete(uow, task.id, ANSWERS["check"]),
        lambda uow: tasks.save_draft(uow, task.id, {}),
        lambda uow: tasks.release(uow, task.id),
    ):
        with pytest.raises(tasks.TaskDelegated) as refused:
            acting(world, handler, act)
        assert "gy-jtw.case_handler.2协办" in refused.value.sentence("zh")
    for act in (
        lambda uow: tasks.complete(uow, task.id, ANSWERS["check"]),
        lambda uow: tasks.release(uow, task.id),
        lambda uow: handovers.delegate(uow, task.id, handler.id, "你自己办"),
    ):
        with pytest.raises(tasks.TaskIsPrepared):
            acting(world, colleague, act)
    with world.database.reading(handler) as reading:
        shown = queries.task(reading, task.id)
        assert (shown.may_complete, shown.may_claim, "协办" in (shown.blocked or "")) == (False, False, True)
        assert [row.task_id for row in queries.inbox(reading, "mine").rows] == [task.id]
    assert world.task("check").draft is not None


def test_the_owner_calls_a_task_back_with_what_was_typed(world: World, handler: Actor) -> None:
    colleague, task = delegated(world, handler), world.task("check")
    acting(world, colleague, tasks.save_draft, task.id, {"defects": "两处"})
    with pytest.raises(tasks.TaskAlreadyClaimed):
        acting(world, colleague, handovers.call_back, task.id, "我来")
    acting(world, handler, handovers.call_back, task.id, "改由本人办理")
    with world.database.reading(handler) as reading:
        assert queries.task(reading, task.id).values == {"defects": "两处"}
    for act in (handovers.call_back, handovers.give_back):
        with pytest.raises(handovers.NotDelegated):
            acting(world, handler, act, task.id, "再来")
    with pytest.raises(tasks.TaskAlreadyClaimed):
        acting(world, colleague, handovers.give_back, task.id, "")


def test_a_task_is_prepared_only_by_a_colleague_of_the_role_who_is_there(world: World, handler: Actor) -> None:
    task, colleague = world.task("check"), world.person(COLLEAGUE)
    strangers = [world.person(HEAD), world.member("gy-jyj", "case_handler"), Actor("person", "nobody"), handler]
    for stranger in strangers:
        with pytest.raises(handovers.ReceiverUnfit):
            acting(world, handler, handovers.delegate, task.id, stranger.id, "请协办")
    day = clock.day_of(START)
    acting(world, colleague, absences.enter, handler.id, day, day, "leave")
    with pytest.raises(absences.PersonAway, match="absent until"):
        acting(world, handler, handovers.delegate, task.id, colleague.id, "请协办")
    assert world.task("check").owner_id is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("reason", ["", "  \n ", "长" * 501])
def test_handing_on_needs_a_reason_that_fits(world: World, handler: Actor, reason: str) -> None:
    task, colleague = world.task("check"), world.person(COLLEAGUE)
    with pytest.raises(handovers.reasons.ReasonMissing):
        acting(world, handler, handovers.delegate, task.id, colleague.id, reason)
    with pytest.raises(handovers.reasons.ReasonMissing):
        acting(world, world.person(HEAD), handovers.reassign, task.id, colleague.id, reason)
    assert world.all(Handover) == []


def test_nobody_receives_a_task_from_which_a_rule_keeps_them(world: World) -> None:
    world.submit()
    drafter = world.person("data_provider.case_handler+unit_head")
    world.reach("draft_reply")
    acting(world, drafter, tasks.complete, world.task("draft_reply").id, ANSWERS["draft_reply"])
    world.work()
    head, task = world.person(HEAD), world.task("review_reply")
    with pytest.raises(tasks.SeparationViolated):
        acting(world, head, handovers.delegate, task.id, drafter.id, "请协办")
    leader = world.person("data_provider.leader")
    with pytest.raises(tasks.SeparationViolated):
        acting(world, leader, handovers.reassign, task.id, drafter.id, "调整")
    other = world.person("data_provider.unit_head#2")
    acting(world, other, recusals.recuse, world.case().reference, "有利害关系")
    with pytest.raises(recusals.Recused):
        acting(world, leader, handovers.reassign, task.id, other.id, "调整")
    assert world.task("review_reply").assignee_id is None


def test_who_prepared_a_step_for_somebody_does_not_approve_it(world: World) -> None:
    world.submit()
    world.reach("draft_reply")
    drafter, helper = world.person(HANDLER), world.person("data_provider.case_handler#2")
    with world.database.unit_of_work() as uow:
        organisation, _ = next(iter(helper.roles))
        uow.add(Membership(person_id=helper.id, organisation_id=organisation, role="unit_head"))
    task = world.task("draft_reply")
    acting(world, drafter, handovers.delegate, task.id, helper.id, "请起草")
    acting(world, helper, handovers.give_back, task.id, "已起草")
    acting(world, drafter, tasks.complete, task.id, ANSWERS["draft_reply"])
    world.work()
    with pytest.raises(tasks.SeparationViolated):
        acting(world, world.person(COLLEAGUE), tasks.claim, world.task("review_reply").id)
    acting(world, world.person(HEAD), tasks.claim, world.task("review_reply").id)


def test_who_prepared_a_step_does_not_approve_it_after_a_head_gave_it_to_somebody_else(world: World) -> None:
    world.submit()
    world.reach("draft_reply")
    drafter, helper = world.person(HANDLER), world.person(COLLEAGUE)
    with world.database.unit_of_work() as uow:
        organisation, _ = next(iter(helper.roles))
        uow.add(Membership(person_id=helper.id, organisation_id=organisation, role="unit_head"))
    task, third = world.task("draft_reply"), world.person("data_provider.case_handler#3")
    acting(world, drafter, handovers.delegate, task.id, helper.id, "请起草")
    acting(world, helper, tasks.save_draft, task.id, ANSWERS["draft_reply"])
    acting(world, world.person(HEAD), handovers.reassign, task.id, third.id, "另行安排")
    acting(world, third, tasks.complete, task.id, ANSWERS["draft_reply"])
    world.work()
    with pytest.raises(tasks.SeparationViolated):
        acting(world, world.person(COLLEAGUE), tasks.claim, world.task("review_reply").id)


def test_who_prepared_a_step_in_the_place_of_somebody_does_not_approve_it(world: World) -> None:
    world.submit()
    world.reach("draft_reply")
    drafter, helper, head = world.person(HANDLER), world.person(COLLEAGUE), world.person(HEAD)
    task, today = world.task("draft_reply"), clock.day_of(START)
    acting(world, drafter, handovers.delegate, task.id, helper.id, "请起草")
    acting(world, helper, absences.enter, head.id, today, today, "leave")
    with world.database.reading(SYSTEM) as reading:
        substitute = directory.actor_of(reading, head.id)
    acting(world, substitute, handovers.give_back, task.id, "已起草")
    acting(world, drafter, tasks.complete, task.id, ANSWERS["draft_reply"])
    world.work()
    with pytest.raises(tasks.SeparationViolated):
        acting(world, substitute, tasks.claim, world.task("review_reply").id)


def test_what_somebody_who_left_has_in_hand_is_given_to_somebody_else(world: World, handler: Actor) -> None:
    organisation, role = next(iter(handler.roles))
    with world.database.unit_of_work() as uow:
        directory.end_role(uow, handler.id, organisation, role)
        uow.session.get_one(Person, handler.id).active = False
    task, head = world.task("check"), world.person(HEAD)
    with world.database.reading(head) as reading:
        assert [row.task_id for row in queries.inbox(reading, "unit").rows] == [task.id]
    acting(world, head, handovers.reassign, task.id, world.person(COLLEAGUE).id, "原承办人离岗")
    world.do("check", by=COLLEAGUE)


def test_a_head_gives_work_of_their_people_to_somebody_else_or_lets_it_wait(world: World, handler: Actor) -> None:
    head, colleague, task = world.person(HEAD), world.person(COLLEAGUE), world.task("check")
    with world.database.reading(head) as reading:
        assert [row.task_id for row in queries.inbox(reading, "unit").rows] == [task.id]
        assert queries.hands(reading, task.id).may_reassign
    acting(world, head, handovers.reassign, task.id, colleague.id, "工作调整")
    assert world.task("check").assignee_id == colleague.id
    assert world.task("check").revision > task.revision
    assert {(r.person_id, r.kind) for r in world.all(Reminder)} == {
        (handler.id, "reassigned"),
        (colleague.id, "reassigned"),
    }
    with pytest.raises(handovers.TaskThereAlready):
        acting(world, head, handovers.reassign, task.id, colleague.id, "再次调整")
    acting(world, head, handovers.reassign, task.id, None, "退回")
    assert world.task("check").assignee_id is None
    with world.database.reading(handler) as reading:
        assert queries.task(reading, task.id).values == {"defects": "看看"}
    with pytest.raises(handovers.TaskThereAlready, match="waiting to be claimed"):
        acting(world, head, handovers.reassign, task.id, None, "再次退回")
    recorded = [e.detail for e in world.all(AuditEvent, name="task.reassigned")]
    assert [sorted(detail) for detail in recorded] == [
        ["giver", "handover", "receiver", "task"],
        ["giver", "handover", "task"],
    ]


def test_a_task_that_is_being_prepared_is_given_to_somebody_else_as_a_whole(world: World, handler: Actor) -> None:
    colleague, task = delegated(world, handler), world.task("check")
    acting(world, world.person("data_provider.leader"), handovers.reassign, task.id, colleague.id, "由其办结")
    assert (world.task("check").assignee_id, world.task("check").owner_id) == (colleague.id, None)
    world.do("check", by=COLLEAGUE)


def test_only_those_who_head_the_people_give_work_away(world: World, handler: Actor) -> None:
    task, colleague = world.task("check"), world.person(COLLEAGUE)
    others = (
        handler,
        colleague,
        world.member("gy-jyj", "unit_head", "leader"),
        world.member("gy-sjj", "supervisor"),
        world.applicant(),
        Actor("person", "nobody"),
    )
    for stranger in others:
        with pytest.raises(tasks.TaskNotFound):
            acting(world, stranger, handovers.reassign, task.id, colleague.id, "调整")
        with world.database.reading(stranger) as reading:
            assert queries.inbox(reading, "unit").rows == ()


def test_a_head_of_unit_reaches_as_far_as_the_unit_where_units_are_known(world: World, handler: Actor) -> None:
    head, colleague, task = world.person(HEAD), world.person(COLLEAGUE), world.task("check")
    place(world, head, "数据资源科")
    place(world, colleague, "办公室")
    acting(world, head, handovers.reassign, task.id, None, "人员未定")
    with pytest.raises(handovers.ReceiverNotYours):
        acting(world, head, handovers.reassign, task.id, colleague.id, "调整")
    place(world, handler, "办公室")
    acting(world, handler, tasks.claim, task.id)
    with pytest.raises(tasks.TaskNotFound):
        acting(world, head, handovers.reassign, task.id, None, "调整")
    acting(world, world.person("data_provider.leader"), handovers.reassign, task.id, colleague.id, "调整")


def place(world: World, person: Actor, unit: str) -> None:
    """Say in which unit somebody works."""
    with world.database.unit_of_work() as uow:
        for row in world.all(Membership, person_id=person.id):
            row.unit = unit
            uow.add(uow.session.merge(row))


def test_of_two_heads_who_reassign_at_once_both_are_in_order_and_one_hand_holds_it(
    world: World, handler: Actor
) -> None:
    task = world.task("check")
    receivers = [world.person(COLLEAGUE), world.person("data_provider.case_handler#3")]
    heads = [world.person(HEAD), world.person("data_provider.unit_head#2")]

    def giving(head: Actor, receiver: Actor) -> Callable[[], Task]:
        def act() -> Task:
            with world.database.unit_of_work(head) as uow:
                return handovers.reassign(uow, task.id, receiver.id, "调整")

        return act

    answers = at_once(*(giving(h, r) for h, r in zip(heads, receivers, strict=True)))
    assert all(isinstance(answer, Task) for answer in answers)
    rows = sorted(world.all(Handover), key=lambda row: row.revision)
    assert [row.from_id for row in rows] == [handler.id, rows[0].to_id]  # one after the other, none lost
    assert world.task("check").assignee_id == rows[1].to_id
    assert world.task("check").revision == task.revision + 2
    with world.database.reading(handler) as reading:
        assert audit.verify(reading.session) == []


def test_a_task_that_is_given_back_twice_at_once_is_given_back_once(world: World, handler: Actor) -> None:
    colleague, task = delegated(world, handler), world.task("check")
    ends = at_once(*[lambda: acting(world, colleague, handovers.give_back, task.id, "已核对")] * 2)
    refused = [end for end in ends if isinstance(end, Exception)]
    assert [type(end) for end in refused] in ([handovers.NotDelegated], [tasks.TaskAlreadyClaimed])
    assert [row.kind for row in world.all(Handover, kind="returned")] == ["returned"]
    assert (world.task("check").assignee_id, world.task("check").owner_id) == (handler.id, None)


def test_of_a_recusal_and_a_completion_at_once_one_is_first_and_nothing_is_left_in_hand(
    world: World, handler: Actor
) -> None:
    reference, task = world.case().reference, world.task("check")
    done, _ = at_once(
        lambda: acting(world, handler, tasks.complete, task.id, ANSWERS["check"]),
        lambda: acting(world, handler, recusals.recuse, reference, "有利害关系"),
    )
    assert isinstance(done, Task | recusals.Recused)
    assert [row.assignee_id for row in world.all(Task, state="open")] == [None]
    with world.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []
        assert audit.verify(reading.session) == []


def test_who_is_given_a_task_while_somebody_completes_it_learns_that_it_is_over(world: World, handler: Actor) -> None:
    task, head, colleague = world.task("check"), world.person(HEAD), world.person(COLLEAGUE)

    def reassign(uow: UnitOfWork) -> Task:
        return handovers.reassign(uow, task.id, colleague.id, "调整")

    answers = at_once(
        lambda: acting(world, handler, tasks.complete, task.id, ANSWERS["check"]),
        lambda: acting(world, head, reassign),
    )
    ended, claimed = tasks.TaskAlreadyEnded, tasks.TaskAlreadyClaimed
    assert [type(a) for a in answers] in ([Task, ended], [claimed, Task])


def test_when_the_case_is_withdrawn_a_task_that_is_being_prepared_is_over_for_both(
    world: World, handler: Actor
) -> None:
    colleague, task = delegated(world, handler), world.task("check")
    world.send("withdraw")
    for actor, act in ((colleague, handovers.give_back), (handler, handovers.call_back)):
        with pytest.raises(tasks.TaskAlreadyEnded):
            acting(world, actor, act, task.id, "晚了")
    with pytest.raises(tasks.TaskAlreadyEnded):
        acting(world, world.person("data_provider.leader"), handovers.reassign, task.id, None, "晚了")


def test_a_task_that_goes_to_another_agency_is_in_nobodys_hands_there(world: World) -> None:
    world.submit(agency="gy-jyj")
    world.travel("2026-05-07T00:00")
    world.work()
    lane = f"data_provider.{world.task('explain_delay').role}"
    explaining, helper = world.person(lane), world.person(f"{lane}#2")
    acting(world, explaining, handovers.delegate, world.task("explain_delay").id, helper.id, "请说明")
    world.do(
        "check", by="data_provider.case_handler", intake_action="refer", refer_to="gy-jtw", refer_reason="另有主管。"
    )
    world.do("approve_intake", intake_approval="approve")
    task = world.task("explain_delay")
    assert (task.assignee_id, task.owner_id) == (None, None)
    with pytest.raises(tasks.TaskNotFound):
        acting(world, helper, handovers.give_back, task.id, "")
