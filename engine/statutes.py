"""The articles that are cited: numbers like “21.1” as their full titles, in the version of the text that applies."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.settings import Settings


@dataclass(frozen=True)
class Limit:
    """The number of days that a paragraph sets, and what it says of moving it; where it says nothing, nothing moves it."""

    days: int
    unit: str = "calendar"
    extension_days: int = 0
    suspension: str = "none"
    restart: str = "none"


@dataclass(frozen=True)
class Article:
    """One paragraph of a statute."""

    number: str
    title: str  # 第二十一条第一款
    statute: str  # 贵阳市政府数据共享开放条例
    statute_en: str
    text: str
    version: str
    limit: Limit | None = None

    def cited(self, locale: str = "zh") -> str:
        """How it is cited: 《贵阳市政府数据共享开放条例》第二十一条第一款."""
        if locale.startswith("zh"):
            return f"《{self.statute}》{self.title}"
        article, _, paragraph = self.number.partition(".")
        return f"Art. {article}{f'({paragraph})' if paragraph else ''} of the {self.statute_en}"


Articles = Mapping[tuple[str, str], Article]  # by number and version of the text


def known(settings: Settings) -> Articles:
    """All articles that are kept."""
    return _articles(settings.bundles / "shared" / "statutes.toml")


@lru_cache(8)
def _articles(path: Path) -> Articles:
    if not path.is_file():
        return {}
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        (str(a["number"]), s["version"]): Article(
            str(a["number"]),
            a["title"],
            s["title"],
            s.get("title_en", s["title"]),
            a.get("text", ""),
            s["version"],
            Limit(**a["limit"]) if "limit" in a else None,
        )
        for s in read.get("statutes", [])
        for a in s.get("articles", [])
    }


def article(settings: Settings, number: str | None, version: str = "2017") -> Article | None:
    """An article by its number and version of the text; nothing when it is not among those that are kept."""
    return known(settings).get((number or "", version))


def cited(settings: Settings, number: str | None, version: str = "2017", locale: str = "zh") -> str:
    """An article as it is cited; the bare number when its text is not kept, nothing for no article."""
    found = article(settings, number, version)
    return found.cited(locale) if found else (number or "")


GROUNDS = tuple("123456789")  # the items of Art. 30


def ground(settings: Settings, number: str, locale: str = "zh", version: str = "2017") -> str:
    """A ground of Art. 30 in words: 第三十条第六项 不按照规定受理、答复…; in English its citation."""
    found = article(settings, f"30.{number}", version)
    if found is None:
        return number
    return f"{found.title} {found.text.rstrip('；。')}" if locale.startswith("zh") else found.cited(locale)


def grounds(settings: Settings, locale: str = "zh") -> list[tuple[str, str]]:
    """All grounds of Art. 30, each with its number."""
    return [(number, ground(settings, number, locale)) for number in GROUNDS]
