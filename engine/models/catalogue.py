"""The catalogues of data: items, what is said of them from one revision to the next, and numbered versions (Art. 11, 13, 19)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_CURRENT = text("state = 'current'")
_SHOWN = text("shown")


class CatalogueItem(SQLModel, table=True):
    """A dataset of an organisation. Its code is for ever; what is said of it stands in its revisions."""

    __tablename__ = "catalogue_item"

    id: str = key()
    code: str = Field(unique=True, max_length=80)  # gy-jtw-0003
    organisation_id: str = ref("organisation")
    opened_at: datetime | None = instant(default=None, nullable=True)
    updated_at: datetime | None = instant(
        default=None, nullable=True, index=True
    )  # when its data were renewed last, as far as known
    removed_at: datetime | None = instant(default=None, nullable=True)  # it is in no catalogue any more


class CatalogueRevision(SQLModel, table=True):
    """What a catalogue says of an item: drafted (for a case, or proposed), current, superseded, discarded or removed."""

    __tablename__ = "catalogue_revision"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        Index(
            "uq_catalogue_revision_current", "item_id", unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT
        ),
        Index("uq_catalogue_revision_shown", "item_id", unique=True, postgresql_where=_SHOWN, sqlite_where=_SHOWN),
        Index("ix_catalogue_revision_frequency", "update_frequency", postgresql_where=_CURRENT, sqlite_where=_CURRENT),
    )

    id: str = key()
    item_id: str = ref("catalogue_item")
    number: int
    state: str = Field(default="drafted", max_length=20)
    change: str = Field(default="change", max_length=10)  # add, change, remove
    shown: bool = False  # this is what the published catalogues say of the item
    name: str = Field(max_length=300)
    name_en: str = Field(default="", max_length=300)
    description: str = Field(default="", max_length=2000)
    sharing: str = Field(default="none", max_length=20)  # unconditional, conditional, none (Art. 14)
    conditions: str = Field(default="", max_length=1000)
    opening: str = Field(default="closed", max_length=20)  # open, planned, closed
    exemption: str = Field(default="", max_length=40)  # why it is closed: state_secret … (Art. 18)
    format: str = Field(default="", max_length=40)
    url: str = Field(default="", max_length=500)
    update_frequency: str = Field(default="", max_length=40)
    fields: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    classification: str = Field(default="", max_length=40)
    domain: str = Field(default="", max_length=40)  # of Art. 20
    data_since: date | None = Field(default=None)  # since when there are such data
    contact: str = Field(default="", max_length=200)
    case_id: str | None = ref("case_file", default=None, nullable=True)
    drafted_at: datetime = instant()
    drafted_by: str = Field(max_length=80)
    settled_at: datetime | None = instant(default=None, nullable=True)  # adopted or discarded
    settled_by: str = Field(default="", max_length=80)
    published_at: datetime | None = instant(default=None, nullable=True)


class CatalogueVersion(SQLModel, table=True):
    """A numbered catalogue of an organisation: resource, sharing or open; compiled, and then perhaps published (Art. 11)."""

    __tablename__ = "catalogue_version"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "number"),)

    id: str = key()
    organisation_id: str = ref("organisation", index=False)
    kind: str = Field(max_length=20)
    number: int
    state: str = Field(default="compiled", max_length=20)  # compiled, published
    case_id: str | None = ref("case_file", default=None, nullable=True)
    compiled_at: datetime = instant()
    published_at: datetime | None = instant(default=None, nullable=True)


class CatalogueVersionItem(SQLModel, table=True):
    """An item as a version of a catalogue has it."""

    __tablename__ = "catalogue_version_item"
    __table_args__ = (UniqueConstraint("version_id", "revision_id"),)

    id: str = key()
    version_id: str = ref("catalogue_version", index=False)
    revision_id: str = ref("catalogue_revision")


class CatalogueDemand(SQLModel, table=True):
    """A case asked for an item: how much it is in demand (Art. 20)."""

    __tablename__ = "catalogue_demand"
    __table_args__ = (UniqueConstraint("item_id", "case_id"),)

    id: str = key()
    item_id: str = ref("catalogue_item", index=False)
    case_id: str = ref("case_file")
    at: datetime = instant()
