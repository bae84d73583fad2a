"""The plain steps of a flow: work for people, scripts, decisions, throwing events, gateways."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import EndEvent, IntermediateCatchEvent, IntermediateThrowEvent
from SpiffWorkflow.bpmn.specs.defaults import EventBasedGateway as EventGateway
from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway as LibraryExclusive
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway as LibraryInclusive
from SpiffWorkflow.bpmn.specs.defaults import ParallelGateway as ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.decisions import Decision
from engine.runtime.errors import ExpressionInvalid, NoWayOut
from engine.runtime.execution import failed, note_passed

__all__ = [
    "DecisionTask",
    "EndEvent",
    "ErrorEnd",
    "EventGateway",
    "ExclusiveGateway",
    "InclusiveGateway",
    "IntermediateCatchEvent",
    "IntermediateThrowEvent",
    "ParallelGateway",
    "Passing",
    "ScriptTask",
    "Work",
]


class Passing(BpmnSpecMixin):  # type: ignore[misc]
    """A node that only lets the token through: a plain start or end."""


class Work(SpiffBpmnTask):  # type: ignore[misc]
    """A task for a person; the token waits until it is completed."""

    def __init__(self, scope: Any, name: str, **kwargs: Any) -> None:
        super().__init__(scope, name, **kwargs)
        self.manual = True


class ScriptTask(SpiffBpmnTask):  # type: ignore[misc]
    """Assignments to case data."""

    def __init__(self, scope: Any, name: str, script: str, **kwargs: Any) -> None:
        super().__init__(scope, name, **kwargs)
        self.script = script

    def _run_hook(self, my_task: Any) -> bool:
        return bool(my_task.workflow.script_engine.execute(my_task, self.script))


class DecisionTask(SpiffBpmnTask):  # type: ignore[misc]
    """A decision table whose outputs become case data."""

    def __init__(self, scope: Any, name: str, decision: Decision, **kwargs: Any) -> None:
        super().__init__(scope, name, **kwargs)
        self.decision = decision

    def _run_hook(self, my_task: Any) -> bool:
        execution = my_task.workflow.script_engine
        try:
            execution.write(my_task, self.decision.decide(execution.names(my_task)))
        except ExpressionInvalid as error:
            raise failed(my_task, self.decision.id, error) from None
        return True


class ErrorEnd(EndEvent):  # type: ignore[misc]
    """An end that throws an error. Its token never arrives: whoever catches the error ends this scope."""

    def _run_hook(self, my_task: Any) -> None:
        note_passed(my_task.workflow, my_task)
        self.event_definition.throw(my_task)


# ------------------------------------------------------------------------------------------------ gateways


class ExclusiveGateway(LibraryExclusive):  # type: ignore[misc]
    """One exit: the first whose condition holds, else the default."""

    def _run_hook(self, my_task: Any) -> bool:
        chosen = self.default_task_spec
        for condition, name in self.cond_task_specs:
            if condition is not None and condition._matches(my_task):
                chosen = name
                break
        if chosen is None:
            raise NoWayOut(node=self.bpmn_id)
        my_task._sync_children([self._wf_spec.task_specs[chosen]], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class InclusiveGateway(LibraryInclusive):  # type: ignore[misc]
    """Every exit whose condition holds, else the default; joins when no further token can arrive.

    The library follows only one way back from each step and so joins too early; here ``upstream`` says for each entry
    which steps lead to it without passing this gateway (worked out once, when the drawing is read).
    """

    upstream: Mapping[str, frozenset[str]]

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        arrived, under_way = set(), set()
        for task in my_task.workflow.tasks.values():
            parent = task.parent
            if task.task_spec is self:
                if parent.state == TaskState.COMPLETED:
                    arrived.add(parent.task_spec.name)
            elif _is_token(task, parent):
                under_way.add(task.task_spec.name)
        empty = [entry for entry in self._inputs if entry not in arrived]
        coming = {name for entry in empty for name in under_way & self.upstream[entry]}
        lingering = {name for entry in arrived for name in under_way & self.upstream[entry]}
        return not (coming - lingering)

    def _run_hook(self, my_task: Any) -> bool:
        UnstructuredJoin._run_hook(self, my_task)
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise NoWayOut(node=self.bpmn_id)
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


def _is_token(task: Any, parent: Any) -> bool:
    """Whether a step of the library stands for a token: under way, or about to be."""
    if task.state in (TaskState.READY, TaskState.WAITING, TaskState.STARTED):
        return True
    return bool(task.state == TaskState.FUTURE and parent is not None and parent.state == TaskState.COMPLETED)
