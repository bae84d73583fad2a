"""What a random drawing is made of: names, conditions, values, times, events and single tasks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.drawing import (
    Drawn,
    after,
    at,
    decision,
    each,
    error,
    escalation,
    every,
    loop,
    message,
    rule,
    service,
    signal,
)

T0 = datetime(2026, 3, 2, 1, tzinfo=UTC)
RACING = 0.3  # how often somebody in the case says what another one waits for


class Stock:
    """Names that were given in one drawing, and what there is to fill it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.number = 0
        self.conditions: list[str] = []
        self.lists: list[str] = []
        self.lists_of_lists: list[str] = []  # and the items of such lists
        self.numbers: list[str] = []
        self.deadlines: list[str] = []
        self.written: list[str] = []  # by scripts, decisions, operations
        self.heard: dict[str, list[str]] = {"message": [], "signal": [], "escalation": []}
        self.codes: list[str] = []  # errors
        self.decisions: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {}
        self.files: dict[str, bytes] = {}

    def new(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def added(self, names: list[str], kind: str) -> str:
        names.append(self.new(kind))
        return names[-1]

    def some(self, names: list[str], kind: str, new: float = 0.7) -> str:
        """A new name or one that was given before."""
        return self.random.choice(names) if names and not self.chance(new) else self.added(names, kind)

    # ------------------------------------------------------------------------------------ words

    def condition(self) -> str:
        if self.written and self.chance(0.1):
            return f"{self.random.choice(self.written)} != 1"
        if self.chance(0.1):
            return f"{self.some(self.numbers, 'n')} < 2"
        return self.added(self.conditions, "c")

    def date(self) -> str:
        if self.chance(0.6):
            return f"deadline('{self.some(self.deadlines, 'd', 0.6)}')"
        return f"'{(T0 + timedelta(days=self.random.randint(-1, 6))).date().isoformat()}'"

    def timer(self, repeated: bool) -> str:
        if repeated and self.chance(0.5):
            times = self.random.choice(["", "1", "1", "2", "3"])
            return every(f"'R{times}/{self.random.choice(['P1D', 'PT12H', 'P2D'])}'")
        if self.chance(0.5):
            return after(f"'{self.random.choice(['P1D', 'P2D', 'PT6H', 'P3DT12H'])}'")
        return at(self.date())

    def values(self) -> dict[str, Any]:
        return {
            **{name: self.chance(0.5) for name in self.conditions},
            **{name: [self.random.randint(1, 9) for _ in range(self.random.randint(0, 3))] for name in self.lists},
            **{name: self.random.randint(0, 3) for name in self.numbers},
            **{
                name: [[k, [k]] for k in range(self.random.randint(0, 3))]
                for name in self.lists_of_lists
                if name[0] == "l"
            },
        }

    # ------------------------------------------------------------------------------------ events

    def variable(self) -> str | None:
        return self.new("v") if self.chance(0.3) else None

    def waited(self, kinds: list[str], repeated: bool = False) -> str:
        """An event that is waited for."""
        kind = self.random.choice(kinds)
        if kind == "timer":
            return self.timer(repeated)
        if kind == "error":
            return error(self.added(self.codes, "E") if self.chance(0.8) else None, self.variable())
        if kind == "escalation":
            return escalation(self.some(self.heard[kind], "L") if self.chance(0.8) else None, self.variable())
        name = self.some(self.heard[kind], "m" if kind == "message" else "g", 0.9 if kind == "message" else 0.3)
        return message(name, self.variable()) if kind == "message" else signal(name)

    def told(self, kinds: list[str]) -> str:
        """An event that is thrown."""
        kind = self.random.choice(kinds)
        if kind == "escalation":
            return escalation(self.some(self.heard[kind], "L", 0.2), payload=self.payload())
        if kind == "signal":
            return signal(self.some(self.heard[kind], "g", 0.1))
        return self.sent()

    def sent(self) -> str:
        name = self.random.choice(self.heard["message"]) if self.heard["message"] and self.chance(RACING) else None
        return message(name or self.new("o"), payload=self.payload())

    def payload(self) -> str | None:
        return f"{self.some(self.numbers, 'n')} + 1" if self.chance(0.5) else None

    # ------------------------------------------------------------------------------------ tasks

    def single(self, repeat: str = "", item: str | None = None, result: str | None = None) -> Drawn:
        """A task that stands alone."""
        kind = self.random.choice(["user", "manual", "task", "script", "rule", "service", "send"])
        if kind == "script":
            return self.script(repeat, item, result)
        if kind == "rule":
            return Drawn("businessRuleTask", self.rule().body + repeat)
        if kind == "service":
            asked = {"n": self.some(self.numbers, "n"), **({"i": item} if item else {})}
            found = result or (self.added(self.written, "r") if self.chance(0.5) else None)
            return service("v.x", found, repeat, **asked)
        if kind == "send":
            return Drawn("sendTask", self.sent() + repeat)
        return Drawn({"user": "userTask", "manual": "manualTask", "task": "task"}[kind], repeat)

    def script(self, repeat: str = "", item: str | None = None, result: str | None = None) -> Drawn:
        name, count = self.added(self.written, "s"), self.some(self.numbers, "n")
        size = f"len({item})" if item in self.lists_of_lists else item or "1"
        lines = [f"{name} = {count} + {size}", *([f"{result} = {size} * 2"] if result else [])]
        code = "\n".join(lines)
        return Drawn("scriptTask", f"<script>{code}</script>{repeat}")

    def rule(self) -> Drawn:
        name, asked, found = self.new("table"), self.some(self.numbers, "n"), self.added(self.written, "k")
        rules = [(["< 2"], ['"few"']), ([">= 1"] if self.chance(0.3) else [">= 2"], [f"{asked} + 10"])]
        collected = rules[1][0] == [">= 1"]
        self.files[f"{name}.dmn"] = decision(name, [asked], [found], rules, "COLLECT" if collected else "UNIQUE")
        self.decisions[name] = lambda names: {found: _decided(names[asked], collected)}
        return rule(name)

    def repetition(self) -> tuple[str, str | None, str | None]:
        """Several instances: how, with the variables of item and result."""
        item = self.new("i") if self.chance(0.8) else None
        result, into = (self.new("x"), self.new("xs")) if self.chance(0.5) else (None, None)
        until = f"len({into}) >= 2" if into and self.chance(0.4) else None
        if self.chance(0.2):
            until = self.condition()
        counted = self.some(self.numbers, "n") if self.chance(0.3) else None
        walked = self.added(self.lists, "l")
        if item and not counted and self.chance(0.3):
            self.lists.remove(walked)
            self.lists_of_lists += [walked, item]
        return each(walked, item, into, result, self.chance(0.5), until, counted), item, result

    def round(self, resting: bool) -> str:
        """A loop; where nothing in it ever rests, it is counted."""
        most = self.random.randint(1, 3) if not resting or self.chance(0.4) else None
        condition = self.condition() if most is None or self.chance(0.5) else None
        return loop(condition, self.chance(0.5), most)


def _decided(value: int, collected: bool) -> Any:
    if collected:
        return [*(["few"] if value < 2 else []), *([value + 10] if value >= 1 else [])]
    return "few" if value < 2 else value + 10
