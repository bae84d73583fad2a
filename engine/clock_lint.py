"""Nobody waits without a clock: from filing to closing, whoever is owed an answer has one that an organisation must keep.

A case *owes an answer* where its process sends a numbered paper (a letter or file) to the party that files it, or where the
public may begin it and it has an outcome. Of every process it is asked that its clocks can start and stop, and that messages
can come too late: the events that they name are made known somewhere in the drawings. Of one that owes an answer, besides:

1. a clock that an organisation owes starts on the filing, so that silence from the first day on becomes a breach;
2. where an outcome goes on to fulfilment, a clock that an organisation owes starts later than the filing;
3. no stage waits for an organisation where, on every way there, all such clocks have stopped or not begun.

What cannot be known from the drawing is judged kindly: a way that only the data of a case exclude counts as a way, and a clock
that one branch of a fork may start counts for all its branches.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.manifest import DeadlineRule, Manifest, NoticeRule
from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.expressions import constant
from engine.runtime.graph import reach
from engine.runtime.reader import TASKS
from engine.runtime.soundness import following

FILE = "process.toml"
CLOSED = "case.closed"
MOST_CLOCKS = 8  # that are followed through the drawings: their combinations double with each
WAITING = TASKS | {"receiveTask", "intermediateCatchEvent"}
Clocks = frozenset[str]


class Events:
    """Which domain events the drawings make known, and at which node.

    ``certain`` are those that a node names, ``possible`` those that it may choose while a case runs: each outcome where the
    outcome is an expression, and anything (``*``) where the process declares no list; and those that come of it later, as a
    paper that is issued is served some day.
    """

    def __init__(
        self,
        manifest: Manifest,
        processes: Mapping[str, Process],
        notices: Mapping[str, NoticeRule],
        operations: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.operations = operations
        self.lists = {
            "notice": notices,
            "participant": manifest.participants,
            "outcome": manifest.outcomes,
            "deadline": manifest.deadlines,
        }
        self.certain: dict[str, frozenset[str]] = {}
        self.possible: dict[str, frozenset[str]] = {}
        for process in processes.values():
            for element in process.everything():
                self._note(element)
        by_hand = (event for name, rule in manifest.deadlines.items() for event in _moved(name, rule))
        self.all = frozenset({manifest.begins_with, *by_hand}).union(*self.possible.values())

    def _note(self, element: Element) -> None:
        schema, trigger = self.operations.get(element.verb or "", {}), element.trigger
        certain: set[str] = set()
        possible: set[str] = set()
        if trigger is not None and trigger.kind == "message" and element.kind not in ("endEvent", "sendTask"):
            certain.add(f"message.received:{trigger.name}")
        later = schema.get("x-announces-later", ())
        for template in (*schema.get("x-announces", ()), *later):
            head, _, parameter = template.rstrip("}").partition("{")
            value = _constant(element.parameters.get(parameter, "null")) if parameter else ""
            if value is not None:
                (possible if template in later else certain).add(head + value)
            else:
                refers = schema["properties"][parameter].get("x-refers", "")
                possible |= {head + name for name in self.lists.get(refers, ("*",))}
        self.certain[element.id], self.possible[element.id] = frozenset(certain), frozenset(certain | possible)

    def can_happen(self, event: str) -> bool:
        """Whether the event is made known somewhere."""
        return any(_is(known, event) for known in self.all)

    def happens(self, node: str, event: str) -> bool:
        """Whether it is certainly made known when a node is passed."""
        return event in self.certain.get(node, ())

    def may_happen(self, node: str, event: str) -> bool:
        """Whether it may be made known there."""
        return any(_is(known, event) for known in self.possible.get(node, ()))


def _moved(name: str, rule: DeadlineRule) -> Iterator[str]:
    """The events that a person in charge of a clock can make known, as far as its rule allows."""
    if rule.suspension == "allowed":
        yield from (f"deadline.suspended:{name}", f"deadline.resumed:{name}")
    if rule.extension_days:
        yield f"deadline.extended:{name}"
    if rule.restart == "allowed":
        yield f"deadline.restarted:{name}"


def _constant(expression: str) -> str | None:
    try:
        value = constant(expression)
    except ExpressionInvalid:
        return None
    return value if isinstance(value, str) else None


def _is(known: str, event: str) -> bool:
    return event.startswith(known[:-1]) if known.endswith("*") else known == event


def clock_faults(
    manifest: Manifest,
    processes: Mapping[str, Process],
    notices: Mapping[str, NoticeRule],
    operations: Mapping[str, Mapping[str, Any]],
) -> Iterator[Fault]:
    """Clocks that cannot start or stop, and places where somebody is owed an answer and no clock runs."""
    events = Events(manifest, processes, notices, operations)
    yield from _unmoved(manifest, events)
    yield from _forbidden(manifest, processes, events)
    yield from _never_too_late(manifest, events)
    if not owes_an_answer(manifest, notices):
        return
    kept = {name: rule for name, rule in manifest.deadlines.items() if rule.owed_by in manifest.participants}
    filed = manifest.begins_with
    if not any(filed in rule.starting for rule in kept.values()):
        reason = f"whoever files a case is owed an answer, and no clock of an organisation starts on {filed}"
        yield Fault(FILE, "deadlines", reason)
    going_on = sorted(name for name, outcome in manifest.outcomes.items() if outcome.next == "fulfilment")
    if going_on and all(rule.starting == (filed,) for rule in kept.values()):
        reason = "goes on to fulfilment, and no clock of an organisation starts after the filing"
        yield Fault(FILE, f"outcomes.{going_on[0]}", reason)
    if len(kept) <= MOST_CLOCKS and manifest.process.key in processes:
        yield from _clockless(manifest, processes, _Ways(manifest, processes, events))


def owes_an_answer(manifest: Manifest, notices: Mapping[str, NoticeRule]) -> bool:
    """Whether somebody outside the administration waits for the end of a case."""
    filer = next(iter(manifest.parties), None)
    papers = any(notice.form != "slip" and notice.addressee == filer for notice in notices.values())
    return papers or (manifest.process.applicants == "public" and bool(manifest.outcomes))


def _unmoved(manifest: Manifest, events: Events) -> Iterator[Fault]:
    """Clocks that stand still for ever; one that stops with the case can stop, since an operator may close that."""
    for name, rule in manifest.deadlines.items():
        for event in rule.starting:
            if not events.can_happen(event):
                yield Fault(FILE, f"deadlines.{name}", f"never starts: nothing makes {event} known")
        if not any(event == CLOSED or events.can_happen(event) for event in rule.stops_on):
            yield Fault(FILE, f"deadlines.{name}", "never stops: nothing makes known any event of stops_on")


def _forbidden(manifest: Manifest, processes: Mapping[str, Process], events: Events) -> Iterator[Fault]:
    """Steps that would move a clock as its rule does not allow."""
    allowed = {event for name, rule in manifest.deadlines.items() for event in _moved(name, rule)}
    for process in processes.values():
        for element in process.everything():
            for event in sorted(events.certain[element.id]):
                _, _, name = event.partition(":")
                if event.startswith("deadline.") and name in manifest.deadlines and event not in allowed:
                    reason = f"asks for {event}, which the rule of the clock (process.toml) does not allow"
                    yield Fault(process.file, element.id, reason)


def _never_too_late(manifest: Manifest, events: Events) -> Iterator[Fault]:
    """Messages that would never be refused, since what they are accepted until never happens."""
    for message in manifest.messages:
        for event in message.ends:
            if not events.can_happen(event):
                yield Fault(FILE, f"messages.{message.name}", f"is never refused: nothing makes {event} known")


def _clockless(manifest: Manifest, processes: Mapping[str, Process], ways: "_Ways") -> Iterator[Fault]:
    """Where a stage waits for an organisation, and on no way to it a clock runs."""
    ways.follow(processes[manifest.process.key])
    files = {element.id: process.file for process in processes.values() for element in process.everything()}
    for stage in manifest.stages:
        for node in stage.nodes if stage.waits_for in manifest.participants else ():
            if ways.found.get(node) == {frozenset()}:
                reason = f"{stage.waits_for} is waited for here, and no clock runs that an organisation owes"
                yield Fault(files[node], node, reason)


class _Ways:
    """Follows every way through the drawings, noting which clocks run when a waiting node is reached."""

    def __init__(self, manifest: Manifest, processes: Mapping[str, Process], events: Events) -> None:
        self.processes, self.events = processes, events
        self.clocks = {n: r for n, r in manifest.deadlines.items() if r.owed_by in manifest.participants}
        self.filed = manifest.begins_with
        self.found: dict[str, set[Clocks]] = {}  # waiting node → which clocks can be all that run there
        self.ends: dict[tuple[str, Clocks], set[Clocks]] = {}

    def follow(self, main: Process) -> None:
        self.through(main, frozenset(n for n, rule in self.clocks.items() if self.filed in rule.starting))

    def starts(self, node: str, rule: DeadlineRule) -> bool:
        """Whether passing a node may start a clock."""
        return any(self.events.may_happen(node, event) for event in rule.starting)

    def through(self, scope: Scope, begun: Clocks) -> set[Clocks]:
        """The clocks that can run when a scope is left, of those that ran when it was entered."""
        if (scope.id, begun) in self.ends:
            return self.ends[scope.id, begun]
        ends = self.ends[scope.id, begun] = set()
        waiting = [(start.id, begun) for start in scope.of_kind("startEvent")]
        seen = set(waiting)
        while waiting:
            node, running = waiting.pop()
            element = scope.elements[node]
            for step in self.steps(scope, element, running):
                if step not in seen and step[0] in scope.elements:
                    seen.add(step)
                    waiting.append(step)
            if element.kind == "endEvent" and not (element.trigger and element.trigger.kind == "error"):
                ends.add(self.after(element, running))
        return ends

    def steps(self, scope: Scope, element: Element, running: Clocks) -> Iterator[tuple[str, Clocks]]:
        """The nodes that may come next, each with the clocks that run then."""
        if element.kind in WAITING:
            self.found.setdefault(element.id, set()).add(running)
        for boundary in scope.boundaries(element.id):
            yield boundary.id, running
        if self.events.happens(element.id, CLOSED):
            return  # nobody waits any more
        inside = element.inside or self.processes.get(element.called or "")
        left = self.through(inside, running) if inside is not None else {self.after(element, running)}
        for flow in scope.outgoing(element.id):
            for clocks in left:
                yield flow.target, clocks | self.started_beside(scope, element)

    def after(self, element: Element, running: Clocks) -> Clocks:
        """The clocks that run when a node has been passed."""
        stopped = {n for n in running if any(self.events.happens(element.id, e) for e in self.clocks[n].stops_on)}
        started = {n for n, rule in self.clocks.items() if self.starts(element.id, rule)}
        return frozenset(running - stopped | started)

    def started_beside(self, scope: Scope, element: Element) -> Clocks:
        """The clocks that a branch of a fork may start, while the others go on."""
        if element.kind not in ("parallelGateway", "inclusiveGateway") or len(scope.outgoing(element.id)) < 2:
            return frozenset()
        ahead = reach([element.id], following(scope))
        starts = {n for n, r in self.clocks.items() if any(self.starts(i, r) for i in ahead)}
        return frozenset(starts)
