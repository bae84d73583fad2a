"""When an answer is due, and why: the counting of days against the law's examples and against its rules."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import (
    Calendar,
    DayOutOfRange,
    NoSuchDay,
    Rule,
    RuleFaulty,
    StartFaulty,
    count,
    due_document,
    due_lines,
    explain,
    left_in_words,
    published,
    read_day,
    shift,
    working_days_between,
)
from engine.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = published()

rules = st.builds(
    Rule,
    days=st.integers(0, 120),
    unit=st.sampled_from(["calendar", "working"]),
    roll=st.sampled_from(["forward", "none"]),
)
starts = st.dates(date(2017, 5, 1), date(2040, 12, 31))


def due(start: str, days: int, **rule: Any) -> str:
    return count(Rule(days, **rule), date.fromisoformat(start), CALENDAR).day.isoformat()


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-04-20", 10, "2026-04-30"),
        ("2026-04-21", 10, "2026-05-06"),  # Labour Day rolls
        ("2026-04-29", 10, "2026-05-09"),  # a make-up Saturday is a working day
        ("2026-06-09", 10, "2026-06-22"),  # Dragon Boat and weekend
        ("2024-02-01", 10, "2024-02-18"),  # a make-up Sunday
        ("2026-01-31", 15, "2026-02-24"),  # the whole Spring Festival
        ("2025-09-26", 15, "2025-10-11"),  # a make-up Saturday after National Day
        ("2024-02-19", 10, "2024-02-29"),  # leap day
        ("2024-02-29", 10, "2024-03-11"),  # from the leap day, over a weekend
        ("2023-02-19", 10, "2023-03-01"),  # no leap day
        ("2024-12-25", 10, "2025-01-06"),  # over the year's end: 4 January is a Saturday
        ("2026-04-25", 10, "2026-05-06"),  # filed on a Saturday
        ("2026-05-01", 10, "2026-05-11"),  # filed on Labour Day
    ],
)
def test_a_period_in_calendar_days_ends_on_a_working_day(start: str, days: int, expected: str) -> None:
    assert due(start, days) == expected


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-04-20", 10, "2026-05-07"),
        ("2026-04-30", 1, "2026-05-06"),
        ("2026-05-08", 1, "2026-05-09"),  # the make-up Saturday counts
        ("2026-05-01", 1, "2026-05-06"),  # filed on a holiday
        ("2026-05-09", 1, "2026-05-11"),  # filed on the make-up Saturday
    ],
)
def test_a_period_in_working_days_skips_every_rest_day(start: str, days: int, expected: str) -> None:
    assert due(start, days, unit="working") == expected


def test_without_rolling_the_last_day_may_be_a_rest_day() -> None:
    assert due("2026-04-21", 10, roll="none") == "2026-05-01"


def test_no_days_end_on_the_day_of_the_start_or_on_the_next_working_day() -> None:
    assert due("2026-04-20", 0) == due("2026-04-20", 0, unit="working") == "2026-04-20"
    assert due("2026-05-01", 0) == due("2026-05-01", 0, unit="working") == "2026-05-06"
    assert due("2026-05-01", 0, roll="none") == "2026-05-01"


def test_the_last_second_of_a_day_still_belongs_to_it() -> None:
    last_second = datetime(2026, 4, 20, 23, 59, 59, 999_999, SHANGHAI)
    midnight = datetime(2026, 4, 21, 0, 0, tzinfo=SHANGHAI)
    assert count(Rule(10), last_second, CALENDAR).day == date(2026, 4, 30)
    assert count(Rule(10), midnight, CALENDAR).day == date(2026, 5, 6)
    assert count(Rule(10), midnight.astimezone(UTC), CALENDAR).day == date(2026, 5, 6)


def test_an_instant_is_a_day_of_shanghai_wherever_it_was_written_down() -> None:
    evening_in_utc = datetime(2026, 4, 20, 16, 0, tzinfo=UTC)
    assert explain(Rule(10), evening_in_utc, CALENDAR).start == date(2026, 4, 21)


def test_a_period_ends_at_24_o_clock_in_shanghai() -> None:
    assert count(Rule(10), date(2026, 4, 20), CALENDAR).at == datetime(2026, 4, 30, 16, 0, tzinfo=UTC)


def test_with_office_hours_a_period_ends_when_they_end() -> None:
    counted = count(Rule(10, cutoff=time(17, 30)), date(2026, 4, 20), CALENDAR)
    assert (counted.day, counted.at) == (date(2026, 4, 30), datetime(2026, 4, 30, 9, 30, tzinfo=UTC))


def test_ten_years_are_counted_too() -> None:
    assert due("2026-01-05", 3650) == "2036-01-03"
    far = count(Rule(3650, "working"), date(2026, 1, 5), CALENDAR)
    assert far.day.year == 2040
    assert far.provisional
    assert working_days_between(date(2026, 1, 5), far.day, CALENDAR) == 3650


def test_a_date_is_provisional_only_where_an_unpublished_year_can_move_it() -> None:
    beyond = max(CALENDAR.years) + 1
    december = date(beyond - 1, 12, 28)
    assert count(Rule(20), december, CALENDAR).provisional
    assert count(Rule(20, "working"), december, CALENDAR).provisional
    assert not count(Rule(2), december - timedelta(days=10), CALENDAR).provisional
    assert not count(Rule(20, roll="none"), december, CALENDAR).provisional, "no holiday can move this date"


@pytest.mark.parametrize("days", [-1, -10, 36_501, 10**30, 1.5, "10", True, None])
def test_an_absurd_number_of_days_is_refused_with_a_sentence(days: object) -> None:
    with pytest.raises(RuleFaulty) as refused:
        Rule(days)  # type: ignore[arg-type]
    assert "期限无法计算：" in refused.value.sentence("zh")
    assert "?" not in refused.value.sentence("en")


@pytest.mark.parametrize("faulty", [{"unit": "weeks"}, {"roll": "back"}, {"cutoff": "17:30"}])
def test_an_unknown_way_of_counting_is_refused(faulty: dict[str, str]) -> None:
    with pytest.raises(RuleFaulty):
        Rule(10, **faulty)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "start",
    [date.min, date(2003, 12, 31), date(2101, 1, 1), date.max, datetime.max.replace(tzinfo=UTC)],
)
def test_a_start_beyond_the_calendar_is_refused(start: date) -> None:
    with pytest.raises(DayOutOfRange) as refused:
        count(Rule(10), start, CALENDAR)
    assert "2004-01-01" in refused.value.sentence("en")


@pytest.mark.parametrize("unit", ["calendar", "working"])
def test_a_period_that_outruns_the_calendar_is_refused(unit: str) -> None:
    with pytest.raises(DayOutOfRange):
        count(Rule(36_500, unit), date(2090, 1, 1), CALENDAR)  # type: ignore[arg-type]
    with pytest.raises(DayOutOfRange):
        count(Rule(2, unit), date(2100, 12, 31), CALENDAR)  # type: ignore[arg-type]


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(StartFaulty):
        count(Rule(10), datetime(2026, 4, 20, 12, 0), CALENDAR)  # noqa: DTZ001


@pytest.mark.parametrize("text", ["2026-02-30", "20260420", "2026-W17-1", "2026/4/20", "", "昨天", "２０２６-04-20"])
def test_only_one_way_of_writing_a_day_is_read(text: str) -> None:
    with pytest.raises(NoSuchDay) as refused:
        read_day(text)
    assert isinstance(refused.value, Invalid)
    assert read_day(" 2026-04-20 ") == date(2026, 4, 20)


def test_every_day_of_a_rolled_period_is_explained() -> None:
    notes = explain(Rule(10), date(2026, 4, 21), CALENDAR).as_json()
    assert notes[0] | {"kind": ""} == {
        "date": "2026-04-21",
        "verdict": "start",
        "number": None,
        "holiday": None,
        "kind": "",
    }
    assert [note["number"] for note in notes[1:11]] == list(range(1, 11))
    assert [(note["date"], note["verdict"], note["holiday"]) for note in notes[10:]] == [
        ("2026-05-01", "rolled", "劳动节"),
        ("2026-05-02", "rolled", "劳动节"),
        ("2026-05-03", "rolled", "劳动节"),
        ("2026-05-04", "rolled", "劳动节"),
        ("2026-05-05", "rolled", "劳动节"),
        ("2026-05-06", "due", None),
    ]


def test_working_days_are_numbered_and_rest_days_are_named() -> None:
    notes = {note["date"]: note for note in explain(Rule(12, "working"), date(2026, 4, 20), CALENDAR).as_json()}
    assert (notes["2026-04-25"]["verdict"], notes["2026-04-25"]["number"]) == ("weekend", None)
    assert (notes["2026-05-01"]["verdict"], notes["2026-05-01"]["holiday"]) == ("holiday", "劳动节")
    assert (notes["2026-05-08"]["verdict"], notes["2026-05-08"]["number"]) == ("counted", 11)
    assert (notes["2026-05-09"]["verdict"], notes["2026-05-09"]["number"]) == ("due", 12)
    assert notes["2026-05-09"]["kind"] == "makeup"


def test_a_make_up_day_within_a_period_says_so() -> None:
    explained = explain(Rule(13, "working"), date(2026, 4, 20), CALENDAR)
    assert "2026-05-09（周六）第 12 个工作日，劳动节调休上班。" in explained.sentences("zh")
    assert "2026-05-09 (Sat) working day 12, make-up working day for 劳动节." in explained.sentences("en")


def test_the_explanation_names_article_version_and_what_is_provisional() -> None:
    explained = explain(Rule(10), date(2026, 12, 28), CALENDAR, article="《条例》第二十一条第一款")
    *_, provisional, article, version = explained.sentences("zh")
    assert provisional.startswith("暂定")
    assert article == "依据：《条例》第二十一条第一款。"
    assert CALENDAR.version in version
    assert explained.sentences("en")[-3].startswith("Provisional")


def test_the_first_line_of_a_due_date_is_the_date_alone() -> None:
    explained = explain(Rule(10), date(2026, 4, 21), CALENDAR)
    assert due_lines(explained) == ["2026-05-06"]
    lines = due_lines(explained, every_day=True)
    assert lines[0] == "2026-05-06"
    assert [line[:10] for line in lines[1:17]] == [note.day.isoformat() for note in explained.days]
    assert due_lines(explain(Rule(10), date(2026, 12, 28), CALENDAR))[0] == "2027-01-07"


def test_a_due_date_as_data() -> None:
    explained = explain(Rule(10, cutoff=time(17)), date(2026, 4, 21), CALENDAR, article="Art. 21(1)")
    document = due_document(explained)
    assert document == {
        "due": "2026-05-06",
        "at": "2026-05-06T09:00:00Z",
        "provisional": False,
        "start": "2026-04-21",
        "rule": {"days": 10, "unit": "calendar", "roll": "forward", "cutoff": "17:00:00"},
        "article": "Art. 21(1)",
        "calendar_version": CALENDAR.version,
    }
    assert due_document(explained, every_day=True) == document | {"days": explained.as_json()}


@pytest.mark.parametrize(
    ("today", "expected_zh", "expected_en"),
    [
        (date(2026, 4, 29), "还剩 2 个工作日", "2 working days left"),
        (date(2026, 4, 30), "还剩 1 个工作日", "1 working day left"),
        (date(2026, 5, 6), "今天到期", "due today"),
        (date(2026, 5, 8), "逾期 2 个工作日", "overdue by 2 working days"),
        (date(2026, 5, 9), "逾期 3 个工作日", "overdue by 3 working days"),
    ],
)
def test_what_is_left_is_said_in_working_days(today: date, expected_zh: str, expected_en: str) -> None:
    due_day = date(2026, 5, 6)
    assert left_in_words(today, due_day, CALENDAR) == expected_zh
    assert left_in_words(today, due_day, CALENDAR, "en") == expected_en


def test_a_weekend_after_the_due_date_is_overdue_by_less_than_a_working_day() -> None:
    assert left_in_words(date(2026, 6, 27), date(2026, 6, 26), CALENDAR) == "逾期不足 1 个工作日"
    assert left_in_words(date(2026, 6, 27), date(2026, 6, 28), CALENDAR) == "还剩不足 1 个工作日"


def test_three_working_days_before_skips_the_holiday() -> None:
    assert shift(date(2026, 5, 6), -3, CALENDAR) == date(2026, 4, 28)
    assert shift(date(2026, 4, 28), 3, CALENDAR) == date(2026, 5, 6)
    assert shift(date(2026, 5, 2), 0, CALENDAR) == date(2026, 5, 2)


@given(rules, starts)
def test_the_explanation_and_the_result_agree(rule: Rule, start: date) -> None:
    counted, explained = count(rule, start, CALENDAR), explain(rule, start, CALENDAR)
    days = [note.day for note in explained.days]
    assert explained.due == counted
    assert days == [start + timedelta(days=offset) for offset in range((counted.day - start).days + 1)]
    assert [note.number for note in explained.days if note.number] == list(range(1, rule.days + 1))
    assert [note.verdict for note in explained.days].count("due") == 1
    assert explained.days[-1].verdict == "due"
    assert len(explained.sentences("en")) == len(explained.sentences("zh")) > len(days)


@given(rules, starts)
def test_a_rolled_due_date_is_a_working_day_and_the_first_that_could_be(rule: Rule, start: date) -> None:
    rolled = count(replace(rule, roll="forward"), start, CALENDAR).day
    plain = count(replace(rule, roll="none"), start, CALENDAR).day
    assert CALENDAR.is_workday(rolled)
    assert plain <= rolled
    assert working_days_between(plain, rolled, CALENDAR) == (0 if plain == rolled else 1)


@given(rules, starts)
def test_so_many_working_days_are_never_over_before_as_many_days(rule: Rule, start: date) -> None:
    assert (
        count(replace(rule, unit="working"), start, CALENDAR).day
        >= count(replace(rule, unit="calendar"), start, CALENDAR).day
    )


@given(rules, starts, st.integers(0, 200))
def test_another_holiday_never_shortens_a_period(rule: Rule, start: date, offset: int) -> None:
    extra = start + timedelta(days=offset)
    holidays = {**CALENDAR.holidays, extra: "临时假日"}
    makeup = {day: name for day, name in CALENDAR.makeup.items() if day != extra}
    longer = replace(CALENDAR, holidays=holidays, makeup=makeup)
    assert count(rule, start, longer).day >= count(rule, start, CALENDAR).day


@given(rules, starts)
def test_a_later_start_is_never_due_earlier(rule: Rule, start: date) -> None:
    assert count(rule, start, CALENDAR).day <= count(rule, start + timedelta(days=1), CALENDAR).day


@given(st.integers(1, 400), starts)
def test_the_number_of_working_days_is_the_same_from_either_side(days: int, start: date) -> None:
    last = count(Rule(days, "working"), start, CALENDAR).day
    assert working_days_between(start, last, CALENDAR) == days
    assert working_days_between(last, start, CALENDAR) == -days


@settings(max_examples=50)
@given(starts, starts, starts)
def test_working_days_add_up(a: date, b: date, c: date) -> None:
    def between(x: date, y: date) -> int:
        return working_days_between(x, y, CALENDAR)

    assert between(a, b) + between(b, c) == between(a, c)


def _naive_count(start: date, days: int, calendar: Calendar, counts: Callable[[date], bool]) -> date:
    day, number = start, 0
    while number < days or not calendar.is_workday(day):
        day += timedelta(days=1)
        number += counts(day)
    return day


@given(st.integers(0, 60), starts)
def test_counting_agrees_with_a_walk_over_a_wall_calendar(days: int, start: date) -> None:
    every, working = (lambda _day: True), CALENDAR.is_workday
    assert count(Rule(days), start, CALENDAR).day == _naive_count(start, days, CALENDAR, every)
    assert count(Rule(days, "working"), start, CALENDAR).day == _naive_count(start, days, CALENDAR, working)
