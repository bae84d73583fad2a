"""A head of unit moves a clock, in a real browser: forms that open and fit, and say what is wrong beside what was typed."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from api.diagrams import layout
from engine import cases, definitions
from engine.access import PUBLIC, SYSTEM
from tests.browser.conftest import Open
from tests.browser.office import AGENCY, Office
from tests.browser.test_screens import CHECK, RULES, WIDTHS
from tests.bundles import KEY
from tests.moving_clocks import FILES, WHY

HEAD = "qian.wei"


@pytest.fixture
def case(office: Office) -> str:
    """The address of a case with a clock that may be moved, and one that may not."""
    with office.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, FILES | {"process.bpmn": layout(FILES["process.bpmn"])})
    with office.database.unit_of_work(PUBLIC) as uow:
        return f"/desk/cases/{cases.submit(uow, KEY, {'agency': AGENCY}).reference}"


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("DUBAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def form(page: Page, act: str) -> None:
    page.click(f"#acts details:has(form[action$={act}]) summary")


def test_a_clock_is_moved_without_scripts_and_nothing_typed_is_lost(case: str, new_page: Open) -> None:
    page = new_page(HEAD, case, java_script_enabled=False)
    expect(page.locator("#acts")).to_contain_text("第二十一条第一款规定的答复期限不得延长。")
    form(page, "extend")
    page.fill("#days-handling-extend", "5")
    page.fill("#reason-handling-extend", "案情复杂")
    page.click("#acts form[action$=extend] button")
    expect(page.locator(".said")).to_have_text("期限已经延长。")
    form(page, "suspend")
    page.fill("#reason-handling-suspend", WHY)
    page.click("#acts form[action$=suspend] button")
    expect(page.locator(".said")).to_have_text("已经中止计时。")
    expect(page.locator("#acts")).to_contain_text("恢复计时")
    page.goto(case)
    form(page, "resume")
    page.fill("#reason-handling-resume", " ")
    page.click("#acts form[action$=resume] button")
    expect(page.locator("#faults")).to_contain_text("请填写理由")
    expect(page.locator("#reason-handling-resume")).to_be_visible()


@pytest.mark.parametrize("screen", ["running", "wrong", "suspended"])
def test_the_forms_are_accessible_and_fit(screen: str, case: str, new_page: Open, axe: str) -> None:
    page = new_page(HEAD, case)
    if screen == "wrong":
        form(page, "suspend")
        page.fill("#reason-handling-suspend", " ")
        page.click("#acts form[action$=suspend] button")
        expect(page.locator("#faults")).to_be_visible()
    if screen == "suspended":
        form(page, "suspend")
        page.fill("#reason-handling-suspend", WHY)
        page.click("#acts form[action$=suspend] button")
        expect(page.locator(".said")).to_be_visible()
    page.evaluate("document.querySelectorAll('#acts details').forEach((form) => { form.open = true })")
    page.wait_for_load_state()
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"clock-{screen}-{width}")
