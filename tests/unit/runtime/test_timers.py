"""Timers run on the time that is passed in; deadlines are only referred to."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.runtime import Complete, ExpressionFailed, StaleTrigger, Tick
from engine.runtime.timers import cycle_of, duration_of, instant_of
from tests.drawing import after, at, boundary, catch, every, first_of, handler, message, process
from tests.unit.runtime.journey import T0, Journey, due

CLOCK = process("start > work > end; late > overdue > end2", late=boundary("work", at('deadline("reply")')))


def test_moving_the_deadline_moves_the_timer_and_the_state_holds_no_instant() -> None:
    journey = Journey(CLOCK)  # the deadline has not started
    (timer,) = journey.step.timers
    assert (timer.node, timer.deadline, timer.due_at) == ("late", "reply", None)
    size = len(journey.state)
    journey.deadlines["reply"] = due(T0 + timedelta(days=5))
    assert journey.tick(days=4).ready == ["work"]
    assert journey.step.timers[0].due_at == T0 + timedelta(days=5)
    journey.deadlines["reply"] = due(T0 + timedelta(days=20))  # extended
    assert journey.tick(days=10).ready == ["work"]
    journey.deadlines["reply"] = due(T0 + timedelta(days=20), running=False)  # suspended
    assert journey.tick(days=10).ready == ["work"]
    assert journey.step.timers[0].due_at is None
    assert len(journey.state) == size
    journey.deadlines["reply"] = due(journey.now)
    assert journey.do(Tick()).ready == ["overdue"]
    assert not journey.step.timers


def test_a_task_cannot_be_completed_after_its_interrupting_deadline() -> None:
    journey = Journey(CLOCK, deadlines={"reply": due(T0 + timedelta(days=1))})
    work = journey.task("work")
    journey.now += timedelta(days=2)
    with pytest.raises(StaleTrigger):
        journey.do(Complete(work))
    assert journey.do(Tick()).ready == ["overdue"]


def test_a_task_completed_in_time_ends_its_timer() -> None:
    journey = Journey(CLOCK, deadlines={"reply": due(T0 + timedelta(days=1))})
    journey.complete("work")
    assert journey.step.finished
    assert not journey.step.timers


def test_durations_and_dates_run_on_the_time_that_is_passed_in() -> None:
    drawn = process("start > w > d > u > end", w=catch(after("'P7D'")), d=catch(at("when")))
    journey = Journey(drawn, {"when": "2026-04-01"})
    assert journey.step.timers[0].due_at == T0 + timedelta(days=7)
    assert journey.step.timers[0].deadline is None
    assert journey.tick(days=6, hours=23).step.timers[0].node == "w"
    assert journey.tick(hours=1).step.timers[0].due_at == datetime(2026, 3, 31, 16, tzinfo=UTC)  # midnight in Guiyang
    assert journey.tick(days=40).ready == ["u"]


def test_a_timer_that_is_already_due_fires_at_once() -> None:
    assert Journey(process("start > d > u > end", d=catch(at("'2020-01-01'")))).ready == ["u"]


def test_a_timer_without_interruption_fires_once_even_if_the_deadline_is_extended_later() -> None:
    drawn = process("start > work > end; b > nag > end2", b=boundary("work", at("deadline('d')"), interrupting=False))
    journey = Journey(drawn, deadlines={"d": due(T0 + timedelta(days=1))})
    assert journey.tick(days=2).ready == ["nag", "work"]
    journey.deadlines["d"] = due(T0 + timedelta(days=9))
    assert journey.tick(days=20).ready == ["nag", "work"]
    journey.complete("work")
    assert journey.ready == ["nag"]
    journey.complete("nag")
    assert journey.step.finished


def test_rounds_missed_while_nobody_looked_count_but_fire_once() -> None:
    nag = handler("h_start > nag > h_end", every("'R5/P1D'"), interrupting=False)
    journey = Journey(process("start > work > end", h=nag))
    assert journey.tick(days=3, hours=1).ready == ["nag", "work"]
    assert journey.do(Tick()).ready == ["nag", "work"]
    assert journey.step.timers[0].due_at == T0 + timedelta(days=4)
    assert journey.tick(days=1).ready == ["nag", "nag", "work"]
    journey.tick(days=9)
    journey.tick(days=9)
    assert journey.ready == ["nag", "nag", "nag", "work"]
    assert not journey.step.timers
    for _ in range(3):
        journey.complete("nag")
    journey.complete("work")
    assert journey.step.finished


@pytest.mark.parametrize("place", ["handler", "boundary"])
def test_a_cycle_that_has_come_for_the_last_time_waits_no_longer(place: str) -> None:
    nag = handler("h_start > nag > h_end", every("'R1/P1D'"), interrupting=False)
    beside = {"b": boundary("work", every("'R1/P1D'"), interrupting=False)}
    text = "start > work > end" + ("; b > nag > end2" if place == "boundary" else "")
    journey = Journey(process(text, **({"h": nag} if place == "handler" else beside)))
    assert journey.tick(days=1).ready == ["nag", "work"]
    assert not journey.step.timers


def test_the_work_of_a_repeated_reminder_outlives_its_task() -> None:
    drawn = process("start > work > next > end; b > nag > end2", b=boundary("work", every("'R/P1D'"), False))
    journey = Journey(drawn)
    journey.tick(days=1)
    journey.tick(days=1)
    assert journey.ready == ["nag", "nag", "work"]
    journey.complete("work")
    assert journey.ready == ["nag", "nag", "next"]
    assert not journey.step.timers
    assert journey.tick(days=9).ready == ["nag", "nag", "next"]


@pytest.mark.parametrize("first", ["message", "deadline"])
def test_an_event_gateway_takes_what_comes_first(first: str) -> None:
    drawn = process(
        "start > g > served > a > end; g > t > b > end2",
        g=first_of(),
        served=catch(message("served", "proof")),
        t=catch(at("deadline('service')")),
    )
    journey = Journey(drawn)
    assert journey.step.listening == {"served"}
    assert journey.step.timers[0].deadline == "service"
    assert journey.step.timers[0].node == "g"
    if first == "message":
        journey.say("served", by="post")
        assert journey.ready == ["a"]
        assert journey.data["proof"] == {"by": "post"}
    else:
        journey.deadlines["service"] = due(journey.now)
        assert journey.do(Tick()).ready == ["b"]
    assert not journey.step.listening
    assert not journey.step.timers


def test_two_things_due_at_once_fire_in_one_tick_and_the_interruption_wins() -> None:
    drawn = process(
        "start > work > end; soft > nag > end2",
        soft=boundary("work", at("deadline('d')"), interrupting=False),
        h=handler("h_start > stop > h_end", at("deadline('d')")),
    )
    journey = Journey(drawn)
    journey.deadlines["d"] = due(T0)
    assert journey.tick(days=1).ready == ["stop"]


def test_a_timer_that_another_one_ended_in_the_same_moment_waits_no_more() -> None:
    drawn = process("start > d > u > end", h=handler("h_start > stop > h_end", after("'P1D'")), d=catch(after("'P9D'")))
    journey = Journey(drawn).tick(days=1)
    assert journey.ready == ["stop"]
    assert not journey.step.timers
    assert journey.complete("stop").step.finished


@pytest.mark.parametrize("bad", ["when", "3", "{}", "'tomorrow'", "deadline(3)", "'9999-12-31T23:59:59-23:59'"])
def test_what_is_no_time_fails_where_it_is_drawn(bad: str) -> None:
    source = process("start > d > end", d=catch(at(f"[{bad}][0]")))
    with pytest.raises(ExpressionFailed) as caught:
        Journey(source, {"when": None})
    assert caught.value.data["node"] == "d"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("P10D", "2026-02-20", "2026-03-02"),
        ("P1M", "2026-01-31", "2026-02-28"),
        ("P1M", "2024-01-31", "2024-02-29"),
        ("P1Y", "2024-02-29", "2025-02-28"),
        ("P2W", "2026-12-25", "2027-01-08"),
        ("P1M1D", "2026-01-31", "2026-03-01"),
    ],
)
def test_durations_are_counted_on_the_calendar(text: str, start: str, end: str) -> None:
    assert duration_of(text).after(instant_of(start)) == instant_of(end)


def test_hours_and_minutes_are_counted_too() -> None:
    assert duration_of("PT2H30M").after(T0) == T0 + timedelta(minutes=150)


@pytest.mark.parametrize("text", ["P", "PT", "10D", "P1H", "PT1D", "P-1D", "P1.5D", "", "P1D1M", "P99999999D", None, 5])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration_of(text)


@pytest.mark.parametrize("text", ["R3", "R/P1M", "R3/PT0S", "R3/PT1S", "3/P1D", "R-1/P1D", "R3/P1D/P2D", None])
def test_what_is_no_cycle_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"cycle|duration"):
        cycle_of(text)


def test_a_duration_beyond_the_calendar_fails_where_it_is_drawn() -> None:
    with pytest.raises(ExpressionFailed):
        Journey(process("start > d > end", d=catch(after("'P' + '9999Y'"))))
