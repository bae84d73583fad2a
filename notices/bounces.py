"""Mails that come back: reports of mail servers (RFC 3464) about pointers that we sent.

A report names the mail by the Message-ID of the headers that it returns; that of a pointer holds the id of its delivery. The
delivery is marked as returned and the case's handlers are reminded; the service on the portal is not touched by it.
"""

import email
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import Message

from sqlmodel import col, select

from engine import audit, process
from engine.access import SYSTEM
from engine.db import Database
from engine.models import Delivery, Notice
from notices import deliveries

MOST_BYTES = 10 * 1024 * 1024
LONGEST_CODE = 20


@dataclass(frozen=True)
class Bounce:
    """One mail that could not be delivered: its Message-ID, and the status code such as 5.1.1."""

    message_id: str
    status: str


@dataclass(frozen=True)
class Noted:
    """What became of a bounce: marked now, known already, or not one of ours."""

    bounce: Bounce
    outcome: str  # returned, known, unknown


def read(source: bytes) -> list[Bounce]:
    """The mails that a report, or a mailbox (mbox) of reports, says could not be delivered; a delay is none."""
    return [bounce for mail in _mails(source[:MOST_BYTES]) for bounce in _of_report(mail)]


def _mails(source: bytes) -> Iterator[Message]:
    if not source.startswith(b"From "):
        yield email.message_from_bytes(source, policy=policy.compat32)
        return
    for piece in (b"\n" + source).split(b"\nFrom ")[1:]:
        yield email.message_from_bytes(piece.partition(b"\n")[2], policy=policy.compat32)


def _of_report(mail: Message) -> Iterator[Bounce]:
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return
    status, returned = "", ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            status = status or _failure(part)
        elif kind == "text/rfc822-headers":
            returned = returned or _message_id(email.message_from_string(str(part.get_payload())))
        elif kind == "message/rfc822" and part.is_multipart():
            returned = returned or _message_id(part.get_payload(0))  # type: ignore[arg-type]
    if status and returned:
        yield Bounce(returned, status)


def _failure(part: Message) -> str:
    """The status code of the first recipient whom it could not reach for good."""
    groups = part.get_payload()
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, Message) and str(group.get("Action", "")).strip().lower() == "failed":
            code = "".join(sign for sign in str(group.get("Status", "")) if sign.isdigit() or sign == ".")
            return code[:LONGEST_CODE] or "5"
    return ""


def _message_id(mail: Message) -> str:
    return str(mail.get("Message-ID", "")).strip()[:500]


def note(database: Database, bounce: Bounce) -> Noted:
    """Mark the delivery of a pointer as returned, once; a mail that is none of ours is left alone."""
    delivery_id = bounce.message_id.removeprefix("<").partition("@")[0]
    sent = select(Delivery.case_id).where(
        col(Delivery.id) == delivery_id, col(Delivery.channel) == "email", col(Delivery.proof) == bounce.message_id
    )
    with database.reading(SYSTEM) as reading:
        case_id = reading.session.exec(sent).first() if delivery_id.isalnum() else None
    if case_id is None:
        return Noted(bounce, "unknown")
    with database.unit_of_work() as uow:
        process.lock_row(uow, case_id)
        row = uow.session.get_one(Delivery, delivery_id, populate_existing=True)
        if row.state != "dispatched":
            return Noted(bounce, "known")
        row.state, row.recorded_at, row.recorded_by = "returned", uow.now, str(uow.actor)
        uow.add(row)
        audit.record(uow, "delivery.returned", case_id, delivery=row.id, channel="email", status=bounce.status)
        deliveries.undelivered(uow, uow.session.get_one(Notice, row.notice_id))
    return Noted(bounce, "returned")
