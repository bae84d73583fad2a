"""Who acts, and what they may see and do. Every list of cases starts from ``visible_cases``."""

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import Session, col

from engine.errors import Forbidden
from engine.models import Case, Document, Notice, OrganisationRelation, Participant, Task

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
ALL, OWN, NOTHING = "all", "own", "nothing"  # what a participant sees of the case


@dataclass(frozen=True)
class Actor:
    """Somebody (or something) who does things: a person at the desk, a party on the portal, the public, or the system."""

    kind: Literal["person", "party", "public", "system"]
    id: str = ""
    case_id: str = ""  # the one case of a party
    roles: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # (organisation id, role)
    duty: str = "none"
    locale: str = "zh"

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
    return _cases(actor, ALL, OWN)


def whole_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for those that the actor sees whole.

    Of the others they see what is their own: papers to or from their house, its tasks with what was answered in them, and the
    clocks that it owes. So a respondent learns nothing of what is deliberated about it.
    """
    return _cases(actor, ALL)


def sees_whole(session: Session, actor: Actor, case_id: str) -> bool:
    """Whether the actor sees a case whole, and not only what is their own in it."""
    return session.execute(select(col(Case.id)).where(col(Case.id) == case_id, whole_cases(actor))).first() is not None


def _cases(actor: Actor, *sees: str) -> ColumnElement[bool]:
    if actor.kind == "system":
        return true()
    if actor.kind == "party":
        return col(Case.id) == actor.case_id
    if actor.kind != "person" or actor.duty == "administrator" or not actor.roles:
        return false()
    takes_part = select(col(Participant.case_id)).where(
        col(Participant.organisation_id).in_(actor.organisations()), col(Participant.sees).in_(sees)
    )
    part_of = col(Case.id).in_(takes_part)
    return or_(part_of, supervised_cases(actor)) if actor.supervises else part_of


def own_papers(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Notice`` for papers of the actor's house, and those issued to it."""
    ours = actor.organisations()
    received = and_(col(Notice.state) == "issued", col(Notice.addressee_id).in_(ours))
    return or_(col(Notice.organisation_id).in_(ours), received)


def own_documents(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Document`` for files of the papers and of the tasks of the actor's house."""
    papers = select(col(Notice.document_id)).where(col(Notice.document_id).is_not(None), own_papers(actor))
    tasks = select(col(Task.id)).where(col(Task.organisation_id).in_(actor.organisations()))
    return or_(col(Document.id).in_(papers), col(Document.task_id).in_(tasks))


def desk_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for what is internal: files of cases and tasks. Parties have their public status instead."""
    return false() if actor.kind == "party" else visible_cases(actor)


def supervised_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for what a supervisor oversees: cases whose participants their organisation stands over.

    Standing over a respondent that sees its own only opens no file: the case is others' to conduct.
    """
    if actor.kind == "system":
        return true()
    standing = select(col(Participant.case_id)).where(
        col(Participant.sees) == ALL, stands_over(actor, col(Participant.organisation_id))
    )
    return col(Case.id).in_(standing)


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
