"""Pages of papers as pictures: beside the form that decides on a draft, on the page of a case, and as samples."""

import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import col, select

from engine.access import SYSTEM
from engine.models import Notice
from notices import render
from tests.functional.pages.browsing import page
from tests.household import ASSESSMENT, REPLY, Household

DRAFTED = [
    ("handler", {"intake_action": "proceed"}),
    ("handler", ASSESSMENT),
    ("reviewer", {"confidentiality_opinion": "agree"}),
    ("handler", REPLY),
]


@pytest.fixture
def reviewed(household: Household) -> Household:
    """The answer was drafted; the draft waits for the head of the unit."""
    household.file()
    household.work()
    for login, answers in DRAFTED:
        household.complete(login, **answers)
    return household


def notice_id(household: Household, state: str) -> str:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(Notice.id).where(col(Notice.state) == state)).first() or ""


def pictures(shown: object) -> list[tuple[str, str]]:
    return [(image.get("src"), image.get("alt")) for image in shown.xpath("//*[@class='leaves']//img")]  # type: ignore[attr-defined]


def size(browser: TestClient, address: str) -> tuple[int, int]:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content)).size


def test_who_decides_on_a_draft_sees_its_pages_beside_the_form(reviewed: Household) -> None:
    browser = reviewed.browser_of("head")
    shown = pictures(page(browser.get(f"/desk/tasks/{reviewed.task('head')}")))
    address = f"/desk/notices/{notice_id(reviewed, 'draft')}/pages"
    assert [source for source, _ in shown] == [f"{address}/{n + 1}.png" for n in range(len(shown))]
    assert shown[0][1] == f"开放需求申请答复书，第1页，共{len(shown)}页"
    width, height = size(browser, shown[0][0])
    assert (width, round(height / width, 2)) == (909, 1.41) or (width, round(height / width, 2)) == (910, 1.41)


def test_a_case_shows_the_pages_of_each_paper(reviewed: Household) -> None:
    browser = reviewed.browser_of("head")
    with reviewed.database.reading(SYSTEM) as reading:
        found = reading.session.exec(select(Notice)).all()
        shown = {notice.id for notice in found if notice.state in {"draft", "issued"} and notice.name != "receipt"}
    reference = page(browser.get(f"/desk/tasks/{reviewed.task('head')}")).xpath("//nav[@class='crumb']/a/@href")[-1]
    sources = [source for source, _ in pictures(page(browser.get(reference)))]
    assert {source.split("/")[3] for source in sources} == shown  # the receipt bears the code of its party
    for source in sources:
        assert size(browser, source)[0] > 900


def test_a_browser_keeps_a_picture_to_itself_and_asks_before_it_shows_it_again(reviewed: Household) -> None:
    browser = reviewed.browser_of("head")
    address = f"/desk/notices/{notice_id(reviewed, 'draft')}/pages/1.png"
    first = browser.get(address)
    assert first.headers["cache-control"] == "private, no-cache"
    again = browser.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    stranger = reviewed.browser_of("stranger")
    assert stranger.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 404


def test_a_draft_is_looked_at_in_its_own_house_alone(reviewed: Household) -> None:
    address = f"/desk/notices/{notice_id(reviewed, 'draft')}/pages/1.png"
    for login in ("bureau", "supervisor", "stranger", "administrator", "auditor"):
        assert reviewed.browser_of(login).get(address).status_code in {403, 404}, login
    assert reviewed.browser().get(address).status_code == 303


@pytest.mark.parametrize("number", ["0", "-1", "99", "99999999999999999999", "x", "1.5", "%00"])
def test_a_page_that_is_not_there_is_told_in_a_sentence(reviewed: Household, number: str) -> None:
    browser = reviewed.browser_of("head")
    answer = browser.get(f"/desk/notices/{notice_id(reviewed, 'draft')}/pages/{number}.png")
    assert answer.status_code in {404, 422}
    assert "第" in answer.text or "没有" in answer.text or "无效" in answer.text or "不" in answer.text


def test_a_page_stands_without_pictures_while_the_viewer_is_busy(
    reviewed: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: bytes) -> int:
        raise render.RenderBusy()

    monkeypatch.setattr(render, "count_pages", busy)
    from notices import pages

    monkeypatch.setattr(pages, "counter", pages.Counter())
    shown = page(reviewed.browser_of("head").get(f"/desk/tasks/{reviewed.task('head')}"))
    assert pictures(shown) == []
    assert shown.xpath("//a[contains(@href, '/draft')]")


def test_an_administrator_sees_every_notice_of_a_process_as_a_sample(household: Household) -> None:
    browser = household.browser_of("administrator")
    shown = page(browser.get("/admin/notices"))
    assert {"开放需求申请答复书", "补正通知书", "开放完成通知书"} <= set(shown.xpath("//section//h2/text()"))
    sources = shown.xpath("//*[contains(@class, 'leaves')]//img/@src")
    assert len(sources) >= 7
    assert size(browser, sources[0])[0] > 900
    assert browser.get(shown.xpath("//a[contains(@href, '.pdf')]/@href")[0]).content.startswith(b"%PDF")
    faces = shown.xpath("//tbody/tr/td[2]/text()")
    assert "FandolFang-Regular.otf" in faces
    assert "DubanRare.otf" in faces
    assert page(browser.get("/admin/notices?process=nobody")) is not None


@pytest.mark.parametrize(
    "address",
    [
        "nobody/reply/zh/1.png",
        "open_data_request/nobody/zh/1.png",
        "open_data_request/reply/fr/1.png",
        "open_data_request/reply/zh/9.png",
        "open_data_request/..%2Freply/zh/1.png",
        "open_data_request/reply/fr.pdf",
    ],
)
def test_a_sample_that_is_not_there_is_told_in_a_sentence(household: Household, address: str) -> None:
    answer = household.browser_of("administrator").get(f"/admin/notices/{address}")
    assert answer.status_code in {404, 422}
    assert household.browser_of("handler").get(f"/admin/notices/{address}").status_code in {403, 404}
