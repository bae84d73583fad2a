"""What goes into the engine room and what comes out of it: frozen values, no database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import EngineError


@dataclass(frozen=True)
class Node:
    """A drawn node of a process. ``kind`` is its BPMN tag; ``lane`` is the id of the lane, not its name."""

    id: str
    name: str
    kind: str
    process: str
    lane: str | None
    properties: Mapping[str, str]
    file: str
    called: str | None = None  # the process that a call activity calls


# ------------------------------------------------------------------------------------------------ what happened


@dataclass(frozen=True)
class Start:
    """The case begins."""


@dataclass(frozen=True)
class Tick:
    """Time has passed: fire what is due."""


@dataclass(frozen=True)
class Complete:
    """A person has done a task; the keys of the submission become case data."""

    task: str
    submission: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """Something reached the case from outside its flow; ``key`` tells several of one name apart."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True)
class OperationDone:
    """What a service task asked for has been done."""

    id: str
    result: Any = None


@dataclass(frozen=True)
class OperationFailed:
    """What a service task asked for ended in a business error that the diagram may catch by its code."""

    id: str
    code: str
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class OperationBroke:
    """What a service task asked for could not be done, and no diagram foresees that: the token is held."""

    id: str
    error: EngineError


@dataclass(frozen=True)
class Retry:
    """An operator lets a held token try again."""

    token: str


@dataclass(frozen=True)
class Move:
    """An operator takes a token away from its node and begins another one at ``to``, a node of the same scope."""

    token: str
    to: str


@dataclass(frozen=True)
class Cancel:
    """An operator takes a token away; never the last of its scope."""

    token: str


Trigger = Start | Tick | Complete | Message | OperationDone | OperationFailed | OperationBroke | Retry | Move | Cancel


# ------------------------------------------------------------------------------------------------ what is known


@dataclass(frozen=True)
class DeadlineRef:
    """A deadline by its name, as ``deadline("reply")`` in a diagram; the instant is looked up when it matters."""

    name: str


@dataclass(frozen=True)
class DeadlineView:
    """A deadline as the flow sees it; not ``running`` while unstarted, suspended or stopped."""

    due_at: datetime | None
    running: bool


@dataclass(frozen=True)
class Context:
    """What expressions can read: the one document of the case, its deadlines, and who plays which part in it."""

    data: Mapping[str, Any] = field(default_factory=dict)
    deadlines: Mapping[str, DeadlineView] = field(default_factory=dict)
    participants: Mapping[str, Any] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------ what follows


@dataclass(frozen=True)
class Ready:
    """Work waiting for a person. ``locals`` are the values of this token alone: the item of a loop, a payload."""

    id: str
    node: str
    lane: str | None
    locals: Mapping[str, Any]


@dataclass(frozen=True)
class OperationRequest:
    """A service task that is parked until somebody answers with OperationDone or OperationFailed."""

    id: str
    node: str
    verb: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Timer:
    """A timer that waits: for a deadline (``due_at`` is None while that does not run), or for an instant."""

    id: str
    node: str
    deadline: str | None
    due_at: datetime | None


@dataclass(frozen=True)
class Held:
    """A token that cannot go on by itself; ``error`` says why when it was held in this very step."""

    id: str
    node: str
    error: EngineError | None


@dataclass(frozen=True)
class Token:
    """A place where the case is, as an operator sees it; ``destinations`` are the nodes to which it could be moved."""

    id: str
    node: str
    scope: str
    held: bool
    destinations: tuple[str, ...]


@dataclass(frozen=True)
class Awaited:
    """A message that the case waits for; only the one with this key where there is one."""

    name: str
    key: str | None = None

    def is_met_by(self, name: str, key: str | None) -> bool:
        return self.name == name and self.key in (None, key)


@dataclass(frozen=True)
class Passed:
    """A drawn node that was done, or a sequence flow that was taken; ``kind`` is the BPMN tag."""

    node: str
    kind: str


@dataclass(frozen=True)
class Step:
    """Where a case stands after a trigger, and what has to be done about it outside."""

    state: bytes
    writes: Mapping[str, Any]
    ready: tuple[Ready, ...]
    operations: tuple[OperationRequest, ...]
    timers: tuple[Timer, ...]
    held: tuple[Held, ...]
    awaited: frozenset[Awaited]
    messages: tuple[tuple[str, Any], ...]
    finished: bool
    passed: tuple[Passed, ...]
    waits_at: frozenset[str] = frozenset()  # the drawn nodes at which it waits for a message

    @property
    def listening(self) -> frozenset[str]:
        """The names of the messages that the case waits for."""
        return frozenset(awaited.name for awaited in self.awaited)
