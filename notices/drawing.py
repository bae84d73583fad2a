"""Pictures on a notice, drawn as operators of PDF: the seal and the QR code.

WeasyPrint looks for an image in its cache before it fetches one. The pictures are put there ready-made, so nothing needs to be
fetched at all, and a seal costs no time at every rendering as an SVG would.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fontTools.pens.basePen import BasePen

SIDE = 100.0
"""A drawing is a square of 100 x 100, y pointing down."""


@dataclass(frozen=True)
class Drawing:
    """What WeasyPrint asks of an image."""

    operators: bytes

    def get_intrinsic_size(self, resolution: float, font_size: float) -> tuple[float, float, float]:
        return SIDE, SIDE, 1.0

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        stream.push_state()
        stream.transform(a=width / SIDE, d=height / SIDE)
        stream.stream.append(self.operators)
        stream.pop_state()


class OperatorPen(BasePen):  # type: ignore[misc]
    """Collects the outlines of glyphs as path operators."""

    def __init__(self, glyphs: Any = None) -> None:
        super().__init__(glyphs)
        self.operators: list[str] = []

    def polygon(self, points: Sequence[tuple[float, float]]) -> None:
        self.moveTo(points[0])
        for point in points[1:]:
            self.lineTo(point)
        self.closePath()

    def _put(self, operator: str, *points: tuple[float, float]) -> None:
        numbers = " ".join(f"{value:.2f}" for point in points for value in point)
        self.operators.append(f"{numbers} {operator}".strip())

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self._put("m", pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self._put("l", pt)

    def _curveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]) -> None:
        self._put("c", pt1, pt2, pt3)

    def _closePath(self) -> None:
        self._put("h")
