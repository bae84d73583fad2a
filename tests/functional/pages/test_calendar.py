"""A holiday notice on pages: an administrator sees what it moves and reads no case; leaders decide on printed dates."""

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from engine import calendar_versions, holiday_notices
from engine.access import SYSTEM
from engine.models import Case, Deadline, HolidayNotice, Notice, PrintedCorrection
from tests import holiday_files
from tests.functional.pages.browsing import hidden, page, send, told
from tests.household import REQUEST, Household

CALENDAR, DATES = "/admin/calendar", "/desk/dates"


def due_on(household: Household) -> date:
    with household.database.reading(SYSTEM) as reading:
        day = reading.session.exec(select(Deadline.due_on).where(col(Deadline.name) == "reply")).one()
    assert day is not None
    return day


def text_with(household: Household, *days: date) -> str:
    """A notice that makes the due date (or these days) holidays, for its year."""
    with household.database.reading(SYSTEM) as reading:
        calendar = calendar_versions.current(reading)
    return holiday_files.notice(calendar, days[0].year, *days)


def upload(browser: TestClient, text: str | bytes, name: str = "notice.toml") -> Response:
    csrf = hidden(page(browser.get(CALENDAR)), CALENDAR)
    return browser.post(CALENDAR, data=csrf, files={"_attachments": (name, text, "application/toml")})


def words(browser: TestClient, address: str) -> str:
    return " ".join(page(browser.get(address)).text_content().split())


def waiting(household: Household) -> str:
    """A case of which a printed date would become earlier: first a holiday too many, then the right notice."""
    household.file()
    household.work()
    right = text_with(household, due_on(household))
    with household.database.reading(SYSTEM) as reading:
        known = holiday_files.notice(calendar_versions.current(reading), due_on(household).year)
    for text in (right, known):
        with household.database.unit_of_work() as uow:
            row = holiday_notices.propose(uow, text, "notice.toml")
            holiday_notices.approve(uow, row.id, "公布", read_again=True)
        household.work()
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(PrintedCorrection.id).where(col(PrintedCorrection.state) == "waiting")).one()


def test_an_administrator_looks_approves_and_the_dates_are_corrected(household: Household) -> None:
    filed = household.file()
    household.work()
    before = due_on(household)
    administrator = household.browser_of("administrator")
    answer = upload(administrator, text_with(household, before))
    assert answer.status_code == 303
    address = answer.headers["location"]
    seen = words(administrator, address)
    assert "将有 1 件改期：0 件变为逾期，0 件不再逾期" in seen
    assert "1 case moves, 0 become overdue, 0 cease to be" in words(administrator, f"{address}?lang=en")
    assert administrator.get(f"{address}?lang=zh").status_code == 200
    assert filed["reference"] in seen
    assert REQUEST["dataset"] not in seen, "an administrator reads no case"
    assert due_on(household) == before
    done = send(administrator, address, f"{address}/approve", reason="新年度安排已经公布", read_again="yes")
    assert done.headers["location"] == f"{address}?said=approve"
    household.work()
    assert due_on(household) > before
    assert "生效" in words(administrator, CALENDAR)
    assert "将有 0 件改期" in words(administrator, address)
    with household.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Notice).where(col(Notice.name) == "correction_notice")).one().number


def test_what_is_unusual_is_shown_and_must_be_confirmed(household: Household) -> None:
    administrator = household.browser_of("administrator")
    text = 'year = 2019\nsource = "旧"\n[[holiday]]\nname = "元旦"\nfrom = 2019-01-01\nto = 2019-01-01\n'
    address = upload(administrator, text).headers["location"]
    assert "2019 年已经过去。" in words(administrator, address)
    refused = page(send(administrator, address, f"{address}/approve", reason="公布"), 409)
    assert "请重新核对文件并确认" in refused.get_element_by_id("conflict").text_content()
    assert "公布" in refused.xpath("//*[@id='reason-approve']/@value")
    missing = page(send(administrator, address, f"{address}/approve", read_again="yes", reason=" "), 422)
    assert told(missing) == ["请填写理由（不超过500字），理由将留痕。"]
    assert send(administrator, address, f"{address}/discard", reason="有误").status_code == 303
    assert "已搁置" in words(administrator, CALENDAR)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "year 应为年份"),
        (b"year = 2031", "缺少 source"),
        (b"\xff\xfe", "不是 UTF-8 文本"),
        (b"year = 2031\n" * 2, "不是有效的 TOML 文件"),
        (b'{"year": 2031, "year": 2032}', "不是有效的 JSON 文件"),
        (b"#" * 300_000, "不是有效的 TOML 文件"),
        (b'year = 1\nsource = "x"', "year 应为年份"),
    ],
)
def test_a_file_that_is_no_notice_is_refused_with_a_sentence(household: Household, content: bytes, said: str) -> None:
    administrator = household.browser_of("administrator")
    refused = page(upload(administrator, content), 422)
    assert said in told(refused)[0]
    with household.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(HolidayNotice)).all() == []


def test_without_a_file_the_page_asks_for_one(household: Household) -> None:
    administrator = household.browser_of("administrator")
    csrf = hidden(page(administrator.get(CALENDAR)), CALENDAR)
    assert told(page(administrator.post(CALENDAR, data=csrf), 422)) == ["请选择放假安排文件。"]


def test_the_same_notice_twice_says_that_it_is_in_force(household: Household) -> None:
    household.file()
    administrator = household.browser_of("administrator")
    text = text_with(household, due_on(household))
    address = upload(administrator, text).headers["location"]
    assert upload(administrator, text).headers["location"] == address
    form = {"reason": "公布", "read_again": "yes"}
    tokens = hidden(page(administrator.get(address)), f"{address}/approve")
    for _ in range(2):  # a double click has one effect
        assert administrator.post(f"{address}/approve", data=tokens | form).status_code == 303
    assert "已经生效" in told(page(upload(administrator, text), 409))[0]
    assert administrator.get(f"{CALENDAR}/nothing").status_code == 404


def test_a_supervisor_sees_which_cases_a_proposed_notice_would_move(household: Household) -> None:
    household.file()
    upload(household.browser_of("administrator"), text_with(household, due_on(household)))
    supervisor = household.browser_of("supervisor")
    assert page(supervisor.get("/board")).xpath(f"//nav//a[@href='{DATES}']")
    seen = words(supervisor, DATES)
    assert "将有 1 件改期" in seen
    assert REQUEST["dataset"] in seen
    stranger = household.browser_of("foreign_supervisor")
    assert "将有 0 件改期" in words(stranger, DATES)
    assert REQUEST["dataset"] not in words(stranger, DATES)
    assert not page(household.browser_of("handler").get("/desk")).xpath(f"//nav//a[@href='{DATES}']")


@pytest.mark.parametrize(("login", "verb"), [("leader", "approve"), ("supervisor", "approve"), ("leader", "refuse")])
def test_a_leader_or_supervisor_decides_on_a_printed_date(household: Household, login: str, verb: str) -> None:
    correction, printed = waiting(household), due_on(household)
    browser = household.browser_of(login)
    assert "没有等待您决定的日期" not in words(browser, DATES)
    refused = page(send(browser, DATES, f"{DATES}/{correction}/{verb}", reason=""), 422)
    assert told(refused) == ["请填写理由（不超过500字），理由将留痕。"]
    done = send(browser, DATES, f"{DATES}/{correction}/{verb}", reason="依照公布的安排")
    assert done.headers["location"] == f"{DATES}?said={verb}"
    assert "没有等待您决定的日期" in words(browser, DATES)
    assert (due_on(household) < printed) is (verb == "approve")
    again = browser.post(
        f"{DATES}/{correction}/{verb}", data=hidden(page(browser.get("/desk")), "/sign-out") | {"reason": "再次"}
    )
    assert "已经处理" in page(again, 409).get_element_by_id("conflict").text_content()


def test_an_applicant_sees_the_new_date_and_gets_the_paper_that_names_the_old_one(household: Household) -> None:
    filed = household.file()
    household.work()
    with household.database.unit_of_work() as uow:
        row = holiday_notices.propose(uow, text_with(household, due_on(household)), "notice.toml")
        holiday_notices.approve(uow, row.id, "公布", read_again=True)
    household.work()
    status = household.follower(filed).get("/api/v1/status").json()
    assert status["deadline"]["due_on"] == due_on(household).isoformat()
    assert "期限更正告知书" in [notice["title"] for notice in status["notices"]]
    assert timedelta() < due_on(household) - date.fromisoformat(filed["due_on"]) < timedelta(days=10)


def test_programs_do_the_same(household: Household) -> None:
    filed = household.file()
    household.work()
    administrator, text = household.program_of("administrator"), text_with(household, due_on(household))
    proposed = administrator.post("/api/v1/calendar/notices", json={"text": text}).json()
    assert (proposed["state"], proposed["moved"], proposed["waiting"]) == ("proposed", 1, 0)
    assert [move["reference"] for move in proposed["moves"]] == [filed["reference"]]
    assert "subject" not in proposed["moves"][0]
    address = f"/api/v1/calendar/notices/{proposed['id']}"
    assert administrator.post(f"{address}/approve", json={"reason": "", "read_again": True}).status_code == 422
    approved = administrator.post(f"{address}/approve", json={"reason": "公布", "read_again": True})
    assert approved.json() == {"id": proposed["id"], "state": "in force"}
    assert administrator.post(f"{address}/approve", json={"reason": "公布"}).status_code == 409
    assert administrator.post("/api/v1/calendar/notices", json={"text": text}).status_code == 409
    assert administrator.post("/api/v1/calendar/notices", json={"text": "x"}).json()["type"].endswith("notice-faulty")
    household.work()
    assert administrator.get(address).json()["moved"] == 0
    (known,) = administrator.get("/api/v1/calendar").json()["notices"]
    assert known["state"] == "in force"


def test_programs_decide_on_printed_dates(household: Household) -> None:
    correction = waiting(household)
    leader = household.program_of("leader")
    (row,) = leader.get("/api/v1/calendar/held").json()["items"]
    assert row["id"] == correction
    assert household.program_of("stranger").get("/api/v1/calendar/held").json()["items"] == []
    answer = leader.post(f"/api/v1/calendar/held/{correction}/refuse", json={"reason": "已经告知"})
    assert answer.json() == {"id": correction, "state": "refused"}
    again = leader.post(f"/api/v1/calendar/held/{correction}/approve", json={"reason": "改主意"})
    assert again.status_code == 409
    with household.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Case.late)).one() is False
