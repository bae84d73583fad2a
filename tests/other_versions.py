"""Other versions of the open-data request, made from the one in ``bpmn/`` by small changes, for tests of migration."""

from functools import cache

from api import diagrams
from engine import definitions
from tests.factories import BUNDLE

Files = dict[str, bytes]


def _form(name: str) -> str:
    return (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f'<spiffworkflow:property name="formJsonSchemaFilename" value="{name}.schema.json"/>'
        f'<spiffworkflow:property name="formUiSchemaFilename" value="{name}.ui.json"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )


COUNTERSIGN_FORM, REMINDER_FORM = _form("review_reply"), _form("answer_reminder")


@cache
def _original() -> Files:
    return definitions.read_folder(BUNDLE)


def original() -> Files:
    """The files of the bundle as it is."""
    return dict(_original())


def changed(files: Files, path: str, *replacements: tuple[str, str]) -> Files:
    """The same files with some texts of one of them replaced; a drawing is laid out anew."""
    text = files[path].decode()
    for old, new in replacements:
        assert old in text, f"{path} does not hold {old}"
        text = text.replace(old, new)
    content = text.encode()
    return files | {path: diagrams.layout(content) if path.endswith(".bpmn") else content}


@cache
def countersigned() -> Files:
    """The head of the unit countersigns (会签) between review and signature."""
    task = (
        f'<bpmn:userTask id="countersign" name="会签">{COUNTERSIGN_FORM}<bpmn:incoming>review_passed</bpmn:incoming>'
        "<bpmn:outgoing>countersign_to_sign_reply</bpmn:outgoing></bpmn:userTask>"
        '<bpmn:sequenceFlow id="countersign_to_sign_reply" sourceRef="countersign" targetRef="sign_reply"/>'
    )
    files = changed(
        original(),
        "reply.bpmn",
        ("<bpmn:incoming>review_passed</bpmn:incoming>", "<bpmn:incoming>countersign_to_sign_reply</bpmn:incoming>"),
        ('sourceRef="is_review_passed" targetRef="sign_reply"', 'sourceRef="is_review_passed" targetRef="countersign"'),
        ('<bpmn:userTask id="sign_reply"', task + '<bpmn:userTask id="sign_reply"'),
        (
            "<bpmn:flowNodeRef>is_review_passed</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>is_review_passed</bpmn:flowNodeRef><bpmn:flowNodeRef>countersign</bpmn:flowNodeRef>",
        ),
    )
    return changed(
        files,
        "process.toml",
        ('"review_reply", "sign_reply", "issue_reply"]', '"review_reply", "countersign", "sign_reply", "issue_reply"]'),
    )


@cache
def with_reminders() -> Files:
    """The applicant may remind the agency (催问) at any time: an event subprocess and a message that cases did not have."""
    inside = (
        '<bpmn:subProcess id="reminder" name="处理催问" triggeredByEvent="true">'
        '<bpmn:startEvent id="reminder_received" name="收到催问" isInterrupting="false">'
        "<bpmn:outgoing>reminder_1</bpmn:outgoing>"
        '<bpmn:messageEventDefinition id="reminder_received_message" messageRef="message_remind"/></bpmn:startEvent>'
        f'<bpmn:userTask id="answer_reminder" name="回复催问">{REMINDER_FORM}<bpmn:incoming>reminder_1</bpmn:incoming>'
        "<bpmn:outgoing>reminder_2</bpmn:outgoing></bpmn:userTask>"
        '<bpmn:endEvent id="reminder_answered" name="已回复"><bpmn:incoming>reminder_2</bpmn:incoming></bpmn:endEvent>'
        '<bpmn:sequenceFlow id="reminder_1" sourceRef="reminder_received" targetRef="answer_reminder"/>'
        '<bpmn:sequenceFlow id="reminder_2" sourceRef="answer_reminder" targetRef="reminder_answered"/>'
        "</bpmn:subProcess>"
    )
    message = (
        '[[messages]]\nname = "remind"\ntitle = "催问"\ntitle_en = "Remind"\nsender = "applicant"\n'
        'text = "可以催问办理进度。"\ntext_en = "You may ask how far it is."\n\n'
    )
    nodes = ("reminder", "reminder_received", "answer_reminder", "reminder_answered")
    lanes = "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in nodes)
    declared = '<bpmn:message id="message_remind" name="remind"/>'
    files = changed(
        original(),
        "process.bpmn",
        ('<bpmn:message id="message_withdraw"', declared + '<bpmn:message id="message_withdraw"'),
        ("<bpmn:flowNodeRef>read_material<", f"{lanes}<bpmn:flowNodeRef>read_material<"),
        ('<bpmn:subProcess id="withdrawal"', inside + '<bpmn:subProcess id="withdrawal"'),
    )
    for kind in ("schema", "ui"):
        answer = files[f"forms/read_material.{kind}.json"].replace(b"material_note", b"reminder_note")
        files[f"forms/answer_reminder.{kind}.json"] = answer
    return changed(
        files,
        "process.toml",
        ("[data]\n", '[data]\nreminder_note = "string"\n'),
        ('[[messages]]\nname = "withdraw"', message + '[[messages]]\nname = "withdraw"'),
        ('"read_material", "explain_delay"]', '"read_material", "explain_delay", "answer_reminder"]'),
    )


@cache
def with_an_intake_target() -> Files:
    """A clock that running cases did not have: it starts with the request, and stops with the reply."""
    clock = (
        '[deadlines.intake_target]\ntitle = "受理时限"\ntitle_en = "Target for the intake"\ndays = 3\n'
        'unit = "working"\nbasis = "internal"\nowed_by = "data_provider"\nstarts_on = "case.submitted"\n'
        'stops_on = ["notice.dispatched:reply", "case.withdrawn"]\n\n'
    )
    return changed(original(), "process.toml", ("[deadlines.supplement]", clock + "[deadlines.supplement]"))


@cache
def checked_by_the_head() -> Files:
    """The head of the unit checks the request, not a case handler."""
    return changed(
        original(),
        "intake.bpmn",
        ("<bpmn:flowNodeRef>check</bpmn:flowNodeRef>", ""),
        (
            "<bpmn:flowNodeRef>approve_intake</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>approve_intake</bpmn:flowNodeRef><bpmn:flowNodeRef>check</bpmn:flowNodeRef>",
        ),
    )


@cache
def assessed_elsewhere() -> Files:
    """The assessment is another node, with another name."""
    files = changed(
        original(),
        "process.bpmn",
        ('id="assess"', 'id="appraise"'),
        ('sourceRef="assess"', 'sourceRef="appraise"'),
        ('targetRef="assess"', 'targetRef="appraise"'),
        ("<bpmn:flowNodeRef>assess<", "<bpmn:flowNodeRef>appraise<"),
    )
    return changed(files, "process.toml", ('"assess"', '"appraise"'))
