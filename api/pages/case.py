"""One case: everything that the desk knows of it, with the clocks, the papers and the way that it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import casework, papers
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, Posted, Sent, Word
from engine import clock, deadline_changes, documents, queries, urging
from engine.db import UnitOfWork
from engine.deadline_changes import Act
from engine.documents import TooManyUploads
from engine.errors import Conflict, EngineError, Invalid
from engine.queries import files
from engine.reasons import LONGEST_REASON, ReasonMissing
from engine.views import FieldShown
from notices import replacing, service

router = APIRouter(prefix="/desk/cases")


@dataclass(frozen=True)
class Attempt:
    """What was tried with a clock and did not go through; what was typed is kept."""

    place: str = ""  # the clock and the act
    entry: str = ""
    fault: str = ""
    conflict: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


NOTHING_TRIED = Attempt()


@router.get("/{reference}")
def show(request: Request, door: PagePerson, reference: Key, said: Word = "") -> Response:
    return draw(request, door, reference, said=said)


@router.post("/{reference}/unmask")
def unmask(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    with door.reading() as reading:
        case_id = queries.case_file(reading, reference).case.id
    try:
        shown = casework.unmasked(door, case_id, posted.text("reason"))
    except ReasonMissing as error:
        fault = formview.FaultView(error.sentence(door.locale), "unmask-reason")
        return draw(request, door, reference, problems=[fault], status=error.status)
    return draw(request, door, reference, unmasked=shown)


@router.post("/{reference}/urge")
def urge(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    """Urge those who must act, with words that go on record."""
    text = posted.lines("text", urging.LONGEST + 1)

    def write(uow: UnitOfWork) -> deps.Answer:
        (urged,) = urging.urge(uow, [files.find(uow, reference).id], text)
        return {"id": urged.id}

    try:
        sent_form.once(posted, f"page /desk/cases/{reference}/urge").write(door, {"text": text}, write)
    except (Invalid, Conflict) as error:
        fault = formview.FaultView(error.sentence(door.locale), "urge-text")
        typed = {"urge-text": text}
        return draw(request, door, reference, problems=[fault], typed=typed, status=error.status)
    return RedirectResponse(rendering.address(f"/desk/cases/{reference}", said="urged"), 303)


@router.post("/{reference}/withdraw")
def withdraw(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    """A head of the organ that issued a paper withdraws it, with a reason."""
    paper, reason = posted.text("notice", 64), posted.text("reason", LONGEST_REASON + 1)

    def write(uow: UnitOfWork) -> deps.Answer:
        notice, case = service.find(uow, paper)
        if case.id != files.find(uow, reference).id:
            raise service.NoticeNotFound()
        replacing.withdraw(uow, notice, reason)
        return {"id": notice.id}

    try:
        once = sent_form.once(posted, f"page /desk/cases/{reference}/withdraw")
        once.write(door, {"notice": paper, "reason": reason}, write)
    except (Invalid, Conflict) as error:
        fault = formview.FaultView(error.sentence(door.locale), "withdraw-reason")
        typed = {"withdraw-reason": reason, "withdraw-notice": paper}
        return draw(request, door, reference, problems=[fault], typed=typed, status=error.status)
    return RedirectResponse(rendering.address(f"/desk/cases/{reference}", said="withdrawn"), 303)


@router.post("/{reference}/deadlines/{deadline}/{act}")
def move_clock(request: Request, door: PagePerson, reference: Key, deadline: Key, act: Act, posted: Sent) -> Response:
    """Somebody in charge suspends, resumes, extends or restarts a clock, with a reason and perhaps a file as evidence."""
    try:
        _move(door, reference, deadline, act, posted)
    except (Invalid, Conflict) as error:
        attempt = _refused(error, f"{deadline}-{act}", posted, door.locale)
        anchor = f"{attempt.entry.replace('_', '')}-{attempt.place}"
        problems = [formview.FaultView(attempt.fault, anchor)] if attempt.fault else ()
        return draw(request, door, reference, problems=problems, attempt=attempt, status=error.status)
    return RedirectResponse(rendering.address(f"/desk/cases/{reference}", said=act), 303)


def _move(door: Door, reference: str, name: str, act: Act, posted: Posted) -> None:
    if len(posted.files) > 1:
        raise TooManyUploads(count=1)
    proofs = [documents.store(door.settings, file.filename or "", file.file) for file in posted.files]
    reason, days = posted.text("reason", LONGEST_REASON + 1), posted.text("days", 6)
    number = int(days) if days.isascii() and days.isdigit() else 0

    def write(uow: UnitOfWork) -> deps.Answer:
        case_id, proof = files.find(uow, reference).id, proofs[0] if proofs else None
        change = deadline_changes.by_hand(uow, case_id, name, act, reason, days=number, evidence=proof)
        return {"change": change.id}

    asked = sent_form.fingerprint({"reason": reason, "days": days}, proofs)
    sent_form.once(posted, f"page /desk/cases/{reference}/deadlines/{name}/{act}").write(door, asked, write)


def _refused(error: EngineError, place: str, posted: Posted, locale: str) -> Attempt:
    """How the page says why a clock was not moved."""
    _ = i18n.gettext(locale)
    said = error.sentence(locale)
    if isinstance(error, deps.KeyReused):
        said = _("This page was sent before. Please look at where the case stands now.")
    typed = {"reason": posted.text("reason", LONGEST_REASON * 2), "days": posted.text("days", 6)}
    if isinstance(error, Conflict | deps.KeyReused):
        return Attempt(place, conflict=said, typed=typed)
    entry = "_attachments"
    if isinstance(error, deadline_changes.DaysFaulty | ReasonMissing):
        entry = "days" if isinstance(error, deadline_changes.DaysFaulty) else "reason"
    return Attempt(place, entry, said, typed=typed)


def draw(
    request: Request,
    door: Door,
    reference: str,
    *,
    attempt: Attempt = NOTHING_TRIED,
    unmasked: Sequence[FieldShown] = (),
    problems: Sequence[formview.FaultView] = (),
    status: int = 200,
    said: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The page of a case; ``typed`` is what a form of it brought that was refused."""
    with door.reading() as reading:
        who = viewer(reading, door)
        file = queries.case_file(reading, reference)
        today = clock.day_of(reading.now)
        around = casework.around(reading, file.case.id)
        mine = [] if around.barred else file.notices
        withdrawable = [paper for paper in mine if replacing.is_withdrawable(reading, paper.id)]
    return rendering.page(
        request,
        "case.html",
        status,
        here="search",
        canonical=f"/desk/cases/{file.case.reference}",
        viewer=who,
        today=today,
        file=file,
        unmasked=unmasked,
        pages=papers.counted(door, file.notices),
        problems=problems,
        around=around,
        withdrawable=withdrawable,
        typed=typed or {},
        attempt=attempt,
        submission=sent_form.new_submission(),
        clocks=casework.clocks(file.deadlines),
        diagrams=casework.drawings(file.diagrams, door.locale),
        said=_said(said, door.locale),
    )


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    return {
        "kept": _("Your work has been kept."),
        "sent": _("It was sent into the case."),
        "filed": _("The case has been filed."),
        "withdrawn": _("The paper was withdrawn; it says so wherever it is shown."),
        "translation": _("The English translation is being made. It is a courtesy; the Chinese text prevails."),
        "urged": _("The case was urged; your words are on record."),
        "instructed": _("The instruction was recorded."),
        "fulfilled": _("The report was recorded."),
        "suspend": _("The clock stands still now."),
        "resume": _("The clock goes on."),
        "extend": _("The limit has been extended."),
        "restart": _("The clock counts anew."),
    }.get(name, "")
