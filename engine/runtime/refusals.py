"""What a drawing may not contain, because the engine would do it wrongly, or could not do it at all.

Every check takes part of a drawing and yields faults. A drawing without faults can be built and run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.runtime import expressions, timers
from engine.runtime.decisions import Decision
from engine.runtime.drawing import Element, Flow, Process, Repetition, Scope
from engine.runtime.errors import ExpressionInvalid, Fault, shortened
from engine.runtime.graph import cycles, reach, reversed_graph
from engine.runtime.reader import ACTIVITIES, GATEWAYS
from engine.runtime.soundness import Findings, Patience, following, is_whole, play

CHOOSING = ("exclusiveGateway", "inclusiveGateway")
DECIDING = frozenset({*CHOOSING, "eventBasedGateway", "boundaryEvent"})
MOST_CONSTANT_LOOPS = 1_000


def check_processes(processes: Mapping[str, Process], decisions: Mapping[str, Decision]) -> Iterator[Fault]:
    """Faults of processes that belong together."""
    patience = Patience()
    for process in processes.values():
        yield from _Checker(process, processes, decisions, patience).check()
    yield from _shared_ids(processes)
    yield from _recursion(processes)


def _shared_ids(processes: Mapping[str, Process]) -> Iterator[Fault]:
    """Nodes, flows and processes are known by their id alone, in all processes that call each other."""
    calls = _calls(processes)
    callers = reversed_graph(calls)
    related = {ident: [*called, *callers.get(ident, [])] for ident, called in calls.items()}
    owners: dict[str, list[Process]] = {}
    for process in processes.values():
        family = reach([process.id], related)
        nodes = [element.id for element in process.everything()]
        flows = [flow for scope in process.scopes() for flow in scope.flows]
        for ident in dict.fromkeys((process.id, *nodes, *flows)):
            for other in owners.setdefault(ident, []):
                if other.id in family:
                    yield Fault(process.file, ident, f"this id is also used in process {other.id} ({other.file})")
            owners[ident].append(process)


def _calls(processes: Mapping[str, Process]) -> dict[str, list[str]]:
    """Which process calls which others."""
    return {
        process.id: sorted({e.called for e in process.everything() if e.called and e.called in processes})
        for process in processes.values()
    }


def _recursion(processes: Mapping[str, Process]) -> Iterator[Fault]:
    """A process that calls itself, through others or not, has no end that the engine could foresee."""
    for circle in cycles(_calls(processes)):
        for process in (processes[ident] for ident in sorted(circle)):
            for element in process.everything():
                if element.called in circle:
                    yield Fault(process.file, element.id, f"calls {element.called} in a circle, which never ends")


class _Checker:
    """Checks one process."""

    def __init__(
        self,
        process: Process,
        processes: Mapping[str, Process],
        decisions: Mapping[str, Decision],
        patience: Patience,
    ) -> None:
        self.process, self.processes, self.decisions, self.patience = process, processes, decisions, patience

    def fault(self, element: str, reason: str) -> Fault:
        return Fault(self.process.file, element, reason)

    def check(self) -> Iterator[Fault]:
        yield from self.scope(self.process, "process", frozenset())

    # -------------------------------------------------------------------------------------------- scopes

    def scope(self, scope: Scope, role: str, variables: frozenset[str]) -> Iterator[Fault]:
        """``role``: process, subprocess or handler; ``variables``: the loop variables around it."""
        yield from self.starts(scope, role)
        for flow in scope.flows.values():
            yield from self.flow(scope, flow)
        yield from self.double_flows(scope)
        for element in scope.elements.values():
            yield from self.element(scope, element, variables)
            if element.inside is not None:
                inner = variables | _loop_variables(element.repetition)
                yield from self.scope(element.inside, "handler" if element.triggered else "subprocess", inner)
        yield from self.loops(scope)
        yield from self.twins(
            [start for inner in scope.handlers() if inner.inside for start in inner.inside.of_kind("startEvent")]
        )

    def starts(self, scope: Scope, role: str) -> Iterator[Fault]:
        starts = scope.of_kind("startEvent")
        if len(starts) != 1:
            yield self.fault(
                scope.id, f"has {len(starts) or 'no'} start event{'s' if starts[1:] else ''}, and needs one"
            )
        for start in starts:
            kind = start.trigger.kind if start.trigger else None
            if kind == "unsupported":
                continue  # has been said
            if role == "process" and kind not in (None, "message"):
                yield self.fault(start.id, f"a case is not begun by a {kind}: use a plain start event or a message")
            elif role == "subprocess" and kind is not None:
                yield self.fault(
                    start.id, "the start of a subprocess waits for nothing; only that of an event subprocess does"
                )
            elif role == "handler" and kind is None:
                yield self.fault(start.id, "the start of an event subprocess says what it waits for")
            elif role == "handler" and kind == "error" and not start.interrupting:
                yield self.fault(start.id, "an error always interrupts")

    def double_flows(self, scope: Scope) -> Iterator[Fault]:
        pairs = Counter((f.source, f.target) for f in scope.flows.values())
        for (source, target), number in pairs.items():
            if number > 1:
                yield self.fault(source, f"{number} flows lead from here to {target}: draw one, with one condition")

    def loops(self, scope: Scope) -> Iterator[Fault]:
        circles = cycles(following(scope))
        looping = set().union(*circles)
        for circle in circles:
            kinds = {scope.elements[node].kind for node in circle if node in scope.elements}
            if not kinds & DECIDING and not any(scope.boundaries(node) for node in circle):
                yield self.fault(min(circle), "goes round for ever: nothing on this loop can decide to leave it")
        joins = [e for e in scope.of_kind("parallelGateway", "inclusiveGateway") if len(scope.incoming(e.id)) > 1]
        found = play(scope, self.patience) if joins and is_whole(scope) else Findings()
        if not found.complete:
            reason = "has too many ways to be tried one by one: whether its joins get their tokens was not proven"
            yield Fault(self.process.file, scope.id, reason, warning=True)
        for join in joins:
            if join.kind == "inclusiveGateway" and join.id in looping:
                yield self.fault(
                    join.id, "an inclusive gateway may not join branches in a loop: wrap it in a subprocess"
                )
            if join.id in found.crowded:
                ways = shortened(found.crowded[join.id])
                yield self.fault(join.id, f"several tokens can come by {ways}, where this join takes one")

    # -------------------------------------------------------------------------------------------- flows

    def flow(self, scope: Scope, flow: Flow) -> Iterator[Fault]:
        for what, ident in (("from", flow.source), ("to", flow.target)):
            if ident not in scope.elements:
                yield self.fault(
                    flow.id, f"leads {what} “{ident[:80]}”, which is not a node of the same process or subprocess"
                )
        if flow.condition is not None:
            yield from self.expression(flow.id, "condition", flow.condition)
            source = scope.elements.get(flow.source)
            if source is not None and source.kind not in CHOOSING:
                yield self.fault(
                    flow.id, "its condition would be ignored: only exclusive and inclusive gateways choose"
                )
            elif source is not None and source.default == flow.id:
                yield self.fault(flow.id, "the default exit of a gateway has no condition")

    # -------------------------------------------------------------------------------------------- nodes

    def element(self, scope: Scope, element: Element, variables: frozenset[str]) -> Iterator[Fault]:
        yield from self.ends_of_flows(scope, element)
        if element.trigger is not None:
            yield from self.trigger(element)
            yield from self.payload_beside(element, variables)
        if element.repetition is not None:
            yield from self.repetition(element, element.repetition, variables)
        for kinds, check in self.checks():
            if element.kind in kinds:
                yield from check(scope, element)

    def checks(self) -> list[tuple[tuple[str, ...], Callable[[Scope, Element], Iterator[Fault]]]]:
        return [
            (CHOOSING, self.choosing),
            (("eventBasedGateway",), self.event_gateway),
            (("boundaryEvent",), self.boundary),
            (("intermediateCatchEvent",), self.catching),
            (("serviceTask",), self.service),
            (("scriptTask",), self.script),
            (("businessRuleTask",), self.rule),
            (("callActivity",), self.call),
            (("subProcess",), self.subprocess),
            (tuple(sorted(ACTIVITIES)), self.catchers_of_activity),
        ]

    def ends_of_flows(self, scope: Scope, element: Element) -> Iterator[Fault]:
        incoming, outgoing = scope.incoming(element.id), scope.outgoing(element.id)
        if incoming and (element.kind in ("startEvent", "boundaryEvent") or element.triggered):
            yield self.fault(element.id, "no flow may lead to it: it begins by itself")
        if outgoing and (element.kind == "endEvent" or element.triggered):
            yield self.fault(element.id, "no flow may lead out of it")
        if len(outgoing) > 1 and element.kind not in GATEWAYS:
            yield self.fault(
                element.id, "several flows lead out of it: draw a gateway that says whether all or one is taken"
            )
        if element.default is not None:
            if element.kind not in CHOOSING:
                yield self.fault(
                    element.id, "a default exit would be ignored: only exclusive and inclusive gateways choose"
                )
            elif element.default not in (f.id for f in outgoing):
                yield self.fault(element.id, f"its default exit “{element.default[:80]}” is not one of its flows")

    def choosing(self, scope: Scope, element: Element) -> Iterator[Fault]:
        outgoing = scope.outgoing(element.id)
        for flow in outgoing:
            if len(outgoing) > 1 and flow.condition is None and flow.id != element.default:
                yield self.fault(flow.id, f"has no condition, and is not the default exit of the gateway {element.id}")

    def event_gateway(self, scope: Scope, element: Element) -> Iterator[Fault]:
        followers = [scope.elements[f.target] for f in scope.outgoing(element.id) if f.target in scope.elements]
        waits: Counter[tuple[str, str | None]] = Counter()
        if not followers:
            yield self.fault(element.id, "nothing follows this event-based gateway")
        for follower in followers:
            if follower.kind not in ("intermediateCatchEvent", "receiveTask"):
                yield self.fault(
                    follower.id, "only catching events and receive tasks may follow an event-based gateway"
                )
            elif len(scope.incoming(follower.id)) > 1:
                yield self.fault(follower.id, "what follows an event-based gateway is reached from nowhere else")
            elif scope.boundaries(follower.id) or follower.repetition is not None:
                yield self.fault(
                    follower.id, "what follows an event-based gateway has no boundary events and does not repeat"
                )
            elif follower.trigger is not None:
                name = None if follower.trigger.kind == "timer" else follower.trigger.name
                waits[follower.trigger.kind, name] += 1
        for (kind, name), number in waits.items():
            if number > 1:
                what = "timers" if kind == "timer" else f"events for the {kind} {name}"
                yield self.fault(element.id, f"several {what} follow this event-based gateway, where one is possible")

    def boundary(self, scope: Scope, element: Element) -> Iterator[Fault]:
        host = scope.elements.get(element.attached_to or "")
        if host is None or host.kind not in ACTIVITIES or host.triggered:
            yield self.fault(element.id, "is not attached to a task, subprocess or call activity of the same scope")
        if element.trigger is None:
            yield self.fault(element.id, "a boundary event says what it waits for")
        elif element.trigger.kind == "error" and not element.interrupting:
            yield self.fault(element.id, "an error always interrupts")
        if not element.interrupting:
            for flow in scope.outgoing(element.id):
                target = scope.elements.get(flow.target)
                if (
                    target
                    and target.kind in ("parallelGateway", "inclusiveGateway")
                    and len(scope.incoming(target.id)) > 1
                ):
                    yield self.fault(
                        element.id, "a boundary event that does not interrupt may not lead straight into a join"
                    )

    def catchers_of_activity(self, scope: Scope, element: Element) -> Iterator[Fault]:
        own = [element] if element.kind == "receiveTask" else []
        yield from self.twins([*scope.boundaries(element.id), *own])

    def twins(self, catchers: Sequence[Element]) -> Iterator[Fault]:
        """Of two that end the same activity or scope by the same event, one would never have its turn."""
        first: dict[tuple[str | None, ...], str] = {}
        for catcher in catchers:
            trigger = catcher.trigger
            if trigger is None or trigger.kind not in ("message", "signal", "error", "escalation"):
                continue
            if not catcher.interrupting and trigger.kind in ("message", "signal"):
                continue  # heard by everybody, whoever else is ended by it
            before = first.setdefault((trigger.kind, trigger.name, trigger.key), catcher.id)
            if before != catcher.id:
                yield self.fault(catcher.id, f"would never have its turn: {before} catches the same {trigger.kind}")

    def catching(self, scope: Scope, element: Element) -> Iterator[Fault]:
        if element.trigger is None:
            yield self.fault(element.id, "a catching event says what it waits for")

    def service(self, scope: Scope, element: Element) -> Iterator[Fault]:
        if not element.verb:
            yield self.fault(element.id, "a service task names its operation in spiffworkflow:serviceTaskOperator")
        for name, value in element.parameters.items():
            yield from self.expression(element.id, f"parameter {name}", value)
        yield from self.variable(element.id, element.result)

    def script(self, scope: Scope, element: Element) -> Iterator[Fault]:
        if not element.script:
            yield self.fault(element.id, "a script task has a script")
            return
        try:
            expressions.check_script(element.script)
        except ExpressionInvalid as error:
            yield self.fault(element.id, f"its script is not allowed: {error}")

    def rule(self, scope: Scope, element: Element) -> Iterator[Fault]:
        if not element.decision:
            yield self.fault(element.id, "a business rule task names its decision in spiffworkflow:calledDecisionId")
        elif element.decision not in self.decisions:
            yield self.fault(element.id, f"there is no decision “{element.decision[:80]}”")

    def call(self, scope: Scope, element: Element) -> Iterator[Fault]:
        called = self.processes.get(element.called or "")
        if not element.called:
            yield self.fault(element.id, "a call activity names the process that it calls")
        elif called is None:
            yield self.fault(element.id, f"there is no process “{element.called[:80]}” to call")
        elif not called.executable:
            yield self.fault(element.id, f"the called process “{called.id}” is marked as not executable")

    def subprocess(self, scope: Scope, element: Element) -> Iterator[Fault]:
        if element.triggered and (scope.boundaries(element.id) or element.repetition):
            yield self.fault(element.id, "an event subprocess has no boundary events and does not repeat")

    # -------------------------------------------------------------------------------------------- what they say

    def trigger(self, element: Element) -> Iterator[Fault]:
        trigger = element.trigger
        assert trigger is not None  # noqa: S101 - for the type checker
        yield from self.variable(element.id, trigger.variable)
        if trigger.payload is not None:
            yield from self.expression(element.id, "payload", trigger.payload)
        if trigger.key is not None:
            yield from self.expression(element.id, "message key", trigger.key)
            if element.id in self.process.elements and element.kind == "startEvent":
                yield self.fault(element.id, "a message that begins a case has no key: the case is new")
        if trigger.kind == "timer" and trigger.timer and trigger.expression:
            yield from self.time(element, trigger.timer, trigger.expression)

    def payload_beside(self, element: Element, variables: frozenset[str]) -> Iterator[Fault]:
        """What begins beside the flow has its payload for itself: under the name of a loop's variable it would be lost."""
        variable = element.trigger.variable if element.trigger else None
        beside = element.kind == "startEvent" or (element.kind == "boundaryEvent" and not element.interrupting)
        if beside and variable in variables:
            yield self.fault(element.id, f"a loop around it already uses the variable {variable}")

    def time(self, element: Element, kind: str, text: str) -> Iterator[Fault]:
        if kind == "timeCycle" and (element.interrupting or element.kind == "intermediateCatchEvent"):
            yield self.fault(element.id, "a cycle is for events that do not interrupt: use timeDuration")
        if timers.LOOKS_LIKE_TIME.match(text.upper()):
            yield self.fault(element.id, f"a time is an expression: {text} needs quotes, '{text}'")
            return
        faults = list(self.expression(element.id, kind, text, expressions.check_time))
        yield from faults
        if faults:
            return
        if expressions.deadlines_read(text) and kind != "timeDate":
            yield self.fault(element.id, "a deadline is a date: write it in timeDate")
        value = expressions.constant(text)
        try:
            if value is not None:
                timers.check_time(kind, value)
        except (ValueError, OverflowError) as error:
            yield self.fault(element.id, str(error))

    def repetition(self, element: Element, repeats: Repetition, variables: frozenset[str]) -> Iterator[Fault]:
        if element.kind == "receiveTask":
            yield self.fault(element.id, "a receive task does not repeat: draw it in a subprocess that does")
        yield from self.standard_loop(element, repeats) if repeats.standard else self.multi_instance(element, repeats)
        for name in sorted(_loop_variables(repeats) & variables):
            yield self.fault(element.id, f"a loop around this one already uses the variable {name}")
        for what, text in (
            ("loop condition", repeats.condition),
            ("collection", repeats.collection),
            ("number of instances", repeats.cardinality),
            ("completion condition", repeats.completion),
        ):
            if text is not None:
                yield from self.expression(element.id, what, text)

    def standard_loop(self, element: Element, repeats: Repetition) -> Iterator[Fault]:
        maximum = repeats.maximum
        if repeats.condition is None and maximum is None:
            yield self.fault(element.id, "a loop says how often it goes round, or while which condition")
        if maximum is not None and not (
            maximum.isascii() and maximum.isdigit() and 0 < int(maximum[:9]) <= MOST_CONSTANT_LOOPS
        ):
            yield self.fault(element.id, f"loopMaximum is a number from 1 to {MOST_CONSTANT_LOOPS}")

    def multi_instance(self, element: Element, repeats: Repetition) -> Iterator[Fault]:
        if (repeats.collection is None) == (repeats.cardinality is None):
            yield self.fault(element.id, "a multi-instance names either a collection or a number of instances")
        if repeats.output is not None and repeats.output_item is None:
            yield self.fault(element.id, f"it collects into {repeats.output[:60]}, but names no outputDataItem")
        if repeats.output is None and repeats.output_item is not None:
            yield self.fault(
                element.id, f"it names the result {repeats.output_item[:60]}, but nothing to collect it into"
            )
        if repeats.item is not None and repeats.item == repeats.output_item:
            yield self.fault(element.id, "the item and the result of a multi-instance are two variables")
        for name in (repeats.item, repeats.output, repeats.output_item):
            yield from self.variable(element.id, name)

    def expression(
        self, element: str, what: str, text: str, check: Callable[[str], None] = expressions.check_expression
    ) -> Iterator[Fault]:
        try:
            check(text)
        except ExpressionInvalid as error:
            shown = text if len(text) <= 80 else f"{text[:80]}…"
            yield self.fault(element, f"its {what} “{' '.join(shown.split())}” is not allowed: {error}")

    def variable(self, element: str, name: str | None) -> Iterator[Fault]:
        if name is not None and (not name.isidentifier() or name.startswith("__") or name in expressions.RESERVED):
            yield self.fault(element, f"“{name[:60]}” is not a name that a variable can have")


def _loop_variables(repetition: Repetition | None) -> frozenset[str]:
    return frozenset(filter(None, (repetition.item, repetition.output_item))) if repetition else frozenset()
