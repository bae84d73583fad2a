"""The chain of a case: those out of which it came and those that came out of it, over any number of steps, both ways."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select

from engine import link_kinds
from engine.access import ALL, visible_cases, whole_cases
from engine.db import Reading
from engine.models import Case, CaseLink, Participant
from engine.queries import files

MOST = 60  # cases that one chain shows; of a matter with more, the nearest


@dataclass(frozen=True)
class ChainCase:
    """One case of a chain, as lists show it."""

    reference: str
    process_key: str
    process: str
    subject: str
    status_title: str
    outcome_title: str | None
    late: bool
    agency: str
    submitted_at: datetime
    closed_at: datetime | None
    is_this: bool  # the one whose chain was asked for


@dataclass(frozen=True)
class ChainLink:
    """That one case came out of another, and how; both by reference."""

    origin: str
    offspring: str
    kind: str
    title: str
    at: datetime


@dataclass(frozen=True)
class CaseChain:
    """What the reader may see of a chain, the earliest case first; of the others only how many are linked with these."""

    cases: tuple[ChainCase, ...]
    links: tuple[ChainLink, ...]
    hidden: int
    cut: bool  # there are more than are shown

    def origins(self, reference: str) -> list[tuple[ChainLink, ChainCase]]:
        """Out of which cases one came."""
        known = {case.reference: case for case in self.cases}
        return [(link, known[link.origin]) for link in self.links if link.offspring == reference]

    def offspring(self, reference: str) -> list[tuple[ChainLink, ChainCase]]:
        """The cases that came out of one."""
        known = {case.reference: case for case in self.cases}
        return [(link, known[link.offspring]) for link in self.links if link.origin == reference]


ALONE = CaseChain((), (), 0, False)


def case_chain(reading: Reading, reference: str) -> CaseChain:
    """The chain of a case by its reference; raises CaseNotFound for a case that the reader may not see."""
    return of_case(reading, files.find(reading, reference))


def of_case(reading: Reading, start: Case) -> CaseChain:
    """The chain of a case that the reader may see.

    What they may not see is counted and not gone beyond. Not even counted is what they are kept from (a complaint against their
    own house, before anything of it has reached them), what hangs on a case of which they see their own part only, and what
    hangs together with a confidential case that they do not see whole.
    """
    walk = _Walk(reading, start.id)
    while walk.goes_on:
        walk.step()
    found = select(Case).where(col(Case.id).in_(walk.seen)).order_by(col(Case.submitted_at), col(Case.reference))
    rows = list(reading.session.exec(found))
    references = {case.id: case.reference for case in rows}
    shown = [link for link in walk.links.values() if link.from_id in references and link.to_id in references]
    shown.sort(key=lambda link: (link.at, references[link.from_id], references[link.to_id], link.kind))
    return CaseChain(
        cases=tuple(_shown(reading, case, case.id == start.id) for case in rows),
        links=tuple(_link(reading, link, references) for link in shown),
        hidden=len(walk.hidden),
        cut=walk.cut,
    )


def numbers(reading: Reading, case_ids: Sequence[str]) -> dict[str, int]:
    """With how many cases that the reader may see some cases are linked directly, by id; those with none are left out."""
    told: dict[str, set[str]] = {}
    for near, far in ((CaseLink.from_id, CaseLink.to_id), (CaseLink.to_id, CaseLink.from_id)):
        pairs = select(near, far).join(Case, col(Case.id) == col(far))
        for case_id, other in reading.session.exec(
            pairs.where(col(near).in_(case_ids), visible_cases(reading.actor), _told(reading))
        ).all():
            told.setdefault(case_id, set()).add(other)
    return {case_id: len(others) for case_id, others in told.items()}


def is_linked(reading: Reading) -> ColumnElement[bool]:
    """The condition on ``Case`` for those that are linked with a case that the reader may see."""
    seen = select(col(Case.id)).where(visible_cases(reading.actor)).correlate(None).scalar_subquery()
    out = select(col(CaseLink.from_id)).where(col(CaseLink.to_id).in_(seen), _told(reading))
    into = select(col(CaseLink.to_id)).where(col(CaseLink.from_id).in_(seen), _told(reading))
    return or_(col(Case.id).in_(out), col(Case.id).in_(into))


def _told(reading: Reading) -> ColumnElement[bool]:
    """The condition on ``CaseLink`` for what the reader may know at all.

    Out of which case a confidential one came tells who filed it: the respondent of a complaint knows whose request that was.
    So those alone are told who see the confidential case whole.
    """
    secret = select(col(Case.id)).where(
        or_(col(Case.id) == col(CaseLink.from_id), col(Case.id) == col(CaseLink.to_id)),
        col(Case.confidential).is_(True),
        ~whole_cases(reading.actor),
    )
    return ~secret.correlate(CaseLink).exists()


# ---------------------------------------------------------------- walking


class _Walk:
    """The way along the links, one step from all cases at a time."""

    def __init__(self, reading: Reading, start: str) -> None:
        self.reading = reading
        self.seen: dict[str, None] = {start: None}  # in the order in which they were found
        self.links: dict[str, CaseLink] = {}
        self.hidden: set[str] = set()
        self.cut = False
        self._edge = [start]

    @property
    def goes_on(self) -> bool:
        return bool(self._edge)

    def step(self) -> None:
        """Go from the cases found last to those that are linked with them."""
        edge, whole = self._edge, _among(self.reading, self._edge, whole_cases(self.reading.actor))
        touching = or_(col(CaseLink.from_id).in_(edge), col(CaseLink.to_id).in_(edge))
        links = select(CaseLink).where(touching, _told(self.reading)).order_by(col(CaseLink.at))
        found = list(self.reading.session.exec(links))
        ends = [(link, end) for link in found for end in (link.from_id, link.to_id)]
        new = {end: None for _, end in ends if end not in self.seen and end not in self.hidden}
        visible = _among(self.reading, new, visible_cases(self.reading.actor))
        counted = {end for link, end in ends if {link.from_id, link.to_id} & whole}
        others = [end for end in new if end not in visible and end in counted]
        self.hidden |= set(others) - _kept_from(self.reading, others)
        self.links |= {link.id: link for link in found}
        room = MOST - len(self.seen)
        self._edge = [end for end in new if end in visible][: max(room, 0)]
        self.cut |= len(visible) > len(self._edge)
        self.seen |= dict.fromkeys(self._edge)


def _among(reading: Reading, ids: Collection[str], condition: ColumnElement[bool]) -> set[str]:
    return set(reading.session.exec(select(Case.id).where(col(Case.id).in_(list(ids)), condition))) if ids else set()


def _kept_from(reading: Reading, ids: Iterable[str]) -> set[str]:
    """Cases in which the reader's house takes part, and of which it is to know nothing yet."""
    theirs = select(Participant.case_id).where(
        col(Participant.case_id).in_(list(ids)),
        col(Participant.organisation_id).in_(reading.actor.organisations()),
        col(Participant.sees) != ALL,
    )
    return set(reading.session.exec(theirs))


# ---------------------------------------------------------------- showing


def _shown(reading: Reading, case: Case, is_this: bool) -> ChainCase:
    head = files.view(reading, case)
    return ChainCase(
        reference=head.reference,
        process_key=head.process_key,
        process=head.process,
        subject=head.subject,
        status_title=head.status_title,
        outcome_title=head.outcome_title,
        late=head.late,
        agency=head.agency or "",
        submitted_at=head.submitted_at,
        closed_at=head.closed_at,
        is_this=is_this,
    )


def _link(reading: Reading, link: CaseLink, references: dict[str, str]) -> ChainLink:
    title = link_kinds.title(reading.settings, link.kind, reading.actor.locale)
    return ChainLink(references[link.from_id], references[link.to_id], link.kind, title, link.at)
