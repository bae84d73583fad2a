"""Organisations and the two relations between them: who is superior of whom, and who guides whose work (Art. 4)."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Organisation(SQLModel, table=True):
    """A government, a bureau, an agency or another body that takes part in cases."""

    __tablename__ = "organisation"

    id: str = key()
    code: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=200)
    short_name: str = Field(max_length=100)
    name_en: str = Field(default="", max_length=200)
    kind: str = Field(index=True, max_length=40)  # government, city_data_bureau, district_data_bureau, agency, …
    level: str = Field(max_length=20)  # city, district
    document_prefix: str = Field(default="", max_length=20)  # 筑交: the first part of its document numbers
    phone: str = Field(default="", max_length=60)
    address: str = Field(default="", max_length=200)
    applicability: str = Field(default="direct", max_length=20)  # Art. 2, 32: direct, by_reference, optional
    demonstration: bool = False
    active: bool = True


class OrganisationRelation(SQLModel, table=True):
    """One organisation stands over another: as superior (may order) or as guide of its business (may only guide)."""

    __tablename__ = "organisation_relation"
    __table_args__ = (UniqueConstraint("upper_id", "lower_id", "kind"),)

    id: str = key()
    upper_id: str = ref("organisation")
    lower_id: str = ref("organisation")
    kind: str = Field(max_length=30)  # superior_of, business_guidance_of


class Membership(SQLModel, table=True):
    """A person's role within an organisation, for as long as it lasts."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id", "role"),)

    id: str = key()
    person_id: str = ref("person")
    organisation_id: str = ref("organisation")
    role: str = Field(max_length=40)
    unit: str = Field(default="", max_length=100)  # 科室
    ended_at: datetime | None = instant(default=None, nullable=True)
