"""Clocks that started on an event which, as is known now, happened on another day, or not at all.

An event that was registered wrongly is put right by a person, with the reason. A clock that it started and that has not stopped
follows: its budget stays, its days count from the right day. One that has stopped stays as it is, and whoever corrects is told.
"""

from datetime import date

from sqlmodel import col, select

from engine import audit, clock, deadlines, printed_dates, process
from engine.calendars import NoSuchDay, read_day
from engine.db import UnitOfWork
from engine.errors import EngineError
from engine.models import Breach, Deadline, StepRecord
from engine.operations import BusinessError, Call, Done
from engine.process import Run

EXCUSE = "起算日由 {was} 更正为 {now}，按更正后的期限没有逾期。"


class ClockHasStopped(EngineError):
    """The clock {name} has stopped already and was not moved."""

    zh = "期限“{name}”已经停止计算，没有随之变动。"


class NothingHappened(EngineError):
    """Nothing is on record as {event}, so its day cannot be corrected."""

    zh = "没有“{event}”的记录，不能更正日期。"


def correct_day(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.correct_day``: what was announced last as this event happened on another day, and clocks go by that day.

    A day that cannot be is the business error ``day_unusable``; the day on record already changes nothing.
    """
    event, said = call.params["event"], call.params["on"]
    was = _newest(uow, run, event)
    if was is None:
        raise NothingHappened(event=event)
    try:
        on = read_day(said)
        process.require_usable(uow, on)
    except (NoSuchDay, process.EventDayUnusable) as error:
        raise BusinessError("day_unusable", day=said) from error
    if on != was:
        days = {"before": was.isoformat(), "on": on.isoformat()}
        audit.record(uow, "case.day_corrected", run.case.id, event=event, **days)
        follow(uow, run, event, was, on, call.params["reason"])
    return Done()


def _newest(uow: UnitOfWork, run: Run, event: str) -> date | None:
    """The day on which an event happened last, as it is on record."""
    records = select(StepRecord).where(
        col(StepRecord.case_id) == run.case.id, col(StepRecord.kind) == "event", col(StepRecord.node) == event
    )
    newest = uow.session.exec(records.order_by(col(StepRecord.position).desc()).limit(1)).first()
    return (newest.on or clock.day_of(newest.at)) if newest else None


def follow(uow: UnitOfWork, run: Run, event: str, was: date, on: date | None, reason: str) -> None:
    """Let the clocks follow that an event started: it happened on another day than was recorded, or (None) not at all."""
    _restate(uow, run, event, was, on)
    for deadline in run.clocks:
        if deadline.started_by != event or deadline.started_at is None or clock.day_of(deadline.started_at) != was:
            continue
        if deadline.state == "stopped":
            uow.warn(ClockHasStopped(name=deadline.name))
        elif on is None:
            _unstart(uow, deadline)
        else:
            _move(uow, run, deadline, on, event, reason)
    deadlines.refresh_case(uow, run)


def _restate(uow: UnitOfWork, run: Run, event: str, was: date, on: date | None) -> None:
    """What later versions of the process will read about when it happened; the audit keeps what was recorded before."""
    records = select(StepRecord).where(
        col(StepRecord.case_id) == run.case.id, col(StepRecord.kind) == "event", col(StepRecord.node) == event
    )
    for record in uow.session.exec(records.order_by(col(StepRecord.position).desc())):
        if (record.on or clock.day_of(record.at)) == was:
            record.on = None if on == clock.day_of(record.at) else on
            if on is None:
                record.node = f"{event.partition(':')[0]}_annulled:{event.partition(':')[2]}"
            uow.add(record)
            return
    raise ValueError(f"{event} of {was} is not on record")


def _move(uow: UnitOfWork, run: Run, deadline: Deadline, on: date, event: str, reason: str) -> None:
    was = clock.day_of(deadline.started_at or uow.now)
    deadline.started_at = clock.start_of(on)
    deadlines.enter(uow, deadline, "corrected", reason, on=on, event=event)
    if not deadlines.missed(deadline, uow.now):
        _annul(uow, deadline, EXCUSE.format(was=was.isoformat(), now=on.isoformat()))
    due_on = deadline.due_on.isoformat() if deadline.due_on else None
    audit.record(uow, "deadline.corrected", run.case.id, deadline=deadline.name, event=event, due_on=due_on)
    printed = printed_dates.newest(uow, [deadline.id]).get(deadline.id)
    if printed is not None and deadline.due_on is not None and printed.due_on != deadline.due_on:
        moved = {"due_on_before": printed.due_on, "due_on_after": deadline.due_on, "source": reason[:200]}
        paper = {"case_id": run.case.id, "deadline_id": deadline.id, "notice_id": printed.notice_id}
        printed_dates.to_tell(uow, [paper | moved])


def _unstart(uow: UnitOfWork, deadline: Deadline) -> None:
    """The clock waits again for its event, as if it had never been."""
    _annul(uow, deadline, "起算的事项没有发生，登记有误。")
    deadline.state, deadline.started_at, deadline.started_by = "pending", None, None
    deadline.due_on, deadline.due_at, deadline.provisional = None, None, False
    uow.add(deadline)
    deadlines.take_effect(uow, deadline)
    audit.record(uow, "deadline.unstarted", deadline.case_id, deadline=deadline.name)


def _annul(uow: UnitOfWork, deadline: Deadline, excuse: str) -> None:
    standing = select(Breach).where(col(Breach.deadline_id) == deadline.id, col(Breach.annulled_at).is_(None))
    for breach in list(uow.session.exec(standing)):
        deadlines.annul(uow, breach, excuse)
