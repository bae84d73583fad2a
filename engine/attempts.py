"""How often somebody may guess: wrong codes and passwords are counted, right ones never are.

The counts live in the database, so that any number of processes share them, and in wall time, which does not travel.
What is limited (an address, a login, a reference) is stored only as a keyed hash.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from engine import clock
from engine.db import Reading, UnitOfWork
from engine.errors import Unavailable
from engine.models import FailedAttempts


class TooManyAttempts(Unavailable):
    """Too many wrong attempts; please wait {minutes} min and try again."""

    status = 429
    zh = "错误次数过多，请在 {minutes} 分钟后再试。"

    def __init__(self, retry_after: int) -> None:
        super().__init__(minutes=max(1, -(-retry_after // 60)), retry_after=retry_after)


def check(reading: Reading, key: str, *, allowance: int = 1) -> None:
    """Refuse another attempt once ``allowance`` times the usual number were wrong; raises TooManyAttempts."""
    now = clock.wall()
    count = reading.session.get(FailedAttempts, _hashed(reading, key))
    if count is None or count.window_ends_at <= now:
        return
    if count.failures >= reading.settings.max_attempts * allowance:
        raise TooManyAttempts(max(1, int((count.window_ends_at - now).total_seconds())))


def failed(uow: UnitOfWork, key: str) -> None:
    """Count one wrong attempt. The first one opens a window; when that is over, counting begins anew."""
    now = clock.wall()
    ends = now + timedelta(minutes=uow.settings.attempts_window_minutes)
    insert = sqlite.insert if uow.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    hashed = _hashed(uow, key)
    made = insert(FailedAttempts).values(id=hashed, failures=0, window_ends_at=ends).on_conflict_do_nothing()
    uow.session.execute(made)  # two at once meet in this row
    count = uow.session.exec(select(FailedAttempts).where(col(FailedAttempts.id) == hashed).with_for_update()).one()
    if count.window_ends_at <= now:
        count.failures, count.window_ends_at = 0, ends
    count.failures += 1
    uow.add(count)


def forget(uow: UnitOfWork, before: datetime) -> int:
    """Drop the counts whose window ended before an instant; returns how many."""
    ended = delete(FailedAttempts).where(col(FailedAttempts.window_ends_at) < before)
    return int(getattr(uow.session.execute(ended), "rowcount", 0))


def _hashed(reading: Reading, key: str) -> str:
    return reading.keys.token(key, "attempts")
