"""Clocks moved by programs: by those in charge, with a reason, once, and refused with the sentence of the rule."""

import json
from typing import Any

import pytest
from httpx import Response

from tests import stopped
from tests.household import PDF, Household
from tests.moving_clocks import FILES, WHY


@pytest.fixture
def address(small_household: Household) -> str:
    stopped.deploy(small_household, FILES)
    return f"/api/v1/cases/{stopped.file(small_household)['reference']}"


def move(
    household: Household, address: str, act: str, by: str = "head", name: str = "handling", **body: Any
) -> Response:
    headers = {"Idempotency-Key": body.pop("key")} if "key" in body else {}
    return household.program_of(by).post(f"{address}/deadlines/{name}/{act}", json=body, headers=headers)


def clock(household: Household, address: str, by: str = "handler") -> dict[str, Any]:
    shown = household.program_of(by).get(address).json()["deadlines"]
    return next(dict(d) for d in shown if d["name"] == "handling")


def test_a_clock_is_suspended_extended_resumed_and_begun_anew(small_household: Household, address: str) -> None:
    before = clock(small_household, address)
    moved = move(small_household, address, "suspend", reason=WHY).json()
    assert (moved["change"], moved["state"], moved["due_on"]) == ("suspended", "suspended", None)
    standing = clock(small_household, address)
    assert (standing["due_on"], standing["suspended_on"], standing["light"]["zh"]) == (
        None,
        before["started_on"],
        "暂停计时",
    )
    assert move(small_household, address, "extend", "leader", reason=WHY, days=5).json()["due_on"] is None
    assert move(small_household, address, "resume", reason=WHY).json()["state"] == "running"
    assert clock(small_household, address)["extra_days"] == 5
    assert move(small_household, address, "restart", reason=WHY).json()["due_on"] == before["due_on"]
    after = clock(small_household, address)
    assert [c["kind"] for c in after["changes"]] == ["suspended", "extended", "resumed", "restarted"]
    assert {c["actor"] for c in after["changes"]} == {"head", "leader"}
    assert after["extra_days"] == 0


@pytest.mark.parametrize(
    ("act", "body", "status", "kind"),
    [
        ("suspend", {}, 422, "invalid-request"),
        ("suspend", {"reason": " "}, 422, "reason-missing"),
        ("suspend", {"reason": WHY, "days": 3}, 422, "invalid-request"),
        ("extend", {"reason": WHY}, 422, "invalid-request"),
        ("extend", {"reason": WHY, "days": 0}, 422, "days-faulty"),
        ("extend", {"reason": WHY, "days": "many"}, 422, "invalid-request"),
        ("extend", {"reason": WHY, "days": 2**70}, 422, "invalid-request"),
        ("extend", {"reason": WHY, "days": 6}, 409, "extension-too-long"),
        ("resume", {"reason": WHY}, 409, "not-suspended"),
        ("melt", {"reason": WHY}, 404, "not-found"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(
    small_household: Household, address: str, act: str, body: dict[str, Any], status: int, kind: str
) -> None:
    before = clock(small_household, address)
    refused = move(small_household, address, act, **body)
    assert (refused.status_code, refused.json()["type"]) == (status, f"urn:duban:problem:{kind}"), refused.text
    assert clock(small_household, address) == before


def test_a_clock_of_the_law_is_refused_with_its_article(small_household: Household, address: str) -> None:
    refused = move(small_household, address, "suspend", name="reply", reason=WHY)
    assert refused.status_code == 409
    expected = "《贵阳市政府数据共享开放条例》第二十一条第一款规定的答复期限不得中止计时。"
    assert refused.json()["detail"] == expected
    unknown = move(small_household, address, "suspend", name="nothing", reason=WHY)
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "本件没有名为“nothing”的期限。")


def test_only_those_in_charge_may(small_household: Household, address: str) -> None:
    for login, status in {"handler": 403, "reviewer": 403, "bureau": 404, "stranger": 404, "auditor": 403}.items():
        refused = move(small_household, address, "suspend", login, reason=WHY)
        assert refused.status_code == status, (login, refused.text)
    assert move(small_household, address, "suspend", "leader", reason=WHY).status_code == 200


def test_sent_twice_it_has_one_effect(small_household: Household, address: str) -> None:
    first = move(small_household, address, "extend", reason=WHY, days=2, key="one")
    again = move(small_household, address, "extend", reason=WHY, days=2, key="one")
    assert first.json() == again.json()
    assert clock(small_household, address)["extra_days"] == 2
    other = move(small_household, address, "extend", reason=WHY, days=3, key="one")
    assert (other.status_code, other.json()["type"]) == (422, "urn:duban:problem:key-reused")


def test_a_file_beside_it_is_the_evidence(small_household: Household, address: str) -> None:
    asked = {"request": json.dumps({"reason": WHY})}
    two = [("attachments", ("a.pdf", PDF)), ("attachments", ("b.pdf", PDF))]
    head = small_household.program_of("head")
    assert head.post(f"{address}/deadlines/handling/suspend", data=asked, files=two).status_code == 422
    assert head.post(f"{address}/deadlines/handling/suspend", data=asked, files=two[:1]).status_code == 200
    (change,) = clock(small_household, address)["changes"]
    assert head.get(f"/api/v1/documents/{change['evidence_id']}").content == PDF


def test_the_public_is_told_what_moved_and_not_why(small_household: Household) -> None:
    swapped = FILES["process.toml"].decode().replace('basis = "statutory"\narticle = "21.1"', 'basis = "internal"')
    swapped = swapped.replace('basis = "regulatory"', 'basis = "statutory"\narticle = "29"')
    stopped.deploy(small_household, FILES | {"process.toml": swapped.encode()})
    filed = stopped.file(small_household)
    address = f"/api/v1/cases/{filed['reference']}"
    assert move(small_household, address, "suspend", reason=WHY).status_code == 200
    status = small_household.follower(filed).get("/api/v1/status")
    assert WHY not in status.text
    assert status.json()["deadline"]["suspended_on"] is not None
    assert [c["kind"] for c in status.json()["deadline"]["changes"]] == ["suspended"]
    assert status.json()["status"] == "suspended"
