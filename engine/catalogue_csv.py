"""The catalogue as comma-separated text, out and in: headed in Chinese or English, whole or not at all.

Out: UTF-8 with BOM, so that spreadsheets know it, one item a line. In: lines with a code change that item, lines without one add
an item, and lines that say 删除 (remove) take one out. Who owns an item is told by its code or its name. Every bad line is named.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import col, select

from engine import catalogue, item_form, items
from engine.db import UnitOfWork
from engine.errors import EngineError, Invalid
from engine.form_problems import FormInvalid
from engine.forms import Form
from engine.models import Organisation
from engine.settings import Settings

BOM = "\ufeff"
LARGEST, MOST_FAULTS = 2 * 1024 * 1024, 100
MOST_LINES = 1000  # drafted in one transaction, some ten seconds in which nobody else can write to an embedded database
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")  # spreadsheets of the region read the wide ones too
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
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
    owner: str | None = None  # its code; as it stands in a table, perhaps its name


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
        house = _disarmed(owner.short_name if at == 0 else owner.name_en or owner.name)
        lines.writerow([item.code, house, *shown, ""])
    return BOM + out.getvalue()


def _shown(form: Form, name: str, value: Any) -> str:
    """What a choice is called, or the text."""
    titles = next(dict(field.options) for field in form.fields if field.name == name)
    return _disarmed(titles.get(str(value), str(value)))


def _disarmed(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


# ---------------------------------------------------------------- in


def read(settings: Settings, content: bytes) -> list[Line]:
    """The lines of a file; raises FileFaulty, naming every line that cannot be used."""
    lines_read = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    try:
        table = list(lines_read)
    except csv.Error as error:
        words = "不是有效的CSV，请检查引号、换行和内容长度", f"is not CSV: {error}"
        raise FileFaulty([Fault(lines_read.line_num, *words)]) from None
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
            faults += _strange(number, columns, row) + _faults(settings, line)
    faults += _left_out(form, columns, lines) + unclear(lines)
    if not lines and not faults:
        faults = [Fault(2, "没有任何内容", "there is nothing in it")]
    if faults:
        raise FileFaulty(sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS])
    return lines


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise FileFaulty([Fault(1, "文件超过2MB", "the file is larger than 2 MB")])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        fault = Fault(
            1, "文件应当是UTF-8编码，请另存为“CSV UTF-8”格式", "the file is not UTF-8: save it as “CSV UTF-8”"
        )
        raise FileFaulty([fault]) from None


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
    if len(head) == 1 and re.search(r"[;；\t]", head[0]):
        raise FileFaulty([Fault(1, "各栏应当用逗号分隔", "the columns are not separated by commas")])
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
    return Line(number, cells.get(CODE) or None, values, removes, cells.get(OWNER) or None)


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _strange(number: int, columns: Sequence[str], row: Sequence[str]) -> list[Fault]:
    """What stands in a line and would be passed over in silence."""
    faults = []
    if any(cell.strip() for cell in row[len(columns) :]):
        faults.append(Fault(number, "比表头多出内容，请检查逗号和引号", "has more cells than the head"))
    act = dict(zip(columns, row, strict=False)).get(ACT, "").strip()
    if act and act.casefold() not in REMOVES:
        faults.append(Fault(number, "“操作”一栏只能留空或者写“删除”", "the action is empty, or “remove”"))
    return faults


def _faults(settings: Settings, line: Line) -> list[Fault]:
    if line.removes:
        return [] if line.code else [Fault(line.number, "删除的应当写明目录编码", "what is removed has a code")]
    return [Fault(line.number, p.zh, p.en) for p in item_form.problems(settings, line.values)]


def _left_out(form: Form, columns: Sequence[str], lines: Sequence[Line]) -> list[Fault]:
    """A column that a table lacks would empty that field of every item which it changes."""
    lacking = [field.title for field in form.fields if field.name not in columns]
    if not lacking or not any(line.code and not line.removes for line in lines):
        return []
    named = "、".join(lacking)
    return [
        Fault(1, f"修改已有目录项的表应当保留全部栏目，缺少：{named}", f"a table that changes items lacks: {named}")
    ]


def unclear(lines: Iterable[Line]) -> list[Fault]:
    """Codes that none can be, and lines about one item, or that add one name twice at one owner: which of them is meant?"""
    known: dict[tuple[str, ...], int] = {}
    faults = []
    for line in lines:
        if line.code and not _CODE.fullmatch(line.code):
            words = "目录编码只有字母、数字、点和横线", "a code has letters, digits, dots and dashes only"
            faults.append(Fault(line.number, *words))
        name = "" if line.removes or line.code else str(line.values.get("name") or "")
        for said in (("code", line.code or ""), ("name", line.owner or "", name)):
            if not said[-1]:
                continue
            if (first := known.setdefault(said, line.number)) != line.number:
                again = said[-1][:60]
                faults.append(
                    Fault(line.number, f"与第{first}行重复：{again}", f"says the same as line {first}: {again}")
                )
    return faults


def _with_owners(uow: UnitOfWork, lines: Iterable[Line]) -> list[Line]:
    """The lines with the code of the owner that each names; raises FileFaulty: nobody is called so, or the item is another's."""
    called: dict[str, set[str | None]] = defaultdict(set)
    for house in uow.session.exec(select(Organisation).where(col(Organisation.active).is_(True))):
        for name in (house.code, house.name, house.short_name, house.name_en):
            called[name.casefold()].add(house.code)
    found, faults = [], []
    for line in lines:
        named = (line.owner or "")[:60]
        codes = called.get(line.owner.casefold(), set()) if line.owner else {None}
        item = items.find(uow, line.code) if line.code else None
        owner = item[2].code if item else None
        if not codes:
            faults.append(Fault(line.number, f"没有名为“{named}”的机关", f"nobody is called “{named}”"))
        elif owner and named and owner not in codes:
            faults.append(Fault(line.number, f"{line.code} 不属于“{named}”", f"{line.code} is not of “{named}”"))
        elif not owner and len(codes) > 1:
            faults.append(
                Fault(line.number, f"不止一个机关名为“{named}”，请写机关代码", f"several are called “{named}”")
            )
        else:
            found.append(replace(line, owner=owner or next(iter(codes))))
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])
    return found


def of_one_house(uow: UnitOfWork, lines: Iterable[Line], organisation: str) -> None:
    """Every line is about an item of one organisation (its code), or adds one to it; raises FileFaulty."""
    faults = []
    for line in _with_owners(uow, lines):
        if line.owner not in (None, organisation):
            said = f"属于 {line.owner}，不属于 {organisation}", f"is of {line.owner}, not of {organisation}"
            faults.append(Fault(line.number, *said))
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])


def draft(
    uow: UnitOfWork, lines: Iterable[Line], *, case_id: str | None = None, organisation: str | None = None
) -> int:
    """Draft everything that a file says, or nothing; raises FileFaulty with what each line met."""
    faults: list[Fault] = []
    count = 0
    for line in _with_owners(uow, lines):
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
