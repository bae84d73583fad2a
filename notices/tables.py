"""Tables and particulars on the grid: columns as wide as their content asks, heights that end on a whole line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from notices.body import Particulars, Table
from notices.gongwen import LEAD, PITCH, WIDTH, Typesetter, whole_lines

SIZE, LINE = 12.0, 17.0
PARTICULARS_SIZE, PARTICULARS_LINE = 14.0, 20.4
EDGE = LEAD - (PARTICULARS_LINE - PARTICULARS_SIZE) / 2
"""So much blank keeps the first or last line of a value within the type area where a page begins or ends with it."""
PADDING = 11.0
"""Left and right of a cell's text, both together."""
BORDER = 0.5
NARROWEST = 3.0 * SIZE + PADDING
LONG = 8.5
"""Wider cells (in em) make their column stand left; numbers and dates stand in the middle."""
SHORT = 8.0
"""A table of no more lines stays on one page."""
TALLEST = 8
"""So many lines of text go into one row (and fill five of the grid); a longer cell goes on in the next row, so that a page can
end between them."""
TALLEST_PARTICULARS = 4
"""So many lines of a value that may go over the page fill three of the grid, from edge to edge."""
BREATH = 5.0
"""Above and below the text of a row, both together."""


@dataclass(frozen=True)
class Row:
    """One row: its height in points, its broken cells, and whether it only goes on with the cells of the row above."""

    height: float
    cells: tuple[Markup, ...]
    goes_on: bool = False


@dataclass(frozen=True)
class LaidTable:
    """A table ready to be written; ``blank`` above and below brings it back onto the grid."""

    columns: tuple[float, ...]
    left: tuple[bool, ...]
    head: Row | None
    rows: tuple[Row, ...]
    blank: float
    together: bool


def lay_out(table: Table, setter: Typesetter) -> LaidTable:
    """Measure, share out the width, break the cells and count the lines.

    The rows of a short table are as high as whole or half lines, and it stays on one page. A longer one may be broken after
    any row, so its rows, and the blank around it, are whole lines.
    """
    columns = _columns([table.head, *table.rows] if table.head else table.rows, setter)
    left = tuple(any(setter.width(row[i]) > LONG for row in table.rows) for i in range(len(columns)))
    head, rows = _all_rows(table, columns, setter, step=0.5)
    together = _height(head, rows) <= SHORT * PITCH
    if not together:
        head, rows = _all_rows(table, columns, setter, step=1)
    over = whole_lines(_height(head, rows)) * PITCH - _height(head, rows)
    return LaidTable(columns, left, head, rows, (over or PITCH) / 2 if together else PITCH, together)


def _all_rows(
    table: Table, columns: Sequence[float], setter: Typesetter, step: float
) -> tuple[Row | None, tuple[Row, ...]]:
    head, *more = _rows(table.head, columns, setter, step) if table.head else [None]
    rows = (row for cells in table.rows for row in _rows(cells, columns, setter, step))
    return head, (*(row for row in more if row), *rows)


def _height(head: Row | None, rows: Sequence[Row]) -> float:
    return sum(row.height for row in (head, *rows) if row)


def _rows(cells: Sequence[str], columns: Sequence[float], setter: Typesetter, step: float) -> list[Row]:
    """The row of some cells, or several where a cell is very long."""
    lines = [
        setter.ragged(cell, (width - PADDING) / SIZE).split("\n") for cell, width in zip(cells, columns, strict=True)
    ]
    count = max(map(len, lines))
    rows = []
    for start in range(0, count, TALLEST):
        parts = tuple(Markup("\n").join(cell[start : start + TALLEST]) for cell in lines)
        rest = count - start
        height = max(1.0, whole_lines(min(rest, TALLEST) * LINE + (BREATH if rest <= TALLEST else 0), step)) * PITCH
        rows.append(Row(height, parts, goes_on=start > 0))
    return rows


@dataclass(frozen=True)
class Pair:
    """A name and its value, or a piece of them: broken text, height, the blank above it, and whether it only goes on."""

    name: Markup
    value: Markup
    height: float
    blank: float = 0.0
    goes_on: bool = False


@dataclass(frozen=True)
class LaidParticulars:
    """Names and values, side by side: where the values begin, each pair, and the blank above and below all."""

    left: float
    rows: tuple[Pair, ...]
    blank: float
    together: bool


def lay_out_particulars(particulars: Particulars, setter: Typesetter) -> LaidParticulars:
    """Set names into a column as wide as the longest, but not wider than a third of the page.

    Short ones stay close together, on one page, and the blank around them brings the text back onto the grid. Where they may go
    over a page, each is as high as whole lines.
    """
    widest = max(setter.width(name) for name, _ in particulars.rows)
    left = min(max(6.2, widest + 1), WIDTH / 3 / PARTICULARS_SIZE)
    broken = [
        (
            setter.ragged(name, left - 0.5).split("\n"),
            setter.ragged(value, WIDTH / PARTICULARS_SIZE - left).split("\n"),
        )
        for name, value in particulars.rows
    ]
    height = sum(max(len(names), len(values)) for names, values in broken) * PARTICULARS_LINE
    if height <= SHORT * PITCH:
        rows = tuple(_pair(names, values, 0, max(len(names), len(values))) for names, values in broken)
        blank = (whole_lines(height + 2 * EDGE) * PITCH - height) / 2
        return LaidParticulars(left * PARTICULARS_SIZE, rows, blank, together=True)
    pieces = (piece for names, values in broken for piece in _pieces(names, values))
    return LaidParticulars(left * PARTICULARS_SIZE, tuple(pieces), 0.0, together=False)


def _pair(names: Sequence[Markup], values: Sequence[Markup], start: int, count: int) -> Pair:
    piece = slice(start, start + count)
    return Pair(Markup("\n").join(names[piece]), Markup("\n").join(values[piece]), count * PARTICULARS_LINE)


def _pieces(names: Sequence[Markup], values: Sequence[Markup]) -> Iterator[Pair]:
    """A name and its value in pieces between which a page may end, each as high as whole lines."""
    lines = max(len(names), len(values))
    for start in range(0, lines, TALLEST_PARTICULARS):
        pair = _pair(names, values, start, min(lines - start, TALLEST_PARTICULARS))
        height = whole_lines(pair.height) * PITCH
        blank = min((height - pair.height) / 2, (PITCH - PARTICULARS_LINE) / 2)
        yield replace(pair, height=height, blank=blank, goes_on=start > 0)


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
