"""Forms: what a browser sends becomes values, what is wrong is said beside the field, what is unknown is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.form_lint import TEXT_CAP, untranslated
from engine.forms import Form, FormInvalid, form_faults
from engine.masking import HIDDEN

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "测试申请",
    "description": "只用于测试。",
    "properties": {
        "kind": {
            "type": "string",
            "title": "申请人类型",
            "oneOf": [{"const": "citizen", "title": "公民"}, {"const": "body", "title": "单位"}],
        },
        "name": {"type": "string", "title": "姓名", "maxLength": 20, "x-personal": "name"},
        "phone": {
            "type": "string",
            "title": "电话",
            "maxLength": 20,
            "pattern": r"^\+?[\d -]{5,20}$",
            "x-personal": "phone",
        },
        "email": {
            "type": "string",
            "title": "邮箱",
            "format": "email",
            "x-personal": "email",
            "x-mask": {"page": "show"},
        },
        "facts": {"type": "string", "title": "事实", "minLength": 5, "maxLength": 800},
        "note": {"type": "string", "title": "备注", "x-mask": {"list": "hide"}},
        "days": {"type": "integer", "title": "天数", "minimum": 1, "maximum": 90},
        "ratio": {"type": "number", "title": "比例"},
        "since": {"type": "string", "title": "起始日期", "format": "date"},
        "link": {"type": "string", "title": "网址", "format": "uri"},
        "formats": {
            "type": "array",
            "title": "格式",
            "items": {"enum": ["csv", "json", "xml"]},
            "maxItems": 2,
        },
        "level": {"type": "integer", "title": "级别", "enum": [1, 2, 3]},
        "consent": {"type": "boolean", "title": "本人同意公开答复", "const": True},
        "urgent": {"type": "boolean", "title": "是否紧急？"},
    },
    "required": ["kind", "name", "consent"],
    "additionalProperties": False,
    "anyOf": [{"required": ["phone"]}, {"required": ["email"]}],
    "dependentRequired": {"days": ["since"]},
    "if": {"properties": {"kind": {"const": "body"}}, "required": ["kind"]},
    "then": {"required": ["facts"], "properties": {"name": {"minLength": 4}}},
}
UI: dict[str, Any] = {
    "ui:order": ["kind", "name", "phone", "email", "consent", "*", "note"],
    "ui:options": {"attachments": True},
    "kind": {"ui:widget": "radio"},
    "facts": {"ui:widget": "textarea", "ui:help": "写清时间和地点。", "ui:options": {"rows": 8}},
}
ENGLISH: dict[str, Any] = {
    "title": "Test request",
    "kind": {"title": "Who is asking", "options": {"citizen": "A citizen"}},
    "name": {"title": "Name", "help": "Your full name."},
}
FORM = Form(SCHEMA, UI)
ANSWERS = {"kind": "citizen", "name": "王小明", "phone": "13800136021", "consent": True}


def problems(**changes: Any) -> dict[str, str]:
    """The Chinese sentence for each field of a sound form with these changes; None takes a field away."""
    values = {name: value for name, value in {**ANSWERS, **changes}.items() if value is not None}
    return {problem.field: problem.zh for problem in FORM.problems(values)}


def codes(**changes: Any) -> dict[str, str]:
    return {problem.pointer: problem.code for problem in FORM.problems({**ANSWERS, **changes})}


def test_a_sound_form_passes() -> None:
    FORM.validate(ANSWERS)
    assert form_faults(SCHEMA, UI) == []


def test_texts_of_a_browser_become_values() -> None:
    raw: dict[str, str | list[str]] = {
        "_csrf": "token",
        "kind": "citizen",
        "name": "  王小明\u3000",
        "phone": "１３８００１３６０２１",
        "email": "",
        "facts": "第一行\r\n第二行\r第三行\t完",
        "note": "e\u0301\u200b\ufeff",
        "days": "１０",
        "ratio": "-2.50",
        "since": "２０２６-05-06",
        "formats": ["csv", "", "json"],
        "level": "2",
        "consent": ["false", "on"],
        "urgent": "false",
    }
    assert FORM.coerce(raw) == {
        "kind": "citizen",
        "name": "王小明",
        "phone": "13800136021",
        "facts": "第一行\n第二行\n第三行 完",
        "note": "é",
        "days": 10,
        "ratio": -2.5,
        "since": "2026-05-06",
        "formats": ["csv", "json"],
        "level": 2,
        "consent": True,
        "urgent": False,
    }
    assert FORM.read(raw)["days"] == 10


def test_an_empty_answer_is_an_absent_key() -> None:
    assert FORM.coerce({"name": " \r\n ", "formats": [], "days": "\u200b", "urgent": ""}) == {}


def test_what_makes_no_value_is_said_and_not_lost() -> None:
    values = FORM.coerce(
        {"kind": "citizen", "name": "王", "phone": "110110", "consent": "on", "days": "十", "urgent": "?"}
    )
    assert values["days"] == "十"
    assert [(problem.field, problem.zh) for problem in FORM.problems(values)] == [
        ("days", "天数应填写整数"),
        ("since", "请选择起始日期"),
        ("urgent", "是否紧急只能回答是或者否"),
    ]


def test_the_api_sends_values_and_gets_no_coercion() -> None:
    assert problems(days="10", since="2026-05-06") == {"days": "天数应填写整数"}
    assert problems(urgent="on") == {"urgent": "是否紧急只能回答是或者否"}
    assert problems(name=" ") == {"name": "请填写姓名"}
    assert problems(name="王\r明") == {"name": "姓名含有不能使用的字符（U+000D），请删去后重新填写"}


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"kind": None}, {"kind": "请选择申请人类型"}),
        ({"kind": "alien"}, {"kind": "请从选项中选择申请人类型"}),
        ({"kind": 7}, {"kind": "请从选项中选择申请人类型"}),
        ({"name": None}, {"name": "请填写姓名"}),
        ({"name": ""}, {"name": "请填写姓名"}),
        ({"name": 7}, {"name": "姓名应填写文字"}),
        ({"name": "王" * 21}, {"name": "姓名最多 20 个字，现有 21 个字"}),
        ({"name": "王\n明"}, {"name": "姓名应写在一行以内"}),
        ({"phone": None}, {"phone": "电话、邮箱至少填写一项"}),
        ({"phone": "无"}, {"phone": "电话的格式不正确"}),
        ({"phone": None, "email": "x"}, {"email": "邮箱不是有效的邮箱地址，例如 name@example.com"}),
        ({"facts": "短"}, {"facts": "事实至少 5 个字"}),
        ({"days": 0, "since": "2026-05-06"}, {"days": "天数不能小于 1"}),
        ({"days": 91, "since": "2026-05-06"}, {"days": "天数不能大于 90"}),
        ({"days": 10}, {"since": "请选择起始日期"}),
        ({"days": True, "since": "2026-05-06"}, {"days": "天数应填写整数"}),
        ({"ratio": float("nan")}, {"ratio": "比例应填写数字"}),
        ({"ratio": float("inf")}, {"ratio": "比例应填写数字"}),
        ({"ratio": 10**400}, {"ratio": "比例不能大于 1000000000000"}),
        ({"since": "2026-02-30"}, {"since": "起始日期不是有效的日期，请按 2026-05-06 的格式填写"}),
        ({"link": "javascript:alert(1)"}, {"link": "网址不是有效的网址，应以 http:// 或者 https:// 开头"}),
        ({"formats": []}, {"formats": "请选择格式"}),
        ({"formats": "csv"}, {"formats": "格式应为若干选项"}),
        ({"formats": ["csv", "csv"]}, {"formats": "格式有重复的选项"}),
        ({"formats": ["csv", "exe"]}, {"formats": "请从选项中选择格式"}),
        ({"formats": ["csv", "json", "xml"]}, {"formats": "格式最多选择 2 项"}),
        ({"level": 4}, {"level": "请从选项中选择级别"}),
        ({"consent": None}, {"consent": "请勾选“本人同意公开答复”"}),
        ({"consent": False}, {"consent": "请勾选“本人同意公开答复”"}),
        ({"kind": "body", "name": "市交通委"}, {"facts": "请填写事实"}),
        ({"kind": "body", "facts": "一二三四五"}, {"name": "姓名至少 4 个字"}),
        ({"rank": 1}, {"rank": "表单中没有“rank”这一项"}),
    ],
)
def test_every_mistake_has_one_natural_sentence(changes: dict[str, Any], sentences: dict[str, str]) -> None:
    assert problems(**changes) == sentences


def test_problems_come_in_the_order_of_the_form() -> None:
    assert list(problems(kind=None, name=None, phone=None, consent=None, since="x", zz=1)) == [
        "kind",
        "name",
        "phone",
        "consent",
        "since",
        "zz",
    ]


def test_a_problem_points_into_the_answers() -> None:
    assert codes(formats=["csv", "exe"]) == {"/formats/1": "enum"}
    assert codes(**{"a/b~c": 1}) == {"/a~1b~0c": "unknown"}


def test_the_error_carries_its_problems_and_speaks_both_languages() -> None:
    with pytest.raises(FormInvalid) as refused:
        FORM.localised(ENGLISH).validate({**ANSWERS, "name": "", "kind": "x"})
    error = refused.value
    assert (error.status, error.slug, len(error.problems)) == (422, "form-invalid", 2)
    assert error.sentence("zh") == "还不能提交：请从选项中选择申请人类型（共 2 处需要修改）。"
    assert (
        error.sentence("en")
        == "The form cannot be accepted yet: “Who is asking” must be one of the choices offered (2 in all)."
    )
    assert error.problems[1].sentence("en") == "Please fill in “Name”"


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\ufffe",
        "\U000e0041",
        "\ud800",
        "\u3164",
    ],
)
def test_control_and_invisible_characters_are_refused(character: str) -> None:
    assert codes(name=f"王{character}明") == {"/name": "control"}
    assert codes(formats=[f"csv{character}"]) == {"/formats/0": "enum"}


def test_a_browser_cannot_even_save_a_draft_with_control_characters() -> None:
    for field in ("name", "facts", "formats"):
        with pytest.raises(FormInvalid) as refused:
            FORM.coerce({field: ["csv\x00"] if field == "formats" else "王\x00明"})
        assert [(problem.field, problem.code) for problem in refused.value.problems] == [(field, "control")]


@pytest.mark.parametrize(
    "name", ["王䶮", "王𬭚", "𠮷野", "王\U00031350", "葛\U000e0100洪", "Zoë", "<b>王</b>", "买买提·吐尔逊", "👩‍🔬"]
)
def test_rare_characters_accents_and_html_are_only_text(name: str) -> None:
    assert problems(name=name) == {}
    assert FORM.coerce({"name": name})["name"] == name


@pytest.mark.parametrize(
    "day", ["2026-5-6", "20260506", "2026-W19-3", "1899-12-31", "2101-01-01", "0001-01-01", "２０２６-05-06"]
)
def test_a_date_is_written_one_way_and_lies_within_reason(day: str) -> None:
    assert codes(since=day) == {"/since": "format"}


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("name@example.com", True),
        ("first.last+tag@sub.example.com.cn", True),
        ("a@b", False),
        ("a@@example.com", False),
        (".a@example.com", False),
        ("a..b@example.com", False),
        ("a@example..com", False),
        ("a@-example.com", False),
        ("a b@example.com", False),
        ("a@example.com,b@example.com", False),
        ("王@example.com", False),
        ("a" * 65 + "@example.com", False),
        ("a@" + "b." * 126 + "cn", False),
    ],
)
def test_an_email_address_is_one_that_can_be_written_to(address: str, sound: bool) -> None:
    assert codes(email=address) == ({} if sound else {"/email": "format"})


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("https://data.example.gov.cn/车位?x=1#y", True),
        ("http://127.0.0.1:8000/", True),
        ("ftp://example.com", False),
        ("//example.com", False),
        ("https://", False),
        ("https://user:secret@example.com", False),
        ("https://example.com:99999", False),
        ("https://exa mple.com", False),
        ("https://[::1", False),
        ('https://example.com/"onclick=', False),
    ],
)
def test_a_web_address_is_safe_to_link_to(address: str, sound: bool) -> None:
    assert codes(link=address) == ({} if sound else {"/link": "format"})


def test_every_text_is_capped_even_where_the_schema_forgets() -> None:
    assert codes(note="字" * 2_000) == {}
    assert codes(note="字" * 2_001) == {"/note": "maxLength"}
    wide = Form(
        {**SCHEMA, "properties": {"text": {"type": "string", "title": "文", "maxLength": 10**9}}, "required": []}
    )
    assert [problem.code for problem in wide.problems({"text": "字" * (TEXT_CAP + 1)})] == ["maxLength"]


def test_hostile_answers_are_refused() -> None:
    hostile: list[Any] = [[{}] * 300_000, "9" * 3_000_000, {"a": 1}, None, [["csv"]], "-" * 2_000 + "x"]
    for value in hostile:
        for name in SCHEMA["properties"]:
            assert name in problems(**{name: value if value is not None else {}})
    assert len(FORM.problems({str(number): 1 for number in range(10_000)})) < 50


@pytest.mark.parametrize("answers", [None, [], "x", 7])
def test_answers_that_are_no_object_are_refused(answers: Any) -> None:
    assert [problem.code for problem in FORM.problems(answers)] == ["type"]


def test_nothing_at_all_is_said_for_null() -> None:
    assert {problem.field: problem.zh for problem in FORM.problems({**ANSWERS, "name": None})} == {"name": "请填写姓名"}


@given(
    st.dictionaries(
        st.sampled_from([*SCHEMA["properties"], "other"]), st.text(max_size=30) | st.lists(st.text(max_size=5))
    )
)
def test_whatever_a_browser_sends_is_read_or_refused(raw: dict[str, str | list[str]]) -> None:
    try:
        values, found = FORM.read(raw), ()
    except FormInvalid as refused:
        values, found = {}, refused.problems
    assert values.keys() <= SCHEMA["properties"].keys()
    assert not found or not values
    assert all(problem.zh and problem.en for problem in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), JSON))
def test_whatever_the_api_sends_is_judged_and_never_an_error(values: dict[str, Any]) -> None:
    found = FORM.problems(values)
    assert len({problem.field for problem in found}) == len(found)
    assert all("None" not in problem.zh for problem in found)


@given(st.text(max_size=40))
def test_coercing_twice_changes_nothing(text: str) -> None:
    try:
        once = FORM.coerce({"facts": text})
    except FormInvalid:
        return
    assert FORM.coerce(once) == once


# ---------------------------------------------------------------------- showing


def test_answers_are_shown_with_titles_instead_of_constants() -> None:
    values = {**ANSWERS, "formats": ["csv", "json"], "since": "2026-05-06", "days": 10, "urgent": False, "level": 2}
    assert FORM.describe(values) == [
        ("申请人类型", "公民"),
        ("姓名", "王小明"),
        ("电话", "13800136021"),
        ("本人同意公开答复", "是"),
        ("天数", "10"),
        ("起始日期", "2026年5月6日"),
        ("格式", "csv、json"),
        ("级别", "2"),
        ("是否紧急？", "否"),
    ]


def test_an_english_reader_gets_english_where_there_is_some() -> None:
    english = FORM.localised(ENGLISH)
    assert english.title == "Test request"
    assert english.describe({"kind": "citizen", "name": "王小明", "consent": True, "since": "2026-05-06"}) == [
        ("Who is asking", "A citizen"),
        ("Name", "王小明"),
        ("本人同意公开答复", "Yes"),
        ("起始日期", "2026-05-06"),
    ]
    assert english.describe({"kind": "body"}, "zh") == [("申请人类型", "单位")]
    assert FORM.title == "测试申请", "the Chinese form stays Chinese"


def test_personal_data_is_masked_for_the_place_where_it_is_shown() -> None:
    values = {**ANSWERS, "email": "wang@example.com", "note": "内部说明"}
    assert FORM.masked(values, "none") == values
    in_list, on_page = FORM.masked(values, "list"), FORM.masked(values, "page")
    assert (in_list["name"], in_list["phone"], in_list["email"]) == ("王某某", "138****6021", "w***@example.com")
    assert (on_page["name"], on_page["email"]) == ("王**", "wang@example.com")
    assert (in_list["note"], on_page["note"]) == (HIDDEN, "内部说明")
    assert ("姓名", "王某某") in FORM.describe(values, level="list")
    assert FORM.personal == {"name": "name", "phone": "phone", "email": "email"}


def test_an_answer_of_an_older_revision_is_still_shown() -> None:
    assert FORM.describe({"kind": "retired_choice", "gone": "x"}) == [("申请人类型", "retired_choice")]


def test_a_page_learns_how_to_draw_each_field() -> None:
    fields = {field.name: field for field in FORM.fields}
    assert list(fields)[:5] == ["kind", "name", "phone", "email", "consent"]
    assert list(fields)[-1] == "note"
    assert set(fields) == set(SCHEMA["properties"])
    assert {name: field.widget for name, field in fields.items()} == {
        "kind": "radio",
        "name": "text",
        "phone": "tel",
        "email": "email",
        "consent": "checkbox",
        "facts": "textarea",
        "days": "number",
        "ratio": "number",
        "since": "date",
        "link": "url",
        "formats": "checkboxes",
        "level": "select",
        "urgent": "checkbox",
        "note": "text",
    }
    facts = fields["facts"]
    assert (facts.help, facts.rows, facts.min_length, facts.max_length) == ("写清时间和地点。", 8, 5, 800)
    assert fields["kind"].options == (("citizen", "公民"), ("body", "单位"))
    assert fields["kind"].required
    assert not facts.required
    assert FORM.accepts_attachments
    english = {field.name: field for field in FORM.localised(ENGLISH).fields}
    assert (english["name"].title, english["name"].help) == ("Name", "Your full name.")


def test_a_list_from_the_directory_may_be_empty_and_then_takes_nothing() -> None:
    schema = {
        "type": "object",
        "title": "转办",
        "properties": {"agency": {"type": "string", "title": "机关", "x-options": "organisations", "oneOf": []}},
    }
    assert form_faults(schema) == []
    assert [problem.zh for problem in Form(schema).problems({"agency": "x"})] == ["请从选项中选择机关"]


# ---------------------------------------------------------------------- what a form may be made of


def faults(field: dict[str, Any] | None = None, ui: dict[str, Any] | None = None, **root: Any) -> list[str]:
    schema = {"type": "object", "title": "表", "properties": {"a": {"type": "string", "title": "甲"}}, **root}
    if field is not None:
        schema["properties"] = {"a": {"type": "string", "title": "甲", **field}}
    return form_faults(schema, ui)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"title": " "}, "title"),
        ({"type": "object"}, "type"),
        ({"type": ["string", "null"]}, "type"),
        ({"maxLength": 10_001}, "10000"),
        ({"minLength": 5, "maxLength": 4}, "minLength"),
        ({"minLength": 3_000}, "minLength"),
        ({"format": "uuid"}, "format"),
        ({"default": "x"}, "default"),
        ({"$ref": "https://example.com/schema"}, "$ref"),
        ({"minimum": 1}, "minimum"),
        ({"oneOf": []}, "choices"),
        ({"oneOf": [{"const": "x"}]}, "const and title"),
        ({"oneOf": [{"const": "x", "title": "甲"}, {"const": "x", "title": "乙"}]}, "twice"),
        ({"oneOf": [{"const": 1, "title": "甲"}]}, "text"),
        ({"enum": ["x"], "oneOf": [{"const": "x", "title": "甲"}]}, "both"),
        ({"enum": [""]}, "empty"),
        ({"x-options-extra": [{"const": "x", "title": "甲"}]}, "choices"),
        ({"x-options": 1}, "x-options"),
        ({"type": "array"}, "items"),
        ({"type": "array", "items": {"type": "string"}}, "items"),
        ({"type": "array", "items": {"enum": ["x"]}, "minItems": 2, "maxItems": 1}, "minItems"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "minimum"),
        ({"x-personal": "salary"}, "x-personal"),
        ({"type": "integer", "x-personal": "phone"}, "x-personal"),
        ({"x-mask": {"list": "mask"}}, "x-mask"),
        ({"x-mask": {"everywhere": "hide"}}, "x-mask"),
        ({"x-mask": "hide"}, "x-mask"),
        ({"maxLength": -1}, "JSON Schema"),
        ({"pattern": "(a+)+$"}, "pattern"),
        ({"pattern": "^(a+)+$"}, "pattern"),
        ({"pattern": "^a|b$"}, "pattern"),
        ({"pattern": r"^\d*\d*\d*x$"}, "pattern"),
        ({"pattern": r"^a{1,9}b{1,9}c{1,9}d{1,9}$"}, "pattern"),
        ({"pattern": r"^a{1,900}$"}, "pattern"),
        ({"pattern": r"^[z-a]$"}, "pattern"),
        ({"pattern": "^" + "a" * 300}, "pattern"),
    ],
)
def test_what_a_field_may_not_be_is_said_at_deployment(field: dict[str, Any], words: str) -> None:
    found = faults(field)
    assert all(fault.startswith(("a: ", "properties/a")) for fault in found), found
    assert any(words in fault for fault in found), found


@pytest.mark.parametrize(
    "pattern", [r"^1[3-9]\d{9}$", "^[0-9+() （）-]+$", "^https?://", r"^[A-Z]{2}-\d{4}-\d{6}$", r"^0\d{2,3}-?\d{7,8}$"]
)
def test_ordinary_patterns_are_allowed(pattern: str) -> None:
    assert faults({"pattern": pattern}) == []


def test_digits_of_a_pattern_are_ascii_and_its_end_is_the_end() -> None:
    form = Form(
        {"type": "object", "title": "表", "properties": {"a": {"type": "string", "title": "甲", "pattern": r"^\d{3}$"}}}
    )
    assert not form.problems({"a": "123"})
    assert form.problems({"a": "１２３"})
    assert form.problems({"a": "1234"})


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ({"type": "array"}, "object"),
        ({"title": ""}, "title"),
        ({"additionalProperties": True}, "additionalProperties"),
        ({"patternProperties": {}}, "patternProperties"),
        ({"required": ["b"]}, "b: required"),
        ({"then": {"required": ["b"]}}, "b: required"),
        ({"dependentRequired": {"b": ["a"]}}, "b: dependentRequired"),
        ({"anyOf": [{"required": ["a"]}, {"properties": {}}]}, "anyOf"),
        ({"allOf": [{"$ref": "#"}]}, "$ref"),
        ({"if": {"properties": {"a": {"const": "x"}}}, "then": {"required": ["a"]}}, "while the field is empty"),
        ({"if": {"properties": {"b": {"const": "x"}}, "required": ["b"]}}, "b: named in a condition"),
        ({"if": {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}}, "$ref"),
        ({"if": {"properties": {"a": {"not": {"pattern": "(a+)+"}}}, "required": ["a"]}}, "not names constants"),
        ({"if": {"properties": {"a": True}, "required": ["a"]}}, "an object"),
        ({"not": {"required": ["a"]}}, "not is not supported"),
        ({"properties": {"A b": {"type": "string", "title": "甲"}}}, "lower-case"),
        ({"properties": {f"a{number}": {"type": "string", "title": "甲"} for number in range(101)}}, "100"),
        ({"properties": []}, "properties"),
        ({"properties": {"a": 1}}, "JSON Schema"),
        ({"properties": {"a": True}}, "is not an object"),
    ],
)
def test_what_a_form_may_not_hold_is_said_at_deployment(root: dict[str, Any], words: str) -> None:
    found = faults(**root)
    assert any(words in fault for fault in found), found


@pytest.mark.parametrize(
    ("ui", "words"),
    [
        ({"ui:order": ["b"]}, "no such field"),
        ({"ui:order": []}, "a: missing"),
        ({"ui:order": ["a", "a"]}, "once"),
        ({"ui:order": "a"}, "list"),
        ({"b": {}}, "no such field"),
        ({"a": {"ui:widget": "slider"}}, "ui:widget"),
        ({"a": {"ui:widget": "radio"}}, "ui:widget"),
        ({"a": {"ui:field": "x"}}, "ui:field"),
        ({"a": {"ui:options": {"rows": 0}}}, "rows"),
        ({"a": {"ui:options": {"rows": True}}}, "rows"),
        ({"a": {"ui:options": 3}}, "rows"),
        ({"a": {"ui:help": 3}}, "text"),
        ({"a": 3}, "object"),
        ({"ui:options": {"x": 1}}, "attachments"),
    ],
)
def test_a_ui_schema_that_does_not_fit_is_said_at_deployment(ui: dict[str, Any], words: str) -> None:
    found = faults(ui=ui)
    assert any(words in fault for fault in found), found


def test_what_the_sharing_platform_can_supply_may_be_required_only_under_a_law() -> None:
    field = {"x-obtainable-via-platform": True}
    assert faults(field) == [], "it may be asked for"
    for demand in ({"required": ["a"]}, {"allOf": [{"then": {"required": ["a"]}}]}, {"anyOf": [{"required": ["a"]}]}):
        assert any("Art. 16" in fault for fault in faults(field, **demand))
        assert faults({**field, "x-law": "《行政许可法》第三十一条"}, **demand) == []


def test_a_schema_nested_without_end_is_refused() -> None:
    deep: dict[str, Any] = {"required": ["a"]}
    for _ in range(300):
        deep = {"allOf": [deep]}
    assert any("deep" in fault for fault in faults(**deep))


@pytest.mark.parametrize("schema", [None, [], "x", 7, {"properties": None}])
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    assert len(form_faults(schema)) == 1
    assert len(form_faults({"type": "object", "title": "表"}, ["x"])) == 1


def test_a_form_without_fields_only_asks_for_confirmation() -> None:
    confirm = Form({"type": "object", "title": "确认", "properties": {}})
    assert form_faults(confirm.schema) == []
    assert (confirm.read({"_csrf": "x"}), confirm.names, confirm.fields) == ({}, (), ())


def test_missing_english_is_listed() -> None:
    missing = untranslated(SCHEMA, ENGLISH)
    assert "kind: choice body has no English" in missing
    assert "phone: its title has no English" in missing
    assert not any(line.startswith(("name:", "form:")) for line in missing)


def test_the_example_of_the_guide_is_a_sound_form() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "forms.md").read_text(encoding="utf-8")
    schema, ui = (json.loads(block.split("```")[0]) for block in guide.split("```json\n")[1:3])
    assert form_faults(schema, ui) == []
