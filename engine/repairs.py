"""What an operator does for a case whose flow has stopped: try again, correct data, move or cancel a token.

Every act needs a reason and is recorded with it. What an operator sees of the case is in ``engine.situations``. What follows
a new try is done in the name of whoever had set it off, so that an approval stays that of the approver.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from engine import audit, clock, incidents, process, reasons, situations
from engine.access import Actor, require_administrator
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, EngineError, Invalid
from engine.manifest import FieldType, fits
from engine.models import Incident, Job, Timer
from engine.process import Run
from engine.runtime import Cancel, Move, Retry, Trigger

YES, NO = frozenset({"true", "yes", "是"}), frozenset({"false", "no", "否"})


class ValueUnfit(Invalid):
    """The field {name} takes {kind}."""

    zh = "字段“{name}”应填写{kind_zh}。"


class NoCase(Conflict):
    """This incident is no matter of a case; there is no token and no data."""

    zh = "该异常与案件无关，没有可处理的令牌和数据。"


class TokenGone(Conflict):
    """The token is not there any more: somebody was quicker, or the case has gone on. Look where it stands now."""

    zh = "该令牌已不在原处：可能已由他人处理，或者流程已经继续。请查看当前情况。"


class StillHeld(Conflict):
    """The case still stands at {node}: try again, or move or cancel the token."""

    zh = "案件仍停在“{node}”：请重试，或者移动、取消该令牌。"


class StoppedAgain(EngineError):
    """It was done; the process then stopped at “{node}”."""

    zh = "已经执行；流程随后在“{node_zh}”处停下。"


# ---------------------------------------------------------------- acting


def retry(uow: UnitOfWork, incident_id: str, reason: str) -> None:
    """Try again what failed; the incident is closed, and open again (or still) if it fails once more."""
    reason = _given(uow, reason)
    incident = incidents.find(uow, incident_id)
    if incident.token is None:
        _put_back(uow, incidents.resolve(uow, incident_id, reason, "incident.retried"))
    else:
        _act(uow, incident, Retry(incident.token), "token.retried", reason)


def resolve(uow: UnitOfWork, incident_id: str, reason: str) -> None:
    """Close an incident that was dealt with in another way; raises StillHeld while a token is held."""
    reason = _given(uow, reason)
    incident = incidents.find(uow, incident_id)
    if incident.token is not None and incident.resolved_at is None:
        raise StillHeld(incident_id=incident_id, node=incident.node)
    incidents.resolve(uow, incident_id, reason)


def move(uow: UnitOfWork, incident_id: str, token: str, to: str, reason: str) -> None:
    """Put a token of the stopped case on another node of its scope; raises NotMovable, TokenGone, AlreadySettled."""
    reason = _given(uow, reason)
    _act(uow, incidents.find(uow, incident_id), Move(token, to), "token.moved", reason, to=to[:100])


def cancel(uow: UnitOfWork, incident_id: str, token: str, reason: str) -> None:
    """Take a token of the stopped case away; raises NotMovable, TokenGone, AlreadySettled."""
    reason = _given(uow, reason)
    _act(uow, incidents.find(uow, incident_id), Cancel(token), "token.cancelled", reason)


def correct(uow: UnitOfWork, incident_id: str, values: Mapping[str, Any], reason: str) -> None:
    """Write fields of the stopped case's document, as a new revision; raises FieldUndeclared, ValueUnfit, AlreadySettled."""
    reason = _given(uow, reason)
    incident = incidents.find(uow, incident_id)
    run = _case_of(uow, incident)
    for name, value in values.items():
        _check_value(run, name, value)
    if values:
        audit.record(
            uow, "data.corrected", run.case.id, incident=incident.id, fields=audit.names(values), reason=reason
        )
        process.write(uow, run, values, "repair")


def _act(
    uow: UnitOfWork, incident: Incident, trigger: Retry | Move | Cancel, event: str, reason: str, **to: str
) -> None:
    run = _case_of(uow, incident)
    standing = {token.id: token.node for token in situations.tokens_of(run)}
    if trigger.token not in standing:
        raise TokenGone(incident_id=incident.id)
    node = standing[trigger.token]
    audit.record(uow, event, run.case.id, incident=incident.id, node=node, reason=reason, **to)
    if isinstance(trigger, Retry):
        with _in_the_name_of(uow, incident):
            _proceed(uow, run, trigger, incident.cause or "repair")
    else:
        _proceed(uow, run, trigger, "repair")


def _proceed(uow: UnitOfWork, run: Run, trigger: Trigger, cause: str) -> None:
    """Go on; where it stops again, the operator is told in words for operators."""
    process.proceed(uow, run, trigger, cause)
    uow.warnings = [StoppedAgain(**warning.data) for warning in uow.warnings]


def _case_of(uow: UnitOfWork, incident: Incident) -> Run:
    if incident.case_id is None:
        raise NoCase(incident_id=incident.id)
    run = process.lock_for_repair(uow, incident.case_id)
    incidents.require_open(incident)  # read anew, for somebody may have been quicker while we waited for the lock
    return run


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


def _given(uow: UnitOfWork, reason: str) -> str:
    """The reason of an administrator; raises NotAdministrator, ReasonMissing."""
    require_administrator(uow.actor)
    return reasons.given(reason)


@contextmanager
def _in_the_name_of(uow: UnitOfWork, incident: Incident) -> Iterator[None]:
    """Let what follows be done by whoever had set it off."""
    operator = uow.actor
    if incident.acted:
        kind, _, ident = incident.acted.partition(":")
        uow.actor = Actor(kind, id=ident, case_id=incident.case_id or "")  # type: ignore[arg-type]
    try:
        yield
    finally:
        uow.actor = operator


# ---------------------------------------------------------------- values


def read_value(name: str, kind: FieldType, text: str) -> Any:
    """What an operator typed, as a field of this kind holds it; an empty text is nothing. Raises ValueUnfit."""
    if not text.strip():
        return None
    try:
        return _READERS.get(kind, str)(text if kind == "string" else text.strip())
    except (ValueError, RecursionError):
        raise unfit(name, kind) from None


def read_values(reading: Reading, incident_id: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """What an operator typed for fields of the stopped case; raises NoCase, FieldUndeclared, ValueUnfit."""
    case = situations.of_incident(reading, incident_id).case
    if case is None:
        raise NoCase(incident_id=incident_id)
    kinds = {field.name: field.kind for field in case.fields}
    for name in typed:
        if name not in kinds:
            raise process.FieldUndeclared(name=name[:64])
    return {name: read_value(name, kinds[name], text) for name, text in typed.items()}


def _boolean(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError(text)
    return text.lower() in YES


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


_READERS: Mapping[FieldType, Callable[[str], Any]] = {
    "integer": int,
    "number": _number,
    "boolean": _boolean,
    "list": json.loads,
    "object": json.loads,
}


def unfit(name: str, kind: FieldType) -> ValueUnfit:
    """The sentence about a value that a field cannot hold."""
    zh, en = situations.KINDS[kind]
    return ValueUnfit(name=name, kind=en, kind_zh=zh)


def _check_value(run: Run, name: str, value: Any) -> None:
    """Nothing, or what process.toml declares the field to hold."""
    kind = run.bundle.manifest.data.get(name)
    if kind is None:
        raise process.FieldUndeclared(name=name)
    if not fits(value, kind):
        raise unfit(name, kind)
