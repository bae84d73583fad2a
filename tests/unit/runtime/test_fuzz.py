"""Random drawings, random cases: the engine and the oracle must agree at every step, through saving and loading."""

from copy import copy
from random import Random

import pytest

from engine.runtime import parse
from engine.runtime.parser import read
from tests.drawing import (
    TERMINATE,
    Drawn,
    boundary,
    catch,
    each,
    end,
    exclusive,
    first_of,
    handler,
    inclusive,
    message,
    parallel,
    process,
    sub,
    user,
)
from tests.unit.runtime.journey import Journey
from tests.unit.runtime.oracle import Oracle

SEEDS = 150
STEPS = 25
CANDIDATES = 30


class Sketch:
    """Draws at random, but lawfully: blocks with one way in and one way out, nested."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.number = 0
        self.conditions: list[str] = []
        self.lists: list[str] = []

    def new(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def condition(self) -> str:
        self.conditions.append(self.new("c"))
        return self.conditions[-1]

    def scope(self, depth: int, prefix: str) -> tuple[str, dict[str, Drawn]]:
        """The flows and nodes of a process or subprocess."""
        lines: list[str] = []
        nodes: dict[str, Drawn] = {}
        last = f"{prefix}_end"
        first, final = self.block(depth, lines, nodes)
        lines[:0] = [f"{prefix}_start > {first}"]
        lines.append(f"{final} > {last}")
        if self.random.random() < 0.15:
            nodes[last] = end(TERMINATE)
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            self.add_handler(depth, nodes)
        return "; ".join(lines), nodes

    def add_handler(self, depth: int, nodes: dict[str, Drawn]) -> None:
        name = self.new("h")
        text, inside = self.scope(max(0, depth - 2), name)
        nodes[name] = handler(text, message(self.new("m")), self.random.random() < 0.4, **inside)

    def block(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        kinds = ["task", "task", "task", "message"]
        if depth > 0:
            kinds += [
                "sequence",
                "sequence",
                "choice",
                "loop",
                "fork",
                "fork",
                "some",
                "sub",
                "each",
                "race",
                "boundary",
            ]
        return getattr(self, self.random.choice(kinds))(depth - 1, lines, nodes)  # type: ignore[no-any-return]

    def task(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        name = self.new("t")
        nodes[name] = user()
        return name, name

    def message(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        name = self.new("k")
        nodes[name] = catch(message(self.new("m")))
        return name, name

    def sequence(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        first, last = self.block(depth, lines, nodes)
        for _ in range(self.random.randint(1, 2)):
            begin, final = self.block(depth, lines, nodes)
            lines.append(f"{last} > {begin}")
            last = final
        return first, last

    def split(
        self, depth: int, lines: list[str], nodes: dict[str, Drawn], kind: Drawn, choosing: bool
    ) -> tuple[str, str]:
        first, last = self.new("g"), self.new("g")
        nodes[first] = nodes[last] = kind
        branches = self.random.randint(2, 3)
        for number in range(branches):
            label = "" if not choosing else "[]" if number == branches - 1 else f"[{self.condition()}]"
            if choosing and self.random.random() < 0.15:
                lines.append(f"{first} {label} > {last}")
                choosing_twice = [
                    line for line in lines if line.startswith(f"{first} [") and line.endswith(f"> {last}")
                ]
                if len(choosing_twice) == 1:
                    continue
                lines.pop()
            begin, final = self.block(depth, lines, nodes)
            lines += [f"{first} {label} > {begin}", f"{final} > {last}"]
        return first, last

    def choice(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        return self.split(depth, lines, nodes, exclusive(), True)

    def fork(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        return self.split(depth, lines, nodes, parallel(), False)

    def some(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        """An inclusive choice; in a subprocess, since its join may be in no loop."""
        name = self.new("s")
        inner_lines: list[str] = []
        inner: dict[str, Drawn] = {}
        first, last = self.split(depth, inner_lines, inner, inclusive(), True)
        nodes[name] = sub("; ".join([f"{name}_start > {first}", *inner_lines, f"{last} > {name}_end"]), **inner)
        return name, name

    def loop(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        first, last = self.new("g"), self.new("g")
        nodes[first] = nodes[last] = exclusive()
        begin, final = self.block(depth, lines, nodes)
        merge = self.new("t")
        nodes[merge] = user()
        lines += [f"{first} > {begin}", f"{final} > {merge} > {last}", f"{last} [{self.condition()}] > {first}"]
        after = self.new("t")
        nodes[after] = user()
        lines.append(f"{last} [] > {after}")
        return first, after

    def sub(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        name = self.new("s")
        text, inner = self.scope(depth, name)
        nodes[name] = sub(text, **inner)
        return name, name

    def each(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        name, item = self.new("e"), self.new("i")
        self.lists.append(self.new("l"))
        repeat = each(self.lists[-1], item)
        if self.random.random() < 0.5:
            nodes[name] = user(repeat)
        else:
            text, inner = self.scope(0, name)
            nodes[name] = sub(text, repeat, **inner)
        return name, name

    def race(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        first, last = self.new("g"), self.new("g")
        nodes[first], nodes[last] = first_of(), exclusive()
        for _ in range(2):
            event = self.new("k")
            nodes[event] = catch(message(self.new("m")))
            begin, final = self.block(depth, lines, nodes)
            lines += [f"{first} > {event} > {begin}", f"{final} > {last}"]
        return first, last

    def boundary(self, depth: int, lines: list[str], nodes: dict[str, Drawn]) -> tuple[str, str]:
        host, last = (self.task if self.random.random() < 0.5 else self.sub)(depth, lines, nodes)[0], self.new("g")
        nodes[last] = exclusive()
        lines.append(f"{host} > {last}")
        for _ in range(self.random.randint(1, 2)):
            name, interrupting = self.new("b"), self.random.random() < 0.5
            nodes[name] = boundary(host, message(self.new("m")), interrupting)
            begin, final = self.block(max(0, depth), lines, nodes)
            lines += [f"{name} > {begin}", f"{final} > {last if interrupting else self.new('x') + '_end'}"]
        return host, last


@pytest.mark.parametrize("part", range(5))
def test_the_engine_and_the_rules_of_bpmn_agree(part: int) -> None:
    steps = 0
    for seed in range(part * SEEDS // 5, (part + 1) * SEEDS // 5):
        steps += _agree(seed)
    assert steps > SEEDS // 2


def _agree(seed: int) -> int:
    """Play one case on both sides; the number of steps."""
    random = Random(seed)
    sketch = Sketch(random)
    text, nodes = sketch.scope(random.randint(2, 4), "p")
    source = process(text, **nodes)
    reading = read({"p.bpmn": source})
    if reading.faults:  # a fork with two plain ways, a join that a repeated event floods
        return 0
    data = _values(random, sketch)
    oracle = Oracle(reading.processes["p"], dict(data))
    candidates = [Journey(parse({"p.bpmn": source}, "p"), data)]
    log = ["start"]
    while True:
        candidates = [journey for journey in candidates if _view(journey) == _seen(oracle)][:CANDIDATES]
        assert candidates, f"seed {seed}, after {log}: expected {_seen(oracle)}"
        choices = sorted({*(("complete", n) for n in oracle.ready()), *(("say", m) for m in oracle.heard())})
        if not choices or len(log) > STEPS:
            return len(log)
        kind, what = random.choice(choices)
        if kind == "say" and random.random() < 0.4 and oracle.ready():
            kind, what = "complete", random.choice(oracle.ready())
        log.append(what)
        changed = _values(random, sketch)
        oracle.data.update(changed)
        if kind == "complete":
            oracle.complete(what)
            candidates = [_completed(j, changed, what, nth) for j in candidates for nth in range(j.ready.count(what))]
        else:
            oracle.say(what)
            candidates = [_told(j, changed, what) for j in candidates]


def _completed(journey: Journey, changed: dict[str, object], node: str, nth: int) -> Journey:
    """Several tasks of one name differ only in where they are: any of them may be the one that the oracle completed."""
    after = copy(journey)
    after.data = journey.data | changed
    return after.complete(node, nth)


def _told(journey: Journey, changed: dict[str, object], name: str) -> Journey:
    journey.data |= changed
    return journey.say(name)


def _values(random: Random, sketch: Sketch) -> dict[str, object]:
    return {
        **{name: random.random() < 0.5 for name in sketch.conditions},
        **{name: list(range(random.randint(0, 3))) for name in sketch.lists},
    }


def _view(journey: Journey) -> tuple[object, ...]:
    step = journey.step
    return journey.ready, sorted(step.listening), step.finished, sorted(journey.last_passed)


def _seen(oracle: Oracle) -> tuple[object, ...]:
    return oracle.ready(), sorted(oracle.heard()), oracle.finished, sorted(oracle.passed)
