"""An open-data request from filing to the served reply, through the interface for programs alone."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine import maintenance
from tests.household import ASSESSMENT, PDF, REPLY, REQUEST, Household, furnish


def test_a_request_is_filed_worked_answered_and_followed(household: Household) -> None:
    filed = household.file()
    household.work()
    status = follow(household, filed)
    assert status["status"] == "accepted"
    assert status["deadline"]["state"] == "running"
    assert [n["name"] for n in status["notices"]] == ["receipt"]

    household.complete("handler", intake_action="proceed")
    household.complete("handler", **ASSESSMENT)
    household.complete("reviewer", confidentiality_opinion="agree")
    household.complete("handler", **REPLY)
    household.complete("head", review_result="approve")
    household.complete("leader", sign_result="sign")

    status = follow(household, filed)
    assert status["outcome"] == "agreed_open"
    assert status["deadline"]["state"] == "stopped"
    reply = next(n for n in status["notices"] if n["name"] == "reply")
    assert reply["number"]
    assert reply["ready"]
    paper = household.follower(filed).get(f"/api/v1/status/notices/{reply['id']}/pdf")
    assert paper.content.startswith(b"%PDF-")
    assert "attachment" in paper.headers["content-disposition"]
    assert household.program_of("handler").get(f"/api/v1/notices/{reply['id']}/pdf").content == paper.content
    done = household.program_of("leader").get("/api/v1/tasks", params={"view": "done"}).json()["items"]
    assert [task["reference"] for task in done] == [filed["reference"]]


def test_the_answer_to_filing_says_by_when_and_how_that_was_counted(household: Household) -> None:
    answer = household.anyone.post(
        "/api/v1/cases",
        json={"process": "open_data_request", "form": REQUEST},
        headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.8"},
    )
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/cases/{answer.json()['reference']}"
    counted = answer.json()["explanation"]
    assert counted["days"][0]["verdict"] == "start"
    assert counted["days"][-1] == {**counted["days"][-1], "date": answer.json()["due_on"], "verdict": "due"}
    assert any("not counted" in sentence for sentence in counted["sentences"])


def test_files_travel_in_a_form_and_come_back_as_they_were(household: Household) -> None:
    answer = household.anyone.post(
        "/api/v1/cases",
        data={"request": as_json({"process": "open_data_request", "form": REQUEST})},
        files=[("attachments", ("停车场清单.pdf", PDF, "application/pdf"))],
    )
    assert answer.status_code == 201, answer.text
    (document,) = follow(household, answer.json())["documents"]
    assert document["filename"] == "停车场清单.pdf"
    mine = household.follower(answer.json()).get(f"/api/v1/status/documents/{document['id']}")
    assert mine.content == PDF
    assert "%E5%81%9C" in mine.headers["content-disposition"]
    assert household.program_of("handler").get(f"/api/v1/documents/{document['id']}").content == PDF


def test_the_applicant_withdraws_and_later_is_told_why_not_again(household: Household) -> None:
    filed = household.file()
    program = household.follower(filed)
    offer = next(o for o in program.get("/api/v1/status").json()["offers"] if o["name"] == "withdraw")
    assert offer["refusal"] is None
    assert program.post("/api/v1/status/messages/withdraw", json={"form": {}}).status_code == 200
    household.work()
    status = follow(household, filed)
    assert (status["status"], status["outcome"]) == ("closed", "withdrawn")
    again = program.post("/api/v1/status/messages/withdraw", json={"form": {}})
    assert again.status_code == 409
    assert again.json()["type"] == "urn:duban:problem:message-refused"
    assert again.json()["detail"]


def test_a_task_is_claimed_released_drafted_and_done_once(household: Household) -> None:
    household.file()
    task = household.task("handler")
    mine, colleagues = household.program_of("handler"), household.program_of("colleague")
    assert mine.post(f"/api/v1/tasks/{task}/claim").json()["mine"] is True
    taken = colleagues.post(f"/api/v1/tasks/{task}/claim")
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:duban:problem:task-already-claimed")
    assert mine.post(f"/api/v1/tasks/{task}/draft", json={"form": {"intake_action": "proceed"}}).status_code == 200
    assert mine.get(f"/api/v1/tasks/{task}").json()["values"]["intake_action"] == "proceed"
    assert mine.post(f"/api/v1/tasks/{task}/release").json()["mine"] is False
    answer = colleagues.post(f"/api/v1/tasks/{task}/complete", json={"form": {"intake_action": "proceed"}})
    assert answer.json()["state"] == "completed"
    late = mine.post(f"/api/v1/tasks/{task}/complete", json={"form": {"intake_action": "proceed"}})
    assert (late.status_code, late.json()["type"]) == (409, "urn:duban:problem:task-already-ended")


def test_who_looked_at_an_older_state_is_told_so(household: Household) -> None:
    household.file()
    task, program = household.task("handler"), household.program_of("handler")
    seen = program.get(f"/api/v1/tasks/{task}").headers["etag"]
    program.post(f"/api/v1/tasks/{task}/claim")
    stale = program.post(
        f"/api/v1/tasks/{task}/complete", json={"form": {"intake_action": "proceed"}}, headers={"If-Match": seen}
    )
    assert stale.status_code == 412
    for nonsense in ('"abc"', '"²"', '"-1"', '"99999999999999999999"'):
        answer = program.post(
            f"/api/v1/tasks/{task}/complete",
            json={"form": {"intake_action": "proceed"}},
            headers={"If-Match": nonsense.encode()},
        )
        assert answer.status_code == 412, nonsense
    fresh = program.get(f"/api/v1/tasks/{task}").headers["etag"]
    done = program.post(
        f"/api/v1/tasks/{task}/complete", json={"form": {"intake_action": "proceed"}}, headers={"If-Match": fresh}
    )
    assert done.status_code == 200


def test_a_faulty_form_names_every_field_with_a_pointer(household: Household) -> None:
    faulty = {**REQUEST, "applicant_name": "", "applicant_type": "robot", "dataset": "x" * 5000}
    answer = household.anyone.post("/api/v1/cases", json={"process": "open_data_request", "form": faulty})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:duban:problem:form-invalid"
    assert {"/form/applicant_type", "/form/dataset", "/form/applicant_name"} <= {
        e["pointer"] for e in problem["errors"]
    }
    assert all(e["code"] and e["detail"] for e in problem["errors"])
    assert household.program_of("handler").get("/api/v1/cases").json()["items"] == []


def test_an_unknown_process_is_not_found(household: Household) -> None:
    answer = household.anyone.post("/api/v1/cases", json={"process": "no_such", "form": {}})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:duban:problem:process-unknown")


def test_lists_are_paged_by_key_without_losing_or_doubling_any(household: Household) -> None:
    references = {household.file(dataset=f"数据集 {number}")["reference"] for number in range(5)}
    program = household.program_of("handler")
    for address in ("/api/v1/cases?limit=2", "/api/v1/tasks?view=queue&limit=2"):
        found, following, pages = [], address, 0
        while following:
            page = program.get(following).json()
            found += [item["reference"] for item in page["items"]]
            following, pages = page["next"], pages + 1
        assert sorted(found) == sorted(references)
        assert pages == 3


def test_a_broken_page_key_is_refused_in_a_sentence(household: Household) -> None:
    for key in ("x", "%00", "e30=", "9" * 200):
        for address in ("cases?", "tasks?view=all&"):
            answer = household.program_of("handler").get(f"/api/v1/{address}after={key}")
            assert answer.status_code in (200, 422), (address, key, answer.text)


def test_the_supervisor_sees_what_is_overdue(database_url: str, tmp_path: Path) -> None:
    household = furnish(tmp_path, database_url, demo=True)
    filed = household.file()
    household.work()
    board = household.program_of("supervisor")
    assert board.get("/api/v1/overdue").json()["items"] == []
    travel(household, 20)
    (late,) = board.get("/api/v1/overdue").json()["items"]
    assert late["reference"] == filed["reference"]
    assert late["light"]["colour"] == "red"
    assert board.get("/api/v1/board").json()["overdue"] == 1
    assert household.program_of("foreign_supervisor").get("/api/v1/overdue").json()["items"] == []
    (line,) = household.program_of("handler").get("/api/v1/tasks?view=all").json()["items"][:1]
    assert line["light"]["colour"] == "red"
    household.database.dispose()


def test_processes_forms_and_organisations_are_open_to_everybody(household: Household) -> None:
    (process,) = household.anyone.get("/api/v1/processes").json()
    assert process["key"] == "open_data_request"
    detail = household.anyone.get("/api/v1/processes/open_data_request", headers={"Accept-Language": "en"}).json()
    assert detail["title"] == "Open-data request"
    assert process["start_form"] in detail["forms"]
    form = household.anyone.get(f"/api/v1/processes/open_data_request/forms/{process['start_form']}").json()
    agency = next(f for f in form["fields"] if f["name"] == "agency")
    assert ["gy-jtw", "贵阳市交通委员会"] in agency["options"]
    assert household.anyone.get("/api/v1/processes/open_data_request/forms/nothing").status_code == 404
    assert {o["code"] for o in household.anyone.get("/api/v1/organisations").json()} == {"gy-dsj", "gy-jtw", "gy-wjj"}


def test_everybody_can_count_days(household: Household) -> None:
    counted = household.anyone.get("/api/v1/due?date=2026-04-21&days=10").json()
    assert (counted["due"], counted["provisional"]) == ("2026-05-06", False)
    assert household.anyone.get("/api/v1/due?date=2026-04-20&days=10&unit=working").json()["due"] == "2026-05-07"
    for wrong in ("date=2026-02-30&days=1", "date=x&days=1", "date=2026-04-21&days=-1", "date=2026-04-21&days=99999"):
        assert household.anyone.get(f"/api/v1/due?{wrong}").status_code == 422, wrong


def test_a_program_can_ask_who_it_acts_for(household: Household) -> None:
    me = household.program_of("handler").get("/api/v1/me").json()
    assert me["login"] == "handler"
    assert me["roles"] == [
        {"organisation": "gy-jtw", "organisation_name": "贵阳市交通委员会", "role": "case_handler", "unit": ""}
    ]


def follow(household: Household, filed: dict[str, Any]) -> dict[str, Any]:
    """What the applicant sees now."""
    answer = household.follower(filed).get("/api/v1/status")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def travel(household: Household, days: int) -> None:
    with household.database.unit_of_work() as uow:
        maintenance.travel(uow, timedelta(days=days))
    household.work()


def as_json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)
