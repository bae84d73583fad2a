"""A year's holiday notice is brought in: proposed, its consequences looked at, approved; or discarded.

An administrator does it. What is approved counts from the next look on; the dates that it moves are corrected in batches
(``engine.corrections``). Nothing is deleted: a later notice of the same year supersedes the one before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlmodel import col, select

from engine import access, audit, calendar_versions, corrections, deadlines, holidays, recount
from engine.access import require_administrator
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, NotFound
from engine.holidays import YearNotice
from engine.models import HolidayNotice, Organisation
from engine.reasons import given
from engine.recount import Move, Plan


class HolidayNoticeUnknown(NotFound):
    """There is no such holiday notice."""

    zh = "没有这份放假安排。"


class HolidayNoticeInForce(Conflict):
    """The notice for {year} is in force already ({version}); nothing was changed."""

    zh = "{year} 年的放假安排（{version}）已经生效，没有任何改动。"


class HolidayNoticeDecided(Conflict):
    """This holiday notice has been decided on already; nothing was changed."""

    zh = "这份放假安排已经处理过，没有任何改动。"


class RemarksUnread(Conflict):
    """Please read the notice again and say that you have: {remarks}"""

    zh = "请重新核对文件并确认：{remarks_zh}"

    def __init__(self, remarks: "tuple[Remark, ...]") -> None:
        said, said_zh = " ".join(r.en for r in remarks), "".join(r.zh for r in remarks)
        super().__init__(remarks=said, remarks_zh=said_zh)


@dataclass(frozen=True)
class Remark:
    """Something unusual about a notice: it may be right, but whoever approves it must have read it again."""

    zh: str
    en: str


@dataclass(frozen=True)
class Share:
    """What a notice does in one organisation, in cases: an administrator sees numbers and references, and reads no case."""

    organisation: str  # empty while nobody has been found who answers
    moved: int
    become_overdue: int
    cease_overdue: int
    waiting: int


# ---------------------------------------------------------------- looking


def find(reading: Reading, notice_id: str) -> HolidayNotice:
    found = reading.session.get(HolidayNotice, notice_id)
    if found is None:
        raise HolidayNoticeUnknown()
    return found


def listed(reading: Reading, year: int | None = None) -> list[HolidayNotice]:
    """All notices that were brought in, the newest year first, and of a year the last one first."""
    rows = select(HolidayNotice).order_by(col(HolidayNotice.year).desc(), col(HolidayNotice.proposed_at).desc())
    return list(reading.session.exec(rows.where(col(HolidayNotice.year) == year) if year else rows))


def proposed(reading: Reading) -> list[HolidayNotice]:
    """The notices that wait for approval."""
    return [row for row in listed(reading) if row.state == "proposed"]


def states(rows: Iterable[HolidayNotice]) -> dict[str, str]:
    """By notice: proposed, discarded, in force, or superseded by a later one of its year."""
    known = list(rows)
    newest: dict[int, int] = {}
    for row in known:
        newest[row.year] = max(newest.get(row.year, 0), row.number or 0)
    word = {True: "in force", False: "superseded"}
    return {row.id: word[row.number == newest[row.year]] if row.number else row.state for row in known}


def said_by(row: HolidayNotice) -> YearNotice:
    """What a notice says."""
    return holidays.parse_notice(row.text, str(row.year))


def is_in_force(reading: Reading, notice: YearNotice) -> bool:
    known = calendar_versions.in_force(reading).get(notice.year)
    return known is not None and known.version == notice.version


def consequences(reading: Reading, notice: YearNotice) -> Plan:
    """The dry run: what would become of all clocks. Of a notice in force: what is still to be corrected."""
    return recount.plan(reading, calendar_versions.with_notice(reading, notice))


def consequences_overseen(reading: Reading, notice: YearNotice) -> Plan:
    """The same for a supervisor, of the clocks that they oversee."""
    overseen = access.overseen(reading.actor)
    return recount.plan(reading, calendar_versions.with_notice(reading, notice), overseen)


def by_organisation(reading: Reading, plan: Plan) -> list[Share]:
    """The plan, told apart by who owes the answer; most cases first."""
    parts: dict[str | None, list[Move]] = {}
    for move in plan.moves:
        parts.setdefault(move.organisation_id, []).append(move)
    known = select(Organisation).where(
        col(Organisation.id).in_([organisation for organisation in parts if organisation])
    )
    names = {organisation.id: organisation.short_name for organisation in reading.session.exec(known)}
    shares = []
    for organisation, moves in parts.items():
        part = Plan(tuple(moves), 0)
        counts = (part.moved, part.become_overdue, part.cease_overdue, part.waiting)
        shares.append(Share(names.get(organisation or "", ""), *counts))
    return sorted(shares, key=lambda share: (-share.moved - share.waiting, share.organisation))


def remarks(reading: Reading, notice: YearNotice) -> tuple[Remark, ...]:
    """What is unusual about a notice."""
    return tuple(_remarks(reading, notice))


def _remarks(reading: Reading, notice: YearNotice) -> Iterator[Remark]:
    omitted, year, today = notice.omitted(), notice.year, deadlines.today(reading)
    if omitted:
        days = "、".join(day.isoformat() for day in omitted)
        yield Remark(
            f"文件没有写明这些法定节日：{days}。", f"It does not name these days, which the law makes holidays: {days}."
        )
    if year < today.year:
        yield Remark(f"{year} 年已经过去。", f"The year {year} is over.")
    if year > today.year + 1:
        yield Remark(f"{year} 年的安排通常还没有公布。", f"The holidays of {year} are not usually announced yet.")
    if any(row.version == notice.version and row.number for row in listed(reading, year)) and not is_in_force(
        reading, notice
    ):
        yield Remark(
            "它曾经生效，已被后来的文件取代。", "It was in force before and has been superseded by a later one."
        )
    elif year in holidays.published().years and _differs(notice):
        yield Remark(
            f"系统已有 {year} 年的安排，两者不同。", f"The holidays of {year} are known, and this says otherwise."
        )


def _differs(notice: YearNotice) -> bool:
    known = holidays.published()

    def of_year(days: "dict[date, str]") -> set[date]:
        return {day for day in days if day.year == notice.year}

    return of_year(dict(known.holidays)) != of_year(dict(notice.holidays)) or of_year(dict(known.makeup)) != of_year(
        dict(notice.makeup)
    )


# ---------------------------------------------------------------- deciding


def propose(uow: UnitOfWork, text: str, file: str) -> HolidayNotice:
    """Bring a notice in, to be looked at; the same one again is the same proposal. Raises NoticeFaulty, HolidayNoticeInForce."""
    require_administrator(uow.actor)
    notice = holidays.parse_notice(text, file)
    uow.take_turns("holiday_notice")
    if is_in_force(uow, notice):
        raise HolidayNoticeInForce(year=notice.year, version=notice.version)
    for row in listed(uow, notice.year):
        if row.state == "proposed" and row.version == notice.version:
            return row
    row = HolidayNotice(
        year=notice.year,
        version=notice.version,
        source=notice.source,
        text=text,
        proposed_at=uow.now,
        proposed_by=str(uow.actor),
    )
    uow.add(row)
    _record(uow, "calendar.proposed", row)
    return row


def approve(uow: UnitOfWork, notice_id: str, reason: str, *, read_again: bool = False) -> HolidayNotice:
    """Let a proposed notice count, and have the dates that it moves corrected by a job.

    Raises ReasonMissing, HolidayNoticeDecided, HolidayNoticeInForce, and RemarksUnread where something about the notice is
    unusual and ``read_again`` does not say that it was read again.
    """
    row = _decided(uow, notice_id, reason)
    notice = said_by(row)
    if is_in_force(uow, notice):
        raise HolidayNoticeInForce(year=notice.year, version=notice.version)
    unusual = remarks(uow, notice)
    if unusual and not read_again:
        raise RemarksUnread(unusual)
    calendar_versions.keep(uow, deadlines.calendar(uow))  # clocks of older releases were counted with it
    newest = uow.session.exec(select(func.max(HolidayNotice.number))).one()
    row.state, row.number = "approved", (newest or 0) + 1
    uow.add(row)
    calendar_versions.forget(uow)
    _record(uow, "calendar.approved", row)
    corrections.ask_for_recount(uow, row.id)
    return row


def discard(uow: UnitOfWork, notice_id: str, reason: str) -> HolidayNotice:
    """Put a proposed notice aside; raises ReasonMissing, HolidayNoticeDecided."""
    row = _decided(uow, notice_id, reason)
    row.state = "discarded"
    uow.add(row)
    _record(uow, "calendar.discarded", row)
    return row


def _decided(uow: UnitOfWork, notice_id: str, reason: str) -> HolidayNotice:
    """The proposed notice, with who decides on it now and why."""
    require_administrator(uow.actor)
    why = given(reason)
    uow.take_turns("holiday_notice")
    row = find(uow, notice_id)
    uow.session.refresh(row)
    if row.state != "proposed":
        raise HolidayNoticeDecided()
    row.decided_at, row.decided_by, row.reason = uow.now, str(uow.actor), why
    return row


def _record(uow: UnitOfWork, name: str, row: HolidayNotice) -> None:
    audit.record(
        uow,
        name,
        stream="administration",
        notice=row.id,
        year=row.year,
        version=row.version,
        reason=row.reason,
    )
