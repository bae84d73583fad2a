"""Builds what the library runs from a drawing that has been found without fault.

The result is sealed: nothing is connected later, so that all cases of a process share it. Every drawn node becomes
one step of the library, named after its id; steps that are not drawn (the split before an activity with boundary
events, the join after it, the instance of a loop) are named so that no id can collide with them.
"""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import NoneEventDefinition, TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from engine.runtime import joins, steps, stepwise
from engine.runtime.decisions import Decision
from engine.runtime.drawing import Element, Process, Scope, Trigger
from engine.runtime.events import ErrorEvent, EscalationEvent, MessageEvent, SignalEvent
from engine.runtime.execution import note_passed
from engine.runtime.multi_instance import Loop, Parallel, Sequential
from engine.runtime.operations import OperationTask
from engine.runtime.reader import TASKS
from engine.runtime.scopes import Boundary, Call, Handler, HandlerStart, ScopeSpec, Subprocess
from engine.runtime.timers import CycleTimer, DateTimer, DurationTimer
from engine.runtime.values import Passed

_TIMERS = {"timeDate": DateTimer, "timeDuration": DurationTimer, "timeCycle": CycleTimer}
_THROWN = {"message": MessageEvent, "signal": SignalEvent, "error": ErrorEvent, "escalation": EscalationEvent}


def build(process: Process, decisions: Mapping[str, Decision]) -> dict[str, ScopeSpec]:
    """The specifications of a process and of every subprocess in it, by id."""
    built: dict[str, ScopeSpec] = {}
    for scope in process.scopes():
        handled = scope is not process and _is_handler(process, scope)
        built[scope.id] = _ScopeBuilder(scope, process.file, decisions, is_handler=handled).build()
    return built


def _is_handler(process: Process, scope: Scope) -> bool:
    return any(element.inside is scope and element.triggered for element in process.everything())


class _ScopeBuilder:
    """Builds one scope."""

    def __init__(self, scope: Scope, file: str, decisions: Mapping[str, Decision], *, is_handler: bool) -> None:
        self.scope, self.decisions, self.is_handler = scope, decisions, is_handler
        self.spec = ScopeSpec(scope.id, file)
        self.first: dict[str, Any] = {}  # where a flow into a node arrives
        self.last: dict[str, Any] = {}  # where a flow out of a node begins

    def build(self) -> ScopeSpec:
        for element in self.scope.elements.values():
            if element.triggered:
                self.add_handler(element)
            elif element.kind != "boundaryEvent":
                self.add(element)
        for flow in self.scope.flows.values():
            self.connect(flow.source, flow.target, flow.condition, flow.id)
        for element in self.scope.elements.values():
            self.connect_ends(element)
        self.seal()
        return self.spec

    # -------------------------------------------------------------------------------------------- nodes

    def add(self, element: Element) -> None:
        step = self.repeated(element) if element.repetition else self.step(element, f".{element.id}")
        if not (element.kind == "startEvent" and self.is_handler):  # noted where it listens, in the scope around
            self.spec.drawn[step.name] = Passed(element.id, element.kind)
        self.first[element.id] = self.last[element.id] = step
        boundaries = self.scope.boundaries(element.id)
        if boundaries:
            self.add_boundaries(element, step, boundaries)

    def repeated(self, element: Element) -> Any:
        """A loop around the step; the step itself is then one instance of it."""
        repetition = element.repetition
        assert repetition is not None  # noqa: S101 - for the type checker
        kind = Loop if repetition.standard else Sequential if repetition.sequential else Parallel
        instance = self.step(element, f"each:{element.id}")
        loop = kind(self.spec, f".{element.id}", instance.name, repetition, lane=element.lane)
        loop.bpmn_id = element.id
        instance._inputs = [loop.name]
        return loop

    def add_boundaries(self, element: Element, step: Any, boundaries: list[Element]) -> None:
        split = stepwise.Split(self.spec, f"split:{element.id}")
        join = stepwise.Join(self.spec, f"join:{element.id}", split_task=split.name, cancel=True)
        split.connect(step)
        step.connect(join)
        for boundary in boundaries:
            listener = Boundary(
                self.spec, f".{boundary.id}", self.definition(boundary), cancel_activity=boundary.interrupting
            )
            listener.bpmn_id = boundary.id
            self.spec.drawn[listener.name] = Passed(boundary.id, boundary.kind)
            split.connect(listener)
            listener.connect(join)
            self.last[boundary.id] = listener
        self.first[element.id] = split

    def add_handler(self, element: Element) -> None:
        """An event subprocess: its start event listens here, and leads to the handler."""
        inside = element.inside
        assert inside is not None  # noqa: S101 - for the type checker
        (start,) = inside.of_kind("startEvent")
        listener = HandlerStart(self.spec, f".{start.id}", self.definition(start))
        listener.interrupting, listener.bpmn_id = start.interrupting, start.id
        handler = Handler(self.spec, f".{element.id}", subworkflow_spec=inside.id)
        handler.bpmn_id = element.id
        self.spec.drawn[listener.name] = Passed(start.id, start.kind)
        self.spec.drawn[handler.name] = Passed(element.id, element.kind)
        self.spec.start.connect(listener)
        listener.connect(handler)
        handler.connect(self.spec.end)

    def step(self, element: Element, name: str) -> Any:
        step = self.make(element, name)
        step.bpmn_id, step.bpmn_name = element.id, element.name
        return step

    def make(self, element: Element, name: str) -> Any:  # noqa: C901 - one line for each kind of node
        spec, kind = self.spec, element.kind
        if kind in TASKS:
            return steps.Work(spec, name, lane=element.lane)
        if kind == "scriptTask":
            return steps.ScriptTask(spec, name, element.script or "")
        if kind == "serviceTask":
            return OperationTask(spec, name, element.verb or "", dict(element.parameters), element.result)
        if kind == "businessRuleTask":
            return steps.DecisionTask(spec, name, self.decisions[element.decision or ""])
        if kind == "subProcess":
            return Subprocess(spec, name, subworkflow_spec=element.id)
        if kind == "callActivity":
            return Call(spec, name, subworkflow_spec=element.called)
        if kind == "sendTask":
            return stepwise.SendTask(spec, name, event_definition=self.definition(element))
        if kind == "receiveTask":
            return stepwise.ReceiveTask(spec, name, event_definition=self.definition(element))
        if kind == "exclusiveGateway":
            return steps.ExclusiveGateway(spec, name)
        if kind == "inclusiveGateway":
            return (joins.InclusiveJoin if self.joins(element) else joins.InclusiveSplit)(spec, name)
        if kind == "parallelGateway":
            return (joins.ParallelJoin if self.joins(element) else steps.Passing)(spec, name)
        if kind == "eventBasedGateway":
            return stepwise.EventGateway(spec, name, stepwise.FirstOf())
        return self.make_event(element, name)

    def joins(self, element: Element) -> bool:
        """A gateway with one entry joins nothing."""
        return len(self.scope.incoming(element.id)) > 1

    def make_event(self, element: Element, name: str) -> Any:
        if element.kind == "startEvent" or element.trigger is None:
            return steps.Passing(self.spec, name)
        definition = self.definition(element)
        if element.kind == "intermediateCatchEvent":
            return stepwise.CatchEvent(self.spec, name, event_definition=definition)
        if element.kind == "intermediateThrowEvent":
            return stepwise.ThrowEvent(self.spec, name, event_definition=definition)
        end = steps.ErrorEnd if element.trigger.kind == "error" else stepwise.EndEvent
        return end(self.spec, name, event_definition=definition)

    def definition(self, element: Element) -> Any:
        """What the library waits for or throws at an event."""
        trigger = element.trigger
        if trigger is None:
            return NoneEventDefinition()
        if trigger.kind == "timer":
            return _TIMERS[trigger.timer or ""](element.id, trigger.expression)
        if trigger.kind == "terminate":
            return TerminateEventDefinition()
        return self.thrown(trigger)

    @staticmethod
    def thrown(trigger: Trigger) -> Any:
        with_code = {"code": trigger.name} if trigger.kind in ("error", "escalation") else {}
        definition = _THROWN[trigger.kind](trigger.name, **with_code)
        definition.variable, definition.payload, definition.key = trigger.variable, trigger.payload, trigger.key
        return definition

    # -------------------------------------------------------------------------------------------- flows

    def connect(self, source: str, target: str, condition: str | None, flow: str) -> None:
        step, follower = self.last[source], self.first[target]
        self.spec.flow_ids[step.name, follower.name] = flow
        element = self.scope.elements[source]
        if element.kind in ("exclusiveGateway", "inclusiveGateway") and flow != element.default and condition:
            step.connect_outgoing_if(condition, follower)
        else:
            step.connect(follower)

    def connect_ends(self, element: Element) -> None:
        """Whatever leads nowhere leads to the end of its scope."""
        if not element.triggered and not self.scope.outgoing(element.id):
            self.last[element.id].connect(self.spec.end)
        if element.kind == "startEvent":
            self.spec.start.connect(self.first[element.id])

    # -------------------------------------------------------------------------------------------- sealing

    def seal(self) -> None:
        specs = list(self.spec.task_specs.values())
        for step in specs:
            if isinstance(step, LoopTask):
                self.spec.task_specs[step.task_spec].completed_event.connect(step.merge_child)
        for step in specs:
            notes_itself = isinstance(step, HandlerStart | steps.ErrorEnd)
            if not (notes_itself or (isinstance(step, Boundary) and step.repeats)):
                step.completed_event.connect(note_passed)
            if isinstance(step, joins.InclusiveJoin | joins.ParallelJoin):
                step.upstream = {entry: self.upstream(entry, step.name) for entry in step._inputs}

    def upstream(self, entry: str, gateway: str) -> frozenset[str]:
        """The steps from which a token can come to an entry without passing the gateway."""
        seen, stack = {entry}, [entry]
        while stack:
            for before in self.spec.task_specs[stack.pop()]._inputs:
                if before not in seen and before != gateway:
                    seen.add(before)
                    stack.append(before)
        return frozenset(seen)
