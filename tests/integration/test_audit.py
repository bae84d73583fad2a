"""The record of what happened: whole as it is written, and every later change of it shows."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import text

from engine import audit, maintenance
from engine.access import SYSTEM
from engine.db import UnitOfWork
from engine.models import AuditEvent, Incident
from tests.factories import World


def tampered(world: World, *statements: str) -> list[str]:
    """What the check says after somebody has changed rows behind our back."""
    with world.database.engine.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement), {"stream": f"case:{world.case_id}"}).rowcount
    return maintenance.verify_audit(world.database)


ONE = "stream = :stream AND position = 2"


@pytest.fixture
def recorded(world: World) -> World:
    world.submit()
    world.do("check")
    world.work(papers=True)
    assert maintenance.verify_audit(world.database) == []
    assert not world.all(Incident)
    return world


def test_a_whole_journey_leaves_a_whole_chain(world: World) -> None:
    world.submit()
    world.reach("sign_completion")
    world.do("sign_completion")
    world.work(papers=True)
    assert maintenance.verify_audit(world.database) == []
    with world.database.reading(SYSTEM) as reading:
        events = audit.events_of(reading.session, world.case_id)
    assert [e.position for e in events] == list(range(1, len(events) + 1))
    assert {"case.submitted", "task.completed", "notice.issued", "deadline.stopped", "case.closed"} <= {
        e.name for e in events
    }


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'person:somebody'",
        "name = 'nothing.happened'",
        "at = '2026-01-01 00:00:00+00:00'",
        "detail = '{}'",
        "digest = previous",
    ],
)
def test_an_event_that_was_changed_shows(recorded: World, change: str) -> None:
    faults = tampered(recorded, f"UPDATE audit_event SET {change} WHERE {ONE}")
    assert any(f"case:{recorded.case_id}: event 2 " in fault for fault in faults)
    assert recorded.one(Incident).kind == "audit.broken"


def test_an_event_that_was_removed_shows(recorded: World) -> None:
    faults = tampered(recorded, f"DELETE FROM audit_event WHERE {ONE}")
    assert f"case:{recorded.case_id}: event 2 is missing" in faults


def test_the_first_event_cannot_be_removed_unseen(recorded: World) -> None:
    faults = tampered(recorded, "DELETE FROM audit_event WHERE stream = :stream AND position = 1")
    assert f"case:{recorded.case_id}: event 1 is missing" in faults


def test_events_that_changed_places_show(recorded: World) -> None:
    faults = tampered(
        recorded,
        "UPDATE audit_event SET position = 0 WHERE stream = :stream AND position = 2",
        "UPDATE audit_event SET position = 2 WHERE stream = :stream AND position = 3",
        "UPDATE audit_event SET position = 3 WHERE stream = :stream AND position = 0",
    )
    assert any("event 2 " in fault for fault in faults)
    assert any("event 3 " in fault for fault in faults)


@pytest.mark.parametrize("name", ["task.completed", "notice.issued", "notice.rendered", "document.added"])
def test_the_end_of_a_record_cannot_be_cut_off_unseen(recorded: World, name: str) -> None:
    """The chain that is left is whole, but the tables tell what must have been in it."""
    faults = tampered(
        recorded,
        "DELETE FROM audit_event WHERE stream = :stream AND position >="
        f" (SELECT max(position) FROM audit_event WHERE stream = :stream AND name = '{name}')",
    )
    assert any(fault.startswith(f"case:{recorded.case_id}: the event {name} ") for fault in faults)


def test_a_whole_record_cannot_be_removed_unseen(recorded: World) -> None:
    faults = tampered(recorded, "DELETE FROM audit_event WHERE stream = :stream")
    assert f"case:{recorded.case_id}: the event case.submitted of {recorded.case_id} is missing" in faults


def test_what_a_failed_change_would_have_recorded_is_not_in_the_record(recorded: World) -> None:
    def fail(act: Callable[[UnitOfWork], None]) -> None:
        with pytest.raises(ZeroDivisionError), recorded.database.unit_of_work() as uow:
            act(uow)
            raise ZeroDivisionError

    before = len(recorded.all(AuditEvent))
    fail(lambda uow: audit.record(uow, "case.touched", recorded.case_id))
    assert len(recorded.all(AuditEvent)) == before
    assert maintenance.verify_audit(recorded.database) == []


def test_what_was_undone_is_not_recorded(world: World) -> None:
    world.submit()
    with world.database.unit_of_work(SYSTEM) as uow:
        with suppress(LookupError), uow.part():
            audit.record(uow, "test.undone_first", world.case_id)
            raise LookupError
        audit.record(uow, "test.before", world.case_id)
        with suppress(LookupError), uow.part():
            audit.record(uow, "test.undone", world.case_id)
            raise LookupError
        with uow.part():
            audit.record(uow, "test.kept", world.case_id)
    names = [event.name for event in world.all(AuditEvent) if event.name.startswith("test.")]
    assert names == ["test.before", "test.kept"]
    assert maintenance.verify_audit(world.database) == []
