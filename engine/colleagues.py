"""Who works beside whom: the people who hold a role in an organisation, and those who head them there.

A head of unit (科室负责人) heads the people of their unit, and everybody whose unit is not known; a leader (分管领导) the whole
organisation. Whoever stands in for an absent head heads the same people.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from engine.access import LEADER, UNIT_HEAD, Actor
from engine.db import Reading
from engine.models import Membership, Person, Task


def holders(reading: Reading, organisation_id: str | None, role: str) -> list[Person]:
    """The people who hold a role in an organisation now, by name."""
    held = (
        select(Person)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Person.active).is_(True), _now(Membership))
        .where(col(Membership.organisation_id) == organisation_id, col(Membership.role) == role)
    )
    return list(reading.session.exec(held.order_by(col(Person.name), col(Person.login))))


def of_house(reading: Reading, organisations: frozenset[str]) -> list[Person]:
    """Everybody who works in any of these organisations, by name."""
    works = select(col(Membership.person_id)).where(
        col(Membership.organisation_id).in_(organisations), _now(Membership)
    )
    found = select(Person).where(col(Person.active).is_(True), col(Person.id).in_(works))
    return list(reading.session.exec(found.order_by(col(Person.name), col(Person.login))))


def led(reading: Reading) -> list[Person]:
    """Everybody whom the actor heads, by name."""
    if not heads(reading.actor):
        return []
    theirs = select(col(Membership.person_id)).where(_now(Membership), _led_by(reading.actor, Membership, others=True))
    found = select(Person).where(col(Person.active).is_(True), col(Person.id).in_(theirs))
    return list(reading.session.exec(found.order_by(col(Person.name), col(Person.login))))


def heads(actor: Actor) -> bool:
    """Whether somebody heads anybody at all."""
    return bool(actor.organisations(UNIT_HEAD, LEADER))


def leads(reading: Reading, person_id: str) -> bool:
    """Whether the actor heads this very person, who is somebody else."""
    if person_id == reading.actor.person_id or not heads(reading.actor):
        return False
    of_theirs = select(Membership.id).where(
        col(Membership.person_id) == person_id, _now(Membership), _led_by(reading.actor, Membership, others=True)
    )
    return reading.session.exec(of_theirs.limit(1)).first() is not None


def share_house(reading: Reading, one: str, other: str) -> bool:
    """Whether two people work in the same organisation now."""
    theirs: Any = aliased(Membership)
    together = select(Membership.id).join(theirs, theirs.organisation_id == col(Membership.organisation_id))
    together = together.where(col(Membership.person_id) == one, _now(Membership))
    return reading.session.exec(together.where(theirs.person_id == other, _now(theirs)).limit(1)).first() is not None


def led_tasks(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Task`` for the work of those whom the actor heads: what they hold, and what waits for them."""
    if actor.kind != "person" or not heads(actor):
        return false()
    theirs: Any = aliased(Membership)
    whose = or_(
        theirs.person_id == col(Task.assignee_id),  # also of those who have left and could not hand it over
        and_(col(Task.assignee_id).is_(None), theirs.role == col(Task.role), _now(theirs)),
    )
    in_unit = exists().where(theirs.organisation_id == col(Task.organisation_id), whose, _led_by(actor, theirs))
    return or_(col(Task.organisation_id).in_(actor.organisations(LEADER)), and_(col(Task.role) != LEADER, in_unit))


def _led_by(actor: Actor, theirs: Any, *, others: bool = False) -> ColumnElement[bool]:
    """The condition on a row of somebody's membership that the actor heads them there.

    Who stands in for a head heads everybody of theirs; with ``others`` not the head, who does not head themselves.
    """
    mine: Any = aliased(Membership)
    same_unit = or_(mine.unit == "", theirs.unit == "", mine.unit == theirs.unit)
    return exists().where(
        mine.person_id.in_(sorted({actor.id, *actor.stands_in_for})),
        mine.organisation_id.in_(sorted(actor.organisations())),
        mine.organisation_id == theirs.organisation_id,
        _now(mine),
        mine.person_id != theirs.person_id if others else true(),
        or_(mine.role == LEADER, and_(mine.role == UNIT_HEAD, theirs.role != LEADER, same_unit)),
    )


def _now(membership: Any) -> ColumnElement[bool]:
    ended_at: ColumnElement[Any] = membership.ended_at
    return ended_at.is_(None)
