"""The clocks of a case, moved by somebody in charge: suspended, resumed, extended, begun anew."""

from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from api.deps import ApiPerson, Door, Once, OnlyOnce
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import Reference
from api.json.shapes import Asked, Told
from engine import deadline_changes
from engine.db import UnitOfWork
from engine.deadline_changes import Act
from engine.documents import TooManyUploads
from engine.models import Deadline
from engine.queries import files
from engine.reasons import LONGEST_REASON

router = APIRouter(tags=["deadlines"])
Name = Annotated[str, Path(max_length=64, description="Name of the clock, as the process declares it")]
EXAMPLE = {"reason": "申请人需补充佐证材料，中止期间不计入办理期限。"}


class Because(Asked):
    """Why it is done; it stays in the ledger of the clock. Please keep personal data out of it."""

    reason: str = Field(description=f"At most {LONGEST_REASON} characters")


class Extension(Because):
    """By how much, and why."""

    days: int = Field(description="In the unit of the clock; what its rule allows in all is its limit")


class DeadlineMoved(Told):
    """Where the clock stands now."""

    reference: str
    deadline: str
    change: str = Field(description="suspended, resumed, extended, restarted")
    state: str
    due_on: date | None = Field(description="null while it stands still")


Asking = TypeVar("Asking", bound=Because)


def _documented(model: type[Because], **more: Any) -> dict[str, Any]:
    return described(model, EXAMPLE | more)


@router.post(
    "/cases/{reference}/deadlines/{deadline}/suspend", summary="Suspend a clock", openapi_extra=_documented(Because)
)
def suspend(
    reference: Reference,
    deadline: Name,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[Because], Depends(sent(Because))],
) -> DeadlineMoved:
    """It has no due date until it is resumed. A clock whose rule knows no suspension is refused (409), as is one that has
    run out. A file beside the request is kept as evidence."""
    return _moved(door, once, reference, deadline, "suspend", body)


@router.post(
    "/cases/{reference}/deadlines/{deadline}/resume", summary="Resume a clock", openapi_extra=_documented(Because)
)
def resume(
    reference: Reference,
    deadline: Name,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[Because], Depends(sent(Because))],
) -> DeadlineMoved:
    """What was left of it counts from the day after."""
    return _moved(door, once, reference, deadline, "resume", body)


@router.post(
    "/cases/{reference}/deadlines/{deadline}/extend",
    summary="Extend a clock",
    openapi_extra=_documented(Extension, days=5),
)
def extend(
    reference: Reference,
    deadline: Name,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[Extension], Depends(sent(Extension))],
) -> DeadlineMoved:
    """By more days, within what its rule allows in all (409 beyond it)."""
    return _moved(door, once, reference, deadline, "extend", body, body.document.days)


@router.post(
    "/cases/{reference}/deadlines/{deadline}/restart",
    summary="Let a clock begin anew",
    openapi_extra=_documented(Because),
)
def restart(
    reference: Reference,
    deadline: Name,
    door: ApiPerson,
    once: OnlyOnce,
    body: Annotated[Sent[Because], Depends(sent(Because))],
) -> DeadlineMoved:
    """Today is not counted; what had passed, what stood still and what was extended before falls away."""
    return _moved(door, once, reference, deadline, "restart", body)


def _moved(
    door: Door, once: Once, reference: str, name: str, act: Act, body: Sent[Asking], days: int | None = None
) -> DeadlineMoved:
    if len(body.files) > 1:
        raise TooManyUploads(count=1)
    proofs = body.store(door.settings)
    proof = proofs[0] if proofs else None

    def write(uow: UnitOfWork) -> dict[str, Any]:
        case = files.find(uow, reference)
        reason = body.document.reason
        change = deadline_changes.by_hand(uow, case.id, name, act, reason, days=days, evidence=proof)
        state = uow.session.get_one(Deadline, change.deadline_id).state
        due_on = change.due_on_after.isoformat() if change.due_on_after else None
        known = {"reference": case.reference, "deadline": name}
        return known | {"change": change.kind, "state": state, "due_on": due_on}

    return DeadlineMoved.model_validate(once.write(door, plain(body.document, proofs), write))
