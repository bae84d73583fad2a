"""The one door of the engine room: a state, what happened and what is known go in; what follows comes out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, assert_never
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.util.task import TaskState

from engine.runtime import repair
from engine.runtime.blueprint import Blueprint
from engine.runtime.errors import StaleTrigger, UnhandledError
from engine.runtime.events import ErrorEvent, MessageEvent, awaited_key
from engine.runtime.execution import Execution, visible_locals
from engine.runtime.holding import RUNNING, hold, is_held, let_go
from engine.runtime.instance import Instance, all_steps, settle
from engine.runtime.joins import hold_forlorn
from engine.runtime.operations import REQUEST, is_parked
from engine.runtime.state import load, save
from engine.runtime.timers import CycleTimer, DateTimer, due_at
from engine.runtime.values import (
    Awaited,
    Cancel,
    Complete,
    Context,
    Held,
    Message,
    Move,
    OperationBroke,
    OperationDone,
    OperationFailed,
    OperationRequest,
    Ready,
    Retry,
    Start,
    Step,
    Tick,
    Timer,
    Token,
    Trigger,
)

_NEVER = datetime(1, 1, 1, tzinfo=UTC)  # nothing is due for a look


def advance(blueprint: Blueprint, state: bytes | None, trigger: Trigger, context: Context, now: datetime) -> Step:
    """Bring a case one step further and say where it stands then.

    Pure but for fresh ids: the same arguments give the same step, and nothing that is passed in is changed. What is
    due is fired first, so a task cannot be completed after its interrupting deadline; send a Tick in an advance of
    its own before a Complete, or the firing is lost with the StaleTrigger that the late completion raises. A node
    that fails holds its token (``Step.held``), and the rest goes on. Raises StaleTrigger, UnreadableState, and
    NotMovable for what an operator cannot do; the old state stays good.
    """
    execution = Execution(context, now)
    instance = Instance(blueprint, execution) if state is None else load(blueprint, state, execution)
    settle(instance)
    _apply(instance, execution, trigger)
    settle(instance)
    hold_forlorn(all_steps(instance))
    return standing(blueprint, instance, execution)


def standing(blueprint: Blueprint, instance: Instance, execution: Execution) -> Step:
    """Where a case stands, and what has to be done about it; nothing moves."""
    context = execution.context
    thrown = [event for event in instance.get_events() if isinstance(event.event_definition, MessageEvent)]
    everything = list(all_steps(instance))
    return Step(
        state=save(blueprint, instance),
        writes=execution.writes,
        ready=tuple(_ready(task, blueprint) for task in everything if _waits_for_person(task)),
        operations=tuple(_operation(task) for task in everything if is_parked(task)),
        timers=tuple(timer for task in everything for timer in _timers(task, context)),
        held=tuple(_held(task, execution) for task in everything if is_held(task)),
        awaited=frozenset(awaited for task in everything for awaited in _awaited(task)),
        waits_at=frozenset(task.task_spec.bpmn_id for task in everything if task.task_spec.bpmn_id and _awaited(task)),
        messages=tuple((event.event_definition.name, event.payload) for event in thrown),
        finished=bool(instance.completed),
        passed=tuple(execution.passed),
    )


def tokens(blueprint: Blueprint, state: bytes) -> tuple[Token, ...]:
    """Where a case is, for an operator who has to repair it; raises UnreadableState."""
    return repair.tokens(load(blueprint, state, Execution(Context(), _NEVER)))


# ------------------------------------------------------------------------------------------------ triggers


def _apply(instance: Instance, execution: Execution, trigger: Trigger) -> None:
    match trigger:
        case Start() | Tick():
            return
        case Complete(task=ident, submission=submission):
            task = _find(instance, ident, _waits_for_person)
            execution.write(task, submission)
            task.run()
        case Message(name=name, payload=payload, key=key):
            event = BpmnEvent(MessageEvent(name), dict(payload), {"key": key} if key is not None else None)
            if not instance.event_manager.catch(event, internal=False):
                raise StaleTrigger(what=name)
        case OperationDone(id=ident, result=result):
            task = _find(instance, ident, is_parked)
            task.task_spec.answer(task, result)
        case OperationFailed(id=ident, code=code, payload=payload):
            task = _find(instance, ident, is_parked)
            event = BpmnEvent(ErrorEvent(code, code=code), payload)
            try:
                instance.event_manager.climb(task.workflow, event, task)
            except UnhandledError as error:
                hold(task, error, RUNNING)
        case OperationBroke(id=ident, error=error):
            hold(_find(instance, ident, is_parked), error, RUNNING)
        case Retry(token=ident):
            let_go(_find(instance, ident, is_held))
        case Move(token=ident, to=to):
            repair.move(_find(instance, ident, repair.is_live), to)
        case Cancel(token=ident):
            repair.cancel(_find(instance, ident, repair.is_live))
        case _:
            assert_never(trigger)


def _find(instance: Instance, ident: str, wanted: Any) -> Any:
    """The step that a trigger answers; StaleTrigger when it is gone or was never there."""
    try:
        key = UUID(ident)
    except (ValueError, AttributeError, TypeError):
        raise StaleTrigger(what=str(ident)[:80]) from None
    for task in all_steps(instance):
        if task.id == key and wanted(task):
            return task
    raise StaleTrigger(what=ident)


# ------------------------------------------------------------------------------------------------ where the case stands


def _waits_for_person(task: Any) -> bool:
    return bool(task.state == TaskState.READY and task.task_spec.manual)


def _ready(task: Any, blueprint: Blueprint) -> Ready:
    node = task.task_spec.bpmn_id
    return Ready(str(task.id), node, blueprint.nodes[node].lane, visible_locals(task))


def _operation(task: Any) -> OperationRequest:
    verb, params = task.internal_data[REQUEST]
    return OperationRequest(str(task.id), task.task_spec.bpmn_id, verb, params)


def _held(task: Any, execution: Execution) -> Held:
    return Held(str(task.id), task.task_spec.bpmn_id or task.task_spec.name, execution.failures.get(task.id))


def _awaited(task: Any) -> list[Awaited]:
    messages = [d for d in _waited_for(task) if isinstance(d, MessageEvent)]
    return [Awaited(d.name, awaited_key(task, d.name)) for d in messages]


def _waited_for(task: Any) -> list[Any]:
    """What a step waits for; an event-based gateway waits for several things."""
    if task.state != TaskState.WAITING or not isinstance(task.task_spec, CatchingEvent):
        return []
    definition = task.task_spec.event_definition
    return getattr(definition, "event_definitions", None) or [definition]


def _timers(task: Any, context: Context) -> list[Timer]:
    value: Any = task.internal_data.get("event_value")
    if value is None or not any(isinstance(d, DateTimer | CycleTimer) for d in _waited_for(task)):
        return []
    deadline = value.get("deadline") if isinstance(value, Mapping) else None
    return [Timer(str(task.id), task.task_spec.bpmn_id, deadline, due_at(value, context))]
