"""What reaches a running case from outside its flow: a withdrawal, a supplement, further material."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from engine import audit, definitions, documents, process, recusals
from engine.access import Actor
from engine.db import Reading, UnitOfWork
from engine.documents import Stored
from engine.errors import Conflict, NotFound
from engine.failpoints import failpoint
from engine.forms import Form
from engine.manifest import MessageRule
from engine.models import Case, Party, ProcessInstance, ReceivedMessage, StepRecord, new_id
from engine.process import Run
from engine.runtime import Message, StaleTrigger

NOT_AWAITED = ("This is not asked for at the moment.", "现在不需要提交这项内容。")
CASE_CLOSED = ("The case is closed.", "本件已经办结。")
MOST = 30  # messages of one name in a case: a flood would bury the desk, and at last the flow
TOO_MANY = (
    f"This was sent {MOST} times already; please get in touch with the agency.",
    f"这项内容已经提交了{MOST}次，不能再提交，请直接联系办理机关。",
)
LONGEST_ID = 100
NO_FIELDS = Form({"type": "object", "properties": {}})


class MessageUnknown(NotFound):
    """The process has no message “{name}”, or it is not yours to send."""

    zh = "流程没有“{name}”这项操作，或者您无权进行。"


class MessageRefused(Conflict):
    """{text}"""

    zh = "{text_zh}"


@dataclass(frozen=True)
class Acceptance:
    """Whether a message is accepted now; if not, the sentence why."""

    rule: MessageRule
    refusal: MessageRefused | recusals.Refusal | None


def send(
    uow: UnitOfWork,
    case_id: str,
    name: str,
    values: Mapping[str, Any],
    uploads: Sequence[Stored] = (),
    *,
    key: str | None = None,
    message_id: str | None = None,
) -> None:
    """Bring a message into a case; raises MessageUnknown, MessageRefused (too late, not asked for), FormInvalid,
    and what keeps a recused person from the case.

    A message that nobody awaits yet is kept until somebody does, unless the process takes it only when asked. Where several
    wait for one name, ``key`` says for which of them it is. A message with the id of an earlier one has no second effect.
    """
    run = process.lock(uow, case_id)
    rule = run.bundle.manifest.message(name)
    if rule is None or not may_send(uow, run.case, rule):
        raise MessageUnknown(name=name[:64])
    if message_id is not None and _was_received(uow, case_id, name, message_id):
        return
    refusal = _refusal(uow, run.case, run.instance, rule) or recusals.my_bar(uow, run.case, run.bundle)
    if refusal is not None:
        raise refusal
    form = definitions.form(uow, run.bundle, rule.form, uow.actor.locale) if rule.form else NO_FIELDS
    form.validate(values)
    documents.attach_all(uow, case_id, run.key, list(uploads))
    audit.record(uow, "message.received", case_id, message=name, fields=audit.names(values))
    process.announce(uow, run, f"message.received:{name}")
    kept = _keep(uow, run, name, values, key, message_id)
    kept.consumed_at = uow.now
    failpoint("messages.kept")
    try:
        process.proceed(uow, run, Message(name, dict(values), key), f"message:{name}")
    except StaleTrigger:
        kept.consumed_at = None
        uow.add(kept)


def _was_received(uow: UnitOfWork, case_id: str, name: str, message_id: str) -> bool:
    same = select(ReceivedMessage.id).where(
        col(ReceivedMessage.case_id) == case_id,
        col(ReceivedMessage.name) == name,
        col(ReceivedMessage.message_id) == message_id[:LONGEST_ID],
    )
    return uow.session.exec(same).first() is not None


def _keep(
    uow: UnitOfWork, run: Run, name: str, values: Mapping[str, Any], key: str | None, message_id: str | None
) -> ReceivedMessage:
    """What was said stays with the case: the flow forgets a payload with the token that carried it."""
    row_id = new_id()
    purpose = process.message_purpose(row_id)
    kept = ReceivedMessage(
        id=row_id,
        case_id=run.case.id,
        name=name,
        message_id=message_id[:LONGEST_ID] if message_id else None,
        key=run.key.seal_value(key, purpose) if key is not None else None,
        payload=run.key.seal_value(dict(values), purpose),
        received_at=uow.now,
    )
    uow.add(kept)
    return kept


def offered(reading: Reading, case: Case) -> list[Acceptance]:
    """The messages that the actor may send into a case, each with the reason if it is refused now."""
    bundle = definitions.of_case(reading, case)
    instance = reading.session.exec(select(ProcessInstance).where(col(ProcessInstance.case_id) == case.id)).one()
    sendable = [rule for rule in bundle.manifest.messages if may_send(reading, case, rule)]
    barred = recusals.my_bar(reading, case, bundle) if sendable else None
    return [Acceptance(rule, _refusal(reading, case, instance, rule) or barred) for rule in sendable]


def may_send(reading: Reading, case: Case, rule: MessageRule) -> bool:
    """Whether the actor is the sender that the process names: a party of the case, or somebody of a lane."""
    actor: Actor = reading.actor
    if actor.kind == "system":
        return True
    if actor.kind == "party":
        party = reading.session.get(Party, actor.id)
        return party is not None and party.case_id == case.id and party.part == rule.sender
    part, _, role = rule.sender.partition(".")
    organisation = process.participants(reading, case.id).get(part)
    return organisation is not None and (organisation.id, role) in actor.roles


def _refusal(reading: Reading, case: Case, instance: ProcessInstance, rule: MessageRule) -> MessageRefused | None:
    if any(process.happened(reading, case.id, event) for event in rule.ends):
        return MessageRefused(text=rule.refusal_en, text_zh=rule.refusal)
    if case.closed_at is not None or instance.finished_at is not None:
        return MessageRefused(text=CASE_CLOSED[0], text_zh=CASE_CLOSED[1])
    if rule.when_listening and rule.name not in instance.listening:
        return MessageRefused(text=rule.refusal_en or NOT_AWAITED[0], text_zh=rule.refusal or NOT_AWAITED[1])
    if _times(reading, case, rule.name) >= MOST:
        return MessageRefused(text=TOO_MANY[0], text_zh=TOO_MANY[1])
    return None


def _times(reading: Reading, case: Case, name: str) -> int:
    """How often a message was received in a case."""
    received = select(func.count()).where(
        col(StepRecord.case_id) == case.id,
        col(StepRecord.kind) == "event",
        col(StepRecord.node) == f"message.received:{name}",
    )
    return reading.session.exec(received).one()
