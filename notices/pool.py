"""A few helper processes that take orders one at a time, can be killed at any moment, and know nothing.

What they work on comes from strangers, and a page can take a second of processor time. So each is started fresh, with an
environment that holds neither keys nor the database's address, is killed when one order takes more processor time than it may,
and is replaced. They stay alive between orders, because loading fonts takes far longer than a page. A pool of multiprocessing
would hand each of them our whole environment; hence a small one of our own.

They end with us: an idle process waits for its input, which closes when we die, however we die; a busy one notices when it has
its answer, or when its time is up.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from engine.errors import EngineError
from notices import fonts, paper
from notices.orders import FAILED, receive, send
from notices.paper import RenderBusy, RenderFailed, RenderTimedOut

START_SECONDS = 60.0
WAIT_SECONDS = 60.0
"""So long somebody waits for a process that is free."""
PATIENCE = 6
"""On a busy machine an order may take so many times longer than the processor time that it is allowed."""
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
"""Names of the environment that a helper process may see."""
_ERRORS: dict[str, type[EngineError]] = {
    error.__name__: error
    for module in (paper, fonts)
    for error in vars(module).values()
    if isinstance(error, type) and issubclass(error, EngineError)
}


class Pool:
    """Processes that run one module, started when they are first needed."""

    def __init__(self, module: str, workers: int, seconds: float, wait: float = WAIT_SECONDS) -> None:
        self._module, self._seconds, self._wait = module, seconds, wait
        self._places = threading.BoundedSemaphore(max(workers, 1))
        self._idle: list[Process] = []
        self._lock = threading.Lock()
        self._closed = False

    def ask(self, action: bytes, order: bytes) -> bytes:
        """What one process answers, within the time limit; waits for a free process, but not for ever."""
        if not self._places.acquire(timeout=self._wait):
            raise RenderBusy()
        try:
            process = self._take()
            try:
                letter, payload = process.ask(action, order)
            except BaseException:
                process.kill()
                raise
            self._give_back(process)
        finally:
            self._places.release()
        if letter == FAILED:
            raise _error(payload)
        return payload

    def _take(self) -> "Process":
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive:
                    return process
                process.kill()
        return Process(self._module, self._seconds)

    def _give_back(self, process: "Process") -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(process)
                return
        process.kill()

    def close(self) -> None:
        """End the processes: the idle ones now, a busy one after its answer."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().kill()


class Process:
    """One helper process and the two pipes to it."""

    def __init__(self, module: str, seconds: float) -> None:
        self._seconds = seconds
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        # The seed makes sets, and with them the bytes of a PDF, come out in the same order in every process.
        environment |= {"DUBAN_FONTS": str(fonts.folder()), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(seconds)],
            cwd=fonts.PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._orders = cast(BinaryIO, self._process.stdin)
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

    def ask(self, action: bytes, order: bytes) -> tuple[bytes, bytes]:
        with _Deadline(self._process, self._seconds * PATIENCE) as deadline:
            try:
                send(self._orders, action, order)
                answer = receive(self._answers)
            except OSError:
                answer = None
        return answer or self._gone(deadline)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with contextlib.suppress(OSError):  # what was not yet written goes with the process
            self._orders.close()

    def _await_ready(self) -> None:
        with _Deadline(self._process, START_SECONDS) as deadline:
            answer = receive(self._answers)
        letter, payload = answer or self._gone(deadline)
        if letter == FAILED:
            raise _error(payload)

    def _gone(self, deadline: "_Deadline") -> tuple[bytes, bytes]:
        status = self._process.wait()
        if deadline.passed or status == -signal.SIGPROF:
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


def _error(payload: bytes) -> EngineError:
    said = json.loads(payload)
    return _ERRORS[said["error"]](**said["data"])


class Shared:
    """The pool of this process, made when it is first asked for; a fork of this process makes its own."""

    def __init__(self, make: Callable[[], Pool]) -> None:
        self._make = make
        self._pool: Pool | None = None
        self._creating = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self) -> Pool:
        with self._creating:
            if self._pool is None:
                self._pool = self._make()
            return self._pool

    def close(self) -> None:
        with self._creating:
            if self._pool is not None:
                self._pool.close()

    def _forget(self) -> None:
        self._pool, self._creating = None, threading.Lock()
