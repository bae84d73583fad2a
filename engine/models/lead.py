"""A missed clock that became a matter for whoever may act."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class SupervisionLead(SQLModel, table=True):
    """A supervision lead (监督线索): what is suspected of whom under which ground of Art. 30, and who decides on it."""

    __tablename__ = "supervision_lead"
    __table_args__ = (UniqueConstraint("breach_id"),)

    id: str = key()
    case_id: str = ref("case_file", unique=True)  # of the lead itself
    about_id: str = ref("case_file")  # out of which it came
    breach_id: str | None = ref("breach", index=False, default=None, nullable=True)  # nothing: a supervisor opened it
    ground: str = Field(max_length=4)  # of Art. 30: 1 to 9
    respondent_id: str = ref("organisation")
    organ_id: str = ref("organisation")  # the body that may act
    at: datetime = instant(index=True)
    opened_by: str = Field(max_length=80)  # person:ID, system
    annulled_at: datetime | None = instant(default=None, nullable=True)
    annulled_reason: str | None = Field(default=None, max_length=1000)
