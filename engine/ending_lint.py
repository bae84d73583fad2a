"""Does a case end where its flow ends? A flow that comes to an end without closing its case leaves it open, with nothing to do.

Every way from a start to an end is walked; what only some data decide, the walk takes as undecided. So this warns.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.runtime import Fault
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.errors import shortened

CLOSED = "case.closed"
DEEPEST = 40  # scopes and called processes within each other; circles are refused elsewhere


def ending_faults(
    main: Process, processes: Mapping[str, Process], operations: Mapping[str, Mapping[str, Any]]
) -> Iterator[Fault]:
    """The ends at which a process can arrive while its case is open."""
    closing = frozenset(name for name, schema in operations.items() if CLOSED in schema.get("x-announces", ()))
    if not closing:
        return  # a bare vocabulary says nothing of what closes a case
    walk = _Walk(processes, closing)
    ends = walk.open_ends(main)
    if ends:
        reason = f"can end at {shortened(ends)} while the case is open: no operation closes it on the way there"
        yield Fault(main.file, main.id, reason, warning=True)


class _Walk:
    def __init__(self, processes: Mapping[str, Process], closing: frozenset[str]) -> None:
        self.processes, self.closing = processes, closing
        self.known: dict[int, set[str]] = {}  # scope → its ends that are reached with the case open

    def open_ends(self, scope: Scope, depth: int = 0) -> set[str]:
        """The ends of a scope at which somebody can arrive before the case was closed; none where it is closed on every way."""
        if id(scope) not in self.known:
            self.known[id(scope)] = set()
            closing = {ident for ident, element in scope.elements.items() if self.closes(element, depth)}
            found = self.arrivals(scope, self.sure(scope, closing), closing)
            for handler in scope.handlers():
                starts = handler.inside.of_kind("startEvent") if handler.inside else []
                if handler.inside and any(start.interrupting for start in starts):
                    found |= self.open_ends(handler.inside, depth + 1)
            self.known[id(scope)] = found
        return self.known[id(scope)]

    def sure(self, scope: Scope, closing: set[str]) -> set[str]:
        """The nodes from which every way closes the case, whatever happens: taken away until nothing more has to go."""
        sure, doubted = set(scope.elements), list(scope.elements)
        while doubted:
            ident = doubted.pop()
            if ident in sure and not self.leads(scope, ident, sure, ident in closing):
                sure.discard(ident)
                doubted += [flow.source for flow in scope.incoming(ident)]
                doubted.append(scope.elements[ident].attached_to or ident)
        return sure

    @staticmethod
    def leads(scope: Scope, ident: str, sure: set[str], closes: bool) -> bool:
        """Whether a node closes the case, or leads to nothing but what does; of branches side by side one is enough.

        An error that ends a scope goes on where it is caught, so it is judged there.
        """
        element = scope.elements[ident]
        if element.kind == "endEvent":
            return element.trigger is not None and element.trigger.kind == "error"
        after = [flow.target in sure for flow in scope.outgoing(ident)]
        borders = [b.id in sure for b in scope.boundaries(ident) if b.interrupting]
        onwards = any(after) if element.kind == "parallelGateway" else all(after)
        return (closes or onwards) and all(borders)

    @staticmethod
    def arrivals(scope: Scope, sure: set[str], closing: set[str]) -> set[str]:
        """The ends that are reached from the start without passing what closes."""
        stack = [start.id for start in scope.of_kind("startEvent")]
        seen, found = set(stack), set()
        while stack:
            ident = stack.pop()
            if ident in sure or ident not in scope.elements:
                continue
            if scope.elements[ident].kind == "endEvent":
                found.add(ident)
            following = [b.id for b in scope.boundaries(ident) if b.interrupting]
            following += [flow.target for flow in scope.outgoing(ident) if ident not in closing]
            fresh = [node for node in following if node not in seen]
            seen.update(fresh)
            stack += fresh
        return found

    def closes(self, element: Element, depth: int) -> bool:
        """Whether passing a node closes the case for certain."""
        if element.verb in self.closing:
            return True
        inside = element.inside or self.processes.get(element.called or "")
        if inside is None or element.triggered or element.repetition is not None or depth > DEEPEST:
            return False
        return not self.open_ends(inside, depth + 1)
