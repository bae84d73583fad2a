"""A stopped case as an operator sees it: where its tokens are, which fields the held node reads, what was done so far.

An operator keeps the flow going and reads no case: nodes, names of fields and sentences are given, never values, and neither
the number of the case nor its way through the diagram.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from engine import audit, data_lint, definitions, incidents, process, runtime
from engine.db import Reading
from engine.definitions import Bundle
from engine.manifest import FieldType
from engine.models import Case, Incident, Person
from engine.process import Run
from engine.runtime import Token, UnreadableState
from engine.runtime.parser import read

KINDS: Mapping[FieldType, tuple[str, str]] = {
    "string": ("文字", "text"),
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "boolean": ("是或否", "yes or no"),
    "date": ("日期", "a date"),
    "list": ("列表", "a list"),
    "object": ("对象", "an object"),
}


@dataclass(frozen=True)
class Field:
    """A field of the case's document as an operator sees it: what it is to hold, and whether it holds anything."""

    name: str
    kind: FieldType
    filled: bool


@dataclass(frozen=True)
class Act:
    """Something that happened to the token, or that an operator did: ``name`` as in the record, with the reason."""

    at: datetime
    name: str
    by: str  # the operator's name; nothing for the machine
    reason: str
    node: str
    to: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Stopped:
    """The case of an incident: its process, its tokens, its fields."""

    bundle: Bundle
    revision: int  # of the document now
    tokens: tuple[Token, ...]
    reads: tuple[Field, ...]  # the fields that the held node reads
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Row:
    """A line of the list of incidents."""

    id: str
    at: datetime
    kind: str
    title: str  # the kind, in words
    process: str  # title of the process; nothing when it is no matter of a case
    place: str  # title of the node


@dataclass(frozen=True)
class Situation:
    """An incident with all that an operator needs to decide; ``case`` is none when it is no matter of a case."""

    incident: Incident
    case: Stopped | None
    acts: tuple[Act, ...]

    @property
    def since(self) -> datetime:
        return min((act.at for act in self.acts), default=self.incident.at)

    @property
    def tries(self) -> int:
        """How often it was tried, the first time included."""
        return max(1, sum(act.name == "token.held" for act in self.acts))


def listed(reading: Reading) -> list[Row]:
    """The open incidents in the reader's language, newest first."""
    return [_row(reading, incident) for incident in incidents.open_incidents(reading)]


def _row(reading: Reading, incident: Incident) -> Row:
    locale = reading.actor.locale
    case = reading.session.get(Case, incident.case_id) if incident.case_id else None
    bundle = definitions.of_case(reading, case) if case else None
    return Row(
        id=incident.id,
        at=incident.at,
        kind=incident.kind,
        title=incidents.title(incident.kind, locale),
        process=bundle.text(bundle.manifest.process, "title", locale) if bundle else "",
        place=bundle.node_title(incident.node, locale) if bundle and incident.node else incident.node or "",
    )


def whole_id(reading: Reading, beginning: str) -> str:
    """The id of the one incident that begins so; raises IncidentNotFound, also where several do."""
    begins = col(Incident.id).startswith(beginning[:64], autoescape=True)
    found = list(reading.session.exec(select(Incident.id).where(begins).limit(2)))
    if not beginning or len(found) != 1:
        raise incidents.IncidentNotFound()
    return found[0]


def of_incident(reading: Reading, incident_id: str) -> Situation:
    """Where the case of an incident stands; raises IncidentNotFound, NotAdministrator."""
    incident = incidents.find(reading, incident_id)
    case = reading.session.get(Case, incident.case_id) if incident.case_id else None
    return Situation(incident, _stopped(reading, case, incident) if case else None, _acts(reading, incident))


def _stopped(reading: Reading, case: Case, incident: Incident) -> Stopped:
    run = process.opened(reading, case)
    declared = run.bundle.manifest.data
    fields = tuple(Field(name, kind, run.data.get(name) is not None) for name, kind in declared.items())
    reads = reads_of(run.bundle, incident.node or "")
    return Stopped(run.bundle, case.revision, tokens_of(run), tuple(f for f in fields if f.name in reads), fields)


def tokens_of(run: Run) -> tuple[Token, ...]:
    """The tokens of a case; none of a state that cannot be read, which is an incident of its own."""
    try:
        return runtime.tokens(run.bundle.blueprint, run.key.open(run.instance.state, process.STATE))
    except UnreadableState:
        return ()


def reads_of(bundle: Bundle, node: str) -> frozenset[str]:
    """The fields that a node reads, the conditions of the flows that leave it included."""
    drawn = read({path: source for path, source in bundle.flow.items() if path.endswith((".bpmn", ".dmn"))})
    use = data_lint.Use(drawn.processes, drawn.decisions, {})
    scopes = [scope for process_ in drawn.processes.values() for scope in process_.scopes()]
    flows = [flow.id for scope in scopes for flow in scope.outgoing(node)]
    return frozenset().union(*(use.accesses[place].reads for place in (node, *flows) if place in use.accesses))


def _acts(reading: Reading, incident: Incident) -> tuple[Act, ...]:
    """What the record has about an incident, in order."""
    found = audit.of_incident(reading.session, incident.id, incident.case_id)
    ids = {event.actor.removeprefix("person:") for event in found if event.name != "token.held"}
    names = {p.id: p.name for p in reading.session.exec(select(Person).where(col(Person.id).in_(ids)))}
    return tuple(
        Act(
            at=event.at,
            name=event.name,
            by="" if event.name == "token.held" else names.get(event.actor.removeprefix("person:"), ""),
            reason=event.detail.get("reason", ""),
            node=event.detail.get("node") or "",
            to=event.detail.get("to", ""),
            fields=tuple(event.detail.get("fields", ())),
        )
        for event in found
    )
