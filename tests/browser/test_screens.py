"""Every screen in a real browser, wide and narrow: accessible (WCAG 2.2 AA), nothing sticks out, keys and drafts work."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from engine import urging
from engine.access import SYSTEM
from engine.models import Case
from tests.browser.conftest import Open
from tests.browser.office import ADMINISTRATOR, REQUEST, Office, actor_of
from tests.machine import ROOT

WIDTHS = (1440, 390)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """async (rules) => (await axe.run(document, { runOnly: rules })).violations.map(
  (v) => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | "))"""


def fill_request(page: Page) -> None:
    """Answer what the start form asks for."""
    page.check("input[name=applicant_type][value=citizen]")
    page.fill("[name=applicant_name]", "王䶮")
    page.fill("[name=phone]", REQUEST["phone"])
    page.check("input[name=request_kind][value=not_opened]")
    page.fill("[name=dataset]", "贵阳市公共停车场实时泊位数据")
    page.fill("[name=description]", REQUEST["description"])
    page.select_option("[name=agency]", REQUEST["agency"])


def home(new: Open) -> Page:
    return new()


def start_form(new: Open) -> Page:
    return new(at="/apply/open_data_request")


def start_form_with_errors(new: Open) -> Page:
    page = start_form(new)
    page.click("main form button.btn")
    expect(page.locator("#faults")).to_be_focused()
    return page


def result(new: Open) -> Page:
    page = start_form(new)
    fill_request(page)
    page.click("main form button.btn")
    page.click("summary")
    return page


def tracking(new: Open) -> Page:
    page = result(new)
    page.goto("/track/case")
    page.click("summary")
    return page


def withdrawal(new: Open) -> Page:
    page = result(new)
    page.goto("/track/case/withdraw")
    return page


def wrong_code(new: Open) -> Page:
    page = new(at="/track")
    page.fill("#reference", "KF-2026-999999")
    page.fill("#query-code", "AAAA AAAA AAAA A")
    page.click("main button")
    return page


def sign_in(new: Open) -> Page:
    return new(at="/sign-in")


def inbox(new: Open) -> Page:
    return new("zhou.min", "/desk?view=all")


def claimed_task(new: Open) -> Page:
    page = new("zhou.min", "/desk?view=queue")
    if page.locator("tbody .do button").count():
        page.locator("tbody .do button").last.click()
    else:
        page.goto("/desk")
        page.locator("a.matter").first.click()
    page.locator("aside .clock > details > summary").click()
    return page


def task_with_errors(new: Open) -> Page:
    page = claimed_task(new)
    page.click("#work .actions button >> nth=0")
    expect(page.locator("#faults")).to_be_focused()
    return page


def case(new: Open) -> Page:
    page = new("zhou.min", "/desk/search")
    page.locator("a.matter").last.click()
    page.click("#application summary")
    return page


def search(new: Open) -> Page:
    return new("zhou.min", "/desk/search")


def board(new: Open) -> Page:
    return new("sun.yi", "/board")


def what_if(new: Open) -> Page:
    return new("sun.yi", "/board/what-if?day=2026-04-30&limit=open_data_request.reply&days=5&unit=working")


def administration(new: Open) -> Page:
    return new(ADMINISTRATOR, "/admin")


def samples(new: Open) -> Page:
    page = new(ADMINISTRATOR, "/admin/notices")
    expect(page.locator(".leaves img").first).to_be_visible()
    return page


def nothing_here(new: Open) -> Page:
    return new(at="/nowhere")


SCREENS: tuple[Callable[[Open], Page], ...] = (
    inbox,
    home,
    start_form,
    start_form_with_errors,
    result,
    tracking,
    withdrawal,
    wrong_code,
    sign_in,
    claimed_task,
    task_with_errors,
    case,
    search,
    board,
    what_if,
    administration,
    samples,
    nothing_here,
)
PICTURES = {inbox: "inbox", claimed_task: "task", result: "submitted", tracking: "track", board: "board"}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_a_screen_is_accessible_and_fits(screen: Callable[[Open], Page], new_page: Open, axe: str) -> None:
    page = screen(new_page)
    page.wait_for_load_state()  # styles too: without them nothing is as large as it should be
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == WIDTHS[0] and screen in PICTURES:
            keep_picture(page, PICTURES[screen])


def keep_picture(page: Page, name: str) -> None:
    """The pictures in the documents are taken here, when they are asked for."""
    folder = os.environ.get("DUBAN_SCREENSHOTS")
    if folder:
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=Path(ROOT, folder, f"{name}.png"), full_page=True)


@pytest.mark.parametrize("screen", [home, inbox, board], ids=lambda screen: screen.__name__)
def test_a_screen_in_english_is_accessible_and_fits(screen: Callable[[Open], Page], new_page: Open, axe: str) -> None:
    page = screen(new_page)
    page.click("a.language")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.wait_for_load_state()  # styles too: without them nothing is as large as it should be
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_inbox_opens_with_the_earliest_legal_limit_first(new_page: Open) -> None:
    days = inbox(new_page).locator("td.day time").evaluate_all("all => all.map(t => t.dateTime)")
    assert len(days) > 5
    assert days == sorted(days)


def test_keys_walk_the_list_pick_open_and_search(new_page: Open) -> None:
    page = new_page("he.jing", "/desk?view=queue")
    rows = page.locator("tbody tr")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1).locator("a.matter")).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_have_class("chosen")
    page.keyboard.press("x")
    expect(rows.nth(0).locator(".pick")).to_be_checked()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("jk")
    expect(page.locator("#search")).to_have_value("jk")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    subject = page.locator("tr.chosen a.matter").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(subject)


def test_keys_rest_while_an_input_method_composes_and_can_be_turned_off(new_page: Open) -> None:
    page = new_page("he.jing", "/desk?view=queue")
    event = "new KeyboardEvent('keydown', {key: 'j', isComposing: composing, bubbles: true})"
    press = f"composing => document.body.dispatchEvent({event})"
    page.evaluate(press, True)
    expect(page.locator("tr.chosen")).to_have_count(0)
    page.click("#keys-switch")
    page.evaluate(press, False)
    expect(page.locator("tr.chosen")).to_have_count(0)
    page.click("#keys-switch")
    page.evaluate(press, False)
    expect(page.locator("tr.chosen")).to_have_count(1)


def test_fields_unfold_when_they_matter(new_page: Open) -> None:
    page = claimed_task(new_page)
    expect(page.locator("[name=defects]")).to_be_hidden()
    page.check("input[name=intake_action][value=supplement]")
    expect(page.locator("[name=defects]")).to_be_visible()
    page.check("input[name=intake_action][value=proceed]")
    expect(page.locator("[name=defects]")).to_be_hidden()
    expect(page.locator("[name=defects]")).to_be_disabled()


def test_a_draft_saves_itself_and_is_there_again(new_page: Open) -> None:
    page = claimed_task(new_page)
    page.check("input[name=intake_action][value=supplement]")
    page.fill("[name=defects]", "请写明需要的时间范围和字段。")
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    page.reload()
    expect(page.locator("[name=defects]")).to_have_value("请写明需要的时间范围和字段。")


def test_everything_at_the_desk_works_without_scripts(new_page: Open) -> None:
    page = new_page("he.jing", "/desk?view=queue", java_script_enabled=False)
    page.locator("tbody tr", has_text="核对申请内容").first.locator(".do button").click()
    expect(page.locator("[name=defects]")).to_be_visible()
    page.check("input[name=intake_action][value=supplement]")
    page.fill("[name=defects]", "请写明年份。")
    page.click("text=保存草稿")
    expect(page.locator(".said")).to_have_text("草稿已经保存。")
    expect(page.locator("[name=defects]")).to_have_value("请写明年份。")
    page.click("text=退回待领取")
    expect(page.locator(".said")).to_have_text("任务已经退回，等待领取。")


def test_a_double_click_without_scripts_files_one_case(new_page: Open, office: Office) -> None:
    page = new_page(at="/apply/open_data_request", java_script_enabled=False)
    fill_request(page)
    page.fill("[name=dataset]", "双击只应产生一件的数据")
    page.dblclick("main form button.btn")
    expect(page.locator("#reference-shown")).to_be_visible()
    desk = new_page("zhou.min", "/desk/search?search=双击只应产生")
    expect(desk.locator("a.matter")).to_have_count(1)


def test_reminders_are_read_one_by_one_or_all_at_once(new_page: Open, office: Office) -> None:
    pressing = sorted(
        (case for case in all_cases(office) if case.closed_at is None and case.due_at),
        key=lambda case: str(case.due_at),
    )[0]
    with office.database.unit_of_work(actor_of(office.database, "sun.yi")) as uow:
        urging.urge(uow, [pressing.id], "请于今日内完成审核，并说明原因。")
    office.work()  # what falls due this morning is told before the reminders are counted
    page = new_page("zhou.min", "/desk")
    panel, number = page.locator(".reminders"), page.locator(".reminders .count")
    before = int(number.inner_text())
    urged = panel.locator("li", has_text="请于今日内完成审核，并说明原因。")
    expect(urged.locator("a")).to_have_text(pressing.subject)
    keep_picture(page, "reminders")
    urged.locator("button").click()
    expect(page.locator(".said")).to_have_text("提醒已标为已读。")
    assert int(number.inner_text()) == before - 1
    page.goto(f"/desk/cases/{pressing.reference}")
    expect(page.locator("main")).to_contain_text("请于今日内完成审核，并说明原因。")
    page.goto("/desk")
    page.click("text=全部标为已读")
    expect(panel).to_have_count(0)


def all_cases(office: Office) -> list[Case]:
    with office.database.reading(SYSTEM) as reading:
        return list(reading.session.exec(select(Case)))
