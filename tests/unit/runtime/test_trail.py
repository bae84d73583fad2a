"""What a step passed through: drawn nodes that were done and flows that were taken, in order, and nothing else."""

from engine.runtime import Passed, Tick
from tests.drawing import (
    after,
    at,
    boundary,
    call,
    catch,
    each,
    end,
    error,
    exclusive,
    first_of,
    handler,
    loop,
    message,
    parallel,
    process,
    script,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import Journey, due


def test_nodes_and_flows_in_order_with_their_kinds() -> None:
    drawn = process("start > s > a > g; g [x == 1] > b > end; g [] > end2", s=script("x = 1"), g=exclusive())
    journey = Journey(drawn)
    assert journey.step.passed == (
        Passed("start", "startEvent"),
        Passed("start__s", "sequenceFlow"),
        Passed("s", "scriptTask"),
        Passed("s__a", "sequenceFlow"),
    )
    journey.complete("a")
    assert journey.last_passed == ["a", "a__g", "g", "g__b"]
    journey.complete("b")
    assert journey.last_passed == ["b", "b__end", "end"]


def test_every_branch_of_a_fork_and_the_join_once() -> None:
    drawn = process("start > f > a > j > c > end; f > b > j", f=parallel(), j=parallel())
    journey = Journey(drawn)
    assert journey.last_passed == ["start", "start__f", "f", "f__a", "f__b"]
    assert journey.complete("a").last_passed == ["a", "a__j"]
    assert journey.complete("b").last_passed == ["b", "b__j", "j", "j__c"]


def test_a_boundary_event_that_interrupts_and_not_the_task_that_it_ends() -> None:
    drawn = process("start > work > end; b > other > end2", b=boundary("work", message("m")))
    journey = Journey(drawn).say("m")
    assert journey.last_passed == ["b", "b__other"]
    assert journey.complete("other").last_passed == ["other", "other__end2", "end2"]
    assert "work" not in journey.passed


def test_a_boundary_event_each_time_that_it_happens() -> None:
    drawn = process("start > work > end; b > other > end2", b=boundary("work", message("m"), False))
    journey = Journey(drawn).say("m")
    assert journey.last_passed == ["b", "b__other"]
    assert journey.say("m").last_passed == ["b", "b__other"]
    assert journey.complete("work").last_passed == ["work", "work__end", "end"]
    assert journey.passed.count("b") == 2


def test_a_timer_on_a_task_once() -> None:
    drawn = process("start > work > end; b > nag > end2", b=boundary("work", after("'P1D'"), False))
    journey = Journey(drawn).tick(days=1)
    assert journey.last_passed == ["b", "b__nag"]
    assert journey.tick(days=1).last_passed == []


def test_an_event_subprocess_with_its_start_and_its_inside() -> None:
    drawn = process("start > work > end", h=handler("h_start > fix > h_end", message("m")))
    journey = Journey(drawn)
    assert journey.last_passed == ["start", "start__work"]
    assert journey.say("m").last_passed == ["h_start", "h_start__fix"]
    assert journey.complete("fix").last_passed == ["fix", "fix__h_end", "h_end", "h"]


def test_a_handler_that_never_began_leaves_no_trace() -> None:
    drawn = process("start > work > end", h=handler("h_start > fix > h_end", at("deadline('d')"), False))
    journey = Journey(drawn).complete("work")
    assert journey.passed == ["start", "start__work", "work", "work__end", "end"]
    journey = Journey(drawn, deadlines={"d": due(None)})
    journey.deadlines["d"] = due(journey.now)
    assert journey.do(Tick()).last_passed == ["h_start", "h_start__fix"]


def test_a_subprocess_when_it_is_left_after_what_is_in_it() -> None:
    drawn = process("start > S > after > end", S=sub("i_start > a > i_end"))
    journey = Journey(drawn)
    assert journey.last_passed == ["start", "start__S", "i_start", "i_start__a"]
    assert journey.complete("a").last_passed == ["a", "a__i_end", "i_end", "S", "S__after"]


def test_a_call_with_the_nodes_of_the_called_process() -> None:
    journey = Journey(process("start > c > end", c=call("q")), q_bpmn=process("q_start > a > q_end", "q"))
    assert journey.last_passed == ["start", "start__c", "q_start", "q_start__a"]
    assert journey.complete("a").last_passed == ["a", "a__q_end", "q_end", "c", "c__end", "end"]


def test_a_multi_instance_once_when_all_its_instances_are_done() -> None:
    journey = Journey(process("start > u > end", u=user(each("xs", "x"))), {"xs": [1, 2]})
    assert journey.last_passed == ["start", "start__u"]
    assert journey.complete("u").last_passed == []
    assert journey.complete("u").last_passed == ["u", "u__end", "end"]


def test_the_inside_of_a_repeated_subprocess_once_for_each_instance() -> None:
    journey = Journey(process("start > S > end", S=sub("i_start > a > i_end", each("xs", "x"))), {"xs": [1, 2]})
    assert journey.last_passed == ["start", "start__S", "i_start", "i_start__a", "i_start", "i_start__a"]
    assert journey.complete("a").last_passed == ["a", "a__i_end", "i_end"]
    assert journey.complete("a").last_passed == ["a", "a__i_end", "i_end", "S", "S__end", "end"]


def test_a_loop_once_when_it_is_left() -> None:
    journey = Journey(process("start > u > end", u=user(loop("more"))))
    assert journey.complete("u", more=True).last_passed == []
    assert journey.complete("u", more=False).last_passed == ["u", "u__end", "end"]


def test_what_an_event_gateway_chose() -> None:
    drawn = process(
        "start > g > m > a > end; g > t > b > end2", g=first_of(), m=catch(message("m")), t=catch(after("'P1D'"))
    )
    assert Journey(drawn).say("m").last_passed == ["g", "g__m", "m", "m__a"]
    assert Journey(drawn).tick(days=1).last_passed == ["g", "g__t", "t", "t__b"]


def test_an_operation_when_it_is_answered_and_not_when_it_fails() -> None:
    drawn = process("start > x > end; b > fix > end2", x=service("v.x"), b=boundary("x", error("E")))
    journey = Journey(drawn)
    assert journey.last_passed == ["start", "start__x"]
    assert journey.fail("E").last_passed == ["b", "b__fix"]
    assert Journey(drawn).answer().last_passed == ["x", "x__end", "end"]


def test_an_error_end_before_the_event_that_catches_it() -> None:
    inner = sub("i_start > a > i_bad", i_bad=end(error("E")))
    journey = Journey(process("start > S > end; b > fix > end2", S=inner, b=boundary("S", error("E")))).complete("a")
    assert journey.last_passed == ["a", "a__i_bad", "i_bad", "b", "b__fix"]


def test_a_loop_of_the_flow_every_time() -> None:
    drawn = process("start > m > a > g; g [again] > m; g [] > end", m=exclusive(), g=exclusive())
    journey = Journey(drawn)
    for _ in range(3):
        assert journey.complete("a", again=True).last_passed == ["a", "a__g", "g", "g__m", "m", "m__a"]


def test_a_long_run_without_people_misses_nothing() -> None:
    drawn = process(
        "start > m > s > g; g [n < 500] > m; g [] > end", m=exclusive(), g=exclusive(), s=script("n = n + 1")
    )
    journey = Journey(drawn, {"n": 0})
    assert journey.passed.count("s") == journey.passed.count("m__s") == 500
    assert journey.passed.count("g__m") == 499


def test_every_passed_thing_is_drawn() -> None:
    drawn = process(
        "start > S > u > end; b > x > end2",
        S=sub("i_start > a > i_end", h=handler("h_start > fix > h_end", message("m"), False)),
        u=user(each("xs", "x")),
        b=boundary("S", message("stop"), False),
    )
    journey = Journey(drawn, {"xs": [1]}).say("m").say("stop").complete("fix").complete("a").complete("x").complete("u")
    assert journey.step.finished
    assert all(f'id="{ident}"'.encode() in drawn for ident in journey.passed)
    assert set(journey.blueprint.nodes) <= set(journey.passed)
