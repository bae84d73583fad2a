"""A case filed at the desk out of another one, and the chain that both stand in, in a real browser."""

from playwright.sync_api import expect

from engine import definitions
from engine.access import SYSTEM
from tests.browser.conftest import Open
from tests.browser.office import Office
from tests.browser.test_leads import fits
from tests.related import objection, quarrel

MATTER = "城区路网施工占道信息"


def test_a_case_is_filed_out_of_another_and_the_chain_leads_back(office: Office, new_page: Open, axe: str) -> None:
    with office.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, quarrel())
        definitions.deploy(uow, objection())
    desk = new_page("zhou.min", "/desk")
    desk.click("main a:has-text('新建案件')")
    expect(desk.locator("main")).to_contain_text("争议处理")
    fits(desk, axe)

    desk.goto(f"/desk/search?search={MATTER}")
    desk.click("a.matter")
    request = desk.locator("nav.crumb .mono").inner_text()
    desk.click("#follow-ups a:has-text('提起争议处理')")
    expect(desk.locator(".before")).to_contain_text(MATTER)
    desk.click("#filing .actions button")
    expect(desk.locator("#faults")).to_contain_text("请填写提起的理由")
    fits(desk, axe)
    desk.fill("#field-grounds", "因履行职责确需使用。")
    desk.click("#filing .actions button")
    expect(desk.locator(".said")).to_have_text("案件已经提交。")
    expect(desk.locator("#parts")).to_contain_text("提起机关")
    fits(desk, axe)

    desk.click("#linked a:has-text('查看关联图')")
    expect(desk.locator("svg.lineage .kind")).to_have_text(["申请协调"])
    fits(desk, axe)
    desk.set_viewport_size({"width": 390, "height": 844})
    expect(desk.locator("svg.lineage")).not_to_be_visible()
    expect(desk.locator("#chain-list tbody tr")).to_have_count(2)
    desk.set_viewport_size({"width": 1440, "height": 900})
    desk.click(f"svg.lineage a:has-text('{request}')")
    expect(desk.locator("h1")).to_have_text(MATTER)


def test_at_the_counter_number_and_code_are_handed_over(office: Office, new_page: Open, axe: str) -> None:
    desk = new_page("feng.li", f"/desk/search?search={MATTER}")
    desk.click("a.matter")
    desk.click("#follow-ups a:has-text('提起提出异议')")
    desk.fill("#field-grounds", "理由不成立。")
    desk.fill("#field-person", "周倩")
    desk.click("#filing .actions button")
    expect(desk.locator("#once")).to_be_visible()
    expect(desk.locator("[data-print]")).to_be_visible()
    fits(desk, axe)
    reference, code = (desk.locator(f"#{name}-shown").inner_text() for name in ("reference", "code"))

    party = new_page("", "/track")
    party.fill("#reference", reference)
    party.fill("#query-code", code)
    party.click("main form button")
    expect(party.locator("h1")).to_have_text(MATTER)
