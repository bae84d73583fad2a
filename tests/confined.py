"""Runs something in a process of its own that may use five seconds of a processor and 512 MB, and says how it ended.

A keeper process loads what is needed once and forks for every question, so that each costs milliseconds. Used where a test
must show that no input, however hostile, keeps the machine busy or fills its memory: the limits are those of the operating
system, so that the test does not depend on how fast the machine is.
"""

import contextlib
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 5
MEGABYTES = 512
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Ending:
    """How it ended: the exit code (negative: the signal that killed it), what it printed, what it used."""

    code: int
    out: str
    err: str
    seconds: float

    def __str__(self) -> str:
        return f"code {self.code} after {self.seconds:.1f} s of the processor\n{self.out[-2000:]}\n{self.err[-2000:]}"


class Keeper:
    """The process that forks."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.confined"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, function: str, *arguments: Any) -> Ending:
        """Call ``module:function`` with arguments that JSON can carry."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([function, arguments]) + "\n")
        self.process.stdin.flush()
        return Ending(**json.loads(self.process.stdout.readline()))

    def command(self, *words: str) -> Ending:
        """Run a command of ``duban``."""
        return self.run("tests.confined:command", *words)

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def keeper() -> Iterator[Keeper]:
    made = Keeper()
    try:
        yield made
    finally:
        made.end()


def command(*words: str) -> None:
    """The command line, as a user calls it."""
    from api import cli

    sys.argv = ["duban", *words]
    cli.main()


# ------------------------------------------------------------------------------------------------ the keeper itself


def _serve() -> None:
    for module in ("api.cli", "api.composition", "engine.lint", "notices.templates", "tests.drawing"):
        importlib.import_module(module)
    for line in sys.stdin:
        print(json.dumps(_asked(*json.loads(line))), flush=True)


def _asked(function: str, arguments: list[Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _child(function, arguments, out.fileno(), err.fileno())
        _, status, used = os.wait4(pid, 0)
        said = {}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            said[name] = file.read().decode(errors="replace")
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, **said, "seconds": used.ru_utime + used.ru_stime}


def _child(function: str, arguments: list[Any], out: int, err: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, name = function.partition(":")
    code = 0
    try:
        getattr(importlib.import_module(module), name)(*arguments)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
