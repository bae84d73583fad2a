"""What runs later, what needs an operator, and what must not happen twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Job(SQLModel, table=True):
    """Background work, enqueued in the transaction of its cause. Payloads hold ids, never values."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "run_at", postgresql_where=text("state = 'queued'"), sqlite_where=text("state = 'queued'")),
    )

    id: str = key()
    kind: str = Field(max_length=64)
    unique_key: str = Field(unique=True, max_length=200)  # enqueueing the same work twice has one effect
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    case_id: str | None = ref("case_file", default=None, nullable=True)
    state: str = Field(default="queued", max_length=20)  # queued, done, failed
    run_at: datetime = instant()  # wall time
    lease_until: datetime | None = instant(default=None, nullable=True)  # wall time
    lease_token: str | None = Field(default=None, max_length=32)
    attempts: int = 0
    last_error: str | None = Field(default=None, max_length=2000)
    created_at: datetime = instant()
    ended_at: datetime | None = instant(default=None, nullable=True)


class Incident(SQLModel, table=True):
    """Something that a machine could not do by itself and a person must look at.

    Of a token that is held: which one, the revision of the document that it read, what had set it off, and who.
    """

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "ix_incident_held",
            "case_id",
            "token",
            unique=True,
            postgresql_where=text("resolved_at IS NULL AND token IS NOT NULL"),
            sqlite_where=text("resolved_at IS NULL AND token IS NOT NULL"),
        ),
    )

    id: str = key()
    kind: str = Field(max_length=64)
    case_id: str | None = ref("case_file", default=None, nullable=True)
    job_id: str | None = ref("job", default=None, nullable=True)
    node: str | None = Field(default=None, max_length=100)
    token: str | None = Field(default=None, max_length=40)
    revision: int | None = None
    cause: str | None = Field(default=None, max_length=200)
    acted: str | None = Field(default=None, max_length=80)  # person:ID, party:ID, system
    sentence: str = Field(max_length=2000)
    at: datetime = instant(index=True)
    resolved_at: datetime | None = instant(default=None, nullable=True)
    resolved_by: str | None = Field(default=None, max_length=80)


class IdempotencyKey(SQLModel, table=True):
    """A request that was carried out: sent again, it has the same answer and no second effect."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("scope", "value"),)

    id: str = key()
    scope: str = Field(max_length=120)  # who and which door
    value: str = Field(max_length=100)
    fingerprint: str = Field(max_length=64)  # hash of the request: another request under the same key is refused
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # ids only
    created_at: datetime = instant(index=True)


class SystemValue(SQLModel, table=True):
    """A named value of the installation: the offset of the travelling clock, the last sweep."""

    __tablename__ = "system_value"

    name: str = Field(primary_key=True, max_length=64)
    value: str = Field(max_length=500)


class AuditEvent(SQLModel, table=True):
    """What happened, append-only. Events of one stream (a case, or the system) are chained by hash. Ids, never values."""

    __tablename__ = "audit_event"
    __table_args__ = (UniqueConstraint("stream", "position"),)

    id: str = key()
    stream: str = Field(max_length=64)  # case:ID, reads, sign_in, administration
    position: int
    at: datetime = instant(index=True)
    actor: str = Field(max_length=80)
    name: str = Field(index=True, max_length=64)  # task.completed
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    previous: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    digest_algorithm: str = Field(default="sha256", max_length=20)
