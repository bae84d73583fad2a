"""What a person is reminded of, newest first; only of cases that they may still see."""

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col, select

from engine import definitions, subjects
from engine import reminders as reminding
from engine import urging as urgings
from engine.access import visible_cases
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import Case, Deadline, Reminder, Urging
from engine.queries import paging
from engine.views import Page, ReminderRow


def reminders(
    reading: Reading, *, unread_only: bool = True, after: str | None = None, limit: int = 50
) -> Page[ReminderRow]:
    """One page of the actor's reminders: the unread ones, or all."""
    limit = paging.bounded(limit)
    query = (
        select(Reminder, Case, Deadline, Urging)
        .join(Case, col(Case.id) == col(Reminder.case_id))
        .outerjoin(Deadline, col(Deadline.id) == col(Reminder.deadline_id))
        .outerjoin(Urging, col(Urging.id) == col(Reminder.urging_id))
        .where(_mine(reading, unread_only))
    )
    if (going_on := paging.before(after, col(Reminder.at), col(Reminder.id))) is not None:  # type: ignore[arg-type]
        query = query.where(going_on)
    ordered = query.order_by(col(Reminder.at).desc(), col(Reminder.id).desc()).limit(limit + 1)
    found, more = paging.cut(reading.session.exec(ordered).all(), limit)
    names = urgings.names_of(reading, [urging.by for *_, urging in found if urging])
    bundles = {ident: definitions.bundle(reading, ident) for ident in {case.definition_id for _, case, *_ in found}}
    page = tuple(
        _row(reading, bundles[case.definition_id], told, case, clock, urging, names)
        for told, case, clock, urging in found
    )
    return Page(page, paging.make(found[-1][0].at, found[-1][0].id) if more else None)


def unread(reading: Reading) -> int:
    """How many reminders the actor has not read."""
    number = select(func.count()).select_from(Reminder).join(Case, col(Case.id) == col(Reminder.case_id))
    return reading.session.exec(number.where(_mine(reading, unread_only=True))).one()


def _mine(reading: Reading, unread_only: bool) -> ColumnElement[bool]:
    standing = and_(
        col(Reminder.person_id) == reading.actor.person_id,
        col(Reminder.at) <= reading.now,
        visible_cases(reading.actor),
    )
    return and_(standing, col(Reminder.read_at).is_(None)) if unread_only else standing


def _row(
    reading: Reading,
    bundle: Bundle,
    reminder: Reminder,
    case: Case,
    deadline: Deadline | None,
    urging: Urging | None,
    names: dict[str, str],
) -> ReminderRow:
    locale = reading.actor.locale
    declared = bundle.manifest.deadlines.get(deadline.name) if deadline else None
    return ReminderRow(
        reminder_id=reminder.id,
        kind=reminder.kind,
        title=reminding.title(reading.settings, reminder.kind, locale),
        reference=case.reference,
        subject=subjects.of_case(reading, case),
        deadline=bundle.text(declared, "title", locale) if declared else None,
        due_on=deadline.due_on if deadline else None,
        text=urgings.words_of(reading, urging, case) if urging else "",
        by=names.get(urging.by, "") if urging else "",
        at=reminder.at,
        read_at=reminder.read_at,
    )
