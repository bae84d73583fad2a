"""The language of a page: Chinese first, English on request, and how each writes dates, sizes and shares.

Texts in code and templates are English msgids; ``locale/zh_Hans_CN`` holds their Chinese. The catalogue is read from
its ``.po`` at start, so no compiled file is kept. A reader switches with ``?lang=en``, which a cookie remembers.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from fastapi import Request

from engine import clock

CHINESE, ENGLISH = "zh", "en"
LOCALES = (CHINESE, ENGLISH)
LANGUAGE_COOKIE = "duban_lang"
CATALOGUE = Path(__file__).parent / "locale" / "zh_Hans_CN" / "LC_MESSAGES" / "duban.po"

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def locale_of(request: Request) -> str:
    """The language in which the reader of this request wants to be answered."""
    asked = request.query_params.get("lang")
    if asked in LOCALES:
        return str(asked)
    remembered = request.cookies.get(LANGUAGE_COOKIE, CHINESE)
    return remembered if remembered in LOCALES else CHINESE


@cache
def catalogue() -> Catalog:
    """The Chinese texts by their English msgids."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def gettext(locale: str) -> Callable[[str], str]:
    """The function that says a msgid in a language."""
    return _chinese if locale == CHINESE else str


def ngettext(locale: str) -> Callable[[str, str, int], str]:
    """The same for a number of things: Chinese has one form, English two."""

    def counted(singular: str, plural: str, number: int) -> str:
        return _chinese(singular) if locale == CHINESE else singular if number == 1 else plural

    return counted


def _chinese(msgid: str) -> str:
    message = catalogue().get(msgid)
    said = message.string if message else ""
    text = said if isinstance(said, str) else next(iter(said or ()), "")
    return text or msgid


def long_day(day: date | None, locale: str) -> str:
    """2026年11月24日（星期二）, or Tuesday, 24 November 2026."""
    if day is None:
        return ""
    if locale == CHINESE:
        return f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS_ZH[day.weekday()]}）"
    return f"{_WEEKDAYS_EN[day.weekday()]}, {day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def plain_day(day: date | None, locale: str) -> str:
    """2026年11月24日, or 24 November 2026."""
    if day is None:
        return ""
    if locale == CHINESE:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def short_day(day: date | None, locale: str, today: date | None = None) -> str:
    """11月24日 周二, or Tue 24 Nov: for lists. The year is said when it is not this one."""
    if day is None:
        return ""
    other_year = today is not None and day.year != today.year
    if locale == CHINESE:
        return f"{f'{day.year}年' if other_year else ''}{day.month}月{day.day}日 周{_WEEKDAYS_ZH[day.weekday()]}"
    year = f" {day.year}" if other_year else ""
    return f"{_WEEKDAYS_EN[day.weekday()][:3]} {day.day} {_MONTHS_EN[day.month - 1][:3]}{year}"


def moment(instant: datetime | None, locale: str) -> str:
    """2026年11月24日 09:14, in Guiyang's time."""
    if instant is None:
        return ""
    return f"{plain_day(clock.day_of(instant), locale)} {instant.astimezone(clock.SHANGHAI):%H:%M}"


def short_moment(instant: datetime | None, locale: str) -> str:
    """11月24日 09:14, in Guiyang's time."""
    if instant is None:
        return ""
    local = instant.astimezone(clock.SHANGHAI)
    if locale == CHINESE:
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {_MONTHS_EN[local.month - 1][:3]} {local:%H:%M}"


def size(octets: int | None) -> str:
    """86 KB, 1.2 MB."""
    if octets is None:
        return ""
    if octets < 1024:
        return f"{octets} B"
    if octets < 1024 * 1024:
        return f"{octets / 1024:.0f} KB"
    return f"{octets / 1024 / 1024:.1f} MB"
