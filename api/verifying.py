"""Anybody may verify a paper: by its token, or with the file itself. For pages and programs alike; how often is limited.

Wrong tokens are counted as wrong codes are. Looking at a file takes a process of its own, so every file counts. Files are never
stored.
"""

from typing import BinaryIO

from api.auth import NEARBY
from api.deps import Door
from engine import attempts
from notices import examining, standing
from notices.standing import Comparison, PaperUnknown, Standing

FILES = 6
"""As many times the usual number of wrong attempts: files that one address may have looked at before a pause."""


def look_up(door: Door, token: str) -> Standing:
    """What the register says of a paper; raises PaperUnknown, TooManyAttempts."""
    key = f"verify:{door.address}"
    with door.reading() as reading:
        attempts.check(reading, key, allowance=NEARBY)
        try:
            return standing.find(reading, token)
        except PaperUnknown as error:
            unknown = error
    with door.database.unit_of_work(door.actor) as uow:
        attempts.failed(uow, key)
    raise unknown


def compare(door: Door, file: BinaryIO, token: str | None) -> Comparison:
    """How a file stands to what was issued.

    Raises PaperUnknown, PaperEmpty, PaperTooLarge, ExaminersBusy, TooManyAttempts.
    """
    if token is not None:
        look_up(door, token)
    key = f"verified:{door.address}"
    content = file.read(examining.LARGEST + 1)
    with door.reading() as reading:
        attempts.check(reading, key, allowance=FILES)
        known = standing.with_digest(reading, examining.digest(content))
        trust = standing.trust(reading, known)
    with door.database.unit_of_work(door.actor) as uow:
        attempts.failed(uow, key)
    verdict = examining.examine(content, trust)
    with door.reading() as reading:
        return standing.compare(reading, verdict, token)
