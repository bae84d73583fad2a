"""An open-data request from end to end, in real browsers, on both databases.

A citizen without scripts files it and gets number, code, receipt and date; the agency checks, assesses, reviews, drafts and
signs; the citizen reads the reply; the data is opened; and what nobody answers in time turns red on the supervisor's list.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import Breach, Document
from tests.browser.conftest import PATIENCE, Open, pages
from tests.browser.office import REQUEST, Office, opened
from tests.household import PDF

DATASET = "贵阳市公共停车场实时泊位数据"
ASSESSMENT = {
    "data_exists": "yes",
    "data_held": "yes",
    "already_open": "no",
    "in_catalogue": "yes",
    "exemption": "none",
}
REPLY = {
    "decision": "agreed_open",
    "facts": "本机关在停车管理中采集你申请的数据，每五分钟更新一次。",
    "reasons": "该数据不属于《条例》第十八条第一款所列情形，应当向社会开放。",
    "planned_opening_on": "2026-05-20",
}
OPENING = {
    "dataset_name": DATASET,
    "dataset_format": "csv",
    "dataset_url": "https://data.example.cn/dataset/parking",
    "update_frequency": "realtime",
    "dataset_scope": "全市公共停车场，自2026年起。",
}


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An empty office, on each of the two databases."""
    with opened(tmp_path, database_url) as made:
        made.go_to("2026-04-21T09:14")
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


def do(new: Open, login: str, step: str, answers: dict[str, str]) -> None:
    """Sign in, find the one task that waits, claim it, fill in its form, complete it."""
    page = new(login, "/desk?view=queue")
    row = soon(page, page.locator("tbody tr", has_text=step))
    row.locator("button", has_text="领取").click()
    for name, answer in answers.items():
        field = page.locator(f"#work [name={name}]").first
        expect(field).to_be_attached()
        kind = field.evaluate("f => f.type || f.tagName")
        if kind == "radio":
            page.check(f"#work input[name={name}][value={answer}]")
        elif kind == "select-one":
            field.select_option(answer)
        else:
            field.fill(answer)
    page.locator("#work .actions button").first.click()
    expect(page.locator(".said")).to_have_text("本环节已经提交，流程继续。")


def soon(page: Page, wanted: Locator) -> Locator:
    """Something that the machine is about to do: look again until it is there."""
    limit = time.monotonic() + PATIENCE / 1000
    while not wanted.count():
        assert time.monotonic() < limit, f"never came: {wanted}"
        time.sleep(0.5)
        page.reload()
    return wanted.first


def downloaded(page: Page, link: Locator) -> bytes:
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def test_a_request_goes_all_the_way_to_the_open_dataset(new_page: Open, office: Office) -> None:
    citizen = new_page(java_script_enabled=False)
    reference, code = file_request(citizen)
    expect(citizen.locator("main")).to_contain_text("最晚2026年5月6日（星期三）答复")
    expect(citizen.locator(".sheet-of-days td.due b")).to_have_text("6")
    citizen.click("text=查看进度")
    receipt = soon(citizen, citizen.locator("li", has_text="申请回执").locator("a", has_text="下载"))
    assert downloaded(citizen, receipt).startswith(b"%PDF-")

    do(new_page, "zhou.min", "核对申请内容", {"intake_action": "proceed"})
    do(new_page, "zhou.min", "评估开放条件", ASSESSMENT)
    do(new_page, "wu.lei", "保密审查", {"confidentiality_opinion": "agree"})
    do(new_page, "he.jing", "拟定答复", REPLY)
    head = new_page("qian.wei", "/desk?view=queue")
    soon(head, head.locator("tbody tr", has_text="审核")).locator("a.matter").click()
    assert downloaded(head, head.locator("a", has_text="下载文稿")).startswith(b"%PDF-")
    do(new_page, "qian.wei", "审核", {"review_result": "approve"})
    do(new_page, "zhao.guo", "签发", {"sign_result": "sign"})

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

    do(new_page, "zhou.min", "登记", OPENING)
    do(new_page, "feng.li", "核验", {"verify_result": "confirmed"})
    do(new_page, "qian.wei", "签发", {"completion_result": "sign"})
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
