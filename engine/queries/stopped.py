"""Cases whose flow has stopped by itself: where, for the file, the inbox and the board. An administrator gets them going."""

from collections.abc import Sequence

from sqlmodel import col, select

from engine import definitions, incidents, subjects
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


def nodes(reading: Reading, case_ids: Sequence[str]) -> dict[str, list[str]]:
    """The steps at which some cases have stopped, in one query."""
    held = select(Incident.case_id, Incident.node).where(
        col(Incident.case_id).in_(case_ids), col(Incident.token).is_not(None), col(Incident.resolved_at).is_(None)
    )
    found: dict[str, list[str]] = {}
    for case_id, node in reading.session.exec(held.order_by(col(Incident.at))):
        if case_id and node and node not in (known := found.setdefault(case_id, [])):
            known.append(node)
    return found


def stopped(reading: Reading) -> tuple[StoppedRow, ...]:
    """The stopped cases that the actor may see, the earliest legal limit first."""
    held = select(Incident.case_id).where(col(Incident.token).is_not(None), col(Incident.resolved_at).is_(None))
    query = select(Case).where(desk_cases(reading.actor), whole_cases(reading.actor), col(Case.id).in_(held))
    ordered = query.order_by(paging.or_far(col(Case.due_at)), col(Case.id)).limit(MOST)
    cases = list(reading.session.exec(ordered))
    bundles, where = definitions.of_cases(reading, cases), nodes(reading, [case.id for case in cases])
    return tuple(_row(reading, case, bundles[case.definition_id], where.get(case.id, [])) for case in cases)


def _row(reading: Reading, case: Case, bundle: Bundle, held: Sequence[str]) -> StoppedRow:
    due_on = lights.last_day(case.due_at)
    return StoppedRow(
        reference=case.reference,
        subject=subjects.of_case(reading, case),
        process=bundle.text(bundle.manifest.process, "title", reading.actor.locale),
        places=tuple(HeldView(node, bundle.node_title(node, reading.actor.locale)) for node in held),
        due_on=due_on,
        light=lights.of_case(reading, case),
    )
