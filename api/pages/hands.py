"""Giving a task to somebody else, and keeping somebody from its case: what the panel 转交与回避 of a task does."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import bulk, formview, i18n
from api.deps import Door, PagePerson
from api.pages import desk, task
from api.pages.posted import Key, Posted, Sent, once
from engine import handovers, queries, reasons, recusals
from engine.db import UnitOfWork
from engine.errors import EngineError, NotFound
from engine.queries.inbox import View

router = APIRouter(prefix="/desk")

MOST = 200  # tasks at once


@router.post("/tasks/{task_id}/delegate")
def delegate(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    return _act(
        request,
        door,
        task_id,
        posted,
        "delegate",
        lambda uow, reason: handovers.delegate(uow, task_id, posted.text("person"), reason),
    )


@router.post("/tasks/{task_id}/recall")
def call_back(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    return _act(request, door, task_id, posted, "recall", lambda uow, reason: handovers.call_back(uow, task_id, reason))


@router.post("/tasks/{task_id}/reassign")
def reassign(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    return _act(
        request,
        door,
        task_id,
        posted,
        "reassign",
        lambda uow, reason: handovers.reassign(uow, task_id, _receiver(posted), reason),
    )


@router.post("/tasks/{task_id}/recuse")
def recuse(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    reference = _reference(door, task_id)
    return _act(request, door, task_id, posted, "recuse", lambda uow, reason: recusals.recuse(uow, reference, reason))


@router.post("/tasks/{task_id}/exclude")
def exclude(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    """Decide that somebody whom one heads is recused."""
    reference = _reference(door, task_id)
    return _act(
        request,
        door,
        task_id,
        posted,
        "exclude",
        lambda uow, reason: recusals.recuse(uow, reference, reason, posted.text("person")),
    )


@router.post("/tasks/{task_id}/clear-name")
def clear_name(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    reference = _reference(door, task_id)
    return _act(
        request,
        door,
        task_id,
        posted,
        "clear",
        lambda uow, reason: recusals.clear_name(uow, reference, posted.text("person"), reason),
    )


@router.post("/tasks/{task_id}/lift/{recusal_id}")
def lift(request: Request, door: PagePerson, task_id: Key, recusal_id: Key, posted: Sent) -> Response:
    return _act(
        request,
        door,
        task_id,
        posted,
        f"lift-{recusal_id}",
        lambda uow, reason: recusals.lift(uow, recusal_id, reason),
    )


@router.post("/reassign")
def reassign_many(request: Request, door: PagePerson, posted: Sent) -> Response:
    """Give every task that was picked to somebody else; what is refused is said, and stays picked."""
    picked, reason = posted.all("task")[:MOST], posted.text("reason", task.LONGEST_TEXT)
    results = bulk.one_by_one(
        door,
        once(posted, "page /desk/reassign"),
        picked,
        {"person": posted.text("person"), "reason": reason},
        lambda uow, task_id: handovers.reassign(uow, task_id, _receiver(posted), reason),
    )
    refused = {task_id: error for task_id, error in results.items() if error is not None}
    if picked and not refused:
        return RedirectResponse("/desk?view=unit&said=reassigned", 303)
    _ = i18n.gettext(door.locale)
    told = [f"{_title(door, task_id)}{_(': ')}{error.sentence(door.locale)}" for task_id, error in refused.items()]
    done = len(results) - len(refused)
    view: View = "unit"
    return desk.draw(
        request,
        door,
        desk.Wanted(view),
        said=_("%(done)s of the tasks have been given to somebody else.") % {"done": done} if done else "",
        handed={"person": posted.text("person"), "reason": reason, "tasks": list(refused)},
        problems=[formview.FaultView(line, "handing") for line in told or [_("Pick the tasks first.")]],
        status=max((error.status for error in refused.values()), default=422),
    )


def _act(
    request: Request,
    door: Door,
    task_id: str,
    posted: Posted,
    name: str,
    act: Callable[[UnitOfWork, str], object],
) -> Response:
    """Do one of the acts of the panel; what is refused is said there, and what was typed stays."""
    person, reason = posted.text("person"), posted.text("reason", task.LONGEST_TEXT)
    try:
        with door.writing() as uow:
            act(uow, reason)
    except NotFound:
        raise
    except EngineError as error:
        anchor = f"{name}-reason" if isinstance(error, reasons.ReasonMissing) else f"act-{name}"
        told = formview.FaultView(error.sentence(door.locale), anchor)
        handed = {"act": name, "person": person, "reason": reason}
        return task.draw(request, door, task_id, task.Attempt(others=[told], handed=handed, status=error.status))
    said = SAID.get(name, "lifted")
    return RedirectResponse(f"/desk/tasks/{task_id}?said={said}" if _sees(door, task_id) else f"/desk?said={said}", 303)


def _sees(door: Door, task_id: str) -> bool:
    """Whether the page of the task is still theirs: who is recused from a confidential case sees it no more."""
    try:
        with door.reading() as reading:
            queries.task(reading, task_id)
    except NotFound:
        return False
    return True


SAID = {
    "delegate": "delegated",
    "recall": "recalled",
    "reassign": "reassigned",
    "recuse": "recused",
    "exclude": "recused",
    "clear": "cleared",
}


def _receiver(posted: Posted) -> str | None:
    """Whom the form names: nobody where the task is to wait to be claimed."""
    person = posted.text("person")
    return None if person == "queue" else person


def _reference(door: Door, task_id: str) -> str:
    with door.reading() as reading:
        return queries.task(reading, task_id).file.case.reference


def _title(door: Door, task_id: str) -> str:
    """What a task is called in a list of refusals; its id where it is not to be seen."""
    try:
        with door.reading() as reading:
            return queries.task(reading, task_id).row.reference
    except EngineError:
        return task_id[:8]
