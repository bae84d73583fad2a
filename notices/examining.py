"""Strangers' papers are looked at in a process of their own, which has neither keys nor much time or memory, and may die of it.

It gets the file and the authorities to believe on its standard input, answers in JSON, and ends.
"""

import hashlib
import json
import math
import os
import resource
import subprocess
import sys
import threading
from datetime import date, datetime

from engine.errors import Invalid, Unavailable
from engine.settings import ROOT
from notices.verification import Trust, Verdict, verify

LARGEST = 20 * 1024 * 1024
SECONDS, PATIENCE = 10, 30
MEMORY = 1024**3
AT_ONCE = 2
_places = threading.BoundedSemaphore(AT_ONCE)


class PaperTooLarge(Invalid):
    """The file is larger than {megabytes} MB: no paper of ours is."""

    status = 413
    zh = "文件超过 {megabytes} MB，不是本系统制发的文书。"


class PaperEmpty(Invalid):
    """Choose the PDF of a paper first."""

    zh = "请先选择文书的 PDF 文件。"


class ExaminersBusy(Unavailable):
    """Several papers are being verified at the moment; please try again."""

    zh = "正在核验其他文书，请稍后再试。"


def examine(content: bytes, trust: Trust) -> Verdict:
    """What a file proves; raises PaperEmpty, PaperTooLarge, ExaminersBusy. A file that cannot be looked at is unreadable."""
    if not content:
        raise PaperEmpty()
    if len(content) > LARGEST:
        raise PaperTooLarge(megabytes=LARGEST // 1024 // 1024)
    if not _places.acquire(timeout=PATIENCE):
        raise ExaminersBusy()
    try:
        return _asked(content, trust)
    finally:
        _places.release()


def digest(content: bytes) -> str:
    """The SHA-256 of a file, by which the register knows it."""
    return hashlib.sha256(content).hexdigest()


def _asked(content: bytes, trust: Trust) -> Verdict:
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "notices.examining"],
            cwd=ROOT,
            env=environment | {"LC_ALL": "C.UTF-8"},
            input=_as_json(trust) + b"\n" + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )
        return Verdict.from_json(json.loads(answer.stdout))
    except (subprocess.SubprocessError, ValueError):
        return Verdict("unreadable")


def _as_json(trust: Trust) -> bytes:
    return json.dumps(
        {
            "roots": trust.roots,
            "revoked": {name: day.isoformat() if day else None for name, day in trust.revoked.items()},
            "now": trust.now.isoformat(),
            "signed_at": trust.signed_at.isoformat() if trust.signed_at else None,
        }
    ).encode()


def _from_json(line: bytes) -> Trust:
    told = json.loads(line)
    return Trust(
        told["roots"],
        {name: date.fromisoformat(day) if day else None for name, day in told["revoked"].items()},
        datetime.fromisoformat(told["now"]),
        datetime.fromisoformat(told["signed_at"]) if told["signed_at"] else None,
    )


def main() -> None:
    """Look at one file and answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime + SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    line, _, content = sys.stdin.buffer.read().partition(b"\n")
    answer = json.dumps(verify(content, _from_json(line)).to_json(), default=str)
    sys.stdout.buffer.write(answer.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
