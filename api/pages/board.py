"""The supervisor's board: how things stand, the list behind each number, urging, and the list to take along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import exports, files, formview, i18n, rendering
from api.deps import Door, PageOverseer
from api.pages import board_charts
from api.pages.frame import viewer
from api.pages.posted import PageKey, Search, Sent, Word, clean
from engine import audit, clock, queries, silence, urging
from engine.errors import Conflict, Invalid
from engine.queries.board import NUMBERED
from engine.views import BoardCounts, OverdueRow, Wanted

router = APIRouter(prefix="/board")

ROWS = 25
View = Literal[
    "overdue",
    "due_soon",
    "on_time",
    "paused",
    "unacknowledged",
    "undelivered",
    "unclocked",
    "unarmed",
    "stranded",
    "nobody",
]
Basis = Literal["", "statutory", "ordered", "regulatory", "external", "internal", "target"]


@dataclass(frozen=True)
class Number:
    """A number of the board; ``view`` names the list that it opens."""

    view: str
    colour: str
    title: str
    number: int
    words: str


@dataclass(frozen=True)
class Filters:
    """What is looked at: a list, and which part of it. ``drawn`` is the process whose diagram is shown."""

    view: View = "overdue"
    organisation: str = ""
    process: str = ""
    basis: Basis = ""
    search: str = ""
    drawn: str = ""
    linked: Literal["", "yes"] = ""  # only cases that are linked with others

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.organisation, self.process, self.basis, bool(self.linked))

    @property
    def of_cases(self) -> bool:
        """Whether the list has cases of which something was not heard, and not clocks."""
        return self.view in silence.CASES

    @property
    def narrowed(self) -> bool:
        return bool(self.organisation or self.process or self.basis or self.search or self.linked)

    def link(self, to: str = "", **changed: str) -> str:
        """The address of the board, or of something done there, with some filters changed."""
        kept = {**vars(self), **changed}
        return rendering.address(f"/board{to}", **{k: v for k, v in kept.items() if (k, v) != ("view", "overdue")})


def _filters(
    view: View = "overdue",
    organisation: Word = "",
    process: Word = "",
    basis: Basis = "",
    search: Search = "",
    drawn: Word = "",
    linked: Literal["", "yes"] = "",
) -> Filters:
    return Filters(view, organisation, process, basis, clean(search, 100), drawn, linked)


Asked = Annotated[Filters, Depends(_filters)]


@router.get("")
def board(request: Request, door: PageOverseer, asked: Asked, after: PageKey = "", said: Word = "") -> Response:
    return _draw(request, door, asked, after=after, said=_said(said, door.locale))


@router.post("/urge")
def urge(request: Request, door: PageOverseer, asked: Asked, posted: Sent) -> Response:
    """Urge the cases that were picked, with a text that goes on record."""
    picked, text = posted.all("case"), posted.text("text", 500)
    try:
        with door.writing() as uow:
            urging.urge(uow, picked, text)
            said = "urged-some" if uow.warnings else "urged"
    except (Invalid, Conflict) as error:
        fault = formview.FaultView(error.sentence(door.locale), "urge-text")
        return _draw(request, door, asked, problems=[fault], picked=picked, text=text, status=error.status)
    return RedirectResponse(f"{asked.link(said=said)}#list", 303)


@router.post("/export")
def export(door: PageOverseer, asked: Asked, posted: Sent) -> Response:
    """The list as it is filtered, in a file; that it was taken along is recorded."""
    kind = exports.KINDS.get(posted.text("format"), exports.XLSX)
    rows = 0

    def counted() -> Iterator[Sequence[exports.Cell]]:
        nonlocal rows
        with door.reading() as reading:
            for row, applicant in queries.export_rows(reading, asked.view, asked.wanted, asked.search):
                rows += 1
                yield _cells(row, applicant, door.locale)

    title = title_of(asked, door.locale)
    file = exports.write(kind, title, _heads(door.locale), counted())
    with door.writing() as uow:
        asked_for = vars(asked.wanted) | {"list": asked.view, "searched": bool(asked.search)}
        audit.record(uow, "board.exported", stream="reads", format=kind.ending, rows=rows, **asked_for)
        day = clock.day_of(uow.now)
    return files.download(f"{title}-{day}.{kind.ending}", kind.media_type, exports.chunks(file))


# ---------------------------------------------------------------- the page


def _draw(
    request: Request,
    door: Door,
    asked: Filters,
    *,
    after: str = "",
    said: str = "",
    problems: Sequence[formview.FaultView] = (),
    picked: Sequence[str] = (),
    text: str = "",
    status: int = 200,
) -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        whole = Wanted(asked.organisation, asked.process)
        found = queries.standings(reading, whole)
        counts = queries.board_counts(reading, whole, found)
        alarms = silence.alarms(reading, whole, NUMBERED)
        figures = queries.figures(reading, whole, found, asked.drawn)
        page = queries.board_list(
            reading, asked.view, asked.wanted, search_for=asked.search, after=after or None, limit=ROWS
        )
        organisations = queries.overseen_organisations(reading)
        processes = queries.process_titles(reading)
        now = reading.now
    return rendering.page(
        request,
        "board.html",
        status,
        here="board",
        canonical="/board",
        viewer=who,
        now=now,
        today=clock.day_of(now),
        asked=asked,
        numbers=numbers(counts, door.locale),
        alarms=alarms,
        counts=counts,
        rate=None if counts.on_time_rate is None else f"{counts.on_time_rate * 100:.3g}",
        list_title=title_of(asked, door.locale),
        charts=board_charts.drawn(figures, door.locale),
        organisations=organisations,
        processes=processes,
        rows=page.rows,
        next_key=page.next_key,
        problems=problems,
        picked=picked,
        text=text,
        said=said,
    )


def numbers(counts: BoardCounts, locale: str) -> list[Number]:
    """The five numbers that each open the list that they count."""
    _ = i18n.gettext(locale)
    return [
        Number("overdue", "red", _("Overdue"), counts.overdue, _("statutory clocks past their limit")),
        Number("due_soon", "amber", _("Due soon"), counts.due_soon, _("due within 2 working days")),
        Number("paused", "grey", _("Paused"), counts.paused, _("clocks that stand still")),
        Number(
            "unacknowledged", "blue", _("Not acknowledged"), counts.unacknowledged, _("filed an hour ago, no receipt")
        ),
        Number("undelivered", "blue", _("Not delivered"), counts.undelivered, _("papers that have not arrived")),
    ]


def title_of(asked: Filters, locale: str) -> str:
    """What a list is called."""
    _ = i18n.gettext(locale)
    if asked.view == "overdue" and asked.basis == "ordered":
        return _("Not rectified in time")
    if asked.view == "overdue" and asked.basis not in ("", "statutory"):
        return _("Targets passed")
    if asked.view in silence.CASES and asked.view not in NUMBERED:
        zh, en = silence.TITLES[asked.view]
        return zh if locale == i18n.CHINESE else en
    return {
        "overdue": _("Overdue clocks"),
        "due_soon": _("Clocks due soon"),
        "on_time": _("Clocks with enough time"),
        "paused": _("Paused clocks"),
        "unacknowledged": _("Cases not acknowledged"),
        "undelivered": _("Cases with papers not delivered"),
    }[asked.view]


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    return {
        "urged": _("The cases were urged; your words are on record."),
        "urged-some": _(
            "Some cases were urged, your words are on record; others are closed or were urged a while ago."
        ),
    }.get(name, "")


# ---------------------------------------------------------------- to take along


def _heads(locale: str) -> list[str]:
    _ = i18n.gettext(locale)
    return [
        *(_("Reference"), _("Subject"), _("Process"), _("Organisation"), _("Stands at"), _("Held by")),
        *(_("Time limit"), _("Due on"), _("Times urged"), _("Last urged"), _("Applicant")),
    ]


def _cells(row: OverdueRow, applicant: str, locale: str) -> tuple[exports.Cell, ...]:
    light = row.light.zh if locale == i18n.CHINESE else row.light.en
    where = (row.reference, row.subject, row.process, row.organisation, row.step, row.holder)
    return (*where, light, row.due_on, row.urged, row.urged_at, applicant)
