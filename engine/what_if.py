"""What if this day became a holiday, or the limit were seven working days: how many open cases would be late, and which.

It only asks. The clocks are counted by the same code as the dry run of a holiday notice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from engine import deadlines, recount, supervision
from engine.calendars import Rule, Unit
from engine.db import Reading
from engine.models import Case, Deadline
from engine.recount import Counting, Move


@dataclass(frozen=True)
class WhatIf:
    """The answer: open cases that would be due on another day, that are late now, that would be late; and the clocks of both."""

    moved: int
    late_before: int
    late_after: int
    rows: tuple[Move, ...]  # that would move or be late, the earliest due first


def what_if(
    reading: Reading,
    *,
    holidays: Collection[date] = (),
    workdays: Collection[date] = (),
    days: int | None = None,
    unit: Unit | None = None,
    process: str | None = None,
    deadline: str | None = None,
) -> WhatIf:
    """Count the running clocks that the actor oversees with other days or another rule; raises RuleFaulty, DayOutOfRange.

    ``process`` and ``deadline`` (its name) say of which clocks; ``days`` and ``unit`` replace those of their rule.
    """
    Rule(days if days is not None else 1, unit or "calendar")  # raises RuleFaulty for what cannot be counted
    supposed = Counting(deadlines.calendar(reading).supposing(holidays, workdays), days, unit)
    conditions = [col(Deadline.state) == "running", supervision.overseen(reading.actor)]
    conditions += [col(Deadline.process_key) == process] if process else []
    conditions += [col(Deadline.name) == deadline] if deadline else []
    moved, before, after = set[str](), set[str](), set[str]()
    rows: list[Move] = []
    last = ""
    while ids := recount.case_ids(reading, last, *conditions):
        last = ids[-1]
        for row in _counted(reading, ids, conditions, supposed):
            moved |= {row.case_id} if row.before != row.after else set()
            before |= {row.case_id} if row.was_late else set()
            after |= {row.case_id} if row.is_late else set()
            rows += [row] if row.before != row.after or row.is_late else []
    rows.sort(key=lambda row: (row.after, row.reference, row.clock))
    return WhatIf(len(moved), len(before), len(after), tuple(rows))


def _counted(
    reading: Reading, ids: Collection[str], conditions: Collection[ColumnElement[bool]], supposed: Counting
) -> list[Move]:
    """The clocks of some cases as they would be."""
    clocks = recount.clocks_of(reading, ids, *conditions)
    entries = deadlines.ledgers(reading, clocks)
    cases = select(Case.id, Case.reference, Case.subject).where(col(Case.id).in_(ids))
    named = {case_id: (reference, subject) for case_id, reference, subject in reading.session.exec(cases)}
    rows = []
    for clock in clocks:
        due = supposed.due(clock, entries.get(clock.id))
        if due is not None and clock.due_at is not None:
            late = (reading.now >= clock.due_at, reading.now >= due.at)
            rows.append(recount.move_of(clock, named[clock.case_id], due.day, late, waits=False))
    return rows
