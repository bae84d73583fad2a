"""Statements are compiled once in a test process, and not once for each of its many databases.

SQLAlchemy keeps what it has compiled with the engine and the dialect's object; each test has an engine of its own, so most of
its time went into compiling what the test before had compiled. Nothing else is shared, and nothing but tests does this.
"""

from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 4000


def share() -> None:
    """From now on, engines of this process share what they compile; dialects of one kind count as equal."""
    compiled: LRUCache[Any, Any] = LRUCache(MOST_STATEMENTS)
    Engine._compiled_cache = property(lambda self: compiled, lambda self, own: None)  # type: ignore[assignment]
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[assignment, method-assign]
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[assignment, method-assign]
