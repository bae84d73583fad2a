"""The process that is measured: lanes, a decision table, boundary timers, a parallel region, event subprocesses, a loop.

Drawn once for both. ``stock=True`` spells two things as the stock library needs them: a deadline is a field with an
instant, since it knows no clocks by name, and what asks for an operation is a script, since it has no operations.
"""

import json
from typing import Any

from tests import drawing

KEY = "busy"
LANES = {
    "agency.case_handler": (
        *("start", "register", "defaults", "classify", "level", "known", "fork", "gather", "joined", "again"),
        *("draft", "count", "good", "announce", "archive", "close", "done_end", "late", "remind", "late_end", "urge"),
        *("withdrawal", "withdraw_start", "note_withdrawal", "withdraw_end"),
        *("material", "more_start", "read_more", "more_end", "clock", "clock_start", "explain", "clock_end"),
    ),
    "agency.legal_reviewer": ("legal",),
    "agency.confidentiality_reviewer": ("privacy",),
    "agency.unit_head": ("approve",),
}
FLOW = """start > register > defaults > classify > level
level [track == 'urgent'] > legal > known; level [] > known; urge > known
known > fork; fork > gather > joined; fork > privacy > joined
joined > again > draft > approve > count > good
good [approve_result == 'ok'] > announce > archive > close > done_end
good [] > again
late > remind > late_end"""
IN_HANDLERS = ("note_withdrawal", "read_more", "explain")
TASKS = ("register", "legal", "gather", "privacy", "draft", "approve", "archive", "remind", *IN_HANDLERS)
# What people do, in order, in a case that goes twice round the loop; the loop alone is ROUND, again and again.
ROUND = (("draft", "ok"), ("approve", "back"))
OPENING = (("register", "ok"), ("legal", "ok"), ("gather", "ok"), ("privacy", "ok"))
PATH = (*OPENING, *ROUND, *ROUND, ("draft", "ok"), ("approve", "ok"), ("archive", "ok"))
REQUEST: dict[str, Any] = {
    "kind": "urgent",
    "subject": "贵阳市公共停车场实时泊位数据",
    "agency": "gy-jtw",
    "applicant_name": "王䶮",
    "description": "全市公共停车场的名称、位置、总泊位和实时空余泊位，每五分钟更新一次。" * 10,
}


def answers(task: str, result: str) -> dict[str, Any]:
    """What somebody enters in the form of a task."""
    return {f"{task}_result": result, f"{task}_note": "材料齐全，情况属实。"}


def flow(stock: bool = False, key: str = KEY) -> dict[str, bytes]:
    """The .bpmn and .dmn files."""
    drawn = drawing.process(FLOW, key, LANES, **_nodes(stock))
    rules = [(['"urgent"'], ['"urgent"']), (['"plain"'], ['"plain"'])]
    table = drawing.decision("track_of", ["kind"], ["track"], rules)
    return {f"{key}.bpmn": drawing.with_diagram(drawn), "decisions/track.dmn": table}


def _nodes(stock: bool) -> dict[str, drawing.Drawn]:
    due = "reply_due" if stock else 'deadline("reply")'
    answered = drawing.service("case.announce", event="'case.answered'")
    gates = {name: drawing.exclusive() for name in ("level", "known", "again", "good")}
    return {
        **{task: _task(task) for task in TASKS if task not in IN_HANDLERS},
        **gates,
        "defaults": drawing.script("rounds = 0"),
        "count": drawing.script("rounds = rounds + 1"),
        "classify": drawing.rule("track_of"),
        "fork": drawing.parallel(),
        "joined": drawing.parallel(),
        "announce": drawing.script("announced = True") if stock else answered,
        "close": drawing.script("closed = True") if stock else drawing.service("case.close"),
        "late": drawing.boundary("draft", drawing.at(due), False),
        "urge": drawing.boundary("legal", drawing.after("'P3D'")),
        "withdrawal": _handler("withdraw", "note_withdrawal", drawing.message("withdraw"), True),
        "material": _handler("more", "read_more", drawing.message("more"), False),
        "clock": _handler("clock", "explain", drawing.at(due), False),
    }


def _task(task: str) -> drawing.Drawn:
    return drawing.user(formJsonSchemaFilename=f"{task}.schema.json")


def _handler(name: str, task: str, event: str, interrupting: bool) -> drawing.Drawn:
    inside = {task: _task(task)}
    return drawing.handler(f"{name}_start > {task} > {name}_end", event, interrupting, **inside)


def bundle(key: str = KEY) -> dict[str, bytes]:
    """The same process as a bundle to deploy, with declarations and forms."""
    files = flow(key=key) | {"process.toml": _manifest(key).encode(), "forms/request.schema.json": _request()}
    return files | {f"forms/{task}.schema.json": _form(task) for task in TASKS}


def _form(task: str) -> bytes:
    fields = {
        f"{task}_result": {"type": "string", "title": "结果", "enum": ["ok", "back"]},
        f"{task}_note": {"type": "string", "title": "说明", "maxLength": 2000},
    }
    return json.dumps({"title": task, "type": "object", "required": [f"{task}_result"], "properties": fields}).encode()


def _request() -> bytes:
    fields: dict[str, Any] = {
        "kind": {"type": "string", "title": "类别", "enum": ["urgent", "plain"]},
        "subject": {"type": "string", "title": "事项", "maxLength": 200},
        "agency": {"type": "string", "title": "机关", "maxLength": 64},
        "applicant_name": {"type": "string", "title": "姓名", "maxLength": 100, "x-personal": "name"},
        "description": {"type": "string", "title": "内容", "maxLength": 4000},
    }
    schema = {"title": "申请", "type": "object", "required": ["kind", "subject", "agency"], "properties": fields}
    return json.dumps(schema).encode()


def _manifest(key: str) -> str:
    kept = [name for task in TASKS for name in answers(task, "ok")]
    texts = ("kind", "subject", "agency", "description", "track", *kept)
    data = {**dict.fromkeys(texts, "string"), "rounds": "integer"}
    nodes = [node for nodes in LANES.values() for node in nodes]
    declared = "\n".join(f'{name} = "{kind}"' for name, kind in data.items())
    return f"""[process]
key = "{key}"
title = "繁忙流程"
title_en = "A busy process"
article = "21.1"
reference_prefix = "FM"
subject = "subject"
start_form = "request"
[participants.agency]
title = "机关"
title_en = "Agency"
organisation = "agency"
[parties.applicant]
title = "申请人"
title_en = "Applicant"
[data]
{declared}
[deadlines.reply]
title = "答复期限"
title_en = "Time limit"
days = 10
basis = "statutory"
article = "21.1"
owed_by = "agency"
starts_on = "case.submitted"
stops_on = ["case.answered", "case.withdrawn"]
[[messages]]
name = "withdraw"
title = "撤回"
title_en = "Withdraw"
sender = "applicant"
[[messages]]
name = "more"
title = "补充"
title_en = "More"
sender = "applicant"
[[separations]]
tasks = ["draft", "approve"]
text = "拟稿的人不能自己审批。"
text_en = "Who drafts does not approve."
[[stages]]
key = "working"
title = "办理"
title_en = "Working"
status = "in_progress"
nodes = {json.dumps(nodes)}
text = "正在办理。"
text_en = "Being worked on."
waits_for = "agency"
"""
