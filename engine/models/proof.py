"""What proves issued papers: the register of document numbers, and the certificates with which papers were signed."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class RegisteredNumber(SQLModel, table=True):
    """A document number that was given out: to a notice, or to none, with the reason why it was spent (voided)."""

    __tablename__ = "registered_number"
    __table_args__ = (
        UniqueConstraint("organisation_id", "series", "year", "ordinal"),
        UniqueConstraint("notice_id"),
        Index("ix_registered_number_given", "organisation_id", "given_at", "id"),
    )

    id: str = key()
    organisation_id: str = ref("organisation", index=False)
    series: str = Field(max_length=40)
    year: int
    ordinal: int
    number: str = Field(max_length=60)  # as it is printed: 筑数开放复〔2026〕7号
    notice_id: str | None = ref("notice", index=False, default=None, nullable=True)
    given_on: date
    given_at: datetime = instant()
    voided_by: str | None = Field(default=None, max_length=80)
    void_reason: str | None = Field(default=None, max_length=500)


class SealCertificate(SQLModel, table=True):
    """A certificate with which papers of an organ were signed, kept when its key has long been replaced."""

    __tablename__ = "seal_certificate"

    fingerprint: str = Field(primary_key=True, max_length=128)  # SHA-256 of the certificate
    organisation_id: str = ref("organisation")
    subject: str = Field(max_length=500)
    issuer: str = Field(max_length=500)
    valid_from: datetime = instant()
    valid_until: datetime = instant()
    demonstration: bool
    chain: str  # PEM: the certificate, then those of the authorities above it
