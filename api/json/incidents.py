"""What a machine could not do by itself: for administrators."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from api.deps import ApiAdministrator, OnlyOnce
from api.json.shapes import Asked, Shape
from engine import incidents, repairs
from engine.db import UnitOfWork

router = APIRouter(tags=["administration"])
Id = Annotated[str, Path(max_length=64)]


class IncidentShape(Shape):
    """Something that needs an operator."""

    id: str
    kind: str
    sentence: str
    node: str | None
    at: datetime


class Because(Asked):
    """Why it is done; the record keeps it."""

    reason: str = Field(description="At most 500 characters")


class IncidentHandled(Shape):
    """What was done about it."""

    id: str
    handled: str


@router.get("/incidents", summary="Open incidents")
def list_incidents(door: ApiAdministrator) -> list[IncidentShape]:
    """Newest first. They name no case by its reference, and nobody."""
    with door.reading() as reading:
        return [IncidentShape.model_validate(found) for found in incidents.open_incidents(reading)]


@router.post("/incidents/{incident_id}/retry", summary="Try again what failed")
def retry(incident_id: Id, because: Because, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """The incident is closed; it opens anew if the work fails once more."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        repairs.retry(uow, incident_id, because.reason)
        return {"id": incident_id, "handled": "retried"}

    return IncidentHandled.model_validate(once.write(door, because.model_dump(), act))


@router.post("/incidents/{incident_id}/resolve", summary="Close an incident")
def resolve(incident_id: Id, because: Because, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """For what was dealt with in another way; a case that still stands cannot be told to be well."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        repairs.resolve(uow, incident_id, because.reason)
        return {"id": incident_id, "handled": "resolved"}

    return IncidentHandled.model_validate(once.write(door, because.model_dump(), act))
