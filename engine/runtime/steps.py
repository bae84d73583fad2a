"""The plain steps of a flow: work for people, scripts, decisions, error ends, choices."""

from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway as LibraryExclusive
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.decisions import Decision
from engine.runtime.errors import ExpressionInvalid, NoWayOut
from engine.runtime.execution import failed, note_fired
from engine.runtime.stepwise import EndEvent, Stepwise


class Passing(Stepwise, BpmnSpecMixin):  # type: ignore[misc]
    """A node that only lets tokens through, by all its exits: a plain start or end, a fork."""


class Work(Stepwise, SpiffBpmnTask):  # type: ignore[misc]
    """A task for a person; the token waits until it is completed."""

    def __init__(self, scope: Any, name: str, **kwargs: Any) -> None:
        super().__init__(scope, name, **kwargs)
        self.manual = True


class ScriptTask(Stepwise, SpiffBpmnTask):  # type: ignore[misc]
    """Assignments to case data."""

    def __init__(self, scope: Any, name: str, script: str, **kwargs: Any) -> None:
        super().__init__(scope, name, **kwargs)
        self.script = script

    def _run_hook(self, my_task: Any) -> bool:
        return bool(my_task.workflow.script_engine.execute(my_task, self.script))


class DecisionTask(Stepwise, SpiffBpmnTask):  # type: ignore[misc]
    """A decision table whose outputs become case data."""

    def __init__(self, scope: Any, name: str, decision: Decision, **kwargs: Any) -> None:
        super().__init__(scope, name, **kwargs)
        self.decision = decision

    def _run_hook(self, my_task: Any) -> bool:
        execution = my_task.workflow.script_engine
        try:
            execution.write(my_task, self.decision.decide(execution.names(my_task), execution.effort))
        except ExpressionInvalid as error:
            raise failed(my_task, self.decision.id, error) from None
        return True


class ErrorEnd(EndEvent):
    """An end that throws an error. Its token never arrives: whoever catches the error ends this scope."""

    def _on_complete(self, my_task: Any) -> None:
        """It leads nowhere."""
        note_fired(my_task, ())


# ------------------------------------------------------------------------------------------------ gateways


class ExclusiveGateway(Stepwise, LibraryExclusive):  # type: ignore[misc]
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
        return True
