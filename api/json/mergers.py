"""Cases of one matter that are handled together."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from api.deps import ApiPerson, OnlyOnce
from api.json.cases import Reference
from api.json.shapes import Asked, Shape, Told
from engine import merging
from engine.db import UnitOfWork
from engine.models import Merger
from engine.queries import mergers

router = APIRouter(tags=["merging"])
Ident = Annotated[str, Path(max_length=64)]
Verdict = Literal["approve", "refuse", "undo"]


class AlikeShape(Shape):
    """A case that may be about the same matter."""

    reference: str
    subject: str
    submitted_on: date
    due_on: date | None
    share: int = Field(description="Of the words of the shorter text that are in both, in percent")


class MergerShape(Shape):
    """A case that follows another one, or is to."""

    id: str
    reference: str
    subject: str
    state: str = Field(description="proposed, merged, decided")
    reason: str
    proposer: str
    proposed_at: datetime
    yours: bool = Field(description="You proposed it, and so do not decide on it")


class MergingShape(Shape):
    """The merging of one case."""

    reference: str
    subject: str
    possible: bool = Field(description="Whether cases of its process are merged at all")
    leading: MergerShape | None = Field(description="The case that this one follows, or is to follow")
    alike: list[AlikeShape]
    proposed: list[MergerShape]
    following: list[MergerShape]
    may_propose: bool
    may_decide: bool


class Proposal(Asked):
    """Which case is to follow, and why."""

    follower: str = Field(max_length=64, description="Its reference")
    reason: str = Field(max_length=2000)


class Grounds(Asked):
    """Why it was decided so."""

    reason: str = Field(default="", max_length=2000)


class Settled(Told):
    """What became of it."""

    id: str
    state: str


@router.get("/cases/{reference}/merging", summary="What is alike, what was proposed to be merged, what follows")
def show(reference: Reference, door: ApiPerson) -> MergingShape:
    """Of a case that you see whole."""
    with door.reading() as reading:
        return MergingShape.model_validate(mergers.of_case(reading, reference))


@router.post("/cases/{reference}/merging", summary="Propose that another case follows this one", status_code=201)
def propose(reference: Reference, asked: Proposal, door: ApiPerson, once: OnlyOnce) -> Settled:
    """Somebody else decides on it."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return _told(merging.propose(uow, reference, asked.follower, asked.reason))

    return Settled.model_validate(once.write(door, asked.model_dump(), act))


@router.post("/mergers/{merger_id}/{verdict}", summary="Let a case follow, refuse that, or undo it")
def settle(merger_id: Ident, verdict: Verdict, asked: Grounds, door: ApiPerson, once: OnlyOnce) -> Settled:
    """Decided by the people whom the process names; a refusal and an undoing have a reason."""
    verb = {"approve": merging.approve, "refuse": merging.refuse, "undo": merging.undo}[verdict]
    done = once.write(door, asked.model_dump(), lambda uow: _told(verb(uow, merger_id, asked.reason)))
    return Settled.model_validate(done)


def _told(merger: Merger) -> dict[str, Any]:
    return {"id": merger.id, "state": merger.state}
