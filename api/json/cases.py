"""Cases: begin one, list them, look into one, send something into it."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from api import filing
from api.deps import ApiAnyone, ApiPerson, OnlyOnce, SeenRevision, etag, require_unchanged
from api.json.bodies import Sent, described, plain, sent
from api.json.shapes import (
    Asked,
    CaseShape,
    DeadlineShape,
    DeliveryShape,
    DocumentShape,
    FieldShape,
    HistoryShape,
    NoticeShape,
    PageOf,
    Shape,
    TaskLineShape,
    Told,
    page_of,
)
from engine import cases, messages, process, queries
from engine.cases import Submitted
from engine.db import UnitOfWork
from engine.models import Case
from engine.queries import case_chain

router = APIRouter(tags=["cases"])
Reference = Annotated[str, Path(max_length=40, description="The case's reference", examples=["KF-2026-000001"])]

EXAMPLE: dict[str, Any] = {
    "process": "open_data_request",
    "form": {
        "applicant_type": "citizen",
        "applicant_name": "王小明",
        "phone": "13800000000",
        "request_kind": "not_opened",
        "dataset": "贵阳市公共停车场实时泊位数据",
        "description": "停车场的名称、位置、总泊位和实时空余泊位。",
        "agency": "gy-jtw",
    },
}


class NewCase(Asked):
    """A matter to begin: the key of its process, and the fields of the start form."""

    process: str = Field(max_length=64, pattern=r"^[\w-]+$", description="Key of the process, see GET /processes")
    form: dict[str, Any] = Field(description="The fields of the process's start form")
    organisation: str | None = Field(
        None, max_length=64, description="With a token: code of the house for which you file, if you sit in several"
    )
    received_on: date | None = Field(
        None,
        description="With a token, for a party: the day on which it came; its time limits count from it. Default: today",
    )


class MessageSent(Asked):
    """Something sent into a running case: the fields of the message's form, when it has one."""

    form: dict[str, Any] = Field(default_factory=dict)
    key: str | None = Field(None, max_length=100, description="For which of several that wait for this message it is")
    id: str | None = Field(None, max_length=100, description="Your own; sent again under it, it has no second effect")


class ExplanationShape(Shape):
    """How a due date was counted."""

    article: str | None
    provisional: bool
    calendar_version: str
    days: list[dict[str, Any]] = Field(description="Every day from start to end, and its part in the count")
    sentences: list[str]


class CaseBegun(Told):
    """What the applicant keeps: the number, the code to follow the case with, and by when an answer is due.

    A case that organisations settle among themselves has no applicant, and so no code.
    """

    reference: str
    query_code: str | None = Field(description="Shown this once; it stands on the receipt too")
    due_on: date | None = Field(description="The day by the end of which an answer is due")
    explanation: ExplanationShape | None


class MessageTaken(Told):
    """The message was taken."""

    reference: str
    message: str


class ChainCaseShape(Shape):
    """One case of a chain."""

    reference: str
    process_key: str
    process: str
    subject: str
    status_title: str
    outcome_title: str | None
    late: bool
    agency: str
    submitted_at: datetime
    closed_at: datetime | None
    is_this: bool = Field(description="The case whose chain was asked for")


class ChainLinkShape(Shape):
    """That one case came out of another."""

    origin: str = Field(description="Reference of the case that was first")
    offspring: str = Field(description="Reference of the one that came out of it")
    kind: str
    title: str
    at: datetime


class ChainShape(Shape):
    """Cases that came out of one another, the earliest first."""

    cases: list[ChainCaseShape]
    links: list[ChainLinkShape]
    hidden: int = Field(description="How many more are linked with these that you may not see")
    cut: bool = Field(description="Whether there are more than are shown")


class AnswersShape(Shape):
    """What one step wrote."""

    step: str
    fields: list[FieldShape]


class HeldShape(Shape):
    """A step at which the process has stopped by itself; an operator sees to it."""

    node: str = Field(description="Id of the step in the diagram")
    title: str


class CaseFileShape(CaseShape):
    """A case with all that the desk sees of it."""

    held: list[HeldShape]

    deadlines: list[DeadlineShape]
    fields: list[FieldShape]
    answers: list[AnswersShape]
    applicant: list[FieldShape]
    documents: list[DocumentShape]
    notices: list[NoticeShape]
    tasks: list[TaskLineShape]
    history: list[HistoryShape]


@router.post("/cases", status_code=201, summary="Begin a case", openapi_extra=described(NewCase, EXAMPLE))
def begin(
    door: ApiAnyone, once: OnlyOnce, body: Annotated[Sent[NewCase], Depends(sent(NewCase))], response: Response
) -> CaseBegun:
    """Files an application, as the portal does; with a token, a case at your desk. One that comes out of another case names it in
    the field that the process declares, and fields that come from there may be left out. Files go into a multipart form: the
    document as the part `request`, the files as parts `attachments`."""
    files = body.store(door.settings)
    asked, house = body.document, body.document.organisation
    known_by = plain(asked, files)
    kept = filing.begin(
        door,
        once,
        known_by,
        asked.process,
        asked.form,
        files,
        source="api",
        organisation=house,
        received_on=asked.received_on,
    )
    with door.reading() as reading:
        if "party" in kept:
            shape = begun_shape(cases.submitted(reading, kept["case"], kept["party"]), door.locale, kept["warnings"])
        else:
            shape = opened_shape(reading.session.get_one(Case, kept["case"]), kept["warnings"])
    response.headers["Location"] = f"/api/v1/cases/{shape.reference}"
    return shape


def opened_shape(case: Case, warnings: list[str]) -> CaseBegun:
    """A case that organisations settle among themselves, for programs."""
    return CaseBegun(reference=case.reference, query_code=None, due_on=None, explanation=None, warnings=warnings)


def begun_shape(begun: Submitted, locale: str, warnings: list[str]) -> CaseBegun:
    """What was submitted, for programs."""
    counted = begun.explanation
    return CaseBegun(
        reference=begun.reference,
        query_code=begun.query_code,
        due_on=begun.deadline.due_on if begun.deadline else None,
        explanation=ExplanationShape(
            article=counted.article,
            provisional=counted.provisional,
            calendar_version=counted.calendar_version,
            days=counted.as_json(),
            sentences=counted.sentences(locale),
        )
        if counted
        else None,
        warnings=warnings,
    )


@router.get("/cases", summary="The cases that you may see")
def list_cases(
    door: ApiPerson,
    request: Request,
    status: Annotated[str | None, Query(max_length=40)] = None,
    search: Annotated[str, Query(max_length=100, description="Words of the subject, or a reference")] = "",
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[CaseShape]:
    """Newest first."""
    with door.reading() as reading:
        page = queries.cases(reading, status=status, search_for=search, after=after, limit=limit)
    return page_of(CaseShape, page, request)


@router.get("/cases/{reference}", summary="One case")
def show_case(reference: Reference, door: ApiPerson, response: Response) -> CaseFileShape:
    """Everything that the desk shows of it. The `ETag` is for `If-Match` when something is sent into the case."""
    with door.reading() as reading:
        shown = file_shape(queries.case_file(reading, reference))
    response.headers["ETag"] = etag(tag_of(shown))
    return shown


@router.get("/cases/{reference}/chain", summary="The cases that a case is linked with")
def show_chain(reference: Reference, door: ApiPerson) -> ChainShape:
    """Those out of which it came and those that came out of it, over any number of steps, as far as you may see them."""
    with door.reading() as reading:
        chain = case_chain.case_chain(reading, reference)
    return ChainShape.model_validate(vars(chain))


def file_shape(file: queries.CaseFile) -> CaseFileShape:
    """A case file for programs."""
    return CaseFileShape.model_validate(
        {
            **vars(file.case),
            **{
                n: getattr(file, n)
                for n in ("held", "deadlines", "fields", "applicant", "documents", "tasks", "history")
            },
            "notices": [notice_shape(n) for n in file.notices],
            "answers": [{"step": step, "fields": fields} for step, fields in file.answers],
        }
    )


def notice_shape(notice: queries.NoticeView) -> NoticeShape:
    """A notice for programs."""
    return NoticeShape.model_validate({**vars(notice), "deliveries": [delivery_shape(d) for d in notice.deliveries]})


def delivery_shape(delivery: queries.DeliveryView) -> DeliveryShape:
    """An attempt for programs."""
    return DeliveryShape.model_validate({**vars(delivery), "at": delivery.dispatched_at})


def tag_of(shown: Shape) -> str:
    """A tag that changes when what is shown changes."""
    return hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]


@router.post(
    "/cases/{reference}/messages/{name}",
    summary="Send something into a case",
    openapi_extra=described(MessageSent, {"form": {}}),
)
def send_message(
    reference: Reference,
    name: Annotated[str, Path(max_length=64, description="Name of the message, as the process declares it")],
    door: ApiPerson,
    once: OnlyOnce,
    seen: SeenRevision,
    body: Annotated[Sent[MessageSent], Depends(sent(MessageSent))],
) -> MessageTaken:
    """A message of staff, of the lane that the process names as its sender. What comes too late is refused with the
    sentence of the process (409)."""
    files = body.store(door.settings)

    def act(uow: UnitOfWork) -> dict[str, Any]:
        file = queries.case_file(uow, reference)
        if seen is not None:
            process.lock_row(uow, file.case.id)  # nobody changes it any more between this look and the message
            require_unchanged(seen, tag_of(file_shape(queries.case_file(uow, reference))))
        sent_in = body.document
        messages.send(uow, file.case.id, name, sent_in.form, files, key=sent_in.key, message_id=sent_in.id)
        return {"reference": file.case.reference, "message": name}

    return MessageTaken.model_validate(once.write(door, plain(body.document, files), act))
