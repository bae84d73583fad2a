"""Who does not handle a case, because they or their kin are concerned."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_STANDS = text("lifted_at IS NULL")


class Recusal(SQLModel, table=True):
    """A person is kept from a case (回避): by themselves, or by a decision of those who head them. It may be lifted."""

    __tablename__ = "recusal"
    __table_args__ = (
        Index(
            "ix_recusal_standing",
            "case_id",
            "person_id",
            unique=True,
            postgresql_where=_STANDS,
            sqlite_where=_STANDS,
        ),
    )

    id: str = key()
    case_id: str = ref("case_file")
    person_id: str = ref("person")
    kind: str = Field(max_length=20)  # own, decided
    reason: bytes  # encrypted with the key of the case
    at: datetime = instant()
    by: str = Field(max_length=80)  # person:ID
    lifted_at: datetime | None = instant(default=None, nullable=True)
    lifted_by: str | None = Field(default=None, max_length=80)
    lifted_reason: bytes | None = None  # encrypted with the key of the case


class NameClearance(SQLModel, table=True):
    """Somebody found that a party only bears the name of a person or of their kin: that person may handle the case."""

    __tablename__ = "name_clearance"
    __table_args__ = (UniqueConstraint("person_id", "party_id"),)

    id: str = key()
    person_id: str = ref("person", index=False)
    party_id: str = ref("party")
    reason: bytes  # encrypted with the key of the case
    at: datetime = instant()
    by: str = Field(max_length=80)  # person:ID


class Kin(SQLModel, table=True):
    """A relative whom a person has declared. The name has a key of its own: when that is gone, nobody can read it."""

    __tablename__ = "kin"
    __table_args__ = (UniqueConstraint("person_id", "name_token"),)

    id: str = key()
    person_id: str = ref("person", index=False)
    relation: str = Field(max_length=20)
    name: bytes  # encrypted
    name_token: str = Field(index=True, max_length=64)  # keyed hash, like that of a party: finds a name, tells none
    wrapped_key: bytes
    master_key_id: str = Field(max_length=16)
    declared_at: datetime = instant()
