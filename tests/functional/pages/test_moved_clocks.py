"""Clocks moved on the case page: forms for those in charge, the sentence of the rule where it forbids, nothing typed is lost."""

import pytest

from tests import stopped
from tests.functional.pages.browsing import hidden, page, send, told
from tests.household import PDF, Household
from tests.moving_clocks import FILES, WHY

FORBIDDEN = "《贵阳市政府数据共享开放条例》第二十一条第一款规定的答复期限"


@pytest.fixture
def case(small_household: Household) -> str:
    stopped.deploy(small_household, FILES)
    return f"/desk/cases/{stopped.file(small_household)['reference']}"


def words(answer: object) -> str:
    return " ".join(page(answer).text_content().split())  # type: ignore[arg-type]


def test_a_head_of_unit_suspends_and_resumes_a_clock(small_household: Household, case: str) -> None:
    browser = small_household.browser_of("head")
    answer = send(browser, case, f"{case}/deadlines/handling/suspend", reason=WHY)
    assert answer.headers["location"] == f"{case}?said=suspend"
    shown = words(browser.get(answer.headers["location"]))
    assert "已经中止计时。" in shown
    assert f"{WHY} · head" in shown
    answer = send(browser, case, f"{case}/deadlines/handling/resume", reason="鉴定完毕")
    assert "已经恢复计时。" in words(browser.get(answer.headers["location"]))
    english = words(browser.get(case + "?lang=en"))
    assert "clock suspended" in english
    assert "clock resumed" in english


def test_what_the_law_forbids_is_said_where_the_form_would_be(small_household: Household, case: str) -> None:
    browser = small_household.browser_of("leader")
    shown = words(browser.get(case))
    for forbidden in ("不得中止计时。", "不得延长。", "不得重新起算。"):
        assert FORBIDDEN + forbidden in shown
    assert "under Art. 21(1) of the Regulation" in words(browser.get(case + "?lang=en"))
    forms = page(browser.get(case + "?lang=zh")).xpath("//form[contains(@action, '/deadlines/')]/@action")
    assert forms == [f"{case}/deadlines/handling/{act}" for act in ("suspend", "extend", "restart")]
    form = hidden(page(browser.get(case)), f"{case}/deadlines/handling/suspend") | {"reason": WHY}
    forced = page(browser.post(f"{case}/deadlines/reply/suspend", data=form), 409)
    assert FORBIDDEN + "不得中止计时。" in " ".join(forced.get_element_by_id("conflict").text_content().split())


def test_who_is_not_in_charge_sees_no_forms(small_household: Household, case: str) -> None:
    for login in ("handler", "supervisor"):
        answer = small_household.browser_of(login).get(case)
        if answer.status_code == 200:
            assert "变更期限" not in words(answer)


@pytest.mark.parametrize(
    ("act", "form", "fault"),
    [
        ("suspend", {"reason": "  "}, "请填写理由（不超过500字），理由将留痕。"),
        ("extend", {"reason": WHY, "days": "many"}, "请填写延长的天数，应为 1 至 3660 之间的整数。"),
        ("extend", {"reason": WHY, "days": "-1"}, "请填写延长的天数，应为 1 至 3660 之间的整数。"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(
    small_household: Household, case: str, act: str, form: dict[str, str], fault: str
) -> None:
    browser = small_household.browser_of("head")
    again = page(send(browser, case, f"{case}/deadlines/handling/{act}", **form), 422)
    assert told(again) == [fault]
    for name, typed in form.items():
        field = again.xpath(f"//details[@open]//input[@name='{name}']")[0]
        assert field.get("value") == typed.strip()


def test_a_reason_that_is_too_long_comes_back_whole(small_household: Household, case: str) -> None:
    browser, long = small_household.browser_of("head"), "长" * 700
    again = page(send(browser, case, f"{case}/deadlines/handling/suspend", reason=long), 422)
    assert again.xpath("//details[@open]//input[@name='reason']")[0].get("value") == long


def test_who_comes_second_is_told_so_and_keeps_their_words(small_household: Household, case: str) -> None:
    head, leader = small_household.browser_of("head"), small_household.browser_of("leader")
    address = f"{case}/deadlines/handling/suspend"
    looked = hidden(page(leader.get(case)), address)
    send(head, case, address, reason=WHY)
    second = page(leader.post(address, data=looked | {"reason": "另有理由"}), 409)
    shown = " ".join(second.text_content().split())
    assert "本流程设定的办理期限已经中止计时。" in shown
    assert "您填写的理由：另有理由" in shown


def test_the_page_sent_twice_has_one_effect(small_household: Household, case: str) -> None:
    browser, address = small_household.browser_of("head"), f"{case}/deadlines/handling/extend"
    form = hidden(page(browser.get(case)), address) | {"reason": WHY, "days": "2"}
    for _ in range(2):
        assert browser.post(address, data=form).status_code == 303
    assert "延长 2 日，期限共 12 日。" in words(browser.get(case))
    other = browser.post(address, data=form | {"days": "1"})
    assert "本页面已经提交过" in refusal(other)


def refusal(answer: object) -> str:
    return " ".join(page(answer, 422).text_content().split())  # type: ignore[arg-type]


def test_a_file_is_kept_as_evidence_and_a_wrong_one_is_refused(small_household: Household, case: str) -> None:
    browser = small_household.browser_of("head")
    address = f"{case}/deadlines/handling/suspend"
    form = hidden(page(browser.get(case)), address) | {"reason": WHY}
    wrong = browser.post(address, data=form, files={"_attachments": ("a.pdf", b"no pdf")})
    assert "附件“a.pdf”的内容与文件类型不符。" in refusal(wrong)
    right = browser.post(address, data=form, files={"_attachments": ("a.pdf", PDF)})
    assert right.status_code == 303
    link = page(browser.get(case)).xpath("//a[text()='依据']/@href")[0]
    assert browser.get(link).content == PDF


def test_an_act_that_nobody_knows_is_no_page(small_household: Household, case: str) -> None:
    browser = small_household.browser_of("head")
    form = hidden(page(browser.get(case)), f"{case}/deadlines/handling/suspend") | {"reason": WHY}
    for act, status in (("handling/melt", 422), ("nothing/suspend", 404)):
        assert browser.post(f"{case}/deadlines/{act}", data=form).status_code == status, act
