"""How a task goes from hand to hand: handed to a colleague who prepares it, given back, called back, given to somebody else.

Whoever has a task may let a colleague of the same role prepare it (delegate): the colleague works on the draft and gives it
back, the owner completes it. A head of unit or leader may give work of their people to somebody else (reassign), with a reason.
Whoever receives a task is checked as if they claimed it: the role, recusal, four eyes, and whether they are there.
"""

from sqlmodel import col, select

from engine import absences, audit, colleagues, process, reasons, recusals, reminders, tasks
from engine.access import visible_cases
from engine.colleagues import led_tasks
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Invalid
from engine.models import Case, Handover, Person, Task
from engine.privacy import CaseKey
from engine.process import Run
from engine.views import HandoverView


class ReceiverUnfit(Invalid):
    """This is done by a colleague who holds the same role in the organisation that the task waits for."""

    zh = "接收人应当是任务所属机构中担任同一角色的在职人员。"


class ReceiverNotYours(Invalid):
    """You give work to the people of your own unit only."""

    zh = "只能分派给本科室的人员。"


class TaskThereAlready(Conflict):
    """This task is there already: {where}."""

    zh = "该任务已经在{where_zh}。"


class NotDelegated(Conflict):
    """This task was not handed to anybody to prepare."""

    zh = "该任务没有转交他人协办。"


# ---------------------------------------------------------------- verbs


def delegate(uow: UnitOfWork, task_id: str, person_id: str, reason: str) -> Task:
    """Let a colleague prepare a task of yours; you complete it when it comes back. What was typed goes along.

    An unclaimed task is claimed by the way. Raises what ``tasks.claim`` raises, TaskDelegated, TaskIsPrepared,
    ReasonMissing, ReceiverUnfit, PersonAway, and what keeps the colleague from the task.
    """
    task, run = tasks.open_task(uow, task_id)
    tasks.require_free(uow, run.bundle, task)
    tasks.take(uow, task)
    tasks.require_completing(uow, task)
    words = reasons.given(reason)
    if person_id in (task.assignee_id, uow.actor.person_id):
        raise ReceiverUnfit()
    receiver = _receiver(uow, run, task, person_id)
    task.owner_id = task.assignee_id
    _hand(uow, run, task, receiver.id, "delegated", words)
    return task


def give_back(uow: UnitOfWork, task_id: str, remark: str = "") -> Task:
    """Give a task that you prepared back to its owner, with a remark. Raises NotDelegated, TaskAlreadyClaimed."""
    task, run = tasks.open_task(uow, task_id)
    tasks.require_mine(uow, task)
    words = reasons.said(remark)
    _return(uow, run, task, "returned", words)
    return task


def call_back(uow: UnitOfWork, task_id: str, reason: str) -> Task:
    """Take a task back that you gave to somebody to prepare; what they typed comes along.

    Raises NotDelegated, ReasonMissing, TaskAlreadyClaimed.
    """
    task, run = tasks.open_task(uow, task_id)
    words = reasons.given(reason)
    if task.owner_id is None:
        raise NotDelegated()
    if task.owner_id not in {uow.actor.person_id, *uow.actor.stands_in_for}:
        raise tasks.TaskAlreadyClaimed(task_id=task.id, by=tasks.name_of(uow, task.assignee_id))
    _return(uow, run, task, "recalled", words)
    return task


def reassign(uow: UnitOfWork, task_id: str, person_id: str | None, reason: str) -> Task:
    """Give a task of somebody whom you head to another of them, or (nobody named) let it wait to be claimed.

    Raises TaskNotFound, TaskAlreadyEnded, ReasonMissing, ReceiverUnfit, ReceiverNotYours, TaskThereAlready, PersonAway, and
    what keeps the receiver from the task, or the actor from the case.
    """
    task, run = _led_task(uow, task_id)
    words = reasons.given(reason)
    if person_id == task.assignee_id and task.owner_id is None:
        where = (tasks.name_of(uow, person_id),) * 2 if person_id else ("waiting to be claimed", "待领取状态")
        raise TaskThereAlready(where=where[0], where_zh=where[1])
    if person_id is not None:
        receiver = _receiver(uow, run, task, person_id)
        if receiver.id != uow.actor.person_id and not colleagues.leads(uow, receiver.id):
            raise ReceiverNotYours()
    told = {who for who in (task.assignee_id, task.owner_id) if who}
    task.owner_id = None
    _hand(uow, run, task, person_id, "reassigned", words, told)
    return task


# ---------------------------------------------------------------- what must hold


def _led_task(uow: UnitOfWork, task_id: str) -> tuple[Task, Run]:
    """An open task of people whom the actor heads, its case locked; raises TaskNotFound, TaskAlreadyEnded."""
    theirs = (col(Task.id) == task_id, led_tasks(uow.actor))
    seen = select(Task.case_id).join(Case, col(Case.id) == col(Task.case_id)).where(*theirs)
    case_id = uow.session.exec(seen.where(visible_cases(uow.actor))).first()
    if case_id is None:
        raise tasks.TaskNotFound()
    run = process.lock(uow, case_id)
    task = uow.session.exec(select(Task).where(*theirs).execution_options(populate_existing=True)).first()
    if task is None:  # it went elsewhere while we waited for the lock
        raise tasks.TaskNotFound()
    tasks.require_open(task)
    recusals.require_free(uow, run.case, run.bundle)
    return task, run


def _receiver(uow: UnitOfWork, run: Run, task: Task, person_id: str) -> Person:
    """The colleague who is to have a task: in the same role, there, and kept from it by no rule."""
    holders = colleagues.holders(uow, task.organisation_id, task.role)
    receiver = next((person for person in holders if person.id == person_id), None)
    if receiver is None:
        raise ReceiverUnfit()
    absences.require_present(uow, receiver)
    hindered = tasks.hindrance(uow, run.bundle, task, receiver.id)
    if hindered is not None:
        raise hindered
    return receiver


# ---------------------------------------------------------------- what changes


def _return(uow: UnitOfWork, run: Run, task: Task, kind: str, words: str) -> None:
    if task.owner_id is None:
        raise NotDelegated()
    told = {task.assignee_id} if kind == "recalled" and task.assignee_id else set()
    owner, task.owner_id = task.owner_id, None
    _hand(uow, run, task, owner, kind, words, told)


def _hand(
    uow: UnitOfWork, run: Run, task: Task, to: str | None, kind: str, words: str, told: set[str] | None = None
) -> None:
    """The task is in other hands: row, record, and a word to those whom it concerns."""
    task.revision += 1
    row = Handover(
        task_id=task.id,
        case_id=task.case_id,
        revision=task.revision,
        kind=kind,
        from_id=task.assignee_id,
        to_id=to,
        words=b"",
        at=uow.now,
        by=str(uow.actor),
    )
    row.words = run.key.seal(words.encode(), _purpose(row))
    giver, task.assignee_id = task.assignee_id, to
    task.claimed_at = uow.now if to else None
    uow.add(row, task)
    hands = {name: who for name, who in (("giver", giver), ("receiver", to), ("owner", task.owner_id)) if who}
    audit.record(uow, f"task.{kind}", task.case_id, task=task.id, handover=row.id, **hands)
    concerned = (told or set()) | ({to} if to else set())
    reminders.remind(uow, concerned, "reassigned" if kind == "recalled" else kind, task.case_id)


def _purpose(row: Handover) -> str:
    return f"handover:{row.id}"


# ---------------------------------------------------------------- looking


def of_task(reading: Reading, key: CaseKey, task_id: str) -> list[HandoverView]:
    """How a task went from hand to hand, oldest first."""
    rows = list(
        reading.session.exec(select(Handover).where(col(Handover.task_id) == task_id).order_by(col(Handover.revision)))
    )
    ids = {who for row in rows for who in (row.from_id, row.to_id, row.by.removeprefix("person:")) if who}
    names = {p.id: p.name for p in reading.session.exec(select(Person).where(col(Person.id).in_(ids)))}
    return [
        HandoverView(
            at=row.at,
            kind=row.kind,
            by=names.get(row.by.removeprefix("person:"), ""),
            giver=names.get(row.from_id or "", ""),
            receiver=names.get(row.to_id or "", ""),
            words=key.open(row.words, _purpose(row)).decode(),
        )
        for row in rows
    ]
