"""Faults of the flow itself: nodes that nothing reaches, ways that lead nowhere, joins that wait for ever."""

from collections.abc import Iterator, Mapping

from engine.runtime import Fault
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.graph import reach, reversed_graph
from engine.runtime.soundness import following, is_whole, play


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
    if not is_whole(scope) or len(scope.of_kind("startEvent")) != 1:
        return
    for join, missing in sorted(play(scope).stuck.items()):
        ways = ", ".join(sorted(missing))
        yield Fault(process.file, join, f"can wait for ever: a token may come by one way and none by {ways}")


def _lane_faults(process: Process) -> Iterator[Fault]:
    """Where a process has lanes, every node stands in one."""
    for element in process.everything() if process.lanes else ():
        if element.lane is None:
            yield Fault(process.file, element.id, "stands in no lane")


# ------------------------------------------------------------------------------------------------ errors


def _uncaught_errors(processes: Mapping[str, Process]) -> Iterator[Fault]:
    """An error that an end event throws is caught in its scope, at the border of its subprocess, or by the caller."""
    for process in processes.values():
        for element in process.everything():
            trigger = element.trigger
            throws = element.kind == "endEvent" and trigger is not None and trigger.kind == "error"
            if throws and trigger and not _is_caught(element, trigger.name, process, processes, frozenset()):
                yield Fault(process.file, element.id, f"nobody catches the error {trigger.name}")


def _is_caught(
    thrower: Element, code: str | None, process: Process, processes: Mapping[str, Process], above: frozenset[str]
) -> bool:
    """Whether an error is caught on its way outwards; a process that is called must be caught for by every caller."""
    holders = _enclosing(process, thrower)
    for scope, activity in holders:
        catchers = [*scope.boundaries(activity.id)] if activity is not None else []
        for handler in scope.handlers():
            catchers.extend(handler.inside.of_kind("startEvent") if handler.inside else [])
        if any(_catches(catcher, code) for catcher in catchers):
            return True
    callers = [(p, e) for p in processes.values() for e in p.everything() if e.called == process.id]
    if not callers or process.id in above:
        return False
    return all(
        any(_catches(b, code) for b in _scope_of(caller, e).boundaries(e.id))
        or _is_caught(e, code, caller, processes, above | {process.id})
        for caller, e in callers
    )


def _enclosing(process: Process, element: Element) -> list[tuple[Scope, Element | None]]:
    """The scopes around a node from the inside out, each with the subprocess through which it is left."""
    out: list[tuple[Scope, Element | None]] = []
    inner: Element | None = None
    scope = _scope_of(process, element)
    while True:
        out.append((scope, inner))
        holder = next((e for e in process.everything() if e.inside is scope), None)
        if holder is None:
            return out
        inner, scope = holder, _scope_of(process, holder)


def _scope_of(process: Process, element: Element) -> Scope:
    return next(scope for scope in process.scopes() if scope.elements.get(element.id) is element)


def _catches(element: Element, code: str | None) -> bool:
    trigger = element.trigger
    return trigger is not None and trigger.kind == "error" and trigger.name in (None, code)
