"""A drawn process as plain values: what a .bpmn file says, before anybody judges or runs it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    condition: str | None = None


@dataclass(frozen=True)
class Trigger:
    """What an event waits for or throws. ``name``: message, signal or code; ``expression``: the time of a timer."""

    kind: str  # message, timer, error, escalation, signal, terminate
    name: str | None = None
    variable: str | None = None
    payload: str | None = None
    timer: str | None = None  # timeDate, timeDuration, timeCycle
    expression: str | None = None
    key: str | None = None  # an expression: which of several messages of one name


@dataclass(frozen=True)
class Repetition:
    """How an activity repeats: once for each item of a collection, a number of times, or while a condition holds."""

    standard: bool = False
    sequential: bool = False
    collection: str | None = None
    cardinality: str | None = None
    item: str | None = None
    output: str | None = None
    output_item: str | None = None
    completion: str | None = None
    condition: str | None = None
    maximum: str | None = None
    test_before: bool = False


@dataclass
class Scope:
    """A process or subprocess: nodes and the flows between them."""

    id: str
    elements: dict[str, "Element"] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    played: object = field(default=None, repr=False, compare=False)  # what the game of tokens found (soundness.py)
    _ways: "_Ways | None" = field(default=None, repr=False, compare=False)

    def ways(self) -> "_Ways":
        """The flows and boundary events by node; made once, when the scope has been read."""
        if self._ways is None or self._ways.number != len(self.flows) + len(self.elements):
            self._ways = _Ways(self)
        return self._ways

    def outgoing(self, node: str) -> list[Flow]:
        return self.ways().outgoing.get(node, [])

    def incoming(self, node: str) -> list[Flow]:
        return self.ways().incoming.get(node, [])

    def of_kind(self, *kinds: str) -> list["Element"]:
        return [e for e in self.elements.values() if e.kind in kinds]

    def boundaries(self, node: str) -> list["Element"]:
        return self.ways().boundaries.get(node, [])

    def handlers(self) -> list["Element"]:
        """The event subprocesses of this scope."""
        return [e for e in self.elements.values() if e.triggered]

    def scopes(self) -> Iterator["Scope"]:
        """This scope and all drawn inside it."""
        yield self
        for element in self.elements.values():
            if element.inside is not None:
                yield from element.inside.scopes()

    def everything(self) -> Iterator["Element"]:
        """All nodes of this scope and of those drawn inside it."""
        for scope in self.scopes():
            yield from scope.elements.values()


class _Ways:
    """An index of a scope."""

    def __init__(self, scope: Scope) -> None:
        self.number = len(scope.flows) + len(scope.elements)
        self.outgoing: dict[str, list[Flow]] = {}
        self.incoming: dict[str, list[Flow]] = {}
        self.boundaries: dict[str, list[Element]] = {}
        for flow in scope.flows.values():
            self.outgoing.setdefault(flow.source, []).append(flow)
            self.incoming.setdefault(flow.target, []).append(flow)
        for element in scope.of_kind("boundaryEvent"):
            self.boundaries.setdefault(element.attached_to or "", []).append(element)


@dataclass
class Element:
    """A drawn node with everything its kind may say."""

    id: str
    name: str
    kind: str
    file: str
    lane: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    trigger: Trigger | None = None
    repetition: Repetition | None = None
    interrupting: bool = True  # cancelActivity of a boundary event, isInterrupting of a start event
    attached_to: str | None = None
    default: str | None = None
    called: str | None = None  # the process that a call activity calls
    decision: str | None = None
    script: str | None = None
    verb: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    result: str | None = None
    inside: Scope | None = None
    triggered: bool = False  # an event subprocess


@dataclass
class Process(Scope):
    """A process of a file."""

    name: str = ""
    file: str = ""
    executable: bool = True
    lanes: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Drawing:
    """A whole .bpmn file."""

    file: str
    processes: list[Process] = field(default_factory=list)
    messages: frozenset[str] = frozenset()
    shapes: frozenset[str] = frozenset()  # ids of elements that have a place in the diagram
    ids: Mapping[str, int] = field(default_factory=dict)  # how often each id is given in the file
    size: Mapping[str, int] = field(default_factory=dict)  # how many processes, nodes … there are
