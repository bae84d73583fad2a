"""What happened, append-only. The events of one stream are chained by hash, so that a change or a gap shows.

Details hold ids, names of fields and codes, never values that a party gave.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import literal, text
from sqlmodel import Session, col, select

from engine.db import UnitOfWork
from engine.models import AuditEvent, Case, Document, Notice, Task

GENESIS = "0" * 64


def record(uow: UnitOfWork, name: str, case_id: str | None = None, *, stream: str | None = None, **detail: Any) -> None:
    """Write one event into the case's stream (or a system stream) in the transaction of its cause."""
    stream = stream or (f"case:{case_id}" if case_id else "system")
    last = _last(uow.session, stream)
    event = AuditEvent(
        stream=stream,
        position=last.position + 1 if last else 1,
        at=uow.now,
        actor=str(uow.actor),
        name=name,
        detail=detail,
        previous=last.digest if last else GENESIS,
        digest="",
    )
    event.digest = digest_of(event)
    uow.add(event)


def digest_of(event: AuditEvent) -> str:
    """The hash that an event must have: over its content and the hash before it."""
    content = [event.stream, event.position, _stamp(event.at), event.actor, event.name, event.detail, event.previous]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify(session: Session) -> list[str]:
    """Walk every chain, and look for what must be in it; returns one sentence for each break, nothing when all is whole."""
    faults: list[str] = []
    stream, previous, position = "", GENESIS, 0
    ordered = select(AuditEvent).order_by(col(AuditEvent.stream), col(AuditEvent.position))
    for event in session.exec(ordered).yield_per(500):
        if event.stream != stream:
            stream, previous, position = event.stream, GENESIS, 0
        if event.position != position + 1:
            faults.append(f"{stream}: event {position + 1} is missing")
        if event.previous != previous or event.digest != digest_of(event):
            faults.append(f"{stream}: event {event.position} ({event.name}) was changed")
        previous, position = event.digest, event.position
    return [*faults, *_unrecorded(session)]


def _unrecorded(session: Session) -> Iterator[str]:
    """What the tables say to have happened and the record does not: a chain that was cut off at its end has no other gap."""
    must_be: tuple[tuple[str, Any, str], ...] = (
        ("case.submitted", select(Case.id, Case.id), ""),
        ("case.closed", select(Case.id, Case.id).where(col(Case.closed_at).is_not(None)), ""),
        ("task.completed", select(Task.case_id, Task.id).where(col(Task.state) == "completed"), "task"),
        ("notice.issued", select(Notice.case_id, Notice.id).where(col(Notice.state) == "issued"), "notice"),
        ("notice.rendered", select(Notice.case_id, Notice.id).where(col(Notice.document_id).is_not(None)), "notice"),
        ("document.added", select(Document.case_id, Document.id), "document"),
    )
    for name, happened, key in must_be:
        case_id, row_id = happened.selected_columns
        recorded = select(AuditEvent.id).where(
            col(AuditEvent.stream) == literal("case:") + case_id, col(AuditEvent.name) == name
        )
        if key:
            recorded = recorded.where(col(AuditEvent.detail)[key].as_string() == row_id)
        for where, what in session.exec(happened.where(~recorded.exists())):
            yield f"case:{where}: the event {name} of {what} is missing"


def events_of(session: Session, case_id: str) -> list[AuditEvent]:
    """The events of a case in order."""
    return list(
        session.exec(
            select(AuditEvent).where(col(AuditEvent.stream) == f"case:{case_id}").order_by(col(AuditEvent.position))
        )
    )


def of_incident(session: Session, incident_id: str, case_id: str | None) -> list[AuditEvent]:
    """The events that speak of an incident, in order: of its case, or of the administration."""
    streams = ["administration", *([f"case:{case_id}"] if case_id else [])]
    about = select(AuditEvent).where(
        col(AuditEvent.stream).in_(streams), col(AuditEvent.detail)["incident"].as_string() == incident_id
    )
    return list(session.exec(about.order_by(col(AuditEvent.at), col(AuditEvent.position))))


def _last(session: Session, stream: str) -> AuditEvent | None:
    """The newest event of a stream. On PostgreSQL writers of one stream take turns until the end of their transaction: a lock
    on the newest row would not do, for who has waited for it would still see the same row as the newest."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:stream, 0))"), {"stream": stream})
    newest = (
        select(AuditEvent).where(col(AuditEvent.stream) == stream).order_by(col(AuditEvent.position).desc()).limit(1)
    )
    return session.exec(newest).first()


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def names(changes: Mapping[str, Any]) -> list[str]:
    """The names of changed fields, sorted: what the record may say about a submission."""
    return sorted(changes)
