"""年度开放计划 on screen: the yearly plan of opening, item by item, and as a file (Art. 19(1))."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import exports, files, i18n, rendering
from api.deps import PagePerson
from api.pages.frame import viewer
from api.pages.posted import Sent
from engine import audit, clock, plans

router = APIRouter(prefix="/desk/plan")

Year = Annotated[int, Path(ge=2017, le=2100)]


@router.get("")
def newest(door: PagePerson) -> Response:
    """The plan of the newest year that there is, else of this one."""
    with door.reading() as reading:
        year = next(iter(plans.years(reading)), clock.day_of(reading.now).year)
    return RedirectResponse(f"/desk/plan/{year}", 303)


@router.get("/{year}")
def show(request: Request, door: PagePerson, year: Year) -> Response:
    with door.reading() as reading:
        lines = plans.of_year(reading, year)
        return rendering.page(
            request,
            "plan.html",
            here="plan",
            viewer=viewer(reading, door),
            year=year,
            years=sorted({year, *plans.years(reading)}, reverse=True),
            lines=lines,
            opened=sum(line.state == plans.OPENED for line in lines),
            late=sum(line.late for line in lines),
            states=state_titles(door.locale),
        )


@router.post("/{year}/export")
def export(door: PagePerson, year: Year, posted: Sent) -> Response:
    """The plan in a file; that it was taken along is recorded."""
    kind = exports.KINDS.get(posted.text("format"), exports.XLSX)
    _ = i18n.gettext(door.locale)
    title = _("Yearly plan of opening")
    with door.reading() as reading:
        lines = plans.of_year(reading, year)
    file = exports.write(kind, title, _heads(door.locale), _cells(lines, door.locale))
    with door.database.unit_of_work(door.actor) as uow:
        audit.record(uow, "plan.exported", stream="reads", format=kind.ending, rows=len(lines), year=year)
    return files.download(f"{title}-{year}.{kind.ending}", kind.media_type, exports.chunks(file))


def state_titles(locale: str) -> dict[str, str]:
    """How an item of the plan stands, in words."""
    _ = i18n.gettext(locale)
    return {plans.PLANNED: _("planned"), plans.OPENED: _("opened"), plans.ABANDONED: _("abandoned")}


def _heads(locale: str) -> list[str]:
    _ = i18n.gettext(locale)
    return [
        _("Reference"),
        _("Dataset"),
        _("Organisation"),
        _("First planned for"),
        _("Planned for"),
        _("State"),
        _("Settled on"),
        _("Later than planned"),
    ]


def _cells(lines: Sequence[plans.Line], locale: str) -> Iterator[Sequence[exports.Cell]]:
    titles, _ = state_titles(locale), i18n.gettext(locale)
    for line in lines:
        yield (
            line.reference,
            line.dataset,
            line.organisation,
            line.first_planned_on,
            line.planned_on,
            titles[line.state],
            line.settled_on,
            _("yes") if line.late else "",
        )
