"""Reminders and urging over HTTP: paged, read once, refused with a sentence."""

from sqlmodel import col, select

from engine import reminders
from engine.models import Case, Person
from tests.household import Household

WORDS = {"text": "请于今日内完成审核。"}


def remind(household: Household, login: str, *kinds: str) -> None:
    with household.database.unit_of_work() as uow:
        person = uow.session.exec(select(Person.id).where(col(Person.login) == login)).one()
        case = uow.session.exec(select(Case.id)).one()
        for kind in kinds:
            reminders.remind(uow, [person], kind, case)


def test_a_supervisor_urges_and_the_handler_is_reminded_with_the_words(small_household: Household) -> None:
    reference = small_household.file()["reference"]
    supervisor, handler = small_household.program_of("supervisor"), small_household.program_of("handler")
    urged = supervisor.post(f"/api/v1/cases/{reference}/urge", json=WORDS)
    assert urged.status_code == 200, urged.text
    (item,) = handler.get("/api/v1/reminders").json()["items"]
    assert (item["kind"], item["title"], item["text"], item["reference"]) == ("urged", "催办", WORDS["text"], reference)
    (english,) = handler.get("/api/v1/reminders", headers={"Accept-Language": "en"}).json()["items"]
    assert english["title"] == "Urged"
    again = supervisor.post(f"/api/v1/cases/{reference}/urge", json=WORDS)
    assert (again.status_code, again.json()["type"]) == (409, "urn:duban:problem:urged-already")
    assert reference in again.json()["detail"]


def test_an_urging_that_is_sent_twice_under_one_key_goes_on_record_once(small_household: Household) -> None:
    reference = small_household.file()["reference"]
    supervisor = small_household.program_of("supervisor")
    answers = [
        supervisor.post(f"/api/v1/cases/{reference}/urge", json=WORDS, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_what_cannot_be_urged_says_why(small_household: Household) -> None:
    reference = small_household.file()["reference"]
    supervisor = small_household.program_of("supervisor")
    for body, status in (({"text": " "}, 422), ({"text": "催" * 501}, 422), ({}, 422), ({"text": "催" * 3000}, 422)):
        assert supervisor.post(f"/api/v1/cases/{reference}/urge", json=body).status_code == status
    assert supervisor.post("/api/v1/cases/KF-2026-999999/urge", json=WORDS).status_code == 404
    handler = small_household.program_of("handler").post(f"/api/v1/cases/{reference}/urge", json=WORDS)
    assert (handler.status_code, handler.json()["type"]) == (403, "urn:duban:problem:not-yours-to-urge")


def test_reminders_come_in_pages_and_are_read_once(small_household: Household) -> None:
    small_household.file()
    remind(small_household, "handler", "three_days_before", "one_day_before", "delegated")
    handler = small_household.program_of("handler")
    first = handler.get("/api/v1/reminders", params={"limit": 2}).json()
    second = handler.get(first["next"]).json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert (len(set(ids)), second["next"]) == (3, None)
    for _ in range(2):
        assert handler.post(f"/api/v1/reminders/{ids[0]}/read").json()["id"] == ids[0]
    assert {item["id"] for item in handler.get("/api/v1/reminders").json()["items"]} == set(ids[1:])
    everything = handler.get("/api/v1/reminders", params={"unread": "false"}).json()["items"]
    assert [item["id"] for item in everything if item["read_at"]] == [ids[0]]
    assert handler.post("/api/v1/reminders/nothing/read").status_code == 404
    assert small_household.program_of("colleague").post(f"/api/v1/reminders/{ids[1]}/read").status_code == 404
    assert handler.get("/api/v1/reminders", params={"after": "nonsense"}).status_code == 422


def test_who_has_left_the_house_sees_no_reminders_of_its_cases(small_household: Household) -> None:
    small_household.file()
    remind(small_household, "stranger", "urged")
    assert small_household.program_of("stranger").get("/api/v1/reminders").json()["items"] == []


def test_the_inbox_shows_reminders_until_they_are_read(small_household: Household) -> None:
    reference = small_household.file()["reference"]
    small_household.program_of("supervisor").post(f"/api/v1/cases/{reference}/urge", json={"text": "请<b>抓紧</b>。"})
    remind(small_household, "handler", "one_day_before")
    browser = small_household.browser_of("handler")
    page = browser.get("/desk").text
    assert "请&lt;b&gt;抓紧&lt;/b&gt;。" in page
    assert "到期前1个工作日" in page
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    seen_at = page.split('name="seen_at" value="')[1].split('"')[0].replace("&#43;", "+")
    one = page.split('name="reminder" value="')[1].split('"')[0]
    assert browser.post("/desk/reminders/read", data={"csrf": csrf, "reminder": one}).status_code == 303
    assert browser.get("/desk").text.count('name="reminder"') == 1
    remind(small_household, "handler", "due_day")  # it came after the page was drawn
    browser.post("/desk/reminders/read", data={"csrf": csrf, "seen_at": seen_at})
    page = browser.get("/desk?said=read").text
    assert page.count('name="reminder"') == 1
    assert "提醒已标为已读。" in page
    assert browser.post("/desk/reminders/read", data={"csrf": csrf, "seen_at": "nonsense"}).status_code == 303
    assert "reminders-title" not in browser.get("/desk").text
    assert browser.post("/desk/reminders/read", data={"csrf": csrf, "reminder": "nothing"}).status_code == 404
