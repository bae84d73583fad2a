"""A small installation for tests: one bureau, two agencies, people in every role, the open-data request deployed.

Everything is real: database, verbs, application. Only the password is hashed with less work, since that is slow on purpose:
whoever signs in is verified with as much work as the hash was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from api.composition import compose
from engine import definitions, directory, maintenance
from engine.db import Database
from engine.settings import ROOT, Settings
from tests.application import application

PASSWORD = "mi-ma-12345"
BUNDLE = ROOT / "bpmn" / "open_data_request"
BUREAU, AGENCY, OTHER = "gy-dsj", "gy-jtw", "gy-wjj"
ORGANISATIONS = {
    BUREAU: ("贵阳市大数据发展管理局", "city_data_bureau"),
    AGENCY: ("贵阳市交通委员会", "agency"),
    OTHER: ("贵阳市卫生健康局", "agency"),
}
STAFF = {  # login → (role, organisation)
    "handler": ("case_handler", AGENCY),
    "colleague": ("case_handler", AGENCY),
    "reviewer": ("confidentiality_reviewer", AGENCY),
    "head": ("unit_head", AGENCY),
    "leader": ("leader", AGENCY),
    "stranger": ("case_handler", OTHER),
    "bureau": ("case_handler", BUREAU),
    "supervisor": ("supervisor", BUREAU),
    "foreign_supervisor": ("supervisor", OTHER),
}
OFFICERS = {"administrator": "administrator", "auditor": "auditor"}
REQUEST: dict[str, Any] = {
    "applicant_type": "citizen",
    "applicant_name": "王䶮",
    "phone": "13800000001",
    "request_kind": "not_opened",
    "dataset": "贵阳市公共停车场实时泊位数据",
    "description": "全市公共停车场的名称、位置、总泊位和实时空余泊位，每五分钟更新一次。",
    "agency": AGENCY,
}
# What a handler finds out about that request, and answers.
ASSESSMENT = {
    "data_exists": "yes",
    "data_held": "yes",
    "already_open": "no",
    "in_catalogue": "yes",
    "exemption": "none",
}
REPLY = {
    "decision": "agreed_open",
    "facts": "您申请的数据由本机关在停车管理中采集，每五分钟更新一次。",
    "reasons": "该数据不属于《条例》第十八条第一款所列情形，应当向社会开放。",
    "planned_opening_on": "2026-12-29",
}
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


@cache
def password_hash() -> str:
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)


@dataclass
class Household:
    """The installation, and ways to speak to it."""

    database: Database
    app: FastAPI
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def anyone(self) -> TestClient:
        """A program without a token."""
        return TestClient(self.app)

    def program_of(self, login: str) -> TestClient:
        """A program that acts for somebody."""
        return TestClient(self.app, headers={"Authorization": f"Bearer {self.tokens[login]}"})

    def browser(self) -> TestClient:
        """A browser, before anybody has signed in."""
        return TestClient(self.app, follow_redirects=False, headers={"Sec-Fetch-Site": "same-origin"})

    def browser_of(self, login: str) -> TestClient:
        """A browser in which somebody has signed in."""
        browser = self.browser()
        answer = browser.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return browser

    def file(self, **changed: Any) -> dict[str, Any]:
        """File a request as the public does; returns the answer."""
        answer = self.anyone.post("/api/v1/cases", json={"process": "open_data_request", "form": REQUEST | changed})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def follower(self, filed: Mapping[str, str]) -> TestClient:
        """A program of the applicant."""
        codes = {"Duban-Reference": filed["reference"], "Duban-Query-Code": filed["query_code"]}
        return TestClient(self.app, headers=codes)

    def work(self) -> None:
        """Do all due work, as the metronome would."""
        maintenance.settle(self.database)

    def task(self, login: str, view: str = "queue") -> str:
        """The id of the one task that waits for somebody."""
        items = self.program_of(login).get("/api/v1/tasks", params={"view": view}).json()["items"]
        assert len(items) == 1, items
        return str(items[0]["id"])

    def complete(self, login: str, **form: Any) -> None:
        """Do the one task that waits for somebody, then all that follows from it."""
        answer = self.program_of(login).post(f"/api/v1/tasks/{self.task(login)}/complete", json={"form": form})
        assert answer.status_code == 200, answer.text
        self.work()


def reopen(folder: Path, url: str = "", **settings: Any) -> Household:
    """An installation that is there already, perhaps with other settings; tokens are not known any more."""
    database = compose(Settings(var=folder, database_url=url, **settings))
    return Household(database, application(database))


def furnish(folder: Path, url: str = "", **settings: Any) -> Household:
    """Make the installation in a folder, over a migrated database."""
    database = compose(Settings(var=folder, database_url=url, **settings))
    with database.unit_of_work() as uow:
        made = {
            code: directory.create_organisation(uow, code, name, kind, "city", document_prefix="筑")
            for code, (name, kind) in ORGANISATIONS.items()
        }
        directory.relate(uow, made[BUREAU].id, made[AGENCY].id, "business_guidance_of")
        tokens = {}
        for login in (*STAFF, *OFFICERS):
            person = directory.create_person(uow, login, login, password_hash(), duty=OFFICERS.get(login, "none"))
            if login in STAFF:
                role, organisation = STAFF[login]
                directory.grant_role(uow, person.id, made[organisation].id, role)
            tokens[login] = directory.create_token(uow, person.id, "test")
        definitions.deploy(uow, definitions.read_folder(BUNDLE))
    return Household(database, application(database), tokens)
