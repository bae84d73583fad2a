"""Notices for the tests, and what can be read back from their pages."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from notices.fonts import FANG, folder, typefaces
from notices.gongwen import CELL, LEFT, MM, PITCH, TOP
from notices.render import Paper

RARE_NAMES = "䶮㬎𬭚镕堃喆祎頔"


def paper(template: str = "<p>请查收。</p>", **changes: Any) -> Paper:
    """An issued letter with one paragraph, unless told otherwise."""
    usual: dict[str, Any] = {
        "template": template,
        "form": "letter",
        "facts": {},
        "title": "开放需求申请答复书",
        "organisation": "贵阳市交通委员会",
        "number": "筑交数复〔2026〕18号",
        "issued_on": date(2026, 11, 18),
        "addressee": "王䶮先生",
        "seal": True,
        "qr": "https://data.example.cn/verify/7F3K",
        "lang": "zh-CN",
        "created": datetime(2026, 11, 18, 1, tzinfo=UTC),
    }
    return Paper(**(usual | changes))


@dataclass(frozen=True)
class Character:
    """A character on a page: its origin and size in points, measured from the upper left corner of the sheet."""

    text: str
    x: float
    y: float
    size: float


def characters(pdf: bytes) -> list[list[Character]]:
    """What stands on each page, character by character."""
    with pdfium.PdfDocument(pdf) as document:
        return [list(_characters(page)) for page in document]


def _characters(page: pdfium.PdfPage) -> Iterator[Character]:
    height = page.get_height()
    text = page.get_textpage()
    half = ""
    for index in range(pdfium_c.FPDFText_CountChars(text)):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        if pdfium_c.FPDFText_IsGenerated(text, index) or not code:
            continue
        if 0xD800 <= code < 0xDC00:
            half = chr(code)
            continue
        x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
        pdfium_c.FPDFText_GetCharOrigin(text, index, x, y)
        pdfium_c.FPDFText_GetMatrix(text, index, matrix)
        size = pdfium_c.FPDFText_GetFontSize(text, index) * abs(matrix.d)
        yield Character(_joined(half + chr(code)), x.value, height - y.value, size)
        half = ""


def _joined(units: str) -> str:
    """The character of two halves: PDFium counts as UTF-16 does."""
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


def text(pdf: bytes) -> str:
    """All text of a notice without white space, in the order in which a reader would copy it."""
    return "".join(texts(pdf))


def texts(pdf: bytes) -> list[str]:
    """The same page by page."""
    with pdfium.PdfDocument(pdf) as document:
        copied = [page.get_textpage().get_text_range() for page in document]
    return ["".join(_joined(page).split()) for page in copied]


def image(pdf: bytes, page: int = 0, dpi: int = 144) -> Image.Image:
    """A page as a picture."""
    with pdfium.PdfDocument(pdf) as document:
        return document[page].render(scale=dpi / 72).to_pil().convert("RGB")


def baseline(line: float) -> float:
    """Where the baseline of a line of the grid lies, from the upper edge of the sheet."""
    return TOP + line * PITCH + typefaces(folder())[FANG].ascent * CELL


def on_the_grid(pages: list[list[Character]]) -> list[Character]:
    """The characters that have to stand on the grid: those of the text's size, above the foot line."""
    foot = 263 * MM
    found = [c for page in pages for c in page if abs(c.size - CELL) < 0.05 and c.y < foot and c.text.strip()]
    assert found, "the page has no text of the text's size"
    return found


def off_grid(pages: list[list[Character]]) -> float:
    """How far the worst baseline of the text lies from the grid, in points."""
    lines = [(character.y - baseline(0)) / PITCH for character in on_the_grid(pages)]
    return max(abs(line - round(line)) * PITCH for line in lines)


def right_edge(pages: list[list[Character]]) -> float:
    """The rightmost origin of the text, in cells from the left margin."""
    return max((character.x - LEFT) / CELL for character in on_the_grid(pages))
