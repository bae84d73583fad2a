"""Access grants on screen: those given to us and by us, when they end, taking one back, noting a misuse."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import formview, rendering
from api.deps import Door, PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word
from engine import grants, item_lists
from engine.errors import Conflict, EngineError, Invalid
from engine.reasons import LONGEST_REASON

router = APIRouter(prefix="/desk/grants")


@router.get("")
def show(request: Request, door: PagePerson, said: Word = "") -> Response:
    return _draw(request, door, said=said)


@router.post("/{grant_id}/revoke")
def revoke(request: Request, door: PagePerson, grant_id: Key, posted: Sent) -> Response:
    reason = posted.text("reason", LONGEST_REASON + 1)
    try:
        with door.writing() as uow:
            grants.revoke(uow, grant_id, reason)
    except (Invalid, Conflict) as error:
        return _draw(request, door, fault=error, typed={grant_id: reason})
    return RedirectResponse("/desk/grants?said=revoked", 303)


@router.post("/{grant_id}/misuse")
def misuse(request: Request, door: PagePerson, grant_id: Key, posted: Sent) -> Response:
    note = posted.text("reason", LONGEST_REASON + 1)
    try:
        with door.writing() as uow:
            grants.note_misuse(uow, grant_id, note)
    except (Invalid, Conflict) as error:
        return _draw(request, door, fault=error, typed={grant_id: note})
    return RedirectResponse("/desk/grants?said=noted", 303)


def _draw(
    request: Request,
    door: Door,
    *,
    said: str = "",
    fault: EngineError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    with door.reading() as reading:
        rows = item_lists.granted(reading)
        mine = reading.actor.organisations()
        return rendering.page(
            request,
            "grants.html",
            fault.status if fault else 200,
            here="grants",
            canonical="/desk/grants",
            viewer=viewer(reading, door),
            ours=[row for row in rows if row.holder.id in mine],
            given=[row for row in rows if row.provider.id in mine],
            problems=[formview.FaultView(fault.sentence(door.locale), "")] if fault else (),
            typed=typed or {},
            said=said,
        )
