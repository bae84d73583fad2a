"""A drawing that never rests or that multiplies is stopped; large but lawful ones are not."""

import pytest

from engine.runtime import EndlessRun, TooManyTokens, advance
from engine.runtime.values import Context, Message
from tests.drawing import each, exclusive, parallel, process, script, sub, user
from tests.unit.runtime.journey import T0, Journey


def test_a_process_that_never_rests_is_stopped() -> None:
    drawn = process("start > m > s > g; g [true] > m; g [] > end", m=exclusive(), g=exclusive(), s=script("n = 1"))
    with pytest.raises(EndlessRun) as caught:
        Journey(drawn)
    assert caught.value.data["node"] in ("m", "s", "g")


def test_a_process_that_multiplies_its_tokens_is_stopped() -> None:
    """Twenty forks whose branches merge without a join: a million tokens."""
    text = "; ".join(f"f{i} > a{i} > c{i}; f{i} > b{i} > c{i}; c{i} > f{i + 1}" for i in range(20))
    nodes = {f"{n}{i}": script("n = 1") for n in "abc" for i in range(20)} | {f"f{i}": parallel() for i in range(20)}
    with pytest.raises((TooManyTokens, EndlessRun)):
        Journey(process(f"start > f0; {text}; f20 > end", **nodes))


def test_loops_within_loops_are_stopped() -> None:
    body = sub("i_start > x > i_end", each("xs", "a"), x=sub("j_start > y > j_end", each("xs", "b"), y=script("n = 1")))
    with pytest.raises((TooManyTokens, EndlessRun)):
        Journey(process("start > S > end", S=body), {"xs": list(range(1000))})


def test_a_chain_of_many_steps_is_no_problem() -> None:
    count = 600
    names = " > ".join(f"s{i}" for i in range(count))
    drawn = process(f"start > {names} > end", **{f"s{i}": script("n = n + 1") for i in range(count)})
    assert Journey(drawn, {"n": 0}).data["n"] == count


def test_many_diamonds_in_a_row_do_not_make_the_state_large() -> None:
    text = "; ".join(f"f{i} > a{i} > j{i} > f{i + 1}; f{i} > b{i} > j{i}" for i in range(20))
    nodes = {f"{n}{i}": parallel() for n in "fj" for i in range(20)}
    journey = Journey(process(f"start > f0; {text}; f20 > end", **nodes))
    for i in range(20):
        assert len(journey.state) < 300
        journey.complete(f"a{i}").complete(f"b{i}")
    assert journey.complete("f20").step.finished


def test_a_wide_fork_joins() -> None:
    text = "; ".join(f"f > a{i} > j" for i in range(60))
    journey = Journey(process(f"start > f; {text}; j > end", f=parallel(), j=parallel()))
    for i in range(60):
        journey.complete(f"a{i}")
    assert journey.step.finished


def test_many_instances_are_completed_one_by_one() -> None:
    journey = Journey(process("start > u > end", u=user(each("xs", "x", "os", "o"))), {"xs": list(range(100))})
    for i in range(100):
        journey.complete("u", o=i)
    assert journey.step.finished
    assert journey.data["os"] == list(range(100))


def test_deeply_nested_subprocesses_come_to_rest() -> None:
    inner = user()
    for depth in range(10):
        inner = sub(f"s{depth}_start > x{depth} > s{depth}_end", **{f"x{depth}": inner})
    journey = Journey(process("start > S > end", S=inner))
    assert journey.ready == ["x0"]
    assert journey.complete("x0").step.finished


def test_garbage_as_a_trigger_is_refused_politely() -> None:
    journey = Journey(process("start > a > end"))
    with pytest.raises(Exception, match="no longer waits"):
        advance(journey.blueprint, journey.state, Message("", {}), Context(), T0)
