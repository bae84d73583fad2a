"""A signature as the product makes it: by the demonstration seal of an organ, with keys of this run alone."""

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from engine.settings import Settings
from notices import certificates
from notices.certificates import Seal
from notices.paper import Printed
from notices.signing import PadesSigner

ORGAN = "贵阳市交通委员会"


@cache
def _seal() -> Seal:
    settings = Settings(var=Path(tempfile.mkdtemp(prefix="duban-bench-")))
    return certificates.seal_of(settings, "bench", ORGAN, datetime.now(UTC))


def sign(printed: Printed) -> bytes:
    """The paper with the organ's signature in the place of its seal."""
    return PadesSigner().sign(printed, _seal(), ORGAN, datetime.now(UTC)).content
