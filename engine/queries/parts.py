"""Which organisations take part in a case, by the parts that its process declares, and which did before."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from engine import definitions
from engine.access import sees_whole
from engine.db import Reading
from engine.models import Case, Organisation, Participant
from engine.queries import rows


@dataclass(frozen=True)
class PartView:
    """An organisation in its part of a case."""

    title: str
    organisation: str
    since: datetime
    until: datetime | None


def of_case(reading: Reading, case: Case) -> tuple[PartView, ...]:
    """The parts in the order of their declaration, present ones before earlier ones; those who see their own only, their own."""
    query = (
        select(Participant, Organisation)
        .join(Organisation, col(Organisation.id) == col(Participant.organisation_id))
        .where(col(Participant.case_id) == case.id)
        .order_by(col(Participant.since), col(Participant.id))
    )
    if not sees_whole(reading.session, reading.actor, case.id):
        query = query.where(col(Participant.organisation_id).in_(reading.actor.organisations()))
    bundle, locale = definitions.of_case(reading, case), reading.actor.locale
    declared = bundle.manifest.participants
    order = {part: place for place, part in enumerate(declared)}
    found = sorted(
        reading.session.exec(query), key=lambda row: (row[0].until is not None, order.get(row[0].part, len(order)))
    )
    return tuple(
        PartView(
            title=bundle.text(declared[row.part], "title", locale) if row.part in declared else row.part,
            organisation=rows.organisation_name(house, locale) or "",
            since=row.since,
            until=row.until,
        )
        for row, house in found
    )
