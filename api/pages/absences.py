"""Who is away, and who stands in for them: one's own absences, those of one's people, and what concerns one."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word, new_submission, once
from engine import absences, clock, queries
from engine.db import UnitOfWork
from engine.errors import EngineError, NotFound

router = APIRouter(prefix="/desk/absences")

FAULTY_AT: dict[type[EngineError], str] = {  # which field is to be looked at again
    absences.SubstituteUnfit: "substitute",
    absences.AbsenceFaulty: "until",
    absences.AbsenceReasonUnknown: "reason",
}


@router.get("")
def show(request: Request, door: PagePerson, said: Word = "") -> Response:
    return _draw(request, door, said=said)


@router.post("")
def enter(request: Request, door: PagePerson, posted: Sent) -> Response:
    """Enter an absence of one's own, or of somebody whom one heads."""
    typed = {name: posted.text(name) for name in ("person", "substitute", "since", "until", "reason")}

    def act(uow: UnitOfWork) -> dict[str, Any]:
        since, until = _day(typed["since"]), _day(typed["until"])
        entered = absences.enter(uow, typed["substitute"], since, until, typed["reason"], typed["person"] or None)
        return {"id": entered.id}

    try:
        once(posted, "page /desk/absences").write(door, typed, act)
    except EngineError as error:
        return _draw(request, door, typed=typed, error=error)
    return RedirectResponse("/desk/absences?said=entered", 303)


@router.post("/{absence_id}/end")
def end(request: Request, door: PagePerson, absence_id: Key) -> Response:
    try:
        with door.writing() as uow:
            absences.end(uow, absence_id)
    except NotFound:
        raise
    except EngineError as error:
        return _draw(request, door, error=error)
    return RedirectResponse("/desk/absences?said=ended", 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise absences.AbsenceFaulty() from None


def _draw(
    request: Request,
    door: Door,
    *,
    typed: Mapping[str, str] | None = None,
    error: EngineError | None = None,
    said: str = "",
) -> Response:
    _ = i18n.gettext(door.locale)
    words = {
        "entered": _("The absence has been entered."),
        "ended": _("The absence has ended; nobody stands in any more."),
    }
    with door.reading() as reading:
        who = viewer(reading, door)
        listed = absences.current(reading)
        house, led = queries.house(reading), queries.led_people(reading)
        today = clock.day_of(reading.now)
    at = FAULTY_AT.get(type(error), "") if error else ""
    language = 0 if door.locale == i18n.CHINESE else 1
    return rendering.page(
        request,
        "absences.html",
        error.status if error else 200,
        here="absences",
        canonical="/desk/absences",
        viewer=who,
        today=today,
        absences=listed,
        colleagues=house,
        led=[person for person in led if person.id != who.id],
        reasons=[(key, titles[language]) for key, titles in absences.REASONS.items()],
        typed=typed or {},
        submission=new_submission(),
        said=words.get(said, ""),
        problems=[formview.FaultView(error.sentence(door.locale), at)] if error else [],
        faulty=at,
    )
