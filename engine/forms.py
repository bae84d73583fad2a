"""Forms that people fill in: read what the browser sent, say what is wrong, show what was answered.

A form is a JSON Schema with a subset of RJSF's ui-schema beside it (both in a bundle's ``forms/``); which keywords
there are, ``engine.form_lint`` knows. A browser sends text, so ``coerce`` makes values of it: an empty answer is an
absent key. The API sends values, which ``validate`` takes as they are. What passes ``validate`` is safe to store and to
print: known fields only, every text capped, in one line where the form shows one line, without invisible or control
characters.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from engine import masking
from engine.form_lint import CHOICE_CAP, TEXT_CAP, TEXT_DEFAULT, form_faults
from engine.form_problems import FormInvalid, Problem, Words

__all__ = ["Field", "Form", "FormInvalid", "Problem", "form_faults"]

NUMBER_CAP = 10**12
FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2100, 12, 31)
UNKNOWN_SHOWN = 20

_TRUE = frozenset({"true", "on", "1", "yes", "是"})
_FALSE = frozenset({"false", "off", "0", "no", "否"})
_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029]")
# What programs leave in pasted text without anybody seeing it: zero-width space, byte order mark, soft hyphen, marks.
_DEBRIS = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
# Controls, surrogates, direction overrides (a name that reads differently than it is), letters that show as nothing,
# tags, non-characters. Unassigned code points pass: new Han characters are unassigned to an older Python.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
    "\u034f\u115f\u1160\u180e\u2800\u3164\uffa0"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f"
    + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 17))
    + "]"
)
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,10})?")
_TYPED_IN_FULL_WIDTH = ("phone", "email", "identity_number")


@dataclass(frozen=True)
class Field:
    """One field as a page draws it, in the reader's language."""

    name: str
    title: str
    help: str
    kind: str  # string, integer, number, boolean, array
    widget: str  # text, textarea, radio, select, checkbox, checkboxes, date, email, url, tel, number
    required: bool
    options: tuple[tuple[str, str], ...] = ()  # (value, title)
    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    rows: int = 4
    placeholder: str = ""
    autocomplete: str = ""
    personal: masking.Kind | None = None


class Form:
    """A form of a bundle. It speaks Chinese, and English once it is ``localised``."""

    def __init__(self, schema: Mapping[str, Any], ui: Mapping[str, Any] | None = None) -> None:
        self.schema = schema
        self.ui: Mapping[str, Any] = ui or {}
        self.locale = "zh"
        self._english: Mapping[str, Any] = {}

    def localised(self, translations: Mapping[str, Any]) -> "Form":
        """The same form for an English reader: ``{field: {title, help, options: {const: title}}}``, gaps in Chinese."""
        form = Form(self.schema, self.ui)
        form.locale = "en"
        form._english = translations
        return form

    # ------------------------------------------------------------------ what the form is

    @property
    def title(self) -> str:
        english = self._english.get("title")
        return english if isinstance(english, str) else str(self.schema.get("title", ""))

    @property
    def description(self) -> str:
        english = self._english.get("text") or self._english.get("description")
        return english if isinstance(english, str) else str(self.schema.get("description", ""))

    @property
    def accepts_attachments(self) -> bool:
        return bool(self.ui.get("ui:options", {}).get("attachments"))

    @property
    def demands_attachments(self) -> bool:
        """Whether it cannot be sent without a file, such as the scan of a signed paper."""
        return bool(self.ui.get("ui:options", {}).get("attachments") == "required")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the fields in the order in which they are shown."""
        known = self._properties
        order = [name for name in self.ui.get("ui:order", ["*"]) if name == "*" or name in known]
        rest = [name for name in known if name not in order]
        at = order.index("*") if "*" in order else len(order)
        return (*order[:at], *rest, *order[at + 1 :])

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields for a page, in their order."""
        return tuple(self._field(name) for name in self.names)

    @property
    def personal(self) -> dict[str, masking.Kind]:
        """The fields that hold personal data, with the kind of it: they belong to the party, not to the case."""
        return {name: field["x-personal"] for name, field in self._properties.items() if "x-personal" in field}

    # ------------------------------------------------------------------ reading answers

    def coerce(self, raw: Mapping[str, str | list[str]]) -> dict[str, Any]:
        """Values from the texts of a browser. What makes no value stays text, and ``validate`` says what is wrong.

        Names that start with an underscore belong to the page (its token, its buttons) and are left out. Characters
        that may not be stored at all are refused at once, with FormInvalid: a saved draft is coerced, not validated.
        """
        values: dict[str, Any] = {}
        for name, answer in raw.items():
            if name.startswith("_"):
                continue
            texts = [
                cleaned for text in (answer if isinstance(answer, list) else [answer]) if (cleaned := _clean(text))
            ]
            if texts:
                field = self._properties.get(name)
                values[name] = _value(field, texts) if field is not None else texts[0]
        controls = [problem for name in self.names if (problem := self._control_problem(name, values.get(name)))]
        if controls:
            raise FormInvalid(controls)
        return values

    def validate(self, values: Mapping[str, Any]) -> None:
        """Refuse what the form does not allow: raises FormInvalid with a problem for every field concerned."""
        problems = self.problems(values)
        if problems:
            raise FormInvalid(problems)

    def read(self, raw: Mapping[str, str | list[str]]) -> dict[str, Any]:
        """What a browser sent, as values that passed: ``coerce`` and ``validate``."""
        values = self.coerce(raw)
        self.validate(values)
        return values

    def problems(self, values: Any) -> tuple[Problem, ...]:
        """One problem a field, in the order of the form, unknown fields last."""
        if not isinstance(values, Mapping):
            return (Words("答案", "answers").problem("", "type", "object", values),)
        found: dict[str, Problem] = {}
        for name in self.names:
            if name in values and (problem := self._text_problem(name, values[name])):
                found[name] = problem
        # Only what is bounded by now goes on: a schema check of an endless list or text would cost endless time.
        sound = {name: value for name, value in values.items() if name in self._properties and name not in found}
        for error in self._validator.iter_errors(sound):
            for problem in self._translated(error, sound, found):
                found.setdefault(problem.field, problem)
        unknown = [name for name in values if name not in self._properties][:UNKNOWN_SHOWN]
        strangers = [_stranger(name) for name in unknown]
        return (*(found[name] for name in self.names if name in found), *strangers)

    # ------------------------------------------------------------------ showing answers

    def describe(
        self, values: Mapping[str, Any], locale: str | None = None, level: masking.Level = "none"
    ) -> list[tuple[str, str]]:
        """The answered fields as (title, shown value), masked for the place where they are shown."""
        reader = (locale or self.locale)[:2]
        masked = self.masked(values, level)
        return [
            (self._title(name, reader), self._shown(name, masked[name], reader))
            for name in self.names
            if masked.get(name) not in (None, "", [])
        ]

    def masked(self, values: Mapping[str, Any], level: masking.Level) -> dict[str, Any]:
        """The values with personal data masked as the schema says for that place (``x-mask``: show, mask or hide)."""
        return {name: self._masked(name, value, level) for name, value in values.items()}

    def _masked(self, name: str, value: Any, level: masking.Level) -> Any:
        field = self._properties.get(name, {})
        kind = field.get("x-personal")
        treatment = field.get("x-mask", {}).get(level, "mask" if kind else "show")
        if level == "none" or treatment == "show":
            return value
        return masking.mask(kind, str(value), level) if kind and treatment == "mask" else masking.HIDDEN

    def _shown(self, name: str, value: Any, locale: str) -> str:
        if isinstance(value, list):
            return ("、" if locale == "zh" else ", ").join(self._shown(name, item, locale) for item in value)
        if isinstance(value, bool):
            return {True: "是", False: "否"}[value] if locale == "zh" else {True: "Yes", False: "No"}[value]
        titles = dict(self._options(name, locale))
        if str(value) in titles:
            return titles[str(value)]
        if self._properties[name].get("format") == "date" and locale == "zh" and _is_date(value):
            day = date.fromisoformat(value)
            return f"{day.year}年{day.month}月{day.day}日"
        return str(value)

    # ------------------------------------------------------------------ the parts

    @cached_property
    def _properties(self) -> Mapping[str, Mapping[str, Any]]:
        properties: Mapping[str, Mapping[str, Any]] = self.schema.get("properties", {})
        return properties

    @cached_property
    def _validator(self) -> Any:
        properties = {name: _bounded(field) for name, field in self._properties.items()}
        schema = {**self.schema, "type": "object", "properties": properties, "additionalProperties": False}
        return _Validator(schema, format_checker=_FORMATS)

    def _field(self, name: str) -> Field:
        field, ui = self._properties[name], self.ui.get(name, {})
        bounded = _bounded(field)
        translated = self._translation(name) if self.locale == "en" else {}
        options = ui.get("ui:options", {})
        return Field(
            name=name,
            title=self._title(name, self.locale),
            help=str(translated.get("help") or ui.get("ui:help") or field.get("description", "")),
            kind=str(field.get("type", "string")),
            widget=_widget(field, ui),
            required=name in self.schema.get("required", ()),
            options=tuple(self._options(name, self.locale)),
            min_length=bounded.get("minLength"),
            max_length=bounded.get("maxLength"),
            minimum=field.get("minimum"),
            maximum=field.get("maximum"),
            rows=options.get("rows", 4),
            placeholder=str(ui.get("ui:placeholder", "")),
            autocomplete=str(ui.get("ui:autocomplete", "")),
            personal=field.get("x-personal"),
        )

    def _translation(self, name: str) -> Mapping[str, Any]:
        table = self._english.get(name)
        return table if isinstance(table, Mapping) else {}

    def _title(self, name: str, locale: str) -> str:
        chinese = str(self._properties[name].get("title", name))
        return chinese if locale == "zh" else str(self._translation(name).get("title") or chinese)

    def _options(self, name: str, locale: str) -> Iterator[tuple[str, str]]:
        english = self._translation(name).get("options", {}) if locale != "zh" else {}
        for constant, title in _choices(self._properties[name]) or ():
            yield str(constant), str(english.get(str(constant)) or title)

    def _words(self, name: str) -> Words:
        field = self._properties[name]
        chooses = _choices(field) is not None or field.get("format") == "date" or field.get("type") == "boolean"
        verb = "tick" if "const" in field else "choose" if chooses else "fill"
        zh, en = (self._title(name, locale).rstrip("？?：: ") for locale in ("zh", "en"))
        return Words(zh, en, verb)

    def _text_problem(self, name: str, value: Any) -> Problem | None:
        """What no schema says: emptiness, characters, lines and sizes."""
        words, bounded = self._words(name), _bounded(self._properties[name])
        if isinstance(value, list):
            if len(value) > bounded.get("maxItems", CHOICE_CAP):
                return words.problem(name, "maxItems", bounded.get("maxItems", CHOICE_CAP))
            return words.problem(name, "required") if not value else None
        if isinstance(value, float) and not math.isfinite(value):
            return words.problem(name, "type", "number", value)
        if not isinstance(value, str):
            return None
        if not value.strip():
            return words.problem(name, "required")
        if len(value) > bounded.get("maxLength", TEXT_CAP):
            return words.problem(name, "maxLength", bounded.get("maxLength", TEXT_CAP), value)
        if control := self._control_problem(name, value):
            return control
        if "\n" in value and _widget(self._properties[name], self.ui.get(name, {})) != "textarea":
            return words.problem(name, "newline")
        return None

    def _control_problem(self, name: str, value: Any) -> Problem | None:
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and (forbidden := _FORBIDDEN.search(text)):
                return self._words(name).problem(name, "control", f"U+{ord(forbidden[0]):04X}")
        return None

    def _translated(
        self, error: ValidationError, values: Mapping[str, Any], found: Mapping[str, Problem]
    ) -> Iterator[Problem]:
        """A schema's error as problems of the fields that a person can correct; ``found`` has been said already."""
        code, limit = str(error.validator), error.validator_value
        if error.absolute_path:
            name, *rest = error.absolute_path
            index = next((step for step in rest if isinstance(step, int)), None)
            if code == "type" and limit != "array" and _choices(self._properties[str(name)]) is not None:
                code = "enum"
            yield self._words(str(name)).problem(str(name), code, limit, error.instance, index)
        elif code == "anyOf":
            yield from self._one_of(limit, found)
        else:
            missing = (name for name in _missing(code, limit, values) if name in self._properties and name not in found)
            yield from (self._words(name).problem(name, "required") for name in missing)

    def _one_of(self, clauses: Any, found: Mapping[str, Problem]) -> Iterator[Problem]:
        """At least one of several fields is to be filled: said at the first, unless one was tried and is wrong."""
        asked = {name for clause in clauses for name in clause.get("required", ())}
        names = [name for name in self.names if name in asked]
        if names and not asked & found.keys():
            words = [self._words(name) for name in names]
            zh, en = "、".join(word.zh for word in words), ", ".join(f"“{word.en}”" for word in words)
            yield Words(zh, en).problem(names[0], "anyOf")


def _missing(code: str, limit: Any, values: Mapping[str, Any]) -> Iterator[str]:
    """The fields that a ``required`` or ``dependentRequired`` misses."""
    if code not in ("required", "dependentRequired"):
        raise ValueError(f"the form uses {code} in a way that its lint refuses")
    groups = [limit] if code == "required" else [names for name, names in limit.items() if name in values]
    return (name for names in groups for name in names if name not in values)


def _bounded(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema with the bounds that every field has, and its choices as a plain list."""
    plain = {key: value for key, value in field.items() if key not in ("oneOf", "items", "title", "description")}
    choices = _choices(field)
    kind = field.get("type", "string")
    if kind == "array":
        constants = [constant for constant, _ in choices or ()]
        most = min(field.get("maxItems", CHOICE_CAP), len(constants))
        return plain | {"items": {"enum": constants}, "uniqueItems": True, "maxItems": most}
    if choices is not None:
        return plain | {"type": kind, "enum": [constant for constant, _ in choices]}
    if kind == "string":
        longest = min(field.get("maxLength", TEXT_DEFAULT), TEXT_CAP)
        return plain | {"type": kind, "minLength": field.get("minLength", 1), "maxLength": longest}
    if kind in ("integer", "number"):
        least, most = field.get("minimum", -NUMBER_CAP), field.get("maximum", NUMBER_CAP)
        return plain | {"type": kind, "minimum": least, "maximum": most}
    return plain


def _choices(field: Mapping[str, Any]) -> list[tuple[Any, str]] | None:
    """The choices of a field as (constant, title), or None where it is free; those of a list stand in its items."""
    source = field.get("items", {}) if field.get("type") == "array" else field
    if "oneOf" in source:
        return [(choice["const"], str(choice.get("title", choice["const"]))) for choice in source["oneOf"]]
    if "enum" in source:
        return [(constant, str(constant)) for constant in source["enum"]]
    return [] if "x-options" in source else None


def _widget(field: Mapping[str, Any], ui: Mapping[str, Any]) -> str:
    if asked := ui.get("ui:widget"):
        return str(asked)
    kind = field.get("type", "string")
    if kind in ("boolean", "array"):
        return {"boolean": "checkbox", "array": "checkboxes"}[kind]
    if _choices(field) is not None:
        return "select"
    if kind in ("integer", "number"):
        return "number"
    by_format = {"date": "date", "email": "email", "uri": "url"}.get(field.get("format", ""))
    return by_format or ("tel" if field.get("x-personal") == "phone" else "text")


def _clean(text: str) -> str:
    """One spelling and no debris: line ends, tabs, composed characters, no blanks around."""
    lines = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    return unicodedata.normalize("NFC", _DEBRIS.sub("", lines)).strip()


def _value(field: Mapping[str, Any], texts: list[str]) -> Any:
    """The value that texts of a browser stand for; the texts themselves where they stand for none."""
    kind = field.get("type", "string")
    if kind == "array":
        by_text = {str(constant): constant for constant, _ in _choices(field) or ()}
        return [by_text.get(text, text) for text in texts]
    if kind == "boolean":  # a hidden "false" may precede the ticked box
        word = texts[-1].lower()
        return True if word in _TRUE else False if word in _FALSE else texts[-1]
    if len(texts) > 1:
        return texts
    return _scalar(field, kind, texts[0])


def _scalar(field: Mapping[str, Any], kind: str, text: str) -> Any:
    narrow = unicodedata.normalize("NFKC", text)
    if kind == "integer":
        return int(narrow) if _INTEGER.fullmatch(narrow) else text
    if kind == "number":
        return (float(narrow) if "." in narrow else int(narrow)) if _NUMBER.fullmatch(narrow) else text
    typed_in_full_width = "format" in field or field.get("x-personal") in _TYPED_IN_FULL_WIDTH
    return narrow.strip() if typed_in_full_width else text


def _stranger(name: Any) -> Problem:
    shown = _FORBIDDEN.sub("", str(name)).replace("\n", " ")[:40]
    return Words(shown, shown).problem(shown, "unknown")


# ---------------------------------------------------------------------- the checks of a schema, as we mean them


def _ascii_pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    r"""``\d`` means 0–9 as in JavaScript, and ``$`` the very end."""
    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), value, re.ASCII):
        yield ValidationError("pattern")


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        return FIRST_DATE <= date.fromisoformat(value) <= LAST_DATE
    except ValueError:
        return False


def _is_email(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    return len(value) <= 254 and len(value.partition("@")[0]) <= 64 and bool(_EMAIL.fullmatch(value))


def _is_web_address(value: Any) -> bool:
    """http and https only, because addresses become links; no account data, no blanks."""
    if not isinstance(value, str):
        return True
    if re.search(r"[\s<>\"\\^`{|}]", value):
        return False
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and port_is_valid


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date")(_is_date)
_FORMATS.checks("email")(_is_email)
_FORMATS.checks("uri")(_is_web_address)

_Validator = extend(Draft202012Validator, {"pattern": _ascii_pattern})  # type: ignore[no-untyped-call]
