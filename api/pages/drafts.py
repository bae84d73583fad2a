"""Drafting revisions of the catalogue: for a case, or as proposals of one's house. The same pages at two addresses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import catalogue_words, formview, rendering
from api.deps import Door, PagePerson
from api.pages.frame import viewer
from api.pages.posted import Key, Posted, Sent, Word
from engine import catalogue, catalogue_csv, catalogue_dcat, item_form, item_lists
from engine.access import UNIT_HEAD
from engine.csv_tables import FileFaulty
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, EngineError, Forbidden, Invalid, NotFound
from engine.form_problems import FormInvalid, Problem
from engine.item_lists import Asked
from engine.models import Case
from engine.queries import files

router = APIRouter()

CASE, HOUSE = "/desk/cases/{reference}/items", "/desk/catalogue/drafts"
MOST_SHOWN = 200
Chosen = Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")]


@dataclass(frozen=True)
class Place:
    """Where drafting happens: for a case, or in the house of the reader."""

    base: str
    reference: str = ""

    def case(self, reading: Reading) -> Case | None:
        return files.find(reading, self.reference) if self.reference else None


def _of_case(reference: str) -> Place:
    return Place(CASE.format(reference=reference), reference)


HERE = Place(HOUSE)


# ---------------------------------------------------------------- for a case


@router.get(CASE)
def of_case(request: Request, door: PagePerson, reference: Key, said: Word = "") -> Response:
    return _list(request, door, _of_case(reference), said=said)


@router.get(CASE + "/edit")
def edit_for_case(request: Request, door: PagePerson, reference: Key, code: Chosen = "") -> Response:
    return _form(request, door, _of_case(reference), code)


@router.post(CASE + "/edit")
def save_for_case(request: Request, door: PagePerson, reference: Key, posted: Sent, code: Chosen = "") -> Response:
    return _save(request, door, _of_case(reference), posted, code)


@router.post(CASE + "/remove")
def remove_for_case(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    return _remove(request, door, _of_case(reference), posted)


@router.post(CASE + "/drop")
def drop_for_case(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    return _do(request, door, _of_case(reference), lambda uow, case: catalogue.drop(uow, posted.text("draft", 32)))


@router.post(CASE + "/import")
def import_for_case(request: Request, door: PagePerson, reference: Key, posted: Sent) -> Response:
    return _import(request, door, _of_case(reference), posted)


# ---------------------------------------------------------------- as a proposal


@router.get(HOUSE)
def of_house(request: Request, door: PagePerson, said: Word = "") -> Response:
    return _list(request, door, HERE, said=said)


@router.get(HOUSE + "/edit")
def edit(request: Request, door: PagePerson, code: Chosen = "") -> Response:
    return _form(request, door, HERE, code)


@router.post(HOUSE + "/edit")
def save(request: Request, door: PagePerson, posted: Sent, code: Chosen = "") -> Response:
    return _save(request, door, HERE, posted, code)


@router.post(HOUSE + "/remove")
def remove(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _remove(request, door, HERE, posted)


@router.post(HOUSE + "/drop")
def drop(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _do(request, door, HERE, lambda uow, case: catalogue.drop(uow, posted.text("draft", 32)))


@router.post(HOUSE + "/import")
def import_here(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _import(request, door, HERE, posted)


@router.post(HOUSE + "/agree")
def agree(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _do(request, door, HERE, lambda uow, case: catalogue.agree(uow, posted.text("draft", 32)))


@router.post(HOUSE + "/refuse")
def refuse(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _do(request, door, HERE, lambda uow, case: catalogue.refuse(uow, posted.text("draft", 32)))


# ---------------------------------------------------------------- the same at both places


def _do(request: Request, door: Door, place: Place, act: Callable[[UnitOfWork, str | None], Any]) -> Response:
    """Do something and show the list again; what is refused is said above it, and nothing is lost."""
    try:
        with door.writing() as uow:
            case = place.case(uow)
            act(uow, case.id if case else None)
    except (Conflict, Invalid, Forbidden) as error:
        faults = error.faults if isinstance(error, FileFaulty) else ()
        said = [fault.sentence(door.locale) for fault in faults] or [error.sentence(door.locale)]
        return _list(request, door, place, problems=said, status=error.status)
    return RedirectResponse(f"{place.base}?said=kept", 303)


def _remove(request: Request, door: Door, place: Place, posted: Posted) -> Response:
    code = posted.text("code", 80)
    return _do(request, door, place, lambda uow, case: catalogue.draft_removal(uow, code, case_id=case))


def _import(request: Request, door: Door, place: Place, posted: Posted) -> Response:
    """A CSV or JSON-LD file becomes drafts, whole or not at all; the file is read before the transaction."""
    content = posted.files[0].file.read(catalogue_dcat.LARGEST + 1) if posted.files else b""
    try:
        lines = catalogue_dcat.read_either(door.settings, content)
    except FileFaulty as error:
        told = [fault.sentence(door.locale) for fault in error.faults]
        return _list(request, door, place, problems=told, status=error.status)
    return _do(request, door, place, lambda uow, case: catalogue_csv.draft(uow, lines, case_id=case))


def _save(request: Request, door: Door, place: Place, posted: Posted, code: str) -> Response:
    form = item_form.of(door.settings, door.locale)
    values: Mapping[str, Any] = posted.answers
    try:
        values = form.coerce(posted.answers)
        with door.writing() as uow:
            case = place.case(uow)
            catalogue.draft(uow, values, code=code or None, case_id=case.id if case else None)
    except FormInvalid as error:
        return _form(request, door, place, code, values, error.problems, status=error.status)
    except (Conflict, Forbidden) as error:
        return _form(request, door, place, code, values, error=error, status=error.status)
    return RedirectResponse(f"{place.base}?said=kept", 303)


def _list(
    request: Request, door: Door, place: Place, *, problems: Sequence[str] = (), status: int = 200, said: str = ""
) -> Response:
    with door.reading() as reading:
        case = place.case(reading)
        houses = reading.actor.organisations(catalogue.HANDLER, UNIT_HEAD)
        may = catalogue.may_draft(reading, case.id) if case else bool(houses)
        drafts = item_lists.drafts(reading, case.id) if case else item_lists.proposals(reading)
        return rendering.page(
            request,
            "drafts.html",
            status,
            here="catalogue",
            canonical=place.base,
            viewer=viewer(reading, door),
            place=place,
            case=case,
            may=may,
            heads=reading.actor.organisations(UNIT_HEAD),
            drafts=drafts,
            items=_own(reading, houses) if may else (),
            words=catalogue_words.of(reading, door.locale),
            problems=[formview.FaultView(sentence, "") for sentence in problems],
            said=said,
        )


def _own(reading: Reading, houses: frozenset[str]) -> list[item_lists.Listed]:
    """Items of the reader's houses, which may be changed."""
    found: list[item_lists.Listed] = []
    for code, _ in item_lists.owners(reading):
        page = item_lists.listed(reading, Asked(organisation=code), limit=MOST_SHOWN)
        found += [row for row in page.rows if row.owner.id in houses]
    return found


def _form(
    request: Request,
    door: Door,
    place: Place,
    code: str,
    values: Mapping[str, Any] | None = None,
    problems: Sequence[Problem] = (),
    *,
    error: EngineError | None = None,
    status: int = 200,
) -> Response:
    """The form of an item: as it was drafted here, else as it is now; empty for a new one."""
    form = item_form.of(door.settings, door.locale)
    with door.reading() as reading:
        case = place.case(reading)
        if values is None:
            values = _known(reading, case, code) if code else {}
        listed = formview.faults(form, problems)
        if error is not None:
            listed += (formview.FaultView(error.sentence(door.locale), ""),)
        return rendering.page(
            request,
            "draft.html",
            status,
            here="catalogue",
            canonical=f"{place.base}/edit",
            viewer=viewer(reading, door),
            place=place,
            case=case,
            code=code,
            form=formview.views(form, values, problems),
            problems=listed,
        )


def _known(reading: Reading, case: Case | None, code: str) -> Mapping[str, Any]:
    drafts = item_lists.drafts(reading, case.id) if case else item_lists.proposals(reading)
    drafted = next((row.said for row in drafts if row.code == code), None)
    try:
        return item_form.answers(drafted or item_lists.one(reading, code).said)
    except NotFound:
        raise catalogue.ItemUnknown(code=code) from None
