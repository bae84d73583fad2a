"""Seeing to the service of a paper in a real browser: a letter from its order to the day on which it was received."""

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.office import Office
from tests.browser.test_leads import fits

CLERK = "feng.li"  # of the bureau, whose receipt it is
WHERE = "贵阳市观山湖区林城东路1号"


def test_a_letter_goes_from_its_order_to_its_receipt(office: Office, new_page: Open, axe: str) -> None:
    page = new_page(CLERK, "/desk/search?search=网约车")
    page.click("main a[href^='/desk/cases/']")
    papers = page.locator("section[aria-labelledby=papers-title]")
    expect(papers).to_contain_text("视为送达")
    papers.get_by_role("link", name="送达", exact=False).first.click()
    expect(page.locator("h1")).to_contain_text("送达：")
    page.click("button:has-text('安排送达')")
    expect(page.locator("#faults")).to_contain_text("请填写理由")
    fits(page, axe)
    page.fill("#address", WHERE)
    page.fill("#reason", "平台尚未查阅")
    page.click("button:has-text('安排送达')")
    expect(page.locator(".said")).to_contain_text("已安排送达")
    page.goto("/desk/post")
    fits(page, axe)
    page.click("button:has-text('登记所选邮件已寄出')")
    expect(page.locator("#faults")).to_contain_text("请先勾选邮件")
    page.check("input[name=letter]")
    page.fill("input[name^=tracking-]", "XA123456789CN")
    with page.expect_download() as labels:
        page.click("button:has-text('打印地址签')")
    assert labels.value.path().read_bytes().startswith(b"%PDF")
    page.click("button:has-text('登记所选邮件已寄出')")
    expect(page.locator(".said")).to_contain_text("已登记寄出")
    page.goto("/desk/post?view=sent")
    page.click("a.matter")
    page.click("summary:has-text('登记送达')")
    page.click("button:has-text('登记送达')")
    expect(page.locator("#faults")).to_contain_text("请选择送达的具体方式")
    fits(page, axe)
    page.check("input[name=how][value=signed]")
    page.fill("input[name=receiver]", "研究会收发室")
    page.click("button:has-text('登记送达')")
    expect(page.locator("section[aria-labelledby=stands-title]")).to_contain_text("邮寄签收")
    fits(page, axe)
