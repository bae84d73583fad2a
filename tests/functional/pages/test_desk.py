"""The desk over HTTP: inbox, claiming, drafts, completing, conflicts, and what is kept from whom."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import AuditEvent, Notice
from tests.functional.pages.browsing import apply, do, hidden, only_task, page, send, told
from tests.household import Household


@pytest.fixture
def case(household: Household) -> str:
    """The reference of a case that waits to be checked."""
    reference, _ = apply(household.browser())
    household.work()
    return reference


def claimed(household: Household, login: str = "handler") -> tuple[TestClient, str]:
    """A browser and the address of the task that somebody has just claimed."""
    browser = household.browser_of(login)
    task = only_task(browser)
    assert send(browser, "/desk?view=queue", f"{task}/claim").headers["location"] == f"{task}?said=claimed"
    return browser, task


@pytest.mark.parametrize("address", ["/desk", "/desk/search", "/desk/tasks/x", "/desk/cases/x", "/board", "/admin"])
def test_who_is_not_signed_in_is_led_to_the_door_and_back(household: Household, address: str) -> None:
    browser = household.browser()
    door = browser.get(address).headers["location"]
    assert door.startswith("/sign-in?next=")
    inside = send(browser, door, "/sign-in", login="supervisor", password="mi-ma-12345")
    assert inside.headers["location"] == address


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""])
def test_signing_in_never_leads_to_another_site(household: Household, elsewhere: str) -> None:
    credentials = {"login": "handler", "password": "mi-ma-12345", "next": elsewhere}
    assert household.browser().post("/sign-in", data=credentials).headers["location"] == "/desk"


def test_everybody_begins_where_they_work(household: Household) -> None:
    for login, home in (("handler", "/desk"), ("supervisor", "/board"), ("administrator", "/admin")):
        answer = household.browser().post("/sign-in", data={"login": login, "password": "mi-ma-12345"})
        assert answer.headers["location"] == home


def test_a_wrong_password_is_answered_in_words_and_kept_out_of_the_page(household: Household) -> None:
    answer = household.browser().post("/sign-in", data={"login": "handler", "password": "geheim-123"})
    assert "用户名或密码不正确。" in page(answer, 401).text_content()
    assert "geheim-123" not in answer.text


def test_signing_out_ends_the_session(household: Household) -> None:
    browser = household.browser_of("handler")
    kept = browser.cookies["duban_session"]
    assert send(browser, "/desk", "/sign-out").headers["location"] == "/sign-in"
    browser.cookies.set("duban_session", kept)
    assert browser.get("/desk").status_code == 303


def test_numbers_over_the_inbox_open_the_lists_that_they_count(household: Household, case: str) -> None:
    apply(household.browser(), dataset="公交线路与站点")
    claimed_by_colleague = household.browser_of("colleague")
    task = page(claimed_by_colleague.get("/desk?view=queue")).xpath("//a[@class='matter']/@href")[0]
    send(claimed_by_colleague, "/desk?view=queue", f"{task}/claim")
    browser = household.browser_of("handler")
    inbox = page(browser.get("/desk"))
    for link in inbox.xpath("//nav[@class='tally']/a"):
        listed = page(browser.get(link.get("href"))).xpath("//a[@class='matter']")
        assert len(listed) == int(link.xpath("./b/text()")[0])
    for tab in inbox.xpath("//nav[@class='tabs']/a[span]"):
        listed = page(browser.get(tab.get("href"))).xpath("//a[@class='matter']")
        assert len(listed) == int(tab.xpath("./span/text()")[0])


def test_the_inbox_is_searched_by_subject_and_number(household: Household, case: str) -> None:
    apply(household.browser(), dataset="公交线路与站点")
    browser = household.browser_of("handler")

    def found(**query: str) -> list[str]:
        return page(browser.get("/desk", params={"view": "all", **query})).xpath("//a[@class='matter']/text()")

    assert found(search="线路") == ["公交线路与站点"]
    assert found(search=case) == ["贵阳市公共停车场实时泊位数据"]
    assert found(search="轮渡") == []
    assert found(search="%_'\"\\;\x00--") == []
    assert len(found(process="open_data_request")) == 2
    assert found(process="complaint") == []


@pytest.mark.parametrize("query", ["view=nonsense", "light=purple", "after=%21", "search=" + "x" * 400])
def test_a_made_up_parameter_is_refused_and_nothing_breaks(household: Household, query: str) -> None:
    assert page(household.browser_of("handler").get(f"/desk?{query}"), 422) is not None


def test_pages_of_a_list_follow_each_other_without_gaps(household: Household) -> None:
    for number in range(27):
        household.file(dataset=f"数据集{number:02d}")
    browser = household.browser_of("handler")
    first = page(browser.get("/desk?view=queue"))
    (link,) = first.xpath("//nav[@class='small']/a/@href")
    second = page(browser.get(link))
    subjects = [*first.xpath("//a[@class='matter']/text()"), *second.xpath("//a[@class='matter']/text()")]
    assert len(subjects) == len(set(subjects)) == 27
    assert second.xpath("//nav[@class='small']/a") == []


def test_several_tasks_are_claimed_at_once_and_what_is_taken_stays_taken(household: Household, case: str) -> None:
    apply(household.browser(), dataset="公交线路与站点")
    browser = household.browser_of("handler")
    inbox = page(browser.get("/desk?view=queue"))
    ids = inbox.xpath("//input[@name='task']/@value")
    assert len(ids) == 2
    other = household.browser_of("colleague")
    send(other, "/desk?view=queue", f"/desk/tasks/{ids[0]}/claim")
    answer = browser.post("/desk/claim", data=hidden(inbox, "/desk/claim") | {"task": ids})
    assert answer.headers["location"] == "/desk?view=mine&said=claimed-some"
    mine = page(browser.get("/desk?view=mine")).xpath("//a[@class='matter']/@href")
    assert mine == [f"/desk/tasks/{ids[1]}"]


def test_a_task_says_what_is_missing_and_keeps_what_was_typed(household: Household, case: str) -> None:
    browser, task = claimed(household)
    shown = page(send(browser, task, f"{task}/complete", intake_action="supplement"), 422)
    assert told(shown)
    assert shown.xpath("//input[@name='intake_action' and @checked]/@value") == ["supplement"]


def test_a_draft_is_kept_for_who_typed_it_and_survives_being_put_back(household: Household, case: str) -> None:
    browser, task = claimed(household)
    saved = browser.post(
        f"{task}/draft",
        data=hidden(page(browser.get(task)), f"{task}/complete") | {"intake_action": "refer", "refer_reason": "草稿"},
        headers={"X-Requested-With": "desk"},
    )
    assert saved.status_code == 204
    assert page(browser.get(task)).get_element_by_id("field-refer_reason").text == "草稿"
    filled = hidden(page(browser.get(task)), f"{task}/complete") | {"intake_action": "refer", "refer_reason": "第二稿"}
    assert browser.post(f"{task}/release", data=filled).headers["location"] == "/desk?said=released"
    colleague, again = claimed(household, "colleague")
    assert page(colleague.get(again)).get_element_by_id("field-refer_reason").text == "第二稿"


def test_a_task_done_twice_shows_what_happened_and_what_was_typed(household: Household, case: str) -> None:
    browser, task = claimed(household)
    filled = hidden(page(browser.get(task)), f"{task}/complete") | {"intake_action": "proceed"}
    assert browser.post(f"{task}/complete", data=filled).headers["location"] == "/desk?said=completed"
    shown = page(browser.post(f"{task}/complete", data=filled), 409)
    conflict = shown.get_element_by_id("conflict").text_content()
    assert "该任务已经结束：已经办结。" in conflict
    assert "核对申请内容" in conflict
    assert "可以办理" in conflict


def test_a_task_of_a_withdrawn_case_cannot_be_completed(household: Household) -> None:
    citizen = household.browser()
    apply(citizen)
    household.work()
    browser, task = claimed(household)
    filled = hidden(page(browser.get(task)), f"{task}/complete") | {"intake_action": "proceed"}
    send(citizen, "/track/case/withdraw")
    household.work()
    shown = page(browser.post(f"{task}/complete", data=filled), 409)
    assert "案件已撤回" in shown.get_element_by_id("conflict").text_content()


def test_an_older_page_does_not_overwrite_a_newer_state(household: Household, case: str) -> None:
    browser, task = claimed(household)
    old = hidden(page(browser.get(task)), f"{task}/complete")
    send(browser, task, f"{task}/release")
    send(browser, "/desk?view=queue", f"{task}/claim")
    shown = page(browser.post(f"{task}/complete", data=old | {"intake_action": "proceed"}), 412)
    assert "该任务已有变动" in shown.get_element_by_id("conflict").text_content()
    assert shown.xpath("//input[@name='intake_action' and @checked]/@value") == ["proceed"]


def test_who_drafts_does_not_sign_and_is_told_which_rule_says_so(household: Household, case: str) -> None:
    do(household, "handler", intake_action="supplement", defects="请写明时间范围。")
    with household.database.unit_of_work(SYSTEM) as uow:
        from engine import directory

        agency = directory.organisation(uow, "gy-jtw")
        directory.grant_role(uow, directory.person(uow, "handler").id, agency.id, "unit_head")
    browser = household.browser_of("handler")
    task = only_task(browser)
    shown = page(browser.get(task))
    assert "提出补正、分案或者转办的人，不能自己审核。" in shown.get_element_by_id("blocked").text_content()
    forced = browser.post(f"{task}/claim", data={"csrf": hidden(shown, "/sign-out")["csrf"]})
    assert "提出补正、分案或者转办的人，不能自己审核。" in page(forced, 403).text_content()


def test_what_belongs_to_another_agency_does_not_exist(household: Household, case: str) -> None:
    task = only_task(household.browser_of("handler"))
    stranger = household.browser_of("stranger")
    csrf = hidden(page(stranger.get("/desk")), "/sign-out")
    for address in (task, f"/desk/cases/{case}"):
        assert page(stranger.get(address), 404) is not None
    for act in ("claim", "release", "draft", "complete", "unmask"):
        assert stranger.post(f"{task}/{act}", data=csrf | {"reason": "x"}).status_code == 404
    assert stranger.post(f"/desk/cases/{case}/unmask", data=csrf | {"reason": "x"}).status_code == 404


def test_a_change_without_the_session_token_is_refused(household: Household, case: str) -> None:
    browser, task = claimed(household)
    for act in ("claim", "release", "draft", "complete", "unmask"):
        assert browser.post(f"{task}/{act}", data={"intake_action": "proceed"}).status_code == 403
    assert only_task(browser, "mine") == task


def test_an_applicant_is_masked_until_somebody_gives_a_reason(household: Household, case: str) -> None:
    browser, task = claimed(household)
    address = f"/desk/cases/{case}"
    for masked in (browser.get(address), browser.get(task), browser.get("/desk?view=mine")):
        assert "王䶮" not in masked.text
        assert "13800000001" not in masked.text
    refused = page(send(browser, address, f"{address}/unmask", reason="  "), 422)
    assert told(refused) == ["请填写理由（不超过500字），理由将留痕。"]
    shown = send(browser, address, f"{address}/unmask", reason="核对联系电话")
    assert "王䶮" in shown.text
    assert "13800000001" in shown.text
    with household.database.reading(SYSTEM) as reading:
        looked = reading.session.exec(select(AuditEvent).where(AuditEvent.name == "party.unmasked")).all()
    assert [event.detail["reason"] for event in looked] == ["核对联系电话"]


def test_a_case_is_found_by_search_and_shows_its_clock_and_way(household: Household, case: str) -> None:
    browser = household.browser_of("handler")
    (found,) = page(browser.get("/desk/search", params={"search": "停车"})).xpath("//a[@class='matter']/@href")
    assert found == f"/desk/cases/{case}"
    shown = page(browser.get(found))
    assert "第二十一条第一款" in shown.xpath("//section[contains(@class, 'clock')]")[0].text_content()
    assert shown.xpath("//*[local-name()='svg' and contains(@class, 'bpmn')]")
    assert page(browser.get("/desk/search?status=closed")).xpath("//a[@class='matter']") == []


def test_papers_and_files_are_handed_out_as_downloads(household: Household, case: str) -> None:
    do(household, "handler", intake_action="supplement", defects="请写明时间范围。")
    do(household, "head", intake_approval="approve")
    household.work()
    browser = household.browser_of("handler")
    (address,) = page(browser.get(f"/desk/cases/{case}")).xpath("//a[contains(@href, '/pdf')]/@href")
    paper = browser.get(address)
    assert paper.content.startswith(b"%PDF-")
    assert paper.headers["content-disposition"].startswith("attachment;")
    assert household.browser_of("stranger").get(address).status_code == 404


def test_who_is_signed_in_keeps_the_menu_of_the_desk_when_something_is_not_found(household: Household) -> None:
    handler, visitor = household.browser_of("handler"), household.browser()
    for address in ("/desk/cases/KF-2026-999999", "/desk/nothing", "/board"):
        lost = page(handler.get(address), 403 if address == "/board" else 404)
        assert lost.xpath("//header//a[@href='/desk']")
        assert lost.xpath("//header//form[@action='/sign-out']")
    for browser in (handler, visitor):
        assert page(browser.get("/catalogue/nothing"), 404).xpath("//header//a[@href='/track']")


def test_a_paper_with_the_query_code_is_offered_to_nobody_but_its_party(household: Household, case: str) -> None:
    with household.database.reading(SYSTEM) as reading:
        receipt = reading.session.exec(select(Notice)).one().id
    browser = household.browser_of("handler")
    task = browser.get(only_task(browser))
    for shown in (page(browser.get(f"/desk/cases/{case}")), page(task)):
        assert "载有查询码，只交当事人" in shown.text_content()
        addresses = [*shown.xpath("//@href"), *shown.xpath("//@src"), *shown.xpath("//@action")]
        assert receipt not in str(addresses)
    assert browser.get(f"/desk/notices/{receipt}/pdf").status_code == 403


def test_those_who_answer_for_others_see_the_board_and_nobody_else(household: Household, case: str) -> None:
    for login in ("supervisor", "head", "leader"):
        board = page(household.browser_of(login).get("/board"))
        assert [b.text for b in board.xpath("//nav[contains(@class, 'tally')]/a/b")] == ["0"] * 5
        assert page(household.browser_of(login).get("/board?view=on_time")).xpath("//a[@class='matter']")
    assert page(household.browser_of("handler").get("/board"), 403) is not None
    assert page(household.browser_of("administrator").get("/board"), 403) is not None


def test_each_number_of_the_board_opens_its_list(household: Household, case: str) -> None:
    browser = household.browser_of("supervisor")
    for link in page(browser.get("/board")).xpath("//nav[contains(@class, 'tally')]/a"):
        listed = page(browser.get(link.get("href"))).xpath("//a[@class='matter']")
        assert len(listed) == int(link.xpath("./b/text()")[0])


def test_an_administrator_sees_the_processes_and_no_case(household: Household, case: str) -> None:
    browser = household.browser_of("administrator")
    overview = page(browser.get("/admin"))
    assert "开放需求申请" in overview.text_content()
    assert case not in overview.text_content()
    assert page(browser.get("/desk?view=all")).xpath("//a[@class='matter']") == []
    assert page(browser.get(f"/desk/cases/{case}"), 404) is not None
    assert page(household.browser_of("handler").get("/admin"), 403) is not None


def test_an_incident_is_settled_by_an_administrator_only(household: Household) -> None:
    from engine import incidents

    with household.database.unit_of_work(SYSTEM) as uow:
        incidents.open_incident(uow, "job.failed", "邮件没有送出。")
    browser = household.browser_of("administrator")
    (incident,) = page(browser.get("/admin")).xpath("//a[contains(@href, '/admin/incidents/')]/@href")
    csrf = hidden(page(household.browser_of("handler").get("/desk")), "/sign-out")
    assert household.browser_of("handler").post(f"{incident}/resolve", data=csrf).status_code == 403
    settled = send(browser, incident, f"{incident}/resolve", reason="已电话告知")
    assert settled.headers["location"] == "/admin?said=resolve"
    assert "没有待处理的异常。" in page(browser.get("/admin")).text_content()


def test_an_auditor_changes_nothing(household: Household, case: str) -> None:
    browser = household.browser_of("auditor")
    csrf = hidden(page(browser.get("/desk")), "/sign-out")
    answer = browser.post("/desk/claim", data=csrf | {"task": "x"})
    assert answer.headers["location"] == "/desk?view=mine&said=claimed-some"
    assert page(browser.get("/desk?view=all")).xpath("//a[@class='matter']") == []
