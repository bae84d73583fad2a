"""What a form may be made of: the subset of JSON Schema and of RJSF's ui-schema, checked when a bundle is deployed.

A form is one flat object. Its fields are texts, numbers, yes or no, dates, and choices (``oneOf`` of ``const`` and
``title``, ``enum``, or a list of the directory by ``x-options``), lists of choices included. Conditions are
``if/then/else`` (alone or in ``allOf``), ``dependentRequired``, and ``anyOf`` of ``required``: at least one of these.

Our own keywords: ``x-personal`` (the kind of personal data), ``x-mask`` (``show``, ``mask`` or ``hide`` per place),
``x-obtainable-via-platform`` (Art. 16: what the sharing platform can supply may be asked for again only under a law,
``x-law``), ``x-options`` and ``x-options-extra``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError

from engine import masking

TEXT_DEFAULT = 2_000
TEXT_CAP = 10_000
CHOICE_CAP = 1_000
FIELD_CAP = 100
DEPTH_CAP = 6
PATTERN_CAP = 200

TREATMENTS = ("show", "mask", "hide")
FORMATS = ("date", "email", "uri")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ROOT = {"$schema", "$comment", "type", "title", "description", "properties", "required", "additionalProperties"}
_LOGIC = {"allOf", "anyOf", "if", "then", "else", "dependentRequired"}
_EVERY = {"type", "title", "description", "$comment", "x-obtainable-via-platform", "x-law", "x-mask"}
_CHOICE = {"oneOf", "enum", "x-options", "x-options-extra"}
_BY_TYPE = {
    "string": {"minLength", "maxLength", "pattern", "format", "x-personal"} | _CHOICE,
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "oneOf", "enum"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": {"const"},
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
}
_CONSTRAINTS = {
    "const", "enum", "not", "contains", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "pattern", "format", "minItems", "maxItems",
}  # fmt: skip
_WIDGETS = {
    "string": {"text", "textarea", "date", "email", "url", "tel"},
    "integer": {"number", "text"},
    "number": {"number", "text"},
    "boolean": {"checkbox", "radio", "select"},
    "array": {"checkboxes"},
}
_FIELD_UI = {"ui:widget", "ui:help", "ui:placeholder", "ui:options", "ui:autocomplete"}
# A pattern is a chain of characters and classes, each perhaps repeated: without groups and alternatives it cannot
# be made to run for ever on a hostile answer.
_LINK = r"(?:\[\^?(?:[^\[\]\\]|\\.)+\]|\\[dws.\-/()\[\]{}+*?|^$]|[^\\()\[\]{}|*+?^$.])"
_TIMES = r"(?:\{(\d{1,4})(?:(,)(\d{1,4})?)?\}|[*+?])?"
_CHAIN = re.compile(rf"\^(?:{_LINK}{_TIMES})+\$?")
_STEP = re.compile(rf"{_LINK}({_TIMES})")


def form_faults(schema: Any, ui: Any = None) -> list[str]:
    """What keeps a form from being deployed, one ``field: reason`` each; none when it is sound."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties", {}), Mapping):
        return ["form: the schema is not an object with properties"]
    if not isinstance(ui if ui is not None else {}, Mapping):
        return ["form: the ui-schema is not an object"]
    try:
        if crowded := _crowded(schema):
            return crowded
        Draft202012Validator.check_schema(_without_empty_choices(schema), format_checker=FormatChecker(formats=()))
        return [
            *_root_faults(schema),
            *_all_field_faults(schema),
            *_condition_faults(schema),
            *_ui_faults(schema, ui or {}),
        ]
    except RecursionError:
        return ["form: the schema is nested too deep"]
    except SchemaError as error:
        return [f"{'/'.join(map(str, error.absolute_path)) or 'form'}: not valid JSON Schema: {error.message[:200]}"]


def untranslated(schema: Mapping[str, Any], translations: Mapping[str, Any]) -> list[str]:
    """The titles and choices that have no English yet (``[forms.<form>]`` of the bundle's ``locale/en.toml``)."""
    missing = [] if _filled(translations.get("title")) else ["form: its title has no English"]
    for name, field in schema.get("properties", {}).items():
        table = translations.get(name)
        table = table if isinstance(table, Mapping) else {}
        source = field.get("items", {}) if field.get("type") == "array" else field
        choices = [*source.get("oneOf", ()), *source.get("x-options-extra", ())]
        titles = {str(choice["const"]) for choice in choices} | set(map(str, source.get("enum", ())))
        if not _filled(table.get("title")):
            missing.append(f"{name}: its title has no English")
        missing += [
            f"{name}: choice {const} has no English" for const in sorted(titles - set(table.get("options", {})))
        ]
    return missing


def _without_empty_choices(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A list that the directory fills may still be empty, which JSON Schema's own schema forbids."""
    properties = {
        name: {key: value for key, value in field.items() if not (key == "oneOf" and value == [])}
        if isinstance(field, Mapping)
        else field
        for name, field in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties}


def _crowded(schema: Mapping[str, Any]) -> list[str]:
    """What would keep the library busy for longer than anybody waits."""
    if len(schema.get("properties", {})) > FIELD_CAP:
        return [f"form: it has more than {FIELD_CAP} fields"]
    return [
        f"{name}: offers more than {CHOICE_CAP} choices"
        for name, field in schema.get("properties", {}).items()
        for holder in (field, field.get("items") if isinstance(field, Mapping) else None)
        if isinstance(holder, Mapping) and any(len(_list(holder.get(k))) > CHOICE_CAP for k in ("oneOf", "enum"))
    ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _root_faults(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("type") != "object":
        yield "form: its type must be object"
    if not _filled(schema.get("title")):
        yield "form: it has no title"
    if schema.get("additionalProperties", False) is not False:
        yield "form: additionalProperties must be false"
    for keyword in sorted(schema.keys() - _ROOT - _LOGIC):
        yield f"form: {keyword} is not supported"


def _all_field_faults(schema: Mapping[str, Any]) -> Iterator[str]:
    demanded = set(_demanded(schema))
    for name in sorted(demanded - schema.get("properties", {}).keys()):
        yield f"{name}: required, but there is no such field"
    for name, field in schema.get("properties", {}).items():
        for reason in _field_faults(name, field, name in demanded):
            yield f"{name}: {reason}"


def _field_faults(name: str, field: Any, demanded: bool) -> Iterator[str]:
    if not isinstance(field, Mapping):
        yield "is not an object"
        return
    if not _NAME.fullmatch(name):
        yield "a field name has lower-case letters, digits and underscores, and starts with a letter"
    kind = field.get("type")
    if not isinstance(kind, str) or kind not in _BY_TYPE:
        yield f"type must be one of {', '.join(_BY_TYPE)}"
        return
    if not _filled(field.get("title")):
        yield "has no title"
    for keyword in sorted(field.keys() - _EVERY - _BY_TYPE[kind]):
        yield f"{keyword} is not supported for {kind}"
    yield from _choice_faults(field)
    yield from _bound_faults(field)
    yield from _privacy_faults(field)
    if demanded and field.get("x-obtainable-via-platform") and not _filled(field.get("x-law")):
        yield "the sharing platform can supply this; it may be required only under a law (x-law), by Art. 16"


def _choice_faults(field: Mapping[str, Any]) -> Iterator[str]:
    source = field
    if field["type"] == "array":
        source = field.get("items", {})
        if not isinstance(source, Mapping) or not source.keys() & {"oneOf", "enum", "x-options"}:
            yield "items must offer choices (oneOf, enum or x-options)"
            return
        for keyword in sorted(source.keys() - {"type"} - _CHOICE):
            yield f"items: {keyword} is not supported"
    if len(source.keys() & {"oneOf", "enum"}) > 1:
        yield "has both oneOf and enum"
    if "x-options" not in source and ("x-options-extra" in source or source.get("oneOf") == []):
        yield "offers no choices of its own"
    if not isinstance(source.get("x-options", ""), str) or not isinstance(source.get("x-options-extra", []), list):
        yield "x-options names a list, x-options-extra is a list of choices"
        return
    choices = [*source.get("oneOf", ()), *source.get("x-options-extra", ())]
    for choice in choices:
        if not isinstance(choice, Mapping) or choice.keys() != {"const", "title"} or not _filled(choice.get("title")):
            yield "every choice has const and title, and nothing else"
            return
    constants = [choice["const"] for choice in choices] or list(source.get("enum", ()))
    wanted = int if source.get("type", field["type"]) == "integer" else str
    if any(not isinstance(constant, wanted) or isinstance(constant, bool) or constant == "" for constant in constants):
        yield f"every choice is {'a whole number' if wanted is int else 'a text that is not empty'}"
    elif len(set(constants)) != len(constants):
        yield "offers a choice twice"


def _bound_faults(field: Mapping[str, Any]) -> Iterator[str]:
    longest = field.get("maxLength", TEXT_DEFAULT)
    if longest > TEXT_CAP:
        yield f"maxLength is above {TEXT_CAP}"
    for low, high, given in (
        ("minLength", "maxLength", longest),
        ("minimum", "maximum", field.get("maximum")),
        ("minItems", "maxItems", field.get("maxItems")),
    ):
        if given is not None and field.get(low, given) > given:
            yield f"{low} is above {high}"
    if "format" in field and field["format"] not in FORMATS:
        yield f"format must be one of {', '.join(FORMATS)}"
    if "pattern" in field:
        yield from _pattern_faults(field["pattern"])


def _pattern_faults(pattern: str) -> Iterator[str]:
    """A pattern that a hostile answer could keep busy is refused."""
    if len(pattern) > PATTERN_CAP or not _CHAIN.fullmatch(pattern):
        yield "pattern must start with ^ and be a chain of characters and classes, without groups or alternatives"
        return
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"pattern is not valid: {error}"
        return
    repeats = [step for step in _STEP.finditer(pattern[1:]) if step[1] in ("*", "+") or step[3]]
    if len(repeats) > 3 or sum(step[1] in ("*", "+") or not step[4] for step in repeats) > 1:
        yield "pattern may repeat without end once, and vary in length three times"
    elif any(step[4] and int(step[4]) > 100 for step in repeats):
        yield "pattern may repeat a part at most 100 times"


def _privacy_faults(field: Mapping[str, Any]) -> Iterator[str]:
    kind = field.get("x-personal")
    if kind is not None and kind not in masking.KINDS:
        yield f"x-personal must be one of {', '.join(masking.KINDS)}"
    places = field.get("x-mask", {})
    if not isinstance(places, Mapping):
        yield "x-mask must be an object of places"
        return
    for place, treatment in places.items():
        if place not in ("list", "page", "export") or treatment not in TREATMENTS:
            yield "x-mask says show, mask or hide for list, page or export"
        elif treatment == "mask" and kind is None:
            yield "x-mask: only personal data (x-personal) can be masked; say hide"


# ---------------------------------------------------------------------- conditions


def _demanded(clause: Any) -> Iterator[str]:
    """Every field that the form may require, at once or under a condition."""
    if not isinstance(clause, Mapping):
        return
    yield from clause.get("required", ())
    for names in clause.get("dependentRequired", {}).values():
        yield from names
    for keyword in ("then", "else"):
        yield from _demanded(clause.get(keyword))
    for keyword in ("allOf", "anyOf"):
        for part in clause.get(keyword, ()):
            yield from _demanded(part)


def _condition_faults(schema: Mapping[str, Any]) -> Iterator[str]:
    names = frozenset(schema.get("properties", {}))
    logic = {keyword: part for keyword, part in schema.items() if keyword in _LOGIC}
    yield from _clause_faults(logic, names, "form", 0)
    for name in schema.get("dependentRequired", {}):
        if name not in names:
            yield f"{name}: dependentRequired, but there is no such field"
    for clause in schema.get("anyOf", ()):
        if not isinstance(clause, Mapping) or clause.keys() != {"required"}:
            yield "form: anyOf offers groups of required fields, nothing else"


def _clause_faults(clause: Any, names: frozenset[str], where: str, depth: int) -> Iterator[str]:
    """A part of a condition: it speaks of known fields, in known keywords, and not too deep."""
    if not isinstance(clause, Mapping) or depth > DEPTH_CAP:
        yield f"{where}: a condition is an object, nested at most {DEPTH_CAP} deep"
        return
    for keyword in sorted(clause.keys() - _LOGIC - {"required", "properties", "$comment"}):
        yield f"{where}: {keyword} is not supported in a condition"
    for name, constraint in clause.get("properties", {}).items():
        if name not in names:
            yield f"{name}: named in a condition, but there is no such field"
        yield from (f"{name}: {reason}" for reason in _constraint_faults(constraint))
    if "if" in clause:
        yield from _vacuous(clause["if"])
    for keyword in ("if", "then", "else"):
        if keyword in clause:
            yield from _clause_faults(clause[keyword], names, where, depth + 1)
    for keyword in ("allOf", "anyOf"):
        for part in clause.get(keyword, ()):
            yield from _clause_faults(part, names, where, depth + 1)


def _constraint_faults(constraint: Any) -> Iterator[str]:
    if not isinstance(constraint, Mapping):
        yield "a condition on a field is an object"
        return
    for keyword in sorted(constraint.keys() - _CONSTRAINTS):
        yield f"{keyword} is not supported in a condition"
    if "pattern" in constraint:
        yield from _pattern_faults(constraint["pattern"])
    if constraint.get("format", "date") not in FORMATS:
        yield f"format must be one of {', '.join(FORMATS)}"
    for keyword in ("not", "contains"):
        if keyword in constraint and not _names_constants(constraint[keyword]):
            yield f"{keyword} names constants (const or enum), nothing else"


def _names_constants(constraint: Any) -> bool:
    return isinstance(constraint, Mapping) and constraint.keys() in ({"const"}, {"enum"})


def _vacuous(condition: Any) -> Iterator[str]:
    """A condition on an absent field holds in JSON Schema, which nobody means."""
    if isinstance(condition, Mapping):
        for name in sorted(set(condition.get("properties", {})) - set(condition.get("required", ()))):
            yield f"{name}: if must also require it, or the condition holds while the field is empty"


# ---------------------------------------------------------------------- the ui-schema


def _ui_faults(schema: Mapping[str, Any], ui: Mapping[str, Any]) -> Iterator[str]:
    properties = schema.get("properties", {})
    order = ui.get("ui:order", ["*"])
    if not isinstance(order, list) or len(set(map(str, order))) != len(order):
        yield "ui:order: it must be a list that names each field once"
        order = ["*"]
    for name in sorted(set(map(str, order)) - properties.keys() - {"*"}):
        yield f"{name}: in ui:order, but there is no such field"
    if "*" not in order:
        for name in sorted(properties.keys() - set(map(str, order))):
            yield f"{name}: missing in ui:order"
    for key, part in ui.items():
        if key == "ui:options":
            if not isinstance(part, Mapping) or part.keys() - {"attachments"}:
                yield "form: ui:options knows attachments only"
        elif key in properties:
            yield from (f"{key}: {reason}" for reason in _field_ui_faults(properties[key], part))
        elif key != "ui:order":
            yield f"{key}: in the ui-schema, but there is no such field"


def _field_ui_faults(field: Any, part: Any) -> Iterator[str]:
    if not isinstance(part, Mapping) or not isinstance(field, Mapping):
        yield "its ui-schema is not an object"
        return
    for keyword in sorted(part.keys() - _FIELD_UI):
        yield f"{keyword} is not supported"
    widget = part.get("ui:widget")
    offers = field.keys() & _CHOICE and field.get("type") != "array"
    fitting = {"radio", "select"} if offers else _WIDGETS.get(str(field.get("type")), set())
    if widget is not None and (not isinstance(widget, str) or widget not in fitting):
        yield f"ui:widget must be one of {', '.join(sorted(fitting))}"
    options = part.get("ui:options", {})
    rows = options.get("rows", 1) if isinstance(options, Mapping) else None
    if not isinstance(options, Mapping) or options.keys() - {"rows"} or type(rows) is not int or not 1 <= rows <= 40:
        yield "ui:options knows rows only, from 1 to 40"
    for keyword in ("ui:help", "ui:placeholder", "ui:autocomplete"):
        if keyword in part and not isinstance(part[keyword], str):
            yield f"{keyword} is not a text"


def _filled(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())
