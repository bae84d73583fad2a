"""Every template with sample values, in both languages: sound HTML, nothing inline, nothing unescaped."""

import re
from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from api import rendering
from api.pages import casework
from engine.views import DiagramView
from tests.functional.pages.sample_views import DRAFT, NOTICES, PAGES

LOCALES = ("zh", "en")


def drawn(name: str, locale: str = "zh") -> tuple[str, Any]:
    template, values = PAGES[name]
    text = rendering.draw(template, locale, **values)
    return text, html.fromstring(text)


def test_every_page_has_samples() -> None:
    shared = {"layout.html", "portal.html", "desk.html", "parts.html", "forms.html", "casework.html", "hands.html"}
    shared |= {"around.html", "items.html", "grant_rows.html"}
    templates = {path.name for path in rendering.TEMPLATES.glob("*.html")} - shared
    assert templates == {template for template, _ in PAGES.values()}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_inline_style_or_script(name: str, locale: str) -> None:
    _, page = drawn(name, locale)
    assert page.xpath("//style | //script[not(@src)]") == []
    inline = [a for e in page.iter("*") for a in e.attrib if a == "style" or a.startswith("on")]
    assert inline == []
    outside = page.xpath("//@src | //link/@href | //form/@action")
    assert [address for address in outside if not address.startswith("/")] == []


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_what_points_at_them_finds_them(name: str) -> None:
    _, page = drawn(name)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    pointers = page.xpath("//@for") + page.xpath("//@form")
    for attribute in ("aria-labelledby", "aria-describedby"):
        pointers += [word for value in page.xpath(f"//@{attribute}") for word in value.split()]
    pointers += [href[1:] for href in page.xpath("//a/@href") if href.startswith("#")]
    assert set(pointers) <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_every_field_has_a_label_and_every_page_one_heading(name: str) -> None:
    _, page = drawn(name)
    assert len(page.xpath("//h1")) == 1
    labelled = set(page.xpath("//label/@for"))
    fields = page.xpath("//input[not(@type='hidden')] | //select | //textarea")
    assert [f.get("id") for f in fields if f.get("id") not in labelled and not f.get("aria-label")] == []


@pytest.mark.parametrize("name", [n for n, (t, _) in PAGES.items() if t in ("task.html", "case.html", "inbox.html")])
def test_every_change_from_the_desk_carries_the_token_of_the_session(name: str) -> None:
    _, page = drawn(name)
    forms = page.xpath("//form[@method='post']")
    assert forms
    assert all(form.xpath(".//input[@name='csrf' and @value='token']") for form in forms)


def test_what_people_type_is_text_and_never_markup() -> None:
    text, page = drawn("apply-errors")
    assert page.xpath("//input[@id='field-applicant_name']/@value") == ["<b>李明</b>"]
    assert "<b>李明" not in text


def test_errors_stand_at_the_top_with_links_to_their_fields() -> None:
    _, page = drawn("apply-errors")
    links = page.xpath("//*[@id='faults']//a")
    assert [a.get("href") for a in links] == ["#field-applicant_type", "#field-dataset"]
    wrong = page.xpath("//*[@id='field-dataset']")[0]
    assert wrong.get("aria-invalid") == "true"
    said_by = page.xpath(f"//*[@id='{wrong.get('aria-describedby').split()[-1]}']")[0]
    assert said_by.text_content() == "需要什么数据至少 2 个字"
    assert wrong.get("value") == "停"


def test_a_letter_that_waits_for_a_person_is_not_said_to_be_on_its_way() -> None:
    _, page = drawn("service")
    states = {
        card.xpath(".//h2/text()")[0]: card.xpath(".//header/span/text()")[0]
        for card in page.xpath("//section[header/span]")
    }
    assert states["当面"] == "待办理"


def test_the_line_under_a_draft_begins_with_words() -> None:
    values = PAGES["case"][1]
    text = rendering.draw("case.html", "zh", **values | {"file": replace(values["file"], notices=(DRAFT,))})
    found = html.fromstring(text).xpath("//ul[@class='papers']//span[@class='small muted']")
    lines = [line.text_content().strip() for line in found]
    assert lines
    assert [line for line in lines if line.startswith("·")] == []


def test_what_is_read_out_for_a_translation_begins_with_what_is_seen() -> None:
    paper = replace(NOTICES[0], translation="ready")
    values = PAGES["case"][1]
    text = rendering.draw("case.html", "zh", **values | {"file": replace(values["file"], notices=(paper,))})
    (link,) = html.fromstring(text).xpath("//a[@hreflang='en' and contains(@href, '/translation')]")
    assert link.get("aria-label").startswith(link.text)


def test_a_light_is_more_than_a_colour() -> None:
    _, page = drawn("inbox")
    lamps = page.xpath("//*[contains(@class, 'lamp')]")
    assert lamps
    assert all(lamp.text_content().strip() for lamp in lamps)


def test_the_legal_limit_and_an_internal_target_look_different() -> None:
    _, page = drawn("inbox")
    row = page.xpath("//tr[.//a[contains(., '实时泊位')]]")[0]
    assert row.xpath(".//time/text()") == ["5月6日 周三"]
    assert row.xpath(".//*[@class='target']/text()") == ["内部时限 4月29日 周三"]


def test_the_days_of_a_counted_date_are_shown_one_by_one() -> None:
    _, page = drawn("submitted")
    cells = {c.xpath("./b/text()")[0]: c.get("class") for c in page.xpath("//table[@class='sheet-of-days']//td")}
    assert cells["21"] == "start"
    assert cells["30"] == "counted"
    assert cells["5"] == "rolled rest"
    assert cells["6"] == "due"
    assert "2026-05-06（周三）期限届满" in page.text_content()


def test_a_blocked_task_says_which_rule_blocks_it_and_offers_no_form() -> None:
    _, page = drawn("task-blocked")
    assert "拟定答复的人，不能自己签发。" in page.xpath("//*[@id='blocked']")[0].text_content()
    assert page.xpath("//form[contains(@action, '/complete')]") == []


def test_a_conflict_shows_the_other_change() -> None:
    _, page = drawn("task-conflict")
    told = page.xpath("//*[@id='conflict']")[0].text_content()
    assert "您打开后，该任务已有变动" in told
    assert "核对申请" in told


def test_folded_fields_say_when_they_matter() -> None:
    _, page = drawn("task")
    holder = page.xpath("//*[@id='field-holder']/ancestor::*[@data-when]")[0]
    assert holder.get("data-when") == '[{"data_exists": ["yes"], "data_held": ["outside"]}]'


def test_a_diagram_that_cannot_be_drawn_leaves_the_rest_of_the_page() -> None:
    drawing = casework.drawing(DiagramView("试办", "p", b"<definitions/>", {}, {}), "zh")
    template, values = PAGES["case"]
    page = html.fromstring(rendering.draw(template, "zh", **values | {"diagrams": [drawing]}))
    assert "不是可读取的 BPMN 2.0 文件" in page.text_content()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_english_speaks_english(name: str) -> None:
    """The words of our own; the sample data speak Chinese."""
    _, page = drawn(name, "en")
    assert page.get("lang") == "en"
    frame = page.xpath("//nav[@class='nav'] | //footer | //label[@for='search'] | //thead")
    assert frame
    for element in frame:
        assert not re.search("[\u4e00-\u9fff]", element.text_content()), element.text_content()
