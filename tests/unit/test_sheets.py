"""A counted date as a sheet of a calendar, and the meter beside a clock."""

from datetime import date

from api import sheets
from engine.calendars import Rule, explain, published
from tests.functional.pages.sample_views import clock


def weeks(start: date, days: int, **rule: str) -> list[list[sheets.Cell]]:
    return sheets.weeks(explain(Rule(days, **rule), start, published()).as_json())  # type: ignore[arg-type]


def test_the_sheet_runs_from_monday_to_sunday_around_the_count() -> None:
    sheet = weeks(date(2026, 4, 21), 10)
    assert [len(week) for week in sheet] == [7, 7, 7]
    assert sheet[0][0] == sheets.Cell("4/20")
    assert (sheet[0][1].label, sheet[0][1].verdict) == ("21", "start")
    assert sheet[1][4].label == "5/1"
    assert sheet[1][4].number == 10
    assert (sheet[2][2].label, sheet[2][2].verdict) == ("6", "due")
    assert sheet[2][6].verdict is None


def test_rest_days_are_marked_and_make_up_days_are_not() -> None:
    due = next(cell for week in weeks(date(2026, 4, 29), 10) for cell in week if cell.verdict == "due")
    assert (due.label, due.kind, due.rest) == ("9", "makeup", False)
    sunday = weeks(date(2026, 4, 20), 10)[0][6]
    assert (sunday.label, sunday.rest) == ("26", True)


def test_nothing_counted_is_an_empty_sheet() -> None:
    assert sheets.weeks([]) == []


def test_the_meter_stands_between_empty_and_full() -> None:
    running = clock(started_on=date(2026, 4, 21), due_on=date(2026, 5, 1), stopped_on=None)
    assert sheets.spent(running, date(2026, 4, 21)) == sheets.Spent(0, 10)
    assert sheets.spent(running, date(2026, 4, 26)).width == sheets.METER // 2
    assert sheets.spent(running, date(2027, 1, 1)).width == sheets.METER
    stopped = clock(started_on=date(2026, 4, 21), due_on=date(2026, 5, 1), stopped_on=date(2026, 4, 23))
    assert sheets.spent(stopped, date(2027, 1, 1)).days == 2
    assert sheets.spent(clock(started_on=None, due_on=None), date(2026, 4, 21)) == sheets.Spent(0, 0)
