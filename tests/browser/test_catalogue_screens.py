"""The catalogue in a real browser, wide and narrow: for everybody, at the desk, as drafts of a case, and its access grants."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page

from engine import cases, catalogue, definitions, directory, items
from engine.access import SYSTEM
from engine.item_form import answers
from engine.models import AccessGrant, Case, DataCheck
from tests.browser.conftest import Open
from tests.browser.office import AGENCY, BUNDLES, BUREAU, Office, actor_of
from tests.browser.test_screens import CHECK, RULES, WIDTHS

ITEM = f"{AGENCY}-0004"
UPDATE = {
    "item_name": "停车场泊位信息",
    "trigger": "other",
    "event_on": "2026-04-20",
    "evidence": "停车场管理办法第九条。",
}


@pytest.fixture(scope="module")
def update(office: Office) -> str:
    """The reference of a case for which two changes are drafted; an item of the house is under check and granted to others."""
    database, handler = office.database, actor_of(office.database, "zhou.min")
    with database.unit_of_work(SYSTEM) as uow:
        for process in ("catalogue_update", "data_verification", "share_application"):
            definitions.deploy(uow, definitions.read_folder(BUNDLES / process))
    with database.unit_of_work(handler) as uow:
        case_id = cases.file_at_desk(uow, "catalogue_update", UPDATE).id
    office.work()
    with database.unit_of_work(handler) as uow:
        found = items.find(uow, ITEM)
        assert found is not None
        catalogue.draft(uow, answers(found[1]) | {"update_frequency": "daily"}, code=ITEM, case_id=case_id)
        new = answers(found[1]) | {"name": "路内停车收费标准", "name_en": "Kerbside parking charges"}
        catalogue.draft(uow, new, case_id=case_id)
        catalogue.draft(uow, new | {"name": "停车诱导屏位置"})
    with database.unit_of_work(SYSTEM) as uow:
        known = items.find(uow, ITEM)
        assert known is not None
        uow.add(DataCheck(item=ITEM, case_id=case_id, begun_at=uow.now))
        for begins, ends, mode in ((date(2026, 1, 1), date(2026, 5, 9), "api"), (date(2026, 3, 1), None, "batch")):
            grant = AccessGrant(
                item_id=known[0].id,
                organisation_id=directory.organisation(uow, BUREAU).id,
                access_mode=mode,
                purpose="核对全市公共停车泊位的建设和使用情况，编制年度静态交通报告",
                scope="名称、位置、泊位总数，不含经营者联系方式",
                legal_basis="《贵阳市停车场管理办法》第九条",
                begins_on=begins,
                ends_on=ends,
                case_id=case_id,
                granted_at=uow.now,
            )
            uow.add(grant)
        return uow.session.get_one(Case, case_id).reference


def published(new: Open, update: str) -> Page:
    return new(at="/catalogue?organisation=gy-jtw")


def item(new: Open, update: str) -> Page:
    return new(at=f"/catalogue/{ITEM}")


def at_the_desk(new: Open, update: str) -> Page:
    return new("zhou.min", "/desk/catalogue?organisation=gy-jtw")


def item_at_the_desk(new: Open, update: str) -> Page:
    return new("zhou.min", f"/desk/catalogue/items/{ITEM}")


def drafts(new: Open, update: str) -> Page:
    page = new("zhou.min", f"/desk/cases/{update}")
    page.click("#items a")
    return page


def draft(new: Open, update: str) -> Page:
    return new("zhou.min", f"/desk/cases/{update}/items/edit?code={ITEM}")


def proposals(new: Open, update: str) -> Page:
    return new("qian.wei", "/desk/catalogue/drafts")


def grants(new: Open, update: str) -> Page:
    page = new("qian.wei", "/desk/grants")
    page.locator("#given summary").first.click()
    return page


def filing_with_a_file(new: Open, update: str) -> Page:
    page = new("zhou.min", "/desk/new/catalogue_update")
    page.click("details.platform summary")
    return page


SCREENS = (published, item, at_the_desk, item_at_the_desk, drafts, draft, proposals, grants, filing_with_a_file)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_a_screen_is_accessible_and_fits(
    screen: Callable[[Open, str], Page], update: str, new_page: Open, axe: str
) -> None:
    page = screen(new_page, update)
    page.wait_for_load_state()
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CHECK, RULES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
