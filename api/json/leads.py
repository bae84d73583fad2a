"""Supervision leads: the list, and opening one by hand."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.deps import ApiSupervisor, OnlyOnce
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import Reference
from api.json.shapes import Asked, PageOf, Shape, Told, page_of
from engine import leads, queries
from engine.db import UnitOfWork
from engine.models import Case
from engine.queries import leads as found

router = APIRouter(tags=["supervision"])
EXAMPLE = {"ground": "6", "findings": "逾期未答复，也没有说明原因。", "respondent": "gy-jtw"}
Ground = Annotated[str, Field(pattern="^[1-9]$", description="Of Art. 30: 1 to 9")]


class LeadShape(Shape):
    """A supervision lead: a case of its own, about another one."""

    reference: str
    subject: str
    ground: str
    ground_title: str
    respondent: str
    organ: str = Field(description="The body that may act")
    about: str = Field(description="Reference of the case out of which it came")
    opened_on: date
    age: int = Field(description="In working days; of a closed one, how long it took")
    stage: str
    outcome: str | None
    outcome_title: str | None
    annulled: bool = Field(description="The due date itself was wrong")
    by_hand: bool = Field(description="Opened by a supervisor, not for a missed clock")
    closed_at: datetime | None


class NewLead(Asked):
    """What a supervisor found in a case that they oversee."""

    ground: Ground
    findings: str = Field(max_length=2000)
    respondent: str = Field(max_length=64, description="Code of an organisation that takes part in the case")


class LeadOpened(Told):
    """The lead was opened."""

    reference: str


@router.get("/leads", summary="Supervision leads")
def list_leads(
    door: ApiSupervisor,
    request: Request,
    ground: Annotated[str | None, Query(pattern="^[1-9]$")] = None,
    closed: Annotated[bool, Query(description="Those that are closed, instead of the open ones")] = False,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[LeadShape]:
    """That your organisation conducts or oversees, the oldest first."""
    with door.reading() as reading:
        page = found.leads_list(reading, ground=ground, closed=closed, after=after, limit=limit)
    return page_of(LeadShape, page, request)


@router.post(
    "/cases/{reference}/leads",
    status_code=201,
    summary="Open a supervision lead about a case",
    openapi_extra=described(NewLead, EXAMPLE),
)
def open_lead(
    reference: Reference,
    door: ApiSupervisor,
    once: OnlyOnce,
    body: Annotated[Sent[NewLead], Depends(sent(NewLead))],
    response: Response,
) -> LeadOpened:
    """About a case that you oversee; it goes to the body that may act. A second open one on the same is refused (409)."""
    asked = body.document

    def act(uow: UnitOfWork) -> dict[str, Any]:
        case = queries.case_file(uow, reference).case
        lead = leads.open_by_hand(
            uow, case.id, ground=asked.ground, findings=asked.findings, respondent=asked.respondent
        )
        return {"reference": uow.session.get_one(Case, lead.case_id).reference}

    opened = LeadOpened.model_validate(once.write(door, plain(asked, []), act))
    response.headers["Location"] = f"/api/v1/cases/{opened.reference}"
    return opened
