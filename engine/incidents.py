"""What a machine could not do by itself and an operator must look at: failed jobs, held tokens, errors of the machine.

What an operator does about it is in ``engine.repairs``.
"""

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass
from traceback import extract_tb

from sqlmodel import col, select

from engine import audit
from engine.access import require_administrator
from engine.db import Database, Reading, UnitOfWork
from engine.errors import Conflict, EngineError, NotFound, Unavailable
from engine.models import Incident

log = logging.getLogger("duban.incidents")


class IncidentNotFound(NotFound):
    """There is no such incident."""

    zh = "没有这条异常记录。"


class AlreadySettled(Conflict):
    """This incident is settled; there is nothing left to do about it."""

    zh = "该异常已经处理完毕，无需再处理。"


TITLES: Mapping[str, tuple[str, str]] = {
    "expression-failed": ("表达式无法计算", "An expression cannot be evaluated"),
    "no-way-out": ("网关没有可走的出口", "A gateway has no way out"),
    "nothing-comes": ("网关等待的分支不会再到达", "A gateway waits for a branch that will not come"),
    "unhandled-error": ("流程没有处理出现的错误", "An error that the process does not handle"),
    "endless-run": ("流程循环不止", "The process runs in circles"),
    "too-many-tokens": ("流程不断分裂", "The process multiplies"),
    "operation-broken": ("系统操作未能执行", "An operation could not be carried out"),
    "flow-failed": ("流程无法继续，操作未保存", "The process could not go on; nothing was saved"),
    "timer.failed": ("到期事项未能执行", "What was due could not be done"),
    "ladder.failed": ("到期提醒未能执行", "A rung of the ladder could not be climbed"),
    "job.failed": ("后台作业未能完成", "A background job could not be done"),
    "task.nobody": ("任务没有人可以办理", "Nobody may do a task"),
    "webhook.failing": ("其他系统长时间没有接收事件", "Another system has not taken events for long"),
    "audit.broken": ("审计记录不完整", "The record is broken"),
}


def title(kind: str, locale: str) -> str:
    """What kind of trouble it is, in the reader's language; the sentence of the incident is the machine's own."""
    words = TITLES.get(kind, ("系统异常", "The machine could not go on"))
    return words[0 if locale.startswith("zh") else 1]


@dataclass(frozen=True)
class HeldToken:
    """A token of a case that cannot go on: the document that it read, what had set it off, and who."""

    token: str
    revision: int
    cause: str
    acted: str


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
        col(Incident.token).is_(None),
        col(Incident.resolved_at).is_(None),
    )
    if uow.session.exec(same).first() is None:
        uow.add(Incident(kind=kind, case_id=case_id, job_id=job_id, node=node, sentence=sentence[:2000], at=uow.now))


def report_failure(database: Database, kind: str, case_id: str, error: Exception) -> None:
    """Nobody waits for an answer here, so what went wrong becomes an incident, unless it is one already or will pass."""
    place = extract_tb(error.__traceback__)[-1]  # not the message, which may quote what somebody wrote
    log.warning("case %s cannot go on: %s in %s", case_id, type(error).__name__, f"{place.name}:{place.lineno}")
    if isinstance(error, Unavailable) or (isinstance(error, EngineError) and error.needs_operator):
        return
    sentence = error.for_the_record() if isinstance(error, EngineError) else type(error).__name__
    with database.unit_of_work() as uow:
        open_incident(uow, kind, sentence, case_id=case_id)


def report_held(uow: UnitOfWork, kind: str, sentence: str, case_id: str, node: str, held: HeldToken) -> str:
    """A token is held: its incident is opened, or says anew why, when a new try has failed as well. Gives its id."""
    known = select(Incident).where(
        col(Incident.case_id) == case_id, col(Incident.token) == held.token, col(Incident.resolved_at).is_(None)
    )
    incident = uow.session.exec(known).first() or Incident(
        kind=kind, case_id=case_id, node=node, token=held.token, sentence="", at=uow.now
    )
    incident.kind, incident.sentence, incident.at = kind, sentence[:2000], uow.now
    incident.revision, incident.cause, incident.acted = held.revision, held.cause[:200], held.acted
    uow.add(incident)
    return incident.id


def settle_held(uow: UnitOfWork, case_id: str, held: Set[str]) -> None:
    """Close the incidents of tokens that are held no more: tried again, moved, or gone with a withdrawal."""
    unresolved = select(Incident).where(
        col(Incident.case_id) == case_id, col(Incident.token).is_not(None), col(Incident.resolved_at).is_(None)
    )
    for incident in uow.session.exec(unresolved):
        if incident.token not in held:
            _close(uow, incident)


def settle(uow: UnitOfWork, kind: str, node: str, case_id: str | None = None) -> None:
    """Close an incident of the machine, or of a case, whose trouble has passed by itself."""
    unresolved = select(Incident).where(
        col(Incident.kind) == kind,
        col(Incident.node) == node,
        col(Incident.case_id) == case_id,
        col(Incident.resolved_at).is_(None),
    )
    for incident in uow.session.exec(unresolved):
        _close(uow, incident)


def open_incidents(reading: Reading, limit: int = 200) -> list[Incident]:
    """The incidents that nobody has resolved, newest first."""
    require_administrator(reading.actor)
    unresolved = select(Incident).where(col(Incident.resolved_at).is_(None)).order_by(col(Incident.at).desc())
    return list(reading.session.exec(unresolved.limit(limit)))


def find(reading: Reading, incident_id: str) -> Incident:
    """One incident, open or not; raises IncidentNotFound."""
    require_administrator(reading.actor)
    incident = reading.session.get(Incident, incident_id)
    if incident is None:
        raise IncidentNotFound()
    return incident


def held_nodes(reading: Reading, case_id: str) -> list[str]:
    """The nodes at which the flow of a case has stopped, for everybody who may see the case."""
    held = select(Incident.node).where(
        col(Incident.case_id) == case_id, col(Incident.token).is_not(None), col(Incident.resolved_at).is_(None)
    )
    return list(dict.fromkeys(node for node in reading.session.exec(held.order_by(col(Incident.at))) if node))


def require_open(incident: Incident) -> None:
    """Raise AlreadySettled when somebody has dealt with it meanwhile."""
    if incident.resolved_at is not None:
        raise AlreadySettled(incident_id=incident.id)


def resolve(uow: UnitOfWork, incident_id: str, reason: str, event: str = "incident.resolved") -> Incident:
    """Close an incident that somebody has dealt with, or is about to try again."""
    incident = find(uow, incident_id)
    if incident.resolved_at is None:
        _close(uow, incident)
        audit.record(uow, event, stream="administration", incident=incident_id, reason=reason)
    return incident


def _close(uow: UnitOfWork, incident: Incident) -> None:
    incident.resolved_at, incident.resolved_by = uow.now, str(uow.actor)
    uow.add(incident)
