"""What a helper process and the one who asks it say to each other, and how such a process is bounded.

It reads orders from its standard input and answers on its standard output. One message is four bytes of length, one letter, and
the payload. It can be killed at any moment, and ends when its input ends.
"""

import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from engine.errors import EngineError
from notices.paper import RenderFailed

READY, DONE, FAILED = b"R", b"D", b"E"
MEMORY = 2 * 1024**3
"""Address space of a helper process in bytes: a template that builds endless texts hits this wall, not the machine's."""

Action = Callable[[bytes], bytes]


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


def serve(prepare: Callable[[], Mapping[bytes, Action]]) -> None:
    """Answer until the input ends; the program's argument is the processor time that one order may take, in seconds."""
    seconds = float(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up between the messages
    _bound()
    try:
        actions = prepare()
    except EngineError as error:
        send(answers, FAILED, _as_json(error))
        return
    try:
        send(answers, READY)
        while message := receive(sys.stdin.buffer):
            letter, payload = message
            _allow(seconds)
            answer = _answer(actions[letter], payload)
            _allow(0)  # is no limit
            send(answers, *answer)
    except BrokenPipeError:  # whoever asked has gone
        os._exit(0)


def _bound() -> None:
    """No endless memory, and no core file that would hold a citizen's data."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most), most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow(seconds: float) -> None:
    """From now on, so much processor time; the kernel ends the process when it is used up.

    A timer, and no limit on all that the process has used since it began: the kernel counts that in ticks, and on a busy machine
    they drift from the time which we could read by so much that a process which had worked for a minute was ended at once.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _answer(action: Action, payload: bytes) -> tuple[bytes, bytes]:
    try:
        return DONE, action(payload)
    except EngineError as error:
        return FAILED, _as_json(error)
    except Exception as error:  # the process stays; the sentence goes to whoever asked
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
