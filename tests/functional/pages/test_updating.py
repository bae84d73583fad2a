"""At the desk: files of the sharing platform (Art. 16), and drafting what a case changes in the catalogue."""

from typing import Any

import pytest
from sqlmodel import select

from engine import definitions
from engine.access import SYSTEM
from engine.models import Document
from engine.settings import ROOT
from tests.functional.pages.browsing import hidden, page, told
from tests.household import PDF, Household

NEW = "/desk/new/catalogue_update"
FORM = {"item_name": "停车场", "trigger": "other", "event_on": "2026-04-20", "evidence": "办法第九条。"}
FILES = {"_attachments": ("执照.pdf", PDF)}
FROM = {"_platform_system": "市场主体登记库", "_platform_number": "GY-2026-0007"}


@pytest.fixture
def updating(household: Household) -> Household:
    """Where updates of the catalogue are handled as well."""
    with household.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / "catalogue_update"))
    return household


def file(household: Household, files: Any = None, **more: str) -> Any:
    browser = household.browser_of("handler")
    known = hidden(page(browser.get(NEW)), NEW)
    return browser.post(NEW, data=known | FORM | more, files=files or {})


def test_a_file_of_the_sharing_platform_is_shown_to_equal_the_paper_original(updating: Household) -> None:
    answer = file(updating, FILES, **FROM)
    assert answer.status_code == 303
    with updating.database.reading(SYSTEM) as reading:
        document = reading.session.exec(select(Document).where(Document.kind == "attachment")).one()
    assert (document.equal_force, document.provenance) == (True, "市场主体登记库，GY-2026-0007")
    shown = page(updating.browser_of("handler").get(answer.headers["location"])).text_content()
    assert "经共享平台获取，与纸质原件具有同等效力（第十六条）。来源：市场主体登记库，GY-2026-0007" in shown


def test_half_of_where_a_file_comes_from_is_asked_for_again_and_what_was_typed_stays(updating: Household) -> None:
    for files, typed in ((FILES, {"_platform_number": "7"}), ({}, FROM)):
        shown = page(file(updating, files, **typed), 422)
        assert told(shown) == ["经共享平台获取的文件，应当在此上传，并且同时写明来源系统和编号。"]
        assert shown.get_element_by_id("platform-number").value == typed["_platform_number"]


def test_another_file_says_nothing_of_the_platform_and_the_public_is_not_asked(updating: Household) -> None:
    reference = file(updating, FILES).headers["location"]
    assert "同等效力" not in updating.browser_of("handler").get(reference).text
    assert "_platform_" not in updating.browser().get("/apply/open_data_request").text


def test_a_task_takes_files_of_the_platform_too(updating: Household) -> None:
    file(updating)
    updating.work()
    browser, address = updating.browser_of("handler"), f"/desk/tasks/{updating.task('handler')}"
    browser.post(f"{address}/claim", data=hidden(page(browser.get(address)), f"{address}/claim"))
    action = f"{address}/complete"
    form = {"revision_action": "not_needed", "no_change_reasons": "没有变化。", "contact": "李明"}
    half = page(browser.post(action, data=hidden(page(browser.get(address)), action) | form | FROM), 422)
    assert half.get_element_by_id("platform-system").value == FROM["_platform_system"]
    sent = browser.post(action, data=hidden(half, action) | form | FROM, files=FILES)
    assert sent.status_code == 303, told(page(sent, sent.status_code))
    with updating.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Document.provenance).where(Document.kind == "attachment")).one()


def test_a_case_that_changes_the_catalogue_leads_those_who_may_to_its_drafts(updating: Household) -> None:
    address = file(updating).headers["location"].partition("?")[0]
    updating.work()
    (link,) = page(updating.browser_of("handler").get(address)).xpath("//*[@id='items']//a/@href")
    assert link == f"{address}/items"
    assert "新增目录项" in page(updating.browser_of("handler").get(link)).text_content()
    assert page(updating.browser_of("leader").get(address)).xpath("//*[@id='items']") == []
    request = f"/desk/cases/{updating.file()['reference']}"
    assert page(updating.browser_of("bureau").get(request)).xpath("//*[@id='items']") == []
