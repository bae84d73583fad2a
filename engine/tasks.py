"""What people do with tasks: claim, release, save a draft, complete."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from engine import (
    approvals,
    audit,
    cases,
    catalogue,
    clock,
    definitions,
    directory,
    documents,
    followers,
    process,
    recusals,
)
from engine.access import desk_cases, whole_cases, workable_tasks
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.documents import Stored
from engine.doers import done_by
from engine.errors import Conflict, Forbidden, NotFound
from engine.failpoints import failpoint
from engine.form_problems import FormInvalid, Problem
from engine.forms import Form
from engine.manifest import Separation
from engine.models import Case, Membership, Person, Task
from engine.process import Run
from engine.runtime import Complete, evaluate


class TaskNotFound(NotFound):
    """There is no such task, or it is not yours to do."""

    zh = "没有这项任务，或者不由您办理。"


class TaskAlreadyClaimed(Conflict):
    """{by} has already claimed this task."""

    zh = "该任务已由{by}领取。"


class TaskDelegated(Conflict):
    """This task is with {by}, who prepares it. Call it back first, or wait until it is given back."""

    zh = "该任务已转交{by}协办，请等其交回，或者先收回。"


class TaskIsPrepared(Conflict):
    """You prepare this task for {owner}, who completes it: give it back when you are done."""

    zh = "该任务由您协办，办结由{owner}负责；办好后请交回。"


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
    "resting": ("the case is handled together with another one", "本件已与其他案件并案，由主案一并办理"),
    "cancelled": ("the case went another way", "案件已撤回或流程已变化，无需再办"),
}


def claim(uow: UnitOfWork, task_id: str) -> Task:
    """Take a task for yourself, or for an absent colleague in whose place you do it.

    Raises TaskNotFound, TaskAlreadyEnded, TaskAlreadyClaimed, SeparationViolated, and what ``recusals.bar`` says.
    """
    task, run = open_task(uow, task_id)
    require_free(uow, run.bundle, task)
    take(uow, task)
    uow.add(task)
    return task


def take(uow: UnitOfWork, task: Task) -> None:
    """The task is yours (or that of whom you stand in for) from now on, unless a colleague has it."""
    if task.assignee_id is None:
        absent = in_place_of(uow, task)
        task.assignee_id, task.claimed_at = absent or uow.actor.person_id, uow.now
        task.revision += 1
        audit.record(uow, "task.claimed", task.case_id, task=task.id, **_for(absent))
        failpoint("tasks.claimed")
    require_mine(uow, task)


def release(uow: UnitOfWork, task_id: str) -> Task:
    """Put a task of yours back for colleagues; the draft stays with it. One that you prepare is given back instead."""
    task, _ = open_task(uow, task_id)
    require_mine(uow, task)
    require_completing(uow, task)
    absent = in_place_of(uow, task)
    task.assignee_id, task.claimed_at = None, None
    task.revision += 1
    uow.add(task)
    audit.record(uow, "task.released", task.case_id, task=task.id, **_for(absent))
    return task


def save_draft(uow: UnitOfWork, task_id: str, values: Mapping[str, Any]) -> Task:
    """Keep what has been typed so far, valid or not; only the shape of the fields is checked."""
    task, run = open_task(uow, task_id)
    require_mine(uow, task)
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

    An unclaimed task is claimed by the way. Raises TaskNotFound, TaskAlreadyEnded, TaskAlreadyClaimed, TaskDelegated,
    TaskIsPrepared, TaskStale, what keeps the actor from it (see ``hindrance``), FormInvalid, RuleViolated, AttachmentMissing,
    and PartBarred where a paper is approved whose issuer may not play its part by now.
    """
    task, run = open_task(uow, task_id)
    present = task.revision  # taking it by the way is no change that somebody else made
    require_free(uow, run.bundle, task)
    take(uow, task)
    require_completing(uow, task)
    if revision is not None and revision != present:
        raise TaskStale(task_id=task.id)
    form = form_of(uow, run.bundle, task)
    form.validate(values)
    _require_rules(uow, run, task, values)
    if form.demands_attachments and not uploads:
        raise documents.AttachmentMissing()
    documents.attach_all(uow, task.case_id, run.key, list(uploads), task_id=task.id)
    task.completed_for = absent = in_place_of(uow, task)
    task.state, task.ended_at, task.completed_by, task.draft = "completed", uow.now, uow.actor.person_id, None
    task.revision += 1
    uow.session.add(task)
    fields = audit.names(values)
    audit.record(uow, "task.completed", task.case_id, task=task.id, node=task.node, fields=fields, **_for(absent))
    failpoint("tasks.completed")
    answers = {**dict.fromkeys(form.names), **values}  # a field left empty is nothing, whatever it said before
    following = approvals.decide(uow, run, task, answers, absent)
    if (passed := approvals.passed_by(uow, task)) is not None:
        cases.require_competent(uow, run, run.bundle.notice(passed.name))
    if following is not None:
        process.go_on_inside(uow, run, task, answers)
    else:
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


def hindrance(reading: Reading, bundle: Bundle, task: Task, *people: str | None) -> Forbidden | None:
    """What keeps any of these people from a task, as a sentence: recusal, or the rule of four eyes."""
    for person_id in filter(None, people):
        refusal = recusals.bar(reading, bundle, task.case_id, person_id, task)
        if refusal is not None:
            return refusal
    concerned = {person_id for person_id in people if person_id}
    return _separation(reading, bundle, task, concerned) or approvals.hindrance(reading, task, concerned)


def my_hindrance(reading: Reading, bundle: Bundle, task: Task) -> Forbidden | None:
    """What keeps the actor from a task, or the absent colleague in whose place they would do it."""
    return hindrance(reading, bundle, task, reading.actor.person_id, in_place_of(reading, task))


def _separation(reading: Reading, bundle: Bundle, task: Task, people: Set[str]) -> SeparationViolated | None:
    """The rule of four eyes that keeps these people from a task.

    What one did in the place of another, both have done; what one prepared for another, too. Whoever filed the case did its
    start event.
    """
    rules = [rule for rule in bundle.manifest.separations if task.node in rule.tasks]
    if not rules:
        return None
    others = {node for rule in rules for node in rule.tasks} - {task.node}
    theirs = select(Task.node).where(
        col(Task.case_id) == task.case_id, col(Task.node).in_(sorted(others)), done_by(people)
    )
    done = set(reading.session.exec(theirs.distinct()))
    begun = {node for node in others if bundle.blueprint.nodes[node].kind == "startEvent"}
    if begun and process.happened(
        reading, task.case_id, bundle.manifest.begins_with, by=[f"person:{person_id}" for person_id in people]
    ):
        done |= begun
    violated = next(
        (rule for rule in rules if done.intersection(rule.tasks) or _sent(reading, task, rule, people)), None
    )
    return SeparationViolated(task_id=task.id, text=violated.text_en, text_zh=violated.text) if violated else None


def _sent(reading: Reading, task: Task, rule: Separation, people: Set[str]) -> bool:
    """Whether any of these people sent a message that a rule of four eyes keeps apart from its tasks: they asked for it."""
    acted = [f"person:{person_id}" for person_id in people]
    events = [f"message.received:{name}" for name in rule.messages]
    return any(process.happened(reading, task.case_id, event, by=acted) for event in events)


def in_place_of(reading: Reading, task: Task) -> str | None:
    """The absent colleague in whose place the actor does this task; nobody where it is the actor's own work."""
    absent = reading.actor.stands_in_for
    if task.assignee_id is not None or not absent:
        return task.assignee_id if task.assignee_id in absent else None
    held = select(col(Membership.person_id)).where(
        col(Membership.person_id).in_({reading.actor.id, *absent}),
        col(Membership.organisation_id) == task.organisation_id,
        col(Membership.role) == task.role,
        col(Membership.ended_at).is_(None),
    )
    holders = set(reading.session.exec(held))
    return None if reading.actor.id in holders else min(holders, default=None)


def _for(absent: str | None) -> dict[str, Any]:
    """What the record says besides of something that was done in somebody's place."""
    return {"in_place_of": absent} if absent else {}


def open_task(uow: UnitOfWork, task_id: str) -> tuple[Task, Run]:
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
    require_open(task)
    return task, run


def require_open(task: Task) -> None:
    """What has ended is nobody's work any more; raises TaskAlreadyEnded."""
    if task.state != "open":
        how, how_zh = ENDED[task.state]
        raise TaskAlreadyEnded(task_id=task.id, how=how, how_zh=how_zh)


def require_mine(uow: UnitOfWork, task: Task) -> None:
    """The task is in the actor's hands, or in those of somebody for whom they stand in; raises TaskAlreadyClaimed."""
    if task.assignee_id not in {uow.actor.person_id, *uow.actor.stands_in_for} or task.assignee_id is None:
        if task.owner_id in {uow.actor.person_id, *uow.actor.stands_in_for}:
            raise TaskDelegated(task_id=task.id, by=name_of(uow, task.assignee_id))
        raise TaskAlreadyClaimed(task_id=task.id, by=name_of(uow, task.assignee_id))


def require_completing(uow: UnitOfWork, task: Task) -> None:
    """Whoever only prepares a task does not decide what becomes of it; raises TaskIsPrepared."""
    if task.owner_id is not None:
        raise TaskIsPrepared(task_id=task.id, owner=name_of(uow, task.owner_id))


def name_of(reading: Reading, person_id: str | None) -> str:
    """What somebody is called, for a sentence."""
    person = reading.session.get(Person, person_id) if person_id else None
    return person.name if person else "—"


def require_free(uow: UnitOfWork, bundle: Bundle, task: Task) -> None:
    """No rule keeps the actor from the task; raises the one that does."""
    hindered = my_hindrance(uow, bundle, task)
    if hindered is not None:
        raise hindered


def _require_rules(uow: UnitOfWork, run: Run, task: Task, values: Mapping[str, Any]) -> None:
    rules = [rule for rule in run.bundle.manifest.rules if rule.task == task.node]
    if not rules:
        return
    names = {
        **dict.fromkeys(run.bundle.manifest.data),
        **run.data,
        **values,
        "today": clock.day_of(uow.now).isoformat(),
    }
    names |= {
        "participants": process.described_participants(uow, run),
        "organisations": directory.named(uow, [*run.data.values(), *values.values()]),
    }
    names |= process.known_items(uow, run, *values.values())
    if any("revisions" in rule.refuse_when for rule in rules):
        names["revisions"] = catalogue.surveyed(uow, run.case.id)
    if any("followers" in rule.refuse_when for rule in rules):
        names["followers"] = followers.number(uow, run.case.id)
    for rule in rules:
        if evaluate(rule.refuse_when, names):
            raise RuleViolated((Problem(rule.field, f"/{rule.field}", "rule", rule.text, rule.text_en),))
