"""Who acts, and what they may see and do. Every list of cases starts from ``visible_cases``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, text, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from engine.doers import done_by
from engine.errors import Forbidden
from engine.models import (
    Case,
    CaseLink,
    Deadline,
    Document,
    Membership,
    Notice,
    OrganisationRelation,
    Participant,
    Recusal,
    StepRecord,
    Task,
)
from engine.models.case import LIMITED

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
REGISTRAR = "registrar"
UNIT_HEAD, LEADER = "unit_head", "leader"  # who may say whose work it is, and urge it
CITY_WIDE = (
    "government",
    "city_data_bureau",
    "district_data_bureau",
)  # kinds that answer for more than their own house
ALL, OWN, NOTHING = "all", "own", "nothing"  # what a participant sees of the case


@dataclass(frozen=True)
class Actor:
    """Somebody (or something) who does things: a person at the desk, a party on the portal, the public, or the system."""

    kind: Literal["person", "party", "public", "system"]
    id: str = ""
    case_id: str = ""  # the one case of a party
    roles: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # (organisation, role), also as a substitute
    units: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # (organisation, unit) that they head; "": all
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

    @property
    def oversees(self) -> bool:
        """Whether the board opens for them: supervisors, leaders, and heads of a unit."""
        return self.duty != "administrator" and bool(self.organisations(SUPERVISOR, LEADER, UNIT_HEAD))


SYSTEM = Actor("system")
PUBLIC = Actor("public")


class NotOverseer(Forbidden):
    """The board is for supervisors, leaders and heads of a unit."""

    zh = "督办看板供督办人、分管领导和科室负责人查看。"


class NotSupervisor(Forbidden):
    """Only a supervisor may do this."""

    zh = "只有督办人可以进行此操作。"


class NotAdministrator(Forbidden):
    """Only an administrator may do this."""

    zh = "只有系统管理员可以进行此操作。"


def require_administrator(actor: Actor) -> None:
    """Administration is for administrators, and for the command line of the machine."""
    if actor.kind != "system" and actor.duty != "administrator":
        raise NotAdministrator()


def require_supervisor(actor: Actor) -> None:
    """Leads are for supervisors."""
    if actor.kind != "system" and not actor.supervises:
        raise NotSupervisor()


def require_overseer(actor: Actor) -> None:
    """The board is for those who answer for the work of others."""
    if actor.kind != "system" and not actor.oversees:
        raise NotOverseer()


def visible_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` that keeps only what the actor may see.

    A person sees the cases in which an organisation of theirs takes part now or took part before; a supervisor also those
    of organisations that theirs supervises or guides. A confidential case is seen by those alone to whom it is entrusted.
    A party sees its own case. An administrator sees no case.
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
    part_of = and_(col(Case.id).in_(takes_part), or_(col(Case.confidential).is_(False), entrusted(actor)))
    seen = or_(part_of, supervised_cases(actor)) if actor.supervises else part_of
    return and_(seen, ~_on_both_sides(actor)) if len(actor.organisations()) > 1 else seen


def _on_both_sides(actor: Actor) -> ColumnElement[bool]:
    """Cases about a house of the actor (``Participant.keeps_out``) that another house of theirs conducts or oversees."""
    theirs = select(col(Participant.case_id)).where(col(Participant.organisation_id).in_(actor.organisations()))
    about = theirs.where(col(Participant.keeps_out).is_(True), col(Participant.until).is_(None))
    conducting = theirs.where(col(Participant.sees) == ALL)
    return and_(col(Case.id).in_(about), or_(col(Case.id).in_(conducting), supervised_cases(actor)))


def entrusted(actor: Actor) -> ColumnElement[bool]:
    """The condition on a confidential ``Case`` for those to whom it is entrusted, of all who work where it is handled.

    Who has done something in it, has or had a task of it, or could take an open one now; and who heads there in a lane of the
    process, or receives the papers of a house that sees its own only (``Participant.readers``). Nobody who is recused from it, or
    decided in the case out of which it came, where the process keeps such people out (``CaseLink.keeps_out``): they may still say
    what they did, for a house that sees its own only.
    """
    case, me = col(Case.id), sorted({actor.id, *actor.stands_in_for})
    theirs = (col(Task.assignee_id), col(Task.owner_id), col(Task.completed_by), col(Task.completed_for))
    tasks = select(col(Task.id)).where(
        col(Task.case_id) == case,
        or_(*(who.in_(me) for who in theirs), and_(col(Task.state) == "open", workable_tasks(actor))),
    )
    did = select(col(StepRecord.id)).where(col(StepRecord.case_id) == case, col(StepRecord.actor) == str(actor))
    recused = select(col(Recusal.id)).where(
        col(Recusal.case_id) == case, col(Recusal.person_id) == actor.id, col(Recusal.lifted_at).is_(None)
    )
    decided = (
        select(col(Task.id))
        .join(CaseLink, col(CaseLink.from_id) == col(Task.case_id))
        .where(col(CaseLink.to_id) == case, col(CaseLink.keeps_out).is_(True), done_by({actor.id}))
    )
    conducting = select(col(Participant.id)).where(
        col(Participant.case_id) == case,
        col(Participant.organisation_id).in_(actor.organisations()),
        col(Participant.sees) == ALL,
    )
    kept_out = or_(_of_the_case(recused), and_(_of_the_case(decided), _of_the_case(conducting)))
    return and_(or_(*map(_of_the_case, (tasks, did, _reads_there(actor)))), ~kept_out)


def _of_the_case(rows: Select[str]) -> ColumnElement[bool]:
    """Whether there are such rows of the case that the query is about, whatever else it looks at."""
    return rows.correlate(Case).exists()


def _reads_there(actor: Actor) -> Select[str]:
    """The parts of houses of the case in which the actor has a role whose holders see a confidential one by themselves."""
    seats = [
        and_(col(Participant.organisation_id) == house, col(Participant.readers).contains(f" {role} ", autoescape=True))
        for house, role in sorted(actor.roles)
    ]
    now = (col(Participant.case_id) == col(Case.id), col(Participant.until).is_(None))
    return select(col(Participant.id)).where(*now, or_(false(), *seats))


def readers(sees: str, lanes: Iterable[str]) -> str:
    """The roles of a house that see a confidential case by themselves, as ``Participant.readers`` keeps them.

    ``lanes`` are the roles that the process has lanes for in that part. Where a house sees its own only, papers come in that
    somebody must open: those who have lanes, and its registrars and heads.
    """
    heads = frozenset({UNIT_HEAD, LEADER})
    roles = heads & frozenset(lanes) if sees == ALL else heads | {REGISTRAR} | frozenset(lanes)
    return "".join(f" {role} " for role in sorted(roles))


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

    Standing over a respondent that sees its own only opens no file: the case is others' to conduct. Nor does it open a
    confidential one: its clocks are counted (``overseen``), its content is for those who handle it.
    """
    if actor.kind == "system":
        return true()
    standing = select(col(Participant.case_id)).where(
        col(Participant.sees) == ALL, stands_over(actor, col(Participant.organisation_id))
    )
    return and_(col(Case.id).in_(standing), col(Case.confidential).is_(False))


def answered_cases(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for what somebody answers for: may urge, and is told of when nothing is heard of it.

    Those whose clocks stand on their board (``overseen``), and those without any. Supervisors: what they oversee, and what
    their own organisation handles now; leaders: the latter; heads of unit: of these, what lies in their unit, or with nobody.
    """
    if actor.kind == "system":
        return true()
    if actor.kind != "person" or not actor.oversees:
        return false()
    answered_for = [_handled(*sorted(actor.organisations(LEADER, SUPERVISOR)))]
    answered_for += [
        and_(_handled(organisation), _in_unit(col(Case.id), organisation, unit))
        for organisation, unit in _headed(actor)
    ]
    return and_(desk_cases(actor), or_(supervised_cases(actor), *answered_for))


def _handled(*organisations: str) -> ColumnElement[bool]:
    """Cases in which one of some organisations takes part now."""
    now = select(col(Participant.case_id)).where(
        col(Participant.organisation_id).in_(organisations), col(Participant.until).is_(None)
    )
    return col(Case.id).in_(now)


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


def overseen(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Deadline`` for the clocks that somebody answers for: every number, list and chart of the board has it.

    A supervisor: those that their organisation or one below it owes, and those that nobody owes yet (while the agency is
    being looked for) in a case of such a one. A leader: those of their organisation. The head of a unit: of these, those of
    cases in which their unit holds a task, or nobody does. Clocks of instructions concern two houses and no board.
    """
    if actor.kind == "system":
        return true()
    if actor.kind != "person" or not actor.oversees:
        return false()
    owing = col(Deadline.organisation_id)
    takes_part = select(col(Participant.id)).where(
        col(Participant.case_id) == col(Deadline.case_id), stands_over(actor, col(Participant.organisation_id))
    )
    answered_for = [
        and_(owing == organisation, _in_unit(col(Deadline.case_id), organisation, unit))
        for organisation, unit in _headed(actor)
    ]
    if led := actor.organisations(LEADER):
        answered_for.append(owing.in_(sorted(led)))
    if actor.supervises:
        # asked for the few clocks that nobody owes, each by its case: PostgreSQL would look at all participants beforehand
        overlooked = takes_part.limit(1).scalar_subquery().is_not(None)
        below = and_(stands_over(actor, owing), col(Deadline.case_id).not_in(_closed_files(actor)))
        answered_for += [below, and_(owing.is_(None), overlooked)]
    return and_(or_(*answered_for), col(Deadline.private).is_(False))


def _closed_files(actor: Actor) -> Select[str]:
    """The few cases that open no file to a supervisor, although they stand over a respondent of it."""
    conducting: Any = aliased(Participant)
    theirs = exists().where(
        conducting.case_id == col(Participant.case_id),
        conducting.sees == ALL,
        stands_over(actor, conducting.organisation_id),
    )
    own = col(Participant.organisation_id).in_(sorted(actor.organisations()))
    return select(col(Participant.case_id)).where(text(LIMITED), ~own, ~theirs)


def overseen_tasks(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Task`` for the work of those for whom somebody answers, as ``overseen`` has it for clocks."""
    if actor.kind == "system":
        return true()
    if actor.kind != "person" or not actor.oversees:
        return false()
    house = col(Task.organisation_id)
    answered_for = [stands_over(actor, house), house.in_(sorted(actor.organisations(LEADER)))]
    return or_(*answered_for, *(_held_in(organisation, unit) for organisation, unit in _headed(actor)))


def overseen_organisations(actor: Actor, organisation_id: Any) -> ColumnElement[bool]:
    """The condition on an organisation for whose work as a whole somebody answers: what is counted there has no persons."""
    houses = actor.organisations(LEADER, UNIT_HEAD) if actor.oversees else frozenset()
    owner: ColumnElement[Any] = organisation_id
    return or_(stands_over(actor, organisation_id), owner.in_(sorted(houses)))


def _headed(actor: Actor) -> list[tuple[str, str]]:
    """The units that somebody heads, by organisation, also as a substitute; the whole organisation where no unit is set."""
    known = {organisation for organisation, _ in actor.units}
    return sorted(actor.units | {(o, "") for o in actor.organisations(UNIT_HEAD) - known})


def _in_unit(case_id: Any, organisation: str, unit: str) -> ColumnElement[bool]:
    """Whether a unit of an organisation holds a task of a case, or nobody there holds one; every case where no unit is set."""
    if not unit:
        return true()
    work = select(col(Task.id)).where(
        col(Task.case_id) == case_id, col(Task.state) == "open", col(Task.organisation_id) == organisation
    )
    return or_(work.where(_held_in(organisation, unit)).exists(), ~work.exists())


def _held_in(organisation: str, unit: str) -> ColumnElement[bool]:
    """Tasks of an organisation that somebody of a unit holds, or nobody yet."""
    of_house = col(Task.organisation_id) == organisation
    if not unit:
        return of_house
    colleagues = select(col(Membership.person_id)).where(
        col(Membership.organisation_id) == organisation,
        col(Membership.unit) == unit,
        col(Membership.ended_at).is_(None),
    )
    holder = col(Task.assignee_id)
    return and_(of_house, or_(holder.is_(None), holder.in_(colleagues)))


def workable_tasks(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Task`` for open work that the actor could do: their organisation in that part, and the role."""
    if actor.kind != "person":
        return false()
    pairs = [
        (col(Task.organisation_id) == organisation) & (col(Task.role) == role)
        for organisation, role in sorted(actor.roles)
    ]
    return or_(*pairs) if pairs else false()
