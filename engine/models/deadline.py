"""Legal clocks, what moved them, what was missed, and the reminders that were claimed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_CLIMBS = text("state = 'running' AND climbs_at IS NOT NULL")
_STANDS = text("annulled_at IS NULL")
_GOES_ON = text("state IN ('running', 'suspended')")


class Deadline(SQLModel, table=True):
    """A clock of a case: its rule, when it started, and the due date derived from them. Overdue is derived, never stored."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("case_id", "name"),
        Index(
            "ix_deadline_running",
            "due_at",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
        Index(  # the numbers of the board are counted from it alone
            "ix_deadline_board",
            *("organisation_id", "process_key", "basis", "state", "due_at", "private", "case_id"),
            postgresql_where=_GOES_ON,
            sqlite_where=_GOES_ON,
        ),
        Index("ix_deadline_climbs", "climbs_at", postgresql_where=_CLIMBS, sqlite_where=_CLIMBS),
    )

    id: str = key()
    case_id: str = ref("case_file")
    process_key: str = Field(default="", max_length=64)  # of the case, for lists that are grouped by process
    name: str = Field(max_length=64)
    basis: str = Field(max_length=20)  # statutory, ordered, regulatory, external, internal
    article: str | None = Field(default=None, max_length=20)
    text_version: str = Field(default="2017", max_length=20)
    ground: str | None = Field(default=None, max_length=4)
    days: int
    unit: str = Field(max_length=20)
    roll: str = Field(max_length=20)
    cutoff: str | None = Field(default=None, max_length=5)  # 17:30, where the last day ends with office hours
    extension_days: int = 0  # by how much the rule allows it to be extended, in its unit
    may_suspend: bool = False
    may_restart: bool = False
    starts_on: str = Field(max_length=100)  # events, with blanks between them: whichever happens
    stops_on: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    owed_by: str = Field(max_length=40)  # participant or party
    organisation_id: str | None = ref("organisation", default=None, nullable=True)  # who owes it now
    state: str = Field(default="pending", max_length=20)  # pending, running, suspended, stopped
    started_at: datetime | None = instant(default=None, nullable=True)
    started_by: str | None = Field(default=None, max_length=100)  # the event that started it
    due_on: date | None = None
    due_at: datetime | None = instant(default=None, nullable=True)  # exclusive: 00:00 Shanghai of the next day
    provisional: bool = False
    calendar_version: str = Field(default="", max_length=64)
    stopped_at: datetime | None = instant(default=None, nullable=True)
    stopped_by: str | None = Field(default=None, max_length=100)
    climbs_at: datetime | None = instant(default=None, nullable=True)  # when the next rung of the ladder is due
    private: bool = False  # of an instruction: seen by the house that gave it and the one that it binds, by nobody else


class DeadlineChange(SQLModel, table=True):
    """An entry in a clock's ledger: suspension, resumption, extension, restart, correction; with reason and author.

    The budget of a clock is its rule and this ledger; the due date is counted from both.
    """

    __tablename__ = "deadline_change"

    id: str = key()
    deadline_id: str = ref("deadline")
    kind: str = Field(max_length=20)  # suspended, resumed, extended, restarted, corrected
    at: datetime = instant()
    on: date  # the legal day from which it counts
    days: int | None = None  # of an extension, in the clock's unit
    due_on_before: date | None = None
    due_on_after: date | None = None  # nothing while the clock stands still
    reason: str = Field(default="", max_length=1000)  # of a corrected calendar, and of entries before version 0028
    words: bytes | None = None  # what people or the process gave as the reason, encrypted with the key of the case
    evidence_id: str | None = Field(default=None, max_length=32)  # a document
    actor: str = Field(max_length=80)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class Breach(SQLModel, table=True):
    """A clock was missed: recorded once, whatever the flow does. Annulled, never deleted, when the due date was wrong."""

    __tablename__ = "breach"
    __table_args__ = (
        Index("ix_breach_standing", "deadline_id", unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS),
    )

    id: str = key()
    deadline_id: str = ref("deadline")
    case_id: str = ref("case_file")
    process_key: str = Field(default="", max_length=64)
    organisation_id: str | None = ref("organisation", default=None, nullable=True)
    basis: str = Field(max_length=20)
    article: str | None = Field(default=None, max_length=20)
    ground: str | None = Field(default=None, max_length=4)
    due_on: date
    at: datetime = instant(index=True)  # the due instant that passed
    recorded_at: datetime = instant()
    annulled_at: datetime | None = instant(default=None, nullable=True)
    annulled_reason: str | None = Field(default=None, max_length=1000)


class LadderClaim(SQLModel, table=True):
    """A rung of the ladder that has been climbed for a due date: unique, so that any number of workers send one reminder."""

    __tablename__ = "ladder_claim"
    __table_args__ = (UniqueConstraint("deadline_id", "due_on", "rung"),)

    id: str = key()
    deadline_id: str = ref("deadline", index=False)
    due_on: date  # a clock whose due date has moved climbs anew
    rung: str = Field(max_length=40)
    at: datetime = instant()
    superseded: bool = False  # nobody was reminded: a later rung had been reached by then
