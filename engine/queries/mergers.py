"""What the desk sees of mergers: what is alike, what was proposed, what follows, and what the reader may do about it."""

from dataclasses import dataclass
from datetime import date, datetime

from engine import clock, merging, process, recusals
from engine.db import Reading
from engine.manifest import Merging
from engine.models import Case, Merger
from engine.process import Run


@dataclass(frozen=True)
class AlikeRow:
    """A case that may be about the same matter; ``share`` of the words in percent."""

    reference: str
    subject: str
    submitted_on: date
    due_on: date | None
    share: int


@dataclass(frozen=True)
class MergerRow:
    """A case that follows, or is to: why, proposed by whom; ``yours``: the reader proposed it, and so does not decide."""

    id: str
    reference: str
    subject: str
    state: str  # proposed, merged, decided
    reason: str
    proposer: str
    proposed_at: datetime
    yours: bool


@dataclass(frozen=True)
class MergingView:
    """Everything about merging of one case."""

    reference: str
    subject: str
    possible: bool  # whether the process knows mergers at all
    leading: MergerRow | None  # the case that this one follows or is to follow, as a row of that case
    alike: tuple[AlikeRow, ...]
    proposed: tuple[MergerRow, ...]
    following: tuple[MergerRow, ...]
    may_propose: bool
    may_decide: bool


def of_case(reading: Reading, reference: str) -> MergingView:
    """The merging of a case that the reader sees whole; raises CaseNotFound."""
    case = merging.seen(reading, reference)
    run = process.opened(reading, case)
    rule = run.bundle.manifest.merging
    own = merging.standing(reading, case.id)
    free = recusals.my_bar(reading, case, run.bundle) is None
    may_propose = rule is not None and free and _holds(reading, run, rule.propose)
    is_open = rule is not None and case.closed_at is None and own is None
    return MergingView(
        reference=case.reference,
        subject=case.subject,
        possible=rule is not None,
        leading=_row(reading, own, of_lead=True) if own else None,
        alike=tuple(map(_alike, merging.alike(reading, run))) if is_open and _may_lead(reading, run, rule) else (),
        proposed=tuple(_row(reading, merger) for merger in merging.proposals(reading, case.id)),
        following=tuple(_row(reading, merger) for merger in merging.followers(reading, case.id)),
        may_propose=may_propose,
        may_decide=rule is not None and free and _holds(reading, run, rule.approve),
    )


def _may_lead(reading: Reading, run: Run, rule: Merging | None) -> bool:
    return rule is not None and merging.bar(reading, run.case, rule) is None


def _holds(reading: Reading, run: Run, lane: str) -> bool:
    part, _, role = lane.partition(".")
    organisation = run.participants.get(part)
    return organisation is not None and (organisation.id, role) in reading.actor.roles


def _alike(one: merging.Alike) -> AlikeRow:
    case = one.case
    due_on = clock.day_of(case.due_at) if case.due_at else None
    return AlikeRow(case.reference, case.subject, clock.day_of(case.submitted_at), due_on, round(100 * one.share))


def _row(reading: Reading, merger: Merger, *, of_lead: bool = False) -> MergerRow:
    follower = reading.session.get_one(Case, merger.case_id)
    shown = reading.session.get_one(Case, merger.lead_id) if of_lead else follower
    return MergerRow(
        id=merger.id,
        reference=shown.reference,
        subject=shown.subject,
        state=merger.state,
        reason=merging.reason_of(process.opened(reading, follower), merger),
        proposer=merging.proposer(reading, merger),
        proposed_at=merger.proposed_at,
        yours=merger.proposed_by == reading.actor.person_id,
    )
