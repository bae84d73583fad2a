"""The service of one paper: how each attempt went, ordering another, recording what came of it, and the form of service."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, files, formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, Posted, Sent, Word
from engine import clock, process, subjects
from engine.db import UnitOfWork
from engine.errors import Conflict, Invalid
from engine.models import Delivery
from engine.queries.files import delivery_view, notice_views
from engine.reasons import LONGEST_REASON
from notices import deliveries, delivery_entries, post
from notices.deliveries import Hand
from notices.delivery_entries import Entry, Happened

router = APIRouter(prefix="/desk/notices/{notice_id}/service")

PDF = "application/pdf"
WORDS = ("tracking", "receiver", "witness", "remarks", "reason", "recipient", "address")
PLACES = {
    "ReasonMissing": "reason",
    "AddressMissing": "address",
    "NoMailAddress": "channel",
    "ChannelBusy": "channel",
    "TrackingFaulty": "tracking",
    "ReceiverMissing": "receiver",
    "WitnessMissing": "remarks",
    "DayUnfit": "on",
    "HowMissing": "how",
    "WayUnfit": "how",
}


class ChoiceMissing(Invalid):
    """Please choose one of what is offered."""

    zh = "请从所列选项中选择一项。"


@router.get("")
def show(request: Request, door: PagePerson, notice_id: Key, said: Word = "") -> Response:
    return draw(request, door, notice_id, said=said)


@router.post("")
def order(request: Request, door: PagePerson, notice_id: Key, posted: Sent) -> Response:
    """Order a further attempt."""
    asked = {name: posted.text(name, LONGEST_REASON + 1) for name in ("channel", "reason", *WORDS[-2:], "phone")}

    def act(uow: UnitOfWork) -> deps.Answer:
        if asked["channel"] not in get_args(Hand):
            raise ChoiceMissing()
        channel, reason = cast(Hand, asked["channel"]), asked["reason"]
        more = {name: asked[name] for name in ("recipient", "address", "phone")}
        return {"id": deliveries.order(uow, notice_id, channel, reason, **more).id}

    return _write(request, door, notice_id, posted, "", asked, act)


@router.post("/{delivery_id}")
def record(request: Request, door: PagePerson, notice_id: Key, delivery_id: Key, posted: Sent) -> Response:
    """Record what happened to an attempt."""
    asked = {name: posted.text(name, LONGEST_REASON + 1) for name in ("happened", "on", "how", *WORDS)}
    scans = sent_form.store(door, posted)

    def act(uow: UnitOfWork) -> deps.Answer:
        return {"id": delivery_entries.enter(uow, notice_id, delivery_id, _entry(asked), scans).id}

    return _write(request, door, notice_id, posted, delivery_id, asked, act)


@router.post("/{delivery_id}/receipt")
def receipt(door: PagePerson, notice_id: Key, delivery_id: Key, _: Sent) -> Response:
    """The form of service 送达回证, to be signed by who receives the paper; that it was printed is on record."""
    with door.writing() as uow:
        sheet = post.receipt(uow, notice_id, delivery_id)
    return files.download(f"送达回证-{sheet.facts['reference']}.pdf", PDF, post.pdf(sheet))


def _entry(asked: Mapping[str, str]) -> Entry:
    if asked["happened"] not in get_args(Happened):
        raise ChoiceMissing()
    known = get_args(deliveries.How)
    how = cast(deliveries.How, asked["how"]) if asked["how"] in known else None
    words = {name: asked[name] for name in WORDS}
    return Entry(cast(Happened, asked["happened"]), _day(asked["on"]), how, **words)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise deliveries.DayUnfit(day=text[:10]) from None


def _write(
    request: Request, door: Door, notice_id: str, posted: Posted, place: str, asked: dict[str, str], act: Any
) -> Response:
    """Do it once for one page; what was refused is drawn again with what was typed."""
    address = f"/desk/notices/{notice_id}/service"
    try:
        sent_form.once(posted, f"page {address}/{place}").write(door, asked, act)
    except (Invalid, Conflict) as error:
        kept = {f"{place}-{name}" if place else name: text for name, text in asked.items()}
        where = PLACES.get(type(error).__name__, "happened" if place else "channel")
        act_of = f"{place}-{asked.get('happened')}-" if place else ""
        fault = formview.FaultView(error.sentence(door.locale), f"{act_of}{where}")
        return draw(request, door, notice_id, typed=kept, problem=fault, status=error.status)
    return RedirectResponse(rendering.address(address, said=asked.get("happened") or "ordered"), 303)


def draw(
    request: Request,
    door: Door,
    notice_id: str,
    *,
    said: str = "",
    typed: Mapping[str, str] | None = None,
    problem: formview.FaultView | None = None,
    status: int = 200,
) -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        notice, case = deliveries.for_clerk(reading, notice_id)
        run = process.opened(reading, case)
        (paper,) = notice_views(reading, run, [notice])
        rows = [
            _shown(row, deliveries.details(run.key, row), delivery_view(reading, row))
            for row in _rows(reading, notice_id)
        ]
        today = clock.day_of(reading.now)
    return rendering.page(
        request,
        "service.html",
        status,
        here="search",
        canonical=f"/desk/notices/{notice_id}/service",
        viewer=who,
        paper=paper,
        reference=case.reference,
        subject=subjects.of_case(reading, case),
        rows=rows,
        today=today,
        typed=typed or {},
        problems=[problem] if problem else [],
        submission=sent_form.new_submission(),
        ways=deliveries.HOW,
        said=_said(said, door.locale),
    )


def _rows(reading: Any, notice_id: str) -> list[Delivery]:
    return deliveries.of_notice(reading, notice_id)


def _shown(row: Delivery, details: deliveries.Details, view: Any) -> dict[str, Any]:
    """One attempt with what may be recorded of it now."""
    by_hand = row.channel in deliveries.BY_HAND
    acts: list[str] = []
    if by_hand and row.state == "pending":
        acts = ["sent", "readdressed"] if row.channel == "post" else ["served"]
        acts += ["cancelled"] if row.channel == "post" else ["returned", "cancelled"]
    elif by_hand and row.state == "dispatched":
        acts = ["served", "returned"]
    elif by_hand and row.state == "served":
        acts = ["corrected"]
    elif row.state in ("failed", "returned") and row.channel != "portal":
        acts = ["cancelled"]
    return {"view": view, "details": details, "acts": acts, "scan": row.document_id, "by_hand": by_hand}


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    return {
        "ordered": _("The attempt was ordered."),
        "sent": _("The letter is recorded as sent."),
        "served": _("The service is recorded; clocks that depend on it follow."),
        "returned": _("It is recorded that the paper came back."),
        "cancelled": _("The attempt was cancelled."),
        "corrected": _("The record was corrected; clocks that depend on it follow."),
        "readdressed": _("The address was changed."),
    }.get(name, "")
