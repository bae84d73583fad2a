"""Where the words stand that belong to an event, a gateway or a line: off every line and shape, as near as can be.

Each label has a list of possible spots, best first; it takes the one with the fewest faults. Names of tasks stand
inside the tasks, and names of event subprocesses inside their boxes, so they are no labels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from api.diagrams.geometry import Box, Path, Point, segments, span
from api.diagrams.model import Flow, Node
from api.diagrams.placing import FLOW_LABEL_WIDTH, Plan
from api.diagrams.text import label_size

ON_A_LINE, ON_A_SHAPE, ON_A_LABEL, OVER_A_FRAME = 50.0, 80.0, 80.0, 30.0
WORSE_SPOT = 0.5  # each place further down the list of spots
ON_A_SHARED_STRETCH = 30.0  # a flow's label should not stand where two flows run as one
TOO_LONG_FOR_ITS_PIECE = 9.0
SWEEPS = 2  # in the second, a label that took the place of a later one may give way
UNBROKEN = 999.0
AFTER_THE_STROKE = 17.0  # where a default flow's label begins

Spot = tuple[float, Box]  # a price of its own, and the place


def first_labels(plan: Plan) -> dict[str, Box]:
    """Each event's and gateway's label at its favourite place, before there are lines."""
    nodes = plan.page.nodes()
    return {n.id: node_spots(n, plan.boxes[n.id])[0] for n in nodes.values() if n.name and not n.is_task}


def node_spots(node: Node, box: Box) -> list[Box]:
    """Possible places for the label of an event or gateway, best first."""
    if node.host is not None:
        return list(_guest_spots(node.name, box))
    width, height = label_size(node.name)
    below = Box(box.cx - width / 2, box.bottom + 4, width, height)
    above = Box(box.cx - width / 2, box.y - height - 4, width, height)
    spots = [above, below] if node.is_gateway else [below, above]
    inset = 8.0 if node.is_gateway else 2.0  # the corners beside a diamond are free
    for width, height in (label_size(node.name), label_size(node.name, UNBROKEN)):
        for y in (box.y - height + 4, box.bottom - 4):
            spots += [Box(box.right - inset, y, width, height), Box(box.x + inset - width, y, width, height)]
    return spots


def _guest_spots(name: str, box: Box) -> Iterator[Box]:
    """Beside the lower half of a boundary event, left or right, narrow or wide."""
    for limit in (60.0, 74.0, 90.0):
        width, height = label_size(name, limit)
        yield Box(box.x - width - 3, box.cy + 4, width, height)
        yield Box(box.right + 3, box.cy + 4, width, height)


def place_labels(plan: Plan, paths: Mapping[str, Path]) -> dict[str, Box]:
    """All labels of a page whose lines are drawn."""
    nodes, flows = plan.page.nodes(), plan.page.flows()
    named = [n for n in nodes.values() if n.name and not n.is_task]
    spots: dict[str, list[Spot]] = {}
    for node in sorted(named, key=lambda n: (n.host is None, n.is_gateway)):
        spots[node.id] = [(0.0, spot) for spot in node_spots(node, plan.boxes[node.id])]
    for flow_id, path in paths.items():
        if flows[flow_id].name:
            sisters = [p for f, p in paths.items() if f != flow_id and flows[f].source == flows[flow_id].source]
            start = AFTER_THE_STROKE if _is_default(flows[flow_id], nodes) else 6.0
            spots[flow_id] = list(_flow_spots(flows[flow_id].name, path, sisters, start))
    scene = _scene(plan, paths)
    for _ in range(SWEEPS):
        for element, choices in spots.items():
            scene.take(element, choices, plan.boxes.get(element))
    return scene.taken


def _is_default(flow: Flow, nodes: Mapping[str, Node]) -> bool:
    """Whether the line is its gateway's default, which has a stroke across its beginning."""
    return flow.source in nodes and nodes[flow.source].element.get("default") == flow.id


def _flow_spots(name: str, path: Path, sisters: list[Path], start: float) -> Iterator[Spot]:
    """Beside each straight piece of a line: near its start, in its middle, near its end, on both sides."""
    width, height = label_size(name, FLOW_LABEL_WIDTH)
    others = [span(a, b) for sister in sisters for a, b in segments(sister)]
    for a, b in segments(path):
        level = a[1] == b[1]
        room = abs(b[0] - a[0]) - width if level else abs(b[1] - a[1]) - height
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        price = TOO_LONG_FOR_ITS_PIECE if room < 4 else 0.0
        price += ON_A_SHARED_STRETCH if any(span(middle, middle).meets(other, 3) for other in others) else 0.0
        for offset in (start if a == path[0] else 6.0, room / 2, room - 14):
            for spot in _beside(a, b, offset, width, height):
                yield price, spot


def _beside(a: Point, b: Point, offset: float, width: float, height: float) -> tuple[Box, Box]:
    """Two boxes on either side of a piece, `offset` away from its beginning."""
    if a[1] == b[1]:
        x = a[0] + offset if b[0] > a[0] else a[0] - offset - width
        return Box(x, a[1] - height - 3, width, height), Box(x, a[1] + 3, width, height)
    y = a[1] + offset if b[1] > a[1] else a[1] - offset - height
    return Box(a[0] + 5, y, width, height), Box(a[0] - 5 - width, y, width, height)


@dataclass(slots=True)
class _Scene:
    """What a label should keep off."""

    lines: list[Box]
    shapes: list[Box]
    frames: list[Box]
    titles: list[Box]
    taken: dict[str, Box]

    def take(self, element: str, spots: list[Spot], own: Box | None) -> None:
        """Take the best spot for a label, given where the others are."""
        self.taken.pop(element, None)

        def price(numbered: tuple[int, Spot]) -> float:
            number, (dearness, spot) = numbered
            return dearness + number * WORSE_SPOT + self._faults(spot, own)

        self.taken[element] = min(enumerate(spots), key=price)[1][1]

    def _faults(self, spot: Box, own: Box | None) -> float:
        price = ON_A_LINE * sum(spot.meets(line, 1.5) for line in self.lines)
        price += ON_A_SHAPE * sum(spot.meets(shape, 1) for shape in self.shapes if shape is not own)
        price += ON_A_LABEL * sum(spot.meets(label, 2) for label in self.taken.values())
        price += ON_A_LABEL * sum(spot.meets(title, 2) for title in self.titles)
        price += OVER_A_FRAME * sum(spot.meets(frame) and not frame.holds(spot) for frame in self.frames)
        return price


def _scene(plan: Plan, paths: Mapping[str, Path]) -> _Scene:
    nodes = plan.page.nodes()
    return _Scene(
        lines=[span(a, b) for path in paths.values() for a, b in segments(path)],
        shapes=[box for i, box in plan.boxes.items() if i in nodes],
        frames=[box for i, box in plan.boxes.items() if i not in nodes],
        titles=list(plan.titles.values()),
        taken={},
    )
