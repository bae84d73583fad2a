"""Cases whose flow has stopped by itself: where, for the file, the inbox and the board. An administrator gets them going."""

from sqlmodel import col, select

from engine import definitions, incidents
from engine.access import desk_cases, whole_cases
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import Case, Incident
from engine.queries import lights, paging
from engine.views import HeldView, StoppedRow

MOST = 20  # that the inbox shows


def places(reading: Reading, bundle: Bundle, case_id: str) -> tuple[HeldView, ...]:
    """The steps at which a case has stopped, in the reader's language."""
    nodes = incidents.held_nodes(reading, case_id)
    return tuple(HeldView(node, bundle.node_title(node, reading.actor.locale)) for node in nodes)


def stopped(reading: Reading) -> tuple[StoppedRow, ...]:
    """The stopped cases that the actor may see, the earliest legal limit first."""
    held = select(Incident.case_id).where(col(Incident.token).is_not(None), col(Incident.resolved_at).is_(None))
    query = select(Case).where(desk_cases(reading.actor), whole_cases(reading.actor), col(Case.id).in_(held))
    ordered = query.order_by(paging.or_far(col(Case.due_at)), col(Case.id)).limit(MOST)
    return tuple(_row(reading, case) for case in reading.session.exec(ordered))


def _row(reading: Reading, case: Case) -> StoppedRow:
    bundle = definitions.of_case(reading, case)
    due_on = lights.last_day(case.due_at)
    return StoppedRow(
        reference=case.reference,
        subject=case.subject,
        process=bundle.text(bundle.manifest.process, "title", reading.actor.locale),
        places=places(reading, bundle, case.id),
        due_on=due_on,
        light=lights.by_date(reading, due_on),
    )
