"""Where things stand on the page: points and boxes, in pixels, y growing downwards."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

Point = tuple[float, float]
Path = tuple[Point, ...]


class Box(NamedTuple):
    """An upright rectangle; a line between two points is a box without thickness."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def cx(self) -> float:
        return self.x + self.width / 2

    @property
    def cy(self) -> float:
        return self.y + self.height / 2

    def grown(self, pad: float) -> "Box":
        """This box with `pad` more on every side (less when negative)."""
        return Box(self.x - pad, self.y - pad, self.width + 2 * pad, self.height + 2 * pad)

    def meets(self, other: "Box", pad: float = 0.0) -> bool:
        """Whether the two overlap, or come nearer than `pad`; touching edges do not count."""
        return (
            self.x < other.x + other.width + pad
            and other.x < self.x + self.width + pad
            and self.y < other.y + other.height + pad
            and other.y < self.y + self.height + pad
        )

    def holds(self, other: "Box") -> bool:
        """Whether the other lies wholly inside."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom


def centred(cx: float, cy: float, width: float, height: float) -> Box:
    """A box about its centre."""
    return Box(cx - width / 2, cy - height / 2, width, height)


def span(a: Point, b: Point) -> Box:
    """The box without thickness that a straight line covers."""
    return Box(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1]))


def segments(path: Sequence[Point]) -> Iterable[tuple[Point, Point]]:
    """The straight pieces of a line."""
    return pairwise(path)


def straightened(points: Sequence[Point]) -> Path:
    """The same line without repeated points and without points in the middle of a straight piece."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _in_line(a: Point, b: Point, c: Point) -> bool:
    return (a[0] == b[0] == c[0]) or (a[1] == b[1] == c[1])


def bounding(boxes: Iterable[Box], pad: float) -> Box:
    """The smallest box around all of them, with a margin; a small empty one when there are none."""
    all_boxes = list(boxes) or [Box(0, 0, 1, 1)]
    left, top = min(b.x for b in all_boxes) - pad, min(b.y for b in all_boxes) - pad
    right, bottom = max(b.right for b in all_boxes) + pad, max(b.bottom for b in all_boxes) + pad
    return Box(left, top, right - left, bottom - top)
