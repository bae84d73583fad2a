"""An open-data request from end to end, in real browsers, on both databases.

A citizen without scripts files it and gets number, code, receipt and date; the agency checks, assesses, reviews, drafts and
signs; the citizen reads the reply; the data is opened; and what nobody answers in time turns red on the supervisor's list.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import Breach, Document
from tests.browser.conftest import Open, pages
from tests.browser.crew import Crew, downloaded, soon
from tests.browser.office import REQUEST, Office, furnish, opened
from tests.household import PDF

DATASET = "贵阳市公共停车场实时泊位数据"
ASSESSMENT = {
    "数据是否存在": "是",
    "是否由本机关持有": "由本机关持有",
    "是否已经开放": "否",
    "是否已列入开放目录": "是",
    "是否属于第十八条第一款所列情形": "都不属于",
}
REPLY = {
    "答复意见": "同意开放（已在开放目录内）",
    "事实": "本机关在停车管理中采集你申请的数据，每五分钟更新一次。",
    "理由": "该数据不属于《条例》第十八条第一款所列情形，应当向社会开放。",
    "计划开放日期": "2026-05-20",
}
OPENING = {
    "数据集名称": DATASET,
    "格式": "CSV",
    "获取地址": "https://data.example.cn/dataset/parking",
    "更新频率": "实时",
    "开放的范围": "全市公共停车场，自2026年起。",
}


@pytest.fixture
def office(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An empty office, on each of the two databases."""
    if database_url.startswith("sqlite"):
        shutil.copytree(request.getfixturevalue("furnished_office"), tmp_path, dirs_exist_ok=True)
    else:
        furnish(tmp_path, database_url)
    with opened(tmp_path, database_url, at="2026-04-21T09:14") as made:
        yield made


@pytest.fixture
def new_page(browser: Browser, office: Office) -> Iterator[Open]:
    yield from pages(browser, office)


def file_request(citizen: Page, dataset: str = DATASET) -> tuple[str, str]:
    """File a request with an attachment, without scripts; returns number and code."""
    citizen.goto("/")
    citizen.click("text=填写开放需求申请")
    citizen.check("input[name=applicant_type][value=citizen]")
    citizen.fill("[name=applicant_name]", "王䶮")
    citizen.fill("[name=phone]", REQUEST["phone"])
    citizen.check("input[name=request_kind][value=not_opened]")
    citizen.fill("[name=dataset]", dataset)
    citizen.fill("[name=description]", "全市公共停车场的名称、位置、总泊位和实时空余泊位。")
    citizen.select_option("[name=agency]", label="贵阳市交通委员会")
    citizen.set_input_files("#attachments", {"name": "需求说明.pdf", "mimeType": "application/pdf", "buffer": PDF})
    citizen.click("main form button.btn")
    return citizen.inner_text("#reference-shown"), citizen.inner_text("#code-shown")


def test_a_request_goes_all_the_way_to_the_open_dataset(new_page: Open, office: Office, axe: str) -> None:
    crew = Crew(office, new_page, axe)
    citizen = new_page(java_script_enabled=False)
    reference, code = file_request(citizen)
    expect(citizen.locator("main")).to_contain_text("最晚2026年5月6日（星期三）答复")
    expect(citizen.locator(".sheet-of-days td.due b")).to_have_text("6")
    citizen.click("text=查看进度")
    receipt = soon(citizen, citizen.locator("li", has_text="申请回执").locator("a", has_text="下载"))
    assert downloaded(citizen, receipt).startswith(b"%PDF-")

    crew.do("zhou.min", reference, "核对申请内容", {"如何处理": "可以办理"})
    crew.do("zhou.min", reference, "评估开放条件", ASSESSMENT)
    crew.do("wu.lei", reference, "保密审查", {"审查意见": "同意开放"})
    crew.do("he.jing", reference, "拟定答复", REPLY)
    head = crew.take("qian.wei", reference, "审核答复意见")
    assert downloaded(head, head.locator("a", has_text="下载文稿")).startswith(b"%PDF-")
    crew.send(head, {"审核意见": "通过"})
    crew.do("zhao.guo", reference, "签发答复", {"签发意见": "签发"})

    reader = new_page(at="/track", java_script_enabled=False)
    reader.fill("#reference", reference)
    reader.fill("#query-code", "AAAA AAAA AAAA A")
    reader.click("main button")
    expect(reader.locator("#track-fault")).to_have_text("编号与查询码不符，请核对后再试。")
    reader.fill("#query-code", code.lower())
    reader.click("main button")
    expect(reader.locator("main")).to_contain_text("数据提供机关同意开放您申请的数据。")
    reply = reader.locator("li", has_text="答复书")
    soon(reader, reply.locator("a", has_text="下载"))
    expect(reply).to_contain_text("〔2026〕1号")
    paper = downloaded(reader, reply.locator("a", has_text="下载"))
    assert paper.startswith(b"%PDF-")
    digest = reply.locator(".digest").inner_text().split()[-1]
    with office.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Document.size).where(Document.digest == digest)).one() == len(paper)
    expect(reader.locator("main")).to_contain_text("按期完成")

    crew.do("zhou.min", reference, "登记开放数据", OPENING)
    crew.do("feng.li", reference, "核验开放结果", {"核验意见": "已经开放，能够获取"})
    crew.do("qian.wei", reference, "签发完成通知书", {"签发意见": "签发"})
    soon(reader, reader.locator(".way li", has_text="办结"))


@pytest.mark.sqlite_only
def test_what_nobody_answers_turns_red_and_reaches_the_supervisor(new_page: Open, office: Office) -> None:
    reference, _ = file_request(new_page(java_script_enabled=False))
    board = new_page("sun.yi", "/board")
    expect(board.locator(".tally a.red b")).to_have_text("0")
    office.travel(10)
    office.travel(10)
    board = new_page("sun.yi", "/board")
    late = soon(board, board.locator("tbody tr", has_text=reference))
    expect(late).to_contain_text("逾期")
    expect(late).to_contain_text("法定期限")
    expect(board.locator(".tally a.red b")).to_have_text("1")
    inbox = new_page("zhou.min", "/desk?view=queue")
    expect(inbox.locator("tbody tr", has_text=reference).first.locator(".lamp")).to_have_class("lamp red")
    office.work()
    office.work()
    with office.database.reading(SYSTEM) as reading:
        assert len(reading.session.exec(select(Breach)).all()) == 1


@pytest.mark.sqlite_only
def test_a_citizen_withdraws_and_the_desk_lets_go(new_page: Open, office: Office) -> None:
    citizen = new_page(java_script_enabled=False)
    reference, _ = file_request(citizen)
    citizen.goto("/track/case")
    citizen.click("text=撤回申请")
    citizen.click("text=确认撤回申请")
    expect(citizen.locator(".said")).to_have_text("已经收到，谢谢。")
    expect(citizen.locator(".panel")).to_contain_text("您已经撤回申请")
    desk = new_page("zhou.min", "/desk?view=all")
    expect(desk.locator("tbody tr", has_text=reference)).to_have_count(0)
