"""Counting days: by when is something due, and why."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import ApiAnyone
from api.json.shapes import Shape
from engine import calendars, deadlines

router = APIRouter(tags=["days"])


class RuleShape(Shape):
    """How a clock counts."""

    days: int
    unit: str
    roll: str
    cutoff: str | None


class DueShape(Shape):
    """A due date, with how it was counted."""

    due: str = Field(description="The day by the end of which something is due", examples=["2026-05-06"])
    at: str = Field(description="The first instant at which it is late", examples=["2026-05-06T16:00:00Z"])
    provisional: bool
    start: str
    rule: RuleShape
    article: str | None
    calendar_version: str
    days: list[dict[str, Any]]
    sentences: list[str]


@router.get("/due", summary="Count a due date")
def due(
    door: ApiAnyone,
    date: Annotated[
        str, Query(max_length=20, description="The day of the start; it is not counted", examples=["2026-04-21"])
    ],
    days: Annotated[int, Query(ge=0, le=3660)],
    unit: Literal["calendar", "working"] = "calendar",
    roll: Literal["forward", "none"] = "forward",
) -> DueShape:
    """By the default rule a last day that is a rest day moves to the next working day; a make-up day is a working day."""
    rule = calendars.Rule(days, unit, roll)
    with door.reading() as reading:
        calendar = deadlines.calendar(reading)
    counted = calendars.explain(rule, calendars.read_day(date), calendar)
    document = calendars.due_document(counted, every_day=True)
    return DueShape.model_validate({**document, "sentences": counted.sentences(door.locale)})
