"""Reports that were published (Art. 27, 28: the results are made public)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class PublishedReport(SQLModel, table=True):
    """A report as it was published: figures of organisations, no case and no person. It never changes."""

    __tablename__ = "published_report"

    id: str = key()
    report: str = Field(max_length=40)
    since: date
    until: date
    organisation_id: str = ref("organisation", index=False)  # which published it
    content: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    published_at: datetime = instant(index=True)
    published_by: str = ref("person", index=False)
