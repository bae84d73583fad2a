"""What a machine could not do by itself: for administrators. No value of a case is shown, nor its number."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from api.deps import ApiAdministrator, Door, Once, OnlyOnce
from api.json.shapes import Asked, Shape, Told
from engine import incidents, repairs, situations
from engine.db import UnitOfWork
from engine.runtime import Token
from engine.situations import Situation, Stopped

router = APIRouter(tags=["administration"])
Id = Annotated[str, Path(max_length=64, description="The incident's id")]


class IncidentShape(Shape):
    """Something that needs an operator."""

    id: str
    kind: str = Field(description="Stable name", examples=["expression-failed", "operation-broken", "job.failed"])
    sentence: str = Field(description="As the machine said it, in English")
    node: str | None = Field(description="Id of the step in the diagram")
    at: datetime = Field(description="When it was tried last")


class PlaceShape(Shape):
    """A step of the diagram."""

    node: str
    title: str


class TokenShape(PlaceShape):
    """A place where the case is, and the steps to which it could be moved."""

    id: str
    held: bool = Field(description="Whether it has stopped here; else it waits as it should")
    destinations: list[PlaceShape]


class DataFieldShape(Shape):
    """A field of the case's data: never what it holds."""

    name: str
    kind: str = Field(description="string, integer, number, boolean, date, list, object")
    filled: bool


class ProcessShape(Shape):
    """The process of the stopped case."""

    key: str
    title: str
    version: int


class ActShape(Shape):
    """Something that happened to the token, or that an operator did."""

    at: datetime
    name: str = Field(description="As in the record", examples=["token.held", "data.corrected", "token.retried"])
    by: str = Field(description="The operator's name; empty for the machine")
    reason: str
    node: str
    to: str
    fields: list[str]


class SituationShape(IncidentShape):
    """An incident with all that an operator needs to decide."""

    title: str = Field(description="The kind, in words")
    since: datetime
    tries: int
    settled_at: datetime | None
    process: ProcessShape | None = Field(description="null when it is no matter of a case")
    revision: int | None = Field(description="Of the case's data when it was tried last")
    revision_now: int | None
    tokens: list[TokenShape]
    reads: list[DataFieldShape] = Field(description="The fields that the step reads")
    fields: list[DataFieldShape]
    acts: list[ActShape]


class Because(Asked):
    """Why it is done; the record keeps it."""

    reason: str = Field(description="At most 500 characters")


class Correction(Because):
    """New values for fields of the case's data."""

    values: dict[str, Any] = Field(description="By name, as process.toml declares them; null empties a field")


class Cancellation(Because):
    """Which token to take away."""

    token: str = Field(max_length=64, description="Id of a token of the incident")


class Move(Cancellation):
    """Which token to put where."""

    to: str = Field(max_length=100, description="One of the token's `destinations`")


class IncidentHandled(Told):
    """What was done about it; a warning says where the case has stopped again."""

    id: str
    handled: str = Field(description="retried, resolved, corrected, moved, cancelled")
    settled: bool = Field(description="Whether the incident is closed now")


@router.get("/incidents", summary="Open incidents")
def list_incidents(door: ApiAdministrator) -> list[IncidentShape]:
    """Newest first. They name no case by its reference, and nobody."""
    with door.reading() as reading:
        return [IncidentShape.model_validate(found) for found in incidents.open_incidents(reading)]


@router.get("/incidents/{incident_id}", summary="One incident")
def show(incident_id: Id, door: ApiAdministrator) -> SituationShape:
    """Where its case stands, which fields the step reads, and what was done so far. Values of the case are not shown."""
    with door.reading() as reading:
        return situation_shape(situations.of_incident(reading, incident_id), door.locale)


def situation_shape(found: Situation, locale: str) -> SituationShape:
    """An incident for programs."""
    case, incident = found.case, found.incident
    return SituationShape.model_validate(
        {
            **{name: getattr(incident, name) for name in ("id", "kind", "sentence", "node", "at", "revision")},
            "title": incidents.title(incident.kind, locale),
            "since": found.since,
            "tries": found.tries,
            "settled_at": incident.resolved_at,
            "process": _process(case, locale) if case else None,
            "revision_now": case.revision if case else None,
            "tokens": [_token(case, token, locale) for token in case.tokens] if case else [],
            "reads": case.reads if case else (),
            "fields": case.fields if case else (),
            "acts": found.acts,
        }
    )


def _process(case: Stopped, locale: str) -> ProcessShape:
    title = case.bundle.text(case.bundle.manifest.process, "title", locale)
    return ProcessShape(key=case.bundle.key, title=title, version=case.bundle.version)


def _token(case: Stopped, token: Token, locale: str) -> TokenShape:
    def place(node: str) -> PlaceShape:
        return PlaceShape(node=node, title=case.bundle.node_title(node, locale))

    here = place(token.node)
    to = [place(node) for node in token.destinations]
    return TokenShape(id=token.id, node=here.node, title=here.title, held=token.held, destinations=to)


@router.post("/incidents/{incident_id}/retry", summary="Try again what failed")
def retry(incident_id: Id, asked: Because, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """With the data as they are now, in the name of whoever had set it off. The incident is closed; it opens anew, or stays
    open, if the work fails once more."""
    return _handled(
        incident_id, asked, door, once, "retried", lambda uow: repairs.retry(uow, incident_id, asked.reason)
    )


@router.post("/incidents/{incident_id}/resolve", summary="Close an incident")
def resolve(incident_id: Id, asked: Because, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """For what was dealt with in another way; a case that still stands cannot be told to be well (409)."""
    return _handled(
        incident_id, asked, door, once, "resolved", lambda uow: repairs.resolve(uow, incident_id, asked.reason)
    )


@router.post("/incidents/{incident_id}/correct", summary="Correct data of the stopped case")
def correct(incident_id: Id, asked: Correction, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """A new revision of the case's data; the case is not tried again by it. The record keeps the names of the fields, not
    the values."""
    return _handled(
        incident_id,
        asked,
        door,
        once,
        "corrected",
        lambda uow: repairs.correct(uow, incident_id, asked.values, asked.reason),
    )


@router.post("/incidents/{incident_id}/move", summary="Move a token")
def move(incident_id: Id, asked: Move, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """Take a token away from its step and begin at another one of the same scope. A token that is gone is refused (409)."""
    return _handled(
        incident_id,
        asked,
        door,
        once,
        "moved",
        lambda uow: repairs.move(uow, incident_id, asked.token, asked.to, asked.reason),
    )


@router.post("/incidents/{incident_id}/cancel", summary="Cancel a token")
def cancel(incident_id: Id, asked: Cancellation, door: ApiAdministrator, once: OnlyOnce) -> IncidentHandled:
    """Take a token away; the other branches go on. The last one of its scope is refused (409): move it to an end."""
    return _handled(
        incident_id,
        asked,
        door,
        once,
        "cancelled",
        lambda uow: repairs.cancel(uow, incident_id, asked.token, asked.reason),
    )


def _handled(
    incident_id: str, asked: Because, door: Door, once: Once, handled: str, act: Callable[[UnitOfWork], None]
) -> IncidentHandled:
    def write(uow: UnitOfWork) -> dict[str, Any]:
        act(uow)
        settled = incidents.find(uow, incident_id).resolved_at is not None
        return {"id": incident_id, "handled": handled, "settled": settled}

    return IncidentHandled.model_validate(once.write(door, asked.model_dump(), write))
