"""Who acts, and what they may see and do. Every list of cases starts from ``visible_cases``."""

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import col

from engine.errors import Forbidden
from engine.models import Case, OrganisationRelation, Participant, Task

DESK_ROLES = frozenset(
    {
        "case_handler",
        "unit_head",
        "leader",
        "confidentiality_reviewer",
        "registrar",
        "legal_reviewer",
        "seal_keeper",
        "archivist",
    }
)
SUPERVISOR = "supervisor"
UNIT_HEAD, LEADER = "unit_head", "leader"  # who may say whose work it is, and urge it


@dataclass(frozen=True)
class Actor:
    """Somebody (or something) who does things: a person at the desk, a party on the portal, the public, or the system."""

    kind: Literal["person", "party", "public", "system"]
    id: str = ""
    case_id: str = ""  # the one case of a party
    roles: frozenset[tuple[str, str]] = field(
        default_factory=frozenset
    )  # (organisation id, role), also as a substitute
    duty: str = "none"
    locale: str = "zh"
    stands_in_for: frozenset[str] = frozenset()  # ids of absent colleagues whose work is theirs too

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @property
    def person_id(self) -> str | None:
        return self.id if self.kind == "person" else None

    def organisations(self, *roles: str) -> frozenset[str]:
        """The organisations in which the actor has any of the roles (or any role at all)."""
        return frozenset(o for o, r in self.roles if not roles or r in roles)

    @property
    def supervises(self) -> bool:
        return bool(self.organisations(SUPERVISOR))


SYSTEM = Actor("system")
PUBLIC = Actor("public")


class NotAdministrator(Forbidden):
    """Only an administrator may do this."""

    zh = "只有系统管理员可以进行此操作。"


def require_administrator(actor: Actor) -> None:
    """Administration is for administrators, and for the command line of the machine."""
    if actor.kind != "system" and actor.duty != "administrator":
        raise NotAdministrator()


def visible_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` that keeps only what the actor may see.

    A person sees the cases in which an organisation of theirs takes part now or took part before; a supervisor also those
    of organisations that theirs supervises or guides. A party sees its own case. An administrator sees no case.
    """
    if actor.kind == "system":
        return true()
    if actor.kind == "party":
        return col(Case.id) == actor.case_id
    if actor.kind != "person" or actor.duty == "administrator" or not actor.roles:
        return false()
    takes_part = select(col(Participant.case_id)).where(col(Participant.organisation_id).in_(actor.organisations()))
    part_of = col(Case.id).in_(takes_part)
    return or_(part_of, supervised_cases(actor)) if actor.supervises else part_of


def desk_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for what is internal: files of cases and tasks. Parties have their public status instead."""
    return false() if actor.kind == "party" else visible_cases(actor)


def supervised_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for what a supervisor oversees: cases whose participants their organisation stands over."""
    if actor.kind == "system":
        return true()
    return col(Case.id).in_(
        select(col(Participant.case_id)).where(stands_over(actor, col(Participant.organisation_id)))
    )


def answered_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for what somebody answers for: may urge, and is told of when nothing is heard of it.

    Supervisors: what they oversee. Leaders and heads of unit: what their own organisation handles now.
    """
    if actor.kind == "system":
        return true()
    if actor.kind != "person" or actor.duty == "administrator":
        return false()
    houses = actor.organisations(LEADER, UNIT_HEAD)
    handled = select(col(Participant.case_id)).where(
        col(Participant.organisation_id).in_(houses), col(Participant.until).is_(None)
    )
    return and_(desk_cases(actor), or_(supervised_cases(actor), col(Case.id).in_(handled)))


def stands_over(actor: Actor, organisation_id: Any) -> ColumnElement[bool]:
    """The condition that an organisation is one in which the actor supervises, or one over which such a one stands."""
    if actor.kind == "system":
        return true()
    seats = actor.organisations(SUPERVISOR)
    if not seats or actor.duty == "administrator":
        return false()
    below = select(col(OrganisationRelation.lower_id)).where(col(OrganisationRelation.upper_id).in_(seats))
    owner: ColumnElement[Any] = organisation_id
    return or_(owner.in_(below), owner.in_(seats))


def workable_tasks(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Task`` for open work that the actor could do: their organisation in that part, and the role."""
    if actor.kind != "person":
        return false()
    pairs = [
        (col(Task.organisation_id) == organisation) & (col(Task.role) == role)
        for organisation, role in sorted(actor.roles)
    ]
    return or_(*pairs) if pairs else false()
