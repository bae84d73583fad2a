"""Service 送达: since when a notice counts as served, which is the earliest of what its deliveries say.

``notice.served:<name>`` is announced once for each notice, on the day of service; clocks start and stop on it. What is recorded
later of an earlier day, or corrected, moves that day, and the clocks follow (``engine.corrected_starts``).
"""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import col, select

from engine import audit, clock, corrected_starts, deadlines, incidents, process, service_defaults
from engine.access import SYSTEM, Actor
from engine.db import Database, Reading, UnitOfWork
from engine.models import Case, Delivery, Notice
from engine.process import Run
from notices import deliveries

BATCH = 500
BY_RECEIPT = ("post", "in_person")
EARLIER = "登记了更早的送达"


def by(uow: UnitOfWork, run: Run, notice: Notice, row: Delivery, how: str, at: datetime) -> None:
    """One attempt has served its notice; the case is locked."""
    row.state, row.how, row.served_at = "served", how, at
    row.recorded_at, row.recorded_by = uow.now, str(uow.actor)
    uow.add(row)
    day = clock.day_of(at).isoformat()
    audit.record(uow, "delivery.served", run.case.id, delivery=row.id, channel=row.channel, how=how, on=day)
    settle(uow, run, notice, EARLIER)


def settle(uow: UnitOfWork, run: Run, notice: Notice, reason: str) -> None:
    """Bring the service of a notice, and what hangs on it, into line with its deliveries."""
    at, before = _earliest(uow, notice), notice.served_at
    if at == before:
        return
    event = f"notice.served:{notice.name}"
    notice.served_at = at
    uow.add(notice)
    on = clock.day_of(at) if at else None
    if before is None and on is not None:
        audit.record(uow, "notice.served", run.case.id, notice=notice.id, on=on.isoformat())
        process.announce(uow, run, event, on, notice)
    elif before is not None and clock.day_of(before) != on:
        told = {"before": clock.day_of(before).isoformat(), "on": on.isoformat() if on else None}
        audit.record(uow, "notice.service_corrected", run.case.id, notice=notice.id, **told)
        corrected_starts.follow(uow, run, event, clock.day_of(before), on, reason)
    process.show_status(uow, run)


def _earliest(uow: UnitOfWork, notice: Notice) -> datetime | None:
    """The first service among those that count; an e-mail only points to the portal."""
    only_receipts = service_defaults.by_receipt_only(deliveries.rule_of(uow, notice))
    channels = BY_RECEIPT if only_receipts else ("portal", *BY_RECEIPT)
    found = select(Delivery.served_at).where(
        col(Delivery.notice_id) == notice.id, col(Delivery.state) == "served", col(Delivery.channel).in_(channels)
    )
    return min((at for at in uow.session.exec(found) if at is not None), default=None)


# ---------------------------------------------------------------- opened


def awaits_opening(reading: Reading, notice_id: str) -> bool:
    """Whether the reader is the addressee of a paper on the portal that nobody has opened yet."""
    notice = reading.session.get(Notice, notice_id)
    return notice is not None and _is_addressee(reading.actor, notice) and _on_portal(reading, notice_id) is not None


def opened(uow: UnitOfWork, notice_id: str) -> None:
    """The addressee has opened a paper: it is served, once, however often and from however many places it is opened."""
    known = uow.session.get_one(Notice, notice_id)
    run = process.lock(uow, known.case_id)
    row = _on_portal(uow, notice_id)
    if row is not None and _is_addressee(uow.actor, known):
        by(uow, run, uow.session.get_one(Notice, notice_id), row, "opened", uow.now)


def _is_addressee(actor: Actor, notice: Notice) -> bool:
    """The party itself, or somebody who works in the organisation to which the paper goes."""
    if actor.kind == "party":
        return notice.party_id == actor.id
    return actor.kind == "person" and actor.duty == "none" and notice.addressee_id in actor.organisations()


def _on_portal(reading: Reading, notice_id: str) -> Delivery | None:
    waiting = select(Delivery).where(
        col(Delivery.notice_id) == notice_id, col(Delivery.channel) == "portal", col(Delivery.state) == "dispatched"
    )
    return reading.session.exec(waiting).first()


# ---------------------------------------------------------------- deemed


def deem(database: Database) -> int:
    """What lay on the portal for so many days is served (a sweep): each by its case, alone. Returns how many."""
    with database.reading(SYSTEM) as reading:
        due = (
            select(Delivery.id, Delivery.case_id)
            .join(Case, col(Case.id) == col(Delivery.case_id))
            .where(
                text("delivery.state = 'dispatched' AND delivery.channel <> 'email'")
            )  # as its partial index says it
            .where(col(Delivery.deemed_at) <= reading.now, col(Case.wrapped_key).is_not(None))
            .order_by(col(Delivery.deemed_at))
            .limit(BATCH)
        )
        waiting = list(reading.session.exec(due))
    happened = 0
    for delivery_id, case_id in waiting:
        try:
            with database.unit_of_work() as uow:
                happened += _deem(uow, process.lock(uow, case_id), delivery_id)
        except Exception as error:  # whatever it is, other papers are not kept waiting
            incidents.report_failure(database, "delivery.not_deemed", case_id, error)
    return happened


def _deem(uow: UnitOfWork, run: Run, delivery_id: str) -> bool:
    """Serve one paper that nobody has opened; by the calendar of today, which may know holidays that it did not then."""
    row = uow.session.get_one(Delivery, delivery_id)
    notice = uow.session.get_one(Notice, row.notice_id)
    sent = clock.day_of(row.dispatched_at or uow.now)
    day = deliveries.deemed_day(uow, deliveries.rule_of(uow, notice), sent)
    if row.state != "dispatched" or row.channel != "portal":
        return False
    if day is None or day.at > uow.now:
        row.deemed_at = day.at if day else None
        uow.add(row)
        return False
    by(uow, run, notice, row, "deemed", clock.start_of(day.day) if day.day < deadlines.today(uow) else uow.now)
    return True
