"""What if a day became a holiday, or a limit were another one: which open cases would be late. Nothing is changed by looking."""

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api import formview, rendering
from api.deps import PageOverseer
from api.pages.frame import viewer
from api.pages.posted import clean
from engine import calendars, clock, definitions
from engine.calendars import Unit
from engine.db import Reading
from engine.errors import Invalid
from engine.what_if import DaysFaulty, NothingSupposed, Outcome, Supposition, what_if

router = APIRouter(prefix="/board/what-if")

Text = Annotated[str, Query(max_length=140)]


@router.get("")
def suppose(
    request: Request,
    door: PageOverseer,
    day: Text = "",
    becomes: Literal["holiday", "working"] = "holiday",
    limit: Text = "",
    days: Text = "",
    unit: Literal["calendar", "working"] = "calendar",
) -> Response:
    """``limit`` names a clock as process.clock; what was typed wrongly is told, and kept."""
    day, days = clean(day, 20), clean(days, 10)
    problems: list[formview.FaultView] = []
    outcome: Outcome | None = None
    with door.reading() as reading:
        who = viewer(reading, door)
        clocks = _clocks(reading)
        if day or days:
            try:
                outcome = what_if(reading, _read(day, becomes, limit, days, unit))
            except Invalid as error:
                place = "days" if isinstance(error, DaysFaulty) else "day"
                problems.append(formview.FaultView(error.sentence(door.locale), place))
        today = clock.day_of(reading.now)
    return rendering.page(
        request,
        "what_if.html",
        422 if problems else 200,
        here="board",
        viewer=who,
        today=today,
        day=day,
        becomes=becomes,
        limit=limit,
        days=days,
        unit=unit,
        clocks=clocks,
        titles={f"{process}.{name}": title for process, name, title in clocks},
        outcome=outcome,
        problems=problems,
    )


def _read(day: str, becomes: str, limit: str, days: str, unit: Unit) -> Supposition:
    """What was typed; raises NoSuchDay, DaysFaulty, NothingSupposed."""
    process, _, name = limit.partition(".")
    number = None
    if days:
        with suppress(ValueError):
            number = int(days)
        if number is None:
            raise DaysFaulty()
        if not name:
            raise NothingSupposed()
    return Supposition(calendars.read_day(day) if day else None, becomes == "working", process, name, number, unit)


def _clocks(reading: Reading) -> list[tuple[str, str, str]]:
    """The clocks whose limit may be supposed: process, name, and what they are called together."""
    locale = reading.actor.locale
    return [
        (
            bundle.key,
            name,
            f"{bundle.text(bundle.manifest.process, 'title', locale)} · {bundle.text(rule, 'title', locale)}",
        )
        for bundle in definitions.processes(reading)
        for name, rule in bundle.manifest.deadlines.items()
    ]
