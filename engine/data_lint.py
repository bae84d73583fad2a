"""Who reads and writes which field: variables that nothing writes, and fields that two branches write side by side."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.decisions import Decision
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.expressions import names_read, names_read_by_script, names_written
from engine.runtime.graph import reach
from engine.runtime.reader import TASKS
from engine.runtime.soundness import following

AROUND = frozenset({"data", "participants"})  # names that every expression knows


@dataclass(frozen=True)
class Access:
    """What one node reads and writes of the document, its locals left out."""

    file: str
    node: str
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


@dataclass
class Use:
    """How the processes of a bundle use case data. ``fields`` gives the fields of a task's form, by node."""

    processes: Mapping[str, Process]
    decisions: Mapping[str, Decision]
    fields: Mapping[str, frozenset[str]]
    accesses: dict[str, Access] = field(default_factory=dict)

    def __post_init__(self) -> None:
        callers = self._locals_of_callers()
        for process in self.processes.values():
            self._process(process, callers.get(process.id, frozenset()))

    def _locals_of_callers(self) -> dict[str, frozenset[str]]:
        """Loop variables and payloads travel into called processes."""
        out: dict[str, frozenset[str]] = {}
        for _ in self.processes:  # as often as calls can be nested
            for process in self.processes.values():
                for scope, around in _scopes_with_locals(process, out.get(process.id, frozenset())):
                    for element in scope.elements.values():
                        if element.called:
                            inner = around | _own_locals(element)
                            out[element.called] = out.get(element.called, frozenset()) | inner
        return out

    def _process(self, process: Process, around: frozenset[str]) -> None:
        for scope, local in _scopes_with_locals(process, around):
            for element in scope.elements.values():
                self._element(process, element, local)
            for flow in scope.flows.values():
                if flow.condition:
                    reads = _names(flow.condition) - local
                    self.accesses[flow.id] = Access(process.file, flow.id, reads)

    def _element(self, process: Process, element: Element, around: frozenset[str]) -> None:
        local = around | _own_locals(element)
        reads = _reads(element) - local
        writes = self._writes(element) - local
        repeats = element.repetition
        if repeats and repeats.output and repeats.output not in around:
            writes.add(repeats.output)
        if repeats and repeats.collection:
            reads |= _names(repeats.collection) - around
        if element.decision in self.decisions:
            reads |= _decision_reads(self.decisions[element.decision]) - local
        self.accesses[element.id] = Access(process.file, element.id, frozenset(reads), frozenset(writes))

    def _writes(self, element: Element) -> set[str]:
        writes: set[str] = set(self.fields.get(element.id, frozenset()))
        if element.script:
            writes |= _quietly(names_written, element.script)
        if element.result:
            writes.add(element.result)
        if element.decision in self.decisions:
            writes |= set(self.decisions[element.decision].outputs)
        if element.trigger and element.trigger.variable and element.kind != "startEvent":
            writes.add(element.trigger.variable)  # that of an event subprocess is a local of the handler
        return writes

    def written(self) -> frozenset[str]:
        return frozenset().union(*(access.writes for access in self.accesses.values()))

    def people_write(self) -> bool:
        """Whether there are forms, whose fields a bare file does not tell."""
        return any(e.kind in TASKS for p in self.processes.values() for e in p.everything())

    def inside(self, element: Element) -> Iterator[Access]:
        """What a node does with all that is drawn or called in it."""
        yield self.accesses[element.id]
        inner = element.inside or self.processes.get(element.called or "")
        for part in inner.elements.values() if inner is not None else ():
            yield from self.inside(part)


# ------------------------------------------------------------------------------------------------ faults


def unwritten(use: Use, known: frozenset[str]) -> Iterator[Fault]:
    """Variables that are read though nothing writes them: a warning, since a start form may."""
    for access in use.accesses.values():
        for name in sorted(access.reads - use.written() - known - AROUND):
            yield Fault(access.file, access.node, f"reads {name}, which nothing writes", warning=True)


def parallel_writers(use: Use) -> Iterator[Fault]:
    """Two branches that run side by side may not write the same field: which value stays would be chance."""
    told: set[tuple[str, str, str]] = set()
    for process in use.processes.values():
        for scope in process.scopes():
            for one, other in _side_by_side(scope):
                for first in use.inside(scope.elements[one]):
                    for second in use.inside(scope.elements[other]):
                        for name in sorted(first.writes & second.writes):
                            low, high = sorted((first.node, second.node))
                            if (low, high, name) not in told:
                                told.add((low, high, name))
                                reason = f"writes {name} side by side with {high}: which value stays would be chance"
                                yield Fault(use.accesses[low].file, low, reason)


def _side_by_side(scope: Scope) -> set[tuple[str, str]]:
    """Pairs of nodes of one scope that can be under way at the same time, as far as the drawing tells."""
    after = following(scope)
    pairs: set[tuple[str, str]] = set()
    for element in scope.elements.values():
        if element.kind in ("parallelGateway", "inclusiveGateway"):
            branches = [[f.target] for f in scope.outgoing(element.id)]
            pairs |= _apart(branches, after, element.id)
        elif element.kind == "boundaryEvent" and not element.interrupting and element.attached_to:
            beside = [f.target for f in scope.outgoing(element.id)]
            pairs |= _apart([beside, [element.attached_to]], after, element.id)
        elif element.triggered and _runs_beside(element):
            pairs |= {(element.id, other) for other in scope.elements if other != element.id}
    return {(a, b) for a, b in pairs if a in scope.elements and b in scope.elements}


def _apart(branches: list[list[str]], after: Mapping[str, list[str]], fork: str) -> set[tuple[str, str]]:
    """Nodes of one branch with nodes of another; what both reach comes after they have met."""
    without = {node: [n for n in others if n != fork] for node, others in after.items()}
    reached = [reach(branch, without) for branch in branches]
    pairs: set[tuple[str, str]] = set()
    for i, one in enumerate(reached):
        for other in reached[i + 1 :]:
            pairs |= {(a, b) for a in one - other for b in other - one}
    return pairs


def _runs_beside(handler: Element) -> bool:
    starts = handler.inside.of_kind("startEvent") if handler.inside else []
    return any(not start.interrupting for start in starts)


# ------------------------------------------------------------------------------------------------ names


def _scopes_with_locals(process: Process, around: frozenset[str]) -> Iterator[tuple[Scope, frozenset[str]]]:
    """Every scope of a process with the locals that tokens carry in it."""
    stack: list[tuple[Scope, frozenset[str]]] = [(process, around)]
    while stack:
        scope, local = stack.pop()
        yield scope, local
        for element in scope.elements.values():
            if element.inside is not None:
                stack.append((element.inside, local | _own_locals(element) | _payload(element)))


def _own_locals(element: Element) -> frozenset[str]:
    repeats = element.repetition
    return frozenset(filter(None, (repeats.item, repeats.output_item))) if repeats else frozenset()


def _payload(element: Element) -> frozenset[str]:
    """The variable of the message that begins an event subprocess."""
    starts = element.inside.of_kind("startEvent") if element.inside and element.triggered else []
    return frozenset(s.trigger.variable for s in starts if s.trigger and s.trigger.variable)


def _reads(element: Element) -> set[str]:
    """The variables that the expressions of a node read; what walks a list is counted apart."""
    trigger, repeats = element.trigger, element.repetition
    texts = [*element.parameters.values()]
    if trigger is not None:
        texts += filter(None, (trigger.expression, trigger.payload))
    if repeats is not None:
        texts += filter(None, (repeats.cardinality, repeats.completion, repeats.condition))
    read = set().union(*map(_names, texts))
    return read | (_quietly(names_read_by_script, element.script) if element.script else set())


def _names(text: str) -> set[str]:
    return _quietly(names_read, text)


def _quietly(names: Callable[[str], frozenset[str]], text: str) -> set[str]:
    """Names in an expression; none in one that is a fault already."""
    try:
        return set(names(text))
    except ExpressionInvalid:
        return set()


def _decision_reads(decision: Decision) -> set[str]:
    try:
        return set(decision.reads())
    except ExpressionInvalid:
        return set()
