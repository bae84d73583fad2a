"""The stored state: small, versioned, made for one drawing, and good for any number of readings."""

import msgspec
import pytest

from engine.runtime import Complete, Context, Message, Start, UnreadableState, advance, parse
from engine.runtime.state import VERSION
from tests.drawing import (
    at,
    boundary,
    exclusive,
    handler,
    message,
    parallel,
    process,
    script,
    service,
    sub,
)
from tests.unit.runtime.journey import T0, Journey

LARGE = process(
    "start > register > prepare > g1; g1 [urgent] > legal > k > fork; g1 [] > k; fork > gather > join;"
    "fork > privacy > join; join > m > draft > approve > count > g2; g2 [approved] > issue > archive > end; g2 [] > m",
    prepare=script("urgent = kind == 'urgent'\nrounds = 0"),
    g1=exclusive(),
    k=exclusive(),
    fork=parallel(),
    join=parallel(),
    m=exclusive(),
    count=script("rounds = rounds + 1"),
    g2=exclusive(),
    issue=service("notice.issue", "notice", kind="'reply'"),
    withdraw=handler("w_start > w_task > w_end", message("withdraw")),
    more=handler("m_start > m_task > m_end", message("more", "extra"), False),
    clock=handler("c_start > c_task > c_end", at("deadline('reply')"), False),
)


def test_the_state_of_a_task_is_a_few_hundred_bytes() -> None:
    journey = Journey(LARGE, {"kind": "urgent", "body": "x" * 5000})
    sizes = [len(journey.state)]
    for node in ("register", "legal", "gather", "privacy", "draft", "approve", "draft"):
        sizes.append(len(journey.complete(node, approved=False).state))
    assert max(sizes) < 400


def test_advancing_is_pure_but_for_fresh_ids() -> None:
    blueprint, context = parse({"p.bpmn": LARGE}, "p"), Context({"kind": "urgent", "list": [1]})
    begun = advance(blueprint, None, Start(), context, T0)
    task = begun.ready[0].id
    one, other = (advance(blueprint, begun.state, Complete(task, {"list": [2]}), context, T0) for _ in range(2))
    assert context.data == {"kind": "urgent", "list": [1]}
    assert (one.writes, one.passed, one.listening, one.messages) == (
        other.writes,
        other.passed,
        other.listening,
        other.messages,
    )
    assert [r.node for r in one.ready] == [r.node for r in other.ready]
    assert len(one.state) == len(other.state)


def test_one_blueprint_serves_many_cases_without_mixing_them() -> None:
    blueprint = parse({"p.bpmn": LARGE}, "p")
    cases = [Journey(blueprint, {"kind": "x"}) for _ in range(5)]
    cases[0].say("withdraw")
    for case in cases[1:]:
        assert case.ready == ["register"]
        assert case.step.listening == {"withdraw", "more"}
    late = Journey(blueprint, {"kind": "x"})
    assert late.ready == ["register"]


def test_the_ids_of_open_work_stay_the_same_while_it_is_open() -> None:
    journey = Journey(LARGE, {"kind": "urgent"}).complete("register").complete("legal")
    privacy = journey.task("privacy")
    journey.complete("gather").say("more").tick(days=1)
    assert journey.task("privacy") == privacy


def test_a_state_of_another_drawing_is_refused() -> None:
    state = Journey(process("start > a > b > end")).state
    other = parse({"p.bpmn": process("start > a > c > end")}, "p")
    with pytest.raises(UnreadableState, match="another version"):
        advance(other, state, Message("m"), Context(), T0)


def test_renaming_what_is_drawn_keeps_states_readable() -> None:
    source = process("start > a > b > end")
    journey = Journey(source)
    renamed = parse({"p.bpmn": source.replace(b'name="a"', 'name="审核"'.encode())}, "p")
    step = advance(renamed, journey.state, Complete(journey.task("a")), Context(), T0)
    assert [r.node for r in step.ready] == ["b"]


@pytest.mark.parametrize(
    "state",
    [b"", b"\x00", b"nonsense", msgspec.msgpack.encode([VERSION + 1, 0, False, []]), msgspec.msgpack.encode({"a": 1})],
)
def test_a_damaged_state_is_refused(state: bytes) -> None:
    blueprint = parse({"p.bpmn": process("start > a > end")}, "p")
    with pytest.raises(UnreadableState):
        advance(blueprint, state, Message("m"), Context(), T0)


def test_a_cut_state_is_refused() -> None:
    journey = Journey(LARGE, {"kind": "urgent"})
    for length in range(1, len(journey.state) - 1, 7):
        with pytest.raises(UnreadableState):
            advance(journey.blueprint, journey.state[:length], Message("withdraw"), Context(), T0)


def test_a_state_begins_with_the_version_of_its_format() -> None:
    assert msgspec.msgpack.decode(Journey(process("start > a > end")).state)[0] == VERSION


def test_finished_cases_stay_finished() -> None:
    journey = Journey(process("start > a > end", h=handler("h_start > x > h_end", message("m"), False))).complete("a")
    assert journey.step.finished
    assert journey.tick(days=1).step.finished
    assert journey.step.listening == frozenset()


def test_finished_subprocesses_leave_the_state() -> None:
    drawn = process(
        "start > m > S > g; g [again] > m; g [] > end; b > other > end2",
        m=exclusive(),
        S=sub("i_start > a > i_end", h=handler("h_start > x > h_end", message("m"), False)),
        g=exclusive(),
        b=boundary("S", message("stop"), False),
    )
    journey = Journey(drawn)
    size = len(journey.state)
    for _ in range(30):
        journey.say("m").complete("x").complete("a", again=True)
    assert len(journey.state) <= size + 60
