"""What somebody enters about a delivery: one entry names what happened, and says what belongs to it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.db import UnitOfWork
from engine.documents import Stored
from engine.errors import Invalid
from engine.models import Delivery
from notices import deliveries
from notices.deliveries import How

Happened = Literal["sent", "served", "returned", "cancelled", "corrected", "readdressed"]


class ScanMisplaced(Invalid):
    """A file is kept with the record of a service only, and one file is enough."""

    zh = "只有登记送达时可以附上一份送达回证扫描件。"


class HowMissing(Invalid):
    """Say how the paper was served."""

    zh = "请选择送达的具体方式。"


@dataclass(frozen=True)
class Entry:
    """What happened, on which day (today, when none is said), and the words that belong to it."""

    happened: Happened
    on: date | None = None
    how: How | None = None
    tracking: str = ""
    receiver: str = ""
    witness: str = ""
    remarks: str = ""
    reason: str = ""
    recipient: str = ""
    address: str = ""


def enter(
    uow: UnitOfWork, notice_id: str, delivery_id: str, entry: Entry, scans: "tuple[Stored, ...] | list[Stored]" = ()
) -> Delivery:
    """Record it by the verb of its kind; raises what that verb raises, ScanMisplaced, HowMissing."""
    if len(scans) > 1 or (scans and entry.happened != "served"):
        raise ScanMisplaced()
    place = (uow, notice_id, delivery_id)
    match entry.happened:
        case "sent":
            return deliveries.send(*place, entry.tracking, entry.on)
        case "returned":
            return deliveries.give_back(*place, entry.reason, entry.on)
        case "cancelled":
            return deliveries.cancel(*place, entry.reason)
        case "corrected":
            return deliveries.correct(*place, entry.on, entry.reason)
        case "readdressed":
            return deliveries.readdress(*place, entry.recipient, entry.address)
    if entry.how is None:
        raise HowMissing()
    return deliveries.record(
        *place,
        entry.how,
        entry.on,
        receiver=entry.receiver,
        witness=entry.witness,
        remarks=entry.remarks,
        scan=next(iter(scans), None),
    )
