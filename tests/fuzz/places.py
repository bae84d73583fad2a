"""Where tokens can be: activities with their instances, and events that somebody waits for."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.runtime.drawing import Element, Flow
from tests.fuzz.words import Clock, Token

if TYPE_CHECKING:
    from tests.fuzz.run import Run


@dataclass(eq=False)
class Waiting:
    """An event that is waited for: beside an activity, by an event subprocess, on the way, or at a gateway."""

    event: Element  # the event itself
    node: str  # the node under which it is seen: at an event-based gateway the gateway
    run: "Run"
    role: str  # boundary, handler, way, exit
    activity: "Activity | None" = None
    handler: Element | None = None
    flow: Flow | None = None  # from an event-based gateway
    clock: Clock | None = None

    def hears(self, kind: str, name: str | None) -> bool:
        trigger = self.event.trigger
        if trigger is None or trigger.kind != kind:
            return False
        return trigger.name == name or (trigger.name is None and kind in ("error", "escalation"))

    def ends_its_surroundings(self) -> bool:
        return self.role == "handler" and self.event.interrupting

    def stays(self) -> bool:
        """What does not interrupt may happen again, save a date or a length of time."""
        trigger = self.event.trigger
        assert trigger is not None
        return self.role in ("boundary", "handler") and not self.event.interrupting and trigger.kind != "timer"


@dataclass(eq=False)
class One:
    """One instance of an activity."""

    token: Token
    index: int = 0
    inner: "Run | None" = None
    request: tuple[str, dict[str, Any]] | None = None  # a service task that is parked


@dataclass(eq=False)
class Activity:
    """Something that takes time: a task, an event that waits, a subprocess; once or several times."""

    element: Element
    token: Token
    instances: list[One] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    queue: list[tuple[int, Token]] = field(default_factory=list)  # instances that come one after the other
    outputs: list[tuple[int, Any]] = field(default_factory=list)
    rounds: int = 0

    def shape(self) -> str:
        """Where this activity stands, as a text."""
        inside = sorted(
            f"{one.index} {one.token} {one.request} {one.inner.shape() if one.inner is not None else ''}"
            for one in self.instances
        )
        return f"{self.element.id} {self.token} {self.rounds} {self.queue} {self.outputs} {inside}"
