"""Messages: what a case listens for, what it sends, and what travels along."""

import pytest

from engine.runtime import StaleTrigger
from tests.drawing import catch, end, error, first_of, message, node, parallel, process, signal, sub, throw
from tests.unit.runtime.journey import Journey


def test_a_case_listens_only_while_it_waits() -> None:
    journey = Journey(process("start > a > c > b > end", c=catch(message("m"))))
    assert journey.step.listening == frozenset()
    with pytest.raises(StaleTrigger):
        journey.say("m")
    assert journey.complete("a").step.listening == {"m"}
    with pytest.raises(StaleTrigger):
        journey.say("other")
    assert journey.say("m").ready == ["b"]
    with pytest.raises(StaleTrigger):
        journey.say("m")


def test_a_receive_task_waits_like_a_catching_event() -> None:
    drawn = process("start > r > end", r=node("receiveTask", message("m", "got")))
    journey = Journey(drawn).say("m", x=1)
    assert journey.step.finished
    assert journey.data == {"got": {"x": 1}}


def test_messages_that_are_thrown_come_out_with_their_payload() -> None:
    drawn = process(
        "start > t > s > end",
        t=throw(message("told", payload="{'n': n + 1}")),
        s=node("sendTask", message("sent")),
        end=end(message("ended", payload="n")),
    )
    journey = Journey(drawn, {"n": 1})
    assert journey.step.finished
    assert journey.step.messages == (("told", {"n": 2}), ("sent", None), ("ended", 1))
    assert journey.step.writes == {}


def test_a_message_to_somebody_in_the_same_case_stays_inside() -> None:
    drawn = process(
        "start > f > c > a > end; f > b > t > end2", f=parallel(), c=catch(message("m")), t=throw(message("m"))
    )
    journey = Journey(drawn).complete("b")
    assert journey.step.messages == ()
    assert journey.ready == ["a"]


def test_signals_stay_inside() -> None:
    drawn = process("start > f > c > a > end; f > b > end2", f=parallel(), c=catch(signal("s")), end2=end(signal("s")))
    journey = Journey(drawn).complete("b")
    assert journey.ready == ["a"]
    assert journey.step.messages == ()


def test_an_event_gateway_among_messages() -> None:
    drawn = process(
        "start > g > m1 > a > end; g > r > b > end2",
        g=first_of(),
        m1=catch(message("one")),
        r=node("receiveTask", message("two")),
    )
    assert Journey(drawn).step.listening == {"one", "two"}
    assert Journey(drawn).say("one").ready == ["a"]
    assert Journey(drawn).say("two").ready == ["b"]


def test_a_case_may_begin_with_a_message_event() -> None:
    drawn = process("start > a > end", start=node("startEvent", message("request")))
    journey = Journey(drawn)
    assert journey.ready == ["a"]
    assert journey.step.listening == frozenset()


def test_an_error_end_that_nobody_catches_fails() -> None:
    from engine.runtime import UnhandledError

    with pytest.raises(UnhandledError):
        Journey(process("start > S > end", S=sub("i_start > i_bad", i_bad=end(error("E")))))
