"""Moments in the life of cases, one for each thing that a stored state can hold, and how each case goes on from there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.runtime import DeadlineView
from tests.drawing import (
    after,
    at,
    bare_process,
    boundary,
    call,
    catch,
    definitions,
    each,
    error,
    every,
    exclusive,
    first_of,
    handler,
    inclusive,
    loop,
    message,
    parallel,
    process,
    script,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import T0, Journey, due

Walk = Callable[[Journey], Journey]


@dataclass(frozen=True)
class Moment:
    """A drawing, how a case came to the moment, and how it goes on to its end."""

    source: bytes
    come: Walk
    go: Walk
    data: Mapping[str, Any] = field(default_factory=dict)
    deadlines: Mapping[str, DeadlineView] = field(default_factory=dict)

    def journey(self) -> Journey:
        return Journey(self.source, dict(self.data), self.deadlines, patient=True)


_LOOPING = process("start > m > a > g; g [again] > m; g [] > end", m=exclusive(), g=exclusive())
_WATCHED = process(
    "start > a > b > end; t > x > end2; n > y > end3",
    a=user(),
    t=boundary("a", after("'P3D'")),
    n=boundary("a", message("note"), False),
)
_HANDLED = process(
    "start > a > end",
    withdraw=handler("w_start > w > w_end", message("withdraw", "why")),
    more=handler("m_start > m > m_end", message("more", "what"), False),
    clock=handler("c_start > c > c_end", at("deadline('reply')"), False),
    remind=handler("r_start > r > r_end", every("'R3/P1D'"), False),
)
_NESTED = definitions(
    bare_process(
        "start > S > k > end; be > repair > end2",
        "p",
        S=sub("i_start > f > a > j > i_end; f > b > j", each("xs", "x", "ys", "y"), f=parallel(), j=parallel()),
        k=call("q"),
        be=boundary("k", error("BAD")),
    ),
    bare_process("q_start > op > q_end", "q", op=service("v.x", n="1")),
)

MOMENTS: Mapping[str, Moment] = {
    "a task in its hundredth round of a loop": Moment(
        _LOOPING, lambda j: _times(j, 100, "a", again=True), lambda j: j.complete("a", again=False)
    ),
    "a task with events at its border, one of which has happened": Moment(
        _WATCHED,
        lambda j: j.say("note").tick(days=1),
        lambda j: j.say("note").complete("y").complete("y").complete("a").complete("b"),
    ),
    "a task whose border event has interrupted it": Moment(
        _WATCHED, lambda j: j.tick(days=4), lambda j: j.complete("x")
    ),
    "listening handlers, with one of each kind at work": Moment(
        _HANDLED,
        lambda j: j.say("more", text="x").tick(days=1),
        lambda j: j.tick(days=20).complete("m").complete("r").complete("r").complete("c").complete("a"),
        deadlines={"reply": due(T0.replace(day=12))},
    ),
    "a case that was withdrawn": Moment(_HANDLED, lambda j: j.say("withdraw", text="x"), lambda j: j.complete("w")),
    "instances of a subprocess side by side": Moment(
        _NESTED,
        lambda j: j.complete("a", 1).complete("b", 0, y=1),
        lambda j: j.complete("a").complete("b", y=2).answer({"done": True}),
        {"xs": ["甲", "乙"]},
    ),
    "an operation that is parked in a called process": Moment(
        _NESTED, lambda j: j, lambda j: j.fail("BAD").complete("repair"), {"xs": []}
    ),
    "one of several instances in a row": Moment(
        process("start > u > end", u=user(each("xs", "x", "os", "o", sequential=True, until="o == 'stop'"))),
        lambda j: j.complete("u", o="go"),
        lambda j: j.complete("u", o="stop"),
        {"xs": [1, 2, 3]},
    ),
    "a standard loop": Moment(
        process("start > u > end", u=user(loop("again"))),
        lambda j: _times(j, 3, "u", again=True),
        lambda j: j.complete("u", again=False),
    ),
    "an event gateway": Moment(
        process(
            "start > g > k > a > end; g > t > b > end2", g=first_of(), k=catch(message("m")), t=catch(after("'P1D'"))
        ),
        lambda j: j,
        lambda j: j.tick(days=2).complete("b"),
    ),
    "a token that waits at a join": Moment(
        process("start > f > a > j > end; f > b > j", f=parallel(), j=parallel()),
        lambda j: j.complete("a"),
        lambda j: j.complete("b"),
    ),
    "an inclusive gateway with two of its three branches": Moment(
        process("start > f; f [x] > a > j > c > end; f [y] > b > j; f [] > d > j", f=inclusive(), j=inclusive()),
        lambda j: j.complete("a"),
        lambda j: j.complete("b").complete("c"),
        {"x": True, "y": True},
    ),
    "a script that is held": Moment(
        process("start > s > a > end", s=script("n = int(text)")),
        lambda j: j,
        lambda j: j.retry("s", text="3").complete("a"),
        {"text": "three"},
    ),
    "messages awaited under keys": Moment(
        process(
            "start > S > end",
            S=sub("i_start > k > i_end", each("xs", "x"), k=catch(message("m"), messageKey="x")),
        ),
        lambda j: j.say("m", "A"),
        lambda j: j.say("m", "B"),
        {"xs": ["A", "B"]},
    ),
    "a token that an operator has moved": Moment(
        process("start > a > b > c > end"),
        lambda j: j.move("a", "c"),
        lambda j: j.complete("c"),
    ),
    "a deadline that has not started": Moment(
        process("start > t > s > end", t=catch(at("deadline('reply')")), s=script("late = true")),
        lambda j: j,
        lambda j: _due(j).tick(days=20),
        deadlines={"reply": due(None, False)},
    ),
}


def _times(journey: Journey, number: int, node: str, **submission: Any) -> Journey:
    for _ in range(number):
        journey.complete(node, **submission)
    return journey


def _due(journey: Journey) -> Journey:
    journey.deadlines["reply"] = due(T0.replace(day=12))
    return journey


def view(journey: Journey) -> dict[str, Any]:
    """Where a case stands, without what is new in every run."""
    step = journey.step
    return {
        "ready": sorted([r.node, dict(r.locals)] for r in step.ready),
        "operations": sorted([o.node, o.verb, dict(o.params)] for o in step.operations),
        "timers": sorted([t.node, t.deadline, t.due_at.isoformat() if t.due_at else None] for t in step.timers),
        "listening": sorted(step.listening),
        "held": sorted(held.node for held in step.held),
        "finished": step.finished,
    }
