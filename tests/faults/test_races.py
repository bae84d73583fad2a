"""Two at the same moment, from two processes: one wins, the other gets a clear conflict, and nothing happens twice.

Most races are staged: the first stands at a named place while the second comes. Where it holds a lock there, the second waits;
where it has only looked so far, the second is through before it goes on.
"""

from pathlib import Path

import pytest

from engine.models import AuditEvent, Breach, Case, Job, Notice, ProcessDefinition, ReceivedMessage, Task
from tests.faults.invariants import require_whole
from tests.faults.stage import LEASES_RUN_OUT, Act, Outcome, Stage
from tests.faults.story import zipped

HANDLER, COLLEAGUE = "data_provider.case_handler", "data_provider.case_handler#2"
DEFECTS = {"intake_action": "supplement", "defects": "没有写明需要哪些字段。"}
OVERDUE = "2026-05-07T00:00"
RULES = ("process.toml", "days = 20", "days = 21")
OTHER_RULES = ("process.toml", "days = 20", "days = 22")
NEW_KEY = tuple((file, '"open_data_request"', '"another_request"') for file in ("process.toml", "process.bpmn"))
ENDS_ALL = (
    "process.bpmn",
    'id="reply_overdue" name="答复期限届满" isInterrupting="false"',
    'id="reply_overdue" name="答复期限届满"',
)


@pytest.fixture
def filed(stage: Stage) -> Stage:
    """A case that waits for its first task."""
    stage.world.submit()
    return stage


def require_one(outcomes: list[Outcome], conflict: str) -> tuple[int, int]:
    """One got through, the other was told why not; says which was which."""
    winners = [n for n, outcome in enumerate(outcomes) if outcome.ok]
    losers = [n for n, outcome in enumerate(outcomes) if (outcome.status, outcome.type) == (409, conflict)]
    assert (len(winners), len(losers)) == (1, 1), outcomes
    return winners[0], losers[0]


def require_both(outcomes: list[Outcome]) -> None:
    assert all(outcome.ok for outcome in outcomes), outcomes


# ---------------------------------------------------------------- tasks


@pytest.mark.postgresql_only
def test_of_two_who_claim_the_one_who_looked_first_and_came_second_learns_who_has_it(filed: Stage) -> None:
    outcomes = filed.meet(filed.claim("check", HANDLER), "tasks.found", filed.claim("check", COLLEAGUE))
    assert require_one(outcomes, "task-already-claimed") == (1, 0)
    require_whole(filed.world)


def test_of_two_who_claim_the_one_who_is_just_doing_it_has_it(filed: Stage) -> None:
    outcomes = filed.meet(filed.claim("check", HANDLER), "tasks.claimed", filed.claim("check", COLLEAGUE))
    assert require_one(outcomes, "task-already-claimed") == (0, 1)
    require_whole(filed.world)


def test_of_two_who_complete_the_one_who_is_just_doing_it_does(filed: Stage) -> None:
    outcomes = filed.meet(filed.complete("check", HANDLER), "process.advanced", filed.complete("check", COLLEAGUE))
    assert require_one(outcomes, "task-already-ended") == (0, 1)
    assert filed.world.open_tasks() == ["assess"]
    require_whole(filed.world)


@pytest.mark.postgresql_only
def test_of_two_who_complete_the_one_who_looked_first_and_came_second_is_told_so(filed: Stage) -> None:
    outcomes = filed.meet(filed.complete("check", HANDLER), "tasks.found", filed.complete("check", COLLEAGUE))
    assert require_one(outcomes, "task-already-ended") == (1, 0)
    require_whole(filed.world)


def test_of_many_who_complete_at_once_one_does(filed: Stage) -> None:
    for node, by in (("check", HANDLER), ("assess", HANDLER), ("confidentiality_review", "")):
        outcomes = filed.at_once(filed.complete(node, by), filed.complete(node, by), filed.complete(node, by))
        assert [o.ok for o in outcomes].count(True) == 1, outcomes
        assert {o.type for o in outcomes if not o.ok} <= {"task-already-ended", "task-already-claimed"}
    assert filed.world.open_tasks() == ["draft_reply"]
    require_whole(filed.world)


@pytest.mark.sqlite_only
def test_who_answers_what_was_changed_meanwhile_is_told_so(filed: Stage) -> None:
    act = filed.complete("check", HANDLER)
    act["headers"]["If-Match"] = '"0"'
    for verb in (filed.claim, filed.release):
        assert filed.do(verb("check", COLLEAGUE)).ok
    outcome = filed.do(act)
    assert (outcome.status, outcome.type) == (412, "task-stale")
    assert filed.world.open_tasks() == ["check"]


@pytest.mark.postgresql_only
def test_who_answers_while_it_is_changed_is_told_so(filed: Stage) -> None:
    act = filed.complete("check", HANDLER)
    act["headers"]["If-Match"] = '"0"'
    assert filed.do(filed.claim("check", HANDLER)).ok
    act["headers"]["If-Match"] = '"1"'
    answered, released = filed.meet(act, "tasks.found", filed.release("check", HANDLER))
    assert released.ok
    assert (answered.status, answered.type) == (412, "task-stale")
    assert filed.world.open_tasks() == ["check"]


@pytest.mark.postgresql_only
def test_a_task_that_went_to_another_agency_meanwhile_is_nobodys_here(stage: Stage) -> None:
    world = stage.world
    world.submit()
    world.travel(OVERDUE)
    world.work(papers=True)
    claiming = stage.claim("explain_delay")
    world.do("check", intake_action="refer", refer_to="gy-jyj", refer_reason="由教育部门采集。")
    claimed, referred = stage.meet(claiming, "tasks.found", stage.complete("approve_intake", intake_approval="approve"))
    assert referred.ok
    assert (claimed.status, claimed.type) == (404, "task-not-found")
    require_whole(world)


# ---------------------------------------------------------------- a task and the case


def test_a_withdrawal_that_comes_while_a_task_is_completed_comes_after_it(filed: Stage) -> None:
    require_both(filed.meet(filed.complete("check"), "process.advanced", filed.send("withdraw")))
    assert filed.world.facts()["outcome"] == "withdrawn"
    assert [t.state for t in filed.world.all(Task)] == ["completed", "cancelled"]
    require_whole(filed.world)


def test_a_task_that_is_completed_while_the_case_is_withdrawn_is_no_more(filed: Stage) -> None:
    outcomes = filed.meet(filed.send("withdraw"), "process.advanced", filed.complete("check"))
    assert require_one(outcomes, "task-already-ended") == (0, 1)
    assert filed.world.facts()["outcome"] == "withdrawn"
    require_whole(filed.world)


def test_a_withdrawal_while_the_reply_is_signed_comes_too_late(filed: Stage) -> None:
    filed.world.reach("sign_reply")
    outcomes = filed.meet(filed.complete("sign_reply"), "notices.issued", filed.send("withdraw"))
    assert require_one(outcomes, "message-refused") == (0, 1)
    assert filed.world.facts()["outcome"] == "agreed_open"
    require_whole(filed.world)


def test_a_reply_that_is_signed_while_the_case_is_withdrawn_is_not_issued(filed: Stage) -> None:
    filed.world.reach("sign_reply")
    outcomes = filed.meet(filed.send("withdraw"), "messages.kept", filed.complete("sign_reply"))
    assert require_one(outcomes, "task-already-ended") == (0, 1)
    assert not filed.world.all(Notice, name="reply", state="issued")
    require_whole(filed.world)


@pytest.mark.parametrize("tick_first", [True, False])
def test_at_the_moment_when_the_clock_ends_the_case_a_task_is_completed_or_too_late(
    stage: Stage, tick_first: bool
) -> None:
    """A process in which the missed clock interrupts everything."""
    assert stage.do(stage.deploy(zipped(ENDS_ALL))).ok
    stage.world.submit()
    stage.world.travel(OVERDUE)
    completing, sweeping = stage.complete("check"), stage.work()
    pair = (sweeping, completing) if tick_first else (completing, sweeping)
    outcomes = stage.meet(pair[0], "process.advanced" if tick_first else "tasks.completed", pair[1])
    completed = outcomes[1] if tick_first else outcomes[0]
    assert (completed.status, completed.type) in ((409, "task-already-ended"), (409, "stale-trigger")), outcomes
    assert stage.do(stage.work()).ok
    assert stage.world.open_tasks() == ["explain_delay"]
    require_whole(stage.world)


def test_a_supplement_and_the_end_of_its_time_leave_one_way(stage: Stage) -> None:
    for supplement_first in (True, False):
        world = stage.world
        world.submit()
        world.do("check", **DEFECTS)
        world.do("approve_intake", intake_approval="approve")
        supplement, sweep = stage.send("supplement", content="2026年全年。"), stage.work()
        world.travel("+9d")
        pair = (supplement, sweep) if supplement_first else (sweep, supplement)
        sent, swept = stage.meet(pair[0], "process.advanced", pair[1])[:: 1 if supplement_first else -1]
        assert swept.ok
        assert sent.ok or (sent.status, sent.type) == (409, "message-refused"), sent
        assert [t.node for t in world.all(Task, case_id=world.case_id, state="open") if t.node == "check"] == ["check"]
        require_whole(world)
        world.travel("2026-04-21T09:30")


# ---------------------------------------------------------------- messages and requests


def test_a_supplement_that_is_sent_twice_arrives_once(filed: Stage) -> None:
    filed.world.do("check", **DEFECTS)
    filed.world.do("approve_intake", intake_approval="approve")
    first, second = (filed.send("supplement", content="2026年全年。") for _ in range(2))
    outcomes = filed.meet(first, "messages.kept", second)
    assert require_one(outcomes, "message-refused") == (0, 1)
    assert len(filed.world.all(ReceivedMessage)) == 1
    require_whole(filed.world)


def test_a_message_that_is_sent_twice_with_one_id_has_one_effect(filed: Stage) -> None:
    applicant, case = filed.world.applicant(), filed.world.case_id
    sending = {
        "do": "message",
        "case": case,
        "party": applicant.id,
        "id": "m-1",
        "form": {"content": "只要2026年的数据。"},
    }
    require_both(filed.meet(sending, "messages.kept", sending))
    assert len(filed.world.all(ReceivedMessage)) == 1
    assert filed.world.open_tasks() == ["check", "read_material"]
    require_whole(filed.world)


def test_a_request_that_is_sent_twice_with_one_key_has_one_effect_and_one_answer(stage: Stage) -> None:
    filing = stage.file()
    outcomes = stage.meet(filing, "deps.key_kept", filing)
    require_both(outcomes)
    assert outcomes[0].body == outcomes[1].body
    assert len(stage.world.all(Case)) == 1
    again = stage.do(filing)
    assert again.body == outcomes[0].body


def test_two_who_file_at_once_get_neighbouring_numbers(stage: Stage) -> None:
    for _ in range(2):  # the first of the year, and later ones
        require_both(stage.meet(stage.file(), "numbers.allotted", stage.file()))
    assert sorted(c.reference for c in stage.world.all(Case)) == [f"KF-2026-{n:06d}" for n in (1, 2, 3, 4)]
    require_whole(stage.world)


def test_two_replies_that_are_signed_at_once_get_neighbouring_numbers(stage: Stage) -> None:
    signing = []
    for _ in range(2):
        stage.world.submit()
        stage.world.reach("sign_reply")
        signing.append(stage.complete("sign_reply"))
    require_both(stage.meet(signing[0], "numbers.allotted", signing[1]))
    replies = stage.world.all(Notice, name="reply", state="issued")
    assert sorted(n.number or "" for n in replies) == ["筑交开放复〔2026〕1号", "筑交开放复〔2026〕2号"]
    require_whole(stage.world)


def test_what_is_recorded_at_once_stands_in_one_chain(stage: Stage) -> None:
    require_both(stage.meet({"do": "record"}, "db.changed", {"do": "record"}))
    assert sorted(e.position for e in stage.world.all(AuditEvent, stream="reads")) == [1, 2]
    require_whole(stage.world)


# ---------------------------------------------------------------- processes


def test_two_who_deploy_the_same_at_once_make_one_version(stage: Stage) -> None:
    require_both(stage.meet(stage.deploy(zipped(RULES)), "definitions.locked", stage.deploy(zipped(RULES))))
    assert sorted(d.version for d in stage.world.all(ProcessDefinition)) == [1, 2]


def test_two_who_deploy_different_things_at_once_make_two_versions_and_one_is_current(stage: Stage) -> None:
    require_both(stage.meet(stage.deploy(zipped(RULES)), "definitions.locked", stage.deploy(zipped(OTHER_RULES))))
    assert sorted((d.version, d.current) for d in stage.world.all(ProcessDefinition)) == [
        (1, False),
        (2, False),
        (3, True),
    ]


def test_two_who_deploy_a_new_process_at_once_make_one_version(stage: Stage) -> None:
    require_both(stage.meet(stage.deploy(zipped(*NEW_KEY)), "definitions.locked", stage.deploy(zipped(*NEW_KEY))))
    assert [d.version for d in stage.world.all(ProcessDefinition, key="another_request")] == [1]


# ---------------------------------------------------------------- what runs later


def test_two_sweeps_record_a_missed_clock_once(filed: Stage) -> None:
    filed.world.travel(OVERDUE)
    require_both(filed.meet({"do": "sweep"}, "supervision.found", {"do": "sweep"}))
    assert len(filed.world.all(Breach)) == 1
    assert filed.world.open_tasks() == ["check", "explain_delay"]
    require_whole(filed.world)


def test_two_sweeps_that_are_just_recording_a_missed_clock_record_it_once(filed: Stage) -> None:
    filed.world.travel(OVERDUE)
    require_both(filed.meet({"do": "sweep"}, "supervision.recorded", {"do": "sweep"}))
    assert len(filed.world.all(Breach)) == 1
    require_whole(filed.world)


def test_a_timer_that_one_worker_has_taken_the_other_leaves_alone(filed: Stage) -> None:
    filed.world.travel(OVERDUE)
    first, second = filed.meet({"do": "sweep"}, "maintenance.claimed", {"do": "sweep"})
    assert first.body["done"] > 0  # the missed clock, its rungs and the timer
    assert second.body == {"done": 0}
    assert filed.world.open_tasks() == ["check", "explain_delay"]
    require_whole(filed.world)


def test_a_timer_that_a_second_worker_takes_over_fires_once(filed: Stage) -> None:
    filed.world.travel(OVERDUE)
    late = {"do": "sweep", "ahead": LEASES_RUN_OUT}
    require_both(filed.meet({"do": "sweep"}, "maintenance.claimed", late))
    assert filed.world.open_tasks() == ["check", "explain_delay"]
    require_whole(filed.world)


def queued(stage: Stage) -> Act:
    """A job that can be counted."""
    assert stage.do({"do": "enqueue", "key": "one"}).ok
    return {"do": "jobs"}


def runs(stage: Stage) -> int:
    log = Path(stage.world.database.settings.var) / "runs"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_job_that_one_worker_is_just_taking_the_other_leaves_alone(stage: Stage) -> None:
    working = queued(stage)
    first, second = stage.meet(working, "db.changed", working)
    assert (first.body, second.body) == ({"done": 1}, {"done": 0})
    assert (runs(stage), len(stage.world.all(AuditEvent, name="test.counted"))) == (1, 1)


def test_a_job_that_one_worker_has_taken_the_other_leaves_alone(stage: Stage) -> None:
    working = queued(stage)
    first, second = stage.meet(working, "jobs.claimed", working)
    assert (first.body, second.body) == ({"done": 1}, {"done": 0})
    assert (runs(stage), len(stage.world.all(AuditEvent, name="test.counted"))) == (1, 1)


def test_a_job_that_was_taken_over_from_a_slow_worker_has_one_effect(stage: Stage) -> None:
    working = queued(stage)
    require_both(stage.meet(working, "count.ran", working | {"ahead": LEASES_RUN_OUT}))
    assert (runs(stage), len(stage.world.all(AuditEvent, name="test.counted"))) == (2, 1)
    assert stage.world.one(Job).state == "done"


def test_work_that_two_ask_for_at_once_is_one_job(stage: Stage) -> None:
    asking = {"do": "enqueue", "key": "one"}
    require_both(stage.meet(asking, "db.changed", asking))
    assert stage.do(asking).ok
    assert len(stage.world.all(Job)) == 1
