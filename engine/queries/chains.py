"""How papers are approved: the steps of a chain with who did them, and what tasks that share a drawn task are called."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import col, select

from engine import approvals, definitions, roles
from engine.db import Reading
from engine.models import Notice, NoticeApproval, Organisation, Person, Task
from engine.process import Run
from engine.views import ApprovalView

DRAFTED = ("拟稿", "Drafting")


def of_notices(reading: Reading, run: Run, notices: Sequence[Notice]) -> dict[str, tuple[ApprovalView, ...]]:
    """The chains of papers by their id, for those who may see them: nobody outside the office whose paper it is, and those
    of others who take a step of it, without what others think."""
    ours = reading.actor.organisations() if reading.actor.kind == "person" else frozenset()
    if reading.actor.kind == "party" or not notices:
        return {}
    ids = [notice.id for notice in notices]
    rows: dict[str, list[NoticeApproval]] = {}
    found = select(NoticeApproval).where(col(NoticeApproval.notice_id).in_(ids))
    for row in reading.session.exec(found.order_by(col(NoticeApproval.position))):
        rows.setdefault(row.notice_id, []).append(row)
    shown = {}
    for notice in notices:
        steps = rows.get(notice.id, [])
        house = reading.actor.kind == "system" or notice.organisation_id in ours
        if steps and (house or approvals.takes_part(reading, notice.id)):
            shown[notice.id] = _chain(reading, run, notice, steps, house)
    return shown


def _chain(
    reading: Reading, run: Run, notice: Notice, steps: Sequence[NoticeApproval], house: bool
) -> tuple[ApprovalView, ...]:
    people = _by_id(reading, Person, [who for s in steps for who in (s.person_id, s.in_place_of)] + [notice.drafted_by])
    returned = any(step.result == "returned" for step in steps)
    due = next((step.position for step in steps if step.result is None), 0) if not returned else 0
    lane = 0 if reading.actor.locale.startswith("zh") else 1
    drafted = ApprovalView(
        position=0,
        step="draft",
        title=DRAFTED[lane],
        state="passed",
        organisation=_named(reading, run, None, notice.organisation_id),
        role="",
        person=people.get(notice.drafted_by or "", ""),
        in_place_of="",
        opinion="",
        at=notice.created_at,
    )
    return (drafted, *(_view(reading, run, step, people, due, house, lane) for step in steps))


def _view(
    reading: Reading, run: Run, step: NoticeApproval, people: dict[str, str], due: int, house: bool, lane: int
) -> ApprovalView:
    part, _, role = step.lane.partition(".")
    own = reading.actor.kind == "person" and step.person_id == reading.actor.id
    opinion = run.key.open(step.opinion, approvals.purpose(step)).decode() if step.opinion and (house or own) else ""
    task = reading.session.get(Task, step.task_id) if step.task_id else None
    return ApprovalView(
        position=step.position,
        step=step.step,
        title=approvals.STEPS[step.step][lane],
        state=step.result or ("now" if step.position == due else "next"),  # type: ignore[arg-type]
        organisation=_named(reading, run, part, task.organisation_id if task else None),
        role=roles.title(reading.settings, role, reading.actor.locale),
        person=people.get(step.person_id or "", ""),
        in_place_of=people.get(step.in_place_of or "", ""),
        opinion=opinion,
        at=step.at,
    )


def _named(reading: Reading, run: Run, part: str | None, organisation_id: str | None) -> str:
    found = reading.session.get(Organisation, organisation_id) if organisation_id else run.participants.get(part or "")
    return found.short_name if found else ""


def _by_id(reading: Reading, table: Any, ids: Iterable[str | None]) -> dict[str, str]:
    wanted = {i for i in ids if i}
    found = reading.session.exec(select(table).where(col(table.id).in_(wanted))) if wanted else ()
    return {row.id: row.name for row in found}


def step_titles(reading: Reading, tasks: Sequence[Task]) -> dict[str, str]:
    """What tasks are called that share a drawn task with other steps, by their id: the step, and the paper."""
    ids = {task.approval_id for task in tasks if task.approval_id}
    if not ids:
        return {}
    found = (
        select(NoticeApproval, Notice)
        .join(Notice, col(Notice.id) == col(NoticeApproval.notice_id))
        .where(col(NoticeApproval.id).in_(ids), col(NoticeApproval.shares).is_(True))
    )
    called = {step.id: _called(reading, step, notice) for step, notice in reading.session.exec(found)}
    return {task.id: called[task.approval_id] for task in tasks if task.approval_id in called}


def _called(reading: Reading, step: NoticeApproval, notice: Notice) -> str:
    zh, en = approvals.STEPS[step.step]
    if reading.actor.locale.startswith("zh"):
        return f"{zh}：{notice.title}"
    bundle = definitions.with_presentation(reading, notice.presentation_id)
    return f"{en}: {bundle.text(bundle.notice(notice.name), 'title', 'en')}"


def chain(reading: Reading, run: Run, notice: Notice) -> tuple[ApprovalView, ...]:
    """The chain of one paper; empty for those who may not see it."""
    return of_notices(reading, run, [notice]).get(notice.id, ())


def hidden(reading: Reading, tasks: Sequence[Task]) -> set[str]:
    """Tasks in which papers of other offices are approved: what was thought there stays in the office."""
    steps = {task.id: task.approval_id for task in tasks if task.approval_id}
    if reading.actor.kind == "system" or not steps:
        return set()
    ours = reading.actor.organisations()
    papers = (
        select(NoticeApproval.id)
        .join(Notice, col(Notice.id) == col(NoticeApproval.notice_id))
        .where(col(NoticeApproval.id).in_(steps.values()), col(Notice.organisation_id).in_(ours))
    )
    own = set(reading.session.exec(papers))
    return {
        task.id for task in tasks if task.approval_id and task.organisation_id not in ours and steps[task.id] not in own
    }
