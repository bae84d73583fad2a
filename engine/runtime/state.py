"""The stored state of a case: a few hundred bytes that name the live tokens, and nothing that is known elsewhere.

``msgpack [version, shape, completed, parts]``. A part is a scope: the id of the token that it belongs to, its own id,
and its steps as rows ``[parent, spec, state, id, data, internal]``, with what is empty at the end left out.
Positions in the sorted names of a scope stand for names; ``shape`` is the checksum of the blueprint's names, so that a state
is never read with another drawing. A state of an older format is brought up to this one when it is read: see ``UPGRADES``.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import msgspec
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import history
from engine.runtime.blueprint import Blueprint, shape_of
from engine.runtime.errors import UnreadableState
from engine.runtime.execution import LOCALS, Execution
from engine.runtime.instance import Instance, SubInstance, open_parts

VERSION = 2
_TRIGGERED = 1024  # a bit beside the library's states
_COLUMNS, _DATA = 6, 4

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def save(blueprint: Blueprint, instance: Instance) -> bytes:
    """The state of a case at rest; finished history leaves it first."""
    history.prune(instance)
    parts = [_dump(blueprint, instance, part) for part in open_parts(instance)]
    return pack(blueprint, instance.completed, parts)


def load(blueprint: Blueprint, state: bytes, execution: Execution) -> Instance:
    """The case as it was saved; raises UnreadableState."""
    try:
        completed, parts = unpack(blueprint, state)
        instance = Instance(blueprint, execution, deserializing=True)
        instance.completed = completed
        for part in parts:
            _restore(blueprint, instance, part)
    except (msgspec.DecodeError, ValueError, TypeError, LookupError, struct.error) as error:
        raise UnreadableState(reason=str(error)) from error
    return instance


def pack(blueprint: Blueprint, completed: bool, parts: list[Any]) -> bytes:
    """Scopes and their rows as they are stored."""
    return _encode([VERSION, blueprint.shape, completed, parts])


def unpack(blueprint: Blueprint, state: bytes) -> tuple[bool, list[Any]]:
    """Scopes and their rows as they were stored; raises UnreadableState for a state of another drawing."""
    version, shape, completed, parts = _upgraded(blueprint, _decode(state))
    if version != VERSION or shape != blueprint.shape:
        raise UnreadableState(reason="it was made with another version of the process")
    return completed, parts


def _dump(blueprint: Blueprint, instance: Instance, part: Any) -> list[Any]:
    """One scope as rows, parents first and children in their order."""
    position = {name: number for number, name in enumerate(blueprint.steps[part.spec.name])}
    rows: list[list[Any]] = []
    number: dict[Any, int] = {}
    stack = [part.task_tree]
    while stack:
        task = stack.pop()
        number[task.id] = len(rows)
        rows.append(_row(task, number.get(task._parent, -1), position[task.task_spec.name]))
        stack.extend(part.tasks[child] for child in reversed(task._children))
    owner = None if part is instance else part.parent_task_id.bytes
    return [owner, part.spec.name, rows]


def _row(task: Any, parent: int, spec: int) -> list[Any]:
    known, done = task.state >= TaskState.WAITING, task.state >= TaskState.COMPLETED
    row = [
        parent,
        spec,
        task.state | (_TRIGGERED if task.triggered else 0),
        task.id.bytes if known else None,
        task.data if known and task.data else None,
        task.internal_data if not done and task.internal_data else None,
    ]
    while row[-1] is None:
        row.pop()
    return row


@dataclass(frozen=True)
class Row:
    """A stored step as it is known outside this file: where it hangs, what it is a step of, and its state."""

    parent: int
    spec: int
    state: int
    id: bytes | None
    internal: Mapping[str, Any]
    cells: tuple[Any, ...]


def read_rows(rows: list[list[Any]]) -> list[Row]:
    """The steps of a scope."""
    full = [row + [None] * (_COLUMNS - len(row)) for row in rows]
    return [
        Row(r[0], r[1], r[2] & (_TRIGGERED - 1), r[3], r[5] or {}, tuple(row))
        for r, row in zip(full, rows, strict=True)
    ]


def write_row(row: Row, parent: int, spec: int) -> list[Any]:
    """The same step at another place."""
    return [parent, spec, *row.cells[2:]]


def _restore(blueprint: Blueprint, instance: Instance, dumped: list[Any]) -> None:
    owner_id, name, rows = dumped
    part = instance if owner_id is None else _open_part(blueprint, instance, owner_id, name)
    names, specs = blueprint.steps[name], part.spec.task_specs
    order: list[Any] = []
    for row in rows:
        task = _task(part, specs, names, row, order)
        order.append(task)
        part.tasks[task.id] = task
        if task.state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            instance.event_manager.add_task(task)
    part.task_tree = order[0]


def _open_part(blueprint: Blueprint, instance: Instance, owner_id: bytes, name: str) -> SubInstance:
    owner = instance.get_task_from_id(UUID(bytes=owner_id))
    part = SubInstance(blueprint.scopes[name], owner.id, instance, deserializing=True)
    part.completed_event.connect(owner.task_spec._on_subworkflow_completed, owner)
    instance.subprocesses[owner.id] = part
    return part


def _task(part: Any, specs: Mapping[str, Any], names: tuple[str, ...], row: list[Any], order: list[Any]) -> Any:
    """One step, without its constructor, which would read the clock and tell the library of a new child."""
    parent, spec, bits, ident, data, internal = row + [None] * (_COLUMNS - len(row))
    task = Task.__new__(Task)
    task.__dict__.update(
        id=UUID(bytes=ident) if ident else uuid4(),
        workflow=part,
        _parent=order[parent].id if parent >= 0 else None,
        _children=[],
        _state=bits & (_TRIGGERED - 1),
        triggered=bits >= _TRIGGERED,
        task_spec=specs[names[spec]],
        thread_id=0,
        data=data or {},
        internal_data=internal or {},
        last_state_change=0.0,
    )
    if parent >= 0:
        order[parent]._children.append(task.id)
    return task


# ------------------------------------------------------------------------------------------------ older formats


def _upgraded(blueprint: Blueprint, raw: Any) -> Any:
    """A state of an older format, brought to this one step by step."""
    while raw[0] in UPGRADES:
        raw = UPGRADES[raw[0]](blueprint, raw)
    return raw


def _from_1(blueprint: Blueprint, raw: list[Any]) -> list[Any]:
    """Positions counted in the order in which steps were built, and now count in that of names; locals are a mapping."""
    _, shape, completed, parts = raw
    built = {ident: tuple(spec.task_specs) for ident, spec in _specs(blueprint).items()}
    if shape != shape_of(built):
        return [VERSION, None, completed, []]  # of another drawing
    for _, scope, rows in parts:
        position = {name: number for number, name in enumerate(blueprint.steps[scope])}
        for row in rows:
            row[1] = position[built[scope][row[1]]]
            _name_locals(row)
    return [2, blueprint.shape, completed, parts]


def _name_locals(row: list[Any]) -> None:
    """The names that loops declare were one string."""
    data = row[_DATA] if len(row) > _DATA else None
    if data and isinstance(data.get(LOCALS), str):
        data[LOCALS] = dict.fromkeys(data[LOCALS].split(), 0)


def _specs(blueprint: Blueprint) -> dict[str, Any]:
    return {blueprint.key: blueprint.main, **blueprint.scopes}


UPGRADES: Mapping[int, Callable[[Blueprint, list[Any]], list[Any]]] = {
    1: _from_1
}  # version n → one that makes it n + 1
