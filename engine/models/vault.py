"""Who complained: kept apart from the case, under other keys."""

from sqlmodel import Field, SQLModel

from engine.models.base import key, ref


class SealedIdentity(SQLModel, table=True):
    """What identifies a sealed party, encrypted with a key of its own that no key of the case opens."""

    __tablename__ = "sealed_identity"

    id: str = key()
    party_id: str = ref("party", unique=True)
    identity: bytes  # encrypted JSON: name, phone, email, identity_number, address
    by_email: bool = False  # whether an e-mail address is in it: nothing is opened to know that
    wrapped_key: bytes | None = None  # wrapped by an identity master key; destroyed = erased
    master_key_id: str = Field(max_length=16)
