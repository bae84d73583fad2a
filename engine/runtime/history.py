"""Finished history leaves the tree of a live case, so that a case of a thousand rounds is as small as one of the first.

The library keeps every step for ever and walks them all. What it will still look at is kept, the rest is spliced out:

* the root and the last step;
* every step that is not finished, with its finished parent (data comes from there), that of an activity with boundary
  events with the step before it, and its finished children where the library counts them (instances of a loop: the last
  one is enough).
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.stepwise import Split

_GONE = TaskState.COMPLETED | TaskState.CANCELLED


def prune(instance: Any) -> None:
    """Drop finished subprocesses and splice finished steps out of every open scope."""
    subprocesses = instance.subprocesses
    for part in [instance, *subprocesses.values()]:
        for ident in [i for i in part.tasks if i in subprocesses]:
            if ident in subprocesses and part.tasks[ident].state & _GONE and subprocesses[ident].completed:
                _drop_subprocess(subprocesses, ident)
    for part in [*subprocesses.values(), instance]:
        if part is instance or not part.completed:
            _Scope(part).prune()


def _drop_subprocess(subprocesses: dict[Any, Any], ident: Any) -> None:
    """A finished subprocess with everything nested in it."""
    doomed = [ident]
    while doomed:
        part = subprocesses.pop(doomed.pop(), None)
        if part is not None:
            doomed.extend(i for i in part.tasks if i in subprocesses)


class _Scope:
    """One scope while it is pruned."""

    def __init__(self, part: Any) -> None:
        self.part = part
        self.tasks: dict[Any, Any] = part.tasks
        self.subprocesses = part.top_workflow.subprocesses
        self.live = [task for task in self.tasks.values() if self.is_live(task)]
        self.keep: set[Any] = {part.task_tree.id}
        if part.last_task is not None and part.last_task.id in self.tasks:
            self.keep.add(part.last_task.id)

    def is_live(self, task: Any) -> bool:
        if task.state < TaskState.COMPLETED or task.state == TaskState.ERROR:
            return True
        return task.id in self.subprocesses and not self.subprocesses[task.id].completed

    def parent(self, task: Any) -> Any:
        return self.tasks.get(task._parent)

    def prune(self) -> None:
        for task in self.live:
            self.keep_around(task)
        self.splice({ident for ident in self.tasks if ident not in self.keep})

    # -------------------------------------------------------------------------------------------- what to keep

    def keep_around(self, task: Any) -> None:
        """A live step, its parent, and those of its children that the library counts."""
        self.keep.add(task.id)
        parent = self.parent(task)
        if parent is not None:
            self.keep.add(parent.id)
        if parent is not None and isinstance(parent.task_spec, Split):
            self.keep.add(parent._parent)  # what goes on beside the activity has its data from there
        if task.state != TaskState.WAITING and isinstance(task.task_spec, BoundaryEvent):
            self.keep.update(parent._children)  # it has ended the activity, and its join will ask for that
        if not task._children or task.state >= TaskState.COMPLETED:
            return
        spec = task.task_spec
        if isinstance(spec, LoopTask):
            last = (task.internal_data.get("merged") or [None])[-1]
            self.keep.update(c.id for c in task.children if c.state != TaskState.COMPLETED or str(c.id) == last)
        elif not (
            isinstance(spec, CatchingEvent) and (getattr(spec, "repeats", False) or getattr(spec, "cycles", False))
        ):
            self.keep.update(task._children)

    # -------------------------------------------------------------------------------------------- taking out

    def splice(self, gone: set[Any]) -> None:
        """Take steps out of the tree in place; the children of what goes move up, in their order."""
        if not gone:
            return
        new_parents = [
            (task, self.kept_ancestor(task, gone)) for task in self.tasks.values() if self.is_orphan(task, gone)
        ]
        for task in self.tasks.values():
            if task.id not in gone and any(child in gone for child in task._children):
                task._children[:] = self.kept_children(task, gone)
        for task, parent in new_parents:
            task._parent = parent.id
        listeners = self.part.top_workflow.event_manager.tasks
        for ident in gone:
            if ident in self.subprocesses:
                _drop_subprocess(self.subprocesses, ident)
            del self.tasks[ident]
            listeners.pop(ident, None)

    @staticmethod
    def is_orphan(task: Any, gone: set[Any]) -> bool:
        return task.id not in gone and task._parent in gone

    def kept_ancestor(self, task: Any, gone: set[Any]) -> Any:
        parent = self.tasks[task._parent]
        while parent.id in gone:
            parent = self.tasks[parent._parent]
        return parent

    def kept_children(self, task: Any, gone: set[Any]) -> list[Any]:
        out: list[Any] = []
        stack = list(reversed(task._children))
        while stack:
            child = stack.pop()
            if child in gone:
                stack.extend(reversed(self.tasks[child]._children))
            else:
                out.append(child)
        return out
