"""Two small processes of what comes out of requests, for tests: one that organisations file, one that the public files."""

import json
from typing import Any

from tests.bundles import KEY, bundle
from tests.drawing import service

QUARREL, OBJECTION = "quarrel", "objection"
LINK = """
[[links]]
kind = "{kind}"
title = "有争议的申请"
title_en = "Disputed request"
processes = ["open_data_request"]
field = "source"
{more}
takes = {{ agency = "participants.data_provider.code", about = "case.subject" }}
"""
CLAIMANT = """
[participants.claimant]
title = "提起机关"
title_en = "Claimant"
"""
BUREAU = """
[participants.city_data_bureau]
title = "市大数据行政主管部门"
title_en = "City data bureau"
kind = "city_data_bureau"
"""
WITHDRAWN = """
refuse_when = "case.outcome == 'withdrawn'"
refusal = "申请已经撤回，不能再提起。"
refusal_en = "The request was withdrawn."
"""
DATA = {"source": "string", "about": "string", "grounds": "string"}


def quarrel() -> dict[str, bytes]:
    """A case that any case handler files at the desk for their organisation; it has no party."""
    more = CLAIMANT + LINK.format(kind="coordination", more=WITHDRAWN)
    files = bundle("start > settle > close > end", DATA, more=more, close=service("case.close"))
    parts = _without_party(files["process.toml"].decode())
    settled = parts.replace(
        'start_form = "start"',
        'start_form = "start"\napplicants = "organisation"\nfiled_by = ["claimant.case_handler"]',
    )
    start = _start(source="有争议的申请编号", about="事项名称", grounds="提起的理由")
    return _renamed(files | {"process.toml": settled.encode()}, QUARREL, "争议处理", "ZY", start)


def objection() -> dict[str, bytes]:
    """A case that the public files, or the bureau for somebody who came in person."""
    more = BUREAU + LINK.format(kind="review", more='code_field = "code"')
    files = bundle("start > look > close > end", DATA, more=more, close=service("case.close"))
    desk = 'start_form = "start"\nfiled_by = ["city_data_bureau.case_handler"]'
    manifest = files["process.toml"].decode().replace('start_form = "start"', desk)
    start = _start(source="原申请编号", code="原申请查询码", about="事项名称", grounds="异议理由", person="姓名")
    start["properties"]["person"]["x-personal"] = "name"
    start["required"] += ["code", "person"]
    return _renamed(files | {"process.toml": manifest.encode()}, OBJECTION, "提出异议", "YY", start)


def _start(**titles: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "title": title} for name, title in titles.items()}
    return {
        "type": "object",
        "title": "提起",
        "properties": properties,
        "required": ["source", "grounds", "about"],
        "additionalProperties": False,
    }


def _without_party(manifest: str) -> str:
    head, _, rest = manifest.partition("[parties.applicant]")
    _, _, deadlines = rest.partition("[deadlines.reply]")
    internal = deadlines.replace('basis = "statutory"\narticle = "21.1"', 'basis = "internal"')
    return f"{head}[deadlines.reply]{internal.replace('case.submitted', 'case.opened')}"


def _renamed(files: dict[str, bytes], key: str, title: str, prefix: str, start: dict[str, Any]) -> dict[str, bytes]:
    """The same files under another name."""
    manifest = files["process.toml"].decode().replace(f'key = "{KEY}"', f'key = "{key}"').replace('"SB"', f'"{prefix}"')
    manifest = manifest.replace('title = "试办"', f'title = "{title}"').replace(
        "subject = \"'试办'\"", 'subject = "about"'
    )
    drawn = files["process.bpmn"].decode().replace(f'"{KEY}"', f'"{key}"')
    form = json.dumps(start, ensure_ascii=False).encode()
    return files | {
        "process.toml": manifest.encode(),
        "process.bpmn": drawn.encode(),
        "forms/start.schema.json": form,
    }
