"""Deliveries: each attempt to bring a notice to its addressee, ordered, sent, and recorded by people.

The portal and the pointer by e-mail are seen to when a notice is issued; post and handing over in person are ordered then,
where its notice.toml says so, or later by whoever handles the case. What a person records counts from the day on which it
happened. What all attempts of a notice come to, its service, is in ``notices.served``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import func
from sqlmodel import col, select

from engine import audit, calendars, clock, deadlines, documents, jobs, process, reasons, reminders, service_defaults
from engine.access import Actor
from engine.db import Reading, UnitOfWork
from engine.definitions import with_presentation
from engine.documents import Stored
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.manifest import NoticeRule
from engine.models import Case, Delivery, Notice, Organisation, Party, new_id
from engine.privacy import CaseKey
from engine.process import Run
from engine.runtime import evaluate
from notices import facts, served, service

BY_HAND = ("post", "in_person")
CLERKS = ("registrar", "case_handler", "unit_head")  # of the house whose paper it is
OPEN = ("pending", "dispatched")
LONGEST = 200  # characters of a name, a place, an address
HOW = {"post": ("signed", "collected"), "in_person": ("direct", "left", "entrusted", "collected")}
Hand = Literal["email", "post", "in_person"]
How = Literal["signed", "direct", "left", "entrusted", "collected"]


class DeliveryNotFound(NotFound):
    """There is no such delivery, or you may not see it."""

    zh = "没有这条送达记录，或者您无权查看。"


class NotTheClerk(Forbidden):
    """Only registrars, case handlers and heads of unit of the issuing organ see to the service of a paper."""

    zh = "文书的送达由制发机关的登记员、承办人或者科室负责人办理。"


class NotIssued(Conflict):
    """A paper is delivered once it has been issued, and as long as it has not been withdrawn."""

    zh = "文书签发以后才能送达；已经撤回的文书不再送达。"


class ChannelBusy(Conflict):
    """There is an attempt on this channel already that has not ended."""

    zh = "该送达方式已有一次尚未结束的送达，请先登记其结果。"


class AddressMissing(Invalid):
    """Say to whom and where the paper goes, in at most {longest} characters each."""

    zh = "请填写收件人和地址，各不超过{longest}字。"


class NoMailAddress(Invalid):
    """The addressee gave no e-mail address, or this installation sends no mail."""

    zh = "受送达人没有提供电子邮箱，或者本系统没有设置邮件服务。"


class StepUnfit(Conflict):
    """This cannot be recorded of a delivery by {channel} that is {state}."""

    zh = "{channel_zh}目前为“{state_zh}”，不能进行此项登记。"


class DayUnfit(Invalid):
    """The day {day} does not fit: not before the paper was issued or sent, not after it was withdrawn, and not after today."""

    zh = "日期 {day} 不合适：不能早于签发或者发出之日，不能晚于撤回之日，也不能晚于今天。"


class TrackingFaulty(Invalid):
    """A tracking number has 1 to 60 letters, digits or hyphens."""

    zh = "邮件编号应为 1 至 60 位字母、数字或者连字符。"


class WayUnfit(Invalid):
    """A paper that goes by {channel} is not served in this way."""

    zh = "{channel_zh}没有这种送达方式。"


class ReceiverMissing(Invalid):
    """Say who received the paper, in at most {longest} characters."""

    zh = "请填写签收人，不超过{longest}字。"


class WitnessMissing(Invalid):
    """A paper that was left behind needs the reason of the refusal, and a witness or a file that shows it."""

    zh = "留置送达应当记明拒收事由，并填写见证人或者附上影像材料。"


CHANNELS = {"portal": "平台", "email": "电子邮件提示", "post": "邮寄", "in_person": "当面送达"}
STATES = {
    "pending": "待送出",
    "dispatched": "已送出",
    "served": "已送达",
    "failed": "未能送出",
    "returned": "已退回",
    "cancelled": "已取消",
}


@dataclass(frozen=True)
class Details:
    """What is said of one attempt and can name people: kept encrypted with the key of the case."""

    recipient: str = ""
    address: str = ""
    phone: str = ""
    reason: str = ""  # why it was ordered, came back, was cancelled or corrected
    receiver: str = ""  # who took it, and as what
    witness: str = ""
    remarks: str = ""  # why it was refused, where and how it was left


# ---------------------------------------------------------------- when it is issued


def dispatch(uow: UnitOfWork, run: Run, notice: Notice, rule: NoticeRule) -> None:
    """Hand a paper that has just been issued to its channels; announces ``notice.dispatched:<name>``."""
    if "portal" in rule.channels:
        day = deemed_day(uow, rule, clock.day_of(uow.now))
        row = _new(uow, notice, "portal", "dispatched")
        row.dispatched_at, row.deemed_at = uow.now, day.at if day else None
        uow.add(row)
        process.announce(uow, run, f"notice.dispatched:{notice.name}", paper=notice)
    if "email" in rule.channels and _can_mail(uow, run, notice):
        _mail(uow, notice)
    for channel, condition in (("post", "post_when"), ("in_person", "in_person_when")):
        if channel in rule.channels and _wished(uow, run, rule, condition):
            row = _new(uow, notice, channel, "pending")
            keep(run.key, row, usual_address(uow, run.key, notice))
            uow.add(row)


def deemed_day(reading: Reading, rule: NoticeRule, sent: date) -> calendars.Due | None:
    """The day on which a paper that was dispatched counts as served by itself; nothing where it never does."""
    days = service_defaults.deemed_after(reading.settings, rule)
    return calendars.count(days, sent, deadlines.calendar(reading)) if days else None


def _wished(uow: UnitOfWork, run: Run, rule: NoticeRule, name: str) -> bool:
    condition = getattr(rule.service, name, None)
    return condition is None or bool(evaluate(condition, facts.available(uow, run, rule)))


def _can_mail(reading: Reading, run: Run, notice: Notice) -> bool:
    return bool(reading.settings.smtp_host) and service.takes_mail(reading, run, notice)


def _mail(uow: UnitOfWork, notice: Notice) -> Delivery:
    row = _new(uow, notice, "email", "pending")
    uow.add(row)
    jobs.enqueue(uow, "notice.email", f"notice.email:{row.id}", case_id=notice.case_id, delivery=row.id)
    return row


def _new(uow: UnitOfWork, notice: Notice, channel: str, state: str) -> Delivery:
    ofchannel = (col(Delivery.notice_id) == notice.id, col(Delivery.channel) == channel)
    last = uow.session.exec(select(func.max(Delivery.attempt)).where(*ofchannel)).one()
    return Delivery(
        id=new_id(),
        notice_id=notice.id,
        case_id=notice.case_id,
        channel=channel,
        attempt=(last or 0) + 1,
        state=state,
        ordered_at=uow.now,
        ordered_by=str(uow.actor),
    )


# ---------------------------------------------------------------- finding


@dataclass
class Opened:
    """A delivery that is being changed: its row, its notice with the rule, the case with its key."""

    run: Run
    notice: Notice
    row: Delivery


def rule_of(reading: Reading, notice: Notice) -> NoticeRule:
    """What kind of paper a notice is, in the words with which it was made."""
    return with_presentation(reading, notice.presentation_id).notice(notice.name)


def is_clerk(actor: Actor, notice: Notice) -> bool:
    """Whether somebody sees to the service of a paper: registrars and case handlers of the house whose paper it is."""
    return actor.kind == "system" or (actor.duty == "none" and notice.organisation_id in actor.organisations(*CLERKS))


def served_by_reader(reading: Reading, case_id: str) -> frozenset[str]:
    """The ids of the issued papers of a case whose service the reader sees to."""
    issued = select(Notice).where(col(Notice.case_id) == case_id, col(Notice.state) == "issued")
    return frozenset(notice.id for notice in reading.session.exec(issued) if is_clerk(reading.actor, notice))


def brings(reading: Reading, notice: Notice) -> bool:
    """Whether the actor sees to the service of a paper that is to be posted or handed over, and so has to print it."""
    by_hand = select(Delivery.id).where(
        col(Delivery.notice_id) == notice.id, col(Delivery.channel).in_(BY_HAND), col(Delivery.state) != "cancelled"
    )
    return is_clerk(reading.actor, notice) and reading.session.exec(by_hand.limit(1)).first() is not None


def for_clerk(reading: Reading, notice_id: str) -> tuple[Notice, Case]:
    """An issued paper whose service the actor sees to; raises NoticeNotFound, NotTheClerk, NotIssued."""
    notice, case = service.find(reading, notice_id)
    if not is_clerk(reading.actor, notice):
        raise NotTheClerk()
    if notice.state != "issued":
        raise NotIssued()
    return notice, case


def of_notice(reading: Reading, notice_id: str) -> list[Delivery]:
    """All attempts for one notice, in the order in which they were ordered."""
    found = reading.session.exec(select(Delivery).where(col(Delivery.notice_id) == notice_id))
    return sorted(found, key=lambda row: (row.ordered_at is not None, row.ordered_at, row.channel, row.attempt))


def standing(reading: Reading, delivery_id: str) -> tuple[Delivery, date | None]:
    """An attempt as it stands, and since when its paper counts as served."""
    row = reading.session.get_one(Delivery, delivery_id)
    at = reading.session.get_one(Notice, row.notice_id).served_at
    return row, clock.day_of(at) if at else None


def _locked(uow: UnitOfWork, notice_id: str, delivery_id: str) -> Opened:
    notice, _ = for_clerk(uow, notice_id)
    known = uow.session.get(Delivery, delivery_id)
    if known is None or known.notice_id != notice.id:
        raise DeliveryNotFound()
    run = process.lock(uow, notice.case_id)
    return Opened(run, uow.session.get_one(Notice, notice.id), uow.session.get_one(Delivery, delivery_id))


# ---------------------------------------------------------------- details


def purpose(delivery_id: str) -> str:
    """For what the details of a delivery are encrypted."""
    return f"delivery:{delivery_id}"


def details(key: CaseKey, row: Delivery) -> Details:
    """What is kept encrypted of a delivery."""
    kept: Mapping[str, Any] = key.open_value(row.details, purpose(row.id)) if row.details else {}
    return Details(**{field.name: str(kept.get(field.name, "")) for field in fields(Details)})


def keep(key: CaseKey, row: Delivery, known: Details) -> None:
    row.details = key.seal_value(vars(known), purpose(row.id))


def _add(opened: Opened, **said: str) -> None:
    kept = {name: text for name, text in said.items() if text}
    keep(opened.run.key, opened.row, Details(**(vars(details(opened.run.key, opened.row)) | kept)))


def usual_address(reading: Reading, key: CaseKey, notice: Notice) -> Details:
    """To whom and where a paper goes by what is known of its addressee."""
    if notice.addressee_id is not None:
        house = reading.session.get_one(Organisation, notice.addressee_id)
        return Details(recipient=house.name, address=house.address or "", phone=house.phone or "")
    party = reading.session.get(Party, notice.party_id) if notice.party_id else None
    known = key.open_value(party.identity, process.identity_purpose(party.id)) if party else {}
    return Details(
        recipient=str(known.get("name") or ""),
        address=str(known.get("address") or ""),
        phone=str(known.get("phone") or ""),
    )


def _text(words: str) -> str:
    kept = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return kept[: LONGEST + 1]


# ---------------------------------------------------------------- verbs


def order(
    uow: UnitOfWork,
    notice_id: str,
    channel: Hand,
    reason: str,
    *,
    recipient: str = "",
    address: str = "",
    phone: str = "",
) -> Delivery:
    """Order a further attempt for an issued paper, with the reason: by post, in person, or the pointer once more.

    What is not said is taken from what is known of the addressee. Raises ChannelBusy, AddressMissing, NoMailAddress.
    """
    notice, _ = for_clerk(uow, notice_id)
    why = reasons.given(reason)
    run = process.lock(uow, notice.case_id)
    notice = uow.session.get_one(Notice, notice.id)
    if notice.withdrawn_at is not None:
        raise NotIssued()
    busy = select(Delivery.id).where(
        col(Delivery.notice_id) == notice.id, col(Delivery.channel) == channel, col(Delivery.state).in_(OPEN)
    )
    if channel in BY_HAND and uow.session.exec(busy).first() is not None:
        raise ChannelBusy()
    if channel == "email":
        if not _can_mail(uow, run, notice):
            raise NoMailAddress()
        row = _mail(uow, notice)
        keep(run.key, row, Details(reason=why))
    else:
        row = _new(uow, notice, channel, "pending")
        keep(run.key, row, _addressed(uow, run, notice, recipient, address, phone, why, channel))
    uow.add(row)
    audit.record(uow, "delivery.ordered", run.case.id, delivery=row.id, notice=notice.id, channel=channel)
    return row


def _addressed(
    uow: UnitOfWork, run: Run, notice: Notice, recipient: str, address: str, phone: str, why: str, channel: str
) -> Details:
    usual = usual_address(uow, run.key, notice)
    who, where = _text(recipient) or usual.recipient, _text(address) or usual.address
    if not who or len(who) > LONGEST or len(where) > LONGEST or (channel == "post" and not where):
        raise AddressMissing(longest=LONGEST)
    return Details(recipient=who, address=where, phone=_text(phone)[:40] or usual.phone, reason=why)


def send(uow: UnitOfWork, notice_id: str, delivery_id: str, tracking: str, on: date | None = None) -> Delivery:
    """A letter has been posted: with its tracking number, today or on an earlier day. Raises StepUnfit, AddressMissing."""
    opened = _locked(uow, notice_id, delivery_id)
    row, number = opened.row, "".join(tracking.split())
    require(row, ("post",), ("pending",))
    if not 1 <= len(number) <= 60 or not all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in number):
        raise TrackingFaulty()
    if not details(opened.run.key, row).address:
        raise AddressMissing(longest=LONGEST)
    row.state, row.proof = "dispatched", number
    row.dispatched_at = _instant(uow, on, clock.day_of(opened.notice.issued_at or uow.now))
    _recorded(uow, opened, "dispatched")
    return row


def readdress(uow: UnitOfWork, notice_id: str, delivery_id: str, recipient: str, address: str) -> Delivery:
    """Say anew to whom and where a letter goes that has not been sent yet."""
    opened = _locked(uow, notice_id, delivery_id)
    require(opened.row, BY_HAND, ("pending",))
    who, where = _text(recipient), _text(address)
    if not who or not where or len(who) > LONGEST or len(where) > LONGEST:
        raise AddressMissing(longest=LONGEST)
    _add(opened, recipient=who, address=where)
    _recorded(uow, opened, "readdressed")
    return opened.row


def record(
    uow: UnitOfWork,
    notice_id: str,
    delivery_id: str,
    how: How,
    on: date | None = None,
    *,
    receiver: str = "",
    witness: str = "",
    remarks: str = "",
    scan: Stored | None = None,
) -> Delivery:
    """Record that a paper was served by post or in person: how, on which day, who took it, with the scan of the receipt.

    Raises StepUnfit when it has been recorded already, WayUnfit, DayUnfit, ReceiverMissing, WitnessMissing.
    """
    opened = _locked(uow, notice_id, delivery_id)
    row = opened.row
    require(row, BY_HAND, ("dispatched",) if row.channel == "post" else OPEN)
    who, seen, why = _text(receiver), _text(witness), reasons.said(remarks)
    if how not in HOW[row.channel]:
        raise WayUnfit(channel=row.channel, channel_zh=CHANNELS[row.channel])
    if how == "left":
        if not why or not (seen or scan):
            raise WitnessMissing()
    elif not who or len(who) > LONGEST:
        raise ReceiverMissing(longest=LONGEST)
    at = _instant(uow, on, _since(opened), _until(opened))
    if scan is not None:
        row.document_id = documents.attach(uow, row.case_id, opened.run.key, scan, kind="receipt").id
    _add(opened, receiver=who[:LONGEST], witness=seen[:LONGEST], remarks=why)
    served.by(uow, opened.run, opened.notice, row, how, at)
    return row


def give_back(uow: UnitOfWork, notice_id: str, delivery_id: str, reason: str, on: date | None = None) -> Delivery:
    """A letter came back, or nobody could be met: with the reason. The case's handlers are reminded."""
    opened = _locked(uow, notice_id, delivery_id)
    require(opened.row, BY_HAND, ("dispatched",) if opened.row.channel == "post" else OPEN)
    why = reasons.given(reason)
    _instant(uow, on, _since(opened))
    _add(opened, reason=why)
    opened.row.state = "returned"
    _recorded(uow, opened, "returned", on=on.isoformat() if on else None)
    undelivered(uow, opened.notice)
    return opened.row


def cancel(uow: UnitOfWork, notice_id: str, delivery_id: str, reason: str) -> Delivery:
    """An attempt is not wanted any more, or one that failed needs no other: with the reason."""
    opened = _locked(uow, notice_id, delivery_id)
    row = opened.row
    require(
        row,
        (*BY_HAND, "email"),
        ("pending", "failed", "returned") if row.channel in BY_HAND else ("failed", "returned"),
    )
    _add(opened, reason=reasons.given(reason))
    row.state = "cancelled"
    _recorded(uow, opened, "cancelled")
    return row


def call_off(uow: UnitOfWork, notice: Notice) -> None:
    """A paper that was withdrawn is not served any more: neither opened nor deemed. A letter that is on its way is recorded."""
    every = select(Delivery).where(col(Delivery.notice_id) == notice.id)
    for row in uow.session.exec(every):
        if row.state == "pending" or (row.channel == "portal" and row.state == "dispatched"):
            row.state, row.deemed_at = "cancelled", None
            row.recorded_at, row.recorded_by = uow.now, str(uow.actor)
            uow.add(row)
            audit.record(uow, "delivery.cancelled", row.case_id, delivery=row.id, channel=row.channel)


def correct(uow: UnitOfWork, notice_id: str, delivery_id: str, on: date | None, reason: str) -> Delivery:
    """A service was recorded wrongly: it was on another day, or (without a day) it was none. The clocks follow.

    Only what people recorded is corrected: when the portal was opened, nobody remembers better.
    """
    opened = _locked(uow, notice_id, delivery_id)
    row = opened.row
    require(row, BY_HAND, ("served",))
    why = reasons.given(reason)
    before = row.served_at.isoformat() if row.served_at else None
    if on is None:
        row.state, row.served_at, row.how = "cancelled", None, None
    else:
        row.served_at = _instant(uow, on, _since(opened), _until(opened))
    _add(opened, reason=why)
    _recorded(uow, opened, "corrected", before=before, on=on.isoformat() if on else None)
    served.settle(uow, opened.run, opened.notice, why)
    return row


def undelivered(uow: UnitOfWork, notice: Notice) -> None:
    """Tell those who handle the case (once it rests, the heads of the issuing house) that a paper did not arrive."""
    at_work = reminders.addressees(uow, notice.case_id, None, ["assignee"])
    people = at_work or reminders.addressees(uow, notice.case_id, notice.organisation_id, ["assignee"])
    reminders.remind(uow, people, "undelivered", notice.case_id)


def require(row: Delivery, channels: tuple[str, ...], states: tuple[str, ...]) -> None:
    """Raise StepUnfit where something cannot be done with an attempt on this channel, or in this state."""
    if row.channel not in channels or row.state not in states:
        told = {"channel": row.channel, "channel_zh": CHANNELS[row.channel]}
        raise StepUnfit(**told, state=row.state, state_zh=STATES[row.state])


def _since(opened: Opened) -> date:
    """Before which day nothing can have happened to an attempt."""
    return clock.day_of(opened.row.dispatched_at or opened.notice.issued_at or opened.run.case.submitted_at)


def _until(opened: Opened) -> date | None:
    """After which day a paper was served no more, because it had been withdrawn."""
    at = opened.notice.withdrawn_at
    return clock.day_of(at) if at else None


def _instant(uow: UnitOfWork, on: date | None, earliest: date, latest: date | None = None) -> datetime:
    """The instant of something that happened today, now; or of an earlier day, whose beginning stands for it."""
    today = deadlines.today(uow)
    day = on or today
    if not earliest <= day <= min(today, latest or today):
        raise DayUnfit(day=day.isoformat())
    return uow.now if day == today else clock.start_of(day)


def _recorded(uow: UnitOfWork, opened: Opened, what: str, **detail: Any) -> None:
    row = opened.row
    row.recorded_at, row.recorded_by = uow.now, str(uow.actor)
    uow.add(row)
    audit.record(uow, f"delivery.{what}", row.case_id, delivery=row.id, channel=row.channel, **detail)
