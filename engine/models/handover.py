"""How a task went from hand to hand."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Handover(SQLModel, table=True):
    """A task was handed to somebody else, with the words that went along."""

    __tablename__ = "handover"

    id: str = key()
    task_id: str = ref("task")
    case_id: str = ref("case_file", index=False)
    revision: int  # of the task, by it: in this order it went
    kind: str = Field(max_length=20)  # delegated, returned, recalled, reassigned
    from_id: str | None = ref("person", index=False, default=None, nullable=True)
    to_id: str | None = ref(
        "person", index=False, default=None, nullable=True
    )  # nobody: it waits for whoever claims it
    words: bytes  # encrypted with the key of the case: the reason, or the remark
    at: datetime = instant()
    by: str = Field(max_length=80)  # person:ID
