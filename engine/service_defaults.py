"""When a paper counts as served, where its notice leaves it open: from ``bpmn/shared/service.toml``."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from engine.calendars import Rule
from engine.errors import Invalid
from engine.manifest import NoticeRule, ServiceRule
from engine.runtime import Fault
from engine.settings import Settings
from engine.strict import Unreadable, read_toml

FILE = "service.toml"


class ServiceFaulty(Invalid):
    """The rules of service cannot be used: {file}: {reason}."""

    zh = "送达配置不能使用：{file}：{reason}。"


class Deemed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[deemed]``: after how many days a paper on the portal counts as served, and where that rule comes from."""

    days: Annotated[int, msgspec.Meta(ge=0, le=366)]
    unit: Literal["calendar", "working"]
    basis: Literal["internal", "regulatory"]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    deemed: Deemed


NEVER = Deemed(days=0, unit="working", basis="internal", source="-")


def deemed_after(settings: Settings, notice: NoticeRule) -> Rule | None:
    """How the days are counted after which a paper is deemed served; nothing where it never is."""
    said, usual = notice.service or ServiceRule(), of(settings).deemed
    days = usual.days if said.deemed_days is None else said.deemed_days
    if not days or by_receipt_only(notice):
        return None
    return Rule(days, said.unit or usual.unit, "none")


def by_receipt_only(notice: NoticeRule) -> bool:
    """Whether only what somebody has signed for, or refused, serves a paper."""
    return notice.service is not None and notice.service.served_by == "receipt"


def of(settings: Settings) -> Defaults:
    """The rules of this installation; without the file nothing is ever deemed served. Raises ServiceFaulty."""
    return _read(settings.bundles / "shared" / FILE)


@lru_cache(8)
def _read(path: Path) -> Defaults:
    return read(path.read_bytes()) if path.is_file() else Defaults(deemed=NEVER)


def read(source: bytes) -> Defaults:
    """The rules from the bytes of their file; raises ServiceFaulty with the reason."""
    try:
        return msgspec.convert(read_toml(source), Defaults)
    except (Unreadable, msgspec.ValidationError) as error:
        raise ServiceFaulty(file=FILE, reason=str(error)) from None


def faults(path: Path) -> list[Fault]:
    """What is wrong with the file, for the linter; nothing where there is none."""
    try:
        if path.is_file():
            read(path.read_bytes())
    except ServiceFaulty as error:
        return [Fault(f"shared/{FILE}", "", str(error.data["reason"]))]
    return []
