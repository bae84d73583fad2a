"""One case: everything that the desk knows of it, with the clocks, the papers and the way that it took."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import casework
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word, new_submission
from engine import clock, queries
from engine.queries.files import ReasonMissing
from engine.views import FieldShown

router = APIRouter(prefix="/desk/cases")


@router.get("/{reference}")
def show(request: Request, door: PagePerson, reference: Key, said: Word = "") -> Response:
    return draw(request, door, reference, said=said)


@router.post("/{reference}/unmask")
def unmask(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    with door.reading() as reading:
        case_id = queries.case_file(reading, reference).case.id
    try:
        shown = casework.unmasked(door, case_id, posted.text("reason"))
    except ReasonMissing as error:
        fault = formview.FaultView(error.sentence(door.locale), "unmask-reason")
        return draw(request, door, reference, problems=[fault], status=error.status)
    return draw(request, door, reference, unmasked=shown)


def draw(
    request: Request,
    door: Door,
    reference: str,
    *,
    unmasked: Sequence[FieldShown] = (),
    problems: Sequence[formview.FaultView] = (),
    status: int = 200,
    said: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The page of a case; ``typed`` is what a form of it brought that was refused."""
    with door.reading() as reading:
        who = viewer(reading, door)
        file = queries.case_file(reading, reference)
        today = clock.day_of(reading.now)
        around = casework.around(reading, file.case.id)
    return rendering.page(
        request,
        "case.html",
        status,
        here="search",
        canonical=f"/desk/cases/{file.case.reference}",
        viewer=who,
        today=today,
        file=file,
        unmasked=unmasked,
        problems=problems,
        around=around,
        typed=typed or {},
        submission=new_submission(),
        clocks=casework.clocks(file.deadlines),
        diagrams=casework.drawings(file.diagrams, door.locale),
        said=_said(said, door.locale),
    )


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    words = {
        "kept": _("Your work has been kept."),
        "sent": _("It was sent into the case."),
        "instructed": _("The instruction was recorded."),
        "fulfilled": _("The report was recorded."),
    }
    return words.get(name, "")
