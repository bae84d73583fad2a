"""The supervisor's board: how many clocks stand where, and the list behind each number."""

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import i18n, rendering
from api.deps import PageSupervisor
from api.pages.frame import viewer
from api.pages.posted import PageKey, Search, clean
from engine import queries
from engine.views import BoardCounts

router = APIRouter(prefix="/board")

ROWS = 25
Colour = Literal["red", "amber", "green", "grey", "target"]


@dataclass(frozen=True)
class Number:
    """A number of the board; ``colour`` names its light and its list."""

    colour: str
    title: str
    number: int
    words: str


@router.get("")
def board(
    request: Request, door: PageSupervisor, light: Colour = "red", search: Search = "", after: PageKey = ""
) -> Response:
    wanted = clean(search, 100)
    with door.reading() as reading:
        who = viewer(reading, door)
        counts = queries.board_counts(reading)
        page = queries.overdue(reading, light=light, search_for=wanted, after=after or None, limit=ROWS)
        now = reading.now
    numbers = _numbers(counts, door.locale)
    return rendering.page(
        request,
        "board.html",
        here="board",
        viewer=who,
        now=now,
        numbers=numbers,
        light=light,
        targets=counts.targets_overdue,
        list_title=next((number.title for number in numbers if number.colour == light), targets_title(door.locale)),
        rate=None if counts.on_time_rate is None else f"{counts.on_time_rate * 100:.3g}",
        rows=page.rows,
        next_key=page.next_key,
        search=wanted,
    )


def targets_title(locale: str) -> str:
    """The list of internal targets that were passed: no breach of law, and counted apart."""
    _ = i18n.gettext(locale)
    return _("Internal targets passed")


def _numbers(counts: BoardCounts, locale: str) -> list[Number]:
    _ = i18n.gettext(locale)
    return [
        Number("red", _("Overdue"), counts.overdue, _("clocks that have passed their limit")),
        Number("amber", _("Due soon"), counts.due_soon, _("clocks that end within days")),
        Number("green", _("In time"), counts.on_time, _("clocks with enough time")),
        Number("grey", _("Paused"), counts.paused, _("clocks that stand still")),
    ]
