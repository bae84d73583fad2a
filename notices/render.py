"""Typesetting as a service: papers go in, PDF bytes come out, and nothing a template does can hurt the one who asks.

Templates and facts are data from strangers, and a page can take a second of processor time. So papers are set in processes
of their own (``notices.worker``): started fresh, with an environment that holds neither keys nor the database's address,
killed when one paper takes more processor time than ``DUBAN_RENDER_SECONDS``, and replaced. They stay alive between papers,
because loading fonts takes far longer than a page. A pool of multiprocessing would hand each of them our whole environment;
hence a small one of our own.

Public: ``render`` (PDF), ``preview`` (HTML fragment for the screen), ``check_characters``.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import BinaryIO, cast

from engine.errors import EngineError
from engine.settings import Settings
from notices import fonts, paper, worker
from notices.paper import (
    DocumentTooLong,
    FieldTooLong,
    Paper,
    Place,
    Printed,
    RenderFailed,
    RenderTimedOut,
    TemplateFaulty,
    UncoveredCharacters,
    check_size,
)
from notices.sheets import Sheet

__all__ = [
    "DocumentTooLong",
    "FieldTooLong",
    "Paper",
    "Pool",
    "RenderFailed",
    "RenderTimedOut",
    "TemplateFaulty",
    "UncoveredCharacters",
    "check_characters",
    "preview",
    "render",
    "sheet",
    "typeset",
]

START_SECONDS = 60.0
PATIENCE = 6
"""On a busy machine a paper may take so many times longer than the processor time that it is allowed."""
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
"""Names of the environment that a rendering process may see."""
_ERRORS: dict[str, type[EngineError]] = {
    error.__name__: error
    for module in (paper, fonts)
    for error in vars(module).values()
    if isinstance(error, type) and issubclass(error, EngineError)
}


def render(paper: Paper) -> bytes:
    """The PDF of a notice; see ``typeset``."""
    return typeset(paper).content


def typeset(paper: Paper) -> Printed:
    """The PDF of a notice, tagged PDF/A-3a, the same bytes whenever it is asked for, and the place of the seal.

    Raises UncoveredCharacters, TemplateFaulty, FieldTooLong and DocumentTooLong (all Invalid); RenderTimedOut, RenderFailed
    and FontsMissing (all Unavailable).
    """
    check_size(paper)
    return _pool().write(paper)


def preview(paper: Paper) -> str:
    """The notice as an HTML fragment for the screen; its style is ``notices/templates/preview.css``."""
    check_size(paper)
    return _pool().ask(worker.PREVIEW, paper).decode()


def sheet(sheet: Sheet) -> bytes:
    """The PDF of a form, of labels or of a list (``notices.sheets``); raises what ``typeset`` raises but for templates."""
    return _pool().print(sheet)


def check_characters(paper: Paper) -> None:
    """Raise UncoveredCharacters when the notice would show a character that no typeface has; faster than ``render``."""
    check_size(paper)
    _pool().ask(worker.CHECK, paper)


class Pool:
    """A few rendering processes, started when they are first needed."""

    def __init__(self, workers: int, seconds: float) -> None:
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(max(workers, 1))
        self._idle: list[_Process] = []
        self._lock = threading.Lock()

    def ask(self, action: bytes, paper: "Paper | Sheet") -> bytes:
        """What one process answers, within the time limit; waits for a free process."""
        question = _as_question(paper)
        with self._places:
            process = self._take()
            try:
                answer = process.ask(action, question)
            except BaseException:
                process.kill()
                raise
            with self._lock:
                self._idle.append(process)
        letter, payload = answer
        if letter == worker.FAILED:
            raise _error(payload)
        return payload

    def write(self, paper: Paper) -> Printed:
        """A typeset paper."""
        head, _, content = self.ask(worker.WRITE, paper).partition(b"\n")
        place = json.loads(head)
        return Printed(content, Place(**place) if place else None)

    def print(self, sheet: Sheet) -> bytes:
        """A typeset sheet."""
        return self.ask(worker.SHEET, sheet)

    def _take(self) -> "_Process":
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive:
                    return process
                process.kill()
        return _Process(self._seconds)

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            while self._idle:
                self._idle.pop().kill()


class _Process:
    """One rendering process and the two pipes to it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        # The seed makes sets, and with them the bytes of a PDF, come out in the same order in every process.
        environment |= {"DUBAN_FONTS": str(fonts.folder()), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "notices.worker", str(seconds)],
            cwd=fonts.PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._questions = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        try:
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def id(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, action: bytes, question: bytes) -> tuple[bytes, bytes]:
        with _Deadline(self._process, self._seconds * PATIENCE) as deadline:
            try:
                worker.send(self._questions, action, question)
                answer = worker.receive(self._answers)
            except OSError:
                answer = None
        return answer or self._gone(deadline)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with contextlib.suppress(OSError):  # what was not yet written goes with the process
            self._questions.close()

    def _await_ready(self) -> None:
        with _Deadline(self._process, START_SECONDS) as deadline:
            answer = worker.receive(self._answers)
        letter, payload = answer or self._gone(deadline)
        if letter == worker.FAILED:
            raise _error(payload)

    def _gone(self, deadline: "_Deadline") -> tuple[bytes, bytes]:
        status = self._process.wait()
        if deadline.passed or status == -signal.SIGXCPU:
            raise RenderTimedOut(seconds=f"{self._seconds:g}")
        raise RenderFailed(reason=f"its process ended with status {status}")


class _Deadline:
    """Kills a process when a block of code lasts too long; the pipes then end, and nobody waits for ever."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.daemon = True
        self.passed = False

    def _strike(self) -> None:
        self.passed = True
        self._process.kill()

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _as_question(paper: "Paper | Sheet") -> bytes:
    try:
        return json.dumps(paper.to_json()).encode()
    except RecursionError as fault:
        raise RenderFailed(reason="its facts are nested too deeply") from fault


def _error(payload: bytes) -> EngineError:
    said = json.loads(payload)
    return _ERRORS[said["error"]](**said["data"])


_shared: Pool | None = None
_creating = threading.Lock()


def _pool() -> Pool:
    """The pool of this process."""
    global _shared
    with _creating:
        if _shared is None:
            settings = Settings()
            _shared = Pool(settings.render_workers, settings.render_seconds)
            atexit.register(_shared.close)
    return _shared
