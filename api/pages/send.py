"""What staff may send into a running case beside its tasks, as its process declares: asked once more, then sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, rendering
from api.deps import Door, PagePerson
from api.pages import posted as sent_form
from api.pages.frame import Viewer, viewer
from api.pages.posted import Key, Sent
from engine import definitions, messages, queries
from engine.db import UnitOfWork
from engine.form_problems import FormInvalid
from engine.forms import Form, Problem
from engine.models import Case
from engine.views import CaseView, Offer

router = APIRouter(prefix="/desk/cases")


@dataclass(frozen=True)
class _Opened:
    """Something that may be sent, with its form."""

    offer: Offer
    case: CaseView
    form: Form
    viewer: Viewer


@router.get("/{reference}/messages/{message}")
def ask(request: Request, door: PagePerson, reference: Key, message: Key) -> Response:
    return _draw(request, _open(door, reference, message), {})


@router.post("/{reference}/messages/{message}")
def send(request: Request, door: PagePerson, reference: Key, message: Key, posted: Sent) -> Response:
    """Send it into the case, once for one page; raises MessageUnknown, MessageRefused with the sentence of the process."""
    opened = _open(door, reference, message, sent=True)
    values: Mapping[str, Any] = posted.answers

    def act(uow: UnitOfWork) -> deps.Answer:
        messages.send(uow, opened.case.id, message, values)
        return {}

    try:
        values = opened.form.coerce(posted.answers)
        opened.form.validate(values)
        once = sent_form.once(posted, f"page /desk/cases/{reference}/messages/{message}")
        once.write(door, sent_form.fingerprint(values, ()), act)
    except FormInvalid as error:
        return _draw(request, opened, values, error.problems, submission=posted.submission)
    return RedirectResponse(f"/desk/cases/{reference}?said=sent", 303)


def _open(door: Door, reference: str, message: str, *, sent: bool = False) -> _Opened:
    """What may be sent under this name now; what was ``sent`` may be a second click, which the case itself judges."""
    with door.reading() as reading:
        case = queries.case_file(reading, reference).case
        row = reading.session.get_one(Case, case.id)
        offer = next((offer for offer in queries.offers(reading, row) if offer.name == message), None)
        if offer is None:
            raise messages.MessageUnknown(name=message)
        if offer.refusal is not None and not sent:
            raise messages.MessageRefused(text=offer.refusal, text_zh=offer.refusal)
        bundle = definitions.of_case(reading, row)
        form = definitions.form(reading, bundle, offer.form, door.locale) if offer.form else messages.NO_FIELDS
        return _Opened(offer, case, form, viewer(reading, door))


def _draw(
    request: Request,
    opened: _Opened,
    values: Mapping[str, Any],
    problems: Sequence[Problem] = (),
    *,
    submission: str | None = None,
) -> Response:
    listed = list(formview.faults(opened.form, problems))
    return rendering.page(
        request,
        "send.html",
        422 if listed else 200,
        here="search",
        viewer=opened.viewer,
        offer=opened.offer,
        case=opened.case,
        form=formview.views(opened.form, values, problems),
        problems=listed,
        submission=submission or sent_form.new_submission(),
    )
