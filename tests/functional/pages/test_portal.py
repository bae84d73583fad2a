"""The portal over HTTP, without a script: filing, following, sending, and everything that may go wrong with it."""

import pytest
from sqlmodel import func, select

from engine import definitions
from engine.access import SYSTEM
from engine.models import Case
from engine.settings import ROOT
from tests.functional.pages.browsing import APPLY, NUL, apply, do, follow, hidden, only_task, page, send, told
from tests.household import OTHER, PDF, REQUEST, Household

RARE = "王䶮𬭚"


def cases(household: Household) -> int:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(func.count()).select_from(Case)).one()


def test_the_home_page_says_what_may_be_asked_for_and_how_long_it_takes(household: Household) -> None:
    home = page(household.browser().get("/"))
    assert home.xpath("//a[@class='btn']/@href") == [APPLY]
    assert "自申请之日起 10 日内答复（《贵阳市政府数据共享开放条例》第二十一条第一款）。" in home.text_content()


def test_a_request_gets_number_code_and_date_and_is_followed_at_once(household: Household) -> None:
    browser = household.browser()
    reference, code = apply(browser)
    status = page(browser.get("/track/case"))
    assert reference in status.text_content()
    assert page(follow(household, reference, code.lower().replace(" ", "")).get("/track/case")) is not None


def test_the_form_says_what_is_filed_as_its_process_calls_it(household: Household) -> None:
    with household.database.unit_of_work(SYSTEM) as uow:
        for key in ("complaint", "opinion"):
            definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / key))
    said = {"open_data_request": "提交开放需求申请", "complaint": "提交投诉举报", "opinion": "提交意见"}
    for key, words in said.items():
        (button,) = page(household.browser().get(f"/apply/{key}")).xpath("//main//button[@class='btn']/text()")
        assert button == words
    english = page(household.browser().get("/apply/complaint?lang=en")).xpath("//main//button[@class='btn']/text()")
    assert english == ["Submit the complaint"]


def test_a_double_click_makes_one_case(household: Household) -> None:
    browser = household.browser()
    filled = hidden(page(browser.get(APPLY)), APPLY) | REQUEST
    first, second = browser.post(APPLY, data=filled), browser.post(APPLY, data=filled)
    assert (
        page(first, 201).get_element_by_id("code-shown").text == page(second, 201).get_element_by_id("code-shown").text
    )
    assert cases(household) == 1


def test_the_same_page_with_other_answers_asks_before_it_files_again(household: Household) -> None:
    browser = household.browser()
    filled = hidden(page(browser.get(APPLY)), APPLY) | REQUEST
    browser.post(APPLY, data=filled)
    asked = page(browser.post(APPLY, data=filled | {"dataset": "公交线路"}), 422)
    assert told(asked) == ["这一页已经用其他内容提交过一次。确实要再提交一件的，请再点一次提交。"]
    assert cases(household) == 1
    again = hidden(asked, APPLY) | REQUEST | {"dataset": "公交线路"}
    assert browser.post(APPLY, data=again).status_code == 201
    assert cases(household) == 2


def test_what_is_wrong_is_listed_and_what_was_typed_is_kept(household: Household) -> None:
    answer = send(
        household.browser(), APPLY, **{**REQUEST, "phone": "", "dataset": "停", "applicant_name": "<b>李</b>"}
    )
    form = page(answer, 422)
    assert told(form) == ["联系电话、电子邮箱至少填写一项", "需要什么数据至少 2 个字"]
    assert form.get_element_by_id("field-applicant_name").value == "<b>李</b>"
    assert form.get_element_by_id("field-agency").value == REQUEST["agency"]
    assert cases(household) == 0


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("applicant_name", "字" * 101),
        ("dataset", "停车\x07场"),
        ("dataset", NUL + "停车场"),
        ("description", "字" * 3001),
        ("agency", "no-such-agency"),
        ("applicant_type", "robot"),
        ("no_such_field", "x"),
    ],
)
def test_a_hostile_answer_is_refused_in_words(household: Household, field: str, typed: str) -> None:
    assert told(page(send(household.browser(), APPLY, **{**REQUEST, field: typed}), 422))
    assert cases(household) == 0


def test_a_rare_name_comes_back_as_it_was_typed(household: Household) -> None:
    apply(household.browser(), applicant_name=RARE)
    browser = household.browser_of("handler")
    task = only_task(browser)
    assert RARE not in browser.get(task).text
    assert RARE in send(browser, task, f"{task}/unmask", reason="核对姓名").text


@pytest.mark.parametrize(
    ("name", "content", "status", "sentence"),
    [
        ("说明.pdf", b"MZ\x90\x00 not a pdf", 422, "附件“说明.pdf”的内容与文件类型不符。"),
        ("run.exe", b"MZ\x90\x00", 422, None),
        ("空.pdf", b"", 422, "附件“空.pdf”是空文件。"),
        ("大.pdf", PDF + b"0" * (1024 * 1024), 413, "附件“大.pdf”超过 1 MB。"),
    ],
)
def test_an_attachment_that_cannot_be_taken_is_said_beside_its_field(
    household: Household, name: str, content: bytes, status: int, sentence: str | None
) -> None:
    household.database.settings.max_upload = 1024 * 1024
    browser = household.browser()
    filled = hidden(page(browser.get(APPLY)), APPLY) | REQUEST
    form = page(browser.post(APPLY, data=filled, files={"_attachments": (name, content)}), status)
    assert form.xpath("//*[@id='attachments-fault']/text()") == told(form)
    assert sentence is None or told(form) == [sentence]
    assert cases(household) == 0


def test_too_many_attachments_are_refused(household: Household) -> None:
    browser = household.browser()
    filled = hidden(page(browser.get(APPLY)), APPLY) | REQUEST
    files = [("_attachments", (f"{n}.pdf", PDF)) for n in range(11)]
    assert told(page(browser.post(APPLY, data=filled, files=files), 422)) == ["最多只能上传 10 个附件。"]


def test_an_attachment_can_be_downloaded_by_who_sent_it_and_by_nobody_else(household: Household) -> None:
    browser = household.browser()
    filled = hidden(page(browser.get(APPLY)), APPLY) | REQUEST
    browser.post(APPLY, data=filled, files={"_attachments": ("需求.pdf", PDF)})
    (address,) = page(browser.get("/track/case")).xpath("//ul[@class='papers']//a[contains(@href, 'documents')]/@href")
    mine = browser.get(address)
    assert mine.content == PDF
    assert mine.headers["content-disposition"].startswith("attachment;")
    other = household.browser()
    apply(other)
    assert other.get(address).status_code == 404


def test_a_wrong_number_and_a_wrong_code_are_answered_alike(household: Household) -> None:
    reference, code = apply(household.browser())
    wrong = [{"reference": "KF-2026-999999", "code": code}, {"reference": reference, "code": "A" * 13}]
    answers = [page(household.browser().post("/track", data=data), 404) for data in wrong]
    said = [answer.get_element_by_id("track-fault").text for answer in answers]
    assert said == ["编号与查询码不符，请核对后再试。"] * 2


def test_guessing_codes_is_stopped_and_only_failures_count(household: Household) -> None:
    reference, code = apply(household.browser())
    for _ in range(20):
        follow(household, reference, code)
    answers = [household.browser().post("/track", data={"reference": reference, "code": f"A{n}"}) for n in range(11)]
    assert [a.status_code for a in answers] == [404] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_without_the_code_there_is_nothing_to_see(household: Household) -> None:
    apply(household.browser())
    for address in ("/track/case", "/track/case/withdraw", "/track/notices/x/pdf", "/track/documents/x"):
        answer = household.browser().get(address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/track")


def test_withdrawing_is_asked_once_more_done_once_and_refused_afterwards(household: Household) -> None:
    browser = household.browser()
    apply(browser)
    household.work()
    asked = page(browser.get("/track/case/withdraw"))
    filled = hidden(asked, "/track/case/withdraw") | {"reason": "不再需要"}
    assert browser.post("/track/case/withdraw", data=filled).headers["location"] == "/track/case?said=sent"
    assert browser.post("/track/case/withdraw", data=filled).headers["location"] == "/track/case?said=sent"
    another_page = filled | {"_submission": "one-time-token-of-another-page"}
    assert "本件已经办结。" in page(browser.post("/track/case/withdraw", data=another_page), 409).text_content()
    household.work()
    status = page(browser.get("/track/case"))
    assert "您已经撤回申请" in status.text_content()
    assert status.xpath("//a[@href='/track/case/withdraw']") == []
    refused = page(browser.get("/track/case/withdraw"), 409)
    assert "本件已经办结。" in refused.text_content()


def test_a_supplement_is_offered_when_it_is_asked_for_and_only_then(household: Household) -> None:
    browser = household.browser()
    apply(browser)
    household.work()
    assert "补正" not in page(browser.get("/track/case")).xpath("//aside")[0].text_content()
    assert do(household, "handler", intake_action="supplement", defects="请写明时间范围。").status_code == 303
    assert do(household, "head", intake_approval="approve").status_code == 303
    status = page(browser.get("/track/case"))
    assert status.xpath("//section//a[@class='btn' and @href='/track/case/supplement']")
    assert told(page(send(browser, "/track/case/supplement"), 422)) == ["请填写补正内容"]
    assert send(browser, "/track/case/supplement", content="2025年全年。").status_code == 303
    household.work()
    assert page(browser.get("/track/case")).xpath("//a[@href='/track/case/supplement']") == []


def test_whoever_follows_a_request_opens_the_part_that_was_split_off_with_its_own_code(household: Household) -> None:
    browser = household.browser()
    reference, _ = apply(browser)
    household.work()
    answers = {"split_part": "公交站点客流", "split_to": OTHER, "split_reason": "本机关没有该数据。"}
    assert do(household, "handler", intake_action="split", **answers).status_code == 303
    assert do(household, "head", intake_approval="approve").status_code == 303
    status = page(browser.get("/track/case"))
    offered = hidden(status.get_element_by_id("split-title").getparent().getparent(), "/track")
    assert "公交站点客流" in status.text_content()
    assert offered["reference"] != reference
    assert browser.post("/track", data=offered).headers["location"] == "/track/case"
    part = page(browser.get("/track/case")).text_content()
    assert offered["reference"] in part
    assert "本件是从该件中分出的。" in part
    assert reference in part


def test_a_message_needs_the_token_of_the_session(household: Household) -> None:
    browser = household.browser()
    apply(browser)
    assert page(browser.post("/track/case/withdraw", data={"reason": "x"}), 403) is not None
    assert browser.get("/track/case/withdraw").status_code == 200


def test_another_site_cannot_file_or_sign_in_for_its_visitors(household: Household) -> None:
    browser = household.browser()
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert browser.post(APPLY, data=REQUEST).status_code == 403
    assert browser.post("/sign-in", data={"login": "handler", "password": "x"}).status_code == 403
    assert cases(household) == 0


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/apply/no_such_process", 404),
        ("/apply/%00", 422),
        ("/nowhere", 404),
        ("/track/case/nothing", 404),
        ("/track/notices/none/pdf", 404),
        ("/track/documents/none", 404),
    ],
)
def test_an_error_is_a_page_with_a_sentence_and_a_way_back(household: Household, address: str, status: int) -> None:
    browser = household.browser()
    apply(browser)
    shown = page(browser.get(address), status)
    assert shown.xpath("//h1/text()")
    assert shown.xpath("//main//a[@class='btn second']/@href")
    assert shown.xpath("//link[@rel='stylesheet']")


def test_the_portal_speaks_english_and_remembers_it(household: Household) -> None:
    browser = household.browser()
    assert page(browser.get("/?lang=en")).get("lang") == "en"
    shown = page(browser.get(APPLY))
    assert "Your name and contact are kept encrypted" in shown.text_content()
    assert told(page(send(browser, APPLY, **{**REQUEST, "dataset": "x"}), 422)) != []
    assert page(browser.get("/?lang=zh")).get("lang") == "zh-CN"


def test_leaving_ends_the_session_of_the_case(household: Household) -> None:
    browser = household.browser()
    apply(browser)
    kept = browser.cookies["duban_case"]
    assert send(browser, "/track/case", "/track/leave").headers["location"] == "/track"
    browser.cookies.set("duban_case", kept)
    assert browser.get("/track/case").headers["location"] == "/track"
