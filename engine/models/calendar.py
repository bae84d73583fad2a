"""Holiday notices that were brought in, and the calendars that due dates were counted with."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key


class HolidayNotice(SQLModel, table=True):
    """One year's holiday notice: proposed, looked at, approved. A later one for the year supersedes it; none is deleted."""

    __tablename__ = "holiday_notice"

    id: str = key()
    year: int = Field(index=True)
    version: str = Field(max_length=20)  # of what it says, whatever the file's layout: 2027.1a2b3c4d
    source: str = Field(max_length=200)  # as the State Council calls it
    text: str = Field(sa_column=Column(Text, nullable=False))  # the file
    state: str = Field(default="proposed", max_length=20)  # proposed, approved, discarded
    number: int | None = Field(
        default=None, unique=True
    )  # in the order of approval: of one year the highest is in force
    proposed_at: datetime = instant()
    proposed_by: str = Field(max_length=80)
    decided_at: datetime | None = instant(default=None, nullable=True)
    decided_by: str | None = Field(default=None, max_length=80)
    reason: str | None = Field(default=None, max_length=500)


class CalendarVersion(SQLModel, table=True):
    """A whole calendar, stored when the first clock is counted with it: what was counted can be explained for ever."""

    __tablename__ = "calendar_version"

    id: str = key()
    version: str = Field(unique=True, max_length=64)
    years: list[int] = Field(sa_column=Column(JSON, nullable=False))  # whose holidays were published
    holidays: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))  # ISO date → name of the holiday
    makeup: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    stored_at: datetime = instant()
