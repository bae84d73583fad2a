"""Cases that stop, on pages: whoever acts is told, the desk sees where it stands, an operator gets it going, sees no value."""

import pytest
from fastapi.testclient import TestClient

from tests import stopped
from tests.functional.pages.browsing import hidden, page, send, told
from tests.household import AGENCY, Household
from tests.stopped import SECRET

APPLY = "/apply/trial"
KEPT = "您提交的内容已经收到并妥善保存。后续步骤由工作人员处理，办理期限不受影响。"


@pytest.fixture
def administrator(household: Household) -> TestClient:
    return household.browser_of("administrator")


def words(browser: TestClient, address: str) -> str:
    return " ".join(page(browser.get(address)).text_content().split())


def test_who_completes_a_task_is_told_where_the_case_has_stopped(household: Household) -> None:
    stopped.deploy(household)
    stopped.file(household)
    browser, task = household.browser_of("handler"), f"/desk/tasks/{household.task('handler')}"
    send(browser, "/desk?view=queue", f"{task}/claim")
    answer = send(browser, task, f"{task}/complete", amount="许多")
    assert answer.headers["location"].endswith("?said=kept")
    told_there = words(browser, answer.headers["location"])
    assert "您的办理已经保存。" in told_there
    assert "流程在“s”处停下，系统管理员正在处理" in told_there
    assert "停滞" in told_there, "the diagram and its legend say so too"
    english = words(browser, answer.headers["location"] + "&lang=en")
    assert "Your work has been kept." in english
    assert "The process has stopped at “s”; the administrator is seeing to it" in english


def test_a_stopped_case_is_lost_neither_in_the_inbox_nor_on_the_board(household: Household) -> None:
    stopped.stop(household)
    assert "有 1 件流程停下，系统管理员正在处理" in words(household.browser_of("handler"), "/desk")
    assert "停下" not in words(household.browser_of("stranger"), "/desk")
    board = household.browser_of("supervisor")
    assert "s（停滞）" in words(board, "/board?view=on_time")
    assert "s (stopped)" in words(board, "/board?view=on_time&lang=en")


def test_an_applicant_is_told_in_plain_words(household: Household) -> None:
    stopped.deploy(household, stopped.AT_FILING)
    browser = household.browser()
    filed = page(send(browser, APPLY, agency=AGENCY), 201)
    assert [line.text for line in filed.xpath("//p[@class='said']")] == [KEPT]
    assert "停" not in words(browser, "/track/case")


def test_an_applicant_whose_message_stops_the_process_is_told_that_it_has_arrived(household: Household) -> None:
    stopped.deploy(household)
    browser = household.browser()
    send(browser, APPLY, agency=AGENCY)
    answer = send(browser, "/track/case/note")
    assert answer.headers["location"] == "/track/case?said=kept"
    assert KEPT in words(browser, answer.headers["location"])


def test_an_operator_corrects_the_data_and_tries_again(household: Household, administrator: TestClient) -> None:
    address = f"/admin/incidents/{stopped.stop(household)}"
    (link,) = page(administrator.get("/admin")).xpath("//a[@class='matter' and contains(@href, 'incidents')]/@href")
    assert link == address
    seen = words(administrator, address)
    assert "流程在“s”处停下" in seen
    assert "表达式无法计算" in seen
    assert "停滞" in seen
    again = send(administrator, address, f"{address}/retry", reason="试一试")
    assert again.headers["location"] == f"{address}?said=stopped"
    assert "已经执行，但流程又停下了" in words(administrator, again.headers["location"])
    assert "已尝试2 次" in words(administrator, address)
    form = f"{address}?field=amount"
    assert send(administrator, form, f"{address}/correct", value="3", reason="已核实").headers["location"] == (
        f"{address}?said=correct"
    )
    done = send(administrator, address, f"{address}/retry", reason="已更正")
    assert done.headers["location"] == "/admin?said=retry"
    assert "已经重试。" in words(administrator, "/admin?said=retry")
    assert household.task("handler")
    assert "已处理" in words(administrator, address)
    assert page(administrator.get(address)).xpath("//form[starts-with(@action, '/admin/')]") == []


TYPED = (  # field, type of its input, what does not fit, what fits
    ("total", "number", "三", "3"),
    ("day", "date", "2026-02-30", "2026-04-21"),
    ("kept", "radio", "也许", "true"),
    ("parts", "", "[1", "[1, 2]"),
)


def test_a_value_is_typed_by_its_kind(household: Household, administrator: TestClient) -> None:
    address = f"/admin/incidents/{stopped.stop(household)}"
    for field, kind, wrong, right in TYPED:
        form = f"{address}?field={field}"
        types = {entry.get("type", "") for entry in page(administrator.get(form)).xpath("//*[@name='value']")}
        assert types == {kind}
        refused = page(send(administrator, form, f"{address}/correct", value=wrong, reason="更正"), 422)
        assert told(refused)[0].startswith(f"字段“{field}”应填写")
        assert send(administrator, form, f"{address}/correct", value=right, reason="更正").status_code == 303


def test_every_act_needs_a_reason(household: Household, administrator: TestClient) -> None:
    address = f"/admin/incidents/{stopped.stop(household)}"
    for verb in ("retry", "move", "cancel"):
        refused = page(send(administrator, address, f"{address}/{verb}", reason=" "), 422)
        assert told(refused) == ["请填写理由（不超过500字），理由将留痕。"]
        assert refused.xpath(f"//input[@id='reason-{verb}']/@aria-invalid") == ["true"]
    assert "已尝试1 次" in words(administrator, address)


def test_an_operator_moves_a_token_by_the_titles_of_steps(household: Household, administrator: TestClient) -> None:
    address = f"/admin/incidents/{stopped.stop(household)}"
    choices = page(administrator.get(address)).xpath("//select[@id='move-to']//option")
    (count,) = [choice.get("value") for choice in choices if choice.text == "count · 人工办理"]
    token = stopped.incident(household).token
    last = page(send(administrator, address, f"{address}/cancel", token=token, reason="不再需要"), 409)
    assert "请改为移到结束节点" in last.get_element_by_id("conflict").text_content()
    assert last.get_element_by_id("reason-cancel").get("value") == "不再需要"
    stale = hidden(page(administrator.get(address)), f"{address}/move") | {"to": count, "reason": "请重新填写"}
    moved = send(administrator, address, f"{address}/move", to=count, reason="请重新填写")
    assert moved.headers["location"] == "/admin?said=move"
    assert household.task("handler")
    conflict = page(administrator.post(f"{address}/move", data=stale), 409)
    assert "该异常已经处理完毕" in conflict.get_element_by_id("conflict").text_content()


def test_the_same_page_sent_twice_does_it_once(household: Household, administrator: TestClient) -> None:
    address = f"/admin/incidents/{stopped.stop(household)}"
    fields = hidden(page(administrator.get(address)), f"{address}/retry") | {"reason": "试一试"}
    answers = [administrator.post(f"{address}/retry", data=fields).headers["location"] for _ in range(2)]
    assert answers == [f"{address}?said=stopped"] * 2
    assert "已尝试2 次" in words(administrator, address)


def test_no_page_of_an_operator_shows_what_somebody_wrote_or_which_case_it_is(
    household: Household, administrator: TestClient
) -> None:
    address = f"/admin/incidents/{stopped.stop(household)}"
    (case,) = household.program_of("handler").get("/api/v1/cases").json()["items"]
    pages = [
        administrator.get("/admin"),
        administrator.get(address),
        administrator.get(f"{address}?field=amount"),
        send(administrator, address, f"{address}/retry", reason=""),
    ]
    for hit in (SECRET, "欧阳", "13912345678", case["reference"]):
        assert [answer.url for answer in pages if hit in answer.text] == []
