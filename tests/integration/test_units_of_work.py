"""One transaction for one change: all of it or nothing; whoever looks waits for nobody."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from engine import cases, process
from engine.access import PUBLIC, SYSTEM
from engine.db import Database, DatabaseBusy
from engine.models import AuditEvent, Case, Document, Incident, Job, NumberSequence, SystemValue, Task
from tests.factories import REQUEST, World, at_once


class Disturbed(Exception):
    """Something that goes wrong in the middle."""


def put(database: Database, name: str, value: str = "1") -> None:
    with database.unit_of_work() as uow:
        uow.add(SystemValue(name=name, value=value))


def test_a_submission_that_fails_at_its_end_leaves_nothing(world: World) -> None:
    stored = world.upload()
    with pytest.raises(Disturbed), world.database.unit_of_work(PUBLIC) as uow:
        cases.submit(uow, "open_data_request", REQUEST, [stored])
        raise Disturbed()
    for table in (Case, Task, Job, Document, NumberSequence):
        assert world.all(table) == [], table
    assert not [e for e in world.all(AuditEvent) if e.stream.startswith("case:")]
    assert world.submit().reference == "KF-2026-000001"


def test_what_the_commit_refuses_is_an_error_and_leaves_nothing(world: World) -> None:
    put(world.database, "taken")
    done: list[str] = []
    with pytest.raises(IntegrityError), world.database.unit_of_work() as uow:
        uow.session.add(SystemValue(name="fresh", value="1"))
        uow.session.add(SystemValue(name="taken", value="2"))
        uow.after_commit(lambda: done.append("told"))
    assert [(v.name, v.value) for v in world.all(SystemValue)] == [("taken", "1")]
    assert done == []


def test_a_database_that_fails_at_the_commit_is_said_to_be_busy(world: World) -> None:
    def fail(_: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(world.database.engine, "commit", fail)
    with pytest.raises(DatabaseBusy):
        put(world.database, "lost")
    event.remove(world.database.engine, "commit", fail)
    assert world.all(SystemValue) == []
    put(world.database, "kept")  # the next one is not disturbed
    assert [v.name for v in world.all(SystemValue)] == ["kept"]


def test_an_effect_after_the_commit_cannot_undo_it(world: World) -> None:
    def fail() -> None:
        raise Disturbed()

    with world.database.unit_of_work() as uow:
        uow.add(SystemValue(name="kept", value="1"))
        uow.after_commit(fail)
    assert [v.name for v in world.all(SystemValue)] == ["kept"]


def test_whoever_looks_does_not_wait_for_one_who_writes_and_sees_what_was_before(world: World) -> None:
    put(world.database, "a")
    with world.database.unit_of_work() as uow:
        uow.add(SystemValue(name="b", value="1"))
        assert [v.name for v in world.all(SystemValue)] == ["a"]
    assert [v.name for v in world.all(SystemValue)] == ["a", "b"]


def test_whoever_writes_does_not_wait_for_one_who_looks(world: World) -> None:
    with world.database.reading(SYSTEM) as reading:
        assert reading.session.get(SystemValue, "a") is None
        put(world.database, "a")
    assert [v.name for v in world.all(SystemValue)] == ["a"]


def test_nothing_is_written_by_looking(world: World) -> None:
    with world.database.reading(SYSTEM) as reading:
        reading.session.add(SystemValue(name="a", value="1"))
        reading.session.flush()
    assert world.all(SystemValue) == []


@pytest.mark.postgresql_only
def test_what_was_read_before_the_lock_is_read_anew_after_it(world: World) -> None:
    world.submit()
    with world.database.unit_of_work(world.applicant()) as uow:
        stale = process.opened(uow, uow.session.get_one(Case, world.case_id))
        world.send("withdraw")  # somebody else is quicker
        run = process.lock(uow, world.case_id)
        assert run.instance is stale.instance
        assert run.instance.finished_at is not None
        assert run.case.outcome == "withdrawn"


@pytest.mark.sqlite_only
def test_a_writer_of_another_process_makes_us_say_busy_not_fail(world: World) -> None:
    other = world.database.engine.raw_connection()
    other.cursor().execute("BEGIN IMMEDIATE")
    event.listen(world.database.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=50"))
    with pytest.raises(DatabaseBusy):
        put(world.database, "a")
    other.rollback()
    other.close()
    put(world.database, "a")


def test_twenty_who_file_at_once_all_get_a_number_of_their_own(world: World) -> None:
    def file() -> str:
        with world.database.unit_of_work(PUBLIC) as uow:
            return cases.submit(uow, "open_data_request", REQUEST).reference

    references = at_once(*[file] * 20)
    assert sorted(map(str, references)) == [f"KF-2026-{n:06d}" for n in range(1, 21)]


def test_two_changes_of_one_case_take_turns(world: World) -> None:
    world.submit()

    def count_up() -> None:
        for _ in range(10):
            with world.database.unit_of_work(SYSTEM) as uow:
                run = process.lock(uow, world.case_id)
                process.write(
                    uow, run, {"assessment_remarks": str(int(run.data.get("assessment_remarks") or 0) + 1)}, "test"
                )

    assert at_once(count_up, count_up) == [None, None]
    with world.database.reading(SYSTEM) as reading:
        run = process.opened(reading, reading.session.get_one(Case, world.case_id))
    assert run.data["assessment_remarks"] == "20"
    assert world.case().revision == 21


def test_what_needs_an_operator_is_kept_although_the_work_is_undone(world: World) -> None:
    world.submit()
    with pytest.raises(process.FlowFailed), world.database.unit_of_work(SYSTEM) as uow:
        process.lock(uow, world.case_id)
        uow.add(SystemValue(name="lost", value="1"))
        raise process.FlowFailed(reason="it runs in circles", case_id=world.case_id, node="check")
    assert world.all(SystemValue) == []
    incident = world.one(Incident)
    assert (incident.kind, incident.case_id, incident.node) == ("flow-failed", world.case_id, "check")


def test_the_same_trouble_of_the_same_case_is_reported_once(world: World) -> None:
    world.submit()
    for _ in range(3):
        with pytest.raises(process.FlowFailed), world.database.unit_of_work(SYSTEM) as uow:
            process.lock(uow, world.case_id)
            raise process.FlowFailed(reason="it runs in circles", case_id=world.case_id, node="check")
    assert len(world.all(Incident)) == 1
