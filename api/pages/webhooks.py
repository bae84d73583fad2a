"""Other systems that are told what happens here: which, of what, and what became of each message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, i18n, rendering
from api.auth import CSRF_FIELD
from api.deps import Door, PageAdministrator
from api.formview import FaultView
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, PageKey, Posted, Sent, Word
from engine import definitions, webhook_deliveries, webhook_events, webhooks
from engine.db import UnitOfWork
from engine.errors import Conflict, EngineError, Invalid
from engine.queries import webhooks as found

router = APIRouter(prefix="/admin/webhooks")


@dataclass(frozen=True)
class Attempt:
    """A subscription that was not made; what was typed is kept."""

    problem: str = ""
    at: str = ""  # the entry that is wrong
    name: str = ""
    address: str = ""
    kinds: frozenset[str] = field(default_factory=lambda: frozenset(webhooks.KINDS))
    processes: frozenset[str] = frozenset()
    status: int = 200


@router.get("")
def overview(request: Request, door: PageAdministrator, said: Word = "") -> Response:
    return _overview(request, door, Attempt(), said)


@router.post("")
def subscribe(request: Request, door: PageAdministrator, posted: Sent) -> Response:
    """The secret is shown on the very page that answers, and never again: it is in no address and in no kept answer."""
    shown = Shown()
    name, address = posted.text("name"), posted.text("address", 1000)
    kinds, processes = posted.all("kind"), posted.all("process")

    def write(uow: UnitOfWork) -> deps.Answer:
        made, shown.secret = webhooks.subscribe(uow, name, address, kinds, processes)
        return {"id": made.id}

    try:
        answer = sent_form.once(posted, "page /admin/webhooks").write(door, _asked(posted), write)
    except (Invalid, Conflict) as error:
        said = error.sentence(door.locale)
        typed = Attempt(said, _entry(error), name, address, frozenset(kinds), frozenset(processes), error.status)
        return _overview(request, door, typed)
    return _draw(request, door, answer["id"], secret=shown.secret, said="subscribed")


@router.get("/{subscription_id}")
def show(
    request: Request, door: PageAdministrator, subscription_id: Key, after: PageKey = "", said: Word = ""
) -> Response:
    return _draw(request, door, subscription_id, after=after, said=said)


@router.post("/{subscription_id}/rotate")
def rotate(request: Request, door: PageAdministrator, subscription_id: Key, posted: Sent) -> Response:
    """Like a new subscription: the secret is on the page that answers."""
    shown = Shown()

    def write(uow: UnitOfWork) -> deps.Answer:
        shown.secret = webhooks.rotate(uow, subscription_id)
        return {}

    sent_form.once(posted, f"page /admin/webhooks/{subscription_id}/rotate").write(door, _asked(posted), write)
    return _draw(request, door, subscription_id, secret=shown.secret, said="rotated")


@router.post("/{subscription_id}/test")
def send_test(request: Request, door: PageAdministrator, subscription_id: Key, posted: Sent) -> Response:
    def act(uow: UnitOfWork) -> None:
        webhook_events.send_test(uow, webhooks.find(uow, subscription_id))

    return _done(request, door, subscription_id, posted, "test", act)


@router.post("/{subscription_id}/pause")
def pause(request: Request, door: PageAdministrator, subscription_id: Key, posted: Sent) -> Response:
    return _done(
        request, door, subscription_id, posted, "pause", lambda uow: webhook_deliveries.pause(uow, subscription_id)
    )


@router.post("/{subscription_id}/resume")
def resume(request: Request, door: PageAdministrator, subscription_id: Key, posted: Sent) -> Response:
    return _done(
        request, door, subscription_id, posted, "resume", lambda uow: webhook_deliveries.resume(uow, subscription_id)
    )


@router.post("/{subscription_id}/replay")
def replay(request: Request, door: PageAdministrator, subscription_id: Key, posted: Sent) -> Response:
    """One message, or all dead letters where none is named."""
    message = posted.text("message", 64)

    def act(uow: UnitOfWork) -> None:
        if message:
            webhook_deliveries.replay(uow, subscription_id, message)
        else:
            webhook_deliveries.replay_dead(uow, subscription_id)

    return _done(request, door, subscription_id, posted, "replay", act)


@router.post("/{subscription_id}/remove")
def remove(request: Request, door: PageAdministrator, subscription_id: Key, posted: Sent) -> Response:
    return _done(request, door, subscription_id, posted, "remove", lambda uow: webhooks.remove(uow, subscription_id))


class Shown:
    """A secret on its way to the page that shows it once."""

    secret: str = ""


def _done(
    request: Request,
    door: Door,
    subscription_id: str,
    posted: Posted,
    name: str,
    act: Callable[[UnitOfWork], int | None],
) -> Response:
    def write(uow: UnitOfWork) -> deps.Answer:
        act(uow)
        return {}

    try:
        sent_form.once(posted, f"page /admin/webhooks/{subscription_id}/{name}").write(door, _asked(posted), write)
    except Conflict as error:
        return _draw(request, door, subscription_id, conflict=error.sentence(door.locale), status=error.status)
    target = "/admin/webhooks" if name == "remove" else f"/admin/webhooks/{subscription_id}"
    return RedirectResponse(rendering.address(target, said=name), 303)


def _asked(posted: Posted) -> Mapping[str, list[str]]:
    return {name: texts for name, texts in posted.texts.items() if name not in ("_submission", CSRF_FIELD)}


def _entry(error: EngineError) -> str:
    """The entry of the form that an error is about."""
    entries = {"name": webhooks.SubscriptionNameUnusable, "kinds": webhooks.KindsMissing}
    return next((name for name, kind in entries.items() if isinstance(error, kind)), "address")


# ---------------------------------------------------------------- showing


def _overview(request: Request, door: Door, attempt: Attempt, said: str = "") -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        rows = webhooks.listed(reading)
        numbers = {row.id: found.numbers(reading, row.id) for row in rows}
        processes = [(b.key, b.text(b.manifest.process, "title", door.locale)) for b in definitions.processes(reading)]
    return rendering.page(
        request,
        "webhooks.html",
        attempt.status,
        here="webhooks",
        canonical="/admin/webhooks",
        viewer=who,
        rows=rows,
        numbers=numbers,
        kinds=webhooks.KINDS,
        processes=processes,
        attempt=attempt,
        problems=[FaultView(attempt.problem, attempt.at)] if attempt.problem else (),
        submission=sent_form.new_submission(),
        said=_said(said, door.locale),
    )


def _draw(
    request: Request,
    door: Door,
    subscription_id: str,
    *,
    after: str = "",
    said: str = "",
    secret: str = "",
    conflict: str = "",
    status: int = 200,
) -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        row = webhooks.find(reading, subscription_id)
        page = found.messages(reading, subscription_id, after or None)
        numbers = found.numbers(reading, subscription_id)
    return rendering.page(
        request,
        "webhook.html",
        status,
        here="webhooks",
        canonical=f"/admin/webhooks/{subscription_id}",
        viewer=who,
        row=row,
        messages=page.items,
        next=page.next,
        numbers=numbers,
        secret=secret,
        conflict=conflict,
        submission=sent_form.new_submission(),
        said=_said(said, door.locale),
    )


def _said(name: str, locale: str) -> str:
    """What was just done, in words."""
    _ = i18n.gettext(locale)
    return {
        "subscribed": _("The system is told from now on."),
        "rotated": _("The system has another secret. The one before is valid for another week."),
        "test": _("A test message will be sent. Load this page again to see what became of it."),
        "pause": _("Paused: nothing is sent; what happens meanwhile is kept."),
        "resume": _("Resumed: what waited is sent first."),
        "replay": _("It will be sent again."),
        "remove": _("The system is told no longer."),
    }.get(name, "")
