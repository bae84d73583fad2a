"""Who approves a paper, step by step."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class NoticeApproval(SQLModel, table=True):
    """One step of the chain by which a draft is approved: laid down with the draft, then passed or returned by a person."""

    __tablename__ = "notice_approval"
    __table_args__ = (UniqueConstraint("notice_id", "position"),)

    id: str = key()
    notice_id: str = ref("notice", index=False)
    case_id: str = ref("case_file")
    position: int  # in the chain, from 1
    step: str = Field(max_length=20)  # review, countersign, legal_review, sign, seal, register
    node: str = Field(max_length=100)  # the drawn task inside which it is done
    lane: str = Field(max_length=100)  # participant.role
    passes: str = Field(max_length=1000)  # expression over the answers: whether the step is passed
    opinion_field: str | None = Field(default=None, max_length=100)
    shares: bool = False  # other steps of the chain are done inside the same drawn task
    task_id: str | None = ref("task", index=False, default=None, nullable=True)
    result: str | None = Field(default=None, max_length=20)  # passed, returned
    person_id: str | None = ref("person", index=False, default=None, nullable=True)
    in_place_of: str | None = ref("person", index=False, default=None, nullable=True)
    opinion: bytes | None = None  # encrypted with the key of the case
    at: datetime | None = instant(default=None, nullable=True)
    digest: str | None = Field(default=None, max_length=128)  # of the draft that was looked at
    digest_algorithm: str = Field(default="sha256", max_length=20)
