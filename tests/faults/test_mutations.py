"""Each protection is needed: without it, a race that is won otherwise is lost.

So nobody takes one away by mistake, and the races of ``test_races`` are shown to be able to fail.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.faults import test_races as races
from tests.faults.stage import Stage


@dataclass(frozen=True)
class Mutation:
    """A protection that is taken away, and the race that then goes wrong."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]  # text → what stands there instead
    race: Callable[[Stage], None]
    begins: bool = False  # the race begins with a case that has been filed


def without(
    name: str, file: str, text: str, race: Callable[[Stage], None], instead: str = "", begins: bool = False
) -> Mutation:
    return Mutation(name, file, ((text, instead),), race, begins)


IS_NEW = "uow.session.exec(select(NumberSequence)).first() is None"

ON_POSTGRESQL = (
    without(
        "the lock on the case",
        "engine/process.py",
        ".with_for_update(of=Case)",
        races.test_a_withdrawal_that_comes_while_a_task_is_completed_comes_after_it,
        begins=True,
    ),
    without(
        "the lock on the case of a missed clock",
        "engine/supervision.py",
        "    process.lock_row(uow, case_id)\n",
        races.test_two_sweeps_that_are_just_recording_a_missed_clock_record_it_once,
        begins=True,
    ),
    without(
        "the second look after the lock",
        "engine/tasks.py",
        "select(Task).where(*mine)",
        races.test_a_task_that_went_to_another_agency_meanwhile_is_nobodys_here,
        "select(Task).where(mine[0])",
    ),
    without(
        "the lock on a job that is taken",
        "engine/jobs.py",
        "            .with_for_update(skip_locked=True)\n",
        races.test_a_job_that_one_worker_is_just_taking_the_other_leaves_alone,
    ),
    without(
        "the turns of those who ask for work",
        "engine/jobs.py",
        '    uow.take_turns(f"job:{unique_key}")\n',
        races.test_work_that_two_ask_for_at_once_is_one_job,
    ),
    Mutation(
        "the lock on the sequence of numbers",
        "engine/numbers.py",
        (
            ("        .with_for_update()\n", ""),
            (
                "    uow.session.execute(fresh",
                f"    if {IS_NEW}:\n        uow.session.execute(fresh",
            ),  # it locks as well
        ),
        races.test_two_who_file_at_once_get_neighbouring_numbers,
    ),
    without(
        "the turns of those who write into one chain",
        "engine/audit.py",
        "    uow.take_turns(*streams)\n",
        races.test_what_is_recorded_at_once_stands_in_one_chain,
    ),
    without(
        "the turns of those who deploy",
        "engine/definitions.py",
        '    uow.take_turns(f"process:{key}")\n',
        races.test_two_who_deploy_a_new_process_at_once_make_one_version,
    ),
)

ON_SQLITE = (
    without(
        "the lock before the first look",
        "engine/db.py",
        'exec_driver_sql("BEGIN IMMEDIATE")',
        races.test_of_two_who_complete_the_one_who_is_just_doing_it_does,
        'exec_driver_sql("BEGIN")',
        begins=True,
    ),
    without(
        "the revision that one has seen",
        "engine/tasks.py",
        "    if revision is not None and revision != present:\n",
        races.test_who_answers_what_was_changed_meanwhile_is_told_so,
        "    if False:\n",
        begins=True,
    ),
    without(
        "the key of a job",
        "engine/jobs.py",
        "    if uow.session.exec(select(Job.id).where(col(Job.unique_key) == unique_key)).first():\n",
        races.test_work_that_two_ask_for_at_once_is_one_job,
        "    if False:\n",
    ),
    without(
        "the lease of a job",
        "engine/jobs.py",
        "            .where(or_(col(Job.lease_until).is_(None), col(Job.lease_until) < now))\n",
        races.test_a_job_that_one_worker_has_taken_the_other_leaves_alone,
    ),
    without(
        "the token of the lease",
        "engine/jobs.py",
        '    if job.lease_token != ticket.token or job.state != "queued":\n        raise LeaseLost',
        races.test_a_job_that_was_taken_over_from_a_slow_worker_has_one_effect,
        "    if False:\n        raise LeaseLost",
    ),
    without(
        "the lease of a timer",
        "engine/maintenance.py",
        "            timer.lease_until = now + jobs.backoff(timer.attempts + 4)\n",
        races.test_a_timer_that_one_worker_has_taken_the_other_leaves_alone,
        begins=True,
    ),
    without(
        "the look whether a breach is recorded",
        "engine/deadlines.py",
        "    if uow.session.exec(standing).first() is not None:\n",
        races.test_two_sweeps_record_a_missed_clock_once,
        "    if False:\n",
        begins=True,
    ),
    without(
        "the key of a request",
        "api/deps.py",
        "IdempotencyKey(scope=scope, value=value,",
        races.test_a_request_that_is_sent_twice_with_one_key_has_one_effect_and_one_answer,
        "IdempotencyKey(scope=scope, value=clock.wall().isoformat(),",
    ),
    without(
        "the id of a message",
        "engine/messages.py",
        "    if message_id is not None and _was_received(uow, case_id, name, message_id):\n",
        races.test_a_message_that_is_sent_twice_with_one_id_has_one_effect,
        "    if False:\n",
        begins=True,
    ),
    without(
        "the question whether a message is awaited",
        "engine/messages.py",
        "    if rule.when_listening and rule.name not in instance.listening:\n",
        races.test_a_supplement_that_is_sent_twice_arrives_once,
        "    if False:\n",
        begins=True,
    ),
)


def require_lost(stage: Stage, mutation: Mutation) -> None:
    stage.without = {"file": mutation.file, "edits": mutation.edits}
    assert stage.do(stage.work()).ok  # it runs; it is only less careful
    if mutation.begins:
        stage.world.submit()
    with pytest.raises(AssertionError):
        mutation.race(stage)


@pytest.mark.postgresql_only
@pytest.mark.parametrize("mutation", ON_POSTGRESQL, ids=lambda mutation: mutation.name)
def test_a_race_is_lost_without(stage: Stage, mutation: Mutation) -> None:
    require_lost(stage, mutation)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("mutation", ON_SQLITE, ids=lambda mutation: mutation.name)
def test_a_race_is_lost_on_sqlite_without(stage: Stage, mutation: Mutation) -> None:
    require_lost(stage, mutation)
