"""When a field matters: the conditions that a page's script may fold by, and those that it must leave alone."""

from typing import Any

from api import formview
from engine.forms import Form, Problem

NAMES = ("kind", "reason", "law", "note")


def schema(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"properties": {name: {"type": "string", "title": name} for name in NAMES}, "allOf": list(rules), **more}


def rule(condition: dict[str, Any], *then: str) -> dict[str, Any]:
    return {"if": condition, "then": {"required": list(then)}}


KIND_IS_NO = {"properties": {"kind": {"const": "no"}}, "required": ["kind"]}


def test_a_field_named_under_an_answer_matters_after_that_answer() -> None:
    assert formview.conditions(schema(rule(KIND_IS_NO, "reason"))) == {"reason": [{"kind": ["no"]}]}


def test_several_rules_are_alternatives_and_a_list_of_answers_is_any_of_them() -> None:
    other = {"properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"]}
    found = formview.conditions(schema(rule(KIND_IS_NO, "reason"), rule(other, "reason", "law")))
    assert found == {"reason": [{"kind": ["no"]}, {"kind": ["a", "b"]}], "law": [{"kind": ["a", "b"]}]}


def test_yes_and_no_are_compared_as_a_browser_sends_them() -> None:
    ticked = {"properties": {"kind": {"const": True}}, "required": ["kind"]}
    assert formview.conditions(schema(rule(ticked, "reason"))) == {"reason": [{"kind": ["true"]}]}


def test_a_required_field_is_never_folded() -> None:
    assert formview.conditions(schema(rule(KIND_IS_NO, "reason"), required=["reason"])) == {}


def test_a_condition_that_says_more_than_answers_folds_nothing() -> None:
    for condition in (
        {"not": KIND_IS_NO},
        {"properties": {"kind": {"minLength": 3}}},
        {"properties": {"kind": {"const": "no"}}, "required": ["kind", "note"]},
        {},
    ):
        assert formview.conditions(schema(rule(condition, "reason"))) == {}


def test_what_both_branches_name_is_always_there() -> None:
    both = {"if": KIND_IS_NO, "then": {"required": ["reason"]}, "else": {"required": ["reason"]}}
    assert formview.conditions(schema(both)) == {}


def test_what_only_an_else_names_matters_while_the_answer_is_another() -> None:
    anonymous = {"if": KIND_IS_NO, "else": {"required": ["reason"], "anyOf": [{"required": ["law"]}]}}
    assert formview.conditions(schema(anonymous)) == {"reason": [{"!kind": ["no"]}], "law": [{"!kind": ["no"]}]}
    two = {"properties": {name: {"const": "no"} for name in ("kind", "note")}}
    assert formview.conditions(schema({"if": two, "else": {"required": ["reason"]}})) == {}


def test_answers_and_faults_come_back_beside_their_fields() -> None:
    form = Form(
        {
            "properties": {
                "open": {"type": "boolean", "title": "开放"},
                "ways": {
                    "type": "array",
                    "items": {"oneOf": [{"const": "a", "title": "甲"}, {"const": "b", "title": "乙"}]},
                },
                "many": {"type": "integer", "title": "件数"},
            }
        },
        {"open": {"ui:widget": "radio"}},
    )
    problem = Problem("many", "/many", "type", "件数应填写整数", "must be a whole number")
    opened, ways, many = formview.views(form, {"open": False, "ways": ["b"], "many": "三"}, [problem])
    assert [(c.title, c.chosen) for c in opened.choices] == [("是", False), ("否", True)]
    assert [(c.title, c.chosen) for c in ways.choices] == [("甲", False), ("乙", True)]
    assert (many.value, many.step, many.fault) == ("三", "1", "件数应填写整数")
    assert formview.faults(form, [problem]) == (formview.FaultView("件数应填写整数", "field-many"),)


def test_a_stranger_among_the_answers_is_named_without_a_link() -> None:
    problem = Problem("admin", "/admin", "unknown", "表单中没有“admin”这一项", "no such field")
    assert formview.faults(Form({"properties": {}}), [problem]) == (formview.FaultView("表单中没有“admin”这一项", ""),)
