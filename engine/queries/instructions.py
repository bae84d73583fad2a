"""Leaders' instructions as those read them whose houses gave or got them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from engine import instructions, subjects
from engine.db import Reading
from engine.models import Case, Deadline, Instruction, Organisation
from engine.queries import lights, paging
from engine.views import Light, Page


@dataclass(frozen=True)
class InstructionView:
    """An instruction with its words, its clock, and what became of it."""

    id: str
    reference: str  # of the case
    subject: str
    leader: str
    text: str
    house: str
    bound: str
    due_on: date
    recorded_at: datetime
    light: Light
    fulfilled_at: datetime | None
    report: str
    may_fulfil: bool


def on_case(reading: Reading, case_id: str) -> list[InstructionView]:
    """The instructions on a case that the reader may know of."""
    query = _instructions().where(instructions.concerned(reading.actor), col(Instruction.case_id) == case_id)
    return _views(reading, list(reading.session.exec(query.order_by(col(Instruction.at)))))


def open_ones(reading: Reading, *, after: str | None = None, limit: int = 50) -> Page[InstructionView]:
    """Instructions of the reader's houses that are not carried out yet, the earliest due first."""
    limit = paging.bounded(limit)
    query = _instructions().where(instructions.concerned(reading.actor), col(Instruction.fulfilled_at).is_(None))
    instant = paging.or_far(col(Deadline.due_at))
    going_on = paging.after(after, instant, col(Instruction.id))  # type: ignore[arg-type]
    if going_on is not None:
        query = query.where(going_on)
    found, more = paging.cut(
        list(reading.session.exec(query.order_by(instant, col(Instruction.id)).limit(limit + 1))), limit
    )
    next_key = paging.make(found[-1][2].due_at, found[-1][0].id) if more else None
    return Page(tuple(_views(reading, list(found))), next_key)


def _instructions() -> Select[Instruction, Case, Deadline]:
    return (
        select(Instruction, Case, Deadline)
        .join(Case, col(Case.id) == col(Instruction.case_id))
        .join(Deadline, col(Deadline.id) == col(Instruction.deadline_id))
    )


def _views(reading: Reading, found: list[tuple[Instruction, Case, Deadline]]) -> list[InstructionView]:
    houses = {i for given, _, _ in found for i in (given.house_id, given.bound_id)}
    known = {o.id: o for o in reading.session.exec(select(Organisation).where(col(Organisation.id).in_(houses)))}
    return [_view(reading, given, case, deadline, known) for given, case, deadline in found]


def _view(
    reading: Reading, given: Instruction, case: Case, deadline: Deadline, known: dict[str, Organisation]
) -> InstructionView:
    leader, text, report = instructions.words(reading, case, given)
    return InstructionView(
        id=given.id,
        reference=case.reference,
        subject=subjects.of_case(reading, case),
        leader=leader,
        text=text,
        house=known[given.house_id].short_name,
        bound=known[given.bound_id].short_name,
        due_on=given.due_on,
        recorded_at=given.at,
        light=lights.of_deadline(reading, deadline),
        fulfilled_at=given.fulfilled_at,
        report=report,
        may_fulfil=given.fulfilled_at is None and given.bound_id in reading.actor.organisations(),
    )
