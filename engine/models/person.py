"""People who sign in, their sessions and tokens, and the count of failed attempts."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Person(SQLModel, table=True):
    """Someone who works here and signs in. Members of the public are parties of a case, never persons."""

    __tablename__ = "person"

    id: str = key()
    login: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=100)
    email: str = Field(default="", max_length=200)
    password_hash: str = Field(max_length=255)
    locale: str = Field(default="zh", max_length=5)
    duty: str = Field(
        default="none", max_length=20
    )  # 三员分立: none, administrator (reads no case), auditor (changes nothing)
    active: bool = True
    created_at: datetime = instant()


class WebSession(SQLModel, table=True):
    """A browser that is signed in: a person at the desk, or a party looking at one case. Known by the hash of its cookie."""

    __tablename__ = "web_session"

    id: str = Field(primary_key=True, max_length=64)  # SHA-256 of the cookie's secret
    person_id: str | None = ref("person", default=None, nullable=True)
    party_id: str | None = ref("party", default=None, nullable=True)
    csrf: str = Field(max_length=64)
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant(index=True)


class ApiToken(SQLModel, table=True):
    """A bearer token of a person, for programs. Only its hash is kept."""

    __tablename__ = "api_token"

    id: str = key()
    person_id: str = ref("person")
    token_hash: str = Field(unique=True, max_length=64)
    label: str = Field(max_length=100)
    created_at: datetime = instant()
    expires_at: datetime | None = instant(default=None, nullable=True)
    revoked_at: datetime | None = instant(default=None, nullable=True)


class FailedAttempts(SQLModel, table=True):
    """How often a wrong code or password was given from one place or for one name. Success is never counted."""

    __tablename__ = "failed_attempts"

    id: str = Field(primary_key=True, max_length=64)  # HMAC of what is limited (address, login, reference)
    failures: int = 0
    window_ends_at: datetime = instant(index=True)
