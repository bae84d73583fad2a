"""What the kinds of links between cases are called, from ``bpmn/shared/links.toml``."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import msgspec

from engine.errors import Invalid
from engine.runtime import Fault
from engine.settings import Settings
from engine.strict import Unreadable, read_toml

FILE = "links.toml"
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class LinksFaulty(Invalid):
    """The kinds of links cannot be used: {file}: {reason}."""

    zh = "案件关联种类的配置不能使用：{file}：{reason}。"


class LinkKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[review]``: what it is called that a case came out of another in this way."""

    title: Title
    title_en: Title


def known(settings: Settings) -> frozenset[str]:
    """The kinds that processes may name."""
    return frozenset(of(settings))


def title(settings: Settings, kind: str, locale: str) -> str:
    """What a kind of link is called; its key when it is unknown, as that of a case from elsewhere may be."""
    found = of(settings).get(kind)
    if found is None:
        return kind
    return found.title if locale.startswith("zh") else found.title_en


def of(settings: Settings) -> dict[str, LinkKind]:
    """The kinds of this installation, in the order of the file. Raises LinksFaulty."""
    return _read(settings.bundles / "shared" / FILE)


@lru_cache(8)
def _read(path: Path) -> dict[str, LinkKind]:
    return read(path.read_bytes()) if path.is_file() else {}


def read(source: bytes) -> dict[str, LinkKind]:
    """The kinds from the bytes of their file; raises LinksFaulty with the reason."""
    try:
        return msgspec.convert(read_toml(source), dict[Name, LinkKind])
    except (Unreadable, msgspec.ValidationError) as error:
        raise LinksFaulty(file=FILE, reason=str(error)) from None


def faults(path: Path) -> list[Fault]:
    """What is wrong with the file, for the linter; nothing where there is none."""
    try:
        if path.is_file():
            read(path.read_bytes())
    except LinksFaulty as error:
        return [Fault(f"shared/{FILE}", "", str(error.data["reason"]))]
    return []
