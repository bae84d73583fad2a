"""Handing on, absences and declared kin in a real browser, wide and narrow; also without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_screens import CHECK, RULES, WIDTHS


@pytest.mark.parametrize("screen", ["unit", "task", "absences", "kin"])
def test_a_screen_of_hands_is_accessible_and_fits(screen: str, new_page: Open, axe: str) -> None:
    if screen == "unit":
        page = new_page("qian.wei", "/desk?view=unit")
        expect(page.locator("#handing")).to_be_visible()
    elif screen == "task":
        page = new_page("qian.wei", "/desk?view=unit")
        page.click("a.matter >> nth=0")
        page.click("#act-reassign summary")
        page.click("#act-recuse summary")
    else:
        page = new_page("qian.wei", f"/desk/{screen}")
    page.wait_for_load_state()
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_head_picks_tasks_with_keys_and_gives_them_to_somebody(new_page: Open) -> None:
    page = new_page("qian.wei", "/desk?view=unit")
    for row in page.locator("tbody tr").all():
        page.keyboard.press("j")
        if "承办人" in row.inner_text() and page.locator(".pick:checked").count() < 2:
            page.keyboard.press("x")
    expect(page.locator(".pick:checked")).to_have_count(2)
    page.select_option("#handing-person", label="何静")
    page.fill("#handing-reason", "周敏出差，由何静办理")
    page.click("#handing button")
    expect(page.locator(".said")).to_have_text("所选任务已改派。")
    colleague = new_page("he.jing", "/desk")
    expect(colleague.locator("tbody tr")).to_have_count(2)


def test_without_scripts_tasks_are_given_out_as_well(new_page: Open) -> None:
    page = new_page("qian.wei", "/desk?view=unit", java_script_enabled=False)
    page.locator(".pick").last.check()
    page.select_option("#handing-person", label="不指定，退回待领取")
    page.fill("#handing-reason", "退回")
    page.click("#handing button")
    expect(page.locator("#faults")).to_contain_text("该任务已经在待领取状态")
    expect(page.locator("#handing-reason")).to_have_value("退回")


def test_a_colleague_stands_in_from_the_moment_an_absence_is_entered(new_page: Open) -> None:
    page = new_page("zhou.min", "/desk/absences")
    page.select_option("#substitute", label="何静")
    page.fill("#until", "2026-04-30")
    page.click("#enter button")
    expect(page.locator(".said")).to_have_text("缺勤已登记。")
    colleague = new_page("he.jing", "/desk")
    expect(colleague.locator("#stands-in")).to_contain_text("您正在代周敏办理")
    page.click("tbody .do button")
    expect(page.locator(".said")).to_contain_text("缺勤已结束")
    colleague.reload()
    expect(colleague.locator("#stands-in")).to_have_count(0)
