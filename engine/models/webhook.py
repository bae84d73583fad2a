"""Other systems that are told what happens here, and each message to them."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_UNDELIVERED = text("state IN ('pending', 'waiting')")


class WebhookSubscription(SQLModel, table=True):
    """Another system that is told of some kinds of events: its address and the secret with which messages are signed."""

    __tablename__ = "webhook_subscription"

    id: str = key()
    name: str = Field(max_length=100)
    address: str = Field(max_length=500)
    kinds: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    processes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # none named: all
    secret: bytes  # encrypted with the master key
    former_secret: bytes | None = None  # encrypted; still signs until …
    former_until: datetime | None = instant(default=None, nullable=True)  # wall time
    master_key_id: str = Field(max_length=32)
    active: bool = True
    failures: int = 0  # in a row
    failing_since: datetime | None = instant(default=None, nullable=True)  # wall time
    wait_until: datetime | None = instant(default=None, nullable=True)  # wall time: nothing is sent before
    created_at: datetime = instant()
    created_by: str = Field(max_length=80)
    ended_at: datetime | None = instant(default=None, nullable=True)


class WebhookDelivery(SQLModel, table=True):
    """One event for one subscription: the very bytes that are sent, however often, and what came of it. Wall time."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_of_subscription", "subscription_id", "created_at"),
        Index(
            "ix_webhook_delivery_undelivered",
            "subscription_id",
            "case_id",
            postgresql_where=_UNDELIVERED,
            sqlite_where=_UNDELIVERED,
        ),
    )

    id: str = key()
    subscription_id: str = ref("webhook_subscription", index=False)
    event_id: str = Field(max_length=32)  # the same for every subscription that is told of the event
    kind: str = Field(max_length=40)
    case_id: str | None = ref("case_file", default=None, nullable=True)
    body: str = Field(sa_column=Column(Text, nullable=False))  # the CloudEvent: ids and references only
    state: str = Field(default="pending", max_length=20)  # pending, waiting (paused), delivered, dead
    round: int = 1  # replaying begins another one
    attempts: int = 0  # of this round
    status: int | None = None  # what the receiver answered last
    error: str = Field(default="", max_length=300)
    created_at: datetime = instant()
    queued_at: datetime = instant()
    next_at: datetime | None = instant(default=None, nullable=True)
    settled_at: datetime | None = instant(default=None, nullable=True)
