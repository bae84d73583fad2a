"""Processes and subprocesses as scopes: their handlers, their boundary events, and when they are over.

The start event of an event subprocess listens in the scope that the subprocess belongs to, under its drawn id: scope
start → listener → handler → scope end. The library gets event subprocesses wrong; nothing in the drawing is rewritten
for this.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.spiff.specs import defaults as spiff
from SpiffWorkflow.util.task import TaskState

from engine.runtime.execution import bring_back, note_fired
from engine.runtime.joins import Gathering, absorb
from engine.runtime.stepwise import Last, ScopeBegin, Stepwise
from engine.runtime.timers import CycleTimer, DateTimer
from engine.runtime.values import Passed


class ScopeSpec(BpmnProcessSpec):  # type: ignore[misc]
    """The library's specification of one scope, with what the trail needs to name drawn things."""

    def __init__(self, name: str, file: str) -> None:
        super().__init__(name=name, filename=file)
        self.drawn: dict[str, Passed] = {}  # step of the library → the node it is drawn as
        self.flow_ids: dict[tuple[str, str], str] = {}  # two steps → the sequence flow between them
        self.task_specs.clear()
        self.start: Any = ScopeBegin(self, "Start")
        self.end: Any = ScopeEnd(self, "EndJoin")
        self.end.connect(Last(self, "End"))


class ScopeEnd(Gathering, Stepwise, BpmnTaskSpec):  # type: ignore[misc]
    """The end of a scope: waits for everybody but the listeners; when it is reached they stop listening."""

    def taken(self, my_task: Any, waiting: list[Any]) -> list[Any]:
        ours = (self.name, "End")
        tasks = list(my_task.workflow.tasks.values())
        others = [t for t in tasks if t.state < TaskState.COMPLETED and t.task_spec.name not in ours]
        if any(not isinstance(t.task_spec, HandlerStart) for t in others):
            absorb(my_task, waiting)  # of all that have arrived one waits on
            return []
        for listener in others:
            listener._set_state(TaskState.CANCELLED)  # not cancel(): that would drop the way to this very end
            listener.task_spec._on_cancel(listener)
        return waiting


# ------------------------------------------------------------------------------------------------ listeners


class _Repeatable:
    """An event that does not interrupt happens as often as it happens; a date or deadline happens once."""

    event_definition: Any
    interrupting: bool

    @property
    def repeats(self) -> bool:
        return not self.interrupting and not isinstance(self.event_definition, DateTimer)

    @property
    def cycles(self) -> bool:
        return isinstance(self.event_definition, CycleTimer)


def _begin(child: Any) -> None:
    """Set a token going."""
    child.task_spec._predict(child, mask=TaskState.NOT_FINISHED_MASK)
    child.task_spec._update(child)


class HandlerStart(_Repeatable, Stepwise, CatchingEvent, BpmnSpecMixin):  # type: ignore[misc]
    """The start event of an event subprocess, listening in the scope around it."""

    is_handler_start = True
    interrupting = True

    def _predict_hook(self, my_task: Any) -> None:
        """A handler is not foreseen; it begins when its event happens."""

    def _update_hook(self, my_task: Any) -> bool:
        if not super()._update_hook(my_task):
            return False
        if self.interrupting:
            cancel_others(my_task)
        if not self.repeats or self.cycles:
            return True  # a spent cycle only ends
        self.spawn(my_task)
        self.event_definition.reset(my_task)
        return False

    def spawn(self, my_task: Any) -> None:
        """Begin the handler, with the payload as a local of its own: two supplements do not overwrite each other."""
        child = my_task._add_child(self.outputs[0], TaskState.FUTURE)
        variable = getattr(self.event_definition, "variable", None)
        if variable is not None:
            child.data[variable] = my_task.internal_data.get("payload")
        note_fired(my_task, ())
        _begin(child)

    def _run_hook(self, my_task: Any) -> bool:
        if not self.cycles:
            self.spawn(my_task)
        my_task.internal_data.clear()
        return True


def cancel_others(my_task: Any) -> None:
    """End everything else in the scope of an interrupting handler, children before parents."""
    for task in reversed(list(my_task.workflow.tasks.values())):
        if task is not my_task and task.state < TaskState.COMPLETED:
            task.cancel()


def end_activity(my_task: Any) -> None:
    """End the activity of an interrupting boundary event at once, or it might still be done before the event's turn."""
    for task in my_task.parent.children:
        if task is not my_task and task.state < TaskState.COMPLETED:
            task.cancel()


class Boundary(_Repeatable, Stepwise, BoundaryEvent):  # type: ignore[misc]
    """A boundary event; where it does not interrupt it may happen again and again.

    Its tokens then hang beside the activity, not under the listener: when the activity ends the library cancels the
    listener with all that hangs under it, and their work would be lost.
    """

    @property
    def interrupting(self) -> bool:  # type: ignore[override]
        return bool(self.cancel_activity)

    def _predict_hook(self, my_task: Any) -> None:
        if not self.repeats:
            super()._predict_hook(my_task)

    def _update_hook(self, my_task: Any) -> bool:
        fired = bool(super()._update_hook(my_task))
        if fired and self.interrupting:
            end_activity(my_task)
        if not fired or not self.repeats or self.cycles:
            return fired
        self.event_definition.update_task_data(my_task)
        self.spawn(my_task)
        self.event_definition.reset(my_task)
        return False

    def spawn(self, my_task: Any) -> None:
        beside, begun = my_task.parent.parent, []
        for output in self.outputs:
            if not isinstance(output, BoundaryEventJoin):
                child = beside._add_child(output, TaskState.FUTURE)
                child.triggered = True
                begun.append(child)
        note_fired(my_task, begun)
        for child in begun:
            _begin(child)


# ------------------------------------------------------------------------------------------------ subprocesses


class _Inner:
    """Locals go into a subprocess; on return only those that the token already had come back."""

    def update_data(self, my_task: Any, subworkflow: Any) -> None:
        bring_back(my_task, subworkflow.last_task.data)

    def _on_subworkflow_completed(self, subworkflow: Any, my_task: Any) -> None:
        if my_task.state < TaskState.COMPLETED:  # else it was interrupted, and stays so
            super()._on_subworkflow_completed(subworkflow, my_task)  # type: ignore[misc]


class Subprocess(_Inner, Stepwise, spiff.SubWorkflowTask):  # type: ignore[misc]
    """A subprocess drawn in its scope."""


class Handler(_Inner, Stepwise, spiff.EventSubprocess):  # type: ignore[misc]
    """An event subprocess; what starts it is a HandlerStart."""

    def update_data(self, my_task: Any, subworkflow: Any) -> None:
        """Its payload ends with it."""
        super().update_data(my_task, subworkflow)
        my_task.data.pop(getattr(my_task.parent.task_spec.event_definition, "variable", None), None)


class Call(_Inner, Stepwise, spiff.CallActivity):  # type: ignore[misc]
    """A called process; it reads and writes the same document."""
