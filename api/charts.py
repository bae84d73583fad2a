"""Charts as SVG, drawn by the server: no script and no inline style. Each has its words, and a table says the same.

All looks are in ``app.css``. A colour never stands alone: segments keep their order, and the numbers stand beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from api.diagrams.text import one_line

LETTERS = 14.0  # as in app.css
ROW, BAR, NAME, NUMBERS, WIDTH = 30, 18, 132, 96, 640
COLUMN_HEIGHT, COLUMN_FOOT, COLUMN_HEAD = 150, 24, 22


@dataclass(frozen=True)
class BarRow:
    """One bar: whose it is, how long each piece is, and what stands behind it."""

    name: str
    pieces: tuple[int, ...]
    words: str


def stacked(title: str, rows: Sequence[BarRow], kinds: Sequence[str]) -> str:
    """Level bars of several pieces, all to one measure; ``kinds`` are the classes of the pieces."""
    longest = max((sum(row.pieces) for row in rows), default=0) or 1
    room = WIDTH - NAME - NUMBERS
    drawn = []
    for at, row in enumerate(rows):
        top = at * ROW + (ROW - BAR) / 2
        drawn.append(_text(one_line(row.name, NAME - 12, LETTERS), NAME - 10, at * ROW + ROW / 2 + 5, "end"))
        left = float(NAME)
        for kind, piece in zip(kinds, row.pieces, strict=True):
            if piece:
                width = max(2.0, room * piece / longest)
                drawn.append(
                    f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{width - 1:.1f}" height="{BAR}"/>'
                )
                left += width
        drawn.append(_text(row.words, left + 8, at * ROW + ROW / 2 + 5, "start", "strong"))
    return _svg(title, "；".join(f"{row.name} {row.words}" for row in rows), WIDTH, max(1, len(rows)) * ROW, drawn)


def columns(title: str, names: Sequence[str], pieces: Sequence[tuple[int, int]], words: Sequence[str]) -> str:
    """Upright bars, one a month: what was in time below, what was late on top, and what stands above them."""
    highest = max((sum(piece) for piece in pieces), default=0) or 1
    step = (WIDTH - 20) / max(1, len(pieces))
    floor = COLUMN_HEAD + COLUMN_HEIGHT
    drawn = [f'<path class="axis" d="M10 {floor + 0.5}H{WIDTH - 10}"/>']
    for at, ((in_time, late), name, said) in enumerate(zip(pieces, names, words, strict=True)):
        left, middle = 10 + at * step + step * 0.18, 10 + at * step + step / 2
        top = float(floor)
        for kind, piece in (("green", in_time), ("red", late)):
            if piece:
                height = max(2.0, COLUMN_HEIGHT * piece / highest)
                top -= height
                drawn.append(
                    f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{step * 0.64:.1f}" '
                    f'height="{height - 0.5:.1f}"/>'
                )
        drawn.append(_text(said, middle, top - 6, "middle", "strong"))
        drawn.append(_text(name, middle, floor + 18, "middle"))
    told = "；".join(f"{name} {said}" for name, said in zip(names, words, strict=True) if said)
    return _svg(title, told, WIDTH, floor + COLUMN_FOOT, drawn)


def share(title: str, in_time: int, late: int) -> str:
    """A small level bar of two pieces, for a row of a table."""
    whole = in_time + late
    width = 120 * in_time / whole if whole else 0.0
    drawn = ['<rect class="way" x="0.5" y="0.5" width="119" height="11"/>']
    if in_time:
        drawn.append(f'<rect class="green" x="0" y="0" width="{width:.1f}" height="12"/>')
    if late:
        drawn.append(f'<rect class="red" x="{width:.1f}" y="0" width="{120 - width:.1f}" height="12"/>')
    return _svg(title, "", 120, 12, drawn, "share")


def _svg(title: str, told: str, width: float, height: float, drawn: Sequence[str], kind: str = "chart") -> str:
    label = escape(f"{title}：{told}" if told else title, quote=True)
    box = f"0 0 {width:g} {height:g}"
    return f'<svg class="{kind}" viewBox="{box}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'


def _text(said: str, x: float, y: float, anchor: str, kind: str = "") -> str:
    classes = f"at-{anchor} {kind}".strip()
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>' if said else ""
