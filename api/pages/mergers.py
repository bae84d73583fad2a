"""Cases of one matter on screen: what is alike, what was proposed to be merged, what follows."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word, new_submission, once
from engine import merging
from engine.db import UnitOfWork
from engine.errors import Conflict, Forbidden, Invalid
from engine.models import Merger
from engine.queries import mergers
from engine.reasons import LONGEST_REASON

router = APIRouter(prefix="/desk/cases/{reference}/merging")
Verdict = Annotated[Literal["approve", "refuse", "undo"], Path()]
VERBS: dict[str, Callable[[UnitOfWork, str, str], Merger]] = {
    "approve": merging.approve,
    "refuse": merging.refuse,
    "undo": merging.undo,
}


@router.get("")
def show(request: Request, door: PagePerson, reference: Key, said: Word = "") -> Response:
    return _draw(request, door, reference, said=said)


@router.post("")
def propose(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    """Propose that the ticked cases follow this one; each is proposed by itself, and all or none."""
    chosen, reason = posted.all("follower"), posted.text("reason", LONGEST_REASON + 1)

    def write(uow: UnitOfWork) -> deps.Answer:
        return {"id": merging.propose(uow, reference, chosen[0] if chosen else "", reason).id}

    try:
        once(posted, f"page /desk/cases/{reference}/merging").write(door, {"chosen": chosen, "reason": reason}, write)
        for follower in chosen[1:]:  # one case is locked in a transaction
            with door.writing() as uow:
                merging.propose(uow, reference, follower, reason)
    except (Invalid, Conflict, Forbidden) as error:
        fault = formview.FaultView(error.sentence(door.locale), "merging-reason")
        return _draw(request, door, reference, problems=[fault], reason=reason, chosen=chosen, status=error.status)
    return RedirectResponse(rendering.address(f"/desk/cases/{reference}/merging", said="proposed"), 303)


@router.post("/{merger_id}/{verdict}")
def settle(
    request: Request, door: PagePerson, reference: Key, merger_id: Key, verdict: Verdict, posted: Sent
) -> Response:
    """Somebody in charge lets a case follow, or not, or lets it go on by itself again."""
    reason = posted.text("reason", LONGEST_REASON + 1)

    def write(uow: UnitOfWork) -> deps.Answer:
        return {"id": VERBS[verdict](uow, merger_id, reason).id}

    try:
        once(posted, f"page /desk/cases/{reference}/merging/{verdict}").write(
            door, {"id": merger_id, "reason": reason}, write
        )
    except (Invalid, Conflict, Forbidden) as error:
        fault = formview.FaultView(error.sentence(door.locale), f"reason-{merger_id}")
        return _draw(request, door, reference, problems=[fault], status=error.status)
    return RedirectResponse(rendering.address(f"/desk/cases/{reference}/merging", said=verdict), 303)


def _draw(
    request: Request,
    door: Door,
    reference: str,
    *,
    problems: Sequence[formview.FaultView] = (),
    reason: str = "",
    chosen: Sequence[str] = (),
    status: int = 200,
    said: str = "",
) -> Response:
    _ = i18n.gettext(door.locale)
    words = {
        "proposed": _("The merger was proposed; somebody else decides on it."),
        "approve": _("The case follows now; its parties keep their dates and get papers of their own."),
        "refuse": _("The cases go on apart."),
        "undo": _("The case goes on by itself again, where it stood."),
    }
    with door.reading() as reading:
        return rendering.page(
            request,
            "merging.html",
            status,
            here="search",
            canonical=f"/desk/cases/{reference}/merging",
            viewer=viewer(reading, door),
            view=mergers.of_case(reading, reference),
            problems=problems,
            reason=reason,
            chosen=frozenset(chosen),
            submission=new_submission(),
            said=words.get(said, ""),
        )
