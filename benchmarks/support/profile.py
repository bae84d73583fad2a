"""Where time goes: by part of the house, and which statements the database was asked."""

import cProfile
import pstats
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

PARTS = (  # the first that fits
    ("the database and its driver", ("sqlite3.", "psycopg", "'commit' of", "'execute' of", "select.epoll")),
    ("SQLAlchemy and SQLModel", ("sqlalchemy", "sqlmodel", "/weakref.py")),
    ("the flow: engine/runtime and SpiffWorkflow", ("engine/runtime/", "SpiffWorkflow")),
    ("forms: engine/forms and jsonschema", ("engine/form", "jsonschema", "referencing", "/json/")),
    ("keys: engine/privacy and cryptography", ("engine/privacy", "cryptography", "/hmac.py", "_hashlib")),
    ("the verb: tasks, process, clocks, record", ("engine/",)),
)


def shares(work: Callable[[], object]) -> dict[str, float]:
    """Which share of its time each part of the house takes, as a profiler sees it (which makes small calls look larger)."""
    profile = cProfile.Profile()
    profile.runcall(work)
    spent: Counter[str] = Counter()
    for function, (_, _, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if function[0] != "~" or _part(function) is not None:
            spent[_part(function) or "the rest"] += own
            continue
        for caller, figures in callers.items():  # what is built in is counted with who calls it
            spent[_part(caller) or "the rest"] += figures[2]
    whole = sum(spent.values())
    return {name: value / whole for name, value in spent.most_common()}


def _part(function: tuple[str, int, str]) -> str | None:
    place = f"{function[0]} {function[2]}"
    return next((part for part, marks in PARTS if any(mark in place for mark in marks)), None)


@contextmanager
def statements(engine: Engine) -> Iterator[Counter[str]]:
    """Count what the database is asked, as ``SELECT task``."""
    asked: Counter[str] = Counter()

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked[_summary(statement)] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _summary(statement: str) -> str:
    table = re.search(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", statement)
    return f"{statement.split(maxsplit=1)[0]} {table[1] if table else ''}".strip()
