"""Printed dates that a new calendar would make earlier: they wait for a person, who approves or keeps what is printed.

Whoever oversees the organisation that owes the answer decides, or its leader. What is approved is applied and told by a
corrective notice in the same transaction; what is refused keeps the printed date for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import col, select

from engine import access, audit, corrections, deadlines, definitions, printed_dates, process, recount, subjects
from engine.access import Actor
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, NotFound
from engine.models import Case, Deadline, Notice, Organisation, PrintedCorrection
from engine.queries import paging
from engine.reasons import given
from engine.recount import Counting
from engine.views import Page

LEADER = "leader"
GOING = ("running", "suspended")


class CorrectionNotFound(NotFound):
    """There is no such correction, or it is not for you to decide."""

    zh = "没有这项更正，或者不由您决定。"


class CorrectionDecided(Conflict):
    """This correction has been decided on already, or the clock has moved since; nothing was changed."""

    zh = "这项更正已经处理，或者期限已经变动，没有任何改动。"


@dataclass(frozen=True)
class Waiting:
    """A printed date that waits for a decision."""

    id: str
    reference: str
    subject: str
    clock: str
    organisation: str
    before: date
    after: date
    paper: str
    paper_number: str | None
    source: str
    raised_at: datetime


# ---------------------------------------------------------------- looking


def may_decide(actor: Actor) -> ColumnElement[bool]:
    """The condition on clocks (joined with their case) of whose printed date the actor may decide."""
    if actor.kind == "system":
        return true()
    if actor.kind != "person" or actor.duty == "administrator":
        return false()
    led = col(Deadline.organisation_id).in_(actor.organisations(LEADER))
    return or_(led, access.overseen(actor)) if actor.supervises else led


def waiting(reading: Reading, after: str | None = None, limit: int = 50) -> Page[Waiting]:
    """The printed dates that wait for the actor, the oldest first."""
    limit, query = paging.bounded(limit), _waiting_for(reading.actor)
    raised, ident = col(PrintedCorrection.raised_at), col(PrintedCorrection.id)
    if (rest := paging.after(after, raised, ident)) is not None:  # type: ignore[arg-type]
        query = query.where(rest)
    rows, more = paging.cut(reading.session.exec(query.order_by(raised, ident).limit(limit + 1)).all(), limit)
    key = paging.make(rows[-1][0].raised_at, rows[-1][0].id) if more else None
    return Page(_shown(reading, rows), key)


def any_waiting(reading: Reading) -> bool:
    """Whether a printed date waits for the actor."""
    decides = reading.actor.kind == "system" or reading.actor.supervises or bool(reading.actor.organisations(LEADER))
    return decides and reading.session.exec(_waiting_for(reading.actor).limit(1)).first() is not None


def _of(actor: Actor) -> Any:
    """The corrections of which the actor may decide, each with its clock, case and paper."""
    return (
        select(PrintedCorrection, Deadline, Case, Notice)
        .join(Deadline, col(Deadline.id) == col(PrintedCorrection.deadline_id))
        .join(Case, col(Case.id) == col(PrintedCorrection.case_id))
        .join(Notice, col(Notice.id) == col(PrintedCorrection.notice_id))
        .where(may_decide(actor))
    )


def _waiting_for(actor: Actor) -> Any:
    """Those that wait. Where the clock has stopped, the answer is there and nothing is left to decide."""
    going = col(Deadline.state).in_(GOING)
    return _of(actor).where(col(PrintedCorrection.state) == "waiting", going)


def _shown(reading: Reading, rows: Sequence[tuple[PrintedCorrection, Deadline, Case, Notice]]) -> tuple[Waiting, ...]:
    owing = {clock.organisation_id for _, clock, _, _ in rows}
    names = select(Organisation).where(col(Organisation.id).in_([known for known in owing if known]))
    organisations = {organisation.id: organisation.short_name for organisation in reading.session.exec(names)}
    return tuple(
        Waiting(
            id=row.id,
            reference=case.reference,
            subject=subjects.of_case(reading, case),
            clock=_title(reading, case, clock),
            organisation=organisations.get(clock.organisation_id or "", ""),
            before=row.due_on_before,
            after=row.due_on_after,
            paper=paper.title,
            paper_number=paper.number,
            source=row.source,
            raised_at=row.raised_at,
        )
        for row, clock, case, paper in rows
    )


def _title(reading: Reading, case: Case, clock: Deadline) -> str:
    bundle = definitions.versions_of(reading, case).of_deadline(clock.name)
    declared = bundle.manifest.deadlines.get(clock.name)
    return bundle.text(declared, "title", reading.actor.locale) if declared else clock.name


# ---------------------------------------------------------------- deciding


def approve(uow: UnitOfWork, correction_id: str, reason: str) -> PrintedCorrection:
    """Let a printed date become earlier: the clock moves, and a corrective notice names the old date and the new.

    Raises ReasonMissing, CorrectionNotFound, and CorrectionDecided where there is nothing to approve any more.
    """
    row, run = _decided(uow, correction_id, reason, "approved")
    clock = next(clock for clock in run.clocks if clock.id == row.deadline_id)
    counting = Counting(deadlines.calendar(uow))
    (judged,) = recount.judge(uow, [clock], counting) or (None,)
    if judged is None or judged.due.day != row.due_on_after:
        raise CorrectionDecided()
    source = f"{row.source}；{row.reason}"[:1000]
    moved = replace(judged, outcome="moves", waiting=None)
    corrections.write(uow, [moved], run.clocks, source, {run.case.id: uow.now})
    row.state = "applied"
    uow.add(row)
    for changed in (clock, run.case):
        uow.session.refresh(changed)
    printed_dates.tell(uow, run)
    return row


def refuse(uow: UnitOfWork, correction_id: str, reason: str) -> PrintedCorrection:
    """Keep the printed date for good; raises ReasonMissing, CorrectionNotFound, CorrectionDecided."""
    row, _ = _decided(uow, correction_id, reason, "refused")
    row.state = "refused"
    uow.add(row)
    return row


def _decided(uow: UnitOfWork, correction_id: str, reason: str, verb: str) -> tuple[PrintedCorrection, process.Run]:
    """The waiting correction of a locked case, with who decides on it now and why."""
    found = uow.session.exec(_of(uow.actor).where(col(PrintedCorrection.id) == correction_id)).first()
    if found is None:
        raise CorrectionNotFound()
    row, clock, why = found[0], found[1], given(reason)
    run = process.lock(uow, row.case_id)
    uow.session.refresh(row)
    if row.state != "waiting" or clock.state not in GOING:
        raise CorrectionDecided()
    row.decided_at, row.decided_by, row.reason = uow.now, str(uow.actor), why
    detail = {"correction": row.id, "due_on_before": row.due_on_before.isoformat(), "reason": why}
    audit.record(uow, f"deadline.correction_{verb}", run.case.id, due_on=row.due_on_after.isoformat(), **detail)
    return row, run
