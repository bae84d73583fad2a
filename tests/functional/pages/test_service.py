"""The pages of service: a clerk sees to a paper, the post desk works through its letters, the applicant opens."""

import json
from io import BytesIO

import pypdfium2
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import AuditEvent, Delivery, Notice, WebSession
from tests.household import AGENCY, PDF, Household

WHERE = "贵阳市观山湖区林城东路1号"


def csrf(household: Household) -> str:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(WebSession.csrf)).all()[-1]


def ids(household: Household) -> str:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(Notice.id)).one()


def rows(household: Household, channel: str) -> list[Delivery]:
    with household.database.reading(SYSTEM) as reading:
        return list(reading.session.exec(select(Delivery).filter_by(channel=channel).order_by(Delivery.attempt)))  # type: ignore[arg-type]


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(BytesIO(content))
    return "".join(page.get_textpage().get_text_range() for page in document)


@pytest.fixture
def clerk(small_household: Household) -> TestClient:
    """The bureau's case handler, who sees to the receipt of a request."""
    small_household.file(agency=AGENCY)
    small_household.work()
    browser = small_household.browser_of("bureau")
    browser.headers["X-Test-Csrf"] = csrf(small_household)
    return browser


def send(browser: TestClient, place: str, **fields: str | list[str]) -> str:
    answer = browser.post(place, data={"csrf": browser.headers["X-Test-Csrf"], **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_letter_is_ordered_labelled_posted_and_recorded(small_household: Household, clerk: TestClient) -> None:
    paper = f"/desk/notices/{ids(small_household)}/service"
    page = clerk.get(paper).text
    assert "平台" in page
    assert "尚未查阅" in page
    refused = clerk.post(
        paper, data={"csrf": clerk.headers["X-Test-Csrf"], "channel": "post", "address": WHERE, "reason": ""}
    )
    assert refused.status_code == 422
    assert WHERE in refused.text  # what was typed is kept
    send(clerk, paper, channel="post", recipient="王䶮", address=WHERE, reason="平台无人查阅")
    (row,) = rows(small_household, "post")
    desk = clerk.get("/desk/post").text
    assert row.id in desk
    assert "王䶮" not in desk
    fields = {"csrf": clerk.headers["X-Test-Csrf"], "letter": row.id, f"notice-{row.id}": row.notice_id}
    for sheet, part in (("labels", "王䶮"), ("list", WHERE)):
        printed = clerk.post(f"/desk/post/{sheet}", data=fields)
        assert printed.headers["content-type"] == "application/pdf", printed.text
        assert part in text_of(printed.content)
    assert clerk.post("/desk/post/sent", data=fields).status_code == 422  # no tracking number
    send(clerk, "/desk/post/sent", letter=row.id, **{f"notice-{row.id}": row.notice_id, f"tracking-{row.id}": "XA1CN"})
    receipt = clerk.post(f"{paper}/{row.id}/receipt", data=fields)
    assert "送达回证" in text_of(receipt.content)
    assert "停车场" in text_of(receipt.content)
    send(clerk, f"{paper}/{row.id}", happened="served", how="signed", receiver="王䶮")
    assert "已送达" in clerk.get(paper).text
    assert clerk.post(f"{paper}/{row.id}", data=fields | {"happened": "served"}).status_code == 422
    with small_household.database.reading(SYSTEM) as reading:
        printed_of = reading.session.exec(select(AuditEvent).filter_by(name="delivery.printed")).all()
    assert sorted(event.detail["sheet"] for event in printed_of) == ["labels", "posting_list", "receipt"]


def test_who_picks_nothing_or_has_no_address_is_told_so(small_household: Household, clerk: TestClient) -> None:
    token = {"csrf": clerk.headers["X-Test-Csrf"]}
    for address in ("labels", "list", "sent"):
        answer = clerk.post(f"/desk/post/{address}", data=token)
        assert answer.status_code == 422
        assert "勾选" in answer.text
    assert clerk.get("/desk/post?view=returned").status_code == 200
    assert clerk.get("/desk/post?view=nonsense").status_code == 422
    paper = f"/desk/notices/{ids(small_household)}/service"
    for wrong in (
        {"channel": "pigeon", "reason": "x"},
        {"channel": "post", "reason": "x"},
        {"channel": "email", "reason": "x"},
    ):
        assert clerk.post(paper, data=token | wrong).status_code == 422
    assert not rows(small_household, "post")


def test_the_same_page_sent_twice_orders_once(small_household: Household, clerk: TestClient) -> None:
    paper = f"/desk/notices/{ids(small_household)}/service"
    fields = {
        "channel": "in_person",
        "recipient": "王䶮",
        "address": WHERE,
        "reason": "当面送达",
        "_submission": "s" * 32,
    }
    send(clerk, paper, **fields)
    send(clerk, paper, **fields)
    assert len(rows(small_household, "in_person")) == 1


def test_the_applicant_who_opens_the_paper_is_served_and_reads_so(small_household: Household) -> None:
    filed = small_household.file()
    small_household.work()
    browser = small_household.browser()
    browser.post("/track", data={"reference": filed["reference"], "code": filed["query_code"]})
    assert "尚未查阅" in browser.get("/track/case").text  # to see the list is not to open the paper
    assert rows(small_household, "portal")[0].state == "dispatched"
    assert browser.get(f"/track/notices/{ids(small_household)}/pdf").content.startswith(b"%PDF")
    assert rows(small_household, "portal")[0].how == "opened"
    page = browser.get("/track/case").text
    assert "已送达" in page
    assert "平台查阅" in page
    shown = small_household.follower(filed).get("/api/v1/status").json()["notices"][0]
    assert (shown["served_on"] is not None, shown["deliveries"][0]["how"]) == (True, "opened")


def test_programs_order_and_record_with_a_scan(small_household: Household, clerk: TestClient) -> None:
    bureau = small_household.program_of("bureau")
    address = f"/api/v1/notices/{ids(small_household)}/deliveries"
    asked = {"channel": "in_person", "reason": "当面送达", "recipient": "王䶮", "address": WHERE}
    kept = bureau.post(address, json=asked)
    assert (kept.status_code, kept.json()["state"]) == (201, "pending")
    entry = {"happened": "served", "how": "direct", "receiver": "王䶮"}
    wrong = bureau.post(f"{address}/{kept.json()['id']}/record", json=entry | {"on": "2999-01-01"})
    assert wrong.status_code == 422
    done = bureau.post(
        f"{address}/{kept.json()['id']}/record",
        data={"request": json.dumps(entry)},
        files={"attachments": ("回证.pdf", PDF)},
    )
    assert (done.status_code, done.json()["state"]) == (200, "served"), done.text
    listed = bureau.get(address).json()
    assert [(row["channel"], row["state"]) for row in listed] == [("portal", "dispatched"), ("in_person", "served")]
    assert WHERE not in str(listed)
    assert "王䶮" not in str(listed)
    assert bureau.post(f"{address}/{kept.json()['id']}/record", json=entry).status_code == 409
    assert bureau.post(f"{address}/{'0' * 32}/record", json=entry).status_code == 404
