"""Using pages as a browser does: read a form's hidden fields, fill in the rest, send it."""

from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from lxml import html

from tests.household import REQUEST, Household

APPLY = "/apply/open_data_request"
NUL = "\x00"


def page(response: Response, status: int = 200) -> Any:
    """The HTML of an answer."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("text/html")
    return html.fromstring(response.text)


def hidden(page: Any, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to an address."""
    form = page.xpath(f"//form[@action='{action}' or .//button[@formaction='{action}']]")[0]
    return {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}


def send(browser: TestClient, at: str, action: str = "", **fields: Any) -> Response:
    """Look at a page, then send its form with these fields."""
    action = action or at
    return browser.post(action, data=hidden(page(browser.get(at)), action) | fields)


def told(page: Any) -> list[str]:
    """The summary of errors at the top."""
    return [line.text_content().strip() for line in page.xpath("//*[@id='faults']//li")]


def apply(browser: TestClient, **changed: Any) -> tuple[str, str]:
    """File a request on the portal; returns number and code as they are shown."""
    shown = page(send(browser, APPLY, **(REQUEST | changed)), 201)
    return shown.get_element_by_id("reference-shown").text, shown.get_element_by_id("code-shown").text


def follow(household: Household, reference: str, code: str) -> TestClient:
    """A browser in which a case is followed."""
    browser = household.browser()
    assert browser.post("/track", data={"reference": reference, "code": code}).headers["location"] == "/track/case"
    return browser


def only_task(browser: TestClient, view: str = "queue") -> str:
    """The address of the one task in a list of the inbox."""
    (address,) = page(browser.get("/desk", params={"view": view})).xpath("//a[@class='matter']/@href")
    return str(address)


def do(household: Household, login: str, **answers: Any) -> Response:
    """Claim the one task that waits for somebody and complete it, in a browser."""
    browser = household.browser_of(login)
    task = only_task(browser)
    assert send(browser, "/desk?view=queue", f"{task}/claim").status_code == 303
    answer = send(browser, task, f"{task}/complete", **answers)
    household.work()
    return answer
