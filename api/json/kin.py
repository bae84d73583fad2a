"""Kin whom people declare."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.shapes import Asked, Shape, Told
from engine import kin
from engine.db import UnitOfWork

router = APIRouter(tags=["recusals"])


class KinAsked(Asked):
    """A relative."""

    name: str = Field(max_length=200)
    relation: str = Field(max_length=40, description="spouse, lineal, collateral, in_law, other")


class Declared(Told):
    """What was declared, or taken back."""

    id: str


class KinShape(Shape):
    """A relative whom you declared."""

    id: str
    name: str
    relation: str
    declared_at: datetime


@router.get("/kin", summary="The kin whom you declared")
def mine(door: ApiPerson) -> list[KinShape]:
    """Nobody else can read them."""
    with door.reading() as reading:
        return [KinShape.model_validate(found) for found in kin.mine(reading)]


@router.post("/kin", summary="Declare a relative", status_code=201)
def declare(asked: KinAsked, door: ApiPerson, once: OnlyOnce) -> Declared:
    """Cases in your hands that concern them wait for others again."""
    return Declared.model_validate(
        once.write(door, asked.model_dump(), lambda uow: {"id": kin.declare(uow, asked.name, asked.relation).id})
    )


@router.post("/kin/{kin_id}/withdraw", summary="Take a declaration back")
def withdraw(kin_id: Annotated[str, Path(max_length=64)], door: ApiPerson, once: OnlyOnce) -> Declared:
    """The name is gone for good; that there was a declaration stays on record."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        kin.withdraw(uow, kin_id)
        return {"id": kin_id}

    return Declared.model_validate(once.write(door, {}, act))
