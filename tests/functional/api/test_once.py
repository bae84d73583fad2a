"""A request that is sent twice has one effect (Idempotency-Key)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx import Response
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import Case, IdempotencyKey
from tests.household import REQUEST, Household

FILING = {"process": "open_data_request", "form": REQUEST}


def send(household: Household, key: str, body: dict[str, Any] | None = None) -> Response:
    return household.anyone.post("/api/v1/cases", json=body or FILING, headers={"Idempotency-Key": key})


def cases(household: Household) -> int:
    with household.database.reading(SYSTEM) as reading:
        return len(reading.session.exec(select(Case.id)).all())


def test_the_same_request_again_has_the_same_answer_and_no_second_effect(household: Household) -> None:
    first, second = send(household, "k-1"), send(household, "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert cases(household) == 1


def test_two_clients_at_once_have_one_effect(household: Household) -> None:
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: send(household, "k-1"), range(8)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["reference"] for a in answers}) == 1
    assert cases(household) == 1


def test_another_request_under_the_same_key_is_refused(household: Household) -> None:
    send(household, "k-1")
    other = send(household, "k-1", {**FILING, "form": REQUEST | {"dataset": "别的数据"}})
    assert (other.status_code, other.json()["type"]) == (422, "urn:duban:problem:key-reused")
    assert cases(household) == 1


def test_another_key_is_another_request(household: Household) -> None:
    send(household, "k-1")
    send(household, "k-2")
    assert cases(household) == 2


def test_what_failed_may_be_corrected_under_the_same_key(household: Household) -> None:
    assert send(household, "k-1", {**FILING, "form": REQUEST | {"dataset": ""}}).status_code == 422
    assert send(household, "k-1").status_code == 201


def test_a_claim_and_a_completion_can_be_sent_again(household: Household) -> None:
    household.file()
    task, program = household.task("handler"), household.program_of("handler")
    for verb, body in (("claim", None), ("complete", {"form": {"intake_action": "proceed"}})):
        answers = [
            program.post(f"/api/v1/tasks/{task}/{verb}", json=body, headers={"Idempotency-Key": verb}) for _ in range(2)
        ]
        assert [a.status_code for a in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()


def test_keys_of_different_people_and_addresses_do_not_meet(household: Household) -> None:
    household.file()
    task = household.task("handler")
    headers = {"Idempotency-Key": "same"}
    assert household.program_of("handler").post(f"/api/v1/tasks/{task}/claim", headers=headers).status_code == 200
    taken = household.program_of("colleague").post(f"/api/v1/tasks/{task}/claim", headers=headers)
    assert taken.status_code == 409
    released = household.program_of("handler").post(f"/api/v1/tasks/{task}/release", headers=headers)
    assert released.json()["mine"] is False


@pytest.mark.parametrize("key", ["", " ", "x" * 101, "é"])
def test_a_key_is_made_of_printable_ascii(small_household: Household, key: str) -> None:
    answer = small_household.anyone.post(
        "/api/v1/cases", json=FILING, headers={"Idempotency-Key": key.encode("latin-1")}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:duban:problem:key-faulty")


def test_neither_the_key_nor_the_request_is_stored(household: Household) -> None:
    send(household, "13800000001")
    with household.database.reading(SYSTEM) as reading:
        (row,) = reading.session.exec(select(IdempotencyKey)).all()
    stored = json.dumps(row.model_dump(), default=str, ensure_ascii=False)
    assert "13800000001" not in stored
    assert "王" not in stored


def test_every_post_takes_a_key(small_household: Household) -> None:
    description = small_household.anyone.get("/api/v1/openapi.json").json()
    posts = {path: verbs["post"] for path, verbs in description["paths"].items() if "post" in verbs}
    assert posts
    for path, post in posts.items():
        assert "idempotency-key" in {p["name"].lower() for p in post.get("parameters", ())}, path
