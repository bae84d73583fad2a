"""A second opinion: a small interpreter of drawings, written from the rules of BPMN and knowing nothing of the engine.

It holds tokens in plain lists: no tree, no state to store, no library. It knows people's tasks, all gateways, subprocesses,
parallel multi-instance, message and terminate events, boundary events and event subprocesses.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.runtime.drawing import Element, Flow, Process, Scope

Data = dict[str, Any]


@dataclass
class Activity:
    """Something that takes time: a task, an event that waits, a subprocess or several."""

    element: Element
    inner: list["Run"] = field(default_factory=list)
    left: int = 1  # instances still to be done


class Run:
    """One instance of a scope."""

    def __init__(self, oracle: "Oracle", scope: Scope, on_end: Callable[[], None]) -> None:
        self.oracle, self.scope, self.on_end = oracle, scope, on_end
        self.activities: list[Activity] = []
        self.arrived: Counter[str] = Counter()  # tokens that wait on flows into joins
        self.handlers: list[tuple[Element, Run]] = []
        self.listening = list(scope.handlers())
        self.over = False

    def begin(self) -> None:
        (start,) = self.scope.of_kind("startEvent")
        if start.trigger is None or start.trigger.kind != "message":
            self.oracle.passed.append(start.id)
        self.leave(start)

    # ------------------------------------------------------------------------------------ moving tokens

    def leave(self, element: Element, flows: list[Flow] | None = None) -> None:
        for flow in self.scope.outgoing(element.id) if flows is None else flows:
            self.oracle.passed.append(flow.id)
            self.oracle.pending.append((self, flow))

    def arrive(self, flow: Flow) -> None:
        element = self.scope.elements[flow.target]
        joins = element.kind in ("parallelGateway", "inclusiveGateway") and len(self.scope.incoming(element.id)) > 1
        if joins:
            self.arrived[flow.id] += 1
        elif element.kind.endswith("Gateway"):
            self.route(element)
        elif element.kind == "endEvent":
            self.oracle.passed.append(element.id)
            if element.trigger is not None and element.trigger.kind == "terminate":
                self.end()
        else:
            self.start(element)

    def route(self, element: Element) -> None:
        """Through a gateway."""
        if element.kind == "eventBasedGateway":
            self.activities.append(Activity(element))
            return
        self.oracle.passed.append(element.id)
        out = self.scope.outgoing(element.id)
        if element.kind == "parallelGateway" or (len(out) == 1 and out[0].condition is None):
            self.leave(element)
            return
        held = [f for f in out if f.condition is not None and self.oracle.holds(f.condition)]
        chosen = held[:1] if element.kind == "exclusiveGateway" else held
        self.leave(element, chosen or [f for f in out if f.id == element.default])

    def start(self, element: Element) -> None:
        activity = Activity(element)
        self.activities.append(activity)
        repeats = element.repetition
        activity.left = len(self.oracle.data[repeats.collection]) if repeats and repeats.collection else 1
        if activity.left == 0:
            self.finish(activity)
        elif element.inside is not None:
            for _ in range(activity.left):
                run = Run(self.oracle, element.inside, lambda: self.one_done(activity))
                activity.inner.append(run)
            for run in activity.inner:
                run.begin()

    def one_done(self, activity: Activity) -> None:
        activity.left -= 1
        activity.inner = [run for run in activity.inner if not run.over]
        if activity.left == 0:
            self.finish(activity)

    def finish(self, activity: Activity) -> None:
        self.activities.remove(activity)
        self.oracle.passed.append(activity.element.id)
        self.leave(activity.element)

    def join(self) -> bool:
        """Fire one join that may fire."""
        for element in self.scope.of_kind("parallelGateway", "inclusiveGateway"):
            entries = self.scope.incoming(element.id)
            full = [f for f in entries if self.arrived[f.id]]
            if len(entries) > 1 and full and (len(full) == len(entries) or self.may_join(element, full)):
                for flow in full:
                    self.arrived[flow.id] -= 1
                self.route(element)
                return True
        return False

    def may_join(self, gateway: Element, full: list[Flow]) -> bool:
        """BPMN's rule for inclusive gateways, read off the page: for every token elsewhere, if it has a way to an empty
        entry that does not visit the gateway, it has one to a full entry too."""
        if gateway.kind != "inclusiveGateway":
            return False
        empty = [f for f in self.scope.incoming(gateway.id) if f not in full]
        for node in self.places(gateway):
            reached = self.reached(node, gateway.id)
            if any(f.id in reached for f in empty) and not any(f.id in reached for f in full):
                return False
        return True

    def places(self, gateway: Element) -> Iterator[str]:
        yield from (a.element.id for a in self.activities)
        for activity in self.activities:  # its boundary events are other places, from which a token may set out
            yield from (b.id for b in self.scope.boundaries(activity.element.id))
        for flow, number in self.arrived.items():
            if number and self.scope.flows[flow].target != gateway.id:
                yield self.scope.flows[flow].target

    def reached(self, node: str, without: str) -> set[str]:
        """The flows on ways from a node that do not visit a gateway; those into it are their last."""
        flows: set[str] = set()
        nodes, stack = {node}, [node]
        while stack:
            for flow in self.scope.outgoing(stack.pop()):
                flows.add(flow.id)
                if flow.target not in nodes and flow.target != without:
                    nodes.add(flow.target)
                    stack.append(flow.target)
        return flows

    # ------------------------------------------------------------------------------------ ends and interruptions

    def clear(self) -> None:
        for run in self.nested():
            run.over = True
            run.clear()
        self.activities, self.handlers, self.arrived = [], [], Counter()

    def end(self) -> None:
        self.clear()
        self.listening = []
        self.over = True
        self.oracle.ended.append(self.on_end)

    def is_done(self) -> bool:
        return not self.activities and not self.handlers and not any(self.arrived.values())

    def nested(self) -> list["Run"]:
        return [r for a in self.activities for r in a.inner] + [r for _, r in self.handlers]

    def handle(self, handler: Element) -> None:
        """An event subprocess begins."""
        assert handler.inside is not None
        (start,) = handler.inside.of_kind("startEvent")
        if start.interrupting:
            self.clear()
            self.listening = []
        run = Run(self.oracle, handler.inside, lambda: self.handled(handler, run))
        self.handlers.append((handler, run))
        self.oracle.passed.append(start.id)
        run.begin()

    def handled(self, handler: Element, run: "Run") -> None:
        self.handlers.remove((handler, run))
        self.oracle.passed.append(handler.id)

    def interrupt(self, activity: Activity, boundary: Element) -> None:
        if boundary.interrupting:
            for run in activity.inner:
                run.over = True
                run.clear()
            self.activities.remove(activity)
        self.oracle.passed.append(boundary.id)
        self.leave(boundary)


class Oracle:
    """A case as the rules of BPMN have it."""

    def __init__(self, process: Process, data: Data) -> None:
        self.data = data
        self.passed: list[str] = []
        self.pending: list[tuple[Run, Flow]] = []
        self.ended: list[Callable[[], None]] = []
        self.finished = False
        self.top = Run(self, process, self._finish)
        self.top.begin()
        self.settle()

    def _finish(self) -> None:
        self.finished = True

    def holds(self, condition: str) -> bool:
        return bool(self.data[condition])

    def runs(self) -> Iterator[Run]:
        stack = [self.top]
        while stack:
            run = stack.pop()
            if not run.over:
                yield run
                stack.extend(run.nested())

    def settle(self) -> None:
        """Move everything that needs nobody until nothing moves."""
        while True:
            while self.pending or self.ended:
                if self.ended:
                    self.ended.pop(0)()
                    continue
                run, flow = self.pending.pop(0)
                if not run.over:
                    run.arrive(flow)
            if any(run.join() for run in list(self.runs())):
                continue
            done = [run for run in self.runs() if run.is_done()]
            if not done:
                return
            done[-1].end()

    def ready(self) -> list[str]:
        return sorted(
            a.element.id
            for run in self.runs()
            for a in run.activities
            if a.element.kind == "userTask"
            for _ in range(a.left)
        )

    def heard(self) -> dict[str, Callable[[], None]]:
        """What happens on each message; every message has one catcher in these drawings, save in instances of a loop."""
        out: dict[str, list[Callable[[], None]]] = {}
        for run in list(self.runs()):
            for handler in run.listening:
                (start,) = handler.inside.of_kind("startEvent") if handler.inside else ()
                out.setdefault(_message(start), []).append(lambda run=run, h=handler: run.handle(h))
            for activity in run.activities:
                element = activity.element
                if element.kind == "intermediateCatchEvent":
                    out.setdefault(_message(element), []).append(lambda run=run, a=activity: run.finish(a))
                for boundary in run.scope.boundaries(element.id):
                    call = lambda run=run, a=activity, b=boundary: run.interrupt(a, b)  # noqa: E731
                    out.setdefault(_message(boundary), []).append(call)
                if element.kind == "eventBasedGateway":
                    for flow in run.scope.outgoing(element.id):
                        call = lambda run=run, a=activity, f=flow: self._choose(run, a, f)  # noqa: E731
                        out.setdefault(_message(run.scope.elements[flow.target]), []).append(call)
        return {name: (lambda calls=calls: [call() for call in calls]) for name, calls in out.items()}  # type: ignore[misc]

    def _choose(self, run: Run, activity: Activity, flow: Flow) -> None:
        run.activities.remove(activity)
        chosen = run.scope.elements[flow.target]
        self.passed += [activity.element.id, flow.id, chosen.id]
        run.leave(chosen)

    def complete(self, node: str) -> None:
        self.passed = []
        for run in self.runs():
            for activity in run.activities:
                if activity.element.id == node:
                    run.one_done(activity)
                    self.settle()
                    return
        raise AssertionError(f"{node} is not open")

    def say(self, name: str) -> None:
        self.passed = []
        self.heard()[name]()
        self.settle()


def _message(element: Element) -> str:
    assert element.trigger is not None
    return element.trigger.name or ""
