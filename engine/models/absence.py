"""Who is away, and who stands in for them."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Absence(SQLModel, table=True):
    """A person is away on some days; whoever stands in for them does their work until they are back."""

    __tablename__ = "absence"

    id: str = key()
    person_id: str = ref("person")
    substitute_id: str = ref("person")
    since: date  # the first day
    until: date  # the last day
    reason: str = Field(max_length=20)  # leave, travel, training, other: no more is anybody's business
    entered_at: datetime = instant()
    entered_by: str = Field(max_length=80)  # person:ID
    ended_at: datetime | None = instant(default=None, nullable=True)  # came back early, or is not going
    ended_by: str | None = Field(default=None, max_length=80)
