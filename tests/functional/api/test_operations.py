"""What operators look at, deploy and repair."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.composition import compose
from engine import incidents
from engine.db import Database, downgrade
from engine.settings import Settings
from tests.application import application
from tests.household import BUNDLE, Household


def zipped_bundle(**changed: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in sorted(BUNDLE.rglob("*")):
            if path.is_file():
                name = path.relative_to(BUNDLE).as_posix()
                archive.writestr(f"bundle/{name}", changed.get(name, path.read_bytes()))
    return made.getvalue()


def deploy(household: Household, content: bytes, login: str = "administrator") -> tuple[int, dict[str, object]]:
    answer = household.program_of(login).post(
        "/api/v1/processes", content=content, headers={"Content-Type": "application/zip"}
    )
    return answer.status_code, answer.json()


def test_it_is_alive_and_ready(household: Household) -> None:
    assert household.anyone.get("/healthz").status_code == 200
    assert household.anyone.get("/readyz").json() == {"ready": True}


def test_it_is_not_ready_with_the_tables_of_another_version(database_url: str, tmp_path: Path) -> None:
    downgrade(database_url)
    database = compose(Settings(var=tmp_path, database_url=database_url))
    answer = TestClient(application(database)).get("/readyz")
    assert answer.status_code == 503
    assert "duban db upgrade" in answer.json()["reason"]
    database.dispose()


def test_it_is_not_ready_without_a_database(tmp_path: Path) -> None:
    nowhere = Settings(var=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    client = TestClient(application(compose(nowhere)))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    problem = client.get("/api/v1/processes")
    assert (problem.status_code, problem.json()["type"]) == (503, "urn:duban:problem:database-busy")


def test_the_metrics_count_what_waits(household: Household) -> None:
    household.file()
    before = metrics(household)
    assert before["duban_tasks_open"] == 1
    assert before["duban_jobs_due"] >= 1
    household.work()
    assert metrics(household)["duban_jobs_due"] == 0


def test_a_zipped_process_is_deployed_once(household: Household) -> None:
    status, first = deploy(household, zipped_bundle())
    assert (status, first["key"], first["version"]) == (201, "open_data_request", 1)
    words = (BUNDLE / "process.toml").read_text().replace('title = "开放需求申请"', 'title = "数据开放申请"', 1)
    status, second = deploy(household, zipped_bundle(**{"process.toml": words}))
    assert (status, second["version"], second["flow_hash"]) == (201, 1, first["flow_hash"])
    (process,) = household.anyone.get("/api/v1/processes").json()
    assert (process["title"], process["revision"]) == ("数据开放申请", 2)


def test_a_faulty_process_is_refused_with_every_fault(household: Household) -> None:
    broken = (BUNDLE / "process.toml").read_text().replace('owed_by = "data_provider"', 'owed_by = "nobody"', 1)
    status, problem = deploy(household, zipped_bundle(**{"process.toml": broken}))
    assert (status, problem["type"]) == (422, "urn:duban:problem:faulty")
    assert "nobody" in str(problem["errors"])
    assert household.anyone.get("/api/v1/processes").json()[0]["revision"] == 1


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"x" * 100])
def test_something_else_than_a_zip_is_refused(small_household: Household, content: bytes) -> None:
    status, problem = deploy(small_household, content)
    assert (status, problem["type"]) == (422, "urn:duban:problem:zip-unreadable")


def test_only_administrators_deploy(small_household: Household) -> None:
    assert deploy(small_household, zipped_bundle(), "leader")[0] == 403


def test_an_incident_is_seen_tried_again_and_closed(household: Household) -> None:
    database: Database = household.database
    with database.unit_of_work() as uow:
        incidents.open_incident(uow, "job.failed", "The mail server does not answer.")
    program = household.program_of("administrator")
    (incident,) = program.get("/api/v1/incidents").json()
    assert incident["sentence"] == "The mail server does not answer."
    address = f"/api/v1/incidents/{incident['id']}/retry"
    assert program.post(address, json={"reason": " "}).status_code == 422
    assert program.post(address, json={"reason": "邮件服务已恢复"}).json()["handled"] == "retried"
    assert program.get("/api/v1/incidents").json() == []
    assert program.post("/api/v1/incidents/unknown/retry", json={"reason": "试一试"}).status_code == 404


def metrics(household: Household) -> dict[str, float]:
    text = household.anyone.get("/metrics").text
    assert "王" not in text
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([0-9.e+]+)$", text, re.MULTILINE)}
