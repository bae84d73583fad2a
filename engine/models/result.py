"""How many clocks were answered in time and late: counted once for each, so that the board reads a few rows for a year."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import key, ref


class ResultCount(SQLModel, table=True):
    """How many clocks of one basis an organisation answered in a month, of one process: in time, and late.

    Derived from ``Deadline`` and ``Breach``, in the transaction in which a clock stops; ``duban db recount`` counts anew.
    """

    __tablename__ = "result_count"
    __table_args__ = (UniqueConstraint("organisation_id", "process_key", "basis", "month"),)

    id: str = key()
    organisation_id: str = ref("organisation", index=False)
    process_key: str = Field(max_length=64)
    basis: str = Field(max_length=20)
    month: date = Field(index=True)  # its first day, in Guiyang
    in_time: int = 0
    late: int = 0
