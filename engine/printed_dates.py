"""Due dates on issued papers: which paper prints which, and how a corrective notice tells that one has moved.

A paper prints the due date of a clock when a fact of its ``notice.toml`` reads ``deadlines.X.due_on``, or the explanation of
it. Whoever holds the paper relies on the date: a later one is told, an earlier one takes a person's approval first (see
``engine.corrections``).
"""

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlmodel import col, select

from engine import jobs
from engine.db import Database, Reading, UnitOfWork
from engine.manifest import NoticeRule
from engine.models import Deadline, Notice, PrintedCorrection, PrintedDate, new_id
from engine.operations import Call, Done, JobTicket

if TYPE_CHECKING:
    from engine.process import Run

TELL = "date.tell"
_READ = frozenset({"due_on", "explanation", "sentences"})


@dataclass(frozen=True)
class Printed:
    """The date of a clock on the newest issued paper that prints one."""

    notice_id: str
    due_on: date


# ---------------------------------------------------------------- which paper prints which date


def record(uow: UnitOfWork, run: "Run", notice: Notice, rule: NoticeRule) -> None:
    """Remember which due dates the facts of a new paper hold."""
    names = printed_by(rule.facts.values(), {clock.name for clock in run.clocks})
    clocks = [clock for clock in run.clocks if clock.name in names]
    if tells_corrections(rule):
        told = {correction.deadline_id for correction in untold(uow, run.case.id)}
        clocks += [clock for clock in run.clocks if clock.id in told and clock.name not in names]
    rows = [
        {"notice_id": notice.id, "deadline_id": clock.id, "due_on": clock.due_on} for clock in clocks if clock.due_on
    ]
    uow.append(PrintedDate, rows)


def printed_by(expressions: Iterable[str], names: Collection[str]) -> set[str]:
    """The clocks whose due date some expressions read; all of them where they are read in some other way."""
    read: set[str] = set()
    for expression in expressions:
        tree = ast.parse(expression.strip(), mode="eval")
        named = {id(inner): name for inner, name in _clocks_named(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and id(node.value) in named and node.attr in _READ:
                read.add(named[id(node.value)])
        bare = sum(isinstance(node, ast.Name) and node.id == "deadlines" for node in ast.walk(tree)) > len(named)
        read |= set(names) if bare else set()
    return read & set(names)


def _clocks_named(tree: ast.AST) -> Iterable[tuple[ast.AST, str]]:
    """Each ``deadlines.reply`` or ``deadlines["reply"]`` of an expression, with its name."""
    for node in ast.walk(tree):
        of_all = isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name)
        if not of_all or node.value.id != "deadlines":  # type: ignore[attr-defined]
            continue
        if isinstance(node, ast.Attribute):
            yield node, node.attr
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield node, str(node.slice.value)


def newest(reading: Reading, deadline_ids: Collection[str]) -> dict[str, Printed]:
    """By clock, the date on its newest issued paper that has not been withdrawn."""
    papers = (
        select(col(PrintedDate.deadline_id), col(PrintedDate.notice_id), col(PrintedDate.due_on))
        .join(Notice, col(Notice.id) == col(PrintedDate.notice_id))
        .where(col(Notice.state) == "issued", col(Notice.withdrawn_at).is_(None))
        .where(col(PrintedDate.deadline_id).in_(deadline_ids))
        .order_by(col(Notice.issued_at))
    )
    return {deadline: Printed(notice, due_on) for deadline, notice, due_on in reading.session.exec(papers)}


def overtaken(uow: UnitOfWork, run: "Run", notice: Notice) -> None:
    """A draft that is issued with a date that has moved since it was drafted is corrected by a notice right after."""
    dates = select(col(PrintedDate.deadline_id), col(PrintedDate.due_on)).where(col(PrintedDate.notice_id) == notice.id)
    now = {clock.id: clock for clock in run.clocks if clock.state == "running"}
    for deadline_id, due_on in uow.session.exec(dates):
        clock = now.get(deadline_id)
        if clock is not None and clock.due_on is not None and clock.due_on != due_on:
            moved = {"due_on_before": due_on, "due_on_after": clock.due_on, "source": notice.title}
            to_tell(uow, [{"case_id": run.case.id, "deadline_id": clock.id, "notice_id": notice.id, **moved}])


# ---------------------------------------------------------------- telling


def to_tell(uow: UnitOfWork, moved: Iterable[dict[str, object]]) -> None:
    """Printed dates that have moved, each with the job that tells of it; few statements however many there are."""
    rows = [{"id": new_id(), **row, "state": "applied", "raised_at": uow.now} for row in moved]
    uow.append(PrintedCorrection, rows)
    jobs.enqueue_new(uow, TELL, [(str(row["id"]), str(row["case_id"])) for row in rows])


def untold(reading: Reading, case_id: str) -> list[PrintedCorrection]:
    """Printed dates of a case that were moved and of which no corrective notice tells yet."""
    rows = select(PrintedCorrection).where(
        col(PrintedCorrection.case_id) == case_id,
        col(PrintedCorrection.state) == "applied",
        col(PrintedCorrection.told_by).is_(None),
    )
    return list(reading.session.exec(rows.order_by(col(PrintedCorrection.raised_at))))


def tells_corrections(rule: NoticeRule) -> bool:
    """Whether a paper is one that tells of corrections: a fact reads them."""
    trees = (ast.parse(expression.strip(), mode="eval") for expression in rule.facts.values())
    return any(isinstance(n, ast.Name) and n.id == "corrections" for tree in trees for n in ast.walk(tree))


def tell(uow: UnitOfWork, run: "Run") -> None:
    """Issue the corrective notice (更正告知书) that the process names, for all that is untold of a case; else nothing.

    A clock that has stopped meanwhile needs no correction: its answer is there.
    """
    name, waiting = run.bundle.manifest.process.correction_notice, untold(uow, run.case.id)
    running = {clock.id for clock in run.clocks if clock.state in ("running", "suspended")}
    if name is None or not any(correction.deadline_id in running for correction in waiting):
        return
    done = uow.registry.find("notice.issue").perform(uow, run, Call("", "", {"name": name}))
    for correction in waiting:
        correction.told_by = str(done.result["notice"]) if isinstance(done, Done) and done.result else None
    uow.add(*waiting)


def tell_later(database: Database, ticket: JobTicket) -> None:
    """The job: tell of what has moved. One notice tells of all that is untold of its case, the other jobs find nothing."""
    from engine import process

    with database.unit_of_work() as uow:
        case = process.lock_row(uow, str(ticket.case_id))
        jobs.settle(uow, ticket)
        if case.wrapped_key is not None and untold(uow, case.id):
            tell(uow, process.opened(uow, case))


def as_facts(reading: Reading, run: "Run", locale: str = "zh") -> list[dict[str, object]]:
    """What a corrective notice says: of each clock the old date and the new one, the paper that printed the old, the cause."""
    clocks = {clock.id: clock for clock in run.clocks}
    return [_as_fact(reading, run, clocks[row.deadline_id], row) for row in untold(reading, run.case.id)]


def _as_fact(reading: Reading, run: "Run", clock: Deadline, row: PrintedCorrection) -> dict[str, object]:
    paper, declared = reading.session.get_one(Notice, row.notice_id), run.bundle.manifest.deadlines.get(clock.name)
    return {
        "clock": run.bundle.text(declared) if declared else clock.name,
        "clock_en": run.bundle.text(declared, locale="en") if declared else clock.name,
        "due_on_before": row.due_on_before,
        "due_on_after": row.due_on_after,
        "source": row.source,
        "paper": paper.title,
        "paper_number": paper.number,
        "paper_issued_on": paper.issued_on,
    }
