"""Subscriptions of other systems to what happens here: who is told of what, at which address, signed with which secret.

How an event is written down is in ``webhook_events``, how it is sent in ``webhook_deliveries``; the way out is ``webhook_post``.
A receiver's side is described in docs/webhooks.md.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from engine import audit, clock, definitions, incidents, webhook_post
from engine.access import require_administrator
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Invalid, NotFound
from engine.models import WebhookSubscription, new_id
from engine.privacy import Keys

KINDS = (
    "case.opened",
    "case.closed",
    "deadline.missed",
    "notice.issued",
    "notice.dispatched",
    "notice.served",
)
FAILING = "webhook.failing"
OVERLAP = timedelta(days=7)  # so long a replaced secret still signs beside the new one
MARK = "whsec_"
SECRET_BYTES = 32
LONGEST_NAME = 100
MOST = 100  # subscriptions: each event is written down once for each of them


class SubscriptionNotFound(NotFound):
    """There is no such subscription."""

    zh = "没有这个订阅。"


class SubscriptionNameUnusable(Invalid):
    """A subscription has a name of 1 to {longest} characters that no other one has."""

    zh = "订阅需要一个名称，1 至 {longest} 个字，不与其他订阅重名。"


class KindUnknown(Invalid):
    """“{kind}” is no kind of event that can be subscribed to; there are: {known}."""

    zh = "没有“{kind}”这种事件；可以订阅的事件有：{known}。"


class KindsMissing(Invalid):
    """Choose at least one kind of event."""

    zh = "请至少选择一种事件。"


class ProcessNotDeployed(Invalid):
    """There is no process “{process}”."""

    zh = "没有“{process}”这个流程。"


class TooManySubscriptions(Conflict):
    """There are {most} subscriptions already; remove one that is not needed any more."""

    zh = "订阅已有 {most} 个，请先删除不再需要的订阅。"


# ---------------------------------------------------------------- looking


def listed(reading: Reading) -> list[WebhookSubscription]:
    """All subscriptions, by name."""
    require_administrator(reading.actor)
    query = select(WebhookSubscription).where(col(WebhookSubscription.ended_at).is_(None))
    return list(reading.session.exec(query.order_by(col(WebhookSubscription.name))))


def find(reading: Reading, subscription_id: str) -> WebhookSubscription:
    """One subscription; raises SubscriptionNotFound."""
    require_administrator(reading.actor)
    found = reading.session.get(WebhookSubscription, subscription_id)
    if found is None or found.ended_at is not None:
        raise SubscriptionNotFound()
    return found


def named(reading: Reading, name: str) -> WebhookSubscription:
    """The subscription of that name or id; raises SubscriptionNotFound."""
    found = next((s for s in listed(reading) if name in (s.name, s.id)), None)
    if found is None:
        raise SubscriptionNotFound()
    return found


# ---------------------------------------------------------------- verbs


def subscribe(
    uow: UnitOfWork, name: str, address: str, kinds: Sequence[str], processes: Sequence[str] = ()
) -> tuple[WebhookSubscription, str]:
    """Tell another system from now on; returns the subscription and its secret, which is never shown again.

    Raises SubscriptionNameUnusable, AddressUnusable, KindUnknown, KindsMissing, ProcessNotDeployed, TooManySubscriptions.
    """
    require_administrator(uow.actor)
    uow.take_turns("webhook.subscribe")
    known = listed(uow)
    if len(known) >= MOST:
        raise TooManySubscriptions(most=MOST)
    name = _name(name, known)
    webhook_post.check_address(uow.settings, address)
    kinds, processes = _kinds(kinds), _processes(uow, processes)
    subscription_id = new_id()
    shown, secret, master = _new_secret(uow.keys, subscription_id)
    made = WebhookSubscription(
        id=subscription_id,
        name=name,
        address=address,
        kinds=kinds,
        processes=processes,
        secret=secret,
        master_key_id=master,
        created_at=uow.now,
        created_by=str(uow.actor),
    )
    uow.add(made)
    audit.record(
        uow, "webhook.subscribed", stream="administration", webhook=made.id, kinds=made.kinds, processes=made.processes
    )
    return made, shown


def rotate(uow: UnitOfWork, subscription_id: str) -> str:
    """Give a subscription another secret, which is returned once; the one before signs beside it for a week."""
    found = changing(uow, subscription_id)
    former = uow.keys.open(found.secret, found.master_key_id, _purpose(found.id))
    shown, found.secret, found.master_key_id = _new_secret(uow.keys, found.id)
    found.former_secret, _ = uow.keys.seal(former, _purpose(found.id))
    found.former_until = clock.wall() + OVERLAP
    uow.add(found)
    audit.record(uow, "webhook.secret_rotated", stream="administration", webhook=found.id)
    return shown


def remove(uow: UnitOfWork, subscription_id: str) -> None:
    """Tell a system no longer. What was not delivered is not sent any more; what was is kept for its time."""
    found = changing(uow, subscription_id)
    found.active, found.ended_at = False, uow.now
    uow.add(found)
    incidents.settle(uow, FAILING, found.name)
    audit.record(uow, "webhook.removed", stream="administration", webhook=found.id)


def lock(uow: UnitOfWork, subscription_id: str) -> WebhookSubscription:
    """The row of a subscription, for who changes what is known of its receiver."""
    query = select(WebhookSubscription).where(col(WebhookSubscription.id) == subscription_id).with_for_update()
    return uow.session.exec(query.execution_options(populate_existing=True)).one()


def changing(uow: UnitOfWork, subscription_id: str) -> WebhookSubscription:
    """A subscription that an administrator is about to change, locked; raises SubscriptionNotFound."""
    find(uow, subscription_id)
    found = lock(uow, subscription_id)
    if found.ended_at is not None:
        raise SubscriptionNotFound()
    return found


# ---------------------------------------------------------------- secrets


def secrets_of(keys: Keys, subscription: WebhookSubscription, now: datetime) -> list[bytes]:
    """The secrets that sign at a moment (wall time), the newest first."""
    sealed = [subscription.secret]
    if subscription.former_secret and subscription.former_until and subscription.former_until > now:
        sealed.append(subscription.former_secret)
    return [keys.open(s, subscription.master_key_id, _purpose(subscription.id)) for s in sealed]


def _new_secret(keys: Keys, subscription_id: str) -> tuple[str, bytes, str]:
    """As it is shown (Standard Webhooks: whsec_ and Base64), as it is stored, and the id of the master key."""
    plain = secrets.token_bytes(SECRET_BYTES)
    return MARK + base64.b64encode(plain).decode(), *keys.seal(plain, _purpose(subscription_id))


def rewrapped(keys: Keys, found: WebhookSubscription) -> dict[str, Any]:
    """Its secrets sealed by the newest master key instead, and the id of that key (see ``engine.rotation``)."""
    purpose, former = _purpose(found.id), found.former_secret
    secret, master = keys.seal(keys.open(found.secret, found.master_key_id, purpose), purpose)
    again = keys.seal(keys.open(former, found.master_key_id, purpose), purpose)[0] if former else None
    return {"secret": secret, "former_secret": again, "master_key_id": master}


def _purpose(subscription_id: str) -> str:
    return f"webhook:{subscription_id}"


# ---------------------------------------------------------------- what must hold


def _name(name: str, known: Sequence[WebhookSubscription]) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name in {s.name for s in known}:
        raise SubscriptionNameUnusable(longest=LONGEST_NAME)
    return name


def _kinds(kinds: Sequence[str]) -> list[str]:
    for kind in kinds:
        if kind not in KINDS:
            raise KindUnknown(kind=kind[:60], known=", ".join(KINDS))
    if not kinds:
        raise KindsMissing()
    return [kind for kind in KINDS if kind in kinds]


def _processes(reading: Reading, processes: Sequence[str]) -> list[str]:
    deployed = {bundle.key for bundle in definitions.processes(reading)} if processes else set()
    for key in processes:
        if key not in deployed:
            raise ProcessNotDeployed(process=key[:60])
    return sorted(set(processes))
