"""Supervision leads: the list for supervisors, and what a case file shows of leads around it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from engine import calendars, clock, deadlines, definitions, leads, process, statutes, subjects
from engine.access import require_supervisor, supervised_cases, visible_cases, whole_cases
from engine.db import Reading
from engine.models import Breach, Case, Deadline, Organisation, SupervisionLead
from engine.queries import lights, paging
from engine.queries.files import STATUS_TITLES
from engine.views import Light, Page

Found = tuple[SupervisionLead, Case, str]  # the lead, its own case, and the reference of the case that it is about


@dataclass(frozen=True)
class LeadRow:
    """A line of the list of leads."""

    reference: str
    subject: str
    ground: str
    ground_title: str  # of Art. 30
    respondent: str
    organ: str
    about: str  # reference of the case out of which it came
    opened_on: date
    age: int  # in working days; of a closed one, how long it took
    stage: str
    outcome: str | None
    outcome_title: str | None
    annulled: bool
    by_hand: bool
    closed_at: datetime | None


@dataclass(frozen=True)
class Origin:
    """The case out of which a lead came, as it stands now."""

    reference: str
    subject: str
    status: str
    answered_on: date | None  # the missed clock was stopped, if late
    light: Light | None
    open_to_you: bool


@dataclass(frozen=True)
class Choice:
    """An organisation against which a lead could be opened."""

    code: str
    name: str


def leads_list(
    reading: Reading, *, ground: str | None = None, closed: bool = False, after: str | None = None, limit: int = 50
) -> Page[LeadRow]:
    """The leads that the supervisor's organisation conducts or oversees: open ones, the oldest first, or closed ones."""
    require_supervisor(reading.actor)
    limit = paging.bounded(limit)
    ended = col(Case.closed_at).is_not(None) if closed else col(Case.closed_at).is_(None)
    query = _found().where(supervised_cases(reading.actor), ended)
    if ground:
        query = query.where(col(SupervisionLead.ground) == ground)
    going_on = paging.after(after, col(SupervisionLead.at), col(SupervisionLead.id))  # type: ignore[arg-type]
    if going_on is not None:
        query = query.where(going_on)
    ordered = query.order_by(col(SupervisionLead.at), col(SupervisionLead.id)).limit(limit + 1)
    found, more = paging.cut(reading.session.exec(ordered).all(), limit)
    next_key = paging.make(found[-1][0].at, found[-1][0].id) if more else None
    return Page(tuple(_rows(reading, list(found))), next_key)


def about(reading: Reading, case_id: str) -> list[LeadRow]:
    """The leads that came out of a case, as far as the reader sees them whole."""
    query = _found().where(col(SupervisionLead.about_id) == case_id, whole_cases(reading.actor))
    found = reading.session.exec(query.order_by(col(SupervisionLead.at))).all()
    return list(_rows(reading, list(found)))


def _found() -> Select[SupervisionLead, Case, str]:
    source = aliased(Case)
    return (
        select(SupervisionLead, Case, source.reference)
        .join(Case, col(Case.id) == col(SupervisionLead.case_id))
        .join(source, source.id == col(SupervisionLead.about_id))  # type: ignore[arg-type]
    )


def _rows(reading: Reading, found: list[Found]) -> list[LeadRow]:
    houses = {i for lead, _, _ in found for i in (lead.respondent_id, lead.organ_id)}
    known = {o.id: o for o in reading.session.exec(select(Organisation).where(col(Organisation.id).in_(houses)))}
    return [_row(reading, lead, case, origin, known) for lead, case, origin in found]


def _row(reading: Reading, lead: SupervisionLead, case: Case, origin: str, known: dict[str, Organisation]) -> LeadRow:
    locale, bundle = reading.actor.locale, definitions.of_case(reading, case)
    stage = next((s for s in bundle.manifest.stages if s.key == case.stage), None) if case.closed_at is None else None
    outcome = bundle.manifest.outcomes.get(case.outcome or "")
    opened, ended = clock.day_of(lead.at), clock.day_of(case.closed_at or reading.now)
    return LeadRow(
        reference=case.reference,
        subject=subjects.of_case(reading, case),
        ground=lead.ground,
        ground_title=statutes.ground(reading.settings, lead.ground, locale),
        respondent=known[lead.respondent_id].short_name,
        organ=known[lead.organ_id].short_name,
        about=origin,
        opened_on=opened,
        age=max(calendars.working_days_between(opened, ended, deadlines.calendar(reading)), 0),
        stage=bundle.text(stage, "title", locale) if stage else "",
        outcome=case.outcome,
        outcome_title=bundle.text(outcome, "title", locale) if outcome else None,
        annulled=lead.annulled_at is not None,
        by_hand=lead.breach_id is None,
        closed_at=case.closed_at,
    )


def origin(reading: Reading, case_id: str) -> Origin | None:
    """The case out of which a lead came; nothing for another case, and for whoever does not see the lead whole."""
    lead = reading.session.exec(
        select(SupervisionLead)
        .join(Case, col(Case.id) == col(SupervisionLead.case_id))
        .where(col(SupervisionLead.case_id) == case_id, whole_cases(reading.actor))
    ).first()
    if lead is None:
        return None
    case, zh = reading.session.get_one(Case, lead.about_id), reading.actor.locale.startswith("zh")
    missed = reading.session.exec(
        select(Deadline)
        .join(Breach, col(Breach.deadline_id) == col(Deadline.id))
        .where(col(Breach.id) == lead.breach_id)
    ).first()
    seen = select(Case.id).where(col(Case.id) == case.id, visible_cases(reading.actor))
    return Origin(
        reference=case.reference,
        subject=subjects.of_case(reading, case),
        status=STATUS_TITLES.get(case.status, (case.status, case.status))[0 if zh else 1],
        answered_on=clock.day_of(missed.stopped_at) if missed and missed.stopped_at else None,
        light=lights.of_deadline(reading, missed) if missed else None,
        open_to_you=reading.session.exec(seen).first() is not None,
    )


def respondents(reading: Reading, case_id: str) -> list[Choice]:
    """Against whom the reader could open a lead about a case; nobody where they oversee it not, or it is a lead itself."""
    case = reading.session.exec(select(Case).where(col(Case.id) == case_id, supervised_cases(reading.actor))).first()
    if case is None or not reading.actor.supervises or leads.origin(reading, case.id) is not None:
        return []
    return [
        Choice(o.code, o.name) for o in {o.code: o for o in process.participants(reading, case.id).values()}.values()
    ]
