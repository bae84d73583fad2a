"""A case in a test: one document, deadlines, and a state of bytes that goes through saving and loading at every step."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.runtime import (
    Blueprint,
    Cancel,
    Complete,
    Context,
    DeadlineView,
    Message,
    Move,
    OperationDone,
    OperationFailed,
    OperationRequest,
    Retry,
    Start,
    Step,
    Tick,
    Trigger,
    advance,
    parse,
    tokens,
)

T0 = datetime(2026, 3, 2, 1, tzinfo=UTC)


def due(moment: datetime | None, running: bool = True) -> DeadlineView:
    return DeadlineView(moment, running)


class Journey:
    """Drives a process as ``engine.process`` does, without a database.

    A token that is held raises its error here, unless the journey is ``patient``.
    """

    step: Step

    def __init__(
        self,
        source: bytes | Blueprint,
        data: Mapping[str, Any] | None = None,
        deadlines: Mapping[str, DeadlineView] | None = None,
        perform: Callable[[OperationRequest], OperationDone | OperationFailed] | None = None,
        participants: Mapping[str, Any] | None = None,
        patient: bool = False,
        **files: bytes,
    ) -> None:
        named = {name.replace("_dmn", ".dmn").replace("_bpmn", ".bpmn"): content for name, content in files.items()}
        self.blueprint = source if isinstance(source, Blueprint) else parse({"p.bpmn": source, **named}, "p")
        self.data, self.deadlines = dict(data or {}), dict(deadlines or {})
        self.participants, self.patient = participants or {}, patient
        self.perform, self.asked = perform, []
        self.now, self.state = T0, None
        self.passed: list[str] = []
        self.do(Start())

    def do(self, trigger: Trigger) -> "Journey":
        before = repr(self.data)
        context = Context(self.data, self.deadlines, self.participants)
        self.step = advance(self.blueprint, self.state, trigger, context, self.now)
        assert repr(self.data) == before, "advance changed what it was given"
        self.state = self.step.state
        self.data |= self.step.writes
        self.passed += [p.node for p in self.step.passed]
        for held in self.step.held:
            if held.error is not None and not self.patient:
                raise held.error
        while self.perform is not None and self.step.operations:
            request = self.step.operations[0]
            self.asked.append((request.verb, dict(request.params)))
            self.do(self.perform(request))
        return self

    def tick(self, **delta: float) -> "Journey":
        self.now += timedelta(**delta)
        return self.do(Tick())

    def complete(self, node: str, nth: int = 0, **submission: Any) -> "Journey":
        return self.do(Complete(self.task(node, nth), submission))

    def say(self, name: str, key: str | None = None, /, **payload: Any) -> "Journey":
        return self.do(Message(name, payload, key))

    def answer(self, result: Mapping[str, Any] | None = None, nth: int = 0) -> "Journey":
        return self.do(OperationDone(self.step.operations[nth].id, result))

    def fail(self, code: str, payload: Mapping[str, Any] | None = None, nth: int = 0) -> "Journey":
        return self.do(OperationFailed(self.step.operations[nth].id, code, payload))

    def retry(self, node: str, **mended: Any) -> "Journey":
        """An operator mends case data and lets a held token try again."""
        self.data |= mended
        return self.do(Retry(self.token(node)))

    def move(self, node: str, to: str) -> "Journey":
        return self.do(Move(self.token(node), to))

    def cancel(self, node: str) -> "Journey":
        return self.do(Cancel(self.token(node)))

    def token(self, node: str) -> str:
        """The first token at a node."""
        assert self.state is not None
        return next(token.id for token in tokens(self.blueprint, self.state) if token.node == node)

    @property
    def held(self) -> list[str]:
        return sorted(held.node for held in self.step.held)

    def task(self, node: str, nth: int = 0) -> str:
        return [ready.id for ready in self.step.ready if ready.node == node][nth]

    @property
    def ready(self) -> list[str]:
        return sorted(ready.node for ready in self.step.ready)

    @property
    def verbs(self) -> list[str]:
        return sorted(operation.verb for operation in self.step.operations)

    @property
    def last_passed(self) -> list[str]:
        return [p.node for p in self.step.passed]
