"""Pages by key: a list goes on after the last row that was shown, however many rows come in between."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_

from engine.errors import Invalid
from engine.models import UtcDateTime

FAR = datetime(9999, 1, 1, tzinfo=UTC)  # sorts what has no date to the end
MOST = 200  # rows on a page


class PageKeyFaulty(Invalid):
    """This page cannot be continued: its key is not one of ours."""

    zh = "翻页参数无效。"


def or_far(column: Any) -> ColumnElement[datetime]:
    """The instant of a column, far away where there is none."""
    return func.coalesce(column, literal(FAR, UtcDateTime), type_=UtcDateTime())


def after(key: str | None, instant: ColumnElement[datetime], ident: ColumnElement[str]) -> ColumnElement[bool] | None:
    """The condition for rows that come after a key, in ascending order of instant and id."""
    if not key:
        return None
    at, last = read(key)
    return and_(instant >= at, or_(instant > at, ident > last))  # so that an index leads there


def before(key: str | None, instant: ColumnElement[datetime], ident: ColumnElement[str]) -> ColumnElement[bool] | None:
    """The same for lists with the newest first."""
    if not key:
        return None
    at, last = read(key)
    return and_(instant <= at, or_(instant < at, ident < last))


def make(at: datetime | None, ident: str) -> str:
    """The key after which a list goes on."""
    return base64.urlsafe_b64encode(json.dumps([(at or FAR).isoformat(), ident]).encode()).decode().rstrip("=")


def read(key: str) -> tuple[datetime, str]:
    """Instant and id of a key; raises PageKeyFaulty."""
    try:
        at, ident = json.loads(base64.urlsafe_b64decode(key[:400] + "=" * (-len(key) % 4)))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not isinstance(ident, str):
            raise PageKeyFaulty()
        return instant.astimezone(UTC), ident
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise PageKeyFaulty() from None


def bounded(limit: int) -> int:
    return max(1, min(limit, MOST))


def cut(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], bool]:
    """The rows of this page, and whether there are more (one row more was asked for)."""
    return rows[:limit], len(rows) > limit
