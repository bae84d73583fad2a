"""Filing cases at the desk and out of one another, following their chain, and what recused people are not offered."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, func, select

from engine import clock, definitions, directory
from engine.access import SYSTEM
from engine.models import AuditEvent, Case, CaseLink
from tests.functional.pages.browsing import follow, hidden, only_task, page, send, told
from tests.household import AGENCY, OTHER, REQUEST, Household
from tests.related import OBJECTION, QUARREL, objection, quarrel

NEW, APPLY = f"/desk/new/{QUARREL}", f"/apply/{OBJECTION}"


@pytest.fixture
def filed(household: Household) -> dict[str, Any]:
    """A request; what may come out of it is deployed."""
    with household.database.unit_of_work() as uow:
        definitions.deploy(uow, quarrel())
        definitions.deploy(uow, objection())
    return household.file()


def text(shown: Any, ident: str = "") -> str:
    """What a page (or a part of it) says, in one line."""
    part = shown.get_element_by_id(ident) if ident else shown.xpath("//main")[0]
    return " ".join(part.text_content().split())


def cases_of(household: Household, key: str) -> int:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(func.count()).where(col(Case.process_key) == key)).one()


def test_a_case_is_begun_from_another_and_both_stand_in_one_chain(household: Household, filed: dict[str, Any]) -> None:
    browser, reference = household.browser_of("handler"), filed["reference"]
    (address,) = page(browser.get(f"/desk/cases/{reference}")).xpath("//*[@id='follow-ups']//a/@href")
    assert address == f"{NEW}?from={reference}"
    shown = page(browser.get(address))
    assert f"事项名称{REQUEST['dataset']}" in text(shown)  # taken over, shown, and not asked for
    assert shown.xpath("//*[@id='field-about' or @id='field-source']") == []

    missing = page(send(browser, address), 422)
    assert told(missing) == ["请填写提起的理由"]
    form = hidden(missing, address) | {"grounds": "因履行职责确需使用。"}
    answers = [browser.post(address, data=form) for _ in range(2)]  # the button was pressed twice
    assert {answer.status_code for answer in answers} == {303}
    assert cases_of(household, QUARREL) == 1
    later = page(browser.get(answers[0].headers["location"]))
    assert text(later, "linked").startswith("关联案件查看关联图 共 2 件相互关联，含本件。 来源 申请协调")
    assert "提起机关贵阳市交通委员会" in text(later, "parts")

    chain = page(browser.get(f"/desk/cases/{reference}/chain"))
    assert chain.xpath("//svg[@class='lineage']//text[@class='kind at-middle']/text()") == ["申请协调"]
    assert len(chain.xpath("//*[@id='chain-list']/tbody/tr")) == 2
    told_programs = household.program_of("handler").get(f"/api/v1/cases/{reference}/chain").json()
    assert [case["process_key"] for case in told_programs["cases"]] == ["open_data_request", QUARREL]
    assert told_programs["links"][0]["kind"] == "coordination"


def test_a_program_of_somebody_files_at_their_desk(household: Household, filed: dict[str, Any]) -> None:
    asked = {"process": QUARREL, "form": {"source": filed["reference"], "grounds": "确需使用。"}}
    begun = household.program_of("stranger").post("/api/v1/cases", json=asked)
    assert begun.status_code == 404  # the request is not theirs to go on from
    begun = household.program_of("handler").post("/api/v1/cases", json=asked | {"organisation": AGENCY})
    assert (begun.status_code, begun.json()["query_code"]) == (201, None)
    assert household.program_of("handler").get(begun.headers["location"]).json()["subject"] == REQUEST["dataset"]
    assert household.anyone.post("/api/v1/cases", json=asked).status_code == 404  # the public does not file it


def test_who_sits_in_several_houses_says_for_which(household: Household, filed: dict[str, Any]) -> None:
    with household.database.unit_of_work(SYSTEM) as uow:
        handler, other = directory.person(uow, "handler"), directory.organisation(uow, OTHER)
        directory.grant_role(uow, handler.id, other.id, "case_handler")
    browser, address = household.browser_of("handler"), f"{NEW}?from={filed['reference']}"
    assert page(browser.get(address)).xpath("//select[@id='organisation']/option/@value") == [AGENCY, OTHER]
    done = send(browser, address, grounds="确需使用。", _organisation=OTHER)
    assert "提起机关贵阳市卫生健康局" in text(page(browser.get(done.headers["location"])), "parts")


def test_somebody_who_came_in_person_gets_number_and_code_this_once(
    household: Household, filed: dict[str, Any]
) -> None:
    browser, address = household.browser_of("bureau"), f"/desk/new/{OBJECTION}?from={filed['reference']}"
    assert page(browser.get(address)).xpath("//*[@id='field-code']") == []  # the bureau sees the request
    form = hidden(page(browser.get(address)), address) | {"grounds": "理由不成立。", "person": "李小红"}
    shown = page(browser.post(address, data=form), 201)
    reference = shown.get_element_by_id("reference-shown").text
    code = shown.get_element_by_id("code-shown").text
    again = page(browser.post(address, data=form), 201)
    assert again.get_element_by_id("reference-shown").text == reference
    assert follow(household, reference, code).get("/track/case").status_code == 200
    assert code not in browser.get(f"/desk/cases/{reference}").text
    with household.database.reading(SYSTEM) as reading:
        by = select(AuditEvent.actor).where(col(AuditEvent.name) == "case.filed_for_party")
        assert reading.session.exec(by).one().startswith("person:")


def test_a_party_goes_on_from_its_own_case_without_its_code(household: Household, filed: dict[str, Any]) -> None:
    browser = follow(household, filed["reference"], filed["query_code"])
    (address,) = page(browser.get("/track/case")).xpath("//*[@id='further']//a/@href")
    assert address == f"{APPLY}?from={filed['reference']}"
    shown = page(browser.get(address))
    assert shown.xpath("//*[@id='field-code']") == []
    form = hidden(shown, address) | {"grounds": "理由不成立。", "person": "王䶮"}
    forged = browser.post(address, data=form | {"csrf": "x" * 40})
    assert "请填写原申请查询码" in told(page(forged, 422))  # it came from no page of ours: the code has to prove it
    first = page(browser.post(address, data=form), 201).get_element_by_id("reference-shown").text
    second = page(browser.post(address, data=form), 201).get_element_by_id("reference-shown").text
    assert first == second
    with household.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(CaseLink.kind)).all() == ["review"]


def test_a_wrong_code_for_the_case_before_is_counted(household: Household, filed: dict[str, Any]) -> None:
    browser, address = household.browser(), f"{APPLY}?from={filed['reference']}"
    answers = {"about": "x", "grounds": "理由不成立。", "person": "王䶮", "code": "AAAAA AAAAA AAA"}
    assert page(browser.get(address)).get_element_by_id("field-source").get("value") == filed["reference"]
    said = [send(browser, address, source=filed["reference"], **answers) for _ in range(12)]
    assert [said[0].status_code, said[-1].status_code] == [404, 429]
    assert "编号与查询码不符" in told(page(said[0], 404))[0]
    assert cases_of(household, OBJECTION) == 0


def test_what_the_process_forbids_is_not_offered_and_is_refused(household: Household, filed: dict[str, Any]) -> None:
    browser, address = household.browser_of("handler"), f"{NEW}?from={filed['reference']}"
    form = hidden(page(browser.get(address)), address) | {"grounds": "确需使用。"}
    unknown = page(browser.get(f"{NEW}?from=KF-2026-009999"), 404)
    assert told(unknown) == ["没有找到有争议的申请，或者编号与查询码不符，或者您无权就该件提出。"]
    left = household.follower(filed).post("/api/v1/status/messages/withdraw", json={"form": {"reason": "不需要了。"}})
    assert left.status_code == 200, left.text
    assert "申请已经撤回，不能再提起。" in browser.post(address, data=form).text
    assert page(browser.get(f"/desk/cases/{filed['reference']}")).xpath("//*[@id='follow-ups']") == []


def test_who_comes_to_a_window_to_ask_for_data_is_served_there(household: Household) -> None:
    handler, request = household.browser_of("handler"), "/desk/new/open_data_request"
    assert page(handler.get("/desk/new")).xpath(f"//a[@href='{request}']")
    assert handler.get(request).status_code == 200
    assert household.browser_of("leader").get(request).status_code == 404


def test_what_came_by_post_is_counted_from_the_day_on_which_it_came(household: Household) -> None:
    handler, address = household.browser_of("handler"), "/desk/new/open_data_request"
    today = clock.day_of(clock.wall())
    form = hidden(page(handler.get(address)), address) | REQUEST
    for unusable in ((today + timedelta(days=1)).isoformat(), "昨天"):
        refused = page(handler.post(address, data=form | {"_received_on": unusable}), 422)
        assert refused.xpath("//a[@href='#received']")
    came = today - timedelta(days=3)
    shown = page(handler.post(address, data=form | {"_received_on": came.isoformat()}), 201)
    reference = shown.get_element_by_id("reference-shown").text
    told = household.program_of("handler").get(f"/api/v1/cases/{reference}").json()
    assert clock.day_of(datetime.fromisoformat(told["submitted_at"])) == came
    asked = {"process": "open_data_request", "form": REQUEST, "received_on": came.isoformat()}
    posted = household.anyone.post("/api/v1/cases", json=asked).json()  # whoever files for themselves applies now
    told = household.program_of("handler").get(f"/api/v1/cases/{posted['reference']}").json()
    assert clock.day_of(datetime.fromisoformat(told["submitted_at"])) == today


def test_who_files_nothing_is_told_so(household: Household, filed: dict[str, Any]) -> None:
    assert QUARREL in household.browser_of("handler").get("/desk/new").text
    head = household.browser_of("head")
    assert "您的岗位没有可以提起的事项。" in head.get("/desk/new").text
    assert head.get(NEW).status_code == 404
    assert page(head.get("/desk")).xpath("//a[@href='/desk/new']") == []
    assert page(household.browser_of("handler").get("/desk")).xpath("//a[@href='/desk/new']")


GUARD = """
[[guards]]
part = "claimant"
allow_when = "{}"
text = "本机关不能提起。"
text_en = "Not for this organisation."
"""


def guarded(household: Household, allow_when: str) -> None:
    with household.database.unit_of_work() as uow:
        files = quarrel()
        files["process.toml"] += GUARD.format(allow_when).encode()
        definitions.deploy(uow, files)


def test_whom_the_process_bars_is_offered_nothing_and_told_why(household: Household, filed: dict[str, Any]) -> None:
    guarded(household, "participants.claimant.kind == 'city_data_bureau'")
    browser, case = household.browser_of("handler"), f"/desk/cases/{filed['reference']}"
    assert QUARREL not in browser.get("/desk/new").text
    assert QUARREL in household.browser_of("bureau").get("/desk/new").text
    assert page(browser.get(case)).xpath("//*[@id='follow-ups']//a[contains(@href, 'quarrel')]") == []
    assert "本机关不能提起。" in text(page(browser.get(f"{NEW}?from={filed['reference']}"), 409))
    asked = {"process": QUARREL, "form": {"source": filed["reference"], "grounds": "确需使用。"}}
    refused = household.program_of("handler").post("/api/v1/cases", json=asked)
    assert (refused.status_code, refused.json()["detail"]) == (409, "本机关不能提起。")
    assert cases_of(household, QUARREL) == 0


@pytest.mark.parametrize(("allow_when", "offered"), [("!=", False), ("==", True)])
def test_what_comes_from_the_case_before_decides_what_is_offered(
    household: Household, filed: dict[str, Any], allow_when: str, offered: bool
) -> None:
    guarded(household, f"participants.claimant.code {allow_when} agency")
    browser, case = household.browser_of("handler"), f"/desk/cases/{filed['reference']}"
    assert QUARREL in browser.get("/desk/new").text  # of which case it is to be, is not known yet
    assert bool(page(browser.get(case)).xpath("//*[@id='follow-ups']//a[contains(@href, 'quarrel')]")) is offered
    assert browser.get(f"{NEW}?from={filed['reference']}").status_code == (200 if offered else 409)


def changes(browser: TestClient, address: str) -> set[str]:
    """What a page offers to change, by the last word of the address."""
    sent = page(browser.get(address)).xpath("//main//form[@method='post']/@action")
    return {str(action).rpartition("/")[2] for action in sent}


def test_the_recused_see_no_button_that_would_be_refused(household: Household, filed: dict[str, Any]) -> None:
    household.work()
    head, case = household.browser_of("head"), f"/desk/cases/{filed['reference']}"
    task = only_task(household.browser_of("handler"))
    offered, on_task = changes(head, case), changes(head, task)
    assert {"unmask", "urge"} <= offered
    assert {"unmask", "reassign"} <= on_task
    assert send(head, task, f"{task}/recuse", reason="利害关系").status_code == 303
    assert changes(head, case) == set()
    assert changes(head, task) == {"exclude"}
    assert "已对本件回避" in text(page(head.get(case)), "barred")

    handler = household.browser_of("handler")
    assert send(handler, task, f"{task}/recuse", reason="利害关系").status_code == 303
    assert page(handler.get(case)).xpath("//*[@id='follow-ups']") == []
    assert handler.get(f"{NEW}?from={filed['reference']}").status_code == 403


def test_lists_say_of_which_process_a_line_is_and_filter_by_it(household: Household, filed: dict[str, Any]) -> None:
    browser = household.browser_of("handler")
    assert send(browser, f"{NEW}?from={filed['reference']}", grounds="确需使用。").status_code == 303
    shown = page(browser.get("/desk?view=queue"))
    assert sorted(shown.xpath("//select[@id='process']/option/@value")) == ["", OBJECTION, "open_data_request", QUARREL]
    lines = [" ".join(line.text_content().split()) for line in shown.xpath("//span[@class='below']")]
    assert sorted(line.partition(" ")[0] for line in lines) == ["争议处理", "开放需求申请"]
    only = page(browser.get(f"/desk?view=queue&process={QUARREL}"))
    assert len(only.xpath("//a[@class='matter']")) == 1

    board = household.browser_of("supervisor").get("/board?view=on_time")
    assert page(board).xpath("//*[@id='list']//a[contains(@href, '/chain')]/text()") == ["关联 1 件"]
    apart = household.file(dataset="公交线路数据")["reference"]
    everything = household.browser_of("supervisor").get("/board?view=on_time").text
    linked = household.browser_of("supervisor").get("/board?view=on_time&linked=yes").text
    assert (apart in everything, apart in linked, filed["reference"] in linked) == (True, False, True)
