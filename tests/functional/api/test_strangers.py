"""What strangers do not get: other people's drafts, processes that are not for them, pages that do not exist."""

import base64
import json

import pytest

from engine import definitions
from tests.household import BUNDLE, REQUEST, Household


def test_a_draft_is_read_by_nobody_but_who_writes_it(household: Household) -> None:
    household.file()
    task = f"/api/v1/tasks/{household.task('handler')}"
    handler = household.program_of("handler")
    assert handler.post(f"{task}/claim").status_code == 200
    typed = {"intake_action": "supplement", "defects": "还没有想好。"}
    assert handler.post(f"{task}/draft", json={"form": typed}).status_code == 200
    assert handler.get(task).json()["values"] == typed
    for other in ("colleague", "head", "bureau", "supervisor"):
        seen = household.program_of(other).get(task)
        assert seen.status_code == 200
        assert (seen.json()["values"], seen.json()["draft_at"]) == ({}, None), other
    assert handler.post(f"{task}/release").status_code == 200
    assert household.program_of("colleague").get(task).json()["values"] == typed  # it stays with the task
    assert household.program_of("bureau").get(task).json()["values"] == {}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00"])
def test_a_page_beyond_all_time_does_not_exist(household: Household, at: str) -> None:
    key = base64.urlsafe_b64encode(json.dumps([at, "x"]).encode()).decode().rstrip("=")
    for address in ("/api/v1/tasks", "/api/v1/cases"):
        answer = household.program_of("handler").get(address, params={"after": key})
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "urn:duban:problem:page-key-faulty"


def test_a_process_of_organisations_is_not_begun_by_the_public(household: Household) -> None:
    files = definitions.read_folder(BUNDLE)
    files["process.toml"] = files["process.toml"].replace(b'applicants = "public"', b'applicants = "organisation"')
    with household.database.unit_of_work() as uow:
        definitions.deploy(uow, files)
    filing = {"process": "open_data_request", "form": REQUEST}
    assert household.anyone.post("/api/v1/cases", json=filing).status_code == 404
    assert household.program_of("handler").post("/api/v1/cases", json=filing).status_code == 201


def test_another_spelling_of_a_number_gives_no_further_guesses(small_household: Household) -> None:
    filed = small_household.file()
    spellings = [filed["reference"], filed["reference"].lower(), f" {filed['reference']} ", filed["reference"] + "."]
    statuses = [
        small_household.follower({"reference": spelling, "query_code": "WRONG"}).get("/api/v1/status").status_code
        for spelling in spellings * 3
    ]
    assert statuses[-1] == 429
