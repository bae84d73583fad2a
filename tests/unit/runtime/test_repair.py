"""What an operator may do with tokens: move them within their scope, cancel them, never leave a scope without an end."""

import pytest

from engine.runtime import NothingComes, NotMovable, StaleTrigger, tokens
from engine.runtime.values import Cancel, Move
from tests.drawing import (
    Drawn,
    after,
    bare_process,
    boundary,
    call,
    catch,
    definitions,
    each,
    exclusive,
    first_of,
    handler,
    message,
    parallel,
    process,
    script,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import Journey


def patient(text: str, **nodes: Drawn) -> Journey:
    return Journey(process(text, **nodes), {"xs": [1, 2]}, patient=True)


def destinations(journey: Journey, node: str) -> set[str]:
    assert journey.state is not None
    return {to for token in tokens(journey.blueprint, journey.state) if token.node == node for to in token.destinations}


def test_a_held_token_is_moved_past_what_fails() -> None:
    journey = patient("start > s > b > end", s=script("x = y"))
    assert (journey.move("s", "b").ready, journey.held) == (["b"], [])
    assert journey.complete("b").step.finished


def test_a_token_goes_back_to_a_task_that_is_done() -> None:
    journey = patient("start > a > b > c > end").complete("a")
    old = journey.task("b")
    journey.move("b", "a")
    assert journey.ready == ["a"]
    with pytest.raises(StaleTrigger):
        journey.do(Cancel(old))
    assert journey.complete("a").complete("b").complete("c").step.finished


def test_a_token_goes_to_an_end_and_its_scope_ends() -> None:
    journey = patient("start > S > c > end", S=sub("i_start > a > i_end"))
    assert journey.move("a", "i_end").ready == ["c"]


def test_events_at_the_border_go_along_and_those_of_the_new_node_begin() -> None:
    journey = patient(
        "start > a > b > end; t > x > end2; u > y > end3",
        t=boundary("a", after("'P1D'")),
        u=boundary("b", after("'P2D'")),
    )
    assert [timer.node for timer in journey.step.timers] == ["t"]
    assert [timer.node for timer in journey.move("a", "b").step.timers] == ["u"]
    assert journey.tick(days=3).ready == ["y"]


def test_a_token_that_an_event_beside_it_has_set_going_stays() -> None:
    journey = patient("start > a > b > end; m > x > end2", m=boundary("a", message("m"), False))
    assert journey.say("m").move("a", "b").ready == ["b", "x"]
    assert journey.complete("x").complete("b").step.finished


def test_a_subprocess_is_left_with_all_that_is_in_it() -> None:
    journey = patient("start > S > c > end", S=sub("i_start > f > a > i_end; f > b > i_end2", f=parallel()))
    assert destinations(journey, "a") == {"f", "a", "b", "i_end", "i_end2"}
    assert journey.move("S", "c").ready == ["c"]
    assert journey.complete("c").step.finished


def test_a_called_process_is_left_too() -> None:
    both = definitions(bare_process("start > k > c > end", "p", k=call("q")), bare_process("q_start > a > q_end", "q"))
    assert Journey(both).move("k", "c").ready == ["c"]


def test_the_instances_of_a_repetition_are_moved_as_one() -> None:
    journey = patient("start > u > c > end", u=user(each("xs", "x")))
    assert journey.ready == ["u", "u"]
    assert journey.do(Move(journey.task("u", 1), "c")).ready == ["c"]


def test_one_branch_is_cancelled_and_the_others_end_the_scope() -> None:
    journey = patient("start > f > a > end; f > b > end2", f=parallel())
    assert journey.cancel("a").ready == ["b"]
    assert journey.complete("b").step.finished


def test_the_last_branch_is_cancelled_once_another_has_come_to_its_end() -> None:
    journey = patient("start > f > a > end; f > b > end2", f=parallel()).complete("a")
    assert journey.cancel("b").step.finished


def test_the_last_token_of_a_scope_is_not_cancelled() -> None:
    journey = patient("start > S > end", S=sub("i_start > a > i_end"))
    with pytest.raises(NotMovable, match="the last one"):
        journey.cancel("a")
    with pytest.raises(NotMovable, match="the last one"):
        journey.cancel("S")
    assert journey.ready == ["a"]


def test_a_handler_is_cancelled_but_not_moved() -> None:
    journey = patient("start > a > end", h=handler("h_start > x > h_end", message("m"), False)).say("m")
    with pytest.raises(NotMovable, match="only be cancelled"):
        journey.move("h", "a")
    assert journey.cancel("h").ready == ["a"]
    assert journey.say("m").ready == ["a", "x"], "it listens as before"


def test_a_token_is_not_put_where_none_can_begin() -> None:
    journey = patient(
        "start > f > a > j > c > g > k > end; f > b > j; t > x > end3",
        f=parallel(),
        j=parallel(),
        g=first_of(),
        k=catch(message("k")),
        t=boundary("a", after("'P1D'")),
        h=handler("h_start > y > h_end", message("m")),
    )
    assert destinations(journey, "a") == {"f", "a", "b", "c", "g", "x", "end", "end3"}
    for to in ("start", "j", "k", "t", "h", "h_start", "y", "nowhere", ""):
        with pytest.raises(NotMovable, match="no such node"):
            journey.move("a", to)
    assert journey.ready == ["a", "b"]


def test_listeners_are_no_tokens() -> None:
    journey = patient(
        "start > a > end; t > x > end2", t=boundary("a", after("'P1D'")), h=handler("h_start > y > h_end", message("m"))
    )
    assert journey.state is not None
    assert [token.node for token in tokens(journey.blueprint, journey.state)] == ["a"]


def test_an_operation_is_moved_while_it_is_parked() -> None:
    journey = patient("start > s > b > end", s=service("v.x"))
    assert (journey.move("s", "b").verbs, journey.ready) == ([], ["b"])


def test_a_token_waiting_at_a_join_is_moved_on() -> None:
    journey = patient("start > f > a > j > c > end; f > b > j", f=parallel(), j=parallel()).complete("a")
    assert journey.move("j", "c").ready == ["b", "c"]


def test_a_moved_token_keeps_what_its_loop_gave_it() -> None:
    body = sub("i_start > a > b > i_end", each("xs", "x", "ys", "y"), b=user())
    journey = patient("start > S > end", S=body)
    journey.move("a", "b")
    ready = [(r.node, r.locals) for r in journey.step.ready]
    assert sorted(ready, key=str) == [("a", {"x": 2}), ("b", {"x": 1})]


def test_a_loop_back_works_after_a_move() -> None:
    journey = patient("start > m > a > b > g; g [again] > m; g [] > end", m=exclusive(), g=exclusive())
    journey.move("a", "b").complete("b", again=True)
    assert journey.complete("a").complete("b", again=False).step.finished


def test_a_held_event_at_a_border_is_cancelled_alone() -> None:
    journey = patient("start > a > end; t > x > end2", t=boundary("a", after("soon")))
    assert (journey.held, journey.cancel("t").held, journey.ready) == (["t"], [], ["a"])
    with pytest.raises(NotMovable):
        patient("start > a > end; t > x > end2", t=boundary("a", after("soon"))).move("t", "x")


def test_an_activity_that_ends_takes_its_held_event_along() -> None:
    journey = patient("start > a > end; t > x > end2", t=boundary("a", after("soon"))).complete("a")
    assert (journey.held, journey.step.finished) == ([], True)


def test_a_scope_that_ends_takes_its_held_listener_along() -> None:
    journey = patient("start > a > end", h=handler("h_start > y > h_end", after("soon"))).complete("a")
    assert (journey.held, journey.step.finished) == ([], True)


def test_the_last_token_is_not_cancelled_although_an_event_is_held_beside_it() -> None:
    for nodes in ({"h": handler("h_start > y > h_end", after("soon"))}, {"t": boundary("a", after("soon"))}):
        journey = patient("start > a > end", **nodes)
        with pytest.raises(NotMovable, match="the last one"):
            journey.cancel("a")
        assert journey.complete("a").step.finished


def test_a_handler_that_has_replaced_everything_else_is_not_cancelled() -> None:
    journey = patient("start > a > end", h=handler("h_start > x > h_end", message("m"))).say("m")
    with pytest.raises(NotMovable, match="nothing else is left"):
        journey.cancel("h")
    assert journey.move("x", "h_end").step.finished


def waiting_for_a_branch() -> Journey:
    journey = patient("start > f > a > j > c > end; f > s > b > j", f=parallel(), j=parallel(), s=script("x = y"))
    return journey.complete("a")


def test_a_join_that_waits_for_a_branch_that_was_taken_away_is_held() -> None:
    for journey in (waiting_for_a_branch().cancel("s"), waiting_for_a_branch().move("s", "end")):
        assert [(held.node, type(held.error)) for held in journey.step.held] == [("j", NothingComes)]
        assert journey.retry("j").held == ["j"]
        assert journey.move("j", "c").complete("c").step.finished


def test_a_join_that_is_held_goes_on_by_itself_when_the_branch_comes_after_all() -> None:
    journey = waiting_for_a_branch().move("s", "a").complete("a")
    assert journey.held == ["j", "j"], "two tokens by one way, none by the other"
    journey.move("j", "b")
    assert (journey.ready, journey.held) == (["b"], ["j"])
    assert journey.complete("b").ready == ["c"]
    assert journey.complete("c").step.finished
