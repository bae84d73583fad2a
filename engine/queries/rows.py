"""Tasks as lines of a list: what belongs to many lines is read once."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import col, select

from engine import definitions, masking, process, roles, supervision
from engine.access import whole_cases
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import Case, Deadline, Organisation, Party, Person, Task
from engine.queries import lights
from engine.views import Light, TaskRow


def task_rows(reading: Reading, found: Sequence[tuple[Task, Case]]) -> list[TaskRow]:
    """Tasks with their cases as lines of a list; what belongs to many lines is read once."""
    case_ids = [case.id for _, case in found]
    people = _by_id(reading, Person, [t.assignee_id for t, _ in found])
    organisations = _by_id(reading, Organisation, [t.organisation_id for t, _ in found])
    parties: dict[str, Party] = {}
    for party in reading.session.exec(select(Party).where(col(Party.case_id).in_(case_ids))):
        parties.setdefault(party.case_id, party)
    targets = _targets(reading, case_ids)
    return [
        _row(reading, task, case, people, organisations, parties.get(case.id), targets.get(case.id))
        for task, case in found
    ]


def _row(
    reading: Reading,
    task: Task,
    case: Case,
    people: dict[str, Any],
    organisations: dict[str, Any],
    party: Party | None,
    target_on: date | None,
) -> TaskRow:
    locale = reading.actor.locale
    bundle = definitions.of_case(reading, case)
    assignee = people.get(task.assignee_id or "")
    organisation = organisations.get(task.organisation_id or "")
    due_on = lights.last_day(case.due_at)
    return TaskRow(
        task_id=task.id,
        reference=case.reference,
        subject=case.subject,
        title=_title(reading, bundle, task, case),
        process=bundle.text(bundle.manifest.process, "title", locale),
        applicant=masked_name(reading, case, party),
        organisation=organisation.short_name if organisation else "",
        role=roles.title(reading.settings, task.role, locale),
        due_on=due_on,
        target_on=target_on,
        light=_row_light(reading, due_on, target_on),
        late=case.late,
        assignee=assignee.name if assignee else None,
        assignee_id=task.assignee_id,
        created_at=task.created_at,
        ended_at=task.ended_at,
    )


def _title(reading: Reading, bundle: Bundle, task: Task, case: Case) -> str:
    """What the task is called, or was called in the version in which it was done."""
    known = task.node in bundle.blueprint.nodes
    named = bundle if known else definitions.versions_of(reading, case).of_node(task.node)
    return named.node_title(task.node, reading.actor.locale)


def _row_light(reading: Reading, due_on: date | None, target_on: date | None) -> Light:
    if due_on is None and target_on is not None:
        return lights.target(reading, target_on)
    return lights.by_date(reading, due_on)


def masked_name(reading: Reading, case: Case, party: Party | None) -> str:
    """The applicant as lists show them: 王某某."""
    if party is None or case.wrapped_key is None:
        return ""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    name = key.open_value(party.identity, process.identity_purpose(party.id)).get("name", "")
    return masking.mask("name", name, "list") if is_natural_person(party.type) else name


def _targets(reading: Reading, case_ids: list[str]) -> dict[str, date]:
    """The earliest running internal target of each case; what a party owes presses nobody at the desk."""
    ours = col(Deadline.organisation_id).in_(reading.actor.organisations())
    query = (
        select(Deadline.case_id, func.min(col(Deadline.due_on)))
        .join(Case, col(Case.id) == col(Deadline.case_id))
        .where(col(Deadline.case_id).in_(case_ids), supervision.running(), supervision.targets())
        .where(col(Deadline.private).is_(False), or_(whole_cases(reading.actor), ours))
    )
    return {c: due_on for c, due_on in reading.session.exec(query.group_by(col(Deadline.case_id))) if due_on}


def _by_id(reading: Reading, table: Any, ids: Sequence[str | None]) -> dict[str, Any]:
    wanted = {i for i in ids if i}
    if not wanted:
        return {}
    return {row.id: row for row in reading.session.exec(select(table).where(col(table.id).in_(wanted)))}


def is_natural_person(party_type: str) -> bool:
    """Whether a party is a citizen (or has not said what it is)."""
    return party_type in ("citizen", "")
