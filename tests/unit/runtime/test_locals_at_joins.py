"""What a branch has written into a variable of its loop is not lost where branches meet."""

import pytest

from tests.drawing import (
    Drawn,
    after,
    boundary,
    catch,
    each,
    exclusive,
    handler,
    loop,
    message,
    parallel,
    process,
    script,
    sub,
    user,
)
from tests.unit.runtime.journey import Journey


def inside_a_loop(text: str, **nodes: object) -> Journey:
    body = sub(f"i_start > first > f; {text}", each("xs", "x", "ys", "y"), f=parallel(), j=parallel(), **nodes)  # type: ignore[arg-type]
    return Journey(process("start > S > end", S=body), {"xs": ["甲"]})


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_the_branch_that_has_written_counts_whichever_comes_last(order: tuple[str, str]) -> None:
    journey = inside_a_loop("f > a > j > last > i_end; f > b > j")
    journey.complete("first", y="before")
    for node in order:
        journey.complete(node, **({"y": "after"} if node == "a" else {}))
    assert journey.step.ready[0].locals == {"x": "甲", "y": "after"}
    assert journey.complete("last").data["ys"] == ["after"]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_branch_that_writes_more_than_once_counts_with_what_it_wrote_last(order: tuple[str, str]) -> None:
    journey = inside_a_loop("f > a > s > j > last > i_end; f > b > j", s=script("y = y + '!'"))
    journey.complete("first", y="before")
    for node in order:
        journey.complete(node, **({"y": "after"} if node == "a" else {}))
    assert journey.complete("last").data["ys"] == ["after!"]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_so_does_what_a_handler_has_made_of_its_payload(order: tuple[str, str]) -> None:
    inside = handler(
        "h_start > f > a > j > last > h_end; f > b > j", message("more", "said"), False, f=parallel(), j=parallel()
    )
    journey = Journey(process("start > t > end", h=inside)).say("more", text="old")
    for node in order:
        journey.complete(node, **({"said": {"text": "new"}} if node == "a" else {}))
    (last,) = [ready for ready in journey.step.ready if ready.node == "last"]
    assert last.locals == {"said": {"text": "new"}}


def test_rounds_of_a_loop_back_keep_count(  # a local that was written in each of many rounds
) -> None:
    journey = inside_a_loop(
        "f > m > a > g; g [again] > m; g [] > j > last > i_end; f > b > j", m=exclusive(), g=exclusive()
    )
    journey.complete("first", y=0)
    for number in range(1, 30):
        journey.complete("a", y=number, again=number < 29)
    assert journey.complete("b").complete("last").data["ys"] == [29]


def test_so_does_what_a_subprocess_in_the_branch_has_written() -> None:
    journey = inside_a_loop("f > T > j > last > i_end; f > b > j", T=sub("k_start > a > k_end"))
    journey.complete("first", y="before").complete("a", y="after").complete("b")
    assert journey.complete("last").data["ys"] == ["after"]


def test_what_a_loop_within_the_loop_wrote_first_comes_out_of_it() -> None:
    body = sub("i_start > a > last > i_end", each("xs", "x", "ys", "y"), a=user(loop("again")))
    journey = Journey(process("start > S > end", S=body), {"xs": ["甲"]})
    journey.complete("a", y=1, again=True).complete("a", y=2, again=False)
    assert journey.complete("last").data["ys"] == [2]


@pytest.mark.parametrize("sequential", [True, False])
def test_what_an_instance_within_the_loop_wrote_comes_out_of_it(sequential: bool) -> None:
    body = sub("i_start > a > last > i_end", each("xs", "x", "ys", "y"), a=user(each("zs", "z", sequential=sequential)))
    journey = Journey(process("start > S > end", S=body), {"xs": ["甲"], "zs": [1, 2]})
    journey.complete("a", y="written").complete("a")
    assert journey.step.ready[0].locals == {"x": "甲", "y": "written"}
    assert journey.complete("last").data["ys"] == ["written"]


@pytest.mark.parametrize("order", ["mb", "bm"])
@pytest.mark.parametrize("waiting", [catch(message("m", "y")), Drawn("receiveTask", message("m", "y"))])
def test_so_does_what_a_message_brought(order: str, waiting: Drawn) -> None:
    journey = inside_a_loop("f > m > j > last > i_end; f > b > j", m=waiting)
    journey.complete("first", y="before")
    for step in order:
        journey = journey.say("m", text="new") if step == "m" else journey.complete("b")
    assert journey.step.ready[0].locals == {"x": "甲", "y": {"text": "new"}}


def test_what_goes_on_beside_an_activity_knows_what_was_written_before_it() -> None:
    body = sub(
        "i_start > first > a > i_end; m > s > i_end2",
        each("xs", "x", "ys", "y"),
        m=boundary("a", message("m"), False),
        s=script("seen = y"),
    )
    journey = Journey(process("start > S > end", S=body), {"xs": ["甲"]})
    assert journey.complete("first", y="before").say("m").data["seen"] == "before"


def test_so_does_a_token_that_an_operator_takes_from_there() -> None:
    body = sub("i_start > first > a > b > i_end", each("xs", "x", "ys", "y"), t=boundary("a", after("'P1D'")))
    journey = Journey(process("start > S > end", S=body), {"xs": ["甲"]}, patient=True)
    journey.complete("first", y="before").move("a", "b")
    assert journey.step.ready[0].locals == {"x": "甲", "y": "before"}
