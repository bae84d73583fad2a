"""Reminders: what a person is told about their cases; and urging, which is how others are told to hurry."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import Reference
from api.json.shapes import Asked, PageOf, Shape, Told, page_of
from engine import queries, reminders, urging
from engine.db import UnitOfWork
from engine.queries.files import find

router = APIRouter(tags=["reminders"])
ReminderId = Annotated[str, Path(max_length=64, description="The reminder's id")]


class ReminderShape(Shape):
    """A reminder."""

    id: str = Field(validation_alias="reminder_id")
    kind: str = Field(description="A rung of the ladder, or: urged, delegated, returned, reassigned, lead …")
    title: str
    reference: str
    subject: str
    deadline: str | None = Field(description="The clock that it is about")
    due_on: date | None
    text: str = Field(description="The words of an urging")
    by: str = Field(description="Who urged")
    at: datetime
    read_at: datetime | None


class ReminderRead(Told):
    """A reminder that was read."""

    id: str


class UrgingAsked(Asked):
    """What those who work on the case are told."""

    text: str = Field(max_length=2000, description="What is to be done, up to 500 signs; it goes on record")


class UrgingShape(Told):
    """An urging, as it went on record."""

    id: str
    at: datetime


@router.get("/reminders", summary="What you are reminded of")
def list_reminders(
    door: ApiPerson,
    request: Request,
    unread: Annotated[bool, Query(description="Only what you have not read")] = True,
    after: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[ReminderShape]:
    """The newest first."""
    with door.reading() as reading:
        page = queries.reminders(reading, unread_only=unread, after=after, limit=limit)
    return page_of(ReminderShape, page, request)


@router.post("/reminders/{reminder_id}/read", summary="Mark a reminder as read")
def read(reminder_id: ReminderId, door: ApiPerson, once: OnlyOnce) -> ReminderRead:
    """Twice is once; nobody is written to about it any more."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        reminders.mark_read(uow, reminder_id)
        return {"id": reminder_id}

    return ReminderRead.model_validate(once.write(door, {}, act))


@router.post(
    "/cases/{reference}/urge",
    summary="Urge a case",
    openapi_extra=described(UrgingAsked, {"text": "请于今日内完成审核。"}),
)
def urge(
    reference: Reference,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[UrgingAsked], Depends(sent(UrgingAsked))],
) -> UrgingShape:
    """For supervisors over it, and leaders and heads of unit of the organisation that handles it. Those who work on the
    case are reminded with your words. Closed cases, and those urged a few hours ago, are refused (409)."""
    with door.reading() as reading:
        case_id = find(reading, reference).id

    def act(uow: UnitOfWork) -> dict[str, Any]:
        (urged,) = urging.urge(uow, [case_id], body.document.text)
        return {"id": urged.id, "at": urged.at.isoformat()}

    return UrgingShape.model_validate(once.write(door, plain(body.document, []), act))
