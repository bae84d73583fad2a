"""A declared form as a page draws it: each field with its answer, what is wrong with it, and when it matters."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api import i18n
from engine.forms import Field, Form, Problem

# One way in which a field comes to matter: answers (any of those listed) that other fields must have, all of them.
Conditions = dict[str, list[str]]
INVISIBLE = ("Cc", "Cs", "Cn")  # controls, halves of signs, non-characters: they have no place in HTML


@dataclass(frozen=True)
class Choice:
    """One answer among several."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True)
class FieldView:
    """A field with everything that its HTML says."""

    id: str
    name: str
    title: str
    help: str
    widget: str
    required: bool
    value: str
    choices: tuple[Choice, ...]
    rows: int
    max_length: int | None
    step: str
    placeholder: str
    autocomplete: str
    fault: str
    when: str  # JSON: alternatives of conditions, for the script that folds fields away; empty = always matters


@dataclass(frozen=True)
class FaultView:
    """A line of the summary of errors, and the field to which it leads."""

    sentence: str
    anchor: str


def views(form: Form, values: Mapping[str, Any], problems: Sequence[Problem] = ()) -> tuple[FieldView, ...]:
    """The fields of a form in their order, with what was answered and what is wrong."""
    faults = {problem.field: problem.sentence(form.locale) for problem in problems}
    folds = conditions(form.schema)
    return tuple(
        _view(form, field, values.get(field.name), faults.get(field.name, ""), folds.get(field.name, []))
        for field in form.fields
    )


def faults(form: Form, problems: Iterable[Problem]) -> tuple[FaultView, ...]:
    """The summary of errors: one line a field, in the order of the form."""
    known = {field.name for field in form.fields}
    return tuple(FaultView(p.sentence(form.locale), anchor(p.field) if p.field in known else "") for p in problems)


def anchor(name: str) -> str:
    """The id of a field on its page."""
    return f"field-{name}"


def _view(form: Form, field: Field, value: Any, fault: str, when: list[Conditions]) -> FieldView:
    return FieldView(
        id=anchor(field.name),
        name=field.name,
        title=field.title,
        help=field.help,
        widget=field.widget,
        required=field.required,
        value=text_of(value),
        choices=tuple(_choices(form, field, value)),
        rows=field.rows,
        max_length=field.max_length if field.kind == "string" else None,
        step={"integer": "1", "number": "any"}.get(field.kind, "") if field.widget == "number" else "",
        placeholder=field.placeholder,
        autocomplete=field.autocomplete or _completion(field),
        fault=fault,
        when=json.dumps(when, ensure_ascii=False) if when else "",
    )


def _choices(form: Form, field: Field, value: Any) -> Iterator[Choice]:
    chosen = {text_of(item) for item in (value if isinstance(value, list) else [value])}
    options: Iterable[tuple[str, str]] = field.options
    if field.kind == "boolean":
        options = (
            (("true", "是"), ("false", "否")) if form.locale == i18n.CHINESE else (("true", "Yes"), ("false", "No"))
        )
    return (Choice(constant, title, constant in chosen) for constant, title in options)


def _completion(field: Field) -> str:
    """What the browser may fill in by itself: data about the reader, asked for in their own name (WCAG 1.3.5)."""
    return {"name": "name", "phone": "tel", "email": "email"}.get(field.personal or "", "")


def text_of(value: Any) -> str:
    """A value as a field of a page holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "".join(sign for sign in str(value) if sign in "\n\t" or unicodedata.category(sign) not in INVISIBLE)


# ---------------------------------------------------------------- fields that only matter after certain answers


def conditions(schema: Mapping[str, Any]) -> dict[str, list[Conditions]]:
    """For each field that is only named under an ``if``: the alternatives under which it matters.

    Fields that the form always requires always matter, and so do those whose condition says more than which answers
    other fields have: a script that does not understand a rule must not hide what it is about. A name that begins with
    an exclamation mark asks that the field does not have that answer.
    """
    found: dict[str, list[Conditions]] = {}
    unclear: set[str] = set(schema.get("required", ()))
    for rule in _rules(schema):
        asked = _understood(rule["if"])
        for name in _named(rule.get("then", {})):
            if asked is None:
                unclear.add(name)
            else:
                found.setdefault(name, []).append(asked)
        otherwise = _negated(asked)
        for name in _named(rule.get("else", {})):
            if otherwise is None or name in _named(rule.get("then", {})):
                unclear.add(name)
            else:
                found.setdefault(name, []).append(otherwise)
    return {name: alternatives for name, alternatives in found.items() if name not in unclear}


def _rules(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (rule for rule in (schema, *schema.get("allOf", ())) if "if" in rule)


def _understood(condition: Mapping[str, Any]) -> Conditions | None:
    """The answers that a condition asks for, or nothing when it asks for something else."""
    if set(condition) - {"properties", "required"}:
        return None
    asked: Conditions = {}
    for name, wanted in condition.get("properties", {}).items():
        if set(wanted) == {"const"}:
            asked[name] = [text_of(wanted["const"])]
        elif set(wanted) == {"enum"}:
            asked[name] = [text_of(item) for item in wanted["enum"]]
        else:
            return None
    return asked if asked and set(condition.get("required", ())) <= set(asked) else None


def _negated(asked: Conditions | None) -> Conditions | None:
    """What holds where one field does not have the answer that was asked for; of several fields it says too much."""
    return {f"!{name}": answers for name, answers in asked.items()} if asked and len(asked) == 1 else None


def _named(clause: Mapping[str, Any]) -> set[str]:
    one_of_these = [_named(branch) for branch in clause.get("anyOf", ())]
    return {*clause.get("required", ()), *clause.get("properties", {})}.union(*one_of_these)
