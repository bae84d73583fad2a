"""Programs and cases that stop: whoever acts is told once and for all, operators repair, and nobody sees a value."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests import stopped
from tests.household import Household
from tests.stopped import SECRET, file

KEPT = "您提交的内容已经收到并妥善保存。后续步骤由工作人员处理，办理期限不受影响。"


@pytest.fixture
def operator(small_household: Household) -> TestClient:
    return small_household.program_of("administrator")


def act(operator: TestClient, incident: str, verb: str, **body: Any) -> dict[str, Any]:
    answer = operator.post(f"/api/v1/incidents/{incident}/{verb}", json={"reason": "已与承办人核实"} | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_who_completes_a_task_is_told_that_the_work_was_kept_however_often_it_is_sent(
    small_household: Household,
) -> None:
    stopped.deploy(small_household)
    file(small_household)
    program, task = small_household.program_of("handler"), small_household.task("handler")
    body = {"json": {"form": {"amount": "许多"}}, "headers": {"Idempotency-Key": "k", "Accept-Language": "en"}}
    answers = [program.post(f"/api/v1/tasks/{task}/complete", **body).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["warnings"] == [
        "Your work was kept. The process then stopped at “s”; the operator has been informed."
    ]


def test_work_that_goes_on_has_no_warnings(small_household: Household) -> None:
    stopped.deploy(small_household)
    assert file(small_household)["warnings"] == []
    small_household.complete("handler", amount="3")


def test_the_public_is_told_in_plain_words_that_all_has_arrived(small_household: Household) -> None:
    stopped.deploy(small_household, stopped.AT_FILING)
    assert file(small_household, "k")["warnings"] == file(small_household, "k")["warnings"] == [KEPT]


def test_a_message_that_stops_the_process_has_arrived(small_household: Household) -> None:
    stopped.deploy(small_household)
    follower = small_household.follower(file(small_household))
    answer = follower.post("/api/v1/status/messages/note", json={"form": {}})
    assert answer.json()["warnings"] == [KEPT]


def test_the_desk_sees_where_a_case_has_stopped(small_household: Household) -> None:
    stopped.stop(small_household)
    program = small_household.program_of("handler")
    (case,) = program.get("/api/v1/cases").json()["items"]
    assert program.get(f"/api/v1/cases/{case['reference']}").json()["held"] == [{"node": "s", "title": "s"}]


def test_an_operator_corrects_tries_again_and_the_case_goes_on(
    small_household: Household, operator: TestClient
) -> None:
    incident = stopped.stop(small_household)
    seen = operator.get(f"/api/v1/incidents/{incident}").json()
    assert (seen["title"], seen["node"], seen["tries"], seen["process"]["key"]) == ("表达式无法计算", "s", 1, "trial")
    assert seen["reads"] == [{"name": "amount", "kind": "string", "filled": True}]
    assert act(operator, incident, "retry") == {
        "id": incident,
        "handled": "retried",
        "settled": False,
        "warnings": ["已经执行；流程随后在“s”处停下。"],
    }
    assert act(operator, incident, "correct", values={"amount": "3"})["settled"] is False
    assert act(operator, incident, "retry")["settled"] is True
    settled = operator.get(f"/api/v1/incidents/{incident}").json()
    assert [a["name"] for a in settled["acts"]][-2:] == ["data.corrected", "token.retried"]
    assert {a["by"] for a in settled["acts"] if a["name"] != "token.held"} == {"administrator"}
    assert small_household.task("handler")


def test_a_token_is_moved_to_where_it_may_go_and_nowhere_else(small_household: Household, operator: TestClient) -> None:
    incident = stopped.stop(small_household)
    (token,) = operator.get(f"/api/v1/incidents/{incident}").json()["tokens"]
    address, reason = f"/api/v1/incidents/{incident}", {"reason": "请重新填写"}
    nowhere = operator.post(f"{address}/move", json=reason | {"token": token["id"], "to": "nowhere"})
    assert (nowhere.status_code, nowhere.json()["type"]) == (409, "urn:duban:problem:not-movable")
    last = operator.post(f"{address}/cancel", json=reason | {"token": token["id"]})
    assert "最后一个令牌" in last.json()["detail"]
    assert {"node": "count", "title": "count"} in token["destinations"]
    assert act(operator, incident, "move", token=token["id"], to="count")["settled"] is True
    gone = operator.post(f"{address}/move", json=reason | {"token": token["id"], "to": "count"})
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:duban:problem:already-settled")


def test_a_handler_is_cancelled_with_all_that_is_in_it(small_household: Household, operator: TestClient) -> None:
    stopped.deploy(small_household)
    small_household.follower(file(small_household)).post("/api/v1/status/messages/note", json={"form": {}})
    incident = stopped.incident(small_household).id
    tokens = operator.get(f"/api/v1/incidents/{incident}").json()["tokens"]
    (around,) = [token["id"] for token in tokens if token["node"] == "h"]  # the handler with all that is in it
    answer = act(operator, incident, "cancel", token=around)
    assert (answer["handled"], answer["settled"]) == ("cancelled", True)


def test_a_value_that_does_not_fit_is_refused_with_a_sentence(small_household: Household, operator: TestClient) -> None:
    incident = stopped.stop(small_household)
    unfit: tuple[dict[str, Any], ...] = ({"total": "three"}, {"nothing": 1}, {"day": "30.2.2026"}, {"kept": "maybe"})
    for values in unfit:
        body = {"reason": "更正", "values": values}
        answer = operator.post(f"/api/v1/incidents/{incident}/correct", json=body)
        assert answer.status_code == 422
        assert next(iter(values)) in answer.json()["detail"]


def test_no_value_of_the_case_reaches_an_operator_or_the_log(
    small_household: Household, operator: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    incident = stopped.stop(small_household)
    told = [operator.get("/api/v1/incidents").text, operator.get(f"/api/v1/incidents/{incident}").text]
    for verb, body in (("retry", {}), ("correct", {"values": {"amount": "3"}}), ("move", {"token": "x", "to": "y"})):
        told.append(operator.post(f"/api/v1/incidents/{incident}/{verb}", json={"reason": "x"} | body).text)
    told += [record.getMessage() + str(record.exc_text) for record in caplog.records]
    for part in (SECRET, "欧阳", "13912345678"):
        assert not [text for text in told if part in text]
