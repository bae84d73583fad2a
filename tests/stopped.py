"""A process that stops, in a household: at filing, after a task, or when the applicant sends a message."""

from typing import Any

from sqlmodel import col, select

from api.diagrams import layout
from engine import definitions
from engine.access import SYSTEM
from engine.models import Incident
from tests.bundles import KEY, bundle
from tests.drawing import handler, message, script
from tests.household import AGENCY, Household

SECRET = "植入的秘密：欧阳䶮鑫 13912345678"  # what somebody wrote, and no operator may see
DATA = {"amount": "string", "total": "integer", "day": "date", "kept": "boolean", "parts": "list", "notes": "integer"}
MESSAGE = """
[[messages]]
name = "note"
title = "补充说明"
title_en = "Note"
sender = "applicant"
"""
AFTER_A_TASK = bundle(
    "start > count > s > after > end; h",
    DATA,
    {"count": {"amount": "string"}},
    MESSAGE,
    s=script("total = int(amount) + 1"),
    h=handler("h_start > add > h_end", message("note"), interrupting=False, add=script("notes = int('x')")),
)
AT_FILING = bundle("start > s > after > end", DATA, s=script("total = int('x')"))


def deploy(household: Household, files: dict[str, bytes] = AFTER_A_TASK) -> None:
    """Make the process the current one, with a diagram that can be drawn."""
    files = files | {"process.bpmn": layout(files["process.bpmn"])}
    with household.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, files)


def file(household: Household, key: str = "") -> dict[str, Any]:
    """File a matter as a program of the public does; the answer."""
    headers = {"Idempotency-Key": key} if key else {}
    body = {"process": KEY, "form": {"agency": AGENCY}}
    answer = household.anyone.post("/api/v1/cases", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def stop(household: Household) -> str:
    """Let a case stop after a task in which somebody wrote the secret; the id of the incident."""
    deploy(household)
    file(household)
    answer = household.program_of("handler").post(
        f"/api/v1/tasks/{household.task('handler')}/complete", json={"form": {"amount": SECRET}}
    )
    assert answer.json()["warnings"] == ["您的办理已经保存。流程随后在“s”处停下，已通知系统管理员处理。"]
    return incident(household).id


def incident(household: Household) -> Incident:
    """The one open incident."""
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(Incident).where(col(Incident.resolved_at).is_(None))).one()
