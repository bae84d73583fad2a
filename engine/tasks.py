"""What people do with tasks: claim, release, save a draft, complete."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from engine import audit, clock, definitions, documents, process
from engine.access import desk_cases, whole_cases, workable_tasks
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.documents import Stored
from engine.errors import Conflict, Forbidden, NotFound
from engine.failpoints import failpoint
from engine.form_problems import FormInvalid, Problem
from engine.forms import Form
from engine.models import Case, Person, Task
from engine.process import Run
from engine.runtime import Complete, evaluate


class TaskNotFound(NotFound):
    """There is no such task, or it is not yours to do."""

    zh = "没有这项任务，或者不由您办理。"


class TaskAlreadyClaimed(Conflict):
    """{by} has already claimed this task."""

    zh = "该任务已由{by}领取。"


class TaskAlreadyEnded(Conflict):
    """This task is no longer open: {how}."""

    zh = "该任务已经结束：{how_zh}。"


class TaskStale(Conflict):
    """Somebody changed this task since you opened it. Please look at it again."""

    status = 412
    zh = "您打开后，该任务已有变动，请重新查看。"


class SeparationViolated(Forbidden):
    """{text}"""

    zh = "{text_zh}"


class RuleViolated(FormInvalid):
    """What was entered does not fit the state of the case."""

    zh = "填写的内容与案件的情况不符。"


ENDED = {
    "completed": ("it was completed", "已经办结"),
    "cancelled": ("the case went another way", "案件已撤回或流程已变化，无需再办"),
}


def claim(uow: UnitOfWork, task_id: str) -> Task:
    """Take a task for yourself; raises TaskNotFound, TaskAlreadyEnded, TaskAlreadyClaimed, SeparationViolated."""
    task, run = _open_task(uow, task_id)
    _require_separation(uow, run.bundle, task)
    _take(uow, task)
    uow.add(task)
    return task


def _take(uow: UnitOfWork, task: Task) -> None:
    """The task is yours from now on, unless a colleague has it."""
    if task.assignee_id is None:
        task.assignee_id, task.claimed_at = uow.actor.person_id, uow.now
        task.revision += 1
        audit.record(uow, "task.claimed", task.case_id, task=task.id)
        failpoint("tasks.claimed")
    _require_mine(uow, task)


def release(uow: UnitOfWork, task_id: str) -> Task:
    """Put a task of yours back for colleagues; the draft stays with it."""
    task, _ = _open_task(uow, task_id)
    _require_mine(uow, task)
    task.assignee_id, task.claimed_at = None, None
    task.revision += 1
    uow.add(task)
    audit.record(uow, "task.released", task.case_id, task=task.id)
    return task


def save_draft(uow: UnitOfWork, task_id: str, values: Mapping[str, Any]) -> Task:
    """Keep what has been typed so far, valid or not; only the shape of the fields is checked."""
    task, run = _open_task(uow, task_id)
    _require_mine(uow, task)
    known = form_of(uow, run.bundle, task).names
    task.draft = run.key.seal_value({k: v for k, v in values.items() if k in known}, f"task.draft:{task.id}")
    task.draft_at = uow.now
    uow.add(task)
    return task


def complete(
    uow: UnitOfWork,
    task_id: str,
    values: Mapping[str, Any],
    uploads: Sequence[Stored] = (),
    *,
    revision: int | None = None,
) -> Task:
    """Finish a task with the answers of its form; the flow goes on in the same transaction.

    An unclaimed task is claimed by the way. Raises TaskNotFound, TaskAlreadyEnded, TaskAlreadyClaimed, TaskStale,
    SeparationViolated (four eyes), FormInvalid, RuleViolated.
    """
    task, run = _open_task(uow, task_id)
    present = task.revision  # taking it by the way is no change that somebody else made
    _require_separation(uow, run.bundle, task)
    _take(uow, task)
    if revision is not None and revision != present:
        raise TaskStale(task_id=task.id)
    form = form_of(uow, run.bundle, task)
    form.validate(values)
    _require_rules(uow, run, task, values)
    documents.attach_all(uow, task.case_id, run.key, list(uploads), task_id=task.id)
    task.state, task.ended_at, task.completed_by, task.draft = "completed", uow.now, uow.actor.person_id, None
    task.revision += 1
    uow.session.add(task)
    audit.record(uow, "task.completed", task.case_id, task=task.id, node=task.node, fields=audit.names(values))
    failpoint("tasks.completed")
    answers = {**dict.fromkeys(form.names), **values}  # a field left empty is nothing, whatever it said before
    process.proceed(uow, run, Complete(task.token, answers), f"task:{task.id}")
    return task


# ---------------------------------------------------------------- what must hold


def find(reading: Reading, task_id: str) -> Task:
    """A task of a case that the actor may see, unless they are a party of it; raises TaskNotFound."""
    query = select(Task).join(Case, col(Case.id) == col(Task.case_id)).where(col(Task.id) == task_id)
    ours = col(Task.organisation_id).in_(reading.actor.organisations())
    task = reading.session.exec(query.where(desk_cases(reading.actor), or_(whole_cases(reading.actor), ours))).first()
    if task is None:
        raise TaskNotFound()
    return task


def form_of(reading: Reading, bundle: Bundle, task: Task) -> Form:
    """The form of a task, in the actor's language, with the lists from the directory filled in."""
    name = bundle.form_of(task.node)
    if name is None:
        return Form({"type": "object", "properties": {}}, {})
    return definitions.form(reading, bundle, name, reading.actor.locale)


def separation(reading: Reading, bundle: Bundle, task: Task) -> SeparationViolated | None:
    """The rule of four eyes that keeps the actor from this task, if there is one."""
    rules = [rule for rule in bundle.manifest.separations if task.node in rule.tasks]
    if not rules:
        return None
    others = {node for rule in rules for node in rule.tasks} - {task.node}
    mine = select(Task.node).where(
        col(Task.case_id) == task.case_id,
        col(Task.completed_by) == reading.actor.person_id,
        col(Task.node).in_(sorted(others)),
    )
    done = set(reading.session.exec(mine.distinct()))
    violated = next((rule for rule in rules if done.intersection(rule.tasks)), None)
    return SeparationViolated(task_id=task.id, text=violated.text_en, text_zh=violated.text) if violated else None


def _open_task(uow: UnitOfWork, task_id: str) -> tuple[Task, Run]:
    """The task, its case locked; only for people of the organisation and role that it waits for."""
    mine = (col(Task.id) == task_id, workable_tasks(uow.actor))
    case_id = uow.session.exec(select(Task.case_id).where(*mine)).first()
    if case_id is None:
        raise TaskNotFound()
    failpoint("tasks.found")
    run = process.lock(uow, case_id)
    # only now: it may have ended or gone elsewhere while we waited for the lock
    task = uow.session.exec(select(Task).where(*mine).execution_options(populate_existing=True)).first()
    if task is None:
        raise TaskNotFound()
    if task.state != "open":
        how, how_zh = ENDED[task.state]
        raise TaskAlreadyEnded(task_id=task.id, how=how, how_zh=how_zh)
    return task, run


def _require_mine(uow: UnitOfWork, task: Task) -> None:
    if task.assignee_id != uow.actor.person_id:
        holder = uow.session.get(Person, task.assignee_id) if task.assignee_id else None
        raise TaskAlreadyClaimed(task_id=task.id, by=holder.name if holder else "—")


def _require_separation(uow: UnitOfWork, bundle: Bundle, task: Task) -> None:
    violated = separation(uow, bundle, task)
    if violated is not None:
        raise violated


def _require_rules(uow: UnitOfWork, run: Run, task: Task, values: Mapping[str, Any]) -> None:
    rules = [rule for rule in run.bundle.manifest.rules if rule.task == task.node]
    if not rules:
        return
    state = process.context(run)
    names = {**state.data, **values, "participants": state.participants, "today": clock.day_of(uow.now).isoformat()}
    for rule in rules:
        if evaluate(rule.refuse_when, {**dict.fromkeys(run.bundle.manifest.data), **names}):
            raise RuleViolated((Problem(rule.field, f"/{rule.field}", "rule", rule.text, rule.text_en),))
