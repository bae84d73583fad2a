"""Recusal 回避: nobody handles a case in which they, or kin they declared, are concerned, or in which they decided earlier.

Three things keep somebody from a case: a recusal of their own or one that was decided, the name of a party that is theirs or
their kin's (until somebody who heads them finds that it is another person), and what they were in the case that this one came
out of, as far as the process declares it. ``bar`` is the one place that says so.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists
from sqlalchemy import select as row_of
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from engine import audit, colleagues, definitions, jobs, process, reasons, sealed_names
from engine.access import LEADER, desk_cases, sees_whole
from engine.db import Database, Reading, UnitOfWork
from engine.definitions import Bundle
from engine.doers import done_by
from engine.errors import Conflict, Forbidden, NotFound
from engine.followers import LINK
from engine.manifest import Exclusion
from engine.models import (
    Case,
    CaseLink,
    Kin,
    Membership,
    NameClearance,
    Participant,
    Party,
    Person,
    Recusal,
    Task,
)
from engine.process import Run
from engine.search import name_token
from engine.views import RecusalView

if TYPE_CHECKING:
    from engine.operations import JobTicket


class Recused(Forbidden):
    """{who} is recused from this case, and does not handle it."""

    zh = "{who}已对本件回避，不能办理。"


class NameConcerned(Forbidden):
    """A party of this case bears the name of {who} or of kin whom {who} declared.
    If it is somebody else, a head of unit or leader may say so."""

    zh = "本件当事人与{who}或者其申报的亲属同名，按照回避规定{who}不能办理；确系同名的，由科室负责人或者分管领导核实后解除。"


class Hindered(Forbidden):
    """By the rules of recusal {who} does not handle this case."""

    zh = "按照回避规定，{who}不能办理本件。"


class OnTheOtherSide(Forbidden):
    """{who} works in the organisation that this case is about, and does not handle it for another one."""

    zh = "{who}在本件所涉的机关任职，不能代表其他机关办理本件。"


class Excluded(Forbidden):
    """{text}"""

    zh = "{text_zh}"


class RecusalNotFound(NotFound):
    """There is no such recusal, or it is not yours to see."""

    zh = "没有这项回避记录，或者您无权查看。"


class RecusedAlready(Conflict):
    """{who} is recused from this case already."""

    zh = "{who}已经对本件回避。"


class RecusalLifted(Conflict):
    """This recusal has been lifted already."""

    zh = "这项回避已经解除。"


class NothingToClear(Conflict):
    """No party of this case bears the name of {who} or of their kin, or it was found to be somebody else already."""

    zh = "本件没有与{who}或者其亲属同名的当事人，或者已经核实为同名。"


class NotTheirHead(Forbidden):
    """This is decided by a head of unit or leader of that person, who is somebody else."""

    zh = "回避由该人员的科室负责人或者分管领导决定，本人不能自行决定。"


Refusal = Recused | NameConcerned | Hindered | OnTheOtherSide | Excluded


# ---------------------------------------------------------------- what keeps somebody from a case


def bar(reading: Reading, bundle: Bundle, case_id: str, person_id: str, task: Task | None = None) -> Refusal | None:
    """What keeps a person from handling a case (or from one task of it), as a sentence; nothing where nothing does.

    Whoever is kept from a case is kept from what came out of it too: from the lead about a request of their kin, say.
    """
    person = reading.session.get(Person, person_id)
    if person is None:
        return None
    affair = _affair(reading, case_id)
    if _standing(reading, affair, person_id) is not None:
        return Recused(who=person.name)
    if _namesakes(reading, affair, person):
        return NameConcerned(who=person.name)
    if sealed_names.of_sealed_party(reading, affair, person):
        return Hindered(who=person.name)  # no word of why: it would tell who complained
    if task is not None and _works_for_the_other_side(reading, task, person_id):
        return OnTheOtherSide(who=person.name)
    for rule in bundle.manifest.exclusions:
        concerned = not rule.tasks or (task is not None and task.node in rule.tasks)
        if concerned and _is_excluded(reading, rule, case_id, person_id):
            return Excluded(text=rule.text_en, text_zh=rule.text)
    return None


def my_bar(reading: Reading, case: Case, bundle: Bundle | None = None) -> Refusal | None:
    """What keeps the actor from doing anything to a case, be it no task: a message, a clock, an urging, other people's work."""
    if reading.actor.person_id is None:
        return None
    bundle = bundle or definitions.of_case(reading, case)
    return bar(reading, bundle, case.id, reading.actor.person_id) or _kept_from_its_work(reading, bundle, case)


def _kept_from_its_work(reading: Reading, bundle: Bundle, case: Case) -> Excluded | None:
    """Whom an exclusion keeps from tasks of a house, it keeps from all else that may be done there: to open who complained,
    to move a clock, to say whose work it is."""
    playing, ours = process.participants(reading, case.id), reading.actor.organisations()
    for rule in bundle.manifest.exclusions:
        parts = {bundle.lane_of(node).partition(".")[0] for node in rule.tasks}
        theirs = any(part in playing and playing[part].id in ours for part in parts)
        if theirs and _is_excluded(reading, rule, case.id, reading.actor.id):
            return Excluded(text=rule.text_en, text_zh=rule.text)
    return None


def require_free(reading: Reading, case: Case, bundle: Bundle | None = None) -> None:
    """Nothing keeps the actor from the case; raises what does."""
    refusal = my_bar(reading, case, bundle)
    if refusal is not None:
        raise refusal


def _affair(reading: Reading, case_id: str) -> list[str]:
    """A case and those out of which it came, over any number of steps: a request, the lead about it, the order."""
    affair = (
        row_of(col(CaseLink.from_id).label("id")).where(col(CaseLink.to_id) == case_id).cte("affair", recursive=True)
    )
    further = row_of(col(CaseLink.from_id)).join(affair, col(CaseLink.to_id) == affair.c.id)
    affair = affair.union(further)  # each case once: a circle ends
    return [case_id, *reading.session.execute(row_of(affair.c.id)).scalars()]


def _works_for_the_other_side(reading: Reading, task: Task, person_id: str) -> bool:
    """Whether a person works in a house that the case is about (``Participant.keeps_out``), and the task is another's."""
    works = (
        select(Membership.id)
        .join(Participant, col(Participant.organisation_id) == col(Membership.organisation_id))
        .where(
            col(Participant.case_id) == task.case_id,
            col(Participant.keeps_out).is_(True),
            col(Participant.until).is_(None),
            col(Membership.organisation_id) != (task.organisation_id or ""),
            col(Membership.person_id) == person_id,
            col(Membership.ended_at).is_(None),
        )
    )
    return reading.session.exec(works.limit(1)).first() is not None


def _standing(reading: Reading, cases: Sequence[str], person_id: str) -> Recusal | None:
    stands = select(Recusal).where(
        col(Recusal.case_id).in_(cases), col(Recusal.person_id) == person_id, col(Recusal.lifted_at).is_(None)
    )
    return reading.session.exec(stands).first()


def _namesakes(reading: Reading, cases: Sequence[str], person: Person) -> list[Party]:
    """The parties that bear the person's name or that of kin they declared, unless they were found to be somebody else."""
    declared = select(col(Kin.name_token)).where(col(Kin.person_id) == person.id)
    cleared = exists().where(col(NameClearance.party_id) == col(Party.id), col(NameClearance.person_id) == person.id)
    same = (col(Party.name_token) == name_token(reading.keys, person.name)) | col(Party.name_token).in_(declared)
    return list(reading.session.exec(select(Party).where(col(Party.case_id).in_(cases), same, ~cleared)))


def _is_excluded(reading: Reading, rule: Exclusion, case_id: str, person_id: str) -> bool:
    """Whether a person was in the case before what the rule names."""
    earlier = _earlier(reading, case_id, rule.link)
    found = []
    if rule.organisation_of is not None:
        found.append(_works_there(rule, earlier, case_id, person_id))
    if rule.units:
        found.append(_of_their_unit(rule, earlier, person_id))
    if rule.deciders:
        found.append(select(Task.id).where(col(Task.case_id).in_(earlier), done_by({person_id})))
    return any(reading.session.exec(query.limit(1)).first() is not None for query in found)


def _earlier(reading: Reading, case_id: str, kind: str) -> list[str]:
    """The cases out of which one came by links of a kind: also those of cases that follow it, and those which they followed,
    for there it was decided."""
    follows, comes = col(CaseLink.kind) == LINK, col(CaseLink.kind) == kind
    matter = [case_id, *reading.session.exec(select(CaseLink.from_id).where(col(CaseLink.to_id) == case_id, follows))]
    origins = list(reading.session.exec(select(CaseLink.from_id).where(col(CaseLink.to_id).in_(matter), comes)))
    return origins + list(
        reading.session.exec(select(CaseLink.to_id).where(col(CaseLink.from_id).in_(origins), follows))
    )


def _works_there(rule: Exclusion, earlier: Sequence[str], case_id: str, person_id: str) -> SelectOfScalar[str]:
    """Memberships of a person in the organisation that had the part there, unless it is the one that the rule spares here."""
    works = (
        select(Membership.id)
        .join(Participant, col(Participant.organisation_id) == col(Membership.organisation_id))
        .where(
            col(Participant.case_id).in_(earlier),
            col(Participant.part) == rule.organisation_of,
            col(Participant.until).is_(None),
            col(Membership.person_id) == person_id,
            col(Membership.ended_at).is_(None),
        )
    )
    if rule.spares is None:
        return works
    spared = select(col(Participant.organisation_id)).where(
        col(Participant.case_id) == case_id, col(Participant.part) == rule.spares, col(Participant.until).is_(None)
    )
    return works.where(col(Membership.organisation_id).not_in(spared))


def _of_their_unit(rule: Exclusion, earlier: Sequence[str], person_id: str) -> SelectOfScalar[str]:
    """Memberships of a person in a unit whose people did the work of the part there.

    A leader stands over units: who signed binds themselves, not those with whom they sit.
    """
    colleague: Any = aliased(Membership)
    did = (col(Task.completed_by) == colleague.person_id) | (col(Task.completed_for) == colleague.person_id)
    return (
        select(Membership.id)
        .join(
            colleague,
            (colleague.organisation_id == col(Membership.organisation_id)) & (colleague.unit == col(Membership.unit)),
        )
        .join(Task, did & (col(Task.organisation_id) == colleague.organisation_id))
        .where(
            col(Task.case_id).in_(earlier),
            col(Task.part) == rule.organisation_of,
            col(Task.role) != LEADER,
            col(Membership.unit) != "",
            col(Membership.person_id) == person_id,
            col(Membership.ended_at).is_(None),
        )
    )


# ---------------------------------------------------------------- verbs


def recuse(uow: UnitOfWork, reference: str, reason: str, person_id: str | None = None) -> Recusal:
    """Keep yourself from a case, or decide so for somebody whom you head; what they hold of it waits for others again.

    Raises CaseNotFound, ReasonMissing, NotTheirHead, RecusedAlready.
    """
    run = _open(uow, reference)
    words = reasons.given(reason)
    person = _person(uow, uow.actor.person_id if person_id is None else person_id)
    own = person.id == uow.actor.person_id
    if not own:
        _require_head(uow, person.id)
    if _standing(uow, [run.case.id], person.id) is not None:
        raise RecusedAlready(who=person.name)
    recusal = Recusal(
        case_id=run.case.id,
        person_id=person.id,
        kind="own" if own else "decided",
        reason=b"",
        at=uow.now,
        by=str(uow.actor),
    )
    recusal.reason = run.key.seal(words.encode(), _purpose(recusal))
    uow.add(recusal)
    audit.record(uow, "recusal.made", run.case.id, recusal=recusal.id, person=person.id, kind=recusal.kind)
    _let_go(uow, run.case.id, person.id)
    return recusal


def lift(uow: UnitOfWork, recusal_id: str, reason: str) -> Recusal:
    """Let somebody whom you head handle the case after all. Raises RecusalNotFound, NotTheirHead, RecusalLifted."""
    found = uow.session.get(Recusal, recusal_id)
    if found is None:
        raise RecusalNotFound()
    try:
        run = process.lock(uow, found.case_id)
    except process.CaseNotFound:
        raise RecusalNotFound() from None
    words = reasons.given(reason)
    recusal = uow.session.get_one(Recusal, recusal_id, populate_existing=True)
    _require_head(uow, recusal.person_id)
    require_free(uow, run.case, run.bundle)
    if recusal.lifted_at is not None:
        raise RecusalLifted()
    recusal.lifted_at, recusal.lifted_by = uow.now, str(uow.actor)
    recusal.lifted_reason = run.key.seal(words.encode(), _purpose(recusal))
    uow.add(recusal)
    audit.record(uow, "recusal.lifted", run.case.id, recusal=recusal.id, person=recusal.person_id)
    return recusal


def clear_name(uow: UnitOfWork, reference: str, person_id: str, reason: str) -> list[NameClearance]:
    """Find that parties only bear the name of somebody whom you head, or of their kin, and are other people.

    Raises CaseNotFound, ReasonMissing, NotTheirHead, NothingToClear.
    """
    run = _open(uow, reference)
    words = reasons.given(reason)
    person = _person(uow, person_id)
    _require_head(uow, person.id)
    require_free(uow, run.case, run.bundle)
    parties = _namesakes(uow, _affair(uow, run.case.id), person)
    if not parties:
        raise NothingToClear(who=person.name)
    cleared = []
    for party in parties:
        row = NameClearance(person_id=person.id, party_id=party.id, reason=b"", at=uow.now, by=str(uow.actor))
        row.reason = run.key.seal(words.encode(), f"name_clearance:{row.id}")
        cleared.append(row)
    uow.add(*cleared)
    audit.record(uow, "recusal.name_cleared", run.case.id, person=person.id, parties=[c.party_id for c in cleared])
    return cleared


def _open(uow: UnitOfWork, reference: str) -> Run:
    """The case with a reference, locked; raises CaseNotFound for what is not the desk's business of the actor."""
    wanted = select(Case.id).where(col(Case.reference) == reference.strip().upper()[:40], desk_cases(uow.actor))
    case_id = uow.session.exec(wanted).first()
    if case_id is None or uow.actor.kind != "person":
        raise process.CaseNotFound()
    return process.lock(uow, case_id)


def _person(uow: UnitOfWork, person_id: str | None) -> Person:
    person = uow.session.get(Person, person_id) if person_id else None
    if person is None:
        raise NotTheirHead()
    return person


def _require_head(uow: UnitOfWork, person_id: str) -> None:
    if not colleagues.leads(uow, person_id):
        raise NotTheirHead()


def _purpose(recusal: Recusal) -> str:
    return f"recusal:{recusal.id}"


# ---------------------------------------------------------------- what they hold


def _let_go(uow: UnitOfWork, case_id: str, person_id: str) -> None:
    """Open tasks of the case that a person holds wait for others again, without what the person has typed."""
    theirs = (col(Task.assignee_id) == person_id) | (col(Task.owner_id) == person_id)
    for task in uow.session.exec(select(Task).where(col(Task.case_id) == case_id, col(Task.state) == "open", theirs)):
        still = task.owner_id if task.assignee_id == person_id else None  # a delegate lets go of what is another's
        task.assignee_id, task.owner_id = still, None
        task.claimed_at = task.claimed_at if still else None
        task.draft, task.draft_at = None, None
        task.revision += 1
        uow.add(task)
        audit.record(uow, "task.let_go", case_id, task=task.id, person=person_id)


def kin_declared(uow: UnitOfWork, person_id: str) -> None:
    """Somebody has declared kin: cases in their hands that concern them are seen to, each by a job of its own."""
    held = select(col(Task.case_id)).where(
        (col(Task.assignee_id) == person_id) | (col(Task.owner_id) == person_id), col(Task.state) == "open"
    )
    tokens = select(col(Kin.name_token)).where(col(Kin.person_id) == person_id)
    concerned = select(Party.case_id).where(col(Party.case_id).in_(held), col(Party.name_token).in_(tokens))
    for case_id in uow.session.exec(concerned.distinct()).all():
        key = f"recusal.check:{case_id}:{person_id}:{uow.now.isoformat()}"
        jobs.enqueue(uow, "recusal.check", key, case_id=case_id, person=person_id)


def check_held(database: Database, ticket: "JobTicket") -> None:
    """Job ``recusal.check``: somebody who may not handle the case any more lets go of what they hold of it."""
    with database.unit_of_work() as uow:
        run = process.lock(uow, str(ticket.case_id))
        jobs.settle(uow, ticket)
        person_id = str(ticket.payload["person"])
        if bar(uow, run.bundle, run.case.id, person_id) is not None:
            _let_go(uow, run.case.id, person_id)


# ---------------------------------------------------------------- looking


def of_case(reading: Reading, run: Run) -> list[RecusalView]:
    """The recusals of a case, oldest first; whoever sees only their own of it, those of their own house."""
    known = select(Recusal).where(col(Recusal.case_id) == run.case.id)
    if not sees_whole(reading.session, reading.actor, run.case.id):
        house = [person.id for person in colleagues.of_house(reading, reading.actor.organisations())]
        known = known.where(col(Recusal.person_id).in_(house))
    rows = list(reading.session.exec(known.order_by(col(Recusal.at), col(Recusal.id))))
    ids = {row.person_id for row in rows} | {row.by.removeprefix("person:") for row in rows}
    names = {p.id: p.name for p in reading.session.exec(select(Person).where(col(Person.id).in_(ids)))}
    led = {person.id for person in colleagues.led(reading)} - {reading.actor.id}
    return [_view(run, row, names, row.person_id in led) for row in rows]


def _view(run: Run, row: Recusal, names: Mapping[str, str], may_lift: bool) -> RecusalView:
    return RecusalView(
        id=row.id,
        person=names.get(row.person_id, ""),
        kind=row.kind,
        reason=run.key.open(row.reason, _purpose(row)).decode(),
        at=row.at,
        by=names.get(row.by.removeprefix("person:"), ""),
        lifted_at=row.lifted_at,
        lifted_reason=run.key.open(row.lifted_reason, _purpose(row)).decode() if row.lifted_reason else None,
        may_lift=may_lift and row.lifted_at is None,
    )


def stands(reading: Reading, case_id: str, person_id: str) -> bool:
    """Whether somebody is recused from a case now."""
    return _standing(reading, [case_id], person_id) is not None


def namesakes(reading: Reading, case_id: str, people: Sequence[Person]) -> list[Person]:
    """Those of some people whom the name of a party keeps from the case; the same number of queries for any number."""
    concerned_by = select(Party).where(col(Party.case_id).in_(_affair(reading, case_id)))
    parties = {(party.id, party.name_token) for party in reading.session.exec(concerned_by)}
    if not people or not parties:
        return []
    declared = select(Kin.person_id, Kin.name_token).where(col(Kin.person_id).in_([person.id for person in people]))
    names = set(reading.session.exec(declared)) | {(p.id, name_token(reading.keys, p.name)) for p in people}
    found = select(NameClearance.person_id, NameClearance.party_id)
    cleared = set(reading.session.exec(found.where(col(NameClearance.party_id).in_([party for party, _ in parties]))))
    concerned = {who for who, name in names for party, same in parties if name == same and (who, party) not in cleared}
    return [person for person in people if person.id in concerned]
