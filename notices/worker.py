"""The typesetting process: reads papers, answers with pages, and knows nothing else. ``notices.render`` asks it."""

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from notices import orders
from notices.fonts import folder, fontconfig, typefaces
from notices.paper import Paper, RenderFailed

if TYPE_CHECKING:
    from notices.pdf import Printer

WRITE, PREVIEW, CHECK, SHEET = b"W", b"P", b"C", b"S"


def main() -> None:
    orders.serve(_actions)


def _actions() -> Mapping[bytes, orders.Action]:
    printer = _printer()

    def with_paper(action: Callable[["Printer", Paper], bytes]) -> orders.Action:
        return lambda payload: action(printer, Paper.from_json(json.loads(payload)))

    def sheet(order: bytes) -> bytes:
        return printer.sheet(json.loads(order))

    return {WRITE: with_paper(_write), PREVIEW: with_paper(_preview), CHECK: with_paper(_check), SHEET: sheet}


def _printer() -> "Printer":
    """The fonts first, then WeasyPrint: Pango reads our fontconfig file when it is loaded."""
    faces = typefaces(folder())
    private = Path(tempfile.mkdtemp(prefix="duban-fonts-"))
    caches = folder() / "cache"
    try:
        caches.mkdir(exist_ok=True)
    except OSError:
        caches = private
    if not os.access(caches, os.W_OK):
        caches = private
    settings = private / "fonts.conf"
    settings.write_text(fontconfig(faces, caches), encoding="utf-8")
    os.environ["FONTCONFIG_FILE"] = str(settings)
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        from notices.pdf import Printer
    except (ImportError, OSError) as missing:
        raise RenderFailed(reason=f"WeasyPrint cannot be loaded ({missing}); run scripts/fetch_fonts.sh") from missing
    printer = Printer(faces)
    settings.unlink()
    if caches is not private:
        private.rmdir()
    return printer


def _write(printer: "Printer", paper: Paper) -> bytes:
    printed = printer.write(printer.page(paper))
    return json.dumps(asdict(printed.seal) if printed.seal else None).encode() + b"\n" + printed.content


def _preview(printer: "Printer", paper: Paper) -> bytes:
    return printer.preview(paper).encode("utf-8", "replace")


def _check(printer: "Printer", paper: Paper) -> bytes:
    printer.page(paper)
    return b""


if __name__ == "__main__":
    main()
