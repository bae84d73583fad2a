"""The catalogue as comma-separated text, out and in: headed in Chinese or English, whole or not at all.

Out: UTF-8 with BOM, so that spreadsheets know it, one item a line. In: lines with a code change that item, lines without one add
an item, and lines that say 删除 (remove) take one out. Who owns an item is told by its code or its name. Every bad line is named.
"""

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import col, select

from engine import catalogue, csv_tables, item_form, items
from engine.csv_tables import MOST_FAULTS, Fault, FileFaulty, folded
from engine.db import UnitOfWork
from engine.errors import EngineError
from engine.form_problems import FormInvalid
from engine.forms import Form
from engine.models import Organisation
from engine.settings import Settings

BOM = "\ufeff"
MOST_LINES = 1000  # drafted in one transaction, some ten seconds in which nobody else can write to an embedded database
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r]")  # spreadsheets of the region read the wide ones too
_DAY = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 0?0:00(?::00)?)?"
)  # as spreadsheets write one
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]+")  # what a spreadsheet leaves of a long number
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
CODE, OWNER, ACT = "code", "owner", "act"
HEADS = {CODE: ("目录编码", "Code"), OWNER: ("数据提供机关", "Provider"), ACT: ("操作", "Action")}
REMOVES = frozenset({"删除", "remove"})
WITHHELD = (
    "（不公开）",
    "(not public)",
)  # instead of what the public is not told; brought in again, it leaves that as it is


@dataclass(frozen=True)
class Line:
    """A line that was read: which item it is about, what is said of it, or that it is to be taken out."""

    number: int
    code: str | None
    values: Mapping[str, Any]
    removes: bool = False
    owner: str | None = None  # its code; as it stands in a table, perhaps its name
    kept: frozenset[str] = frozenset()  # fields that stay as they are, since the file was not told what they say


# ---------------------------------------------------------------- out


def write(settings: Settings, rows: Iterable[items.Row], locale: str = "zh", *, public: bool = False) -> str:
    """The items as a file; ``public`` says that they are as the public is told of them."""
    form, at = item_form.of(settings, locale), 0 if locale.startswith("zh") else 1
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow([HEADS[CODE][at], HEADS[OWNER][at], *(field.title for field in form.fields), HEADS[ACT][at]])
    for item, said, owner in rows:
        hidden = items.WITHHELD if public and said.opening != "open" else ()
        answers = item_form.answers(said)
        shown = [
            WITHHELD[at] if field.name in hidden else _shown(form, field.name, answers.get(field.name, ""))
            for field in form.fields
        ]
        house = _disarmed(owner.short_name if at == 0 else owner.name_en or owner.name)
        lines.writerow([item.code, house, *shown, ""])
    return BOM + out.getvalue()


def _shown(form: Form, name: str, value: Any) -> str:
    """What a choice is called, or the text."""
    titles = next(dict(field.options) for field in form.fields if field.name == name)
    return _disarmed(titles.get(str(value), str(value)))


def _disarmed(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


# ---------------------------------------------------------------- in


def read(settings: Settings, content: bytes) -> list[Line]:
    """The lines of a file; raises FileFaulty, naming every line that cannot be used."""
    table = csv_tables.rows(content)
    if not table or len(table) > MOST_LINES + 1:
        zh = f"应有表头和 1 到 {MOST_LINES} 行，现有 {len(table)} 行；行数过多的，请分成几个文件"
        en = f"has a head and 1 to {MOST_LINES} lines, not {len(table)}: what is longer is brought in by parts"
        raise FileFaulty([Fault(1, zh, en)])
    form = item_form.of(settings)
    columns = _columns(form, item_form.of(settings, "en"), *table[0])
    constants = _constants(form, item_form.of(settings, "en"))
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, row in table[1:]:
        line = _line(form, columns, constants, number, row)
        lines.append(line)
        faults += _strange(form, number, columns, row) + _faults(settings, line)
    faults += _left_out(form, columns, lines) + unclear(lines)
    if not lines and not faults:
        faults = [Fault(table[0][0] + 1, "没有任何内容", "there is nothing in it")]
    if faults:
        raise FileFaulty(sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS])
    return lines


def _columns(form: Form, english: Form, line: int, head: list[str]) -> list[str]:
    """Which field each column is, by its Chinese or English heading or its name; raises FileFaulty."""
    known = {name: name for name in (*form.names, *HEADS)}
    for read_form in (form, english):
        known |= {field.title: field.name for field in read_form.fields}
    known |= {title: name for name, titles in HEADS.items() for title in titles}
    by_word = {folded(title): name for title, name in known.items()}
    found = [by_word.get(folded(cell), "") for cell in head]
    strange = [cell for cell, name in zip(head, found, strict=True) if not name and cell.strip()][:MOST_FAULTS]
    twice = sorted(name for name, times in Counter(found).items() if name and times > 1)
    if len(head) == 1 and re.search(r"[；，|]", head[0]):
        raise FileFaulty([Fault(line, "各栏应当用逗号分隔", "the columns are not separated by commas")])
    wrong = [Fault(line, f"没有“{cell[:40]}”这一栏", f"there is no column “{cell[:40]}”") for cell in strange]
    wrong += [Fault(line, f"“{name}”出现两次", f"“{name}” stands there twice") for name in twice]
    if "name" not in found and CODE not in found:
        wrong.append(Fault(line, "缺少“名称”或者“目录编码”一栏", "lacks the column “Name” or “Code”"))
    if wrong:
        raise FileFaulty(wrong[:MOST_FAULTS])
    return found


def _constants(form: Form, english: Form) -> dict[str, dict[str, str]]:
    """By field: the constant of each choice, by its Chinese or English title or by itself."""
    found: dict[str, dict[str, str]] = {}
    for field in (*english.fields, *form.fields):
        for value, title in field.options:
            found.setdefault(field.name, {}).update({folded(value): value, folded(title): value})
    return found


def _line(
    form: Form, columns: list[str], constants: Mapping[str, Mapping[str, str]], number: int, row: list[str]
) -> Line:
    cells = {name: _plain(cell) for name, cell in zip(columns, row, strict=False) if name}
    kept = frozenset(name for name in items.WITHHELD if folded(cells.get(name, "")) in map(folded, WITHHELD))
    days = {field.name for field in form.fields if field.widget == "date"}
    raw = {
        name: _day(cell) if name in days else constants.get(name, {}).get(folded(cell), cell)
        for name, cell in cells.items()
        if name not in HEADS and name not in kept
    }
    try:
        values = form.coerce(dict(raw))
    except FormInvalid:
        values = dict(raw)  # the judgement names the field
    removes = cells.get(ACT, "").casefold() in REMOVES
    code = unicodedata.normalize("NFKC", cells.get(CODE, ""))
    return Line(number, code or None, values, removes, cells.get(OWNER) or None, kept)


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _day(cell: str) -> str:
    """A day as the form wants it, out of what spreadsheets and people make of it; or what stands there."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", cell))
    return f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}" if found else cell


def _strange(form: Form, number: int, columns: Sequence[str], row: Sequence[str]) -> list[Fault]:
    """What stands in a line and would be passed over in silence, or is no more what somebody wrote."""
    faults = []
    unheaded = [cell for cell, name in zip(row, columns, strict=False) if not name]
    if any(cell.strip() for cell in (*unheaded, *row[len(columns) :])):
        faults.append(Fault(number, "比表头多出内容，请检查逗号和引号", "has more cells than the head"))
    cells = dict(zip(columns, row, strict=False))
    act = cells.get(ACT, "").strip()
    if act and act.casefold() not in REMOVES:
        faults.append(Fault(number, "“操作”一栏只能留空或者写“删除”", "the action is empty, or “remove”"))
    for field in form.fields:
        if _ROUNDED.fullmatch(cell := cells.get(field.name, "").strip()):
            zh = f"“{field.title}”是“{cell}”：电子表格已把号码改成科学记数，请把该栏设为文本后重新填写"
            faults.append(Fault(number, zh, f"“{field.name}” is “{cell}”: a spreadsheet has rounded the number"))
    return faults


def _faults(settings: Settings, line: Line) -> list[Fault]:
    if line.removes:
        return [] if line.code else [Fault(line.number, "删除的应当写明目录编码", "what is removed has a code")]
    found = item_form.problems(settings, line.values)
    return [Fault(line.number, p.zh, p.en) for p in found if p.field not in line.kept]


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
    owned = _with_owners(uow, lines)
    if again := unclear(replace(line, owner=line.owner or organisation) for line in owned):
        raise FileFaulty(again[:MOST_FAULTS])
    for line in owned:
        try:
            with uow.part():
                if line.removes and line.code:
                    catalogue.draft_removal(uow, line.code, case_id=case_id)
                else:
                    owner, values = line.owner or organisation, _with_kept(uow, line)
                    catalogue.draft(uow, values, code=line.code, case_id=case_id, organisation=owner)
            count += 1
        except EngineError as error:
            faults.append(Fault(line.number, error.sentence("zh"), error.sentence("en")))
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])
    return count


def _with_kept(uow: UnitOfWork, line: Line) -> Mapping[str, Any]:
    """What a line says, with what it leaves as it is."""
    item = items.find(uow, line.code) if line.kept and line.code else None
    known = item_form.answers(item[1]) if item else {}
    return {**line.values, **{name: known[name] for name in line.kept if name in known}}
