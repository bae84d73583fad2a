"""Tasks that people do, and timers that wake the flow."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

OPEN, RESTING = "open", "resting"
WAITING = (OPEN, RESTING)  # the flow waits for it; a task rests while its case follows another one
_OPEN = text("state = 'open'")


class Task(SQLModel, table=True):
    """A piece of work that waits for a person of one role in one organisation."""

    __tablename__ = "task"
    __table_args__ = (
        Index(  # a token waits for one task at a time; the steps of a chain of approval follow each other on it
            "uq_task_token", "case_id", "token", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN
        ),
        Index("ix_task_queue", "organisation_id", "role", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index(  # what waits at each step is counted from it alone
            "ix_task_case_open",
            *("case_id", "node", "role", "created_at", "state"),
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        Index("ix_task_case_done", "case_id", "completed_by", "node"),  # four eyes, however much a person has done
        Index("ix_task_delegated", "owner_id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index(  # and what lies with whom
            "ix_task_mine",
            *("assignee_id", "organisation_id", "case_id", "state"),
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
    )

    id: str = key()
    case_id: str = ref("case_file", index=False)
    token: str = Field(max_length=40)  # the waiting token of the flow
    node: str = Field(max_length=100)
    part: str = Field(max_length=40)
    role: str = Field(max_length=40)
    organisation_id: str | None = ref("organisation", index=False, default=None, nullable=True)
    approval_id: str | None = Field(default=None, max_length=32)  # the step of a chain of approval that is done here
    locals: bytes | None = None  # encrypted: what this token alone knows, e.g. the item of a loop
    state: str = Field(default="open", max_length=20)  # open, resting (the case follows another), completed, cancelled
    assignee_id: str | None = ref("person", index=False, default=None, nullable=True)
    owner_id: str | None = ref(  # who completes it, while the assignee only prepares it (delegated)
        "person", index=False, default=None, nullable=True
    )
    claimed_at: datetime | None = instant(default=None, nullable=True)
    created_at: datetime = instant()
    ended_at: datetime | None = instant(default=None, nullable=True)
    completed_by: str | None = ref("person", default=None, nullable=True)  # the human being
    completed_for: str | None = ref(  # the absent colleague in whose place they did it
        "person", index=False, default=None, nullable=True
    )
    draft: bytes | None = None  # encrypted: what the assignee has typed so far
    draft_at: datetime | None = instant(default=None, nullable=True)
    revision: int = 0


class Timer(SQLModel, table=True):
    """A waiting timer of a flow. One that refers to a deadline follows it, and has no due instant while that stands still."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("case_id", "token"),
        Index("ix_timer_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_timer_deadline", "case_id", "deadline"),
    )

    id: str = key()
    case_id: str = ref("case_file", index=False)
    token: str = Field(max_length=40)
    node: str = Field(max_length=100)
    deadline: str | None = Field(default=None, max_length=64)
    due_at: datetime | None = instant(default=None, nullable=True)
    lease_until: datetime | None = instant(default=None, nullable=True)  # wall time
    attempts: int = 0
