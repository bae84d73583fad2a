"""The way of a request through the pages, on each of the two databases."""

from tests.functional.pages.browsing import apply, do, follow, page
from tests.household import ASSESSMENT, REPLY, Household


def test_a_request_is_filed_worked_signed_and_read(household: Household) -> None:
    reference, code = apply(household.browser())
    household.work()
    steps = [
        ("handler", {"intake_action": "proceed"}),
        ("handler", ASSESSMENT),
        ("reviewer", {"confidentiality_opinion": "agree"}),
        ("handler", REPLY),
        ("head", {"review_result": "approve"}),
        ("leader", {"sign_result": "sign"}),
    ]
    for login, answers in steps:
        assert do(household, login, **answers).headers["location"] == "/desk?said=completed", login
    citizen = follow(household, reference, code)
    status = page(citizen.get("/track/case"))
    assert "数据提供机关同意开放您申请的数据。" in status.text_content()
    papers = status.xpath("//ul[@class='papers']/li[.//a]")
    reply = next(p for p in papers if "答复书" in p.text_content())
    assert "SHA-256" in reply.text_content()
    assert citizen.get(reply.xpath(".//a[contains(@class, 'btn')]/@href")[0]).content.startswith(b"%PDF-")
    file = page(household.browser_of("handler").get(f"/desk/cases/{reference}"))
    assert "按期完成" in file.text_content()
