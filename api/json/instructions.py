"""Leaders' instructions: for the house that gave one, and the house that it binds."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import Reference
from api.json.shapes import Asked, LightShape, PageOf, Shape, Told, page_of
from engine import instructions, queries
from engine.db import UnitOfWork
from engine.queries import instructions as found

router = APIRouter(tags=["instructions"])
InstructionId = Annotated[str, Path(max_length=64)]
EXAMPLE = {"leader": "李副市长", "text": "请抓紧依法答复，并报告逾期原因。", "due_on": "2026-05-20", "bound": "gy-jtw"}


class InstructionShape(Shape):
    """An instruction with its words and what became of it."""

    id: str
    reference: str = Field(description="Of the case")
    subject: str
    leader: str
    text: str
    house: str = Field(description="The organisation that gave it")
    bound: str = Field(description="The organisation that it binds")
    due_on: date
    recorded_at: datetime
    light: LightShape
    fulfilled_at: datetime | None
    report: str
    may_fulfil: bool


class NewInstruction(Asked):
    """What a leader wrote on a case."""

    leader: str = Field(max_length=60)
    text: str = Field(max_length=2000)
    due_on: date = Field(description="Today or later")
    bound: str = Field(max_length=64, description="Code of an organisation that takes part in the case, or of your own")


class Report(Asked):
    """How an instruction was carried out."""

    report: str = Field(max_length=2000)


class InstructionKept(Told):
    """The instruction was recorded, or its report."""

    id: str


@router.get("/instructions", summary="Instructions that are not carried out yet")
def list_open(
    door: ApiPerson,
    request: Request,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[InstructionShape]:
    """That your organisation gave or got, the earliest due first."""
    with door.reading() as reading:
        page = found.open_ones(reading, after=after, limit=limit)
    return page_of(InstructionShape, page, request)


@router.get("/cases/{reference}/instructions", summary="The instructions on a case")
def of_case(reference: Reference, door: ApiPerson) -> list[InstructionShape]:
    """Those that your organisation gave or got; nobody else sees them."""
    with door.reading() as reading:
        given = found.on_case(reading, queries.case_file(reading, reference).case.id)
    return [InstructionShape.model_validate(view) for view in given]


@router.post(
    "/cases/{reference}/instructions",
    status_code=201,
    summary="Record an instruction on a case",
    openapi_extra=described(NewInstruction, EXAMPLE),
)
def record(
    reference: Reference,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[NewInstruction], Depends(sent(NewInstruction))],
) -> InstructionKept:
    """By the leaders, heads of unit and supervisors of an organisation that takes part in the case or stands over it."""
    asked = body.document

    def act(uow: UnitOfWork) -> dict[str, Any]:
        case = queries.case_file(uow, reference).case
        given = instructions.record(
            uow, case.id, leader=asked.leader, text=asked.text, due_on=asked.due_on, bound=asked.bound
        )
        return {"id": given.id}

    return InstructionKept.model_validate(once.write(door, plain(asked, []), act))


@router.post(
    "/instructions/{instruction_id}/fulfil",
    summary="Report that an instruction was carried out",
    openapi_extra=described(Report, {"report": "已经答复，并查明了逾期原因。"}),
)
def fulfil(
    instruction_id: InstructionId,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[Report], Depends(sent(Report))],
) -> InstructionKept:
    """By the organisation that it binds; its clock stops."""
    asked = body.document

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return {"id": instructions.fulfilled(uow, instruction_id, asked.report).id}

    return InstructionKept.model_validate(once.write(door, plain(asked, []), act))
