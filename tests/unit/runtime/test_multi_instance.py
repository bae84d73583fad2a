"""An activity for each item of a list: order of results, locals, completion conditions, nesting."""

import pytest

from engine.runtime import Complete, ExpressionFailed, OperationDone
from tests.drawing import boundary, call, each, error, message, parallel, process, script, service, sub, user
from tests.unit.runtime.journey import Journey

AGENCIES = [{"id": "A"}, {"id": "B"}, {"id": "C"}]


def test_parallel_results_stand_in_the_order_of_the_items_whoever_is_first() -> None:
    journey = Journey(
        process("start > ask > end", ask=user(each("agencies", "agency", "opinions", "opinion"))),
        {"agencies": AGENCIES},
    )
    assert [r.locals["agency"]["id"] for r in journey.step.ready] == ["A", "B", "C"]
    journey.complete("ask", 2, opinion="c", seen=1)
    assert journey.data["opinions"] == ["c"]
    assert journey.data["seen"] == 1
    journey.complete("ask", 0, opinion="a").complete("ask", 0, opinion="b")
    assert journey.step.finished
    assert journey.data["opinions"] == ["a", "b", "c"]
    assert not {"agency", "opinion"} & set(journey.data)


def test_sequential_instances_walk_the_list_that_was_found_at_the_beginning() -> None:
    drawn = process("start > ask > end", ask=user(each("agencies", "agency", "opinions", "opinion", sequential=True)))
    journey = Journey(drawn, {"agencies": AGENCIES})
    while journey.step.ready:
        (ready,) = journey.step.ready
        journey.data["agencies"] = []  # the list changes under way
        journey.do(Complete(ready.id, {"opinion": ready.locals["agency"]["id"].lower()}))
    assert journey.step.finished
    assert journey.data["opinions"] == ["a", "b", "c"]


@pytest.mark.parametrize("sequential", [True, False])
def test_nothing_is_an_item_too(sequential: bool) -> None:
    drawn = process("start > ask > after > end", ask=user(each("xs", "x", "os", "o", sequential=sequential)))
    journey = Journey(drawn, {"xs": [None, 0, ""]})
    while "ask" in journey.ready:
        journey.complete("ask", o=1)
    assert journey.ready == ["after"]
    assert journey.data["os"] == [1, 1, 1]


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("repeat", [{"collection": "xs"}, {"collection": "", "times": "n"}])
def test_no_items_means_no_instances_and_an_empty_list(sequential: bool, repeat: dict[str, str]) -> None:
    drawn = process(
        "start > ask > after > end", ask=user(each(**repeat, item="x", into="os", result="o", sequential=sequential))
    )
    journey = Journey(drawn, {"xs": [], "n": 0})
    assert journey.ready == ["after"]
    assert journey.data["os"] == []


@pytest.mark.parametrize("sequential", [True, False])
def test_a_number_of_instances(sequential: bool) -> None:
    drawn = process("start > ask > end", ask=user(each("", "i", "os", "o", sequential=sequential, times="n + 1")))
    journey = Journey(drawn, {"n": 2})
    seen = []
    while journey.step.ready:
        seen.append(journey.step.ready[-1].locals["i"])
        journey.do(Complete(journey.step.ready[-1].id, {"o": seen[-1]}))
    assert sorted(seen) == journey.data["os"] == [0, 1, 2]


@pytest.mark.parametrize("sequential", [True, False])
def test_a_subprocess_keeps_item_and_result_to_itself(sequential: bool) -> None:
    inner = sub(
        "i_start > send > answer > total > i_end",
        each("agencies", "agency", "opinions", "opinion", sequential=sequential),
        send=service("notice.send", "sent", to="agency.id"),
        total=script("opinion = agency.id + answer"),
    )
    journey = Journey(
        process("start > one > after > end", one=inner),
        {"agencies": AGENCIES[:2]},
        perform=lambda op: OperationDone(op.id, {"to": op.params["to"]}),
    )
    while journey.ready != ["after"]:
        journey.do(Complete(journey.step.ready[0].id, {"answer": "1"}))
    assert journey.data["opinions"] == ["A1", "B1"]
    assert journey.asked == [("notice.send", {"to": "A"}), ("notice.send", {"to": "B"})]
    assert "opinion" not in journey.data


def test_a_result_written_in_one_of_two_branches_arrives() -> None:
    inner = sub(
        "i_start > f > a > j > i_end; f > b > j",
        each("xs", "x", "os", "o"),
        f=parallel(),
        j=parallel(),
        a=script("o = 7"),
    )
    journey = Journey(process("start > S > end", S=inner), {"xs": [1]})
    journey.complete("b")
    assert journey.step.finished
    assert journey.data["os"] == [7]


@pytest.mark.parametrize("sequential", [True, False])
def test_a_completion_condition_ends_it_early(sequential: bool) -> None:
    vote = user(each("who", "w", "votes", "v", sequential=sequential, until="len(votes) >= 2"))
    journey = Journey(process("start > vote > end", vote=vote), {"who": [1, 2, 3]})
    journey.complete("vote", v="y").complete("vote", v="n")
    assert journey.step.finished
    assert journey.data["votes"] == ["y", "n"]


def test_a_loop_within_a_loop_walks_a_list_of_the_outer_item() -> None:
    inner = sub("i_start > t > i_end", each("cases", "case"), t=user(each("case.docs", "doc", "marks", "mark")))
    journey = Journey(process("start > o > end", o=inner), {"cases": [{"docs": [1, 2]}, {"docs": [3]}]})
    assert sorted((r.locals["case"]["docs"][0], r.locals["doc"]) for r in journey.step.ready) == [
        (1, 1),
        (1, 2),
        (3, 3),
    ]


@pytest.mark.parametrize("sequential", [True, False])
def test_a_loop_within_a_loop_keeps_item_and_result_to_itself(sequential: bool) -> None:
    inner = sub(
        "i_start > t > s > i_end",
        each("cases", "case", "totals", "total"),
        t=user(each("case", "doc", "marks", "mark", sequential=sequential)),
        s=script("total = len(case)"),
    )
    journey = Journey(process("start > o > end", o=inner), {"cases": [[1, 2]]})
    journey.complete("t", mark="a").complete("t", mark="b")
    assert journey.step.finished
    assert journey.data == {"cases": [[1, 2]], "marks": ["a", "b"], "totals": [2]}


def test_parallel_operations_are_answered_in_any_order() -> None:
    operation = service("v.x", "r", each("xs", "x", "rs", "r"), n="x")
    journey = Journey(process("start > op > end", op=operation), {"xs": [1, 2]})
    first, second = journey.step.operations
    journey.do(OperationDone(second.id, {"v": "B"})).do(OperationDone(first.id, {"v": "A"}))
    assert journey.step.finished
    assert journey.data["rs"] == [{"v": "A"}, {"v": "B"}]
    assert "r" not in journey.data


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("host", ["subprocess", "call"])
def test_an_interruption_leaves_nothing_behind(sequential: bool, host: str) -> None:
    text, repeat = "i_start > f > u > i_end; f > x > i_end2", each("xs", "item", sequential=sequential)
    nodes = {"f": parallel(), "x": service("v.x")}
    inner = sub(text, repeat, **nodes) if host == "subprocess" else call("q", repeat)
    called = {"q_bpmn": process(text, "q", **nodes)} if host == "call" else {}
    drawn = process("start > S > end; stop > after > end2", S=inner, stop=boundary("S", message("stop")))
    journey = Journey(drawn, {"xs": [1, 2]}, **called)
    assert journey.ready == ["u"] * (1 if sequential else 2)
    assert len(journey.step.operations) == len(journey.ready)
    journey.say("stop")
    assert journey.ready == ["after"]
    assert not journey.step.operations
    assert not journey.step.listening
    journey.complete("after")
    assert journey.step.finished


def test_an_error_in_one_instance_is_caught_at_the_border_of_all() -> None:
    inner = sub("i_start > x > i_end", each("xs", "item"), x=service("v.x"))
    drawn = process("start > S > after > end; b > fix > end2", S=inner, b=boundary("S", error("E")))
    journey = Journey(drawn, {"xs": [1, 2]})
    journey.fail("E", nth=1)
    assert journey.ready == ["fix"]
    assert not journey.step.operations


@pytest.mark.parametrize("value", [5, "text", {"a": 1}, None])
def test_what_is_no_list_cannot_be_walked(value: object) -> None:
    with pytest.raises(ExpressionFailed, match="a list"):
        Journey(process("start > u > end", u=user(each("xs", "x"))), {"xs": value})


@pytest.mark.parametrize("value", [-1, 1001, "3", True, 2.5])
def test_a_number_of_instances_is_a_small_whole_number(value: object) -> None:
    with pytest.raises(ExpressionFailed, match="a number from 0"):
        Journey(process("start > u > end", u=user(each("", "x", times="n"))), {"n": value})


def test_a_called_process_may_not_use_the_variable_of_the_loop_around_it() -> None:
    callee = process("q_start > u > q_end", "q", u=user(each("ys", "x")))
    with pytest.raises(ExpressionFailed, match="same variable"):
        Journey(process("start > c > end", c=call("q", each("xs", "x"))), {"xs": [1], "ys": [1]}, q_bpmn=callee)


def test_many_instances_of_scripts_run_in_one_advance() -> None:
    body = sub("i_start > s > i_end", each("xs", "x", "os", "o"), s=script("o = x * 2"))
    journey = Journey(process("start > S > end", S=body), {"xs": list(range(60))})
    assert journey.step.finished
    assert journey.data["os"] == [x * 2 for x in range(60)]
