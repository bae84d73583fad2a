"""The chain of a case on a page of its own: as a picture, and as a list that says the same."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import chain_picture, rendering
from api.deps import PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key
from engine import clock
from engine.queries import case_chain

router = APIRouter(prefix="/desk/cases")


@router.get("/{reference}/chain")
def show(request: Request, door: PagePerson, reference: Key) -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        chain = case_chain.case_chain(reading, reference)
        today = clock.day_of(reading.now)
    this = next(case for case in chain.cases if case.is_this)
    return rendering.page(
        request,
        "chain.html",
        here="search",
        canonical=f"/desk/cases/{this.reference}/chain",
        viewer=who,
        today=today,
        this=this,
        chain=chain,
        picture=chain_picture.drawn(chain, door.locale),
    )
