"""Who approves a paper, as programs and pages show it: for the office whose paper it is, and for nobody else."""

from typing import Any

import pytest
from sqlmodel import col, select

from engine import process
from engine.models import Notice
from notices import service
from tests.functional.pages.browsing import follow, only_task, page, send
from tests.household import ASSESSMENT, REPLY, Household

OPINION = "第二段的日期已经核对。"


@pytest.fixture
def filed(small_household: Household) -> dict[str, Any]:
    """A request whose reply has been reviewed and waits for its signature."""
    case = small_household.file()
    small_household.work()
    small_household.complete("handler", intake_action="proceed")
    small_household.complete("handler", **ASSESSMENT)
    small_household.complete("reviewer", confidentiality_opinion="agree")
    small_household.complete("handler", **REPLY)
    small_household.complete("head", review_result="approve", review_remarks=OPINION)
    return case


def of_task(household: Household) -> dict[str, Any]:
    program = household.program_of("leader")
    return dict(program.get(f"/api/v1/tasks/{household.task('leader')}").json())


def test_a_task_says_which_paper_it_approves_who_did_and_who_is_next(
    small_household: Household, filed: dict[str, Any]
) -> None:
    task = of_task(small_household)
    assert [(step["step"], step["state"], step["person"]) for step in task["approvals"]] == [
        ("draft", "passed", "handler"),
        ("review", "passed", "head"),
        ("sign", "now", ""),
    ]
    assert task["approvals"][1]["opinion"] == OPINION
    program = small_household.program_of("handler")
    chain = program.get(f"/api/v1/notices/{task['draft_notice']['id']}/approvals")
    assert chain.json() == task["approvals"]
    sheet = program.get(f"/api/v1/notices/{task['draft_notice']['id']}/manuscript")
    assert sheet.content.startswith(b"%PDF-")


def test_nobody_outside_the_office_reads_who_thought_what(small_household: Household, filed: dict[str, Any]) -> None:
    notice = of_task(small_household)["draft_notice"]["id"]
    for login in ("stranger", "bureau", "supervisor", "foreign_supervisor", "administrator", "auditor"):
        program = small_household.program_of(login)
        for what in ("approvals", "manuscript", "draft"):
            assert program.get(f"/api/v1/notices/{notice}/{what}").status_code == 404, (login, what)
    for login, sees in (("handler", True), ("bureau", False), ("supervisor", False)):
        file = small_household.program_of(login).get(f"/api/v1/cases/{filed['reference']}")
        assert (OPINION in file.text) == sees, login
    applicant = small_household.follower(filed)
    assert applicant.get(f"/api/v1/notices/{notice}/approvals").status_code == 401
    small_household.complete("leader", sign_result="sign")
    for login in ("bureau", "supervisor"):
        answer = small_household.program_of(login).get(f"/api/v1/notices/{notice}/approvals")
        assert answer.status_code == 404
    status = applicant.get("/api/v1/status")
    assert OPINION not in status.text
    citizen = follow(small_household, filed["reference"], filed["query_code"])
    assert OPINION not in citizen.get("/track/case").text


def test_the_page_of_a_task_shows_the_chain_and_whose_turn_it_is(
    small_household: Household, filed: dict[str, Any]
) -> None:
    browser = small_household.browser_of("leader")
    shown = page(browser.get(only_task(browser)))
    steps = ["".join(step.text_content().split()) for step in shown.xpath("//ol[contains(@class, 'chain')]/li")]
    said = ("拟稿已拟稿", "核稿已通过", "签发正在办理")
    assert [step.startswith(words) for step, words in zip(steps, said, strict=True)] == [True] * 3
    assert OPINION in steps[1]
    file = page(browser.get(f"/desk/cases/{filed['reference']}"))
    assert "审批流程：开放需求申请答复书" in " ".join(file.text_content().split())


def test_what_was_typed_stays_when_the_paper_cannot_be_issued(
    small_household: Household, filed: dict[str, Any]
) -> None:
    with small_household.database.unit_of_work() as uow:
        notice = uow.session.exec(select(Notice).where(col(Notice.name) == "reply")).one()
        run = process.lock(uow, notice.case_id)
        said = run.key.open_value(notice.facts, service.FACTS + notice.id)
        changed = {**said, "reasons": "该数据属于第十八条第一款所列情形。"}
        notice.facts = run.key.seal_value(changed, service.FACTS + notice.id)
        uow.add(notice)
    browser = small_household.browser_of("leader")
    task = only_task(browser)
    assert send(browser, "/desk?view=queue", f"{task}/claim").status_code == 303
    answer = send(browser, task, f"{task}/complete", sign_result="sign", sign_remarks="同意发出。")
    shown = page(answer, 409)
    assert "与审批通过的稿件不一致" in shown.get_element_by_id("conflict").text_content()
    assert "同意发出。" in shown.xpath("//textarea[@name='sign_remarks']")[0].text
