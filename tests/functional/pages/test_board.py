"""The board's pages: filters, urging with a text, lists to take along, and what would be late if."""

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import etree
from sqlalchemy import delete
from sqlmodel import col, select

from engine.access import SYSTEM
from engine.models import AuditEvent, Case, Deadline, Timer, Urging
from tests.functional.pages.browsing import page, send
from tests.household import Household

PATH = "//a[@class='matter']"


@pytest.fixture
def overdue(household: Household) -> list[str]:
    """Three cases whose answer was due yesterday, one with a subject that a spreadsheet might take for a formula."""
    filed = [household.file(dataset=name)["reference"] for name in ("停车泊位", "=1+1", "公交站点")]
    with household.database.unit_of_work() as uow:
        for clock in uow.session.exec(select(Deadline).where(col(Deadline.basis) == "statutory")):
            assert clock.due_at is not None
            assert clock.due_on is not None
            clock.due_at, clock.due_on = uow.now - timedelta(days=1), clock.due_on - timedelta(days=40)
            uow.add(clock)
    return filed


def picked(browser: TestClient) -> list[str]:
    return [str(value) for value in page(browser.get("/board")).xpath("//input[@name='case']/@value")]


def test_urging_two_goes_on_record_and_shows_in_the_list(household: Household, overdue: list[str]) -> None:
    browser = household.browser_of("supervisor")
    two = picked(browser)[:2]
    answer = send(browser, "/board", "/board/urge", case=two, text="请今天答复。")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board?said=urged#list")
    board = page(browser.get("/board?said=urged"))
    assert "催办已发出" in board.text_content()
    assert [cell.text_content().strip()[:3] for cell in board.xpath("//td[@class='urged']")].count("1 次") == 2
    with household.database.reading(SYSTEM) as reading:
        assert {urging.case_id for urging in reading.session.exec(select(Urging))} == set(two)
        assert b"\xe8\xaf\xb7" not in b"".join(urging.text for urging in reading.session.exec(select(Urging)))


@pytest.mark.parametrize(("fields", "told"), [({"text": "请办理。"}, "请"), ({"case": "all", "text": " "}, "请填写")])
def test_an_urging_that_lacks_something_is_told_and_keeps_what_was_typed(
    household: Household, overdue: list[str], fields: dict[str, Any], told: str
) -> None:
    browser = household.browser_of("supervisor")
    if fields.get("case"):
        fields = fields | {"case": picked(browser)}
    shown = page(send(browser, "/board", "/board/urge", **fields), 422)
    assert told in shown.get_element_by_id("faults").text_content()
    assert len(shown.xpath("//input[@name='case'][@checked]")) == len(fields.get("case", []))
    if fields["text"].strip():
        assert shown.get_element_by_id("urge-text").text == fields["text"]


def test_a_case_is_urged_from_its_page_by_those_who_answer_for_it(household: Household, overdue: list[str]) -> None:
    address = f"/desk/cases/{overdue[0]}"
    supervisor = household.browser_of("supervisor")
    empty = page(send(supervisor, address, f"{address}/urge", text=" "), 422)
    assert "请填写催办内容" in empty.get_element_by_id("faults").text_content()
    answer = send(supervisor, address, f"{address}/urge", text="请今天答复。\n并说明原因。")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?said=urged")
    urged = page(supervisor.get(f"{address}?said=urged")).text_content()
    assert "催办已发出" in urged
    assert "并说明原因" in urged
    again = page(send(supervisor, address, f"{address}/urge", text="再次催办。"), 409)
    assert again.get_element_by_id("urge-text").text == "再次催办。"
    assert page(household.browser_of("leader").get(address)).xpath("//form[contains(@action, '/urge')]")
    handler = page(household.browser_of("handler").get(address))
    assert not handler.xpath("//form[contains(@action, '/urge')]")


def test_nobody_urges_what_they_do_not_oversee(household: Household, overdue: list[str]) -> None:
    case_ids = picked(household.browser_of("supervisor"))
    browser = household.browser_of("foreign_supervisor")
    assert picked(browser) == []
    csrf = page(browser.get("/board")).xpath("//input[@name='csrf']/@value")[0]
    answer = browser.post("/board/urge", data={"csrf": csrf, "case": case_ids, "text": "快"})
    assert answer.status_code == 404
    with household.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Urging)).first() is None


def test_a_text_file_has_exactly_the_filtered_lines_and_no_formula(household: Household, overdue: list[str]) -> None:
    browser = household.browser_of("supervisor")
    answer = send(browser, "/board", "/board/export", format="csv")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0][:2] == ["编号", "事项"]
    assert {line[0] for line in lines[1:]} == set(overdue)
    assert "'=1+1" in {line[1] for line in lines}
    assert all("王䶮" not in cell and "13800000001" not in cell for line in lines for cell in line)
    found = browser.get("/board", params={"search": "公交"})
    (action,) = page(found).xpath("//form[contains(@action, '/board/export')]/@action")
    csrf = page(found).xpath("//input[@name='csrf']/@value")[0]
    some = browser.post(action, data={"csrf": csrf, "format": "csv"}).content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(some)))) == 2


def test_a_spreadsheet_has_the_same_lines_as_texts(household: Household, overdue: list[str]) -> None:
    answer = send(household.browser_of("leader"), "/board", "/board/export", format="xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    space = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    texts = sheet.xpath("//s:is/s:t/text()", namespaces=space)
    assert set(overdue) <= set(texts)
    assert "=1+1" in texts
    assert sheet.xpath("//s:f", namespaces=space) == []
    assert len(sheet.xpath("//s:row", namespaces=space)) == 4


def test_taking_a_list_along_is_recorded_without_what_was_searched_for(
    household: Household, overdue: list[str]
) -> None:
    browser = household.browser_of("supervisor")
    csrf = page(browser.get("/board")).xpath("//input[@name='csrf']/@value")[0]
    browser.post("/board/export?search=停车", data={"csrf": csrf, "format": "csv"})
    with household.database.reading(SYSTEM) as reading:
        event = reading.session.exec(select(AuditEvent).where(col(AuditEvent.name) == "board.exported")).one()
    assert (event.stream, event.detail["rows"], event.detail["searched"]) == ("reads", 1, True)
    assert "停车" not in str(event.detail)


def test_filters_narrow_numbers_and_list_alike(household: Household, overdue: list[str]) -> None:
    browser = household.browser_of("supervisor")
    with household.database.reading(SYSTEM) as reading:
        house = reading.session.exec(select(Deadline.organisation_id).where(col(Deadline.basis) == "statutory")).first()
    for query, number in ((f"organisation={house}", 3), ("organisation=nobody", 0), ("process=other", 0)):
        shown = page(browser.get(f"/board?{query}"))
        assert shown.xpath("//nav[contains(@class, 'tally')]/a[1]/b")[0].text == str(number), query
        assert len(shown.xpath(PATH)) == number, query


@pytest.mark.parametrize(
    "query", ["view=nothing", "basis=x", "organisation=%00", "after=" + "A" * 500, "process=" + "x" * 70]
)
def test_an_address_that_makes_no_sense_is_refused(household: Household, query: str) -> None:
    assert household.browser_of("supervisor").get(f"/board?{query}").status_code == 422


def test_an_alarm_opens_the_list_of_the_cases_that_it_counts(household: Household, overdue: list[str]) -> None:
    browser = household.browser_of("supervisor")
    assert not page(browser.get("/board")).xpath("//a[contains(@href, 'view=unclocked')]")
    with household.database.unit_of_work() as uow:
        uow.session.execute(delete(Timer).where(col(Timer.deadline) == "reply"))
        for clock in uow.session.exec(select(Deadline)):
            clock.state = "stopped"
            uow.add(clock)
    board = page(browser.get("/board"))
    (alarm,) = board.xpath("//ul[@class='alarms']//a")
    assert alarm.text_content().split() == ["未办结，但没有计时", str(len(overdue))]
    listed = page(browser.get(alarm.get("href").partition("#")[0]))
    assert listed.get_element_by_id("list-title").text_content() == "未办结，但没有计时"
    assert len(listed.xpath(PATH)) == len(overdue)
    english = page(browser.get("/board?view=unclocked&lang=en"))
    assert english.get_element_by_id("list-title").text_content() == "Open, and no clock is running"


def test_what_if_counts_and_changes_nothing(household: Household, overdue: list[str]) -> None:
    browser = household.browser_of("supervisor")
    with household.database.reading(SYSTEM) as reading:
        before = [(d.due_at, d.due_on) for d in reading.session.exec(select(Deadline).order_by(col(Deadline.id)))]
    asked = {"limit": "open_data_request.reply", "days": "60", "unit": "working"}
    shown = page(browser.get("/board/what-if", params=asked))
    assert [b.text for b in shown.xpath("//div[@class='tally']//b")] == ["0", "0", "3", "3"]
    assert len(shown.xpath(PATH)) == 3
    with household.database.reading(SYSTEM) as reading:
        assert before == [
            (d.due_at, d.due_on) for d in reading.session.exec(select(Deadline).order_by(col(Deadline.id)))
        ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"day": "2026-02-30"}, "不是有效的日期"),
        ({"days": "7"}, "请至少填写一项假设"),
        ({"days": "sieben", "limit": "open_data_request.reply"}, "1 至 400"),
        ({"days": "0", "limit": "open_data_request.reply"}, "1 至 400"),
        ({"days": "99999", "limit": "open_data_request.reply"}, "1 至 400"),
        ({"day": "1999-01-01"}, "超出范围"),
    ],
)
def test_a_supposition_that_cannot_be_made_is_told_and_kept(
    household: Household, asked: dict[str, str], told: str
) -> None:
    shown = page(household.browser_of("head").get("/board/what-if", params=asked), 422)
    assert told in shown.get_element_by_id("faults").text_content()
    for name in asked.keys() & {"day", "days"}:
        assert shown.get_element_by_id(name).get("value") == asked[name]


def test_the_board_of_an_empty_house_says_so(household: Household) -> None:
    shown = page(household.browser_of("foreign_supervisor").get("/board"))
    assert "没有逾期" in shown.text_content()
    with household.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Case)).first() is None
