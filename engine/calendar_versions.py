"""Which calendar counts now, and which one counted then.

The calendar of an installation is the published years, the files in ``bpmn/shared/calendars``, and the holiday notices that
were approved, each over the one before. A clock keeps the version that its date was counted with, and that version is stored
with its days: so a date can be explained for ever, whatever notices or product versions come later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from engine import holidays
from engine.db import Reading, UnitOfWork
from engine.holidays import Calendar, YearNotice
from engine.models import CalendarVersion, HolidayNotice, new_id

_CURRENT = "calendar"  # what a session remembers: the calendar of this look or write …
_KEPT = "calendar version stored"  # … and whether it stored one, which may yet be undone


@dataclass
class _Memory:
    """What this process knows of one database: it only ever grows there, so nothing here can become wrong."""

    made: dict[tuple[Path, str | None], Calendar] = field(
        default_factory=dict
    )  # by folder of files and newest approved notice
    stored: dict[str, Calendar] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)  # versions that are known to be stored


_MEMORIES: WeakKeyDictionary[Any, _Memory] = WeakKeyDictionary()


def _memory(reading: Reading) -> _Memory:
    return _MEMORIES.setdefault(reading.session.get_bind(), _Memory())


def current(reading: Reading) -> Calendar:
    """The calendar that counts now. Asked for again in the same look or write, it is the same one."""
    known: dict[Any, Any] = reading.session.info
    if _CURRENT not in known:
        known[_CURRENT] = _newest(reading)
    calendar: Calendar = known[_CURRENT]
    return calendar


def forget(reading: Reading) -> None:
    """Let the rest of this write see a notice that it has approved."""
    reading.session.info.pop(_CURRENT, None)


def _newest(reading: Reading) -> Calendar:
    folder, memory = reading.settings.bundles / "shared" / "calendars", _memory(reading)
    stamp = (folder, reading.session.exec(_NEWEST).first())
    if stamp not in memory.made:
        memory.made[stamp] = holidays.overlaid([*_files(folder), *approved(reading)])
    return memory.made[stamp]


_NEWEST = (
    select(HolidayNotice.id)
    .where(col(HolidayNotice.number).is_not(None))
    .order_by(col(HolidayNotice.number).desc())
    .limit(1)
)


@lru_cache(8)
def _files(folder: Path) -> tuple[YearNotice, ...]:
    return tuple(holidays.read_folder(folder))


def approved(reading: Reading) -> list[YearNotice]:
    """The approved notices, the last one approved last."""
    rows = select(HolidayNotice).where(col(HolidayNotice.number).is_not(None)).order_by(col(HolidayNotice.number))
    return [holidays.parse_notice(row.text, str(row.year)) for row in reading.session.exec(rows)]


def in_force(reading: Reading) -> Mapping[int, YearNotice]:
    """By year, the notice that counts now, from a file or approved; published years without one are not among them."""
    folder = reading.settings.bundles / "shared" / "calendars"
    return {notice.year: notice for notice in (*_files(folder), *approved(reading))}


def with_notice(reading: Reading, notice: YearNotice) -> Calendar:
    """The calendar as it would be if a notice were approved."""
    return holidays.overlaid([*in_force(reading).values(), notice])


# ---------------------------------------------------------------- what was counted with


def keep(uow: UnitOfWork, calendar: Calendar) -> None:
    """Store a calendar with which a clock is counted, once for all; of a version that is known to be stored, nothing is asked."""
    memory = _memory(uow)
    if calendar.version in memory.kept:
        return
    insert = sqlite.insert if uow.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "id": new_id(),
        "version": calendar.version,
        "years": sorted(calendar.years),
        "holidays": _written(calendar.holidays),
        "makeup": _written(calendar.makeup),
        "stored_at": uow.now,
    }
    stored = uow.session.connection().execute(
        insert(CalendarVersion).values(row).on_conflict_do_nothing(index_elements=["version"])
    )
    if stored.rowcount:
        uow.session.info[_KEPT] = True
    elif not uow.session.info.get(_KEPT):  # somebody else has committed it
        memory.kept.add(calendar.version)


def of_version(reading: Reading, version: str) -> Calendar:
    """The calendar of a version. One that was never stored (of an older release) is taken to be the present one."""
    memory = _memory(reading)
    if version in memory.stored:
        return memory.stored[version]
    present = current(reading)
    if version == present.version:
        return present
    row = reading.session.exec(select(CalendarVersion).where(col(CalendarVersion.version) == version)).first()
    if row is None:
        return present
    calendar = Calendar(row.version, frozenset(row.years), _read(row.holidays), _read(row.makeup))
    memory.stored[version] = calendar
    return calendar


def _written(days: Mapping[date, str]) -> dict[str, str]:
    return {day.isoformat(): name for day, name in sorted(days.items())}


def _read(days: Mapping[str, str]) -> Mapping[date, str]:
    return MappingProxyType({date.fromisoformat(day): name for day, name in days.items()})
