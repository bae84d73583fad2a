"""Service tasks park until somebody has done what they ask for, however long that takes."""

import pytest

from engine.errors import Unavailable
from engine.runtime import OperationBroke, OperationDone, OperationFailed, StaleTrigger, Tick, UnhandledError
from tests.drawing import (
    at,
    boundary,
    each,
    error,
    exclusive,
    handler,
    message,
    parallel,
    process,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import T0, Journey, due

ISSUE = process(
    "start > issue > open > check > end; full > repair > end2",
    issue=service("notice.issue", "notice", kind="'reply'", to="applicant"),
    full=boundary("issue", error("FULL", "problem")),
    open=service("case.open"),
)


def test_a_request_stays_the_same_until_it_is_answered() -> None:
    journey = Journey(ISSUE, {"applicant": "甲"})
    (request,) = journey.step.operations
    assert (request.verb, request.node) == ("notice.issue", "issue")
    assert request.params == {"kind": "reply", "to": "甲"}
    assert journey.ready == []
    journey.data["applicant"] = "乙"
    for _ in range(3):
        journey.tick(days=30)
        assert journey.step.operations == (request,)
    journey.answer({"number": 7})
    assert journey.data["notice"] == {"number": 7}
    assert journey.verbs == ["case.open"]
    with pytest.raises(StaleTrigger):
        journey.do(OperationDone(request.id, {"number": 8}))


def test_a_result_without_a_variable_is_not_written() -> None:
    journey = Journey(ISSUE, {"applicant": "甲"})
    journey.answer({"number": 7}).answer({"reference": "x", "applicant": "乙"})
    assert journey.ready == ["check"]
    assert set(journey.data) == {"applicant", "notice"}
    assert journey.data["applicant"] == "甲"


def test_a_business_error_takes_the_boundary_that_names_its_code() -> None:
    journey = Journey(ISSUE, {"applicant": "甲"})
    journey.fail("FULL", {"left": 0})
    assert journey.ready == ["repair"]
    assert not journey.step.operations
    assert journey.data["problem"] == {"left": 0}
    journey.complete("repair")
    assert journey.step.finished


def test_an_error_that_nobody_catches_holds_the_operation_until_it_is_tried_again() -> None:
    journey = Journey(ISSUE, {"applicant": "甲"}, patient=True)
    (request,) = journey.step.operations
    journey.fail("OTHER")
    (held,) = journey.step.held
    assert isinstance(held.error, UnhandledError)
    assert held.error.data == {"code": "OTHER", "node": "issue"}
    assert (held.id, journey.step.operations) == (request.id, ())
    assert journey.retry("issue").step.operations == (request,)
    journey.do(OperationDone(request.id, {}))
    assert journey.verbs == ["case.open"]


def test_an_operation_that_breaks_is_held_and_asked_for_again() -> None:
    journey = Journey(ISSUE, {"applicant": "甲"}, patient=True)
    (request,) = journey.step.operations
    journey.do(OperationBroke(request.id, Unavailable()))
    assert (journey.held, journey.verbs) == (["issue"], [])
    assert journey.tick(days=1).held == ["issue"]
    assert journey.retry("issue").step.operations == (request,)


def test_an_error_goes_to_its_own_activity_and_not_to_a_sibling() -> None:
    drawn = process(
        "start > f > x > j > end; f > y > j; bx > ux > end1; by > uy > end2",
        f=parallel(),
        j=parallel(),
        x=service("v.x"),
        y=service("v.y"),
        bx=boundary("x", error("E")),
        by=boundary("y", error("E")),
    )
    journey = Journey(drawn)
    journey.fail("E", nth=[o.verb for o in journey.step.operations].index("v.y"))
    assert journey.ready == ["uy"]
    assert journey.verbs == ["v.x"]


def test_a_certain_code_is_preferred_to_any_error() -> None:
    drawn = process(
        "start > x > end; b_any > u_any > end1; b_e > u_e > end2",
        x=service("v.x"),
        b_any=boundary("x", error()),
        b_e=boundary("x", error("E")),
    )
    assert Journey(drawn).fail("E").ready == ["u_e"]
    assert Journey(drawn).fail("F").ready == ["u_any"]


def test_the_nearest_catches_even_if_it_catches_all() -> None:
    drawn = process(
        "start > x > end; b > near > end1",
        x=service("v.x"),
        b=boundary("x", error()),
        h=handler("h_start > far > h_end", error("E")),
    )
    assert Journey(drawn).fail("E").ready == ["near"]


def test_an_error_climbs_to_a_handler_of_its_scope() -> None:
    inner = sub("i_start > x > i_end", x=service("v.x"), h=handler("h_start > fix > h_end", error("E")))
    journey = Journey(process("start > S > after > end", S=inner))
    assert journey.fail("E").ready == ["fix"]
    journey.complete("fix")
    assert journey.ready == ["after"]


def test_an_error_climbs_to_the_border_of_its_subprocess_and_ends_all_in_it() -> None:
    inner = sub("i_start > f > x > i_end; f > u > i_end2", x=service("v.x"), f=parallel())
    drawn = process("start > S > after > end; b > fix > end2", S=inner, b=boundary("S", error("E")))
    assert Journey(drawn).fail("E").ready == ["fix"]


def test_a_parked_operation_is_withdrawn_when_its_scope_is_interrupted() -> None:
    drawn = process(
        "start > f > x > j > end; f > u > j",
        f=parallel(),
        j=parallel(),
        x=service("document.render"),
        w=handler("w_start > confirm > w_end", message("withdraw")),
    )
    journey = Journey(drawn)
    (request,) = journey.step.operations
    journey.say("withdraw")
    assert journey.ready == ["confirm"]
    assert not journey.step.operations
    with pytest.raises(StaleTrigger):
        journey.do(OperationDone(request.id))
    with pytest.raises(StaleTrigger):
        journey.do(OperationFailed(request.id, "E"))


def test_a_parked_operation_is_withdrawn_by_a_timer_on_it() -> None:
    drawn = process("start > x > end; late > remind > end2", x=service("v.x"), late=boundary("x", at("deadline('d')")))
    journey = Journey(drawn, deadlines={"d": due(T0)})
    assert journey.ready == ["remind"]
    assert not journey.step.operations


def test_a_parked_operation_lives_through_a_loop_of_other_work() -> None:
    drawn = process(
        "start > f > x > j > end; f > m > work > g; g [again] > m; g [] > j",
        f=parallel(),
        j=parallel(),
        m=exclusive(),
        g=exclusive(),
        x=service("v.x", "r"),
    )
    journey = Journey(drawn)
    (request,) = journey.step.operations
    for _ in range(50):
        journey.complete("work", again=True)
        assert journey.step.operations == (request,)
    journey.complete("work", again=False).do(Tick())
    journey.answer({"ok": True})
    assert journey.step.finished


def test_a_repeated_error_path_can_be_taken_again_and_again() -> None:
    drawn = process("start > m > x > end; b > fix > m", m=exclusive(), x=service("v.x"), b=boundary("x", error("E")))
    journey = Journey(drawn)
    journey.fail("E").complete("fix")
    size = len(journey.state)
    for _ in range(20):
        journey.fail("E")
        assert journey.ready == ["fix"]
        journey.complete("fix")
    assert len(journey.state) == size
    journey.answer()
    assert journey.step.finished


def test_a_service_task_for_each_item_fails_as_one() -> None:
    drawn = process(
        "start > x > end; b > fix > end2", x=service("v.x", body=each("xs", "i"), i="i"), b=boundary("x", error("E"))
    )
    journey = Journey(drawn, {"xs": [1, 2]})
    assert [o.params["i"] for o in journey.step.operations] == [1, 2]
    journey.fail("E", nth=1)
    assert journey.ready == ["fix"]
    assert not journey.step.operations


def test_an_operation_is_no_task_and_a_task_no_operation() -> None:
    drawn = process("start > f > x > j > end; f > u > j", f=parallel(), j=parallel(), x=service("v.x"), u=user())
    journey = Journey(drawn)
    with pytest.raises(StaleTrigger):
        journey.do(OperationDone(journey.task("u")))
