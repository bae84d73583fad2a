"""A demonstration of the city for a browser: real server, real metronome, people at their desks, cases of every age.

Its time is that of a demonstration, so it travels: tests begin on a fixed day and never depend on today's.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlmodel import col, select

from api import city
from api.composition import compose
from api.serving import listen
from api.stories import shanghai
from api.worker import Metronome
from engine import cases, definitions, directory, maintenance, tasks
from engine.access import PUBLIC, SYSTEM, Actor
from engine.db import Database
from engine.models import Task
from engine.settings import ROOT, Settings
from tests.application import application
from tests.household import password_hash

BUNDLES = ROOT / "bpmn"
AGENCY, BUREAU = "gy-jtw", "gy-sjj"
PEOPLE = {  # login → (name, organisation, role); all of them invented
    "zhou.min": ("周敏", AGENCY, "case_handler"),
    "he.jing": ("何静", AGENCY, "case_handler"),
    "wu.lei": ("吴蕾", AGENCY, "confidentiality_reviewer"),
    "qian.wei": ("钱伟", AGENCY, "unit_head"),
    "zhao.guo": ("赵建国", AGENCY, "leader"),
    "feng.li": ("冯丽", BUREAU, "case_handler"),
    "sun.yi": ("孙毅", BUREAU, "supervisor"),
}
ADMINISTRATOR = "admin"
REQUEST: dict[str, Any] = {
    "applicant_type": "citizen",
    "phone": "13800001234",
    "request_kind": "not_opened",
    "description": "希望以可机读格式开放，并说明字段含义和更新频率。",
    "agency": AGENCY,
}
TODAY = "2026-04-28T09:30"
FILED = [  # when, by whom, what, how many steps are done: answers were due before, are due soon, or have time
    ("2026-04-14T10:05", "陈晓东", "citizen", "道路交通事故多发路段", 2),
    ("2026-04-16T15:40", "贵阳云岭数据服务有限公司", "legal_person", "路内停车收费标准明细", 1),
    ("2026-04-19T20:12", "刘梅", "citizen", "公交线路与站点坐标", 2),
    ("2026-04-20T09:31", "张堃", "citizen", "出租汽车经营企业名录", 1),
    ("2026-04-21T11:20", "孙志强", "citizen", "轨道交通分时客流数据", 1),
    ("2026-04-24T16:02", "周倩", "citizen", "城区路网施工占道信息", 0),
    ("2026-04-27T08:50", "贵阳市城市交通研究会", "organisation", "网约车日均订单统计", 0),
    ("2026-04-27T14:26", "徐静", "citizen", "公共自行车租借记录（脱敏）", 0),
]
STEPS: tuple[
    dict[str, Any], ...
] = (  # what a case handler answers: the request can be handled; the data does not exist
    {"intake_action": "proceed"},
    {"data_exists": "no"},
)


@dataclass
class Office:
    """The running demonstration."""

    database: Database
    address: str = ""  # nowhere, when it is not served
    signed_in: dict[str, tuple[Any, str]] = field(
        default_factory=dict
    )  # login → what a browser keeps, and where it is led

    def go_to(self, moment: str) -> None:
        """Travel to a moment in Guiyang."""
        with self.database.unit_of_work(SYSTEM) as uow:
            maintenance.travel(uow, shanghai(moment) - uow.now)

    def travel(self, days: int) -> None:
        """Travel on by some days, as ``duban travel +10d`` does."""
        with self.database.unit_of_work(SYSTEM) as uow:
            maintenance.travel(uow, timedelta(days=days))

    def file(self, applicant: str, kind: str, dataset: str) -> str:
        """Let somebody file a request; returns its reference."""
        form = REQUEST | {"applicant_name": applicant, "applicant_type": kind, "dataset": dataset}
        with self.database.unit_of_work(PUBLIC) as uow:
            return cases.submit(uow, "open_data_request", form).reference

    def do(self, login: str, steps: int) -> None:
        """Let somebody do the first steps of the case that was filed last, and claim the next one when they did any."""
        actor = actor_of(self.database, login)
        newest = select(Task.id).where(col(Task.state) == "open").order_by(col(Task.created_at).desc())
        for answers in (*STEPS[:steps], None) if steps else ():
            with self.database.unit_of_work(actor) as uow:
                task_id = uow.session.exec(newest).first() or ""
                tasks.claim(uow, task_id) if answers is None else tasks.complete(uow, task_id, answers)

    def work(self) -> None:
        """Do all that is due, without waiting for the next beat."""
        with ThreadPoolExecutor(1) as pool:  # signing wants no event loop, and whoever drives a browser has one
            pool.submit(maintenance.settle, self.database).result()


def actor_of(database: Database, login: str) -> Actor:
    """Somebody of the office."""
    with database.reading(SYSTEM) as reading:
        return directory.actor_of(reading, directory.person(reading, login).id)


def furnish(folder: Path, url: str = "") -> None:
    """Put the organisations of the city, its people and the process into a migrated database."""
    database = _composed(folder, url)
    with database.unit_of_work(SYSTEM) as uow:
        organisations = city.found(uow, BUNDLES)
        for login, (name, organisation, role) in PEOPLE.items():
            person = directory.create_person(uow, login, name, password_hash())
            directory.grant_role(uow, person.id, organisations[organisation].id, role)
        directory.create_person(uow, ADMINISTRATOR, "系统管理员", password_hash(), duty="administrator")
        definitions.deploy(uow, definitions.read_folder(BUNDLES / "open_data_request"))
    database.dispose()


def make_busy(folder: Path) -> None:
    """Bring an office to a Tuesday morning before Labour Day, with cases of every age."""
    office = Office(_composed(folder))
    for moment, applicant, kind, dataset, steps in FILED:
        office.go_to(moment)
        office.file(applicant, kind, dataset)
        office.do("zhou.min", steps)
    office.go_to(TODAY)
    office.work()
    office.database.dispose()


def _composed(folder: Path, url: str = "") -> Database:
    return compose(Settings(var=folder, database_url=url, demo=True, metronome_seconds=1))


@contextmanager
def opened(folder: Path, url: str = "", at: str = "2026-04-13T09:00") -> Iterator[Office]:
    """A furnished office, served on a port of this machine until the block ends."""
    database = _composed(folder, url)
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(application(database, Metronome(database)), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    office = Office(database, f"http://127.0.0.1:{listener.getsockname()[1]}")
    office.go_to(at)
    try:
        yield office
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
        database.dispose()
