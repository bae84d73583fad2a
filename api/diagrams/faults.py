"""What a reader would see as wrong in a diagram: lines behind shapes, labels on lines, things on top of each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from api.diagrams.geometry import Box, segments, span
from api.diagrams.interchange import Diagram
from api.diagrams.model import Flow, Node, Page

RUNNING_TOGETHER = 4.0  # pixels between two lines that a reader takes for one


@dataclass(slots=True)
class _View:
    """A diagram sorted by what its parts are."""

    nodes: dict[str, Node]
    flows: dict[str, Flow]
    solid: dict[str, Box]  # shapes that nothing may cover
    frames: dict[str, Box]  # pools, lanes, open subprocesses
    labels: dict[str, Box]
    lines: list[tuple[Box, str]]


def page_faults(page: Page, diagram: Diagram) -> list[str]:
    """The faults of one page, each a sentence that names the elements."""
    view = _view(page, diagram)
    return [
        *_missing(view, diagram),
        *_hidden_lines(view),
        *_overlaps(view),
        *_bad_labels(view),
        *_outside_their_frame(page, diagram),
        *_lines_together(view),
    ]


def crossings(page: Page, diagram: Diagram) -> int:
    """How often lines that do not belong together cross."""
    view, count = _view(page, diagram), 0
    for (a, f), (b, g) in combinations(view.lines, 2):
        if f != g and view.flows[f].target != view.flows[g].target and (a.width == 0) != (b.width == 0):
            level, upright = (b, a) if a.width == 0 else (a, b)
            count += level.x < upright.x < level.right and upright.y < level.y < upright.bottom
    return count


def _view(page: Page, diagram: Diagram) -> _View:
    nodes, flows = page.nodes(), page.flows()
    drawn = diagram.boxes.items()
    solid = {i: b.grown(-0.5) for i, b in drawn if i in nodes and i not in diagram.expanded}
    lines = [(span(a, b), f) for f, path in diagram.paths.items() if f in flows for a, b in segments(path)]
    frames = {i: b for i, b in drawn if i not in nodes or i in diagram.expanded}
    labels = {i: b for i, b in diagram.labels.items() if i in nodes or i in flows}
    return _View(nodes, flows, solid, frames, labels, lines)


def _missing(view: _View, diagram: Diagram) -> Iterator[str]:
    for node in view.nodes:
        if node not in diagram.boxes:
            yield f"step {node} is not drawn"
    for flow in view.flows:
        if flow not in diagram.paths:
            yield f"line {flow} is not drawn"


def _hidden_lines(view: _View) -> Iterator[str]:
    found = {
        f"line {flow} runs behind shape {shape}": None
        for line, flow in view.lines
        for shape, box in view.solid.items()
        if line.meets(box)
    }
    yield from found


def _overlaps(view: _View) -> Iterator[str]:
    for (a, box_a), (b, box_b) in combinations(view.solid.items(), 2):
        related = view.nodes[a].host == b or view.nodes[b].host == a
        if box_a.meets(box_b) and not related:
            yield f"shapes {a} and {b} overlap"


def _bad_labels(view: _View) -> Iterator[str]:
    for label, box in view.labels.items():
        core = box.grown(-0.5)
        for flow in dict.fromkeys(flow for line, flow in view.lines if line.meets(core)):
            yield f"line {flow} runs through the label of {label}"
        for shape, other in view.solid.items():
            if shape != label and box.meets(other):
                yield f"the label of {label} lies on shape {shape}"
        for frame, other in view.frames.items():
            if core.meets(other) and not other.holds(core):
                yield f"the label of {label} lies on the edge of {frame}"
    for (a, box_a), (b, box_b) in combinations(view.labels.items(), 2):
        if box_a.meets(box_b):
            yield f"the labels of {a} and {b} overlap"


def _outside_their_frame(page: Page, diagram: Diagram) -> Iterator[str]:
    for scope in page.scopes:
        for lane in scope.lanes:
            frame = diagram.boxes.get(lane.id or "")
            for member in lane.members & scope.nodes.keys() if frame else ():
                box = diagram.boxes.get(member)
                if frame and box and not frame.holds(box):
                    yield f"shape {member} is not inside its lane {lane.id}"
        for handler in scope.handlers:
            frame = diagram.boxes.get(handler.id)
            for member in handler.nodes:
                box = diagram.boxes.get(member)
                if frame and box and not frame.holds(box):
                    yield f"shape {member} is not inside {handler.id}"


def _lines_together(view: _View) -> Iterator[str]:
    found: dict[str, None] = {}
    for (a, f), (b, g) in combinations(view.lines, 2):
        if f == g or _share_an_end(view.flows, f, g) or (a.width == 0) != (b.width == 0):
            continue
        if a.meets(b, RUNNING_TOGETHER):
            found[f"lines {f} and {g} run together"] = None
    yield from found


def _share_an_end(flows: Mapping[str, Flow], f: str, g: str) -> bool:
    return flows[f].source == flows[g].source or flows[f].target == flows[g].target
