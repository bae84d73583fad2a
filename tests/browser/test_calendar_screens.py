"""A holiday notice in a real browser: uploaded, looked at, approved; a printed date decided on; wide and narrow."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine import holiday_notices, holidays
from engine.access import SYSTEM
from tests import holiday_files
from tests.browser.conftest import Open
from tests.browser.office import ADMINISTRATOR, Office
from tests.browser.test_screens import CHECK, RULES, WIDTHS

LONGER, KNOWN = (date(2026, 5, 7), date(2026, 5, 8)), ()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notice that makes two days holidays."""
    path = tmp_path_factory.mktemp("notice") / "2026.toml"
    path.write_text(holiday_files.notice(holidays.published(), 2026, *LONGER), encoding="utf-8")
    return path


def fits(page: Page, axe: str) -> None:
    page.wait_for_load_state()
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_notice_is_brought_in_looked_at_and_approved(file: Path, new_page: Open, office: Office, axe: str) -> None:
    page = new_page(ADMINISTRATOR, "/admin/calendar")
    fits(page, axe)
    page.set_input_files("#file", file)
    page.click("main form button")
    expect(page.locator("#moves-title")).to_have_text("将会改期的案件")
    page.click("main summary")
    fits(page, axe)
    supervisor = new_page("sun.yi", "/board")
    supervisor.click("nav >> text=日期更正")
    expect(supervisor.locator("main")).to_contain_text("网约车日均订单统计")
    fits(supervisor, axe)
    page.check("#read-again")
    page.fill("#reason-approve", "国办通知已经公布")
    page.click("text=批准并更正日期")
    expect(page.locator(".said")).to_have_text("放假安排已经生效，正在更正受影响的日期。")
    office.work()


def test_a_leader_decides_on_a_printed_date_without_scripts(new_page: Open, office: Office, axe: str) -> None:
    text = holiday_files.notice(holidays.published(), 2026, *KNOWN)
    with office.database.unit_of_work(SYSTEM) as uow:
        if not holiday_notices.is_in_force(uow, holidays.parse_notice(text, "x")):
            row = holiday_notices.propose(uow, text, "x")
            holiday_notices.approve(uow, row.id, "更正", read_again=True)
    office.work()
    page = new_page("zhao.guo", "/desk/dates")
    fits(page, axe)
    plain = new_page("zhao.guo", "/desk/dates", java_script_enabled=False)
    rows = plain.locator("main section.card").count()
    assert rows
    plain.locator("main form input[name=reason]").first.fill("依照公布的安排")
    plain.locator("text=批准提前").first.click()
    expect(plain.locator(".said")).to_have_text("日期已经更正，更正告知书已经发出。")
