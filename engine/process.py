"""A case in motion: lock it, advance its flow, perform what the flow asks for, and project where it stands onto rows.

Every change of a case passes through here: ``lock`` gives a ``Run`` (the case with its opened document), ``proceed`` carries
one trigger to the end. Nothing is committed here; the unit of work of the door does that.

A node or an operation that fails undoes nothing but itself: its token is held, an incident is opened, and whoever set it off
is told that the work was kept (``uow.warnings``).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, update
from sqlalchemy import select as row_of
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from engine import (
    approvals,
    audit,
    deadlines,
    definitions,
    followers,
    incidents,
    items,
    relations,
    runtime,
    webhook_events,
)
from engine.access import NOTHING, OWN, require_administrator, visible_cases
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.errors import Conflict, EngineError, Forbidden, Invalid, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.holidays import FIRST_DAY
from engine.models import (
    Case,
    CaseRevision,
    Deadline,
    Incident,
    Notice,
    Organisation,
    Participant,
    Party,
    ProcessInstance,
    ReceivedMessage,
    StepRecord,
    Task,
    Timer,
    new_id,
)
from engine.models.task import OPEN, RESTING, WAITING
from engine.operations import BusinessError, Call, OperationBroken, Parked
from engine.privacy import CaseKey
from engine.runtime import (
    Awaited,
    Complete,
    Context,
    EndlessRun,
    Message,
    OperationBroke,
    OperationDone,
    OperationFailed,
    OperationRequest,
    Ready,
    Step,
    Trigger,
    UnreadableState,
)
from engine.runtime.reader import TASKS

log = logging.getLogger("duban.process")

SUBMITTED, SUSPENDED, CLOSED = "submitted", "suspended", "closed"
STATE, LOCALS = "process.state", "task.locals"  # purposes of encryption
STEP_OF_APPROVAL = "approval"  # kind of a step record: done inside a drawn task in which more is to be done
MAX_OPERATIONS = 200  # that one trigger may set off; more is a flow that runs in circles
REFUSALS = (Forbidden, Conflict, Unavailable)  # an operation says no to whoever acts, or not now: nothing is done


class CaseNotFound(NotFound):
    """There is no such case, or you may not see it."""

    zh = "没有这件申请，或者您无权查看。"


class FieldUndeclared(Invalid):
    """The process does not declare the field {name}."""

    zh = "流程没有声明字段“{name}”。"


class PartVacant(Invalid):
    """Nobody plays the part {part} in this case."""

    zh = "本件中没有机关担任“{part}”。"


class EventDayUnusable(Invalid):
    """An event cannot have happened on {day}: the day lies in the past or is today, and not before {first}."""

    zh = "事项发生日期 {day} 无效：不能晚于今天，也不能早于 {first}。"


class FlowFailed(EngineError):
    """The process could not go on: {reason}. Nothing was changed; the operator has been informed."""

    zh = "流程无法继续：{reason}。本次操作未保存，已通知系统管理员。"
    needs_operator = True


class WorkKept(EngineError):
    """Your work was kept. The process then stopped at “{node}”; the operator has been informed."""

    zh = "您的办理已经保存。流程随后在“{node_zh}”处停下，已通知系统管理员处理。"


class SubmissionKept(EngineError):
    """What you sent has arrived and is kept. Our staff will see to the next step; your time limits are not affected."""

    zh = "您提交的内容已经收到并妥善保存。后续步骤由工作人员处理，办理期限不受影响。"


@dataclass
class Run:
    """A case that is being changed: its row, its opened document, its flow, its clocks, and who takes part."""

    case: Case
    bundle: Bundle
    key: CaseKey
    data: dict[str, Any]
    participants: dict[str, Organisation]
    instance: ProcessInstance
    clocks: list[Deadline]
    awaited: frozenset[Awaited] = frozenset()
    position: int = 0  # of the last step record
    held: int = 0  # tokens that could not go on
    early: int = 0  # messages that nobody has awaited yet
    cause: str = ""
    ties: dict[str, dict[str, Any]] | None = (
        None  # organisations with those below them, by code, once they were asked for
    )


# ---------------------------------------------------------------- opening


def lock(uow: UnitOfWork, case_id: str) -> Run:
    """The case, locked for this transaction and opened for change; raises CaseNotFound for what the actor may not see."""
    return opened(uow, lock_row(uow, case_id))


def lock_row(uow: UnitOfWork, case_id: str) -> Case:
    """The row of the case, locked, for a change that does not look inside; time never runs backwards within a case."""
    return _locked(uow, col(Case.id) == case_id, visible_cases(uow.actor))


def lock_for_repair(uow: UnitOfWork, case_id: str) -> Run:
    """The case, locked, for an administrator, who sees no case but keeps its flow going."""
    require_administrator(uow.actor)
    return opened(uow, _locked(uow, col(Case.id) == case_id))


def _locked(uow: UnitOfWork, *conditions: ColumnElement[bool]) -> Case:
    query = select(Case).where(*conditions).with_for_update(of=Case)
    case = uow.session.exec(query.execution_options(populate_existing=True)).first()
    if case is None:
        raise CaseNotFound()
    for row in uow.session.identity_map.values():
        if row is not case:  # what was read before we waited for the lock may have been changed meanwhile
            uow.session.expire(row)
    uow.now = max(uow.now, case.touched_at)
    uow.before_commit(lambda: touch(uow, case))
    failpoint("process.locked")
    return case


def touch(uow: UnitOfWork, case: Case) -> None:
    """Remember when the case was last changed; written along with what has changed."""
    case.touched_at = uow.now
    uow.session.add(case)


def opened(reading: Reading, case: Case) -> Run:
    """The case with its document decrypted, its participants and its clocks loaded."""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    found = {"case_id": case.id, "definition_id": case.definition_id}
    instance, position, presentation_id, held, early = reading.session.execute(_FLOW_OF_CASE, found).one()
    return Run(
        case=case,
        bundle=definitions.with_words(reading, case.definition_id, presentation_id),
        key=key,
        data=key.open_value(case.data, data_purpose(case.id)),
        participants=participants(reading, case.id),
        instance=instance,
        clocks=deadlines.of_case(reading, case.id),
        position=position,
        held=held,
        early=early,
    )


def _of_case(value: Any, table: Any, *conditions: ColumnElement[bool]) -> Any:
    """One value about the rows of the case, as a part of the query that opens it."""
    return select(value).where(col(table.case_id) == bindparam("case_id"), *conditions).scalar_subquery()


_FLOW_OF_CASE = row_of(
    ProcessInstance,
    _of_case(func.coalesce(func.max(StepRecord.position), 0), StepRecord),
    definitions.newest_presentation(bindparam("definition_id")),
    _of_case(func.count(), Incident, col(Incident.token).is_not(None), col(Incident.resolved_at).is_(None)),
    _of_case(func.count(), ReceivedMessage, col(ReceivedMessage.consumed_at).is_(None)),
).where(col(ProcessInstance.case_id) == bindparam("case_id"))


def participants(reading: Reading, case_id: str) -> dict[str, Organisation]:
    """Which organisation plays which part in the case now."""
    return dict(list(reading.session.exec(_PARTICIPANTS, params={"case_id": case_id})))


_PARTICIPANTS = (
    select(Participant.part, Organisation)
    .join(Organisation, col(Organisation.id) == col(Participant.organisation_id))
    .where(col(Participant.case_id) == bindparam("case_id"), col(Participant.until).is_(None))
)


def parties(reading: Reading, run: Run) -> dict[str, dict[str, Any]]:
    """The parties of the case with what identifies them, decrypted; of a sealed one a word for its name (engine.vault)."""
    rows = reading.session.exec(select(Party).where(col(Party.case_id) == run.case.id))
    return {
        p.part: run.key.open_value(p.identity, identity_purpose(p.id))
        | {"id": p.id, "type": p.type, "locale": p.locale, "sealed": p.sealed}
        for p in rows
    }


def data_purpose(case_id: str) -> str:
    return f"case.data:{case_id}"


def identity_purpose(party_id: str) -> str:
    return f"party.identity:{party_id}"


def message_purpose(message_id: str) -> str:
    return f"message:{message_id}"


def context(reading: Reading, run: Run) -> Context:
    """What expressions of the process can read."""
    return Context(
        data=dict.fromkeys(run.bundle.manifest.data) | run.data,
        deadlines=deadlines.for_runtime(run.clocks),
        participants=described_participants(reading, run),
    )


def described_participants(reading: Reading, run: Run, *, with_relations: bool = False) -> dict[str, Any]:
    """Who plays which part, as expressions read it; who stands over and below them where the process or the caller asks."""
    playing = run.participants
    if not (with_relations or run.bundle.reads_relations):
        known = {o.code: {"code": o.code, "name": o.name, "kind": o.kind, "level": o.level} for o in playing.values()}
    else:
        if run.ties is None or any(o.code not in run.ties for o in playing.values()):
            run.ties = relations.described(reading, playing.values())
        known = run.ties
    return dict.fromkeys(run.bundle.manifest.participants) | {part: known[o.code] for part, o in playing.items()}


def known_items(reading: Reading, run: Run, *values: Any) -> dict[str, Any]:
    """``items``: what the catalogue says of those that the document, or further values, name; for who asks for it."""
    if not run.bundle.reads_items:
        return {"items": {}}
    return {"items": items.named(reading, [*run.data.values(), *values])}


# ---------------------------------------------------------------- moving


def proceed(uow: UnitOfWork, run: Run, trigger: Trigger, cause: str) -> None:
    """Carry one trigger through the flow to where it waits again: operations performed, rows brought up to date."""
    run.cause = cause
    step = _advance(uow, run, trigger)
    performed = 0
    while (follow_up := _next(uow, run, step, performed)) is not None:
        performed += 1
        step = _advance(uow, run, follow_up)
    stand(uow, run, step)


def stand(uow: UnitOfWork, run: Run, step: Step) -> None:
    """Project where the flow waits onto rows: the instance, tasks, timers, status and stage."""
    instance = run.instance
    instance.parked = [o.id for o in step.operations]
    instance.listening = sorted(step.listening)
    instance.finished_at = uow.now if step.finished else None
    uow.session.add(instance)
    _project(uow, run, step)
    failpoint("process.projected")


def _advance(uow: UnitOfWork, run: Run, trigger: Trigger) -> Step:
    """One step of the flow, taken over: state, writes, passed nodes, incidents of tokens that are held."""
    state = run.key.open(run.instance.state, STATE) if run.instance.state else None
    try:
        step = runtime.advance(run.bundle.blueprint, state, trigger, context(uow, run), uow.now)
    except UnreadableState as error:
        raise FlowFailed(reason=error.sentence(), case_id=run.case.id, node=None) from error
    failpoint("process.advanced")
    _absorb(uow, run, step, trigger)
    return step


def _next(uow: UnitOfWork, run: Run, step: Step, performed: int) -> Trigger | None:
    """What follows from where the flow stands: the next operation to perform, or an early message that is now awaited."""
    for request in step.operations:
        if request.id not in run.instance.parked:
            if performed >= MAX_OPERATIONS:
                return OperationBroke(request.id, EndlessRun(steps=MAX_OPERATIONS, node=request.node))
            answer = _perform(uow, run, request)
            if answer is not None:
                return answer
            run.instance.parked = [*run.instance.parked, request.id]
    return _awaited_message(uow, run)


def _perform(uow: UnitOfWork, run: Run, request: OperationRequest) -> Trigger | None:
    """Carry out one operation, whole or not at all; what it refuses, it refuses to whoever acts."""
    before = (run.data, dict(run.participants), run.position)
    try:
        with uow.part():
            operation = uow.registry.find(request.verb)
            operation.check(request.params)
            outcome = operation.perform(uow, run, Call(request.id, request.node, request.params))
    except (*REFUSALS, DBAPIError):
        raise
    except Exception as error:
        run.data, run.participants, run.position = before
        if isinstance(error, BusinessError):
            return OperationFailed(request.id, error.code, error.payload)
        log.warning("operation %s at %s broke", request.verb, request.node, exc_info=not isinstance(error, EngineError))
        return OperationBroke(request.id, OperationBroken.by(request.verb, request.node, error))
    failpoint("process.performed")
    return None if isinstance(outcome, Parked) else OperationDone(request.id, outcome.result)


def _awaited_message(uow: UnitOfWork, run: Run) -> Message | None:
    """The earliest message that came before anybody waited for it, and that somebody waits for now."""
    if not run.awaited or not run.early:
        return None
    early = select(ReceivedMessage).where(
        col(ReceivedMessage.case_id) == run.case.id,
        col(ReceivedMessage.consumed_at).is_(None),
        col(ReceivedMessage.name).in_({awaited.name for awaited in run.awaited}),
    )
    for waiting in uow.session.exec(early.order_by(col(ReceivedMessage.received_at))):
        purpose = message_purpose(waiting.id)
        key = run.key.open_value(waiting.key, purpose) if waiting.key else None
        if any(awaited.is_met_by(waiting.name, key) for awaited in run.awaited):
            waiting.consumed_at = uow.now
            run.early -= 1
            uow.add(waiting)
            return Message(waiting.name, run.key.open_value(waiting.payload, purpose), key)
    return None


# ---------------------------------------------------------------- what a step leaves behind


def _absorb(uow: UnitOfWork, run: Run, step: Step, trigger: Trigger) -> None:
    """Take over state, writes and passed nodes of one step; record what it has told, and report tokens that are held."""
    run.instance.state, run.awaited = run.key.seal(step.state, STATE), step.awaited
    run.instance.revision += 1
    write(uow, run, step.writes, run.cause)
    task_id = run.cause.removeprefix("task:") if isinstance(trigger, Complete) else None
    actor = str(uow.actor)
    rows = [
        {
            "case_id": run.case.id,
            "position": run.position + number,
            "node": passed.node,
            "kind": passed.kind,
            "at": uow.now,
            "actor": actor if passed.kind in TASKS else "system",
            "task_id": task_id if passed.kind in TASKS else None,
            "revision": run.case.revision,
        }
        for number, passed in enumerate(step.passed, 1)
    ]
    run.position += len(rows)
    uow.append(StepRecord, rows)
    for name, _ in step.messages:
        audit.record(uow, "message.thrown", run.case.id, message=name)
    for held in step.held:
        if held.error is not None:
            _report_held(uow, run, held.id, held.node, held.error)
    failpoint("process.absorbed")


def _report_held(uow: UnitOfWork, run: Run, token: str, node: str, error: EngineError) -> None:
    run.held += 1
    held = incidents.HeldToken(token, run.case.revision, run.cause, str(uow.actor))
    incident = incidents.report_held(uow, error.slug, error.for_the_record(), run.case.id, node, held)
    audit.record(uow, "token.held", run.case.id, incident=incident, node=node, reason=error.slug)
    warning = SubmissionKept if uow.actor.kind == "party" else WorkKept  # the public need not know our steps
    titles = {"node": run.bundle.node_title(node, "en"), "node_zh": run.bundle.node_title(node)}
    uow.warn(warning(case_id=run.case.id, **titles))


def write(uow: UnitOfWork, run: Run, writes: Mapping[str, Any], cause: str) -> None:
    """Write fields into the case's document as a new revision; raises FieldUndeclared."""
    if not writes:
        return
    for name in writes:
        if name not in run.bundle.manifest.data:
            raise FieldUndeclared(name=name)
    run.data = run.data | dict(writes)
    run.case.revision += 1
    run.case.data = run.key.seal_value(run.data, data_purpose(run.case.id))
    touch(uow, run.case)
    sealed = run.key.seal_value(dict(writes), f"case.revision:{run.case.id}:{run.case.revision}")
    row = {"revision": run.case.revision, "writes": sealed, "at": uow.now, "cause": cause[:200]}
    uow.append(CaseRevision, [{"case_id": run.case.id, **row}])


def document_at(reading: Reading, run: Run, revision: int) -> dict[str, Any]:
    """The case's document as it was at a revision: what a job was asked for must not read what was written since."""
    if revision == run.case.revision:
        return run.data
    until = (col(CaseRevision.case_id) == run.case.id, col(CaseRevision.revision) <= revision)
    document: dict[str, Any] = {}
    for written in reading.session.exec(select(CaseRevision).where(*until).order_by(col(CaseRevision.revision))):
        document |= run.key.open_value(written.writes, f"case.revision:{run.case.id}:{written.revision}")
    return document


def announce(uow: UnitOfWork, run: Run, event: str, on: date | None = None, paper: Notice | None = None) -> None:
    """Let a domain event be known: clocks start and stop on it, and it is remembered as having happened.

    One that is registered later than it happened says on which day that was, and clocks go by that day. An
    event that befell a paper says which, for other systems: a case may have several of a name.
    Raises EventDayUnusable for a day to come, or before the calendars begin.
    """
    if on is not None:
        require_usable(uow, on)
    on = None if on == deadlines.today(uow) else on
    run.position += 1
    uow.add(
        StepRecord(
            case_id=run.case.id,
            position=run.position,
            node=event,
            kind="event",
            at=uow.now,
            on=on,
            actor=str(uow.actor),
            revision=run.case.revision,
        )
    )
    deadlines.on_event(uow, run, event, on)
    webhook_events.hear(uow, run.case, event, run.bundle.manifest.begins_with, paper)
    followers.hear(uow, run.case, run.bundle.manifest, event, run.position)


def require_usable(reading: Reading, on: date) -> None:
    """An event can have happened on a day; raises EventDayUnusable for a day to come, or before the calendars begin."""
    if not FIRST_DAY <= on <= deadlines.today(reading):
        raise EventDayUnusable(day=on.isoformat(), first=FIRST_DAY.isoformat())


def happened(reading: Reading, case_id: str, event: str, *, by: Sequence[str] | None = None, after: int = 0) -> bool:
    """Whether a domain event was announced in the case; ``by`` one of these actors (``person:ID``), where it is said, and
    ``after`` this position."""
    found = select(StepRecord.id).where(
        col(StepRecord.case_id) == case_id,
        col(StepRecord.kind) == "event",
        col(StepRecord.node) == event,
        col(StepRecord.position) > after,
    )
    if by is not None:
        found = found.where(col(StepRecord.actor).in_(by))
    return reading.session.exec(found.limit(1)).first() is not None


def _project(uow: UnitOfWork, run: Run, step: Step) -> None:
    _project_tasks(uow, run, step)
    _project_timers(uow, run, step)
    if run.held:
        incidents.settle_held(uow, run.case.id, {held.id for held in step.held})
    active = [*(r.node for r in step.ready), *(t.node for t in step.timers), *(o.node for o in step.operations)]
    active += [*(held.node for held in step.held), *step.waits_at]
    stages = [s for s in run.bundle.manifest.stages if any(node in s.nodes for node in active)]
    if run.case.closed_at is None and stages:
        run.case.stage = stages[-1].key
    show_status(uow, run)


def show_status(uow: UnitOfWork, run: Run) -> None:
    """An open case has the status of its stage, or is suspended while the clock stands still by which it is measured."""
    if run.case.closed_at is None:
        stage = next((s for s in run.bundle.manifest.stages if s.key == run.case.stage), None)
        if deadlines.stands_still(run.clocks):
            run.case.status = SUSPENDED
        elif stage is not None:
            run.case.status = stage.status
        elif run.case.status == SUSPENDED:
            run.case.status = SUBMITTED
    touch(uow, run.case)


_OPEN_TASKS = select(Task).where(col(Task.case_id) == bindparam("case_id"), col(Task.state).in_(WAITING))
_TIMERS = select(Timer).where(col(Timer.case_id) == bindparam("case_id"))


def _project_tasks(uow: UnitOfWork, run: Run, step: Step) -> None:
    known = {task.token: task for task in uow.session.exec(_OPEN_TASKS, params={"case_id": run.case.id})}
    fresh = [_task_row(uow, run, ready) for ready in step.ready if known.pop(ready.id, None) is None]
    uow.append(Task, fresh)
    for row in fresh:
        audit.record(uow, "task.created", run.case.id, task=row["id"], node=row["node"])
    for gone in known.values():
        gone.state, gone.ended_at, gone.draft = "cancelled", uow.now, None
        uow.session.add(gone)
        audit.record(uow, "task.cancelled", run.case.id, task=gone.id, node=gone.node)


def _task_row(uow: UnitOfWork, run: Run, ready: Ready) -> dict[str, Any]:
    """A task for whoever plays the part and has the role that its lane names, or that a step of an approval names."""
    step = approvals.next_step(uow, run, ready.node)
    part, _, role = (step.lane if step else ready.lane or "").partition(".")
    organisation = _doing(run, part)
    let_see(uow, run, part)
    return {
        "id": new_id(),
        "case_id": run.case.id,
        "token": ready.id,
        "node": ready.node,
        "part": part,
        "role": role,
        "organisation_id": organisation.id if organisation else None,
        "approval_id": step.id if step else None,
        "state": RESTING if run.case.merged_into and ready.node not in _awake(run) else OPEN,
        "locals": run.key.seal_value(dict(ready.locals), LOCALS) if ready.locals else None,
        "created_at": uow.now,
    }


def _awake(run: Run) -> list[str]:
    """Tasks that wait for somebody even while the case follows another one."""
    rule = run.bundle.manifest.merging
    return rule.awake if rule is not None else []


def _doing(run: Run, part: str) -> Organisation | None:
    """Who does the tasks of a part: the organisation that plays it, or while nobody does the one that stands in for it."""
    rule = run.bundle.manifest.participants.get(part)
    playing = run.participants.get(part)
    return playing or (run.participants.get(rule.stand_in) if rule is not None and rule.stand_in else None)


def go_on_inside(uow: UnitOfWork, run: Run, done: Task, writes: Mapping[str, Any]) -> None:
    """The next step of an approval is due at the same token: what was answered is kept, and the flow stays where it is."""
    write(uow, run, writes, f"task:{done.id}")
    run.position += 1
    record = {
        "case_id": run.case.id,
        "position": run.position,
        "node": done.node,
        "kind": STEP_OF_APPROVAL,
        "at": uow.now,
    }
    uow.append(StepRecord, [{**record, "actor": str(uow.actor), "task_id": done.id, "revision": run.case.revision}])
    own = run.key.open_value(done.locals, LOCALS) if done.locals else {}
    row = _task_row(uow, run, Ready(done.token, done.node, run.bundle.lane_of(done.node), own))
    uow.append(Task, [row])
    audit.record(uow, "task.created", run.case.id, task=row["id"], node=row["node"])
    touch(uow, run.case)


def let_see(uow: UnitOfWork, run: Run, part: str) -> None:
    """Something of the case reaches who plays a part: an organisation that saw nothing now sees what is its own."""
    rule = run.bundle.manifest.participants.get(part)
    if rule is None or rule.sees != OWN:
        return
    uow.session.flush()
    unseeing = (
        col(Participant.case_id) == run.case.id,
        col(Participant.part) == part,
        col(Participant.sees) == NOTHING,
    )
    uow.session.execute(update(Participant).where(*unseeing, col(Participant.until).is_(None)).values(sees=OWN))


def _project_timers(uow: UnitOfWork, run: Run, step: Step) -> None:
    known = {t.token: t for t in uow.session.exec(_TIMERS, params={"case_id": run.case.id})}
    dues, fresh = deadlines.for_runtime(run.clocks), []
    for waiting in step.timers:
        clock = dues.get(waiting.deadline) if waiting.deadline else None
        due_at = (clock.due_at if clock and clock.running else None) if waiting.deadline else waiting.due_at
        if (timer := known.pop(waiting.id, None)) is not None:
            timer.due_at = due_at
            continue
        row = {"case_id": run.case.id, "token": waiting.id, "node": waiting.node, "deadline": waiting.deadline}
        fresh.append({**row, "due_at": due_at})
    uow.append(Timer, fresh)
    for gone in known.values():
        uow.session.delete(gone)
    uow.session.flush()


def reassign_open_tasks(uow: UnitOfWork, run: Run, part: str) -> None:
    """After a change of participant: open tasks of that part wait for the new organisation, and are nobody's yet."""
    organisation = _doing(run, part)
    for task in uow.session.exec(
        select(Task).where(col(Task.case_id) == run.case.id, col(Task.part) == part, col(Task.state).in_(WAITING))
    ):
        task.organisation_id = organisation.id if organisation else None
        task.assignee_id, task.owner_id, task.claimed_at, task.draft = None, None, None, None
        uow.add(task)
