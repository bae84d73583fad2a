"""Items of the yearly plan of opening (Art. 19(1)): which dataset an agency opens by when."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class PlanItem(SQLModel, table=True):
    """A dataset that an organisation has planned to open in a year, as its case stands; one row a case."""

    __tablename__ = "plan_item"
    __table_args__ = (UniqueConstraint("case_id"), Index("ix_plan_item_of_year", "year", "planned_on"))

    id: str = key()
    case_id: str = ref("case_file", index=False)
    organisation_id: str = ref("organisation")
    year: int
    dataset: str = Field(max_length=200)
    planned_on: date  # the last day by which it is to be open, as the plan has it now
    first_planned_on: date  # as it was approved first: a plan that moves stays visible
    state: str = Field(max_length=20)  # planned, opened, abandoned
    settled_on: date | None = None
    updated_at: datetime = instant()
