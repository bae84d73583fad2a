"""Event subprocesses: handlers that listen as long as their scope lives, at the top and in a subprocess alike."""

from datetime import timedelta

import pytest

from engine.runtime import StaleTrigger, Tick
from tests.drawing import (
    TERMINATE,
    Drawn,
    at,
    boundary,
    catch,
    each,
    end,
    error,
    escalation,
    exclusive,
    handler,
    message,
    parallel,
    process,
    service,
    signal,
    sub,
    throw,
)
from tests.unit.runtime.journey import T0, Journey, due


def answering(name: str, event: str, interrupting: bool = True, last: str = "") -> Drawn:
    """A handler with one task that is named after it."""
    return handler(
        f"{name}_start > {name}_task > {name}_end", event, interrupting, **({f"{name}_end": end(last)} if last else {})
    )


WITHDRAW = answering("w", message("withdraw"))
MORE = answering("m", message("more", "supplement"), interrupting=False)
CLOCK = answering("d", at("deadline('reply')"), interrupting=False)


@pytest.fixture(params=["top", "subprocess"])
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begun(place: str, last: Drawn | None = None, **handlers: Drawn) -> Journey:
    text, inner = "s_start > one > two > s_end", {**handlers, **({"s_end": last} if last else {})}
    if place == "top":
        return Journey(process(text, **inner))
    return Journey(process("start > S > after > end", S=sub(text, **inner)))


def is_over(journey: Journey, place: str) -> bool:
    if place == "top":
        return journey.step.finished and not journey.step.ready
    return journey.ready == ["after"] and not journey.step.listening and not journey.step.timers


def test_an_interrupting_message_replaces_the_main_flow(place: str) -> None:
    journey = begun(place, w=WITHDRAW, m=MORE, d=CLOCK).say("withdraw")
    assert journey.ready == ["w_task"]
    assert not journey.step.listening
    assert not journey.step.timers
    with pytest.raises(StaleTrigger):
        journey.say("more")
    assert is_over(journey.complete("w_task"), place)


def test_handlers_that_never_began_do_not_hold_the_scope(place: str) -> None:
    journey = begun(place, w=WITHDRAW, m=MORE, d=CLOCK).complete("one").complete("two")
    assert is_over(journey, place)


def test_a_message_may_come_any_number_of_times_each_with_its_own_payload(place: str) -> None:
    journey = begun(place, w=WITHDRAW, m=MORE)
    for number in range(5):
        journey.say("more", n=number)
    assert journey.ready == ["m_task"] * 5 + ["one"]
    payloads = [r.locals["supplement"]["n"] for r in journey.step.ready if r.node == "m_task"]
    assert sorted(payloads) == [0, 1, 2, 3, 4]
    assert "supplement" not in journey.data
    for _ in range(3):
        journey.complete("m_task")
    journey.complete("one").complete("two")
    assert journey.ready == ["m_task"] * 2
    journey.say("more")  # the scope lives as long as a handler works
    assert journey.ready == ["m_task"] * 3
    for _ in range(3):
        journey.complete("m_task")
    assert is_over(journey, place)


def test_a_handler_of_a_deadline_fires_once_even_if_it_is_extended_later(place: str) -> None:
    journey = begun(place, d=CLOCK)
    journey.deadlines["reply"] = due(T0 + timedelta(days=1))
    assert journey.tick(days=2).ready == ["d_task", "one"]
    journey.deadlines["reply"] = due(T0 + timedelta(days=5))
    assert journey.tick(days=9).ready == ["d_task", "one"]
    journey.complete("one").complete("two").complete("d_task")
    assert is_over(journey, place)


def test_an_interrupting_deadline_ends_everything_else(place: str) -> None:
    journey = begun(place, d=answering("d", at("deadline('reply')")), m=MORE).say("more")
    journey.deadlines["reply"] = due(journey.now)
    assert journey.do(Tick()).ready == ["d_task"]
    assert is_over(journey.complete("d_task"), place)


def test_an_interruption_ends_handlers_under_way(place: str) -> None:
    journey = begun(place, w=WITHDRAW, m=MORE, d=CLOCK)
    journey.deadlines["reply"] = due(journey.now)
    journey.do(Tick()).say("more").say("more")
    assert journey.ready == ["d_task", "m_task", "m_task", "one"]
    assert journey.say("withdraw").ready == ["w_task"]
    assert is_over(journey.complete("w_task"), place)


def test_a_terminate_end_ends_handlers_under_way(place: str) -> None:
    journey = begun(place, last=end(TERMINATE), w=WITHDRAW, m=MORE).say("more").complete("one").complete("two")
    assert is_over(journey, place)
    assert journey.step.messages == ()


def test_a_terminate_end_in_a_handler_ends_only_that_handler(place: str) -> None:
    journey = begun(place, m=answering("m", message("more"), False, TERMINATE))
    journey.say("more").say("more").complete("m_task")
    assert journey.ready == ["m_task", "one"]
    assert is_over(journey.complete("m_task").complete("one").complete("two"), place)


def test_a_scope_can_be_interrupted_while_a_handler_outlives_the_main_flow(place: str) -> None:
    journey = begun(place, w=WITHDRAW, m=MORE).say("more").complete("one").complete("two")
    assert journey.ready == ["m_task"]
    assert journey.say("withdraw").ready == ["w_task"]
    assert is_over(journey.complete("w_task"), place)


def test_handlers_do_not_pile_up_in_the_state(place: str) -> None:
    journey = begun(place, w=WITHDRAW, m=MORE).say("more").complete("m_task")
    size = len(journey.state)
    for _ in range(100):
        journey.say("more").complete("m_task")
    assert len(journey.state) <= size + 8


def test_nothing_of_a_payload_stays_behind(place: str) -> None:
    silent = answering("m", message("more"), interrupting=False)
    journey = begun(place, m=silent).say("more", secret="身份证520102")
    assert "520102" not in journey.state.decode("utf-8", "ignore")
    journey.complete("m_task")
    journey = begun(place, m=MORE).say("more", secret="身份证520102").complete("m_task")
    assert "520102" not in journey.state.decode("utf-8", "ignore")


def test_a_payload_ends_with_its_handler_and_does_not_become_case_data(place: str) -> None:
    journey = begun(place, m=MORE).say("more", n=1).complete("m_task")
    assert journey.ready == ["one"]
    assert "supplement" not in journey.data


def test_the_handler_reads_its_payload_in_expressions(place: str) -> None:
    drawn = handler(
        "m_start > op > m_end",
        message("more", "supplement"),
        interrupting=False,
        op=service("document.file", pages="supplement.pages"),
    )
    journey = begun(place, m=drawn).say("more", pages=3).say("more", pages=4)
    assert sorted(o.params["pages"] for o in journey.step.operations) == [3, 4]


def test_nested_scopes_each_have_their_own_handlers() -> None:
    inner = sub(
        "s_start > one > s_end",
        wi=answering("wi", message("inner")),
        mi=answering("mi", message("more"), interrupting=False),
    )
    drawn = process(
        "start > S > after > end",
        S=inner,
        wo=answering("wo", message("withdraw")),
        mo=answering("mo", message("more"), interrupting=False),
    )
    journey = Journey(drawn).say("more")
    assert journey.ready == ["mi_task", "mo_task", "one"]
    assert journey.say("inner").ready == ["mo_task", "wi_task"]
    assert journey.complete("wi_task").ready == ["after", "mo_task"]
    assert journey.say("withdraw").ready == ["wo_task"]
    assert journey.complete("wo_task").step.finished


def test_a_handler_may_have_a_handler() -> None:
    deep = handler(
        "h_start > work > h_end",
        message("go"),
        interrupting=False,
        hh=answering("hh", message("stop")),
    )
    journey = Journey(process("start > one > end", h=deep)).say("go").say("go").complete("work").say("stop")
    assert journey.ready == ["hh_task", "one"]


def test_a_handler_of_a_called_process() -> None:
    called = process("q_start > one > q_end", "q", w=WITHDRAW, m=MORE)
    caller = process("start > c > after > end", c=Drawn("callActivity", attributes={"calledElement": "q"}))
    journey = Journey(caller, q_bpmn=called).say("more").say("withdraw")
    assert journey.ready == ["w_task"]
    assert journey.complete("w_task").ready == ["after"]


def test_the_border_of_a_scope_ends_handlers_and_parked_work() -> None:
    inner = sub(
        "s_start > f > u > s_end; f > x > s_end2",
        f=parallel(),
        u=Drawn("userTask", each("xs", "item")),
        x=service("v.x"),
        m=MORE,
    )
    drawn = process("start > S > after > end; b > b_task > end2", S=inner, b=boundary("S", message("stop")))
    journey = Journey(drawn, {"xs": [1, 2]}).say("more")
    assert journey.ready == ["m_task", "u", "u"]
    assert journey.step.operations
    assert journey.say("stop").ready == ["b_task"]
    assert not journey.step.operations
    assert not journey.step.listening


def test_an_interrupting_handler_hears_a_message_before_the_main_flow_does() -> None:
    drawn = process("start > c > u > end", c=catch(message("stop")), w=answering("w", message("stop")))
    assert Journey(drawn).say("stop").ready == ["w_task"]


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_scope_goes_on_after_its_own_handler_caught_what_it_told(place: str, interrupting: bool) -> None:
    told = begun(place, end(escalation("L")), h=answering("h", escalation("L"), interrupting))
    told.complete("one").complete("two")
    assert told.last_passed.count("s_end") == 1
    assert told.ready == ["h_task"]
    assert is_over(told.complete("h_task"), place)


def test_a_scope_goes_on_after_its_own_handler_caught_its_error(place: str) -> None:
    journey = begun(place, end(error("E")), h=answering("h", error("E")))
    journey.complete("one").complete("two")
    assert journey.last_passed == ["two", "two__s_end", "s_end", "h_start", "h_start__h_task"]
    assert is_over(journey.complete("h_task"), place)


def test_a_way_that_an_interruption_cut_off_was_not_taken() -> None:
    drawn = process("start > tell > u > end", tell=throw(message("stop")), w=answering("w", message("stop")))
    journey = Journey(drawn)
    assert journey.ready == ["w_task"]
    assert "tell" in journey.passed
    assert "tell__u" not in journey.passed


def test_adding_a_first_handler_renames_no_step_of_the_main_flow() -> None:
    before, after_ = begun("top"), begun("top", w=WITHDRAW)
    assert set(before.blueprint.steps["p"]) < set(after_.blueprint.steps["p"])


@pytest.mark.parametrize("interrupting", [False, True])
def test_an_escalation_begins_a_handler_of_the_scope_around_it(interrupting: bool) -> None:
    drawn = process(
        "start > S > end",
        S=sub("i_start > told > i > i_end", told=throw(escalation("E"))),
        h=handler("h_start > h_task > h_end", escalation("E"), interrupting),
    )
    journey = Journey(drawn)
    assert journey.ready == (["h_task"] if interrupting else ["h_task", "i"])
    journey.complete("h_task")
    assert journey.step.finished is interrupting


def test_a_signal_begins_a_handler_each_time() -> None:
    drawn = process(
        "start > m > a > t > g; g [again] > m; g [] > end",
        m=exclusive(),
        t=throw(signal("s")),
        g=exclusive(),
        h=handler("h_start > h_task > h_end", signal("s"), False),
    )
    journey = Journey(drawn, {"again": True}).complete("a").complete("a")
    assert journey.ready == ["a", "h_task", "h_task"]


@pytest.mark.parametrize("handled", ["h_start > h_end", "h_start > h_task > h_end"])
def test_an_error_end_that_a_handler_of_its_own_scope_catches_does_not_hold_the_scope(handled: str) -> None:
    """At the top, and in a subprocess that goes on to the next node."""
    journey = Journey(process("start > x", x=end(error("E")), h=handler(handled, error("E"))))
    while journey.ready:
        journey.complete(journey.ready[0])
    assert journey.step.finished
    assert journey.passed.count("x") == 1
    inside = sub("i_start > x", x=end(error("E")), h=handler(handled, error("E")))
    journey = Journey(process("start > S > last > end", S=inside))
    if "h_task" in journey.ready:
        journey.complete("h_task")
    assert journey.ready == ["last"]
