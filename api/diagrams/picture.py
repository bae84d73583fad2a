"""One diagram made ready to be shown: which shapes and lines, what they are called, what their states are.

This is where a pool is picked out of a file with several, and where the reader's view leaves out what the system does
by itself: plain service and script tasks go, and the lines before and after them are joined.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from api.diagrams.errors import NoDiagram, NoDiagramOf
from api.diagrams.geometry import Box, Path, straightened
from api.diagrams.interchange import Diagram, read_diagrams
from api.diagrams.model import BOUNDARY, BPMN, Element, elements_by_id, is_handler, kind_of, parse
from api.diagrams.text import tidy
from api.diagrams.words import Status, Words

HIDDEN_FROM_READERS = frozenset({"serviceTask", "scriptTask"})
HOTTEST = 4
LARGEST_REMEMBERED = 200_000  # bytes


@dataclass(frozen=True, slots=True)
class NodeState:
    """What is to be seen of a step: its status in a case, or how many cases stand there and how pressing they are.

    `heat` runs from 0 (none) to 4 (overdue); `description` is read out and shown as a tip. `badge` stands on the step
    instead of the bare count, `note` at its foot.
    A sequence flow that a case took is given by its id with status "done".
    """

    status: Status | None = None
    count: int = 0
    heat: int = 0
    description: str = ""
    badge: str = ""
    note: str = ""


NO_STATE = NodeState()


@dataclass(slots=True)
class Shape:
    """A drawn element that is not a line."""

    id: str
    element: Element
    kind: str
    name: str
    box: Box
    label: Box | None
    expanded: bool
    state: NodeState

    @property
    def is_frame(self) -> bool:
        return self.kind in ("participant", "lane")

    @property
    def is_handler(self) -> bool:
        return is_handler(self.element)

    @property
    def has_outside_label(self) -> bool:
        """Whether the name stands beside the shape and not in it."""
        return self.kind.endswith(("Event", "Gateway")) or self.kind.startswith("data")


@dataclass(slots=True)
class Line:
    """A drawn flow; in the reader's view it may stand for several."""

    id: str
    element: Element
    kind: str
    name: str
    source: str
    target: str
    path: Path
    label: Box | None

    @property
    def is_message(self) -> bool:
        return self.kind == "messageFlow"


@dataclass(slots=True)
class Picture:
    """Everything that the pen needs to know."""

    title: str
    key: str
    shapes: dict[str, Shape] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)  # the lines that the case went along


def picture(
    bpmn: bytes,
    process: str | None,
    states: Mapping[str, NodeState],
    reader: bool,
    names: Mapping[str, str],
    words: Words,
) -> Picture:
    """Read a file and prepare one of its diagrams."""
    known, diagrams = _read(bpmn) if len(bpmn) <= LARGEST_REMEMBERED else _read.__wrapped__(bpmn)
    diagram, shown = _chosen(diagrams, known, process)

    def name(element: str) -> str:
        return tidy(names.get(element) or known[element].get("name") or _note(known[element]))

    titled = process or _main_process(known, diagram)
    result = Picture(name(titled) or words.diagram, diagram.plane)
    for i, box in diagram.boxes.items():
        if shown is None or i in shown:
            kind, state = kind_of(known[i]), states.get(i, NO_STATE)
            expanded = i in diagram.expanded
            result.shapes[i] = Shape(i, known[i], kind, name(i), box, diagram.labels.get(i), expanded, state)
    for i, path in diagram.paths.items():
        ends = known[i].get("sourceRef", "").strip(), known[i].get("targetRef", "").strip()
        if shown is None or (ends[0] in shown and ends[1] in shown):
            result.lines[i] = Line(i, known[i], kind_of(known[i]), name(i), *ends, path, diagram.labels.get(i))
    result.taken = _taken(result, states)
    if reader:
        _hide_what_the_system_does(result)
    return result


@lru_cache(maxsize=32)
def _read(bpmn: bytes) -> tuple[dict[str, Element], list[Diagram]]:
    """The elements and the diagrams of a file. Remembered, since pages draw the same few files again and again."""
    root = parse(bpmn)
    known = elements_by_id(root)
    return known, [diagram for diagram in read_diagrams(root, known) if diagram.boxes]


def _note(element: Element) -> str:
    return element.findtext(BPMN + "text") or ""


def _main_process(known: dict[str, Element], diagram: Diagram) -> str:
    """What a drawing without a chosen process is called after: its first process, or the subprocess it shows."""
    if kind_of(known[diagram.plane]) != "collaboration":
        return diagram.plane
    references = [known[i].get("processRef") for i in diagram.boxes if kind_of(known[i]) == "participant"]
    drawn = [r for r in references if r in known]
    return next((r for r in drawn if r is not None), diagram.plane)


def _chosen(diagrams: list[Diagram], known: dict[str, Element], process: str | None) -> tuple[Diagram, set[str] | None]:
    """The diagram asked for, and which of its elements are shown (None: all)."""
    if not diagrams:
        raise NoDiagram
    if process is None:
        return diagrams[0], None
    for diagram in diagrams:
        if diagram.plane == process:
            return diagram, None
    for diagram in diagrams:
        for pool in diagram.boxes:
            if kind_of(known[pool]) == "participant" and process in (pool, known[pool].get("processRef")):
                return diagram, _of_one_pool(diagram, known, pool)
    raise NoDiagramOf(process=process)


def _of_one_pool(diagram: Diagram, known: dict[str, Element], pool: str) -> set[str]:
    """The pool, all that is in it, and the closed participants that exchange messages with it."""
    process = known.get(known[pool].get("processRef") or "")
    shown = {pool}
    if process is not None:
        shown |= {i for e in process.iter() if (i := e.get("id")) in diagram.boxes and i is not None}
    for i in diagram.paths:
        ends = {known[i].get("sourceRef", ""), known[i].get("targetRef", "")}
        if kind_of(known[i]) == "messageFlow" and ends & shown:
            shown |= {end for end in ends if end in diagram.boxes and _is_closed_pool(known[end])}
    return shown


def _is_closed_pool(element: Element) -> bool:
    return kind_of(element) == "participant" and not element.get("processRef")


def _taken(picture: Picture, states: Mapping[str, NodeState]) -> set[str]:
    """The flows that a case took: those given as done or, when none is given, those between steps that were reached."""
    flows = {i for i, line in picture.lines.items() if line.kind == "sequenceFlow"}
    if any(i in flows for i in states):
        return {i for i in flows if states.get(i, NO_STATE).status == "done"}
    reached = {i for i, state in states.items() if state.status is not None}
    done = {i for i in reached if states[i].status == "done"}
    return {i for i in flows if picture.lines[i].source in done and _likely(picture, picture.lines[i], reached)}


def _likely(picture: Picture, line: Line, reached: set[str]) -> bool:
    """Whether a case that passed the source probably went this way: to a step rather than around it to a join."""
    if line.target not in reached:
        return False
    source = picture.shapes.get(line.source)
    if source is None or source.kind != "exclusiveGateway":
        return True
    sisters = [other.target for other in picture.lines.values() if other.source == line.source]
    steps = [t for t in sisters if t in reached and not picture.shapes[t].kind.endswith("Gateway")]
    return line.target in steps or not steps


# ------------------------------------------------------------------------------------------------------ reader's view


def _hide_what_the_system_does(picture: Picture) -> None:
    """Leave out service and script tasks; where a case waits at one, or one sends a message, it stays."""
    hosts = {shape.element.get("attachedToRef") for shape in picture.shapes.values() if shape.kind == BOUNDARY}
    for shape in list(picture.shapes.values()):
        busy = shape.state.status in ("current", "held") or shape.state.count
        if shape.kind not in HIDDEN_FROM_READERS or shape.id in hosts or busy:
            continue
        arriving = [line for line in picture.lines.values() if line.target == shape.id]
        leaving = [line for line in picture.lines.values() if line.source == shape.id]
        plain = all(line.kind == "sequenceFlow" and line.source != line.target for line in arriving + leaving)
        if len(leaving) == 1 and arriving and plain:
            _bridge(picture, shape, arriving, leaving[0])


def _bridge(picture: Picture, shape: Shape, arriving: list[Line], leaving: Line) -> None:
    """Join the lines before a step with the one after it, through the middle of where it stood."""
    middle = (shape.box.cx, shape.box.cy)
    for line in arriving:
        line.path = straightened((*line.path, middle, *leaving.path))
        line.target = leaving.target
        if not line.name:
            line.name, line.label = leaving.name, leaving.label
    del picture.shapes[shape.id], picture.lines[leaving.id]
