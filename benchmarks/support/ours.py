"""Our runtime beside the stock library: the same process, the same path, state and document in the caller's hands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from time import perf_counter
from typing import Any
from unittest.mock import patch

import msgspec

from benchmarks.support import busy
from engine.runtime import (
    Blueprint,
    Complete,
    Context,
    DeadlineView,
    OperationDone,
    Ready,
    Start,
    Step,
    advance,
    parse,
)

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
DEADLINES = {"reply": DeadlineView(NOW + timedelta(days=10), True)}


@dataclass(frozen=True)
class OurCase:
    """A case as it rests between two requests: bytes of state, the document, and the tasks that are open."""

    state: bytes
    document: bytes
    ready: tuple[Ready, ...]


class OurProcess:
    """The process as our engine reads it."""

    def __init__(self) -> None:
        self.blueprint: Blueprint = parse(busy.flow(), busy.KEY)

    def begin(self) -> OurCase:
        document = msgspec.msgpack.encode(busy.REQUEST)
        return self._rested(OurCase(b"", document, ()), self._advance(None, Start(), busy.REQUEST))

    def complete(self, case: OurCase, task: str, result: str) -> OurCase:
        """One user task done, and all that follows from it by itself; operations are answered at once."""
        ready = next(r for r in case.ready if r.node == task)
        trigger = Complete(ready.id, busy.answers(task, result))
        document = msgspec.msgpack.decode(case.document)
        step = self._advance(case.state, trigger, document)
        while step.operations:
            case = self._rested(case, step)
            document |= step.writes
            step = self._advance(case.state, OperationDone(step.operations[0].id), document)
        return self._rested(case, step)

    def _advance(self, state: bytes | None, trigger: Any, document: dict[str, Any]) -> Step:
        return advance(self.blueprint, state, trigger, Context(document, DEADLINES), NOW)

    def _rested(self, case: OurCase, step: Step) -> OurCase:
        document = case.document
        if step.writes:
            document = msgspec.msgpack.encode(msgspec.msgpack.decode(document) | dict(step.writes))
        return replace(case, state=step.state, document=document, ready=step.ready)


@contextmanager
def kept_alive() -> Iterator[None]:
    """What a cache of live cases would give: the case that was saved last is not read again, only told the present.

    A prototype for measuring. It still saves each step; it keeps one case and no locks.
    """
    live: list[Any] = []
    module = import_module(advance.__module__)
    kept_save = module.save

    def save(blueprint: Blueprint, instance: Any) -> bytes:
        live[:] = [instance]
        return kept_save(blueprint, instance)

    def load(blueprint: Blueprint, state: bytes, execution: Any) -> Any:
        instance = live[0]
        instance.script_engine = execution
        return instance

    with patch.object(module, "save", save), patch.object(module, "load", load):
        yield


def phases(process: OurProcess, cases: int = 40) -> dict[str, float]:
    """Which part of a step goes into reading the state, moving the flow, and writing the state."""
    module = import_module(advance.__module__)
    spent = {"load": 0.0, "save": 0.0}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            begun = perf_counter()
            try:
                return work(*args)
            finally:
                spent[name] += perf_counter() - begun

        return call

    whole, begun_cases = 0.0, [process.begin() for _ in range(cases)]
    with patch.multiple(module, **{name: timed(name, getattr(module, name)) for name in spent}):
        for case in begun_cases:
            begun = perf_counter()
            for task, result in busy.PATH:
                case = process.complete(case, task, result)
            whole += perf_counter() - begun
    load, save = spent["load"] / whole, spent["save"] / whole
    return {"reading the state": load, "moving the flow": 1 - load - save, "writing the state": save}
