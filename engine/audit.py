"""What happened, append-only. The events of one stream are chained by hash, so that a change or a gap shows.

Details hold ids, names of fields and codes, never values that a party gave.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, literal
from sqlmodel import Session, col, select

from engine.db import UnitOfWork
from engine.models import AuditEvent, Case, Document, Notice, Party, Task

GENESIS = "0" * 64
FEW = 5  # streams whose newest event is asked for one by one, by a query that is made already


@dataclass(frozen=True)
class Noted:
    """What has happened in a unit of work, until it is written at its end."""

    stream: str
    at: datetime
    actor: str
    name: str
    detail: Mapping[str, Any]


def record(uow: UnitOfWork, name: str, case_id: str | None = None, *, stream: str | None = None, **detail: Any) -> None:
    """Note one event for the case's stream (or a system stream); it is written in the transaction of its cause."""
    stream = stream or (f"case:{case_id}" if case_id else "system")
    note(uow, Noted(stream, uow.now, str(uow.actor), name, detail))


def note(uow: UnitOfWork, event: Noted) -> None:
    """The same for who changes many cases at once, each at a time of its own: time never runs back within a case."""
    if not uow.events:
        uow.before_commit(lambda: _write(uow))
    uow.events.append(event)


def _write(uow: UnitOfWork) -> None:
    """Chain what was noted to what each stream holds. Last of all, so that writers of one stream wait for each other briefly."""
    noted: list[Noted] = uow.events
    if not noted:  # it went with a savepoint
        return
    streams = sorted({event.stream for event in noted})
    # a lock on the newest row would not do: who has waited for it would still see the same row as the newest
    uow.take_turns(*streams)
    heads = _heads(uow.session, streams)
    rows = []
    for event in noted:
        position, previous = heads[event.stream]
        row = {**vars(event), "position": position + 1, "previous": previous}
        row["digest"] = _digest(**row)
        heads[event.stream] = (position + 1, row["digest"])
        rows.append(row)
    uow.append(AuditEvent, rows)
    noted.clear()


def digest_of(event: AuditEvent) -> str:
    """The hash that an event must have: over its content and the hash before it."""
    return _digest(event.stream, event.position, event.at, event.actor, event.name, event.detail, event.previous)


def _digest(
    stream: str, position: int, at: datetime, actor: str, name: str, detail: Mapping[str, Any], previous: str
) -> str:
    content = [stream, position, _stamp(at), actor, name, detail, previous]
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
    filed = select(Party.id).where(col(Party.case_id) == col(Case.id)).exists()  # by a party; others open themselves
    must_be: tuple[tuple[str, Any, str], ...] = (
        ("case.submitted", select(Case.id, Case.id).where(filed), ""),
        ("case.opened", select(Case.id, Case.id).where(~filed), ""),
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


def _heads(session: Session, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
    """The same for several streams: for many of them in one query."""
    if len(streams) < FEW:
        return {stream: _head(session, stream) for stream in streams}
    last = (
        select(col(AuditEvent.stream), func.max(AuditEvent.position).label("position"))
        .where(col(AuditEvent.stream).in_(streams))
        .group_by(col(AuditEvent.stream))
        .subquery()
    )
    newest = select(AuditEvent.stream, AuditEvent.position, AuditEvent.digest).join(
        last, and_(col(AuditEvent.stream) == last.c.stream, col(AuditEvent.position) == last.c.position)
    )
    found = {stream: (position, digest) for stream, position, digest in session.connection().execute(newest)}
    return dict.fromkeys(streams, (0, GENESIS)) | found


def _head(session: Session, stream: str) -> tuple[int, str]:
    """Position and hash of the newest event of a stream."""
    newest = session.connection().execute(_NEWEST, {"stream": stream}).first()
    return (newest[0], newest[1]) if newest else (0, GENESIS)


_NEWEST = (
    select(AuditEvent.position, AuditEvent.digest)
    .where(col(AuditEvent.stream) == bindparam("stream"))
    .order_by(col(AuditEvent.position).desc())
    .limit(1)
)


def of_incident(session: Session, incident_id: str, case_id: str | None) -> list[AuditEvent]:
    """The events that speak of an incident, in order: of its case, or of the administration."""
    streams = ["administration", *([f"case:{case_id}"] if case_id else [])]
    about = select(AuditEvent).where(
        col(AuditEvent.stream).in_(streams), col(AuditEvent.detail)["incident"].as_string() == incident_id
    )
    return list(session.exec(about.order_by(col(AuditEvent.at), col(AuditEvent.position))))


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def names(changes: Mapping[str, Any]) -> list[str]:
    """The names of changed fields, sorted: what the record may say about a submission."""
    return sorted(changes)
