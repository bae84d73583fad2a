"""What a machine could not do by itself and an operator must look at: failed jobs, errors in a process."""

from sqlalchemy import update
from sqlmodel import col, select

from engine import audit, clock
from engine.access import require_administrator
from engine.db import Reading, UnitOfWork
from engine.errors import NotFound
from engine.models import Incident, Job, Timer


class IncidentNotFound(NotFound):
    """There is no such incident."""

    zh = "没有这条异常记录。"


def open_incident(
    uow: UnitOfWork,
    kind: str,
    sentence: str,
    *,
    case_id: str | None = None,
    job_id: str | None = None,
    node: str | None = None,
) -> None:
    """Record that something needs an operator. The same trouble of the same work is recorded once while it is open."""
    same = select(Incident.id).where(
        col(Incident.kind) == kind,
        col(Incident.case_id) == case_id,
        col(Incident.job_id) == job_id,
        col(Incident.node) == node,
        col(Incident.resolved_at).is_(None),
    )
    if uow.session.exec(same).first() is None:
        uow.add(Incident(kind=kind, case_id=case_id, job_id=job_id, node=node, sentence=sentence[:2000], at=uow.now))


def open_incidents(reading: Reading, limit: int = 200) -> list[Incident]:
    """The incidents that nobody has resolved, newest first."""
    require_administrator(reading.actor)
    unresolved = select(Incident).where(col(Incident.resolved_at).is_(None)).order_by(col(Incident.at).desc())
    return list(reading.session.exec(unresolved.limit(limit)))


def retry(uow: UnitOfWork, incident_id: str) -> None:
    """Try again what failed; the incident is resolved, and opens anew if it fails once more."""
    incident = resolve(uow, incident_id)
    if incident.case_id is not None:  # timers of the case need not wait out what was put on them after a failure
        uow.session.execute(
            update(Timer).where(col(Timer.case_id) == incident.case_id).values(lease_until=None, attempts=0)
        )
    job = uow.session.get(Job, incident.job_id, with_for_update=True) if incident.job_id else None
    if job is not None and job.state == "failed":  # back into the queue, with fresh attempts
        job.state, job.attempts, job.run_at, job.ended_at = "queued", 0, clock.wall(), None
        uow.add(job)


def resolve(uow: UnitOfWork, incident_id: str) -> Incident:
    """Close an incident that somebody has dealt with."""
    require_administrator(uow.actor)
    incident = uow.session.get(Incident, incident_id)
    if incident is None:
        raise IncidentNotFound()
    if incident.resolved_at is None:
        incident.resolved_at, incident.resolved_by = uow.now, str(uow.actor)
        uow.add(incident)
        audit.record(uow, "incident.resolved", stream="administration", incident=incident_id)
    return incident
