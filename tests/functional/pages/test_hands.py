"""Handing on, standing in and recusal over HTTP: what the pages offer, refuse and keep."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from engine import clock
from engine.access import SYSTEM
from engine.models import Absence, Person
from tests.functional.pages.browsing import apply, hidden, only_task, page, send, told
from tests.household import Household


@pytest.fixture
def task(household: Household) -> str:
    """The address of the task of a case that waits to be checked."""
    apply(household.browser())
    household.work()
    return only_task(household.browser_of("handler"))


def id_of(household: Household, login: str) -> str:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(Person.id).where(col(Person.login) == login)).one()


def claim(browser: TestClient, task: str) -> None:
    assert send(browser, "/desk?view=queue", f"{task}/claim").status_code == 303


def absent(household: Household, login: str, substitute: str) -> None:
    today = clock.day_of(clock.wall())
    days = {"since": today.isoformat(), "until": (today + timedelta(2)).isoformat()}
    answer = send(
        household.browser_of(login),
        "/desk/absences",
        substitute=id_of(household, substitute),
        reason="travel",
        **days,
    )
    assert answer.headers["location"] == "/desk/absences?said=entered", answer.text


def test_a_task_is_handed_to_a_colleague_who_gives_it_back_with_a_remark(household: Household, task: str) -> None:
    owner, helper = household.browser_of("handler"), household.browser_of("colleague")
    claim(owner, task)
    person = id_of(household, "colleague")
    answer = send(owner, task, f"{task}/delegate", person=person, reason="请先核对目录")
    assert answer.headers["location"] == f"{task}?said=delegated"
    shown = page(owner.get(task))
    assert "已转交colleague协办" in shown.get_element_by_id("blocked").text_content()
    assert shown.xpath("//form[contains(@action, '/complete')]") == []
    assert "已转交colleague协办" in page(owner.get("/desk")).text_content()
    work = page(helper.get(task))
    assert work.xpath("//form[contains(@action, '/complete')]") == []
    assert "请先核对目录" in work.get_element_by_id("hands").text_content()
    answer = send(helper, task, f"{task}/return", intake_action="proceed", _remark="已核对")
    assert answer.headers["location"] == "/desk?said=returned"
    back = page(owner.get(task))
    assert back.xpath("//input[@name='intake_action'][@value='proceed']/@checked")
    assert "已核对" in back.get_element_by_id("hands").text_content()
    assert send(owner, task, f"{task}/complete", intake_action="proceed").status_code == 303


def test_what_was_typed_stays_when_handing_on_is_refused(household: Household, task: str) -> None:
    owner = household.browser_of("handler")
    claim(owner, task)
    for person, reason, sentence in (
        (id_of(household, "stranger"), "请<b>协办", "接收人应当是任务所属机构中担任同一角色的在职人员。"),
        (id_of(household, "colleague"), "", "请填写理由"),
    ):
        shown = page(send(owner, task, f"{task}/delegate", person=person, reason=reason), 422)
        assert sentence in told(shown)[0]
        assert shown.xpath("//details[@id='act-delegate']/@open")
        assert shown.get_element_by_id("delegate-reason").text_content().strip() == reason
    assert shown.xpath("//select[@id='delegate-person']/option[@selected]/text()") == ["colleague"]
    (anchor,) = shown.xpath("//*[@id='faults']//a/@href")
    assert shown.xpath(f"//*[@id='{anchor[1:]}']")


def test_a_head_gives_many_tasks_to_somebody_else_and_hears_of_each_that_was_refused(household: Household) -> None:
    for dataset in ("公交线路", "停车泊位", "路网信息"):
        apply(household.browser(), dataset=dataset)
    household.work()
    handler, head = household.browser_of("handler"), household.browser_of("head")
    inbox = page(head.get("/desk?view=unit"))
    tasks = inbox.xpath("//input[@name='task']/@value")
    assert len(tasks) == 3
    claim(handler, f"/desk/tasks/{tasks[0]}")
    fields = hidden(inbox, "/desk/reassign")
    none_picked = head.post("/desk/reassign", data=fields | {"person": "queue", "reason": "调整"})
    assert told(page(none_picked, 422)) == ["请先勾选要改派的任务。"]
    colleague = id_of(household, "colleague")
    asked = fields | {"person": colleague, "reason": "工作调整", "task": tasks}
    assert head.post("/desk/reassign", data=asked).headers["location"] == "/desk?view=unit&said=reassigned"
    again = head.post("/desk/reassign", data=asked | {"task": [*tasks, "nothing"]})
    shown = page(again, 409)
    assert len(told(shown)) == 4
    assert all("该任务已经在colleague" in line for line in told(shown)[:3])
    assert shown.xpath("//input[@name='task'][@checked]/@value") == shown.xpath("//input[@name='task']/@value")
    assert shown.get_element_by_id("handing-reason").text_content() == "工作调整"
    mixed = head.post(
        "/desk/reassign", data=fields | {"person": "queue", "reason": "退回", "task": [*tasks, "nothing"]}
    )
    assert "其中3项任务已改派。" in page(mixed, 404).text_content()
    assert len(page(handler.get("/desk?view=queue")).xpath("//a[@class='matter']")) == 3
    assert page(handler.get("/desk?view=unit")).xpath("//input[@name='task']") == []


def test_a_substitute_finds_the_tasks_of_the_absent_among_their_own(household: Household, task: str) -> None:
    claim(household.browser_of("handler"), task)
    absent(household, "handler", "head")
    head = household.browser_of("head")
    inbox = page(head.get("/desk"))
    assert "您正在代handler办理" in inbox.get_element_by_id("stands-in").text_content()
    assert inbox.xpath("//td[@class='what']//span[@class='tag blue']/text()") == ["代handler"]
    shown = page(head.get(task))
    assert "代缺勤的handler办理" in shown.get_element_by_id("in-place-of").text_content()
    assert send(head, task, f"{task}/complete", intake_action="proceed").status_code == 303
    program = household.program_of("head").get("/api/v1/tasks?view=done").json()["items"]
    assert [row["in_place_of"] for row in program] == ["handler"]


def test_an_absence_is_entered_once_seen_by_the_head_and_ended_early(household: Household) -> None:
    browser = household.browser_of("handler")
    form = page(browser.get("/desk/absences"))
    assert form.xpath("//select[@id='person']") == []  # heads nobody
    today = clock.day_of(clock.wall())
    asked = hidden(form, "/desk/absences") | {
        "substitute": id_of(household, "colleague"),
        "since": today.isoformat(),
        "until": today.isoformat(),
        "reason": "leave",
    }
    for _ in range(2):  # a double click
        assert browser.post("/desk/absences", data=asked).status_code == 303
    with household.database.reading(SYSTEM) as reading:
        assert len(reading.session.exec(select(Absence)).all()) == 1
    shown = page(household.browser_of("head").get("/desk/absences"))
    assert shown.xpath("//tbody//span[@class='strong']/text()") == ["handler"]
    (end,) = shown.xpath("//form[contains(@action, '/end')]/@action")
    stranger = household.browser_of("stranger")
    assert page(stranger.get("/desk/absences")).xpath("//tbody//tr") == []
    assert stranger.post(end, data=hidden(page(stranger.get("/desk")), "/sign-out")).status_code == 404
    assert send(household.browser_of("head"), "/desk/absences", end).headers["location"].endswith("said=ended")
    assert page(browser.get("/desk/absences")).xpath("//tbody//tr") == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"substitute": ""}, "substitute"),
        ({"substitute": "nobody"}, "substitute"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": ""}, "until"),
        ({"since": "昨天"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"reason": "病假"}, "reason"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_at_its_field(
    household: Household, changed: dict[str, str], field: str
) -> None:
    browser, today = household.browser_of("handler"), clock.day_of(clock.wall()).isoformat()
    good = {"substitute": id_of(household, "colleague"), "since": today, "until": today, "reason": "leave"}
    shown = page(send(browser, "/desk/absences", **(good | changed)), 422)
    assert shown.xpath("//*[@id='faults']//a/@href") == [f"#{field}"]
    assert shown.xpath(f"//*[@id='{field}']")


def test_a_circle_of_absences_raises_an_alarm_for_the_head(household: Household, task: str) -> None:
    absent(household, "handler", "colleague")
    absent(household, "colleague", "handler")
    shown = page(household.browser_of("head").get("/desk/absences"))
    alarms = [e.text_content() for e in shown.xpath("//*[@role='alert']//h2")]
    assert sorted(alarms) == [
        "colleague目前无人代办：指定的代办人也缺勤，或者已不在岗。",
        "handler目前无人代办：指定的代办人也缺勤，或者已不在岗。",
    ]


def test_recusal_on_the_page_is_decided_lifted_and_shown(household: Household, task: str) -> None:
    handler, head = household.browser_of("handler"), household.browser_of("head")
    claim(handler, task)
    answer = send(handler, task, f"{task}/recuse", reason="申请人是亲属")
    assert answer.headers["location"] == f"{task}?said=recused"
    shown = page(handler.get(task))
    assert "handler已对本件回避" in shown.get_element_by_id("blocked").text_content()
    assert shown.xpath("//form[contains(@action, '/claim')]") == []
    again = handler.post(f"{task}/recuse", data=hidden(shown, "/sign-out") | {"reason": "再次"})
    assert told(page(again, 409)) == ["handler已经对本件回避。"]
    (lift,) = page(head.get(task)).xpath("//form[contains(@action, '/lift/')]/@action")
    assert told(page(send(head, task, lift, reason=" "), 422)) == ["请填写理由（不超过500字），理由将留痕。"]
    assert send(head, task, lift, reason="核实无关").headers["location"] == f"{task}?said=lifted"
    decided = send(head, task, f"{task}/exclude", person=id_of(household, "colleague"), reason="曾任职")
    assert decided.headers["location"] == f"{task}?said=recused"
    text = page(head.get(task)).get_element_by_id("hands").text_content()
    assert "申请人是亲属" in text
    assert "解除理由：核实无关" in text
    assert "曾任职" in text
    claim(handler, task)


def test_kin_are_declared_read_by_nobody_else_and_taken_back(household: Household, task: str) -> None:
    handler, head = household.browser_of("handler"), household.browser_of("head")
    claim(handler, task)
    assert send(handler, "/desk/kin", name="王䶮", relation="in_law").headers["location"] == "/desk/kin?said=declared"
    household.work()
    assert "王䶮" in page(handler.get("/desk/kin")).text_content()
    assert "王䶮" not in page(head.get("/desk/kin")).text_content()
    assert "同名" in page(handler.get(task)).get_element_by_id("blocked").text_content()
    twice = page(send(handler, "/desk/kin", name="王 䶮", relation="spouse"), 409)
    assert told(twice) == ["您已经申报过这个姓名。"]
    assert twice.get_element_by_id("name").get("value") == "王 䶮"
    cleared = send(head, task, f"{task}/clear-name", person=id_of(household, "handler"), reason="证件号码不同")
    assert cleared.headers["location"] == f"{task}?said=cleared"
    claim(handler, task)
    (withdraw,) = page(handler.get("/desk/kin")).xpath("//form[contains(@action, '/withdraw')]/@action")
    assert send(handler, "/desk/kin", withdraw).headers["location"] == "/desk/kin?said=withdrawn"
    assert handler.post(withdraw, data=hidden(page(handler.get("/desk")), "/sign-out")).status_code == 404


def test_programs_hand_on_many_tasks_once_and_hear_what_became_of_each(household: Household) -> None:
    references = [household.file(dataset=f"数据集{number}")["reference"] for number in range(2)]
    household.work()
    head, handler = household.program_of("head"), household.program_of("handler")
    listed = head.get("/api/v1/tasks?view=unit").json()["items"]
    assert sorted(row["reference"] for row in listed) == sorted(references)
    asked = {
        "tasks": [*(row["id"] for row in listed), "nothing"],
        "person": id_of(household, "handler"),
        "reason": "分派",
    }
    answers = [
        head.post("/api/v1/tasks/reassign", json=asked, headers={"Idempotency-Key": "one"}).json()["results"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert [row["done"] for row in answers[0]] == [True, True, False]
    assert answers[0][2]["problem"] == "urn:duban:problem:task-not-found"
    task = listed[0]["id"]
    hands = handler.get(f"/api/v1/tasks/{task}/hands").json()
    assert (hands["may_delegate"], [c["name"] for c in hands["colleagues"]]) == (True, ["colleague"])
    delegation = {"person": hands["colleagues"][0]["id"], "reason": "协办"}
    done = handler.post(f"/api/v1/tasks/{task}/delegate", json=delegation).json()
    assert (done["state"], done["mine"]) == ("open", False)
    helper = household.program_of("colleague")
    assert helper.get(f"/api/v1/tasks/{task}").json()["may_prepare"] is True
    refused = helper.post(f"/api/v1/tasks/{task}/complete", json={"form": {"intake_action": "proceed"}})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:duban:problem:task-is-prepared")
    assert helper.post(f"/api/v1/tasks/{task}/return", json={}).json()["mine"] is False
    assert handler.post(f"/api/v1/tasks/{task}/recall", json={"reason": "收回"}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"tasks": [], "person": None, "reason": "x"}, {"tasks": ["x"] * 201, "person": None, "reason": "x"}, []],
)
def test_a_bulk_request_that_makes_no_sense_is_refused_as_a_whole(household: Household, body: object) -> None:
    assert household.program_of("head").post("/api/v1/tasks/reassign", json=body).status_code == 422
