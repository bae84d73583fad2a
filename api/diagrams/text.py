"""How much room words take: measuring and breaking labels, Chinese and Latin mixed.

Fonts are the reader's own, so widths are estimated: a Chinese character is as wide as the font is high, a Latin letter
a little more than half. Lines are balanced; no line begins with a closing mark or ends with an opening one.
"""

import re
from functools import lru_cache
from math import ceil
from unicodedata import east_asian_width

FONT = 13.0
LEAD = 17.0
LABEL_WIDTH = 84.0  # six characters, the width at which labels beside events and gateways break
LABEL_LINES = 4
NARROW = frozenset("fijlrtI.,:;'!|()[] -")
ELLIPSIS = "…"
_NO_LINE_STARTS_WITH = "，。、；：？！）》〉」』】”’%％"
_NO_LINE_ENDS_WITH = "（《〈「『【“‘"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def tidy(words: str | None) -> str:
    """A label on one line: white space collapsed, characters that no XML file may hold left out."""
    return " ".join(_UNPRINTABLE.sub("", words or "").split())


@lru_cache(maxsize=4096)
def _em(character: str) -> float:
    if east_asian_width(character) in "WFA":
        return 1.0
    if character in NARROW:
        return 0.34
    return 0.68 if character.isupper() else 0.58


def text_width(words: str, font: float = FONT) -> float:
    """The estimated width of one line."""
    return font * sum(map(_em, words))


@lru_cache(maxsize=4096)
def wrap(words: str, width: float, font: float = FONT, most: int = LABEL_LINES) -> tuple[str, ...]:
    """Balanced lines no wider than `width`; beyond `most` lines the rest gives way to an ellipsis."""
    total = text_width(words, font)
    if total <= width:
        return (words,)
    even = total / ceil(total / width)
    lines = _broken(words, min(width, even + font * 0.8), width, font)
    if len(lines) > ceil(total / width):  # balancing cost a line: fill the lines instead
        lines = _broken(words, width, width, font)
    if len(lines) > most:
        lines = [*lines[: most - 1], _shortened(lines[most - 1] + lines[most], width, font)]
    return tuple(lines)


def _broken(words: str, limit: float, widest: float, font: float) -> list[str]:
    """Lines up to `limit` wide; a single word may be up to `widest`, and is cut beyond that."""
    lines, line = [], ""
    for piece in _pieces(words, widest, font):
        closes = piece in _NO_LINE_STARTS_WITH
        if line.strip() and not closes and text_width(line + piece, font) > limit + 0.5:
            carried = line[-1] if line[-1] in _NO_LINE_ENDS_WITH and len(line) > 1 else ""
            lines.append(line.removesuffix(carried).strip() if carried else line.strip())
            line = carried
        line += piece
    return [*lines, line.strip()] if line.strip() else lines


def _pieces(words: str, limit: float, font: float) -> list[str]:
    """What may not be broken: single Chinese characters, whole Latin words (cut only when wider than a line)."""
    longest = max(1, int(limit / font / 0.68))
    pieces: list[str] = []
    for run in re.findall(r"[!-\u024f]+|.", words):
        cut = longest if text_width(run, font) > limit else len(run)
        pieces += [run[i : i + cut] for i in range(0, len(run), cut)]
    return pieces


def _shortened(line: str, width: float, font: float) -> str:
    while line and text_width(line + ELLIPSIS, font) > width:
        line = line[:-1]
    return line + ELLIPSIS


def one_line(words: str, width: float, font: float = FONT) -> str:
    """The words on one line, cut with an ellipsis when they do not fit."""
    return words if text_width(words, font) <= width else _shortened(words, width, font)


@lru_cache(maxsize=4096)
def label_size(words: str, width: float = LABEL_WIDTH) -> tuple[float, float]:
    """Width and height of a label, in whole pixels, even in width so that its middle is whole too."""
    lines = wrap(words, width)
    return 2.0 * ceil(max(text_width(line) for line in lines) / 2) + 4, LEAD * len(lines)
