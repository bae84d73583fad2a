"""Tasks as lines of a list: what belongs to many lines is read once."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import or_
from sqlmodel import col, select

from engine import definitions, masking, priority, process, roles, subjects, supervision
from engine.access import whole_cases
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import Case, Deadline, Organisation, Party, Person, Task
from engine.queries import chains, lights
from engine.views import Light, TaskRow


class Target(NamedTuple):
    """The last day of a clock that no law sets, and who set it (``ordered``, ``internal`` …)."""

    due_on: date
    basis: str


def task_rows(reading: Reading, found: Sequence[tuple[Task, Case]]) -> list[TaskRow]:
    """Tasks with their cases as lines of a list; what belongs to many lines is read once."""
    case_ids = [case.id for _, case in found]
    people = _by_id(reading, Person, [who for t, _ in found for who in (t.assignee_id, t.owner_id, t.completed_for)])
    organisations = _by_id(reading, Organisation, [t.organisation_id for t, _ in found])
    parties: dict[str, Party] = {}
    for party in reading.session.exec(select(Party).where(col(Party.case_id).in_(case_ids))):
        parties.setdefault(party.case_id, party)
    targets, steps = _targets(reading, case_ids), chains.step_titles(reading, [task for task, _ in found])
    bundles = definitions.of_cases(reading, [case for _, case in found])
    called = subjects.shown(reading, [case for _, case in found])
    return [
        _row(
            reading,
            bundles[case.definition_id],
            task,
            case,
            called[case.id],
            people,
            organisations,
            parties.get(case.id),
            targets.get(case.id),
            steps.get(task.id),
        )
        for task, case in found
    ]


def _row(
    reading: Reading,
    bundle: Bundle,
    task: Task,
    case: Case,
    subject: str,
    people: dict[str, Any],
    organisations: dict[str, Any],
    party: Party | None,
    target: Target | None,
    step: str | None,
) -> TaskRow:
    locale = reading.actor.locale
    assignee = people.get(task.assignee_id or "")
    organisation = organisations.get(task.organisation_id or "")
    owner = people.get(task.owner_id or "")
    absent = people.get(_absent(reading, task) or "")
    due_on = lights.last_day(case.due_at)
    return TaskRow(
        task_id=task.id,
        reference=case.reference,
        subject=subject,
        title=step or _title(reading, bundle, task, case),
        process=bundle.text(bundle.manifest.process, "title", locale),
        applicant=masked_name(reading, case, party),
        organisation=organisation.short_name if organisation else "",
        role=roles.title(reading.settings, task.role, locale),
        due_on=due_on,
        target_on=target.due_on if target else None,
        target_basis=target.basis if target else None,
        light=_row_light(reading, case, target),
        late=case.late,
        assignee=assignee.name if assignee else None,
        assignee_id=task.assignee_id,
        created_at=task.created_at,
        ended_at=task.ended_at,
        owner=owner.name if owner else None,
        in_place_of=absent.name if absent else None,
        priority=tuple(priority.sentence(reason, locale) for reason in case.priority_reasons),
    )


def _absent(reading: Reading, task: Task) -> str | None:
    """The absent colleague for whom the reader does a task, or did it."""
    if task.state != "open":
        return task.completed_for
    return task.assignee_id if task.assignee_id in reading.actor.stands_in_for else None


def _title(reading: Reading, bundle: Bundle, task: Task, case: Case) -> str:
    """What the task is called, or was called in the version in which it was done."""
    known = task.node in bundle.blueprint.nodes
    named = bundle if known else definitions.versions_of(reading, case).of_node(task.node)
    return named.node_title(task.node, reading.actor.locale)


def _row_light(reading: Reading, case: Case, target: Target | None) -> Light:
    light = lights.of_case(reading, case)
    return lights.target(reading, target.due_on, target.basis) if light is lights.NO_CLOCK and target else light


def organisation_name(organisation: Organisation | None, locale: str) -> str | None:
    if organisation is None:
        return None
    return organisation.name if locale.startswith("zh") or not organisation.name_en else organisation.name_en


def who(bundle: Bundle, part: str, taking_part: dict[str, Organisation], locale: str) -> str:
    """Whose turn it is: the organisation's name, or what the part is called."""
    if part in taking_part:
        return organisation_name(taking_part[part], locale) or ""
    declared = bundle.manifest.participants.get(part) or bundle.manifest.parties.get(part)
    return bundle.text(declared, "title", locale) if declared else ""


def masked_name(reading: Reading, case: Case, party: Party | None, level: masking.Level = "list") -> str:
    """The applicant as lists (or exports) show them: 王某某."""
    if party is None or case.wrapped_key is None:
        return ""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    if subjects.closed(reading, [case]):
        return ""
    if party.sealed:
        return who(definitions.of_case(reading, case), party.part, {}, reading.actor.locale)
    name = key.open_value(party.identity, process.identity_purpose(party.id)).get("name", "")
    return masking.mask("name", name, level) if is_natural_person(party.type) else name


def _targets(reading: Reading, case_ids: list[str]) -> dict[str, Target]:
    """The earliest running clock of each case that no law sets; what a party owes presses nobody at the desk."""
    ours = col(Deadline.organisation_id).in_(reading.actor.organisations())
    query = (
        select(Deadline)
        .join(Case, col(Case.id) == col(Deadline.case_id))
        .where(col(Deadline.case_id).in_(case_ids), col(Deadline.due_on).is_not(None))
        .where(supervision.running(), supervision.targets())
        .where(col(Deadline.private).is_(False), or_(whole_cases(reading.actor), ours))
        .order_by(col(Deadline.due_on).desc(), col(Deadline.id))
    )
    return {c.case_id: Target(c.due_on, c.basis) for c in reading.session.exec(query) if c.due_on}


def _by_id(reading: Reading, table: Any, ids: Sequence[str | None]) -> dict[str, Any]:
    wanted = {i for i in ids if i}
    if not wanted:
        return {}
    return {row.id: row for row in reading.session.exec(select(table).where(col(table.id).in_(wanted)))}


def is_natural_person(party_type: str) -> bool:
    """Whether a party is a citizen (or has not said what it is)."""
    return party_type in ("citizen", "")
