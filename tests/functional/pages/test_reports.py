"""Reports on screen: figures with their formulas, the cases behind them, files to take along, and what is made public."""

import io
import zipfile

import pypdf
from lxml import etree

from engine import clock, directory
from engine.access import SYSTEM
from tests.functional.pages.browsing import apply, page, send
from tests.household import BUREAU, Household, password_hash

YEAR = "/board/reports?report=evaluation&year={year}"


def year_of(household: Household) -> str:
    with household.database.reading(SYSTEM) as reading:
        return str(clock.day_of(reading.now).year)


def test_a_figure_says_how_it_is_counted_and_leads_to_its_cases(household: Household) -> None:
    reference, _ = apply(household.browser())
    browser = household.browser_of("supervisor")
    shown = page(browser.get(YEAR.format(year=year_of(household))))
    figure = shown.get_element_by_id("figure-open_filed")
    assert "期内提出的开放需求申请件数" in figure.text_content()
    (address,) = figure.xpath(".//a[contains(@href, 'organisation=&') or contains(@href, 'organisation&')]/@href") or [
        figure.xpath(".//a/@href")[-1]
    ]
    assert reference in page(browser.get(address)).text_content()


def test_the_same_figures_are_taken_along_as_a_spreadsheet_and_on_paper(household: Household) -> None:
    apply(household.browser())
    browser = household.browser_of("supervisor")
    asked = {"report": "evaluation", "year": year_of(household)}
    with zipfile.ZipFile(io.BytesIO(browser.get("/board/reports/file", params=asked).content)) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    texts = sheet.xpath("//*[local-name()='t']/text()")
    assert texts[:3] == ["单位", "指标", "数值"]
    assert texts[-6:].count("合计") >= 1
    assert "期内提出的开放需求申请件数，按数据提供机关统计；尚未确定提供机关的列入“未确定”。" in texts
    paper = pypdf.PdfReader(io.BytesIO(browser.get("/board/reports/file", params=asked | {"format": "pdf"}).content))
    text = "".join(each.extract_text() for each in paper.pages).replace("\n", "")
    assert "政府数据共享开放工作评估统计" in text
    assert "指标口径" in text


def test_a_leader_makes_figures_public_for_everybody_to_read(household: Household) -> None:
    apply(household.browser())
    address = YEAR.format(year=year_of(household))
    assert page(household.browser_of("supervisor").get(address)).xpath("//*[@id='publish']") == []
    with household.database.unit_of_work(SYSTEM) as uow:
        person = directory.create_person(uow, "bureau_leader", "某人", password_hash())
        directory.grant_role(uow, person.id, directory.organisation(uow, BUREAU).id, "leader")
    leader = household.browser_of("bureau_leader")
    answer = send(leader, address, page(leader.get(address)).xpath("//form[contains(@action, 'publish')]/@action")[0])
    assert answer.status_code == 303, answer.text
    anybody = household.browser()
    assert "政府数据共享开放工作评估统计" in page(anybody.get("/reports")).text_content()
    shown = page(anybody.get(answer.headers["location"])).text_content()
    assert "开放需求申请收到件数" in shown
    assert "KF-" not in shown


def test_a_report_or_period_that_is_none_is_refused_in_words(household: Household) -> None:
    browser = household.browser_of("supervisor")
    assert browser.get("/board/reports?report=nothing").status_code == 404
    answer = browser.get("/board/reports?report=evaluation&since=2026-05-01&until=2026-04-01")
    assert "统计期间起始日期应当不晚于终止日期" in page(answer, 422).text_content()
    assert browser.get("/board/reports/cases?figure=nothing").status_code == 404
    assert household.browser_of("handler").get("/board/reports").status_code == 403
