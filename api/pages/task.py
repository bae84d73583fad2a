"""One task: the case around it, its clock, its form; saving a draft, completing it, and what keeps one from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import casework, papers
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, Posted, Sent, Word
from engine import approvals, clock, handovers, queries, recusals, tasks
from engine.documents import (
    AttachmentMissing,
    ProvenanceFaulty,
    TooManyUploads,
    UploadEmpty,
    UploadMismatch,
    UploadNotAllowed,
    UploadTooLarge,
)
from engine.errors import EngineError
from engine.forms import FormInvalid, Problem
from engine.metadata import MetadataStays
from engine.models import Case
from engine.reasons import ReasonMissing
from engine.views import FieldShown, TaskView
from notices import service
from notices.approved import DraftChanged

router = APIRouter(prefix="/desk/tasks")

BY_SCRIPT = "x-requested-with"
CONFLICTS = (
    approvals.NotApproved,
    approvals.DraftMissing,
    DraftChanged,
    tasks.TaskAlreadyEnded,
    tasks.TaskAlreadyClaimed,
    tasks.TaskDelegated,
    tasks.TaskIsPrepared,
    tasks.TaskStale,
)
HINDRANCES = (
    tasks.SeparationViolated,
    approvals.DrafterApproves,
    approvals.ApprovesTwice,
    recusals.Recused,
    recusals.NameConcerned,
    recusals.Hindered,
    recusals.Excluded,
)
UPLOAD_FAULTS = (
    AttachmentMissing,
    MetadataStays,
    ProvenanceFaulty,
    UploadEmpty,
    UploadMismatch,
    UploadNotAllowed,
    UploadTooLarge,
    TooManyUploads,
)
LONGEST_TEXT = 2000  # of a reason, as far as it is looked at; the engine says how long one may be
LATEST = 3  # entries of the history shown beside a conflict


@dataclass
class Attempt:
    """What was tried and did not go through; everything typed is kept."""

    values: Mapping[str, Any] | None = None
    problems: Sequence[Problem] = ()
    others: list[formview.FaultView] = field(default_factory=list)
    upload_fault: str = ""
    platform: Mapping[str, str] = field(default_factory=dict)  # where the files were said to come from
    conflict: str = ""
    blocked: str = ""
    unmasked: Sequence[FieldShown] = ()
    handed: Mapping[str, str] = field(default_factory=dict)  # what was typed into the panel of hands, and for which act
    status: int = 200


@router.get("/{task_id}")
def show(request: Request, door: PagePerson, task_id: Key, said: Word = "") -> Response:
    return draw(request, door, task_id, Attempt(), said)


@router.post("/{task_id}/claim")
def claim(request: Request, door: PagePerson, task_id: Key) -> Response:
    try:
        with door.writing() as uow:
            tasks.claim(uow, task_id)
    except (*CONFLICTS, *HINDRANCES) as error:
        return draw(request, door, task_id, _refused(error, door, None))
    return RedirectResponse(f"/desk/tasks/{task_id}?said=claimed", 303)


@router.post("/{task_id}/release")
def release(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    """Put it back; what was typed so far stays with it."""
    values: Mapping[str, Any] = posted.answers
    try:
        values = _typed(door, task_id, posted)
        with door.writing() as uow:
            tasks.save_draft(uow, task_id, values)
            tasks.release(uow, task_id)
    except (FormInvalid, *CONFLICTS) as error:
        return draw(request, door, task_id, _refused(error, door, values))
    return RedirectResponse("/desk?said=released", 303)


@router.post("/{task_id}/return")
def give_back(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    """Give a task back that one prepared, with what was typed and a remark."""
    values: Mapping[str, Any] = posted.answers
    try:
        values = _typed(door, task_id, posted)
        with door.writing() as uow:
            tasks.save_draft(uow, task_id, values)
            handovers.give_back(uow, task_id, posted.text("_remark", LONGEST_TEXT))
    except (FormInvalid, handovers.NotDelegated, ReasonMissing, *CONFLICTS) as error:
        return draw(request, door, task_id, _refused(error, door, values))
    return RedirectResponse("/desk?said=returned", 303)


@router.post("/{task_id}/draft")
def save_draft(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    """Keep what was typed, right or wrong. The page's script asks for no page in answer."""
    values: Mapping[str, Any] = posted.answers
    try:
        values = _typed(door, task_id, posted)
        with door.writing() as uow:
            tasks.save_draft(uow, task_id, values)
    except (FormInvalid, *CONFLICTS) as error:
        if request.headers.get(BY_SCRIPT):
            return Response(status_code=error.status)
        return draw(request, door, task_id, _refused(error, door, values))
    if request.headers.get(BY_SCRIPT):
        return Response(status_code=204)
    return RedirectResponse(f"/desk/tasks/{task_id}?said=draft", 303)


@router.post("/{task_id}/complete")
def complete(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    values: Mapping[str, Any] = posted.answers
    try:
        values = _typed(door, task_id, posted)
        with door.reading() as reading:
            queries.task(reading, task_id).form.validate(values)
        uploads = sent_form.store_at_desk(door, posted)
        with door.writing() as uow:
            done = tasks.complete(uow, task_id, values, uploads, revision=posted.revision)
            stopped_at = uow.session.get_one(Case, done.case_id).reference if uow.warnings else ""
    except (FormInvalid, tasks.RuleViolated, *UPLOAD_FAULTS, *CONFLICTS, *HINDRANCES) as error:
        attempt = _refused(error, door, values)
        attempt.platform = sent_form.platform(posted)
        return draw(request, door, task_id, attempt)
    if stopped_at:  # the page of the case says where it stands
        return RedirectResponse(f"/desk/cases/{stopped_at}?said=kept", 303)
    return RedirectResponse("/desk?said=completed", 303)


@router.post("/{task_id}/unmask")
def unmask(request: Request, door: PagePerson, task_id: Key, posted: Sent) -> Response:
    with door.reading() as reading:
        case_id = queries.task(reading, task_id).file.case.id
    try:
        shown = casework.unmasked(door, case_id, posted.text("reason"))
    except ReasonMissing as error:
        listed = [formview.FaultView(error.sentence(door.locale), "unmask-reason")]
        return draw(request, door, task_id, Attempt(others=listed, status=error.status))
    return draw(request, door, task_id, Attempt(unmasked=shown))


def _typed(door: Door, task_id: str, posted: Posted) -> dict[str, Any]:
    """The answers as the task's form reads them; raises TaskNotFound, FormInvalid for what cannot even be kept."""
    with door.reading() as reading:
        values: dict[str, Any] = queries.task(reading, task_id).form.coerce(posted.answers)
        return values


def _refused(error: EngineError, door: Door, values: Mapping[str, Any] | None) -> Attempt:
    """How the page says why something did not go through."""
    said, attempt = error.sentence(door.locale), Attempt(values=values, status=error.status)
    if isinstance(error, FormInvalid):
        attempt.problems = error.problems
    elif isinstance(error, tasks.RuleViolated):
        name = str(error.data["field"])
        attempt.problems = (Problem(name, f"/{name}", error.slug, said, said),)
    elif isinstance(error, HINDRANCES):
        attempt.blocked = said
    elif isinstance(error, UPLOAD_FAULTS):
        attempt.upload_fault = said
        attempt.others = [formview.FaultView(said, "attachments")]
    else:
        attempt.conflict = said
    return attempt


def draw(request: Request, door: Door, task_id: str, attempt: Attempt, said: str = "") -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        task: TaskView = queries.task(reading, task_id)
        hands = queries.hands(reading, task_id)
        barred = recusals.my_bar(reading, reading.session.get_one(Case, task.file.case.id))
        theirs = service.theirs(reading, task.file.case.id)
        today = clock.day_of(reading.now)
    values = task.values if attempt.values is None else attempt.values
    return rendering.page(
        request,
        "task.html",
        attempt.status,
        here="desk",
        canonical=f"/desk/tasks/{task_id}",
        viewer=who,
        today=today,
        task=task,
        form=formview.views(task.form, values, attempt.problems),
        form_title=task.form.title or task.row.title,
        form_text=task.form.description,
        problems=[*formview.faults(task.form, attempt.problems), *attempt.others],
        attachments=task.form.accepts_attachments,
        upload_fault=attempt.upload_fault,
        platform=attempt.platform,
        upload_limit=door.settings.max_attachments,
        upload_megabytes=door.settings.max_upload // 1024 // 1024,
        conflict=attempt.conflict,
        changes=task.file.history[-LATEST:] if attempt.conflict else (),
        typed=_shown(task, attempt),
        blocked=attempt.blocked or (None if attempt.conflict else task.blocked),
        unmasked=attempt.unmasked,
        barred=barred.sentence(door.locale) if barred else "",
        hands=hands,
        pages=papers.counted(door, [task.draft_notice] if task.draft_notice else []),
        theirs=theirs,
        handed=attempt.handed,
        clocks=casework.clocks(task.file.deadlines),
        diagrams=casework.drawings(task.file.diagrams, door.locale),
        said=_said(said, door.locale),
    )


def _shown(task: TaskView, attempt: Attempt) -> list[FieldShown]:
    """What was typed into a form that is not there any more, so that nothing is lost."""
    if not attempt.conflict or not attempt.values:
        return []
    known = {name: value for name, value in attempt.values.items() if name in task.form.names}
    return [FieldShown("", title, value) for title, value in task.form.describe(known)]


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    return {
        "claimed": _("The task is yours now."),
        "draft": _("The draft has been saved."),
        "delegated": _("Your colleague prepares the task now, and gives it back to you."),
        "recalled": _("The task is in your hands again."),
        "reassigned": _("The task has been given to somebody else."),
        "recused": _("The recusal is on record. What was held of this case waits for others."),
        "lifted": _("The recusal has been lifted."),
        "cleared": _("It is on record that the party only bears the same name."),
    }.get(name, "")
