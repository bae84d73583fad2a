"""A running case goes over to another version of its drawing: tokens stay by name, or a sentence says why they cannot."""

from datetime import timedelta

import pytest

from engine.runtime import (
    Blueprint,
    Context,
    OperationBroke,
    StaleTrigger,
    Transplant,
    UnhandledError,
    UnreadableState,
    parse,
    transplant,
)
from tests.drawing import (
    Drawn,
    after,
    at,
    bare_process,
    boundary,
    call,
    catch,
    definitions,
    each,
    error,
    first_of,
    handler,
    inclusive,
    loop,
    message,
    parallel,
    process,
    script,
    service,
    sub,
    user,
)
from tests.unit.runtime.journey import T0, Journey, due

WITHDRAW = handler("w_start > w_task > w_end", message("withdraw"))
MORE = handler("m_start > m_task > m_end", message("more", "extra"), False)
CLOCK = handler("c_start > c_task > c_end", at("deadline('reply')"), False)


def tried(journey: Journey, source: bytes, **files: bytes) -> tuple[Blueprint, Transplant]:
    named = {name.replace("_bpmn", ".bpmn"): content for name, content in files.items()}
    new = parse({"p.bpmn": source, **named}, "p")
    context = Context(journey.data, journey.deadlines, journey.participants)
    assert journey.state is not None
    return new, transplant(journey.blueprint, new, journey.state, context, journey.now)


def moved(journey: Journey, source: bytes, **files: bytes) -> Journey:
    """The same case on another drawing."""
    new, result = tried(journey, source, **files)
    assert result.obstacles == ()
    assert result.step is not None
    assert result.step.passed == ()
    assert result.step.writes == {}
    journey.blueprint, journey.step, journey.state = new, result.step, result.step.state
    return journey


def obstacles(journey: Journey, source: bytes) -> dict[str, str]:
    _, result = tried(journey, source)
    assert result.step is None
    return {obstacle.node: obstacle.reason for obstacle in result.obstacles}


# ------------------------------------------------------------------------------------------------ staying


def test_a_task_keeps_its_id_and_goes_the_new_way() -> None:
    journey = Journey(process("start > a > b > end"))
    task = journey.task("a")
    moved(journey, process("start > zero > a > between > b > end"))
    assert journey.task("a") == task
    assert journey.complete("a").ready == ["between"]
    assert journey.complete("between").complete("b").step.finished


def test_what_follows_may_be_anything() -> None:
    journey = moved(Journey(process("start > a > b > end")), process("start > a > s > end", s=script("x = 1")))
    assert journey.complete("a").step.finished
    assert journey.data == {"x": 1}


def test_a_node_that_the_case_has_passed_may_be_gone() -> None:
    journey = Journey(process("start > a > b > c > end")).complete("a")
    moved(journey, process("start > b > c > end"))
    assert journey.complete("b").complete("c").step.finished


def test_a_timer_keeps_the_time_for_which_it_waits() -> None:
    journey = Journey(process("start > t > b > end", t=catch(after("'P10D'"))))
    moved(journey, process("start > t > b > end", t=catch(after("'P90D'"))))
    assert [t.due_at for t in journey.step.timers] == [T0 + timedelta(days=10)]
    assert journey.tick(days=10).ready == ["b"]


def test_a_timer_of_a_deadline_follows_the_same_deadline() -> None:
    journey = Journey(process("start > a > end", c=CLOCK), deadlines={"reply": due(T0 + timedelta(days=3))})
    moved(journey, process("start > a > b > end", c=CLOCK))
    assert [t.deadline for t in journey.step.timers] == ["reply"]
    assert journey.tick(days=3).ready == ["a", "c_task"]
    assert journey.tick(days=3).ready == ["a", "c_task"]


def test_a_parked_operation_stays_parked_under_its_token() -> None:
    journey = Journey(process("start > s > b > end", s=service("notice.issue", "notice", kind="'reply'")))
    (parked,) = journey.step.operations
    moved(journey, process("start > s > b > c > end", s=service("notice.issue", "paper", kind="'other'")))
    assert journey.step.operations == (parked,)
    journey.answer({"id": "7"})
    assert (journey.ready, journey.data) == (["b"], {"paper": {"id": "7"}})


def test_what_followed_a_parked_operation_may_change() -> None:
    journey = Journey(process("start > s > b > end", s=service("v")))
    moved(journey, process("start > s > c > end", s=service("v")))
    assert journey.answer().ready == ["c"]


def test_tokens_in_subprocesses_and_called_processes_stay() -> None:
    def drawn(inner: str, called: str) -> bytes:
        return definitions(
            bare_process("start > fork; fork > S > join; fork > C > join; join > end", "p", fork=parallel(),
                         join=parallel(), S=sub(inner), C=call("q")),
            bare_process(called, "q"),
        )  # fmt: skip

    journey = Journey(drawn("s_start > a > s_end", "q_start > c > q_end"))
    tasks = journey.task("a"), journey.task("c")
    moved(journey, drawn("s_start > a > b > s_end", "q_start > zero > c > d > q_end"))
    assert (journey.task("a"), journey.task("c")) == tasks
    for node in ("a", "b", "c", "d"):
        journey.complete(node)
    assert journey.step.finished


@pytest.mark.parametrize("sequential", [True, False])
def test_the_instances_of_a_loop_stay_with_their_items_and_results(sequential: bool) -> None:
    repeated = user(each("people", "person", "answers", "answer", sequential))
    journey = Journey(process("start > a > b > end", a=repeated), {"people": ["x", "y", "z"]})
    journey.complete("a", answer="1")
    moved(journey, process("start > zero > a > c > end", a=repeated))
    journey.complete("a", answer="2").complete("a", answer="3")
    assert (journey.data["answers"], journey.ready) == (["1", "2", "3"], ["c"])


def test_the_rounds_of_a_standard_loop_go_on_being_counted() -> None:
    journey = Journey(process("start > a > end", a=user(loop("again"))))
    journey.complete("a", again=True)
    moved(journey, process("start > a > b > end", a=user(loop("again and True"))))
    assert journey.complete("a", again=True).ready == ["a"]
    assert journey.complete("a", again=False).ready == ["b"]


def test_a_handler_at_work_stays_with_what_it_was_sent() -> None:
    journey = Journey(process("start > a > end", m=MORE)).say("more", n=1)
    again = handler("m_start > m_task > m_more > m_end", message("more", "extra"), False)
    moved(journey, process("start > zero > a > end", m=again))
    assert [r.locals for r in journey.step.ready if r.node == "m_task"] == [{"extra": {"n": 1}}]
    assert journey.say("more", n=2).ready == ["a", "m_task", "m_task"]
    journey.complete("m_task").complete("m_task").complete("m_more").complete("m_more")
    assert journey.complete("a").step.finished


def test_tokens_that_wait_for_each_other_still_do() -> None:
    nodes = {"fork": parallel(), "join": parallel()}
    journey = Journey(process("start > fork; fork > a > join; fork > b > join; join > c > end", **nodes)).complete("a")
    moved(journey, process("start > fork; fork > a > join; fork > b > d > join; join > c > end", **nodes))
    assert journey.complete("b").ready == ["d"]
    assert journey.complete("d").ready == ["c"]


def test_an_event_gateway_goes_on_waiting_for_whichever_comes_first() -> None:
    nodes = {"g": first_of(), "m": catch(message("m")), "t": catch(after("'P5D'"))}
    journey = Journey(process("start > g; g > m > a > end; g > t > b > end", **nodes))
    moved(journey, process("start > g; g > m > c > end; g > t > b > end", **nodes))
    assert [t.due_at for t in journey.step.timers] == [T0 + timedelta(days=5)]
    assert journey.say("m").ready == ["c"]


def test_a_token_that_is_held_tries_again_in_the_version_that_was_mended() -> None:
    journey = Journey(process("start > a > s > b > end", s=script("n = amount + 1")), patient=True)
    journey.complete("a", amount="many")
    assert moved(journey, process("start > a > s > b > end", s=script("n = len(amount)"))).held == ["s"]
    assert journey.retry("s").ready == ["b"]
    assert journey.data["n"] == 4


def test_a_held_operation_may_become_another() -> None:
    journey = Journey(process("start > s > b > end", s=service("wrong")), patient=True)
    journey.do(OperationBroke(journey.step.operations[0].id, UnhandledError(code="x", node="s")))
    moved(journey, process("start > s > b > end", s=service("right")))
    assert (journey.held, journey.verbs) == (["s"], [])
    assert journey.retry("s").verbs == ["right"]


def test_a_message_is_awaited_under_the_key_that_it_had() -> None:
    def drawn(after: str) -> bytes:
        return process(f"start > m > {after} > end", m=catch(message("m"), messageKey="number"))

    journey = moved(Journey(drawn("a"), {"number": "7"}), drawn("b"))
    journey.data["number"] = "8"
    with pytest.raises(StaleTrigger):
        journey.say("m", "8")
    assert journey.say("m", "7").ready == ["b"]


def test_lanes_are_those_of_the_new_version() -> None:
    journey = Journey(process("start > a > end", lanes={"x.clerk": ["start", "a", "end"]}))
    moved(journey, process("start > a > end", lanes={"x.head": ["start", "a", "end"]}))
    assert [r.lane for r in journey.step.ready] == ["x.head"]


# ------------------------------------------------------------------------------------------------ beginning to listen


def test_a_live_case_gains_event_subprocesses() -> None:
    journey = Journey(process("start > a > b > end"), deadlines={"reply": due(T0 + timedelta(days=2))})
    _, result = tried(journey, process("start > a > b > end", w=WITHDRAW, m=MORE, c=CLOCK))
    assert result.begins == ("c_start", "m_start", "w_start")
    moved(journey, process("start > a > b > end", w=WITHDRAW, m=MORE, c=CLOCK))
    assert journey.step.listening == {"withdraw", "more"}
    assert [t.deadline for t in journey.step.timers] == ["reply"]
    assert journey.say("more", n=1).tick(days=2).ready == ["a", "c_task", "m_task"]
    assert journey.say("withdraw").ready == ["w_task"]
    assert journey.complete("w_task").step.finished


def test_what_is_due_already_when_it_begins_to_listen_happens_when_the_case_is_woken() -> None:
    journey = Journey(process("start > a > end"), deadlines={"reply": due(T0 - timedelta(days=2))})
    moved(journey, process("start > a > end", c=CLOCK))
    assert journey.ready == ["a"]
    assert [t.due_at for t in journey.step.timers] == [T0 - timedelta(days=2)]
    assert journey.tick().ready == ["a", "c_task"]
    assert journey.tick(days=1).ready == ["a", "c_task"]


def test_new_handlers_of_an_open_subprocess_listen_there() -> None:
    journey = Journey(process("start > S > b > end", S=sub("s_start > a > s_end")))
    moved(journey, process("start > S > b > end", S=sub("s_start > a > s_end", w=WITHDRAW)))
    assert journey.say("withdraw").ready == ["w_task"]
    assert journey.complete("w_task").ready == ["b"]
    assert journey.step.listening == frozenset()


def test_nothing_new_listens_after_a_withdrawal() -> None:
    journey = Journey(process("start > a > end", w=WITHDRAW)).say("withdraw")
    moved(journey, process("start > a > end", w=WITHDRAW, m=MORE))
    assert journey.step.listening == frozenset()
    assert journey.complete("w_task").step.finished


def test_a_clock_that_has_struck_does_not_strike_again() -> None:
    journey = Journey(process("start > a > end", c=CLOCK), deadlines={"reply": due(T0)}).complete("c_task")
    moved(journey, process("start > a > b > end", c=CLOCK))
    assert journey.tick(days=1).ready == ["a"]


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("already", [True, False])
def test_a_boundary_event_is_added_to_work_under_way(interrupting: bool, already: bool) -> None:
    first = {"old": boundary("a", message("old"), False)} if already else {}
    way = "; old > o_task > o_end" if already else ""
    journey = Journey(process(f"start > zero > a > b > end{way}", **first)).complete("zero")
    task = journey.task("a")
    late = boundary("a", after("'P1D'"), interrupting)
    moved(journey, process(f"start > a > b > end{way}; late > x > end2", late=late, **first))
    assert journey.task("a") == task
    assert [(t.node, t.due_at) for t in journey.step.timers] == [("late", T0 + timedelta(days=1))]
    assert journey.tick(days=1).ready == (["x"] if interrupting else ["a", "x"])
    if not interrupting:
        assert journey.complete("a").ready == ["b", "x"]
        journey.complete("b")
    assert journey.complete("x").step.finished


def test_a_boundary_event_that_never_happens_ends_with_the_work() -> None:
    journey = Journey(process("start > a > b > end"))
    moved(journey, process("start > a > b > end; m > x > end2", m=boundary("a", message("m"), False)))
    assert journey.say("m").say("m").ready == ["a", "x", "x"]
    assert journey.complete("a").step.listening == frozenset()
    assert journey.complete("b").complete("x").complete("x").step.finished


def test_an_error_of_a_parked_operation_finds_its_new_boundary_event() -> None:
    journey = Journey(process("start > s > b > end", s=service("notice.issue")))
    moved(
        journey,
        process(
            "start > s > b > end; e > x > end2", s=service("notice.issue"), e=boundary("s", error("refused"))
        ),
    )  # fmt: skip
    assert journey.fail("refused").ready == ["x"]


@pytest.mark.parametrize("host", ["loop", "subprocess", "call"])
def test_whatever_is_under_way_may_gain_a_boundary_event(host: str) -> None:
    def drawn(text: str, **more: Drawn) -> bytes:
        kinds = {"loop": user(each("xs", "x")), "subprocess": sub("s_start > w > s_end"), "call": call("q")}
        return definitions(
            bare_process(text, "p", h=kinds[host], **more),
            *([bare_process("q_start > w > q_end", "q")] if host == "call" else []),
        )

    journey = Journey(drawn("start > h > b > end"), {"xs": [1, 2]})
    before = journey.ready
    moved(journey, drawn("start > h > b > end; stop > x > end2", stop=boundary("h", message("stop"))))
    assert journey.ready == before
    assert journey.say("stop").ready == ["x"]
    assert journey.complete("x").step.finished


def test_a_new_timer_that_is_no_time_is_an_obstacle() -> None:
    journey = Journey(process("start > a > end"), {"when": "soon"})
    told = obstacles(journey, process("start > a > end; t > x > end2", t=boundary("a", at("when"))))
    assert "date" in told["t"]


# ------------------------------------------------------------------------------------------------ obstacles


@pytest.mark.parametrize(
    ("before", "then", "node", "reason"),
    [
        pytest.param(process("start > a > end"), process("start > b > end"), "a", "no such node", id="gone"),
        pytest.param(
            process("start > a > end"), process("start > a > end", a=service("v")), "a",
            "was a userTask and is a serviceTask", id="kind",
        ),
        pytest.param(
            process("start > a > end"), process("start > S > end", S=sub("s_start > a > s_end")), "a",
            "moved from p to S", id="scope",
        ),
        pytest.param(
            process("start > t > end", t=catch(after("'P1D'"))), process("start > t > end", t=catch(at("'2030-01-01'"))),
            "t", "waits for something else", id="timer",
        ),
        pytest.param(
            process("start > t > end", t=catch(message("m"))), process("start > t > end", t=catch(message("n"))),
            "t", "waits for something else", id="message",
        ),
        pytest.param(
            process("start > t > end", t=catch(message("m"))), process("start > t > end", t=catch(after("'P1D'"))),
            "t", "waits for something else", id="trigger",
        ),
        pytest.param(
            process("start > a > end", a=user(each("xs", "x"))), process("start > a > end"), "a", "another way",
            id="loop ended",
        ),
        pytest.param(
            process("start > a > end"), process("start > a > end", a=user(each("xs", "x"))), "a", "another way",
            id="loop begun",
        ),
        pytest.param(
            process("start > a > end", a=user(each("xs", "x"))),
            process("start > a > end", a=user(each("xs", "x", sequential=True))), "a", "repeated in another way",
            id="in turn",
        ),
        pytest.param(
            process("start > a > end", a=user(each("xs", "x"))),
            process("start > a > end", a=user(each("xs", "y"))), "a", "repeated in another way", id="item",
        ),
        pytest.param(
            process("start > a > end", w=WITHDRAW), process("start > a > end"), "w_start", "no such node",
            id="handler gone",
        ),
        pytest.param(
            process("start > a > end; m > x > end2", m=boundary("a", message("m"))), process("start > a > end"),
            "m", "no such node", id="boundary event gone",
        ),
        pytest.param(
            process("start > s > end", s=service("notice.draft")), process("start > s > end", s=service("notice.issue")),
            "s", "notice.draft is under way", id="operation",
        ),
        pytest.param(
            process("start > g; g > m > end; g > n > end2", g=first_of(), m=catch(message("m")), n=catch(message("n"))),
            process("start > g; g > m > end; g > o > end2", g=first_of(), m=catch(message("m")), o=catch(message("n"))),
            "g", "waits for something else", id="event gateway",
        ),
    ],
)  # fmt: skip
def test_what_cannot_stay_is_named_with_the_reason(before: bytes, then: bytes, node: str, reason: str) -> None:
    told = obstacles(Journey(before, {"xs": [1, 2]}), then)
    assert reason in told[node]


def test_a_called_process_that_was_exchanged_is_an_obstacle() -> None:
    def drawn(called: str) -> bytes:
        return definitions(
            bare_process("start > C > end", "p", C=call(called)), bare_process("q_start > a > q_end", called)
        )

    assert "another subprocess or process" in obstacles(Journey(drawn("q")), drawn("r"))["C"]


def test_a_renamed_payload_is_an_obstacle_for_a_handler_at_work() -> None:
    def drawn(name: str) -> bytes:
        return process("start > a > end", m=handler("m_start > m_task > m_end", message("more", name), False))

    told = obstacles(Journey(drawn("extra")).say("more", n=1), drawn("other"))
    assert "another name" in told["m"]
    moved(Journey(drawn("extra")), drawn("other"))


def test_a_branch_that_the_case_has_passed_is_not_waited_for() -> None:
    nodes = {"fork": parallel(), "join": parallel()}
    two = process("start > fork; fork > a > join; fork > b > join; join > c > end", **nodes)
    three = process(
        "start > fork; fork > a > join; fork > b > join; fork > x > join; join > c > end", **nodes
    )  # fmt: skip
    for journey in (Journey(two), Journey(two).complete("a")):
        assert "wait for ever for a token from x" in obstacles(journey, three)["join"]
    assert moved(Journey(process("start > zero > c > end")), process(
        "start > zero > fork; fork > a > join; fork > b > join; join > c > end", **nodes
    )).complete("zero").ready == ["a", "b"]  # fmt: skip


def test_work_that_is_now_one_of_two_branches_is_not_carried_on_alone() -> None:
    journey = Journey(process("start > a > end"))
    both = process(
        "start > fork; fork > a > join; fork > b > join; join > end", fork=parallel(), join=parallel()
    )  # fmt: skip
    assert "wait for ever for a token from b" in obstacles(journey, both)["join"]


def test_a_token_does_not_wait_where_nothing_leads_any_more() -> None:
    nodes = {"fork": parallel(), "join": parallel()}
    journey = Journey(process("start > fork; fork > a > join; fork > b > join; join > c > end", **nodes)).complete("a")
    told = obstacles(journey, process("start > fork; fork > a > x > join; fork > b > join; join > c > end", **nodes))
    assert "came here from a" in told["join"]


def test_a_gateway_that_need_not_wait_any_longer_is_an_obstacle() -> None:
    def drawn(c: str) -> bytes:
        return process(
            f"start > fork; fork [yes] > a > join; fork [yes] > b > join; fork [yes] > c > {c}; join > d > end",
            fork=inclusive(),
            join=inclusive(),
        )

    journey = Journey(drawn("join"), {"yes": True}).complete("a").complete("b")
    assert "not wait any longer" in obstacles(journey, drawn("end2"))["join"]


def test_a_damaged_state_is_not_moved() -> None:
    blueprint = parse({"p.bpmn": process("start > a > end")}, "p")
    with pytest.raises(UnreadableState):
        transplant(blueprint, blueprint, b"nonsense", Context(), T0)
