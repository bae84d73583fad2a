"""In whose hands a task is: how it got there, to whom it may go, and who keeps or is kept from its case."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from engine import absences, colleagues, handovers, process, recusals, tasks
from engine.access import sees_whole, workable_tasks
from engine.db import Reading
from engine.models import Case, Person, Task
from engine.views import Colleague, Hands


def hands(reading: Reading, task_id: str) -> Hands:
    """What may be done with a task other than its work; raises TaskNotFound."""
    task = tasks.find(reading, task_id)
    run = process.opened(reading, reading.session.get_one(Case, task.case_id))
    me = {reading.actor.id, *reading.actor.stands_in_for}
    led = colleagues.led(reading)
    workable = _fits(reading, task, workable_tasks(reading.actor))
    leads = _fits(reading, task, colleagues.led_tasks(reading.actor))
    mine, owned = workable and task.assignee_id in me, workable and task.owner_id in me
    own = mine and task.owner_id is None and tasks.my_hindrance(reading, run.bundle, task) is None
    barred = (
        recusals.my_bar(reading, run.case, run.bundle) is not None
    )  # who is kept from the case decides nothing about it
    kept = [replace(row, may_lift=row.may_lift and not barred) for row in recusals.of_case(reading, run)]
    whole = sees_whole(reading.session, reading.actor, task.case_id)  # else a namesake would tell who the party is
    people = colleagues.holders(reading, task.organisation_id, task.role) if own or leads else []
    led_ids = {person.id for person in led} | {reading.actor.id}
    return Hands(
        assignee=tasks.name_of(reading, task.assignee_id) if task.assignee_id else None,
        owner=tasks.name_of(reading, task.owner_id) if task.owner_id else None,
        may_delegate=own,
        may_give_back=mine and task.owner_id is not None,
        may_call_back=owned,
        may_reassign=leads and not barred,
        colleagues=_colleagues(reading, [p for p in people if p.id not in (reading.actor.id, task.assignee_id)]),
        receivers=_colleagues(reading, [p for p in people if p.id in led_ids and p.id != task.assignee_id]),
        handovers=tuple(handovers.of_task(reading, run.key, task.id)),
        recusals=tuple(kept),
        may_recuse=bool(reading.actor.roles) and not recusals.stands(reading, task.case_id, reading.actor.id),
        led=_colleagues(reading, [p for p in led if p.id != reading.actor.id]),
        namesakes=_colleagues(
            reading,
            recusals.namesakes(
                reading, task.case_id, [p for p in led if p.id != reading.actor.id] if whole and not barred else []
            ),
        ),
    )


def _fits(reading: Reading, task: Task, whose: ColumnElement[bool]) -> bool:
    """Whether an open task meets a condition on the work of the actor."""
    found = select(Task.id).where(col(Task.id) == task.id, col(Task.state) == "open", whose)
    return reading.session.exec(found).first() is not None


def led_people(reading: Reading) -> tuple[Colleague, ...]:
    """Those whom the actor heads, and the actor: to whom work may be given."""
    led = colleagues.led(reading)
    if led and all(person.id != reading.actor.id for person in led):
        led.append(reading.session.get_one(Person, reading.actor.id))
    return _colleagues(reading, led)


def house(reading: Reading) -> tuple[Colleague, ...]:
    """The colleagues of the actor's organisations, who may stand in."""
    people = colleagues.of_house(reading, reading.actor.organisations())
    return _colleagues(reading, [p for p in people if p.id != reading.actor.id])


def stood_in_for(reading: Reading) -> tuple[Colleague, ...]:
    """The absent colleagues for whom the actor stands in."""
    ids = sorted(reading.actor.stands_in_for)
    if not ids:
        return ()
    found = select(Person).where(col(Person.id).in_(ids)).order_by(col(Person.name))
    return _colleagues(reading, reading.session.exec(found).all())


def _colleagues(reading: Reading, people: Sequence[Person]) -> tuple[Colleague, ...]:
    away = absences.away_until(reading, [person.id for person in people]) if people else {}
    return tuple(Colleague(person.id, person.name, away.get(person.id)) for person in people)
