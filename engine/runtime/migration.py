"""A running case goes over to another version of its drawing: its tokens stay at the nodes that bear the same names.

Nothing moves by this. Tasks keep their ids and timers the time for which they wait; what the new version listens for in a
scope that is open, or beside an activity that is under way, begins to listen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.runtime.advance import standing
from engine.runtime.blueprint import Blueprint
from engine.runtime.errors import ExpressionFailed
from engine.runtime.execution import Execution
from engine.runtime.instance import Instance, all_steps, open_parts
from engine.runtime.obstacles import Obstacle, drawn_id, find_obstacles, is_foreseen, is_live
from engine.runtime.operations import is_parked
from engine.runtime.scopes import Boundary, Handler, HandlerStart
from engine.runtime.state import Row, load, pack, read_rows, unpack, write_row
from engine.runtime.stepwise import Split
from engine.runtime.values import Context, Step


@dataclass(frozen=True)
class Transplant:
    """Where a case stands in the other version, and which nodes begin to listen; or what keeps it from going over."""

    step: Step | None
    obstacles: tuple[Obstacle, ...] = ()
    begins: tuple[str, ...] = ()


def look(blueprint: Blueprint, state: bytes, context: Context, now: datetime) -> Step:
    """Where a case stands; nothing moves, nothing is due. Raises UnreadableState."""
    execution = Execution(context, now)
    return standing(blueprint, load(blueprint, state, execution), execution)


def transplant(old: Blueprint, new: Blueprint, state: bytes, context: Context, now: datetime) -> Transplant:
    """Put the tokens of a case into another version of its drawing, or say why that cannot be.

    Pure but for fresh ids. ``context`` is what the new version's expressions can read. Raises UnreadableState.
    """
    execution = Execution(context, now)
    load(old, state, execution)  # a damaged state shows here
    completed, dumped = unpack(old, state)
    parts = [(owner, scope, read_rows(rows)) for owner, scope, rows in dumped]
    if obstacles := find_obstacles(old, new, parts):
        return Transplant(None, tuple(obstacles))
    owners = {owner for owner, _, _ in parts}
    moved = [[owner, scope, _renamed(old, new, scope, rows, owners)] for owner, scope, rows in parts]
    instance = load(new, pack(new, completed, moved), execution)
    _foresee(instance)
    try:
        begins = _listen(old, new, instance)
    except ExpressionFailed as error:
        reason = str(error.data["reason"])
        return Transplant(None, (Obstacle(str(error.data["node"]), reason, reason),))
    return Transplant(standing(new, instance, execution), (), tuple(begins))


# ------------------------------------------------------------------------------------------------ what is there


def _renamed(old: Blueprint, new: Blueprint, scope: str, rows: list[Row], owners: set[bytes | None]) -> list[list[Any]]:
    """The rows of a scope with positions of the new version; history that it does not know is left out, and so
    is what followed in the old one."""
    names = old.steps[scope]
    position = {name: number for number, name in enumerate(new.steps[scope])}
    place: list[int] = []  # old number of a row → new number, or that of its next known ancestor
    out: list[list[Any]] = []
    for row in rows:
        parent = place[row.parent] if row.parent >= 0 else -1
        name = names[row.spec]
        if is_foreseen(row, rows) or (name not in position and not is_live(row, owners)):
            place.append(parent)
            continue
        place.append(len(out))
        out.append(write_row(row, parent, position[name]))
    return out


def _foresee(instance: Instance) -> None:
    """An operation under way knows what follows it: that is the new version's now."""
    for task in list(all_steps(instance)):
        if is_parked(task):
            task.task_spec._predict_hook(task)


# ------------------------------------------------------------------------------------------------ what is new


def _listen(old: Blueprint, new: Blueprint, instance: Instance) -> list[str]:
    """Let the new version's event subprocesses and boundary events begin to wait where the case is."""
    begun: list[Any] = []
    for part in open_parts(instance):
        known = set(old.steps[part.spec.name])
        begun += _handlers(part, known)
        for task in [t for t in part.tasks.values() if t.state < TaskState.COMPLETED]:
            begun += _boundaries(part, task, known)
    for listener in begun:
        _wait(listener)
    return sorted({drawn_id(listener.task_spec.name) for listener in begun})


def _handlers(part: Any, known: set[str]) -> list[Any]:
    """New event subprocesses of an open scope, unless another one has already interrupted it."""
    if _is_over(part) or any(_interrupts(task) for task in part.tasks.values()):
        return []
    fresh = [s for s in part.spec.task_specs.values() if isinstance(s, HandlerStart) and s.name not in known]
    return [part.task_tree._add_child(spec, TaskState.FUTURE) for spec in fresh]


def _is_over(part: Any) -> bool:
    return not any(task.state < TaskState.COMPLETED for task in part.tasks.values())


def _interrupts(task: Any) -> bool:
    spec = task.task_spec
    return isinstance(spec, Handler) and task.state < TaskState.COMPLETED and bool(spec.inputs[0].interrupting)


def _boundaries(part: Any, task: Any, known: set[str]) -> list[Any]:
    """New boundary events of an activity that is under way."""
    split = part.spec.task_specs.get(f"split:{drawn_id(task.task_spec.name)}")
    if split is None or not task.task_spec.name.startswith("."):
        return []
    fresh = [spec for spec in split.outputs if isinstance(spec, Boundary) and spec.name not in known]
    if not fresh:
        return []
    before = task.parent if isinstance(task.parent.task_spec, Split) else _insert(split, task)
    return [before._add_child(spec, TaskState.FUTURE) for spec in fresh]


def _insert(spec: Any, task: Any) -> Any:
    """The split that would have come before the activity."""
    parent = task.parent
    split = parent._add_child(spec, TaskState.FUTURE)
    split._set_state(TaskState.COMPLETED)
    split.data = dict(parent.data)
    parent._children.remove(split.id)
    parent._children[parent._children.index(task.id)] = split.id
    split._children, task._parent = [task.id], split.id
    return split


def _wait(listener: Any) -> None:
    """Begin to wait: a timer notes when it is due. What is due already happens when the case is next woken."""
    definition = listener.task_spec.event_definition
    listener.data = dict(listener.parent.data)
    listener._set_state(TaskState.WAITING)
    definition.has_fired(listener)
    definition.update_task(listener)
