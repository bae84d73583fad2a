"""A token that cannot go on is held where it is; what people did stays done, and an operator lets it try again."""

from typing import Any

import pytest

from engine.runtime import (
    EndlessRun,
    ExpressionFailed,
    NoWayOut,
    Retry,
    StaleTrigger,
    TooManyTokens,
    UnhandledError,
    instance,
)
from tests.drawing import (
    Drawn,
    after,
    at,
    boundary,
    catch,
    decision,
    each,
    end,
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
    rule,
    script,
    service,
    signal,
    sub,
    throw,
    user,
)
from tests.unit.runtime.journey import Journey


def failure(journey: Journey) -> Exception | None:
    (held,) = journey.step.held
    return held.error


def patient(text: str, data: dict[str, Any] | None = None, **nodes: Drawn) -> Journey:
    return Journey(process(text, **nodes), data, patient=True)


def test_what_a_person_did_is_kept_when_the_script_after_it_fails() -> None:
    journey = patient("start > a > s > b > end", s=script("n = 1\ntotal = n + amount"))
    journey.complete("a", amount="many")
    assert journey.held == ["s"]
    assert isinstance(failure(journey), ExpressionFailed)
    assert journey.data == {"amount": "many"}, "of a script that fails nothing is written"
    assert "a" in journey.passed
    assert "s" not in journey.passed
    journey.retry("s", amount=2)
    assert (journey.ready, journey.held, journey.data["total"]) == (["b"], [], 3)


def test_a_held_token_that_fails_again_is_held_again() -> None:
    journey = patient("start > s > end", s=script("total = amount + 1"))
    assert isinstance(failure(journey.retry("s", amount="x")), ExpressionFailed)
    assert journey.retry("s", amount=1).step.finished


def test_why_a_token_is_held_is_said_once() -> None:
    journey = patient("start > f > s > j > end; f > a > b > j", s=script("x = y"), f=parallel(), j=parallel())
    assert failure(journey) is not None
    assert failure(journey.complete("a")) is None


def test_the_other_branches_go_on() -> None:
    journey = patient(
        "start > f > s > j > end; f > w > j; f > a > b > j",
        s=script("x = y"),
        w=catch(message("m")),
        f=parallel(),
        j=parallel(),
    )
    journey.say("m").complete("a").complete("b")
    assert (journey.held, journey.ready, journey.step.finished) == (["s"], [], False)
    assert journey.retry("s", y=1).step.finished


def test_a_scope_does_not_end_while_a_token_in_it_is_held() -> None:
    journey = patient(
        "start > S > c > end", S=sub("i_start > f > s > i_end; f > a > i_end2", f=parallel(), s=script("x = y"))
    )
    assert journey.complete("a").ready == []
    assert journey.retry("s", y=1).ready == ["c"]


@pytest.mark.parametrize("gateway", [exclusive(), inclusive()])
def test_a_gateway_without_a_way_out_holds_its_token(gateway: Drawn) -> None:
    journey = patient("start > a > g; g [x == 1] > b > end; g [x == 2] > c > end2", g=gateway)
    journey.complete("a", x=3)
    assert isinstance(failure(journey), NoWayOut)
    assert journey.retry("g", x=2).ready == ["c"]


def test_a_condition_that_fails_holds_its_token() -> None:
    journey = patient("start > g; g [x > 1] > b > end; g [] > c > end2", {"x": "text"}, g=exclusive())
    assert isinstance(failure(journey), ExpressionFailed)
    assert journey.retry("g", x=2).ready == ["b"]


def test_a_decision_that_fails_holds_its_token() -> None:
    table = decision("d", ["x"], ["y"], [(["1"], ["'one'"]), (["< 5"], ["'few'"])])
    journey = Journey(process("start > r > a > end", r=rule("d")), {"x": 1}, patient=True, d_dmn=table)
    assert isinstance(failure(journey), ExpressionFailed)
    assert journey.retry("r", x=2).data["y"] == "few"


@pytest.mark.parametrize("timer", [at("day"), after("day"), every("day")])
def test_a_time_that_is_none_holds_the_token_as_it_arrives(timer: str) -> None:
    interrupting = "timeCycle" not in timer
    journey = patient("start > a > end; t > b > end2", {"day": "soon"}, t=boundary("a", timer, interrupting))
    assert (journey.held, journey.ready, journey.step.timers) == (["t"], ["a"], ())
    good = "2026-03-04" if "timeDate" in timer else "R1/P1D" if "timeCycle" in timer else "P1D"
    journey.retry("t", day=good)
    assert [timer.node for timer in journey.step.timers] == ["t"]
    assert "b" in journey.tick(days=3).ready


def test_a_time_after_an_event_gateway_that_is_none_holds_the_gateway() -> None:
    journey = patient(
        "start > g > m > a > end; g > t > b > end2",
        {"day": 3},
        g=first_of(),
        m=catch(message("m")),
        t=catch(after("day")),
    )
    assert (journey.held, journey.step.listening) == (["g"], frozenset())
    with pytest.raises(StaleTrigger):
        journey.say("m")
    assert journey.retry("g", day="P1D").tick(days=2).ready == ["b"]


def test_parameters_that_fail_hold_the_service_task() -> None:
    journey = patient("start > s > end", s=service("v.x", of="who.name + 1"), data={"who": {"name": "甲"}})
    assert (journey.held, journey.verbs) == (["s"], [])
    assert journey.retry("s", who={"name": 1}).step.operations[0].params == {"of": 2}


def test_a_payload_that_fails_holds_the_throwing_event() -> None:
    journey = patient("start > t > end", t=throw(message("m", payload="x + 1")))
    assert (journey.held, journey.step.messages) == (["t"], ())
    assert journey.retry("t", x=1).step.messages == (("m", 2),)


def test_an_error_that_nobody_catches_holds_the_end_that_throws_it() -> None:
    journey = patient("start > S > end", S=sub("i_start > i_bad", i_bad=end(error("E"))))
    assert isinstance(failure(journey), UnhandledError)
    assert "i_bad" not in journey.passed


@pytest.mark.parametrize("collection", ["xs", None])
@pytest.mark.parametrize("sequential", [True, False])
def test_a_repetition_over_what_is_no_list_is_held(sequential: bool, collection: str | None) -> None:
    repeat = each("xs", "x", sequential=sequential, times=None if collection else "xs")
    journey = patient("start > u > end", {"xs": "many"}, u=user(repeat))
    assert (journey.held, journey.ready) == (["u"], [])
    assert set(journey.retry("u", xs=[1, 2] if collection else 2).ready) == {"u"}


@pytest.mark.parametrize("sequential", [True, False])
def test_a_completion_condition_that_fails_holds_the_repetition(sequential: bool) -> None:
    journey = patient(
        "start > u > a > end", {"xs": [1, 2, 3]}, u=user(each("xs", "x", until="enough > 1", sequential=sequential))
    )
    journey.complete("u", enough="text")
    assert journey.held == ["u"]
    assert journey.ready.count("u") == (0 if sequential else 2)
    assert journey.retry("u", enough=0).ready.count("u") == (1 if sequential else 2)
    assert journey.complete("u", enough=2).ready == ["a"]


def test_a_held_repetition_goes_on_when_the_next_instance_makes_its_condition_good() -> None:
    journey = patient("start > u > a > end", {"xs": [1, 2, 3]}, u=user(each("xs", "x", until="enough > 1")))
    journey.complete("u", enough="text").complete("u", enough=0)
    assert (journey.held, journey.ready) == ([], ["u"])


def test_a_loop_condition_that_fails_holds_the_loop() -> None:
    journey = patient("start > u > a > end", u=user(loop("again > 0")))
    journey.complete("u", again="text")
    assert (journey.held, journey.ready) == (["u"], [])
    assert journey.retry("u", again=1).ready == ["u"]
    assert journey.complete("u", again=0).ready == ["a"]


def test_a_withdrawal_takes_held_tokens_along() -> None:
    journey = patient("start > s > end", s=script("x = y"), h=handler("h_start > h_end", message("withdraw")))
    assert journey.say("withdraw").step.finished
    assert journey.held == []


def test_an_interrupting_event_at_the_border_takes_the_held_token_along() -> None:
    journey = patient("start > S > end; t > b > end2", S=service("v.x", of="x"), t=boundary("S", after("'P1D'")))
    assert (journey.held, len(journey.step.timers)) == (["S"], 1)
    assert (journey.tick(days=2).ready, journey.held) == (["b"], [])


def test_a_process_that_never_rests_is_held_and_stays_small() -> None:
    journey = patient(
        "start > m > s > g; g [go] > m; g [] > a > end", {"go": True}, m=exclusive(), g=exclusive(), s=script("n = 1")
    )
    assert isinstance(failure(journey), EndlessRun)
    assert len(journey.state or b"") < 300
    (node,) = journey.held
    assert journey.retry(node, go=False).ready == ["a"]


def test_wherever_a_long_run_is_cut_off_the_case_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = process(
        "start > f; f > S > s > end; f > g > c > z > end2; g > d > y > end3; f > a > end4; b > x > end5",
        S=sub("i_start > n > i_end", each("xs", "i"), n=script("n = n + 1")),
        s=throw(signal("now")),
        f=parallel(),
        g=first_of(),
        c=catch(signal("now")),
        d=catch(message("m")),
        b=boundary("a", signal("now")),
    )
    for most in range(1, 50):
        with monkeypatch.context() as short:
            short.setattr(instance, "MOST_STEPS", most)
            journey = Journey(drawn, {"xs": [1, 2, 3], "n": 0}, patient=True)
        while journey.held:
            journey.do(Retry(journey.step.held[0].id))
        assert (journey.ready, journey.data["n"]) == (["x", "z"], 3), most


def test_a_process_that_multiplies_is_held() -> None:
    text = "; ".join(f"f{i} > a{i} > c{i}; f{i} > b{i} > c{i}; c{i} > f{i + 1}" for i in range(20))
    nodes = {f"{n}{i}": script("n = 1") for n in "abc" for i in range(20)} | {f"f{i}": parallel() for i in range(20)}
    journey = patient(f"start > f0; {text}; f20 > end", **nodes)
    assert journey.step.held
    assert all(isinstance(held.error, TooManyTokens | EndlessRun) for held in journey.step.held)


def test_only_a_held_token_is_tried_again() -> None:
    journey = patient("start > a > end")
    with pytest.raises(StaleTrigger):
        journey.retry("a")
