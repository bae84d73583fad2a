"""How an official paper ends: the names of its organs, the date, and where their seals stand.

One organ signs over the date, which ends four cells from the right; its seal is pressed on both, a little above their middle,
and begins within one line of the text. Organs that issue a paper jointly sign in rows of at most three, each with its seal; the
date stands under the last of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from notices.gongwen import CELL, COLUMNS, MM, PITCH, WIDTH, Typesetter, title_lines
from notices.paper import Paper

SEAL = 42 * MM
SIGNATURE_COLUMNS = 18
"""A longer name is signed in two lines, beside the QR code."""
MOST_A_ROW = 3
ROW = 5
"""Lines from one row of seals to the next, so that they neither touch nor cross."""
USUAL_DATE = "2026年10月10日"
"""As wide as a date usually is: a draft leaves its room."""
_APART = 8.2
"""From the middle of one seal of a row to the next, in cells: 46 mm."""
_NAME_ON, _SEAL_ON, _HIGHEST, _LOWEST = 3, 0.3, 1, 0.9
"""In lines: where a name ends, where its seal begins, and no name higher and no seal lower than that."""


@dataclass(frozen=True)
class Signature:
    """One organ's name in its lines, their axis, and the tops of name and seal, in points below the text."""

    organ: str
    lines: tuple[str, ...]
    centre: float
    top: float
    seal_left: float
    seal_top: float


@dataclass(frozen=True)
class Closing:
    """All signatures, the top of the date, and the height of all in points: whole lines."""

    signatures: tuple[Signature, ...]
    date_top: float
    height: float


def closing(paper: Paper, date: str, setter: Typesetter) -> Closing:
    """Place names, date and seals below the text."""
    organs = iter(paper.organs)
    rows = [list(islice(organs, MOST_A_ROW)) for _ in range(math.ceil(len(paper.organs) / MOST_A_ROW))]
    signatures: list[Signature] = []
    top = 0.0
    for row in rows:
        centres = _centres(row, date, setter)
        limit = SIGNATURE_COLUMNS if len(row) == 1 else 2 * _APART - 1 if len(row) == 2 else _APART - 0.4
        names = [_lines(organ, setter, limit) for organ in row]
        most = max(map(len, names))
        first = max(_NAME_ON - most, _HIGHEST)
        seal = min(first + most - _NAME_ON + _SEAL_ON, _LOWEST)
        for organ, lines, centre in zip(row, names, centres, strict=True):
            begins = top + (first + most - len(lines)) * PITCH
            signatures.append(Signature(organ, lines, centre, begins, centre - SEAL / 2, top + seal * PITCH))
        last = top + (first + most) * PITCH
        top += max(ROW, first + most + 1) * PITCH
    return Closing(tuple(signatures), last, last + PITCH)


def _lines(organ: str, setter: Typesetter, limit: float) -> tuple[str, ...]:
    """A name in balanced lines, broken between words where it can be."""
    if setter.width(organ) <= limit:
        return (organ,)
    return tuple(title_lines(organ, setter, limit))


def _centres(row: Sequence[str], date: str, setter: Typesetter) -> list[float]:
    """The axes of the signatures of one row; the last one stands over the date, unless its name is too long for that."""
    last = WIDTH - (4 + setter.width(date or USUAL_DATE) / 2) * CELL
    if len(row) == 1:
        longest = max(setter.width(line) for line in _lines(row[0], setter, SIGNATURE_COLUMNS))
        return [min(last, WIDTH - longest * CELL / 2)]
    if len(row) == 2:
        return [COLUMNS * CELL - last, last]
    return [last - _APART * CELL * (len(row) - 1 - i) for i in range(len(row))]
