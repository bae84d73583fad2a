"""Boundary events: work that is interrupted, work that is begun beside it, once or again and again."""

import pytest

from engine.runtime import StaleTrigger
from tests.drawing import (
    after,
    boundary,
    call,
    each,
    end,
    error,
    escalation,
    exclusive,
    message,
    parallel,
    process,
    signal,
    sub,
    throw,
    user,
)
from tests.unit.runtime.journey import Journey


def test_an_interrupting_message_ends_the_task() -> None:
    drawn = process("start > work > next > end; b > other > end2", b=boundary("work", message("m", "note")))
    journey = Journey(drawn).say("m", text="x")
    assert journey.ready == ["other"]
    assert journey.data["note"] == {"text": "x"}
    with pytest.raises(StaleTrigger):
        journey.say("m")
    assert journey.complete("other").step.finished


def test_a_message_without_interruption_may_come_again_and_its_work_outlives_the_task() -> None:
    drawn = process("start > work > next > end; b > read > end2", b=boundary("work", message("m"), False))
    journey = Journey(drawn).say("m").say("m")
    assert journey.ready == ["read", "read", "work"]
    journey.complete("work")
    assert journey.ready == ["next", "read", "read"]
    assert not journey.step.listening
    journey.complete("read").complete("read").complete("next")
    assert journey.step.finished


def test_repeated_messages_do_not_pile_up_in_the_state() -> None:
    drawn = process("start > work > next > end; b > read > end2", b=boundary("work", message("m"), False))
    journey = Journey(drawn).say("m").complete("read")
    size = len(journey.state)
    for _ in range(100):
        journey.say("m").complete("read")
    assert len(journey.state) <= size + 8


def test_an_activity_that_is_interrupted_as_it_ends_is_not_also_done() -> None:
    drawn = process("start > work > end; b > other > end2", work=user(each("xs", "x")), b=boundary("work", after("d")))
    journey = Journey(drawn, {"xs": [], "d": "PT0S"})
    assert journey.ready == ["other"]
    assert journey.passed == ["start", "start__work", "b", "b__other"]


def test_an_interruption_in_the_midst_of_much_other_work_takes_its_way() -> None:
    drawn = process(
        "start > f > many > end; f > work > end2; f > u > tell > end3; b > other > end4",
        f=parallel(),
        many=user(each("xs", "x")),
        tell=throw(signal("s")),
        b=boundary("work", signal("s")),
    )
    journey = Journey(drawn, {"xs": list(range(200))}).complete("u")
    assert [node for node in journey.ready if node != "many"] == ["other"]


def test_several_boundary_events_on_one_task() -> None:
    drawn = process(
        "start > work > end; b1 > one > end1; b2 > two > end2; b3 > three > end3",
        b1=boundary("work", message("m1"), False),
        b2=boundary("work", message("m2")),
        b3=boundary("work", after("'P1D'")),
    )
    journey = Journey(drawn).say("m1")
    assert journey.step.listening == {"m1", "m2"}
    assert journey.say("m2").ready == ["one", "two"]
    assert not journey.step.timers
    assert journey.tick(days=2).ready == ["one", "two"]


def test_a_way_back_into_the_task_itself() -> None:
    drawn = process(
        "start > m > work > end; b > fix > m",
        m=exclusive(),
        b=boundary("work", message("again")),
    )
    journey = Journey(drawn)
    for _ in range(3):
        assert journey.say("again").ready == ["fix"]
        assert journey.complete("fix").ready == ["work"]
    assert journey.complete("work").step.finished


def test_a_boundary_event_that_leads_straight_back() -> None:
    journey = Journey(process("start > work > end; b > work", b=boundary("work", after("'P1D'"))))
    for _ in range(5):
        journey.tick(days=1)
        assert journey.ready == ["work"]
        assert len(journey.step.timers) == 1
        assert journey.last_passed == ["b", "b__work"]
    assert len(journey.state) < 400
    assert journey.complete("work").step.finished


def test_a_task_in_one_of_two_branches_is_interrupted_and_the_branches_still_join() -> None:
    drawn = process(
        "start > f > a > m > j > end; f > b > j; late > c > m",
        f=parallel(),
        j=parallel(),
        m=exclusive(),
        late=boundary("a", message("late")),
    )
    journey = Journey(drawn).say("late")
    assert journey.ready == ["b", "c"]
    assert journey.complete("b").complete("c").step.finished


def test_a_subprocess_is_interrupted_with_all_that_is_in_it() -> None:
    inner = sub("i_start > f > a > i_end; f > b > i_end2", f=parallel())
    drawn = process("start > S > after > end; stop > cleanup > end2", S=inner, stop=boundary("S", message("stop")))
    journey = Journey(drawn).complete("a").say("stop")
    assert journey.ready == ["cleanup"]


def test_an_error_end_is_caught_at_the_border_and_the_normal_way_is_not_taken() -> None:
    inner = sub("i_start > check > g; g [bad] > i_bad; g [] > i_end", g=exclusive(), i_bad=end(error("REFUSED")))
    drawn = process("start > S > after > end; b > fix > end2", S=inner, b=boundary("S", error("REFUSED")))
    journey = Journey(drawn).complete("check", bad=True)
    assert journey.ready == ["fix"]
    assert journey.complete("fix").step.finished
    assert "S" not in journey.passed
    assert Journey(drawn).complete("check", bad=False).ready == ["after"]


def test_an_error_end_ends_its_parallel_siblings() -> None:
    inner = sub("i_start > f > a > i_bad; f > b > i_end", f=parallel(), i_bad=end(error("E")))
    drawn = process("start > S > after > end; x > fix > end2", S=inner, x=boundary("S", error("E")))
    journey = Journey(drawn).complete("a")
    assert journey.ready == ["fix"]


def test_an_error_end_of_a_called_process_reaches_the_caller() -> None:
    called = process("q_start > work > q_bad", "q", q_bad=end(error("E")))
    drawn = process("start > c > after > end; b > fix > end2", c=call("q"), b=boundary("c", error("E")))
    journey = Journey(drawn, q_bpmn=called).complete("work")
    assert journey.ready == ["fix"]
    assert journey.complete("fix").step.finished


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_reaches_the_border_of_its_subprocess(interrupting: bool) -> None:
    inner = sub("i_start > a > tell > b > i_end", tell=throw(escalation("LATE")))
    drawn = process(
        "start > S > after > end; x > inform > end2", S=inner, x=boundary("S", escalation("LATE"), interrupting)
    )
    journey = Journey(drawn).complete("a")
    assert journey.ready == (["inform"] if interrupting else ["b", "inform"])


def test_an_escalation_that_nobody_catches_is_no_error() -> None:
    inner = sub("i_start > tell > b > i_end", tell=throw(escalation("LATE")))
    assert Journey(process("start > S > end", S=inner)).ready == ["b"]


def test_an_escalation_at_the_end_of_an_interrupted_subprocess_takes_one_way_only() -> None:
    inner = sub("i_start > a > i_end", i_end=end(escalation("LATE")))
    drawn = process("start > S > after > end; x > inform > end2", S=inner, x=boundary("S", escalation("LATE")))
    assert Journey(drawn).complete("a").ready == ["inform"]


def test_a_signal_is_heard_by_everybody_in_the_case() -> None:
    drawn = process(
        "start > f > a > tell > end; f > b > end2; f > c > end3; bx > x > end4; cx > y > end5",
        f=parallel(),
        tell=throw(signal("s")),
        bx=boundary("b", signal("s")),
        cx=boundary("c", signal("s"), interrupting=False),
    )
    journey = Journey(drawn).complete("a")
    assert journey.ready == ["c", "x", "y"]
    assert journey.step.messages == ()
