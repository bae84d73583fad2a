"""The catalogue at the desk: all items with what is shared how, one item with its grants and revisions, and proposals."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import catalogue_words, files, rendering
from api.deps import PagePerson
from api.pages.catalogue import After, ItemCode, Wanted
from api.pages.frame import viewer
from api.pages.posted import Sent
from engine import about_items, audit, catalogue, catalogue_csv, clock, item_form, item_lists, priority
from engine.access import UNIT_HEAD

router = APIRouter(prefix="/desk/catalogue")

ROWS = 30


@router.get("")
def show(request: Request, door: PagePerson, wanted: Wanted, after: After = "") -> Response:
    with door.reading() as reading:
        page = item_lists.listed(reading, wanted, after, ROWS)
        return rendering.page(
            request,
            "desk_catalogue.html",
            here="catalogue",
            canonical="/desk/catalogue",
            viewer=viewer(reading, door),
            page=page,
            asked=wanted,
            organisations=item_lists.owners(reading),
            words=catalogue_words.of(reading, door.locale),
            drafts=bool(reading.actor.organisations(catalogue.HANDLER, UNIT_HEAD)),
        )


@router.post("/export")
def export(door: PagePerson, wanted: Wanted, posted: Sent) -> Response:
    """The list as it is narrowed, as CSV that can be brought in again; that it was taken along is recorded."""
    with door.reading() as reading:
        rows = item_lists.every(reading, wanted)
        text = catalogue_csv.write(reading.settings, rows, door.locale)
    with door.writing() as uow:
        audit.record(uow, "catalogue.exported", stream="reads", rows=len(rows))
        day = clock.day_of(uow.now)
    return files.download(f"catalogue-{day}.csv", "text/csv; charset=utf-8", text.encode())


@router.get("/items/{code}")
def one(request: Request, door: PagePerson, code: ItemCode) -> Response:
    with door.reading() as reading:
        row = item_lists.one(reading, code)
        form = item_form.of(reading.settings, door.locale)
        told = {name: v for name, v in item_form.answers(row.said).items() if name not in ("name", "fields")}
        return rendering.page(
            request,
            "desk_item.html",
            here="catalogue",
            viewer=viewer(reading, door),
            row=row,
            facts=form.describe(told, door.locale),
            reasons=[
                priority.sentence(reason, door.locale)
                for reason in priority.reasons(reading.settings, row.said, row.demand)
            ],
            history=item_lists.history(reading, row.item.id),
            versions=item_lists.versions(reading, row.owner.id),
            grants=item_lists.granted(reading, code=code),
            mine=row.owner.id in reading.actor.organisations(catalogue.HANDLER, UNIT_HEAD),
            offers=[
                (bundle.key, bundle.text(bundle.manifest.process, "title", door.locale))
                for bundle in about_items.offered(reading, row)
            ],
            words=catalogue_words.of(reading, door.locale),
        )


@router.post("/items/{code}/renewed")
def renewed(door: PagePerson, code: ItemCode, posted: Sent) -> Response:
    """The owner tells that the data were renewed today (Art. 12): an old dataset is an alarm."""
    with door.writing() as uow:
        catalogue.renewed(uow, code)
    return RedirectResponse(f"/desk/catalogue/items/{code}", 303)
