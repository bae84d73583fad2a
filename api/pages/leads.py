"""Supervision leads on screen: the list for supervisors, and opening one from the file of a case."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, rendering
from api.deps import PageSupervisor
from api.pages import case as case_page
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, PageKey, Sent
from engine import leads, queries, statutes
from engine.db import UnitOfWork
from engine.errors import Conflict, Invalid
from engine.models import Case
from engine.queries import leads as found

router = APIRouter()

ROWS = 25
Ground = Annotated[str, Query(pattern="^[1-9]?$")]


@router.get("/board/leads")
def list_leads(
    request: Request, door: PageSupervisor, ground: Ground = "", closed: bool = False, after: PageKey = ""
) -> Response:
    with door.reading() as reading:
        page = found.leads_list(reading, ground=ground or None, closed=closed, after=after or None, limit=ROWS)
        return rendering.page(
            request,
            "leads.html",
            here="leads",
            viewer=viewer(reading, door),
            rows=page.rows,
            next_key=page.next_key,
            ground=ground,
            closed=closed,
            grounds=statutes.grounds(reading.settings, door.locale),
        )


@router.post("/desk/cases/{reference}/leads")
def open_lead(request: Request, door: PageSupervisor, reference: Key, posted: Sent) -> Response:
    """Once for one page; then the file of the new lead."""
    asked = {name: posted.text(name, 64) for name in ("ground", "respondent")}
    findings = posted.lines("findings", 2000)

    def act(uow: UnitOfWork) -> deps.Answer:
        case_id = queries.case_file(uow, reference).case.id
        lead = leads.open_by_hand(uow, case_id, findings=findings, **asked)
        return {"reference": uow.session.get_one(Case, lead.case_id).reference}

    try:
        once = sent_form.once(posted, f"page /desk/cases/{reference}/leads")
        opened = once.write(door, asked | {"findings": findings}, act)
    except (Invalid, Conflict) as error:
        fault = formview.FaultView(error.sentence(door.locale), "lead-findings")
        typed = asked | {"findings": findings}
        return case_page.draw(request, door, reference, problems=[fault], typed=typed, status=error.status)
    return RedirectResponse(f"/desk/cases/{opened['reference']}", 303)
