"""Running cases that went over to another version of their process."""

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class InstanceMigration(SQLModel, table=True):
    """A case went over to another version of its process; it can go back as long as it has not moved since."""

    __tablename__ = "instance_migration"
    __table_args__ = (UniqueConstraint("run", "case_id"),)

    id: str = key()
    run: str = Field(max_length=32)  # cases that went over by one command
    case_id: str = ref("case_file")
    from_id: str = ref("process_definition", index=False)
    to_id: str = ref("process_definition", index=False)
    state: bytes  # of the flow before, encrypted
    instance_revision: int  # after: while it is the same, the case has not moved
    case_revision: int  # of the document: what was written up to it was written under the version before
    deadlines: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # that came by it
    participants: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    reason: str = Field(max_length=1000)
    actor: str = Field(max_length=80)
    at: datetime = instant()
    undone_at: datetime | None = instant(default=None, nullable=True)
