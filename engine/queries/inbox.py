"""The inbox: open work sorted by legal due date, its numbers, and one task with everything around it."""

from datetime import datetime, time
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from engine import approvals, clock, colleagues, process, roles, search, supervision, tasks
from engine.access import visible_cases, workable_tasks
from engine.db import Reading
from engine.errors import Forbidden
from engine.models import Case, Notice, Task
from engine.queries import files, paging, rows
from engine.views import Counts, NoticeView, Page, TaskRow, TaskView

View = Literal["mine", "queue", "all", "unit", "done"]


def inbox(
    reading: Reading,
    view: View = "mine",
    *,
    light: str | None = None,
    process: str | None = None,
    search_for: str = "",
    after: str | None = None,
    limit: int = 50,
    first: bool = False,
) -> Page[TaskRow]:
    """One page of tasks: mine, waiting to be claimed (queue), both and my colleagues' (all), those of the people whom I
    head (unit), or done by me (done). ``first`` shows what Art. 20 opens with priority before the rest."""
    limit = paging.bounded(limit)
    done = view == "done"
    instant = col(Task.ended_at) if done else paging.or_far(col(Case.due_at))
    query = select(Task, Case).join(Case, col(Case.id) == col(Task.case_id)).where(_view(reading, view))
    query = query.where(visible_cases(reading.actor))
    if light and not done:
        query = query.where(_light(reading, light))
    if process:
        query = query.where(col(Case.process_key) == process)
    if search_for.strip():
        query = query.where(search.matching(reading, search_for))
    if first and not done:
        return _by_priority(reading, query, after, limit)
    step = paging.before if done else paging.after
    if (going_on := step(after, instant, col(Task.id))) is not None:  # type: ignore[arg-type]
        query = query.where(going_on)
    order = (instant.desc(), col(Task.id).desc()) if done else (instant.asc(), col(Task.id).asc())
    found, more = paging.cut(reading.session.exec(query.order_by(*order).limit(limit + 1)).all(), limit)
    page = tuple(rows.task_rows(reading, [(t, c) for t, c in found]))
    last = found[-1] if more else None
    next_key = paging.make(last[0].ended_at if done else last[1].due_at, last[0].id) if last else None
    return Page(page, next_key)


def _by_priority(reading: Reading, query: Any, after: str | None, limit: int) -> Page[TaskRow]:
    """Tasks of cases with more reasons for priority first, each group by its due date (Art. 20)."""
    rank, due, ident = col(Case.priority), paging.or_far(col(Case.due_at)), col(Task.id)
    if after:
        at, last = paging.read(after)
        points, _, task_id = last.partition(".")
        if not (points.isdecimal() and len(points) < 5 and task_id):
            raise paging.PageKeyFaulty()
        beyond = and_(due >= at, or_(due > at, ident > task_id))
        query = query.where(or_(rank < int(points), and_(rank == int(points), beyond)))
    ordered = query.order_by(rank.desc(), due.asc(), ident.asc()).limit(limit + 1)
    found, more = paging.cut(reading.session.exec(ordered).all(), limit)
    page = tuple(rows.task_rows(reading, [(t, c) for t, c in found]))
    last_row = found[-1] if more else None
    key = paging.make(last_row[1].due_at, f"{last_row[1].priority}.{last_row[0].id}") if last_row else None
    return Page(page, key)


def counts(reading: Reading) -> Counts:
    """The numbers over the inbox: each counts what the list under it shows (the lights those of ``all``)."""
    open_work = _view(reading, "all")

    def number(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(Task).join(Case, col(Case.id) == col(Task.case_id))
        return reading.session.exec(query.where(visible_cases(reading.actor), *conditions)).one()

    today = datetime.combine(clock.day_of(reading.now), time.min, clock.SHANGHAI)
    return Counts(
        red=number(open_work, _light(reading, "red")),
        amber=number(open_work, _light(reading, "amber")),
        green=number(open_work, _light(reading, "green")),
        grey=number(open_work, _light(reading, "grey")),
        mine=number(_view(reading, "mine")),
        queue=number(_view(reading, "queue")),
        done_today=number(_view(reading, "done"), col(Task.ended_at) >= today),
    )


def _view(reading: Reading, view: View) -> ColumnElement[bool]:
    me = reading.actor.person_id
    if view == "done":
        return and_(col(Task.state) == "completed", col(Task.completed_by) == me)
    if view == "unit":
        return and_(col(Task.state) == "open", colleagues.led_tasks(reading.actor))
    hands = sorted(_hands(reading))
    in_hand = or_(col(Task.assignee_id).in_(hands), col(Task.owner_id).in_(hands))
    if view == "mine":
        return and_(col(Task.state) == "open", in_hand, workable_tasks(reading.actor))
    work = and_(col(Task.state) == "open", workable_tasks(reading.actor))
    return and_(work, col(Task.assignee_id).is_(None)) if view == "queue" else work


def _light(reading: Reading, light: str) -> ColumnElement[bool]:
    soon = supervision.soon_instant(reading)
    due = col(Case.due_at)
    return {
        "red": due <= reading.now,
        "amber": and_(due > reading.now, due <= soon),
        "green": due > soon,
    }.get(light, due.is_(None))


# ---------------------------------------------------------------- one task


def task(reading: Reading, task_id: str) -> TaskView:
    """A task with its case, its form, and whether the actor may do it, or the sentence why not. Raises TaskNotFound."""
    found = tasks.find(reading, task_id)
    case = reading.session.get_one(Case, found.case_id)
    run = process.opened(reading, case)
    form = tasks.form_of(reading, run.bundle, found)
    known = {name: run.data[name] for name in form.names if run.data.get(name) is not None}
    if found.approval_id is not None:  # whoever approves decides afresh: nobody else's answer is put into their mouth
        known = {}
    mine = _is_workable(reading, found)
    rule = tasks.my_hindrance(reading, run.bundle, found) if mine else None
    free = found.assignee_id is None
    held = found.assignee_id in _hands(reading)
    open_now = found.state == "open"
    draft = None
    if found.draft and mine and (held or free):  # what somebody has not finished yet is nobody else's to read
        draft = run.key.open_value(found.draft, f"task.draft:{found.id}")
    return TaskView(
        row=rows.task_rows(reading, [(found, case)])[0],
        file=files.of_case(reading, case),
        node=found.node,
        form=form,
        values=draft if draft is not None else known,
        draft_at=found.draft_at if draft is not None else None,
        revision=found.revision,
        may_claim=open_now and mine and free and rule is None,
        may_complete=open_now and mine and held and rule is None and found.owner_id is None,
        may_prepare=open_now and mine and held and rule is None and found.owner_id is not None,
        blocked=_blocked(reading, found, mine, rule),
        draft_notice=_draft_notice(reading, run, found),
    )


def _is_workable(reading: Reading, task: Task) -> bool:
    workable = select(Task.id).where(col(Task.id) == task.id, workable_tasks(reading.actor))
    return reading.session.exec(workable).first() is not None


def _blocked(reading: Reading, task: Task, mine: bool, rule: Forbidden | None) -> str | None:
    locale = reading.actor.locale
    if task.state != "open":
        how, how_zh = tasks.ENDED[task.state]
        return tasks.TaskAlreadyEnded(how=how, how_zh=how_zh).sentence(locale)
    if not mine:
        role = roles.title(reading.settings, task.role, locale)
        return f"该任务由{role}办理。" if locale.startswith("zh") else f"This task is for: {role}."
    if rule is not None:
        return rule.sentence(locale)
    if task.assignee_id not in {None, *_hands(reading)}:
        holder = tasks.name_of(reading, task.assignee_id)
        refusal = tasks.TaskDelegated if task.owner_id in _hands(reading) else tasks.TaskAlreadyClaimed
        return refusal(by=holder).sentence(locale)
    return None


def _hands(reading: Reading) -> set[str]:
    """The people whose tasks the actor has in hand: their own, and those of absent colleagues for whom they stand in."""
    return {reading.actor.id, *reading.actor.stands_in_for}


def _draft_notice(reading: Reading, run: process.Run, task: Task) -> NoticeView | None:
    """The draft that lies before the person: typeset, and not issued yet."""
    if task.approval_id is not None:
        decided = approvals.paper_of(reading, task)
        shown = decided.state == "draft" and approvals.may_see_draft(reading, decided)
        return files.notice_views(reading, run, [decided])[0] if shown and task.state == "open" else None
    drafted = select(Notice).where(
        col(Notice.case_id) == run.case.id,
        col(Notice.state) == "draft",
        col(Notice.draft_document_id).is_not(None),
        col(Notice.organisation_id).in_(reading.actor.organisations()),  # a draft is its own house's alone
    )
    notice = reading.session.exec(drafted.order_by(col(Notice.created_at).desc()).limit(1)).first()
    return files.notice_views(reading, run, [notice])[0] if notice and task.state == "open" else None
