"""Who is away, and who stands in for them."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.handovers import ColleagueShape
from api.json.shapes import Asked, Shape, Told
from engine import absences, queries
from engine.db import UnitOfWork

router = APIRouter(tags=["absences"])


class AbsenceAsked(Asked):
    """When somebody is away, and who stands in."""

    person: str | None = Field(
        default=None, max_length=64, description="Somebody whom you head; yourself when left out"
    )
    substitute: str = Field(max_length=64, description="Id of a colleague (see `colleagues`)")
    since: date = Field(description="The first day")
    until: date = Field(description="The last day")
    reason: str = Field(max_length=40, description="leave, travel, training, other")


class AbsenceEntered(Told):
    """An absence that was entered or ended."""

    id: str
    ended: bool


class AbsenceShape(Shape):
    """An absence that lasts or is to come."""

    id: str
    person: str
    substitute: str
    since: date
    until: date
    reason: str
    lasts: bool = Field(description="Today")
    stands_in: str | None = Field(description="Who stands in today, where the substitute is absent too: theirs")
    alarm: str | None = Field(description="The sentence that nobody stands in")
    may_end: bool


@router.get("/absences", summary="Who is away, and who stands in")
def current(door: ApiPerson) -> list[AbsenceShape]:
    """Yours, those for whom you stand in, and those of the people whom you head or oversee; today and later."""
    with door.reading() as reading:
        return [AbsenceShape.model_validate(found) for found in absences.current(reading)]


@router.get("/colleagues", summary="Your colleagues")
def colleagues(door: ApiPerson) -> list[ColleagueShape]:
    """Who works in your organisations, and may stand in for you."""
    with door.reading() as reading:
        return [ColleagueShape.model_validate(found) for found in queries.house(reading)]


@router.post("/absences", summary="Enter an absence", status_code=201)
def enter(asked: AbsenceAsked, door: ApiPerson, once: OnlyOnce) -> AbsenceEntered:
    """Your own, or that of somebody whom you head. While it lasts the substitute does what the absent person could."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        entered = absences.enter(uow, asked.substitute, asked.since, asked.until, asked.reason, asked.person)
        return {"id": entered.id, "ended": False}

    return AbsenceEntered.model_validate(once.write(door, asked.model_dump(mode="json"), act))


@router.post("/absences/{absence_id}/end", summary="End an absence early")
def end(
    absence_id: Annotated[str, Path(max_length=64, description="The absence's id")], door: ApiPerson, once: OnlyOnce
) -> AbsenceEntered:
    """The person is back, or is not going; from this moment nobody stands in."""
    return AbsenceEntered.model_validate(
        once.write(door, {}, lambda uow: {"id": absences.end(uow, absence_id).id, "ended": True})
    )
