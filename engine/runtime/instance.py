"""A case as the library holds it in memory while it advances, and how it is brought to rest."""

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.runtime import history
from engine.runtime.blueprint import Blueprint
from engine.runtime.errors import EndlessRun, TooManyTokens
from engine.runtime.events import Delivery
from engine.runtime.execution import Execution
from engine.runtime.holding import RUNNING, hold
from engine.runtime.stepwise import EventGateway

MOST_STEPS = 10_000  # of the library within one advance
MOST_TOKENS = 3_000  # in one scope
MOST_SUBPROCESSES = 1_500
PRUNE_ABOVE = 120  # steps kept in memory during a long run
_LIVE = TaskState.WAITING | TaskState.STARTED | TaskState.READY


class _Scanning:
    """Looks for steps in flat dictionaries, and leaves no live work behind where a branch is removed."""

    tasks: dict[Any, Any]

    def get_tasks(self, first_task: Any = None, state: int | None = None, **filters: Any) -> list[Any]:
        if first_task is None and not filters and state is not None:
            return [task for part in open_parts(self) for task in part.tasks.values() if task.state & state]
        if state is not None:
            filters["state"] = state
        return list(super().get_tasks(first_task, **filters))  # type: ignore[misc]

    def update_waiting_tasks(self) -> None:
        for task in [task for task in self.tasks.values() if task.state == TaskState.WAITING]:
            if task.state == TaskState.WAITING:
                task.task_spec._update(task)

    def _task_removed_notify(self, task: Any) -> None:
        super()._task_removed_notify(task)  # type: ignore[misc]
        if task.state & _LIVE:
            task.task_spec._on_cancel(task)


class SubInstance(_Scanning, BpmnSubWorkflow):  # type: ignore[misc]
    """A subprocess or called process under way."""


class Instance(_Scanning, BpmnWorkflow):  # type: ignore[misc]
    """The process of a case under way."""

    def __init__(self, blueprint: Blueprint, execution: Execution, **kwargs: Any) -> None:
        super().__init__(blueprint.main, blueprint.scopes, script_engine=execution, **kwargs)
        self.event_manager = Delivery(self)

    def refresh_timers(self) -> None:
        """Fire what is due. A timer that an interruption has just ended is left alone; the library would revive it."""
        for task in list(self.event_manager.tasks.values()):
            timed = isinstance(task.task_spec.event_definition, TimerEventDefinition | MultipleEventDefinition)
            if timed and task.state == TaskState.WAITING:
                task.task_spec._update(task)

    def create_subprocess(self, my_task: Any, spec_name: str) -> SubInstance:
        part = SubInstance(self.subprocess_specs[spec_name], my_task.id, self)
        self.subprocesses[my_task.id] = part
        return part


def open_parts(workflow: Any) -> list[Any]:
    """This workflow and the subprocesses open inside it, outer ones first."""
    parts, subprocesses = [workflow], workflow.top_workflow.subprocesses
    for part in parts:
        parts.extend(subprocesses[i] for i in part.tasks if i in subprocesses and not subprocesses[i].completed)
    return parts


def all_steps(instance: Instance) -> Iterator[Any]:
    """Every step of the library that the case holds."""
    for part in open_parts(instance):
        yield from part.tasks.values()


def settle(instance: Instance) -> None:
    """Run everything that needs neither a person nor the outside until the case rests; fire what is due."""
    done = _run(instance, 0)
    instance.refresh_timers()
    _run(instance, done)


def _run(instance: Instance, done: int) -> int:
    """Run what is ready, round after round; ``done`` counts the steps of this advance."""
    enough = PRUNE_ABOVE
    while ready := [task for task in instance.get_tasks(state=TaskState.READY) if not task.task_spec.manual]:
        for task in ready:
            if task.state == TaskState.READY and task.id in task.workflow.tasks:
                done += 1
                beyond = _beyond_bounds(instance, task, done)
                if beyond is None:
                    task.run()
                else:
                    hold(task, beyond, RUNNING)
        if _size(instance) > enough:
            history.prune(instance)
            enough = max(PRUNE_ABOVE, 2 * _size(instance))
    return done


def _size(instance: Instance) -> int:
    return sum(len(part.tasks) for part in open_parts(instance))


def _beyond_bounds(instance: Instance, task: Any, done: int) -> EndlessRun | TooManyTokens | None:
    """A drawing that never rests, or that multiplies its tokens, is held before it takes the machine along.

    Only where an operator can find the token; and not at a gateway that has seen its event, which is not stored.
    """
    node = task.task_spec.bpmn_id
    if node is None or isinstance(task.task_spec, EventGateway):
        return None
    if done > MOST_STEPS:
        return EndlessRun(steps=MOST_STEPS, node=node)
    if len(task.workflow.tasks) > MOST_TOKENS or len(instance.subprocesses) > MOST_SUBPROCESSES:
        return TooManyTokens(most=MOST_TOKENS, node=node)
    return None
