"""Tasks that nobody may do: nobody holds the role, or every holder is kept from it by recusal or four eyes.

Such a case would wait for ever, and each of its people only sees that it is not theirs. So it is looked for once a night: an
incident tells the operator, who knows no content, and the board those who answer for the case; somebody is given the role,
or a recusal is lifted. It settles itself as soon as somebody may.
"""

from collections.abc import Iterator

from sqlmodel import col, select

from engine import colleagues, definitions, incidents, tasks
from engine.access import SYSTEM
from engine.db import Database, Reading
from engine.models import Case, Incident, Organisation, Task
from engine.models.task import OPEN

KIND = "task.nobody"


def look(database: Database) -> int:
    """Report what nobody may do, and settle what somebody may do by now; returns how many such tasks there are."""
    with database.reading(SYSTEM) as reading:
        found = dict(_stuck(reading))
        reported = select(Incident.case_id, Incident.node).where(
            col(Incident.kind) == KIND, col(Incident.resolved_at).is_(None)
        )
        known = {(case_id, node) for case_id, node in reading.session.exec(reported)}
    for key in found.keys() | known:
        with database.unit_of_work() as uow:
            if key in found:
                incidents.open_incident(uow, KIND, found[key], case_id=key[0], node=key[1])
            else:
                incidents.settle(uow, KIND, str(key[1]), key[0])
    return len(found)


def _stuck(reading: Reading) -> Iterator[tuple[tuple[str | None, str | None], str]]:
    """Case and node of open tasks that nobody has and nobody may do, with a sentence for the operator."""
    waiting = (
        select(Task, Case)
        .join(Case, col(Case.id) == col(Task.case_id))
        .where(col(Task.state) == OPEN, col(Task.assignee_id).is_(None), col(Case.closed_at).is_(None))
    )
    for task, case in reading.session.exec(waiting.order_by(col(Task.created_at))):
        if not somebody_may(reading, task, case):
            house = reading.session.get(Organisation, task.organisation_id) if task.organisation_id else None
            seat = f"{task.role} of {house.code}" if house else task.role
            yield (case.id, task.node), f"Nobody who is {seat} may do this task: give somebody else the role."


def somebody_may(reading: Reading, task: Task, case: Case) -> bool:
    """Whether anybody who holds the role of a task is kept from it by no rule."""
    bundle = definitions.of_case(reading, case)
    people = colleagues.holders(reading, task.organisation_id, task.role)
    return any(tasks.hindrance(reading, bundle, task, person.id) is None for person in people)
