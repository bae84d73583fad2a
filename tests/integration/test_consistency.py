"""Whether everything belongs together: an installation at work is whole, and each thing that is broken is named."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from engine import consistency, documents, tasks
from engine.access import SYSTEM
from engine.models import AuditEvent, Deadline, Document, Job, NumberSequence, ProcessInstance, StepRecord, Task, Timer
from tests.factories import ANSWERS, World


def faults(world: World) -> list[str]:
    with world.database.reading(SYSTEM) as reading:
        return consistency.verify(reading)


def test_a_case_is_whole_at_every_step(world: World) -> None:
    world.submit([world.upload()])
    assert faults(world) == []
    while open_tasks := world.open_tasks():
        world.do(open_tasks[0])
        assert faults(world) == []
    world.work(papers=True)
    assert faults(world) == []
    assert world.facts()["status"] == "closed"


def test_a_case_is_whole_while_its_clock_has_run_out_and_nobody_has_looked(world: World) -> None:
    world.submit()
    world.travel("+30d")
    assert faults(world) == []
    world.work(papers=True)
    assert faults(world) == []
    world.send("withdraw")
    assert faults(world) == []


DAMAGES = {
    "a row has a task at draft_reply": update(Task).where(col(Task.node) == "draft_reply").values(state="open"),
    "the flow has a timer at": delete(Timer),
    "waits for a job that is not there": delete(Job).where(col(Job.kind) == "notice.draft"),
    "is neither there nor being made": delete(Job).where(col(Job.kind) == "notice.render"),
    "numbers were given out": update(NumberSequence).values(last=7),
    "the row says": update(ProcessInstance).values(listening=[]),
    "operations are parked": update(ProcessInstance).values(parked=[]),
    "the record of its steps": delete(StepRecord).where(col(StepRecord.position) == 3),
    "and its ledger says otherwise": update(Deadline).where(col(Deadline.name) == "reply").values(state="suspended"),
    "its due date does not fit": update(Deadline).where(col(Deadline.name) == "reply").values(due_at=None),
    "is missing": delete(AuditEvent).where(col(AuditEvent.name) == "task.completed"),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("sentence", DAMAGES)
def test_what_does_not_fit_is_named(world: World, sentence: str) -> None:
    world.submit()
    world.reach("draft_reply")
    task = world.task("draft_reply")
    actor = world.person(f"{task.part}.{task.role}")
    with world.database.unit_of_work(actor) as uow:
        tasks.complete(uow, task.id, ANSWERS["draft_reply"])
    assert faults(world) == []  # the receipt and the draft wait to be typeset
    with world.database.unit_of_work() as uow:
        uow.session.execute(DAMAGES[sentence])
    assert any(sentence in fault for fault in faults(world)), faults(world)


def cut_off(world: World, document: Document) -> None:
    path = documents.path_of(world.database.settings, document.blob)
    path.write_bytes(path.read_bytes()[:-1])


def removed(world: World, document: Document) -> None:
    documents.path_of(world.database.settings, document.blob).unlink()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("damage", [cut_off, removed])
def test_a_file_that_is_gone_or_cut_off_is_named(world: World, damage: Callable[[World, Document], None]) -> None:
    world.submit([world.upload()])
    (document,) = world.all(Document)
    damage(world, document)
    assert faults(world) == [f"the file of the document {document.id} is missing or cut off"]
