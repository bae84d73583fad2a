"""What is in the catalogues now: for forms that offer items, for expressions that name them, and for lists.

Items are known by their code (``gy-jtw-0003``). Only what the published catalogues show is offered to the public (Art. 11).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from engine.db import Reading
from engine.models import CatalogueItem, CatalogueRevision, Organisation

CURRENT, DRAFTED, SUPERSEDED, DISCARDED, REMOVED = "current", "drafted", "superseded", "discarded", "removed"
LONGEST_CODE = 80
MOST_NAMED = 200  # codes that one case is asked for
_CODE = re.compile(r"\S+-[0-9]{4,}")
Row = tuple[CatalogueItem, CatalogueRevision, Organisation]

WITHHELD = ("url", "contact")  # of what is not open, from the public

OPENED = col(CatalogueRevision.opening) == "open"
LISTS: Mapping[str, tuple[ColumnElement[bool], ...]] = {  # x-options of forms
    "catalogue": (),
    "catalogue_conditional": (col(CatalogueRevision.sharing) == "conditional",),
    "catalogue_unconditional": (col(CatalogueRevision.sharing) == "unconditional",),
    "catalogue_open": (OPENED,),
    "catalogue_closed": (~OPENED,),
}


def seen(reading: Reading) -> ColumnElement[bool]:
    """The condition on a revision for what the catalogue is to whoever looks: published for the public, else current."""
    if reading.actor.kind in ("public", "party"):
        return col(CatalogueRevision.shown).is_(True)
    return col(CatalogueRevision.state) == CURRENT


def told(reading: Reading, row: Row) -> Row:
    """An item as whoever looks may read it: where data that are not open can be had, and from whom, is for people here."""
    item, said, owner = row
    if reading.actor.kind not in ("public", "party") or said.opening == "open":
        return row
    columns = {name: getattr(said, name) for name in CatalogueRevision.model_fields}
    return item, CatalogueRevision(**columns | dict.fromkeys(WITHHELD, "")), owner


def rows(*conditions: ColumnElement[bool]) -> SelectOfScalar[Any]:
    """Items with a revision and their owner, by code."""
    found: Any = (
        select(CatalogueItem, CatalogueRevision, Organisation)
        .join(CatalogueRevision, col(CatalogueRevision.item_id) == col(CatalogueItem.id))
        .join(Organisation, col(Organisation.id) == col(CatalogueItem.organisation_id))
        .where(*conditions)
        .order_by(col(CatalogueItem.code))
    )
    return found  # type: ignore[no-any-return]


def options(reading: Reading, name: str) -> list[tuple[str, str]]:
    """A list of items for a form, by code."""
    offered = reading.session.exec(rows(seen(reading), *LISTS[name]))
    return [(item.code, f"{said.name}（{owner.short_name}，{item.code}）") for item, said, owner in offered]


def find(reading: Reading, code: str) -> Row | None:
    """An item as it is now, by its code."""
    current = col(CatalogueRevision.state) == CURRENT
    found: Row | None = reading.session.exec(rows(col(CatalogueItem.code) == code, current)).first()
    return found


def last(reading: Reading, code: str) -> Row | None:
    """An item as it is now, or as it was when it left the catalogue: what was begun about it goes on."""
    was = col(CatalogueRevision.state).in_((CURRENT, SUPERSEDED, REMOVED))
    newest = rows(col(CatalogueItem.code) == code, was).order_by(None).order_by(col(CatalogueRevision.number).desc())
    found: Row | None = reading.session.exec(newest.limit(1)).first()
    return found


def described(item: CatalogueItem, said: CatalogueRevision, owner: Organisation) -> dict[str, Any]:
    """What expressions may ask of an item; every value is plain."""
    return {
        "code": item.code,
        "owner": owner.code,
        "owner_name": owner.name,
        "name": said.name,
        "name_en": said.name_en,
        "description": said.description,
        "sharing": said.sharing,
        "conditions": said.conditions,
        "opening": said.opening,
        "exemption": said.exemption,
        "format": said.format,
        "url": said.url,
        "update_frequency": said.update_frequency,
        "domain": said.domain,
        "classification": said.classification,
        "data_since": said.data_since.isoformat() if said.data_since else None,
        "version": said.number,
        "published": said.shown,
    }


def named(reading: Reading, values: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """The items whose codes stand among some values, or in lists among them, by code."""
    codes = sorted({text for value in values for text in _texts(value) if _CODE.fullmatch(text)})[:MOST_NAMED]
    if not codes:
        return {}
    current = col(CatalogueRevision.state) == CURRENT
    found = reading.session.exec(rows(col(CatalogueItem.code).in_(codes), current))
    return {row[0].code: described(*row) for row in found}


def _texts(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [text for text in texts if isinstance(text, str) and len(text) <= LONGEST_CODE]
