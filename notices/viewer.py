"""The viewing process: draws the pages of a PDF as pictures. ``notices.render.pictures`` asks it.

It is another process than the typesetting one, so that a file from a stranger which breaks the viewer never meets a paper.
"""

import io
import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2 as pdfium
from PIL import Image

from notices import orders
from notices.paper import NoPdf, PageNotFound, TooManyPages

DRAW, COUNT = b"G", b"N"
MOST_PAGES = 60
LARGEST = 4000
"""Of a picture: dots on its longer edge. A sheet that claims to be a kilometre wide is drawn smaller."""


def main() -> None:
    orders.serve(lambda: {DRAW: _draw, COUNT: _count})


def _draw(payload: bytes) -> bytes:
    head, _, content = payload.partition(b"\n")
    asked: dict[str, Any] = json.loads(head)
    with _opened(content) as document:
        document.init_forms()  # the seal of a signed paper is shown by a field
        pictures = (_png(document[page], asked["dpi"]) for page in _pages(document, asked["page"]))
        return b"".join(struct.pack(">I", len(png)) + png for png in pictures)


def _pages(document: pdfium.PdfDocument, asked: int | None) -> Sequence[int]:
    count = len(document)
    if asked is None:
        if count > MOST_PAGES:
            raise TooManyPages(pages=count, most=MOST_PAGES)
        return range(count)
    if not 0 <= asked < count:
        raise PageNotFound(page=asked + 1)
    return [asked]


def _count(payload: bytes) -> bytes:
    with _opened(payload) as document:
        return str(len(document)).encode()


def _opened(content: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as fault:
        raise NoPdf() from fault
    if not len(document):
        raise NoPdf()
    return document


def _png(page: pdfium.PdfPage, dpi: float) -> bytes:
    longer = max(page.get_width(), page.get_height(), 1)
    picture = page.render(scale=min(dpi / 72, LARGEST / longer)).to_pil()
    written = io.BytesIO()
    picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(written, "PNG", compress_level=4)
    return written.getvalue()


def parts(joined: bytes) -> Iterator[bytes]:
    """The pictures of an answer, one by one."""
    while joined:
        (length,) = struct.unpack(">I", joined[:4])
        yield joined[4 : 4 + length]
        joined = joined[4 + length :]


if __name__ == "__main__":
    main()
