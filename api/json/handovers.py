"""In whose hands a task is: prepared by a colleague, given back, called back, given to somebody else."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api import bulk
from api.deps import ApiPerson, Door, Once, OnlyOnce
from api.json.shapes import Asked, Shape
from api.json.tasks import TaskDone, done, kept
from engine import handovers, queries
from engine.db import UnitOfWork
from engine.models import Task

router = APIRouter(tags=["tasks"])
TaskId = Annotated[str, Path(max_length=64, description="The task's id")]
MOST = 200


class Delegation(Asked):
    """To whom a task goes, and why."""

    person: str = Field(max_length=64, description="Id of the colleague (see `hands`)")
    reason: str = Field(max_length=2000)


class Remark(Asked):
    """What goes along with a task that is given back."""

    remark: str = Field(default="", max_length=2000)


class Reason(Asked):
    """Why."""

    reason: str = Field(max_length=2000)


class Reassignment(Asked):
    """Who does a task from now on, and why."""

    person: str | None = Field(max_length=64, description="Id of the person; null lets it wait to be claimed")
    reason: str = Field(max_length=2000)


class Reassignments(Reassignment):
    """The same for many tasks."""

    tasks: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MOST)


class ColleagueShape(Shape):
    """Somebody to whom work may be given."""

    id: str
    name: str
    away_until: date | None = Field(description="The last day of an absence that lasts today")


class HandoverShape(Shape):
    """How a task went from one to another."""

    at: datetime
    kind: str = Field(description="delegated, returned, recalled, reassigned")
    by: str
    giver: str
    receiver: str = Field(description="Empty: it waits to be claimed")
    words: str


class RecusalShape(Shape):
    """Who is, or was, kept from the case."""

    id: str
    person: str
    kind: str = Field(description="own, decided")
    reason: str
    at: datetime
    by: str
    lifted_at: datetime | None
    lifted_reason: str | None
    may_lift: bool


class HandsShape(Shape):
    """In whose hands a task is, to whom it may go, and who is kept from its case."""

    assignee: str | None
    owner: str | None = Field(description="Who completes it, while the assignee only prepares it")
    may_delegate: bool
    may_give_back: bool
    may_call_back: bool
    may_reassign: bool
    colleagues: list[ColleagueShape] = Field(description="Who may prepare it for its holder")
    receivers: list[ColleagueShape] = Field(description="To whom you may reassign it, as somebody who heads them")
    handovers: list[HandoverShape]
    recusals: list[RecusalShape]
    may_recuse: bool
    led: list[ColleagueShape] = Field(description="Whose recusal you may decide")
    namesakes: list[ColleagueShape] = Field(description="Of these: whom the name of a party keeps from the case")


class ResultShape(Shape):
    """What became of one of many."""

    id: str
    done: bool
    problem: str | None = Field(description="Stable name of why it was not done")
    detail: str | None = Field(description="The same as a sentence")


class ResultsShape(Shape):
    """What became of each."""

    results: list[ResultShape]


@router.get("/tasks/{task_id}/hands", summary="In whose hands a task is")
def hands(task_id: TaskId, door: ApiPerson) -> HandsShape:
    """How it got there, to whom it may go, and who is kept from its case."""
    with door.reading() as reading:
        return HandsShape.model_validate(queries.hands(reading, task_id))


@router.post("/tasks/{task_id}/delegate", summary="Let a colleague prepare a task")
def delegate(task_id: TaskId, asked: Delegation, door: ApiPerson, once: OnlyOnce) -> TaskDone:
    """The colleague works on the draft and gives it back; you complete it. Until then you may call it back."""
    return _write(door, once, asked, lambda uow: handovers.delegate(uow, task_id, asked.person, asked.reason))


@router.post("/tasks/{task_id}/return", summary="Give a prepared task back")
def give_back(task_id: TaskId, asked: Remark, door: ApiPerson, once: OnlyOnce) -> TaskDone:
    """To whoever gave it to you, with a remark; what was typed goes along."""
    return _write(door, once, asked, lambda uow: handovers.give_back(uow, task_id, asked.remark))


@router.post("/tasks/{task_id}/recall", summary="Call a task back that a colleague prepares")
def call_back(task_id: TaskId, asked: Reason, door: ApiPerson, once: OnlyOnce) -> TaskDone:
    """What the colleague has typed comes along."""
    return _write(door, once, asked, lambda uow: handovers.call_back(uow, task_id, asked.reason))


@router.post("/tasks/{task_id}/reassign", summary="Give a task of your people to somebody else")
def reassign(task_id: TaskId, asked: Reassignment, door: ApiPerson, once: OnlyOnce) -> TaskDone:
    """For heads of unit and leaders; the receiver holds the role, is there, and is kept from it by no rule."""
    return _write(door, once, asked, lambda uow: handovers.reassign(uow, task_id, asked.person, asked.reason))


@router.post("/tasks/reassign", summary="Give many tasks of your people to somebody else")
def reassign_many(asked: Reassignments, door: ApiPerson, once: OnlyOnce) -> ResultsShape:
    """Each by itself: what is refused for one is said, and undoes nothing of the others."""
    results = bulk.one_by_one(
        door,
        once,
        asked.tasks,
        asked.model_dump(),
        lambda uow, task_id: handovers.reassign(uow, task_id, asked.person, asked.reason),
    )
    return ResultsShape(
        results=[
            ResultShape(
                id=task_id,
                done=error is None,
                problem=f"urn:duban:problem:{error.slug}" if error else None,
                detail=error.sentence(door.locale) if error else None,
            )
            for task_id, error in results.items()
        ]
    )


def _write(door: Door, once: Once, asked: Asked, act: Callable[[UnitOfWork], Task]) -> TaskDone:
    return done(once.write(door, asked.model_dump(), lambda uow: kept(act(uow), uow)))
