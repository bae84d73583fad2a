"""One incident: what happened, where the case stands, and the acts of an operator. No value of the case is shown."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, i18n, rendering
from api.auth import CSRF_FIELD
from api.deps import Door, PageAdministrator
from api.diagrams.words import words_for
from api.pages import casework
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, Posted, Search, Sent, Word
from engine import incidents, reasons, repairs, situations
from engine.db import UnitOfWork
from engine.definitions import Bundle
from engine.errors import Conflict, EngineError, Invalid
from engine.queries import diagrams
from engine.situations import KINDS, Act, Stopped
from engine.views import HistoryEntry

router = APIRouter(prefix="/admin/incidents")

LONGEST_VALUE = 20_000


@dataclass(frozen=True)
class Place:
    """A step of the diagram: what it is called, what it is, its id."""

    node: str
    title: str
    kind: str


@dataclass(frozen=True)
class Standing:
    """A token of the case, and the steps to which it could be moved."""

    id: str
    place: Place
    held: bool
    destinations: tuple[Place, ...]


@dataclass(frozen=True)
class Attempt:
    """What was tried and did not go through; what was typed is kept."""

    act: str = ""
    problem: str = ""
    conflict: str = ""
    reason: str = ""
    value: str = ""
    chosen: str = ""
    status: int = 200


@router.get("/{incident_id}")
def show(request: Request, door: PageAdministrator, incident_id: Key, field: Search = "", said: Word = "") -> Response:
    return _draw(request, door, incident_id, Attempt(), field, said)


@router.post("/{incident_id}/retry")
def retry(request: Request, door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    return _done(request, door, incident_id, posted, "retry", lambda uow, why: repairs.retry(uow, incident_id, why))


@router.post("/{incident_id}/resolve")
def resolve(request: Request, door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    return _done(request, door, incident_id, posted, "resolve", lambda uow, why: repairs.resolve(uow, incident_id, why))


@router.post("/{incident_id}/correct")
def correct(request: Request, door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    """One field at a time: its kind decides how the value is read."""
    name = posted.text("field", 64)

    def act(uow: UnitOfWork, why: str) -> None:
        values = repairs.read_values(uow, incident_id, {name: _value(posted)})
        repairs.correct(uow, incident_id, values, why)

    return _done(request, door, incident_id, posted, "correct", act)


@router.post("/{incident_id}/move")
def move(request: Request, door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    token, _, to = posted.text("to").partition(" ")
    return _done(
        request, door, incident_id, posted, "move", lambda uow, why: repairs.move(uow, incident_id, token, to, why)
    )


@router.post("/{incident_id}/cancel")
def cancel(request: Request, door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    token = posted.text("token")
    return _done(
        request, door, incident_id, posted, "cancel", lambda uow, why: repairs.cancel(uow, incident_id, token, why)
    )


# ---------------------------------------------------------------- acting


def _done(
    request: Request,
    door: Door,
    incident_id: str,
    posted: Posted,
    name: str,
    act: Callable[[UnitOfWork, str], None],
) -> Response:
    """Do it once, then say on the next page what has become of it; or this page again with the reason why not."""

    def write(uow: UnitOfWork) -> deps.Answer:
        act(uow, posted.text("reason", reasons.LONGEST_REASON))
        return {"settled": incidents.find(uow, incident_id).resolved_at is not None}

    asked = {field: texts for field, texts in posted.texts.items() if field != "_submission" and field != CSRF_FIELD}
    try:
        answer = sent_form.once(posted, f"page /admin/incidents/{incident_id}/{name}").write(door, asked, write)
    except (Invalid, Conflict) as error:
        return _draw(request, door, incident_id, _refused(error, name, posted, door.locale), posted.text("field", 64))
    word = "stopped" if answer["warnings"] else name
    target = "/admin" if answer["settled"] else f"/admin/incidents/{incident_id}"
    return RedirectResponse(rendering.address(target, said=word), 303)


def _refused(error: EngineError, name: str, posted: Posted, locale: str) -> Attempt:
    """How the page says why nothing was done; what was typed is still there."""
    _ = i18n.gettext(locale)
    said = error.sentence(locale)
    if isinstance(error, deps.KeyReused):
        said = _("This page was sent before. Please look at where the case stands now.")
    return Attempt(
        act=name,
        problem=said if isinstance(error, Invalid) else "",
        conflict=said if isinstance(error, Conflict) else "",
        reason=posted.text("reason", reasons.LONGEST_REASON),
        value=_value(posted),
        chosen=posted.text("to") or posted.text("token"),
        status=error.status,
    )


def _value(posted: Posted) -> str:
    """A new value as it was typed, of several lines perhaps."""
    return next(iter(posted.texts.get("value", ())), "")[:LONGEST_VALUE]


# ---------------------------------------------------------------- showing


def _draw(
    request: Request, door: Door, incident_id: str, attempt: Attempt, field: str = "", told: str = ""
) -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        situation = situations.of_incident(reading, incident_id)
    case, locale = situation.case, door.locale
    return rendering.page(
        request,
        "incident.html",
        attempt.status,
        here="admin",
        canonical=f"/admin/incidents/{incident_id}",
        viewer=who,
        incident=situation.incident,
        title=incidents.title(situation.incident.kind, locale),
        since=situation.since,
        tries=situation.tries,
        process=case.bundle.text(case.bundle.manifest.process, "title", locale) if case else "",
        case=case,
        place=_place(case.bundle, situation.incident.node, locale) if case and situation.incident.node else None,
        standings=_standings(case, locale) if case else (),
        kinds={kind: words[0 if locale == i18n.CHINESE else 1] for kind, words in KINDS.items()},
        field=next((known for known in case.fields if known.name == field), None) if case else None,
        attempt=attempt,
        problems=[formview.FaultView(attempt.problem, f"reason-{attempt.act}")] if attempt.problem else (),
        diagrams=_drawn(case, locale) if case else (),
        history=[_entry(act, case, locale) for act in situation.acts],
        submission=sent_form.new_submission(),
        said=said(told, locale),
    )


def _place(bundle: Bundle, node: str, locale: str) -> Place:
    known = bundle.blueprint.nodes.get(node)
    kind = words_for(locale).kind(known.kind) if known else ""
    return Place(node, bundle.node_title(node, locale), kind)


def _standings(case: Stopped, locale: str) -> list[Standing]:
    """The tokens of the case, those that are held first."""
    found = [
        Standing(
            token.id,
            _place(case.bundle, token.node, locale),
            token.held,
            tuple(_place(case.bundle, node, locale) for node in token.destinations),
        )
        for token in case.tokens
    ]
    return sorted(found, key=lambda standing: not standing.held)


def _drawn(case: Stopped, locale: str) -> list[casework.Drawing]:
    """The diagrams in which the case has a token; the way that it took is nothing for an operator."""
    nodes = {held: [t.node for t in case.tokens if t.held is held] for held in (True, False)}
    states = diagrams.states_of(case.bundle, (), nodes[False], nodes[True])
    return casework.drawings(diagrams.of_bundle(case.bundle, locale, states), locale, reader=False)


def _entry(act: Act, case: Stopped | None, locale: str) -> HistoryEntry:
    """Something that was done, as a line of a history."""
    _ = i18n.gettext(locale)
    names = {
        "token.held": _("The process stopped"),
        "token.retried": _("Tried again"),
        "token.moved": _("Token moved"),
        "token.cancelled": _("Token cancelled"),
        "data.corrected": _("Data corrected"),
        "incident.retried": _("Tried again"),
        "incident.resolved": _("Marked as settled"),
    }
    if act.name == "token.held":
        return HistoryEntry(act.at, names[act.name], "", "missed", incidents.title(act.reason, locale))
    about = [", ".join(act.fields)] if act.fields else []
    if act.to and case:
        about.append(f"{case.bundle.node_title(act.node, locale)} → {case.bundle.node_title(act.to, locale)}")
    return HistoryEntry(
        act.at, names.get(act.name, act.name), act.by or _("command line"), "done", " · ".join([*about, act.reason])
    )


def said(name: str, locale: str) -> str:
    """What was just done, in words."""
    _ = i18n.gettext(locale)
    return {
        "retry": _("It was tried again."),
        "resolve": _("The incident is settled."),
        "correct": _("The data have been corrected. Now let it be tried again."),
        "move": _("The token has been moved; the case goes on from there."),
        "cancel": _("The token has been cancelled."),
        "stopped": _("It was done, but the process has stopped again. The reason is in the incident."),
    }.get(name, "")
