"""Small bundles for tests: a drawing of ``tests.drawing`` with all that a bundle needs around it.

The work is done by case handlers of the city's transport commission, the one agency of every case.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from engine import cases, definitions, tasks
from engine.access import PUBLIC, SYSTEM
from engine.models import Organisation, Task
from tests.drawing import Drawn, process, with_diagram
from tests.factories import World

KEY = "trial"
LANE = "data_provider.case_handler"
MANIFEST = """
[process]
key = "trial"
title = "试办"
title_en = "Trial"
article = "21.1"
reference_prefix = "SB"
subject = "'试办'"
start_form = "start"

[participants.data_provider]
title = "数据提供机关"
title_en = "Data provider"
organisation = "agency"

[parties.applicant]
title = "申请人"
title_en = "Applicant"

[deadlines.reply]
title = "答复期限"
title_en = "Reply"
days = 10
basis = "statutory"
article = "21.1"
owed_by = "data_provider"
starts_on = "case.submitted"
stops_on = ["case.closed"]
"""
TITLES: Mapping[str, Any] = {"type": "object", "title": "表", "properties": {}}


def form(**fields: str) -> bytes:
    """A form whose fields are texts, or of another type of JSON Schema."""
    properties = {name: {"type": kind, "title": name} for name, kind in fields.items()}
    return json.dumps({**TITLES, "properties": properties}, ensure_ascii=False).encode()


def bundle(
    text: str,
    data: Mapping[str, str] | None = None,
    fields: Mapping[str, Mapping[str, str]] | None = None,
    more: str = "",
    **nodes: Drawn,
) -> dict[str, bytes]:
    """A bundle of one process; every user task has a form with its ``fields``. ``more`` is further text of process.toml."""
    declared = {"agency": "string", **(data or {})}
    drawn = process(text, KEY, None, **nodes)
    names = _names(drawn)
    forms = {task: form(**(fields or {}).get(task, {})) for task in names}
    drawn = _with_forms(process(text, KEY, {LANE: _all_nodes(drawn)}, **nodes), names)
    manifest = MANIFEST + more + "\n[data]\n" + "".join(f'{name} = "{kind}"\n' for name, kind in declared.items())
    return {
        "process.toml": manifest.encode(),
        "process.bpmn": with_diagram(drawn),
        "forms/start.schema.json": form(agency="string"),
        **{f"forms/{task}.schema.json": content for task, content in forms.items()},
    }


def _names(drawn: bytes) -> list[str]:
    import re

    return re.findall(r'<userTask id="([^"]+)"', drawn.decode())


def _all_nodes(drawn: bytes) -> list[str]:
    import re

    kinds = r"<(?:\w+(?:Task|Event|Gateway)|task|subProcess|callActivity) id=\"([^\"]+)\""
    return re.findall(kinds, drawn.decode())


def _with_forms(drawn: bytes, names: list[str]) -> bytes:
    text = drawn.decode()
    for task in names:
        named = (
            "<extensionElements><spiffworkflow:properties><spiffworkflow:property "
            f'name="formJsonSchemaFilename" value="{task}.schema.json"/></spiffworkflow:properties></extensionElements>'
        )
        text = text.replace(f'<userTask id="{task}" name="{task}">', f'<userTask id="{task}" name="{task}">{named}')
    return text.encode()


class Trial:
    """A case of a small bundle in a world."""

    def __init__(self, world: World, files: Mapping[str, bytes]) -> None:
        self.world, self.database = world, world.database
        with self.database.unit_of_work(SYSTEM) as uow:
            definitions.deploy(uow, files)
            self.agency = uow.session.exec(select(Organisation).where(col(Organisation.kind) == "agency")).first()
        assert self.agency is not None
        self.file()

    def file(self) -> None:
        assert self.agency is not None
        with self.database.unit_of_work(PUBLIC) as uow:
            filed = cases.submit(uow, KEY, {"agency": self.agency.code})
        self.world.case_id = filed.case_id

    def do(self, node: str, **values: Any) -> list[str]:
        """A case handler does a task; what they are told besides."""
        task = self.world.one(Task, case_id=self.world.case_id, node=node, state="open")
        with self.database.unit_of_work(self.world.person(LANE)) as uow:
            tasks.complete(uow, task.id, values)
            return [warning.sentence("zh") for warning in uow.warnings]
