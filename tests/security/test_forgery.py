"""Requests that another site makes in the name of somebody who is signed in."""

import pytest
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import Task, WebSession
from tests.household import PASSWORD, Household


def csrf(household: Household) -> str:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(WebSession.csrf)).one()


def claimed(household: Household) -> bool:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(Task.assignee_id)).one() is not None


@pytest.fixture
def task(small_household: Household) -> str:
    small_household.file()
    return small_household.task("handler")


def test_a_change_with_the_sessions_token_is_made(small_household: Household, task: str) -> None:
    browser = small_household.browser_of("handler")
    browser.post(f"/desk/tasks/{task}/claim", data={"csrf": csrf(small_household)})
    assert claimed(small_household)


def test_the_token_may_come_in_a_header(small_household: Household, task: str) -> None:
    browser = small_household.browser_of("handler")
    browser.post(f"/desk/tasks/{task}/claim", headers={"X-CSRF-Token": csrf(small_household)})
    assert claimed(small_household)


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_change_without_it_is_refused(small_household: Household, task: str, token: str | None) -> None:
    browser = small_household.browser_of("handler")
    answer = browser.post(f"/desk/tasks/{task}/claim", data={} if token is None else {"csrf": token})
    assert answer.status_code == 403
    assert not claimed(small_household)


def test_the_token_of_another_session_is_worth_nothing(small_household: Household, task: str) -> None:
    other = small_household.browser_of("colleague")
    token = csrf(small_household)
    assert other.get("/desk").status_code == 200
    browser = small_household.browser_of("handler")
    assert browser.post(f"/desk/tasks/{task}/claim", data={"csrf": token}).status_code == 403
    assert not claimed(small_household)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "http://testserver"},
    ],
)
def test_even_the_right_token_does_not_help_another_site(
    small_household: Household, task: str, headers: dict[str, str]
) -> None:
    browser = small_household.browser_of("handler")
    answer = browser.post(f"/desk/tasks/{task}/claim", data={"csrf": csrf(small_household)}, headers=headers)
    assert answer.status_code == 403
    assert not claimed(small_household)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 303),
        ("http://127.0.0.1:8000", 303),  # the address of the settings
        ("http://evil.example", 403),
        ("http://testserver.evil.example", 403),
        ("http://testserver:81", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_browsers_that_name_only_the_origin_are_judged_by_it(
    small_household: Household, origin: str, status: int
) -> None:
    browser = small_household.browser()
    del browser.headers["Sec-Fetch-Site"]
    answer = browser.post("/sign-in", data={"login": "handler", "password": PASSWORD}, headers={"Origin": origin})
    assert answer.status_code == status


def test_forms_for_everybody_are_guarded_too(small_household: Household) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for address in ("/sign-in", "/track", "/apply/open_data_request"):
        assert small_household.anyone.post(address, data={}, headers=foreign).status_code == 403, address


def test_looking_is_allowed_from_anywhere(small_household: Household) -> None:
    browser = small_household.browser_of("handler")
    assert browser.get("/desk", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
