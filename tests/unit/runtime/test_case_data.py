"""Case data is one document that every node reads and writes; tokens carry nothing but their locals."""

import pytest

from engine.runtime import Complete, ExpressionFailed, NoWayOut, OperationDone, StaleTrigger, Tick
from tests.drawing import (
    call,
    catch,
    decision,
    each,
    exclusive,
    loop,
    message,
    node,
    parallel,
    process,
    rule,
    script,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import Journey

CLASSIFY = decision("classify", ["len(docs)"], ["kind"], [(["> 2"], ['"many"']), (["? <= 2"], ['"few"'])])


def test_scripts_decisions_conditions_and_forms_read_and_write_one_document() -> None:
    drawn = process(
        "start > calc > decide > g; g [kind == 'few' and applicant.city == '贵阳'] > a > end; g [] > b > end2",
        calc=script("total = n + 1\ndouble = total * 2"),
        decide=rule("classify"),
        g=exclusive(),
    )
    journey = Journey(drawn, {"n": 1, "docs": [1], "applicant": {"city": "贵阳"}}, classify_dmn=CLASSIFY)
    assert journey.ready == ["a"]
    assert journey.step.writes == {"total": 2, "double": 4, "kind": "few"}
    journey.complete("a", reply="同意")
    assert journey.step.finished
    assert journey.step.writes == {"reply": "同意"}


def test_a_branch_reads_what_another_branch_wrote_meanwhile() -> None:
    drawn = process(
        "start > f > a > j > end; f > b > g; g [x == 1] > yes > k > j; g [] > no > k",
        f=parallel(),
        j=parallel(),
        g=exclusive(),
        k=exclusive(),
    )
    journey = Journey(drawn, {"x": 0})
    journey.complete("a", x=1).complete("b")
    assert journey.ready == ["yes"]


def test_participants_and_the_whole_document_can_be_read() -> None:
    drawn = process("start > s > end", s=script("code = participants.data_provider.code\ncopy = data.n"))
    journey = Journey(drawn, {"n": 3}, participants={"data_provider": {"code": "520100"}})
    assert journey.data["code"] == "520100"
    assert journey.data["copy"] == 3


def test_a_called_process_shares_the_document() -> None:
    callee = process("q_start > op > s > q_end", "q", op=service("v.x", "r", n="x + base"), s=script("o = r.n"))
    caller = process("start > go > after > end", go=call("q", each("xs", "x", "os", "o")))
    journey = Journey(
        caller,
        {"xs": [1, 2], "base": 10},
        perform=lambda op: OperationDone(op.id, {"n": op.params["n"] * 2}),
        q_bpmn=callee,
    )
    assert journey.ready == ["after"]
    assert journey.data["os"] == [22, 24]
    assert "o" not in journey.data
    assert {n.process for n in journey.blueprint.nodes.values()} == {"p", "q"}


def test_a_standard_loop_goes_round_while_its_condition_holds() -> None:
    journey = Journey(process("start > u > end", u=user(loop("more"))), {"more": True})
    for _ in range(5):
        size = len(journey.complete("u", more=True).state)
        assert journey.ready == ["u"]
    assert size < 300
    journey.complete("u", more=False)
    assert journey.step.finished


def test_a_standard_loop_may_be_left_before_the_first_round() -> None:
    journey = Journey(process("start > u > after > end", u=user(loop("more", test_before=True))), {"more": False})
    assert journey.ready == ["after"]


def test_a_message_variable_becomes_case_data_and_without_one_nothing_is_written() -> None:
    drawn = process("start > c > d > end", c=catch(message("more", "extra")), d=catch(message("less")))
    journey = Journey(drawn)
    journey.say("more", pages=3)
    assert journey.data == {"extra": {"pages": 3}}
    journey.say("less", pages=4)
    assert journey.step.finished
    assert journey.data == {"extra": {"pages": 3}}


def test_a_script_cannot_change_what_was_passed_in() -> None:
    inner = {"city": "贵阳"}
    journey = Journey(process("start > s > u > end", s=script("applicant = {'city': 'x'}")), {"applicant": inner})
    assert inner == {"city": "贵阳"}
    assert journey.data["applicant"] == {"city": "x"}


def test_an_expression_that_fails_names_node_and_expression() -> None:
    with pytest.raises(ExpressionFailed) as caught:
        Journey(process("start > s > end", s=script("x = missing + 1")))
    assert caught.value.data["node"] == "s"
    assert "missing" in str(caught.value)


def test_a_gateway_without_a_way_out_says_so() -> None:
    drawn = process("start > g; g [x == 1] > a > end; g [x == 2] > b > end", g=exclusive())
    with pytest.raises(NoWayOut) as caught:
        Journey(drawn, {"x": 3})
    assert caught.value.data == {"node": "g"}


@pytest.mark.parametrize("ident", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_task_that_is_not_open_is_stale(ident: str) -> None:
    journey = Journey(process("start > a > end"))
    with pytest.raises(StaleTrigger):
        journey.do(Complete(ident))


def test_a_task_is_completed_once() -> None:
    journey = Journey(process("start > a > b > end"))
    first = journey.task("a")
    journey.complete("a")
    with pytest.raises(StaleTrigger):
        journey.do(Complete(first))


def test_a_tick_changes_nothing_when_nothing_is_due() -> None:
    journey = Journey(process("start > S > end", S=sub("s_start > a > s_end")))
    before = journey.state
    journey.do(Tick())
    assert len(journey.state) == len(before)
    assert journey.last_passed == []


def test_plain_and_manual_tasks_wait_for_a_person_too() -> None:
    journey = Journey(process("start > a > b > end", a=node("task"), b=node("manualTask")))
    assert journey.ready == ["a"]
    assert journey.complete("a").ready == ["b"]
    assert journey.complete("b").step.finished
