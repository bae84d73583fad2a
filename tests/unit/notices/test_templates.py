"""What authors of notices can write, and what they are told when they cannot."""

from typing import Any

import pytest

from notices import templates
from notices.body import Callout, Particulars, Table, Text, read, tidy
from notices.paper import FieldTooLong, TemplateFaulty, check_size
from tests.papers import paper


def _composed(template: str, **facts: Any) -> tuple[Any, ...]:
    return templates.compose(paper(template, facts=facts))


def test_facts_are_known_by_their_names() -> None:
    template = "<p>{{ item.name }}，{{ facts.item.name }}，{{ number }}，{{ organisation }}，{{ addressee }}</p>"
    assert _composed(template, item={"name": "泊位"}) == (
        Text("p", "泊位，泊位，筑交数复〔2026〕18号，贵阳市交通委员会，王䶮先生"),
    )


def test_a_fact_may_bear_the_name_of_a_method() -> None:
    assert _composed("<p>{{ row.items }}{{ row.keys }}</p>", row={"items": "一", "keys": "二"}) == (Text("p", "一二"),)
    assert _composed("{% for k, v in row.items() %}<p>{{ k }}{{ v }}</p>{% endfor %}", row={"a": 1}) == (
        Text("p", "a1"),
    )


def test_a_fact_cannot_take_the_place_of_the_number() -> None:
    assert _composed("<p>{{ number }}</p>", number="假") == (Text("p", "筑交数复〔2026〕18号"),)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("'2026-05-06'|date_zh", "2026年5月6日"),
        ("'2026-05-05T20:00:00+00:00'|date_zh", "2026年5月6日"),
        ("issued_on|date_zh", "2026年11月18日"),
        ("'2026-05-06'|weekday_zh", "星期三"),
        ("'2026-05-06'|date_en", "6 May 2026"),
        ("1|numeral_zh ~ 10|numeral_zh ~ 12|numeral_zh ~ 20|numeral_zh ~ 99|numeral_zh", "一十十二二十九十九"),
    ],
)
def test_dates_and_numerals_are_written_as_in_documents(expression: str, shown: str) -> None:
    assert _composed(f"<p>{{{{ {expression} }}}}</p>") == (Text("p", shown),)


@pytest.mark.parametrize(
    "expression", ["'soon'|date_zh", "3|date_zh", "none|weekday_zh", "0|numeral_zh", "100|numeral_zh"]
)
def test_what_is_no_date_or_numeral_is_refused(expression: str) -> None:
    with pytest.raises(TemplateFaulty):
        _composed(f"<p>{{{{ {expression} }}}}</p>")


def test_the_lines_of_a_text_become_paragraphs_or_lines() -> None:
    text = "一\r\n\r\n 二 \n<三>"
    assert _composed("{{ t|paragraphs }}", t=text) == (Text("p", "一"), Text("p", "二"), Text("p", "<三>"))
    assert _composed("<p>{{ t|br }}</p>", t=text) == (Text("p", "一\n二\n<三>"),)


def test_an_english_paper_has_narrow_quotes_and_leaves_those_within_chinese_alone() -> None:
    markup = '<p>the people’s court, “{{ dataset }}” and “text”</p><annex title="“A”"><p>甲</p></annex>'
    blocks = templates.compose(paper(markup, facts={"dataset": "按“原文”办"}, lang="en"))
    assert blocks[0] == Text("p", 'the people\'s court, "按“原文”办" and "text"')
    assert blocks[1].title == '"A"'
    assert templates.compose(paper("<p>“甲”</p>")) == (Text("p", "“甲”"),)


def test_a_slip_is_a_draft_until_it_has_its_day() -> None:
    assert paper("<p>一</p>", form="slip", number=None, issued_on=None).draft
    assert not paper("<p>一</p>", form="slip", number=None).draft


def test_an_unknown_name_is_told_by_name() -> None:
    with pytest.raises(TemplateFaulty, match="'dataset' is undefined"):
        _composed("<p>{{ dataset }}</p>")


def test_a_syntax_error_is_told_with_its_line() -> None:
    with pytest.raises(TemplateFaulty, match="line 2"):
        _composed("<p>一</p>\n{% for %}")


def test_a_template_can_repeat_itself_with_macros() -> None:
    template = (
        "{% set n = namespace(i=0) %}"
        "{% macro head(t) %}{% set n.i = n.i + 1 %}<h2>{{ n.i|numeral_zh }}、{{ t }}</h2>{% endmacro %}"
        "{{ head('甲') }}{{ head('乙<') }}"
    )
    assert _composed(template) == (Text("h2", "一、甲"), Text("h2", "二、乙<"))


def test_tables_and_particulars_are_read() -> None:
    assert read("<table><thead><tr><th>甲<th>乙</table>".replace("<th>乙", "</th><th>乙</th></tr></thead>")) == (
        Table(("甲", "乙"), ()),
    )
    assert read("<table><tr><td>1</td></tr><tr><td>2</td><td>3</td></tr></table>") == (
        Table((), (("1", ""), ("2", "3"))),
    )
    assert read("<dl><dt>格式</dt><dd>JSON</dd></dl>") == (Particulars((("格式", "JSON"),)),)
    assert read("<aside><h2>一</h2><p>二</p><p>三</p></aside>") == (Callout("一", ("二", "三")),)


@pytest.mark.parametrize("markup", ["<dl><dt>甲</dt></dl>", "<table></table>", "<dl></dl>", "<table><tr></tr></table>"])
def test_half_a_table_is_refused(markup: str) -> None:
    with pytest.raises(TemplateFaulty):
        read(markup)


def test_white_space_of_the_source_is_not_shown() -> None:
    assert tidy("\n  你好，\n  世界 a\n b \v c ") == "你好，世界 a b\nc"
    assert tidy("王 某") == "王 某"


def test_a_field_counts_in_bytes_wherever_it_is() -> None:
    check_size(paper(facts={"a": ["国" * 3413]}))
    with pytest.raises(FieldTooLong) as refusal:
        check_size(paper(facts={"a": [{"b": "国" * 3414}]}))
    assert refusal.value.data["field"] == "a.b"
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]
    check_size(paper(facts={"deep": nested}))
