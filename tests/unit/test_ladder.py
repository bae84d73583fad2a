"""The ladder's file is read strictly, with line and reason; when a rung is due, and when an office is open, is pure."""

from datetime import date
from typing import Any

import pytest

from api.stories import shanghai
from engine import calendars, ladder
from engine.ladder import LadderFaulty
from engine.models import Deadline
from engine.settings import ROOT, Settings

SOURCE = (ROOT / "bpmn" / "shared" / ladder.FILE).read_text(encoding="utf-8")
CALENDAR = calendars.published()
HOURS = ladder.Hours(opens="09:00", closes="17:30")


def line_of(text: str, source: str = SOURCE) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "at", "reason"),
    [
        ('key = "due_day"', 'key = "one_day_before"', "[[rungs]]#3", "there twice"),
        ('title = "今天到期"', 'titel = "今天到期"', "[[rungs]]#3", "unknown field"),
        ("working_days = -3", 'working_days = "drei"', "[[rungs]]#1", "int"),
        ("working_days = 5", "working_days = 0", "[[rungs]]#6", "after the clock was missed"),
        ("working_days = 5", "working_days = 100000", "[[rungs]]#6", "<= 250"),
        ('at = "24:00"', 'at = "09:00"', "[[rungs]]#4", "24:00 of the day itself"),
        ('effect = "lead"', 'effect = "breach"', "[[rungs]]#6", "24:00 of the day itself"),
        ('effect = "lead"', 'effect = "sanction"', "[[rungs]]#6", "enum"),
        ('to = ["unit_head"]', 'to = ["mayor"]', "[[rungs]]#5", "enum"),
        ('to = ["unit_head"]', "to = []", "[[rungs]]#5", "length"),
        ('from = "09:00"', 'from = "9 Uhr"', "[hours]", "not a time of day"),
        ('from = "09:00"', 'from = "18:00"', "[hours]", "cannot close"),
        ("[digest]", "[digests]", "[digests]", "not known here"),
        ("gap_hours = 4", "gap_hours = -1", "[digest]", ">= 0"),
        ("monthly = 31", "monthly = 0", "[silence]", ">= 1"),
        ("[hours]", "[offices.gy-jtw]\nfrom = '10:00'\nto = '09:00'\n[hours]", "[offices.gy-jtw]", "cannot close"),
        ("[hours]", "offices = 1\n[hours]", "offices = 1", "one an organisation"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, at: str, reason: str) -> None:
    assert old in SOURCE
    changed = SOURCE.replace(old, new, 1)
    with pytest.raises(LadderFaulty) as fault:
        ladder.read(changed.encode())
    text, _, number = at.partition("#")
    lines = [n for n, line in enumerate(changed.splitlines(), 1) if line.startswith(text)]
    assert fault.value.data["file"] == f"{ladder.FILE}:{lines[int(number or 1) - 1]}"
    assert reason in fault.value.data["reason"]
    assert reason in fault.value.sentence("zh")


@pytest.mark.parametrize(
    "source",
    [b"", b"\xff\xfe", b"rungs = 1", b"[[rungs]", b"a = 1\n" * 100_000, b"[hours]\nfrom='09:00'\nto='17:30'\n"],
)
def test_what_is_no_ladder_is_refused_with_a_sentence(source: bytes) -> None:
    with pytest.raises(LadderFaulty):
        ladder.read(source)


def test_without_a_ladder_nothing_is_started(tmp_path: Any) -> None:
    with pytest.raises(LadderFaulty):
        ladder.of(Settings(bundles=tmp_path))
    assert (
        ladder.faults(tmp_path / "shared" / ladder.FILE) == []
    )  # a folder of processes need not have one to be judged


def clock(**changed: Any) -> Deadline:
    values = {"case_id": "", "name": "reply", "basis": "statutory", "days": 10, "unit": "calendar", "roll": "forward"}
    rule = {"starts_on": "case.submitted", "owed_by": "data_provider", "state": "running"}
    due = {"due_on": date(2026, 5, 6), "due_at": shanghai("2026-05-07T00:00")}
    return Deadline(**(values | rule | due | changed))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-04-21T09:30", "2026-04-28T09:00"),
        ("2026-04-28T09:00", "2026-04-30T09:00"),
        ("2026-05-01T00:00", "2026-05-06T09:00"),
        ("2026-05-06T09:00", "2026-05-07T00:00"),
    ],
)
def test_the_next_rung_is_the_first_that_is_still_to_come(now: str, then: str) -> None:
    assert ladder.next_rung_at(Settings(), clock(), shanghai(now), CALENDAR) == shanghai(then)


def test_what_is_overdue_already_is_looked_at_once_for_its_breach() -> None:
    now = shanghai("2026-06-01T10:00")
    assert ladder.next_rung_at(Settings(), clock(), now, CALENDAR) == now


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "suspended"},
        {"state": "stopped"},
        {"state": "pending", "due_on": None, "due_at": None},
        {"basis": "internal", "organisation_id": None},
    ],
)
def test_a_clock_that_stands_still_or_binds_nobody_here_has_nothing_to_climb(changed: dict[str, Any]) -> None:
    assert ladder.next_rung_at(Settings(), clock(**changed), shanghai("2026-04-21T09:30"), CALENDAR) is None


def test_a_clock_that_ends_with_office_hours_is_missed_then() -> None:
    cut = clock(due_at=shanghai("2026-05-06T17:30"))
    assert ladder.instants(ladder.of(Settings()), cut, CALENDAR)["overdue"] == shanghai("2026-05-06T17:30")


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-04-28T09:00", "2026-04-28T09:00"),
        ("2026-04-28T17:29", "2026-04-28T17:29"),
        ("2026-04-28T17:30", "2026-04-29T09:00"),
        ("2026-04-28T03:00", "2026-04-28T09:00"),
        ("2026-04-30T18:00", "2026-05-06T09:00"),  # over the holiday
        ("2026-05-03T10:00", "2026-05-06T09:00"),
        ("2026-05-08T20:00", "2026-05-09T09:00"),  # a Saturday that is worked
        ("2026-05-09T10:00", "2026-05-09T10:00"),
        ("2026-05-10T10:00", "2026-05-11T09:00"),
    ],
)
def test_an_office_is_open_in_its_hours_on_working_days(now: str, then: str) -> None:
    assert ladder.next_open(HOURS, shanghai(now), CALENDAR) == shanghai(then)
    assert ladder.is_open(HOURS, shanghai(now), CALENDAR) == (now == then)
