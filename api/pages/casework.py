"""What the task page and the case page share: the drawings of the process, and showing a party in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from api.deps import Door
from api.diagrams import NodeState, draw
from api.diagrams.words import Status
from api.pages.services import FollowUp, follow_ups
from engine import catalogue, definitions, queries, recusals, statutes, urging
from engine.db import Reading
from engine.errors import Invalid
from engine.instructions import bindable
from engine.models import Case, Organisation
from engine.queries import case_chain, instructions, leads, parts
from engine.queries.case_chain import ALONE, CaseChain
from engine.queries.instructions import InstructionView
from engine.queries.leads import Choice, LeadRow, Origin
from engine.queries.parts import PartView
from engine.views import DeadlineView, DiagramView, FieldShown, Offer
from notices import deliveries, service


@dataclass(frozen=True)
class Drawing:
    """A diagram as a picture in the page."""

    title: str
    svg: str
    stateful: bool
    stopped: bool = False  # a step of it is held
    fault: str = ""  # why there is no picture; the page is good without
    passed: bool = False  # the case has left it behind


@dataclass(frozen=True)
class Around:
    """What stands around a case, as far as the reader may know of it."""

    origin: Origin | None  # of a lead: the case that it is about
    leads: list[LeadRow]
    respondents: list[Choice]  # against whom the reader could open a lead
    grounds: list[tuple[str, str]]
    instructions: list[InstructionView]
    offers: list[Offer]  # what the reader may send into the case now
    bindable: list[Organisation]  # whom an instruction of the reader could bind
    chain: CaseChain = ALONE  # cases that came out of one another, this one among them
    follow_ups: Sequence[FollowUp] = ()  # what the reader may begin out of it
    parts: tuple[PartView, ...] = ()  # who takes part, as far as the reader may know
    barred: str = ""  # what keeps the reader from doing anything to the case, as a sentence
    may_urge: bool = False
    may_draft: bool = False  # revisions of the catalogue, for this case
    drafts: int = 0  # that there are
    serves: frozenset[str] = frozenset()  # ids of papers whose service the reader sees to
    theirs: frozenset[str] = frozenset()  # ids of papers that are for the party alone


def around(reading: Reading, case_id: str) -> Around:
    """What stands around a case, and what the reader may do there beside the tasks."""
    case = reading.session.get_one(Case, case_id)
    barred = recusals.my_bar(reading, case)
    revises = definitions.of_case(reading, case).revises_catalogue
    return Around(
        origin=leads.origin(reading, case_id),
        leads=leads.about(reading, case_id),
        respondents=leads.respondents(reading, case_id) if barred is None else [],
        grounds=statutes.grounds(reading.settings, reading.actor.locale),
        instructions=instructions.on_case(reading, case_id),
        offers=[offer for offer in queries.offers(reading, case) if offer.refusal is None],
        bindable=bindable(reading, case) if barred is None else [],
        chain=case_chain.of_case(reading, case),
        follow_ups=follow_ups(reading, case),
        parts=parts.of_case(reading, case),
        barred=barred.sentence(reading.actor.locale) if barred else "",
        may_urge=urging.may_urge(reading, case),
        may_draft=revises and barred is None and catalogue.may_draft(reading, case_id),
        drafts=len(catalogue.drafts(reading, case_id)) if revises else 0,
        serves=deliveries.served_by_reader(reading, case_id),
        theirs=service.theirs(reading, case_id),
    )


def drawings(diagrams: Sequence[DiagramView], locale: str, *, reader: bool = True) -> list[Drawing]:
    """The diagrams that a case has reached, with the way that it took through them."""
    reached = [diagram for diagram in diagrams if _here(diagram) and _has_work(diagram)] or diagrams[:1]
    return [drawing(diagram, locale, reader=reader) for diagram in reached]


def _has_work(diagram: DiagramView) -> bool:
    """Whether people do something in this file: what the system does alone is not drawn for readers."""
    return any(kind in diagram.source for kind in (b"userTask", b"callActivity"))


def drawing(diagram: DiagramView, locale: str, *, reader: bool = True) -> Drawing:
    """One diagram as its readers see it; an operator sees what the system does as well."""
    states = {node: NodeState(cast(Status, status)) for node, status in diagram.states.items()}
    return pressed(diagram, states, locale, reader=reader)


def pressed(diagram: DiagramView, states: Mapping[str, NodeState], locale: str, *, reader: bool = True) -> Drawing:
    """One diagram with these states of its steps."""
    try:
        picture = draw(diagram.source, diagram.process, states, reader=reader, locale=locale, names=diagram.names)
    except (
        Invalid
    ) as error:  # a bundle from elsewhere may hold a diagram that we cannot read: its cases are worked all the same
        return Drawing(diagram.title, "", False, fault=error.sentence(locale))
    passed = _here(diagram) == {"done"}
    return Drawing(diagram.title, picture, bool(states), "held" in diagram.states.values(), passed=passed)


def _here(diagram: DiagramView) -> set[str]:
    """The states of the steps of this very file."""
    return {state for node, state in diagram.states.items() if f'id="{node}"'.encode() in diagram.source}


def clocks(deadlines: Sequence[DeadlineView]) -> list[DeadlineView]:
    """The clocks worth showing, the pressing one first: those that run, the law’s before ours; none that is to come."""
    begun = [clock for clock in deadlines if clock.state != "pending"]
    return sorted(begun, key=lambda c: (c.state == "stopped", c.basis != "statutory", c.due_on or date.max))


def unmasked(door: Door, case_id: str, reason: str) -> tuple[FieldShown, ...]:
    """Who applied, in full; the look is recorded with its reason. Raises ReasonMissing."""
    with door.writing() as uow:
        return queries.unmask(uow, case_id, reason)
