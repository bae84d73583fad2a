"""Filing a request: the start form of a process, and what one is told at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import auth, deps, formview, i18n, rendering
from api.deps import Door, PageAnyone
from api.pages import posted as sent_form
from api.pages import services
from api.pages.posted import Key, Posted, Sent, Word
from engine import about_items, cases, definitions, queries
from engine.access import PUBLIC, Actor
from engine.db import UnitOfWork
from engine.definitions import Bundle, ProcessUnknown
from engine.documents import Stored
from engine.errors import EngineError, Invalid
from engine.forms import Form, FormInvalid, Problem

router = APIRouter()


@dataclass(frozen=True)
class _Opened:
    """A start form, ready to be drawn."""

    service: services.Service
    form: Form


@router.get("/apply/{process}")
def show(request: Request, door: PageAnyone, process: Key, item: Word = "") -> Response:
    """The empty form; ``item`` is the code of an item of the catalogue, which the case is to be about."""
    with door.reading() as reading:
        known = about_items.known(reading, definitions.current(reading, process), item) if item else {}
    return _draw(request, door, _open(door, process), known)


@router.post("/apply/{process}")
def submit(request: Request, door: PageAnyone, process: Key, posted: Sent) -> Response:
    """One case for one page, however often its button was pressed."""
    door = replace(door, actor=replace(PUBLIC, locale=door.locale))
    opened = _open(door, process)
    values: Mapping[str, Any] = posted.answers
    try:
        values = opened.form.coerce(posted.answers)
        opened.form.validate(values)
        uploads = sent_form.store(door, posted)
        answer = _file(door, process, posted, values, uploads)
    except FormInvalid as error:
        return _draw(request, door, opened, values, error.problems, submission=posted.submission)
    except deps.KeyReused:
        _ = i18n.gettext(door.locale)
        again = _("This page was sent before, with other answers. Send it again if you want to file a second request.")
        return _draw(request, door, opened, values, fault=again)
    except Invalid as error:
        return _draw(request, door, opened, values, error=error, submission=posted.submission)
    return _told(request, door, answer)


def _file(
    door: Door, process: str, posted: Posted, values: Mapping[str, Any], uploads: Sequence[Stored]
) -> deps.Answer:
    def act(uow: UnitOfWork) -> deps.Answer:
        filed = cases.submit(uow, process, values, uploads, source="portal", locale=door.locale)
        return {"case": filed.case_id, "party": filed.party_id}

    once = sent_form.once(posted, f"page /apply/{process}")
    return once.write(door, sent_form.fingerprint(values, uploads), act)


def _told(request: Request, door: Door, answer: deps.Answer) -> Response:
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


def _open(door: Door, process: str) -> _Opened:
    with door.reading() as reading:
        bundle: Bundle = definitions.current(reading, process)
        if bundle.manifest.process.applicants != services.PUBLIC_APPLICANTS:
            raise ProcessUnknown(key=process)
        form = definitions.form(reading, bundle, bundle.manifest.process.start_form, door.locale)
        return _Opened(services.service_of(reading, bundle, door.locale), form)


def _draw(
    request: Request,
    door: Door,
    opened: _Opened,
    values: Mapping[str, Any],
    problems: Sequence[Problem] = (),
    *,
    error: EngineError | None = None,
    fault: str = "",
    submission: str | None = None,
) -> Response:
    """The form with what was answered. What is wrong stands at the top, each line with a link to its field."""
    listed = formview.faults(opened.form, problems)
    upload_fault = error.sentence(door.locale) if error else ""
    if upload_fault or fault:
        listed += (formview.FaultView(upload_fault or fault, "attachments" if upload_fault else ""),)
    status = error.status if error else 422 if listed else 200
    return rendering.page(
        request,
        "apply.html",
        status,
        here="apply",
        service=opened.service,
        intro=opened.form.description,
        form=formview.views(opened.form, values, problems),
        problems=listed,
        attachments=opened.form.accepts_attachments,
        upload_fault=upload_fault,
        upload_limit=door.settings.max_attachments,
        upload_megabytes=door.settings.max_upload // 1024 // 1024,
        submission=submission or sent_form.new_submission(),
    )
