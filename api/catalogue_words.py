"""What the pages of the catalogue call things: domains, formats, kinds of sharing and opening."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine import item_form
from engine.db import Reading

CHOSEN = ("domain", "format", "sharing", "opening", "update_frequency", "exemption", "classification")


@dataclass(frozen=True)
class Words:
    """The choices of the form of an item, by field: constant → title, in their order."""

    choices: Mapping[str, Mapping[str, str]]

    def said(self, field: str, value: str) -> str:
        return self.choices[field].get(value, value)


def of(reading: Reading, locale: str) -> Words:
    """The words in the reader's language."""
    fields = {field.name: dict(field.options) for field in item_form.of(reading.settings, locale).fields}
    return Words({name: fields[name] for name in CHOSEN})
