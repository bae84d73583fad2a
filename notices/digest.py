"""The job ``reminder.digest``: one mail to a person about all reminders that they have not read. A pointer, nothing personal."""

from dataclasses import dataclass
from email.message import EmailMessage

from sqlalchemy import update
from sqlmodel import col, select

from engine import clock, digests, directory, jobs, reminders
from engine.access import SYSTEM, visible_cases
from engine.db import Database, Reading
from engine.models import Case, Person, Reminder
from engine.operations import JobTicket
from engine.settings import Settings
from notices.channels import email

MOST_LINES = 20


@dataclass(frozen=True)
class Digest:
    """What one mail tells: to whom, about which reminders; ``lines`` only of cases that the person may still see."""

    address: str
    reminder_ids: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]  # Chinese and English


def send(database: Database, ticket: JobTicket) -> None:
    """Send the mail, then note of which reminders it told: sent again after a crash it has the same Message-ID."""
    with database.reading(SYSTEM) as reading:
        told = _digest(reading, ticket.payload["person"])
    if told.address and told.lines:
        email.send(database.settings, message(database.settings, told, ticket.id))
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        fresh = (col(Reminder.id).in_(told.reminder_ids), col(Reminder.mailed_at).is_(None))
        uow.session.execute(update(Reminder).where(*fresh).values(mailed_at=clock.wall()))


def message(settings: Settings, told: Digest, ident: str) -> EmailMessage:
    """The mail: how many reminders there are, of which cases by their reference; Chinese first, English second."""
    number = len(told.lines)
    mail = email.envelope(settings, told.address, f"您有 {number} 条督办提醒", ident)
    desk = settings.base_url.rstrip("/") + "/desk"
    shown, more = told.lines[:MOST_LINES], number - MOST_LINES
    chinese = [f"- {line}" for line, _ in shown] + ([f"- 另有 {more} 条"] if more > 0 else [])
    english = [f"- {line}" for _, line in shown] + ([f"- and {more} more"] if more > 0 else [])
    mail.set_content(
        f"您好！\n\n您有 {number} 条督办提醒：\n"
        + "\n".join(chinese)
        + f"\n\n请登录 {desk} 查看。本邮件不含案件内容，请勿回复。\n\n"
        + f"You have {number} reminder{'' if number == 1 else 's'}:\n"
        + "\n".join(english)
        + f"\n\nSign in at {desk} to see more. This mail holds no content of cases; please do not answer it.\n"
    )
    return mail


def _digest(reading: Reading, person_id: str) -> Digest:
    person = reading.session.get_one(Person, person_id)
    mine = select(Reminder.id).where(col(Reminder.person_id) == person_id, *digests.untold(reading.now))
    ids = tuple(reading.session.exec(mine))
    if not person.active:
        return Digest("", ids, ())
    actor = directory.actor_of(reading, person_id)
    visible = (
        select(Reminder.kind, Case.reference)
        .join(Case, col(Case.id) == col(Reminder.case_id))
        .where(col(Reminder.id).in_(ids), visible_cases(actor))
        .order_by(col(Reminder.at), col(Case.reference))
    )
    lines = tuple(_line(reading, kind, reference) for kind, reference in reading.session.exec(visible))
    return Digest(person.email, ids, lines)


def _line(reading: Reading, kind: str, reference: str) -> tuple[str, str]:
    zh, en = (reminders.title(reading.settings, kind, locale) for locale in ("zh", "en"))
    return f"{reference}：{zh}", f"{reference}: {en}"
