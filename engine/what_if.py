"""What if a day became a holiday, or a limit were another one: how many clocks would be late. It only looks.

Every open clock that somebody oversees is counted anew by its rule and its ledger, under the supposition; nothing is
written. It is counted by the same code as the dry run of a holiday notice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from engine import access, clock, deadlines, subjects, supervision
from engine.calendars import Due, Unit
from engine.db import Reading
from engine.errors import Invalid
from engine.ledgers import Ledger
from engine.models import Case, Deadline, DeadlineChange, Organisation
from engine.recount import Counting

MOST_SHOWN = 200
MOST_DAYS = 400


class NothingSupposed(Invalid):
    """Please suppose something: a day that becomes a holiday or a working day, or another limit of a clock."""

    zh = "请至少填写一项假设：某日改为假日或工作日，或者某项期限改为若干天。"


class DaysFaulty(Invalid):
    """A limit has between 1 and {most} days."""

    zh = "期限应在 1 至 {most} 天之间。"

    def __init__(self) -> None:
        super().__init__(most=MOST_DAYS)


@dataclass(frozen=True)
class Supposition:
    """What is supposed: a day that becomes a holiday or is worked, another limit of one clock of one process, or both."""

    day: date | None = None
    worked: bool = False  # else it becomes a holiday
    process: str = ""
    clock: str = ""
    days: int | None = None
    unit: Unit = "calendar"


@dataclass(frozen=True)
class Moved:
    """A clock that would be due on another day."""

    reference: str
    subject: str
    organisation: str
    process_key: str
    clock: str
    before: date
    after: date
    late_before: bool
    late_after: bool


@dataclass(frozen=True)
class Outcome:
    """What would come of it."""

    clocks: int  # that run
    late_before: int
    late_after: int
    becoming_late: int
    ceasing_late: int
    moved: int
    shown: tuple[Moved, ...]  # those whose lateness changes first, then by the new date; at most MOST_SHOWN


def what_if(reading: Reading, supposed: Supposition) -> Outcome:
    """What would come of a supposition for the statutory and other clocks that the actor oversees.

    Raises NothingSupposed, DaysFaulty, NotOverseer.
    """
    access.require_overseer(reading.actor)
    if supposed.day is None and supposed.days is None:
        raise NothingSupposed()
    if supposed.days is not None and not 1 <= supposed.days <= MOST_DAYS:
        raise DaysFaulty()
    clocks = _clocks(reading)
    return _outcome(reading, clocks, _counted(reading, clocks, supposed))


def _clocks(reading: Reading) -> list[Deadline]:
    running = select(Deadline).where(
        supervision.running(), col(Deadline.organisation_id).is_not(None), access.overseen(reading.actor)
    )
    return list(reading.session.exec(running))


def _counted(reading: Reading, clocks: Sequence[Deadline], supposed: Supposition) -> dict[str, Due]:
    """When each clock would be due, by its id."""
    calendar = deadlines.calendar(reading)
    if supposed.day is not None:
        days = [supposed.day]
        calendar = calendar.supposing((), days) if supposed.worked else calendar.supposing(days, ())
    plain, other = Counting(calendar), Counting(calendar, supposed.days, supposed.unit if supposed.days else None)
    ledgers = _ledgers(reading, clocks)
    found = {}
    for running in clocks:
        meant = (running.process_key, running.name) == (supposed.process, supposed.clock)
        due = (other if meant else plain).due(running, ledgers.get(running.id))
        if due is not None:
            found[running.id] = due
    return found


def _ledgers(reading: Reading, clocks: Sequence[Deadline]) -> dict[str, Ledger]:
    """The ledgers of all clocks; only those that were moved are asked for, a thousand in one query."""
    moved = set(
        reading.session.exec(
            select(DeadlineChange.deadline_id)
            .join(Deadline, col(Deadline.id) == col(DeadlineChange.deadline_id))
            .where(supervision.running())
        )
    )
    found = {c.id: Ledger(clock.day_of(c.started_at)) for c in clocks if c.started_at and c.id not in moved}
    rest = [c for c in clocks if c.id in moved]
    for first in range(0, len(rest), 1000):
        found |= deadlines.ledgers(reading, rest[first : first + 1000])
    return found


def _outcome(reading: Reading, clocks: Sequence[Deadline], after: Mapping[str, Due]) -> Outcome:
    now = reading.now
    changed: list[tuple[Deadline, Due]] = []
    becoming = ceasing = late_before = late_after = 0
    for running in clocks:
        due = after.get(running.id)
        before = _late(running.due_at, now)
        then = _late(due.at, now) if due else before
        late_before, late_after = late_before + before, late_after + then
        becoming, ceasing = becoming + (then and not before), ceasing + (before and not then)
        if due is not None and due.at != running.due_at:
            changed.append((running, due))
    changed.sort(key=lambda pair: (_late(pair[1].at, now) == _late(pair[0].due_at, now), pair[1].at, pair[0].id))
    shown = _shown(reading, changed[:MOST_SHOWN])
    return Outcome(len(clocks), late_before, late_after, becoming, ceasing, len(changed), shown)


def _late(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at <= now


def _shown(reading: Reading, changed: Sequence[tuple[Deadline, Due]]) -> tuple[Moved, ...]:
    ids = [moved.case_id for moved, _ in changed]
    cases = {case.id: case for case in reading.session.exec(select(Case).where(col(Case.id).in_(ids)))}
    called = subjects.shown(reading, cases.values())
    names = select(Organisation.id, Organisation.short_name)
    owing = {moved.organisation_id for moved, _ in changed}
    houses = dict(reading.session.exec(names.where(col(Organisation.id).in_(owing))).all())
    return tuple(
        Moved(
            reference=cases[moved.case_id].reference,
            subject=called[moved.case_id],
            organisation=houses.get(moved.organisation_id or "", ""),
            process_key=moved.process_key,
            clock=moved.name,
            before=moved.due_on or due.day,
            after=due.day,
            late_before=_late(moved.due_at, reading.now),
            late_after=_late(due.at, reading.now),
        )
        for moved, due in changed
    )
