"""Work that runs later: enqueued in the transaction of its cause, claimed with a lease, at least once, idempotent by key.

A claim commits; the work runs outside any transaction; settling checks the lease's token and is one transaction. A job that
keeps failing becomes an incident, at once where trying again alone mends nothing. All times here are wall time: jobs do not
travel with the demonstration's clock.
"""

import logging
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from engine import clock, incidents
from engine.db import Database, UnitOfWork
from engine.errors import Conflict, EngineError
from engine.failpoints import failpoint
from engine.models import Job
from engine.operations import JobTicket

log = logging.getLogger("duban.jobs")

LEASE = timedelta(seconds=60)
ATTEMPTS = 8


class LeaseLost(Conflict):
    """The job {job_id} was taken over by another worker."""

    zh = "作业 {job_id} 已由其他进程接手。"


def enqueue(uow: UnitOfWork, kind: str, unique_key: str, *, case_id: str | None = None, **payload: Any) -> None:
    """Ask for work after this commit. The same key twice is one job, whoever else is just asking for it."""
    uow.take_turns(f"job:{unique_key}")
    if uow.session.exec(select(Job.id).where(col(Job.unique_key) == unique_key)).first():
        return
    now, uow.left_work = clock.wall(), True
    uow.add(Job(kind=kind, unique_key=unique_key, payload=payload, case_id=case_id, run_at=now, created_at=now))
    failpoint("jobs.enqueued")


def enqueue_new(uow: UnitOfWork, kind: str, subjects: Sequence[tuple[str, str]]) -> None:
    """Ask for one job for each of many new things (the id of the thing, of its case): in one statement, for nobody else can
    be asking for them."""
    now = clock.wall()
    rows = [
        {
            "kind": kind,
            "unique_key": f"{kind}:{subject}",
            "payload": {"id": subject},
            "case_id": case_id,
            "run_at": now,
            "created_at": now,
        }
        for subject, case_id in subjects
    ]
    uow.append(Job, rows)
    uow.left_work = uow.left_work or bool(rows)


def run_due(database: Database, limit: int = 50, leave: Collection[str] = ()) -> int:
    """Claim and run what is due, one job after the other, but no kind to ``leave``; returns how many were run."""
    done = 0
    while done < limit and (ticket := claim(database, leave)) is not None:
        run(database, ticket)
        done += 1
    return done


def claim(database: Database, leave: Collection[str] = ()) -> JobTicket | None:
    """Take the next due job for a minute, of any kind but those to ``leave``. Two workers never take the same one."""
    now = clock.wall()
    with database.unit_of_work() as uow:
        due = (
            select(Job)
            .where(col(Job.state) == "queued", col(Job.run_at) <= now, col(Job.kind).not_in(leave))
            .where(or_(col(Job.lease_until).is_(None), col(Job.lease_until) < now))
            .order_by(col(Job.run_at))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = uow.session.exec(due).first()
        if job is None:
            return None
        if job.attempts >= ATTEMPTS:  # whoever had it last did not live to tell
            _give_up(uow, job, "the worker ended without an answer, again and again")
            return None
        job.lease_until, job.lease_token, job.attempts = now + LEASE, secrets.token_hex(16), job.attempts + 1
        uow.add(job)
        return JobTicket(
            job.id, job.kind, dict(job.payload), job.case_id, job.lease_token, job.attempts, job.attempts >= ATTEMPTS
        )


def run(database: Database, ticket: JobTicket) -> None:
    """Do one claimed job. A failure is tried again later; the last one becomes an incident."""
    failpoint("jobs.claimed")
    try:
        database.registry.job_handlers[ticket.kind](database, ticket)
        failpoint("jobs.done")
    except LeaseLost:
        log.warning("job %s (%s) was taken over", ticket.id, ticket.kind)
    except Exception as error:
        log.warning("job %s (%s), attempt %d failed: %s", ticket.id, ticket.kind, ticket.attempt, type(error).__name__)
        _failed(database, ticket, error)


def settle(uow: UnitOfWork, ticket: JobTicket) -> None:
    """Mark the job done, in the transaction that writes its result; raises LeaseLost when it is no longer ours."""
    job = _leased(uow, ticket)
    job.state, job.ended_at, job.lease_until, job.last_error = "done", clock.wall(), None, None
    uow.add(job)
    failpoint("jobs.settled")


def _leased(uow: UnitOfWork, ticket: JobTicket) -> Job:
    job = uow.session.exec(select(Job).where(col(Job.id) == ticket.id).with_for_update()).one()
    if job.lease_token != ticket.token or job.state != "queued":
        raise LeaseLost(job_id=ticket.id)
    return job


def put_off(uow: UnitOfWork, ticket: JobTicket, until: datetime) -> None:
    """Leave the job for later, in the transaction that says why: for a handler that keeps a schedule of its own.

    It has answered, so this is no failure and not counted among the attempts; raises LeaseLost.
    """
    job = _leased(uow, ticket)
    job.run_at, job.lease_until, job.lease_token, job.attempts = until, None, None, 0
    uow.add(job)


def _failed(database: Database, ticket: JobTicket, error: Exception) -> None:
    sentence = error.for_the_record() if isinstance(error, EngineError) else type(error).__name__
    with database.unit_of_work() as uow:
        job = uow.session.exec(select(Job).where(col(Job.id) == ticket.id).with_for_update()).one()
        if job.lease_token != ticket.token or job.state != "queued":
            return
        job.lease_until, job.lease_token, job.last_error = None, None, sentence[:2000]
        job.run_at = clock.wall() + backoff(ticket.attempt)
        if ticket.last or (isinstance(error, EngineError) and _is_final(error, ticket.attempt)):
            _give_up(uow, job, sentence)
        uow.add(job)
        failpoint("jobs.put_off")


def _is_final(error: EngineError, attempt: int) -> bool:
    return error.lasts or (error.attempts is not None and attempt >= error.attempts)


def _give_up(uow: UnitOfWork, job: Job, sentence: str) -> None:
    job.state, job.ended_at, job.last_error = "failed", clock.wall(), sentence[:2000]
    uow.add(job)
    incidents.open_incident(uow, "job.failed", sentence, case_id=job.case_id, job_id=job.id)


def backoff(attempt: int) -> timedelta:
    """How long to wait after a failed attempt: 2, 4, 8 … seconds, at most 15 minutes."""
    return timedelta(seconds=min(2**attempt, 900))


def oldest_due(session: Any, now: datetime) -> datetime | None:
    """Since when the oldest due job has been waiting; nothing when the queue is empty."""
    waiting = select(Job.run_at).where(col(Job.state) == "queued", col(Job.run_at) <= now)
    found: datetime | None = session.exec(waiting.order_by(col(Job.run_at)).limit(1)).first()
    return found
