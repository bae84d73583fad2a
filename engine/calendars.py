"""When an answer is due: the counting of days, and its explanation day by day.

The regulation says "within 10 days of the application" (自申请之日起10日内, Art. 15 and 21) and leaves the counting to
general law. By analogy to the Civil Code: the day of the start is not counted (Art. 201), a period whose last day is a
statutory rest day ends on the next working day (Art. 203(1)), and the last day ends at 24:00, or, where a rule has a
``cutoff``, when office hours end (Art. 203(2)). A make-up Saturday or Sunday is a working day. Other rules count
working days only.

Everything here is pure: no clock, no database. Days are days of Shanghai, instants are UTC and exclusive. What a
working day is, ``engine.holidays`` knows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from engine import clock
from engine.errors import Invalid
from engine.holidays import (
    FIRST_DAY,
    LAST_DAY,
    Calendar,
    DayOutOfRange,
    Kind,
    NoticeFaulty,
    Verdict,
    YearNotice,
    load,
    parse_notice,
    published,
    read_notice,
)

__all__ = [
    "Calendar",
    "DayNote",
    "DayOutOfRange",
    "Due",
    "Explanation",
    "NoSuchDay",
    "NoticeFaulty",
    "Pause",
    "Respite",
    "Rule",
    "RuleFaulty",
    "StartFaulty",
    "Verdict",
    "YearNotice",
    "count",
    "due_document",
    "due_lines",
    "explain",
    "left_in_words",
    "load",
    "parse_notice",
    "published",
    "read_day",
    "read_notice",
    "shift",
    "working_days_between",
]

Unit = Literal["calendar", "working"]
Roll = Literal["forward", "none"]
Role = Literal["start", "counted", "weekend", "holiday", "makeup", "paused", "rolled", "due"]

MAX_DAYS = 36_500
ONE_DAY = timedelta(days=1)
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class RuleFaulty(Invalid):
    """A time limit cannot be counted: {reason}."""

    zh = "期限无法计算：{reason_zh}。"

    def __init__(self, reason: str, reason_zh: str) -> None:
        super().__init__(reason=reason, reason_zh=reason_zh)


class StartFaulty(Invalid):
    """An instant needs its time zone before its day can be told: {start}."""

    zh = "时刻 {start} 没有时区，无法确定起算日。"

    def __init__(self, start: datetime) -> None:
        super().__init__(start=start.isoformat())


class NoSuchDay(Invalid):
    """“{text}” is not a day; write it as 2026-04-20."""

    zh = "“{text}”不是有效的日期，请按 2026-04-20 的格式填写。"

    def __init__(self, text: str) -> None:
        super().__init__(text=text[:40])


@dataclass(frozen=True)
class Rule:
    """How one clock counts: so many days, of which unit, and what happens when the last one is a rest day."""

    days: int
    unit: Unit = "calendar"
    roll: Roll = "forward"
    cutoff: time | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.days, int) or isinstance(self.days, bool):
            raise RuleFaulty("the number of days must be a whole number", "天数应为整数")
        if not 0 <= self.days <= MAX_DAYS:
            raise RuleFaulty(
                f"the number of days must lie between 0 and {MAX_DAYS}, not {self.days}",
                f"天数应在 0 至 {MAX_DAYS} 之间，现为 {self.days}",
            )
        if self.unit not in ("calendar", "working"):
            raise RuleFaulty(f"the unit is calendar or working, not {self.unit}", f"计算单位不能是 {self.unit}")
        if self.roll not in ("forward", "none"):
            raise RuleFaulty(f"roll is forward or none, not {self.roll}", f"顺延方式不能是 {self.roll}")
        if self.cutoff is not None and (not isinstance(self.cutoff, time) or self.cutoff.tzinfo is not None):
            raise RuleFaulty("the cutoff is a time of day in Shanghai", "截止时刻应为不带时区的时间")


@dataclass(frozen=True)
class Pause:
    """A time during which a clock stood still: from the day on which it was stopped to the day on which it went on.

    The day on which it stops has been used; what is left goes on from the day after it is resumed. So the days after
    ``first`` up to ``last`` do not count, and no period ends while its clock stands still.
    """

    first: date
    last: date

    def rests(self, day: date) -> bool:
        """Whether the day is not counted."""
        return self.first < day <= self.last

    def holds(self, day: date) -> bool:
        """Whether a period cannot end on the day."""
        return self.first <= day <= self.last and self.first < self.last


@dataclass(frozen=True)
class Due:
    """The last day on which an act is in time, and the first instant at which it is late."""

    day: date
    at: datetime
    provisional: bool
    calendar_version: str


@dataclass(frozen=True)
class DayNote:
    """One day of a count: its part in it (``verdict``), its number where it has one, and what kind of day it is."""

    day: date
    verdict: Role
    kind: Kind
    number: int | None = None
    holiday: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "date": self.day.isoformat(),
            "verdict": self.verdict,
            "number": self.number,
            "holiday": self.holiday,
            "kind": self.kind,
        }


@dataclass(frozen=True)
class Respite:
    """What has moved a clock: the days of its budget that were added, its pauses, and whether it began anew.

    While the clock stands still (``paused_since``), what was counted so far is explained, and there is no due date.
    """

    extra_days: int = 0  # of those of the rule
    pauses: tuple[Pause, ...] = ()
    paused_since: date | None = None
    restarted: bool = False


NO_RESPITE = Respite()


@dataclass(frozen=True)
class Explanation:
    """A due date with the reason for every day between start and end; no due date while the clock stands still."""

    rule: Rule
    start: date
    due: Due | None
    days: tuple[DayNote, ...]
    calendar_version: str
    article: str | None = None
    respite: Respite = NO_RESPITE

    @property
    def provisional(self) -> bool:
        """Whether a holiday notice still to come could move the due date."""
        return self.due is not None and self.due.provisional

    @property
    def left(self) -> int:
        """How many days of the budget are not counted yet."""
        return self.rule.days - max((note.number for note in self.days if note.number), default=0)

    def as_json(self) -> list[dict[str, Any]]:
        return [note.as_json() for note in self.days]

    def sentences(self, locale: str = "zh") -> list[str]:
        """One sentence a day, then what the count rests on: provisional or not, article, version of the calendar."""
        say = _say_zh if locale.startswith("zh") else _say_en
        return [say(note, self.rule, self.respite) for note in self.days] + self.footing(locale)

    def footing(self, locale: str = "zh") -> list[str]:
        """What moved the date, and what the count rests on."""
        chinese = locale.startswith("zh")
        lines = list(_moved_zh(self) if chinese else _moved_en(self))
        lines += [provisional_sentence(locale)] if self.provisional else []
        if self.article:
            lines.append(f"依据：{self.article}。" if chinese else f"Under {self.article}.")
        version = self.calendar_version
        lines.append(f"日历版本：{version}。" if chinese else f"Calendar version: {version}.")
        return lines


def count(rule: Rule, start: date | datetime, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Due:
    """The due date of a clock that starts on a day, or at an instant of that day, and stood still during the pauses."""
    first = _day_of(start)
    last = _last_counted(rule, first, calendar, pauses)
    day = _rolled(rule, last, calendar, pauses)
    return Due(day, _end(day, rule), _provisional(rule, first, last, day, calendar), calendar.version)


def explain(
    rule: Rule,
    start: date | datetime,
    calendar: Calendar,
    article: str | None = None,
    respite: Respite = NO_RESPITE,
) -> Explanation:
    """The same due date with every day from start to end and its part in the count.

    Of a clock that stands still, every day up to the one on which it was stopped.
    """
    first, pauses = _day_of(start), respite.pauses
    due = count(rule, first, calendar, pauses) if respite.paused_since is None else None
    last = due.day if due else max(respite.paused_since or first, first)
    days = tuple(_notes(rule, first, last, calendar, pauses, ends=due is not None))
    return Explanation(rule, first, due, days, calendar.version, article, respite)


def working_days_between(a: date, b: date, calendar: Calendar) -> int:
    """How many working days lie after ``a`` up to and including ``b``; negative when ``b`` is the earlier day.

    With today as ``a`` and a due date as ``b``: what is left (3), or by how much it is exceeded (-2). Between a day and
    itself, and between a Friday and its Sunday, there are none.
    """
    if b < a:
        return -working_days_between(b, a, calendar)
    return sum(calendar.is_workday(a + timedelta(days=offset)) for offset in range(1, (b - a).days + 1))


def left_in_words(today: date, due: date, calendar: Calendar, locale: str = "zh") -> str:
    """What is left until a due date, or by how much it is exceeded, as inbox and board say it."""
    days, chinese = working_days_between(today, due, calendar), locale.startswith("zh")
    if today == due:
        return "今天到期" if chinese else "due today"
    amount = f"{abs(days)} 个工作日" if days else "不足 1 个工作日"
    english = f"{abs(days)} working day{'' if abs(days) == 1 else 's'}" if days else "less than a working day"
    if today > due:
        return f"逾期{'' if not days else ' '}{amount}" if chinese else f"overdue by {english}"
    return f"还剩{'' if not days else ' '}{amount}" if chinese else f"{english} left"


def shift(day: date, working_days: int, calendar: Calendar) -> date:
    """The working day so many working days after a day, or before it when negative: "three working days before"."""
    if abs(working_days) > MAX_DAYS:
        raise RuleFaulty(f"{working_days} working days are too many", f"{working_days} 个工作日过多")
    step = ONE_DAY if working_days > 0 else -ONE_DAY
    for _ in range(abs(working_days)):
        day += step
        while not calendar.is_workday(day):
            day += step
    return day


def read_day(text: str) -> date:
    """A day written as 2026-04-20, and in no other way."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        raise NoSuchDay(text)
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise NoSuchDay(text) from error


def due_lines(explanation: Explanation, *, every_day: bool = False, locale: str = "zh") -> list[str]:
    """A due date as plain lines: the ISO date alone, then, when asked, one line a day and what the count rests on."""
    first = [explanation.due.day.isoformat()] if explanation.due else []
    if every_day:
        return [*first, *explanation.sentences(locale)]
    return [*first, provisional_sentence(locale)] if explanation.provisional else first


def due_document(explanation: Explanation, *, every_day: bool = False) -> dict[str, Any]:
    """A due date as data; with ``days`` when every day is asked for."""
    rule, due = explanation.rule, explanation.due
    document: dict[str, Any] = {
        "due": due.day.isoformat() if due else None,
        "at": due.at.isoformat().replace("+00:00", "Z") if due else None,
        "provisional": explanation.provisional,
        "start": explanation.start.isoformat(),
        "rule": {
            "days": rule.days,
            "unit": rule.unit,
            "roll": rule.roll,
            "cutoff": rule.cutoff.isoformat() if rule.cutoff else None,
        },
        "article": explanation.article,
        "calendar_version": explanation.calendar_version,
    }
    if every_day:
        document["days"] = explanation.as_json()
    return document


def provisional_sentence(locale: str = "zh") -> str:
    """Why a date may still move."""
    if locale.startswith("zh"):
        return "暂定：期间涉及的年度放假安排尚未公布，公布后将重新计算。"
    return "Provisional: the holidays of a year it depends on are not published yet; it will be counted again."


def _day_of(start: date | datetime) -> date:
    day = _shanghai_day(start) if isinstance(start, datetime) else start
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DayOutOfRange(day)
    return day


def _shanghai_day(instant: datetime) -> date:
    if instant.tzinfo is None:
        raise StartFaulty(instant)
    try:
        return clock.day_of(instant)
    except OverflowError as error:
        raise DayOutOfRange(instant.date()) from error


def _last_counted(rule: Rule, first: date, calendar: Calendar, pauses: Sequence[Pause]) -> date:
    """The day that bears the last number, before any rolling."""
    if pauses:
        return _last_beside(rule, first, calendar, pauses)
    if rule.unit == "working":
        return shift(first, rule.days, calendar)
    try:
        last = first + timedelta(days=rule.days)
    except OverflowError as error:
        raise DayOutOfRange(f"{first} + {rule.days}") from error
    if last > LAST_DAY:
        raise DayOutOfRange(last)
    return last


def _last_beside(rule: Rule, first: date, calendar: Calendar, pauses: Sequence[Pause]) -> date:
    """The same where days are left out because the clock stood still."""
    day, number = first, 0
    while number < rule.days:
        day += ONE_DAY
        if day > LAST_DAY:
            raise DayOutOfRange(day)
        if not any(pause.rests(day) for pause in pauses):
            number += rule.unit == "calendar" or calendar.is_workday(day)
    return day


def _rolled(rule: Rule, day: date, calendar: Calendar, pauses: Sequence[Pause]) -> date:
    """The first day on which the period can end: no rest day where the rule rolls, and none on which the clock stood still."""
    while (rule.roll == "forward" and not calendar.is_workday(day)) or any(pause.holds(day) for pause in pauses):
        day += ONE_DAY
    return day


def _provisional(rule: Rule, first: date, last: date, day: date, calendar: Calendar) -> bool:
    """Whether a holiday notice still to come could move the date, because a year it depends on is unpublished."""
    if rule.unit == "working" and rule.days:
        depends_from = first + ONE_DAY
    elif rule.roll == "forward":
        depends_from = last
    else:
        return False
    return not all(calendar.covered(date(year, 1, 1)) for year in range(depends_from.year, day.year + 1))


def _end(day: date, rule: Rule) -> datetime:
    """24:00 of the last day, or the end of office hours (Civil Code Art. 203(2)) where the rule has a cutoff."""
    if rule.cutoff is None:
        return clock.end_of(day)
    return datetime.combine(day, rule.cutoff, clock.SHANGHAI).astimezone(UTC)


def _notes(
    rule: Rule, first: date, last: date, calendar: Calendar, pauses: Sequence[Pause], *, ends: bool
) -> Iterator[DayNote]:
    """Every day from the first to the last, numbered as the rule counts; ``ends`` when the period ends on the last."""
    number = 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        verdict = calendar.verdict(day)
        rests = any(pause.rests(day) for pause in pauses)
        counts = offset > 0 and number < rule.days and not rests and (rule.unit == "calendar" or verdict.is_workday)
        number += counts
        complete = number == rule.days and (ends or not counts)
        over = ends and day == last
        role = _role(rule, verdict, started=offset > 0, counts=counts, complete=complete, ends=over)
        if rests:
            role = "paused"
        yield DayNote(day, role, verdict.kind, number if counts else None, verdict.holiday)


def _role(rule: Rule, verdict: Verdict, *, started: bool, counts: bool, complete: bool, ends: bool) -> Role:
    """The part that one day plays: the checks stand in the order in which a reader would ask."""
    if ends:
        return "due"
    if complete:
        return "rolled"
    if not started:
        return "start"
    if counts:
        return "makeup" if rule.unit == "working" and verdict.kind == "makeup" else "counted"
    return "holiday" if verdict.kind == "holiday" else "weekend"


def _say_zh(note: DayNote, rule: Rule, respite: Respite) -> str:
    what = {
        "workday": "",
        "weekend": "周末",
        "holiday": f"{note.holiday}假期",
        "makeup": f"{note.holiday}调休上班",
    }[note.kind]
    number = "" if note.number is None else f"第 {note.number} {_unit_zh(rule)}"
    number += "（延长）" if _is_extra(note, rule, respite) else ""
    ending = f"期限届满，截至 {rule.cutoff:%H:%M}" if rule.cutoff else "期限届满，截至 24:00"
    part = {
        "start": "重新起算当日，不计入" if respite.restarted else "起算当日，不计入",
        "rolled": "顺延",
        "due": ending,
        "weekend": "不计入",
        "holiday": "不计入",
        "paused": "中止期间，不计入",
    }.get(note.verdict, "")
    said = "，".join(words for words in (number, what, part) if words)
    return f"{note.day.isoformat()}（周{_WEEKDAYS_ZH[note.day.weekday()]}）{said}。"


def _say_en(note: DayNote, rule: Rule, respite: Respite) -> str:
    what = {
        "workday": "",
        "weekend": "weekend",
        "holiday": f"public holiday {note.holiday}",
        "makeup": f"make-up working day for {note.holiday}",
    }[note.kind]
    number = "" if note.number is None else f"{_unit_en(rule)} {note.number}"
    number += " (extension)" if _is_extra(note, rule, respite) else ""
    ending = f"due, until {rule.cutoff:%H:%M}" if rule.cutoff else "due, until 24:00"
    part = {
        "start": "begun anew, not counted" if respite.restarted else "start, not counted",
        "rolled": "rolls forward",
        "due": ending,
        "weekend": "not counted",
        "holiday": "not counted",
        "paused": "clock stopped, not counted",
    }.get(note.verdict, "")
    said = ", ".join(words for words in (number, what, part) if words)
    return f"{note.day.isoformat()} ({_WEEKDAYS_EN[note.day.weekday()]}) {said}."


def _is_extra(note: DayNote, rule: Rule, respite: Respite) -> bool:
    """Whether a day is one of those by which the period was extended."""
    return note.number is not None and note.number > rule.days - respite.extra_days


def _unit_zh(rule: Rule) -> str:
    return "个工作日" if rule.unit == "working" else "日"


def _unit_en(rule: Rule) -> str:
    return "working day" if rule.unit == "working" else "day"


def _moved_zh(explanation: Explanation) -> Iterator[str]:
    """What has moved the date, or keeps it from being one, as sentences."""
    rule, respite = explanation.rule, explanation.respite
    if respite.restarted:
        yield f"自 {explanation.start.isoformat()} 重新起算，此前经过的期间不计入。"
    if respite.extra_days:
        yield f"延长 {respite.extra_days} {_unit_zh(rule)}，期限共 {rule.days} {_unit_zh(rule)}。"
    for pause in respite.pauses:
        yield f"{pause.first.isoformat()} 中止计时，{pause.last.isoformat()} 恢复，剩余期间自恢复次日起继续计算。"
    if respite.paused_since is not None:
        left = f"剩余 {explanation.left} {_unit_zh(rule)}"
        yield f"自 {respite.paused_since.isoformat()} 起中止计时，{left}，恢复后次日起继续计算。"


def _moved_en(explanation: Explanation) -> Iterator[str]:
    rule, respite = explanation.rule, explanation.respite
    if respite.restarted:
        yield f"Begun anew on {explanation.start.isoformat()}; what had passed before does not count."
    if respite.extra_days:
        yield f"Extended by {_many(respite.extra_days, rule)}, to {_many(rule.days, rule)} in all."
    for pause in respite.pauses:
        first, last = pause.first.isoformat(), pause.last.isoformat()
        yield f"Suspended on {first}, resumed on {last}; what was left goes on from the day after."
    if respite.paused_since is not None:
        left = _many(explanation.left, rule)
        yield f"Suspended since {respite.paused_since.isoformat()}; {left} left, which go on from the day after it is resumed."


def _many(days: int, rule: Rule) -> str:
    return f"{days} {_unit_en(rule)}{'' if days == 1 else 's'}"
