"""What an operator does with the tokens of a case that went astray: take one away, or put it somewhere else.

A token at an activity takes the events at its border along. The instances of a repetition are moved as one, and each that is
held is tried again by itself. A token stays in its scope: to leave a subprocess, the token of the subprocess itself is moved.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.errors import NotMovable
from engine.runtime.holding import is_held
from engine.runtime.instance import Instance, open_parts
from engine.runtime.joins import Gathering
from engine.runtime.scopes import Boundary, Handler, HandlerStart, ScopeEnd
from engine.runtime.stepwise import EventGateway
from engine.runtime.values import Token

_LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
_NOWHERE = ("there is no such node in this scope that a token can be put on", "同一范围内没有可以放置令牌的这个节点")
_LAST = ("it is the last one here; move it to an end instead", "这是此范围内最后一个令牌，请改为移到结束节点")
_LAST_HANDLER = (
    "nothing else is left here; move what is in it to its end instead",
    "此范围内已没有其他令牌，请改为把其中的令牌移到结束节点",
)
_FIXED = ("an event, or what it set off, can only be cancelled here", "事件及其触发的子流程只能取消，不能移动")


def is_live(task: Any) -> bool:
    """Whether a step of the library is a token that people see in the diagram; who only listens is none."""
    if not task.state & _LIVE or task.task_spec.bpmn_id is None:
        return False
    return not _listens(task) or is_held(task)


def _listens(task: Any) -> bool:
    return isinstance(task.task_spec, HandlerStart | Boundary)


def tokens(instance: Instance) -> tuple[Token, ...]:
    """The tokens of a case, and where each could be put."""
    return tuple(
        Token(str(task.id), task.task_spec.bpmn_id, part.spec.name, is_held(task), destinations(task))
        for part in open_parts(instance)
        for task in part.tasks.values()
        if is_live(task) and (_whole(task) is task or is_held(task))
    )


def destinations(task: Any) -> tuple[str, ...]:
    """The nodes of its scope on which a token can be put."""
    if _is_fixed(task):
        return ()
    spec = task.workflow.spec
    return tuple(passed.node for name, passed in spec.drawn.items() if _may_begin(spec.task_specs[name], passed.kind))


def _may_begin(spec: Any, kind: str) -> bool:
    """A start, a listener and a handler begin by themselves; a join counts ways in; a gateway holds what follows its events."""
    if kind == "startEvent" or isinstance(spec, HandlerStart | Boundary | Handler | Gathering):
        return False
    return not any(isinstance(spec._wf_spec.task_specs[entry], EventGateway) for entry in spec._inputs)


def move(task: Any, to: str) -> None:
    """Take a token away and begin another one at a node of its scope; raises NotMovable."""
    task = _whole(task)
    if _is_fixed(task):
        raise _refused(task, _FIXED)
    if to not in destinations(task):
        raise _refused(task, _NOWHERE)
    part = task.workflow
    specs = part.spec.task_specs
    parent = _taken_away(task)
    child = parent._add_child(specs.get(f"split:{to}") or specs[f".{to}"], TaskState.FUTURE)
    child.triggered = True  # nobody foresaw it, so nobody may drop it as unforeseen
    child.task_spec._update(child)
    part.update_waiting_tasks()


def cancel(task: Any) -> None:
    """Take a token away; raises NotMovable when nothing would be left that could end its scope."""
    task = _whole(task)
    if not any(_goes_on_without(other, task) for other in task.workflow.tasks.values()):
        raise _refused(task, _LAST_HANDLER if _is_fixed(task) else _LAST)
    _taken_away(task)
    task.workflow.update_waiting_tasks()  # a join or an end may have waited for nobody else


def _is_fixed(task: Any) -> bool:
    """What hangs under a listener, or is one, belongs where the event happened."""
    return _listens(task) or isinstance(task.task_spec, Handler)


def _goes_on_without(other: Any, task: Any) -> bool:
    """Whether a step of the scope brings it to its end when a token is gone; who only listens does not."""
    if isinstance(other.task_spec, ScopeEnd):
        return bool(other.state == TaskState.WAITING)
    return is_live(other) and not _listens(other) and _whole(other) is not task


def _whole(task: Any) -> Any:
    """The repetition that an instance belongs to; else the token itself."""
    parent = task.parent
    return parent if parent is not None and isinstance(parent.task_spec, LoopTask) else task


def _taken_away(task: Any) -> Any:
    """Cancel a token with the events at its border; the step under which another can begin."""
    split = task.parent
    if not isinstance(split.task_spec, BoundaryEventSplit) or _listens(task):
        task.cancel()
        return split
    for beside in list(split.children):
        if not beside.has_state(TaskState.FINISHED_MASK):
            beside.cancel()
    return split.parent


def _refused(task: Any, reason: tuple[str, str]) -> NotMovable:
    return NotMovable(node=task.task_spec.bpmn_id, reason=reason[0], reason_zh=reason[1])
