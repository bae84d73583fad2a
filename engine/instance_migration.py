"""Running cases go over to another version of their process, each in a transaction of its own, and back as long as they have not
moved.

A version is immutable and a case ends on the one on which it began, unless somebody moves it, with a reason. Nothing moves in
the flow by it and nothing is lost: tasks keep assignee and draft, timers their time, clocks the rule under which they started.
What would happen is told beforehand by ``migration_plans``, and judged again by the same when it is done.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select

from engine import audit, cases, deadlines, definitions, migration_plans, process, reasons
from engine.access import Actor, require_administrator
from engine.db import Database, UnitOfWork
from engine.definitions import Bundle
from engine.errors import Conflict, NotFound
from engine.migration_plans import CasePlan
from engine.models import (
    Breach,
    Case,
    Deadline,
    DeadlineChange,
    InstanceMigration,
    LadderClaim,
    Membership,
    Participant,
    Reminder,
    Task,
    Urging,
    new_id,
)
from engine.models.task import WAITING
from engine.process import Run
from engine.runtime import Step, look

log = logging.getLogger("duban.migration")


class CaseHindered(Conflict):
    """The case {reference} cannot go over to version {version}: {reason}."""

    zh = "案件“{reference}”不能迁移到第{version}版：{reason}。"

    def __init__(self, plan: CasePlan) -> None:
        reason = "; ".join(map(str, plan.obstacles))
        super().__init__(reference=plan.reference, version=plan.to_version, reason=reason)
        self.plan = plan


class RunUnknown(NotFound):
    """Cases were never moved under the number “{run}”."""

    zh = "没有编号为“{run}”的迁移。"


class CaseMovedOn(Conflict):
    """The case {reference} has moved on since it went over, and cannot go back."""

    zh = "案件“{reference}”迁移后已经继续办理，不能退回原版本。"


# ---------------------------------------------------------------- the deed


def apply(
    database: Database,
    actor: Actor,
    key: str,
    to: int,
    reason: str,
    *,
    from_version: int | None = None,
    references: Collection[str] = (),
    batch: int = 50,
    run: str | None = None,
) -> Iterator[CasePlan]:
    """Move running cases, each in a transaction of its own; tells of each what became of it.

    What was moved stays moved whatever happens later; the same again goes on with the rest. ``run`` names what can be undone.
    """
    run = run or new_id()
    after, begun = "", False
    while True:
        with database.reading(actor) as reading:
            require_administrator(actor)
            target = definitions.version(reading, key, to)
            migration_plans.require_known(reading, key, references)
            ids = migration_plans.candidates(reading, target, from_version, references, after, batch)
        if not ids:
            return
        if not begun:
            _begin(database, actor, run, target, reason)
            begun = True
        for case_id in ids:
            moved = _move(database, actor, run, case_id, target, reason)
            if moved is not None:
                yield moved
        after = ids[-1]


def _begin(database: Database, actor: Actor, run: str, target: Bundle, reason: str) -> None:
    with database.unit_of_work(actor) as uow:
        reason = reasons.given(reason)
        audit.record(
            uow,
            "process.migration_begun",
            stream="administration",
            run=run,
            process=target.key,
            to=target.version,
            reason=reason,
        )


def _move(database: Database, actor: Actor, run: str, case_id: str, target: Bundle, reason: str) -> CasePlan | None:
    """One case in one transaction; a case that fails does not keep the others back."""
    try:
        with database.unit_of_work(actor) as uow:
            return migrate_case(uow, run, case_id, target, reason)
    except CaseHindered as error:
        return error.plan
    except Exception as error:  # whatever it is, the other cases are not to suffer from it
        log.warning("case %s was not moved: %s", case_id, type(error).__name__)
        with database.reading(actor) as reading:
            return migration_plans.failed(reading, reading.session.get_one(Case, case_id), target, error)


def migrate_case(uow: UnitOfWork, run: str, case_id: str, target: Bundle, reason: str) -> CasePlan | None:
    """Move one case to another version of its process; nothing if it is there already or has ended. Raises CaseHindered."""
    require_administrator(uow.actor)
    reason = reasons.given(reason)
    before = process.lock_for_repair(uow, case_id)
    instance = before.instance
    if before.bundle.definition_id == target.definition_id or instance.finished_at or before.case.closed_at:
        return None
    planned, moved = migration_plans.judged(uow, before, target)
    if planned.obstacles or moved.step is None:
        raise CaseHindered(planned)
    kept = InstanceMigration(
        run=run,
        case_id=case_id,
        from_id=before.bundle.definition_id,
        to_id=target.definition_id,
        state=instance.state,
        instance_revision=0,
        case_revision=before.case.revision,
        reason=reason,
        actor=str(uow.actor),
        at=uow.now,
    )
    there = _pin(uow, before, target.definition_id)
    parts = target.manifest.participants
    new_parts = {part: parts[part] for part in parts if part not in before.bundle.manifest.participants}
    kept.participants = [p.id for p in cases.appoint(uow, there, new_parts)]
    kept.deadlines = [d.id for d in deadlines.adopt(uow, there)]
    _stand(uow, there, before.key.seal(moved.step.state, process.STATE), moved.step)
    kept.instance_revision = instance.revision
    uow.add(kept)
    audit.record(
        uow,
        "process.migrated",
        case_id,
        run=run,
        before=planned.from_version,
        after=planned.to_version,
        reason=reason,
    )
    return replace(planned, outcome="migrated")


def _pin(uow: UnitOfWork, run: Run, definition_id: str) -> Run:
    """The case on another version."""
    run.case.definition_id = run.instance.definition_id = definition_id
    uow.add(run.case, run.instance)
    return process.opened(uow, run.case)


def _stand(uow: UnitOfWork, run: Run, sealed: bytes, step: Step) -> None:
    """Take over a state and bring the rows up to it; tasks whose lane has changed are offered to the new one."""
    run.instance.state = sealed
    run.instance.revision += 1
    process.stand(uow, run, step)
    lanes = {ready.id: ready.lane or "" for ready in step.ready}
    drawn = (
        col(Task.state).in_(WAITING),
        col(Task.approval_id).is_(None),
    )  # a step keeps the lane laid down with its draft
    for task in uow.session.exec(select(Task).where(col(Task.case_id) == run.case.id, *drawn)):
        part, _, role = lanes[task.token].partition(".")
        if (part, role) != (task.part, task.role):
            _offer(uow, run, task, part, role)


def _offer(uow: UnitOfWork, run: Run, task: Task, part: str, role: str) -> None:
    organisation = run.participants.get(part)
    owner = organisation.id if organisation else None
    if owner != task.organisation_id:
        task.draft = None  # others must not read it
    task.part, task.role, task.organisation_id = part, role, owner
    if not all(_may_keep(uow, task, person) for person in (task.assignee_id, task.owner_id) if person):
        task.assignee_id, task.owner_id, task.claimed_at = None, None, None
    task.revision += 1
    uow.add(task)
    audit.record(uow, "task.offered", run.case.id, task=task.id, part=part, role=role)


def _may_keep(uow: UnitOfWork, task: Task, person_id: str) -> bool:
    """Whether somebody who has a task in hand, or lets it be prepared, is of the lane to which it belongs now."""
    seat = select(Membership.id).where(
        col(Membership.person_id) == person_id,
        col(Membership.organisation_id) == task.organisation_id,
        col(Membership.role) == task.role,
        col(Membership.ended_at).is_(None),
    )
    return uow.session.exec(seat).first() is not None


# ---------------------------------------------------------------- the way back


def undo(database: Database, actor: Actor, run: str, reason: str) -> Iterator[CasePlan]:
    """Take back what was moved under one number, each case that has not moved since in a transaction of its own."""
    with database.unit_of_work(actor) as uow:
        require_administrator(actor)
        reason = reasons.given(reason)
        rows = list(uow.session.exec(select(InstanceMigration).where(col(InstanceMigration.run) == run)))
        if not rows:
            raise RunUnknown(run=run[:40])
        audit.record(uow, "process.migration_undone", stream="administration", run=run, reason=reason)
    for row in sorted(rows, key=lambda row: row.case_id):
        if row.undone_at is None:
            yield _returned(database, actor, row, reason)


def _returned(database: Database, actor: Actor, row: InstanceMigration, reason: str) -> CasePlan:
    with database.reading(actor) as reading:
        case = reading.session.get_one(Case, row.case_id)
        target = definitions.bundle(reading, row.from_id)
    try:
        with database.unit_of_work(actor) as uow:
            return return_case(uow, row.id, reason)
    except Exception as error:
        log.warning("case %s was not moved back: %s", row.case_id, type(error).__name__)
        with database.reading(actor) as reading:
            told = migration_plans.failed(reading, case, target, error)
        return replace(told, outcome="hindered") if isinstance(error, CaseMovedOn) else told


def return_case(uow: UnitOfWork, migration_id: str, reason: str) -> CasePlan:
    """Bring one case back to the version from which it came, as it stood there; raises CaseMovedOn."""
    require_administrator(uow.actor)
    reason = reasons.given(reason)
    before = process.lock_for_repair(uow, uow.session.get_one(InstanceMigration, migration_id).case_id)
    row = uow.session.get_one(InstanceMigration, migration_id, populate_existing=True)
    still = (row.to_id, row.instance_revision) == (before.case.definition_id, before.instance.revision)
    if row.undone_at is not None or not still or _acted_upon(uow, row.deadlines):
        raise CaseMovedOn(reference=before.case.reference)
    _withdraw(uow, row)
    there = _pin(uow, before, row.from_id)
    state = before.key.open(row.state, process.STATE)
    step = look(there.bundle.blueprint, state, process.context(uow, there), uow.now)
    _stand(uow, there, row.state, step)
    deadlines.refresh_case(uow, there)
    row.undone_at = uow.now
    uow.add(row)
    versions = before.bundle.version, there.bundle.version
    audit.record(
        uow,
        "process.migration_undone",
        row.case_id,
        run=row.run,
        before=versions[0],
        after=versions[1],
        reason=reason,
    )
    return CasePlan(row.case_id, there.case.reference, *versions, "returned", tuple(migration_plans.waiting(step)))


def _acted_upon(uow: UnitOfWork, deadline_ids: list[str]) -> bool:
    """Whether a clock that came with the version has been missed, reminded of or changed since."""
    tables: tuple[Any, ...] = (Breach, LadderClaim, DeadlineChange, Reminder, Urging)
    found = (select(table.id).where(col(table.deadline_id).in_(deadline_ids)) for table in tables)
    return any(uow.session.exec(query.limit(1)).first() is not None for query in found)


def _withdraw(uow: UnitOfWork, row: InstanceMigration) -> None:
    """Clocks and parts that came with the version go with it; that they were there stays in the record."""
    uow.session.execute(delete(Deadline).where(col(Deadline.id).in_(row.deadlines)))
    uow.session.execute(update(Participant).where(col(Participant.id).in_(row.participants)).values(until=uow.now))
