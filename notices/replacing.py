"""Papers that no longer say what holds: replaced by a later one that names them, or withdrawn.

Both stay readable as they were issued; wherever they are shown, it is said what became of them.
"""

from sqlmodel import col, select

from engine import audit, process, reasons, recusals
from engine.access import Actor
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Forbidden
from engine.models import Notice
from engine.process import Run
from notices import deliveries

IN_CHARGE = ("unit_head", "leader")


class NothingToReplace(Conflict):
    """No paper “{notice}” was issued in this case that could be replaced."""

    zh = "本件没有已经印发的“{notice}”可以替换。"


class NotHeadOfIssuer(Forbidden):
    """Only a head of unit or a leader of the organ that issued a paper may withdraw it."""

    zh = "只有制发机关的科室负责人或者分管领导可以撤回文书。"


class NotIssuedYet(Conflict):
    """Only a paper that was issued can be withdrawn."""

    zh = "只有已经印发的文书可以撤回。"


class AlreadyWithdrawn(Conflict):
    """This paper was withdrawn before."""

    zh = "该文书此前已经撤回。"


def newest(reading: Reading, run: Run, name: str) -> Notice:
    """The newest issued paper of a name in a case; raises NothingToReplace."""
    papers = select(Notice).where(
        col(Notice.case_id) == run.case.id, col(Notice.name) == name, col(Notice.state) == "issued"
    )
    found = reading.session.exec(papers.order_by(col(Notice.issued_at).desc(), col(Notice.id).desc())).first()
    if found is None:
        raise NothingToReplace(notice=run.bundle.notice(name).title)
    return found


def replacement(reading: Reading, notice: Notice) -> Notice | None:
    """The issued paper that takes the place of another one; the newest, where there are several."""
    later = select(Notice).where(col(Notice.replaces_id) == notice.id, col(Notice.state) == "issued")
    return reading.session.exec(later.order_by(col(Notice.issued_at).desc())).first()


def withdraw(uow: UnitOfWork, notice: Notice, reason: str) -> None:
    """Withdraw an issued paper: it stays readable, and says from now on that it does not hold any more.

    By a head of unit or leader of the organ that issued it, with a reason that is kept. Attempts to serve it that wait are called
    off. Clocks that it stopped stay stopped: what follows from the withdrawal, people decide.
    Raises NotHeadOfIssuer, NotIssuedYet, AlreadyWithdrawn, ReasonMissing, and
    what keeps a recused person from the case.
    """
    run = process.lock(uow, notice.case_id)
    uow.session.refresh(notice)
    if not may_withdraw(uow.actor, notice):
        raise NotHeadOfIssuer()
    recusals.require_free(uow, run.case, run.bundle)
    if notice.state != "issued":
        raise NotIssuedYet()
    if notice.withdrawn_at is not None:
        raise AlreadyWithdrawn()
    notice.withdrawal_reason = reasons.given(reason)
    notice.withdrawn_at, notice.withdrawn_by = uow.now, str(uow.actor)
    uow.add(notice)
    deliveries.call_off(uow, notice)
    audit.record(uow, "notice.withdrawn", run.case.id, notice=notice.id, number=notice.number)


def may_withdraw(actor: Actor, notice: Notice) -> bool:
    """Whether somebody heads the organ that issued a paper."""
    return notice.organisation_id in actor.organisations(*IN_CHARGE)


def is_withdrawable(reading: Reading, notice_id: str) -> bool:
    """Whether the reader could withdraw this paper now."""
    notice = reading.session.get_one(Notice, notice_id)
    return notice.state == "issued" and notice.withdrawn_at is None and may_withdraw(reading.actor, notice)
