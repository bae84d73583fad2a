"""The board in a real browser: numbers that open their lists, keys, urging two at once, files to take along."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.office import Office


@pytest.mark.parametrize("login", ["sun.yi", "qian.wei", "zhao.guo"])
def test_every_number_opens_the_list_that_it_counts(new_page: Open, login: str) -> None:
    page = new_page(login, "/board")
    seen = []
    for at in range(page.locator(".tally a").count()):
        number = int(page.locator(".tally a").nth(at).locator("b").inner_text())
        page.locator(".tally a").nth(at).click()
        expect(page.locator(".tally a[aria-current]")).to_have_count(1)
        expect(page.locator("[data-inbox] tbody tr")).to_have_count(number)
        seen.append(number)
    assert seen[0] > 0


def test_keys_move_through_the_list_pick_and_open(new_page: Open) -> None:
    page = new_page("sun.yi", "/board")
    rows = page.locator("[data-inbox] tbody tr")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_have_class("chosen")
    page.keyboard.press("x")
    expect(rows.nth(0).locator(".pick")).to_be_checked()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(0).locator("a.matter")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases/**")


def test_two_are_urged_at_once_with_a_text(new_page: Open) -> None:
    page = new_page("sun.yi", "/board")
    rows = page.locator("[data-inbox] tbody tr")
    for at in (0, 1):
        rows.nth(at).locator(".pick").check()
    page.fill("#urge-text", "请于今日下班前答复，并说明原因。")
    page.locator("form.urge button").click()
    expect(page.get_by_role("status")).to_contain_text("催办已发出")
    for at in (0, 1):
        expect(rows.nth(at).locator(".urged")).to_contain_text("1 次")


def test_it_all_works_without_scripts(new_page: Open, office: Office) -> None:
    office.go_to("2026-04-28T16:30")  # so long after an urging that a case may be urged again
    page = new_page("sun.yi", "/board", java_script_enabled=False)
    page.locator("[data-inbox] .pick").last.check()
    page.locator("form.urge button").click()
    expect(page.get_by_role("status")).to_contain_text("催办已发出")


def test_the_list_is_fetched_twice_without_leaving_the_page(new_page: Open) -> None:
    page = new_page("sun.yi", "/board")
    for button, ending in (("导出 Excel", ".xlsx"), ("导出 CSV", ".csv")):
        with page.expect_download() as fetched:
            page.get_by_role("button", name=button).click()
        assert fetched.value.suggested_filename.startswith("逾期件-2026-04-28")
        assert fetched.value.suggested_filename.endswith(ending)
        assert Path(fetched.value.path()).stat().st_size > 100


def test_the_diagram_tells_where_it_is_stuck_in_words(new_page: Open) -> None:
    page = new_page("qian.wei", "/board")
    expect(page.locator(".diagram").first).to_contain_text("件")
    expect(page.locator(".diagram").first).to_contain_text("个工作日")
    page.locator("#pressure-title").scroll_into_view_if_needed()
    page.get_by_text("看表格数据").first.click()
    expect(page.get_by_role("columnheader", name="逾期占比")).to_be_visible()


def test_a_supposition_is_made_from_the_board(new_page: Open) -> None:
    page = new_page("sun.yi", "/board")
    page.get_by_role("link", name="假设测算").click()
    page.select_option("#limit", "open_data_request.reply")
    page.fill("#days", "3")
    page.get_by_role("button", name="测算").click()
    expect(page.locator(".lamp", has_text="将逾期").first).to_be_visible()
    expect(page.locator("#days")).to_have_value("3")


def test_a_narrow_screen_holds_the_whole_board(new_page: Open) -> None:
    page = new_page("sun.yi", "/board", viewport={"width": 390, "height": 844})
    wider = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider == 0
    expect(page.locator("[data-inbox] tbody tr").first.locator(".lamp")).to_be_visible()


@pytest.mark.parametrize("login", ["sun.yi", "zhao.guo"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_every_place_of_the_desk_is_in_sight_and_opens(new_page: Open, login: str, language: str, width: int) -> None:
    page = new_page(login, f"/board?lang={language}")
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("[...document.querySelectorAll('.nav')].every(n => n.scrollWidth <= n.clientWidth)")
    places = page.locator(".nav a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    if width == 1440 and language == "zh":
        assert all(page.request.get(place).ok for place in places), places


def test_a_drawing_wider_than_the_page_is_shown_in_full_size_when_asked(new_page: Open) -> None:
    page = new_page("sun.yi", "/board")
    drawing = page.locator("svg.bpmn.broad").first
    natural = float(drawing.get_attribute("width") or 0)
    assert drawing.bounding_box()["width"] < natural  # type: ignore[index]
    page.get_by_label("原大显示").check()
    assert drawing.bounding_box()["width"] == pytest.approx(natural, abs=1)  # type: ignore[index]
