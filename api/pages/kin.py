"""Kin whom one declares, so that cases that concern them go to somebody else."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word, new_submission, once
from engine import clock, kin
from engine.errors import EngineError

router = APIRouter(prefix="/desk/kin")

FAULTY_AT: dict[type[EngineError], str] = {
    kin.KinNameFaulty: "name",
    kin.KinDeclaredAlready: "name",
    kin.RelationUnknown: "relation",
}


@router.get("")
def show(request: Request, door: PagePerson, said: Word = "") -> Response:
    return _draw(request, door, said=said)


@router.post("")
def declare(request: Request, door: PagePerson, posted: Sent) -> Response:
    """Declare a relative."""
    typed = {name: posted.text(name) for name in ("name", "relation")}
    try:
        once(posted, "page /desk/kin").write(
            door, typed, lambda uow: {"id": kin.declare(uow, typed["name"], typed["relation"]).id}
        )
    except EngineError as error:
        return _draw(request, door, typed=typed, error=error)
    return RedirectResponse("/desk/kin?said=declared", 303)


@router.post("/{kin_id}/withdraw")
def withdraw(door: PagePerson, kin_id: Key) -> Response:
    with door.writing() as uow:
        kin.withdraw(uow, kin_id)
    return RedirectResponse("/desk/kin?said=withdrawn", 303)


def _draw(
    request: Request,
    door: Door,
    *,
    typed: Mapping[str, str] | None = None,
    error: EngineError | None = None,
    said: str = "",
) -> Response:
    _ = i18n.gettext(door.locale)
    words = {"declared": _("The declaration has been kept."), "withdrawn": _("The declaration is gone.")}
    with door.reading() as reading:
        who = viewer(reading, door)
        mine = kin.mine(reading)
        today = clock.day_of(reading.now)
    at = FAULTY_AT.get(type(error), "") if error else ""
    language = 0 if door.locale == i18n.CHINESE else 1
    return rendering.page(
        request,
        "kin.html",
        error.status if error else 200,
        here="absences",
        canonical="/desk/kin",
        viewer=who,
        today=today,
        kin=mine,
        relations=[(key, titles[language]) for key, titles in kin.RELATIONS.items()],
        typed=typed or {},
        submission=new_submission(),
        said=words.get(said, ""),
        problems=[formview.FaultView(error.sentence(door.locale), at)] if error else [],
        faulty=at,
    )
