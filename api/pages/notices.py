"""Every notice of a deployed process with its sample as pictures, and the typefaces that this machine prints with."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import files, i18n, rendering
from api.deps import Door, PageAdministrator
from api.pages.frame import viewer
from api.pages.posted import Key, Word
from engine import definitions
from engine.definitions import Bundle
from engine.errors import NotFound
from engine.manifest import NoticeRule
from notices import fonts, render
from notices.showroom import Exhibit, showroom

router = APIRouter(prefix="/admin/notices")


@dataclass(frozen=True)
class Row:
    """A notice as the page lists it."""

    title: str
    rule: NoticeRule
    exhibit: Exhibit


@dataclass(frozen=True)
class FaceShown:
    """A typeface in use: its office, its file, and whether the office bought it."""

    office: str
    file: str
    commercial: bool


@router.get("")
def overview(request: Request, door: PageAdministrator, process: Word = "") -> Response:
    with door.reading() as reading:
        who, now = viewer(reading, door), reading.now
        bundles = definitions.processes(reading)
    shown = next((bundle for bundle in bundles if bundle.key == process), bundles[0] if bundles else None)
    faces, missing = _faces(door.locale)
    return rendering.page(
        request,
        "admin_notices.html",
        here="admin",
        viewer=who,
        processes=[(b.key, b.text(b.manifest.process, "title", door.locale)) for b in bundles],
        shown=shown.key if shown else "",
        rows=_rows(shown, now, door.locale) if shown else [],
        faces=faces,
        fonts_missing=missing,
    )


@router.get("/{process}/{notice}/{lang}.pdf")
def sample_pdf(door: PageAdministrator, process: Key, notice: Key, lang: Key) -> Response:
    bundle, now = _found(door, process)
    return files.download(f"{notice}-{lang}.pdf", "application/pdf", showroom.pdf(bundle, notice, lang, now))


@router.get("/{process}/{notice}/{lang}/{page}.png")
def picture(request: Request, door: PageAdministrator, process: Key, notice: Key, lang: Key, page: int) -> Response:
    bundle, now = _found(door, process)
    tag = f'"{bundle.presentation_id}-{lang}-{page}-{now.date()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=files.kept_privately(tag))
    drawn = render.picture(showroom.pdf(bundle, notice, lang, now), page - 1)
    return Response(drawn, media_type=files.PNG, headers=files.kept_privately(tag))


def _found(door: Door, process: str) -> tuple[Bundle, datetime]:
    with door.reading() as reading:
        found = next((bundle for bundle in definitions.processes(reading) if bundle.key == process), None)
        now = reading.now
    if found is None:
        raise NotFound()
    return found, now


def _rows(bundle: Bundle, now: datetime, locale: str) -> list[Row]:
    rows = []
    for exhibit in showroom.exhibits(bundle, now):
        rule = bundle.notice(exhibit.name)
        rows.append(Row(bundle.text(rule, "title", locale), rule, exhibit))
    return rows


def _faces(locale: str) -> tuple[list[FaceShown], str]:
    """The typefaces in use, or the sentence that says which are missing."""
    _ = i18n.gettext(locale)
    offices = {
        fonts.TITLE: _("Titles and letterheads"),
        fonts.FANG: _("Text"),
        fonts.HEI: _("First headings"),
        fonts.KAI: _("Second headings"),
        fonts.SONG: _("Page numbers"),
        fonts.STRONG: _("Large lines of receipts"),
    }
    try:
        found = fonts.in_use(fonts.folder())
    except fonts.FontsMissing as missing:
        return [], missing.sentence(locale)
    shown = [FaceShown(words, found[role].name, found[role].name not in fonts.FACES) for role, words in offices.items()]
    shown.sort(key=lambda face: not face.commercial)
    return [*shown, FaceShown(_("Rare characters"), fonts.RARE, False)], ""
