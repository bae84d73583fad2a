"""Supervision leads (监督线索): a missed clock, or what a supervisor found, brought before the body that may act.

A lead is a case of its own, in which a person decides. It never orders, criticises or sanctions: whether something was done
“without reason” (Art. 30) is a judgement. Where the due date itself was wrong, the lead is annulled, not deleted.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_
from sqlmodel import col, select

from engine import (
    audit,
    calendars,
    cases,
    clock,
    deadlines,
    definitions,
    directory,
    jobs,
    lead_routing,
    messages,
    process,
    recusals,
    reminders,
    statutes,
    subjects,
    urging,
)
from engine.access import SUPERVISOR, SYSTEM, Actor, require_supervisor, supervised_cases, visible_cases
from engine.db import Database, Reading, UnitOfWork
from engine.errors import Conflict, Forbidden, Invalid
from engine.models import (
    Breach,
    Case,
    CaseLink,
    Deadline,
    Organisation,
    Participant,
    SupervisionLead,
    Task,
)
from engine.operations import Call, Done, JobTicket
from engine.process import Run

PROCESS = "supervision_lead"  # the bundle that carries leads
LINK = "lead"  # from the case to the lead that came out of it
ORGAN, RESPONDENT = "supervising_organ", "respondent"
LONGEST_FINDINGS = 2000  # as the form of a lead has it
OTHER = "9"  # the ground of Art. 30 for what has none of its own


class NobodyAbove(Conflict):
    """Nobody stands over {organisation} who could act on a lead: add the relation, or a supervisor, and try again."""

    zh = "没有可以对{organisation}的线索采取措施的机关：请补充机构关系或者督办人后重试。"
    lasts = True


class NobodyOwed(Conflict):
    """It cannot be told whose turn it was in the case {reference} when the clock was missed."""

    zh = "无法确定案件 {reference} 逾期时应由哪个机关办理。"
    lasts = True


class RespondentUnknown(Invalid):
    """“{code}” takes no part in this case, so no lead about it can be opened against them."""

    zh = "“{code}”没有参与本件办理，不能就本件对其立线索。"
    quotes = True


class FindingsMissing(Invalid):
    """Please write down what you found."""

    zh = "请写明发现的情况。"


class LeadStands(Conflict):
    """There is an open lead on this already: {reference}."""

    zh = "同一事项已有尚未办结的线索：{reference}。"


# ---------------------------------------------------------------- opened by the machine


def raise_for_breach(database: Database, ticket: JobTicket) -> None:
    """Job ``lead.raise``: open the lead of a breach, once, unless the breach was annulled meanwhile."""
    with database.unit_of_work() as uow:
        breach = uow.session.get_one(Breach, ticket.payload["breach"])
        case = process.lock_row(uow, breach.case_id)
        jobs.settle(uow, ticket)
        uow.session.refresh(breach)
        if breach.annulled_at is None and of_breach(uow, breach.id) is None:
            _open_for_breach(uow, case, breach)


def _open_for_breach(uow: UnitOfWork, case: Case, breach: Breach) -> None:
    respondent = _owing(uow, case, breach)
    organ = _routed(uow, respondent)
    deadline = uow.session.get_one(Deadline, breach.deadline_id)
    declared = definitions.versions_of(uow, case).of_deadline(deadline.name).manifest.deadlines.get(deadline.name)
    values = _about(uow, case) | {
        "clock": declared.title if declared else deadline.name,
        "article": statutes.cited(uow.settings, breach.article, deadline.text_version) or None,
        "limit_on": breach.due_on.isoformat(),
        "ground": breach.ground or OTHER,
    }
    _open(uow, case, values, respondent, organ, breach)


def _owing(reading: Reading, case: Case, breach: Breach) -> Organisation:
    """Who missed it: whoever owed it or, while nobody did (the agency being looked for), whose turn it was."""
    if breach.organisation_id is not None:
        return reading.session.get_one(Organisation, breach.organisation_id)
    turn = (
        select(Organisation)
        .join(Task, col(Task.organisation_id) == col(Organisation.id))
        .where(col(Task.case_id) == case.id, _at(breach.at, Task.created_at, Task.ended_at))
        .order_by(col(Task.created_at))
    )
    taking_part = (
        select(Organisation)
        .join(Participant, col(Participant.organisation_id) == col(Organisation.id))
        .where(col(Participant.case_id) == case.id, _at(breach.at, Participant.since, Participant.until))
        .order_by(col(Participant.since), col(Participant.part))
    )
    for found in (turn, taking_part):
        organisation = reading.session.exec(found).first()
        if organisation is not None:
            return organisation
    raise NobodyOwed(reference=case.reference)


def _at(instant: datetime, begun: Any, ended: Any) -> Any:
    """The condition that something was so at an instant."""
    return and_(col(begun) <= instant, or_(col(ended).is_(None), col(ended) > instant))


def _routed(reading: Reading, respondent: Organisation) -> Organisation:
    organ = lead_routing.route(respondent.id, lead_routing.ties(reading))
    if organ is None:
        raise NobodyAbove(organisation=respondent.name)
    return reading.session.get_one(Organisation, organ)


def annul(database: Database, ticket: JobTicket) -> None:
    """Job ``lead.annul``: the due date itself was wrong, so the lead of its breach ends, and stays on record."""
    breach_id, reason = ticket.payload["breach"], str(ticket.payload["reason"])[:1000]
    with database.unit_of_work() as uow:
        lead = of_breach(uow, breach_id)
        case = process.lock_row(uow, lead.case_id) if lead else None
        jobs.settle(uow, ticket)
        if lead is None or case is None or lead.annulled_at is not None:
            return
        lead.annulled_at, lead.annulled_reason = uow.now, reason
        uow.add(lead)
        audit.record(uow, "lead.annulled", lead.case_id, lead=lead.id, breach=breach_id)
        if case.closed_at is None:
            messages.send(uow, lead.case_id, "annulled", {"annulment_reason": reason}, message_id=breach_id)


# ---------------------------------------------------------------- opened by a supervisor


def open_by_hand(uow: UnitOfWork, case_id: str, *, ground: str, findings: str, respondent: str) -> SupervisionLead:
    """Open a lead about a case that the actor oversees, against an organisation that takes part in it (by its code).

    It goes to the actor's own house where that stands over the respondent, else to the body that may act. Raises
    NotSupervisor, CaseNotFound, RespondentUnknown, FindingsMissing, LeadStands, NobodyAbove; FormInvalid for the ground.
    """
    require_supervisor(uow.actor)
    case = process.lock_row(uow, case_id)
    overseen = select(Case.id).where(col(Case.id) == case.id, supervised_cases(uow.actor))
    if uow.session.exec(overseen).first() is None:
        raise process.CaseNotFound()
    recusals.require_free(uow, case)
    if not findings.strip():
        raise FindingsMissing()
    taking_part = {o.code: o for o in process.participants(uow, case.id).values()}
    if respondent not in taking_part:
        raise RespondentUnknown(code=respondent[:64])
    against = taking_part[respondent]
    _require_none_open(uow, case, against, ground)
    values = _about(uow, case) | {"ground": ground, "findings": findings.strip()}
    return _open(uow, case, values, against, _own_house(uow, against) or _routed(uow, against), None)


def _require_none_open(reading: Reading, case: Case, respondent: Organisation, ground: str) -> None:
    same = (
        select(Case.reference)
        .join(SupervisionLead, col(SupervisionLead.case_id) == col(Case.id))
        .where(col(SupervisionLead.about_id) == case.id, col(SupervisionLead.respondent_id) == respondent.id)
        .where(col(SupervisionLead.ground) == ground, col(Case.closed_at).is_(None))
    )
    standing = reading.session.exec(same).first()
    if standing is not None:
        raise LeadStands(reference=standing)


def _own_house(uow: UnitOfWork, respondent: Organisation) -> Organisation | None:
    """The house in which the actor supervises, where it stands over the respondent."""
    ties = lead_routing.ties(uow)
    above = (*ties.guides.get(respondent.id, ()), *ties.superiors.get(respondent.id, ()))
    seats = uow.actor.organisations(SUPERVISOR)
    found = next((organ for organ in above if organ in seats), None)
    return uow.session.get_one(Organisation, found) if found else None


# ---------------------------------------------------------------- asked for by a process


def raise_by_process(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``lead.raise``: a process has found something that a supervisor should look at, such as a confirmed error in data.

    ``respondent`` is the part of the organisation against which it is, ``findings`` what was found, in words.
    """
    if call.params["respondent"] not in run.participants:
        raise process.PartVacant(part=call.params["respondent"])
    asked = {"ground": call.params["ground"], "respondent": run.participants[call.params["respondent"]].code}
    run_at = {"revision": run.case.revision, "field": call.params["findings"]}
    jobs.enqueue(uow, "lead.open", f"lead.open:{call.token}", case_id=run.case.id, **asked, **run_at)
    audit.record(uow, "lead.asked", run.case.id, ground=asked["ground"], respondent=asked["respondent"])
    return Done()


def open_for_process(database: Database, ticket: JobTicket) -> None:
    """Job ``lead.open``: open the lead that a process asked for, unless the same one stands open already."""
    with database.unit_of_work() as uow:
        case = process.lock_row(uow, str(ticket.case_id))
        jobs.settle(uow, ticket)
        run = process.opened(uow, case)
        against = directory.organisation(uow, ticket.payload["respondent"])
        values = _about(uow, case) | {"ground": ticket.payload["ground"]}
        findings = str(run.data.get(ticket.payload["field"]) or "").strip()[:LONGEST_FINDINGS]
        with suppress(LeadStands):
            _require_none_open(uow, case, against, ticket.payload["ground"])
            _open(uow, case, values | {"findings": findings or None}, against, _routed(uow, against), None)


# ---------------------------------------------------------------- what both do


def _about(reading: Reading, case: Case) -> dict[str, Any]:
    """What a lead says of the case that it is about; of a confidential one no more than its number and process."""
    return {"about_reference": case.reference, "about_subject": subjects.outside(reading, case) or case.reference}


def _open(
    uow: UnitOfWork,
    case: Case,
    values: Mapping[str, Any],
    respondent: Organisation,
    organ: Organisation,
    breach: Breach | None,
) -> SupervisionLead:
    """The lead with its case; the supervisors of the body that may act are told."""
    opened = cases.open_ex_officio(
        uow,
        PROCESS,
        {name: value for name, value in values.items() if value is not None},
        participants={ORGAN: organ, RESPONDENT: respondent},
        sources={LINK: case.id},
        source="desk" if uow.actor.kind == "person" else "system",
    )
    lead = SupervisionLead(
        case_id=opened.id,
        about_id=case.id,
        breach_id=breach.id if breach else None,
        ground=values["ground"],
        respondent_id=respondent.id,
        organ_id=organ.id,
        at=uow.now,
        opened_by=str(uow.actor),
    )
    uow.add(lead)
    reminders.remind(uow, directory.holders(uow, SUPERVISOR, organ.id), "lead", opened.id)
    audit.record(uow, "lead.opened", opened.id, lead=lead.id, about=case.id, breach=lead.breach_id, organ=organ.code)
    audit.record(uow, "lead.raised", case.id, lead=lead.id, ground=lead.ground)
    return lead


def of_breach(reading: Reading, breach_id: str) -> SupervisionLead | None:
    """The lead that came out of a breach."""
    return reading.session.exec(select(SupervisionLead).where(col(SupervisionLead.breach_id) == breach_id)).first()


def origin(reading: Reading, lead_case_id: str) -> str | None:
    """The id of the case out of which a lead came."""
    link = select(CaseLink.from_id).where(col(CaseLink.to_id) == lead_case_id, col(CaseLink.kind) == LINK)
    return reading.session.exec(link).first()


# ---------------------------------------------------------------- what the process of a lead may do (operations)


def urge(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``lead.urge``: urge the case out of which the lead came, with the words that a field of the lead holds."""
    if origin(uow, run.case.id) is not None:
        asked = {"lead": run.case.id, "field": call.params["field"], "person": uow.actor.person_id}
        jobs.enqueue(uow, "lead.urge", f"lead.urge:{call.token}", case_id=run.case.id, **asked)
    audit.record(uow, "lead.urged", run.case.id)
    return Done()


def carry_urging(database: Database, ticket: JobTicket) -> None:
    """Job ``lead.urge``: what a lead decided reaches the other case, in a transaction of its own."""
    person, field = ticket.payload["person"], ticket.payload["field"]
    with database.reading(SYSTEM) as reading:
        lead = process.opened(reading, reading.session.get_one(Case, ticket.payload["lead"]))
        text, about = str(lead.data.get(field) or ""), origin(reading, lead.case.id)
        actor = _urging_actor(reading, about, person)
    with database.unit_of_work(actor) as uow:
        if about is not None and text:
            with suppress(
                urging.CaseEnded, urging.UrgedAlready, Forbidden
            ):  # answered, urged, or kept from it, meanwhile
                urging.urge(uow, [about], text)
        jobs.settle(uow, ticket)


def _urging_actor(reading: Reading, about: str | None, person: str | None) -> Actor:
    """Who urges for a lead: the person who decided so; of a confidential case, which they do not see, the lead itself."""
    actor = directory.actor_of(reading, person) if person else SYSTEM
    seen = select(Case.id).where(col(Case.id) == about, or_(col(Case.confidential).is_(False), visible_cases(actor)))
    return actor if reading.session.exec(seen).first() is not None else SYSTEM


def survey(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``lead.survey``: how the case stands out of which the lead came: by how many working days it is late, and since when
    it is answered, as its clock says now; and how many earlier leads were about the same respondent and ground."""
    found = uow.session.exec(
        select(Deadline)
        .join(Breach, col(Breach.deadline_id) == col(Deadline.id))
        .join(SupervisionLead, col(SupervisionLead.breach_id) == col(Breach.id))
        .where(col(SupervisionLead.case_id) == run.case.id)
    ).first()
    earlier = {"earlier": _earlier(uow, run)}
    if found is None or found.due_on is None:
        return Done({"overdue_days": None, "answered_on": None} | earlier)
    answered = clock.day_of(found.stopped_at) if found.stopped_at else None
    late = calendars.working_days_between(found.due_on, answered or clock.day_of(uow.now), deadlines.calendar(uow))
    standing = {"overdue_days": max(late, 0), "answered_on": answered.isoformat() if answered else None}
    return Done(standing | earlier)


def _earlier(reading: Reading, run: Run) -> int:
    """How many leads there were before this one about the same respondent and ground, annulled ones not counted."""
    respondent = run.participants.get(RESPONDENT)
    same = select(func.count()).where(
        col(SupervisionLead.respondent_id) == (respondent.id if respondent else None),
        col(SupervisionLead.ground) == run.data.get("ground"),
        col(SupervisionLead.case_id) != run.case.id,
        col(SupervisionLead.annulled_at).is_(None),
        col(SupervisionLead.at) <= run.case.submitted_at,
    )
    return reading.session.exec(same).one()
