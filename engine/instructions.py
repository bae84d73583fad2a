"""Leaders' instructions (领导批示): what a leader wrote on a case, whom it binds, and by when.

It concerns two houses: the one that gave it and the one that it binds. Nobody else ever sees it, its clock or its words: not
the public, not a respondent, not another participant, no board. The flow of the case knows nothing of it either.
"""

from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from engine import audit, clock, deadlines, directory, process, recusals, reminders
from engine.access import ALL, SUPERVISOR, Actor, whole_cases
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.models import Case, Deadline, Instruction, Organisation, OrganisationRelation, Participant, Task, new_id
from engine.process import Run

GIVERS = ("leader", "unit_head", SUPERVISOR)  # a leader, or people of the same house on a leader's behalf
ADDRESSEES = ("leader", "unit_head")
LONGEST_NAME, LONGEST_TEXT = 60, 2000
FURTHEST = 3650  # days to the due date: beyond it, a slip of the pen
RECORDED, FULFILLED = "instruction.recorded", "instruction.fulfilled"


class NotYoursToInstruct(Forbidden):
    """Instructions are recorded by the leaders, heads of unit and supervisors of an organisation that takes part in the
    case or stands over it."""

    zh = "只有参与本件办理或者对其有监督职责的机关的分管领导、科室负责人和督办人，可以登记批示。"


class InstructionNotFound(NotFound):
    """There is no such instruction, or it is not for you."""

    zh = "没有这项批示，或者您无权查看。"


class NotBound(Forbidden):
    """Only the organisation that the instruction binds can report that it was carried out."""

    zh = "只有批示所要求的机关可以登记落实情况。"


class LeaderMissing(Invalid):
    """Please say which leader gave the instruction, in at most {longest} signs."""

    zh = "请填写批示领导，最多 {longest} 字。"


class WordsMissing(Invalid):
    """Please write down the words, at most {longest} signs."""

    zh = "请填写内容，最多 {longest} 字。"


class DayFaulty(Invalid):
    """The due date is today or later, and within ten years."""

    zh = "办理期限应当是今天或者以后的日期，且不超过十年。"


class CannotBeBound(Invalid):
    """“{code}” takes no part in this case, so the instruction cannot bind it."""

    zh = "“{code}”没有参与本件办理，批示不能要求其办理。"
    quotes = True


class CaseEnded(Conflict):
    """The case is closed; no instruction can be recorded on it any more."""

    zh = "本件已经办结，不能再登记批示。"


class FulfilledAlready(Conflict):
    """It has been reported already that this instruction was carried out."""

    zh = "这项批示的落实情况已经登记。"


# ---------------------------------------------------------------- verbs


def record(uow: UnitOfWork, case_id: str, *, leader: str, text: str, due_on: date, bound: str) -> Instruction:
    """Record what a leader wrote on a case, the organisation that it binds (by its code), and by when.

    Starts a private clock of that organisation. Raises CaseNotFound, NotYoursToInstruct, CaseEnded, LeaderMissing, WordsMissing,
    DayFaulty, CannotBeBound.
    """
    run = process.lock(uow, case_id)
    house = _house(uow, run)
    if run.case.closed_at is not None:
        raise CaseEnded()
    recusals.require_free(uow, run.case, run.bundle)
    name, words = _within(leader, LONGEST_NAME), _within(text, LONGEST_TEXT)
    if name is None:
        raise LeaderMissing(longest=LONGEST_NAME)
    if words is None:
        raise WordsMissing(longest=LONGEST_TEXT)
    today = clock.day_of(uow.now)
    if not 0 <= (due_on - today).days <= FURTHEST:
        raise DayFaulty()
    binding = _bindable(uow, run.case.id, house).get(bound)
    if binding is None:
        raise CannotBeBound(code=bound[:64])
    deadline = _clock(uow, run, binding, today, due_on)
    ident = new_id()
    given = Instruction(
        id=ident,
        case_id=run.case.id,
        deadline_id=deadline.id,
        leader=run.key.seal_value(name, _purpose(ident, "leader")),
        text=run.key.seal_value(words, _purpose(ident, "text")),
        house_id=house.id,
        bound_id=binding.id,
        due_on=due_on,
        at=uow.now,
        recorded_by=str(uow.actor),
    )
    uow.add(given)
    reminders.remind(uow, _addressees(uow, given), "instruction", run.case.id, deadline_id=deadline.id)
    audit.record(uow, RECORDED, run.case.id, instruction=ident, bound=binding.code, due_on=due_on.isoformat())
    return given


def fulfilled(uow: UnitOfWork, instruction_id: str, report: str) -> Instruction:
    """Report that an instruction was carried out, and how; its clock stops. For people of the house that it binds.

    Raises InstructionNotFound, NotBound, FulfilledAlready, WordsMissing.
    """
    known = select(Instruction.case_id).join(Case, col(Case.id) == col(Instruction.case_id))
    mine = known.where(col(Instruction.id) == instruction_id, concerned(uow.actor))
    case_id = uow.session.exec(mine).first()
    if case_id is None:
        raise InstructionNotFound()
    run = process.lock(uow, case_id)
    given = uow.session.get_one(Instruction, instruction_id, populate_existing=True)
    if given.bound_id not in uow.actor.organisations():
        raise NotBound()
    if given.fulfilled_at is not None:
        raise FulfilledAlready()
    words = _within(report, LONGEST_TEXT)
    if words is None:
        raise WordsMissing(longest=LONGEST_TEXT)
    given.report = run.key.seal_value(words, _purpose(given.id, "report"))
    given.fulfilled_at, given.fulfilled_by = uow.now, str(uow.actor)
    uow.add(given)
    deadlines.lift(uow, next(d for d in run.clocks if d.id == given.deadline_id), FULFILLED)
    reminders.remind(uow, [given.recorded_by.removeprefix("person:")], "instruction", case_id)
    audit.record(uow, FULFILLED, case_id, instruction=given.id)
    return given


def _within(text: str, longest: int) -> str | None:
    """What was written, without anything unseen but line breaks; nothing where it is empty or too long."""
    words = "".join(sign for sign in text.replace("\r\n", "\n") if sign.isprintable() or sign == "\n").strip()
    return words if 0 < len(words) <= longest else None


def _purpose(instruction_id: str, field: str) -> str:
    return f"instruction.{field}:{instruction_id}"


def _clock(uow: UnitOfWork, run: Run, binding: Organisation, today: date, due_on: date) -> Deadline:
    """The private clock of an instruction; owed by a house, not by whoever plays its part after a referral."""
    given = select(func.count()).select_from(Instruction).where(col(Instruction.case_id) == run.case.id)
    deadline = Deadline(
        case_id=run.case.id,
        process_key=run.case.process_key,
        name=f"instruction_{uow.session.exec(given).one() + 1}",
        basis="internal",
        days=0,
        unit="calendar",
        roll="none",
        starts_on=RECORDED,
        stops_on=["case.closed"],
        owed_by="",
        organisation_id=binding.id,
        private=True,
    )
    deadlines.set_last_day(deadline, today, due_on)
    deadlines.impose(uow, run, deadline, RECORDED)
    return deadline


def _addressees(uow: UnitOfWork, given: Instruction) -> set[str]:
    """Who in the bound house hears of it: those who lead, and whoever has the case on their desk."""
    working = select(Task.assignee_id).where(
        col(Task.case_id) == given.case_id, col(Task.state) == "open", col(Task.organisation_id) == given.bound_id
    )
    leading = {p for role in ADDRESSEES for p in directory.holders(uow, role, given.bound_id)}
    return leading | {person for person in uow.session.exec(working) if person}


# ---------------------------------------------------------------- who may


def _house(uow: UnitOfWork, run: Run) -> Organisation:
    """The house for which the actor records: one that takes part, or else one that stands over the case."""
    house = giving_house(uow, run.case)
    if house is None:
        raise NotYoursToInstruct()
    return house


def giving_house(reading: Reading, case: Case) -> Organisation | None:
    """For which organisation the actor could record an instruction on a case; nothing where they cannot."""
    mine = reading.actor.organisations(*GIVERS)
    seen = select(Case.id).where(col(Case.id) == case.id, whole_cases(reading.actor))
    if not mine or reading.session.exec(seen).first() is None:
        return None
    part = select(Participant.organisation_id).where(
        col(Participant.case_id) == case.id, col(Participant.sees) == ALL, col(Participant.until).is_(None)
    )
    over = select(OrganisationRelation.upper_id).where(col(OrganisationRelation.lower_id).in_(part))
    for standing in (part, over):
        of_mine = col(Organisation.id).in_(mine), col(Organisation.id).in_(standing)
        found = reading.session.exec(select(Organisation).where(*of_mine).order_by(col(Organisation.code))).first()
        if found is not None:
            return found
    return None


def bindable(reading: Reading, case: Case) -> list[Organisation]:
    """The organisations that an instruction of the actor could bind; nothing where they cannot record any."""
    house = giving_house(reading, case)
    return list(_bindable(reading, case.id, house).values()) if house and case.closed_at is None else []


def _bindable(reading: Reading, case_id: str, house: Organisation) -> dict[str, Organisation]:
    """Who takes part in the case now and sees it whole, and the giving house itself."""
    taking_part = (
        select(Organisation)
        .join(Participant, col(Participant.organisation_id) == col(Organisation.id))
        .where(col(Participant.case_id) == case_id, col(Participant.until).is_(None), col(Participant.sees) == ALL)
        .order_by(col(Participant.part))
    )
    return {o.code: o for o in (*reading.session.exec(taking_part), house)}


def concerned(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Instruction``, joined with its case, for those that the actor's houses gave or got."""
    houses = actor.organisations()
    return and_(whole_cases(actor), or_(col(Instruction.house_id).in_(houses), col(Instruction.bound_id).in_(houses)))


def words(reading: Reading, case: Case, given: Instruction) -> tuple[str, str, str]:
    """Leader, words and report of an instruction; nothing once the data of the case have been erased."""
    if case.wrapped_key is None:
        return "", "", ""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    sealed = {"leader": given.leader, "text": given.text, "report": given.report}
    told = {name: str(key.open_value(kept, _purpose(given.id, name))) if kept else "" for name, kept in sealed.items()}
    return told["leader"], told["text"], told["report"]
