"""What is told to other systems, heard in one place each: domain events of cases, and missed clocks.

An event is a CloudEvent 1.0 in structured JSON. It is written down in the transaction in which it happens, once for each
subscription, and holds ids and references only: never the name of a party, never a value of the case.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from engine import clock, webhook_deliveries
from engine.db import UnitOfWork
from engine.models import Breach, Case, Deadline, Notice, Organisation, WebhookSubscription, new_id

PREFIX = "duban."
TEST = "webhook.test"
_NOTICES = frozenset({"notice.issued", "notice.dispatched", "notice.served"})


def hear(uow: UnitOfWork, case: Case, event: str, begins_with: str, paper: Notice | None = None) -> None:
    """A domain event was announced: those who asked for its kind are told."""
    name = event.partition(":")[0]
    if event == begins_with:
        _tell(uow, "case.opened", case, {})
    elif event == "case.closed":
        _tell(uow, event, case, {})
    elif name in _NOTICES and paper is not None:
        _tell(uow, name, case, _of_paper(uow, paper))


def hear_missed(uow: UnitOfWork, deadline: Deadline, breach: Breach) -> None:
    """A clock was missed."""
    said = {
        "deadline": deadline.name,
        "basis": breach.basis,
        "article": breach.article,
        "due_on": breach.due_on.isoformat(),
        "missed_at": instant(breach.at),
        "organisation": _code(uow, breach.organisation_id),
    }
    _tell(uow, "deadline.missed", uow.session.get_one(Case, breach.case_id), said)


def send_test(uow: UnitOfWork, subscription: WebhookSubscription) -> str:
    """Ask for a message that tells of nothing, to see whether it arrives; returns its id."""
    said = _cloud_event(uow, new_id(), TEST, subscription.id, {"subscription": subscription.id})
    return webhook_deliveries.write(uow, subscription, said["id"], TEST, None, _as_text(said))


def _of_paper(uow: UnitOfWork, notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice.id,
        "notice_kind": notice.name,
        "number": notice.number,
        "issued_on": notice.issued_on.isoformat() if notice.issued_on else None,
        "served_on": clock.day_of(notice.served_at).isoformat() if notice.served_at else None,
        "organisation": _code(uow, notice.organisation_id),
    }


def _tell(uow: UnitOfWork, kind: str, case: Case, said: Mapping[str, Any]) -> None:
    _write(uow, _subscribed(uow, kind, case), kind, case, said)


def _subscribed(uow: UnitOfWork, kind: str, case: Case) -> list[WebhookSubscription]:
    every = select(WebhookSubscription).where(col(WebhookSubscription.ended_at).is_(None))
    asked = uow.session.exec(every.order_by(col(WebhookSubscription.id)))
    return [s for s in asked if kind in s.kinds and (not s.processes or case.process_key in s.processes)]


def _write(
    uow: UnitOfWork, subscriptions: list[WebhookSubscription], kind: str, case: Case, said: Mapping[str, Any]
) -> None:
    if subscriptions:
        data = {"case": case.reference, "process": case.process_key, **said}
        event = _cloud_event(uow, new_id(), kind, case.reference, data)
        for subscription in subscriptions:
            webhook_deliveries.write(uow, subscription, event["id"], kind, case.id, _as_text(event))


def _cloud_event(uow: UnitOfWork, ident: str, kind: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": ident,
        "source": uow.settings.base_url.rstrip("/"),
        "type": PREFIX + kind,
        "subject": subject,
        "time": instant(uow.now),
        "datacontenttype": "application/json",
        "data": data,
    }


def _as_text(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _code(uow: UnitOfWork, organisation_id: str | None) -> str | None:
    return uow.session.get_one(Organisation, organisation_id).code if organisation_id else None


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
