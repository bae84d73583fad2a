"""Who may use which shared data, for what, and until when (Art. 15, 17)."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_STANDING = text("revoked_at IS NULL")


class AccessGrant(SQLModel, table=True):
    """An organisation may use an item of another one: in which way, for which purpose and duty, in which period."""

    __tablename__ = "access_grant"
    __table_args__ = (
        Index("ix_access_grant_ending", "ends_on", postgresql_where=_STANDING, sqlite_where=_STANDING),
        Index("ix_access_grant_of", "item_id", "organisation_id"),
    )

    id: str = key()
    item_id: str = ref("catalogue_item", index=False)
    organisation_id: str = ref("organisation")  # who may use it
    access_mode: str = Field(max_length=20)  # api, batch, query
    purpose: str = Field(max_length=2000)
    scope: str = Field(max_length=2000)
    legal_basis: str = Field(max_length=2000)
    begins_on: date
    ends_on: date | None = Field(default=None)  # the last day; nothing: until it is revoked
    case_id: str = ref("case_file")  # in which it was granted
    granted_at: datetime = instant()
    reminded_days: int | None = Field(default=None)  # of the reminders before its end, the latest that went out
    revoked_at: datetime | None = instant(default=None, nullable=True)
    revoked_by: str = Field(default="", max_length=80)
    revoke_reason: str = Field(default="", max_length=1000)
    misuse_note: str = Field(default="", max_length=1000)  # what speaks for a use beyond purpose or scope
    misuse_at: datetime | None = instant(default=None, nullable=True)
    misuse_by: str = Field(default="", max_length=80)
