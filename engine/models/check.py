"""Verifications of data items: which are under check now, and what came of earlier ones (Art. 13(3))."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class DataCheck(SQLModel, table=True):
    """A data item is being verified because a user of the data reported a doubt or an error, or was; one row a case."""

    __tablename__ = "data_check"
    __table_args__ = (UniqueConstraint("case_id"), Index("ix_data_check_of_item", "item", "ended_at"))

    id: str = key()
    item: str = Field(max_length=80)  # its code in the catalogue
    case_id: str = ref("case_file", index=False)
    begun_at: datetime = instant()
    ended_at: datetime | None = instant(default=None, nullable=True)
    result: str = Field(default="", max_length=40)  # corrected, confirmed_correct …; an error is what was corrected
