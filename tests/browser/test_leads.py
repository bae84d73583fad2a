"""From a late case to a lead, a sheet and its answer, in a real browser; and an instruction that only two houses see."""

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from engine import definitions, directory
from engine.access import SYSTEM
from engine.models import Case
from tests.browser.conftest import Open
from tests.browser.office import BUNDLES, BUREAU, Office
from tests.browser.test_screens import CHECK, RULES, WIDTHS
from tests.household import password_hash

LATE = "道路交通事故多发路段"  # was due on 24 April
TODAY = "2026-05-08T09:30"
LEADER = "bao.lin"


@pytest.fixture(scope="module")
def lead(office: Office) -> str:
    """The reference of the lead of a case that nobody has answered in time; the bureau has a leader to sign."""
    with office.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(BUNDLES / "supervision_lead"))
        signing = directory.create_person(uow, LEADER, "包林", password_hash())
        directory.grant_role(uow, signing.id, directory.organisation(uow, BUREAU).id, "leader")
    office.go_to(TODAY)
    office.work()
    with office.database.reading(SYSTEM) as reading:
        leads = select(Case.reference).where(col(Case.process_key) == "supervision_lead")
        return reading.session.exec(leads.where(col(Case.subject).startswith(LATE))).one()


def fits(page: Page, axe: str) -> None:
    """A screen is accessible and as wide as the window, wide and narrow."""
    page.wait_for_load_state()
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


def do(page: Page, reference: str, step: str, **answers: str) -> None:
    """Take the open task of a case from its file, answer its form, and complete it."""
    page.goto(f"/desk/cases/{reference}")
    page.click(f"section[aria-labelledby=open-title] li:has-text('{step}') a")
    page.click("main button:has-text('领取')")
    for name, answer in answers.items():
        field = page.locator(f"#work [name={name}]").first
        if field.evaluate("f => f.type") == "radio":
            page.check(f"#work input[name={name}][value={answer}]")
        else:
            field.fill(answer)
    page.locator("#work .actions button").first.click()
    expect(page.locator(".said")).to_have_text("本环节已经提交，流程继续。")


def test_a_late_case_becomes_a_lead_a_sheet_and_an_accepted_answer(
    lead: str, office: Office, new_page: Open, axe: str
) -> None:
    supervisor = new_page("sun.yi", "/board/leads")
    expect(supervisor.locator("tbody tr")).to_contain_text([LATE])
    fits(supervisor, axe)
    supervisor.click("a.matter")
    expect(supervisor.locator("#origin")).to_contain_text("逾期")
    fits(supervisor, axe)
    do(supervisor, lead, "核查线索", handling="sheet")
    asked = {"sheet_facts": "至今没有答复。", "sheet_request": "查明原因，依法答复。", "reply_by": "2026-05-15"}
    do(supervisor, lead, "拟定督办单", **asked, sheet_contact="孙毅，0851-12345602")
    office.work()  # the draft is typeset

    head = new_page("qian.wei", f"/desk/cases/{lead}")
    expect(head.locator("h1")).to_have_text("没有找到")  # nothing has reached them yet

    do(new_page(LEADER), lead, "审签督办单", sign_result="sign")
    office.work()
    head.goto(f"/desk/cases/{lead}")
    expect(head.locator("main")).to_contain_text("督办单")
    expect(head.locator("main")).to_contain_text("筑数督〔2026〕1号")
    expect(head.locator("main")).not_to_contain_text("核查线索")
    expect(head.locator("svg.bpmn, .diagram svg")).to_have_count(0)
    fits(head, axe)
    do(head, lead, "回复督办单", answer_cause="工作交接遗漏。", answer_text="本周内答复。")

    do(supervisor, lead, "审核回复", answer_result="accept")
    supervisor.goto("/board/leads?closed=true")
    expect(supervisor.locator("tbody tr")).to_contain_text(["督办单已回复"])
    supervisor.goto("/board/leads")
    expect(supervisor.locator("tbody tr")).to_have_count(1)  # another case is late, its lead is still open
    expect(supervisor.locator("main")).not_to_contain_text(lead)


def test_an_instruction_is_seen_by_two_houses_and_reported_on(lead: str, new_page: Open, axe: str) -> None:
    giver = new_page("sun.yi", "/board/leads?closed=true")
    giver.goto("/desk/search?search=路内停车收费标准明细")
    giver.click("a.matter")
    address = giver.url.partition("?")[0]
    giver.click("text=登记批示 >> nth=0")
    giver.fill("#instruction-leader", "李副市长")
    giver.fill("#instruction-words", "请抓紧答复。")
    giver.select_option("#instruction-bound", BUREAU)
    giver.fill("#instruction-due-on", "2026-05-01")
    giver.click("#instructions button:has-text('登记批示内容')")
    expect(giver.locator("#instruction-words")).to_have_value("请抓紧答复。")  # it is kept, and said what is wrong
    expect(giver.locator("main")).to_contain_text("办理期限应当是今天或者以后的日期")
    fits(giver, axe)
    giver.fill("#instruction-due-on", "2026-05-12")
    giver.click("#instructions button:has-text('登记批示内容')")
    expect(giver.locator("#instructions")).to_contain_text("李副市长")

    other = new_page("qian.wei", address)  # the agency that handles the case: bound to nothing, told nothing
    expect(other.locator("main")).not_to_contain_text("李副市长")
    other.goto("/desk/instructions")
    expect(other.locator(".empty")).to_be_visible()

    bound = new_page(LEADER, "/desk/instructions")
    expect(bound.locator("tbody tr")).to_contain_text(["请抓紧答复。"])
    fits(bound, axe)
    bound.click("a.matter")
    bound.click("text=登记落实情况")
    bound.fill("[name=report]", "已经督促市交委答复。")
    bound.click("#instructions details[open] button")
    expect(bound.locator(".said")).to_have_text("落实情况已经登记。")
    expect(bound.locator("#instructions")).to_contain_text("已经督促市交委答复。")
