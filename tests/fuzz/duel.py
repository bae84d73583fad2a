"""One case, played on both sides: after every step the engine must stand where the rules of BPMN allow it to stand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine.runtime import (
    Complete,
    EndlessRun,
    Message,
    OperationDone,
    OperationFailed,
    Start,
    Step,
    Tick,
    TooManyTokens,
    Trigger,
)
from engine.runtime.blueprint import make_blueprint
from engine.runtime.parser import read
from tests.fuzz.engines import Live, Saved, Unpruned
from tests.fuzz.oracle import Endless, Oracle
from tests.fuzz.sketch import Sketch
from tests.fuzz.stock import T0
from tests.fuzz.view import View, differences, key, view_by_rules, view_of

STEPS = 25
BELIEFS = 12  # ways of having come here that are kept in mind
TRIES = 5_000  # orders tried before a difference is called one

What = Callable[[Oracle], None]


class Difference(AssertionError):
    """Engine and rules do not agree."""


@dataclass
class Result:
    """What a case was good for."""

    steps: int = 0
    kinds: set[str] = field(default_factory=set)
    refused: bool = False
    endless: bool = False
    parted: int = 0  # engines that took another of several allowed ways, and were left alone from there


class Duel:
    """One random case."""

    def __init__(self, sketch: Sketch, random: Random) -> None:
        self.sketch, self.random = sketch, random
        self.reading = read(sketch.files)
        self.result = Result(refused=bool([f for f in self.reading.faults if not f.warning]))
        self.log: list[str] = []
        self.difference = ""

    @classmethod
    def of(cls, seed: int) -> "Duel":
        random = Random(seed)
        return cls(Sketch(random, random.randint(2, 4)), random)

    def play(self) -> Result:
        if self.result.refused:
            return self.result
        blueprint = make_blueprint("p", self.reading.processes, self.reading.decisions)
        self.engines: list[Saved] = [Saved(blueprint), Live(blueprint), Unpruned(blueprint)]
        self.now, self.number = T0, 0
        self.weights = {kind: self.random.choice([1, 3, 9]) for kind in ("complete", "answer", "say", "pass_")}
        self.data: dict[str, Any] = dict.fromkeys(self.sketch.written, 0) | self.sketch.values()
        self.deadlines: dict[str, datetime | None] = {name: self.due() for name in self.sketch.deadlines}
        self.beliefs = [Oracle(self.reading.processes, self.sketch.decisions)]
        try:
            self.step("start", [Start()] * 3, lambda oracle: [Oracle.begin])
            while self.result.steps <= STEPS and (chosen := self.choose()):
                self.step(*chosen)
        except (Endless, EndlessRun, TooManyTokens):
            self.result.endless = True
        self.result.kinds = self.beliefs[0].met if self.beliefs else set()
        return self.result

    # ------------------------------------------------------------------------------------ one step

    def step(self, said: str, triggers: list[Trigger], moves: Callable[[Oracle], list[What]]) -> None:
        """``moves`` gives what may have happened, by the rules: tasks that look the same may be different ones."""
        self.log.append(said)
        self.result.steps += 1
        usual = list(self.tried(moves, in_order=True))  # first, so that what never rests is left alone
        steps = [e.do(t, self.data, self.deadlines, self.now) for e, t in zip(self.engines, triggers, strict=True)]
        self.steps, seen = steps, [view_of(step) for step in steps]
        allowed = self.allowed(seen[0], usual, moves)
        for engine, view in list(zip(self.engines, seen, strict=True))[1:]:
            if view != seen[0]:
                if not self.search(view, moves):
                    raise self.differ(engine.name, view, seen[0])
                self.result.parted += 1
                steps.pop(self.engines.index(engine))
                self.engines.remove(engine)
        self.beliefs = allowed
        self.data |= steps[0].writes

    def allowed(self, view: View, usual: list[Oracle], moves: Callable[[Oracle], list[What]]) -> list[Oracle]:
        """Where the case can stand by the rules, as far as it looks like what the engine shows."""
        found = [oracle for oracle in usual if view_by_rules(oracle) == view]
        if any(oracle.racy for oracle in usual):
            found += [o for o in self.tried(moves, in_order=False) if view_by_rules(o) == view]
        found = found or self.search(view, moves)
        if not found:
            raise self.differ(self.engines[0].name, view, view_by_rules(usual[0]))
        return list({oracle.shape(): oracle for oracle in found}.values())[:BELIEFS]

    def search(self, view: View, moves: Callable[[Oracle], list[What]]) -> list[Oracle]:
        """Try orders at random until one leads to what the engine shows."""
        for _ in range(TRIES):
            for oracle in self.tried(moves, in_order=False):
                if view_by_rules(oracle) == view:
                    return [oracle]
        return []

    def tried(self, moves: Callable[[Oracle], list[What]], in_order: bool) -> Iterator[Oracle]:
        for belief in self.beliefs:
            for number in range(len(moves(belief))):
                other = belief.copy(None if in_order else Random(self.random.random()))
                yield other.step(self.now, self.data, self.deadlines, moves(other)[number])

    def differ(self, name: str, view: View, other: View) -> Difference:
        self.difference = f"{name}, after {len(self.log)} steps:\n{differences(view, other)}"
        return Difference(self.difference)

    # ------------------------------------------------------------------------------------ what happens next

    def choose(self) -> tuple[str, list[Trigger], Callable[[Oracle], list[What]]] | None:
        step = self.steps[0]
        open_ = {
            "complete": bool(step.ready),
            "answer": bool(step.operations),
            "say": bool(step.listening),
            "pass_": bool(step.timers),
        }
        if step.finished or not any(open_.values()):
            return None
        kinds = [kind for kind, is_open in open_.items() for _ in range(self.weights[kind]) if is_open]
        self.data |= self.sketch.values()
        return getattr(self, self.random.choice(kinds))()  # type: ignore[no-any-return]

    def count(self) -> int:
        self.number += 1
        return self.number

    def same(self, step: Step, engine: Saved, wanted: str) -> list[str]:
        """Tasks or operations that look the same, oldest first."""
        found = [r.id for r in step.ready if key(r.node, r.locals) == wanted]
        found += [o.id for o in step.operations if key(f"{o.node} {o.verb}", o.params) == wanted]
        return sorted(found, key=engine.born.__getitem__)

    def picked(self, wanted: str) -> list[str]:
        nth = self.random.randrange(10)
        lists = [self.same(step, engine, wanted) for step, engine in zip(self.steps, self.engines, strict=True)]
        return [found[nth % len(found)] for found in lists]

    def complete(self) -> tuple[str, list[Trigger], Callable[[Oracle], list[What]]]:
        ready = self.random.choice(self.steps[0].ready)
        wanted = key(ready.node, ready.locals)
        values = {"note": self.count()} if self.random.random() < 0.3 else {}
        element = self.element(ready.node)
        if element.repetition is not None and element.repetition.output_item:
            values[element.repetition.output_item] = self.count()
        triggers: list[Trigger] = [Complete(ident, values) for ident in self.picked(wanted)]

        def moves(oracle: Oracle) -> list[What]:
            places = [p for p in oracle.people() if key(p[0].element.id, p[1].token.locals) == wanted]
            return [lambda o, p=p: o.complete(p, values) for p in places]

        return f"complete {wanted} {values}", triggers, moves

    def answer(self) -> tuple[str, list[Trigger], Callable[[Oracle], list[What]]]:
        asked = self.random.choice(self.steps[0].operations)
        wanted = key(f"{asked.node} {asked.verb}", asked.params)
        value = self.count()

        def places(oracle: Oracle) -> list[Any]:
            return [
                p for p in oracle.parked() if key(f"{p[0].element.id} {p[1].request[0]}", p[1].request[1]) == wanted
            ]

        code = self.failure(places)
        if code is not None:
            failed: list[Trigger] = [OperationFailed(i, code, {"n": value}) for i in self.picked(wanted)]
            return (
                f"fail {wanted} {code}",
                failed,
                lambda oracle: [lambda o, p=p: o.fail(p, code, {"n": value}) for p in places(oracle)],
            )
        done: list[Trigger] = [OperationDone(ident, {"n": value}) for ident in self.picked(wanted)]
        return (
            f"answer {wanted}",
            done,
            lambda oracle: [lambda o, p=p: o.answer(p, {"n": value}) for p in places(oracle)],
        )

    def failure(self, places: Callable[[Oracle], list[Any]]) -> str | None:
        """An error that somebody catches, wherever the operation may be."""
        asked = [(oracle, activity) for oracle in self.beliefs for activity, _ in places(oracle)]
        codes = [
            code
            for code in ("OTHER", *self.sketch.codes)
            if all(oracle.catcher("error", code, oracle.run_of(activity), activity) for oracle, activity in asked)
        ]
        return self.random.choice(codes) if codes and self.random.random() < 0.6 else None

    def say(self) -> tuple[str, list[Trigger], Callable[[Oracle], list[What]]]:
        name, number = self.random.choice(sorted(self.steps[0].listening)), self.count()
        payload = {"n": number, "list": [number, [number]]}
        triggers: list[Trigger] = [Message(name, payload)] * len(self.engines)
        return f"say {name} {payload}", triggers, lambda oracle: [lambda o: o.say(name, payload)]

    def pass_(self) -> tuple[str, list[Trigger], Callable[[Oracle], list[What]]]:
        """Time goes by, and deadlines begin, move, and are suspended."""
        self.now += timedelta(hours=self.random.choice([0, 1, 6, 12, 24, 24, 50]))
        for name in self.deadlines:
            if self.random.random() < 0.3:
                self.deadlines[name] = self.due()
        said = ", ".join(f"{name} {due and due.isoformat()}" for name, due in self.deadlines.items())
        return f"now {self.now.isoformat()} {said}", [Tick()] * len(self.engines), lambda oracle: [lambda o: None]

    def due(self) -> datetime | None:
        return None if self.random.random() < 0.5 else T0 + timedelta(hours=self.random.randint(1, 200))

    def element(self, node: str) -> Any:
        return next(e for p in self.reading.processes.values() for e in p.everything() if e.id == node)
