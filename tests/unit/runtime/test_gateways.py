"""Gateways: choices, forks and joins, also in loops."""

import pytest

from engine.runtime import NoWayOut
from tests.drawing import boundary, catch, exclusive, inclusive, message, parallel, process, script, start
from tests.unit.runtime.journey import Journey


def test_the_first_condition_that_holds_wins() -> None:
    drawn = process("start > g; g [x > 1] > a > end; g [x > 0] > b > end2; g [] > c > end3", g=exclusive())
    assert [Journey(drawn, {"x": x}).ready for x in (2, 1, 0)] == [["a"], ["b"], ["c"]]


def test_a_join_waits_for_all_branches() -> None:
    drawn = process("start > f > a > j > z > end; f > b > j; f > c > j", f=parallel(), j=parallel())
    journey = Journey(drawn)
    assert journey.ready == ["a", "b", "c"]
    assert journey.complete("c").complete("a").ready == ["b"]
    assert journey.complete("b").ready == ["z"]


def test_a_fork_and_join_in_a_loop_works_in_every_round_and_the_state_does_not_grow() -> None:
    drawn = process(
        "start > m > f > a > j > check > g; f > b > j; g [again] > m; g [] > end",
        m=exclusive(),
        f=parallel(),
        j=parallel(),
        g=exclusive(),
    )
    journey, sizes = Journey(drawn), []
    for number in range(40):
        first, second = ("a", "b") if number % 2 else ("b", "a")
        assert journey.complete(first).ready == [second]
        assert journey.complete(second).ready == ["check"]
        sizes.append(len(journey.complete("check", again=True).state))
    assert max(sizes[2:]) == min(sizes[2:])
    journey.complete("a").complete("b").complete("check", again=False)
    assert journey.step.finished


def test_a_thousand_rounds_leave_a_state_as_small_as_the_first() -> None:
    drawn = process("start > m > a > g; g [again] > m; g [] > end", m=exclusive(), g=exclusive())
    journey = Journey(drawn).complete("a", again=True)
    size = len(journey.state)
    for _ in range(1000):
        journey.complete("a", again=True)
    assert len(journey.state) == size < 200
    assert journey.complete("a", again=False).step.finished


def test_a_long_run_without_people_stays_small_and_finishes() -> None:
    drawn = process(
        "start > m > s > g; g [n < 1500] > m; g [] > end",
        m=exclusive(),
        g=exclusive(),
        s=script("n = n + 1"),
    )
    journey = Journey(drawn, {"n": 0})
    assert journey.step.finished
    assert journey.data["n"] == 1500


@pytest.mark.parametrize(
    ("x", "chosen"), [({"a"}, ["ta"]), ({"b"}, ["tb"]), ({"a", "b"}, ["ta", "tb"]), (set(), ["td"])]
)
def test_an_inclusive_gateway_takes_every_way_that_holds_and_joins_them(x: set[str], chosen: list[str]) -> None:
    drawn = process(
        "start > g; g [a] > ta > j > z > end; g [b] > tb > j; g [] > td > j",
        g=inclusive(),
        j=inclusive(),
    )
    journey = Journey(drawn, {"a": "a" in x, "b": "b" in x})
    assert journey.ready == chosen
    for number, node in enumerate(chosen, start=1):
        journey.complete(node)
        assert (journey.ready == ["z"]) is (number == len(chosen))
    assert journey.complete("z").step.finished


def test_an_inclusive_join_waits_for_whoever_can_still_arrive_by_any_way() -> None:
    """A long way round, through a merge, whose tokens can also leave to elsewhere."""
    drawn = process(
        "start > f > a > j > z > end; f > b > m > c > g; f > d > m2 > e > end3; g [go] > j; g [] > m2",
        f=parallel(),
        m=exclusive(),
        m2=exclusive(),
        g=exclusive(),
        j=inclusive(),
    )
    journey = Journey(drawn).complete("a")
    assert journey.ready == ["b", "d"]
    assert journey.complete("b").ready == ["c", "d"]  # c may still come to the join
    assert journey.complete("c", go=False).ready == ["d", "e", "z"]  # nobody can come any more
    journey = Journey(drawn).complete("a").complete("b").complete("c", go=True)
    assert journey.ready == ["d", "z"]


def test_an_inclusive_gateway_without_a_way_out_says_so() -> None:
    drawn = process("start > g; g [a] > ta > end; g [b] > tb > end2", g=inclusive())
    with pytest.raises(NoWayOut):
        Journey(drawn, {"a": False, "b": False})


def test_tasks_reached_from_two_branches_are_done_for_each() -> None:
    drawn = process("start > f > a > c > end; f > b > c", f=parallel())
    journey = Journey(drawn).complete("a").complete("b")
    assert journey.ready == ["c", "c"]
    assert journey.complete("c").complete("c").step.finished


def test_a_case_ends_when_the_last_branch_ends() -> None:
    drawn = process("start > f > a > end; f > b > end2", f=parallel())
    journey = Journey(drawn).complete("a")
    assert not journey.step.finished
    assert journey.complete("b").step.finished


def test_a_node_without_a_way_on_ends_its_branch() -> None:
    assert Journey(process("start > a")).complete("a").step.finished


def test_two_branches_may_wait_for_the_same_message() -> None:
    drawn = process(
        "start > f > c1 > a > end; f > c2 > b > end2",
        f=parallel(),
        c1=catch(message("m")),
        c2=catch(message("m")),
    )
    assert Journey(drawn).say("m").ready == ["a", "b"]


def test_names_of_the_library_may_be_used_as_ids() -> None:
    drawn = process("Start > End > Root > p.EndJoin > a.BoundaryEventSplit > finish", Start=start())
    journey = Journey(drawn)
    for node in ("End", "Root", "p.EndJoin", "a.BoundaryEventSplit", "finish"):
        assert journey.ready == [node]
        journey.complete(node)
    assert journey.step.finished


def test_a_fork_that_two_tokens_pass_forks_for_each() -> None:
    drawn = process(
        "start > f > a > m > g > x > end; f > b > m; g > y > end2", f=parallel(), m=exclusive(), g=parallel()
    )
    journey = Journey(drawn).complete("a")
    assert journey.ready == ["b", "x", "y"]
    assert journey.complete("b").ready == ["x", "x", "y", "y"]
    for node in ("x", "y", "y", "x"):
        journey.complete(node)
    assert journey.step.finished


def test_an_inclusive_choice_that_two_tokens_pass_is_made_for_each() -> None:
    drawn = process(
        "start > f > a > m > g; f > b > m; g [p] > x > end; g [q] > y > end2; g [] > z > end3",
        f=parallel(),
        m=exclusive(),
        g=inclusive(),
    )
    journey = Journey(drawn, {"p": True, "q": True}).complete("a")
    assert journey.ready == ["b", "x", "y"]
    assert journey.complete("b", q=False).ready == ["x", "x", "y"]


def test_work_begun_again_and_again_beside_a_task_may_fork() -> None:
    drawn = process(
        "start > work > end; b > f > x > end2; f > y > end3", b=boundary("work", message("m"), False), f=parallel()
    )
    journey = Journey(drawn).say("m").say("m")
    assert journey.ready == ["work", "x", "x", "y", "y"]


def test_an_inclusive_join_does_not_wait_for_who_can_also_come_where_one_has_come() -> None:
    """As BPMN says. Where both are on their way from the beginning a drawing is refused; an operator can bring it about."""
    drawn = process(
        "start > h; h [both] > f; h [] > b; f > a > m > j > z > end; f > d > end2; b > g; g [go] > m; g [] > c > j",
        h=exclusive(),
        f=parallel(),
        m=exclusive(),
        g=exclusive(),
        j=inclusive(),
    )
    journey = Journey(drawn, {"both": True}, patient=True).move("d", "b")
    assert journey.complete("a").ready == ["b", "z"]
    assert journey.complete("b", go=False).complete("c").ready == ["z", "z"]
