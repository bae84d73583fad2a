"""发文登记簿: which numbers an organisation gave out, to which papers, and what became of those.

Kept by the registrar, the heads of unit and the leaders of the organisation; every line is written in the transaction that gives
the number out, so nothing is entered by hand but what was spent on no paper (``notices.numbering.void``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from engine import consistency
from engine.db import Reading
from engine.models import Case, Notice, NumberSequence, Organisation, RegisteredNumber
from engine.queries import paging
from engine.views import Page
from notices.numbering import KEEPERS, NotRegisterKeeper

Found = tuple[RegisteredNumber, Notice | None, str | None, str | None]
Statement = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Entry:
    """A line of the register."""

    number: str
    given_on: date
    title: str
    reference: str  # of the case
    state: str  # issued, replaced, withdrawn, voided
    remark: str  # the number that took its place, or the reason why it was withdrawn or voided
    notice_id: str | None


@dataclass(frozen=True)
class Asked:
    """Which part of a register: an organisation by its code, a year, a series."""

    organisation: str = ""
    year: int = 0
    series: str = ""


@dataclass(frozen=True)
class Kept:
    """The registers that the reader keeps, the one that is shown, and what it can be narrowed to."""

    houses: tuple[Organisation, ...]
    house: Organisation
    years: tuple[int, ...]
    series: tuple[str, ...]
    gaps: tuple[str, ...]


def keeps(reading: Reading) -> bool:
    """Whether the reader keeps the register of any organisation."""
    return bool(reading.actor.organisations(*KEEPERS))


def kept(reading: Reading, asked: Asked) -> Kept:
    """The register of an organisation, or of the reader's first one; raises NotRegisterKeeper."""
    ours = select(Organisation).where(col(Organisation.id).in_(reading.actor.organisations(*KEEPERS)))
    houses = tuple(reading.session.exec(ours.order_by(col(Organisation.code))))
    house = next((h for h in houses if h.code == asked.organisation or not asked.organisation), None)
    if house is None:
        raise NotRegisterKeeper()
    used = select(NumberSequence).where(col(NumberSequence.owner) == house.id)
    sequences = reading.session.exec(used).all()
    return Kept(
        houses,
        house,
        tuple(sorted({s.year for s in sequences}, reverse=True)),
        tuple(sorted({s.series for s in sequences})),
        tuple(consistency.register_gaps(reading, house.id)),
    )


def entries(reading: Reading, asked: Asked, after: str | None = None, limit: int = 50) -> Page[Entry]:
    """The lines of a register, the newest first; raises NotRegisterKeeper."""
    query, limit = _lines(reading, asked), paging.bounded(limit)
    given: Any = col(RegisteredNumber.given_at)
    going_on = paging.before(after, given, col(RegisteredNumber.id))  # type: ignore[arg-type]
    if going_on is not None:
        query = query.where(going_on)
    found, more = paging.cut(reading.session.exec(query.limit(limit + 1)).all(), limit)
    next_key = paging.make(found[-1][0].given_at, found[-1][0].id) if more else None
    return Page(tuple(_entry(line) for line in found), next_key)


def every_entry(reading: Reading, asked: Asked) -> Iterator[Entry]:
    """All lines, for a file to take along; raises NotRegisterKeeper."""
    for line in reading.session.exec(_lines(reading, asked)).yield_per(500):
        yield _entry(line)


def _lines(reading: Reading, asked: Asked) -> Statement:
    house = kept(reading, asked).house
    later: Any = aliased(Notice)
    query = (
        select(RegisteredNumber, Notice, Case.reference, later.number)
        .join(Notice, col(Notice.id) == col(RegisteredNumber.notice_id), isouter=True)
        .join(Case, col(Case.id) == col(Notice.case_id), isouter=True)
        .join(later, (later.replaces_id == col(Notice.id)) & (later.state == "issued"), isouter=True)
        .where(col(RegisteredNumber.organisation_id) == house.id)
    )
    if asked.year:
        query = query.where(col(RegisteredNumber.year) == asked.year)
    if asked.series:
        query = query.where(col(RegisteredNumber.series) == asked.series)
    return query.order_by(col(RegisteredNumber.given_at).desc(), col(RegisteredNumber.id).desc())


def _entry(line: Any) -> Entry:
    found: Found = line
    given, notice, reference, later = found
    if notice is None:
        state, remark = "voided", given.void_reason or ""
    elif notice.withdrawn_at is not None:
        state, remark = "withdrawn", notice.withdrawal_reason or ""
    else:
        state, remark = ("replaced", later) if later else ("issued", "")
    title = notice.title.replace("|", "") if notice else ""
    ident = notice.id if notice and notice.document_id else None
    return Entry(given.number, given.given_on, title, reference or "", state, remark, ident)
