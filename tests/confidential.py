"""A small confidential process for tests: somebody complains, the city's bureau asks the body complained about, and answers both.

It has what makes a secret hard to keep: a sealed complainant who may stay anonymous, free text, files, a respondent who sees its
own only, papers to both, and a task of the respondent's.
"""

import json
from typing import Any

from engine import cases, definitions
from engine.access import PUBLIC, SYSTEM
from engine.cases import Submitted
from engine.documents import Stored
from tests.drawing import TERMINATE, end, process, service, user, with_diagram
from tests.factories import World

KEY = "trial_complaint"
HANDLER, RESPONDENT = "city_data_bureau.case_handler", "respondent.case_handler"
MANIFEST = """
[process]
key = "trial_complaint"
title = "试办投诉"
title_en = "Trial complaint"
article = "29"
reference_prefix = "ST"
subject = "organisation_complained"
start_form = "start"
confidential = true

[participants.city_data_bureau]
title = "市大数据行政主管部门"
title_en = "City data bureau"
kind = "city_data_bureau"

[participants.respondent]
title = "被投诉举报人"
title_en = "Respondent"
organisation = "organisation_complained"
sees = "own"

[parties.complainant]
title = "投诉举报人"
title_en = "Complainant"
sealed = true
opened_by = ["city_data_bureau.case_handler"]
anonymous_field = "anonymous"

[deadlines.handling]
title = "办理期限"
title_en = "Time for handling"
days = 60
basis = "internal"
owed_by = "city_data_bureau"
starts_on = "case.submitted"
stops_on = ["case.closed"]
extension_days = 30

[outcomes.substantiated]
title = "属实"
title_en = "Substantiated"
text = "属实。"
text_en = "Substantiated."

[[stages]]
key = "all"
title = "办理中"
title_en = "In progress"
status = "in_progress"
nodes = ["receive", "answer", "conclude", "approve"]
text = "正在办理。"
text_en = "In progress."
waits_for = "city_data_bureau"

[data]
organisation_complained = "string"
anonymous = "boolean"
facts = "string"
plan = "string"
summary = "string"
statement = "string"
findings = "string"
verdict = "string"
"""
BODIES = {
    "receipt": "<p>{{ name }}：投诉已经收到，编号{{ reference }}。</p>",
    "inquiry": "<p>请就下列事项作出说明：{{ summary }}（{{ reference }}）。</p>",
    "result": "<p>{{ name }}：核查结果如下。{{ findings }}（{{ reference }}）。</p>",
    "result_respondent": "<p>核查已经结束（{{ reference }}）。</p>",
}
FACTS = {
    "receipt": {"name": "complainant.name", "reference": "case.reference"},
    "inquiry": {"summary": "summary", "reference": "case.reference"},
    "result": {"name": "complainant.name", "findings": "findings", "reference": "case.reference"},
    "result_respondent": {"reference": "case.reference"},
}


def _form(required: tuple[str, ...] = (), **fields: dict[str, Any]) -> bytes:
    properties = {name: {"type": "string", "title": name, "maxLength": 2000, **rule} for name, rule in fields.items()}
    return json.dumps({"type": "object", "title": "表", "properties": properties, "required": list(required)}).encode()


def _notice(name: str, party: str) -> dict[str, bytes]:
    slip = name == "receipt"
    head = {"title": f"试办{name}", "title_en": f"Trial {name}", "form": "slip" if slip else "letter"}
    head |= {"issuer": "city_data_bureau", "addressee": party}
    lines = [f'{key} = "{value}"' for key, value in head.items()]
    lines += [] if slip else ['series = "数试"', 'automatic = "试办"']
    lines += ["[facts]", *(f'{fact} = "{said}"' for fact, said in FACTS[name].items())]
    sample = json.dumps(dict.fromkeys(FACTS[name], "样本") | {"organisation": "某局", "addressee": "某某"})
    folder = f"notices/{name}"
    return {
        f"{folder}/notice.toml": "\n".join(lines).encode(),
        f"{folder}/body.html.j2": BODIES[name].encode(),
        f"{folder}/sample.json": sample.encode(),
    }


def bundle() -> dict[str, bytes]:
    """All files of the process."""

    def issue(name: str) -> Any:
        return service("notice.issue", name=f"'{name}'")

    def asks(form: str) -> Any:
        return user(formJsonSchemaFilename=f"{form}.schema.json")

    flow = (
        "start > give_receipt > receive > ask > answer > conclude > approve > decide > tell > tell_other > close > end"
    )
    bureau = ["start", "give_receipt", "receive", "ask", "conclude", "decide", "tell", "tell_other", "close", "end"]
    lanes = {HANDLER: bureau, "city_data_bureau.unit_head": ["approve"], RESPONDENT: ["answer"]}
    drawn = process(
        flow,
        KEY,
        lanes,
        give_receipt=issue("receipt"),
        receive=asks("receive"),
        ask=issue("inquiry"),
        answer=asks("answer"),
        conclude=asks("conclude"),
        approve=asks("approve"),
        decide=service("case.record_outcome", outcome="'substantiated'"),
        tell=issue("result"),
        tell_other=issue("result_respondent"),
        close=service("case.close"),
        end=end(TERMINATE),
    )
    personal = {kind: {"x-personal": kind} for kind in ("phone", "identity_number", "address")}
    start = _form(
        ("organisation_complained", "facts"),
        organisation_complained={"x-options": "organs"},
        anonymous={"type": "boolean", "maxLength": None},
        complainant={"x-personal": "name"},
        email={"x-personal": "email", "format": "email"},
        **personal,
        facts={},
    ).replace(b', "maxLength": null', b"")
    texts = {"ui:options": {"attachments": True}}
    return {
        "process.toml": MANIFEST.encode(),
        "process.bpmn": with_diagram(drawn),
        "forms/start.schema.json": start,
        "forms/start.ui.json": json.dumps(texts).encode(),
        "forms/receive.schema.json": _form(plan={}, summary={}),
        "forms/answer.schema.json": _form(statement={}),
        "forms/answer.ui.json": json.dumps(texts).encode(),
        "forms/conclude.schema.json": _form(findings={}),
        "forms/approve.schema.json": _form(verdict={}),
        **_notice("receipt", "complainant"),
        **_notice("inquiry", "respondent"),
        **_notice("result", "complainant"),
        **_notice("result_respondent", "respondent"),
    }


def deploy(world: World) -> None:
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, bundle())


def file(world: World, uploads: tuple[Stored, ...] = (), **said: Any) -> Submitted:
    """Complain about the education bureau; the world's case is this one from now on."""
    form = {"organisation_complained": "gy-jyj", "facts": "三月起不受理开放需求申请。"} | said
    with world.database.unit_of_work(PUBLIC) as uow:
        filed = cases.submit(uow, KEY, form, uploads)
    world.case_id = filed.case_id
    return filed


def walk(world: World, node: str, **answers: Any) -> None:
    """Let somebody of the right lane do an open task."""
    world.do(node, **answers)
    world.work()
