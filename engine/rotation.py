"""Rotation: everything that an older master key wraps is wrapped by the newest one instead.

In small batches, each a transaction of its own, while the installation works: a row is changed only if it still is what was read.
So it may be stopped at any time and begun again, and run twice at once. Documents, identities and files are not touched, since
only the keys to them are wrapped anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, update
from sqlmodel import col, select

from engine import audit, webhooks
from engine.access import SYSTEM, Actor, require_administrator
from engine.db import Database, UnitOfWork
from engine.models import Case, Kin, SealedIdentity, WebhookSubscription
from engine.privacy import Keys

BATCH = 200
STREAM = "administration"
Anew = Callable[[Keys, Any], dict[str, Any]]


@dataclass(frozen=True)
class Rotated:
    """What was wrapped anew, by kind; ``left`` is what no key of this installation opens."""

    cases: int
    kin: int
    webhooks: int
    identities: int
    left: int


def rotate(database: Database, actor: Actor = SYSTEM) -> Rotated:
    """Wrap all keys by the newest master keys. Raises NotAdministrator, Unreadable."""
    require_administrator(actor)
    cases = _rotate(database, actor, Case, _wrapped)
    kin = _rotate(database, actor, Kin, _wrapped)
    hooks = _rotate(database, actor, WebhookSubscription, webhooks.rewrapped)
    identities = _rotate(database, actor, SealedIdentity, _wrapped)
    with database.unit_of_work(actor) as uow:
        left = sum(_left(uow, table) for table in (Case, Kin, WebhookSubscription, SealedIdentity))
        done = Rotated(cases, kin, hooks, identities, left)
        audit.record(uow, "keys.rotated", stream=STREAM, **vars(done), to=[uow.keys.current, uow.keys.identity.current])
    return done


def _rotate(database: Database, actor: Actor, table: Any, anew: Anew) -> int:
    """Batch after batch until nothing of a table is wrapped by an older key; how many rows were changed."""
    number, after = 0, ""
    while True:
        with database.unit_of_work(actor) as uow:
            keys = _keys(uow, table)
            older = col(table.master_key_id).in_(set(keys.known) - {keys.current})
            query = select(table).where(older, _kept(table).is_not(None), col(table.id) > after)
            rows = list(uow.session.exec(query.order_by(col(table.id)).limit(BATCH)))
            if not rows:
                return number
            number += sum(_change(uow, table, row, anew(keys, row)) for row in rows)
            after = rows[-1].id


def _change(uow: UnitOfWork, table: Any, row: Any, values: dict[str, Any]) -> int:
    """Write one row anew, unless somebody was faster: another rotation, or an erasure."""
    same = (col(table.id) == row.id, _kept(table) == _kept(row), col(table.master_key_id) == row.master_key_id)
    changed: Any = uow.session.execute(update(table).where(*same).values(**values))
    return int(changed.rowcount)


def _left(uow: UnitOfWork, table: Any) -> int:
    keys = _keys(uow, table)
    lost = select(func.count()).select_from(table).where(col(table.master_key_id).not_in(keys.known))
    return uow.session.exec(lost.where(_kept(table).is_not(None))).one()


def _wrapped(keys: Keys, row: Any) -> dict[str, Any]:
    return {"wrapped_key": keys.rewrap(row.wrapped_key, row.master_key_id), "master_key_id": keys.current}


def _kept(table_or_row: Any) -> Any:
    """What a master key wraps: the key of a row, or the secret itself."""
    return table_or_row.secret if _is_webhook(table_or_row) else table_or_row.wrapped_key


def _is_webhook(table_or_row: Any) -> bool:
    return table_or_row is WebhookSubscription or isinstance(table_or_row, WebhookSubscription)


def _keys(uow: UnitOfWork, table: Any) -> Keys:
    """Identities have master keys of their own."""
    return uow.keys.identity if table is SealedIdentity else uow.keys
