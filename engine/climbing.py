"""How the sweep climbs the ladder: whoever must act is reminded, a missed clock is a breach, an old breach becomes a lead.

A rung is claimed by a unique row for the due date for which it was climbed, in the transaction of its effect, while the case is
locked: any number of workers, one effect. Rungs are climbed in their legal order. Of several reminders that nobody could send
meanwhile (a server that slept) the latest is sent; the others are claimed as superseded.
"""

from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import col, select

from engine import audit, deadlines, incidents, jobs, ladder, process, reminders, supervision
from engine.access import SUPERVISOR, SYSTEM
from engine.db import Database, UnitOfWork
from engine.ladder import Rung
from engine.models import Breach, Deadline, LadderClaim, Organisation, SystemValue

BATCH = 100
REFILL_BATCH = 1000
VERSION = "ladder_version"
Place = tuple[datetime, str]  # in the order of the sweep: when a clock has something to climb, and its id


def climb(database: Database, limit: int = 10_000) -> int:
    """Climb all rungs that are due, one transaction a case; returns how many. A case that fails hinders no other."""
    climbed, after = 0, None
    while climbed < limit and (due := _due(database, after)):
        for case_id in dict.fromkeys(case_id for _, _, case_id in due):
            try:
                with database.unit_of_work() as uow:
                    climbed += climb_case(uow, case_id)
            except Exception as error:
                incidents.report_failure(database, "ladder.failed", case_id, error)
        after = due[-1][:2]
    return climbed


def _due(database: Database, after: Place | None) -> list[tuple[datetime, str, str]]:
    """Clocks that have something to climb now, after those that were looked at: when, id, case."""
    with database.reading(SYSTEM) as reading:
        at, ident = col(Deadline.climbs_at), col(Deadline.id)
        query = select(Deadline.climbs_at, Deadline.id, Deadline.case_id).where(
            col(Deadline.state) == "running", at <= reading.now
        )
        if after is not None:
            query = query.where(or_(at > after[0], and_(at == after[0], ident > after[1])))
        rows = reading.session.exec(query.order_by(at, ident).limit(BATCH))
        return [(when, clock_id, case_id) for when, clock_id, case_id in rows if when is not None]


def climb_case(uow: UnitOfWork, case_id: str) -> int:
    """Climb what is due of the clocks of one case."""
    process.lock_row(uow, case_id)
    due = select(Deadline).where(
        col(Deadline.case_id) == case_id, col(Deadline.state) == "running", col(Deadline.climbs_at) <= uow.now
    )
    clocks = uow.session.exec(due.order_by(col(Deadline.climbs_at)).execution_options(populate_existing=True))
    return sum(_climb(uow, deadline) for deadline in list(clocks))


def _climb(uow: UnitOfWork, deadline: Deadline) -> int:
    """Climb every rung of a clock that has been reached and not been climbed for this due date, in their legal order.

    A reminder that lies before the instant for which the clock was planned is not sent: it was past when the clock came to be.
    Nor is one that a clock will be missed, once it has been.
    """
    if not ladder.binds(deadline):  # it binds no organisation any more
        deadline.climbs_at = None
        uow.add(deadline)
        return 0
    steps, calendar = ladder.of(uow.settings), deadlines.calendar(uow)
    instants, claimed = ladder.instants(steps, deadline, calendar), _claimed(uow, deadline)
    reached = [
        rung for key, at in instants.items() if at <= uow.now and key not in claimed and (rung := steps.rung(key))
    ]
    planned, due_at = deadline.climbs_at or uow.now, deadline.due_at or uow.now
    since = max(planned, due_at) if due_at <= uow.now else planned
    fresh = [rung for rung in reached if rung.effect == "reminder" and instants[rung.key] >= since]
    for rung in reached:
        superseded = rung.effect == "reminder" and rung not in fresh[-1:]
        if rung.effect == "breach":
            deadlines.record_breach(uow, deadline)
            if planned <= due_at:  # nobody is told of what was missed before the clock had a place on the ladder
                _tell(uow, deadline, rung, uow.now)
        elif rung.effect == "lead":
            _ask_for_lead(uow, deadline)
        elif not superseded:
            _tell(uow, deadline, rung, _told_at(uow, deadline))
        claim = {"deadline_id": deadline.id, "due_on": deadline.due_on, "rung": rung.key, "at": uow.now}
        uow.append(LadderClaim, [{**claim, "superseded": superseded}])
    deadline.climbs_at = ladder.after(steps, deadline, uow.now, calendar)
    uow.add(deadline)
    return len(reached)


def _claimed(uow: UnitOfWork, deadline: Deadline) -> set[str]:
    claims = select(LadderClaim.rung).where(
        col(LadderClaim.deadline_id) == deadline.id, col(LadderClaim.due_on) == deadline.due_on
    )
    return set(uow.session.exec(claims))


def _tell(uow: UnitOfWork, deadline: Deadline, rung: Rung, at: datetime) -> None:
    told = set(rung.to)
    if deadline.basis == "internal":
        told &= set(ladder.of(uow.settings).internal.to)
    if deadline.private:  # an instruction within a house: nobody outside hears of it
        told -= {SUPERVISOR}
    people = reminders.addressees(uow, deadline.case_id, deadline.organisation_id, told) if told else frozenset()
    if not people:
        return
    reached = reminders.remind(uow, people, rung.key, deadline.case_id, deadline_id=deadline.id, at=at)
    audit.record(uow, "deadline.reminded", deadline.case_id, deadline=deadline.name, rung=rung.key, people=reached)


def _told_at(uow: UnitOfWork, deadline: Deadline) -> datetime:
    """Now, or when the office of the organisation that owes it opens next."""
    owing = uow.session.get(Organisation, deadline.organisation_id) if deadline.organisation_id else None
    hours = ladder.of(uow.settings).office(owing.code if owing else "")
    return ladder.next_open(hours, uow.now, deadlines.calendar(uow))


def _ask_for_lead(uow: UnitOfWork, deadline: Deadline) -> None:
    """A statutory clock that was missed long enough ago gives a lead, for a person to decide on; nothing else does."""
    if deadline.basis != "statutory":
        return
    standing = select(Breach).where(col(Breach.deadline_id) == deadline.id, col(Breach.annulled_at).is_(None))
    breach = uow.session.exec(standing).first()
    if breach is not None:
        jobs.enqueue(uow, "lead.raise", f"lead.raise:{breach.id}", case_id=breach.case_id, breach=breach.id)


# ---------------------------------------------------------------- after a change of the ladder


def refill(database: Database) -> int:
    """Give running clocks their place on the ladder that this installation has now; returns how many were planned.

    After a change of the ladder or of the calendar all of them, as for clocks from before there was a ladder; else only those
    that have none. What is due already is left to the sweep, so that nothing is passed over.
    """
    with database.reading(SYSTEM) as reading:
        version = f"{ladder.of(database.settings).version}:{deadlines.calendar(reading).version}"
        known = reading.session.get(SystemValue, VERSION)
    changed = known is None or known.value != version
    planned, after = 0, ""
    while batch := _refill_batch(database, after, changed):
        planned, after = planned + len(batch), batch[-1]
    if changed:
        with database.unit_of_work() as uow:
            uow.session.merge(SystemValue(name=VERSION, value=version))
    return planned


def _refill_batch(database: Database, after: str, changed: bool) -> list[str]:
    """Plan the next clocks; returns their ids. Their rows are locked, so that none is moved by somebody else meanwhile."""
    with database.unit_of_work() as uow:
        placeless = and_(col(Deadline.climbs_at).is_(None), col(Deadline.due_at) > uow.now)
        anew = or_(col(Deadline.climbs_at).is_(None), col(Deadline.climbs_at) > uow.now)
        wanted = (supervision.running(), col(Deadline.id) > after, anew if changed else placeless)
        owed = or_(supervision.statutory(), supervision.targets())
        running = select(Deadline).where(*wanted, owed).order_by(col(Deadline.id)).limit(REFILL_BATCH)
        batch = list(uow.session.exec(running.with_for_update()))
        calendar = deadlines.calendar(uow)
        for deadline in batch:
            ladder.plan(uow, deadline, calendar)
            uow.session.add(deadline)
        return [deadline.id for deadline in batch]
