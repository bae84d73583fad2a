"""What people are told about their cases: rungs of the ladder, urgings, work that was handed to them.

A reminder stands in the inbox of its person from the moment of its cause, or from the next office hour where it is not
pressing. Outward (e-mail) it goes with a digest.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import and_, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from engine import absences, clock, directory, ladder
from engine.access import SUPERVISOR, UNIT_HEAD, visible_cases
from engine.db import Reading, UnitOfWork
from engine.errors import NotFound
from engine.models import Case, Membership, OrganisationRelation, Person, Recusal, Reminder, Task, Urging
from engine.settings import Settings

TITLES: Mapping[str, tuple[str, str]] = {  # of what is no rung of the ladder
    "urged": ("催办", "Urged"),
    "delegated": ("交您协办", "Handed to you for your part"),
    "returned": ("协办已退回", "Handed back to you"),
    "reassigned": ("改由您办理", "Reassigned to you"),
    "lead": ("新的监督线索", "A new supervision lead"),
    "instruction": ("领导批示", "A leader’s instruction"),
    "sheet": ("督办单", "A supervision sheet"),
    "grant_expiring": ("数据授权即将到期", "An access grant ends soon"),
    "undelivered": ("文书未送达", "A paper did not reach its addressee"),
}


class ReminderNotFound(NotFound):
    """There is no such reminder, or it is not yours."""

    zh = "没有这条提醒，或者不是发给您的。"


def title(settings: Settings, kind: str, locale: str) -> str:
    """What a reminder is about, in the reader's language."""
    rung = ladder.of(settings).rung(kind)
    zh, en = (rung.title, rung.title_en) if rung else TITLES.get(kind, (kind, kind))
    return zh if locale.startswith("zh") else en


# ---------------------------------------------------------------- telling


def remind(
    uow: UnitOfWork,
    people: Iterable[str],
    kind: str,
    case_id: str,
    *,
    deadline_id: str | None = None,
    urging: Urging | None = None,
    at: datetime | None = None,
) -> list[str]:
    """Tell people (ids of persons) something about a case, each once, and whoever stands in for those who are away.

    Whoever does it need not be told. Returns who is told.
    ``at`` is the legal instant from which it stands in their inbox: now, when nothing else is said.
    """
    when = at or uow.now
    told = sorted(absences.with_substitutes(uow, people, clock.day_of(when)) - {uow.actor.person_id})
    rows = [
        {
            "person_id": person,
            "case_id": case_id,
            "deadline_id": deadline_id,
            "kind": kind,
            "urging_id": urging.id if urging else None,
            "at": when,
        }
        for person in told
    ]
    uow.append(Reminder, rows)
    return told


def addressees(reading: Reading, case_id: str, owing: str | None, to: Collection[str]) -> frozenset[str]:
    """Who is told about a case, as the ladder names them, in the organisation that owes something.

    ``assignee``: who works on the open tasks there, or all who may take them; where nothing is open, the heads of unit, so
    that it reaches somebody. ``unit_head``: of the unit of those who work on it, where units are known. ``supervisor``: in the
    organisations that stand over it. While nobody owes it yet, those count who look for the agency. Who has left, or is recused
    from the case, is not told: the work needs somebody else.
    """
    tasks = [task for task in _open_tasks(reading, case_id) if owing in (None, task.organisation_id)]
    houses = {owing} if owing else {task.organisation_id for task in tasks if task.organisation_id}
    recused = set(reading.session.exec(_recused(case_id)))
    staff = [member for member in _staff(reading, houses) if member.person_id not in recused]
    at_work = {task.assignee_id for task in tasks if task.assignee_id}
    free = {(task.organisation_id, task.role) for task in tasks if task.assignee_id is None}
    at_work |= {m.person_id for m in staff if (m.organisation_id, m.role) in free}
    at_work &= {m.person_id for m in staff}
    heads = _heads(staff, at_work)
    told: set[str] = set()
    if "assignee" in to:
        told |= at_work or heads
    if UNIT_HEAD in to:
        told |= heads
    if SUPERVISOR in to:
        told |= _supervisors(reading, houses) - recused
    return frozenset(told)


def _recused(case_id: str) -> SelectOfScalar[str]:
    return select(Recusal.person_id).where(col(Recusal.case_id) == case_id, col(Recusal.lifted_at).is_(None))


def _open_tasks(reading: Reading, case_id: str) -> list[Task]:
    return list(reading.session.exec(select(Task).where(col(Task.case_id) == case_id, col(Task.state) == "open")))


def _staff(reading: Reading, organisations: Collection[str]) -> list[Membership]:
    """Who works in some organisations now, and as what."""
    held = (
        select(Membership)
        .join(Person, and_(col(Person.id) == col(Membership.person_id), col(Person.active).is_(True)))
        .where(col(Membership.organisation_id).in_(organisations), col(Membership.ended_at).is_(None))
    )
    return list(reading.session.exec(held))


def _heads(staff: Iterable[Membership], people: Collection[str]) -> set[str]:
    """The heads of the units in which people work; all heads where no unit is known, or none of theirs has a head."""
    members = list(staff)
    units = {(m.organisation_id, m.unit) for m in members if m.person_id in people and m.unit}
    heads = [m for m in members if m.role == UNIT_HEAD]
    nearest = {m.person_id for m in heads if (m.organisation_id, m.unit) in units}
    return nearest or {m.person_id for m in heads}


def _supervisors(reading: Reading, organisations: Collection[str]) -> set[str]:
    """The supervisors in the organisations that stand over some."""
    over = select(col(OrganisationRelation.upper_id)).where(col(OrganisationRelation.lower_id).in_(organisations))
    return set(directory.holders(reading, SUPERVISOR, *reading.session.exec(over)))


# ---------------------------------------------------------------- reading them


def mark_read(uow: UnitOfWork, reminder_id: str) -> None:
    """Note that a reminder was read by the person whom it tells; twice is once. Raises ReminderNotFound."""
    told = select(Reminder.id).join(Case, col(Case.id) == col(Reminder.case_id))
    mine = told.where(
        col(Reminder.id) == reminder_id, col(Reminder.person_id) == uow.actor.person_id, visible_cases(uow.actor)
    )
    if uow.session.exec(mine).first() is None:
        raise ReminderNotFound()
    _mark(uow, [reminder_id])


def mark_all_read(uow: UnitOfWork, until: datetime | None = None) -> None:
    """Note that a person has read all that stands in their inbox, or what stood there at a moment: not what came since."""
    standing = select(Reminder.id).where(
        col(Reminder.person_id) == uow.actor.person_id,
        col(Reminder.read_at).is_(None),
        col(Reminder.at) <= (min(until, uow.now) if until else uow.now),
    )
    _mark(uow, list(uow.session.exec(standing)))


def _mark(uow: UnitOfWork, ids: Collection[str]) -> None:
    fresh = and_(col(Reminder.id).in_(ids), col(Reminder.read_at).is_(None))
    uow.session.execute(update(Reminder).where(fresh).values(read_at=uow.now))
