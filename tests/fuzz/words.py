"""What the words in a drawing mean to the interpreter: expressions, scripts and times, of the few forms that are drawn."""

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

CITY = timezone(timedelta(hours=8))
FUNCTIONS = {"__builtins__": {}, "len": len, "list": list, "range": range, "deadline": lambda name: {"deadline": name}}


class Token(NamedTuple):
    """Where a case stands, with the values that belong to this token alone; never changed in place."""

    locals: Mapping[str, Any] = {}
    declared: frozenset[str] = frozenset()  # names that an enclosing loop keeps to its instances

    def owns(self, name: str) -> bool:
        return name in self.locals or name in self.declared

    def with_(self, **values: Any) -> "Token":
        return Token({**self.locals, **values}, self.declared)

    def updated(self, inner: Mapping[str, Any]) -> "Token":
        """After a subprocess: only what was this token's own comes back."""
        return self.with_(**{name: value for name, value in inner.items() if self.owns(name)})


def value_of(text: str, token: Token, data: Mapping[str, Any]) -> Any:
    return eval(text, FUNCTIONS, ChainMap(dict(token.locals), dict(data)))


@dataclass(frozen=True)
class Clock:
    """A timer that waits: for a deadline by its name, or for an instant, perhaps again and again."""

    deadline: str | None = None
    due: datetime | None = None
    every: timedelta | None = None
    left: int = 1  # times that it will still come; -1 for ever

    def next_after(self, now: datetime) -> "Clock | None":
        """After it has come. Rounds that were missed count, but come only once."""
        if self.every is None or self.due is None:
            return None
        rounds = (now - self.due) // self.every + 1
        left = self.left if self.left < 0 else max(0, self.left - rounds)
        return replace(self, due=self.due + rounds * self.every, left=left) if left else None


def clock_of(kind: str, value: Any, now: datetime) -> Clock:
    if isinstance(value, dict):
        return Clock(deadline=value["deadline"])
    if kind == "timeDate":
        return Clock(due=datetime.fromisoformat(value).replace(tzinfo=CITY))
    if kind == "timeDuration":
        return Clock(due=now + _length(value))
    times, _, length = value.partition("/")
    return Clock(due=now + _length(length), every=_length(length), left=int(times[1:] or -1))


def _length(text: str) -> timedelta:
    days, hours = re.match(r"P(?:(\d+)D)?(?:T(\d+)H)?$", text).groups(default="0")  # type: ignore[union-attr]
    return timedelta(days=int(days), hours=int(hours))
