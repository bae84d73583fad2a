"""What a case that leads tells those that follow it: the half of merging that hears what happens in a case.

Kept apart from ``engine.merging`` since every domain event passes here, and that module stands above those that announce them.
"""

from sqlalchemy import update
from sqlmodel import col, select

from engine import jobs
from engine.db import Reading, UnitOfWork
from engine.manifest import Manifest
from engine.models import Case, Merger
from engine.models.merger import STANDING

LINK = "merged"  # from the case that follows to the one that leads
FOLLOW = "merging.follow"
TELL = "merging.tell"
CLOSED = "case.closed"
ASKED = "asked"  # a merger was decided just now: what has happened in the lead case meanwhile is told


def hear(uow: UnitOfWork, case: Case, manifest: Manifest, event: str, position: int) -> None:
    """A domain event was announced: followers are told of it where the process says so, or let go."""
    rule = manifest.merging
    if rule is None:
        return
    if event == CLOSED and case.merged_into is not None:
        case.merged_into = None
    if event == CLOSED:  # it needs nobody to lead it any more
        mine = (col(Merger.case_id) == case.id, col(Merger.state).in_(STANDING))
        uow.session.execute(update(Merger).where(*mine).values(state="ended", settled_at=uow.now))
    if event in rule.lets_go and case.merged_into is not None:
        _let_go(uow, case, event, position)
    heard = {CLOSED, *rule.lets_go, f"case.transferred:{rule.part}", *(tell.event for tell in rule.tells)}
    if event in heard and _leads(uow, case.id):
        jobs.enqueue(uow, FOLLOW, f"{FOLLOW}:{case.id}:{position}", case_id=case.id, event=event)


def number(reading: Reading, case_id: str) -> int:
    """How many cases follow one now; those whose merger is only proposed are left out."""
    theirs = (col(Merger.lead_id) == case_id, col(Merger.state).in_(STANDING), col(Merger.state) != "proposed")
    return len(reading.session.exec(select(Merger.id).where(*theirs)).all())


def _let_go(uow: UnitOfWork, case: Case, event: str, position: int) -> None:
    """A case that follows is itself withdrawn, say: it goes on alone, and what it now waits for rests no longer."""
    case.merged_into = None
    mine = select(Merger).where(col(Merger.case_id) == case.id, col(Merger.state) == "merged")
    for merger in uow.session.exec(mine):
        key = f"{TELL}:{merger.id}:{event}:{position}"
        jobs.enqueue(uow, TELL, key, case_id=case.id, merger=merger.id, event=event)


def _leads(uow: UnitOfWork, case_id: str) -> bool:
    standing = select(Merger.id).where(col(Merger.lead_id) == case_id, col(Merger.state).in_(STANDING))
    return uow.session.exec(standing.limit(1)).first() is not None
