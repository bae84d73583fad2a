"""Leaders' instructions on screen: the open ones, recording one on a case, and reporting that it was carried out."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, rendering
from api.deps import PagePerson
from api.pages import case as case_page
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, PageKey, Sent
from engine import instructions, queries
from engine.db import UnitOfWork
from engine.errors import Conflict, Invalid
from engine.queries import instructions as found

router = APIRouter()

ROWS = 25
PLACES = {"LeaderMissing": "leader", "WordsMissing": "words", "DayFaulty": "due-on", "CannotBeBound": "bound"}


@router.get("/desk/instructions")
def list_open(request: Request, door: PagePerson, after: PageKey = "") -> Response:
    with door.reading() as reading:
        page = found.open_ones(reading, after=after or None, limit=ROWS)
        return rendering.page(
            request,
            "instructions.html",
            here="instructions",
            viewer=viewer(reading, door),
            rows=page.rows,
            next_key=page.next_key,
        )


@router.post("/desk/cases/{reference}/instructions")
def record(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    asked = {"leader": posted.text("leader"), "words": posted.lines("words", 4000), "bound": posted.text("bound", 64)}
    asked["due_on"] = posted.text("due_on", 10)

    def act(uow: UnitOfWork) -> deps.Answer:
        given = instructions.record(
            uow,
            queries.case_file(uow, reference).case.id,
            leader=asked["leader"],
            text=asked["words"],
            due_on=_day(asked["due_on"]),
            bound=asked["bound"],
        )
        return {"id": given.id}

    try:
        sent_form.once(posted, f"page /desk/cases/{reference}/instructions").write(door, asked, act)
    except (Invalid, Conflict) as error:
        place = f"instruction-{PLACES.get(type(error).__name__, 'words')}"
        fault = formview.FaultView(error.sentence(door.locale), place)
        return case_page.draw(request, door, reference, problems=[fault], typed=asked, status=error.status)
    return RedirectResponse(f"/desk/cases/{reference}?said=instructed#instructions", 303)


@router.post("/desk/cases/{reference}/instructions/{instruction_id}/fulfil")
def fulfil(request: Request, door: PagePerson, reference: Key, instruction_id: Key, posted: Sent) -> Response:
    report = posted.lines("report", 4000)

    def act(uow: UnitOfWork) -> deps.Answer:
        return {"id": instructions.fulfilled(uow, instruction_id, report).id}

    try:
        place = f"page /desk/cases/{reference}/instructions/{instruction_id}/fulfil"
        sent_form.once(posted, place).write(door, {"report": report}, act)
    except (Invalid, Conflict) as error:
        fault = formview.FaultView(error.sentence(door.locale), f"report-{instruction_id}")
        typed = {f"report-{instruction_id}": report}
        return case_page.draw(request, door, reference, problems=[fault], typed=typed, status=error.status)
    return RedirectResponse(f"/desk/cases/{reference}?said=fulfilled#instructions", 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise instructions.DayFaulty() from None
