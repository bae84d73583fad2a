"""What staff send into a running case from its page: once, asked for, and refused with the sentence of the process."""

import re

import pytest
from fastapi.testclient import TestClient

from engine import definitions
from engine.settings import ROOT
from tests.household import AGENCY, Household


@pytest.fixture
def waiting(small_household: Household) -> str:
    """A lead that waits for what urging brings."""
    with small_household.database.unit_of_work() as uow:
        definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / "supervision_lead"))
    case, program = small_household.file()["reference"], small_household.program_of("supervisor")
    asked = {"ground": "6", "findings": "没有说明原因。", "respondent": AGENCY}
    reference = program.post(f"/api/v1/cases/{case}/leads", json=asked).json()["reference"]
    small_household.complete("supervisor", handling="urge", urging_text="请尽快答复。", check_again_on="2099-01-04")
    return str(reference)


def csrf(browser: TestClient, address: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(address).text)
    assert found is not None
    return found[1]


def test_a_supervisor_looks_again_before_the_day_that_was_set(waiting: str, small_household: Household) -> None:
    browser, address = small_household.browser_of("supervisor"), f"/desk/cases/{waiting}/messages/check_now"
    assert "提前核查" in browser.get(f"/desk/cases/{waiting}").text
    token = csrf(browser, address)
    empty = browser.post(address, data={"csrf": token, "check_note": ""})
    assert empty.status_code == 422
    sent = {"csrf": token, "check_note": "来源案件已经答复。", "_submission": "a" * 24}
    for _ in range(2):  # a second click has no second effect
        answer = browser.post(address, data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{waiting}?said=sent")
    page = browser.get(f"/desk/cases/{waiting}").text
    assert "核查线索" in page
    assert f"{waiting}/messages/check_now" not in page
    assert browser.get(address).status_code == 409


def test_what_only_the_system_sends_is_offered_to_nobody(waiting: str, small_household: Household) -> None:
    browser = small_household.browser_of("supervisor")
    assert browser.get(f"/desk/cases/{waiting}/messages/annulled").status_code == 404
    token = csrf(browser, f"/desk/cases/{waiting}")
    answer = browser.post(f"/desk/cases/{waiting}/messages/annulled", data={"csrf": token, "annulment_reason": "x"})
    assert answer.status_code == 404
