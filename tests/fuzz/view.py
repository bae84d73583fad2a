"""What can be seen of a case after a step, by engine and interpreter alike, and so compared."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from engine.runtime import Step
from engine.runtime.drawing import Process, Scope
from tests.fuzz.oracle import Oracle


class View(NamedTuple):
    ready: list[str]
    operations: list[str]
    timers: list[str]
    listening: list[str]
    messages: list[str]
    writes: list[str]
    passed: list[str]
    held: list[str]
    finished: bool


def key(node: str, values: Any) -> str:
    """A task or operation with the values by which it can be told from others at the same node."""
    return f"{node} {sorted(dict(values).items())}"


def view_of(step: Step) -> View:
    return View(
        sorted(key(r.node, r.locals) for r in step.ready),
        sorted(key(f"{o.node} {o.verb}", o.params) for o in step.operations),
        sorted(f"{t.node} {t.deadline} {t.due_at and t.due_at.timestamp()}" for t in step.timers),
        sorted(step.listening),
        sorted(f"{name} {payload}" for name, payload in step.messages),
        sorted(f"{name} = {value}" for name, value in step.writes.items()),
        sorted(p.node for p in step.passed),
        sorted(h.node for h in step.held),
        step.finished,
    )


def view_by_rules(oracle: Oracle) -> View:
    parked = [(activity, one.request) for activity, one in oracle.parked() if one.request is not None]
    due = [(node, clock, oracle.due_at(clock)) for node, clock in oracle.timers()]
    return View(
        sorted(key(a.element.id, one.token.locals) for a, one in oracle.people()),
        sorted(key(f"{a.element.id} {request[0]}", request[1]) for a, request in parked),
        sorted(f"{node} {clock.deadline} {moment and moment.timestamp()}" for node, clock, moment in due),
        sorted(oracle.listening()),
        sorted(f"{name} {payload}" for name, payload in oracle.messages),
        sorted(f"{name} = {value}" for name, value in oracle.writes.items()),
        sorted(oracle.passed),
        sorted(node for run in oracle.runs() for node in run.forlorn()),  # nothing else that is drawn here fails
        oracle.finished,
    )


def differences(ours: View, theirs: View) -> str:
    """Where two views differ, a line for each side."""
    lines = []
    for name, one, other in zip(View._fields, ours, theirs, strict=True):
        if one != other:
            lines += [f"  {name}: engine {one}", f"  {' ' * len(name)}  rules  {other}"]
    return "\n".join(lines)


def text_of(processes: Mapping[str, Process]) -> str:
    """A drawing in words, a line for each node."""
    return "\n".join(line for process in processes.values() for line in _lines(process, ""))


def _lines(scope: Scope, indent: str) -> Iterator[str]:
    yield f"{indent}{scope.id}:"
    for element in scope.elements.values():
        said = [element.id, element.kind, *(f"on {element.attached_to}" for _ in (1,) if element.attached_to)]
        for value in (element.trigger, element.repetition, element.script, element.called, element.result):
            said += [_brief(value)] if value is not None else []
        if element.kind in ("boundaryEvent", "startEvent") and not element.interrupting:
            said.append("not interrupting")
        ways = [f"[{f.condition}] {f.target}" if f.condition else f.target for f in scope.outgoing(element.id)]
        yield f"{indent}  {' '.join(said)}{' > ' if ways else ''}{', '.join(ways)}"
        if element.inside is not None:
            yield from _lines(element.inside, indent + "    ")


def _brief(value: Any) -> str:
    if not is_dataclass(value):
        return repr(value)
    said = ((f.name, getattr(value, f.name), f.default) for f in fields(value))
    return f"({' '.join(f'{name}={found}' for name, found, default in said if found != default)})"
