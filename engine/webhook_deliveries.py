"""Messages to other systems: written with their event, sent by a job, tried for about a day, then kept as dead letters.

At least once, the same id each time; within a case in order: a later message waits for an earlier one. While a receiver
fails, one message at a time is tried and the others wait with it, so that one that hangs holds up no other work. All times
are wall time.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlmodel import col, select

from engine import audit, clock, incidents, jobs, webhook_post, webhooks
from engine.access import SYSTEM, require_administrator
from engine.db import Database, Reading, UnitOfWork
from engine.errors import Conflict, NotFound
from engine.models import WebhookDelivery, WebhookSubscription
from engine.operations import JobTicket
from engine.webhook_post import NotTaken

JOB = "webhook.deliver"
WAITS = (
    5,
    30,
    120,
    600,
    1800,
    3600,
    7200,
)  # seconds after the first failure, the second …; the last one again and again
PATIENCE = timedelta(hours=24)  # after which a message that still fails is a dead letter
ALARM = timedelta(hours=1)  # so long a receiver may fail before an administrator is told
KEEP = timedelta(days=90)


class DeliveryNotFound(NotFound):
    """There is no such message."""

    zh = "没有这条消息。"


class NotReplayable(Conflict):
    """This message is still being sent; it can be replayed when it was delivered or given up."""

    zh = "该消息仍在发送；送达或者放弃之后才能重新发送。"


class Paused(Conflict):
    """The subscription is paused; resume it first."""

    zh = "该订阅已暂停，请先恢复。"


@dataclass(frozen=True)
class Errand:
    """What is to be sent now."""

    address: str
    body: bytes
    headers: dict[str, str]


# ---------------------------------------------------------------- verbs


def write(
    uow: UnitOfWork, subscription: WebhookSubscription, event_id: str, kind: str, case_id: str | None, body: str
) -> str:
    """Write a message down in the transaction of its event, with the job that sends it; returns its id."""
    now = clock.wall()
    message = WebhookDelivery(
        subscription_id=subscription.id,
        event_id=event_id,
        kind=kind,
        case_id=case_id,
        body=body,
        state="pending" if subscription.active else "waiting",
        created_at=now,
        queued_at=now,
    )
    uow.add(message)
    if subscription.active:
        _ask(uow, message)
    return message.id


def pause(uow: UnitOfWork, subscription_id: str) -> None:
    """Send nothing until the subscription is resumed; what happens meanwhile is kept for it."""
    found = webhooks.changing(uow, subscription_id)
    if found.active:
        found.active = False
        uow.add(found)
        for message in _of(uow, found.id, "pending"):
            message.state, message.next_at = "waiting", None
            uow.add(message)
        audit.record(uow, "webhook.paused", stream="administration", webhook=found.id)


def resume(uow: UnitOfWork, subscription_id: str) -> int:
    """Send again, what waited first; returns how many messages that are."""
    found = webhooks.changing(uow, subscription_id)
    if found.active:
        return 0
    found.active, found.failures, found.failing_since, found.wait_until = True, 0, None, None
    uow.add(found)
    waiting = _of(uow, found.id, "waiting")
    for message in waiting:
        _again(uow, message)
    audit.record(uow, "webhook.resumed", stream="administration", webhook=found.id)
    return len(waiting)


def replay(uow: UnitOfWork, subscription_id: str, delivery_id: str) -> None:
    """Send one message again, under the same id; raises DeliveryNotFound, NotReplayable, Paused."""
    found = webhooks.changing(uow, subscription_id)
    message = uow.session.get(WebhookDelivery, delivery_id, populate_existing=True, with_for_update=True)
    if message is None or message.subscription_id != found.id:
        raise DeliveryNotFound()
    if not found.active:
        raise Paused()
    if message.state not in ("delivered", "dead"):
        raise NotReplayable()
    _again(uow, message)
    audit.record(uow, "webhook.replayed", stream="administration", webhook=found.id, delivery=message.id)


def replay_dead(uow: UnitOfWork, subscription_id: str) -> int:
    """Send all dead letters of a subscription again, oldest first; returns how many; raises Paused."""
    found = webhooks.changing(uow, subscription_id)
    if not found.active:
        raise Paused()
    dead = _of(uow, found.id, "dead")
    for message in dead:
        _again(uow, message)
    if dead:
        audit.record(uow, "webhook.replayed", stream="administration", webhook=found.id, number=len(dead))
    return len(dead)


def purge(uow: UnitOfWork) -> None:
    """Forget what was settled, or waited in vain, ninety days ago."""
    require_administrator(uow.actor)
    old = clock.wall() - KEEP
    gone = or_(
        col(WebhookDelivery.settled_at) < old,
        (col(WebhookDelivery.state) == "waiting") & (col(WebhookDelivery.created_at) < old),
    )
    uow.session.execute(delete(WebhookDelivery).where(gone))


def _of(uow: UnitOfWork, subscription_id: str, state: str) -> list[WebhookDelivery]:
    query = (
        select(WebhookDelivery)
        .where(col(WebhookDelivery.subscription_id) == subscription_id, col(WebhookDelivery.state) == state)
        .order_by(col(WebhookDelivery.created_at), col(WebhookDelivery.id))
        .with_for_update()
    )
    return list(uow.session.exec(query.execution_options(populate_existing=True)))


def _again(uow: UnitOfWork, message: WebhookDelivery) -> None:
    message.state, message.round, message.settled_at, message.next_at = "pending", message.round + 1, None, None
    message.queued_at, message.attempts = clock.wall(), 0
    uow.add(message)
    _ask(uow, message)


def _ask(uow: UnitOfWork, message: WebhookDelivery) -> None:
    key = f"{JOB}:{message.id}:{message.round}"
    jobs.enqueue(uow, JOB, key, case_id=message.case_id, delivery=message.id, round=message.round)


# ---------------------------------------------------------------- the job


def deliver(database: Database, ticket: JobTicket) -> None:
    """Send one message, unless it must wait or is not wanted any more."""
    with database.reading(SYSTEM) as reading:
        found = _errand(reading, ticket)
    if isinstance(found, datetime):
        with database.unit_of_work() as uow:
            jobs.put_off(uow, ticket, found)
    elif found is None:
        with database.unit_of_work() as uow:
            jobs.settle(uow, ticket)
    elif isinstance(found, NotTaken):
        _give_up(database, ticket, found)
    else:
        _note(database, ticket, _sent(database, found))


def _sent(database: Database, errand: Errand) -> int | NotTaken:
    """The status of an answer that took the message, or why it was not taken."""
    try:
        return webhook_post.post(database.settings, errand.address, errand.headers, errand.body)
    except NotTaken as error:
        return error


def _note(database: Database, ticket: JobTicket, answer: int | NotTaken) -> None:
    with database.unit_of_work() as uow:
        receiver, message = _locked(uow, ticket)
        message.attempts += 1
        if isinstance(answer, NotTaken):
            message.status = answer.data.get("status")
            _refused(uow, ticket, receiver, message, answer)
        else:
            message.status = answer
            jobs.settle(uow, ticket)
            _taken(uow, receiver, message)
        uow.add(receiver, message)


def _give_up(database: Database, ticket: JobTicket, why: NotTaken) -> None:
    """A message that waited for a day with a receiver that takes nothing."""
    with database.unit_of_work() as uow:
        receiver, message = _locked(uow, ticket)
        jobs.settle(uow, ticket)
        if message.state == "pending":
            _bury(uow, receiver, message, why)


def _locked(uow: UnitOfWork, ticket: JobTicket) -> tuple[WebhookSubscription, WebhookDelivery]:
    message = uow.session.get_one(WebhookDelivery, ticket.payload["delivery"])
    receiver = webhooks.lock(uow, message.subscription_id)
    uow.session.refresh(message, with_for_update=True)
    return receiver, message


def _errand(reading: Reading, ticket: JobTicket) -> Errand | datetime | NotTaken | None:
    """What is to be sent, or the moment until which it must wait, or why it is given up, or nothing."""
    message = reading.session.get(WebhookDelivery, ticket.payload["delivery"])
    if message is None or message.state != "pending" or message.round != ticket.payload["round"]:
        return None
    receiver, now = reading.session.get_one(WebhookSubscription, message.subscription_id), clock.wall()
    if receiver.ended_at is not None:
        return None
    if receiver.wait_until is not None and receiver.wait_until > now:
        given_up = now - message.queued_at >= PATIENCE and message.status is None
        return NotTaken(reason="the receiver took no message for a day.") if given_up else receiver.wait_until
    earlier = _earlier(reading, message)
    if earlier is not None:
        return max(earlier.next_at or now, now) + timedelta(seconds=1)
    body = message.body.encode()
    return Errand(
        receiver.address, body, _headers(webhooks.secrets_of(reading.keys, receiver, now), message, now, body)
    )


def _earlier(reading: Reading, message: WebhookDelivery) -> WebhookDelivery | None:
    """A message of the same case that has not arrived yet and comes first."""
    if message.case_id is None:
        return None
    query = select(WebhookDelivery).where(
        col(WebhookDelivery.subscription_id) == message.subscription_id,
        col(WebhookDelivery.case_id) == message.case_id,
        col(WebhookDelivery.state) == "pending",
        col(WebhookDelivery.created_at) < message.created_at,
    )
    return reading.session.exec(query.order_by(col(WebhookDelivery.created_at)).limit(1)).first()


def _headers(secrets: list[bytes], message: WebhookDelivery, now: datetime, body: bytes) -> dict[str, str]:
    """Standard Webhooks: id, time of this attempt, and one signature for each secret that is valid."""
    stamp = str(int(now.timestamp()))
    signed = b".".join((message.event_id.encode(), stamp.encode(), body))
    signatures = (base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in secrets)
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Duban-Webhooks",
        "webhook-id": message.event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _taken(uow: UnitOfWork, receiver: WebhookSubscription, message: WebhookDelivery) -> None:
    message.state, message.error, message.next_at, message.settled_at = "delivered", "", None, clock.wall()
    if receiver.failing_since is not None:
        incidents.settle(uow, webhooks.FAILING, receiver.name)
    receiver.failures, receiver.failing_since, receiver.wait_until = 0, None, None


def _refused(
    uow: UnitOfWork, ticket: JobTicket, receiver: WebhookSubscription, message: WebhookDelivery, why: NotTaken
) -> None:
    now = clock.wall()
    message.error = why.sentence()[:300]
    receiver.failures += 1
    receiver.failing_since = receiver.failing_since or now
    receiver.wait_until = now + wait_after(receiver.failures)
    if message.state != "pending":  # paused meanwhile
        jobs.settle(uow, ticket)
    elif now - message.queued_at >= PATIENCE:
        jobs.settle(uow, ticket)
        _bury(uow, receiver, message, why)
    else:
        message.next_at = now + wait_after(message.attempts)
        jobs.put_off(uow, ticket, message.next_at)
    if now - receiver.failing_since >= ALARM:
        _alarm(uow, receiver, message.error)


def _bury(uow: UnitOfWork, receiver: WebhookSubscription, message: WebhookDelivery, why: NotTaken) -> None:
    """A dead letter is kept, may be replayed, and alarms an administrator."""
    message.state, message.next_at, message.settled_at = "dead", None, clock.wall()
    message.error = why.sentence()[:300]
    uow.add(message)
    audit.record(uow, "webhook.given_up", stream="administration", webhook=receiver.id, delivery=message.id)
    _alarm(uow, receiver, message.error)


def _alarm(uow: UnitOfWork, receiver: WebhookSubscription, error: str) -> None:
    since = f" since {receiver.failing_since:%Y-%m-%d %H:%M} UTC" if receiver.failing_since else ""
    said = f"The receiver of the webhook “{receiver.name}” has not taken a message{since}. {error}"
    incidents.open_incident(uow, webhooks.FAILING, said, node=receiver.name)


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return timedelta(seconds=WAITS[min(failures, len(WAITS)) - 1])
