"""Filing a request: the start form of a process, and what one is told at once.

Who follows a case of their own here may go on from it (ask for a review, complain) without typing its code again.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api import auth, deps, filing, formview, i18n, rendering
from api.deps import Door, PageAnyone
from api.pages import posted as sent_form
from api.pages import services, starting
from api.pages.posted import Key, Posted, Sent, Word
from engine import about_items, cases, definitions, origins, queries, query_codes
from engine.access import PUBLIC, Actor
from engine.attempts import TooManyAttempts
from engine.definitions import Bundle, ProcessUnknown
from engine.documents import Stored
from engine.errors import Conflict, EngineError, Invalid
from engine.forms import Form, FormInvalid, Problem
from engine.models import Case

router = APIRouter()


# The case out of which a new one comes, in the address of the form.
Reference = Annotated[str, Query(alias="from", max_length=60, pattern=r"^[A-Za-z0-9-]*$")]


@dataclass(frozen=True)
class _Opened:
    """A start form, ready to be drawn."""

    service: services.Service
    form: Form
    acting: Door  # as the public or, on their own case, as its party
    before: starting.Before | None
    named: str  # the reference in the address
    away: frozenset[str]  # fields that nobody fills in here
    secret: frozenset[str]  # fields that prove something
    fields: tuple[str, ...]  # those that name a case


@router.get("/apply/{process}")
def show(request: Request, door: PageAnyone, process: Key, named: Reference = "", item: Word = "") -> Response:
    """The empty form; ``item`` is the code of an item of the catalogue, which the case is to be about."""
    opened = _open(door, process, named, _follower(request, door))
    with door.reading() as reading:
        known = about_items.known(reading, definitions.current(reading, process), item) if item else {}
    return _draw(request, door, opened, known | (dict.fromkeys(opened.fields, named) if named else {}))


@router.post("/apply/{process}")
def submit(request: Request, door: PageAnyone, process: Key, posted: Sent, named: Reference = "") -> Response:
    """One case for one page, however often its button was pressed."""
    door = replace(door, actor=replace(PUBLIC, locale=door.locale))
    opened = _open(door, process, named, _follower(request, door, posted.text(auth.CSRF_FIELD)))
    values: Mapping[str, Any] = posted.answers
    try:
        values = opened.form.coerce(posted.answers)
        opened.form.validate(values, opened.away | opened.secret)  # what proves something is judged when it is filed
        uploads = sent_form.store(door, posted)
        answer = _file(door, process, posted, values, uploads, opened.acting.actor)
    except FormInvalid as error:
        return _draw(request, door, opened, values, error.problems, submission=posted.submission)
    except deps.KeyReused:
        _ = i18n.gettext(door.locale)
        again = _("This page was sent before, with other answers. Send it again if you want to file a second request.")
        return _draw(request, door, opened, values, fault=again)
    except (origins.OriginUnknown, TooManyAttempts, Conflict) as error:
        at = formview.anchor(opened.fields[0]) if opened.fields and opened.before is None else ""
        fault = error.sentence(door.locale)
        return _draw(
            request, door, opened, values, fault=fault, at=at, status=error.status, submission=posted.submission
        )
    except Invalid as error:
        return _draw(request, door, opened, values, error=error, submission=posted.submission)
    return _told(request, door, answer, opened.service.filing)


def _follower(request: Request, door: Door, token: str | None = None) -> auth.Known | None:
    """Whoever follows a case in this browser; a change must come with the token of their session."""
    known = auth.known(door.database, request, "party", PUBLIC)
    if known is not None and token is not None and not hmac.compare_digest(token.encode(), known.csrf.encode()):
        return None
    return known


def _file(
    door: Door, process: str, posted: Posted, values: Mapping[str, Any], uploads: Sequence[Stored], acting: Actor
) -> deps.Answer:
    once = sent_form.once(posted, f"page /apply/{process}")
    asked = sent_form.fingerprint(values, uploads)
    return filing.begin(door, once, asked, process, values, uploads, source="portal", acting=acting)


def _told(request: Request, door: Door, answer: deps.Answer, filing: str) -> Response:
    """Number, code, due date and receipt; from here on this browser follows the case."""
    party = Actor("party", answer["party"], case_id=answer["case"], locale=door.locale)
    inside = door.as_actor(party)
    with inside.writing() as uow:
        session = auth.open_session(uow, "party", party.id, replaces=request.cookies.get(auth.CASE_COOKIE))
    with inside.reading() as reading:
        filed = cases.submitted(reading, answer["case"], answer["party"])
        status = queries.public_status(reading, answer["case"])
    response = rendering.page(
        request,
        "submitted.html",
        201,
        here="apply",
        canonical="/track/case",
        filing=filing,
        reference=filed.reference,
        query_code=filed.query_code,
        subject=status.case.subject,
        clock=status.deadline,
        receipts=status.notices,
        warnings=answer["warnings"],
        headline=status.headline,
        next_text=status.next_text,
    )
    session.set_cookie(response, door.settings)
    return response


def _open(door: Door, process: str, named: str, follower: auth.Known | None) -> _Opened:
    """The form of a process. Whoever follows the very case that is named goes on from it as its party."""
    acting = replace(door, actor=replace(PUBLIC, locale=door.locale))
    with acting.reading() as reading:
        bundle: Bundle = definitions.current(reading, process)
        if bundle.manifest.process.applicants != services.PUBLIC_APPLICANTS:
            raise ProcessUnknown(key=process)
        form = definitions.form(reading, bundle, bundle.manifest.process.start_form, door.locale)
        service = services.service_of(reading, bundle, door.locale)
        own = reading.session.get(Case, follower.actor.case_id) if follower and named else None
    secret, before = origins.secret_fields(bundle), None
    if follower and own and own.reference == query_codes.plain_reference(named):
        acting = replace(door.as_actor(follower.actor), csrf=follower.csrf)
        with acting.reading() as reading:
            before = starting.before(reading, bundle, form, named)
    away = frozenset(before.known) | secret if before else frozenset()
    names = tuple(rule.field for rule in bundle.manifest.links)
    return _Opened(service, form, acting, before, named, away, secret, names)


def _draw(
    request: Request,
    door: Door,
    opened: _Opened,
    values: Mapping[str, Any],
    problems: Sequence[Problem] = (),
    *,
    error: EngineError | None = None,
    fault: str = "",
    at: str = "",
    status: int = 0,
    submission: str | None = None,
) -> Response:
    """The form with what was answered. What is wrong stands at the top, each line with a link to its field."""
    listed = formview.faults(opened.form, problems)
    upload_fault = error.sentence(door.locale) if error else ""
    if upload_fault or fault:
        listed += (formview.FaultView(upload_fault or fault, "attachments" if upload_fault else at),)
    status = status or (error.status if error else 422 if listed else 200)
    return rendering.page(
        request,
        "apply.html",
        status,
        here="apply",
        service=opened.service,
        intro=opened.form.description,
        before=opened.before,
        named=opened.named,
        csrf=opened.acting.csrf if opened.before else "",
        form=starting.fields(opened.form, values, problems, opened.away),
        problems=listed,
        attachments=opened.form.accepts_attachments,
        upload_fault=upload_fault,
        upload_limit=door.settings.max_attachments,
        upload_megabytes=door.settings.max_upload // 1024 // 1024,
        submission=submission or sent_form.new_submission(),
    )
