"""What the metronome calls: due timers, missed clocks, waiting jobs, tidying up. Each call is safe from any number of workers."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from engine import (
    attempts,
    audit,
    climbing,
    clock,
    digests,
    documents,
    incidents,
    jobs,
    process,
    supervision,
    vacancies,
    webhook_deliveries,
)
from engine.access import SYSTEM
from engine.db import CLOCK_OFFSET, Database, Reading, UnitOfWork
from engine.errors import Conflict, Invalid
from engine.failpoints import failpoint
from engine.models import IdempotencyKey, SystemValue, Timer, WebSession
from engine.runtime import Tick

BATCH = 50
KEEP_IDEMPOTENCY = timedelta(days=7)
BEAT = "metronome_beat"
MAX_TRAVEL = timedelta(days=3660)


class NoTimeTravel(Conflict):
    """Only a demonstration can travel in time."""

    zh = "只有演示环境可以调整时间。"


class TooFar(Invalid):
    """The demonstration travels at most ten years."""

    zh = "演示时间最多可以调整十年。"


def sweep(database: Database) -> int:
    """Do what falls due by itself, such as the service of a paper; record what has been missed, climb the ladder, wake the
    flows whose timers are due, and ask for the mails that follow.

    Returns how many things happened.
    """
    happened = sum(due(database) for due in database.registry.sweeps)
    happened += supervision.record_breaches(database) + climbing.climb(database) + wake(database)
    return happened + digests.ask(database)


def beat(database: Database) -> None:
    """Note in wall time that the metronome lives: whoever looks for silence sees when it was heard last."""
    with database.unit_of_work() as uow:
        uow.take_turns(BEAT)
        uow.session.merge(SystemValue(name=BEAT, value=clock.wall().isoformat()))


def heard_at(reading: Reading) -> datetime | None:
    """When the metronome was heard last, in wall time."""
    kept = reading.session.get(SystemValue, BEAT)
    return datetime.fromisoformat(kept.value) if kept else None


def prepare(database: Database) -> None:
    """Before the first beat: give running clocks their place on a ladder that has changed."""
    climbing.refill(database)


def wake(database: Database, limit: int = 1000) -> int:
    """Advance every case that has a due timer, one transaction a case. A case that fails is put off and reported."""
    woken = 0
    while woken < limit and (claimed := _claim_timers(database)):
        failpoint("maintenance.claimed")
        for case_id in claimed:
            try:
                with database.unit_of_work() as uow:
                    process.proceed(uow, process.lock(uow, case_id), Tick(), "timer")
                failpoint("maintenance.woken")
                woken += 1
            except Exception as error:  # whatever it is, it must not keep the timers of other cases from firing
                incidents.report_failure(database, "timer.failed", case_id, error)
    return woken


def _claim_timers(database: Database) -> list[str]:
    """The cases of some due timers, leased for a while: longer after each failure."""
    now = clock.wall()
    with database.unit_of_work() as uow:
        due = (
            select(Timer)
            .where(col(Timer.due_at).is_not(None), col(Timer.due_at) <= uow.now)
            .where(col(Timer.lease_until).is_(None) | (col(Timer.lease_until) < now))
            .order_by(col(Timer.due_at))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        timers = list(uow.session.exec(due))
        for timer in timers:
            timer.attempts += 1
            timer.lease_until = now + jobs.backoff(timer.attempts + 4)
            uow.add(timer)
        return sorted({t.case_id for t in timers})


def run_jobs(database: Database) -> int:
    """Run the jobs that are due."""
    return jobs.run_due(database)


def settle(database: Database, rounds: int = 20, leave: Collection[str] = ()) -> None:
    """Sweep and run jobs until nothing is left to do now: for tests, scenarios and the seeding of a demonstration.

    Jobs of the kinds to ``leave`` stay queued.
    """
    for _ in range(rounds):
        if not sweep(database) + jobs.run_due(database, leave=leave):
            return


def tidy(database: Database) -> None:
    """Once a day: forget expired sessions, old failures and idempotency keys, and files that no case took over.

    And look once more whether every clock has its place on the ladder, and for every task somebody may do it.
    """
    prepare(database)
    vacancies.look(database)
    now = clock.wall()
    with database.unit_of_work() as uow:
        uow.session.execute(delete(WebSession).where(col(WebSession.expires_at) < now))
        uow.session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now - KEEP_IDEMPOTENCY))
        attempts.forget(uow, now)
        webhook_deliveries.purge(uow)
    with database.reading(SYSTEM) as reading:
        documents.sweep_orphans(reading)


def verify_audit(database: Database) -> list[str]:
    """Check every chain of the record; a break becomes an incident. Returns one sentence a break."""
    with database.reading(SYSTEM) as reading:
        faults = audit.verify(reading.session)
    if faults:
        with database.unit_of_work() as uow:
            incidents.open_incident(uow, "audit.broken", "; ".join(faults)[:2000])
    return faults


def travel(uow: UnitOfWork, delta: timedelta) -> datetime:
    """Move the demonstration's legal time; returns the new one. Backwards too: but time never runs back within a case."""
    if not uow.settings.demo:
        raise NoTimeTravel()
    offset = uow.session.get(SystemValue, CLOCK_OFFSET) or SystemValue(name=CLOCK_OFFSET, value="0")
    seconds = float(offset.value) + delta.total_seconds()
    if abs(seconds) > MAX_TRAVEL.total_seconds():
        raise TooFar()
    offset.value = str(seconds)
    uow.add(offset)
    audit.record(uow, "clock.travelled", stream="administration", seconds=seconds)
    return clock.wall() + timedelta(seconds=seconds)
