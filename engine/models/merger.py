"""Cases of one matter that are handled together (并案)."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

STANDING = ("proposed", "merged", "decided")
_STANDING = text("state IN ('proposed', 'merged', 'decided')")


class Merger(SQLModel, table=True):
    """One case is to follow another, or follows it: who proposed that, who decided, and what became of it."""

    __tablename__ = "merger"
    __table_args__ = (
        Index("uq_merger_case", "case_id", unique=True, postgresql_where=_STANDING, sqlite_where=_STANDING),
        Index("ix_merger_lead", "lead_id", "state"),
    )

    id: str = key()
    case_id: str = ref("case_file", index=False)
    lead_id: str = ref("case_file", index=False)
    state: str = Field(default="proposed", max_length=20)  # proposed, merged, decided, refused, undone, ended
    reason: bytes  # encrypted with the key of the merged case
    proposed_by: str = ref("person", index=False)
    proposed_at: datetime = instant()
    settled_by: str | None = Field(default=None, max_length=80)  # who decided or undid it: person:ID or system
    settled_at: datetime | None = instant(default=None, nullable=True)
    settled_reason: bytes | None = None  # encrypted likewise
