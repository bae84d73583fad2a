"""Service tasks: they ask for an operation and park until somebody outside has done it."""

from typing import Any

from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.holding import is_held
from engine.runtime.stepwise import Stepwise

REQUEST = "request"


class OperationTask(Stepwise, SpiffBpmnTask):  # type: ignore[misc]
    """A service task. Its verb and parameters are fixed when it parks and stay the same until it is answered."""

    def __init__(
        self, scope: Any, name: str, verb: str, parameters: dict[str, str], result: str | None, **kwargs: Any
    ) -> None:
        super().__init__(scope, name, **kwargs)
        self.verb, self.parameters, self.result = verb, parameters, result

    def _run_hook(self, my_task: Any) -> None:
        """Nothing returned means STARTED: outside every scan of the library for work that is ready or waits."""
        execution = my_task.workflow.script_engine
        params = {name: execution.evaluate(my_task, value) for name, value in self.parameters.items()}
        my_task.internal_data[REQUEST] = [self.verb, params]

    def answer(self, my_task: Any, result: Any) -> None:
        """The operation is done: its result goes to the variable that the diagram names, if it names one."""
        if self.result is not None:
            my_task.workflow.script_engine.write(my_task, {self.result: result})
        my_task.internal_data.pop(REQUEST)
        my_task.complete()


def is_parked(task: Any) -> bool:
    return task.state == TaskState.STARTED and REQUEST in task.internal_data and not is_held(task)
