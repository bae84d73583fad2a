"""The supervisor's board: what is overdue, where it stands and with whom; each number opens the list that it counts."""

from datetime import datetime, time

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col, select

from engine import clock, definitions, search, supervision
from engine.db import Reading
from engine.models import Breach, Case, Deadline, Organisation, Person, Task
from engine.queries import lights, paging, stopped
from engine.views import BoardCounts, OverdueRow, Page


def overdue(
    reading: Reading, *, light: str = "red", search_for: str = "", after: str | None = None, limit: int = 50
) -> Page[OverdueRow]:
    """Statutory clocks that the supervisor oversees: overdue (red), due soon (amber), in time (green), paused (grey).

    ``target`` lists overdue internal targets, which are no breach of law and are counted apart.
    """
    supervision.require_supervisor(reading.actor)
    limit = paging.bounded(limit)
    instant = paging.or_far(col(Deadline.due_at))
    query = (
        select(Deadline, Case, Breach.id)
        .join(Case, col(Case.id) == col(Deadline.case_id))
        .join(
            Breach, and_(col(Breach.deadline_id) == col(Deadline.id), col(Breach.annulled_at).is_(None)), isouter=True
        )
        .where(supervision.overseen(reading.actor), _light(reading, light))
    )
    if search_for.strip():
        query = query.where(search.matching(reading, search_for))
    if (going_on := paging.after(after, instant, col(Deadline.id))) is not None:  # type: ignore[arg-type]
        query = query.where(going_on)
    ordered = query.order_by(instant, col(Deadline.id)).limit(limit + 1)
    rows, more = paging.cut(reading.session.exec(ordered).all(), limit)
    next_key = paging.make(rows[-1][0].due_at, rows[-1][0].id) if more else None
    return Page(tuple(_row(reading, deadline, case, breach) for deadline, case, breach in rows), next_key)


def board_counts(reading: Reading) -> BoardCounts:
    """The numbers of the board, counted by the conditions of its lists."""
    supervision.require_supervisor(reading.actor)

    def number(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(Deadline).join(Case, col(Case.id) == col(Deadline.case_id))
        return reading.session.exec(query.where(supervision.overseen(reading.actor), *conditions)).one()

    month = datetime.combine(clock.day_of(reading.now).replace(day=1), time.min, clock.SHANGHAI)
    by_paper = col(Deadline.stopped_by).like("notice.%")  # a withdrawal is no answer
    stopped = and_(supervision.statutory(), by_paper, col(Deadline.stopped_at) >= month)
    answered = number(stopped)
    in_time = number(stopped, col(Deadline.stopped_at) < col(Deadline.due_at))
    lists = {light: number(_light(reading, light)) for light in ("red", "amber", "green", "grey")}
    return BoardCounts(
        overdue=lists["red"],
        due_soon=lists["amber"],
        on_time=lists["green"],
        paused=lists["grey"],
        targets_overdue=number(_light(reading, "target")),
        open=sum(lists.values()),
        on_time_rate=in_time / answered if answered else None,
    )


def _light(reading: Reading, light: str) -> ColumnElement[bool]:
    soon = supervision.soon_instant(reading)
    law = supervision.statutory()
    return {
        "red": and_(law, supervision.overdue(reading.now)),
        "amber": and_(law, supervision.due_soon(reading.now, soon)),
        "green": and_(law, supervision.running(), col(Deadline.due_at) > soon),
        "target": and_(supervision.targets(), supervision.overdue(reading.now)),
    }.get(light, and_(law, col(Deadline.state) == "suspended"))


def _row(reading: Reading, deadline: Deadline, case: Case, breach_id: str | None) -> OverdueRow:
    locale = reading.actor.locale
    bundle = definitions.of_case(reading, case)
    waiting = reading.session.exec(
        select(Task, Person.name)
        .join(Person, col(Person.id) == col(Task.assignee_id), isouter=True)
        .where(col(Task.case_id) == case.id, col(Task.state) == "open")
        .order_by(col(Task.created_at))
    ).all()
    working = [
        deadline.organisation_id,
        *(t.organisation_id for t, _ in waiting),
    ]  # nobody owes it yet: who looks for the agency
    organisation = next((reading.session.get(Organisation, o) for o in working if o), None)
    separator = "、" if locale.startswith("zh") else ", "
    declared = bundle.manifest.deadlines.get(deadline.name)
    if declared is None:  # a clock of a version on which the case was before
        earlier = definitions.versions_of(reading, case).of_deadline(deadline.name)
        declared = earlier.manifest.deadlines.get(deadline.name)
    word = "{}（停滞）" if locale.startswith("zh") else "{} (stopped)"
    steps = [bundle.node_title(t.node, locale) for t, _ in waiting]
    steps += [word.format(place.title) for place in stopped.places(reading, bundle, case.id)]
    return OverdueRow(
        reference=case.reference,
        subject=case.subject,
        process=bundle.text(bundle.manifest.process, "title", locale),
        organisation=organisation.short_name if organisation else "",
        step=separator.join(dict.fromkeys(steps)),
        holder=separator.join(dict.fromkeys(name for _, name in waiting if name)),
        deadline=bundle.text(declared, "title", locale) if declared else deadline.name,
        basis=deadline.basis,
        article=deadline.article,
        ground=deadline.ground,
        due_on=deadline.due_on or clock.day_of(reading.now),
        light=lights.of_deadline(reading, deadline),
        breach_id=breach_id,
    )
