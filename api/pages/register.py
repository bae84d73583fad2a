"""发文登记簿 on screen: which numbers an organisation gave out and what became of the papers; and numbers spent on none."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, exports, files, formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import PageKey, Sent, Word
from engine import audit, clock
from engine.db import UnitOfWork
from engine.errors import Conflict, EngineError, Invalid, NotFound
from engine.reasons import LONGEST_REASON
from notices import numbering, register
from notices.register import Asked, Entry

router = APIRouter(prefix="/desk/register")

ROWS = 50
Year = Annotated[str, Query(pattern="^([0-9]{4})?$")]
Series = Annotated[str, Query(max_length=40)]


def _asked(organisation: Word = "", year: Year = "", series: Series = "") -> Asked:
    return Asked(organisation, int(year or 0), sent_form.clean(series, 40))


Wanted = Annotated[Asked, Depends(_asked)]


@router.get("")
def show(request: Request, door: PagePerson, asked: Wanted, after: PageKey = "", said: Word = "") -> Response:
    return _draw(request, door, asked, after=after, said=said)


@router.post("/void")
def void(request: Request, door: PagePerson, posted: Sent) -> Response:
    """Spend the next number of a series on no paper, with the reason."""
    asked = Asked(posted.text("organisation", 64))
    series, reason = posted.text("series", 40), posted.text("reason", LONGEST_REASON + 1)

    def write(uow: UnitOfWork) -> deps.Answer:
        return {"number": numbering.void(uow, asked.organisation, series, reason).number}

    try:
        once = sent_form.once(posted, "page /desk/register/void")
        once.write(door, {"organisation": asked.organisation, "series": series, "reason": reason}, write)
    except (Invalid, Conflict, NotFound) as error:
        return _draw(request, door, asked, fault=error, typed=reason)
    return RedirectResponse(rendering.address("/desk/register", organisation=asked.organisation, said="voided"), 303)


@router.post("/export")
def export(door: PagePerson, asked: Wanted, posted: Sent) -> Response:
    """The register as it is narrowed, in a file; that it was taken along is recorded."""
    kind, rows = exports.KINDS.get(posted.text("format"), exports.XLSX), 0

    def counted() -> Iterator[Sequence[exports.Cell]]:
        nonlocal rows
        with door.reading() as reading:
            for entry in register.every_entry(reading, asked):
                rows += 1
                yield _cells(entry, door.locale)

    _ = i18n.gettext(door.locale)
    title = _("Register of numbers")
    file = exports.write(kind, title, _heads(door.locale), counted())
    with door.database.unit_of_work(door.actor) as uow:
        about = {"organisation": asked.organisation, "year": str(asked.year), "series": asked.series}
        audit.record(uow, "register.exported", stream="reads", format=kind.ending, rows=rows, **about)
        day = clock.day_of(uow.now)
    return files.download(f"{title}-{day}.{kind.ending}", kind.media_type, exports.chunks(file))


def _draw(
    request: Request,
    door: Door,
    asked: Asked,
    *,
    after: str = "",
    said: str = "",
    fault: EngineError | None = None,
    typed: str = "",
) -> Response:
    _ = i18n.gettext(door.locale)
    with door.reading() as reading:
        kept = register.kept(reading, asked)
        page = register.entries(reading, asked, after or None, ROWS)
        who = viewer(reading, door)
    return rendering.page(
        request,
        "register.html",
        fault.status if fault else 200,
        here="register",
        canonical="/desk/register",
        viewer=who,
        kept=kept,
        asked=asked,
        rows=page.rows,
        next_key=page.next_key,
        states=state_titles(door.locale),
        problems=[formview.FaultView(fault.sentence(door.locale), "reason")] if fault else (),
        typed=typed,
        submission=sent_form.new_submission(),
        said=_("The number was spent; the reason stands in the register.") if said == "voided" else "",
    )


def state_titles(locale: str) -> dict[str, str]:
    """What has become of a number, in words."""
    _ = i18n.gettext(locale)
    return {"issued": _("issued"), "replaced": _("replaced"), "withdrawn": _("withdrawn"), "voided": _("voided")}


def _heads(locale: str) -> list[str]:
    _ = i18n.gettext(locale)
    return [_("Number"), _("Title"), _("Date"), _("State"), _("Reference"), _("Remark")]


def _cells(entry: Entry, locale: str) -> tuple[exports.Cell, ...]:
    state = state_titles(locale)[entry.state]
    return (entry.number, entry.title, entry.given_on, state, entry.reference, entry.remark)
