"""Items of the data catalogues, as far as cases open or change them."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class CatalogueItem(SQLModel, table=True):
    """A dataset of an organisation and whether it is open to the public (Art. 18, 19)."""

    __tablename__ = "catalogue_item"
    __table_args__ = (Index(None, "update_frequency", "updated_at"),)

    id: str = key()
    organisation_id: str = ref("organisation")
    name: str = Field(max_length=300)
    format: str = Field(default="", max_length=40)
    url: str = Field(default="", max_length=500)
    update_frequency: str = Field(default="", max_length=40)
    open: bool = False
    opened_at: datetime | None = instant(default=None, nullable=True)
    updated_at: datetime | None = instant(
        default=None, nullable=True
    )  # when its data were renewed last, as far as known
    case_id: str | None = ref("case_file", default=None, nullable=True)  # the case that opened it
