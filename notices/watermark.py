"""草稿, large and pale across every page of a draft, so that no copy of it passes for the paper itself."""

import math
from functools import lru_cache

from fontTools.misc.transform import Transform
from fontTools.pens.transformPen import TransformPen

from notices.drawing import OperatorPen
from notices.fonts import KAI, Typefaces
from notices.gongwen import MM

TINT = "0.94 g"
WIDTH = 120 * MM
CENTRE = (105 * MM, 148.5 * MM)
ANGLE = 35.0
"""Degrees by which the words rise."""


@lru_cache(maxsize=8)
def draw(words: str, faces: Typefaces) -> bytes:
    """The words as operators of PDF for an A4 page, measured from its lower left corner; outlines, hence no text to copy."""
    face, pen = faces[KAI], OperatorPen()
    size = WIDTH / sum(face.advance(character) for character in words)
    left = -WIDTH / 2
    turned = Transform().translate(*CENTRE).rotate(math.radians(ANGLE))
    for character in words:
        placed = turned.translate(left, -0.35 * size).scale(size / face.units)
        face.glyphs[face.cmap[ord(character)]].draw(TransformPen(pen, placed))
        left += face.advance(character) * size
    return f"{TINT} {' '.join(pen.operators)} f".encode()
