"""Clocks of cases: missed once, whoever looks; what a machine cannot do hinders no other case."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from engine import clock, maintenance, process, queries, supervision
from engine.access import SYSTEM
from engine.db import UnitOfWork
from engine.models import AuditEvent, Breach, Case, Deadline, Incident, Organisation, ProcessInstance, Task, Timer
from tests.factories import World, at_once

OVERDUE = "2026-05-07T00:00"  # ten days from 21 April end on 1 May, a holiday: the last day is 6 May


def reply_clock(world: World) -> Deadline:
    return world.one(Deadline, case_id=world.case_id, name="reply")


def organisation(world: World, code: str) -> str:
    return world.one(Organisation, code=code).id


def test_until_the_last_second_of_the_last_day_nothing_is_missed(world: World) -> None:
    world.submit()
    world.travel("2026-05-06T23:59:59")
    world.work()
    assert not world.all(Breach)
    assert not world.case().late
    world.travel(OVERDUE)
    world.work()
    assert world.one(Breach).due_on == date(2026, 5, 6)
    assert world.case().late


def test_what_is_missed_is_recorded_once_by_however_many_sweepers(world: World) -> None:
    ids = [world.submit().case_id for _ in range(5)]
    world.travel(OVERDUE)
    assert not [a for a in at_once(*[lambda: maintenance.sweep(world.database)] * 4) if not isinstance(a, int)]
    world.work()
    assert sorted(b.case_id for b in world.all(Breach)) == sorted(ids)
    assert len(world.all(AuditEvent, name="deadline.missed")) == 5
    assert sorted(t.case_id for t in world.all(Task, node="explain_delay")) == sorted(ids)
    assert {t.node for t in world.all(Timer)} <= {"reply_overdue"}


def test_a_late_reply_is_still_owed_and_stays_late(world: World) -> None:
    world.submit()
    world.travel("+30d")
    world.work()
    assert reply_clock(world).state == "running"
    world.reach("open_dataset")
    assert (world.case().outcome, world.case().late, reply_clock(world).state) == ("agreed_open", True, "stopped")
    assert len(world.all(Breach)) == 1


def test_a_reply_that_comes_late_before_anybody_has_looked_is_a_breach_all_the_same(world: World) -> None:
    world.submit()
    world.reach("sign_reply")
    world.travel(OVERDUE)
    world.do("sign_reply")
    assert world.one(Breach).basis == "statutory"
    assert world.case().late


def test_a_reply_in_the_last_minute_is_in_time(world: World) -> None:
    world.submit()
    world.reach("sign_reply")
    world.travel("2026-05-06T23:59")
    world.do("sign_reply")
    world.travel("+30d")
    world.work()
    assert not world.all(Breach, basis="statutory")
    assert not world.case().late
    assert world.one(Breach).basis == "internal"  # of the opening that was promised: a target, not a legal clock


def test_a_withdrawn_case_is_never_late(world: World) -> None:
    world.submit()
    world.send("withdraw")
    world.travel("+30d")
    world.work()
    assert not world.all(Breach)
    assert not world.all(Timer)


def test_with_a_referral_go_open_tasks_and_what_is_owed_but_not_the_past(world: World) -> None:
    world.submit(agency="gy-jyj")
    before, after = organisation(world, "gy-jyj"), organisation(world, "gy-jtw")
    due = reply_clock(world).due_at
    assert reply_clock(world).organisation_id == before
    world.do("check", intake_action="refer", refer_to="gy-jtw", refer_reason="停车数据由交通部门采集。")
    world.do("approve_intake", intake_approval="approve")
    assert (reply_clock(world).organisation_id, reply_clock(world).due_at) == (after, due)
    assert world.task("check").organisation_id == after
    assert {t.organisation_id for t in world.all(Task, state="completed")} == {before}
    world.travel(OVERDUE)
    world.work()
    assert world.one(Breach).organisation_id == after


def test_a_supervisor_sees_that_nobody_has_been_found_for_an_overdue_case(world: World) -> None:
    world.submit(agency="unknown")
    world.travel(OVERDUE)
    world.work()
    supervisor = world.member("gy-sjj", "supervisor")
    with world.database.reading(supervisor) as reading:
        assert [row.reference for row in queries.board_list(reading).rows] == [world.case().reference]
        assert queries.board_counts(reading).overdue == 1


# ---------------------------------------------------------------- the machine


def spoil(world: World, case_id: str) -> None:
    """Make the flow of a case unreadable, as a fault of the disk would."""
    with world.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE process_instance SET state = :x WHERE case_id = :id"), {"x": b"x", "id": case_id}
        )


def test_a_case_that_cannot_go_on_becomes_one_incident_and_holds_up_no_other(world: World) -> None:
    ids = sorted(world.submit().case_id for _ in range(3))
    spoil(world, ids[0])
    world.travel(OVERDUE)
    for _ in range(3):
        maintenance.sweep(world.database)
    assert sorted(t.case_id for t in world.all(Task, node="explain_delay")) == ids[1:]
    assert [i.case_id for i in world.all(Incident)] == [ids[0]]
    assert len(world.all(Breach)) == 3  # late is late, whatever the flow does


def test_a_fault_of_ours_holds_up_no_other_case_either(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted(world.submit().case_id for _ in range(3))
    right = process.proceed

    def wrong(uow: UnitOfWork, run: process.Run, trigger: process.Trigger, cause: str) -> None:
        if run.case.id == ids[0]:
            raise ZeroDivisionError("secret")
        right(uow, run, trigger, cause)

    monkeypatch.setattr(process, "proceed", wrong)
    world.travel(OVERDUE)
    for _ in range(2):
        maintenance.sweep(world.database)
    assert sorted(t.case_id for t in world.all(Task, node="explain_delay")) == ids[1:]
    incident = world.one(Incident)
    assert (incident.kind, incident.case_id) == ("timer.failed", ids[0])
    assert "secret" not in incident.sentence


def test_a_case_that_failed_is_tried_again_after_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submit()
    whole = world.one(ProcessInstance).state
    spoil(world, world.case_id)
    world.travel(OVERDUE)
    maintenance.sweep(world.database)
    timer = world.one(Timer)
    assert timer.attempts == 1
    with world.database.engine.begin() as connection:
        connection.execute(text("UPDATE process_instance SET state = :x"), {"x": whole})
    maintenance.sweep(world.database)
    assert world.one(Timer).attempts == 1  # the lease lasts: no hot loop
    assert timer.lease_until is not None
    later = timer.lease_until + timedelta(seconds=1)
    monkeypatch.setattr(clock, "wall", lambda: later)
    maintenance.sweep(world.database)
    assert "explain_delay" in world.open_tasks()


def test_two_sweepers_never_take_the_same_timer(world: World) -> None:
    for _ in range(6):
        world.submit()
    world.travel(OVERDUE)
    taken = at_once(*[lambda: maintenance._claim_timers(world.database)] * 3)
    cases = [case for each in taken for case in each]  # type: ignore[union-attr]
    assert sorted(cases) == sorted(c.id for c in world.all(Case))


def test_a_clock_that_was_stopped_while_the_sweep_looked_is_not_missed(world: World) -> None:
    world.submit()
    world.travel(OVERDUE)
    with world.database.reading(SYSTEM) as reading:
        ((deadline_id, case_id),) = supervision._unrecorded(reading, 10)
    world.watch.at -= timedelta(days=1)
    world.send("withdraw")
    world.travel("+1d")
    with world.database.unit_of_work() as uow:
        assert not supervision._record(uow, deadline_id, case_id)
    assert not world.all(Breach)
