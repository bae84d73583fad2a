"""Service of papers: how each attempt went, ordering another one, and recording what came of it."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import delivery_shape
from api.json.shapes import Asked, DeliveryShape, Told
from engine.db import UnitOfWork
from engine.queries.files import delivery_view
from notices import deliveries, delivery_entries, service
from notices.delivery_entries import Entry, Happened

router = APIRouter(tags=["notices and documents"])
Id = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Field(max_length=1000)]


class NewDelivery(Asked):
    """A further attempt, with the reason."""

    channel: Literal["email", "post", "in_person"]
    reason: Words = Field(description="Why; it is recorded")
    recipient: Words = Field(default="", description="Empty: as it is known of the addressee")
    address: Words = ""
    phone: Words = ""


class NewEntry(Asked):
    """What happened to an attempt."""

    happened: Happened
    on: date | None = Field(default=None, description="The day on which it happened; today, where none is said")
    how: Literal["signed", "direct", "left", "entrusted", "collected"] | None = None
    tracking: Words = ""
    receiver: Words = ""
    witness: Words = ""
    remarks: Words = ""
    reason: Words = ""
    recipient: Words = ""
    address: Words = ""


class DeliveryKept(Told):
    """The attempt as it stands now."""

    id: str
    state: str
    served_on: date | None = Field(description="Since when the paper counts as served, by whatever channel")


@router.get("/notices/{notice_id}/deliveries", summary="How a notice was delivered")
def of_notice(notice_id: Id, door: ApiPerson) -> list[DeliveryShape]:
    """Every attempt on every channel, in the order in which they were ordered."""
    with door.reading() as reading:
        service.find(reading, notice_id)
        rows = [delivery_view(reading, row) for row in deliveries.of_notice(reading, notice_id)]
    return [delivery_shape(row) for row in rows]


@router.post(
    "/notices/{notice_id}/deliveries",
    status_code=201,
    summary="Order a further attempt",
    openapi_extra=described(
        NewDelivery,
        {"channel": "post", "reason": "平台无人查阅", "recipient": "王五", "address": "贵阳市观山湖区林城东路1号"},
    ),
)
def order(
    notice_id: Id, door: ApiPerson, once: OnlyOnce, body: Annotated[Sent[NewDelivery], Depends(sent(NewDelivery))]
) -> DeliveryKept:
    """By registrars, case handlers and heads of unit of the organ whose paper it is."""
    asked = body.document

    def act(uow: UnitOfWork) -> dict[str, Any]:
        more = {"recipient": asked.recipient, "address": asked.address, "phone": asked.phone}
        return _kept(uow, deliveries.order(uow, notice_id, asked.channel, asked.reason, **more).id)

    return DeliveryKept.model_validate(once.write(door, plain(asked, []), act))


@router.post(
    "/notices/{notice_id}/deliveries/{delivery_id}/record",
    summary="Record what happened to an attempt",
    openapi_extra=described(
        NewEntry, {"happened": "served", "how": "direct", "on": "2026-05-06", "receiver": "王五（本人）"}
    ),
)
def record(
    notice_id: Id,
    delivery_id: Id,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[NewEntry], Depends(sent(NewEntry))],
) -> DeliveryKept:
    """Sent, served, returned, cancelled, or recorded wrongly before. A scan of the signed receipt may come along."""
    scans = body.store(door.settings)

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return _kept(uow, delivery_entries.enter(uow, notice_id, delivery_id, entry, scans).id)

    entry = Entry(**body.document.model_dump())
    return DeliveryKept.model_validate(once.write(door, plain(body.document, scans), act))


def _kept(uow: UnitOfWork, delivery_id: str) -> dict[str, Any]:
    row, on = deliveries.standing(uow, delivery_id)
    return {"id": row.id, "state": row.state, "served_on": on.isoformat() if on else None}
