"""What events wait for and throw: messages, signals, errors, escalations; and who hears them.

A payload is kept only where the diagram names a variable for it. Errors and escalations climb: the activity's own
boundary events, the handlers of its scope, the boundary of the subprocess, the handlers around that, and so on to the
case.
"""

from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    MessageEventDefinition,
    SignalEventDefinition,
    TerminateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.event import EventManager
from SpiffWorkflow.util.task import TaskState

from engine.runtime.errors import UnhandledError
from engine.runtime.execution import failed

LONGEST_KEY = 100
KEYS = "keys"  # under which messages a token waits for, by their names


class _Carrying:
    """An event that may bring a value along."""

    name: str
    variable: str | None = None
    payload: str | None = None
    key: str | None = None

    def catch(self, my_task: Any, event: Any = None) -> None:
        if self.variable is not None:
            my_task.internal_data["payload"] = event.payload
        my_task.internal_data["event_fired"] = True

    def update_task_data(self, my_task: Any) -> None:
        if self.variable is not None:
            payload = my_task.internal_data.pop("payload", None)
            my_task.workflow.script_engine.write(my_task, {self.variable: payload})

    def update_task(self, my_task: Any) -> None:
        """The library computes correlations here, which we do not have."""

    def reset(self, my_task: Any) -> None:
        my_task.internal_data.pop("payload", None)
        my_task.internal_data.pop("event_fired", None)

    def thrown(self, my_task: Any) -> Any:
        return None if self.payload is None else my_task.workflow.script_engine.evaluate(my_task, self.payload)


class _Broadcast(_Carrying):
    def throw(self, my_task: Any) -> None:
        my_task.workflow.top_workflow.catch(BpmnEvent(self, payload=self.thrown(my_task)))


class _Climbing(_Carrying):
    def throw(self, my_task: Any) -> None:
        event = BpmnEvent(self, payload=self.thrown(my_task), target=my_task.workflow)
        my_task.workflow.top_workflow.catch(event)


class MessageEvent(_Broadcast, MessageEventDefinition):  # type: ignore[misc]
    """A message by its name; where the diagram gives a key, only the message that brings the same one."""

    def catches(self, my_task: Any, event: Any) -> bool:
        if self != event.event_definition:
            return False
        return self.key is None or awaited_key(my_task, self.name) == event.correlations.get("key")

    def update_task(self, my_task: Any) -> None:
        """A token begins to wait: the key is worked out now, and stays."""
        if self.key is not None and awaited_key(my_task, self.name) is None:
            my_task.internal_data.setdefault(KEYS, {})[self.name] = self.worked_out(my_task)

    def throw(self, my_task: Any) -> None:
        key = {} if self.key is None else {"key": self.worked_out(my_task)}
        my_task.workflow.top_workflow.catch(BpmnEvent(self, payload=self.thrown(my_task), correlations=key))

    def worked_out(self, my_task: Any) -> str:
        value = my_task.workflow.script_engine.evaluate(my_task, self.key or "")
        if not isinstance(value, str | int) or isinstance(value, bool) or not 0 < len(str(value)) <= LONGEST_KEY:
            raise failed(my_task, self.key or "", f"the key of a message is a text of 1 to {LONGEST_KEY} characters")
        return str(value)


def awaited_key(my_task: Any, name: str) -> str | None:
    """The key under which a token waits for a message, if the diagram gives one."""
    return my_task.internal_data.get(KEYS, {}).get(name)  # type: ignore[no-any-return]


class SignalEvent(_Broadcast, SignalEventDefinition):  # type: ignore[misc]
    """A signal by its name, heard by everybody in the case."""


class ErrorEvent(_Climbing, ErrorEventDefinition):  # type: ignore[misc]
    """An error by its code; one without a code catches all."""


class EscalationEvent(_Climbing, EscalationEventDefinition):  # type: ignore[misc]
    """An escalation by its code; one without a code catches all."""


class Delivery(EventManager):  # type: ignore[misc]
    """Brings an event to those who wait for it when their turn comes."""

    def catch(self, event: Any, internal: bool = True) -> int:
        definition = event.event_definition
        if isinstance(definition, TerminateEventDefinition):
            return 0  # the end event does the work; the library would file it as thrown
        if isinstance(definition, ErrorEvent | EscalationEvent):
            return self.climb(event.target, event)
        waiting = [task for task in self.tasks.values() if task.task_spec.catches(task, event)]
        for task in sorted(waiting, key=lambda task: not interrupts_scope(task)):
            if task.state == TaskState.WAITING:  # an interrupting handler may have ended it
                deliver(task, event)
        if not waiting and internal:
            self.workflow.bpmn_events.append(event)
        return len(waiting)

    def climb(self, scope: Any, event: Any, activity: Any = None) -> int:
        """From an activity (or, for an end event, from the scope) outwards to the first who catches."""
        node = scope.spec.name if activity is None else activity.task_spec.bpmn_id
        while scope is not None:
            for task in (*_specific_first(_boundaries(activity)), *_specific_first(_handlers(scope))):
                if task.state == TaskState.WAITING and task.task_spec.catches(task, event):
                    deliver(task, event)
                    return 1
            if scope.parent_task_id is None:
                break
            activity = self.workflow.get_task_from_id(scope.parent_task_id)
            scope = activity.workflow
        if isinstance(event.event_definition, ErrorEvent):
            raise UnhandledError(code=event.event_definition.code, node=node)
        return 0


def _boundaries(activity: Any) -> list[Any]:
    """The boundary events of an activity; those of a loop belong to all its instances."""
    if activity is None:
        return []
    if isinstance(activity.parent.task_spec, LoopTask):
        activity = activity.parent
    split = activity.parent
    return [t for t in split.children if t is not activity] if isinstance(split.task_spec, BoundaryEventSplit) else []


def _handlers(scope: Any) -> list[Any]:
    return [t for t in scope.tasks.values() if getattr(t.task_spec, "is_handler_start", False)]


def _specific_first(tasks: list[Any]) -> list[Any]:
    """Those that wait for a certain code before those that catch all."""
    return sorted(tasks, key=lambda t: getattr(t.task_spec.event_definition, "code", None) is None)


def interrupts_scope(task: Any) -> bool:
    spec = task.task_spec
    return getattr(spec, "is_handler_start", False) and spec.interrupting


def deliver(task: Any, event: Any) -> None:
    task.task_spec.catch(task, event)
    task.task_spec._update(task)
