"""Administrators say which systems are told, by program and on pages; the secret is seen once."""

import re
from typing import Any

import pytest
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import IdempotencyKey
from tests.household import Household

NEW: dict[str, Any] = {"name": "监督平台", "address": "https://example.org/hook", "kinds": ["case.opened"]}


def test_a_system_is_told_from_now_on_and_its_secret_is_shown_once(small_household: Household) -> None:
    program = small_household.program_of("administrator")
    made = program.post("/api/v1/webhooks", json=NEW, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}", made.json()["secret"])
    again = program.post("/api/v1/webhooks", json=NEW, headers={"Idempotency-Key": "one"})
    assert again.json() == {"id": made.json()["id"], "secret": None}
    with small_household.database.reading(SYSTEM) as reading:
        assert "whsec_" not in str([kept.result for kept in reading.session.exec(select(IdempotencyKey))])
    [listed] = program.get("/api/v1/webhooks").json()
    assert (listed["name"], listed["active"]) == ("监督平台", True)
    assert "whsec_" not in program.get(f"/api/v1/webhooks/{listed['id']}").text


def test_each_act_on_a_subscription_answers_what_was_done(small_household: Household) -> None:
    program = small_household.program_of("administrator")
    base = f"/api/v1/webhooks/{program.post('/api/v1/webhooks', json=NEW).json()['id']}"
    done = [program.post(f"{base}/{act}").json() for act in ("pause", "test", "resume", "replay")]
    assert [(answer["handled"], answer["messages"]) for answer in done] == [
        ("paused", 0),
        ("tested", 1),
        ("resumed", 1),
        ("replayed", 0),
    ]
    [message] = program.get(f"{base}/messages").json()["items"]
    assert (message["kind"], message["state"]) == ("webhook.test", "pending")
    assert program.post(f"{base}/messages/{message['id']}/replay").status_code == 409
    assert program.post(f"{base}/rotate").json()["secret"].startswith("whsec_")
    assert program.post(f"{base}/remove").json()["handled"] == "removed"
    assert program.get(base).status_code == 404


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"address": "http://example.org/"}, "address-unusable"),
        ({"address": "https://10.0.0.1/"}, "address-unusable"),
        ({"name": ""}, "subscription-name-unusable"),
        ({"kinds": []}, "kinds-missing"),
        ({"processes": ["nothing"]}, "process-not-deployed"),
    ],
)
def test_a_bad_subscription_is_refused(small_household: Household, changed: dict[str, Any], slug: str) -> None:
    answer = small_household.program_of("administrator").post("/api/v1/webhooks", json=NEW | changed)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:duban:problem:{slug}")


def test_on_the_page_what_was_typed_is_kept_and_the_secret_shown_once(small_household: Household) -> None:
    browser = small_household.browser_of("administrator")
    page = browser.get("/admin/webhooks")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    token = re.search(r'name="_submission" value="([^"]+)"', page.text)
    assert csrf
    assert token
    form = {"csrf": csrf[1], "_submission": token[1], "name": "监督平台", "address": "https://10.0.0.1/x"}
    refused = browser.post("/admin/webhooks", data=form | {"kind": ["notice.served"]})
    assert refused.status_code == 422
    assert "接收地址不可用：指向内部网络。" in refused.text
    assert 'value="https://10.0.0.1/x"' in refused.text
    good = form | {"kind": ["notice.served"], "address": "https://example.org/x"}
    made = browser.post("/admin/webhooks", data=good)
    assert made.status_code == 200
    assert "whsec_" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    twice = browser.post("/admin/webhooks", data=good)
    assert twice.status_code == 200
    assert "whsec_" not in twice.text
    assert browser.get("/admin/webhooks").text.count("文书送达") >= 2
