"""The domains of data of Art. 20 and what gives priority there, from ``bpmn/shared/domains.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from engine.settings import Settings

FILE = "domains.toml"


@dataclass(frozen=True)
class Domain:
    """A domain of data; the regulation names some of them, whose data are opened first."""

    key: str
    title: str
    title_en: str
    named: bool
    theme: str  # the nearest in the EU authority table data-theme, for DCAT

    def said(self, locale: str = "zh") -> str:
        return self.title if locale.startswith("zh") else self.title_en


@dataclass(frozen=True)
class Domains:
    """All domains, by key, and the two figures of Art. 20."""

    new_since: date = date(2017, 5, 1)
    demand: int = 3
    by_key: Mapping[str, Domain] = field(default_factory=dict)

    def title(self, key: str, locale: str = "zh") -> str:
        found = self.by_key.get(key)
        return found.said(locale) if found else key


def of(settings: Settings) -> Domains:
    """The domains of this installation, read once; none where the file is missing."""
    return _read(settings.bundles / "shared" / FILE)


@lru_cache(8)
def _read(path: Path) -> Domains:
    if not path.is_file():
        return Domains()
    declared = tomllib.loads(path.read_text(encoding="utf-8"))
    ranked = declared["priority"]
    known = {d["key"]: Domain(**d) for d in declared["domains"]}
    return Domains(date.fromisoformat(ranked["new_since"]), ranked["demand"], known)
