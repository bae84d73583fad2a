"""The figures of the board as charts and tables: pictures for the eye, and the same numbers in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from api import charts, i18n
from api.diagrams import NodeState
from api.pages.casework import Drawing, pressed
from engine.queries.figures import LATE_AGES
from engine.views import Ageing, Figures, Load, Pressure, Results

AGE_KINDS = ("late4", "late3", "late2", "late1", "soon", "near", "far", "still")
MOST_BARS = 10
SHARES = (0.05, 0.1, 0.2)  # of overdue tasks at a step, from which its heat rises


@dataclass(frozen=True)
class AgeingTable:
    """One way to group the ageing: the picture, and all rows."""

    title: str
    picture: str
    rows: tuple[Ageing, ...]
    totals: tuple[int, ...]


@dataclass(frozen=True)
class ResultRow:
    """How an organisation answered, with a small bar."""

    title: str
    in_time: int
    late: int
    rate: str
    bar: str


@dataclass(frozen=True)
class Charts:
    """All that stands between the numbers and the list."""

    headline: str
    process: str
    drawings: tuple[Drawing, ...]
    steps: tuple[Pressure, ...]
    ageing: tuple[AgeingTable, ...]
    months: str
    by_month: tuple[tuple[str, int, int, str], ...]  # name, in time, late, rate
    results: tuple[ResultRow, ...]
    loads: tuple[Load, ...]


def drawn(figures: Figures, locale: str) -> Charts:
    """The figures made ready for the page."""
    _, pressure = i18n.gettext(locale), figures.pressure
    steps = pressure.steps if pressure else ()
    states = {step.node: _state(step, locale) for step in steps}
    by_month = tuple(_month(figures.results, at, month, locale) for at, month in enumerate(figures.months))
    return Charts(
        headline=_headline(steps, locale),
        process=pressure.process if pressure else "",
        drawings=tuple(pressed(view, states, locale) for view in pressure.diagrams) if pressure else (),
        steps=steps,
        ageing=(
            _ageing(figures.by_organisation, _("By organisation"), locale),
            _ageing(figures.by_process, _("By process"), locale),
        ),
        months=_columns(by_month, locale),
        by_month=by_month,
        results=tuple(_result(row, locale) for row in figures.results),
        loads=figures.loads,
    )


# ---------------------------------------------------------------- where it is stuck


def _state(step: Pressure, locale: str) -> NodeState:
    """The badge of a step: how many wait, how many of overdue cases; below it the age of nine in ten."""
    if locale == i18n.CHINESE:
        badge = f"{step.running}件" + (f" · 逾期{step.overdue}" if step.overdue else "")
        note, told = f"九成≤{step.p90}个工作日", f"其中逾期{step.overdue}件，九成停留不超过{step.p90}个工作日"
    else:
        badge = f"{step.running}" + (f" · {step.overdue} late" if step.overdue else "")
        note, told = f"90% ≤ {step.p90} d", f"{step.overdue} overdue, nine in ten wait at most {step.p90} working days"
    return NodeState(count=step.running, heat=heat_of(step), description=told, badge=badge, note=note)


def heat_of(step: Pressure) -> int:
    """From 1 (hardly any are overdue) to 4 (more than a fifth)."""
    part = step.overdue / step.running if step.running else 0.0
    return 1 + sum(part >= bound for bound in SHARES)


def _headline(steps: Sequence[Pressure], locale: str) -> str:
    """Where most tasks lay when the limit passed, in one sentence."""
    overdue = sum(step.stuck for step in steps)
    worst = max(steps, key=lambda step: step.stuck, default=None)
    zh = locale == i18n.CHINESE
    if worst is None or not overdue:
        return "各环节在办情况" if zh else "What waits at each step"
    part = f"{worst.stuck * 100 / overdue:.0f}%"
    if zh:
        return f"逾期卡在“{worst.title}”：{worst.stuck}件，占{part}"
    return f"Most overdue cases are stuck at “{worst.title}”: {worst.stuck}, or {part}"


# ---------------------------------------------------------------- ageing


def _ageing(rows: tuple[Ageing, ...], title: str, locale: str) -> AgeingTable:
    _ = i18n.gettext(locale)
    rows = tuple(replace(row, title=row.title or _("(being looked for)")) for row in rows)
    bars = [charts.BarRow(row.title, row.counts, _sums(row.counts)) for row in rows[:MOST_BARS]]
    if rest := rows[MOST_BARS:]:
        summed = _totals(rest)
        other = f"其他{len(rest)}个" if locale == i18n.CHINESE else f"{len(rest)} others"
        bars.append(charts.BarRow(other, summed, _sums(summed)))
    return AgeingTable(title, charts.stacked(title, bars, AGE_KINDS), rows, _totals(rows))


def _totals(rows: Sequence[Ageing]) -> tuple[int, ...]:
    return tuple(sum(row.counts[at] for row in rows) for at in range(len(AGE_KINDS)))


def _sums(counts: Sequence[int]) -> str:
    """Overdue, and all: what stands beside a bar."""
    return f"{sum(counts[:LATE_AGES])} / {sum(counts)}"


# ---------------------------------------------------------------- results


def _month(results: Sequence[Results], at: int, month: date, locale: str) -> tuple[str, int, int, str]:
    in_time, late = sum(row.in_time[at] for row in results), sum(row.late[at] for row in results)
    name = f"{month.month}月" if locale == i18n.CHINESE else f"{month:%b}"
    return name, in_time, late, _share(in_time, late)


def _columns(by_month: Sequence[tuple[str, int, int, str]], locale: str) -> str:
    _ = i18n.gettext(locale)
    names, pieces, rates = [row[0] for row in by_month], [row[1:3] for row in by_month], [row[3] for row in by_month]
    return charts.columns(_("Answered in time and late, by month"), names, pieces, rates)


def _result(row: Results, locale: str) -> ResultRow:
    in_time, late = sum(row.in_time), sum(row.late)
    rate = _share(in_time, late)
    _ = i18n.gettext(locale)
    return ResultRow(row.title, in_time, late, rate, charts.share(f"{_('Share in time')} {rate}", in_time, late))


def _share(in_time: int, late: int) -> str:
    """98%, or nothing where nothing was answered."""
    return f"{in_time * 100 / (in_time + late):.0f}%" if in_time or late else ""
