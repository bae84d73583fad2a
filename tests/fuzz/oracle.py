"""A second opinion: a small interpreter of drawings, written from the rules of BPMN and knowing nothing of the engine.

It holds tokens in plain lists: no tree, no state to store, no library. What BPMN leaves open, which of several tokens
moves first, is a choice: the usual one (in the order of arrival), or one at random.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from random import Random
from typing import Any

from engine.runtime.drawing import Process, Trigger
from tests.fuzz.places import Activity, One, Waiting
from tests.fuzz.run import Run
from tests.fuzz.words import Clock, Token, clock_of, value_of

Data = dict[str, Any]
Deadlines = Mapping[str, datetime | None]  # when each is due; None while it does not run
MOST_MOVES = 1_000
KINDS = ("clock", "begin", "move", "empty", "work", "join", "done", "over")  # what can move


class Endless(Exception):
    """The case never comes to rest."""


class Oracle:
    """A case as the rules of BPMN have it."""

    def __init__(
        self, processes: Mapping[str, Process], decisions: Mapping[str, Callable[[Mapping[str, Any]], Data]]
    ) -> None:
        self.processes, self.decisions = processes, decisions
        self.data: Data = {}
        self.deadlines: Deadlines = {}
        self.pending: list[tuple[Any, ...]] = []  # what can move: its kind, the run, and what else it needs
        self.met: set[str] = set()  # kinds of elements that were reached
        self.finished = False
        self.random: Random | None = None
        self.rank: list[str] = []  # kinds of moves, where some go before others

    def copy(self, random: Random | None = None) -> "Oracle":
        """The same case, to try something out."""
        fixed: list[Any] = [self.processes, self.decisions, self.met, self.deadlines]
        for process in self.processes.values():
            for scope in process.scopes():
                fixed += [scope, *scope.elements.values(), *scope.flows.values()]
        self.random = None
        other: Oracle = deepcopy(self, {id(one): one for one in fixed})
        other.random, other.met = random, set(self.met)
        other.rank = random.sample(KINDS, len(KINDS)) if random is not None and random.random() < 0.5 else []
        return other

    def step(self, now: datetime, data: Data, deadlines: Deadlines, what: Callable[["Oracle"], None]) -> "Oracle":
        """Something happens, and everything that needs nobody moves until nothing moves."""
        self.now, self.data, self.deadlines = now, dict(data), deadlines
        self.passed: list[str] = []
        self.writes: Data = {}
        self.messages: list[tuple[str, Any]] = []
        self.racy = False
        what(self)
        self.settle()
        return self

    # ------------------------------------------------------------------------------------ what happens

    def begin(self) -> None:
        self.top = Run(self, self.processes["p"], Token())
        self.top.begin()

    def complete(self, place: tuple[Activity, One], submission: Data) -> None:
        activity, one = place
        for name, value in submission.items():
            one.token = self.write(one.token, name, value)
        self.run_of(activity).finish_one(activity, one)

    def say(self, name: str, payload: Any) -> None:
        self.tell("message", name, payload)

    def answer(self, place: tuple[Activity, One], result: Any) -> None:
        activity, one = place
        if activity.element.result:
            one.token = self.write(one.token, activity.element.result, result)
        self.run_of(activity).finish_one(activity, one)

    def fail(self, place: tuple[Activity, One], code: str, payload: Any) -> None:
        activity, _ = place
        self.met.add("operation that fails")
        caught = self.climb("error", code, payload, self.run_of(activity), activity)
        assert caught, f"nobody catches {code}"

    # ------------------------------------------------------------------------------------ who hears

    def throw(self, trigger: Trigger, run: Run, token: Token) -> None:
        payload = self.value(trigger.payload, token) if trigger.payload else None
        self.racy = True
        if trigger.kind in ("error", "escalation"):
            caught = self.climb(trigger.kind, trigger.name, payload, run)
            assert caught or trigger.kind == "escalation", f"nobody catches {trigger.name}"
        elif not self.tell(trigger.kind, trigger.name, payload) and trigger.kind == "message":
            self.messages.append((trigger.name or "", payload))

    def tell(self, kind: str, name: str | None, payload: Any) -> bool:
        """A message or signal reaches everybody who waits for it, at once."""
        hearing = [w for run in self.runs() for w in run.all_waiting() if w.hears(kind, name)]
        if self.random is None:
            hearing.sort(key=lambda waiting: not waiting.ends_its_surroundings())
        else:
            self.random.shuffle(hearing)
        for waiting in hearing:
            if self.still(waiting):
                waiting.run.happen(waiting, payload)
        return bool(hearing)

    def catcher(self, kind: str, code: str | None, run: Run, activity: Activity | None = None) -> Waiting | None:
        """From an activity, or from a scope, outwards: its boundary, the event subprocesses around it, and so on."""
        at: Run | None = run
        while at is not None:
            beside = [w for w in activity.waiting if w.role == "boundary"] if activity is not None else []
            for group in (beside, at.waiting):
                found = [w for w in group if w.hears(kind, code)]
                if found:
                    return min(found, key=lambda w: w.event.trigger is None or w.event.trigger.name is None)
            activity = at.owner[0] if isinstance(at.owner, tuple) else None
            at = at.outer
        return None

    def climb(self, kind: str, code: str | None, payload: Any, run: Run, activity: Activity | None = None) -> bool:
        waiting = self.catcher(kind, code, run, activity)
        if waiting is not None:
            waiting.run.happen(waiting, payload)
        return waiting is not None

    def still(self, waiting: Waiting) -> bool:
        """Whether somebody who waited still does."""
        run = waiting.run
        if run.killed or run.over:
            return False
        activity = waiting.activity
        return waiting in (run.waiting if activity is None else activity.waiting if activity in run.activities else ())

    # ------------------------------------------------------------------------------------ what needs nobody

    def settle(self) -> None:
        for _ in range(MOST_MOVES):
            units = list(self.units())
            if not units:
                return
            self.move(units[0] if self.random is None else self.pick(units, self.random))
        raise Endless

    def units(self) -> Iterator[tuple[Any, ...]]:
        """What may move now, in the usual order."""
        runs = list(self.runs())
        for run in runs:
            for waiting, clock in run.clocks():
                if self.is_due(clock):
                    yield "clock", run, waiting
        yield from self.pending
        for run in runs:
            for element in run.scope.of_kind("parallelGateway", "inclusiveGateway"):
                if run.may_join(element):
                    yield "join", run, element
        for run in reversed(runs):
            if run.is_done():
                yield "done", run

    def pick(self, units: list[tuple[Any, ...]], random: Random) -> tuple[Any, ...]:
        """One of them at random; in some tries one kind always goes before the others, as it may in an engine."""
        if self.rank:
            first = min(self.rank.index(unit[0]) for unit in units)
            units = [unit for unit in units if self.rank.index(unit[0]) == first]
        return random.choice(units)

    def move(self, unit: tuple[Any, ...]) -> None:
        kind, run, *rest = unit
        if unit in self.pending:
            self.pending.remove(unit)
        if kind == "clock":
            self.racy = True
            run.happen(*rest)
        elif kind == "begin":
            run.set_out()
        elif kind == "move":
            run.arrive(*rest)
        elif kind == "empty":
            run.nothing_left(*rest)
        elif kind == "work":
            activity, one = rest
            if activity in run.activities and one in activity.instances:
                run.work(activity, one)
        elif kind == "join":
            run.join(*rest)
        elif kind == "done":
            run.end()
        elif not run.killed:
            run.ended()

    def is_due(self, clock: Clock) -> bool:
        due = self.due_at(clock)
        return due is not None and due <= self.now

    def due_at(self, clock: Clock) -> datetime | None:
        return self.deadlines.get(clock.deadline) if clock.deadline is not None else clock.due

    # ------------------------------------------------------------------------------------ words

    def names(self, token: Token) -> Data:
        return {**self.data, **token.locals}

    def value(self, text: str, token: Token) -> Any:
        return value_of(text, token, self.data)

    def clock(self, event: Any, token: Token) -> Clock | None:
        trigger = event.trigger
        if trigger is None or trigger.kind != "timer":
            return None
        clock = clock_of(trigger.timer, self.value(trigger.expression, token), self.now)
        self.met.add("deadline" if clock.deadline is not None else "instant")
        return clock

    def write(self, token: Token, name: str, value: Any) -> Token:
        if token.owns(name):
            return token.with_(**{name: value})
        self.publish(name, value)
        return token

    def publish(self, name: str, value: Any) -> None:
        self.racy = True
        self.data[name] = self.writes[name] = value

    # ------------------------------------------------------------------------------------ where the case stands

    def runs(self) -> Iterator[Run]:
        stack = [self.top]
        while stack:
            run = stack.pop(0)
            if not run.over:
                yield run
                stack.extend(run.nested())

    def shape(self) -> str:
        """Where the case stands, as a text: the same for cases that differ in nothing."""
        return f"{self.top.shape()} {sorted(self.data.items())}"

    def run_of(self, activity: Activity) -> Run:
        return next(run for run in self.runs() if activity in run.activities)

    def people(self) -> Iterator[tuple[Activity, One]]:
        """What waits for a person."""
        for run in self.runs():
            for activity in run.activities:
                if activity.element.kind in ("userTask", "manualTask", "task"):
                    yield from ((activity, one) for one in activity.instances)

    def parked(self) -> Iterator[tuple[Activity, One]]:
        """What waits for an operation."""
        for run in self.runs():
            for activity in run.activities:
                yield from ((activity, one) for one in activity.instances if one.request is not None)

    def timers(self) -> Iterator[tuple[str, Clock]]:
        yield from ((waiting.node, clock) for run in self.runs() for waiting, clock in run.clocks())

    def listening(self) -> set[str]:
        everything = (w.event.trigger for run in self.runs() for w in run.all_waiting())
        return {trigger.name or "" for trigger in everything if trigger is not None and trigger.kind == "message"}
