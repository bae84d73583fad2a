"""The supervisor's board: its numbers, and the list that each of them opens. Both start from the same conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy import select as grouped
from sqlmodel import col, select

from engine import access, clock, definitions, results, search, silence, supervision
from engine.db import Reading
from engine.errors import Invalid
from engine.models import Breach, Case, Deadline, Organisation, ResultCount
from engine.queries import board_lines, case_chain, paging
from engine.views import BoardCounts, OverdueRow, Page, Wanted

CLOCKS = ("overdue", "due_soon", "on_time", "paused")
NUMBERED = ("unacknowledged", "undelivered")  # alarms that are numbers of the board whatever they count
VIEWS = (*CLOCKS, *silence.CASES)
ALL = Wanted()


class ViewUnknown(Invalid):
    """The board has no list “{view}”."""

    zh = "看板没有“{view}”这个列表。"


@dataclass(frozen=True)
class Standing:
    """So many clocks of an organisation, a process and a basis that are in one state and due at one instant."""

    organisation_id: str | None
    process_key: str
    basis: str
    state: str
    due_at: datetime | None
    number: int


# ---------------------------------------------------------------- numbers


def standings(reading: Reading, wanted: Wanted = ALL) -> list[Standing]:
    """All clocks that go on and that the actor oversees, counted from an index: what the numbers and the ageing rest on."""
    access.require_overseer(reading.actor)
    kinds = (Deadline.organisation_id, Deadline.process_key, Deadline.basis, Deadline.state, Deadline.due_at)
    columns = [col(kind) for kind in kinds]
    query = grouped(*columns, func.count()).where(supervision.going_on(), *_within(reading, wanted))
    return [Standing(*row) for row in reading.session.execute(query.group_by(*columns))]


def board_counts(reading: Reading, wanted: Wanted = ALL, found: list[Standing] | None = None) -> BoardCounts:
    """The numbers of the board, counted by the conditions of its lists."""
    found = standings(reading, wanted) if found is None else found
    soon = supervision.soon_instant(reading)

    def number(view: str, *bases: str) -> int:
        return sum(s.number for s in found if s.basis in bases and _view_of(s, reading.now, soon) == view)

    lists = {view: number(view, "statutory") for view in CLOCKS}
    owed = [s for s in found if s.organisation_id and _view_of(s, reading.now, soon) == "overdue"]
    return BoardCounts(
        **lists,
        unacknowledged=silence.number_of_cases(reading, "unacknowledged", wanted),
        undelivered=silence.number_of_cases(reading, "undelivered", wanted),
        ordered_overdue=sum(s.number for s in owed if s.basis == "ordered"),
        targets_overdue=sum(s.number for s in owed if s.basis not in ("statutory", "ordered")),
        open=sum(lists.values()),
        on_time_rate=_rate(reading, wanted),
    )


def _view_of(standing: Standing, now: datetime, soon: datetime) -> str:
    if standing.state == "suspended" or standing.due_at is None:
        return "paused"
    return "overdue" if standing.due_at <= now else "due_soon" if standing.due_at <= soon else "on_time"


def _rate(reading: Reading, wanted: Wanted) -> float | None:
    """The share of this month's answers that came in time."""
    month = results.month_of(clock.day_of(reading.now))
    query = select(func.sum(ResultCount.in_time), func.sum(ResultCount.late)).where(
        col(ResultCount.month) == month, *counted(reading, wanted)
    )
    in_time, late = reading.session.exec(query).one()
    return in_time / (in_time + late) if in_time or late else None


def counted(reading: Reading, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """The conditions on ``ResultCount`` for statutory clocks that the actor oversees."""
    yield access.overseen_organisations(reading.actor, col(ResultCount.organisation_id))
    yield col(ResultCount.basis) == "statutory"
    if wanted.organisation:
        yield col(ResultCount.organisation_id) == wanted.organisation
    if wanted.process:
        yield col(ResultCount.process_key) == wanted.process


def overseen_organisations(reading: Reading) -> list[tuple[str, str]]:
    """The organisations for whose work the actor answers, with their short names, to choose from."""
    query = select(Organisation.id, Organisation.short_name).where(
        col(Organisation.active).is_(True), access.overseen_organisations(reading.actor, col(Organisation.id))
    )
    return list(reading.session.exec(query.order_by(col(Organisation.short_name), col(Organisation.id))).all())


def process_titles(reading: Reading) -> list[tuple[str, str]]:
    """The processes, to choose from."""
    locale = reading.actor.locale
    return [(b.key, b.text(b.manifest.process, "title", locale)) for b in definitions.processes(reading)]


# ---------------------------------------------------------------- lists


def board_list(
    reading: Reading,
    view: str = "overdue",
    wanted: Wanted = ALL,
    *,
    search_for: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page[OverdueRow]:
    """The list behind a number: clocks that are overdue, due soon, in time or paused, the earliest due first; or cases of
    which something should have been heard (``engine.silence``), the oldest first.

    Clocks are statutory unless another basis is wanted; ``target`` stands for all that are neither statutory nor ordered.
    Raises ViewUnknown.
    """
    access.require_overseer(reading.actor)
    if view not in VIEWS:
        raise ViewUnknown(view=view[:40])
    limit = paging.bounded(limit)
    if view in silence.CASES:
        return _page_of_cases(reading, view, wanted, search_for, after, limit)
    due: Any = col(Deadline.due_at)
    instant = paging.or_far(due) if view == "paused" else due  # as the index has it: a page is read, not a list sorted
    stands = and_(col(Breach.deadline_id) == col(Deadline.id), col(Breach.annulled_at).is_(None))
    query = (
        select(Deadline, Case, Breach.id)
        .join(Case, col(Case.id) == col(Deadline.case_id))
        .join(Breach, stands, isouter=True)
        .where(_view(reading, view), _basis(wanted.basis), *_within(reading, wanted))
    )
    query = query.where(*_picked(reading, wanted, search_for))
    if (going_on := paging.after(after, instant, col(Deadline.id))) is not None:  # type: ignore[arg-type]
        query = query.where(going_on)
    ordered = query.order_by(instant, col(Deadline.id)).limit(limit + 1)
    found, more = paging.cut(reading.session.exec(ordered).all(), limit)
    next_key = paging.make(found[-1][0].due_at, found[-1][0].id) if more else None
    return Page(tuple(board_lines.lines(reading, [(case, d, breach) for d, case, breach in found])), next_key)


def _page_of_cases(
    reading: Reading, view: str, wanted: Wanted, search_for: str, after: str | None, limit: int
) -> Page[OverdueRow]:
    query = select(Case).where(*silence.of_cases(reading, view, wanted), *_picked(reading, wanted, search_for))
    if (going_on := paging.after(after, col(Case.submitted_at), col(Case.id))) is not None:  # type: ignore[arg-type]
        query = query.where(going_on)
    ordered = query.order_by(col(Case.submitted_at), col(Case.id)).limit(limit + 1)
    found, more = paging.cut(reading.session.exec(ordered).all(), limit)
    next_key = paging.make(found[-1].submitted_at, found[-1].id) if more else None
    return Page(tuple(board_lines.lines(reading, [(case, None, None) for case in found])), next_key)


def _picked(reading: Reading, wanted: Wanted, search_for: str) -> Iterator[ColumnElement[bool]]:
    """What narrows a list and no number."""
    if search_for.strip():
        yield search.matching(reading, search_for)
    if wanted.linked:
        yield case_chain.is_linked(reading)


def _view(reading: Reading, view: str) -> ColumnElement[bool]:
    soon = supervision.soon_instant(reading)
    return {
        "overdue": supervision.overdue(reading.now),
        "due_soon": supervision.due_soon(reading.now, soon),
        "on_time": and_(supervision.running(), col(Deadline.due_at) > soon),
    }.get(view, supervision.paused())


def _basis(basis: str) -> ColumnElement[bool]:
    if basis == "target":
        return and_(supervision.targets(), col(Deadline.basis) != "ordered")
    if basis in ("", "statutory"):
        return supervision.statutory()
    return and_(supervision.targets(), col(Deadline.basis) == basis)


def _within(reading: Reading, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """The clocks that the actor oversees, of the organisation and process that are wanted."""
    yield access.overseen(reading.actor)
    if wanted.organisation:
        yield col(Deadline.organisation_id) == wanted.organisation
    if wanted.process:
        yield col(Deadline.process_key) == wanted.process
