"""People who are away, and who stands in for them until they are back.

Whoever stands in sees and does what the absent person could; each act keeps who did it and for whom. Where the substitute is
away too, theirs stands in for both; where that leads to nobody, the work waits for others who hold the role, and says so.
An absence begins and ends with days of Shanghai.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy import select as row_of
from sqlmodel import col, select

from engine import audit, clock, colleagues
from engine.access import LEADER, UNIT_HEAD, Actor, stands_over
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, EngineError, Forbidden, Invalid, NotFound
from engine.models import Absence, Membership, Person

REASONS = {  # no more than this is anybody's business
    "leave": ("休假", "leave"),
    "travel": ("出差", "travel on duty"),
    "training": ("学习培训", "training"),
    "other": ("其他", "other"),
}
LONGEST = timedelta(days=366)
STREAM = "absences"


class AbsenceNotFound(NotFound):
    """There is no such absence, or it is not yours to see."""

    zh = "没有这项缺勤登记，或者您无权查看。"


class ColleagueNotFound(NotFound):
    """There is no such colleague, or you do not head them."""

    zh = "没有这名人员，或者不由您负责。"


class AbsenceFaulty(Invalid):
    """The last day comes before the first, is over already, or lies more than a year away."""

    zh = "截止日期不能早于开始日期或者今天，缺勤不能超过一年。"


class AbsenceReasonUnknown(Invalid):
    """“{reason}” is not a reason for an absence: {known}."""

    zh = "“{reason}”不是有效的缺勤原因：{known}。"
    quotes = True


class SubstituteUnfit(Invalid):
    """A substitute is a colleague of the same organisation, and somebody else."""

    zh = "代办人应当是同一机构的其他在职人员。"


class AbsenceOverlaps(Conflict):
    """{name} is entered as absent from {since} to {until} already; end that first."""

    zh = "{name}在 {since} 至 {until} 期间已有缺勤登记，请先结束原登记。"


class AbsenceOver(Conflict):
    """This absence is over already."""

    zh = "该缺勤登记已经结束。"


class AbsenceNotYours(Forbidden):
    """Only the person, or those who head them, may enter or end an absence."""

    zh = "缺勤由本人或者其科室负责人、分管领导登记和结束。"


class PersonAway(Conflict):
    """{name} is absent until {until}. Choose somebody else."""

    zh = "{name}缺勤至 {until}，请选择其他人员。"


class NobodyStandsIn(EngineError):
    """Nobody stands in for {name}: whoever was named is absent too, or does not work here any more."""

    zh = "{name}目前无人代办：指定的代办人也缺勤，或者已不在岗。"


@dataclass(frozen=True)
class AbsenceView:
    """An absence as people see it, with who stands in today."""

    id: str
    person_id: str
    person: str
    substitute: str
    since: date
    until: date
    reason: str
    lasts: bool  # today
    stands_in: str | None  # who stands in at the end of the chain, today
    alarm: str | None  # the sentence that nobody does
    may_end: bool


# ---------------------------------------------------------------- verbs


def enter(
    uow: UnitOfWork, substitute_id: str, since: date, until: date, reason: str, person_id: str | None = None
) -> Absence:
    """Say that you (or somebody whom you head) will be away, and who stands in.

    Raises ColleagueNotFound, AbsenceFaulty, AbsenceReasonUnknown, SubstituteUnfit, AbsenceOverlaps.
    """
    person = _whom(uow, person_id)
    if until < max(since, clock.day_of(uow.now)) or until - since > LONGEST:
        raise AbsenceFaulty()
    if reason not in REASONS:
        raise AbsenceReasonUnknown(reason=reason[:40], known=", ".join(REASONS))
    substitute = uow.session.get(Person, substitute_id)
    if substitute is None or not substitute.active or substitute.id == person.id:
        raise SubstituteUnfit()
    if not colleagues.share_house(uow, person.id, substitute.id):
        raise SubstituteUnfit()
    uow.take_turns(f"absence:{person.id}")
    _require_no_other(uow, person, since, until)
    absence = Absence(
        person_id=person.id,
        substitute_id=substitute.id,
        since=since,
        until=until,
        reason=reason,
        entered_at=uow.now,
        entered_by=str(uow.actor),
    )
    uow.add(absence)
    said = {"person": person.id, "substitute": substitute.id, "since": since.isoformat(), "until": until.isoformat()}
    audit.record(uow, "absence.entered", stream=STREAM, absence=absence.id, **said)
    if _lasts_on(absence, clock.day_of(uow.now)) and _stand_in(uow, person.id, _substitutes(uow)) is None:
        uow.warn(NobodyStandsIn(name=person.name))
    return absence


def end(uow: UnitOfWork, absence_id: str) -> Absence:
    """Be back early, or do not go at all; raises AbsenceNotFound, AbsenceNotYours, AbsenceOver."""
    absence = uow.session.exec(
        select(Absence).where(col(Absence.id) == absence_id, _seen_by(uow.actor)).with_for_update()
    ).first()
    if absence is None:
        raise AbsenceNotFound()
    if not _may_enter(uow, absence.person_id):
        raise AbsenceNotYours()
    if absence.ended_at is not None or absence.until < clock.day_of(uow.now):
        raise AbsenceOver()
    absence.ended_at, absence.ended_by = uow.now, str(uow.actor)
    uow.add(absence)
    audit.record(uow, "absence.ended", stream=STREAM, absence=absence.id, person=absence.person_id)
    return absence


def _whom(uow: UnitOfWork, person_id: str | None) -> Person:
    """Whose absence is entered: the actor's own, or that of somebody whom they head."""
    mine = uow.actor.person_id
    wanted = person_id or mine
    person = uow.session.get(Person, wanted) if wanted and uow.actor.roles else None
    if person is None or not _may_enter(uow, person.id):
        raise ColleagueNotFound()
    return person


def _may_enter(reading: Reading, person_id: str) -> bool:
    return person_id == reading.actor.person_id or colleagues.leads(reading, person_id)


def _require_no_other(uow: UnitOfWork, person: Person, since: date, until: date) -> None:
    """One person has one substitute on one day."""
    same_days = select(Absence).where(
        col(Absence.person_id) == person.id,
        col(Absence.ended_at).is_(None),
        col(Absence.since) <= until,
        col(Absence.until) >= since,
    )
    other = uow.session.exec(same_days.limit(1)).first()
    if other is not None:
        raise AbsenceOverlaps(name=person.name, since=other.since, until=other.until)


# ---------------------------------------------------------------- who stands in


def lasting(today: date) -> ColumnElement[bool]:
    """The condition on ``Absence`` that somebody is away on this day."""
    return (col(Absence.since) <= today) & (col(Absence.until) >= today) & col(Absence.ended_at).is_(None)


def roles_stood_in_for(reading: Reading, person_id: str) -> list[tuple[str, str, str, str]]:
    """(person, organisation, role, unit) of everybody for whom this person stands in today, however long the chain; one query.

    Somebody who is away stands in for nobody, so a chain that closes to a circle ends with nobody.
    """
    today = clock.day_of(reading.now)
    chain = (
        row_of(col(Absence.person_id).label("person_id"))
        .where(col(Absence.substitute_id) == person_id, lasting(today))
        .cte("stood_in_for", recursive=True)
    )
    further = row_of(col(Absence.person_id)).join(chain, col(Absence.substitute_id) == chain.c.person_id)
    chain = chain.union(further.where(lasting(today)))  # each person once: a circle ends
    away = exists().where(col(Absence.person_id) == person_id, lasting(today))
    held = (
        row_of(col(Membership.person_id), col(Membership.organisation_id), col(Membership.role), col(Membership.unit))
        .join(chain, col(Membership.person_id) == chain.c.person_id)
        .where(col(Membership.ended_at).is_(None), ~away)
    )
    return [(person, house, role, unit) for person, house, role, unit in reading.session.execute(held)]


def end_of_chain(person_id: str, substitutes: Mapping[str, str]) -> str | None:
    """The first in a chain of substitutes who is present; nobody where the chain is a circle."""
    passed = {person_id}
    while (person_id := substitutes.get(person_id, person_id)) not in passed:
        passed.add(person_id)
        if person_id not in substitutes:
            return person_id
    return None


def _stand_in(reading: Reading, person_id: str, substitutes: Mapping[str, str]) -> Person | None:
    """Who stands in for somebody today, and can: works here, in the same organisation."""
    last = end_of_chain(person_id, substitutes)
    found = reading.session.get(Person, last) if last else None
    if found is None or not found.active or not colleagues.share_house(reading, person_id, found.id):
        return None
    return found


def with_substitutes(reading: Reading, people: Iterable[str], day: date) -> set[str]:
    """Some people, and for those of them who are away on a day whoever stands in for them."""
    told, substitutes = set(people), _substitutes(reading, day)
    stand_in = (_stand_in(reading, person, substitutes) for person in sorted(told & substitutes.keys()))
    return told | {person.id for person in stand_in if person}


def _substitutes(reading: Reading, day: date | None = None) -> dict[str, str]:
    """Everybody who is away on a day (today, when nothing else is said) → whom they named."""
    away = select(col(Absence.person_id), col(Absence.substitute_id)).where(lasting(day or clock.day_of(reading.now)))
    return dict(list(reading.session.exec(away)))


def away_until(reading: Reading, people: Sequence[str]) -> dict[str, date]:
    """Those of some people who are away today → their last day."""
    away = select(col(Absence.person_id), col(Absence.until)).where(
        col(Absence.person_id).in_(people), lasting(clock.day_of(reading.now))
    )
    return dict(list(reading.session.exec(away)))


def require_present(reading: Reading, person: Person) -> None:
    """Whoever is to get work must be there to do it; raises PersonAway."""
    until = away_until(reading, [person.id]).get(person.id)
    if until is not None:
        raise PersonAway(name=person.name, until=until)


# ---------------------------------------------------------------- looking


def current(reading: Reading) -> list[AbsenceView]:
    """Absences that last or are to come: one's own, those in which one stands in, those of the house one heads or oversees."""
    today = clock.day_of(reading.now)
    query = select(Absence).where(col(Absence.ended_at).is_(None), col(Absence.until) >= today, _seen_by(reading.actor))
    found = list(reading.session.exec(query.order_by(col(Absence.since), col(Absence.id)).limit(500)))
    ids = {a.person_id for a in found} | {a.substitute_id for a in found}
    people = {p.id: p.name for p in reading.session.exec(select(Person).where(col(Person.id).in_(ids)))}
    mine = {reading.actor.person_id, *(person.id for person in colleagues.led(reading))}
    substitutes = _substitutes(reading)
    return [_view(reading, absence, people, mine, substitutes) for absence in found]


def _view(
    reading: Reading,
    absence: Absence,
    people: Mapping[str, str],
    mine: Set[str | None],
    substitutes: Mapping[str, str],
) -> AbsenceView:
    locale, name = reading.actor.locale, people.get(absence.person_id, "")
    lasts = _lasts_on(absence, clock.day_of(reading.now))
    last = _stand_in(reading, absence.person_id, substitutes) if lasts else None
    return AbsenceView(
        id=absence.id,
        person_id=absence.person_id,
        person=name,
        substitute=people.get(absence.substitute_id, ""),
        since=absence.since,
        until=absence.until,
        reason=REASONS[absence.reason][0 if locale.startswith("zh") else 1],
        lasts=lasts,
        stands_in=last.name if last else None,
        alarm=NobodyStandsIn(name=name).sentence(locale) if lasts and last is None else None,
        may_end=absence.person_id in mine,
    )


def _lasts_on(absence: Absence, day: date) -> bool:
    return absence.ended_at is None and absence.since <= day <= absence.until


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Absence`` for what concerns the actor."""
    mine = or_(col(Absence.person_id) == actor.person_id, col(Absence.substitute_id) == actor.person_id)
    works = select(col(Membership.person_id)).where(col(Membership.ended_at).is_(None))
    house = works.where(
        or_(
            col(Membership.organisation_id).in_(sorted(actor.organisations(UNIT_HEAD, LEADER))),
            stands_over(actor, col(Membership.organisation_id)),
        )
    )
    return or_(mine, col(Absence.person_id).in_(house))
