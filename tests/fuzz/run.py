"""One instance of a process or subprocess: its tokens, its joins, its activities, its event subprocesses."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.runtime.drawing import Element, Flow, Repetition, Scope
from tests.fuzz.places import Activity, One, Waiting
from tests.fuzz.words import Clock, Token

if TYPE_CHECKING:
    from tests.fuzz.oracle import Oracle

AT_ONCE = ("scriptTask", "businessRuleTask", "sendTask", "serviceTask")
JOINS = ("parallelGateway", "inclusiveGateway")


class Run:
    """A scope under way. ``owner`` is the activity (and its instance) or the event subprocess that it belongs to."""

    def __init__(self, oracle: "Oracle", scope: Scope, token: Token, outer: "Run | None" = None, owner: Any = None):
        self.oracle, self.scope, self.token, self.outer, self.owner = oracle, scope, token, outer, owner
        self.activities: list[Activity] = []
        self.arrived: list[tuple[str, Token]] = []  # tokens that wait on flows into joins
        self.handlers: list[tuple[Element, Run]] = []
        self.result: dict[str, Any] = dict(token.locals)
        self.over = self.killed = False
        self.waiting: list[Waiting] = []
        for handler in scope.handlers():
            assert handler.inside is not None
            (start,) = handler.inside.of_kind("startEvent")
            self.waiting.append(Waiting(start, start.id, self, "handler", handler=handler))
        for waiting in self.waiting:
            waiting.clock = oracle.clock(waiting.event, token)

    def begin(self) -> None:
        self.oracle.pending.append(("begin", self))

    def set_out(self) -> None:
        (start,) = self.scope.of_kind("startEvent")
        self.oracle.met.add(kind_of(start))
        if not isinstance(self.owner, Element):  # that of an event subprocess was noted when its event came
            self.oracle.passed.append(start.id)
        self.leave(start, self.token)

    # ------------------------------------------------------------------------------------ moving tokens

    def leave(self, element: Element, token: Token, flows: list[Flow] | None = None) -> None:
        out = self.scope.outgoing(element.id) if flows is None else flows
        for flow in out:
            self.oracle.passed.append(flow.id)
            self.oracle.pending.append(("move", self, flow, token))
        if not out:
            self.result |= token.locals

    def joins(self, element: Element) -> bool:
        return element.kind in JOINS and len(self.scope.incoming(element.id)) > 1

    def arrive(self, flow: Flow, token: Token) -> None:
        element = self.scope.elements[flow.target]
        self.oracle.met.add(kind_of(element))
        if self.joins(element):
            self.arrived.append((flow.id, token))
        elif element.kind == "eventBasedGateway" or not element.kind.endswith(("Gateway", "endEvent", "ThrowEvent")):
            self.start(element, token)
        elif element.kind.endswith("Gateway"):
            self.route(element, token)
        else:
            self.throw(element, token)

    def route(self, element: Element, token: Token) -> None:
        """Through a gateway."""
        self.oracle.passed.append(element.id)
        out = self.scope.outgoing(element.id)
        if element.kind == "parallelGateway" or (len(out) == 1 and out[0].condition is None):
            self.leave(element, token)
            return
        held = [f for f in out if f.condition is not None and self.oracle.value(f.condition, token)]
        chosen = held[:1] if element.kind == "exclusiveGateway" else held
        self.leave(element, token, chosen or [f for f in out if f.id == element.default])

    def throw(self, element: Element, token: Token) -> None:
        """An event on the way or at the end that tells."""
        self.oracle.passed.append(element.id)
        kind = element.trigger.kind if element.trigger is not None else None
        if kind == "terminate":
            self.result |= token.locals
            self.oracle.racy = True
            self.end()
            return
        held = ("held", self, element)  # gone when what is told ends this very scope
        self.oracle.pending.append(held)
        if element.trigger is not None:
            self.oracle.throw(element.trigger, self, token)
        if held in self.oracle.pending:
            self.oracle.pending.remove(held)
            self.leave(element, token, [] if kind == "error" else None)

    # ------------------------------------------------------------------------------------ activities

    def start(self, element: Element, token: Token) -> None:
        activity = Activity(element, token)
        self.activities.append(activity)
        activity.waiting += [Waiting(b, b.id, self, "boundary", activity) for b in self.scope.boundaries(element.id)]
        if element.kind == "eventBasedGateway":
            for flow in self.scope.outgoing(element.id):
                event = self.scope.elements[flow.target]
                activity.waiting.append(Waiting(event, element.id, self, "exit", activity, flow=flow))
        elif element.kind in ("intermediateCatchEvent", "receiveTask"):
            activity.waiting.append(Waiting(element, element.id, self, "way", activity))
        for waiting in activity.waiting:
            waiting.clock = self.oracle.clock(waiting.event, token)
        repeats = element.repetition
        if repeats is None:
            self.start_one(activity, 0, token)
        elif repeats.standard:
            self.go_round(activity, repeats, first=True)
        else:
            self.start_each(activity, repeats)

    def start_one(self, activity: Activity, index: int, token: Token) -> None:
        one = One(token, index)
        activity.instances.append(one)
        element = activity.element
        if element.kind in ("subProcess", "callActivity"):
            scope = element.inside or self.oracle.processes[element.called or ""]
            one.inner = Run(self.oracle, scope, token, self, (activity, one))
            one.inner.begin()
        elif element.kind in AT_ONCE:
            self.oracle.pending.append(("work", self, activity, one))

    def work(self, activity: Activity, one: One) -> None:
        """A task that needs nobody, or asks for an operation."""
        element, oracle = activity.element, self.oracle
        if element.kind == "serviceTask":
            params = {name: oracle.value(text, one.token) for name, text in element.parameters.items()}
            one.request = (element.verb or "", params)
            return
        if element.kind == "scriptTask":
            for line in (element.script or "").splitlines():
                name, text = line.split(" = ", 1)
                one.token = oracle.write(one.token, name, oracle.value(text, one.token))
        elif element.kind == "businessRuleTask":
            for name, value in oracle.decisions[element.decision or ""](oracle.names(one.token)).items():
                one.token = oracle.write(one.token, name, value)
        elif element.kind == "sendTask" and element.trigger is not None:
            oracle.throw(element.trigger, self, one.token)
        if activity in self.activities and one in activity.instances:
            self.finish_one(activity, one)
        elif element.repetition is None:
            oracle.passed.append(element.id)  # its message was sent, and ended this very scope

    def finish_one(self, activity: Activity, one: One) -> None:
        activity.instances.remove(one)
        repeats = activity.element.repetition
        if repeats is None:
            self.finish(activity, activity.token.updated(one.token.locals))
        elif repeats.standard:
            activity.token = activity.token.updated(one.token.locals)
            activity.rounds += 1
            self.go_round(activity, repeats)
        else:
            self.next_each(activity, repeats, one)

    def finish(self, activity: Activity, token: Token) -> None:
        self.kill(activity)
        self.oracle.passed.append(activity.element.id)
        self.leave(activity.element, token)

    def kill(self, activity: Activity) -> None:
        """End an activity with all that is in it."""
        self.activities.remove(activity)
        for one in activity.instances:
            if one.inner is not None:
                one.inner.end_everything()

    # ------------------------------------------------------------------------------------ repetition

    def go_round(self, activity: Activity, repeats: Repetition, first: bool = False) -> None:
        tested = not first or repeats.test_before
        enough = repeats.maximum is not None and activity.rounds >= int(repeats.maximum)
        spent = repeats.condition is not None and tested and not self.oracle.value(repeats.condition, activity.token)
        if tested and (enough or spent):
            self.oracle.pending.append(("empty", self, activity))
        else:
            self.start_one(activity, activity.rounds, activity.token)

    def start_each(self, activity: Activity, repeats: Repetition) -> None:
        text = repeats.collection or f"list(range({repeats.cardinality}))"
        items = list(self.oracle.value(text, activity.token))
        names = {name for name in (repeats.item, repeats.output_item) if name}
        for index, item in enumerate(items):
            values = {**activity.token.locals, **({repeats.item: item} if repeats.item else {})}
            activity.queue.append((index, Token(values, activity.token.declared | names)))
        if repeats.output:
            activity.token = self.oracle.write(activity.token, repeats.output, [])
        if not items:
            self.oracle.pending.append(("empty", self, activity))
        for _ in range(min(1, len(items)) if repeats.sequential else len(items)):
            self.start_one(activity, *activity.queue.pop(0))

    def nothing_left(self, activity: Activity) -> None:
        if activity in self.activities:
            self.finish(activity, activity.token)

    def next_each(self, activity: Activity, repeats: Repetition, one: One) -> None:
        if repeats.output:
            activity.outputs.append((one.index, one.token.locals.get(repeats.output_item or "")))
            results = [result for _, result in sorted(activity.outputs, key=lambda pair: pair[0])]
            activity.token = self.oracle.write(activity.token, repeats.output, results)
        done = not activity.instances and not activity.queue
        if done or (repeats.completion is not None and self.oracle.value(repeats.completion, one.token)):
            self.oracle.racy = True
            self.oracle.met.add("all instances done" if done else "completion condition")
            self.finish(activity, activity.token)
        elif activity.queue:
            self.start_one(activity, *activity.queue.pop(0))

    # ------------------------------------------------------------------------------------ joins

    def may_join(self, element: Element) -> bool:
        entries = [flow.id for flow in self.scope.incoming(element.id)]
        full = {flow for flow, _ in self.arrived} & set(entries)
        if not full or len(entries) < 2:
            return False
        return len(full) == len(entries) or (element.kind == "inclusiveGateway" and self.nobody_comes(element, full))

    def join(self, element: Element) -> None:
        values: dict[str, Any] = {}
        for flow in self.scope.incoming(element.id):
            found = next((pair for pair in self.arrived if pair[0] == flow.id), None)
            if found is not None:
                self.arrived.remove(found)
                values |= found[1].locals
        self.route(element, Token(values, self.token.declared))

    def nobody_comes(self, gateway: Element, full: set[str]) -> bool:
        """BPMN's rule for inclusive gateways, read off the page: for every token elsewhere, if it has a way to an empty
        entry that does not visit the gateway, it has one to a full entry too."""
        empty = {flow.id for flow in self.scope.incoming(gateway.id)} - full
        for node in self.places(gateway):
            if node == gateway.id:
                return False  # a token on its last flow
            reached = self.reached(node, gateway.id)
            if reached & empty and not reached & full:
                return False
        return True

    def forlorn(self) -> Iterator[str]:
        """Parallel gateways, once for each token that waits there for a branch on which nothing is under way any more."""
        for gateway in self.scope.of_kind("parallelGateway"):
            entries = {flow.id for flow in self.scope.incoming(gateway.id)}
            here = [flow for flow, _ in self.arrived if flow in entries]
            coming = {flow for node in self.places(gateway) for flow in self.reached(node, gateway.id)}
            if entries - set(here) - coming:
                yield from (gateway.id for _ in here)

    def places(self, gateway: Element) -> Iterator[str]:
        for activity in self.activities:
            yield activity.element.id
            yield from (w.event.id for w in activity.waiting if w.role == "boundary")  # a token may set out from there
        yield from (self.scope.flows[f].target for f, _ in self.arrived if self.scope.flows[f].target != gateway.id)
        yield from (unit[2].target for unit in self.oracle.pending if unit[0] == "move" and unit[1] is self)

    def reached(self, node: str, without: str) -> set[str]:
        """The flows on ways from a node that do not visit a gateway; those into it are their last."""
        flows: set[str] = set()
        nodes, stack = {node}, [node]
        while stack:
            here = stack.pop()
            targets = [f.target for f in self.scope.outgoing(here)]
            flows |= {f.id for f in self.scope.outgoing(here)}
            if here != node:  # an activity that is under way has its events among the places
                targets += [b.id for b in self.scope.boundaries(here)]
            for target in targets:
                if target not in nodes and target != without:
                    nodes.add(target)
                    stack.append(target)
        return flows

    # ------------------------------------------------------------------------------------ ends and interruptions

    def nested(self) -> list["Run"]:
        inner = [one.inner for a in self.activities for one in a.instances if one.inner is not None]
        return [*inner, *(run for _, run in self.handlers)]

    def clear(self) -> None:
        for run in self.nested():
            run.end_everything()
        self.activities, self.handlers, self.arrived = [], [], []
        self.oracle.pending = [unit for unit in self.oracle.pending if unit[1] is not self]

    def end_everything(self) -> None:
        self.clear()
        self.waiting, self.killed = [], True

    def end(self) -> None:
        self.clear()
        self.waiting, self.over = [], True
        self.oracle.pending.append(("over", self))

    def is_done(self) -> bool:
        if self.over or self.activities or self.handlers or self.arrived:
            return False
        return not any(unit[1] is self for unit in self.oracle.pending)

    def ended(self) -> None:
        """Whoever this belongs to goes on."""
        if self.outer is None:
            self.oracle.finished = True
        elif isinstance(self.owner, Element):
            self.outer.handlers.remove((self.owner, self))
            self.oracle.passed.append(self.owner.id)
        else:
            activity, one = self.owner
            one.token = one.token.updated(self.result)
            self.outer.finish_one(activity, one)

    def happen(self, waiting: Waiting, payload: Any = None) -> None:
        """An event comes for which somebody in this scope waits."""
        trigger, oracle = waiting.event.trigger, self.oracle
        assert trigger is not None
        oracle.met.add(kind_of(waiting.event))
        if waiting.role == "exit":
            oracle.met.add(f"exit {waiting.event.kind if waiting.event.kind == 'receiveTask' else trigger.kind}")
        clock = waiting.clock.next_after(oracle.now) if waiting.clock is not None else None
        group = self.waiting if waiting.activity is None else waiting.activity.waiting
        if waiting.role in ("boundary", "handler") and clock is not None:
            waiting.clock = clock
        elif not waiting.stays():
            group.remove(waiting)
        if waiting.role == "handler":
            self.handle(waiting, {trigger.variable: payload} if trigger.variable else {})
            return
        assert waiting.activity is not None
        if trigger.variable:
            oracle.publish(trigger.variable, payload)
        if waiting.role == "boundary":
            if waiting.event.interrupting:
                self.kill(waiting.activity)
            oracle.passed.append(waiting.event.id)
            self.leave(waiting.event, waiting.activity.token)
        elif waiting.role == "way":
            self.finish_one(waiting.activity, waiting.activity.instances[0])
        else:
            self.choose(waiting)

    def choose(self, waiting: Waiting) -> None:
        assert waiting.activity is not None
        assert waiting.flow is not None
        self.kill(waiting.activity)
        self.oracle.passed += [waiting.activity.element.id, waiting.flow.id, waiting.event.id]
        self.leave(waiting.event, waiting.activity.token)

    def handle(self, waiting: Waiting, values: dict[str, Any]) -> None:
        """An event subprocess begins."""
        handler = waiting.handler
        assert handler is not None
        assert handler.inside is not None
        if waiting.event.interrupting:
            self.clear()
            self.waiting = []
        run = Run(self.oracle, handler.inside, self.token.with_(**values), self, handler)
        self.handlers.append((handler, run))
        self.oracle.passed.append(waiting.event.id)
        run.begin()

    def shape(self) -> str:
        """Where this scope stands, as a text."""
        waiting = sorted(f"{w.event.id} {w.clock}" for w in self.all_waiting())
        inside = sorted(f"{e.id} {run.shape()}" for e, run in self.handlers)
        arrived = sorted(f"{flow} {token}" for flow, token in self.arrived)
        return f"{self.over} {sorted(a.shape() for a in self.activities)} {arrived} {inside} {waiting} {self.result}"

    def clocks(self) -> Iterator[tuple[Waiting, Clock]]:
        for waiting in self.all_waiting():
            if waiting.clock is not None:
                yield waiting, waiting.clock

    def all_waiting(self) -> Iterator[Waiting]:
        yield from self.waiting
        for activity in self.activities:
            yield from activity.waiting


def kind_of(element: Element) -> str:
    """What counts as a kind of element: its tag, its event, and how it repeats."""
    words = [element.kind]
    if element.trigger is not None and element.kind not in ("sendTask", "receiveTask"):
        words.append(element.trigger.timer or element.trigger.kind)
        if element.kind in ("boundaryEvent", "startEvent"):
            words.append("interrupting" if element.interrupting else "beside")
    repeats = element.repetition
    if repeats is not None:
        words.append("loop" if repeats.standard else "sequential" if repeats.sequential else "parallel")
    return " ".join(words)
