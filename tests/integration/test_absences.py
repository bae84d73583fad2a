"""Somebody is away, and a colleague does their work: for as long as it lasts, in their place, and on record."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from engine import absences, clock, colleagues, directory, handovers, queries, recusals, tasks
from engine.absences import AbsenceView, end_of_chain
from engine.access import SYSTEM, Actor
from engine.models import Absence, AuditEvent, Membership, Person, Task
from tests.factories import ANSWERS, START, World, at_once

HANDLER, COLLEAGUE, THIRD = (f"data_provider.case_handler{nth}" for nth in ("", "#2", "#3"))
HEAD, LEADER = "data_provider.unit_head", "data_provider.leader"
TODAY = clock.day_of(START)


def acting(world: World, actor: Actor, act: Callable[..., Any], *given: Any) -> Any:
    with world.database.unit_of_work(actor) as uow:
        return act(uow, *given)


def away(world: World, person: Actor, substitute: Actor, since: date = TODAY, days: int = 3) -> Absence:
    """Somebody enters that they are away from a day on."""
    until = since + timedelta(days - 1)
    entered: Absence = acting(world, person, absences.enter, substitute.id, since, until, "leave")
    return entered


def now(world: World, person: Actor) -> Actor:
    """Who somebody is at this moment, as their next request finds them."""
    with world.database.reading(SYSTEM) as reading:
        return directory.actor_of(reading, person.id)


def seen(world: World, person: Actor) -> list[AbsenceView]:
    with world.database.reading(now(world, person)) as reading:
        return absences.current(reading)


@pytest.fixture
def handler(world: World) -> Actor:
    """A case handler who has claimed the check of a fresh case."""
    world.submit()
    who = world.person(HANDLER)
    acting(world, who, tasks.claim, world.task("check").id)
    return who


def test_a_substitute_does_the_tasks_of_the_absent_and_the_record_names_both(world: World, handler: Actor) -> None:
    task, head = world.task("check"), world.person(HEAD)
    acting(world, handler, tasks.save_draft, task.id, {"defects": "看看"})
    with pytest.raises(tasks.TaskNotFound):
        acting(world, now(world, head), tasks.complete, task.id, ANSWERS["check"])
    away(world, handler, head)
    substitute = now(world, head)
    assert substitute.stands_in_for == {handler.id}
    with world.database.reading(substitute) as reading:
        (row,) = queries.inbox(reading, "mine").rows
        assert (row.task_id, row.in_place_of) == (task.id, "gy-jtw.case_handler.1")
        shown = queries.task(reading, task.id)
        assert (shown.may_complete, shown.values) == (True, {"defects": "看看"})
        assert queries.counts(reading).mine == 1
    acting(world, substitute, tasks.complete, task.id, ANSWERS["check"])
    done = world.one(Task, id=task.id)
    assert (done.completed_by, done.completed_for) == (head.id, handler.id)
    recorded = world.one(AuditEvent, name="task.completed")
    assert (recorded.actor, recorded.detail["in_place_of"]) == (f"person:{head.id}", handler.id)
    with world.database.reading(now(world, head)) as reading:
        history = queries.case_file(reading, world.case().reference).history
        assert [(e.actor, e.detail) for e in history if e.kind == "done"] == [
            ("gy-jtw.unit_head.1", "代gy-jtw.case_handler.1办理")
        ]
        (row,) = queries.inbox(reading, "done").rows
        assert row.in_place_of == "gy-jtw.case_handler.1"


def test_what_a_substitute_claims_in_the_role_of_the_absent_is_theirs_when_they_are_back(world: World) -> None:
    world.submit()
    handler, head, task = world.person(HANDLER), world.person(HEAD), world.task("check")
    entered = away(world, handler, head)
    claimed = acting(world, now(world, head), tasks.claim, task.id)
    assert claimed.assignee_id == handler.id
    acting(world, now(world, head), tasks.save_draft, task.id, {"defects": "代为核对"})
    acting(world, handler, absences.end, entered.id)
    assert now(world, head).stands_in_for == frozenset()
    with pytest.raises(tasks.TaskNotFound):
        acting(world, now(world, head), tasks.complete, task.id, ANSWERS["check"])
    with world.database.reading(now(world, handler)) as reading:
        assert queries.task(reading, task.id).values == {"defects": "代为核对"}
    world.do("check")


def test_what_a_substitute_claims_in_a_role_of_their_own_is_their_own(world: World) -> None:
    world.submit()
    handler, colleague = world.person(HANDLER), world.person(COLLEAGUE)
    away(world, handler, colleague)
    claimed = acting(world, now(world, colleague), tasks.claim, world.task("check").id)
    assert claimed.assignee_id == colleague.id


def test_where_the_substitute_is_away_too_theirs_stands_in_for_both(world: World, handler: Actor) -> None:
    colleague, third = world.person(COLLEAGUE), world.person(THIRD)
    away(world, handler, colleague)
    away(world, colleague, third)
    assert now(world, third).stands_in_for == {handler.id, colleague.id}
    assert now(world, colleague).stands_in_for == frozenset()
    acting(world, now(world, third), tasks.complete, world.task("check").id, ANSWERS["check"])
    assert world.one(Task, node="check").completed_for == handler.id
    assert [(v.stands_in, v.alarm) for v in seen(world, handler)] == [("gy-jtw.case_handler.3", None)]


def test_a_chain_that_closes_to_a_circle_ends_with_nobody_and_says_so(world: World, handler: Actor) -> None:
    colleague, third = world.person(COLLEAGUE), world.person(THIRD)
    away(world, handler, colleague)
    away(world, colleague, third)
    with world.database.unit_of_work(third) as uow:
        absences.enter(uow, handler.id, TODAY, TODAY, "leave")
        (warning,) = uow.warnings
    assert warning.sentence("zh").startswith("gy-jtw.case_handler.3目前无人代办")
    for person in (handler, colleague, third):
        assert now(world, person).stands_in_for == frozenset()
    views = seen(world, world.person(HEAD))
    assert [(view.stands_in, bool(view.alarm)) for view in views] == [(None, True)] * 3
    with world.database.reading(world.person("data_provider.case_handler#4")) as reading:
        assert [row.task_id for row in queries.inbox(reading, "all").rows] == [world.task("check").id]


def test_a_chain_that_leads_to_somebody_who_has_left_ends_with_nobody(world: World, handler: Actor) -> None:
    colleague = world.person(COLLEAGUE)
    away(world, handler, colleague)
    with world.database.unit_of_work() as uow:
        uow.session.get_one(Person, colleague.id).active = False
    assert [bool(view.alarm) for view in seen(world, handler)] == [True]


@pytest.mark.parametrize(
    ("substitutes", "last"),
    [
        ({}, None),
        ({"a": "b"}, "b"),
        ({"a": "b", "b": "c"}, "c"),
        ({"a": "a"}, None),
        ({"a": "b", "b": "a"}, None),
        ({"a": "b", "b": "c", "c": "b"}, None),
    ],
)
@pytest.mark.sqlite_only
def test_a_chain_ends_with_the_first_who_is_there(substitutes: dict[str, str], last: str | None) -> None:
    assert end_of_chain("a", substitutes) == last


def test_an_absence_begins_and_ends_at_midnight_in_guiyang(world: World, handler: Actor) -> None:
    colleague = world.person(COLLEAGUE)
    away(world, handler, colleague, date(2026, 4, 25), days=2)
    moments = {
        "2026-04-24T23:59:59": False,
        "2026-04-25T00:00": True,
        "2026-04-25T07:59": True,
        "2026-04-25T08:01": True,
        "2026-04-26T23:59:59": True,
        "2026-04-27T00:00": False,
    }
    for moment, stands_in in moments.items():
        world.travel(moment)
        assert (now(world, colleague).stands_in_for == {handler.id}) is stands_in, moment


def test_a_program_of_a_substitute_stands_in_as_they_do(world: World, handler: Actor) -> None:
    colleague = world.person(COLLEAGUE)
    with world.database.unit_of_work() as uow:
        token = directory.create_token(uow, colleague.id, "test")
    away(world, handler, colleague)
    with world.database.reading(SYSTEM) as reading:
        actor = directory.actor_by_token(reading, token)
    assert actor is not None
    assert actor.stands_in_for == {handler.id}


def test_four_eyes_see_the_human_being_and_the_one_in_whose_place_they_act(world: World) -> None:
    world.submit()
    world.reach("draft_reply")
    drafter, head = world.person(HANDLER), world.person(HEAD)
    acting(world, drafter, tasks.complete, world.task("draft_reply").id, ANSWERS["draft_reply"])
    world.work()
    task = world.task("review_reply")
    away(world, head, drafter)
    with pytest.raises(tasks.SeparationViolated):
        acting(world, now(world, drafter), tasks.complete, task.id, ANSWERS["review_reply"])
    with world.database.reading(now(world, drafter)) as reading:
        assert queries.task(reading, task.id).blocked


def test_who_had_a_step_done_in_their_place_does_not_approve_it_themselves(world: World) -> None:
    """One who holds both roles is away while the substitute drafts; back again, they may not review the draft."""
    world.submit()
    world.reach("draft_reply")
    both, colleague = world.person("data_provider.case_handler+unit_head"), world.person(COLLEAGUE)
    acting(world, both, tasks.claim, world.task("draft_reply").id)
    entered = away(world, both, colleague)
    acting(world, now(world, colleague), tasks.complete, world.task("draft_reply").id, ANSWERS["draft_reply"])
    world.work()
    acting(world, both, absences.end, entered.id)
    with pytest.raises(tasks.SeparationViolated):
        acting(world, now(world, both), tasks.claim, world.task("review_reply").id)


def test_a_substitute_of_an_absent_head_gives_out_the_work_of_the_people(world: World, handler: Actor) -> None:
    head, colleague = world.person(HEAD), world.person(COLLEAGUE)
    with pytest.raises(tasks.TaskNotFound):
        acting(world, now(world, colleague), handovers.reassign, world.task("check").id, None, "调整")
    away(world, head, colleague)
    acting(world, now(world, colleague), handovers.reassign, world.task("check").id, None, "调整")
    assert world.task("check").assignee_id is None


def test_a_substitute_of_an_absent_head_decides_nothing_about_the_head(world: World, handler: Actor) -> None:
    head = world.person(HEAD)
    made = acting(world, head, recusals.recuse, world.case().reference, "有利害关系")
    entered = away(world, head, handler)
    for act, given in ((recusals.lift, (made.id, "解除")), (absences.end, (entered.id,))):
        with pytest.raises((recusals.NotTheirHead, absences.AbsenceNotYours)):
            acting(world, now(world, handler), act, *given)
    acting(world, world.person(LEADER), recusals.lift, made.id, "核实无关")


def test_nobody_stands_in_beyond_their_own_organisation(world: World, handler: Actor) -> None:
    elsewhere = world.member("gy-jyj", "case_handler")
    for unfit in (elsewhere.id, handler.id, "nobody", ""):
        with pytest.raises(absences.SubstituteUnfit):
            acting(world, handler, absences.enter, unfit, TODAY, TODAY, "leave")
    administrator = acting(
        world, SYSTEM, lambda uow: directory.create_person(uow, "boss", "系统管理员", "!", duty="administrator")
    )
    with pytest.raises(absences.SubstituteUnfit):
        acting(world, handler, absences.enter, administrator.id, TODAY, TODAY, "leave")
    with pytest.raises(absences.ColleagueNotFound):
        acting(world, now(world, Actor("person", administrator.id)), absences.enter, handler.id, TODAY, TODAY, "leave")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("since", "until", "fault"),
    [
        (TODAY, TODAY - timedelta(1), absences.AbsenceFaulty),
        (TODAY - timedelta(9), TODAY - timedelta(1), absences.AbsenceFaulty),
        (TODAY, TODAY + timedelta(367), absences.AbsenceFaulty),
        (date.min, date.max, absences.AbsenceFaulty),
    ],
)
def test_an_absence_with_impossible_days_is_refused(world: World, since: date, until: date, fault: Any) -> None:
    world.submit()
    with pytest.raises(fault):
        acting(world, world.person(HANDLER), absences.enter, world.person(COLLEAGUE).id, since, until, "leave")


def test_one_person_has_one_substitute_a_day_even_when_two_enter_it_at_once(world: World) -> None:
    world.submit()
    handler, colleague, third, head = (world.person(lane) for lane in (HANDLER, COLLEAGUE, THIRD, HEAD))
    entered = at_once(
        lambda: acting(world, handler, absences.enter, colleague.id, TODAY, TODAY, "leave"),
        lambda: acting(world, head, absences.enter, third.id, TODAY, TODAY, "travel", handler.id),
    )
    assert sorted(type(answer).__name__ for answer in entered) == ["Absence", "AbsenceOverlaps"]
    with pytest.raises(absences.AbsenceReasonUnknown):
        acting(world, handler, absences.enter, third.id, TODAY + timedelta(1), TODAY + timedelta(1), "病假")
    away(world, handler, third, TODAY + timedelta(1), 1)
    assert len(world.all(Absence)) == 2


def test_absences_are_entered_and_ended_by_the_person_or_those_who_head_them(world: World) -> None:
    world.submit()
    handler, colleague, head = world.person(HANDLER), world.person(COLLEAGUE), world.person(HEAD)
    for stranger in (colleague, world.member("gy-jyj", "unit_head"), world.member("gy-sjj", "supervisor")):
        with pytest.raises(absences.ColleagueNotFound):
            acting(world, stranger, absences.enter, colleague.id, TODAY, TODAY, "leave", handler.id)
    entered = acting(world, head, absences.enter, colleague.id, TODAY, TODAY, "leave", handler.id)
    with pytest.raises(absences.AbsenceNotYours):
        acting(world, colleague, absences.end, entered.id)
    with pytest.raises(absences.AbsenceNotFound):
        acting(world, world.person(THIRD), absences.end, entered.id)
    acting(world, handler, absences.end, entered.id)
    with pytest.raises(absences.AbsenceOver):
        acting(world, head, absences.end, entered.id)
    assert [event.name for event in world.all(AuditEvent, stream=absences.STREAM)] == [
        "absence.entered",
        "absence.ended",
    ]


def test_who_is_away_is_seen_by_the_person_the_substitute_the_heads_and_those_who_oversee(world: World) -> None:
    world.submit()
    handler, colleague = world.person(HANDLER), world.person(COLLEAGUE)
    away(world, handler, colleague)
    may_end = {
        actor.id: [view.may_end for view in seen(world, actor)]
        for actor in (
            handler,
            colleague,
            world.person(HEAD),
            world.person(LEADER),
            world.member("gy-sjj", "supervisor"),
            world.person(THIRD),
            world.member("gy-jyj", "leader"),
        )
    }
    assert list(may_end.values()) == [[True], [False], [True], [True], [False], [], []]


def test_how_many_absences_there_are_costs_a_request_nothing(world: World) -> None:
    world.submit()
    people = [world.person(f"data_provider.case_handler#{nth}") for nth in range(1, 7)]

    def queries_of(person: Actor) -> int:
        count = []
        listen = lambda *_: count.append(1)  # noqa: E731
        event.listen(world.database.engine, "before_cursor_execute", listen)
        now(world, person)
        event.remove(world.database.engine, "before_cursor_execute", listen)
        return len(count)

    alone = queries_of(people[-1])
    for person, substitute in pairwise(people):
        away(world, person, substitute)
    assert now(world, people[-1]).stands_in_for == {person.id for person in people[:-1]}
    assert queries_of(people[-1]) == alone


def test_a_head_who_is_known_by_unit_heads_the_people_of_that_unit(world: World) -> None:
    world.submit()
    head, handler = world.person(HEAD), world.person(HANDLER)
    with world.database.reading(head) as reading:
        led = {person.id for person in colleagues.led(reading)}
        assert colleagues.leads(reading, handler.id)
        assert not colleagues.leads(reading, head.id)
    assert handler.id in led
    with world.database.reading(handler) as reading:
        assert colleagues.led(reading) == []


def test_a_substitute_of_the_head_of_a_unit_answers_for_that_unit_and_no_other(world: World, handler: Actor) -> None:
    head, substitute = world.person(HEAD), world.person(COLLEAGUE)
    with world.database.unit_of_work() as uow:
        for row in world.all(Membership, person_id=head.id):
            row.unit = "数据一科"
            uow.add(uow.session.merge(row))
    away(world, head, substitute)
    house, _ = next(iter(head.roles))
    assert now(world, substitute).units == now(world, head).units == {(house, "数据一科")}
