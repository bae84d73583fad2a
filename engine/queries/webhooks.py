"""Messages to other systems, for administrators: what was sent, what waits, what was given up."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from engine import webhooks
from engine.db import Reading
from engine.models import WebhookDelivery
from engine.queries import paging


@dataclass(frozen=True)
class Messages:
    """A page of messages, newest first, and the key of the next page."""

    items: tuple[WebhookDelivery, ...]
    next: str | None


def messages(reading: Reading, subscription_id: str, after: str | None = None, limit: int = 50) -> Messages:
    """The messages of a subscription; raises SubscriptionNotFound, PageKeyFaulty."""
    webhooks.find(reading, subscription_id)
    limit = paging.bounded(limit)
    at, ident = col(WebhookDelivery.created_at), col(WebhookDelivery.id)
    query = select(WebhookDelivery).where(col(WebhookDelivery.subscription_id) == subscription_id)
    later = paging.before(after, at, ident)  # type: ignore[arg-type]
    query = query if later is None else query.where(later)
    found = reading.session.exec(query.order_by(at.desc(), ident.desc()).limit(limit + 1)).all()
    rows, more = paging.cut(found, limit)
    return Messages(tuple(rows), paging.make(rows[-1].created_at, rows[-1].id) if more else None)


def numbers(reading: Reading, subscription_id: str) -> Mapping[str, int]:
    """How many messages of a subscription are in each state."""
    webhooks.find(reading, subscription_id)
    counted = (
        select(WebhookDelivery.state, func.count())
        .where(col(WebhookDelivery.subscription_id) == subscription_id)
        .group_by(col(WebhookDelivery.state))
    )
    return dict.fromkeys(("pending", "waiting", "delivered", "dead"), 0) | dict(reading.session.exec(counted).all())
