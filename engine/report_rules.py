"""What the reports of Art. 22, 27 and 28 count: ``bpmn/shared/reports.toml``, read into frozen values and judged.

Each figure has its formula in words, which stands beside it wherever it is shown: whoever reads a rate knows whether what was
answered late is in the denominator.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from engine.errors import Invalid, NotFound
from engine.runtime import Fault
from engine.settings import Settings
from engine.strict import Unreadable, read_toml

FILE = "reports.toml"
Said = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
OF_CASES, OF_CLOCKS = ("filed", "closed"), ("due", "started", "stopped")


class ReportsFaulty(Invalid):
    """The figures of the reports cannot be used: {file}: {reason}."""

    zh = "统计口径不能使用：{file}：{reason}。"


class ReportUnknown(NotFound):
    """There is no report or figure “{key}”."""

    zh = "没有名为“{key}”的统计表或者指标。"


class _Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown keys are refused, so that a misspelt one never passes in silence."""


class Selection(_Declared, frozen=True):
    """Which cases or clocks are meant; what is left out does not matter."""

    process: list[str] = []
    clock: list[str] = []
    basis: list[str] = []
    ground: list[str] = []
    outcome: list[str] = []
    outcome_not: list[str] = []
    when: Literal["filed", "closed", "due", "started", "stopped"] | None = None
    answered: bool | None = None  # stopped, neither by a withdrawal nor by the mere end of the case
    in_time: bool | None = None  # answered, and no breach stands
    late: bool | None = None  # a breach stands
    withdrawn: bool | None = None
    decided: bool | None = None  # has an outcome


class Figure(_Declared, frozen=True):
    """``[[figures]]``: one number of a report, and how it comes about."""

    key: Key
    title: Said
    title_en: Said
    formula: Said
    formula_en: Said
    shown: Literal["count", "rate", "days"]
    base: Literal["cases", "clocks"]
    of: Selection
    that: Selection | None = None
    by: str | None = None  # of cases: the part whose organisation is counted; without it the whole city
    split: str | None = None  # a field by whose values a count of cases is told apart


class Report(_Declared, frozen=True):
    """``[[reports]]``: a table of figures that an article asks for."""

    key: Key
    title: Said
    title_en: Said
    article: str
    figures: list[str]


class Rules(_Declared, frozen=True):
    """The whole file."""

    reports: list[Report] = []
    figures: list[Figure] = []

    def report(self, key: str) -> Report:
        found = next((report for report in self.reports if report.key == key), None)
        if found is None:
            raise ReportUnknown(key=key[:40])
        return found

    def figure(self, key: str) -> Figure:
        found = next((figure for figure in self.figures if figure.key == key), None)
        if found is None:
            raise ReportUnknown(key=key[:40])
        return found


def of(settings: Settings) -> Rules:
    """The figures of this installation; raises ReportsFaulty."""
    return _read(settings.bundles / "shared" / FILE)


@lru_cache(8)
def _read(path: Path) -> Rules:
    return read(path.read_bytes()) if path.is_file() else Rules()


def read(source: bytes) -> Rules:
    """The figures from the bytes of their file; raises ReportsFaulty with the reason."""
    try:
        rules = msgspec.convert(read_toml(source), Rules)
    except (Unreadable, msgspec.ValidationError) as error:
        raise ReportsFaulty(file=FILE, reason=str(error)) from None
    for reason in _faults(rules):
        raise ReportsFaulty(file=FILE, reason=reason)
    return rules


def _faults(rules: Rules) -> list[str]:
    keys = [figure.key for figure in rules.figures]
    found = [f"the figure {key} stands twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
    for report in rules.reports:
        found += [f"{report.key}: there is no figure {key}" for key in report.figures if key not in keys]
    for figure in rules.figures:
        allowed = OF_CASES if figure.base == "cases" else OF_CLOCKS
        if figure.of.when not in allowed:
            found.append(f"{figure.key}: of.when is one of {', '.join(allowed)}")
        if figure.shown == "rate" and figure.that is None:
            found.append(f"{figure.key}: a rate says by `that` which are meant")
        if figure.shown == "days" and figure.base != "clocks":
            found.append(f"{figure.key}: days are counted of clocks")
        if figure.split and (figure.base != "cases" or figure.shown != "count"):
            found.append(f"{figure.key}: only a count of cases can be split")
    return found


def faults(path: Path) -> list[Fault]:
    """What is wrong with the file, for the linter; nothing where there is none."""
    try:
        if path.is_file():
            read(path.read_bytes())
    except ReportsFaulty as error:
        return [Fault(f"shared/{FILE}", "", str(error.data["reason"]))]
    return []
