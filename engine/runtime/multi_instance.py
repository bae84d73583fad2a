"""Activities that repeat: once for each item of a list, a number of times, or while a condition holds.

Results are collected in the order of the items, whoever finishes first; the list that is walked is the one that was
found at the beginning, even if it changes under way.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.mixins import ParallelMultiInstanceTaskMixin, SequentialMultiInstanceTaskMixin
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.spiff.specs.defaults import StandardLoopTask
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.drawing import Repetition
from engine.runtime.execution import LOCALS, bring_back, failed, local_names
from engine.runtime.holding import FLOW_ERRORS, HELD, REPEATING, hold
from engine.runtime.stepwise import Stepwise

MOST_INSTANCES = 1_000


class _Merging:
    """What happens when an instance is done; stands in front of the library's own way."""

    def merge_child(self, workflow: Any, child: Any) -> None:
        """An instance is done: take over its result, then see what follows."""
        self.collect(child)  # type: ignore[attr-defined]
        self.go_on(child.parent)

    def go_on(self, my_task: Any) -> None:
        """Are all done, or is it enough? A condition that fails holds the whole repetition."""
        my_task.internal_data.pop(HELD, None)
        try:
            self.follow(my_task, bool(self.check_completion_condition(my_task)))  # type: ignore[attr-defined]
        except FLOW_ERRORS as error:
            hold(my_task, error, REPEATING)

    def follow(self, my_task: Any, enough: bool) -> None:
        raise NotImplementedError


class _Collection(TaskDataReference):  # type: ignore[misc]
    """The list that is walked: an expression over case data and locals."""

    def get(self, my_task: Any) -> list[Any]:
        value = my_task.workflow.script_engine.evaluate(my_task, self.bpmn_id)
        if not isinstance(value, list | tuple) or len(value) > MOST_INSTANCES:
            raise failed(my_task, self.bpmn_id, f"a list of at most {MOST_INSTANCES} items is needed here")
        return list(value)

    def exists(self, my_task: Any) -> bool:
        return self.get(my_task) is not None


class _Output(TaskDataReference):  # type: ignore[misc]
    """The list of results, a field of the document or a local of a loop around this one."""

    def set(self, my_task: Any, value: Any) -> None:
        my_task.workflow.script_engine.write(my_task, {self.bpmn_id: value})


class _Each(MultiInstanceTask):  # type: ignore[misc]
    """What parallel and sequential multi-instance have in common."""

    def __init__(self, scope: Any, name: str, child: str, repetition: Repetition, **kwargs: Any) -> None:
        super().__init__(
            scope,
            name,
            task_spec=child,
            cardinality=repetition.cardinality,
            data_input=repetition.collection and _Collection(repetition.collection),
            data_output=repetition.output and _Output(repetition.output),
            input_item=repetition.item and TaskDataReference(repetition.item),
            output_item=repetition.output_item and TaskDataReference(repetition.output_item),
            condition=repetition.completion,
            **kwargs,
        )
        self.count = _Count(repetition.cardinality or "0")
        self.items = {name for name in (repetition.item, repetition.output_item) if name}

    def create_child(self, my_task: Any, item: Any, key_or_index: int | None = None) -> None:
        if self.items & local_names(my_task):
            names = ", ".join(sorted(self.items))
            raise failed(my_task, names, "a loop around this one uses the same variable")
        child = my_task._add_child(self._wf_spec.task_specs[self.task_spec], TaskState.WAITING)
        child.triggered = True
        child.data[LOCALS] = dict.fromkeys(sorted(self.items), 0)  # and, inherited, those of the loops around
        if self.input_item is not None:
            child.data[self.input_item.bpmn_id] = item
        child.internal_data["key_or_index"] = item if key_or_index is None else key_or_index
        child.task_spec._update(child)

    def collect(self, child: Any) -> None:
        """Take over the result of a finished instance, and what it wrote into variables of loops around this one."""
        my_task, internal = child.parent, child.parent.internal_data
        bring_back(my_task, child.data)
        if self.data_output is not None:
            result = child.data.get(self.output_item.bpmn_id) if self.output_item is not None else None
            internal["outputs"].append([child.internal_data["key_or_index"], result])
            in_order = sorted(internal["outputs"], key=lambda pair: pair[0])
            self.data_output.set(my_task, [value for _, value in in_order])
        internal["merged"] = [str(child.id)]

    def init_data_output_with_input_data(self, my_task: Any, input_data: Any = None) -> None:
        my_task.internal_data["outputs"] = []
        self.data_output.set(my_task, [])

    init_data_output_with_cardinality = init_data_output_with_input_data


class _Count:
    """How many instances, by an expression."""

    def __init__(self, expression: str) -> None:
        self.expression = expression

    def of(self, my_task: Any) -> int:
        value = my_task.workflow.script_engine.evaluate(my_task, self.expression)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_INSTANCES:
            raise failed(my_task, self.expression, f"a number from 0 to {MOST_INSTANCES} is needed here")
        return value


class Parallel(Stepwise, _Merging, ParallelMultiInstanceTaskMixin, _Each, SpiffBpmnTask):  # type: ignore[misc]
    """All instances at once."""

    def create_children(self, my_task: Any) -> None:
        items = range(self.count.of(my_task)) if self.data_input is None else self.data_input.get(my_task)
        if self.data_output is not None:
            self.init_data_output_with_input_data(my_task)
        for index, item in enumerate(items):
            self.create_child(my_task, item, index)

    def follow(self, my_task: Any, enough: bool) -> None:
        if enough:
            for instance in self._instances(my_task):
                instance.cancel()
        if enough or self.children_complete(my_task):
            my_task._set_state(TaskState.READY)


class Sequential(Stepwise, _Merging, SequentialMultiInstanceTaskMixin, _Each, SpiffBpmnTask):  # type: ignore[misc]
    """One instance after the other, over the items found at the beginning."""

    def _update_hook(self, my_task: Any) -> bool | None:
        SpiffBpmnTask._update_hook(self, my_task)
        internal = my_task.internal_data
        items = range(self.count.of(my_task)) if self.data_input is None else self.data_input.get(my_task)
        internal["items"], internal["remaining"], internal["merged"] = list(items), list(range(len(items))), []
        if self.data_output is not None:
            self.init_data_output_with_input_data(my_task)
        if self.children_complete(my_task):
            return True
        my_task._set_state(TaskState.STARTED)
        self.add_next_child(my_task)
        return None

    def follow(self, my_task: Any, enough: bool) -> None:
        if enough or self.children_complete(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self.add_next_child(my_task)

    def children_complete(self, my_task: Any) -> bool:
        return not my_task.internal_data.get("remaining")

    def add_next_child(self, my_task: Any) -> None:
        index, *my_task.internal_data["remaining"] = my_task.internal_data["remaining"]
        self.create_child(my_task, my_task.internal_data["items"][index], index)


class Loop(Stepwise, StandardLoopTask):  # type: ignore[misc]
    """Again and again while a condition holds, or a number of times."""

    def __init__(self, scope: Any, name: str, child: str, repetition: Repetition, **kwargs: Any) -> None:
        super().__init__(
            scope,
            name,
            child,
            int(repetition.maximum) if repetition.maximum else None,
            repetition.condition,
            repetition.test_before,
            **kwargs,
        )

    def merge_child(self, workflow: Any, child: Any) -> None:
        """A round is over: count it instead of keeping its id, so that the state does not grow with the rounds."""
        my_task, internal = child.parent, child.parent.internal_data
        bring_back(my_task, child.data)
        internal["rounds"] = internal.get("rounds", 0) + 1
        internal["merged"] = [str(child.id)]
        self.go_on(my_task)

    def go_on(self, my_task: Any) -> None:
        """Once more? A condition that fails holds the loop."""
        my_task.internal_data.pop(HELD, None)
        try:
            if self.loop_complete(my_task):
                my_task._set_state(TaskState.READY)
            else:
                self.create_child(my_task)
        except FLOW_ERRORS as error:
            hold(my_task, error, REPEATING)

    def create_child(self, my_task: Any) -> None:
        child = my_task._add_child(self._wf_spec.task_specs[self.task_spec], TaskState.WAITING)
        child.triggered = True
        child.task_spec._update(child)

    def loop_complete(self, my_task: Any) -> bool:
        if self.maximum is not None and my_task.internal_data.get("rounds", 0) >= self.maximum:
            return True
        return self.condition is not None and not my_task.workflow.script_engine.evaluate(my_task, self.condition)
