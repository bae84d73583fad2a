"""Faults of the flow itself: nodes that nothing reaches, ways that lead nowhere, joins that wait for ever."""

from collections.abc import Iterator, Mapping

from engine.runtime import Fault
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.errors import shortened
from engine.runtime.graph import reach, reversed_graph
from engine.runtime.soundness import following, has_joins, is_whole, play


def flow_faults(processes: Mapping[str, Process]) -> Iterator[Fault]:
    """Faults of the flow of processes that belong together."""
    for process in processes.values():
        for scope in process.scopes():
            yield from _reach_faults(process, scope)
            yield from _token_faults(process, scope)
        yield from _lane_faults(process)
    yield from _uncaught_errors(processes)


def _reach_faults(process: Process, scope: Scope) -> Iterator[Fault]:
    """Every node is reached from the start, and an end is reached from every node."""
    after = following(scope)
    starts = [e.id for e in scope.of_kind("startEvent")]
    reached = reach(starts, after)
    ending = reach((e.id for e in scope.of_kind("endEvent")), reversed_graph(after))
    for element in scope.elements.values():
        if element.triggered:
            continue
        if element.id not in reached:
            yield Fault(process.file, element.id, "is never reached from the start")
        if not scope.outgoing(element.id) and element.kind != "endEvent":
            yield Fault(process.file, element.id, "leads nowhere: every way ends at an end event")
        elif element.id not in ending:
            yield Fault(process.file, element.id, "no end can be reached from here")


def _token_faults(process: Process, scope: Scope) -> Iterator[Fault]:
    """What playing the tokens finds; where they cannot all be played, silence is no promise."""
    if not has_joins(scope) or not is_whole(scope) or len(scope.of_kind("startEvent")) != 1:
        return
    for join, missing in sorted(play(scope).stuck.items()):
        ways = shortened(missing)
        yield Fault(process.file, join, f"can wait for ever: a token may come by one way and none by {ways}")


def _lane_faults(process: Process) -> Iterator[Fault]:
    """Where a process has lanes, every node stands in one."""
    for element in process.everything() if process.lanes else ():
        if element.lane is None:
            yield Fault(process.file, element.id, "stands in no lane")


# ------------------------------------------------------------------------------------------------ errors


def _uncaught_errors(processes: Mapping[str, Process]) -> Iterator[Fault]:
    """An error that an end event throws is caught in its scope, at the border of its subprocess, or by the caller."""
    catching = _Catching(processes)
    for process in processes.values():
        for scope in process.scopes():
            for element in scope.of_kind("endEvent"):
                trigger = element.trigger
                if trigger and trigger.kind == "error" and not catching.within(process, scope, trigger.name):
                    yield Fault(process.file, element.id, f"nobody catches the error {trigger.name}")


class _Catching:
    """Who catches which error on its way outwards."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self.holders: dict[int, tuple[Scope, Element]] = {}  # the scope around a subprocess, and its drawn node
        self.callers: dict[str, list[tuple[Process, Scope, Element]]] = {}
        self.answers: dict[tuple[str, str | None], bool] = {}  # for a process that is left by an error
        for process in processes.values():
            for scope in process.scopes():
                for element in scope.elements.values():
                    if element.inside is not None:
                        self.holders[id(element.inside)] = scope, element
                    if element.called is not None:
                        self.callers.setdefault(element.called, []).append((process, scope, element))

    def within(self, process: Process, scope: Scope, code: str | None) -> bool:
        """Whether an error thrown in a scope is caught there, further out, or by every caller of the process."""
        while True:
            starts = [s for h in scope.handlers() if h.inside for s in h.inside.of_kind("startEvent")]
            if any(_catches(start, code) for start in starts):
                return True
            if id(scope) not in self.holders:
                return self.by_callers(process.id, code)
            scope, activity = self.holders[id(scope)]
            if any(_catches(boundary, code) for boundary in scope.boundaries(activity.id)):
                return True

    def by_callers(self, called: str, code: str | None) -> bool:
        """A process that is called must be caught for by every caller; one that calls itself is a fault of its own."""
        if (called, code) not in self.answers:
            self.answers[called, code] = False
            callers = self.callers.get(called, [])
            self.answers[called, code] = bool(callers) and all(
                any(_catches(boundary, code) for boundary in scope.boundaries(element.id))
                or self.within(process, scope, code)
                for process, scope, element in callers
            )
        return self.answers[called, code]


def _catches(element: Element, code: str | None) -> bool:
    trigger = element.trigger
    return trigger is not None and trigger.kind == "error" and trigger.name in (None, code)
