"""Who approves a paper: the chain of its kind (拟稿 → 核稿 → 会签、合法性审核 → 签发 → 用印 → 登记), step by step.

The chain is declared in ``notice.toml`` and laid down with each draft, so that a new draft begins anew. Its steps are done in
tasks that the process draws. Where several steps name one drawn task, they are tasks of their own that follow each other on
the one token; the flow goes on after the last of them, or after a return.
"""

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_
from sqlmodel import col, select

from engine import audit
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Forbidden
from engine.manifest import NoticeRule
from engine.models import Document, Handover, Notice, NoticeApproval, Task
from engine.runtime import evaluate

if TYPE_CHECKING:
    from engine.process import Run

STEPS: Mapping[str, tuple[str, str]] = {
    "review": ("核稿", "Review"),
    "countersign": ("会签", "Countersignature"),
    "legal_review": ("合法性审核", "Legal review"),
    "sign": ("签发", "Signature"),
    "seal": ("用印", "Sealing"),
    "register": ("登记", "Registration"),
}
JUDGING = frozenset({"review", "countersign", "legal_review", "sign"})  # each by another person
NOT_BY_THE_DRAFTER = JUDGING | {"seal"}
NOT_BY_THE_KEEPER = frozenset({"sign", "seal"})  # whoever keeps the seal does not sign
LONGEST_OPINION = 2000


class DrafterApproves(Forbidden):
    """Who drafted “{title}” takes no part in approving it ({step})."""

    zh = "《{title}》的拟稿人不能办理本文书的{step_zh}。"


class ApprovesTwice(Forbidden):
    """Whoever had the step “{done}” of “{title}” does not have the step “{step}” as well: it is for somebody else."""

    zh = "同一人不能先后办理《{title}》的{done_zh}和{step_zh}，请由其他人员办理。"


class NotApproved(Conflict):
    """“{title}” cannot be issued: the step “{step}” has not been passed for this draft."""

    zh = "《{title}》不能发出：这一稿还没有通过{step_zh}。"


class DraftMissing(Conflict):
    """“{title}” is issued from an approved draft, and there is none: send it back to be drafted."""

    zh = "《{title}》应当依照审批通过的稿件发出，现在没有这样的稿件，请退回重新拟稿。"


# ---------------------------------------------------------------- laying it down


def lay_down(uow: UnitOfWork, run: "Run", notice: Notice, rule: NoticeRule) -> None:
    """The steps that this draft has to pass, as its kind declares them and the case needs them."""
    known = {**dict.fromkeys(run.bundle.manifest.data), **run.data}
    needed = [step for step in rule.approval if step.when is None or evaluate(step.when, known)]
    inside = [step.task for step in needed]
    for position, step in enumerate(needed, 1):
        uow.add(
            NoticeApproval(
                notice_id=notice.id,
                case_id=run.case.id,
                position=position,
                step=step.step,
                node=step.task,
                lane=step.lane or run.bundle.lane_of(step.task),
                passes=step.passes,
                opinion_field=step.opinion,
                shares=inside.count(step.task) > 1,
            )
        )


def chain(reading: Reading, notice_id: str) -> list[NoticeApproval]:
    """The steps of a draft or paper, in order."""
    steps = select(NoticeApproval).where(col(NoticeApproval.notice_id) == notice_id)
    return list(reading.session.exec(steps.order_by(col(NoticeApproval.position))))


def next_step(reading: Reading, run: "Run", node: str) -> NoticeApproval | None:
    """The step that is due inside a drawn task: of the newest draft that lies before people and was not returned."""
    if node not in run.bundle.approving:
        return None
    returned = select(NoticeApproval.notice_id).where(
        col(NoticeApproval.case_id) == run.case.id, col(NoticeApproval.result) == "returned"
    )
    due = (
        select(NoticeApproval)
        .join(Notice, col(Notice.id) == col(NoticeApproval.notice_id))
        .where(
            col(NoticeApproval.case_id) == run.case.id,
            col(NoticeApproval.node) == node,
            col(NoticeApproval.result).is_(None),
            col(Notice.state) == "draft",
            col(Notice.draft_document_id).is_not(None),
            col(Notice.id).not_in(returned),
        )
    )
    newest_first = due.order_by(col(Notice.created_at).desc(), col(Notice.id), col(NoticeApproval.position))
    return reading.session.exec(newest_first.limit(1)).first()


# ---------------------------------------------------------------- deciding


def decide(
    uow: UnitOfWork, run: "Run", task: Task, values: Mapping[str, Any], in_place_of: str | None
) -> NoticeApproval | None:
    """Record what the step of this task came to; returns the step that follows inside the same drawn task, if one does."""
    step = uow.session.get(NoticeApproval, task.approval_id) if task.approval_id else None
    if step is None:
        return None
    notice = uow.session.get_one(Notice, step.notice_id)
    draft = uow.session.get(Document, notice.draft_document_id) if notice.draft_document_id else None
    known = {**dict.fromkeys(run.bundle.manifest.data), **run.data, **values}
    step.result = "passed" if evaluate(step.passes, known) else "returned"
    step.person_id, step.in_place_of, step.at = uow.actor.person_id, in_place_of, uow.now
    step.task_id, step.digest = task.id, draft.digest if draft else None
    opinion = str(values.get(step.opinion_field or "") or "")[:LONGEST_OPINION]
    step.opinion = run.key.seal(opinion.encode(), purpose(step)) if opinion else None
    uow.add(step)
    event = f"notice.step_{step.result}"
    audit.record(uow, event, run.case.id, notice=notice.id, step=step.step, position=step.position, digest=step.digest)
    uow.session.flush()
    return next_step(uow, run, task.node) if step.result == "passed" else None


def purpose(step: NoticeApproval) -> str:
    """The purpose under which an opinion is encrypted."""
    return f"notice_approval:{step.id}"


# ---------------------------------------------------------------- what must hold


def hindrance(reading: Reading, task: Task, people: Set[str]) -> Forbidden | None:
    """What keeps any of these people from the step of a task: they drafted the paper, or had another step of it."""
    step = reading.session.get(NoticeApproval, task.approval_id) if task.approval_id else None
    if step is None or not people:
        return None
    notice = reading.session.get_one(Notice, step.notice_id)
    words = {"title": notice.title, "step": STEPS[step.step][1], "step_zh": STEPS[step.step][0]}
    if step.step in NOT_BY_THE_DRAFTER and people & drafters(reading, notice):
        return DrafterApproves(task_id=task.id, **words)
    for other in chain(reading, notice.id):
        apart = {step.step, other.step} <= JUDGING or {step.step, other.step} == NOT_BY_THE_KEEPER
        if other.id != step.id and apart and people & _hands_of(reading, other.task_id):
            done_zh, done = STEPS[other.step]
            return ApprovesTwice(task_id=task.id, done=done, done_zh=done_zh, **words)
    return None


def drafters(reading: Reading, notice: Notice) -> set[str]:
    """Whoever drafted a paper, had it drafted in their place, or prepared the draft for another."""
    return {notice.drafted_by} - {None} | _hands_of(reading, notice.drafting_task_id)  # type: ignore[return-value]


def _hands_of(reading: Reading, task_id: str | None) -> set[str]:
    """Everybody who did a task that is done: in their own name, in the place of another, or preparing it."""
    task = reading.session.get(Task, task_id) if task_id else None
    if task is None:
        return set()
    prepared = select(Handover.kind, Handover.to_id, Handover.by).where(
        col(Handover.task_id) == task.id, or_(col(Handover.kind) == "delegated", col(Handover.kind) == "returned")
    )
    hands = {task.completed_by, task.completed_for}
    for kind, to, by in reading.session.exec(prepared):
        hands.add(to if kind == "delegated" else by.removeprefix("person:"))
    return {person for person in hands if person}


def paper_of(reading: Reading, task: Task) -> Notice:
    """The paper on which a step decides."""
    step = reading.session.get_one(NoticeApproval, task.approval_id)
    return reading.session.get_one(Notice, step.notice_id)


def passed_by(reading: Reading, task: Task) -> Notice | None:
    """The paper of which a task has passed a step; nothing where it returned it, or was no step of any."""
    step = reading.session.get(NoticeApproval, task.approval_id) if task.approval_id else None
    return reading.session.get_one(Notice, step.notice_id) if step is not None and step.result == "passed" else None


def takes_part(reading: Reading, notice_id: str) -> bool:
    """Whether a step of the chain is, or was, a task of the actor's office, though the paper is another's."""
    theirs = (
        select(Task.id)
        .join(NoticeApproval, col(NoticeApproval.id) == col(Task.approval_id))
        .where(col(NoticeApproval.notice_id) == notice_id, col(Task.state) != "cancelled")
        .where(col(Task.organisation_id).in_(reading.actor.organisations()))
    )
    return reading.session.exec(theirs.limit(1)).first() is not None


def may_see_draft(reading: Reading, notice: Notice) -> bool:
    """Whether the actor works in the office whose paper this will be, or in one that takes a step in approving it."""
    if reading.actor.kind == "system" or notice.organisation_id in reading.actor.organisations():
        return True
    return reading.actor.kind == "person" and takes_part(reading, notice.id)


def require_passed(reading: Reading, notice: Notice | None, rule: NoticeRule) -> Sequence[NoticeApproval]:
    """The steps of an approved draft; raises DraftMissing, NotApproved. A paper without a chain has none."""
    if notice is None:
        if rule.approval:
            raise DraftMissing(title=rule.title)
        return ()
    steps = chain(reading, notice.id)
    if rule.approval and not steps:
        raise DraftMissing(title=rule.title)
    missing = next((step for step in steps if step.result != "passed"), None)
    if missing is not None:
        step_zh, step_en = STEPS[missing.step]
        raise NotApproved(title=rule.title, step=step_en, step_zh=step_zh)
    return steps
