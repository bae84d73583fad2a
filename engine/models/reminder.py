"""What people are told: reminders in their inbox, and the urging that goes on record."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_UNREAD = text("read_at IS NULL")
_UNMAILED = text("mailed_at IS NULL")
_MAILED = text("mailed_at IS NOT NULL")


class Reminder(SQLModel, table=True):
    """Something that a person is told about a case: a rung of the ladder, an urging, a task that was handed to them."""

    __tablename__ = "reminder"
    __table_args__ = (
        Index("ix_reminder_unread", "person_id", "at", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
        Index("ix_reminder_unmailed", "person_id", postgresql_where=_UNMAILED, sqlite_where=_UNMAILED),
        Index("ix_reminder_mailed", "person_id", "mailed_at", postgresql_where=_MAILED, sqlite_where=_MAILED),
    )

    id: str = key()
    person_id: str = ref("person", index=False)
    case_id: str = ref("case_file")
    deadline_id: str | None = ref("deadline", default=None, nullable=True)
    kind: str = Field(
        max_length=40
    )  # a rung of the ladder, or: urged, delegated, returned, reassigned, lead, instruction …
    urging_id: str | None = ref("urging", index=False, default=None, nullable=True)
    at: datetime = instant()
    read_at: datetime | None = instant(default=None, nullable=True)
    mailed_at: datetime | None = instant(default=None, nullable=True)  # with a digest; wall time


class Urging(SQLModel, table=True):
    """A supervisor urged a case (催办): who, when, and with which words."""

    __tablename__ = "urging"

    id: str = key()
    case_id: str = ref("case_file")
    deadline_id: str | None = ref("deadline", default=None, nullable=True)
    text: bytes  # encrypted with the key of the case
    at: datetime = instant()
    by: str = Field(max_length=80)  # person:ID
