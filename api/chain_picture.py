"""A chain of cases as SVG: a box for each case, a column for each generation, on each line how the later case came about.

All looks are in ``app.css``. The picture is for those who see it; the list beside it says the same and has the links to follow.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from api import i18n
from engine.queries.case_chain import CaseChain, ChainCase, ChainLink

WIDTH, HEIGHT = 212, 88  # of a box
ACROSS, DOWN = 124, 30  # between boxes: the words on a line stand in the room across
TRUNK = 18  # from a box to where the lines to its offspring part
MARGIN = 6
PADDING = 14
SHRINKING = 5  # columns that a wide screen shows at once when they are drawn a little smaller; more are scrolled


@dataclass(frozen=True)
class Spot:
    """Where a box is: its column and row."""

    column: int
    row: int

    @property
    def left(self) -> float:
        return MARGIN + self.column * (WIDTH + ACROSS)

    @property
    def right(self) -> float:
        return self.left + WIDTH

    @property
    def top(self) -> float:
        return MARGIN + self.row * (HEIGHT + DOWN)

    @property
    def middle(self) -> float:
        return self.top + HEIGHT / 2


def drawn(chain: CaseChain, locale: str) -> str:
    """The picture of a chain; nothing where a case stands alone."""
    if len(chain.cases) < 2:
        return ""
    spots = _spots(chain)
    width = max(spot.right for spot in spots.values()) + MARGIN
    height = max(spot.top for spot in spots.values()) + HEIGHT + MARGIN
    parts = [*_lines(chain, spots), *(_box(case, spots[case.reference], locale) for case in chain.cases)]
    columns = 1 + max(spot.column for spot in spots.values())
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    kind = "lineage wide" if columns == SHRINKING else "lineage"
    return f'<svg class="{kind}" {size} aria-hidden="true">{"".join(parts)}</svg>'


# ---------------------------------------------------------------- where the boxes are


def _spots(chain: CaseChain) -> dict[str, Spot]:
    """Columns by generation; rows so that the first offspring stands beside the case that it came out of."""
    columns = _columns(chain)
    parents = _parents(chain, columns)
    spots: dict[str, Spot] = {}
    rows = 0

    def place(reference: str) -> None:
        nonlocal rows
        spots[reference] = Spot(columns[reference], rows)
        children = [case.reference for case in chain.cases if parents.get(case.reference) == reference]
        for number, child in enumerate(children):
            rows += 1 if number else 0
            place(child)

    for case in chain.cases:
        if case.reference not in parents:
            rows += 1 if spots else 0
            place(case.reference)
    return spots


def _columns(chain: CaseChain) -> dict[str, int]:
    """How many steps a case is from the first one, by the longest way; a circle, which there should not be, ends somewhere."""
    columns = dict.fromkeys((case.reference for case in chain.cases), 0)
    for _ in range(len(columns)):
        later = [link for link in chain.links if columns[link.offspring] <= columns[link.origin]]
        for link in later:
            columns[link.offspring] = min(columns[link.origin] + 1, len(columns) - 1)
        if not later:
            break
    return columns


def _parents(chain: CaseChain, columns: dict[str, int]) -> dict[str, str]:
    """Beside which case one stands: that of the column before it out of which it came first."""
    parents: dict[str, str] = {}
    for link in chain.links:
        if columns[link.origin] + 1 == columns[link.offspring]:
            parents.setdefault(link.offspring, link.origin)
    return parents


# ---------------------------------------------------------------- lines


def _lines(chain: CaseChain, spots: dict[str, Spot]) -> Iterator[str]:
    """Each line enters its box from the left, further ones below the first; none goes behind a box."""
    parents = _parents(chain, _columns(chain))
    entered: dict[str, int] = {}
    ordered = sorted(chain.links, key=lambda link: parents.get(link.offspring) != link.origin)
    for link in ordered:
        number = entered.get(link.offspring, 0)
        entered[link.offspring] = number + 1
        yield from _line(link, spots[link.origin], spots[link.offspring], number)


def _line(link: ChainLink, origin: Spot, offspring: Spot, number: int) -> Iterator[str]:
    height = offspring.middle + 18 * number
    end, words = offspring.left, offspring.left - (ACROSS - TRUNK) / 2
    if number == 0:
        way = f"M{origin.right:g} {origin.middle:g}H{origin.right + TRUNK:g}V{height:g}H{end - 6:g}"
    else:  # out below the first lines, along the free strip under its row, and in below them
        strip, lane = origin.top + HEIGHT + DOWN / 2, end - ACROSS + TRUNK / 2
        out = f"M{origin.right:g} {origin.middle + 18:g}H{origin.right + TRUNK / 2:g}"
        way = f"{out}V{strip:g}H{lane:g}V{height:g}H{end - 6:g}"
    yield f'<path class="line" d="{way}"/><path class="tip" d="M{end:g} {height:g}l-8 -4.5v9z"/>'
    yield _text(link.title, words, height - 6 if number == 0 else height + 15, "kind at-middle")


# ---------------------------------------------------------------- boxes


def _box(case: ChainCase, spot: Spot, locale: str) -> str:
    _ = i18n.gettext(locale)
    x, top = spot.left, spot.top
    classes = "case now" if case.is_this else "case ended" if case.closed_at else "case"
    late = _late(_("late"), spot) if case.late else ""
    room = WIDTH - 2 * PADDING
    said = " · ".join(filter(None, [case.status_title, case.outcome_title]))
    return (
        f'<a href="/desk/cases/{escape(case.reference, quote=True)}" tabindex="-1">'
        f'<rect class="{classes}" x="{x:g}" y="{top:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f"{_text(_fitting(case.process, room - (44 if late else 0), 15), x + PADDING, top + 27, 'name')}"
        f"{_text(case.reference, x + PADDING, top + 49, 'reference')}"
        f"{_text(_fitting(said, room, 13), x + PADDING, top + 71, 'state')}{late}</a>"
    )


def _late(word: str, spot: Spot) -> str:
    right = spot.right - 10
    width = _width(word, 12) + 12
    return (
        f'<rect class="late" x="{right - width:g}" y="{spot.top + 11:g}" width="{width:g}" height="20" rx="3"/>'
        f"{_text(word, right - width / 2, spot.top + 25.5, 'late at-middle')}"
    )


def _text(said: str, x: float, y: float, classes: str) -> str:
    return f'<text class="{classes}" x="{x:g}" y="{y:g}">{escape(said)}</text>'


def _fitting(text: str, room: float, size: float) -> str:
    """As much of a text as there is room for."""
    if _width(text, size) <= room:
        return text
    kept = text
    while kept and _width(kept + "…", size) > room:
        kept = kept[:-1]
    return kept + "…"


def _width(text: str, size: float) -> float:
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else size * 0.56 for sign in text)
