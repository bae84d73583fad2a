"""Work that runs later: done once although workers die, given up with a word, tried again when somebody asks."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from engine import clock, documents, incidents, jobs, maintenance, repairs
from engine.access import SYSTEM
from engine.db import Database
from engine.jobs import LeaseLost
from engine.models import AuditEvent, Delivery, Document, Incident, Job, Notice
from engine.operations import JobTicket
from engine.settings import ROOT
from notices import service
from tests.factories import World, at_once


class Clockwork:
    """Wall time that the test moves: leases and retries live in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offset = timedelta()
        right = clock.wall
        monkeypatch.setattr(clock, "wall", lambda: right() + self.offset)

    def pass_by(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    return Clockwork(monkeypatch)


def enqueue(world: World, kind: str, key: str = "one") -> None:
    with world.database.unit_of_work() as uow:
        jobs.enqueue(uow, kind, key)


def settling(done: list[str]) -> object:
    def handle(database: Database, ticket: JobTicket) -> None:
        with database.unit_of_work() as uow:
            jobs.settle(uow, ticket)
            uow.after_commit(lambda: done.append(ticket.id))

    return handle


def test_the_same_work_asked_for_twice_is_done_once(world: World) -> None:
    done: list[str] = []
    world.database.registry.job_handlers["test"] = settling(done)  # type: ignore[assignment]
    enqueue(world, "test")
    enqueue(world, "test")
    assert jobs.run_due(world.database) == 1
    assert len(done) == len(world.all(Job)) == 1


def test_work_that_was_enqueued_in_a_change_that_failed_is_not_done(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.database.unit_of_work() as uow:
        jobs.enqueue(uow, "test", "one")
        raise ZeroDivisionError
    assert jobs.claim(world.database) is None


def test_many_workers_do_every_job_once(world: World) -> None:
    done: list[str] = []
    world.database.registry.job_handlers["test"] = settling(done)  # type: ignore[assignment]
    for number in range(12):
        enqueue(world, "test", str(number))
    at_once(*[lambda: jobs.run_due(world.database)] * 4)
    assert len(done) == len(set(done)) == 12
    assert {j.state for j in world.all(Job)} == {"done"}


def test_a_job_whose_worker_died_is_taken_over_after_its_lease(world: World, wall: Clockwork) -> None:
    world.submit()
    dead = jobs.claim(world.database)
    assert dead is not None
    assert jobs.claim(world.database) is None
    wall.pass_by(61)
    assert jobs.run_due(world.database) == 1
    assert world.one(Notice, name="receipt").document_id is not None
    with pytest.raises(LeaseLost), world.database.unit_of_work() as uow:
        jobs.settle(uow, dead)  # the dead one comes back, too late


def test_two_who_do_the_same_job_leave_one_result(world: World, wall: Clockwork) -> None:
    world.submit()
    slow = jobs.claim(world.database)
    wall.pass_by(61)
    fast = jobs.claim(world.database)
    assert slow is not None
    assert fast is not None
    jobs.run(world.database, slow)  # its lease is over: what it made is thrown away
    assert world.one(Notice, name="receipt").document_id is None
    jobs.run(world.database, fast)
    assert world.one(Notice, name="receipt").document_id is not None
    assert len(world.all(Document, kind="notice")) == 1
    assert world.one(Job).state == "done"
    assert not world.all(Incident)


def test_a_job_that_fails_is_tried_again_later_and_later(world: World, wall: Clockwork) -> None:
    enqueue(world, "unknown kind")
    waits = []
    for attempt in range(1, jobs.ATTEMPTS + 1):
        assert jobs.run_due(world.database) == 1, attempt
        job = world.one(Job)
        waits.append((job.run_at - clock.wall()).total_seconds())
        assert jobs.claim(world.database) is None
        wall.pass_by(1000)
    assert waits == sorted(waits)
    assert (job.state, job.last_error) == ("failed", "KeyError")
    assert world.one(Incident).kind == "job.failed"
    assert jobs.run_due(world.database) == 0


def test_a_job_that_kills_every_worker_ends_as_an_incident(world: World, wall: Clockwork) -> None:
    enqueue(world, "deadly")
    for _ in range(jobs.ATTEMPTS):
        assert jobs.claim(world.database) is not None
        wall.pass_by(61)
    assert jobs.claim(world.database) is None
    assert world.one(Job).state == "failed"
    assert world.one(Incident).job_id == world.one(Job).id


def test_a_job_that_kills_its_worker_holds_up_no_other(world: World, wall: Clockwork) -> None:
    done: list[str] = []
    world.database.registry.job_handlers["test"] = settling(done)  # type: ignore[assignment]
    enqueue(world, "deadly")
    for _ in range(jobs.ATTEMPTS):
        assert jobs.claim(world.database) is not None
        wall.pass_by(61)
    enqueue(world, "test", "two")
    jobs.run_due(world.database)
    jobs.run_due(world.database)
    assert len(done) == 1


def test_what_was_given_up_is_tried_again_when_an_operator_asks(world: World, wall: Clockwork) -> None:
    enqueue(world, "repaired")
    for _ in range(jobs.ATTEMPTS):
        jobs.run_due(world.database)
        wall.pass_by(1000)
    done: list[str] = []
    world.database.registry.job_handlers["repaired"] = settling(done)  # type: ignore[assignment]
    with world.database.reading(SYSTEM) as reading:
        (incident,) = incidents.open_incidents(reading)
    with world.database.unit_of_work() as uow:
        repairs.retry(uow, incident.id, "邮件服务已恢复")
    assert jobs.run_due(world.database) == 1
    assert (len(done), world.one(Job).state) == (1, "done")
    with world.database.reading(SYSTEM) as reading:
        assert incidents.open_incidents(reading) == []


def test_a_retry_that_fails_again_is_an_incident_again(world: World, wall: Clockwork) -> None:
    enqueue(world, "hopeless")
    for round_of_attempts in (1, 2):
        for _ in range(jobs.ATTEMPTS):
            jobs.run_due(world.database)
            wall.pass_by(1000)
        assert len(world.all(Incident)) == round_of_attempts
        with world.database.unit_of_work() as uow:
            repairs.retry(uow, world.one(Incident, resolved_at=None).id, "邮件服务已恢复")


def test_jobs_know_ids_and_nothing_else(world: World) -> None:
    world.submit()
    world.reach("review_reply")
    for job in world.all(Job):
        assert all(len(str(value)) in (32, 36) for value in job.payload.values()), job.payload


def test_a_draft_whose_case_was_withdrawn_meanwhile_is_thrown_away(world: World) -> None:
    world.submit()
    world.work(papers=True)
    while "draft_reply" not in world.open_tasks():
        world.do(world.open_tasks()[0])
    task = world.task("draft_reply")
    with world.database.unit_of_work(world.person("data_provider.case_handler")) as uow:
        from engine import tasks
        from tests.factories import ANSWERS

        tasks.complete(uow, task.id, ANSWERS["draft_reply"])
    world.send("withdraw")
    world.work(papers=True)
    assert world.one(Notice, name="reply").state == "discarded"
    assert not world.all(Incident)
    assert {j.state for j in world.all(Job)} == {"done"}


# ---------------------------------------------------------------- kill -9

DIES = """
import os, signal, sys
from pathlib import Path
from api.composition import compose
from engine import jobs
from engine.settings import Settings
from notices import handlers, render

def die(*_, **__):
    print("here", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

database = compose(Settings(var=Path(sys.argv[1]), database_url=sys.argv[2]))
if sys.argv[3] == "before":  # typesetting
    handlers.typeset = die
else:  # the result is written
    handlers.documents.attach = die
jobs.run_due(database)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_notice_comes_once_although_the_worker_is_killed(
    world: World, wall: Clockwork, tmp_path: Path, city_url: str, moment: str
) -> None:
    world.submit()
    command = [sys.executable, "-c", DIES, str(tmp_path), city_url, moment]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "here\n"), died.stderr
    assert world.one(Notice, name="receipt").document_id is None
    with world.database.reading(SYSTEM) as reading, pytest.raises(service.NoticeNotReady):
        service.pdf(reading, world.one(Notice, name="receipt").id)
    wall.pass_by(61)
    world.work(papers=True)
    notice = world.one(Notice, name="receipt")
    with world.database.reading(world.applicant()) as reading:
        assert service.pdf(reading, notice.id)[2].startswith(b"%PDF")
    assert len(world.all(Document, kind="notice")) == 1
    assert len(world.all(AuditEvent, name="notice.rendered")) == 1
    assert len(world.all(Delivery, channel="portal")) == 1
    assert not world.all(Incident)


@pytest.mark.sqlite_only
def test_what_a_killed_worker_left_on_the_disk_is_swept_after_a_day(
    world: World, wall: Clockwork, tmp_path: Path, city_url: str
) -> None:
    world.submit(uploads=[world.upload()])
    command = [sys.executable, "-c", DIES, str(tmp_path), city_url, "after"]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    world.upload()  # and somebody's upload that was never sent off
    wall.pass_by(61)
    world.work(papers=True)
    files = {p.name for p in world.database.settings.documents.glob("??/*")}
    known = {d.blob for d in world.all(Document)}
    assert len(files - known) == 2
    maintenance.tidy(world.database)
    assert {p.name for p in world.database.settings.documents.glob("??/*")} == files
    wall.pass_by(86_400)
    maintenance.tidy(world.database)
    assert {p.name for p in world.database.settings.documents.glob("??/*")} == known
    with world.database.reading(SYSTEM) as reading:
        for document in world.all(Document):
            assert b"".join(documents.read(reading, document.id)[2])
