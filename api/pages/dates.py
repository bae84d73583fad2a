"""Due dates that wait for a person: printed ones that a new calendar would make earlier; and what a proposed notice would move.

For leaders, of what their organisation owes, and for supervisors, of what they oversee.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, i18n, rendering
from api.auth import CSRF_FIELD
from api.deps import Door, PagePerson
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, PageKey, Posted, Sent, Word
from engine import holiday_notices, printed_corrections
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Invalid
from engine.models import PrintedCorrection
from engine.reasons import LONGEST
from engine.recount import Move

router = APIRouter(prefix="/desk/dates")

ROWS, MOST_MOVES = 25, 100
Decide = Callable[[UnitOfWork, str, str], PrintedCorrection]


@dataclass(frozen=True)
class Attempt:
    """What was tried and did not go through; what was typed is kept."""

    id: str = ""
    problem: str = ""
    conflict: str = ""
    reason: str = ""
    status: int = 200


@dataclass(frozen=True)
class Proposed:
    """A notice that is not in force yet, with what it would move of what the reader oversees."""

    source: str
    sentence: str
    moves: tuple[Move, ...]
    more: int


@router.get("")
def show(request: Request, door: PagePerson, said: Word = "", after: PageKey = "") -> Response:
    return _draw(request, door, Attempt(), said, after)


@router.post("/{correction_id}/approve")
def approve(request: Request, door: PagePerson, correction_id: Key, posted: Sent) -> Response:
    return _done(request, door, correction_id, posted, "approve", printed_corrections.approve)


@router.post("/{correction_id}/refuse")
def refuse(request: Request, door: PagePerson, correction_id: Key, posted: Sent) -> Response:
    return _done(request, door, correction_id, posted, "refuse", printed_corrections.refuse)


def _done(request: Request, door: Door, correction_id: str, posted: Posted, name: str, decide: Decide) -> Response:
    reason = posted.text("reason", LONGEST)

    def write(uow: UnitOfWork) -> deps.Answer:
        return {"state": decide(uow, correction_id, reason).state}

    asked = {field: texts for field, texts in posted.texts.items() if field not in ("_submission", CSRF_FIELD)}
    try:
        sent_form.once(posted, f"page /desk/dates/{correction_id}/{name}").write(door, asked, write)
    except Invalid as error:
        return _draw(request, door, Attempt(correction_id, error.sentence(door.locale), "", reason, error.status))
    except Conflict as error:
        return _draw(request, door, Attempt(correction_id, "", error.sentence(door.locale), reason, error.status))
    return RedirectResponse(rendering.address("/desk/dates", said=name), 303)


def _draw(request: Request, door: Door, attempt: Attempt, said: str = "", after: str = "") -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        page = printed_corrections.waiting(reading, after or None, ROWS)
        proposed = _proposed(reading) if reading.actor.supervises else []
    return rendering.page(
        request,
        "dates.html",
        attempt.status,
        here="dates",
        canonical="/desk/dates",
        viewer=who,
        rows=page.rows,
        next_key=page.next_key,
        proposed=proposed,
        attempt=attempt,
        problems=[formview.FaultView(attempt.problem, f"reason-{attempt.id}")] if attempt.problem else (),
        submission=sent_form.new_submission(),
        said=_said(said, door.locale),
    )


def _proposed(reading: Reading) -> list[Proposed]:
    shown = []
    for row in holiday_notices.proposed(reading):
        plan = holiday_notices.consequences_overseen(reading, holiday_notices.said_by(row))
        more = max(0, len(plan.moves) - MOST_MOVES)
        shown.append(Proposed(row.source, plan.sentence(reading.actor.locale), plan.moves[:MOST_MOVES], more))
    return shown


def _said(name: str, locale: str) -> str:
    """What was just done, in words."""
    _ = i18n.gettext(locale)
    return {
        "approve": _("The date was corrected, and a corrective notice has been issued."),
        "refuse": _("The printed date stays."),
    }.get(name, "")
