"""Cases at any moment, and other versions of any shape: who goes over stands as before and comes to an end."""

from random import Random

import pytest

from engine.runtime import Context, Faulty, look, migration, parse, transplant
from tests.drawing import (
    Drawn,
    after,
    boundary,
    catch,
    each,
    end,
    exclusive,
    handler,
    loop,
    message,
    parallel,
    process,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import Journey

WITHDRAW = handler("w_start > w_task > w_end", message("withdraw"))
MORE = handler("m_start > m_task > m_end", message("more", "extra"), False)


class Growing:
    """A random drawing; grown, it has new nodes between, beside and around those that it had."""

    def __init__(self, seed: int, grown: bool) -> None:
        self.random, self.extra, self.grown = Random(seed), Random(seed + 10_000), grown
        self.nodes: dict[str, Drawn] = {}
        self.lines: list[str] = []
        self.splits: list[str] = []
        self.number = 0

    def drawing(self) -> bytes:
        last = self.chain(self.fresh("first"), 3)
        self.flow(last, "end")
        if self.random.random() < 0.5:
            self.nodes["more"] = MORE
        if self.grown:
            self.nodes["withdraw"] = WITHDRAW
        first = "start > start_new > first1" if self.grown else "start > first1"
        return process("; ".join([first, *self.lines]), **self.nodes)

    def fresh(self, name: str, drawn: Drawn | None = None) -> str:
        self.number += 1
        ident = f"{name}{self.number}"
        if drawn is not None:
            self.nodes[ident] = drawn
        return ident

    def flow(self, source: str, target: str, condition: str | None = None) -> None:
        mark = "" if condition is None else f" [{condition}]"
        if self.grown and not target.startswith("join") and self.extra.random() < 0.4:
            between = f"new_{source}_{target}_"
            self.lines.append(f"{source}{mark} > {between} > {target}")
        else:
            self.lines.append(f"{source}{mark} > {target}")

    def chain(self, here: str, depth: int) -> str:
        for _ in range(self.random.randint(1, 3)):
            block = self.random.choice([self.task, self.task, self.fork, self.choice, self.inner, self.waiting])
            here = self.task(here, depth) if depth == 0 else block(here, depth - 1)
        return here

    def task(self, here: str, depth: int) -> str:
        kind = self.random.choice([None, None, service("v"), user(each("xs", "x")), user(loop("False"))])
        ident = self.fresh("t", kind)
        event = self.random.choice([message("m"), after("'P3D'")]) if self.random.random() < 0.3 else None
        if self.is_left_out(ident):
            self.number += 2 if event else 0
            return here
        if event:
            host = self.fresh("b", boundary(ident, event, False))
            self.flow(host, self.fresh("side"))
        elif self.grown and self.extra.random() < 0.3:
            self.nodes[f"new_{ident}"] = boundary(ident, message("never"))
            self.lines.append(f"new_{ident} > rescue_{ident} > end_of_{ident}")
            self.nodes[f"end_of_{ident}"] = end()
        self.flow(here, ident)
        return ident

    def is_left_out(self, ident: str) -> bool:
        return False

    def fork(self, here: str, depth: int) -> str:
        split, join = self.fresh("fork", parallel()), self.fresh("join", parallel())
        inner = len(self.splits)
        self.flow(here, split)
        for _ in range(2):
            first = self.fresh("t")
            self.flow(split, first)
            self.flow(self.chain(first, depth), join)
        self.splits[inner:] = [split]
        return join

    def choice(self, here: str, depth: int) -> str:
        split, join = self.fresh("g", exclusive()), self.fresh("k", exclusive())
        self.flow(here, split)
        for condition in ("len(xs) > 1", ""):
            first = self.fresh("t")
            self.flow(split, first, condition)
            self.flow(self.chain(first, depth), join)
        return join

    def inner(self, here: str, depth: int) -> str:
        more = " > {0}_new" if self.grown else ""
        ident = self.fresh("S")
        text = f"{ident}_start > {ident}_a > {ident}_b{more.format(ident)} > {ident}_end"
        self.nodes[ident] = sub(text)
        self.flow(here, ident)
        return ident

    def waiting(self, here: str, depth: int) -> str:
        ident = self.fresh("w", catch(self.random.choice([message("m"), after("'P2D'")])))
        self.flow(here, ident)
        return ident


class Changed(Growing):
    """Grown, it also lacks some nodes, has others of another kind, and forks with a third branch."""

    def is_left_out(self, ident: str) -> bool:
        chance = self.extra.random() if self.grown else 1
        if chance < 0.2:
            self.nodes.pop(ident, None)
        elif chance < 0.3:
            self.nodes[ident] = service("v")
        return chance < 0.2

    def fork(self, here: str, depth: int) -> str:
        join = super().fork(here, depth)
        if self.grown and self.extra.random() < 0.4:
            self.lines.append(f"{self.splits.pop()} > third_{join} > {join}")
        return join


def any_move(journey: Journey, random: Random) -> None:
    step = journey.step
    if step.operations:
        journey.answer(nth=random.randrange(len(step.operations)))
    elif step.ready and random.random() < 0.8:
        chosen = random.choice(step.ready)
        journey.complete(chosen.node, [r.id for r in step.ready if r.node == chosen.node].index(chosen.id))
    elif "m" in step.listening and random.random() < 0.5:
        journey.say("m")
    elif "more" in step.listening and random.random() < 0.1:
        journey.say("more")
    else:
        journey.tick(days=1)


@pytest.mark.parametrize("seed", range(15))
def test_a_drawing_that_only_grew_takes_over_every_case_as_it_stands(seed: int) -> None:
    """At any moment of any case: the same work, timers and messages; and the case comes to its end."""
    random = Random(seed)
    small, grown = Growing(seed, False).drawing(), Growing(seed, True).drawing()
    blueprint, new = parse({"p.bpmn": small}, "p"), parse({"p.bpmn": grown}, "p")
    for moves in range(0, 30, 3):
        journey = Journey(blueprint, {"xs": random.choice([[1], [1, 2]])})
        for _ in range(moves):
            if not journey.step.finished:
                any_move(journey, random)
        if journey.step.finished:
            return
        before, data = journey.step, Context(journey.data)
        assert journey.state is not None
        seen = look(blueprint, journey.state, data, journey.now)
        assert sorted(r.id for r in seen.ready) == sorted(r.id for r in before.ready)
        result = transplant(blueprint, new, journey.state, data, journey.now)
        assert result.obstacles == ()
        assert result.step is not None
        assert sorted(r.id for r in result.step.ready) == sorted(r.id for r in before.ready)
        assert sorted(result.step.timers, key=str) == sorted(before.timers, key=str)
        assert result.step.listening == before.listening | {"withdraw"} | ({"never"} & result.step.listening)
        journey.blueprint, journey.step, journey.state = new, result.step, result.step.state
        for _ in range(400):
            if journey.step.finished:
                break
            any_move(journey, random)
        assert journey.step.finished


@pytest.mark.parametrize("seed", range(10))
def test_going_over_to_the_same_drawing_changes_nothing_at_all(seed: int) -> None:
    random = Random(seed)
    journey = Journey(Growing(seed, False).drawing(), {"xs": [1, 2]})
    for _ in range(25):
        assert journey.state is not None
        same = transplant(journey.blueprint, journey.blueprint, journey.state, Context(journey.data), journey.now)
        assert same.step is not None
        assert same.begins == ()
        assert same.step.state == look(journey.blueprint, journey.state, Context(journey.data), journey.now).state
        if journey.step.finished:
            break
        any_move(journey, random)


@pytest.mark.parametrize("seed", range(15))
def test_who_is_let_over_comes_to_an_end_and_who_is_said_to_wait_for_ever_would(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever has changed: a case that may go over never hangs, and none is kept back for a gateway without need."""
    random = Random(seed)
    try:
        old, new = (parse({"p.bpmn": Changed(seed, grown).drawing()}, "p") for grown in (False, True))
    except Faulty:
        return  # without its only task a loop or branch may be no lawful drawing
    for moves in range(0, 24, 3):
        journey = Journey(old, {"xs": [1, 2]}, patient=True)
        for _ in range(moves):
            if not journey.step.finished:
                any_move(journey, random)
        if journey.step.finished:
            return
        assert journey.state is not None
        state, context = journey.state, Context(journey.data)
        told = [o.reason for o in transplant(old, new, state, context, journey.now).obstacles]
        if all("for ever" in reason for reason in told):
            with monkeypatch.context() as unjudged:
                unjudged.setattr(migration, "find_obstacles", lambda *_: [])
                step = transplant(old, new, state, context, journey.now).step
            assert step is not None
            journey.blueprint, journey.step, journey.state = new, step, step.state
            for _ in range(400):
                if not journey.step.finished:
                    any_move(journey, random)
            assert journey.step.finished is not bool(told)
