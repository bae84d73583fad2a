"""The post desk: letters that wait to be sent, were sent, or came back, of the houses in which somebody sees to them.

What is printed for them (labels, the posting list, the form of service) shows names and addresses; who printed it is recorded.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlmodel import col, select

from engine import audit, clock, deadlines, masking, process, subjects
from engine.access import visible_cases
from engine.db import Reading, UnitOfWork
from engine.errors import Invalid
from engine.models import Case, Delivery, Notice, Organisation, Party
from engine.privacy import CaseKey
from engine.queries import paging
from engine.queries.rows import is_natural_person
from engine.views import Page
from notices import deliveries, render
from notices.deliveries import CLERKS, Details
from notices.sheets import MOST_ROWS, Sheet

View = Literal["waiting", "sent", "returned"]
STATES: dict[View, str] = {"waiting": "pending", "sent": "dispatched", "returned": "returned"}


class NothingPicked(Invalid):
    """Pick the letters first, {most} at most."""

    zh = "请先勾选邮件，一次不超过{most}件。"


class AddressesMissing(Invalid):
    """Some of the letters have no address yet; please fill it in first: {references}."""

    zh = "以下案件的邮件还没有填写收件地址，请先补填：{references}。"


@dataclass(frozen=True)
class Letter:
    """A line of the post desk; who it goes to is masked, as in every list."""

    id: str
    notice_id: str
    reference: str
    paper: str
    number: str | None
    recipient: str
    addressed: bool
    ordered_on: date | None
    sent_on: date | None
    attempt: int
    tracking: str


def _houses(reading: Reading) -> frozenset[str]:
    """The houses whose letters somebody sees to; whose papers these are is decided in ``deliveries.is_clerk`` alike."""
    return reading.actor.organisations(*CLERKS) if reading.actor.duty == "none" else frozenset()


def works_there(reading: Reading) -> bool:
    """Whether the post desk is anything for somebody."""
    return bool(_houses(reading))


def letters(reading: Reading, view: View, *, after: str | None = None, limit: int = 50) -> Page[Letter]:
    """The letters of one state, the earliest ordered first."""
    limit = paging.bounded(limit)
    found = (
        select(Delivery, Notice, Case)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .join(Case, col(Case.id) == col(Delivery.case_id))
        .where(
            col(Delivery.channel) == "post",
            col(Delivery.state) == STATES[view],
            col(Notice.organisation_id).in_(_houses(reading)),
            visible_cases(reading.actor),
            col(Case.wrapped_key).is_not(None),
        )
    )
    ordered = col(Delivery.ordered_at)
    if (going_on := paging.after(after, ordered, col(Delivery.id))) is not None:  # type: ignore[arg-type]
        found = found.where(going_on)
    found = found.order_by(ordered, col(Delivery.id)).limit(limit + 1)
    rows, more = paging.cut(reading.session.exec(found).all(), limit)
    next_key = paging.make(rows[-1][0].ordered_at, rows[-1][0].id) if more else None
    return Page(tuple(_letter(reading, *row) for row in rows), next_key)


def _letter(reading: Reading, row: Delivery, notice: Notice, case: Case) -> Letter:
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    known = deliveries.details(key, row)
    party = reading.session.get(Party, notice.party_id) if notice.party_id else None
    masked = party is not None and is_natural_person(party.type) and not party.sealed
    return Letter(
        id=row.id,
        notice_id=notice.id,
        reference=case.reference,
        paper=notice.title.replace("|", ""),
        number=notice.number,
        recipient=masking.mask("name", known.recipient, "list") if masked else known.recipient,
        addressed=bool(known.recipient and known.address),
        ordered_on=clock.day_of(row.ordered_at) if row.ordered_at else None,
        sent_on=clock.day_of(row.dispatched_at) if row.dispatched_at else None,
        attempt=row.attempt,
        tracking=row.proof,
    )


# ---------------------------------------------------------------- what is printed


@dataclass(frozen=True)
class _Piece:
    notice: Notice
    case: Case
    row: Delivery
    details: Details
    organ: Organisation


def labels(uow: UnitOfWork, ids: Collection[str]) -> Sheet:
    """Address labels for some letters; raises NothingPicked, AddressesMissing."""
    pieces = _picked(uow, ids)
    lacking = sorted({p.case.reference for p in pieces if not (p.details.recipient and p.details.address)})
    if lacking:
        raise AddressesMissing(references="、".join(lacking[:10]))
    told = [
        {
            "recipient": p.details.recipient,
            "address": p.details.address,
            "phone": p.details.phone,
            "organ": p.organ.name,
            "organ_address": p.organ.address or "",
            "reference": p.case.reference,
            "number": p.notice.number or "",
        }
        for p in pieces
    ]
    _printed(uow, pieces, "labels")
    return Sheet("labels", "收件人地址签", {"labels": told})


def posting_list(uow: UnitOfWork, ids: Collection[str]) -> Sheet:
    """The list that goes to the post office with some letters; raises NothingPicked."""
    pieces = _picked(uow, ids)
    told = [
        {
            "recipient": p.details.recipient,
            "address": p.details.address,
            "paper": p.notice.title.replace("|", ""),
            "number": p.notice.number or "",
            "tracking": p.row.proof,
        }
        for p in pieces
    ]
    _printed(uow, pieces, "posting_list")
    organs = "、".join(dict.fromkeys(p.organ.name for p in pieces))
    day = deadlines.today(uow)
    facts = {"organ": organs, "day": f"{day.year}年{day.month}月{day.day}日", "rows": told}
    return Sheet("posting_list", "邮件交寄清单", facts)


def receipt(uow: UnitOfWork, notice_id: str, delivery_id: str) -> Sheet:
    """The form of service 送达回证 for one attempt, to be signed by who receives the paper; raises StepUnfit for the portal."""
    notice, case = deliveries.for_clerk(uow, notice_id)
    row = uow.session.get(Delivery, delivery_id)
    if row is None or row.notice_id != notice.id:
        raise deliveries.DeliveryNotFound()
    deliveries.require(row, deliveries.BY_HAND, (*deliveries.OPEN, "served", "returned"))
    piece = _piece(uow, row, notice, case)
    _printed(uow, [piece], "receipt")
    facts = {
        "organ": piece.organ.name,
        "reference": case.reference,
        "recipient": piece.details.recipient,
        "matter": subjects.outside(uow, case),
        "paper": notice.title.replace("|", ""),
        "number": notice.number or "",
        "address": piece.details.address,
    }
    return Sheet("receipt", "送达回证", facts)


def pdf(sheet: Sheet) -> bytes:
    """The bytes, made outside any transaction."""
    return render.sheet(sheet)


def _picked(uow: UnitOfWork, ids: Collection[str]) -> Sequence[_Piece]:
    if not 0 < len(ids) <= MOST_ROWS:
        raise NothingPicked(most=MOST_ROWS)
    found = (
        select(Delivery, Notice, Case)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .join(Case, col(Case.id) == col(Delivery.case_id))
        .where(
            col(Delivery.id).in_(ids),
            col(Delivery.channel) == "post",
            col(Notice.organisation_id).in_(_houses(uow)),
            visible_cases(uow.actor),
            col(Case.wrapped_key).is_not(None),
        )
        .order_by(col(Case.reference), col(Delivery.id))
    )
    pieces = [_piece(uow, *row) for row in uow.session.exec(found)]
    if not pieces:
        raise NothingPicked(most=MOST_ROWS)
    return pieces


def _piece(uow: UnitOfWork, row: Delivery, notice: Notice, case: Case) -> _Piece:
    key: CaseKey = uow.keys.case_key(case.wrapped_key, case.master_key_id)
    organ = uow.session.get_one(Organisation, notice.organisation_id)
    return _Piece(notice, case, row, deliveries.details(key, row), organ)


def _printed(uow: UnitOfWork, pieces: Sequence[_Piece], what: str) -> None:
    """Names and addresses leave the house on paper: who printed them is on record, in each case."""
    for case_id in sorted({piece.case.id for piece in pieces}):
        process.lock_row(uow, case_id)
    for piece in pieces:
        audit.record(uow, "delivery.printed", piece.case.id, delivery=piece.row.id, sheet=what)
