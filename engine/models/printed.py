"""Due dates that stand on issued papers, and what a new calendar makes of them."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_WAITS = text("state = 'waiting'")


class PrintedDate(SQLModel, table=True):
    """Which due date of which clock a notice prints. It binds from the moment at which the notice is issued."""

    __tablename__ = "printed_date"
    __table_args__ = (UniqueConstraint("notice_id", "deadline_id"),)

    id: str = key()
    notice_id: str = ref("notice", index=False)
    deadline_id: str = ref("deadline")
    due_on: date


class PrintedCorrection(SQLModel, table=True):
    """A printed date that a new calendar moves. To a later day: applied, then told. To an earlier one: a person decides."""

    __tablename__ = "printed_correction"
    __table_args__ = (
        Index(
            "ix_printed_correction_waiting", "deadline_id", unique=True, postgresql_where=_WAITS, sqlite_where=_WAITS
        ),
    )

    id: str = key()
    case_id: str = ref("case_file")
    deadline_id: str = ref("deadline")
    notice_id: str = ref("notice", index=False)  # the newest paper that prints the old date
    due_on_before: date
    due_on_after: date
    source: str = Field(max_length=200)  # what moved it: a holiday notice
    state: str = Field(max_length=20)  # waiting, applied, refused, lapsed
    raised_at: datetime = instant()
    decided_at: datetime | None = instant(default=None, nullable=True)
    decided_by: str | None = Field(default=None, max_length=80)
    reason: str | None = Field(default=None, max_length=500)
    told_by: str | None = ref("notice", index=False, default=None, nullable=True)  # the corrective notice
