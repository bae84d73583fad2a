"""What a leader wrote on a case: for the house that it binds, and for nobody else."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Instruction(SQLModel, table=True):
    """A leader's instruction (领导批示) on a case. Its clock is private; its words are sealed with the key of the case."""

    __tablename__ = "instruction"
    __table_args__ = (UniqueConstraint("deadline_id"),)

    id: str = key()
    case_id: str = ref("case_file")
    deadline_id: str = ref("deadline", index=False)
    leader: bytes  # encrypted: who gave it
    text: bytes  # encrypted
    house_id: str = ref("organisation")  # that gave it
    bound_id: str = ref("organisation")  # that must carry it out
    due_on: date
    at: datetime = instant()
    recorded_by: str = Field(max_length=80)  # person:ID
    fulfilled_at: datetime | None = instant(default=None, nullable=True)
    fulfilled_by: str | None = Field(default=None, max_length=80)
    report: bytes | None = None  # encrypted: how it was carried out
