"""Leads and instructions over HTTP: what programs send wrong, twice, or for others is answered with a sentence."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engine import clock, definitions
from engine.settings import ROOT
from tests.household import AGENCY, Household

LEAD: dict[str, Any] = {"ground": "6", "findings": "没有说明原因。", "respondent": AGENCY}
TODAY = clock.day_of(clock.wall())
INSTRUCTION: dict[str, Any] = {
    "leader": "李副市长",
    "text": "请抓紧答复。",
    "due_on": (TODAY + timedelta(days=3)).isoformat(),
    "bound": AGENCY,
}


@pytest.fixture
def case(small_household: Household) -> str:
    """The reference of a case of the agency; the process of leads is deployed."""
    with small_household.database.unit_of_work() as uow:
        definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / "supervision_lead"))
    return str(small_household.file()["reference"])


@pytest.fixture
def supervisor(small_household: Household) -> TestClient:
    return small_household.program_of("supervisor")


def test_a_lead_is_opened_once_for_one_key_and_listed(case: str, supervisor: TestClient) -> None:
    key = {"Idempotency-Key": "lead-1"}
    answers = [supervisor.post(f"/api/v1/cases/{case}/leads", json=LEAD, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    (reference,) = {answer.json()["reference"] for answer in answers}
    listed = supervisor.get("/api/v1/leads", params={"ground": "6"}).json()["items"]
    assert [(row["reference"], row["about"], row["by_hand"], row["age"]) for row in listed] == [
        (reference, case, True, 0)
    ]
    assert supervisor.get("/api/v1/leads", params={"ground": "1"}).json()["items"] == []
    assert supervisor.get(f"/api/v1/cases/{reference}").json()["fields"][0]["value"] == case
    again = supervisor.post(f"/api/v1/cases/{case}/leads", json=LEAD)
    assert (again.status_code, again.json()["type"]) == (409, "urn:duban:problem:lead-stands")
    assert reference in again.json()["detail"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"ground": "12"}, 422),
        ({"ground": None}, 422),
        ({"findings": "  "}, 422),
        ({"findings": "长" * 2001}, 422),
        ({"respondent": "gy-wjj"}, 422),
        ({"respondent": ""}, 422),
        ({"fault": "x"}, 422),
    ],
)
def test_a_faulty_lead_is_refused_with_a_sentence(
    case: str, supervisor: TestClient, changed: dict[str, Any], status: int
) -> None:
    answer = supervisor.post(f"/api/v1/cases/{case}/leads", json=LEAD | changed)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert supervisor.get("/api/v1/leads").json()["items"] == []


def test_an_instruction_is_recorded_read_by_two_houses_and_reported_on(case: str, small_household: Household) -> None:
    head, leader = small_household.program_of("head"), small_household.program_of("leader")
    bureau = small_household.program_of("bureau")
    kept = leader.post(f"/api/v1/cases/{case}/instructions", json=INSTRUCTION)
    assert kept.status_code == 201, kept.text
    (shown,) = head.get(f"/api/v1/cases/{case}/instructions").json()
    assert (shown["leader"], shown["text"], shown["may_fulfil"]) == ("李副市长", "请抓紧答复。", True)
    assert len(head.get("/api/v1/instructions").json()["items"]) == 1
    for theirs in ("/api/v1/instructions", f"/api/v1/cases/{case}/instructions"):
        answer = bureau.get(theirs).json()
        assert (answer["items"] if isinstance(answer, dict) else answer) == []
    assert "instruction" not in bureau.get(f"/api/v1/cases/{case}").text
    address = f"/api/v1/instructions/{kept.json()['id']}/fulfil"
    assert bureau.post(address, json={"report": "已经落实。"}).status_code == 404
    assert head.post(address, json={"report": " "}).status_code == 422
    assert head.post(address, json={"report": "已经落实。"}).status_code == 200
    assert head.post(address, json={"report": "已经落实。"}).status_code == 409
    assert head.get("/api/v1/instructions").json()["items"] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"due_on": "2026-13-40"},
        {"due_on": (TODAY - timedelta(days=1)).isoformat()},
        {"due_on": "9999-12-31"},
        {"leader": ""},
        {"leader": "\u200b"},
        {"text": "长" * 2001},
        {"bound": "gy-wjj"},
        {"bound": None},
        {"private": False},
    ],
)
def test_a_faulty_instruction_is_refused_with_a_sentence(
    case: str, small_household: Household, changed: dict[str, Any]
) -> None:
    leader = small_household.program_of("leader")
    answer = leader.post(f"/api/v1/cases/{case}/instructions", json=INSTRUCTION | changed)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert leader.get("/api/v1/instructions").json()["items"] == []


def test_the_applicant_learns_of_neither(case: str, small_household: Household, supervisor: TestClient) -> None:
    filed = small_household.file()
    leader = small_household.program_of("leader")
    assert leader.post(f"/api/v1/cases/{filed['reference']}/instructions", json=INSTRUCTION).status_code == 201
    assert supervisor.post(f"/api/v1/cases/{filed['reference']}/leads", json=LEAD).status_code == 201
    told = small_household.follower(filed).get("/api/v1/status").text
    for word in ("instruction", "李副市长", "抓紧", "XS-", "线索"):
        assert word not in told
