"""Other systems that are told what happens here (webhooks): for administrators. What a receiver does: docs/webhooks.md."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from api.deps import ApiAdministrator, Door, Once, OnlyOnce
from api.json.shapes import Asked, PageOf, Shape
from engine import webhook_deliveries, webhook_events, webhooks
from engine.db import UnitOfWork
from engine.queries import webhooks as found

router = APIRouter(tags=["administration"])
Id = Annotated[str, Path(max_length=64, description="The subscription's id")]
Kind = Literal["case.opened", "case.closed", "deadline.missed", "notice.issued", "notice.dispatched", "notice.served"]


class NewSubscription(Asked):
    """Which system is told of what, and where."""

    name: str = Field(max_length=200, description="What the system is called; no other one is called so")
    address: str = Field(
        max_length=1000, description="https:// and a public machine", examples=["https://example.org/h"]
    )
    kinds: list[Kind] = Field(max_length=20)
    processes: list[str] = Field(default_factory=list, max_length=100, description="Keys of processes; none = all")


class SubscriptionShape(Shape):
    """A system that is told."""

    id: str
    name: str
    address: str
    kinds: list[str]
    processes: list[str]
    active: bool = Field(description="false while it is paused")
    failing_since: datetime | None = Field(description="Since when it has taken nothing; null when all is well")
    wait_until: datetime | None = Field(description="Nothing is sent to it before")
    created_at: datetime


class SubscriptionDetails(SubscriptionShape):
    """The same with how many messages are in each state."""

    numbers: dict[str, int] = Field(examples=[{"pending": 0, "waiting": 0, "delivered": 12, "dead": 0}])


class SecretShape(Shape):
    """A secret, which is shown this once."""

    id: str
    secret: str | None = Field(
        description="whsec_ and Base64; null when the same request was carried out before: rotate it if it was lost"
    )


class MessageShape(Shape):
    """One event for one system."""

    id: str
    event_id: str = Field(description="`webhook-id`, the same on every attempt")
    kind: str
    state: str = Field(description="pending, waiting (while paused), delivered, dead")
    attempts: int
    status: int | None = Field(description="What the receiver answered last")
    error: str
    created_at: datetime
    next_at: datetime | None
    settled_at: datetime | None


class HandledShape(Shape):
    """What was done, and to how many messages."""

    id: str
    handled: str = Field(description="tested, paused, resumed, replayed, removed")
    messages: int = 0


@router.get("/webhooks", summary="Systems that are told")
def list_webhooks(door: ApiAdministrator) -> list[SubscriptionShape]:
    """By name."""
    with door.reading() as reading:
        return [SubscriptionShape.model_validate(row) for row in webhooks.listed(reading)]


@router.post("/webhooks", status_code=201, summary="Tell another system")
def subscribe(asked: NewSubscription, door: ApiAdministrator, once: OnlyOnce, response: Response) -> SecretShape:
    """From now on. The secret is in this answer and nowhere else."""
    secret = _Secret()

    def act(uow: UnitOfWork) -> dict[str, Any]:
        made, secret.shown = webhooks.subscribe(uow, asked.name, asked.address, asked.kinds, asked.processes)
        return {"id": made.id}

    answer = once.write(door, asked.model_dump(), act)
    response.headers["Location"] = f"/api/v1/webhooks/{answer['id']}"
    return SecretShape(id=answer["id"], secret=secret.shown)


@router.get("/webhooks/{webhook_id}", summary="One system that is told")
def show(webhook_id: Id, door: ApiAdministrator) -> SubscriptionDetails:
    """With how many messages are being sent, wait, were delivered and were given up. The secret is not shown."""
    with door.reading() as reading:
        row = webhooks.find(reading, webhook_id)
        return SubscriptionDetails.model_validate(
            {name: getattr(row, name) for name in SubscriptionShape.model_fields}
            | {"numbers": found.numbers(reading, webhook_id)}
        )


@router.get("/webhooks/{webhook_id}/messages", summary="Messages to a system")
def messages(
    webhook_id: Id,
    door: ApiAdministrator,
    request: Request,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[MessageShape]:
    """Newest first; kept for 90 days."""
    with door.reading() as reading:
        page = found.messages(reading, webhook_id, after, limit)
    following = str(request.url.include_query_params(after=page.next)) if page.next else None
    return PageOf(items=[MessageShape.model_validate(row) for row in page.items], next=following)


@router.post("/webhooks/{webhook_id}/test", summary="Send a test message")
def send_test(webhook_id: Id, door: ApiAdministrator, once: OnlyOnce) -> HandledShape:
    """It tells of nothing; whether it arrived is seen among the messages."""

    def act(uow: UnitOfWork) -> int:
        webhook_events.send_test(uow, webhooks.find(uow, webhook_id))
        return 1

    return _handled(webhook_id, door, once, "tested", act)


@router.post("/webhooks/{webhook_id}/pause", summary="Pause a system")
def pause(webhook_id: Id, door: ApiAdministrator, once: OnlyOnce) -> HandledShape:
    """Nothing is sent to it; what happens meanwhile is kept and sent when it is resumed."""
    return _handled(webhook_id, door, once, "paused", lambda uow: webhook_deliveries.pause(uow, webhook_id))


@router.post("/webhooks/{webhook_id}/resume", summary="Resume a system")
def resume(webhook_id: Id, door: ApiAdministrator, once: OnlyOnce) -> HandledShape:
    """What waited is sent first."""
    return _handled(webhook_id, door, once, "resumed", lambda uow: webhook_deliveries.resume(uow, webhook_id))


@router.post("/webhooks/{webhook_id}/rotate", summary="Give a system another secret")
def rotate(webhook_id: Id, door: ApiAdministrator, once: OnlyOnce) -> SecretShape:
    """The one before signs beside it for a week."""
    secret = _Secret()

    def act(uow: UnitOfWork) -> dict[str, Any]:
        secret.shown = webhooks.rotate(uow, webhook_id)
        return {"id": webhook_id}

    answer = once.write(door, {}, act)
    return SecretShape(id=answer["id"], secret=secret.shown)


@router.post("/webhooks/{webhook_id}/replay", summary="Send all dead letters again")
def replay_dead(webhook_id: Id, door: ApiAdministrator, once: OnlyOnce) -> HandledShape:
    """Under the ids that they had, oldest first."""
    return _handled(webhook_id, door, once, "replayed", lambda uow: webhook_deliveries.replay_dead(uow, webhook_id))


@router.post("/webhooks/{webhook_id}/messages/{message_id}/replay", summary="Send one message again")
def replay(
    webhook_id: Id, message_id: Annotated[str, Path(max_length=64)], door: ApiAdministrator, once: OnlyOnce
) -> HandledShape:
    """Under the id that it had; one that is still being sent is refused (409)."""

    def act(uow: UnitOfWork) -> int:
        webhook_deliveries.replay(uow, webhook_id, message_id)
        return 1

    return _handled(webhook_id, door, once, "replayed", act)


@router.post("/webhooks/{webhook_id}/remove", summary="Tell a system no longer")
def remove(webhook_id: Id, door: ApiAdministrator, once: OnlyOnce) -> HandledShape:
    """What was not delivered is not sent any more."""
    return _handled(webhook_id, door, once, "removed", lambda uow: webhooks.remove(uow, webhook_id))


class _Secret:
    """A secret on its way to whoever asked, past the answers that are kept."""

    shown: str | None = None


def _handled(
    webhook_id: str, door: Door, once: Once, handled: str, act: Callable[[UnitOfWork], int | None]
) -> HandledShape:
    def write(uow: UnitOfWork) -> dict[str, Any]:
        return {"id": webhook_id, "handled": handled, "messages": act(uow) or 0}

    return HandledShape.model_validate(once.write(door, {}, write))
