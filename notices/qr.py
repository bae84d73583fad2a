"""The QR code on a notice: where it can be verified, or where a case can be followed."""

from functools import lru_cache

import segno

from notices.drawing import SIDE, Drawing
from notices.paper import FieldTooLong

QUIET_ZONE = 2
"""Blank modules around the code, inside the white of the page."""
LONGEST = 300


@lru_cache(maxsize=256)
def draw(content: str) -> Drawing:
    """The code as black bars, one for each run of dark modules; raises FieldTooLong where it would become too dense."""
    if len(content.encode("utf-8", "replace")) > LONGEST:
        raise FieldTooLong(field="qr", size=len(content.encode("utf-8", "replace")), limit=LONGEST)
    rows = [bytes(row) for row in segno.make(content, error="m", micro=False).matrix]
    module = SIDE / (len(rows) + 2 * QUIET_ZONE)
    bars = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = next((i for i, dark in enumerate(row[x:]) if not dark), len(row) - x)
            if length:
                left, top = (x + QUIET_ZONE) * module, (y + QUIET_ZONE) * module
                # A hair of overlap, else viewers show white lines between the bars.
                bars.append(f"{left:.3f} {top:.3f} {length * module:.3f} {module + 0.02:.3f} re")
            x += max(length, 1)
    return Drawing(f"0 0 0 rg {' '.join(bars)} f".encode())
