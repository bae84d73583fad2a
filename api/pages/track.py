"""Following one's own case: with number and code, without an account. What happens, by when, and what one may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import auth, deps, files, formview, i18n, papers, rendering
from api.deps import Door, PageAnyone, PageParty
from api.pages import posted as sent_form
from api.pages import services
from api.pages.posted import Key, Sent, Word
from engine import definitions, documents, messages, process, queries, query_codes
from engine.attempts import TooManyAttempts
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.errors import EngineError, Invalid
from engine.forms import Form, FormInvalid, Problem
from engine.models import Case
from engine.views import Offer, PublicStatus
from notices import translations

router = APIRouter(prefix="/track")

NO_FORM: dict[str, Any] = {"type": "object", "properties": {}}


@router.get("")
def show(request: Request, door: PageAnyone) -> Response:
    return rendering.page(request, "track.html", here="track", reference="", fault="")


@router.post("")
def follow(request: Request, door: PageAnyone, posted: Sent) -> Response:
    """The right number and code open the case; a wrong number and a wrong code are answered alike."""
    reference, code = posted.text("reference", 60), posted.text("code", 60)
    try:
        session = deps.follow_case(door, request, reference, code)
    except (query_codes.WrongCode, TooManyAttempts) as error:
        response = rendering.page(
            request, "track.html", error.status, here="track", reference=reference, fault=error.sentence(door.locale)
        )
        if "retry_after" in error.data:
            response.headers["Retry-After"] = str(error.data["retry_after"])
        return response
    opened = RedirectResponse("/track/case", 303)
    session.set_cookie(opened, door.settings)
    return opened


@router.post("/leave")
def leave(request: Request, door: PageParty) -> Response:
    deps.sign_out(door, request, "party")
    response = RedirectResponse("/track", 303)
    response.delete_cookie(auth.CASE_COOKIE, path="/")
    return response


@router.get("/case")
def case(request: Request, door: PageParty, said: Word = "") -> Response:
    with door.reading() as reading:
        status = queries.public_status(reading, door.actor.case_id)
        bundle = _bundle(reading)
        further = services.follow_ups(reading, reading.session.get_one(Case, door.actor.case_id))
    # What is taken only when asked for is not spoken of until then.
    offers = [offer for offer in status.offers if offer.refusal is None or not _asked_for(bundle, offer)]
    asked = [offer for offer in offers if _asked_for(bundle, offer)]
    return rendering.page(
        request,
        "track_case.html",
        here="track",
        csrf=door.csrf,
        status=status,
        offers=offers,
        asked=asked,
        further=further,
        said=_said(said, door.locale),
    )


@router.get("/notices/{notice_id}/pdf")
def notice(door: PageParty, notice_id: Key) -> Response:
    return papers.hand_out(door, notice_id)


@router.get("/notices/{notice_id}/translation")
def translation(door: PageParty, notice_id: Key) -> Response:
    with door.reading() as reading:
        filename, content = translations.pdf(reading, notice_id)
    return files.download(filename, "application/pdf", content)


@router.post("/notices/{notice_id}/translation")
def ask_for_translation(door: PageParty, notice_id: Key) -> Response:
    """It is made in the background; the page then links to it."""
    with door.writing() as uow:
        translations.ask(uow, notice_id)
    return RedirectResponse(rendering.address("/track/case", said="translation"), 303)


@router.get("/documents/{document_id}")
def document(door: PageParty, document_id: Key) -> Response:
    with door.reading() as reading:
        row, filename, content = documents.read(reading, document_id)
    return files.download(filename, row.media_type, content, size=row.size)


# ---------------------------------------------------------------- what a party may send


@dataclass(frozen=True)
class _Opened:
    """Something that may be sent, with its form."""

    offer: Offer
    status: PublicStatus
    form: Form


@router.get("/case/{message}")
def ask(request: Request, door: PageParty, message: Key) -> Response:
    return _draw(request, door, _open(door, message), {})


@router.post("/case/{message}")
def send(request: Request, door: PageParty, message: Key, posted: Sent) -> Response:
    """Send it into the case, once for one page; raises MessageRefused with the sentence of the process."""
    opened = _open(door, message, sent=True)
    values: Mapping[str, Any] = posted.answers

    def act(uow: UnitOfWork) -> deps.Answer:
        messages.send(uow, door.actor.case_id, message, values, uploads)
        return {}

    try:
        values = opened.form.coerce(posted.answers)
        opened.form.validate(values)
        uploads = sent_form.store(door, posted)
        once = sent_form.once(posted, f"page /track/case/{message}")
        kept = once.write(door, sent_form.fingerprint(values, uploads), act)["warnings"]
    except FormInvalid as error:
        return _draw(request, door, opened, values, error.problems, submission=posted.submission)
    except Invalid as error:
        return _draw(request, door, opened, values, error=error)
    return RedirectResponse(f"/track/case?said={'kept' if kept else 'sent'}", 303)


def _open(door: Door, message: str, *, sent: bool = False) -> _Opened:
    """What the party may send under this name now; raises MessageUnknown, MessageRefused.

    What was ``sent`` may be the second click on a page whose first one ended the case: whether it is refused, the case says.
    """
    with door.reading() as reading:
        status = queries.public_status(reading, door.actor.case_id)
        offer = next((offer for offer in status.offers if offer.name == message), None)
        if offer is None:
            raise messages.MessageUnknown(name=message)
        if offer.refusal is not None and not sent:
            raise messages.MessageRefused(text=offer.refusal, text_zh=offer.refusal)
        bundle = _bundle(reading)
        form = definitions.form(reading, bundle, offer.form, door.locale) if offer.form else Form(NO_FORM)
        return _Opened(offer, status, form)


def _draw(
    request: Request,
    door: Door,
    opened: _Opened,
    values: Mapping[str, Any],
    problems: Sequence[Problem] = (),
    *,
    error: EngineError | None = None,
    submission: str | None = None,
) -> Response:
    listed = list(formview.faults(opened.form, problems))
    fault = error.sentence(door.locale) if error else ""
    if fault:
        listed.append(formview.FaultView(fault, "attachments"))
    return rendering.page(
        request,
        "message.html",
        error.status if error else 422 if listed else 200,
        here="track",
        canonical=f"/track/case/{opened.offer.name}",
        csrf=door.csrf,
        offer=opened.offer,
        status=opened.status,
        form=formview.views(opened.form, values, problems),
        problems=listed,
        attachments=opened.form.accepts_attachments,
        upload_fault=fault,
        upload_limit=door.settings.max_attachments,
        upload_megabytes=door.settings.max_upload // 1024 // 1024,
        submission=submission or sent_form.new_submission(),
    )


def _bundle(reading: Reading) -> Bundle:
    """The process of the party's case."""
    return definitions.of_case(reading, reading.session.get_one(Case, reading.actor.case_id))


def _asked_for(bundle: Bundle, offer: Offer) -> bool:
    """Whether this is taken only while the case waits for it."""
    rule = bundle.manifest.message(offer.name)
    return rule is not None and rule.when_listening


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    kept = process.SubmissionKept().sentence(locale)
    translation = _("The English translation is being made. It is a courtesy; the Chinese text prevails.")
    return {"sent": _("Thank you, it has arrived."), "kept": kept, "translation": translation}.get(name, "")
