"""The ledger of a clock against the rules of counting: what stood still, what was added, what began anew."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import deadlines
from engine.calendars import Calendar, Due, Pause, Respite, Rule, count, explain, published
from engine.ledgers import Ledger, read
from engine.models import Deadline, DeadlineChange

CALENDAR = published()
SHANGHAI = ZoneInfo("Asia/Shanghai")

rules = st.builds(
    Rule,
    days=st.integers(0, 60),
    unit=st.sampled_from(["calendar", "working"]),
    roll=st.sampled_from(["forward", "none"]),
)
starts = st.dates(date(2017, 5, 1), date(2030, 12, 31)) | st.sampled_from(
    [date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 28), date(2024, 2, 29), date(2026, 2, 17), date(2026, 5, 9)]
)


@st.composite
def pauses(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Pauses, each from a day to a day after the start of the clock, in order."""
    days = sorted(draw(st.lists(st.integers(0, 90), max_size=6)))
    return list(zip(days[::2], days[1::2], strict=False))


def standing(start: date, spans: list[tuple[int, int]]) -> tuple[Pause, ...]:
    return tuple(Pause(start + timedelta(days=a), start + timedelta(days=b)) for a, b in spans)


def clock_of(rule: Rule, start: date) -> Deadline:
    started = datetime.combine(start, datetime.min.time(), SHANGHAI).replace(hour=10)
    return Deadline(
        case_id="c",
        name="reply",
        basis="regulatory",
        days=rule.days,
        unit=rule.unit,
        roll=rule.roll,
        starts_on="case.submitted",
        owed_by="agency",
        state="running",
        started_at=started,
    )


def entry(kind: str, on: date, number: int, days: int | None = None) -> DeadlineChange:
    at = datetime.combine(on, datetime.min.time(), UTC) + timedelta(microseconds=number)
    return DeadlineChange(deadline_id="d", kind=kind, at=at, on=on, days=days, reason="x", actor="system")


def due(rule: Rule, ledger: Ledger | None, start: date, calendar: Calendar = CALENDAR) -> Due | None:
    return deadlines.counted(clock_of(rule, start), ledger, calendar)


# ---------------------------------------------------------------- pauses


@given(rules, starts, pauses())
def test_a_clock_that_stood_still_is_explained_as_it_is_counted(
    rule: Rule, start: date, spans: list[tuple[int, int]]
) -> None:
    stood = standing(start, spans)
    counted, explained = (
        count(rule, start, CALENDAR, stood),
        explain(rule, start, CALENDAR, None, Respite(pauses=stood)),
    )
    assert explained.due == counted
    assert explained.days[-1].day == counted.day
    assert explained.days[-1].verdict == "due"
    assert [note.number for note in explained.days if note.number] == list(range(1, rule.days + 1))
    paused = {note.day for note in explained.days if note.verdict == "paused"}
    assert paused == {d.day for d in explained.days if any(p.rests(d.day) for p in stood)} - {counted.day}
    assert len(explained.sentences("zh")) == len(explained.sentences("en"))


@given(rules, starts, pauses())
def test_a_rolled_period_ends_on_a_working_day_on_which_its_clock_runs(
    rule: Rule, start: date, spans: list[tuple[int, int]]
) -> None:
    stood = standing(start, spans)
    last = count(replace(rule, roll="forward"), start, CALENDAR, stood).day
    assert CALENDAR.is_workday(last)
    assert not any(pause.holds(last) for pause in stood)


@given(rules, starts, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_suspension_in_two_parts_changes_nothing(rule: Rule, start: date, first: int, part: int, rest: int) -> None:
    whole = standing(start, [(first, first + part + rest)])
    split = standing(start, [(first, first + part), (first + part, first + part + rest)])
    assert count(rule, start, CALENDAR, whole) == count(rule, start, CALENDAR, split)


@given(rules, starts, pauses())
def test_standing_still_never_brings_a_date_nearer(rule: Rule, start: date, spans: list[tuple[int, int]]) -> None:
    assert count(rule, start, CALENDAR, standing(start, spans)).day >= count(rule, start, CALENDAR).day


@given(rules, starts, pauses(), st.integers(0, 120))
def test_another_holiday_never_shortens_a_period_that_stood_still(
    rule: Rule, start: date, spans: list[tuple[int, int]], offset: int
) -> None:
    extra, stood = start + timedelta(days=offset), standing(start, spans)
    holidays = {**CALENDAR.holidays, extra: "临时假日"}
    makeup = {day: name for day, name in CALENDAR.makeup.items() if day != extra}
    longer = replace(CALENDAR, holidays=holidays, makeup=makeup)
    assert count(rule, start, longer, stood).day >= count(rule, start, CALENDAR, stood).day


@given(rules, starts, st.integers(0, 40), st.integers(0, 40))
def test_what_was_left_when_it_stopped_goes_on_the_day_after(rule: Rule, start: date, used: int, stood: int) -> None:
    """As much is counted after the resumption as was not yet counted when the clock was stopped."""
    pause = standing(start, [(used, used + stood)])
    explained = explain(rule, start, CALENDAR, None, Respite(pauses=pause))
    before = [n for n in explained.days if n.number and n.day <= pause[0].first]
    after = [n for n in explained.days if n.number and n.day > pause[0].last]
    assert len(before) + len(after) == rule.days


@given(rules, starts, st.integers(0, 60))
def test_of_a_clock_that_stands_still_is_explained_how_far_it_came(rule: Rule, start: date, used: int) -> None:
    since = start + timedelta(days=used)
    explained = explain(rule, start, CALENDAR, None, Respite(paused_since=since))
    assert explained.due is None
    assert explained.days[-1].day == since
    assert "due" not in {note.verdict for note in explained.days}
    resumed = explain(rule, start, CALENDAR, None, Respite(pauses=(Pause(since, since + timedelta(days=9)),)))
    after = [note for note in resumed.days if note.number and note.day > since]
    assert explained.left == len(after)
    assert f"自 {since.isoformat()} 起中止计时" in explained.sentences("zh")[-2]
    assert f"Suspended since {since.isoformat()}" in explained.sentences("en")[-2]


# ---------------------------------------------------------------- the ledger


@given(rules, starts, pauses(), st.lists(st.integers(1, 20), max_size=3))
def test_from_the_same_ledger_always_comes_the_same_date(
    rule: Rule, start: date, spans: list[tuple[int, int]], extensions: list[int]
) -> None:
    clock = clock_of(rule, start)
    entries = [
        entry(kind, start + timedelta(days=day), number)
        for number, (kind, day) in enumerate(
            (kind, day) for a, b in spans for kind, day in (("suspended", a), ("resumed", b))
        )
    ]
    entries += [entry("extended", start + timedelta(days=91), 100 + n, days) for n, days in enumerate(extensions)]
    ledger = read(clock, entries)
    assert ledger == read(clock, reversed(entries)) == Ledger(start, sum(extensions), standing(start, spans))
    counted = deadlines.counted(clock, ledger, CALENDAR)
    assert counted == count(replace(rule, days=rule.days + sum(extensions)), start, CALENDAR, standing(start, spans))
    if counted is not None:
        clock.due_on, clock.due_at = counted.day, counted.at
        assert deadlines.counted(clock, read(clock, entries), CALENDAR) == counted


@given(rules, starts, st.integers(1, 30))
def test_an_extension_is_so_many_more_days_of_the_rule(rule: Rule, start: date, days: int) -> None:
    longer = due(rule, Ledger(start, extra_days=days), start)
    assert longer == count(replace(rule, days=rule.days + days), start, CALENDAR)


@given(rules, starts, st.integers(1, 60))
def test_a_restart_forgets_all_that_was_before(rule: Rule, start: date, later: int) -> None:
    day = start + timedelta(days=later)
    entries = [
        entry("extended", start, 1, 5),
        entry("suspended", start, 2),
        entry("restarted", day, 3),
        entry("corrected", day, 4),
    ]
    ledger = read(clock_of(rule, start), entries)
    assert ledger == Ledger(day, restarted=True)
    assert due(rule, ledger, start) == count(rule, day, CALENDAR)
    said = explain(rule, day, CALENDAR, None, ledger.respite).sentences("zh")
    assert f"自 {day.isoformat()} 重新起算，此前经过的期间不计入。" in said


def test_a_clock_that_has_not_begun_has_no_ledger_and_no_date() -> None:
    clock = clock_of(Rule(10), date(2026, 4, 21))
    clock.started_at = None
    assert read(clock, []) is None
    assert deadlines.counted(clock, None, CALENDAR) is None


def test_what_stands_still_has_no_date() -> None:
    start = date(2026, 4, 21)
    assert due(Rule(10), Ledger(start, paused_since=date(2026, 4, 24)), start) is None


# ---------------------------------------------------------------- the law's edges


@pytest.mark.parametrize(
    ("start", "suspended", "resumed", "extra", "expected"),
    [
        ("2026-04-21", "2026-04-24", "2026-05-11", 0, "2026-05-18"),  # over Labour Day
        ("2026-04-21", "2026-05-01", "2026-05-11", 0, "2026-05-12"),  # nothing left but the rolling
        ("2026-04-21", "2026-05-06", "2026-05-08", 0, "2026-05-09"),  # on the last day; a make-up Saturday follows
        ("2025-12-25", "2025-12-31", "2026-01-01", 0, "2026-01-05"),  # over the turn of the year
        ("2024-02-19", "2024-02-28", "2024-02-29", 0, "2024-03-01"),  # the leap day stood still
        ("2024-02-19", "2024-02-20", "2024-02-20", 0, "2024-02-29"),  # stopped and resumed within a day
        ("2026-05-01", "2026-05-02", "2026-05-04", 0, "2026-05-13"),  # filed on a holiday
        ("2026-04-21", "2026-04-24", "2026-05-11", 5, "2026-05-25"),  # the fifteenth day is a Saturday
    ],
)
def test_ten_days_with_a_pause_and_an_extension(
    start: str, suspended: str, resumed: str, extra: int, expected: str
) -> None:
    day = date.fromisoformat(start)
    pause = Pause(date.fromisoformat(suspended), date.fromisoformat(resumed))
    counted = due(Rule(10), Ledger(day, extra, (pause,)), day)
    assert counted is not None
    assert counted.day.isoformat() == expected


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_a_clock_counts_in_shanghai_wherever_the_server_stands(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filed at 23:59:59 and at 00:00 in Guiyang, on a server in any zone."""
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        last_second = datetime(2026, 4, 20, 23, 59, 59, tzinfo=SHANGHAI)
        clock = clock_of(Rule(10), date(2026, 4, 20))
        for instant, expected in (
            (last_second, date(2026, 4, 30)),
            (last_second + timedelta(seconds=1), date(2026, 5, 6)),
        ):
            clock.started_at = instant.astimezone(UTC)
            counted = deadlines.counted(clock, read(clock, []), CALENDAR)
            assert counted is not None
            assert counted.day == expected
    finally:
        monkeypatch.undo()
        time.tzset()
