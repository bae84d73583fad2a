"""Tasks: the inbox, one task with its form, and what may be done with it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from api.deps import ApiPerson, ChangedMeanwhile, OnlyOnce, SeenRevision, etag
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import CaseFileShape, file_shape, notice_shape
from api.json.shapes import ApprovalShape, Asked, FormShape, NoticeShape, PageOf, Shape, TaskLineShape, Told, page_of
from engine import queries, tasks
from engine.db import UnitOfWork
from engine.models import Task

router = APIRouter(tags=["tasks"])
TaskId = Annotated[str, Path(max_length=64, description="The task's id")]


class TaskAnswers(Asked):
    """The fields of the task's form."""

    form: dict[str, Any] = Field(default_factory=dict)


class TaskDone(Told):
    """What has become of a task."""

    id: str
    state: str = Field(description="open, completed, cancelled")
    mine: bool = Field(description="Whether it is in your hands now")
    revision: int


class TaskShape(TaskLineShape):
    """A task with its form and its case."""

    state_revision: int = Field(description="The same as the ETag; send it back as If-Match")
    node: str = Field(description="Id of the step in the diagram")
    form: FormShape = Field(description="What is to be answered")
    values: dict[str, Any] = Field(description="The saved draft, or what the case already knows")
    draft_at: datetime | None
    may_claim: bool
    may_complete: bool
    may_prepare: bool = Field(description="It was handed to you: work on the draft, then give it back")
    blocked: str | None = Field(description="The rule that keeps you from it, in a sentence")
    draft_notice: NoticeShape | None
    approvals: list[ApprovalShape] = Field(
        description="The chain by which that draft is approved; this task is its step “now”"
    )
    case: CaseFileShape


class CountsShape(Shape):
    """The numbers over the inbox."""

    red: int
    amber: int
    green: int
    grey: int
    mine: int
    queue: int
    done_today: int


@router.get("/tasks", summary="The inbox")
def inbox(
    door: ApiPerson,
    request: Request,
    view: Annotated[
        Literal["mine", "queue", "all", "unit", "done"],
        Query(
            description="claimed by you, free for you to claim, both, those of the people whom you head, or what you have done"
        ),
    ] = "mine",
    light: Literal["red", "amber", "green", "grey"] | None = None,
    process: Annotated[str | None, Query(max_length=64)] = None,
    search: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[TaskLineShape]:
    """Sorted by the legal due date."""
    with door.reading() as reading:
        page = queries.inbox(reading, view, light=light, process=process, search_for=search, after=after, limit=limit)
    return page_of(TaskLineShape, page, request)


@router.get("/tasks/counts", summary="The numbers over the inbox")
def counts(door: ApiPerson) -> CountsShape:
    """How many tasks there are of each colour, in your hands, free, and done today."""
    with door.reading() as reading:
        return CountsShape.model_validate(queries.counts(reading))


@router.get("/tasks/{task_id}", summary="One task")
def show_task(task_id: TaskId, door: ApiPerson, response: Response) -> TaskShape:
    """With its form in the language of `Accept-Language`, and its case."""
    with door.reading() as reading:
        view = queries.task(reading, task_id)
    response.headers["ETag"] = etag(view.revision)
    return task_shape(view)


def task_shape(view: queries.TaskView) -> TaskShape:
    """A task for programs."""
    names = ("node", "values", "draft_at", "may_claim", "may_complete", "may_prepare", "blocked")
    return TaskShape.model_validate(
        {
            **vars(view.row),
            **{name: getattr(view, name) for name in names},
            "state_revision": view.revision,
            "form": view.form,
            "draft_notice": notice_shape(view.draft_notice) if view.draft_notice else None,
            "approvals": list(view.draft_notice.chain) if view.draft_notice else [],
            "case": file_shape(view.file),
        }
    )


@router.post("/tasks/{task_id}/claim", summary="Take a task for yourself")
def claim(task_id: TaskId, door: ApiPerson, once: OnlyOnce) -> TaskDone:
    """A task that a colleague holds is refused (409), as is one that the four-eyes rule keeps from you (403)."""
    return done(once.write(door, {}, lambda uow: kept(tasks.claim(uow, task_id), uow)))


@router.post("/tasks/{task_id}/release", summary="Put a task back")
def release(task_id: TaskId, door: ApiPerson, once: OnlyOnce) -> TaskDone:
    """It is free for colleagues again; the draft stays with it."""
    return done(once.write(door, {}, lambda uow: kept(tasks.release(uow, task_id), uow)))


@router.post(
    "/tasks/{task_id}/draft",
    summary="Keep what was typed so far",
    openapi_extra=described(TaskAnswers, {"form": {"decision": "agreed_open"}}),
)
def draft(
    task_id: TaskId,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[TaskAnswers], Depends(sent(TaskAnswers))],
) -> TaskDone:
    """Valid or not; nothing is decided by it. Files are sent with the finished task, not with a draft."""
    asked = body.document
    return done(once.write(door, plain(asked, []), lambda uow: kept(tasks.save_draft(uow, task_id, asked.form), uow)))


@router.post(
    "/tasks/{task_id}/complete",
    summary="Finish a task",
    openapi_extra=described(TaskAnswers, {"form": {"decision": "agreed_open"}}),
)
def complete(
    task_id: TaskId,
    door: ApiPerson,
    once: OnlyOnce,
    seen: SeenRevision,
    body: Annotated[Sent[TaskAnswers], Depends(sent(TaskAnswers))],
) -> TaskDone:
    """With the answers of its form; the case goes on at once. A task that nobody holds is taken by the way."""
    files = body.store(door.settings)
    revision = _revision(seen)
    return done(
        once.write(
            door,
            plain(body.document, files),
            lambda uow: kept(tasks.complete(uow, task_id, body.document.form, files, revision=revision), uow),
        )
    )


def _revision(seen: str | None) -> int | None:
    """The revision in an If-Match; one that we never gave out cannot be the present one."""
    if seen is None:
        return None
    if not seen.isascii() or not seen.isdigit():
        raise ChangedMeanwhile()
    return int(seen[:18])


def kept(task: Task, uow: UnitOfWork) -> dict[str, Any]:
    """What has become of a task, as it is kept for a request that is sent again."""
    mine = task.state == "open" and task.assignee_id in {uow.actor.person_id, *uow.actor.stands_in_for}
    return {"id": task.id, "state": task.state, "mine": mine, "revision": task.revision}


def done(kept: dict[str, Any]) -> TaskDone:
    """The same, as programs get it."""
    return TaskDone.model_validate(kept)
