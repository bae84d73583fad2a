"""The diagram part of a BPMN file (BPMN DI): reading it safely and writing it the same way each time."""

import math
from dataclasses import dataclass, field

from lxml import etree

from api.diagrams.errors import BadCoordinate, DanglingReference, DiagramTooLarge
from api.diagrams.geometry import Box, Path, Point, straightened
from api.diagrams.model import BOUNDARY, BPMN, BPMNDI, DC, DI, SUBPROCESSES, Element, Page

MOST_SHAPES = 2_000
FARTHEST = 1e6  # pixels; beyond this a coordinate is a mistake or an attack


@dataclass(slots=True)
class Diagram:
    """One drawn page: where each shape, label and line is, by the id of the element."""

    plane: str
    boxes: dict[str, Box] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    expanded: set[str] = field(default_factory=set)


def read_diagrams(root: Element, known: dict[str, Element]) -> list[Diagram]:
    """The diagrams of a file in their order; `known` are the elements that they may refer to."""
    planes = [plane for d in root.findall(BPMNDI + "BPMNDiagram") for plane in d.findall(BPMNDI + "BPMNPlane")]
    return [_read_plane(plane, known) for plane in planes]


def _read_plane(plane: Element, known: dict[str, Element]) -> Diagram:
    if len(plane) > MOST_SHAPES:
        raise DiagramTooLarge(count=len(plane), what="shapes and lines", limit=MOST_SHAPES)
    diagram = Diagram(_target(plane, known))
    for shape in plane.findall(BPMNDI + "BPMNShape"):
        element = _target(shape, known)
        diagram.boxes[element] = _bounds(shape, element)
        if shape.get("isExpanded") == "true":
            diagram.expanded.add(element)
        _read_label(shape, element, diagram)
    for edge in plane.findall(BPMNDI + "BPMNEdge"):
        element = _target(edge, known)
        points = [(_number(p, "x", element), _number(p, "y", element)) for p in edge.findall(DI + "waypoint")]
        if len(points) < 2:
            raise BadCoordinate(element=element)
        diagram.paths[element] = tuple(points)
        _read_label(edge, element, diagram)
    return diagram


def _target(part: Element, known: dict[str, Element]) -> str:
    reference = part.get("bpmnElement") or ""
    reference = reference if reference in known else reference.rpartition(":")[2]  # a prefixed name is allowed
    if reference not in known:
        raise DanglingReference(element=part.get("id") or etree.QName(part).localname, reference=reference or "?")
    return reference


def _read_label(part: Element, element: str, diagram: Diagram) -> None:
    label = part.find(BPMNDI + "BPMNLabel")
    if label is not None and label.find(DC + "Bounds") is not None:
        diagram.labels[element] = _bounds(label, element)


def _bounds(part: Element, element: str) -> Box:
    bounds = part.find(DC + "Bounds")
    if bounds is None:
        raise BadCoordinate(element=element)
    box = Box(*(_number(bounds, side, element) for side in ("x", "y", "width", "height")))
    if box.width < 0 or box.height < 0:
        raise BadCoordinate(element=element)
    return box


def _number(part: Element, attribute: str, element: str) -> float:
    try:
        value = float(part.get(attribute, ""))
    except ValueError:
        raise BadCoordinate(element=element) from None
    if not math.isfinite(value) or abs(value) > FARTHEST:
        raise BadCoordinate(element=element)
    return value


# ------------------------------------------------------------------------------------------------------------ writing


def write_diagrams(root: Element, drawn: list[tuple[Page, Diagram]]) -> None:
    """Put these diagrams into the file in place of those it had."""
    for old in root.findall(BPMNDI + "BPMNDiagram"):
        root.remove(old)
    names = _FreshIds(root)
    spaces = {"bpmndi": BPMNDI[1:-1], "dc": DC[1:-1], "di": DI[1:-1]}
    for page, diagram in drawn:
        frame = etree.SubElement(root, BPMNDI + "BPMNDiagram", {"id": names.fresh(f"{page.id}_diagram")}, nsmap=spaces)
        attributes = {"id": names.fresh(f"{page.id}_plane"), "bpmnElement": page.id}
        plane = etree.SubElement(frame, BPMNDI + "BPMNPlane", attributes)
        _write_shapes(plane, page, diagram, names)
        for flow, path in diagram.paths.items():
            attributes = {"id": names.fresh(f"{flow}_di"), "bpmnElement": flow}
            edge = etree.SubElement(plane, BPMNDI + "BPMNEdge", attributes)
            for point in straightened(path):
                etree.SubElement(edge, DI + "waypoint", _coordinates(point))
            _write_label(edge, flow, diagram)


class _FreshIds:
    def __init__(self, root: Element) -> None:
        self._taken = {i for element in root.iter() if (i := element.get("id")) is not None}

    def fresh(self, wish: str) -> str:
        while wish in self._taken:
            wish += "_"
        self._taken.add(wish)
        return wish


def _write_shapes(plane: Element, page: Page, diagram: Diagram, names: _FreshIds) -> None:
    """Frames first, boundary events last, so that what stands in front comes later."""
    pools = {pool.id for pool in page.pools}
    lanes = {lane.id for scope in page.all_scopes() for lane in scope.lanes}
    nodes, handlers = page.nodes(), page.handlers()

    def depth(element: str) -> int:
        if element in pools or element in lanes:
            return 0 if element in pools else 1
        if element in handlers:
            return 2
        return 4 if nodes[element].kind == BOUNDARY else 3

    for element in sorted(diagram.boxes, key=depth):
        attributes = {"id": names.fresh(f"{element}_di"), "bpmnElement": element}
        if depth(element) < 2:
            attributes["isHorizontal"] = "true"
        elif element in handlers:
            attributes["isExpanded"] = "true"
        elif nodes[element].kind in SUBPROCESSES:
            attributes["isExpanded"] = "false"
        elif nodes[element].kind == "exclusiveGateway":
            attributes["isMarkerVisible"] = "true"
        shape = etree.SubElement(plane, BPMNDI + "BPMNShape", attributes)
        _write_bounds(shape, diagram.boxes[element])
        if element not in handlers:
            _write_label(shape, element, diagram)


def _write_label(part: Element, element: str, diagram: Diagram) -> None:
    if element in diagram.labels:
        _write_bounds(etree.SubElement(part, BPMNDI + "BPMNLabel"), diagram.labels[element])


def _write_bounds(part: Element, box: Box) -> None:
    values = zip(("x", "y", "width", "height"), box, strict=True)
    etree.SubElement(part, DC + "Bounds", {side: f"{round(value, 1):g}" for side, value in values})


def _coordinates(point: Point) -> dict[str, str]:
    return {"x": f"{round(point[0], 1):g}", "y": f"{round(point[1], 1):g}"}


def relink(root: Element) -> None:
    """Write the `incoming` and `outgoing` of every step, which other tools read instead of the lines themselves."""
    for scope in root.iter(BPMN + "process", *(BPMN + kind for kind in SUBPROCESSES)):
        steps = {e.get("id"): e for e in scope if e.get("id") is not None}
        for step in steps.values():
            for old in [*step.findall(BPMN + "incoming"), *step.findall(BPMN + "outgoing")]:
                step.remove(old)
        for flow in scope.findall(BPMN + "sequenceFlow"):
            _link(steps[flow.get("targetRef", "").strip()], "incoming", flow.get("id", ""))
            _link(steps[flow.get("sourceRef", "").strip()], "outgoing", flow.get("id", ""))


def _link(step: Element, side: str, flow: str) -> None:
    """Add a link where the schema wants it: after documentation and extensions, incoming before outgoing."""
    before = {BPMN + name for name in ("documentation", "extensionElements", "incoming", side)}
    position = sum(1 for child in step if child.tag in before)
    link = etree.Element(BPMN + side)
    link.text = flow
    step.insert(position, link)
