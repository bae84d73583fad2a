"""Which days are working days: weekends, public holidays and make-up working days, year by year.

The State Council publishes each year's holidays in the autumn before (国务院办公厅关于部分节假日安排的通知). The years
that ``chinesecalendar`` knows come from there; a notice that arrives later is one TOML or JSON file a year. A year without a
notice counts weekends and the days that the law itself fixes (全国年节及纪念日放假办法, as in force
since 2025), and whatever was counted with it is provisional (暂定), because nobody can know the make-up days before
they are published.

The lunar festivals and 清明 of those years are a table, ``festivals.toml``: astronomy, not law.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import chinese_calendar

from engine.errors import Invalid
from engine.strict import Unreadable, read_json, read_toml

Kind = Literal["workday", "weekend", "holiday", "makeup"]

FIRST_DAY = date(2004, 1, 1)
LAST_DAY = date(2100, 12, 31)

SATURDAY = 5
SUPPOSED = "假设"  # how a day is called that somebody only supposes to be a holiday
LONGEST_HOLIDAY = timedelta(days=31)
LONGEST_TEXT = 200  # signs of a source or of a holiday's name
LONGEST_VERSION = 64  # signs that a clock keeps of the calendar that it was counted with

# The library's short names, as the State Council's notices write them.
_OFFICIAL_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}


class DayOutOfRange(Invalid):
    """The calendar reaches from {first} to {last}; {day} lies outside."""

    zh = "日历可计算 {first} 至 {last} 之间的日期，{day} 超出范围。"

    def __init__(self, day: date | str) -> None:
        super().__init__(day=str(day), first=FIRST_DAY.isoformat(), last=LAST_DAY.isoformat())


class NoticeFaulty(Invalid):
    """The holiday notice {file} cannot be used: {reason}."""

    zh = "放假安排文件 {file} 不能使用：{reason_zh}。"

    def __init__(self, file: str, reason: str, reason_zh: str) -> None:
        super().__init__(file=file, reason=reason, reason_zh=reason_zh)


@dataclass(frozen=True)
class Verdict:
    """What a day is; ``holiday`` names the holiday it belongs to, or for which its make-up day is worked."""

    kind: Kind
    holiday: str | None = None

    @property
    def is_workday(self) -> bool:
        return self.kind in ("workday", "makeup")


@dataclass(frozen=True)
class YearNotice:
    """One year's holidays as the State Council announced them; days of the December before may be among them."""

    year: int
    source: str
    holidays: Mapping[date, str]
    makeup: Mapping[date, str]

    @property
    def version(self) -> str:
        """The year and a digest of what the notice says, whatever the file's layout."""
        days = [f"{day} {name}" for table in (self.holidays, self.makeup) for day, name in sorted(table.items())]
        said = "\n".join([str(len(self.holidays)), *days])
        return f"{self.year}.{hashlib.sha256(said.encode()).hexdigest()[:8]}"

    def omitted(self) -> tuple[date, ...]:
        """Days that the law fixes as holidays and this notice does not name: a reason to read the notice again."""
        return tuple(sorted(day for day in statutory_days(self.year) if day not in self.holidays))

    def by_holiday(self) -> list[tuple[str, "DaysOfHoliday"]]:
        """The days of each holiday, in the order of their first day."""
        names = dict.fromkeys([*(n for _, n in sorted(self.holidays.items())), *self.makeup.values()])
        return [(name, DaysOfHoliday(_named(self.holidays, name), _named(self.makeup, name))) for name in names]


@dataclass(frozen=True)
class DaysOfHoliday:
    """The days off of one holiday, and the days that are worked for it."""

    holidays: tuple[date, ...]
    makeup: tuple[date, ...]


def _named(days: Mapping[date, str], name: str) -> tuple[date, ...]:
    return tuple(sorted(day for day, known in days.items() if known == name))


@dataclass(frozen=True)
class Calendar:
    """The working days of Guiyang, with the version that a due date is recorded under."""

    version: str
    years: frozenset[int]
    holidays: Mapping[date, str] = field(repr=False)
    makeup: Mapping[date, str] = field(repr=False)

    def covered(self, day: date) -> bool:
        """Whether the holidays of that day's year have been published."""
        return day.year in self.years

    def verdict(self, day: date) -> Verdict:
        """What kind of day it is, and the holiday's Chinese name where there is one."""
        if not FIRST_DAY <= day <= LAST_DAY:
            raise DayOutOfRange(day)
        if day in self.makeup:
            return Verdict("makeup", self.makeup[day])
        name = self.holidays.get(day) or (None if self.covered(day) else statutory_days(day.year).get(day))
        if name:
            return Verdict("holiday", name)
        return Verdict("weekend" if day.weekday() >= SATURDAY else "workday")

    def is_workday(self, day: date) -> bool:
        return self.verdict(day).is_workday

    def special_days(self, year: int) -> list[tuple[date, Verdict]]:
        """The holidays and make-up days of a year, in order."""
        known = {*self.holidays, *self.makeup, *statutory_days(year)}
        days = [(day, self.verdict(day)) for day in sorted(known) if day.year == year]
        return [(day, verdict) for day, verdict in days if verdict.holiday]

    def with_notice(self, notice: YearNotice) -> "Calendar":
        """This calendar with one year replaced by its notice. Apply notices in the order of their years."""

        def merged(ours: Mapping[date, str], theirs: Mapping[date, str]) -> Mapping[date, str]:
            announced = {*notice.holidays, *notice.makeup}
            kept = {day: name for day, name in ours.items() if day.year != notice.year and day not in announced}
            return MappingProxyType({**kept, **theirs})

        return Calendar(
            version=_joined(self.version, notice.version),
            years=self.years | {notice.year},
            holidays=merged(self.holidays, notice.holidays),
            makeup=merged(self.makeup, notice.makeup),
        )

    def supposing(self, holidays: Iterable[date] = (), workdays: Iterable[date] = ()) -> "Calendar":
        """This calendar with some days made holidays and others made working days: for asking what if, not for counting."""
        rest, worked = dict.fromkeys(holidays, SUPPOSED), dict.fromkeys(workdays, SUPPOSED)
        for day in (*rest, *worked):
            self.verdict(day)  # raises DayOutOfRange
        return Calendar(
            version=f"{self.version}?",
            years=self.years,
            holidays=MappingProxyType({**{d: n for d, n in self.holidays.items() if d not in worked}, **rest}),
            makeup=MappingProxyType({**{d: n for d, n in self.makeup.items() if d not in rest}, **worked}),
        )


def _joined(version: str, addition: str) -> str:
    """The version of a calendar with one more notice. One that grows too long is named by its hash, with its beginning."""
    whole = f"{version}+{addition}"
    if len(whole) <= LONGEST_VERSION:
        return whole
    return f"{version.partition('+')[0][:40]}+{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


@cache
def published() -> Calendar:
    """The calendar of the years published when the product was built."""
    holidays = chinese_calendar.holidays
    return Calendar(
        version=f"chinesecalendar-{chinese_calendar.__version__}",
        years=frozenset(range(min(holidays).year, max(holidays).year + 1)),
        holidays=MappingProxyType({day: _official_name(name) for day, name in holidays.items()}),
        makeup=MappingProxyType({day: _official_name(name) for day, name in chinese_calendar.workdays.items()}),
    )


def load(folder: Path) -> Calendar:
    """The published calendar with every year notice of a folder (``2027.toml`` …) laid over it."""
    return overlaid(read_folder(folder))


def read_folder(folder: Path) -> list[YearNotice]:
    """The year notices of a folder; none where there is no folder."""
    return [read_notice(path) for path in sorted(folder.glob("*.toml"))]


def overlaid(notices: Iterable[YearNotice]) -> Calendar:
    """The published calendar with notices laid over it in the order of their years. Of one year the last one counts."""
    calendar = published()
    of_years = {notice.year: notice for notice in notices}
    for year in sorted(of_years):
        calendar = calendar.with_notice(of_years[year])
    return calendar


def read_notice(path: Path) -> YearNotice:
    """One year's notice from a file that is named after its year."""
    try:
        notice = parse_notice(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise NoticeFaulty(path.name, f"it cannot be read ({type(error).__name__})", "文件无法读取") from error
    if path.stem != str(notice.year):
        raise NoticeFaulty(path.name, f"it must be named {notice.year}.toml", f"文件应命名为 {notice.year}.toml")
    return notice


def parse_notice(text: str, file: str) -> YearNotice:
    """A year's notice from TOML: ``year``, ``source``, and per ``[[holiday]]`` its name, from, to and make-up days.

    The same in JSON, with days written as ``"2027-01-01"``.
    """
    written = text.lstrip("\ufeff \t\r\n")
    try:
        if not written.startswith("{"):
            return _NoticeReader(file).read(read_toml(text.encode()))
        raw = read_json(text.encode())
    except (Unreadable, UnicodeEncodeError) as error:
        kind = "JSON" if written.startswith("{") else "TOML"
        raise NoticeFaulty(file, f"it is not {kind} ({error})", f"不是有效的 {kind} 文件") from error
    return _NoticeReader(file, days_are_texts=True).read(raw)


class _NoticeReader:
    """Reads a notice strictly: a mistyped day here would move the due date of every open case."""

    def __init__(self, file: str, days_are_texts: bool = False) -> None:
        self.file = file
        self.days_are_texts = days_are_texts  # JSON has no dates of its own
        self.year = 0
        self.holidays: dict[date, str] = {}
        self.makeup: dict[date, str] = {}

    def read(self, raw: dict[str, Any]) -> YearNotice:
        self._only(raw, "year", "source", "holiday")
        self.year = self._year(raw.get("year"))
        source = self._text(raw, "source")
        entries = raw.get("holiday")
        if not isinstance(entries, list) or not entries:
            raise self._fault("it names no [[holiday]]", "没有任何 [[holiday]]")
        for entry in entries:
            self._entry(entry)
        both = sorted(self.holidays.keys() & self.makeup.keys())
        if both:
            raise self._fault(f"{both[0]} is both holiday and make-up day", f"{both[0]} 既是假日又是调休上班日")
        return YearNotice(self.year, source, MappingProxyType(self.holidays), MappingProxyType(self.makeup))

    def _entry(self, entry: Any) -> None:
        if not isinstance(entry, dict):
            raise self._fault("a [[holiday]] is not a table", "[[holiday]] 不是表")
        self._only(entry, "name", "from", "to", "makeup")
        name = self._text(entry, "name")
        first, last = self._day(entry.get("from"), "from"), self._day(entry.get("to"), "to")
        if not first <= last < first + LONGEST_HOLIDAY:
            raise self._fault(f"{name} runs from {first} to {last}", f"{name}的起止日期 {first} 至 {last} 不合理")
        for offset in range((last - first).days + 1):
            self._put(self.holidays, first + timedelta(days=offset), name)
        worked = entry.get("makeup", [])
        if not isinstance(worked, list):
            raise self._fault(f"makeup of {name} is not a list of days", f"{name}的 makeup 不是日期列表")
        for item in worked:
            day = self._day(item, "makeup")
            if day.weekday() < SATURDAY:
                raise self._fault(f"the make-up day {day} is no weekend day", f"调休上班日 {day} 不是周末")
            self._put(self.makeup, day, name)

    def _put(self, table: dict[date, str], day: date, name: str) -> None:
        if day in table:
            raise self._fault(f"{day} is named twice", f"{day} 重复出现")
        table[day] = name

    def _year(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not FIRST_DAY.year <= value <= LAST_DAY.year:
            raise self._fault("year must be a year such as 2027", "year 应为年份，例如 2027")
        return value

    def _day(self, value: Any, key: str) -> date:
        if self.days_are_texts:
            value = _written_day(value)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._fault(f"{key} must be a date such as 2027-01-01", f"{key} 应为日期，例如 2027-01-01")
        if value.year != self.year and (value.year, value.month) != (self.year - 1, 12):
            raise self._fault(f"{value} does not belong to {self.year}", f"{value} 不属于 {self.year} 年")
        return value

    def _text(self, table: dict[str, Any], key: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._fault(f"{key} is missing", f"缺少 {key}")
        if len(value) > LONGEST_TEXT or not value.strip().isprintable():
            raise self._fault(
                f"{key} is no line of at most {LONGEST_TEXT} signs", f"{key} 应为一行，不超过 {LONGEST_TEXT} 个字"
            )
        return value.strip()

    def _only(self, table: dict[str, Any], *known: str) -> None:
        unknown = sorted(table.keys() - set(known))
        if unknown:
            raise self._fault(f"{unknown[0]} is not known here", f"未知的项目 {unknown[0]}")

    def _fault(self, reason: str, reason_zh: str) -> NoticeFaulty:
        return NoticeFaulty(self.file, reason, reason_zh)


def _written_day(value: Any) -> date | None:
    """A day of JSON, written as 2027-01-01 and in no other way."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return day if day and day.isoformat() == value else None


@cache
def statutory_days(year: int) -> Mapping[date, str]:
    """The thirteen days that the law itself makes holidays, for a year whose notice is not out.

    Empty for years before the table of festivals begins: their notices are all published.
    """
    festivals = _festivals().get(year)
    if festivals is None:
        return MappingProxyType({})
    new_year = festivals["spring"]
    fixed: list[tuple[str, Iterable[date]]] = [
        ("元旦", [date(year, 1, 1)]),
        ("春节", [new_year + timedelta(days=offset) for offset in range(-1, 3)]),
        ("清明节", [festivals["qingming"]]),
        ("劳动节", [date(year, 5, 1), date(year, 5, 2)]),
        ("端午节", [festivals["dragon_boat"]]),
        ("国庆节", [date(year, 10, 1), date(year, 10, 2), date(year, 10, 3)]),
        ("中秋节", [festivals["mid_autumn"]]),
    ]
    days: dict[date, str] = {}
    for name, dates in fixed:
        for day in dates:
            days[day] = f"{days[day]}、{name}" if day in days else name
    return MappingProxyType(days)


@cache
def _festivals() -> Mapping[int, Mapping[str, date]]:
    raw = tomllib.loads(Path(__file__).with_name("festivals.toml").read_text(encoding="utf-8"))
    return MappingProxyType({int(year): days for year, days in raw["years"].items()})


def _official_name(library_name: str) -> str:
    chinese: str = chinese_calendar.Holiday(library_name).chinese
    return _OFFICIAL_NAMES.get(chinese, chinese)
