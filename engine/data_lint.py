"""Who reads and writes which field: variables that nothing writes, and fields that two branches write side by side."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.decisions import Decision
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.expressions import names_read, names_read_by_script, names_written
from engine.runtime.graph import reach
from engine.runtime.reader import TASKS
from engine.runtime.soundness import following

MOST_FORKS = 100  # of one scope that are looked at
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
    called: dict[str, dict[str, str]] = field(default_factory=dict)  # what processes write, by id

    def __post_init__(self) -> None:
        callers = self._locals_of_callers()
        for process in self.processes.values():
            self._process(process, callers.get(process.id, frozenset()))

    def _locals_of_callers(self) -> dict[str, frozenset[str]]:
        """Loop variables and payloads travel into called processes."""
        out: dict[str, frozenset[str]] = {}
        waiting = list(self.processes)
        while waiting:
            process = self.processes[waiting.pop()]
            for scope, around in _scopes_with_locals(process, out.get(process.id, frozenset())):
                for element in scope.elements.values():
                    known = out.get(element.called or "", frozenset())
                    inner = known | around | _own_locals(element)
                    if element.called is not None and element.called in self.processes and inner != known:
                        out[element.called] = inner
                        waiting.append(element.called)
        return out

    def _process(self, process: Process, around: frozenset[str]) -> None:
        for scope, local in _scopes_with_locals(process, around):
            for element in scope.elements.values():
                self._element(process, element, local)
            for flow in scope.flows.values():
                if flow.condition:
                    reads = frozenset(_names(flow.condition) - local)
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
        if decision := self.decisions.get(element.decision or ""):
            reads |= _decision_reads(decision) - local
        self.accesses[element.id] = Access(process.file, element.id, frozenset(reads), frozenset(writes))

    def _writes(self, element: Element) -> set[str]:
        writes: set[str] = set(self.fields.get(element.id, frozenset()))
        if element.script:
            writes |= _quietly(names_written, element.script)
        if element.result:
            writes.add(element.result)
        if decision := self.decisions.get(element.decision or ""):
            writes |= set(decision.outputs)
        if element.trigger and element.trigger.variable and element.kind != "startEvent":
            writes.add(element.trigger.variable)  # that of an event subprocess is a local of the handler
        return writes

    def written(self) -> frozenset[str]:
        return frozenset().union(*(access.writes for access in self.accesses.values()))

    def people_write(self) -> bool:
        """Whether there are forms, whose fields a bare file does not tell."""
        return any(e.kind in TASKS for p in self.processes.values() for e in p.everything())

    def written_inside(self, element: Element) -> dict[str, str]:
        """What a node writes with all that is drawn or called in it: field → where exactly."""
        found = dict.fromkeys(sorted(self.accesses[element.id].writes), element.id)
        if element.inside is not None:
            found |= self._written_by(element.inside)
        elif element.called in self.processes:
            found |= self._written_by_process(element.called or "")
        return found

    def _written_by(self, scope: Scope) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in scope.elements.values():
            found |= self.written_inside(element)
        return found

    def _written_by_process(self, called: str) -> dict[str, str]:
        if called not in self.called:
            self.called[called] = {}  # one that calls itself is a fault of its own
            self.called[called] = self._written_by(self.processes[called])
        return self.called[called]


# ------------------------------------------------------------------------------------------------ faults


def unwritten(use: Use, known: frozenset[str]) -> Iterator[Fault]:
    """Variables that are read though nothing writes them: a warning, since a start form may."""
    written = use.written() | known | AROUND
    for access in use.accesses.values():
        for name in sorted(access.reads - written):
            yield Fault(access.file, access.node, f"reads {name}, which nothing writes", warning=True)


def parallel_writers(use: Use) -> Iterator[Fault]:
    """Two branches that run side by side may not write the same field: which value stays would be chance."""
    for process in use.processes.values():
        for scope in process.scopes():
            yield from _parallel_writers(use, scope)


def _parallel_writers(use: Use, scope: Scope) -> Iterator[Fault]:
    """Each field that two nodes of a scope, or nodes inside them, can write at the same time."""
    writers: dict[str, dict[str, str]] = {}  # field → node of the scope → where exactly it is written
    for element in scope.elements.values():
        yield from _instances_that_overwrite(use, element)
        for name, node in use.written_inside(element).items():
            writers.setdefault(name, {})[element.id] = node
    shared = {name: nodes for name, nodes in writers.items() if len(nodes) > 1}
    together = _Together(scope) if shared else None
    for name, nodes in sorted(shared.items()):
        pair = together.pair(nodes) if together else None
        if pair is not None:
            one, other = (nodes[node] for node in pair)
            reason = f"writes {name} side by side with {other}: which value stays would be chance"
            yield Fault(use.accesses[one].file, one, reason)


def _instances_that_overwrite(use: Use, element: Element) -> Iterator[Fault]:
    """Fields that every instance of a parallel multi-instance writes: a warning, for it may read them at once."""
    repeats = element.repetition
    if repeats is None or repeats.standard or repeats.sequential:
        return
    for name, node in use.written_inside(element).items():
        if name != repeats.output:
            reason = f"writes {name} in each of several instances side by side: collect it as their result instead"
            yield Fault(use.accesses[node].file, node, reason, warning=True)


class _Together:
    """Which nodes of one scope can be under way at the same time, as far as the drawing tells."""

    def __init__(self, scope: Scope) -> None:
        after = following(scope)
        self.forks: list[dict[str, int]] = []  # for each fork: node → the branches that reach it, one bit each
        self.beside = {e.id for e in scope.elements.values() if e.triggered and _runs_beside(e)}
        for element in scope.elements.values():
            starts = _branches(scope, element)
            if len(starts) > 1 and len(self.forks) < MOST_FORKS:
                without = {node: [n for n in others if n != element.id] for node, others in after.items()}
                bits: dict[str, int] = {}
                for number, start in enumerate(starts):
                    for node in reach(start, without):
                        bits[node] = bits.get(node, 0) | 1 << number
                self.forks.append(bits)

    def pair(self, nodes: Iterable[str]) -> tuple[str, str] | None:
        """Two of the nodes that can run at the same time; what both branches of a fork reach comes after they met."""
        ordered = sorted(nodes)
        for node in ordered:
            if node in self.beside:
                return node, next(other for other in ordered if other != node)
        for bits in self.forks:
            one_of = {bits.get(node, 0): node for node in reversed(ordered)}
            for (a, one), (b, other) in combinations(sorted(one_of.items()), 2):
                if a & ~b and b & ~a:
                    return min(one, other), max(one, other)
        return None


def _branches(scope: Scope, element: Element) -> list[list[str]]:
    """Where the branches of a fork begin; a boundary event that does not interrupt runs beside its activity."""
    if element.kind in ("parallelGateway", "inclusiveGateway"):
        return [[flow.target] for flow in scope.outgoing(element.id)]
    if element.kind == "boundaryEvent" and not element.interrupting and element.attached_to:
        return [[flow.target for flow in scope.outgoing(element.id)], [element.attached_to]]
    return []


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
        texts += filter(None, (trigger.expression, trigger.payload, trigger.key))
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
