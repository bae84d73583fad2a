"""How much time is left, as a light with words; counted by the same calendar everywhere."""

from datetime import date, datetime, timedelta

from engine import calendars, clock, deadlines, process, supervision
from engine.db import Reading
from engine.models import Case, Deadline
from engine.views import Light

PAUSED = Light("grey", "暂停计时", "clock paused")
NO_CLOCK = Light("grey", "不计期限", "no time limit")
IN_TIME = Light("green", "按期完成", "done in time")
DONE_LATE = Light("red", "逾期完成", "done late")
CALLED = {  # limits that no law sets
    "internal": ("内部时限", "internal target"),
    "ordered": ("改正期限", "limit of the order"),
    "regulatory": ("规章期限", "limit of a lower rule"),
    "external": ("外部期限", "limit set elsewhere"),
}


def by_date(reading: Reading, due_on: date | None) -> Light:
    """The light of a running legal clock that is due on a day."""
    if due_on is None:
        return NO_CLOCK
    today, calendar = deadlines.today(reading), deadlines.calendar(reading)
    colour = "red" if today > due_on else "amber" if due_on <= supervision.soon_day(reading) else "green"
    return Light(
        colour,  # type: ignore[arg-type]
        calendars.left_in_words(today, due_on, calendar, "zh"),
        calendars.left_in_words(today, due_on, calendar, "en"),
    )


def of_case(reading: Reading, case: Case) -> Light:
    """The light of a case: of its pressing legal clock, or that the clock by which it is measured stands still."""
    if case.due_at is None and case.status == process.SUSPENDED:
        return PAUSED
    return by_date(reading, last_day(case.due_at))


def target(reading: Reading, due_on: date, basis: str = "internal") -> Light:
    """The light of a limit that no law sets, which says what it is."""
    plain = softened(by_date(reading, due_on))
    zh, en = CALLED.get(basis, CALLED["internal"])
    return Light(plain.colour, f"{zh}{plain.zh}", f"{en}: {plain.en}")


def softened(light: Light) -> Light:
    """The light of a clock that no law sets: it warns, but it is never red."""
    return Light("amber", light.zh, light.en) if light.colour == "red" else light


def of_deadline(reading: Reading, deadline: Deadline) -> Light:
    """The light of one clock, whatever its state."""
    if deadline.state == "suspended":
        return PAUSED
    if deadline.state == "stopped" and deadline.started_at is not None:
        return DONE_LATE if deadlines.missed(deadline, reading.now) else IN_TIME
    if deadline.state != "running" or deadline.due_on is None:
        return NO_CLOCK
    if deadline.basis == "internal":
        return target(reading, deadline.due_on)
    light = by_date(reading, deadline.due_on)
    return light if deadline.basis == "statutory" else softened(light)


def last_day(due_at: datetime | None) -> date | None:
    """The last day of a period that ends at an exclusive instant."""
    return clock.day_of(due_at - timedelta(microseconds=1)) if due_at else None
