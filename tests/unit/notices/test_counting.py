"""The calendar that shows how a due date was counted."""

from datetime import date, timedelta
from typing import Any

import pytest

from engine.calendars import Rule, explain, published
from notices.body import CountedDays, Day, read
from notices.counting import counting_calendar
from notices.paper import TemplateFaulty


def _calendar(explanation: Any, **words: str) -> CountedDays:
    (block,) = read(str(counting_calendar(explanation, **({"lang": "zh-CN"} | words))))
    assert isinstance(block, CountedDays)
    return block


def test_ten_days_over_labour_day_are_shown_in_three_weeks() -> None:
    calendar = _calendar(explain(Rule(10), date(2026, 4, 21), published()).as_json(), start="今天提交")
    assert calendar.weekdays == tuple("一二三四五六日")
    first, second, third = calendar.weeks
    assert first[:3] == (Day("4/20", "outside", ""), Day("4/21", "start", "今天提交"), Day("4/22", "counted", "第1日"))
    assert second[3:6] == (
        Day("4/30", "counted", "第9日"),
        Day("5/1", "rest", "第10日放假"),
        Day("5/2", "rest", "放假"),
    )
    assert third[2:4] == (Day("5/6", "due", "最迟答复"), Day("5/7", "outside", ""))


def test_working_days_leave_out_the_weekend_and_count_make_up_days() -> None:
    calendar = _calendar(explain(Rule(10, "working"), date(2026, 4, 27), published()).as_json())
    days = {day.date: day for week in calendar.weeks for day in week}
    assert days["5/1"].label == "放假"
    assert days["5/9"].label.endswith("上班")
    assert days["5/10"].label == "周末"


def test_a_due_date_that_is_the_start_is_one_week() -> None:
    calendar = _calendar([{"date": "2026-05-06", "verdict": "due", "number": None, "holiday": None}])
    assert len(calendar.weeks) == 1


def test_a_long_period_is_shortened_in_the_middle() -> None:
    start = date(2026, 1, 1)
    days = [{"date": str(start + timedelta(n)), "verdict": "counted", "number": n + 1} for n in range(200)]
    calendar = _calendar(days)
    assert len(calendar.weeks) == 9
    assert {day.label for day in calendar.weeks[2]} == {"……"}


def test_english_readers_get_english_words() -> None:
    calendar = _calendar(
        {"days": [{"date": "2026-05-01", "verdict": "rolled", "number": 10, "holiday": "x"}]}, lang="en"
    )
    assert calendar.weekdays[0] == "Mon"
    assert calendar.weeks[0][4].label == "day 10, off"


@pytest.mark.parametrize(
    "explanation",
    [
        *([], None, "2026", [{"date": "soon", "verdict": "due"}], [{}], [3], {"days": []}),
        [{"date": "0001-01-01", "verdict": "start"}, {"date": "9999-12-31", "verdict": "due"}],
    ],
)
def test_what_is_no_explanation_is_refused(explanation: Any) -> None:
    with pytest.raises(TemplateFaulty):
        counting_calendar(explanation, lang="zh-CN")


def test_a_hostile_explanation_is_escaped() -> None:
    calendar = _calendar([{"date": "2026-05-06", "verdict": "due"}], due="<script>")
    assert calendar.weeks[0][2].label == "<script>"
