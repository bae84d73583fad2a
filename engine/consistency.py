"""Does everything belong together? The flow of each case and its rows, numbers and papers, files and their bytes.

For an operator after a crash or a restored backup (``duban verify``), and for the tests that cause the crashes. It only looks.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, or_
from sqlmodel import col, select

from engine import audit, deadlines, documents, process, results, runtime
from engine.db import Reading
from engine.errors import EngineError
from engine.models import (
    Case,
    Delivery,
    Document,
    Incident,
    Job,
    Notice,
    NumberSequence,
    Organisation,
    RegisteredNumber,
    StepRecord,
    Task,
    Timer,
)
from engine.models.task import WAITING
from engine.numbers import CASES
from engine.privacy import Erased
from engine.process import Run
from engine.runtime import Step, Tick

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # nothing is due yet: looking moves no flow


def verify(reading: Reading) -> list[str]:
    """One sentence for each thing that does not fit; nothing when all is whole."""
    found = [*audit.verify(reading.session), *_numbers(reading), *register_gaps(reading)]
    found += [*_files(reading), *results.faults(reading)]
    for case in reading.session.exec(select(Case).order_by(col(Case.reference))):
        found += [f"{case.reference}: {fault}" for fault in _case(reading, case)]
    return found


# ---------------------------------------------------------------- a case


def _case(reading: Reading, case: Case) -> Iterator[str]:
    yield from _trail(reading, case)
    yield from _papers(reading, case)
    try:
        run = process.opened(reading, case)
        yield from _clocks(reading, run)
        state = run.key.open(run.instance.state, process.STATE)
        step = runtime.advance(run.bundle.blueprint, state, Tick(), process.context(reading, run), LONG_AGO)
    except Erased:
        return
    except EngineError as error:
        yield f"it cannot be opened: {error.for_the_record()}"
        return
    if step.passed or step.writes:
        yield "the flow was left where it could go on"
    yield from _instance(run, step)
    yield from _tasks(reading, case, step)
    yield from _timers(reading, run, step)
    yield from _parked(reading, case, step)
    yield from _held(reading, case, step)


def _clocks(reading: Reading, run: Run) -> Iterator[str]:
    """A clock stands still where its ledger says so, and is due on a day where it runs."""
    ledgers = deadlines.ledgers(reading, run.clocks)
    for clock in run.clocks:
        ledger = ledgers.get(clock.id)
        stands = ledger is not None and ledger.paused_since is not None
        if clock.state in ("running", "suspended") and stands != (clock.state == "suspended"):
            yield f"the clock {clock.name} is {clock.state}, and its ledger says otherwise"
        if (clock.due_at is not None) != (clock.state == "running") and clock.state in ("running", "suspended"):
            yield f"the clock {clock.name} is {clock.state}, and its due date does not fit"


def _instance(run: Run, step: Step) -> Iterator[str]:
    if sorted(step.listening) != run.instance.listening:
        yield f"awaits {sorted(step.listening)}, the row says {run.instance.listening}"
    if sorted(o.id for o in step.operations) != sorted(run.instance.parked):
        yield "operations are parked of which the row does not know, or none are"
    if step.finished != (run.instance.finished_at is not None):
        yield "the row says otherwise whether the flow has ended"


def _tasks(reading: Reading, case: Case, step: Step) -> Iterator[str]:
    rows = select(Task.token, Task.node).where(col(Task.case_id) == case.id, col(Task.state).in_(WAITING))
    yield from _difference("task", {(r.id, r.node) for r in step.ready}, set(reading.session.exec(rows)))


def _timers(reading: Reading, run: Run, step: Step) -> Iterator[str]:
    clocks = deadlines.for_runtime(run.clocks)
    waiting = set()
    for timer in step.timers:
        clock = clocks.get(timer.deadline) if timer.deadline else None
        due = (clock.due_at if clock and clock.running else None) if timer.deadline else timer.due_at
        waiting.add((timer.id, timer.node, timer.deadline, due))
    rows = select(Timer.token, Timer.node, Timer.deadline, Timer.due_at).where(col(Timer.case_id) == run.case.id)
    yield from _difference("timer", waiting, set(reading.session.exec(rows)))


def _difference(what: str, tokens: set[Any], rows: set[Any]) -> Iterator[str]:
    for token in sorted(tokens - rows, key=str):
        yield f"the flow has a {what} at {token[1]} that no row has"
    for row in sorted(rows - tokens, key=str):
        yield f"a row has a {what} at {row[1]} that the flow does not have"


def _parked(reading: Reading, case: Case, step: Step) -> Iterator[str]:
    """A parked operation waits for a job; one that failed waits for an operator."""
    known = {job.payload.get("token") for job in _unfinished(reading, case)}
    for operation in step.operations:
        if operation.id not in known:
            yield f"at {operation.node} it waits for a job that is not there"


def _held(reading: Reading, case: Case, step: Step) -> Iterator[str]:
    """A token that cannot go on by itself stays before an operator's eyes until it can."""
    rows = select(Incident.token).where(col(Incident.case_id) == case.id, col(Incident.resolved_at).is_(None))
    known = set(reading.session.exec(rows.where(col(Incident.token).is_not(None))))
    for held in step.held:
        if held.id not in known:
            yield f"at {held.node} it cannot go on, and no incident says so"
    if known - {held.id for held in step.held}:
        yield "an incident is open about a place where the case is no more"


def _trail(reading: Reading, case: Case) -> Iterator[str]:
    ordered = select(StepRecord.position).where(col(StepRecord.case_id) == case.id).order_by(col(StepRecord.position))
    positions = list(reading.session.exec(ordered))
    if positions != list(range(1, len(positions) + 1)):
        yield "the record of its steps has a gap or a double"


def _papers(reading: Reading, case: Case) -> Iterator[str]:
    """What was issued exists as bytes or is being made; what was handed to a channel went out or is on its way."""
    coming = {value for job in _unfinished(reading, case) for value in job.payload.values()}
    issued = select(Notice).where(col(Notice.case_id) == case.id, col(Notice.state) == "issued")
    for notice in reading.session.exec(issued):
        if notice.document_id is None and notice.id not in coming:
            yield f"the paper {notice.name} is neither there nor being made"
    pending = select(Delivery).where(
        col(Delivery.case_id) == case.id,
        col(Delivery.state) == "pending",
        col(Delivery.channel) == "email",  # letters and what is handed over wait for people
    )
    for delivery in reading.session.exec(pending):
        if delivery.id not in coming:
            yield f"a delivery by {delivery.channel} is neither done nor on its way"


def _unfinished(reading: Reading, case: Case) -> list[Job]:
    return list(reading.session.exec(select(Job).where(col(Job.case_id) == case.id, col(Job.state) != "done")))


# ---------------------------------------------------------------- numbers and files


def _numbers(reading: Reading) -> Iterator[str]:
    """As many were given out as are in use: no gap, none twice."""
    for sequence in reading.session.exec(select(NumberSequence).where(col(NumberSequence.owner) == CASES)):
        used = select(func.count()).where(col(Case.reference).startswith(f"{sequence.series}-{sequence.year}-"))
        in_use = reading.session.exec(used).one()
        if in_use != sequence.last:
            yield f"of {sequence.series} {sequence.year} {sequence.last} numbers were given out, {in_use} are in use"


def register_gaps(reading: Reading, organisation_id: str | None = None) -> list[str]:
    """What is wrong with the register of document numbers, of one organisation or of all; nothing when it is whole."""
    return [*_gaps(reading, organisation_id), *_unregistered(reading, organisation_id)]


def _gaps(reading: Reading, organisation_id: str | None) -> Iterator[str]:
    """Every number up to the last one that was given out stands in the register, once."""
    row = RegisteredNumber
    entries = sqlalchemy.select(
        col(row.organisation_id), col(row.series), col(row.year), func.count(), func.max(col(row.ordinal))
    ).group_by(col(row.organisation_id), col(row.series), col(row.year))
    tally = {tuple(line[:3]): tuple(line[3:]) for line in reading.session.execute(entries)}
    given = (
        select(NumberSequence, Organisation)
        .join(Organisation, col(Organisation.id) == col(NumberSequence.owner))
        .order_by(col(Organisation.code), col(NumberSequence.series), col(NumberSequence.year))
    )
    if organisation_id is not None:
        given = given.where(col(NumberSequence.owner) == organisation_id)
    for sequence, organisation in reading.session.exec(given):
        count, highest = tally.get((sequence.owner, sequence.series, sequence.year), (0, 0))
        if (count, highest) != (sequence.last, sequence.last):
            series = f"{organisation.code}: of {sequence.series}〔{sequence.year}〕"
            yield f"{series} {sequence.last} numbers were given out, {count} stand in the register"


def _unregistered(reading: Reading, organisation_id: str | None) -> Iterator[str]:
    """Every numbered paper stands in the register with its number, and no other paper does."""
    other = (
        select(Notice.id, Notice.number)
        .join(RegisteredNumber, col(RegisteredNumber.notice_id) == col(Notice.id), isouter=True)
        .where(col(Notice.number).is_not(None))
        .where(
            or_(
                col(RegisteredNumber.id).is_(None),
                col(RegisteredNumber.number) != col(Notice.number),
                col(RegisteredNumber.organisation_id) != col(Notice.organisation_id),
            )
        )
    )
    if organisation_id is not None:
        other = other.where(col(Notice.organisation_id) == organisation_id)
    for ident, number in reading.session.exec(other.order_by(col(Notice.number))):
        yield f"the paper {ident} has the number {number}, and the register says otherwise"
    empty = select(RegisteredNumber.number).where(
        col(RegisteredNumber.notice_id).is_(None), col(RegisteredNumber.void_reason).is_(None)
    )
    if organisation_id is not None:
        empty = empty.where(col(RegisteredNumber.organisation_id) == organisation_id)
    for number in reading.session.exec(empty):
        yield f"the number {number} has neither a paper nor a reason why not"


def _files(reading: Reading) -> Iterator[str]:
    for document in reading.session.exec(select(Document).order_by(col(Document.id))).yield_per(500):
        if not documents.is_whole(reading.settings, document):
            yield f"the file of the document {document.id} is missing or cut off"
