"""What every answer tells the browser to forbid."""

import pytest

from tests.household import Household

POLICY = {
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "connect-src 'self'",
}


@pytest.mark.parametrize(
    "address", ["/", "/sign-in", "/desk", "/nowhere", "/static/app.css", "/healthz", "/api/v1/processes", "/api/v1/x"]
)
def test_every_answer_carries_them(small_household: Household, address: str) -> None:
    headers = small_household.browser().get(address).headers
    assert set(headers["content-security-policy"].split("; ")) == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers


def test_a_refusal_and_a_breakdown_carry_them_too(small_household: Household) -> None:
    def broken() -> None:
        raise RuntimeError("王䶮 13800000001")

    small_household.app.add_api_route("/broken", broken)
    for answer in (
        small_household.browser().get("/broken"),
        small_household.anyone.post(
            "/api/v1/cases", content=b" " * 2_000_000, headers={"Content-Type": "application/json"}
        ),
    ):
        assert answer.status_code in (500, 413)
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_nothing_personal_is_kept_by_browsers_and_proxies(small_household: Household) -> None:
    filed = small_household.file()
    browser = small_household.browser_of("handler")
    for answer in (
        browser.get("/desk"),
        browser.get(f"/desk/cases/{filed['reference']}"),
        small_household.follower(filed).get("/api/v1/status"),
        small_household.program_of("handler").get("/api/v1/tasks"),
    ):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"


def test_style_sheets_may_be_kept_but_are_asked_for_anew(small_household: Household) -> None:
    answer = small_household.anyone.get("/static/app.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    again = small_household.anyone.get("/static/app.css", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_no_page_holds_a_script_or_style_of_its_own(small_household: Household) -> None:
    small_household.file()
    browser = small_household.browser_of("handler")
    for address in (
        "/",
        "/apply/open_data_request",
        "/track",
        "/desk",
        f"/desk/tasks/{small_household.task('handler')}",
    ):
        page = browser.get(address).text.lower()
        assert "<style" not in page, address
        assert " style=" not in page, address
        assert " onclick=" not in page, address
        assert "<script>" not in page, address
