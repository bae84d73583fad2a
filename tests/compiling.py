"""What the test before has worked out already is not worked out again: statements are compiled once in a test process, and a
bundle is judged once, though each test has a database of its own and deploys the same bundles into it.

SQLAlchemy keeps what it has compiled with the engine and the dialect's object, and each test has an engine of its own. What the
lint says depends on the files and on what they may name, and on nothing else. Nothing but tests does this.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from engine import lint
from engine.runtime import Fault

MOST_STATEMENTS = 4000


def share() -> None:
    """From now on, engines of this process share what they compile, and a bundle is judged once."""
    _share_statements()
    _share_judgements()


def _share_statements() -> None:
    """Dialects of one kind count as equal."""
    compiled: LRUCache[Any, Any] = LRUCache(MOST_STATEMENTS)
    Engine._compiled_cache = property(lambda self: compiled, lambda self, own: None)  # type: ignore[assignment]
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[assignment, method-assign]
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[assignment, method-assign]


def _share_judgements() -> None:
    judge, judged = lint.lint_bundle, dict[Any, list[Fault]]()

    def remembering(files: Mapping[str, bytes], vocabulary: lint.Vocabulary) -> list[Fault]:
        checks = [f"{check.__module__}.{check.__qualname__}" for check in vocabulary.checks]
        named = vocabulary.operations, vocabulary.roles, checks, vocabulary.articles, vocabulary.links
        content = sorted((path, hashlib.sha256(content).digest()) for path, content in files.items())
        asked = tuple(content), repr(named)
        if asked not in judged:
            judged[asked] = judge(files, vocabulary)
        return list(judged[asked])

    lint.lint_bundle = remembering
