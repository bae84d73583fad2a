"""What all tables share: opaque ids, instants in UTC, and names for constraints that both databases accept."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """An opaque, unguessable id: 32 hexadecimal digits, 128 bits."""
    return secrets.token_hex(16)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: always aware, always UTC. SQLite would otherwise drop the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key() -> Any:
    """The primary key column of a table: one kind of opaque id everywhere."""
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def ref(target: str, *, index: bool = True, **kw: Any) -> Any:
    """A foreign key column, indexed unless said otherwise."""
    return Field(foreign_key=f"{target}.id", index=index, max_length=32, **kw)


def instant(**kw: Any) -> Any:
    """An instant column."""
    return Field(sa_type=UtcDateTime, **kw)
