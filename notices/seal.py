"""The red seal under a notice, drawn.

It carries the organ's name, a star and, where the key is a demonstration's, the words 样章, so that nobody can take it for the
real one. The picture proves nothing. Proof is the signature of the organ over the finished PDF, whose appearance it is; see
``notices.signing``.
"""

import math
from functools import lru_cache

from fontTools.misc.transform import Transform
from fontTools.pens.transformPen import TransformPen

from notices.drawing import SIDE, Drawing, OperatorPen
from notices.fonts import TITLE, Typefaces

RED = "0.902 0 0.0706"
DEMONSTRATION = "样章"
MIDDLE = SIDE / 2
RING_RADIUS, RING_WIDTH = 48.6, 2.4
_CIRCLE = 0.5523
"""How far the control points of a quarter circle lie from its ends, in radii."""


@lru_cache(maxsize=256)
def draw(organisation: str, faces: Typefaces, note: str = DEMONSTRATION) -> Drawing:
    """A round seal: the name along the upper rim, a star in the middle, a note below it."""
    pen = OperatorPen()
    count = len(organisation)
    span = min(250.0, 24.0 * count)
    size = min(13.0, 13.0 * 17 / max(count, 1))
    for i, character in enumerate(organisation):
        angle = -span / 2 + span * i / max(count - 1, 1) if count > 1 else 0.0
        _glyph(pen, faces, character, size=size, angle=angle, x=MIDDLE, y=17.6, squeeze=0.8)
    for i, character in enumerate(note):
        _glyph(pen, faces, character, size=6, angle=0, x=MIDDLE + (i - (len(note) - 1) / 2) * 7, y=71.5)
    pen.polygon(_star())
    filled = f"{RED} rg {' '.join(pen.operators)} f"
    ring = f"{RED} RG {RING_WIDTH} w {_ring()} h S"
    return Drawing(f"{filled} {ring}".encode())


def _glyph(
    pen: OperatorPen,
    faces: Typefaces,
    character: str,
    *,
    size: float,
    angle: float,
    x: float,
    y: float,
    squeeze: float = 1.0,
) -> None:
    """A character centred on x with its baseline on y, squeezed, then turned around the middle of the seal."""
    face = faces.face_of(character, TITLE)
    if not face.has(character):
        return
    scale = size / face.units
    half = face.advance(character) * face.units / 2
    placed = (
        Transform()
        .translate(MIDDLE, MIDDLE)
        .rotate(math.radians(angle))
        .translate(x - MIDDLE, y - MIDDLE)
        .scale(scale * squeeze, -scale)
        .translate(-half, 0)
    )
    face.glyphs[face.cmap[ord(character)]].draw(TransformPen(pen, placed))


def _star() -> list[tuple[float, float]]:
    outer, inner = 13.5, 5.16
    return [
        (MIDDLE + radius * math.sin(math.pi * k / 5), MIDDLE - radius * math.cos(math.pi * k / 5))
        for k in range(10)
        for radius in [outer if k % 2 == 0 else inner]
    ]


def _ring() -> str:
    """A circle as four curves."""
    r, m = RING_RADIUS, MIDDLE
    k = r * _CIRCLE
    quarters = (
        (m + k, m - r, m + r, m - k, m + r, m),
        (m + r, m + k, m + k, m + r, m, m + r),
        (m - k, m + r, m - r, m + k, m - r, m),
        (m - r, m - k, m - k, m - r, m, m - r),
    )
    return f"{m:.2f} {m - r:.2f} m " + " ".join(" ".join(f"{v:.2f}" for v in quarter) + " c" for quarter in quarters)
