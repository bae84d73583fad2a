"""Read the stories of a bundle (``scenarios/*.toml``): a slip of the pen is named before anything is played."""

import re
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from engine import clock

_DISTANCE = re.compile(r"\+([0-9]{1,4})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
LAST_YEAR = 2200  # that a story may reach: far beyond, days can no longer be counted
Time = Any  # a text, or a time as TOML has it
WAYS = ("task", "message", "submit", "merge", "unmerge", "items", "travel", "expect")
STORY = re.compile(r"([a-z][a-z0-9_]*)/([A-Za-z0-9_]+)")


class StoryFaulty(Exception):
    """The story cannot be played; the message says where it is wrong."""


class _Told(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all parts: unknown keys are refused."""


class _Source(_Told):
    story: str  # bundle/name of a story that is told before this one: its case is called ``source``


class _Submission(_Told):
    form: dict[str, Any]
    participants: dict[str, str] = {}  # part → code of an organisation, where the case is opened ex officio
    by: str | None = None  # who files it at the desk: a code of an organisation and a role, "gy-jtw.case_handler"
    received_on: str | None = None  # filed for a party who came or wrote on an earlier day
    origin: str | None = msgspec.field(
        default=None, name="from"
    )  # the case that it comes out of: source, main or a name
    link: str | None = None  # as what: the kind of the link, where the process declares several


class _Merging(_Told):
    lead: str  # the case that leads; the step's own case (``in``) follows it
    by: str  # who proposes it, a lane
    approved_by: str | None = None  # who decides; without anybody it stays proposed


class _Filing(_Submission, kw_only=True):
    process: str
    alias: str = msgspec.field(name="as")  # what later steps call this case


class _Step(_Told):
    at: Time = None
    by: str | None = None
    within: str | None = msgspec.field(
        default=None, name="in"
    )  # of which case: a name, or kinds of links: "lead.rectification"
    task: str | None = None
    message: str | None = None
    submit: _Filing | None = None
    merge: _Merging | None = None
    unmerge: str | None = None  # by whom the step's own case is let go on by itself, a lane
    items: list[dict[str, Any]] | None = None  # revisions of the catalogue that are drafted for the case
    key: str | None = None
    form: dict[str, Any] = {}
    files: list[str] = []  # names of files that are attached; what stands in them is invented
    refused: str | None = None
    travel: Time = None
    expect: dict[str, Any] | None = None


class _Story(_Told):
    title: str
    start: Time
    submit: _Submission
    source: _Source | None = None
    steps: list[_Step] = []


def read(file: Path) -> dict[str, Any]:
    """A story as plain values; raises StoryFaulty with the step and what is wrong in it."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        story = msgspec.convert(told, _Story)
        shanghai(story.start)
        if story.source is not None and not STORY.fullmatch(story.source.story):
            raise ValueError(f"“{story.source.story[:60]}” is not a story such as open_data_request/refused")
    except (ValueError, RecursionError) as error:
        raise StoryFaulty(str(error)) from None
    for number, step in enumerate(story.steps, start=1):
        try:
            _check(step)
        except ValueError as error:
            raise StoryFaulty(f"step {number}: {error}") from None
    return told


def _check(step: _Step) -> None:
    """What a step may say; raises ValueError with the reason."""
    ways = [way for way in WAYS if getattr(step, way) is not None]
    if len(ways) != 1:
        raise ValueError(f"says exactly one of {', '.join(WAYS)}")
    if (step.task is not None or step.items is not None) and step.by is None:
        raise ValueError("says by whom it is done")
    if step.travel is not None:
        shanghai(step.travel)
    if step.at is not None:
        moment(step.at, clock.wall())


def moment(at: Time, now: datetime) -> datetime:
    """``+1d`` from now, or a time in Shanghai; raises ValueError."""
    if isinstance(at, str) and at.startswith("+"):
        found = _DISTANCE.fullmatch(at)
        if found is None:
            raise ValueError(f"“{at[:40]}” is not a distance in time such as +1d, +2h or +30m")
        return now + timedelta(**{_UNITS[found[2]]: int(found[1])})
    return shanghai(at)


def shanghai(text: Time) -> datetime:
    """A time of a story, in Shanghai; raises ValueError."""
    try:
        read = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"“{str(text)[:40]}” is not a time such as 2026-04-21T09:30") from None
    if read.year > LAST_YEAR:
        raise ValueError(f"the year {read.year} is too far")
    return read.replace(tzinfo=clock.SHANGHAI) if read.tzinfo is None else read
