"""The rendering process: reads papers from its standard input, answers with pages, and knows nothing else.

``notices.render`` starts it with an empty environment, so that it holds neither keys nor the address of the database; it can be
killed at any moment, and ends when its input ends. One message is four bytes of length, one letter, and the payload.
"""

import json
import logging
import math
import os
import resource
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.errors import EngineError
from notices.fonts import folder, fontconfig, typefaces
from notices.paper import Paper, RenderFailed

if TYPE_CHECKING:
    from notices.pdf import Printer

READY, DONE, FAILED = b"R", b"D", b"E"
WRITE, PREVIEW, CHECK, SHEET = b"W", b"P", b"C", b"S"
Action = Callable[["Printer", dict[str, Any]], bytes]
MEMORY = 2 * 1024**3
"""Address space of a rendering process in bytes: a template that builds endless texts hits this wall, not the machine's."""


def send(pipe: BinaryIO, letter: bytes, payload: bytes = b"") -> None:
    """Write one message."""
    pipe.write(struct.pack(">I", len(payload)) + letter + payload)
    pipe.flush()


def receive(pipe: BinaryIO) -> tuple[bytes, bytes] | None:
    """Read one message; None when the other side has gone."""
    head = pipe.read(5)
    if len(head) < 5:
        return None
    (length,) = struct.unpack(">I", head[:4])
    payload = pipe.read(length)
    return (head[4:], payload) if len(payload) == length else None


def main() -> None:
    """Answer until the input ends; the argument is the processor time that one paper may take, in seconds."""
    seconds = float(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up between the messages
    _bound()
    try:
        printer = _printer()
    except EngineError as error:
        send(answers, FAILED, _as_json(error))
        return
    send(answers, READY)
    actions = {WRITE: _of_paper(_write), PREVIEW: _of_paper(_preview), CHECK: _of_paper(_check), SHEET: _sheet}
    while message := receive(sys.stdin.buffer):
        letter, payload = message
        _allow(seconds)
        send(answers, *_answer(actions[letter], printer, payload))


def _bound() -> None:
    """No endless memory, and no core file that would hold a citizen's data."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most), most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow(seconds: float) -> None:
    """From now on, so much processor time; the kernel ends the process when it is used up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


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


def _of_paper(action: Callable[["Printer", Paper], bytes]) -> Action:
    return lambda printer, told: action(printer, Paper.from_json(told))


def _answer(action: Action, printer: "Printer", payload: bytes) -> tuple[bytes, bytes]:
    try:
        return DONE, action(printer, json.loads(payload))
    except EngineError as error:
        return FAILED, _as_json(error)
    except Exception as error:  # the process stays; the paper's sentence goes to whoever asked for it
        return FAILED, _as_json(RenderFailed(reason=_place_of(error)))


def _place_of(error: BaseException) -> str:
    """Kind and place of an unexpected error, but not its message, which may quote the paper."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}{where}"


def _as_json(error: EngineError) -> bytes:
    return json.dumps({"error": type(error).__name__, "data": error.data}, default=str).encode()


def _write(printer: "Printer", paper: Paper) -> bytes:
    printed = printer.write(printer.page(paper))
    return json.dumps(asdict(printed.seal) if printed.seal else None).encode() + b"\n" + printed.content


def _preview(printer: "Printer", paper: Paper) -> bytes:
    return printer.preview(paper).encode("utf-8", "replace")


def _check(printer: "Printer", paper: Paper) -> bytes:
    printer.page(paper)
    return b""


def _sheet(printer: "Printer", told: dict[str, Any]) -> bytes:
    return printer.sheet(told)


if __name__ == "__main__":
    main()
