"""Due dates are corrected after the calendar has changed: in batches, each case with an entry in its record.

A batch is one transaction: it locks its cases in the order of their ids, counts their clocks again and writes what has changed
with everything that hangs on it (ledger, timers, breaches, the mark of being late). What was corrected is correct, so to
begin again after a crash is to go on. A date on an issued paper is never made earlier here: it waits until a person decides.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, inspect, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import SQLModel, col, select

from engine import audit, calendar_versions, deadlines, jobs, ladder, printed_dates, recount, results
from engine.access import SYSTEM
from engine.audit import Noted
from engine.calendars import Calendar
from engine.clock import day_of
from engine.db import Database, Reading, UnitOfWork
from engine.models import (
    Breach,
    Case,
    Deadline,
    DeadlineChange,
    HolidayNotice,
    Job,
    LadderClaim,
    PrintedCorrection,
    Timer,
)
from engine.operations import JobTicket
from engine.recount import Counting, Judged

RECOUNT = "calendar.recount"
BATCH = 500  # cases in one transaction
ROUND = 10  # batches of one job, which must end within its lease


# ---------------------------------------------------------------- all cases, in batches


def correct_all(database: Database, source: str) -> int:
    """Correct the clocks of all cases, until nothing is left to correct; returns how many cases were changed.

    ``source`` is what changed the calendar. Any number may do it at once, and it may end anywhere.
    """
    corrected, after, of_this_pass = 0, "", 0
    while True:
        after, changed = correct_next(database, source, after)
        corrected, of_this_pass = corrected + changed, of_this_pass + changed
        if not after:
            if not of_this_pass:
                return corrected
            of_this_pass = 0  # once more: a clock may have been started with the old calendar meanwhile


def correct_next(database: Database, source: str, after: str) -> tuple[str, int]:
    """Correct the next batch of cases after an id; returns the id to go on from (empty at the end), and how many changed."""
    with database.unit_of_work() as uow:
        ids = recount.case_ids(uow, after, recount.uncounted(deadlines.calendar(uow)), limit=BATCH)
        changed = correct(uow, ids, source) if ids else 0
    return (ids[-1] if len(ids) == BATCH else ""), changed


def run_round(database: Database, ticket: JobTicket) -> None:
    """The job: some batches, then another job for the rest; so a recount goes on whoever began it and whatever became of them."""
    after, changed = str(ticket.payload.get("after", "")), int(ticket.payload.get("changed", 0))
    with database.reading(SYSTEM) as reading:
        notice = reading.session.get_one(HolidayNotice, ticket.payload["notice"])
    for _ in range(ROUND):
        after, more = correct_next(database, notice.source, after)
        changed += more
        if not after:
            break
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        if after or changed:
            ask_for_recount(uow, notice.id, int(ticket.payload["round"]) + 1, after, changed if after else 0)


def ask_for_recount(uow: UnitOfWork, notice_id: str, number: int = 1, after: str = "", changed: int = 0) -> None:
    """Let a worker correct what a holiday notice moves."""
    key = f"{RECOUNT}:{notice_id}:{number}"
    jobs.enqueue(uow, RECOUNT, key, notice=notice_id, round=number, after=after, changed=changed)


# ---------------------------------------------------------------- one batch


def correct(uow: UnitOfWork, case_ids: Collection[str], source: str) -> int:
    """Lock these cases, count their clocks again and write what has changed; returns how many cases did."""
    now = _locked(uow, case_ids)
    clocks = recount.clocks_of(uow, case_ids)
    news = [one for one in recount.judge(uow, clocks, _counting(uow), now) if one.is_news]
    write(uow, news, clocks, source, now)
    return len({one.clock.case_id for one in news})


def _locked(uow: UnitOfWork, case_ids: Collection[str]) -> dict[str, datetime]:
    """The cases, locked one after the other in the order of their ids, each with its time, which never runs backwards."""
    rows = (
        select(Case.id, Case.touched_at)
        .where(col(Case.id).in_(case_ids))
        .order_by(col(Case.id))
        .with_for_update(of=Case)
    )
    return {case_id: max(uow.now, touched_at) for case_id, touched_at in uow.session.exec(rows)}


def _counting(reading: Reading) -> Counting:
    return Counting(deadlines.calendar(reading))


def write(
    uow: UnitOfWork, news: Sequence[Judged], clocks: Sequence[Deadline], source: str, now: Mapping[str, datetime]
) -> None:
    """Write what became of clocks of locked cases. ``clocks`` are all of these cases that run; few statements for any number."""
    calendar_versions.keep(uow, deadlines.calendar(uow))
    dated = [one for one in news if one.outcome in ("moves", "certain")]
    moved = [one for one in dated if one.outcome == "moves"]
    calendar = deadlines.calendar(uow)
    steps = ladder.of(uow.settings)
    rungs = [_climbs_at(steps, one, now[one.clock.case_id], calendar) for one in dated]
    _update(uow, Deadline, ["id"], [_dates(one) | {"climbs_at": at} for one, at in zip(dated, rungs, strict=True)])
    _update(uow, Timer, ["case_id", "deadline"], [_timer(one) for one in moved if one.clock.state == "running"])
    uow.append(DeadlineChange, [_entry(uow, one, source, now) for one in moved])
    _climb_anew(uow, [one.clock.id for one in moved])
    for one in dated:
        _note(uow, now, one.clock, "deadline.corrected" if one.outcome == "moves" else "deadline.confirmed", one)
    annulled = _correct_breaches(uow, moved, source, now)
    _touch(uow, dated, clocks, annulled, now)
    _keep_papers_true(uow, news, moved, source, now)


def _dates(one: Judged) -> dict[str, Any]:
    return {
        "id": one.clock.id,
        "due_on": one.due.day,
        "due_at": one.due.at,
        "provisional": one.due.provisional,
        "calendar_version": one.due.calendar_version,
    }


def _climb_anew(uow: UnitOfWork, moved: Sequence[str]) -> None:
    """A date to which a clock comes back can be missed once more: what was climbed for it before counts no longer."""
    if moved:
        now_due = select(Deadline.id).where(
            col(Deadline.id) == col(LadderClaim.deadline_id), col(Deadline.due_on) == col(LadderClaim.due_on)
        )
        of_new_date = and_(col(LadderClaim.deadline_id).in_(moved), now_due.exists())
        uow.session.execute(delete(LadderClaim).where(of_new_date).execution_options(synchronize_session=False))


class _Corrected(NamedTuple):
    """What a clock is to become."""

    due_on: date
    due_at: datetime


def _climbs_at(steps: ladder.Ladder, one: Judged, now: datetime, calendar: Calendar) -> datetime | None:
    """When the clock has something to climb next: another date has other rungs."""
    if one.outcome != "moves" or one.clock.state != "running" or not ladder.binds(one.clock):
        return one.clock.climbs_at
    corrected = _Corrected(one.due.day, one.due.at)
    return ladder.next_from(steps, corrected, now, calendar)


def _timer(one: Judged) -> dict[str, Any]:
    return {"case_id": one.clock.case_id, "deadline": one.clock.name, "due_at": one.due.at}


def _entry(uow: UnitOfWork, one: Judged, source: str, now: Mapping[str, datetime]) -> dict[str, Any]:
    """The entry in the clock's ledger: it changes no budget, only says why the date is another one."""
    at = now[one.clock.case_id]
    return {
        "deadline_id": one.clock.id,
        "kind": "corrected",
        "at": at,
        "on": day_of(at),
        "due_on_before": one.clock.due_on,
        "due_on_after": one.due.day,
        "reason": source,
        "actor": str(uow.actor),
        "detail": {"from": one.clock.calendar_version, "to": one.due.calendar_version},
    }


def _note(uow: UnitOfWork, now: Mapping[str, datetime], clock: Deadline, name: str, one: Judged) -> None:
    detail = {
        "deadline": clock.name,
        "due_on_before": clock.due_on.isoformat() if clock.due_on else None,
        "due_on": one.due.day.isoformat(),
        "calendar": one.due.calendar_version,
    }
    audit.note(uow, Noted(f"case:{clock.case_id}", now[clock.case_id], str(uow.actor), name, detail))


# ---------------------------------------------------------------- what hangs on a date


def _correct_breaches(
    uow: UnitOfWork, moved: Sequence[Judged], source: str, now: Mapping[str, datetime]
) -> dict[str, bool]:
    """A breach of a date that was wrong is annulled, never deleted; one that stands all the same has the right date.

    Returns, for each case that lost one, whether it is still late.
    """
    if not moved:
        return {}
    of_cases = select(Breach).where(
        col(Breach.case_id).in_({one.clock.case_id for one in moved}), col(Breach.annulled_at).is_(None)
    )
    standing = list(uow.session.exec(of_cases))
    # by its date: a target that was set anew may have been missed the time before, by a date that nothing moves now
    period = {(one.clock.id, one.clock.due_at): one for one in moved}
    missed = [(one, b) for b in standing if (one := period.get((b.deadline_id, b.at))) is not None]
    _update(uow, Breach, ["id"], [{"id": b.id, "due_on": o.due.day, "at": o.due.at} for o, b in missed if o.is_late])
    annulled = [breach for one, breach in missed if not one.is_late]
    at = {breach.id: now[breach.case_id] for breach in annulled}
    _update(uow, Breach, ["id"], [{"id": b.id, "annulled_at": at[b.id], "annulled_reason": source} for b in annulled])
    clocks = {one.clock.id: one.clock for one in moved}
    results.corrected(uow, [clocks[breach.deadline_id] for breach in annulled])
    for breach in annulled:
        detail = {"breach": breach.id, "due_on": breach.due_on.isoformat()}
        stream = f"case:{breach.case_id}"
        audit.note(uow, Noted(stream, at[breach.id], str(uow.actor), "breach.annulled", detail))
    _annul_leads(uow, annulled, source)
    gone = {breach.id for breach in annulled}
    late = {b.case_id for b in standing if b.basis == "statutory" and b.id not in gone}
    return {breach.case_id: breach.case_id in late for breach in annulled}


def _annul_leads(uow: UnitOfWork, annulled: Sequence[Breach], source: str) -> None:
    """A lead that came of an annulled breach is annulled with it, wherever it has got to."""
    raised = {f"lead.raise:{breach.id}": breach for breach in annulled}
    known = uow.session.exec(select(col(Job.unique_key)).where(col(Job.unique_key).in_(raised))) if raised else ()
    for key in sorted(known):
        breach = raised[key]
        jobs.enqueue(
            uow, "lead.annul", f"lead.annul:{breach.id}", case_id=breach.case_id, breach=breach.id, reason=source
        )


def _touch(
    uow: UnitOfWork,
    dated: Sequence[Judged],
    clocks: Sequence[Deadline],
    annulled: Mapping[str, bool],
    now: Mapping[str, datetime],
) -> None:
    """Keep on each case, for lists, when its earliest running statutory clock is due, and whether it is late."""
    changed = {one.clock.id: one.due.at for one in dated}
    pressing: dict[str, list[datetime]] = {one.clock.case_id: [] for one in dated}
    for clock in clocks:
        due_at = changed.get(clock.id, clock.due_at)
        if clock.case_id in pressing and clock.state == "running" and clock.basis == "statutory" and due_at:
            pressing[clock.case_id].append(due_at)
    rows = [
        {"id": case_id, "due_at": min(dues, default=None), "touched_at": now[case_id]}
        for case_id, dues in pressing.items()
    ]
    _update(uow, Case, ["id"], rows)
    _update(uow, Case, ["id"], [{"id": case_id, "late": late} for case_id, late in annulled.items()])


def _keep_papers_true(
    uow: UnitOfWork, news: Sequence[Judged], moved: Sequence[Judged], source: str, now: Mapping[str, datetime]
) -> None:
    """A printed date that became a later one is told; one that would become earlier waits for a person."""
    _lapse(uow, [one.clock.id for one in moved], [one.waiting for one in news if one.waiting])
    stale = [one for one in moved if one.untold or (one.printed and one.printed.due_on == one.clock.due_on)]
    printed = [(one, one.printed) for one in stale if one.printed]
    printed_dates.to_tell(uow, [_correction(one, p, source) for one, p in printed if one.due.day > p.due_on])
    waits = [(one, one.printed) for one in news if one.outcome == "waits" and one.printed]
    rows = [_correction(one, p, source) | {"state": "waiting", "raised_at": now[one.clock.case_id]} for one, p in waits]
    uow.append(PrintedCorrection, rows)
    for one, _ in waits:
        _note(uow, now, one.clock, "deadline.correction_waits", one)


def _lapse(uow: UnitOfWork, moved: Sequence[str], overtaken: Sequence[PrintedCorrection]) -> None:
    """What was to be decided or told of a date that has moved again is no longer to be."""
    state = col(PrintedCorrection.state)
    rows = update(PrintedCorrection).values(state="lapsed").execution_options(synchronize_session=False)
    if moved:
        untold = and_(state == "applied", col(PrintedCorrection.told_by).is_(None))
        uow.session.execute(rows.where(col(PrintedCorrection.deadline_id).in_(moved), untold))
    if overtaken:
        ids = [correction.id for correction in overtaken]
        uow.session.execute(rows.where(col(PrintedCorrection.id).in_(ids), state == "waiting"))


def _correction(one: Judged, paper: printed_dates.Printed, source: str) -> dict[str, Any]:
    return {
        "case_id": one.clock.case_id,
        "deadline_id": one.clock.id,
        "notice_id": paper.notice_id,
        "due_on_before": paper.due_on,
        "due_on_after": one.due.day,
        "source": source,
    }


def _update(uow: UnitOfWork, table: type[SQLModel], keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change many rows, each its own way, in one statement: ``keys`` name the columns that find a row."""
    if not rows:
        return
    columns: Any = inspect(table).local_table.c
    names = list(rows[0])
    if uow.session.get_bind().dialect.name == "postgresql":  # one statement there and back, whatever the number of rows
        lists = [bindparam(f"of_{name}", type_=ARRAY(columns[name].type)) for name in names]
        fresh = func.unnest(*lists).table_valued(*names, name="fresh").render_derived()
        found = [columns[key] == fresh.c[key] for key in keys]
        changed = update(table).where(*found).values({name: fresh.c[name] for name in names if name not in keys})
        given: Any = {f"of_{name}": [row[name] for row in rows] for name in names}
    else:
        found = [columns[key] == bindparam(f"of_{key}") for key in keys]
        changed = update(table).where(*found).values({name: bindparam(name) for name in names if name not in keys})
        given = [{f"of_{name}" if name in keys else name: value for name, value in row.items()} for row in rows]
    uow.session.connection().execute(changed, given)
