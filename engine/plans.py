"""The yearly plan of opening (Art. 19(1)): what its cases enter, move and settle, and what it holds.

The day by which a dataset is to be open is the plan's own; no law sets it. The day that was planned first is kept, so that a plan
that moves is seen to move.
"""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from engine import audit, clock, process
from engine.access import visible_cases
from engine.calendars import NoSuchDay, read_day
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict
from engine.models import Case, Organisation, PlanItem
from engine.operations import BusinessError, Call, Done
from engine.process import Run

PLANNED, OPENED, ABANDONED = "planned", "opened", "abandoned"
MOST_ITEMS = 2000  # that one page or file lists


class NotPlanned(Conflict):
    """This case has no item in the yearly plan."""

    zh = "本件没有列入年度计划。"


@dataclass(frozen=True)
class Line:
    """An item of the plan as the page lists it; ``late`` where its day has passed before it was open."""

    reference: str
    organisation: str
    dataset: str
    planned_on: date
    first_planned_on: date
    state: str
    settled_on: date | None
    late: bool


def enter(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``plan.enter``: the dataset of a part's organisation is in the plan of a year, to be open by a day."""
    part = call.params["part"]
    if part not in run.participants:
        raise process.PartVacant(part=part)
    day = _day(call.params["planned_on"])
    item = _of_case(uow, run.case.id) or PlanItem(
        case_id=run.case.id,
        organisation_id=run.participants[part].id,
        year=call.params["year"],
        dataset=call.params["dataset"],
        planned_on=day,
        first_planned_on=day,
        state=PLANNED,
        updated_at=uow.now,
    )
    uow.add(item)
    audit.record(uow, "plan.entered", run.case.id, year=item.year, planned_on=day.isoformat())
    return Done()


def move(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``plan.move``: another day, which was agreed; the first one stays on record."""
    item, day = _mine(uow, run), _day(call.params["planned_on"])
    audit.record(uow, "plan.moved", run.case.id, before=item.planned_on.isoformat(), after=day.isoformat())
    item.planned_on, item.updated_at = day, uow.now
    uow.add(item)
    return Done()


def settle(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``plan.settle``: the dataset is open (since ``on``), or the item was abandoned."""
    item = _mine(uow, run)
    item.state, item.updated_at = call.params["state"], uow.now
    item.settled_on = _day(call.params["on"]) if call.params["on"] else clock.day_of(uow.now)
    uow.add(item)
    audit.record(uow, "plan.settled", run.case.id, state=item.state, on=item.settled_on.isoformat())
    return Done()


def of_year(reading: Reading, year: int) -> list[Line]:
    """The plan of a year, by day, as far as the actor sees its cases."""
    today = clock.day_of(reading.now)
    found = (
        select(PlanItem, Case.reference, Organisation.name)
        .join(Case, col(Case.id) == col(PlanItem.case_id))
        .join(Organisation, col(Organisation.id) == col(PlanItem.organisation_id))
        .where(col(PlanItem.year) == year, visible_cases(reading.actor))
        .order_by(col(PlanItem.planned_on), col(Case.reference))
        .limit(MOST_ITEMS)
    )
    return [_line(item, reference, name, today) for item, reference, name in reading.session.exec(found)]


def years(reading: Reading) -> list[int]:
    """The years of which the actor sees a plan, newest first."""
    found = select(PlanItem.year).join(Case, col(Case.id) == col(PlanItem.case_id)).where(visible_cases(reading.actor))
    return sorted(set(reading.session.exec(found.distinct())), reverse=True)


def any_seen(reading: Reading) -> bool:
    """Whether the actor sees an item of any plan."""
    found = select(PlanItem.id).join(Case, col(Case.id) == col(PlanItem.case_id)).where(visible_cases(reading.actor))
    return reading.session.exec(found.limit(1)).first() is not None


def _line(item: PlanItem, reference: str, name: str, today: date) -> Line:
    until = item.settled_on if item.state == OPENED else today
    late = item.state != ABANDONED and until is not None and until > item.planned_on
    return Line(
        reference, name, item.dataset, item.planned_on, item.first_planned_on, item.state, item.settled_on, late
    )


def _mine(uow: UnitOfWork, run: Run) -> PlanItem:
    item = _of_case(uow, run.case.id)
    if item is None:
        raise NotPlanned()
    return item


def _of_case(reading: Reading, case_id: str) -> PlanItem | None:
    return reading.session.exec(select(PlanItem).where(col(PlanItem.case_id) == case_id)).first()


def _day(text: str) -> date:
    try:
        return read_day(text)
    except NoSuchDay as error:
        raise BusinessError("day_unusable", day=text) from error
