"""A case that has stopped, in a real browser: the page of its incident and the page of the case, wide and narrow."""

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from api.diagrams import layout
from engine import cases, definitions, tasks
from engine.access import PUBLIC, SYSTEM
from engine.models import Incident, Task
from tests.browser.conftest import Open
from tests.browser.office import ADMINISTRATOR, AGENCY, Office, actor_of
from tests.browser.test_screens import CHECK, RULES, WIDTHS
from tests.bundles import KEY
from tests.stopped import AFTER_A_TASK, SECRET


@pytest.fixture(scope="module")
def incident(office: Office) -> str:
    """The id of the incident of a case whose script cannot calculate with what a case handler wrote."""
    with office.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, AFTER_A_TASK | {"process.bpmn": layout(AFTER_A_TASK["process.bpmn"])})
    with office.database.unit_of_work(PUBLIC) as uow:
        case_id = cases.submit(uow, KEY, {"agency": AGENCY}).case_id
    with office.database.unit_of_work(actor_of(office.database, "zhou.min")) as uow:
        task = uow.session.exec(select(Task.id).where(col(Task.case_id) == case_id)).one()
        tasks.complete(uow, task, {"amount": SECRET})
        return uow.session.exec(select(Incident.id).where(col(Incident.case_id) == case_id)).one()


@pytest.mark.parametrize("screen", ["incident", "correction", "case", "inbox"])
def test_a_screen_of_a_stopped_case_is_accessible_and_fits(
    screen: str, incident: str, new_page: Open, axe: str
) -> None:
    if screen in ("incident", "correction"):
        page = new_page(ADMINISTRATOR, "/admin")
        page.click("a.matter[href*=incidents]")
        if screen == "correction":
            page.click("#correct tbody a >> nth=0")
            expect(page.locator("#value")).to_be_visible()
    else:
        page = new_page("zhou.min", "/desk")
        if screen == "case":
            page.click(".warned a")
            expect(page.locator("#stopped")).to_contain_text("系统管理员正在处理")
    page.wait_for_load_state()  # styles too: without them nothing is as large as it should be
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_operator_gets_a_case_going_without_scripts(incident: str, new_page: Open) -> None:
    page = new_page(ADMINISTRATOR, f"/admin/incidents/{incident}?field=amount", java_script_enabled=False)
    page.fill("#value", "3")
    page.fill("#reason-correct", "已与承办人核实")
    page.click("text=写入案件")
    expect(page.locator(".said")).to_have_text("数据已经更正，现在可以重试。")
    page.fill("#reason-retry", "已更正")
    page.click("main form[action$=retry] button")
    expect(page.locator(".said")).to_have_text("已经重试。")
