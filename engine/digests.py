"""Mail about reminders: one to a person for all that came since the last one, in office hours only.

Whether an office is open is a matter of legal time, which travels in a demonstration; how long ago the last mail went out, of
wall time, in which the mail server lives. Both are asked at each beat, so that nothing has to be planned ahead.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from engine import clock, deadlines, jobs, ladder
from engine.access import SYSTEM
from engine.db import Database, Reading
from engine.models import Job, Membership, Organisation, Person, Reminder

KIND = "reminder.digest"


def ask(database: Database) -> int:
    """Ask for a mail to everybody who has been reminded of something, has not read it, and may be written to now.

    One mail to a person is under way at a time, so that no reminder stands in two.
    """
    if not database.settings.smtp_host:
        return 0
    with database.reading(SYSTEM) as reading:
        if not _due(reading):
            return 0
    with database.unit_of_work() as uow:
        uow.take_turns(KIND)
        due = _due(uow)
        for first, person in due:
            jobs.enqueue(uow, KIND, f"{KIND}:{first}", person=person)
        return len(due)


def _due(reading: Reading) -> list[tuple[str, str]]:
    """Who is to be written to now, each with one of the reminders that the mail will tell of."""
    since, earlier = clock.wall() - ladder.of(reading.settings).digest.gap, aliased(Reminder)
    mailed = select(earlier.id).where(col(earlier.person_id) == col(Person.id), col(earlier.mailed_at) > since)
    waiting = (
        select(func.min(Reminder.id), Person.id)
        .join(Reminder, col(Reminder.person_id) == col(Person.id))
        .where(col(Person.email) != "", col(Person.active).is_(True), ~mailed.exists(), *untold(reading.now))
        .group_by(col(Person.id))
    )
    found = list(reading.session.exec(waiting))
    if not found:
        return []
    working = _at_work(reading, [person for _, person in found]) - _under_way(reading)
    keys = [f"{KIND}:{first}" for first, _ in found]
    failed = set(reading.session.exec(select(Job.unique_key).where(col(Job.unique_key).in_(keys))))
    return [(first, person) for first, person in found if person in working and f"{KIND}:{first}" not in failed]


def _under_way(reading: Reading) -> set[str]:
    """To whom a mail is being sent, or is tried again."""
    queued = select(Job).where(col(Job.state) == "queued", col(Job.kind) == KIND)
    return {job.payload["person"] for job in reading.session.exec(queued)}


def untold(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions for reminders that stand in an inbox, unread, and of which no mail has told."""
    return (col(Reminder.mailed_at).is_(None), col(Reminder.read_at).is_(None), col(Reminder.at) <= now)


def _at_work(reading: Reading, people: Iterable[str]) -> set[str]:
    """Those of some people whose office is open; of several offices, any."""
    steps, calendar = ladder.of(reading.settings), deadlines.calendar(reading)
    seats = (
        select(Membership.person_id, Organisation.code)
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .where(col(Membership.person_id).in_(list(people)), col(Membership.ended_at).is_(None))
        .distinct()
    )
    return {
        person
        for person, code in reading.session.exec(seats)
        if ladder.is_open(steps.office(code), reading.now, calendar)
    }
