"""The inbox of a person: what waits for them, most urgent first, and what they did today. Also the search over cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import files, formview, i18n, papers, rendering
from api.deps import Door, PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key, PageKey, Search, Sent, Word, clean
from engine import clock, definitions, documents, queries, reminders, seats, tasks
from engine.errors import EngineError
from engine.queries.files import STATUS_TITLES
from notices import manuscript, service, translations

router = APIRouter(prefix="/desk")

ROWS = 25
REMINDERS = 5  # that the inbox shows; the others follow when these are read
PDF = "application/pdf"
View = Literal["mine", "queue", "all", "unit", "done"]
Colour = Literal["red", "amber", "green", "grey", ""]


@router.get("")
def inbox(
    request: Request,
    door: PagePerson,
    view: View = "mine",
    light: Colour = "",
    process: Word = "",
    search: Search = "",
    after: PageKey = "",
    said: Word = "",
    first: Literal["", "1"] = "",
) -> Response:
    wanted = Wanted(view, light, process, clean(search, 100), after, bool(first))
    return draw(request, door, wanted, said=_said(said, door.locale))


@dataclass(frozen=True)
class Wanted:
    """Which tasks are shown."""

    view: View = "mine"
    light: Colour = ""
    process: str = ""
    search: str = ""
    after: str = ""
    first: bool = False  # what has priority by Art. 20


def draw(
    request: Request,
    door: Door,
    wanted: Wanted,
    *,
    said: str = "",
    handed: Mapping[str, Any] | None = None,
    problems: Sequence[formview.FaultView] = (),
    status: int = 200,
) -> Response:
    """The inbox; ``handed`` is what was typed to give tasks to somebody else, and did not go through."""
    with door.reading() as reading:
        who = viewer(reading, door)
        page = queries.inbox(
            reading,
            wanted.view,
            light=wanted.light or None,
            process=wanted.process or None,
            search_for=wanted.search,
            after=wanted.after or None,
            limit=ROWS,
            first=wanted.first,
        )
        urgent = queries.inbox(reading, "mine", limit=1).rows
        numbers = queries.counts(reading)
        stopped = queries.stopped(reading)
        reminded, unread = queries.reminders(reading, limit=REMINDERS), queries.unread(reading)
        receivers = queries.led_people(reading) if wanted.view == "unit" else ()
        absent = queries.stood_in_for(reading)
        bundles = definitions.processes(reading)
        files = any(seats.offered(reading, bundle) for bundle in bundles)
        today = clock.day_of(reading.now)
    return rendering.page(
        request,
        "inbox.html",
        status,
        here="desk",
        canonical="/desk",
        viewer=who,
        today=today,
        view=wanted.view,
        light=wanted.light,
        process=wanted.process,
        search=wanted.search,
        first=wanted.first,
        rows=page.rows,
        next_key=page.next_key,
        most_urgent=urgent[0] if urgent else None,
        counts=numbers,
        stopped=stopped,
        reminders=reminded.rows,
        unread=unread,
        seen_at=reading.now.isoformat(),
        processes=[(b.key, b.text(b.manifest.process, "title", door.locale)) for b in bundles],
        files=files,
        claimable=wanted.view != "unit" and any(row.assignee_id is None and row.ended_at is None for row in page.rows),
        receivers=receivers,
        absent=absent,
        handed=handed or {},
        problems=problems,
        said=said,
    )


@router.post("/claim")
def claim_several(door: PagePerson, posted: Sent) -> Response:
    """Claim every task that was picked; what somebody else was quicker to take stays theirs."""
    missed = 0
    for task_id in posted.all("task"):
        try:
            with door.writing() as uow:
                tasks.claim(uow, task_id)
        except EngineError:
            missed += 1
    said = "claimed-some" if missed else "claimed"
    return RedirectResponse(rendering.address("/desk", view="mine", said=said), 303)


@router.post("/reminders/read")
def read_reminders(door: PagePerson, posted: Sent) -> Response:
    """Mark one reminder as read, or all that stood there when the page was drawn."""
    one, seen_at = posted.text("reminder", 64), posted.text("seen_at", 40)
    with door.writing() as uow:
        if one:
            reminders.mark_read(uow, one)
        else:
            reminders.mark_all_read(uow, _moment(seen_at))
    return RedirectResponse(rendering.address("/desk", said="read"), 303)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


@router.get("/search")
def search_cases(
    request: Request, door: PagePerson, search: Search = "", status: Word = "", after: PageKey = ""
) -> Response:
    wanted = clean(search, 100)
    with door.reading() as reading:
        who = viewer(reading, door)
        page = queries.cases(reading, status=status or None, search_for=wanted, after=after or None, limit=ROWS)
        today = clock.day_of(reading.now)
    language = 0 if door.locale == i18n.CHINESE else 1
    return rendering.page(
        request,
        "search.html",
        here="search",
        viewer=who,
        today=today,
        search=wanted,
        status=status,
        statuses=[(key, titles[language]) for key, titles in STATUS_TITLES.items()],
        rows=page.rows,
        next_key=page.next_key,
    )


@router.get("/notices/{notice_id}/pdf")
def notice(door: PagePerson, notice_id: Key) -> Response:
    return papers.hand_out(door, notice_id)


@router.get("/notices/{notice_id}/draft")
def draft(door: PagePerson, notice_id: Key) -> Response:
    with door.reading() as reading:
        _, filename, content = service.draft_pdf(reading, notice_id)
    return files.download(filename, PDF, content)


@router.get("/notices/{notice_id}/manuscript")
def sheet(door: PagePerson, notice_id: Key) -> Response:
    with door.reading() as reading:
        _, filename, content = manuscript.pdf(reading, notice_id)
    return files.download(filename, PDF, content)


@router.get("/notices/{notice_id}/translation")
def translation(door: PagePerson, notice_id: Key) -> Response:
    with door.reading() as reading:
        filename, content = translations.pdf(reading, notice_id)
    return files.download(filename, PDF, content)


@router.post("/notices/{notice_id}/translation")
def ask_for_translation(door: PagePerson, notice_id: Key) -> Response:
    """It is made in the background; the page then links to it."""
    with door.writing() as uow:
        translations.ask(uow, notice_id)
        reference = service.find(uow, notice_id)[1].reference
    return RedirectResponse(rendering.address(f"/desk/cases/{reference}", said="translation"), 303)


@router.get("/documents/{document_id}")
def document(door: PagePerson, document_id: Key) -> Response:
    with door.reading() as reading:
        row, filename, content = documents.read(reading, document_id)
    return files.download(filename, row.media_type, content, size=row.size)


def _said(name: str, locale: str) -> str:
    """What was just done, in words."""
    _ = i18n.gettext(locale)
    return {
        "claimed": _("The tasks are yours now."),
        "claimed-some": _("Some tasks could not be claimed: colleagues were quicker, or a rule keeps you from them."),
        "completed": _("The step is completed. The case goes on."),
        "read": _("The reminders are marked as read."),
        "recused": _("The recusal is on record. What was held of this case waits for others."),
        "released": _("The task waits for colleagues again."),
        "returned": _("The task has been given back."),
        "reassigned": _("The tasks have been given to somebody else."),
    }.get(name, "")
