"""The catalogue as comma-separated text, out and in: headed in Chinese or English, whole or not at all.

Out: UTF-8 with BOM, so that spreadsheets know it, one item a line. In: lines with a code change that item, lines without one add
an item, and lines that say 删除 (remove) take one out. Every bad line is named.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import catalogue, item_form, items
from engine.db import UnitOfWork
from engine.errors import EngineError, Invalid
from engine.form_problems import FormInvalid
from engine.forms import Form
from engine.settings import Settings

BOM = "\ufeff"
LARGEST, MOST_LINES, MOST_FAULTS = 2 * 1024 * 1024, 5000, 100
_FORMULA = ("=", "+", "-", "@")
CODE, OWNER, ACT = "code", "owner", "act"
HEADS = {CODE: ("目录编码", "Code"), OWNER: ("数据提供机关", "Provider"), ACT: ("操作", "Action")}
REMOVES = frozenset({"删除", "remove"})


@dataclass(frozen=True)
class Line:
    """A line that was read: which item it is about, what is said of it, or that it is to be taken out."""

    number: int
    code: str | None
    values: Mapping[str, Any]
    removes: bool = False
    owner: str | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, in both languages."""

    line: int
    zh: str
    en: str

    def sentence(self, locale: str) -> str:
        said = self.zh if locale.startswith("zh") else self.en
        return f"第{self.line}行：{said}" if locale.startswith("zh") else f"Line {self.line}: {said}"


class FileFaulty(Invalid):
    """The file cannot be taken in: {count} faults, and nothing was changed. {first}"""

    zh = "文件不能导入：共 {count} 处错误，没有作任何改动。{first_zh}"
    quotes = True

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(count=len(self.faults), first=first.sentence("en"), first_zh=first.sentence("zh"))


# ---------------------------------------------------------------- out


def write(settings: Settings, rows: Iterable[items.Row], locale: str = "zh") -> str:
    """The items as a file."""
    form, at = item_form.of(settings, locale), 0 if locale.startswith("zh") else 1
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow([HEADS[CODE][at], HEADS[OWNER][at], *(field.title for field in form.fields), HEADS[ACT][at]])
    for item, said, owner in rows:
        answers = item_form.answers(said)
        shown = [_shown(form, field.name, answers.get(field.name, "")) for field in form.fields]
        lines.writerow([item.code, owner.short_name if at == 0 else owner.name_en or owner.name, *shown, ""])
    return BOM + out.getvalue()


def _shown(form: Form, name: str, value: Any) -> str:
    """What a choice is called; a text that no spreadsheet takes for a formula."""
    titles = next(dict(field.options) for field in form.fields if field.name == name)
    text = titles.get(str(value), str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


# ---------------------------------------------------------------- in


def read(settings: Settings, content: bytes) -> list[Line]:
    """The lines of a file; raises FileFaulty, naming every line that cannot be used."""
    text = _decoded(content)
    try:
        table = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise FileFaulty([Fault(1, f"不是有效的CSV：{error}", f"is not CSV: {error}")]) from None
    if not table or len(table) > MOST_LINES + 1:
        raise FileFaulty([Fault(1, f"应有表头和 1 到 {MOST_LINES} 行", f"has a head and 1 to {MOST_LINES} lines")])
    form = item_form.of(settings)
    columns = _columns(form, item_form.of(settings, "en"), table[0])
    constants = _constants(form, item_form.of(settings, "en"))
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, row in enumerate(table[1:], start=2):
        if any(cell.strip() for cell in row):
            line = _line(form, columns, constants, number, row)
            lines.append(line)
            faults += _faults(settings, line)
    if not lines and not faults:
        faults = [Fault(2, "没有任何内容", "there is nothing in it")]
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])
    return lines


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise FileFaulty([Fault(1, "文件超过2MB", "the file is larger than 2 MB")])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise FileFaulty([Fault(1, "文件应当是UTF-8编码", "the file is not UTF-8")]) from None


def _columns(form: Form, english: Form, head: list[str]) -> list[str]:
    """Which field each column is, by its Chinese or English heading or its name; raises FileFaulty."""
    known = {name: name for name in (*form.names, *HEADS)}
    for read_form in (form, english):
        known |= {field.title: field.name for field in read_form.fields}
    known |= {title: name for name, titles in HEADS.items() for title in titles}
    by_fold = {title.casefold(): name for title, name in known.items()}
    found = [by_fold.get(cell.strip().casefold(), "") for cell in head]
    strange = [cell for cell, name in zip(head, found, strict=True) if not name and cell.strip()]
    twice = sorted({name for name in found if name and found.count(name) > 1})
    wrong = [Fault(1, f"没有“{cell[:40]}”这一栏", f"there is no column “{cell[:40]}”") for cell in strange]
    wrong += [Fault(1, f"“{name}”出现两次", f"“{name}” stands there twice") for name in twice]
    if "name" not in found and CODE not in found:
        wrong.append(Fault(1, "缺少“名称”或者“目录编码”一栏", "lacks the column “Name” or “Code”"))
    if wrong:
        raise FileFaulty(wrong)
    return found


def _constants(form: Form, english: Form) -> dict[str, dict[str, str]]:
    """By field: the constant of each choice, by its Chinese or English title."""
    found: dict[str, dict[str, str]] = {}
    for field in (*english.fields, *form.fields):
        if field.options:
            found.setdefault(field.name, {}).update({title.casefold(): value for value, title in field.options})
    return found


def _line(
    form: Form, columns: list[str], constants: Mapping[str, Mapping[str, str]], number: int, row: list[str]
) -> Line:
    cells = {name: _plain(cell) for name, cell in zip(columns, row, strict=False) if name}
    raw = {
        name: constants.get(name, {}).get(cell.casefold(), cell) for name, cell in cells.items() if name not in HEADS
    }
    try:
        values = form.coerce(dict(raw))
    except FormInvalid:
        values = dict(raw)  # the judgement names the field
    removes = cells.get(ACT, "").casefold() in REMOVES
    return Line(number, cells.get(CODE) or None, values, removes)


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _faults(settings: Settings, line: Line) -> list[Fault]:
    if line.removes:
        return [] if line.code else [Fault(line.number, "删除的应当写明目录编码", "what is removed has a code")]
    return [Fault(line.number, p.zh, p.en) for p in item_form.problems(settings, line.values)]


def of_one_house(uow: UnitOfWork, lines: Iterable[Line], organisation: str) -> None:
    """Every line is about an item of one organisation (its code), or adds one to it; raises FileFaulty."""
    faults = []
    for line in lines:
        known = items.find(uow, line.code) if line.code else None
        owner = known[2].code if known else line.owner
        if owner not in (None, organisation):
            faults.append(
                Fault(line.number, f"属于 {owner}，不属于 {organisation}", f"is of {owner}, not of {organisation}")
            )
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])


def draft(
    uow: UnitOfWork, lines: Iterable[Line], *, case_id: str | None = None, organisation: str | None = None
) -> int:
    """Draft everything that a file says, or nothing; raises FileFaulty with what each line met."""
    faults: list[Fault] = []
    count = 0
    for line in lines:
        try:
            with uow.part():
                if line.removes and line.code:
                    catalogue.draft_removal(uow, line.code, case_id=case_id)
                else:
                    owner = line.owner or organisation
                    catalogue.draft(uow, line.values, code=line.code, case_id=case_id, organisation=owner)
            count += 1
        except EngineError as error:
            faults.append(Fault(line.number, error.sentence("zh"), error.sentence("en")))
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])
    return count
