"""The ladder of reminders: which rungs a running clock climbs, and when, from ``bpmn/shared/ladder.toml``.

Pure but for reading that file once. A rung has a legal instant, counted in working days from the due day by the calendar that
counted the due date; what happens there is in ``engine.climbing``. A clock carries the instant of its next rung
(``Deadline.climbs_at``), so that the sweep never looks at one that has nothing to climb.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec

from engine import calendars, clock
from engine.db import UnitOfWork
from engine.errors import Invalid
from engine.models import Deadline
from engine.runtime import Fault
from engine.settings import Settings
from engine.strict import Unreadable, read_toml

FILE = "ladder.toml"
MIDNIGHT = "24:00"
MOST_WORKING_DAYS = 250
Told = Literal["assignee", "unit_head", "supervisor"]
Effect = Literal["reminder", "breach", "lead"]
T = TypeVar("T")


class LadderFaulty(Invalid):
    """The ladder of reminders cannot be used: {file}: {reason}."""

    zh = "催办提醒配置不能使用：{file}：{reason}。"


class _Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all declarations: a misspelt key never passes silently."""


class Rung(_Declared, frozen=True):
    """``[[rungs]]``: one step of the ladder."""

    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    title_en: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    working_days: Annotated[int, msgspec.Meta(ge=-MOST_WORKING_DAYS, le=MOST_WORKING_DAYS)]
    at: str
    to: Annotated[list[Told], msgspec.Meta(min_length=1)]
    effect: Effect


class Hours(_Declared, frozen=True, rename={"opens": "from", "closes": "to"}):
    """``[hours]``, ``[offices.X]``: from when to when an office works on a working day."""

    opens: str
    closes: str


class Internal(_Declared, frozen=True):
    """``[internal]``: who at most is told about a target of our own."""

    to: list[Told]


class Gap(_Declared, frozen=True):
    """``[digest]``, ``[urging]``: how long it is kept quiet in between."""

    gap_hours: Annotated[int, msgspec.Meta(ge=0, le=24 * 31)]

    @property
    def gap(self) -> timedelta:
        return timedelta(hours=self.gap_hours)


class Silence(_Declared, frozen=True):
    """``[silence]``: after how long it is an alarm that nothing was heard; of datasets, in days by their frequency."""

    acknowledgement_minutes: Annotated[int, msgspec.Meta(ge=1, le=60 * 24 * 31)]
    metronome_seconds: Annotated[int, msgspec.Meta(ge=20, le=60 * 60 * 24)]
    delivery_working_days: Annotated[int, msgspec.Meta(ge=1, le=31)]
    post_working_days: Annotated[int, msgspec.Meta(ge=1, le=31)]
    unserved_working_days: Annotated[int, msgspec.Meta(ge=1, le=MOST_WORKING_DAYS)]
    frequencies: dict[str, Annotated[int, msgspec.Meta(ge=1, le=3660)]]


@dataclass(frozen=True)
class Ladder:
    """The whole file. ``version`` is a digest of what it says."""

    rungs: tuple[Rung, ...]
    hours: Hours
    offices: Mapping[str, Hours]
    internal: Internal
    digest: Gap
    urging: Gap
    silence: Silence
    version: str

    def rung(self, key: str) -> Rung | None:
        return next((rung for rung in self.rungs if rung.key == key), None)

    def office(self, organisation_code: str) -> Hours:
        """The hours of an organisation, by its code."""
        return self.offices.get(organisation_code, self.hours)


def of(settings: Settings) -> Ladder:
    """The ladder of this installation, read once. Raises LadderFaulty."""
    return _read(settings.bundles / "shared" / FILE)


@lru_cache(8)
def _read(path: Path) -> Ladder:
    if not path.is_file():
        raise LadderFaulty(file=FILE, reason="there is no such file in the folder “shared”")
    return read(path.read_bytes())


# ---------------------------------------------------------------- when


class Dated(Protocol):
    """What has a due date: a clock, or what a clock is to become."""

    @property
    def due_on(self) -> date | None: ...

    @property
    def due_at(self) -> datetime | None: ...


def next_rung_at(
    settings: Settings, deadline: Deadline, now: datetime, calendar: calendars.Calendar
) -> datetime | None:
    """When a clock has something to climb next; nothing while it does not run, or has climbed all, or binds nobody here.

    What lies before now is past: nobody is reminded late of what was never to come. A clock that is overdue already is looked
    at once, for its breach.
    """
    if deadline.state != "running" or not binds(deadline):
        return None
    return next_from(of(settings), deadline, now, calendar)


def next_from(ladder: Ladder, dated: Dated, now: datetime, calendar: calendars.Calendar) -> datetime | None:
    """The same for a date alone, of a clock that runs and binds somebody."""
    if dated.due_at is None:
        return None
    return now if dated.due_at <= now else after(ladder, dated, now, calendar)


def plan(uow: UnitOfWork, deadline: Deadline, calendar: calendars.Calendar) -> None:
    """Note on a clock that has started, moved or stopped when it has something to climb next."""
    deadline.climbs_at = next_rung_at(uow.settings, deadline, uow.now, calendar)


def after(ladder: Ladder, deadline: Dated, now: datetime, calendar: calendars.Calendar) -> datetime | None:
    """The instant of the first rung that lies after now; nothing when all have been reached."""
    return min((at for at in instants(ladder, deadline, calendar).values() if at > now), default=None)


def instants(ladder: Ladder, deadline: Dated, calendar: calendars.Calendar) -> dict[str, datetime]:
    """The legal instant of each rung of a clock that has a due date, in the order in which they are climbed."""
    if deadline.due_on is None or deadline.due_at is None:
        return {}
    known = _known(ladder, calendar)
    if deadline.due_on not in known:
        known[deadline.due_on] = {rung.key: _instant(rung, deadline.due_on, calendar) for rung in ladder.rungs}
    missed = {rung.key: deadline.due_at for rung in ladder.rungs if rung.effect == "breach"}
    return dict(sorted((known[deadline.due_on] | missed).items(), key=lambda item: item[1]))


def _known(ladder: Ladder, calendar: calendars.Calendar) -> dict[date, dict[str, datetime]]:
    """What was counted with this ladder and calendar: thousands of clocks are due on the same day."""
    key = (id(ladder), id(calendar))  # both are kept along with it, so that no other object can have their ids
    if key not in _KNOWN:
        while len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.pop(next(iter(_KNOWN)), None)
        _KNOWN[key] = (ladder, calendar, {})
    return _KNOWN[key][2]


MOST_KNOWN = 4
_KNOWN: dict[tuple[int, int], tuple[Ladder, calendars.Calendar, dict[date, dict[str, datetime]]]] = {}


def binds(deadline: Deadline) -> bool:
    """Whether an organisation must keep the clock; what a party owes reminds nobody (``supervision.targets``)."""
    return deadline.basis == "statutory" or deadline.organisation_id is not None


def _instant(rung: Rung, due_on: date, calendar: calendars.Calendar) -> datetime:
    day = calendars.shift(due_on, rung.working_days, calendar)
    if rung.at == MIDNIGHT:
        return clock.end_of(day)
    return datetime.combine(day, time.fromisoformat(rung.at), clock.SHANGHAI).astimezone(UTC)


# ---------------------------------------------------------------- office hours


def is_open(hours: Hours, now: datetime, calendar: calendars.Calendar) -> bool:
    """Whether an office works at an instant."""
    return next_open(hours, now, calendar) == now


def next_open(hours: Hours, now: datetime, calendar: calendars.Calendar) -> datetime:
    """Now, where the office works; else the instant at which it opens next."""
    there = now.astimezone(clock.SHANGHAI)
    day, opens, closes = there.date(), time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
    if calendar.is_workday(day) and opens <= there.time() < closes:
        return now
    if not calendar.is_workday(day) or there.time() >= closes:
        day = calendars.shift(day, 1, calendar)
    return datetime.combine(day, opens, clock.SHANGHAI).astimezone(UTC)


# ---------------------------------------------------------------- reading


def read(source: bytes) -> Ladder:
    """The ladder from the bytes of its file; raises LadderFaulty with line and reason."""
    try:
        declared = read_toml(source)
    except Unreadable as error:
        raise LadderFaulty(file=FILE, reason=str(error)) from None
    lines = source.decode("utf-8-sig").splitlines()
    unknown = sorted(set(declared) - {"hours", "offices", "internal", "digest", "urging", "silence", "rungs"})
    if unknown:
        raise _fault(_line(lines, unknown[0]), f"“{unknown[0]}” is not known here")
    hours = _table(declared, "hours", Hours, lines)
    offices = {
        code: _converted(told, Hours, _line(lines, f"offices.{code}"))
        for code, told in _tables(declared, "offices", lines).items()
    }
    for name, told in {"hours": hours, **{f"offices.{code}": told for code, told in offices.items()}}.items():
        _require_hours(told, _line(lines, name))
    return Ladder(
        rungs=_rungs(declared.get("rungs", []), lines),
        hours=hours,
        offices=offices,
        internal=_table(declared, "internal", Internal, lines),
        digest=_table(declared, "digest", Gap, lines),
        urging=_table(declared, "urging", Gap, lines),
        silence=_table(declared, "silence", Silence, lines),
        version=hashlib.sha256(source).hexdigest()[:16],
    )


def faults(path: Path) -> list[Fault]:
    """What is wrong with the file of a ladder, for the linter; nothing where there is none."""
    try:
        if path.is_file():
            read(path.read_bytes())
    except LadderFaulty as error:
        return [Fault(f"shared/{error.data['file']}", "", error.data["reason"])]
    return []


def _rungs(declared: Any, lines: list[str]) -> tuple[Rung, ...]:
    heads = [number for number, line in enumerate(lines, 1) if line.strip().startswith("[[rungs]]")]
    if not isinstance(declared, list) or not declared or len(heads) != len(declared):
        raise _fault(_line(lines, "rungs"), "the rungs are tables, each under [[rungs]]")
    rungs: list[Rung] = []
    for told, line in zip(declared, heads, strict=True):
        rung = _converted(told, Rung, line)
        _require_rung(rung, rungs, line)
        rungs.append(rung)
    return tuple(rungs)


def _require_rung(rung: Rung, earlier: list[Rung], line: int) -> None:
    if rung.at != MIDNIGHT and not _is_time(rung.at):
        raise _fault(line, f"“{rung.at[:10]}” is not a time of day such as 09:00")
    if any(other.key == rung.key for other in earlier):
        raise _fault(line, f"the rung {rung.key} is there twice")
    if rung.effect == "breach" and (rung.working_days, rung.at) != (0, MIDNIGHT):
        raise _fault(line, "a clock is missed at 24:00 of the day itself: working_days = 0, at = “24:00”")
    if rung.effect == "breach" and any(other.effect == "breach" for other in earlier):
        raise _fault(line, "a clock is missed once: only one rung is a breach")
    if rung.effect == "lead" and rung.working_days < 1:
        raise _fault(line, "a lead comes after the clock was missed: working_days is 1 or more")


def _require_hours(hours: Hours, line: int) -> None:
    for text in (hours.opens, hours.closes):
        if not _is_time(text):
            raise _fault(line, f"“{text[:10]}” is not a time of day such as 09:00")
    if hours.opens >= hours.closes:
        raise _fault(line, f"an office that opens at {hours.opens} cannot close at {hours.closes}")


def _is_time(text: str) -> bool:
    return re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text) is not None


def _table(declared: Mapping[str, Any], name: str, kind: type[T], lines: list[str]) -> T:
    if name not in declared:
        raise _fault(1, f"[{name}] is missing")
    return _converted(declared[name], kind, _line(lines, name))


def _tables(declared: Mapping[str, Any], name: str, lines: list[str]) -> dict[str, Any]:
    found = declared.get(name, {})
    if not isinstance(found, dict):
        raise _fault(_line(lines, name), f"[{name}] holds tables, one an organisation")
    return found


def _converted(told: Any, kind: type[T], line: int) -> T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise _fault(line, str(error)) from None


def _line(lines: list[str], name: str) -> int:
    """Where a table or key begins; the first line when it cannot be found."""
    begins = re.compile(rf"\s*(\[+\s*)?{re.escape(name)}\b")
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), 1)


def _fault(line: int, reason: str) -> LadderFaulty:
    return LadderFaulty(file=f"{FILE}:{line}", reason=reason)
