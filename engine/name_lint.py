"""Names that a bundle gives to its parts, clocks, messages and results: what tables, addresses and numbers can carry.

How long a name may be is asked of the column that keeps it, so that a name which passes here is never cut or refused on the
day on which a case needs it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import SQLModel

from engine.manifest import Manifest, NoticeRule
from engine.models import Case, Deadline, Notice, NumberSequence, Participant, Party, ProcessDefinition, ReceivedMessage
from engine.models import Task as TaskRow
from engine.runtime import Fault

FILE = "process.toml"
MOST_DAYS = 3_660
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{0,9}")
LONGEST_SERIES = 20  # with the office's mark, year and number it fits Notice.number


def longest(table: type[SQLModel], column: str) -> int:
    """How many characters a column keeps."""
    length: Any = SQLModel.metadata.tables[str(table.__tablename__)].c[column].type
    return int(length.length)


def name_faults(manifest: Manifest, notices: Mapping[str, NoticeRule]) -> Iterator[Fault]:
    """Names and numbers of the declarations that could not be kept."""
    for where, name, most in _names(manifest):
        if not _NAME.fullmatch(name):
            yield Fault(FILE, where, f"“{name[:60]}” is no name: lower-case letters, digits and underscores")
        elif len(name) > most:
            yield Fault(FILE, where, f"the name is longer than {most} characters")
    for where, text, most in _texts(manifest):
        if len(text) > most:
            yield Fault(FILE, where, f"“{text[:40]}…” is longer than {most} characters")
    if not _PREFIX.fullmatch(manifest.process.reference_prefix):
        yield Fault(FILE, "process.reference_prefix", "is made of up to ten capital letters and digits, such as KF")
    yield from _numbers(manifest)
    yield from _notices(notices)


def _names(manifest: Manifest) -> Iterator[tuple[str, str, int]]:
    """Each name with its place and the length that its table keeps."""
    yield "process.key", manifest.process.key, longest(ProcessDefinition, "key")
    for part in manifest.participants:
        yield f"participants.{part}", part, longest(Participant, "part")
    for part in manifest.parties:
        yield f"parties.{part}", part, longest(Party, "part")
    for name in manifest.deadlines:
        yield f"deadlines.{name}", name, longest(Deadline, "name")
    for message in manifest.messages:
        yield f"messages.{message.name}", message.name, longest(ReceivedMessage, "name")
    for stage in manifest.stages:
        yield f"stages.{stage.key}", stage.key, longest(Case, "stage")
        yield f"stages.{stage.key}", stage.status, longest(Case, "status")
    for outcome in manifest.outcomes:
        yield f"outcomes.{outcome}", outcome, longest(Case, "outcome")


def _texts(manifest: Manifest) -> Iterator[tuple[str, str, int]]:
    for name, rule in manifest.deadlines.items():
        where = f"deadlines.{name}"
        for column in ("article", "ground", "text_version"):
            yield where, getattr(rule, column) or "", longest(Deadline, column)
        yield where, " ".join(rule.starting), longest(Deadline, "starts_on")
        for event in (*rule.starting, *rule.stops_on):
            yield where, event, longest(Deadline, "stopped_by")


def _numbers(manifest: Manifest) -> Iterator[Fault]:
    for name, rule in manifest.deadlines.items():
        if rule.days > MOST_DAYS:
            yield Fault(FILE, f"deadlines.{name}", f"has more than {MOST_DAYS} days")
        if not 0 <= rule.extension_days <= MOST_DAYS:
            yield Fault(FILE, f"deadlines.{name}", f"extension_days is a number from 0 to {MOST_DAYS}")


def _notices(notices: Mapping[str, NoticeRule]) -> Iterator[Fault]:
    for name, notice in notices.items():
        file = f"notices/{name}/notice.toml"
        if not _NAME.fullmatch(name) or len(name) > longest(Notice, "name"):
            yield Fault(file, "", f"the folder’s name is no name of at most {longest(Notice, 'name')} characters")
        if len(notice.title) > longest(Notice, "title"):
            yield Fault(file, "title", f"is longer than {longest(Notice, 'title')} characters")
        if notice.series is not None and len(notice.series) > min(LONGEST_SERIES, longest(NumberSequence, "series")):
            yield Fault(file, "series", f"is longer than {LONGEST_SERIES} characters")


def longest_role() -> int:
    """How long the name of a role may be."""
    return longest(TaskRow, "role")
