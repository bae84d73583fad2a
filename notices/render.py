"""Typesetting as a service: papers go in, PDF bytes come out, and nothing a template does can hurt the one who asks.

Papers are set in processes of their own (``notices.worker``), pages are drawn as pictures in others (``notices.viewer``), both
of which ``notices.pool`` keeps: killed when one paper takes more processor time than ``DUBAN_RENDER_SECONDS``, and replaced.

Public: ``render`` and ``typeset`` (PDF), ``preview`` (HTML fragment for the screen), ``check_characters``; ``pictures``,
``picture`` and ``count_pages`` of a PDF; ``sheet`` (forms, labels, lists of the house).
"""

import atexit
import json
import os

from engine.settings import Settings
from notices import viewer, worker
from notices.paper import (
    DocumentTooLong,
    FieldTooLong,
    NoPdf,
    PageNotFound,
    Paper,
    Place,
    Printed,
    RenderBusy,
    RenderFailed,
    RenderTimedOut,
    TemplateFaulty,
    TooManyPages,
    UncoveredCharacters,
    check_size,
)
from notices.pool import Pool, Shared
from notices.sheets import Sheet

__all__ = [
    "DocumentTooLong",
    "FieldTooLong",
    "NoPdf",
    "PageNotFound",
    "Paper",
    "RenderBusy",
    "RenderFailed",
    "RenderTimedOut",
    "TemplateFaulty",
    "TooManyPages",
    "UncoveredCharacters",
    "check_characters",
    "count_pages",
    "picture",
    "pictures",
    "preview",
    "render",
    "sheet",
    "typeset",
]

DPI = 110
LARGEST_PDF = 20 * 1024 * 1024


def workers(settings: Settings) -> int:
    """How many papers are set at once: as many as are asked for, else one a core, at most two."""
    return settings.render_workers or min(2, os.cpu_count() or 1)


def render(paper: Paper) -> bytes:
    """The PDF of a notice; see ``typeset``."""
    return typeset(paper).content


def typeset(paper: Paper) -> Printed:
    """The PDF of a notice, tagged PDF/A-3a, the same bytes whenever it is asked for, and the place of the seal.

    Raises UncoveredCharacters, TemplateFaulty, FieldTooLong and DocumentTooLong (all Invalid); RenderTimedOut, RenderBusy,
    RenderFailed and FontsMissing (all Unavailable).
    """
    return written(_typesetters().ask(worker.WRITE, question(paper)))


def preview(paper: Paper) -> str:
    """The notice as an HTML fragment for the screen; its style is ``notices/templates/preview.css``."""
    return _typesetters().ask(worker.PREVIEW, question(paper)).decode()


def check_characters(paper: Paper) -> None:
    """Raise UncoveredCharacters when the notice would show a character that no typeface has; faster than ``render``."""
    _typesetters().ask(worker.CHECK, question(paper))


def sheet(sheet: Sheet) -> bytes:
    """The PDF of a form, of labels or of a list (``notices.sheets``); raises what ``typeset`` raises but for templates."""
    return _typesetters().ask(worker.SHEET, _as_order(sheet))


def question(paper: Paper) -> bytes:
    """A paper as a typesetting process is asked about it; raises FieldTooLong, DocumentTooLong."""
    check_size(paper)
    return _as_order(paper)


def _as_order(wanted: Paper | Sheet) -> bytes:
    try:
        return json.dumps(wanted.to_json()).encode()
    except RecursionError as fault:
        raise RenderFailed(reason="its facts are nested too deeply") from fault


def written(answer: bytes) -> Printed:
    """What a typesetting process answers: a typeset paper."""
    head, _, content = answer.partition(b"\n")
    place = json.loads(head)
    return Printed(content, Place(**place) if place else None)


def pictures(pdf: bytes, dpi: int = DPI) -> list[bytes]:
    """Every page of a PDF as PNG, whoever made the file.

    Raises NoPdf, TooManyPages (Invalid), RenderTimedOut, RenderBusy, RenderFailed (Unavailable).
    """
    return _drawn(pdf, dpi, None)


def picture(pdf: bytes, page: int, dpi: int = DPI) -> bytes:
    """One page, counted from 0, as PNG; raises PageNotFound, and what ``pictures`` raises."""
    return _drawn(pdf, dpi, page)[0]


def count_pages(pdf: bytes) -> int:
    """How many pages a PDF has; raises what ``pictures`` raises."""
    _refuse_large(pdf)
    return int(_viewers().ask(viewer.COUNT, pdf))


def _drawn(pdf: bytes, dpi: int, page: int | None) -> list[bytes]:
    _refuse_large(pdf)
    asked = json.dumps({"dpi": dpi, "page": page}).encode()
    return list(viewer.parts(_viewers().ask(viewer.DRAW, asked + b"\n" + pdf)))


def _refuse_large(pdf: bytes) -> None:
    if len(pdf) > LARGEST_PDF:
        raise NoPdf()


def _make(module: str, count: int) -> Pool:
    pool = Pool(module, count, Settings().render_seconds)
    atexit.register(pool.close)
    return pool


_typesetters = Shared(lambda: _make("notices.worker", workers(Settings())))
_viewers = Shared(lambda: _make("notices.viewer", 1))
