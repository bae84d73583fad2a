"""What is late, where, and how things stand: for supervisors, leaders and heads of a unit."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.deps import ApiOverseer
from api.json.shapes import LightShape, PageOf, Shape, page_of
from engine import queries

router = APIRouter(tags=["supervision"])


class OverdueShape(Shape):
    """A clock that has run out."""

    reference: str
    subject: str
    process: str
    organisation: str
    step: str
    holder: str
    deadline: str
    basis: str
    article: str | None
    ground: str | None
    due_on: date | None
    light: LightShape
    breach_id: str | None
    urged: int
    urged_at: datetime | None


class BoardShape(Shape):
    """The numbers of the board."""

    overdue: int
    due_soon: int
    on_time: int
    paused: int
    unacknowledged: int
    undelivered: int
    ordered_overdue: int
    targets_overdue: int
    open: int
    on_time_rate: float | None


@router.get("/overdue", summary="What is overdue")
def overdue(
    door: ApiOverseer,
    request: Request,
    search: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[OverdueShape]:
    """In what you answer for (as a supervisor, a leader or the head of a unit), the longest overdue first."""
    with door.reading() as reading:
        page = queries.board_list(reading, after=after, limit=limit, search_for=search)
    return page_of(OverdueShape, page, request)


@router.get("/board", summary="How things stand")
def board(door: ApiOverseer) -> BoardShape:
    """In what you answer for, as a supervisor, a leader or the head of a unit."""
    with door.reading() as reading:
        return BoardShape.model_validate(queries.board_counts(reading))
