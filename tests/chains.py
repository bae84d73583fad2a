"""A small process whose paper passes a whole chain of approval inside one drawn task, for tests."""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from engine import tasks
from engine.access import Actor
from engine.models import Task
from tests.bundles import Trial, bundle
from tests.drawing import exclusive, service

APPROVE = "approve_paper"
FLOW = (
    f"start > m > write > draft > {APPROVE} > g; g [result == 'agree'] > issue > close > end; "
    "g [result == 'heedless'] > issue2 > end2; g [] > m"
)
BUREAU = """
[participants.city_data_bureau]
title = "市大数据行政主管部门"
title_en = "City data bureau"
kind = "city_data_bureau"

"""
WHOLE: Sequence[Mapping[str, str]] = (
    {"step": "review", "lane": "data_provider.unit_head"},
    {"step": "countersign", "lane": "city_data_bureau.unit_head"},
    {"step": "legal_review", "lane": "data_provider.legal_reviewer", "when": "words == '不予受理'"},
    {"step": "sign", "lane": "data_provider.leader"},
    {"step": "seal", "lane": "data_provider.seal_keeper"},
    {"step": "register", "lane": "data_provider.registrar"},
)
NOTICE = """
title = "试办决定书"
title_en = "Trial decision"
form = "letter"
issuer = "data_provider"
addressee = "applicant"
series = "试"
"""
FACTS = """
[facts]
words = "words"
agency = "participants.data_provider.name"
"""


def chained(steps: Sequence[Mapping[str, str]] = WHOLE, flow: str = FLOW) -> dict[str, bytes]:
    """The files of the process, its paper approved by these steps."""
    nodes = {"draft": service("notice.draft", name="'decision'")} if "draft" in flow.split() else {}
    nodes["close"] = service("case.close")
    nodes |= {name: service("notice.issue", name="'decision'") for name in ("issue", "issue2") if name in flow}
    files = bundle(
        flow,
        {"words": "string", "result": "string", "remark": "string"},
        {"write": {"words": "string"}, APPROVE: {"result": "string", "remark": "string"}},
        BUREAU,
        m=exclusive(),
        g=exclusive(),
        **nodes,
    )
    usual = {"task": APPROVE, "passes": "result == 'agree'", "opinion": "remark"}
    told = "".join(
        "\n[[approval]]\n" + "".join(f'{key} = "{value}"\n' for key, value in {**usual, **step}.items())
        for step in steps
    )
    return files | {
        "notices/decision/notice.toml": (NOTICE + told + FACTS).encode(),
        "notices/decision/body.html.j2": "<p>现决定如下：{{ words }}。</p><p>{{ agency }}</p>".encode(),
        "notices/decision/sample.json": '{"words": "同意", "agency": "贵阳市交通委员会"}'.encode(),
    }


class Chain(Trial):
    """A case of the process, with people in all its lanes."""

    def write(self, words: str = "同意开放", by: str = "data_provider.case_handler") -> None:
        """Somebody drafts the paper, and it is typeset."""
        self.complete(self.world.person(by), "write", words=words)
        self.world.work()

    def open_task(self) -> Task:
        return self.world.one(Task, case_id=self.world.case_id, node=APPROVE, state="open")

    def lane(self) -> str:
        """Whose step it is."""
        task = self.open_task()
        return f"{task.part}.{task.role}"

    def decide(self, by: Actor | None = None, result: str = "agree", remark: str = "") -> Task:
        """Whoever has the step decides."""
        return self.complete(
            by or self.world.person(self.lane()), APPROVE, result=result, **({"remark": remark} if remark else {})
        )

    def complete(self, by: Actor, node: str, **values: str) -> Task:
        waiting = select(Task.id).where(col(Task.case_id) == self.world.case_id, col(Task.state) == "open")
        with self.database.unit_of_work(by) as uow:
            task_id = uow.session.exec(waiting.where(col(Task.node) == node)).one()
            return tasks.complete(uow, task_id, values)

    def until(self, role: str) -> Task:
        """Everybody agrees until a step is open."""
        while self.open_task().role != role:
            self.decide()
        return self.open_task()
