"""The published catalogue on the portal: search, one item, and the same for machines as DCAT-AP and CSV."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from api import catalogue_words, files, rendering
from api.deps import Door, PageAnyone
from api.pages import posted as sent_form
from api.pages.posted import Search, Word
from engine import about_items, catalogue_csv, catalogue_dcat, item_form, item_lists, priority
from engine.access import PUBLIC
from engine.item_lists import Asked

router = APIRouter()

ROWS = 30
ItemCode = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]


def asked(
    q: Search = "",
    organisation: Word = "",
    domain: Word = "",
    format: Word = "",
    sharing: Word = "",
    opening: Word = "",
) -> Asked:
    """How the list is narrowed, from the address."""
    return Asked(sent_form.clean(q), organisation, domain, format, sharing, opening)


Wanted = Annotated[Asked, Depends(asked)]
After = Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")]


def _as_public(door: Door) -> Door:
    """Whoever is signed in sees here what everybody sees."""
    return door.as_actor(PUBLIC)


@router.get("/catalogue")
def show(request: Request, door: PageAnyone, wanted: Wanted, after: After = "") -> Response:
    with _as_public(door).reading() as reading:
        page = item_lists.listed(reading, wanted, after, ROWS)
        return rendering.page(
            request,
            "catalogue.html",
            here="catalogue",
            canonical="/catalogue",
            page=page,
            asked=wanted,
            organisations=item_lists.owners(reading),
            words=catalogue_words.of(reading, door.locale),
        )


@router.get("/catalogue.jsonld")
def jsonld(door: PageAnyone, wanted: Wanted, after: After = "") -> Response:
    """The open catalogue for other portals, in pages (DCAT-AP, hydra)."""
    with _as_public(door).reading() as reading:
        page = item_lists.listed(reading, wanted, after, catalogue_dcat.PAGE)
        base = reading.settings.base_url.rstrip("/") + "/catalogue.jsonld"
        query = {"q": wanted.text, "organisation": wanted.organisation, "domain": wanted.domain}
        query |= {"format": wanted.format, "sharing": wanted.sharing, "opening": wanted.opening}
        document = catalogue_dcat.catalogue(
            reading.settings,
            [(row.item, row.said, row.owner) for row in page.rows],
            total=page.total,
            here=rendering.address(base, **query, after=after),
            publisher=item_lists.publisher(reading),
            public=True,
            following=rendering.address(base, **query, after=page.next_key) if page.next_key else None,
        )
    return JSONResponse(document, media_type=catalogue_dcat.MEDIA_TYPE)


@router.get("/catalogue.csv")
def table(door: PageAnyone, wanted: Wanted) -> Response:
    """The published catalogue as a table, as it is narrowed."""
    with _as_public(door).reading() as reading:
        text = catalogue_csv.write(reading.settings, item_lists.every(reading, wanted), door.locale, public=True)
    return files.download("catalogue.csv", "text/csv; charset=utf-8", text.encode())


@router.get("/catalogue/{code}.jsonld")
def jsonld_of(door: PageAnyone, code: ItemCode) -> Response:
    with _as_public(door).reading() as reading:
        row = item_lists.one(reading, code)
        document = catalogue_dcat.document(reading.settings, (row.item, row.said, row.owner), public=True)
    return JSONResponse(document, media_type=catalogue_dcat.MEDIA_TYPE)


@router.get("/catalogue/{code}")
def one(request: Request, door: PageAnyone, code: ItemCode) -> Response:
    with _as_public(door).reading() as reading:
        row = item_lists.one(reading, code)
        form = item_form.of(reading.settings, door.locale)
        reasons = priority.reasons(reading.settings, row.said, row.demand)
        offers = [
            (bundle.key, bundle.text(bundle.manifest.process, "title", door.locale))
            for bundle in about_items.offered(reading, row)
        ]
        return rendering.page(
            request,
            "catalogue_item.html",
            here="catalogue",
            row=row,
            facts=form.describe(_told(item_form.answers(row.said)), door.locale),
            reasons=[priority.sentence(reason, door.locale) for reason in reasons],
            offers=offers,
            words=catalogue_words.of(reading, door.locale),
        )


def _told(answers: dict[str, object]) -> dict[str, object]:
    """What stands elsewhere on the page is not said twice."""
    return {name: value for name, value in answers.items() if name not in ("name", "description", "fields", "url")}
