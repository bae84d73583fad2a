"""Which body may act on a lead: pure, over the two relations between organisations (Art. 4, 29, 30)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, select

from engine.access import SUPERVISOR
from engine.db import Reading
from engine.models import Membership, Organisation, OrganisationRelation, Person

Above = Mapping[str, tuple[str, ...]]
OVERSEER = "supervisory_organ"  # 监察机关: Art. 30 names it beside the superior


@dataclass(frozen=True)
class Ties:
    """Who stands over whom, by id: guides of an organisation's business, its superiors, where supervisors work, and the
    supervisory organs."""

    guides: Above
    superiors: Above
    staffed: frozenset[str]
    overseers: tuple[str, ...] = ()


def route(respondent: str, ties: Ties) -> str | None:
    """The body that may act on a lead against an organisation; nothing where there is none.

    The data bureau that guides its business acts, unless it has no supervisor; then, and against the bureau itself, the
    nearest superior that has one. Against whom nobody stands above (the city government), the supervisory organ acts. Nobody
    acts on a lead against their own house.
    """
    rising, seen = [*ties.guides.get(respondent, ()), *ties.superiors.get(respondent, ())], {respondent}
    rising = rising or list(ties.overseers)
    for organ in rising:  # grows while it is walked: whoever stands over a superior comes after it
        if organ in seen:
            continue
        seen.add(organ)
        if organ in ties.staffed:
            return organ
        rising.extend(ties.superiors.get(organ, ()))
    return None


def ties(reading: Reading) -> Ties:
    """The relations and supervisors of this installation."""
    related = reading.session.exec(
        select(OrganisationRelation, Organisation.code)
        .join(Organisation, col(Organisation.id) == col(OrganisationRelation.upper_id))
        .where(col(Organisation.active).is_(True))
        .order_by(col(Organisation.code))
    )
    above: dict[str, dict[str, tuple[str, ...]]] = {"business_guidance_of": {}, "superior_of": {}}
    for relation, _ in related:
        uppers = above[relation.kind].get(relation.lower_id, ())
        above[relation.kind][relation.lower_id] = (*uppers, relation.upper_id)
    seats = (
        select(Membership.organisation_id)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Membership.role) == SUPERVISOR, col(Membership.ended_at).is_(None), col(Person.active).is_(True))
    )
    overseers = select(Organisation.id).where(col(Organisation.kind) == OVERSEER, col(Organisation.active).is_(True))
    return Ties(
        above["business_guidance_of"],
        above["superior_of"],
        frozenset(reading.session.exec(seats)),
        tuple(reading.session.exec(overseers.order_by(col(Organisation.code)))),
    )
