"""A counted date as a sheet of a calendar: the weeks from start to due date, each day with its part in the count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.views import DeadlineView

WEEK = 7
METER = 298  # width of a full meter, in units of its drawing


@dataclass(frozen=True)
class Cell:
    """One square of the sheet. Days before the start and after the end have no verdict."""

    label: str
    verdict: str | None = None
    kind: str = ""
    number: int | None = None
    holiday: str | None = None

    @property
    def rest(self) -> bool:
        return self.kind in ("weekend", "holiday")


@dataclass(frozen=True)
class Spent:
    """How much of the time between start and due date has passed."""

    days: int
    whole: int

    @property
    def width(self) -> int:
        return min(METER, round(METER * self.days / self.whole)) if self.whole else METER


def weeks(explanation: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
    """The days of ``Explanation.as_json()``, from the Monday before the start to the Sunday after the end."""
    counted = {date.fromisoformat(str(note["date"])): note for note in explanation}
    if not counted:
        return []
    first, last = min(counted), max(counted)
    day = monday = first - timedelta(days=first.weekday())
    cells: list[Cell] = []
    while day <= last or len(cells) % WEEK:
        cells.append(_cell(day, counted.get(day), month_named=day.day == 1 or day == monday))
        day += timedelta(days=1)
    return [cells[start : start + WEEK] for start in range(0, len(cells), WEEK)]


def _cell(day: date, note: Mapping[str, Any] | None, month_named: bool) -> Cell:
    label = f"{day.month}/{day.day}" if month_named else str(day.day)
    if note is None:
        return Cell(label)
    return Cell(label, str(note["verdict"]), str(note["kind"]), note.get("number"), note.get("holiday"))


def spent(clock: DeadlineView, today: date) -> Spent:
    """How far a clock has come, for the meter beside it."""
    if clock.started_on is None or clock.due_on is None:
        return Spent(0, 0)
    whole = (clock.due_on - clock.started_on).days
    until = min(today, clock.stopped_on) if clock.stopped_on else today
    return Spent(max(0, min(whole, (until - clock.started_on).days)), whole)
