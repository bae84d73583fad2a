"""Personal data is found nowhere in the clear: not in the files of the database, not in logs, not in jobs, not in audit."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import AuditEvent, Incident, Job
from engine.privacy import load_keys
from engine.settings import Settings
from tests.household import PDF, REQUEST, Household

PLANTED = {
    "applicant_name": "欧阳䶮鑫",
    "phone": "13912345678",
    "identity_number": "520103199003078515",
    "email": "ouyang.planted@example.com",
    "address": "贵阳市南明区植树巷77号",
}
FREE_TEXT = "本人因照顾植树巷的患病家属需要停车信息"
FILE_NAME = "欧阳家病历.pdf"
FILE_TEXT = b"% planted-in-the-file-13912345678"
KIN, WHY_RECUSED = "慕容㵘㵘", "申请人是我的远房表亲"
WITHDRAWAL = "因植树巷的家属病故不再需要"


@pytest.fixture
def planted(small_household: Household, caplog: pytest.LogCaptureFixture) -> Household:
    """A case full of personal data that went all the way to its receipt, was worked on, searched for and withdrawn."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client: not a part of the product
    form = small_household.anyone.get("/api/v1/processes/open_data_request/forms/request").json()
    known = {f["name"] for f in form["fields"]}
    personal = {name: value for name, value in PLANTED.items() if name in known}
    assert {"applicant_name", "phone"} <= set(personal)
    answer = small_household.anyone.post(
        "/api/v1/cases",
        data={
            "request": json.dumps(
                {"process": "open_data_request", "form": REQUEST | personal | {"description": FREE_TEXT * 2}}
            )
        },
        files={"attachments": (FILE_NAME, PDF + FILE_TEXT)},
    )
    assert answer.status_code == 201, answer.text
    small_household.work()
    filed, program = answer.json(), small_household.program_of("handler")
    tell_of_kin(small_household, filed["reference"])
    task = small_household.task("handler")
    program.post(f"/api/v1/tasks/{task}/claim")
    program.post(f"/api/v1/tasks/{task}/draft", json={"form": {"defects": FREE_TEXT}})
    program.get(f"/api/v1/tasks?view=all&search={PLANTED['applicant_name']}")
    small_household.browser_of("handler").get(f"/desk/search?q={PLANTED['applicant_name']}")
    small_household.anyone.get(f"/{PLANTED['applicant_name']}")
    small_household.follower({**filed, "query_code": PLANTED["phone"]}).get("/api/v1/status")
    small_household.browser().post("/sign-in", data={"login": PLANTED["email"], "password": PLANTED["phone"]})
    wrong = {"process": "open_data_request", "form": REQUEST | personal | {"agency": PLANTED["applicant_name"]}}
    assert small_household.anyone.post("/api/v1/cases", json=wrong).status_code == 422
    small_household.follower(filed).post("/api/v1/status/messages/withdraw", json={"form": {"reason": WITHDRAWAL}})
    small_household.work()
    return small_household


def tell_of_kin(household: Household, reference: str) -> None:
    """Somebody declares kin of the applicant's name and others, right and wrong, and is kept away from the case."""
    leader = household.program_of("leader")
    for name in (PLANTED["applicant_name"], KIN):
        assert leader.post("/api/v1/kin", json={"name": name, "relation": "in_law"}).status_code == 201
    assert leader.post("/api/v1/kin", json={"name": KIN * 20, "relation": KIN}).status_code == 422
    assert {row["name"] for row in leader.get("/api/v1/kin").json()} == {PLANTED["applicant_name"], KIN}
    browser = household.browser_of("head")
    browser.post("/desk/kin", data={"name": KIN, "relation": "spouse"})
    why = {"reason": WHY_RECUSED}
    assert leader.post(f"/api/v1/cases/{reference}/recuse", json=why).status_code == 201
    assert leader.post("/api/v1/kin", json={"name": KIN, "relation": KIN}).status_code == 422


def secrets_of(household: Household) -> dict[str, bytes]:
    texts = {**PLANTED, "free text": FREE_TEXT, "file name": FILE_NAME, "file": FILE_TEXT.decode(), "why": WITHDRAWAL}
    texts |= {"kin": KIN, "why recused": WHY_RECUSED}
    return {what: text.encode() for what, text in texts.items()}


def found(household: Household, where: bytes) -> set[str]:
    """Which of the planted texts stand in some bytes, plain, escaped or as UTF-16."""
    hits = set()
    for what, secret in secrets_of(household).items():
        text = secret.decode()
        shapes = (secret, json.dumps(text)[1:-1].encode(), text.encode("utf-16-le"))
        if any(shape in where for shape in shapes):
            hits.add(what)
    return hits


def test_the_search_itself_works(small_household: Household) -> None:
    for text in secrets_of(small_household).values():
        assert found(small_household, b"..." + text + b"...")


def test_nothing_stands_in_the_files_of_the_database_and_its_log(planted: Household) -> None:
    folder = planted.database.settings.var
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"duban.db", "duban.db-wal"} <= {path.name for path in files}
    assert any(path.parent.parent.name == "documents" for path in files)
    for path in files:
        assert not found(planted, path.read_bytes()), path.relative_to(folder)


def test_nothing_stands_in_the_log(planted: Household, caplog: pytest.LogCaptureFixture) -> None:
    records = [*caplog.get_records("setup"), *caplog.records]
    lines = [line for record in records for line in log_lines(record)]
    assert any("/api/v1/cases" in line for line in lines)
    assert not found(planted, "\n".join(lines).encode())


def test_nothing_stands_in_jobs_incidents_and_audit(planted: Household) -> None:
    with planted.database.reading(SYSTEM) as reading:
        rows = [row for table in (Job, Incident, AuditEvent) for row in reading.session.exec(select(table))]
    assert rows
    dump = json.dumps([row.model_dump() for row in rows], default=str, ensure_ascii=False)
    assert not found(planted, dump.encode())


def test_an_unexpected_error_says_a_number_and_the_log_says_where_but_not_what(
    small_household: Household, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError(f"cannot digest {PLANTED['applicant_name']}")

    small_household.app.add_api_route("/api/v1/broken", broken)
    answer = small_household.anyone.get("/api/v1/broken")
    assert answer.status_code == 500
    number = answer.json()["instance"].rpartition(":")[2]
    lines = [line for record in caplog.records for line in log_lines(record)]
    assert any(number in line and "RuntimeError" in line and "broken" in line for line in lines)
    assert not found(small_household, ("\n".join(lines) + answer.text).encode())


def log_lines(record: logging.LogRecord) -> list[str]:
    formatter = logging.Formatter("%(message)s")
    extra: Any = [record.exc_text] if record.exc_text else []
    return [formatter.format(record), *extra]


def test_the_master_key_is_readable_only_by_its_owner(small_household: Household) -> None:
    fresh = Path(small_household.database.settings.var) / "fresh"
    load_keys(Settings(var=fresh))
    assert (fresh / "master.key").stat().st_mode & 0o077 == 0
