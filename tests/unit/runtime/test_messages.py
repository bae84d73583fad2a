"""Messages: what a case listens for, what it sends, and what travels along."""

import pytest

from engine.runtime import Awaited, StaleTrigger
from tests.drawing import catch, each, end, error, first_of, message, node, parallel, process, signal, sub, throw
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


# ------------------------------------------------------------------------------------------------ keys


def asked(**changed: object) -> Journey:
    """Two departments are asked for their opinion; each answers for itself."""
    body = sub(
        "i_start > k > note > i_end",
        each("departments", "department"),
        k=catch(message("opinion", "said"), messageKey="department.code"),
    )
    departments = [{"code": "D1"}, {"code": "D2"}]
    return Journey(process("start > S > end", S=body), {"departments": departments, **changed}, patient=True)


def test_of_several_that_wait_for_one_message_the_one_with_its_key_hears_it() -> None:
    journey = asked()
    assert journey.step.awaited == {Awaited("opinion", "D1"), Awaited("opinion", "D2")}
    assert journey.step.listening == {"opinion"}
    journey.say("opinion", "D2", text="agreed")
    assert journey.step.awaited == {Awaited("opinion", "D1")}
    assert [ready.locals["department"] for ready in journey.step.ready] == [{"code": "D2"}]


@pytest.mark.parametrize("key", [None, "D3", "d1", ""])
def test_a_message_with_another_key_or_none_is_not_awaited(key: str | None) -> None:
    with pytest.raises(StaleTrigger):
        asked().say("opinion", key)


def test_who_waits_without_a_key_hears_every_message_of_the_name() -> None:
    assert Journey(process("start > k > end", k=catch(message("m")))).say("m", "any").step.finished


def test_a_key_is_worked_out_when_the_waiting_begins() -> None:
    drawn = process("start > f > k > end; f > a > b > end2", f=parallel(), k=catch(message("m"), messageKey="code"))
    journey = Journey(drawn, {"code": "old"}).complete("a", code="new")
    assert journey.say("m", "old").ready == ["b"]


def test_a_key_that_is_no_text_holds_the_token() -> None:
    journey = asked(departments=[{"code": "D1"}, {}])
    assert (journey.held, journey.step.awaited) == (["k"], {Awaited("opinion", "D1")})
    journey.move("k", "note")


def test_an_event_gateway_tells_messages_apart_by_their_keys() -> None:
    drawn = process(
        "start > g > k > a > end; g > l > b > end2",
        g=first_of(),
        k=catch(message("one"), messageKey="'x'"),
        l=catch(message("two")),
    )
    journey = Journey(drawn)
    with pytest.raises(StaleTrigger):
        journey.say("one", "y")
    assert journey.say("one", "x").ready == ["a"]


def test_a_message_within_a_case_carries_its_key() -> None:
    drawn = process(
        "start > f > k > a > end; f > l > b > end2; f > go > t > end3",
        f=parallel(),
        k=catch(message("m"), messageKey="'1'"),
        l=catch(message("m"), messageKey="'2'"),
        t=throw(message("m"), messageKey="2"),
    )
    assert Journey(drawn).complete("go").ready == ["b"]
