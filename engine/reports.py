"""Reports on how data are shared and opened (Art. 22, 27, 28): figures of a period, by organisation, each traceable to its cases.

What is counted stands in ``bpmn/shared/reports.toml``. Whoever oversees organisations sees the figures of these; a figure leads
to its cases as far as its reader may see them. A report is published as figures alone: no case, no person.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlmodel import col
from sqlmodel import select as rows_of

from engine import access, audit, clock, process, report_rules
from engine.access import LEADER, NOTHING, SUPERVISOR, overseen_organisations, require_overseer, visible_cases
from engine.db import Reading, UnitOfWork
from engine.errors import Forbidden, Invalid, NotFound
from engine.models import Breach, Case, Deadline, Organisation, OrganisationRelation, Participant, PublishedReport
from engine.report_rules import Figure, Report, Selection
from engine.results import NO_ANSWER

WITHDRAWN = "case.withdrawn"
NOBODY = ""  # where it is not determined yet whose case it is
LONGEST = 366 * 3  # days of a period
YEARS = (2000, 2200)  # in which periods lie
MOST_CASES = 2_000  # that are listed behind one figure
Part = Literal["of", "that"]


class PeriodFaulty(Invalid):
    """A period begins before it ends, is at most three years long, and lies between 2000 and 2200."""

    zh = "统计期间起始日期应当不晚于终止日期，不超过三年，且在2000年至2200年之间。"


class NotYoursToPublish(Forbidden):
    """A report is published by a leader of a government or of a data bureau."""

    zh = "统计结果由政府或者大数据行政主管部门的分管领导公布。"


class PublicationUnknown(NotFound):
    """There is no such published report."""

    zh = "没有这份已公布的统计结果。"


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both counted; raises PeriodFaulty."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if not (YEARS[0] <= self.since.year and self.until.year <= YEARS[1]):
            raise PeriodFaulty()
        if not 0 <= (self.until - self.since).days <= LONGEST:
            raise PeriodFaulty()

    @classmethod
    def of_month(cls, year: int, month: int) -> "Period":
        following = date(year + month // 12, month % 12 + 1, 1)
        return cls(date(year, month, 1), following - timedelta(days=1))

    @classmethod
    def of_year(cls, year: int) -> "Period":
        return cls(date(year, 1, 1), date(year, 12, 31))


@dataclass(frozen=True)
class Value:
    """One figure of one organisation, or of all: what it counts, of what it is a share, and how it falls into parts."""

    number: int
    base: int | None = None  # of a rate: the denominator; of days: how many they are the mean of
    mean: float | None = None
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def rate(self) -> float | None:
        """In percent; nothing where there was nothing to count."""
        return 100 * self.number / self.base if self.base else None


@dataclass(frozen=True)
class Line:
    """The figures of one organisation; the last line is of all together, with an empty code."""

    code: str
    name: str
    values: dict[str, Value]


@dataclass(frozen=True)
class Table:
    """A report over a period."""

    report: Report
    period: Period
    figures: tuple[Figure, ...]
    lines: tuple[Line, ...]
    total: Line


# ---------------------------------------------------------------- making a report


def make(reading: Reading, key: str, period: Period) -> Table:
    """A report over a period, of the organisations that the reader oversees.

    Raises NotOverseer, ReportUnknown.
    """
    require_overseer(reading.actor)
    rules = report_rules.of(reading.settings)
    report = rules.report(key)
    figures = tuple(rules.figure(name) for name in report.figures)
    counted = {figure.key: _values(reading, figure, period) for figure in figures}
    houses = {o.id: o for o in reading.session.exec(rows_of(Organisation))}
    found = {house for values in counted.values() for house in values}
    lines = [_line(houses.get(house), house, figures, counted, reading.actor.locale) for house in found]
    total = Line("", "", {figure.key: _sum(figure, counted[figure.key].values()) for figure in figures})
    return Table(report, period, figures, tuple(sorted(lines, key=lambda line: (line.code == "-", line.code))), total)


def _line(
    house: Organisation | None, ident: str, figures: Sequence[Figure], counted: dict[str, dict[str, Value]], locale: str
) -> Line:
    unknown = "未确定" if locale.startswith("zh") else "not determined"
    english = house.name_en if house and not locale.startswith("zh") else ""
    values = {f.key: counted[f.key].get(ident, _sum(f, ())) for f in figures}
    return Line(house.code if house else "-", (english or house.name) if house else unknown, values)


def _values(reading: Reading, figure: Figure, period: Period) -> dict[str, Value]:
    """A figure by organisation."""
    if figure.shown == "days":
        return _days(reading, figure, period)
    if figure.split is not None:
        return _split(reading, figure, period)
    meant = _count(reading, figure, period, "that")
    if figure.shown == "count":
        return {house: Value(number) for house, number in meant.items()}
    base = _count(reading, figure, period, "of")
    return {house: Value(meant.get(house, 0), number) for house, number in base.items()}


def _sum(figure: Figure, values: Iterable[Value]) -> Value:
    """All organisations together; a mean is weighted by how many it is of."""
    every = list(values)
    number = sum(value.number for value in every)
    if figure.shown == "count":
        parts: Counter[str] = Counter()
        for value in every:
            parts.update(dict(value.parts))
        return Value(number, parts=tuple(sorted(parts.items())))
    base = sum(value.base or 0 for value in every)
    if figure.shown == "rate":
        return Value(number, base)
    weighted = sum((value.mean or 0.0) * (value.base or 0) for value in every)
    return Value(number, base, weighted / base if base else None)


def _count(reading: Reading, figure: Figure, period: Period, part: Part) -> dict[str, int]:
    house, query = _selected(reading, figure, period, part)
    counted = query.with_only_columns(house, func.count()).group_by(house)
    return {owner or NOBODY: int(number) for owner, number in reading.session.execute(counted)}


def _days(reading: Reading, figure: Figure, period: Period) -> dict[str, Value]:
    house, query = _selected(reading, figure, period, "that")
    taken: dict[str, list[int]] = defaultdict(list)
    wanted = query.with_only_columns(house, col(Deadline.started_at), col(Deadline.stopped_at))
    for owner, started, stopped in reading.session.execute(wanted):
        if started is not None and stopped is not None:
            taken[owner or NOBODY].append((clock.day_of(stopped) - clock.day_of(started)).days)
    return {o: Value(sum(days), len(days), sum(days) / len(days)) for o, days in taken.items()}


def _split(reading: Reading, figure: Figure, period: Period) -> dict[str, Value]:
    """A count of cases told apart by a field of their documents, which are opened one by one."""
    house, query = _selected(reading, figure, period, "that")
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for owner, case in reading.session.execute(query.with_only_columns(house, Case)):
        said = process.opened(reading, case).data.get(figure.split or "")
        told[owner or NOBODY][str(said or "-")] += 1
    return {o: Value(sum(parts.values()), parts=tuple(sorted(parts.items()))) for o, parts in told.items()}


# ---------------------------------------------------------------- which cases and clocks are meant


def _selected(reading: Reading, figure: Figure, period: Period, part: Part) -> tuple[Any, Select[Any]]:
    """The column of the organisation, and the query of what a figure counts (``that``) or is a share of (``of``)."""
    selections = [figure.of, *([figure.that] if part == "that" and figure.that else [])]
    conditions = [*_within(figure.of, period), *(c for s in selections for c in _conditions(s))]
    if figure.base == "clocks":
        house: Any = col(Deadline.organisation_id)
        query = select(Deadline).join(Case, col(Case.id) == col(Deadline.case_id))
        conditions.append(col(Deadline.private).is_(False))
    else:
        house = _playing(figure.by)
        query = select(Case)
        conditions.append(~_untold(reading, figure.by))
    return house, query.where(*conditions, _seen(reading, house))


def _seen(reading: Reading, house: Any) -> ColumnElement[bool]:
    """Organisations whose figures somebody sees: those that they oversee, and as a leader of a government or bureau also those
    over which that stands. Cases that are nobody's yet belong to whoever sees more than their own house."""
    wide = select(col(Organisation.id)).where(
        col(Organisation.id).in_(sorted(reading.actor.organisations(LEADER, SUPERVISOR))),
        col(Organisation.kind).in_(access.CITY_WIDE),
    )
    below = select(col(OrganisationRelation.lower_id)).where(col(OrganisationRelation.upper_id).in_(wide))
    nobodys = and_(house.is_(None), wide.exists())
    return or_(overseen_organisations(reading.actor, house), house.in_(below), nobodys)


def _untold(reading: Reading, part: str | None) -> ColumnElement[bool]:
    """Cases about the reader's own house of which nothing has reached it: a count of one would tell of a complaint."""
    theirs = select(col(Participant.case_id)).where(
        col(Participant.part) == (part or ""),
        col(Participant.sees) == NOTHING,
        col(Participant.organisation_id).in_(sorted(reading.actor.organisations())),
    )
    return col(Case.id).in_(theirs)


def _playing(part: str | None) -> Any:
    """The organisation that plays a part in a case now (or played it last)."""
    latest = select(col(Participant.organisation_id)).where(
        col(Participant.case_id) == col(Case.id), col(Participant.part) == (part or "")
    )
    return latest.order_by(col(Participant.since).desc(), col(Participant.id)).limit(1).scalar_subquery()


def _within(selection: Selection, period: Period) -> list[ColumnElement[bool]]:
    begins = clock.start_of(period.since)
    ends = clock.start_of(period.until + timedelta(days=1))
    if selection.when == "due":
        return [col(Deadline.due_on) >= period.since, col(Deadline.due_on) <= period.until]
    column: Any = {
        "filed": col(Case.submitted_at),
        "closed": col(Case.closed_at),
        "started": col(Deadline.started_at),
        "stopped": col(Deadline.stopped_at),
    }[str(selection.when)]
    return [column >= begins, column < ends]


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    lists = (
        (selection.process, col(Case.process_key)),
        (selection.clock, col(Deadline.name)),
        (selection.basis, col(Deadline.basis)),
        (selection.ground, col(Deadline.ground)),
        (selection.outcome, col(Case.outcome)),
    )
    made: list[ColumnElement[bool]] = [column.in_(names) for names, column in lists if names]
    if selection.outcome_not:
        made.append(or_(col(Case.outcome).is_(None), col(Case.outcome).not_in(selection.outcome_not)))
    breached = exists().where(col(Breach.deadline_id) == col(Deadline.id), col(Breach.annulled_at).is_(None))
    answered = and_(col(Deadline.stopped_at).is_not(None), col(Deadline.stopped_by).not_in(NO_ANSWER))
    facts = (
        (selection.answered, answered),
        (selection.in_time, and_(answered, ~breached)),
        (selection.late, breached),
        (selection.withdrawn, func.coalesce(col(Deadline.stopped_by), "") == WITHDRAWN),
        (selection.decided, col(Case.outcome).is_not(None)),
    )
    return [*made, *(fact if wanted else ~fact for wanted, fact in facts if wanted is not None)]


# ---------------------------------------------------------------- tracing a figure


@dataclass(frozen=True)
class Trace:
    """The cases behind a figure: those that the reader may see, and how many more there are."""

    figure: Figure
    cases: tuple[Case, ...]
    hidden: int


def trace(reading: Reading, key: str, period: Period, part: Part, organisation: str = "") -> Trace:
    """The cases that a figure counts (``that``), or of which it is a share (``of``); of one organisation by its code, ``-`` for
    those that are nobody's yet. Raises NotOverseer, ReportUnknown."""
    require_overseer(reading.actor)
    figure = report_rules.of(reading.settings).figure(key)
    house, query = _selected(reading, figure, period, part)
    if organisation == "-":
        query = query.where(house.is_(None))
    elif organisation:
        query = query.where(
            house == select(col(Organisation.id)).where(col(Organisation.code) == organisation).scalar_subquery()
        )
    meant = query.with_only_columns(col(Case.id)).subquery()
    every = reading.session.execute(select(func.count()).select_from(meant)).scalar_one()
    seen = rows_of(Case).where(col(Case.id).in_(select(meant.c.id)), visible_cases(reading.actor))
    cases = tuple(reading.session.exec(seen.order_by(col(Case.reference)).limit(MOST_CASES)))
    return Trace(figure, cases, int(every) - len(cases))


# ---------------------------------------------------------------- publishing


def content(table: Table) -> dict[str, Any]:
    """A report as it is published: figures of organisations with their formulas, no case and no person."""
    return {
        "title": table.report.title,
        "title_en": table.report.title_en,
        "article": table.report.article,
        "figures": [
            {n: getattr(f, n) for n in ("key", "title", "title_en", "formula", "formula_en", "shown")}
            for f in table.figures
        ],
        "lines": [_published(line) for line in table.lines],
        "total": _published(table.total),
    }


def _published(line: Line) -> dict[str, Any]:
    values = {
        key: {"number": v.number, "base": v.base, "mean": v.mean, "parts": [list(part) for part in v.parts]}
        for key, v in line.values.items()
    }
    return {"code": line.code, "name": line.name, "values": values}


def publish(uow: UnitOfWork, key: str, period: Period) -> PublishedReport:
    """Publish a report (Art. 27, 28: the results are made public), as it stands now and for good.

    By a leader of a government or of a data bureau, of what they oversee. The same figures are published once, however many
    publish them. Raises NotYoursToPublish and what ``make`` raises.
    """
    seat = publishing_seat(uow)
    if seat is None or uow.actor.person_id is None:
        raise NotYoursToPublish()
    uow.take_turns(f"publish:{key}:{seat.id}")
    figures = content(make(uow, key, period))
    same: dict[str, Any] = {"report": key, "since": period.since, "until": period.until, "organisation_id": seat.id}
    for known in uow.session.exec(rows_of(PublishedReport).filter_by(**same)):
        if known.content == json.loads(json.dumps(figures)):
            return known
    published = PublishedReport(
        **same,
        content=figures,
        published_at=uow.now,
        published_by=uow.actor.person_id,
    )
    uow.add(published)
    audit.record(uow, "report.published", stream="administration", report=key, publication=published.id)
    return published


def publishing_seat(reading: Reading) -> Organisation | None:
    """The government or bureau for which the actor publishes reports."""
    led = sorted(reading.actor.organisations(LEADER))
    seats = rows_of(Organisation).where(col(Organisation.id).in_(led), col(Organisation.kind).in_(access.CITY_WIDE))
    return reading.session.exec(seats.order_by(col(Organisation.level), col(Organisation.code))).first()


def published(reading: Reading) -> list[tuple[PublishedReport, Organisation]]:
    """What was published, newest first: for anybody."""
    found = (
        rows_of(PublishedReport, Organisation)
        .join(Organisation, col(Organisation.id) == col(PublishedReport.organisation_id))
        .order_by(col(PublishedReport.published_at).desc(), col(PublishedReport.id))
        .limit(200)
    )
    return list(reading.session.exec(found))


def publication(reading: Reading, ident: str) -> tuple[PublishedReport, Organisation]:
    """One published report; raises PublicationUnknown."""
    found = reading.session.get(PublishedReport, ident)
    if found is None:
        raise PublicationUnknown()
    return found, reading.session.get_one(Organisation, found.organisation_id)
