"""Sheets of the house that go along with papers: the form of service 送达回证, address labels, the posting list 交寄清单.

Like papers they are typeset in a rendering process (``notices.render.sheet``), with our own templates and typefaces; what they
show is plain text that fills blanks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jinja2

from notices.fonts import CANDIDATES, Typefaces
from notices.paper import UncoveredCharacters
from notices.templates import FOLDER

Name = Literal["receipt", "labels", "posting_list", "report"]
LABELS_A_SHEET = 8  # two columns of four on A4
MOST_ROWS = 200


@dataclass(frozen=True)
class Sheet:
    """One sheet: its template and what fills it (texts, or rows of texts)."""

    name: Name
    title: str
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "title": self.title, "facts": dict(self.facts)}


def html(sheet: Mapping[str, Any], faces: Typefaces) -> str:
    """The page of a sheet; raises UncoveredCharacters, as a letter to a wrong name helps nobody."""
    missing = faces.uncovered("".join(_texts([sheet["title"], sheet["facts"]])))
    if missing:
        raise UncoveredCharacters(
            characters="".join(missing[:20]),
            where=str(sheet["title"]),
            codes=[ord(character) for character in missing],
        )
    stacks = {role: faces.stack(role) for role in CANDIDATES}
    return _house().get_template(f"{sheet['name']}.html.j2").render(font=stacks, title=sheet["title"], **sheet["facts"])


def _texts(value: Any) -> Sequence[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def _house() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "sheets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
