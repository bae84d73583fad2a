"""The calendar: which years are known, a new year's holiday notice, what it would move, and its approval.

For administrators, who read no case: they see numbers, organisations and references, never a subject.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, i18n, rendering
from api.auth import CSRF_FIELD
from api.deps import Door, PageAdministrator
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, Posted, Sent, Word
from engine import calendar_versions, holiday_notices
from engine.db import UnitOfWork
from engine.errors import Conflict, EngineError, Invalid
from engine.holidays import NoticeFaulty
from engine.reasons import LONGEST
from engine.strict import LARGEST

router = APIRouter(prefix="/admin/calendar")

ROWS = 200  # references that are shown of a plan


@dataclass(frozen=True)
class Attempt:
    """What was tried and did not go through; what was typed is kept."""

    act: str = ""
    problem: str = ""
    conflict: str = ""
    reason: str = ""
    status: int = 200


class FileMissing(Invalid):
    """Please choose the file of a holiday notice."""

    zh = "请选择放假安排文件。"


@router.get("")
def overview(request: Request, door: PageAdministrator, said: Word = "") -> Response:
    return _overview(request, door, Attempt(), said)


@router.post("")
def propose(request: Request, door: PageAdministrator, posted: Sent) -> Response:
    """A file is uploaded: nothing moves yet, the next page says what would."""
    try:
        name, text = _uploaded(posted)
        with door.writing() as uow:
            holiday_id = holiday_notices.propose(uow, text, name).id
    except (Invalid, Conflict) as error:
        return _overview(request, door, Attempt("propose", problem=error.sentence(door.locale), status=error.status))
    return RedirectResponse(f"/admin/calendar/{holiday_id}", 303)


def _uploaded(posted: Posted) -> tuple[str, str]:
    """Name and text of the one file; raises FileMissing, NoticeFaulty."""
    if not posted.files:
        raise FileMissing()
    file = posted.files[0]
    name = sent_form.clean(file.filename or "", 100)
    try:
        return name, file.file.read(LARGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoticeFaulty(name, "it is not UTF-8", "不是 UTF-8 文本") from error


@router.get("/{holiday_id}")
def show(request: Request, door: PageAdministrator, holiday_id: Key, said: Word = "") -> Response:
    return _draw(request, door, holiday_id, Attempt(), said)


@router.post("/{holiday_id}/approve")
def approve(request: Request, door: PageAdministrator, holiday_id: Key, posted: Sent) -> Response:
    read_again = posted.text("read_again") == "yes"

    def act(uow: UnitOfWork, why: str) -> None:
        holiday_notices.approve(uow, holiday_id, why, read_again=read_again)

    return _done(request, door, holiday_id, posted, "approve", act)


@router.post("/{holiday_id}/discard")
def discard(request: Request, door: PageAdministrator, holiday_id: Key, posted: Sent) -> Response:
    def act(uow: UnitOfWork, why: str) -> None:
        holiday_notices.discard(uow, holiday_id, why)

    return _done(request, door, holiday_id, posted, "discard", act)


def _done(
    request: Request, door: Door, holiday_id: str, posted: Posted, name: str, act: Callable[[UnitOfWork, str], None]
) -> Response:
    """Do it once, then say so; or this page again with the reason why not."""
    reason = posted.text("reason", LONGEST)

    def write(uow: UnitOfWork) -> deps.Answer:
        act(uow, reason)
        return {}

    asked = {field: texts for field, texts in posted.texts.items() if field not in ("_submission", CSRF_FIELD)}
    try:
        sent_form.once(posted, f"page /admin/calendar/{holiday_id}/{name}").write(door, asked, write)
    except (Invalid, Conflict) as error:
        return _draw(request, door, holiday_id, replace(_refused(error, door.locale), act=name, reason=reason))
    return RedirectResponse(rendering.address(f"/admin/calendar/{holiday_id}", said=name), 303)


def _refused(error: EngineError, locale: str) -> Attempt:
    said = error.sentence(locale)
    if isinstance(error, Invalid):
        return Attempt(problem=said, status=error.status)
    return Attempt(conflict=said, status=error.status)


# ---------------------------------------------------------------- showing


def _overview(request: Request, door: Door, attempt: Attempt, said: str = "") -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        calendar, rows = calendar_versions.current(reading), holiday_notices.listed(reading)
    return rendering.page(
        request,
        "calendar.html",
        attempt.status,
        here="calendar",
        canonical="/admin/calendar",
        viewer=who,
        calendar=calendar,
        notices=rows,
        states=holiday_notices.states(rows),
        problems=[formview.FaultView(attempt.problem, "file")] if attempt.problem else (),
        said=_said(said, door.locale),
    )


def _draw(request: Request, door: Door, holiday_id: str, attempt: Attempt, said: str = "") -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        row = holiday_notices.find(reading, holiday_id)
        notice = holiday_notices.said_by(row)
        state = holiday_notices.states(holiday_notices.listed(reading, row.year))[row.id]
        remarks = holiday_notices.remarks(reading, notice) if state == "proposed" else ()
        plan = holiday_notices.consequences(reading, notice) if state in ("proposed", "in force") else None
        shares = holiday_notices.by_organisation(reading, plan) if plan else []
    moves = [move for move in plan.moves if not move.private] if plan else []
    return rendering.page(
        request,
        "calendar_notice.html",
        attempt.status,
        here="calendar",
        canonical=f"/admin/calendar/{holiday_id}",
        viewer=who,
        row=row,
        notice=notice,
        state=state,
        remarks=remarks,
        plan=plan,
        sentence=plan.sentence(door.locale) if plan else "",
        shares=shares,
        moves=moves[:ROWS],
        more=max(0, len(moves) - ROWS),
        attempt=attempt,
        problems=[formview.FaultView(attempt.problem, f"reason-{attempt.act}")] if attempt.problem else (),
        submission=sent_form.new_submission(),
        said=_said(said, door.locale),
    )


def _said(name: str, locale: str) -> str:
    """What was just done, in words."""
    _ = i18n.gettext(locale)
    return {
        "approve": _("The notice counts from now on. The dates that it moves are being corrected."),
        "discard": _("The notice has been put aside."),
    }.get(name, "")
