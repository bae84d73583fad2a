"""Why the tokens of a case cannot stay where they are when it goes over to another version of its drawing.

A token stays at the node that bears the same name in the same scope, if that node is still of the same kind and waits for
the same thing, and if the token can go on from there: a gateway must not wait for a branch that the case has passed already.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime import soundness
from engine.runtime.blueprint import Blueprint
from engine.runtime.drawing import Scope
from engine.runtime.events import MessageEvent, SignalEvent
from engine.runtime.holding import HELD
from engine.runtime.joins import Gathering
from engine.runtime.multi_instance import Parallel, Sequential
from engine.runtime.operations import REQUEST, OperationTask
from engine.runtime.scopes import Handler, ScopeEnd
from engine.runtime.state import Row
from engine.runtime.stepwise import EventGateway


@dataclass(frozen=True)
class Obstacle:
    """A node at which a case waits and could not go on in the other version, and why."""

    node: str
    reason: str
    reason_zh: str


def find_obstacles(old: Blueprint, new: Blueprint, parts: list[tuple[bytes | None, str, list[Row]]]) -> list[Obstacle]:
    """Everything that keeps a case from going over, the first reason for each node."""
    found: dict[str, Obstacle] = {}
    owners = {owner for owner, _, _ in parts}
    for _, scope, rows in parts:
        if scope in new.steps:  # else the activity that it belongs to has changed, and says so
            for obstacle in _in_scope(old, new, scope, rows, owners):
                found.setdefault(obstacle.node, obstacle)
    return list(found.values())


def _in_scope(
    old: Blueprint, new: Blueprint, scope: str, rows: list[Row], owners: set[bytes | None]
) -> Iterator[Obstacle]:
    names = old.steps[scope]
    live = [row for row in rows if is_live(row, owners) and not is_foreseen(row, rows)]
    for row in live:
        yield from _of_token(old, new, scope, names[row.spec], row, names[rows[row.parent].spec])
    yield from _of_gateways(new.drawn[scope], [(names[row.spec], names[rows[row.parent].spec]) for row in live])


def is_foreseen(row: Row, rows: list[Row]) -> bool:
    """Whether a row is only what would follow a token that has not gone on yet."""
    return row.state < TaskState.WAITING and row.parent >= 0 and rows[row.parent].state < TaskState.COMPLETED


def is_live(row: Row, owners: set[bytes | None]) -> bool:
    """Whether a row is a token, or something that waits beside it; the rest is history."""
    return row.state < TaskState.COMPLETED or row.state == TaskState.ERROR or (row.id is not None and row.id in owners)


def drawn_id(step: str) -> str:
    """The drawn node to which a step of the library belongs: ``.a``, ``split:a``, ``join:a``, ``each:a``."""
    return step.partition(":")[2] if ":" in step and not step.startswith(".") else step.removeprefix(".")


# ------------------------------------------------------------------------------------------------ one token


def _of_token(old: Blueprint, new: Blueprint, scope: str, step: str, row: Row, parent: str) -> Iterator[Obstacle]:
    node = drawn_id(step)
    if step not in new.steps[scope]:
        yield _gone(new, scope, step)
        return
    before, after = old.spec(scope).task_specs[step], new.spec(scope).task_specs[step]
    kinds = [b.nodes[node].kind if node in b.nodes else "" for b in (old, new)]
    if kinds[0] != kinds[1]:
        yield Obstacle(node, f"it was a {kinds[0]} and is a {kinds[1]} now", f"节点类型由{kinds[0]}变为{kinds[1]}")
    for aspect, reason, reason_zh in _ASPECTS:
        if aspect(before) != aspect(after):
            yield Obstacle(node, reason, reason_zh)
    verb = row.internal.get(REQUEST, [None])[0] if HELD not in row.internal else None  # held: asked for anew
    if isinstance(before, OperationTask) and verb is not None and verb != after.verb:
        yield Obstacle(
            node, f"the operation {verb} is under way and another is asked for now", f"正在执行的操作“{verb}”已被更换"
        )
    if isinstance(before, Gathering) and not isinstance(before, ScopeEnd) and parent not in after._inputs:
        came = drawn_id(parent)
        yield Obstacle(
            node, f"a token came here from {came}, which does not lead here any more", f"“{came}”不再通向此处"
        )


def _gone(new: Blueprint, scope: str, step: str) -> Obstacle:
    node = drawn_id(step)
    elsewhere = next((other for other, steps in new.steps.items() if step in steps), None)
    if elsewhere is not None:
        return Obstacle(node, f"it moved from {scope} to {elsewhere}", f"已从“{scope}”移到“{elsewhere}”")
    if step.startswith(("split:", "join:")):
        return Obstacle(node, "it has no boundary events any more", "不再有边界事件")
    if step.startswith("each:"):
        return Obstacle(node, "it is not repeated any more", "不再重复执行")
    return Obstacle(node, "the new version has no such node", "新版本中没有这个节点")


def _kind(spec: Any) -> Any:
    """A step of another class works in another way, even if it is drawn with the same tag."""
    return "loop" if isinstance(spec, LoopTask) else type(spec)


def _repetition(spec: Any) -> Any:
    """How an activity is repeated, and what its instances know."""
    if isinstance(spec, Parallel | Sequential):
        item, output = spec.input_item, spec.output_item
        names = [reference and reference.bpmn_id for reference in (item, output, spec.data_output)]
        return type(spec), *names
    return type(spec) if isinstance(spec, LoopTask) else None


def _awaited(spec: Any) -> Any:
    """What an event waits for. A timer may change its time: one that waits keeps the time that it has."""
    if isinstance(spec, EventGateway):
        return {(output.name, *_trigger(d)) for output, d in zip(spec.outputs, _definitions(spec), strict=True)}
    return _trigger(spec.event_definition) if isinstance(spec, CatchingEvent) else None


def _definitions(spec: Any) -> list[Any]:
    return list(spec.event_definition.event_definitions)


def _trigger(definition: Any) -> tuple[Any, ...]:
    named = definition.name if isinstance(definition, MessageEvent | SignalEvent) else None
    return type(definition), named, getattr(definition, "key", None) is None


def _inside(spec: Any) -> Any:
    return getattr(spec, "spec", None)


def _payload(spec: Any) -> Any:
    """Under which name a handler that has begun finds what it was sent."""
    return getattr(spec.inputs[0].event_definition, "variable", None) if isinstance(spec, Handler) else None


_ASPECTS: tuple[tuple[Any, str, str], ...] = (
    (_kind, "it works in another way now", "执行方式已改变"),
    (_repetition, "it is repeated in another way now", "重复执行的方式已改变"),
    (_awaited, "it waits for something else now", "所等待的事件已改变"),
    (_inside, "it leads into another subprocess or process now", "所进入的子流程已改变"),
    (_payload, "what it was sent has another name now", "所收内容的变量名已改变"),
)


# ------------------------------------------------------------------------------------------------ going on


def _of_gateways(scope: Scope, live: list[tuple[str, str]]) -> Iterator[Obstacle]:
    """Gateways at which the tokens of the case would wait for ever, or would not have to wait any longer."""
    tokens = _tokens(scope, live)
    if tokens is None or not any(e.kind in soundness.JOINS for e in scope.elements.values()):
        return
    for join in soundness.passable(scope, tokens):
        yield Obstacle(join, "it would not wait any longer for the others", "不再需要等待其他分支")
    findings = soundness.play_on(scope, tokens)
    if not findings.stuck or not findings.complete:
        return
    usual = soundness.play(scope)
    for join, entries in findings.stuck.items():
        new = sorted(scope.flows[flow].source for flow in entries - usual.stuck.get(join, set()))
        if new and usual.complete:
            yield Obstacle(
                join,
                f"it would wait for ever for a token from {', '.join(new)}, which this case has passed",
                f"将永远等待来自“{'、'.join(new)}”的分支，而本件已经越过该处",
            )


def _tokens(scope: Scope, live: list[tuple[str, str]]) -> Mapping[str, int] | None:
    """Tokens as they lie on the flows of the new drawing; None where a node has no flow that leads to it."""
    tokens: dict[str, int] = {}
    for step, parent in live:
        element = scope.elements.get(step.removeprefix(".")) if step.startswith(".") else None
        if element is None or element.triggered or element.kind in ("boundaryEvent", "startEvent"):
            continue
        entries = scope.incoming(element.id)
        if element.kind in soundness.JOINS and len(entries) > 1:
            entries = [flow for flow in entries if flow.source == drawn_id(parent)]
        if not entries:
            return None
        tokens[entries[0].id] = min(2, tokens.get(entries[0].id, 0) + 1)
    return tokens
