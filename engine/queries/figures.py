"""The charts of the board: ageing, results by month, what lies with whom, and where a process is under pressure.

Each is one query that the database groups; what is left to do here is to count in working days.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal_column
from sqlalchemy import select as grouped
from sqlmodel import col, select

from engine import access, calendars, clock, deadlines, definitions, roles, supervision
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import Deadline, Membership, Organisation, Person, ResultCount, Task
from engine.queries import diagrams
from engine.queries.board import ALL, Standing, counted, standings
from engine.queries.days import shanghai_day
from engine.queries.lights import last_day
from engine.views import Ageing, DiagramView, Figures, Load, Pressure, PressureView, Results, Wanted

# Working days past the due date (below nothing: left until it), from … to; the last column is a clock that stands still.
AGES: tuple[tuple[int, int], ...] = ((11, 9999), (6, 10), (3, 5), (0, 2), (-2, 0), (-5, -3), (-9999, -6))
LATE_AGES = 4  # so many of them are overdue
MONTHS = 12
MOST_PEOPLE = 100
NINE_IN_TEN = 0.9


def figures(reading: Reading, wanted: Wanted = ALL, found: list[Standing] | None = None, process: str = "") -> Figures:
    """All charts of what the actor oversees; ``process`` is the one whose diagram is shown (default: the busiest)."""
    found = standings(reading, wanted) if found is None else found
    law = [standing for standing in found if standing.basis == "statutory"]
    months = _months(clock.day_of(reading.now))
    counts = _results(reading, wanted, months[0])
    houses = _short_names(reading, {s.organisation_id for s in found} | {house for house, _ in counts})
    current = {bundle.key: bundle for bundle in definitions.processes(reading)}
    titles = {key: _title(reading, bundle) for key, bundle in current.items()}
    busiest = Counter({s.process_key: 0 for s in found})
    for standing in found:
        busiest[standing.process_key] += standing.number
    shown = process or wanted.process or next((key for key, _ in busiest.most_common(1)), next(iter(current), ""))
    return Figures(
        months=months,
        by_organisation=_ageing(reading, law, lambda s: s.organisation_id or "", houses),
        by_process=_ageing(reading, law, lambda s: s.process_key, titles),
        results=_by_organisation(counts, months, houses),
        loads=workload(reading, wanted),
        organisations=tuple(sorted(houses.items(), key=lambda house: house[1])),
        pressure=pressure(reading, current[shown], wanted) if shown in current else None,
    )


# ---------------------------------------------------------------- ageing


def age_of(reading: Reading, standing: Standing) -> int | None:
    """In which column of ``AGES`` clocks stand; nothing for those that stand still."""
    due_on = last_day(standing.due_at)
    if standing.state == "suspended" or due_on is None or standing.due_at is None:
        return None
    today = deadlines.today(reading)
    past = -calendars.working_days_between(today, due_on, deadlines.calendar(reading))
    columns = range(LATE_AGES) if standing.due_at <= reading.now else range(LATE_AGES, len(AGES))
    return next((at for at in columns if AGES[at][0] <= past <= AGES[at][1]), columns[-1])


def _ageing(
    reading: Reading, law: Iterable[Standing], group: Callable[[Standing], str], titles: dict[str, str]
) -> tuple[Ageing, ...]:
    """Those with the most that is long overdue first."""
    ages: dict[str, list[int]] = defaultdict(lambda: [0] * (len(AGES) + 1))
    known: dict[tuple[str, datetime | None], int | None] = {}
    for standing in law:
        place = (standing.state, standing.due_at)
        if place not in known:
            known[place] = age_of(reading, standing)
        age = known[place]
        ages[group(standing)][len(AGES) if age is None else age] += standing.number
    made = [Ageing(ident, titles.get(ident, ident), tuple(counts)) for ident, counts in ages.items()]
    return tuple(sorted(made, key=lambda a: ([-n for n in a.counts], a.title)))


# ---------------------------------------------------------------- results


def _months(today: date) -> tuple[date, ...]:
    """The first days of the last twelve months, this one last."""
    number = today.year * 12 + today.month - 1
    return tuple(date(n // 12, n % 12 + 1, 1) for n in range(number - MONTHS + 1, number + 1))


def _results(reading: Reading, wanted: Wanted, since: date) -> dict[tuple[str, date], tuple[int, int]]:
    """In time and late, by organisation and month, of statutory clocks that were answered."""
    where = (col(ResultCount.organisation_id), col(ResultCount.month))
    query = grouped(*where, func.sum(ResultCount.in_time), func.sum(ResultCount.late)).where(
        col(ResultCount.month) >= since, *counted(reading, wanted)
    )
    found = reading.session.execute(query.group_by(*where))
    return {(house, month): (int(in_time), int(late)) for house, month, in_time, late in found}


def _by_organisation(
    counts: dict[tuple[str, date], tuple[int, int]], months: Sequence[date], houses: dict[str, str]
) -> tuple[Results, ...]:
    """One row an organisation, those with the most late first."""
    made = []
    for house in {house for house, _ in counts}:
        in_time = tuple(counts.get((house, month), (0, 0))[0] for month in months)
        late = tuple(counts.get((house, month), (0, 0))[1] for month in months)
        made.append(Results(house, houses.get(house, ""), in_time, late))
    return tuple(sorted(made, key=lambda r: (-sum(r.late), r.title)))


# ---------------------------------------------------------------- people


def workload(reading: Reading, wanted: Wanted = ALL) -> tuple[Load, ...]:
    """Who holds how many open tasks, those with the most overdue ones first."""
    soon, now = supervision.soon_instant(reading), reading.now
    pressing = _pressing(supervision.statutory(), Wanted(process=wanted.process))
    late, near = _sum(pressing.c.due_at <= now), _sum((pressing.c.due_at > now) & (pressing.c.due_at <= soon))
    query = (
        grouped(col(Task.assignee_id), func.count(), late, near)
        .join(pressing, pressing.c.case_id == col(Task.case_id), isouter=not wanted.process)
        .where(_OPEN, col(Task.assignee_id).is_not(None), access.overseen_tasks(reading.actor))
    )
    if wanted.organisation:
        query = query.where(col(Task.organisation_id) == wanted.organisation)
    busiest = query.group_by(col(Task.assignee_id)).order_by(late.desc(), func.count().desc(), col(Task.assignee_id))
    found = list(reading.session.execute(busiest.limit(MOST_PEOPLE)))
    names, houses = _people(reading, [str(person) for person, *_ in found])
    return tuple(
        Load(
            names.get(str(person), ""), houses.get(str(person), ""), person not in houses, number, int(red), int(amber)
        )
        for person, number, red, amber in found
    )


def _people(reading: Reading, ids: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Names, and where they work now: who is not among these has left."""
    names = dict(reading.session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids))).all())
    works = (
        select(Membership.person_id, func.min(Organisation.short_name))
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Membership.person_id).in_(ids), col(Membership.ended_at).is_(None), col(Person.active).is_(True))
    )
    return names, dict(reading.session.exec(works.group_by(col(Membership.person_id))).all())


# ---------------------------------------------------------------- where a process is under pressure


def pressure(reading: Reading, bundle: Bundle, wanted: Wanted = ALL) -> PressureView:
    """What waits at each step of a process in cases of which a clock goes on: how many tasks, how many of overdue cases, and
    how old nine in ten are. Both come out of indexes; no case is read."""
    overseen = access.overseen(reading.actor)
    pressing = _pressing(overseen, Wanted(wanted.organisation, bundle.key))
    day = shanghai_day(col(Task.created_at))
    late = pressing.c.due_at <= reading.now
    lay_there = late & (col(Task.created_at) < pressing.c.due_at)  # not what began because of it
    query = (
        grouped(col(Task.node), func.min(col(Task.role)), day, func.count(), _sum(late), _sum(lay_there))
        .join(pressing, pressing.c.case_id == col(Task.case_id))
        .where(_OPEN)
        .group_by(col(Task.node), day)
    )
    waiting: dict[str, Counter[date]] = defaultdict(Counter)
    overdue: Counter[str] = Counter()
    stuck: Counter[str] = Counter()
    held_by: dict[str, str] = {}
    for node, role, since, number, red, caught in reading.session.execute(query):
        waiting[node][date.fromisoformat(since)] += number
        overdue[node] += red
        stuck[node] += caught
        held_by[node] = role
    locale = reading.actor.locale
    steps = [
        Pressure(
            node=node,
            title=bundle.node_title(node, locale),
            role=roles.title(reading.settings, held_by[node], locale),
            running=days.total(),
            overdue=overdue[node],
            stuck=stuck[node],
            p90=_p90(reading, days),
        )
        for node, days in waiting.items()
    ]
    steps.sort(key=lambda s: (-s.overdue, -s.running, s.title))
    return PressureView(_title(reading, bundle), tuple(steps), _drawn(bundle, steps, locale))


def _drawn(bundle: Bundle, steps: Sequence[Pressure], locale: str) -> tuple[DiagramView, ...]:
    """The diagrams in which something waits, the one with the most overdue work first."""
    weights: Counter[str] = Counter()
    for step in steps:
        if (known := bundle.blueprint.nodes.get(step.node)) is not None:
            weights[known.process] += step.overdue * 1_000_000 + step.running
    drawn = diagrams.of_bundle(bundle, locale, {})
    found = [view for view in drawn if weights[view.process]]
    return tuple(sorted(found, key=lambda view: -weights[view.process]) or drawn[:1])


def _p90(reading: Reading, days: Counter[date]) -> int:
    """The age in working days that nine in ten do not exceed."""
    today, calendar = deadlines.today(reading), deadlines.calendar(reading)
    wanted, seen = NINE_IN_TEN * days.total(), 0
    for day in sorted(days, reverse=True):
        seen += days[day]
        if seen >= wanted:
            return max(0, calendars.working_days_between(day, today, calendar))
    return 0


_OPEN = col(Task.state) == literal_column("'open'")


def _pressing(which: ColumnElement[bool], wanted: Wanted) -> Subquery:
    """The cases of which some clocks go on, each with the instant at which its earliest running statutory clock is due."""
    pressing = case((and_(supervision.running(), supervision.statutory()), col(Deadline.due_at)))
    query = grouped(col(Deadline.case_id), func.min(pressing).label("due_at")).where(supervision.going_on(), which)
    if wanted.organisation:
        query = query.where(col(Deadline.organisation_id) == wanted.organisation)
    if wanted.process:
        query = query.where(col(Deadline.process_key) == wanted.process)
    return query.group_by(col(Deadline.case_id)).subquery()


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _short_names(reading: Reading, ids: Iterable[str | None]) -> dict[str, str]:
    wanted = [ident for ident in ids if ident]
    query = select(Organisation.id, Organisation.short_name).where(col(Organisation.id).in_(wanted))
    return dict(reading.session.exec(query).all())


def _title(reading: Reading, bundle: Bundle) -> str:
    return bundle.text(bundle.manifest.process, "title", reading.actor.locale)
