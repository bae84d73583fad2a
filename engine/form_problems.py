"""What is wrong with an answered form, said beside the field in the reader's words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Invalid


@dataclass(frozen=True)
class Problem:
    """One field to be corrected; ``pointer`` is its JSON pointer, ``code`` stays the same in every language."""

    field: str
    pointer: str
    code: str
    zh: str
    en: str

    def sentence(self, locale: str = "en") -> str:
        return self.zh if locale.startswith("zh") else self.en


class FormInvalid(Invalid):
    """The form cannot be accepted yet: {first_en} ({count} in all)."""

    zh = "还不能提交：{first_zh}（共 {count} 处需要修改）。"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(count=len(self.problems), first_zh=first.zh, first_en=first.en)


@dataclass(frozen=True)
class Words:
    """What a field is called in both languages, and whether it is filled in, chosen or ticked."""

    zh: str
    en: str
    verb: str = "fill"  # fill | choose | tick

    def problem(self, name: str, code: str, value: Any = None, data: Any = None, index: int | None = None) -> Problem:
        """The problem of one kind; ``value`` is the limit that was missed, ``data`` what was answered."""
        zh, en = _MESSAGES.get(code, _MESSAGES["other"])(self, value, data)
        pointer = "/" + name.replace("~", "~0").replace("/", "~1") + ("" if index is None else f"/{index}")
        return Problem(name, pointer, code, zh, en)


Message = Callable[[Words, Any, Any], tuple[str, str]]


def _missing(words: Words, value: Any, data: Any) -> tuple[str, str]:
    match words.verb:
        case "choose":
            return f"请选择{words.zh}", f"Please choose “{words.en}”"
        case "tick":
            return f"请勾选“{words.zh}”", f"Please tick “{words.en}”"
        case _:
            return f"请填写{words.zh}", f"Please fill in “{words.en}”"


def _too_long(words: Words, value: Any, data: Any) -> tuple[str, str]:
    return (
        f"{words.zh}最多 {value} 个字，现有 {len(data)} 个字",
        f"“{words.en}” may have at most {value} characters, not {len(data)}",
    )


def _too_short(words: Words, value: Any, data: Any) -> tuple[str, str]:
    return f"{words.zh}至少 {value} 个字", f"“{words.en}” needs at least {value} characters"


def _wrong_type(words: Words, value: Any, data: Any) -> tuple[str, str]:
    if data is None:
        return _missing(words, value, data)
    return {
        "integer": (f"{words.zh}应填写整数", f"“{words.en}” must be a whole number"),
        "number": (f"{words.zh}应填写数字", f"“{words.en}” must be a number"),
        "boolean": (f"{words.zh}只能回答是或者否", f"“{words.en}” must be yes or no"),
        "array": (f"{words.zh}应为若干选项", f"“{words.en}” must be a list of choices"),
    }.get(str(value), (f"{words.zh}应填写文字", f"“{words.en}” must be text"))


def _wrong_format(words: Words, value: Any, data: Any) -> tuple[str, str]:
    return {
        "date": (
            f"{words.zh}不是有效的日期，请按 2026-05-06 的格式填写",
            f"“{words.en}” is not a date; write it as 2026-05-06",
        ),
        "email": (
            f"{words.zh}不是有效的邮箱地址，例如 name@example.com",
            f"“{words.en}” is not an e-mail address such as name@example.com",
        ),
        "uri": (
            f"{words.zh}不是有效的网址，应以 http:// 或者 https:// 开头",
            f"“{words.en}” is not a web address that starts with http:// or https://",
        ),
    }.get(str(value), _other(words, value, data))


def _control(words: Words, value: Any, data: Any) -> tuple[str, str]:
    return (
        f"{words.zh}含有不能使用的字符（{value}），请删去后重新填写",
        f"“{words.en}” holds a character that cannot be used ({value})",
    )


def _other(words: Words, value: Any, data: Any) -> tuple[str, str]:
    return f"{words.zh}的格式不正确", f"“{words.en}” is not in the expected form"


_MESSAGES: Mapping[str, Message] = {
    "required": _missing,
    "maxLength": _too_long,
    "minLength": _too_short,
    "type": _wrong_type,
    "format": _wrong_format,
    "control": _control,
    "other": _other,
    "pattern": _other,
    "enum": lambda w, v, d: (f"请从选项中选择{w.zh}", f"“{w.en}” must be one of the choices offered"),
    "const": lambda w, v, d: _missing(w, v, d) if w.verb == "tick" else _other(w, v, d),
    "minimum": lambda w, v, d: (f"{w.zh}不能小于 {v}", f"“{w.en}” must be at least {v}"),
    "maximum": lambda w, v, d: (f"{w.zh}不能大于 {v}", f"“{w.en}” must be at most {v}"),
    "exclusiveMinimum": lambda w, v, d: (f"{w.zh}应大于 {v}", f"“{w.en}” must be more than {v}"),
    "exclusiveMaximum": lambda w, v, d: (f"{w.zh}应小于 {v}", f"“{w.en}” must be less than {v}"),
    "minItems": lambda w, v, d: (f"{w.zh}至少选择 {v} 项", f"Choose at least {v} for “{w.en}”"),
    "maxItems": lambda w, v, d: (f"{w.zh}最多选择 {v} 项", f"Choose at most {v} for “{w.en}”"),
    "uniqueItems": lambda w, v, d: (f"{w.zh}有重复的选项", f"“{w.en}” names a choice twice"),
    "newline": lambda w, v, d: (f"{w.zh}应写在一行以内", f"“{w.en}” must be on one line"),
    "unknown": lambda w, v, d: (f"表单中没有“{w.zh}”这一项", f"The form has no field “{w.en}”"),
    "anyOf": lambda w, v, d: (f"{w.zh}至少填写一项", f"Please fill in at least one of {w.en}"),
}
