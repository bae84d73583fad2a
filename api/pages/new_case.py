"""Filing a case at the desk: for one's own organisation, out of another case, or for somebody who came in person or wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, filing, formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import posted as sent_form
from api.pages import starting
from api.pages.frame import Viewer, viewer
from api.pages.posted import Key, Sent, Word
from api.pages.services import promised_first
from engine import about_items, cases, definitions, origins, queries, seats, statutes
from engine.access import Actor, sees_whole
from engine.calendars import NoSuchDay, read_day
from engine.db import Reading
from engine.definitions import Bundle, ProcessUnknown
from engine.documents import (
    ProvenanceFaulty,
    TooManyUploads,
    UploadEmpty,
    UploadMismatch,
    UploadNotAllowed,
    UploadTooLarge,
)
from engine.errors import Conflict, EngineError, Invalid
from engine.forms import Form, FormInvalid, Problem
from engine.manifest import Guard
from engine.models import Case, Organisation
from engine.process import EventDayUnusable

router = APIRouter(prefix="/desk/new")

UPLOAD_FAULTS = (ProvenanceFaulty, UploadEmpty, UploadMismatch, UploadNotAllowed, UploadTooLarge, TooManyUploads)
HOUSE, LANGUAGE, RECEIVED = "_organisation", "_language", "_received_on"
Reference = Annotated[str, Query(alias="from", max_length=60, pattern=r"^[A-Za-z0-9-]*$")]


@dataclass(frozen=True)
class Offered:
    """A process of which somebody may file a case at the desk."""

    key: str
    title: str
    text: str
    article: str
    for_party: bool  # for somebody of the public, who gets a query code
    comes_from: tuple[str, ...]  # what it comes out of, where it comes out of another case


@dataclass(frozen=True)
class _Opened:
    """A start form, ready to be drawn."""

    offered: Offered
    form: Form
    houses: tuple[Organisation, ...]  # for which the reader may file
    before: starting.Before | None
    named: str  # the reference in the address
    away: frozenset[str]  # fields that nobody fills in here
    bundle: Bundle
    viewer: Viewer


@router.get("")
def choose(request: Request, door: PagePerson) -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        rows = fileable(reading)
    return rendering.page(request, "new.html", here="desk", canonical="/desk/new", viewer=who, rows=rows)


@router.get("/{process}")
def show(request: Request, door: PagePerson, process: Key, named: Reference = "", item: Word = "") -> Response:
    """The empty form; ``item`` is the code of an item of the catalogue, which the case is to be about."""
    try:
        opened = _open(door, process, named)
    except (origins.OriginUnknown, origins.OriginRefused) as error:
        fault = formview.FaultView(error.sentence(door.locale), "before")
        return _draw(request, door, _open(door, process), {}, fault=fault, typed=named, status=error.status)
    with door.reading() as reading:
        about = about_items.known(reading, opened.bundle, item) if item else {}
    return _draw(request, door, opened, about | (dict(opened.before.known) if opened.before else {}))


@router.post("/{process}")
def submit(request: Request, door: PagePerson, process: Key, posted: Sent, named: Reference = "") -> Response:
    """One case for one page, however often its button was pressed."""
    opened = _open(door, process, named)
    values: Mapping[str, Any] = posted.answers
    house, language, received = posted.text(HOUSE, 64), posted.text(LANGUAGE, 5), posted.text(RECEIVED, 10)
    chosen = {HOUSE: house, LANGUAGE: language, RECEIVED: received} | sent_form.platform(posted)
    try:
        values = opened.form.coerce(posted.answers)
        opened.form.validate(values, opened.away | origins.spared(opened.bundle, door.actor, values))
        uploads = sent_form.store_at_desk(door, posted)
        answer = filing.begin(
            door,
            sent_form.once(posted, f"page /desk/new/{process}"),
            sent_form.fingerprint(dict(values) | chosen, uploads),
            process,
            values,
            uploads,
            source="desk",
            organisation=house or None,
            locale=language if language in i18n.LOCALES else i18n.CHINESE,
            received_on=read_day(received) if received else None,
        )
    except FormInvalid as error:
        return _draw(request, door, opened, values, error.problems, chosen=chosen, submission=posted.submission)
    except deps.KeyReused:
        _ = i18n.gettext(door.locale)
        again = _("This page was sent before, with other answers. Send it again if you want to file a second case.")
        return _draw(request, door, opened, values, fault=formview.FaultView(again, ""), chosen=chosen)
    except UPLOAD_FAULTS as error:
        fault = formview.FaultView(error.sentence(door.locale), "attachments")
        return _draw(request, door, opened, values, fault=fault, chosen=chosen, submission=posted.submission)
    except (NoSuchDay, EventDayUnusable) as error:
        fault = formview.FaultView(error.sentence(door.locale), "received")
        return _draw(request, door, opened, values, fault=fault, chosen=chosen, submission=posted.submission)
    except (origins.OriginUnknown, Invalid, Conflict) as error:
        links = opened.bundle.manifest.links
        from_before = isinstance(error, origins.OriginUnknown | origins.OriginRefused)
        at = formview.anchor(links[0].field) if from_before and links and not opened.before else ""
        fault = formview.FaultView(error.sentence(door.locale), at)
        return _draw(
            request, door, opened, values, fault=fault, chosen=chosen, status=error.status, submission=posted.submission
        )
    return _told(request, door, answer)


def fileable(reading: Reading) -> list[Offered]:
    """The processes of which the reader may file a case at the desk."""
    ordered = sorted(definitions.processes(reading), key=promised_first)
    return [_offered(reading, bundle) for bundle in ordered if seats.offered(reading, bundle)]


def _houses(offered: Sequence[seats.Seat]) -> list[Organisation]:
    """For which organisations the reader may file, each once."""
    return list({house.code: house for _, house in offered}.values())


def _barred(guard: Guard | None, process: str) -> EngineError:
    """Why none of the reader's houses may file a case."""
    return cases.PartBarred(text=guard.text_en, text_zh=guard.text) if guard else ProcessUnknown(key=process)


def _offered(reading: Reading, bundle: Bundle) -> Offered:
    process, locale = bundle.manifest.process, reading.actor.locale
    return Offered(
        key=bundle.key,
        title=bundle.text(process, "title", locale),
        text=bundle.text(process, "text", locale),
        article=statutes.cited(reading.settings, process.article, locale=locale),
        for_party=bool(bundle.manifest.parties),
        comes_from=tuple(bundle.text(rule, "title", locale) for rule in bundle.manifest.links),
    )


def _open(door: Door, process: str, named: str = "") -> _Opened:
    """The form of a process that the reader may file; raises ProcessUnknown, and what keeps them from the case before."""
    with door.reading() as reading:
        bundle = definitions.current(reading, process)
        every = seats.of(reading, bundle)
        if not every:
            raise ProcessUnknown(key=process)
        form = definitions.form(reading, bundle, bundle.manifest.process.start_form, door.locale)
        before = starting.before(reading, bundle, form, named) if named else None
        houses = _houses(seats.offered(reading, bundle, before.taken if before else None))
        if not houses:
            raise _barred(seats.barred(reading, bundle, every[0], before.taken if before else {}), process)
        return _Opened(
            offered=_offered(reading, bundle),
            form=form,
            houses=() if bundle.manifest.parties else tuple(houses),
            before=before,
            named=named,
            away=origins.secret_fields(bundle) | frozenset(before.known if before else ()),
            bundle=bundle,
            viewer=viewer(reading, door),
        )


def _draw(
    request: Request,
    door: Door,
    opened: _Opened,
    values: Mapping[str, Any],
    problems: Sequence[Problem] = (),
    *,
    fault: formview.FaultView | None = None,
    chosen: Mapping[str, str] | None = None,
    typed: str = "",
    status: int = 0,
    submission: str | None = None,
) -> Response:
    """The form with what was answered. What is wrong stands at the top, each line with a link to its field."""
    listed = [*formview.faults(opened.form, problems), *([fault] if fault else [])]
    return rendering.page(
        request,
        "new_case.html",
        status or (422 if listed else 200),
        here="desk",
        canonical=rendering.address(f"/desk/new/{opened.offered.key}", **{"from": opened.named}),
        viewer=opened.viewer,
        offered=opened.offered,
        before=opened.before,
        typed=typed,
        houses=opened.houses,
        chosen=chosen or {},
        intro=opened.form.description,
        form=starting.fields(opened.form, values, problems, opened.away),
        problems=listed,
        attachments=opened.form.accepts_attachments,
        upload_fault=fault.sentence if fault and fault.anchor == "attachments" else "",
        upload_limit=door.settings.max_attachments,
        upload_megabytes=door.settings.max_upload // 1024 // 1024,
        submission=submission or sent_form.new_submission(),
    )


def _told(request: Request, door: Door, answer: deps.Answer) -> Response:
    """The file of the case; for a party, once, the slip with number and code to hand over."""
    with door.reading() as reading:
        case = reading.session.get_one(Case, answer["case"])
        opens = sees_whole(reading.session, reading.actor, case.id)
        who = viewer(reading, door)
    if "party" not in answer:
        return RedirectResponse(rendering.address(f"/desk/cases/{case.reference}", said="filed"), 303)
    party = Actor("party", answer["party"], case_id=answer["case"], locale=door.locale)
    with door.as_actor(party).reading() as reading:
        filed = cases.submitted(reading, answer["case"], answer["party"])
        status = queries.public_status(reading, answer["case"])
    return rendering.page(
        request,
        "new_filed.html",
        201,
        here="desk",
        canonical="/desk/new",
        viewer=who,
        reference=filed.reference,
        query_code=filed.query_code,
        subject=status.case.subject,
        process=status.case.process,
        filed_at=status.case.submitted_at,
        clock=status.deadline,
        receipts=status.notices if opens else (),
        opens=opens,
        portal=door.settings.base_url,
        warnings=answer["warnings"],
    )
