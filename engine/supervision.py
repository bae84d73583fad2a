"""What is late: breaches recorded once by the sweep, and the conditions on clocks that sweep, inbox and board share.

Who oversees which clock is said by ``engine.access``.
"""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, literal_column, or_
from sqlmodel import col, select

from engine import calendars, clock, deadlines, process
from engine.access import SYSTEM
from engine.db import Database, Reading, UnitOfWork
from engine.failpoints import failpoint
from engine.models import Breach, Deadline

SOON = 2  # working days before the due date from which a clock is shown amber
BATCH = 100


# ---------------------------------------------------------------- conditions


def running() -> ColumnElement[bool]:
    return col(Deadline.state) == "running"


def paused() -> ColumnElement[bool]:
    return col(Deadline.state) == "suspended"


def going_on() -> ColumnElement[bool]:
    """Clocks that run or stand still for a while: all that the board counts. Written out, for an index is chosen by it."""
    return col(Deadline.state).in_([literal_column("'running'"), literal_column("'suspended'")])


def overdue(now: datetime) -> ColumnElement[bool]:
    """Clocks that run past their due instant."""
    return and_(running(), col(Deadline.due_at) <= now)


def due_soon(now: datetime, soon: datetime) -> ColumnElement[bool]:
    """Clocks that are due within the next working days."""
    return and_(running(), col(Deadline.due_at) > now, col(Deadline.due_at) <= soon)


def soon_instant(reading: Reading) -> datetime:
    """The instant up to which a clock is due soon: the end of the second working day from today."""
    return clock.end_of(soon_day(reading))


def soon_day(reading: Reading) -> date:
    return calendars.shift(deadlines.today(reading), SOON, deadlines.calendar(reading))


def statutory() -> ColumnElement[bool]:
    """Clocks that the law sets: only a miss of these is a breach of law."""
    return col(Deadline.basis) == "statutory"


def targets() -> ColumnElement[bool]:
    """Other clocks of organisations (internal targets and the like); what a party owes is nobody's to supervise."""
    return and_(col(Deadline.basis) != "statutory", col(Deadline.organisation_id).is_not(None))


# ---------------------------------------------------------------- the sweep


def record_breaches(database: Database, limit: int = 10_000) -> int:
    """Record every clock that has been missed and has no breach yet; each case in a transaction of its own."""
    recorded = 0
    with database.reading(SYSTEM) as reading:
        due = _unrecorded(reading, min(limit, BATCH))
    failpoint("supervision.found")
    while due and recorded < limit:
        for deadline_id, case_id in due:
            with database.unit_of_work() as uow:
                recorded += _record(uow, deadline_id, case_id)
        with database.reading(SYSTEM) as reading:
            again = _unrecorded(reading, BATCH)
        if again == due:
            break  # nothing moves: leave it to the next sweep
        due = again
    return recorded


def _unrecorded(reading: Reading, limit: int) -> list[tuple[str, str]]:
    known = select(Breach.deadline_id).where(
        col(Breach.deadline_id) == col(Deadline.id), col(Breach.annulled_at).is_(None)
    )
    query = select(Deadline.id, Deadline.case_id).where(
        overdue(reading.now), or_(statutory(), targets()), ~known.exists()
    )
    return [(d, c) for d, c in reading.session.exec(query.order_by(col(Deadline.due_at)).limit(limit))]


def _record(uow: UnitOfWork, deadline_id: str, case_id: str) -> bool:
    process.lock_row(uow, case_id)
    deadline = uow.session.get_one(Deadline, deadline_id, populate_existing=True)
    recorded = deadlines.record_breach(uow, deadline) is not None
    failpoint("supervision.recorded")
    return recorded
