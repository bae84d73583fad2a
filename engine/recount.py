"""What another calendar would make of the due dates that stand: the dry run, and what if. Nothing is changed here.

Looked at are clocks that run, and those that were stopped too late: only a corrected date can take a breach away. A clock that
stands still is counted when it goes on. Each clock is counted from its rule and its ledger; those that have both in common are
counted once, however many they are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from engine import calendars, deadlines, ledgers, printed_dates, subjects
from engine.calendars import Calendar, Due
from engine.db import Reading
from engine.models import Breach, Case, Deadline, PrintedCorrection

CHUNK = 1000  # cases that are looked at together

# What becomes of a clock: its date stays and is certain now; moves; would become earlier than an issued paper says, and waits
# for a person; or was decided to stay as it is printed.
Outcome = Literal["certain", "moves", "waits", "kept"]


@dataclass(frozen=True)
class Judged:
    """A clock of which another calendar makes something else, or which waits for a decision that nobody needs any more."""

    clock: Deadline
    due: Due
    outcome: Outcome
    printed: printed_dates.Printed | None
    waiting: PrintedCorrection | None
    untold: bool  # its date has moved before, and no paper tells of it yet
    was_late: bool
    is_late: bool

    @property
    def is_news(self) -> bool:
        """Whether there is something to write: a date that waits already, or is kept, is none."""
        if self.outcome == "waits":
            return self.waiting is None or self.waiting.due_on_after != self.due.day
        return self.outcome != "kept" or self.waiting is not None


@dataclass(frozen=True)
class Move:
    """A clock of a case whose date moves, as a list shows it."""

    case_id: str
    reference: str
    subject: str
    process_key: str
    clock: str
    basis: str
    organisation_id: str | None
    private: bool
    before: date
    after: date
    was_late: bool
    is_late: bool
    waits: bool


@dataclass(frozen=True)
class Plan:
    """What a calendar would change: the moves, and how many dates only lose their mark of being provisional."""

    moves: tuple[Move, ...]
    certain: int

    @cached_property
    def moved(self) -> int:
        """Cases of which a date moves at once."""
        return len({move.case_id for move in self.moves if not move.waits})

    @cached_property
    def become_overdue(self) -> int:
        return len({m.case_id for m in self.moves if not m.waits and m.is_late and not m.was_late})

    @cached_property
    def cease_overdue(self) -> int:
        return len({m.case_id for m in self.moves if not m.waits and m.was_late and not m.is_late})

    @cached_property
    def waiting(self) -> int:
        """Cases of which a printed date would become earlier: a person decides."""
        return len({move.case_id for move in self.moves if move.waits})

    def sentence(self, locale: str = "zh") -> str:
        """The plan in one line."""
        if locale.startswith("zh"):
            said = f"将有 {self.moved} 件改期：{self.become_overdue} 件变为逾期，{self.cease_overdue} 件不再逾期"
            return said + (f"；另有 {self.waiting} 件已印发的日期将提前，须经批准" if self.waiting else "")
        return (
            f"{_cases(self.moved)} move{'s' if self.moved == 1 else ''}, "
            f"{self.become_overdue} become{'s' if self.become_overdue == 1 else ''} overdue, "
            f"{self.cease_overdue} cease{'s' if self.cease_overdue == 1 else ''} to be"
        )


def _cases(number: int) -> str:
    return f"{number} case{'' if number == 1 else 's'}"


# ---------------------------------------------------------------- counting


class Counting:
    """Counts clocks with a calendar, perhaps by another rule: each rule, first day and ledger once."""

    def __init__(self, calendar: Calendar, days: int | None = None, unit: calendars.Unit | None = None) -> None:
        self.calendar, self.days, self.unit = calendar, days, unit
        self._counted: dict[tuple[object, ...], Due] = {}

    def due(self, clock: Deadline, ledger: ledgers.Ledger | None) -> Due | None:
        """When the clock is due; nothing where it has not started or stands still."""
        if ledger is None or ledger.paused_since is not None:
            return None
        rule = (clock.days, ledger.extra_days, clock.unit, clock.roll, clock.cutoff)
        alike = (*rule, ledger.start, ledger.pauses)
        if alike not in self._counted:
            self._counted[alike] = self._count(clock, ledger)
        return self._counted[alike]

    def _count(self, clock: Deadline, ledger: ledgers.Ledger) -> Due:
        rule = deadlines.rule_of(clock, ledger.extra_days)
        if self.days is not None:
            rule = replace(rule, days=self.days + ledger.extra_days)
        if self.unit is not None:
            rule = replace(rule, unit=self.unit)
        return calendars.count(rule, ledger.start, self.calendar, ledger.pauses)


def uncounted(calendar: Calendar) -> ColumnElement[bool]:
    """Clocks whose date was counted with another calendar."""
    return col(Deadline.calendar_version) != calendar.version


def concerned() -> ColumnElement[bool]:
    """Clocks whose date can still be corrected: those that run, and those that were stopped too late."""
    standing = select(Breach.id).where(col(Breach.deadline_id) == col(Deadline.id), col(Breach.annulled_at).is_(None))
    state = col(Deadline.state)
    return and_(col(Deadline.due_on).is_not(None), or_(state == "running", and_(state == "stopped", standing.exists())))


def case_ids(reading: Reading, after: str, *conditions: ColumnElement[bool], limit: int = CHUNK) -> list[str]:
    """The next cases with such clocks, in the order of their ids."""
    found = (
        select(col(Deadline.case_id))
        .join(Case, col(Case.id) == col(Deadline.case_id))
        .where(col(Deadline.case_id) > after, concerned(), *conditions)
        .distinct()
        .order_by(col(Deadline.case_id))
        .limit(limit)
    )
    return list(reading.session.exec(found))


def clocks_of(reading: Reading, ids: Collection[str], *conditions: ColumnElement[bool]) -> list[Deadline]:
    """The clocks of these cases whose date can still be corrected."""
    found = (
        select(Deadline)
        .join(Case, col(Case.id) == col(Deadline.case_id))
        .where(col(Deadline.case_id).in_(ids), concerned(), *conditions)
        .order_by(col(Deadline.case_id), col(Deadline.name))
        .execution_options(populate_existing=True)
    )
    return list(reading.session.exec(found))


def judge(
    reading: Reading, clocks: Sequence[Deadline], counting: Counting, now: Mapping[str, datetime] | None = None
) -> list[Judged]:
    """What becomes of clocks; those of which nothing becomes are left out. The dry run and the deed both ask here.

    ``now`` is the time in each case, where it is not the reader's.
    """
    entries = deadlines.ledgers(reading, clocks)
    counted = [(clock, due) for clock in clocks if (due := counting.due(clock, entries.get(clock.id))) is not None]
    moving = [clock.id for clock, due in counted if clock.state == "running" and due.day != clock.due_on]
    printed = printed_dates.newest(reading, moving) if moving else {}
    refused, waiting, untold = _decided(reading, [clock.id for clock in clocks])
    judged = []
    for clock, due in counted:
        paper = printed.get(clock.id)
        outcome = _outcome(clock, due, paper, (clock.id, paper.due_on) in refused if paper else False)
        if outcome is not None or clock.id in waiting:
            then = clock.stopped_at or (now or {}).get(clock.case_id, reading.now)
            late = (clock.due_at is not None and then >= clock.due_at, then >= due.at)
            judged.append(
                Judged(clock, due, outcome or "kept", paper, waiting.get(clock.id), clock.id in untold, *late)
            )
    return judged


def _outcome(clock: Deadline, due: Due, paper: printed_dates.Printed | None, refused: bool) -> Outcome | None:
    if (due.day, due.at) == (clock.due_on, clock.due_at):
        return "certain" if clock.provisional and not due.provisional else None
    if clock.state == "running" and paper is not None and due.day < paper.due_on:
        return "kept" if refused else "waits"
    return "moves"


def _decided(
    reading: Reading, deadline_ids: Sequence[str]
) -> tuple[set[tuple[str, date]], dict[str, PrintedCorrection], set[str]]:
    """The printed dates that a person has decided to keep; by clock, what waits for a decision; clocks with something untold."""
    rows = select(PrintedCorrection).where(
        col(PrintedCorrection.deadline_id).in_(deadline_ids),
        col(PrintedCorrection.state).in_(["refused", "waiting", "applied"]),
    )
    found = list(reading.session.exec(rows.execution_options(populate_existing=True)))
    refused = {(row.deadline_id, row.due_on_before) for row in found if row.state == "refused"}
    untold = {row.deadline_id for row in found if row.state == "applied" and row.told_by is None}
    return refused, {row.deadline_id: row for row in found if row.state == "waiting"}, untold


# ---------------------------------------------------------------- the dry run


def plan(reading: Reading, calendar: Calendar, *conditions: ColumnElement[bool]) -> Plan:
    """What would become of all clocks (or those that fit) if this were the calendar. ``now`` is the reader's."""
    counting, certain = Counting(calendar), 0
    moves: list[Move] = []
    for clocks in _chunks(reading, uncounted(calendar), *conditions):
        judged = judge(reading, clocks, counting)
        certain += sum(one.outcome == "certain" for one in judged)
        moves += _moves(reading, [one for one in judged if one.outcome in ("moves", "waits")])
    return Plan(tuple(moves), certain)


def _chunks(reading: Reading, *conditions: ColumnElement[bool]) -> Iterator[list[Deadline]]:
    after = ""
    while ids := case_ids(reading, after, *conditions):
        yield clocks_of(reading, ids, *conditions)
        after = ids[-1]


def _moves(reading: Reading, judged: Sequence[Judged]) -> Iterator[Move]:
    moved = select(Case).where(col(Case.id).in_({one.clock.case_id for one in judged}))
    cases = list(reading.session.exec(moved))
    called = subjects.shown(reading, cases)
    named = {case.id: (case.reference, called[case.id]) for case in cases}
    for one in judged:
        late = (one.was_late, one.is_late)
        yield move_of(one.clock, named[one.clock.case_id], one.due.day, late, waits=one.outcome == "waits")


def move_of(clock: Deadline, named: tuple[str, str], after: date, late: tuple[bool, bool], *, waits: bool) -> Move:
    """A line of a list, of a clock and its case (reference and subject)."""
    reference, subject = named
    return Move(
        case_id=clock.case_id,
        reference=reference,
        subject=subject,
        process_key=clock.process_key,
        clock=clock.name,
        basis=clock.basis,
        organisation_id=clock.organisation_id,
        private=clock.private,
        before=clock.due_on or after,
        after=after,
        was_late=late[0],
        is_late=late[1],
        waits=waits,
    )
