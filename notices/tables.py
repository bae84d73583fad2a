"""Tables and particulars on the grid: columns as wide as their content asks, heights that end on a whole line."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from notices.body import Particulars, Table
from notices.gongwen import PITCH, WIDTH, Typesetter, whole_lines

SIZE, LINE = 12.0, 17.0
PARTICULARS_SIZE, PARTICULARS_LINE = 14.0, 21.0
PADDING = 11.0
"""Left and right of a cell's text, both together."""
BORDER = 0.5
NARROWEST = 3.0 * SIZE + PADDING
LONG = 8.5
"""Wider cells (in em) make their column stand left; numbers and dates stand in the middle."""
TALLEST = 16.0


@dataclass(frozen=True)
class Row:
    """One row: its height in points, its broken cells, and whether it may be torn apart by the end of a page."""

    height: float
    cells: tuple[Markup, ...]
    breakable: bool


@dataclass(frozen=True)
class LaidTable:
    """A table ready to be written; ``blank`` above and below brings it back onto the grid."""

    columns: tuple[float, ...]
    left: tuple[bool, ...]
    head: tuple[Markup, ...]
    rows: tuple[Row, ...]
    blank: float


def lay_out(table: Table, setter: Typesetter) -> LaidTable:
    """Measure, share out the width, break the cells and count the lines."""
    lines = [table.head, *table.rows] if table.head else list(table.rows)
    columns = _columns(lines, setter)
    room = [(width - PADDING) / SIZE for width in columns]
    head = tuple(setter.ragged(cell, cells) for cell, cells in zip(table.head, room, strict=False))
    rows = tuple(_row(cells, room, setter) for cells in table.rows)
    height = sum(row.height for row in rows) + (PITCH if head else 0)
    blank = whole_lines(height) * PITCH - height
    return LaidTable(columns, _left(table.rows, len(columns), setter), head, rows, (blank or PITCH) / 2)


@dataclass(frozen=True)
class LaidParticulars:
    """Names and values, side by side: where the values begin, the height of each pair, and the blank above and below."""

    left: float
    rows: tuple[tuple[Markup, Markup, float], ...]
    blank: float


def lay_out_particulars(particulars: Particulars, setter: Typesetter) -> LaidParticulars:
    """Set names into a column as wide as the longest, but not wider than a third of the page."""
    widest = max(setter.width(name) for name, _ in particulars.rows)
    left = min(max(6.2, widest + 1), WIDTH / 3 / PARTICULARS_SIZE)
    rows = tuple(_pair(name, value, left, setter) for name, value in particulars.rows)
    height = sum(height for _, _, height in rows)
    return LaidParticulars(left * PARTICULARS_SIZE, rows, (whole_lines(height) * PITCH - height) / 2)


def _pair(name: str, value: str, left: float, setter: Typesetter) -> tuple[Markup, Markup, float]:
    said = setter.ragged(name, left - 0.5), setter.ragged(value, WIDTH / PARTICULARS_SIZE - left)
    lines = max(text.count("\n") + 1 for text in said)
    return *said, lines * PARTICULARS_LINE


def _row(cells: Sequence[str], room: Sequence[float], setter: Typesetter) -> Row:
    broken = tuple(setter.ragged(cell, columns) for cell, columns in zip(cells, room, strict=True))
    count = max(cell.count("\n") + 1 for cell in broken)
    lines = max(1.0, whole_lines(count * LINE + 5, step=0.5))
    return Row(lines * PITCH, broken, lines > TALLEST)


def _columns(rows: Sequence[Sequence[str]], setter: Typesetter) -> tuple[float, ...]:
    """Widths that add up to the type area: what each column wants; the widest ones give way first."""
    count = max(map(len, rows))
    wanted = [
        max([NARROWEST, *(setter.width(line) * SIZE + PADDING + 2 for row in rows for line in row[i].split("\n"))])
        for i in range(count)
    ]
    if sum(wanted) <= WIDTH:
        return tuple(width * WIDTH / sum(wanted) for width in wanted)
    limit = _shared_limit(wanted)
    columns = [min(width, limit) for width in wanted]
    return tuple(width * WIDTH / sum(columns) for width in columns)


def _shared_limit(wanted: Sequence[float]) -> float:
    """The width to which the widest columns are cut, so that all fit."""
    room, waiting = WIDTH, len(wanted)
    for width in sorted(wanted):
        if width * waiting >= room:
            return room / waiting
        room, waiting = room - width, waiting - 1
    return max(wanted)


def _left(rows: Sequence[Sequence[str]], count: int, setter: Typesetter) -> tuple[bool, ...]:
    return tuple(any(setter.width(row[i]) > LONG for row in rows) for i in range(count))
