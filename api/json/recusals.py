"""Recusal: who is kept from a case, and who decided so."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.handovers import Reason
from api.json.shapes import Asked, Told
from engine import recusals
from engine.db import UnitOfWork

router = APIRouter(tags=["recusals"])
Reference = Annotated[str, Path(max_length=64, description="The case's reference")]


class RecusalAsked(Asked):
    """Who is kept from a case, and why."""

    person: str | None = Field(
        default=None, max_length=64, description="Somebody whom you head; yourself when left out"
    )
    reason: str = Field(max_length=2000)


class ClearanceAsked(Asked):
    """Whose namesake a party is, and how that was found."""

    person: str = Field(max_length=64, description="Somebody whom you head (see `hands`)")
    reason: str = Field(max_length=2000)


class Decided(Told):
    """What was decided."""

    id: str


@router.post("/cases/{reference}/recuse", summary="Keep somebody from a case", status_code=201)
def recuse(reference: Reference, asked: RecusalAsked, door: ApiPerson, once: OnlyOnce) -> Decided:
    """Yourself, or somebody whom you head; what they hold of it waits for others again."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return {"id": recusals.recuse(uow, reference, asked.reason, asked.person).id}

    return Decided.model_validate(once.write(door, asked.model_dump(), act))


@router.post("/cases/{reference}/clear-name", summary="Find that a party only bears somebody's name")
def clear_name(reference: Reference, asked: ClearanceAsked, door: ApiPerson, once: OnlyOnce) -> Decided:
    """Decided by those who head the person: a party is somebody else than the person or their kin."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return {"id": recusals.clear_name(uow, reference, asked.person, asked.reason)[0].id}

    return Decided.model_validate(once.write(door, asked.model_dump(), act))


@router.post("/recusals/{recusal_id}/lift", summary="Lift a recusal")
def lift(recusal_id: Annotated[str, Path(max_length=64)], asked: Reason, door: ApiPerson, once: OnlyOnce) -> Decided:
    """Decided by those who head the person."""
    return Decided.model_validate(
        once.write(door, asked.model_dump(), lambda uow: {"id": recusals.lift(uow, recusal_id, asked.reason).id})
    )
