"""Lists of catalogue items and of access grants, as pages show them: narrowed, in pages, with how much each item is in demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select

from engine import catalogue, clock, data_checks, grants, items
from engine.access import UNIT_HEAD
from engine.db import Reading
from engine.errors import NotFound
from engine.models import (
    AccessGrant,
    Case,
    CatalogueDemand,
    CatalogueItem,
    CatalogueRevision,
    CatalogueVersion,
    Organisation,
)

MOST = 200


class NoSuchItem(NotFound):
    """There is no such item in the catalogue."""

    zh = "目录中没有这一项。"


@dataclass(frozen=True)
class Asked:
    """How a list of items is narrowed; what is empty narrows nothing."""

    text: str = ""
    organisation: str = ""
    domain: str = ""
    format: str = ""
    sharing: str = ""
    opening: str = ""


@dataclass(frozen=True)
class Listed:
    """An item in a list."""

    code: str
    owner: Organisation
    said: CatalogueRevision
    item: CatalogueItem
    demand: int
    under_check: bool = False  # its data are being verified (Art. 13(3))


@dataclass(frozen=True)
class Page:
    """Some items, how many there are in all, and the code after which the list goes on."""

    rows: Sequence[Listed]
    total: int
    next_key: str | None


def listed(reading: Reading, asked: Asked, after: str = "", limit: int = 50) -> Page:
    """Items by code, as whoever looks may see them: the public what is published, people here what is current."""
    conditions = [items.seen(reading), *_narrowed(asked)]
    total = reading.session.exec(
        select(func.count()).select_from(items.rows(*conditions).order_by(None).subquery())
    ).one()
    found = list(
        reading.session.exec(
            items.rows(*conditions, col(CatalogueItem.code) > after).limit(max(1, min(limit, MOST)) + 1)
        )
    )
    shown = found[: max(1, min(limit, MOST))]
    return Page(_with_demand(reading, shown), total, shown[-1][0].code if len(found) > len(shown) else None)


def every(reading: Reading, asked: Asked) -> list[items.Row]:
    """All of them, for a file."""
    return [
        items.told(reading, row) for row in reading.session.exec(items.rows(items.seen(reading), *_narrowed(asked)))
    ]


def one(reading: Reading, code: str) -> Listed:
    """One item as whoever looks may see it; raises NoSuchItem."""
    found = reading.session.exec(items.rows(items.seen(reading), col(CatalogueItem.code) == code)).first()
    if found is None:
        raise NoSuchItem()
    return _with_demand(reading, [found])[0]


def _narrowed(asked: Asked) -> list[ColumnElement[bool]]:
    exact = {
        Organisation.code: asked.organisation,
        CatalogueRevision.domain: asked.domain,
        CatalogueRevision.format: asked.format,
        CatalogueRevision.sharing: asked.sharing,
        CatalogueRevision.opening: asked.opening,
    }
    found: list[ColumnElement[bool]] = [col(column) == value for column, value in exact.items() if value]
    for word in asked.text.split()[:5]:
        places = (CatalogueRevision.name, CatalogueRevision.name_en, CatalogueRevision.description, CatalogueItem.code)
        found.append(or_(*(col(place).icontains(word, autoescape=True) for place in places)))
    return found


def _with_demand(reading: Reading, rows: Sequence[items.Row]) -> list[Listed]:
    counts = select(CatalogueDemand.item_id, func.count()).where(
        col(CatalogueDemand.item_id).in_([row[0].id for row in rows])
    )
    known: dict[str, int] = dict(list(reading.session.exec(counts.group_by(col(CatalogueDemand.item_id)))))
    checked = data_checks.under_check(reading, [row[0].code for row in rows])
    return [
        Listed(item.code, owner, said, item, known.get(item.id, 0), item.code in checked)
        for item, said, owner in (items.told(reading, row) for row in rows)
    ]


def code_of(reading: Reading, said: CatalogueRevision) -> str:
    """The code of the item of which a revision speaks."""
    return reading.session.get_one(CatalogueItem, said.item_id).code


def owners(reading: Reading) -> list[tuple[str, str]]:
    """The organisations that have items which the reader may see, by code."""
    found = items.rows(items.seen(reading)).with_only_columns(col(Organisation.code), col(Organisation.short_name))
    return [(code, name) for code, name in reading.session.execute(found.order_by(None).distinct().order_by("code"))]


def publisher(reading: Reading) -> str:
    """The body that consolidates and publishes the catalogues of the city (Art. 11)."""
    bureau = select(Organisation.name).where(col(Organisation.kind) == "city_data_bureau").limit(1)
    return reading.session.exec(bureau).first() or ""


# ---------------------------------------------------------------- for those who work here


@dataclass(frozen=True)
class Drafted:
    """A draft, with what is wrong with it now."""

    id: str
    code: str
    change: str
    said: CatalogueRevision
    owner: Organisation
    faults: tuple[str, ...]
    mine: bool  # the reader has drafted it


def drafts(reading: Reading, case_id: str) -> list[Drafted]:
    """What is drafted for a case."""
    return [_drafted(reading, said) for said in catalogue.drafts(reading, case_id)]


def proposals(reading: Reading) -> list[Drafted]:
    """What is proposed outside a case in the reader's houses."""
    houses = sorted(reading.actor.organisations(catalogue.HANDLER, UNIT_HEAD))
    found = (
        select(CatalogueRevision)
        .join(CatalogueItem, col(CatalogueItem.id) == col(CatalogueRevision.item_id))
        .where(
            col(CatalogueRevision.state) == items.DRAFTED,
            col(CatalogueRevision.case_id).is_(None),
            col(CatalogueItem.organisation_id).in_(houses),
        )
        .order_by(col(CatalogueRevision.drafted_at))
        .limit(MOST)
    )
    return [_drafted(reading, said) for said in reading.session.exec(found)]


def _drafted(reading: Reading, said: CatalogueRevision) -> Drafted:
    item = reading.session.get_one(CatalogueItem, said.item_id)
    owner = reading.session.get_one(Organisation, item.organisation_id)
    wrong = tuple(catalogue.faults(reading, said))
    return Drafted(said.id, item.code, said.change, said, owner, wrong, said.drafted_by == str(reading.actor))


def history(reading: Reading, item_id: str) -> list[CatalogueRevision]:
    """What was said of an item, the newest first; drafts and what was discarded are left out."""
    found = select(CatalogueRevision).where(
        col(CatalogueRevision.item_id) == item_id,
        col(CatalogueRevision.state).in_((items.CURRENT, items.SUPERSEDED, items.REMOVED)),
    )
    return list(reading.session.exec(found.order_by(col(CatalogueRevision.number).desc()).limit(MOST)))


def versions(reading: Reading, organisation_id: str) -> list[CatalogueVersion]:
    """The numbered catalogues of an organisation, the newest first."""
    found = select(CatalogueVersion).where(col(CatalogueVersion.organisation_id) == organisation_id)
    return list(reading.session.exec(found.order_by(col(CatalogueVersion.compiled_at).desc()).limit(MOST)))


@dataclass(frozen=True)
class Granted:
    """A grant in a list."""

    grant: AccessGrant
    code: str
    name: str
    provider: Organisation
    holder: Organisation
    reference: str
    state: str
    days_left: int | None
    may_revoke: bool
    may_note: bool


def granted(reading: Reading, *, code: str = "") -> list[Granted]:
    """Grants to the reader's organisations and by them, those that end soonest first."""
    today = clock.day_of(reading.now)
    query: Any = (
        select(AccessGrant, CatalogueItem, Case.reference)
        .join(CatalogueItem, col(CatalogueItem.id) == col(AccessGrant.item_id))
        .join(Case, col(Case.id) == col(AccessGrant.case_id))
        .where(grants.visible(reading.actor))
        .order_by(col(AccessGrant.revoked_at).is_not(None), col(AccessGrant.ends_on), col(AccessGrant.id))
        .limit(MOST)
    )
    if code:
        query = query.where(col(CatalogueItem.code) == code)
    return [_granted(reading, today, *row) for row in reading.session.exec(query)]


def _granted(reading: Reading, today: date, grant: AccessGrant, item: CatalogueItem, reference: str) -> Granted:
    state = grants.state(grant, today)
    last = history(reading, item.id)
    heads = reading.actor.organisations(UNIT_HEAD)
    notes = reading.actor.organisations(UNIT_HEAD, catalogue.HANDLER)
    return Granted(
        grant=grant,
        code=item.code,
        name=last[0].name if last else item.code,
        provider=reading.session.get_one(Organisation, item.organisation_id),
        holder=reading.session.get_one(Organisation, grant.organisation_id),
        reference=reference,
        state=state,
        days_left=(grant.ends_on - today).days if grant.ends_on and state == "standing" else None,
        may_revoke=item.organisation_id in heads and state in ("standing", "coming"),
        may_note=item.organisation_id in notes,
    )
