"""What an operator does for a case whose flow has stopped: try again, correct data, move or cancel a token.

Every act needs a reason and is recorded with it. An operator keeps the flow going and reads no case: nodes, names of fields
and sentences are shown, never values. What follows a new try is done in the name of whoever had set it off, so that an
approval stays that of the approver.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from engine import audit, clock, data_lint, incidents, process, runtime
from engine.access import Actor, require_administrator
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.errors import Conflict, Invalid
from engine.manifest import fits
from engine.models import Case, Incident, Job, Timer
from engine.process import Run
from engine.runtime import Cancel, Move, Retry, StaleTrigger, Token, Trigger
from engine.runtime.parser import read

LONGEST_REASON = 500


class ReasonNeeded(Invalid):
    """Say why, in at most {longest} characters."""

    zh = "请说明理由（不超过{longest}字）。"


class ValueUnfit(Invalid):
    """The field {name} takes {kind}."""

    zh = "字段“{name}”的类型应为{kind}。"


class StillHeld(Conflict):
    """The case still stands at {node}: try again, or move or cancel the token."""

    zh = "案件仍停在“{node}”：请重试，或者移动、取消该令牌。"


@dataclass(frozen=True)
class Field:
    """A field of the case's document as an operator sees it: what it is to hold, and whether it holds anything."""

    name: str
    kind: str
    filled: bool


@dataclass(frozen=True)
class Situation:
    """A stopped case as an operator sees it: where it is, and the fields that the held node reads."""

    incident: Incident
    bundle: Bundle
    tokens: tuple[Token, ...]
    reads: tuple[Field, ...]
    fields: tuple[Field, ...]


# ---------------------------------------------------------------- looking


def situation(reading: Reading, incident_id: str) -> Situation | None:
    """Where the case of an incident stands; nothing for an incident that is no matter of a case."""
    incident = incidents.find(reading, incident_id)
    case = reading.session.get(Case, incident.case_id) if incident.case_id else None
    if case is None:
        return None
    run = process.opened(reading, case)
    declared = run.bundle.manifest.data
    fields = tuple(Field(name, kind, run.data.get(name) is not None) for name, kind in declared.items())
    reads = reads_of(run.bundle, incident.node or "")
    state = run.key.open(run.instance.state, process.STATE)
    found = runtime.tokens(run.bundle.blueprint, state)
    return Situation(incident, run.bundle, found, tuple(f for f in fields if f.name in reads), fields)


def reads_of(bundle: Bundle, node: str) -> frozenset[str]:
    """The fields that a node reads, the conditions of the flows that leave it included."""
    drawn = read({path: source for path, source in bundle.flow.items() if path.endswith((".bpmn", ".dmn"))})
    use = data_lint.Use(drawn.processes, drawn.decisions, {})
    scopes = [scope for process_ in drawn.processes.values() for scope in process_.scopes()]
    flows = [flow.id for scope in scopes for flow in scope.outgoing(node)]
    return frozenset().union(*(use.accesses[place].reads for place in (node, *flows) if place in use.accesses))


# ---------------------------------------------------------------- acting


def retry(uow: UnitOfWork, incident_id: str, reason: str) -> None:
    """Try again what failed; the incident is closed, and open again (or still) if it fails once more."""
    _require(uow, reason)
    incident = incidents.find(uow, incident_id)
    if incident.token is None:
        _put_back(uow, incidents.resolve(uow, incident_id))
    elif incident.resolved_at is None:
        _act(uow, incident, Retry(incident.token), "token.retried", reason)


def resolve(uow: UnitOfWork, incident_id: str, reason: str) -> None:
    """Close an incident that was dealt with in another way; raises StillHeld while a token is held."""
    _require(uow, reason)
    incident = incidents.find(uow, incident_id)
    if incident.token is not None and incident.resolved_at is None:
        raise StillHeld(incident_id=incident_id, node=incident.node)
    incidents.resolve(uow, incident_id)


def move(uow: UnitOfWork, incident_id: str, token: str, to: str, reason: str) -> None:
    """Put a token of the stopped case on another node of its scope; raises NotMovable, StaleTrigger."""
    _require(uow, reason)
    _act(uow, incidents.find(uow, incident_id), Move(token, to), "token.moved", reason, to=to)


def cancel(uow: UnitOfWork, incident_id: str, token: str, reason: str) -> None:
    """Take a token of the stopped case away; raises NotMovable, StaleTrigger."""
    _require(uow, reason)
    _act(uow, incidents.find(uow, incident_id), Cancel(token), "token.cancelled", reason)


def correct(uow: UnitOfWork, incident_id: str, values: Mapping[str, Any], reason: str) -> None:
    """Write fields of the stopped case's document, as a new revision; raises FieldUndeclared, ValueUnfit."""
    _require(uow, reason)
    run = _case_of(uow, incidents.find(uow, incident_id))
    for name, value in values.items():
        _check_value(run, name, value)
    audit.record(uow, "data.corrected", run.case.id, fields=sorted(values), reason=reason)
    process.write(uow, run, values, "repair")


def _act(uow: UnitOfWork, incident: Incident, trigger: Trigger, event: str, reason: str, **detail: str) -> None:
    run = _case_of(uow, incident)
    standing = {
        t.id: t.node for t in runtime.tokens(run.bundle.blueprint, run.key.open(run.instance.state, process.STATE))
    }
    token = getattr(trigger, "token", "")
    audit.record(uow, event, run.case.id, node=standing.get(token, incident.node), reason=reason, **detail)
    again = isinstance(trigger, Retry)
    with _in_the_name_of(uow, incident if again else None):
        process.proceed(uow, run, trigger, (incident.cause or "repair") if again else "repair")


def _case_of(uow: UnitOfWork, incident: Incident) -> Run:
    if incident.case_id is None:
        raise StaleTrigger(what=incident.kind)
    return process.lock_for_repair(uow, incident.case_id)


def _put_back(uow: UnitOfWork, incident: Incident) -> None:
    """Timers of the case need not wait out what was put on them after a failure; a job gets fresh attempts."""
    if incident.case_id is not None:
        uow.session.execute(
            update(Timer).where(col(Timer.case_id) == incident.case_id).values(lease_until=None, attempts=0)
        )
    job = uow.session.get(Job, incident.job_id, with_for_update=True) if incident.job_id else None
    if job is not None and job.state == "failed":
        job.state, job.attempts, job.run_at, job.ended_at = "queued", 0, clock.wall(), None
        uow.left_work = True
        uow.add(job)


# ---------------------------------------------------------------- what must hold


def _require(uow: UnitOfWork, reason: str) -> None:
    require_administrator(uow.actor)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise ReasonNeeded(longest=LONGEST_REASON)


def _check_value(run: Run, name: str, value: Any) -> None:
    """Nothing, or what process.toml declares the field to hold."""
    kind = run.bundle.manifest.data.get(name)
    if kind is None:
        raise process.FieldUndeclared(name=name)
    if not fits(value, kind):
        raise ValueUnfit(name=name, kind=kind)


@contextmanager
def _in_the_name_of(uow: UnitOfWork, incident: Incident | None) -> Iterator[None]:
    """Let what follows be done by whoever had set it off."""
    operator = uow.actor
    if incident is not None and incident.acted:
        kind, _, ident = incident.acted.partition(":")
        uow.actor = Actor(kind, id=ident, case_id=incident.case_id or "")  # type: ignore[arg-type]
    try:
        yield
    finally:
        uow.actor = operator
