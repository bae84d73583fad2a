"""Access grants: who may use which shared data, for which purpose and duty, in which scope and period (Art. 15, 17).

A grant is recorded by the process that agreed to it. It stands from its first day to its last, unless it is revoked; before the
end the heads of unit of both houses are reminded. What speaks for a use beyond purpose or scope is noted by the provider.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select

from engine import audit, catalogue, clock, directory, process, reminders
from engine.access import SYSTEM, UNIT_HEAD, Actor
from engine.calendars import NoSuchDay, read_day
from engine.db import Database, Reading, UnitOfWork
from engine.errors import Conflict, Invalid, NotFound
from engine.models import AccessGrant, CatalogueItem, Organisation
from engine.operations import BusinessError, Call, Done
from engine.process import Run
from engine.reasons import given

EXPIRING = "grant_expiring"  # kind of the reminder
WARNINGS = (7, 30)  # days before the end, the nearest first
BATCH = 200
MODES = ("api", "batch", "query")


class GrantUnknown(NotFound):
    """There is no such grant, or it was not given by your organisation."""

    zh = "没有这项授权，或者不是由您所在机关授予。"


class GrantEnded(Conflict):
    """This grant has ended or was revoked."""

    zh = "该授权已经到期或者被收回。"


class GrantFaulty(Invalid):
    """The grant cannot be recorded: {reason}."""

    zh = "授权无法登记：{reason_zh}。"


def standing(today: date) -> ColumnElement[bool]:
    """The condition on a grant that it stands on a day."""
    return and_(
        col(AccessGrant.revoked_at).is_(None),
        col(AccessGrant.begins_on) <= today,
        or_(col(AccessGrant.ends_on).is_(None), col(AccessGrant.ends_on) >= today),
    )


def state(grant: AccessGrant, today: date) -> str:
    """``revoked``, ``ended``, ``coming`` or ``standing``."""
    if grant.revoked_at is not None:
        return "revoked"
    if grant.ends_on is not None and grant.ends_on < today:
        return "ended"
    return "coming" if grant.begins_on > today else "standing"


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on a grant for what somebody may see: given to their organisations, or by them."""
    if actor.kind == "system":
        return true()
    houses = sorted(actor.organisations()) if actor.kind == "person" and actor.duty != "administrator" else []
    if not houses:
        return false()
    theirs = select(CatalogueItem.id).where(col(CatalogueItem.organisation_id).in_(houses))
    return or_(col(AccessGrant.organisation_id).in_(houses), col(AccessGrant.item_id).in_(theirs))


# ---------------------------------------------------------------- what a process may do (operations)


def find(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``grant.find``: whether the organisation of a part may use an item today, and until when (nothing: without an end)."""
    item, holder = catalogue.asked(uow, call)[0], _holder(run, call)
    found = uow.session.exec(
        select(AccessGrant).where(
            col(AccessGrant.item_id) == item.id,
            col(AccessGrant.organisation_id) == holder.id,
            standing(clock.day_of(uow.now)),
        )
    ).all()
    ends = [grant.ends_on for grant in found]
    until = None if None in ends else max((end for end in ends if end), default=None)
    return Done({"granted": bool(found), "until": until.isoformat() if until else None})


def record(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``grant.record``: the organisation of a part may use an item. Business errors ``item_unknown``, ``grant_faulty``.

    Source: Art. 17 (within scope and purpose, for its duties).
    """
    item, _, owner = catalogue.asked(uow, call)
    holder = _holder(run, call)
    said: dict[str, Any] = {name: str(call.params[name] or "").strip() for name in ("purpose", "scope", "legal_basis")}
    begins, ends = _days(call)
    missing = next((name for name, text in said.items() if not text), None)
    if missing is not None:
        raise BusinessError("grant_faulty", reason=f"{missing} is empty")
    if holder.id == owner.id:
        raise BusinessError("grant_faulty", reason="an organisation needs no grant for data of its own")
    grant = AccessGrant(
        item_id=item.id,
        organisation_id=holder.id,
        access_mode=call.params["access_mode"],
        begins_on=begins,
        ends_on=ends,
        case_id=run.case.id,
        granted_at=uow.now,
        **said,
    )
    uow.add(grant)
    audit.record(uow, "grant.recorded", run.case.id, grant=grant.id, item=item.id, organisation=holder.code)
    return Done({"grant": grant.id, "until": ends.isoformat() if ends else None})


def revoke_by_process(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``grant.revoke``: every standing or coming grant of an item to the organisation of a part ends now."""
    item, holder = catalogue.asked(uow, call)[0], _holder(run, call)
    found = uow.session.exec(
        select(AccessGrant).where(
            col(AccessGrant.item_id) == item.id,
            col(AccessGrant.organisation_id) == holder.id,
            _not_over(clock.day_of(uow.now)),
        )
    ).all()
    for grant in found:
        _end(uow, grant, str(call.params["reason"]))
        audit.record(uow, "grant.revoked", run.case.id, grant=grant.id)
    return Done({"revoked": len(found)})


def others(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``grant.others``: the codes of the other organisations that may use an item today."""
    item, holder = catalogue.asked(uow, call)[0], run.participants.get(call.params["part"])
    found = (
        select(Organisation.code)
        .join(AccessGrant, col(AccessGrant.organisation_id) == col(Organisation.id))
        .where(col(AccessGrant.item_id) == item.id, standing(clock.day_of(uow.now)))
        .distinct()
        .order_by(col(Organisation.code))
    )
    if holder is not None:
        found = found.where(col(Organisation.id) != holder.id)
    return Done(list(uow.session.exec(found)))


def _holder(run: Run, call: Call) -> Organisation:
    holder = run.participants.get(call.params["part"])
    if holder is None:
        raise process.PartVacant(part=call.params["part"])
    return holder


def _days(call: Call) -> tuple[date, date | None]:
    """First and last day of a grant."""
    try:
        begins = read_day(str(call.params["begins_on"] or ""))
        ends = read_day(str(call.params["ends_on"])) if call.params["ends_on"] else None
    except NoSuchDay as error:
        raise BusinessError("grant_faulty", reason="a day is none") from error
    if ends is not None and ends < begins:
        raise BusinessError("grant_faulty", reason="it would end before it begins")
    return begins, ends


# ---------------------------------------------------------------- what people do


def revoke(uow: UnitOfWork, grant_id: str, reason: str) -> AccessGrant:
    """The head of a unit of the provider takes a grant back, with a reason. Raises GrantUnknown, GrantEnded, ReasonMissing."""
    reason = given(reason)
    grant = _given_by(uow, grant_id, UNIT_HEAD)
    if state(grant, clock.day_of(uow.now)) in ("revoked", "ended"):
        raise GrantEnded()
    _end(uow, grant, reason)
    audit.record(uow, "grant.revoked", grant.case_id, grant=grant.id)
    return grant


def note_misuse(uow: UnitOfWork, grant_id: str, note: str) -> AccessGrant:
    """The provider notes what speaks for a use beyond purpose or scope (Art. 17). Raises GrantUnknown, ReasonMissing."""
    note = given(note)
    grant = _given_by(uow, grant_id, UNIT_HEAD, catalogue.HANDLER)
    grant.misuse_note, grant.misuse_at, grant.misuse_by = note, uow.now, str(uow.actor)
    uow.add(grant)
    audit.record(uow, "grant.misuse_noted", grant.case_id, grant=grant.id)
    return grant


def _given_by(uow: UnitOfWork, grant_id: str, *roles: str) -> AccessGrant:
    """A grant of an item of the actor's house, locked."""
    houses = uow.actor.organisations(*roles) if uow.actor.duty != "administrator" else frozenset()
    found = (
        select(AccessGrant)
        .join(CatalogueItem, col(CatalogueItem.id) == col(AccessGrant.item_id))
        .where(col(AccessGrant.id) == grant_id)
    )
    if uow.actor.kind != "system":
        found = found.where(col(CatalogueItem.organisation_id).in_(sorted(houses)))
    grant = uow.session.exec(found.with_for_update(of=AccessGrant)).first()
    if grant is None:
        raise GrantUnknown()
    return grant


def _end(uow: UnitOfWork, grant: AccessGrant, reason: str) -> None:
    grant.revoked_at, grant.revoked_by, grant.revoke_reason = uow.now, str(uow.actor), reason
    uow.add(grant)


def _not_over(today: date) -> ColumnElement[bool]:
    return and_(
        col(AccessGrant.revoked_at).is_(None),
        or_(col(AccessGrant.ends_on).is_(None), col(AccessGrant.ends_on) >= today),
    )


# ---------------------------------------------------------------- reminders


def remind_of_endings(database: Database) -> int:
    """Tell the heads of unit of both houses 30 and 7 days before a grant ends, once each."""
    with database.reading(SYSTEM) as reading:
        due = list(_ending(reading))
    for grant_id, days in due:
        with database.unit_of_work() as uow:
            _remind(uow, grant_id, days)
    return len(due)


def _ending(reading: Reading) -> Iterator[tuple[str, int]]:
    """Grants that end soon and of which nobody was told at this distance."""
    today = clock.day_of(reading.now)
    soon = select(AccessGrant).where(
        standing(today),
        col(AccessGrant.ends_on) <= today + timedelta(days=max(WARNINGS)),
        or_(col(AccessGrant.reminded_days).is_(None), col(AccessGrant.reminded_days) > min(WARNINGS)),
    )
    for grant in reading.session.exec(soon.order_by(col(AccessGrant.ends_on)).limit(BATCH)):
        days = _warning(grant, today)
        if days is not None:
            yield grant.id, days


def _warning(grant: AccessGrant, today: date) -> int | None:
    """The reminder that is due now, unless it or a nearer one went out."""
    assert grant.ends_on is not None  # noqa: S101
    left = (grant.ends_on - today).days
    reached = next((days for days in WARNINGS if left <= days), None)
    told = grant.reminded_days
    return reached if reached is not None and (told is None or told > reached) else None


def _remind(uow: UnitOfWork, grant_id: str, days: int) -> None:
    grant = uow.session.exec(select(AccessGrant).where(col(AccessGrant.id) == grant_id).with_for_update()).one()
    if grant.revoked_at is not None or grant.ends_on is None or _warning(grant, clock.day_of(uow.now)) != days:
        return
    provider = uow.session.get_one(CatalogueItem, grant.item_id).organisation_id
    heads = directory.holders(uow, UNIT_HEAD, provider, grant.organisation_id)
    grant.reminded_days = days
    uow.add(grant)
    reminders.remind(uow, heads, EXPIRING, grant.case_id)
    audit.record(uow, "grant.expiry_told", grant.case_id, grant=grant.id, days=days)


def of_item(reading: Reading, item_id: str) -> list[Any]:
    """Grants of an item that the reader may see, the newest first."""
    found = select(AccessGrant).where(col(AccessGrant.item_id) == item_id, visible(reading.actor))
    return list(reading.session.exec(found.order_by(col(AccessGrant.granted_at).desc())))
