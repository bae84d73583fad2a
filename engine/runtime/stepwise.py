"""Steps of the library that do not foresee the whole way ahead, and that keep a token which cannot go on.

The library adds every step that a token will surely reach to the tree of a case before it gets there: a long process is
carried along from its first task on, and each fork doubles all that follows its join. Nothing here needs that, so a step
learns what follows it when it runs, and no earlier.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs import control, defaults
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.spiff.specs import defaults as spiff
from SpiffWorkflow.util.task import TaskState

from engine.runtime.execution import note_fired
from engine.runtime.holding import ENTERING, FLOW_ERRORS, RUNNING, hold, is_held

_ENDED = "ended"


class Stepwise:
    """Mixed into every kind of step, in front of the library's class."""

    def _predict(
        self, my_task: Any, seen: Any = None, looked_ahead: int = 0, mask: int = TaskState.PREDICTED_MASK
    ) -> None:
        """Called from afar: nothing is foreseen. The root of a scope has nobody to run it before, and looks itself."""
        if my_task.parent is None:
            self._predict_hook(my_task)  # type: ignore[attr-defined]

    def _update(self, my_task: Any) -> None:
        """A token arrives, or what it waits for may have come."""
        try:
            super()._update(my_task)  # type: ignore[misc]
        except FLOW_ERRORS as error:
            hold(my_task, error, ENTERING)

    def _run(self, my_task: Any) -> Any:
        """Nothing returned means STARTED to the library: parked, or held."""
        if not isinstance(self, MultiChoice):  # a gateway that chooses finds out in its own way
            self._predict_hook(my_task)  # type: ignore[attr-defined]
        passed = my_task.workflow.script_engine.passed
        done = len(passed)
        try:
            return super()._run(my_task)  # type: ignore[misc]
        except FLOW_ERRORS as error:
            del passed[done:]
            hold(my_task, error, RUNNING)
            return None


class ScopeBegin(Stepwise, control.BpmnStartTask):  # type: ignore[misc]
    """The library's own first step of a scope."""


class Last(Stepwise, control.SimpleBpmnTask):  # type: ignore[misc]
    """The library's own last step of a scope."""


class Split(Stepwise, control.BoundaryEventSplit):  # type: ignore[misc]
    """Before an activity with boundary events."""


class Join(Stepwise, control.BoundaryEventJoin):  # type: ignore[misc]
    """After an activity with boundary events: ends those that still listen, or would if they were not held."""

    def _check_threshold_structured(self, my_task: Any) -> Any:
        over, ending = super()._check_threshold_structured(my_task)
        beside = my_task.find_ancestor(self.split_task).children if over else ()
        return over, ending + [t for t in beside if isinstance(t.task_spec, defaults.BoundaryEvent) and is_held(t)]


class CatchEvent(Stepwise, defaults.IntermediateCatchEvent):  # type: ignore[misc]
    """An event on the way that waits."""


class _Telling(Stepwise):
    """What it tells may end its own scope: then its token goes no further, and no flow out of it is taken."""

    def _run_hook(self, my_task: Any) -> bool | None:
        super()._run_hook(my_task)  # type: ignore[misc]
        my_task.internal_data[_ENDED] = my_task.state == TaskState.CANCELLED
        return True

    def _on_complete(self, my_task: Any) -> None:
        if my_task.internal_data.pop(_ENDED, False):
            note_fired(my_task, ())
        else:
            super()._on_complete(my_task)  # type: ignore[misc]


class ThrowEvent(_Telling, defaults.IntermediateThrowEvent):  # type: ignore[misc]
    """An event on the way that tells."""


class EndEvent(_Telling, defaults.EndEvent):  # type: ignore[misc]
    """An end that tells, or terminates."""


class EventGateway(Stepwise, defaults.EventBasedGateway):  # type: ignore[misc]
    """Waits for whichever comes first."""


class FirstOf(MultipleEventDefinition):  # type: ignore[misc]
    """What an event-based gateway waits for."""

    def update_task(self, my_task: Any) -> None:
        for definition in self.event_definitions:
            definition.update_task(my_task)


class SendTask(_Telling, spiff.SendTask):  # type: ignore[misc]
    """Sends a message."""


class ReceiveTask(Stepwise, spiff.ReceiveTask):  # type: ignore[misc]
    """Waits for a message."""
