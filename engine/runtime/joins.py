"""Where tokens meet: parallel and inclusive joins, and the end of a scope.

Every token that arrives waits as a step of its own. When the join fires it takes one token for each way by which one has
come; what is left over stays for the next time, so that loops and several tokens are counted rightly. The library's joins
look back into finished history instead, and miscount it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.util.task import TaskState

from engine.runtime.errors import NothingComes, NoWayOut
from engine.runtime.execution import take_over
from engine.runtime.holding import ENTERING, HELD, hold, is_held
from engine.runtime.stepwise import Stepwise


class Gathering:
    """Mixed into what joins."""

    name: str

    def _update_hook(self, my_task: Any) -> bool:
        """A token arrives, or something else has changed: may the join fire?"""
        if my_task.state != TaskState.WAITING:
            my_task.data = dict(my_task.parent.data)
            my_task._set_state(TaskState.WAITING)
        taken = self.taken(my_task, self.waiting(my_task))
        absorb(my_task, taken)
        return bool(taken)

    def waiting(self, my_task: Any) -> list[Any]:
        """The tokens that have arrived and not gone on; one that is held because nothing else comes still waits."""
        here = [t for t in my_task.workflow.tasks.values() if t.task_spec is self]
        return [t for t in here if t.state == TaskState.WAITING or (is_held(t) and t.internal_data[HELD] == ENTERING)]

    def taken(self, my_task: Any, waiting: list[Any]) -> list[Any]:
        """The tokens with which the join fires, this one among them; none when it has to wait."""
        raise NotImplementedError


def absorb(my_task: Any, others: list[Any]) -> None:
    """One token goes on for several, with the locals of all."""
    for other in others:
        if other is not my_task:
            take_over(my_task.data, other.data)
            other._set_state(TaskState.CANCELLED)


def one_for_each_entry(my_task: Any, waiting: list[Any]) -> dict[str, Any]:
    """Of the waiting tokens one for each way by which some have come; of this one's way, this one."""
    first: dict[str, Any] = {}
    for task in waiting:
        first.setdefault(task.parent.task_spec.name, task)
    first[my_task.parent.task_spec.name] = my_task
    return first


class ParallelJoin(Gathering, Stepwise, BpmnSpecMixin):  # type: ignore[misc]
    """Waits for one token by every entry, and goes on by every exit."""

    upstream: Mapping[str, frozenset[str]]

    def taken(self, my_task: Any, waiting: list[Any]) -> list[Any]:
        arrived = one_for_each_entry(my_task, waiting)
        return list(arrived.values()) if all(entry in arrived for entry in self._inputs) else []

    def waits_in_vain(self, my_task: Any) -> bool:
        """Whether no token is left that could come by a way by which none has come."""
        arrived, elsewhere = one_for_each_entry(my_task, self.waiting(my_task)), tokens_elsewhere(my_task)
        return any(not elsewhere & self.upstream[entry] for entry in self._inputs if entry not in arrived)


class _Choosing(Stepwise, MultiChoice, BpmnSpecMixin):  # type: ignore[misc]
    """Goes on by every exit whose condition holds, else by the default."""

    def _run_hook(self, my_task: Any) -> bool:
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise NoWayOut(node=self.bpmn_id)
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        return True


class InclusiveSplit(_Choosing):
    """An inclusive gateway with one entry: a choice for each token that comes."""


class InclusiveJoin(Gathering, _Choosing):
    """Waits until no token elsewhere can still come by an entry that has none.

    A token that can also come by an entry that has one already does not count, as BPMN says. ``upstream`` gives for each
    entry the steps that lead to it without passing this gateway, worked out once when the drawing is built.
    """

    upstream: Mapping[str, frozenset[str]]

    def taken(self, my_task: Any, waiting: list[Any]) -> list[Any]:
        arrived = one_for_each_entry(my_task, waiting)
        elsewhere = tokens_elsewhere(my_task)
        coming = {name for entry in self._inputs if entry not in arrived for name in elsewhere & self.upstream[entry]}
        lingering = {name for entry in arrived for name in elsewhere & self.upstream[entry]}
        return [] if coming - lingering else list(arrived.values())


def tokens_elsewhere(my_task: Any) -> set[str]:
    """The steps of the scope at which a token is, those that wait at the same join left aside."""
    tasks = my_task.workflow.tasks.values()
    return {task.task_spec.name for task in tasks if task.task_spec is not my_task.task_spec and is_token(task)}


def hold_forlorn(steps: Iterable[Any]) -> None:
    """Hold the tokens that wait at a join for a branch that an operator has taken away: nobody would ever look at them."""
    for task in list(steps):
        spec = task.task_spec
        if isinstance(spec, ParallelJoin) and task.state == TaskState.WAITING and spec.waits_in_vain(task):
            hold(task, NothingComes(node=spec.bpmn_id), ENTERING)


def is_token(task: Any) -> bool:
    """Whether a step of the library stands for a token: under way, or about to be."""
    if task.state in (TaskState.READY, TaskState.WAITING, TaskState.STARTED):
        return True
    return bool(task.state == TaskState.FUTURE and task.parent is not None and task.parent.state == TaskState.COMPLETED)
