"""What must hold after every crash, and how a story that was disturbed is compared with one that was not."""

from collections import Counter
from typing import Any

from sqlmodel import col, select

from engine import consistency
from engine.access import SYSTEM
from engine.models import (
    AuditEvent,
    Breach,
    Case,
    Deadline,
    Delivery,
    Document,
    IdempotencyKey,
    Incident,
    Job,
    Notice,
    NumberSequence,
    ReceivedMessage,
    StepRecord,
    Task,
)
from tests.factories import World


def require_whole(world: World) -> None:
    """Flow and rows, numbers and papers, files and record belong together, and nothing needs an operator."""
    require_consistent(world)
    assert world.all(Incident, resolved_at=None) == []


def require_consistent(world: World) -> None:
    with world.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []


def require_nothing_left_over(world: World) -> None:
    """At the end no work waits, and each file belongs to a document."""
    assert {job.state for job in world.all(Job)} <= {"done"}
    assert not world.all(Delivery, state="pending")


def effects(world: World) -> dict[str, Any]:
    """Everything that the story left behind, told without ids: the same whether machines died on the way or not."""
    with world.database.reading(SYSTEM) as reading:
        steps = select(StepRecord).order_by(col(StepRecord.case_id), col(StepRecord.position))
        trail = [(s.node, s.kind, s.at, s.actor.partition(":")[0], s.revision) for s in reading.session.exec(steps)]
    case = world.case()
    return {
        "case": (case.status, case.stage, case.outcome, case.late, case.revision, case.closed_at, case.touched_at),
        "trail": trail,
        "events": Counter((e.stream.partition(":")[0], e.name) for e in world.all(AuditEvent)),
        "tasks": Counter((t.node, t.state, t.ended_at) for t in world.all(Task)),
        "clocks": Counter((d.name, d.state, d.due_at, d.stopped_at) for d in world.all(Deadline)),
        "breaches": Counter(b.due_on for b in world.all(Breach)),
        "notices": Counter((n.name, n.state, n.number) for n in world.all(Notice)),
        "deliveries": Counter((d.channel, d.state, d.attempt) for d in world.all(Delivery)),
        # what is drawn of a random token is never of the same size twice
        "documents": Counter((d.kind, d.size if d.kind == "attachment" else 0) for d in world.all(Document)),
        "jobs": Counter((j.kind, j.state) for j in world.all(Job)),
        "messages": Counter((m.name, m.consumed_at) for m in world.all(ReceivedMessage)),
        "numbers": Counter((n.series, n.year, n.last) for n in world.all(NumberSequence)),
        "requests": len(world.all(IdempotencyKey)),
        "cases": len(world.all(Case)),
    }
