"""Reads a printed notice back, and says what is not as GB/T 9704-2012 and our own grid want it.

``inspect(pdf, paper)`` gives the faults as sentences; a good paper has none. It knows nothing of how the page was made: it
measures glyphs, rules and pictures in the finished PDF.
"""

import ctypes
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import pypdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from notices.fonts import FANG, folder, typefaces
from notices.gongwen import CELL, LEFT, MM, PITCH, ROWS, TOP
from notices.paper import Paper

RIGHT, BOTTOM = LEFT + 156 * MM, TOP + 225 * MM
OFF_THE_GRID = 0.3
"""Points by which a baseline may miss its line."""
HAIR = 0.6
"""Points by which ink may pass an edge: the marks at the end of a line are squeezed to their ink."""
STROKE = 1.4
"""Points by which a stroke may reach above or below the square of its character."""
HALF_BLANK = (PITCH - CELL) / 2 + 1.2
"""A table's rules run in the middle between two lines: half of the blank between them outside the first and the last."""
MARK, TITLE, TEXT, FOOT, SMALL = "title", 21.0, CELL, 14.0, 12.0
RED = (230, 0, 18)


@dataclass(frozen=True)
class Glyph:
    """A character: its origin, the edges of its ink, its size and typeface. Points from the upper left corner."""

    text: str
    x: float
    y: float
    left: float
    top: float
    right: float
    bottom: float
    size: float
    face: str
    red: bool


@dataclass(frozen=True)
class Stroke:
    """A straight rule or filled bar: its edges, and whether it is red."""

    left: float
    top: float
    right: float
    bottom: float
    red: bool

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Side:
    """What stands on one page."""

    number: int
    glyphs: tuple[Glyph, ...]
    strokes: tuple[Stroke, ...]
    seals: tuple[Stroke, ...]

    def rows(self, size: float) -> list[list[Glyph]]:
        """The characters of one size, line by line from the top, each from the left."""
        found: dict[int, list[Glyph]] = {}
        for glyph in self.glyphs:
            if abs(glyph.size - size) < 0.05 and glyph.text.strip():
                found.setdefault(round(glyph.y * 2), []).append(glyph)
        return [sorted(found[y], key=lambda glyph: glyph.x) for y in sorted(found)]


def text_of(row: list[Glyph]) -> str:
    return "".join(glyph.text for glyph in row)


# -- reading ---------------------------------------------------------------------------------------------------------------


def sides(pdf: bytes) -> list[Side]:
    """All pages of a PDF."""
    with pdfium.PdfDocument(pdf) as document:
        return [_side(number, page) for number, page in enumerate(document, start=1)]


def _side(number: int, page: pdfium.PdfPage) -> Side:
    strokes = list(_strokes(page))
    seals = [s for s in strokes if s.red and abs(s.width - s.height) < 1 and 36 * MM < s.width < 46 * MM]
    rules = [s for s in strokes if min(s.width, s.height) < 3 * MM]
    return Side(number, tuple(_glyphs(page)), tuple(rules), tuple(seals))


def _glyphs(page: pdfium.PdfPage) -> Iterator[Glyph]:
    height, text, half = page.get_height(), page.get_textpage(), ""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    name, flags = ctypes.create_string_buffer(200), ctypes.c_int()
    for index in range(pdfium_c.FPDFText_CountChars(text)):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        if pdfium_c.FPDFText_IsGenerated(text, index) or not code:
            continue
        if 0xD800 <= code < 0xDC00:
            half = chr(code)
            continue
        pdfium_c.FPDFText_GetCharOrigin(text, index, x, y)
        pdfium_c.FPDFText_GetCharBox(text, index, left, right, bottom, top)
        pdfium_c.FPDFText_GetMatrix(text, index, matrix)
        pdfium_c.FPDFText_GetFillColor(text, index, red, green, blue, alpha)
        pdfium_c.FPDFText_GetFontInfo(text, index, name, 200, flags)
        yield Glyph(
            text=(half + chr(code)).encode("utf-16", "surrogatepass").decode("utf-16"),
            x=x.value,
            y=height - y.value,
            left=left.value,
            top=height - top.value,
            right=right.value,
            bottom=height - bottom.value,
            size=pdfium_c.FPDFText_GetFontSize(text, index) * abs(matrix.d),
            face=name.value.decode().split("+")[-1],
            red=(red.value, green.value, blue.value) == RED,
        )
        half = ""


def _strokes(page: pdfium.PdfPage) -> Iterator[Stroke]:
    """Every drawn path, within forms as well; of a seal the ring, which encloses all else of it."""
    height = page.get_height()
    for path in page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_PATH,), max_depth=4):
        left, bottom, right, top = path.get_bounds()
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        pdfium_c.FPDFPageObj_GetFillColor(path.raw, red, green, blue, alpha)
        filled = (red.value, green.value, blue.value)
        pdfium_c.FPDFPageObj_GetStrokeColor(path.raw, red, green, blue, alpha)
        is_red = any(r > 200 and g < 40 and b < 60 for r, g, b in (filled, (red.value, green.value, blue.value)))
        yield Stroke(left, height - top, right, height - bottom, is_red)


# -- judging ---------------------------------------------------------------------------------------------------------------


def inspect(pdf: bytes, paper: Paper) -> list[str]:
    """The faults of a printed notice; none where all is as it should be."""
    pages = sides(pdf)
    checks = [_margins]
    if paper.form != "slip" and paper.lang == "zh-CN":
        checks += [_grid, _line_ends, _title, _number, _signatures, _page_numbers, _foot]
        checks += [_file_head] if paper.form == "file" else [_letter_head]
    return [fault for check in checks for fault in check(pages, paper)]


def _margins(pages: list[Side], paper: Paper) -> Iterator[str]:
    """Nothing stands outside the type area but what belongs there: mark, red rules, page numbers, the rules of a table."""
    top = 26 * MM if paper.form == "slip" else TOP
    bottom = 275 * MM if paper.form == "slip" else BOTTOM
    foot_line = _foot_line(pages[0]) if paper.form == "letter" else []
    for side in pages:
        for glyph in side.glyphs:
            if not glyph.text.strip() or glyph.red or glyph in foot_line or _numbers_the_page(glyph):
                continue
            if glyph.left < LEFT - HAIR or glyph.right > RIGHT + HAIR:
                yield f"page {side.number}: “{glyph.text}” passes the left or right edge at {glyph.x:.1f} pt"
            if glyph.top < top - STROKE or glyph.bottom > bottom + STROKE:
                yield f"page {side.number}: “{glyph.text}” passes the upper or lower edge at {glyph.y:.1f} pt"
        for stroke in side.strokes:
            outside = max(LEFT - stroke.left, stroke.right - RIGHT, top - stroke.top, stroke.bottom - bottom)
            if not stroke.red and outside > HALF_BLANK:
                yield f"page {side.number}: a rule passes the type area by {outside:.1f} pt"


def _numbers_the_page(glyph: Glyph) -> bool:
    return abs(glyph.size - FOOT) < 0.05 and glyph.y > BOTTOM + 3 * MM


def _foot_line(side: Side) -> list[Glyph]:
    """The line of a letter's first page between the type area and the lower rule, which names whom to ask."""
    return [glyph for row in side.rows(SMALL) if row[0].y > BOTTOM for glyph in row]


def _baseline(line: float) -> float:
    return TOP + line * PITCH + typefaces(folder())[FANG].ascent * CELL


def _grid(pages: list[Side], paper: Paper) -> Iterator[str]:
    """Every baseline of the text lies on one of 22 lines; the text has one size, and faces by its kind."""
    for side in pages:
        for row in side.rows(TEXT):
            line = (row[0].y - _baseline(0)) / PITCH
            if abs(line - round(line)) * PITCH > OFF_THE_GRID:
                yield f"page {side.number}: “{text_of(row)[:12]}” misses the grid by {(line - round(line)) * PITCH:.2f} pt"
            if not 0 <= round(line) < ROWS:
                yield f"page {side.number}: the line “{text_of(row)[:12]}” stands outside the 22 lines"
            wide = [glyph for glyph in row if glyph.text in "一二三四五六七八九十"]
            heading = re.match("[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）", text_of(row))
            allowed = {"FandolFang", "FandolHei", "FandolKai", "Duban Rare"}
            if not {glyph.face.split("-")[0].replace("DubanRare", "Duban Rare") for glyph in wide} <= allowed:
                yield f"page {side.number}: “{text_of(row)[:12]}” has a strange face{' in a heading' if heading else ''}"


def _line_ends(pages: list[Side], paper: Paper) -> Iterator[str]:
    """避头尾: no line of the text begins with a closing mark, none ends with an opening one; no number is torn."""
    for side in pages:
        lines = [row for row in side.rows(TEXT) if not row[0].red]
        for row in lines:
            said = text_of(row)
            if said[0] in "，。、；：？！）》」』】〕”’" and len(said) > 1:
                yield f"page {side.number}: the line “{said[:12]}” begins with a mark"
            if said[-1] in "（《「『【〔“‘":
                yield f"page {side.number}: the line “{said[-12:]}” ends with an opening mark"
        for above, below in pairwise(lines):
            torn = text_of(above)[-1].isdigit() and re.match("[年月日号%％]", text_of(below))
            if torn and abs(below[0].y - above[0].y - PITCH) < 1 and above[-1].x > RIGHT - 2 * CELL:
                yield f"page {side.number}: “{text_of(above)[-6:]}” is torn from its unit"


def _title(pages: list[Side], paper: Paper) -> Iterator[str]:
    """The title in 2号小标宋, each line in the middle, in the shape of a trapezoid or a rhombus."""
    rows = [row for row in pages[0].rows(TITLE) if not row[0].red]
    if not rows:
        yield "the title is missing"
        return
    for row in rows:
        middle = (row[0].x + row[-1].x + row[-1].size * (0.5 if row[-1].text.isascii() else 1)) / 2
        if abs(middle - (LEFT + RIGHT) / 2) > 0.6 * CELL:
            yield f"the title's line “{text_of(row)}” is not in the middle"
    widths = [row[-1].right - row[0].left for row in rows]
    valley = any(widths[i] < min(widths[i - 1], widths[i + 1]) - CELL for i in range(1, len(widths) - 1))
    if valley and "|" not in paper.title and len(rows) <= 4:
        yield "the title is narrow in the middle"
    first = [row for row in pages[0].rows(TEXT) if row[0].y > rows[-1][0].y]
    if first and abs(first[0][0].y - rows[-1][0].y - 2 * PITCH) > 4:
        yield "between title and text there is not one blank line"


def _number(pages: list[Side], paper: Paper) -> Iterator[str]:
    """The 文号 in the middle, or at the right of a letter, or one cell from the left on a paper upward."""
    wanted = paper.number or "〔草稿〕"
    row = next((row for row in pages[0].rows(TEXT) if wanted in text_of(row)), None)
    if row is None:
        yield f"the number {wanted} is missing"
        return
    at = text_of(row).index(wanted)
    first, last = row[at], row[at + len(wanted) - 1]
    if paper.form == "letter" and abs(last.x + CELL - RIGHT) > 1:
        yield "the number of a letter does not stand at the right edge"
    elif paper.form == "file" and paper.signers is not None and abs(first.x - LEFT - CELL) > 1:
        yield "the number of a paper upward does not stand one cell from the left"
    elif paper.form == "file" and paper.signers is None and abs((first.x + last.x + CELL) / 2 - (LEFT + RIGHT) / 2) > 2:
        yield "the number does not stand in the middle"


def _mark_ink(side: Side) -> tuple[float, float, float, float]:
    """The edges of the red 发文机关标志."""
    red = [glyph for glyph in side.glyphs if glyph.red]
    return min(g.left for g in red), min(g.top for g in red), max(g.right for g in red), max(g.bottom for g in red)


def _red_rules(side: Side) -> list[Stroke]:
    return sorted((s for s in side.strokes if s.red and s.width > 100 * MM), key=lambda stroke: stroke.top)


def _file_head(pages: list[Side], paper: Paper) -> Iterator[str]:
    """文件: ink of the mark 35 mm below the type area's edge; two lines; number; 4 mm; a rule as wide as the type area."""
    left, top, right, bottom = _mark_ink(pages[0])
    if abs(top - TOP - 35 * MM) > 0.5 * MM:
        yield f"the mark begins {(top - TOP) / MM:.2f} mm below the type area's edge, not 35"
    if abs((left + right) / 2 - (LEFT + RIGHT) / 2) > 2 * MM or right - left > RIGHT - LEFT + HAIR:
        yield "the mark does not stand in the middle"
    rules = _red_rules(pages[0])
    if len(rules) != 1 or abs(rules[0].width - 156 * MM) > 1 or abs(rules[0].left - LEFT) > 1:
        yield "the red rule is not as wide as the type area"
        return
    lowest = max((g.y for g in pages[0].glyphs if bottom < g.y < rules[0].top and not g.red), default=0.0)
    gap = rules[0].top - (lowest - typefaces(folder())[FANG].ascent * CELL + CELL)
    if abs(gap - 4 * MM) > 0.5 * MM:
        yield f"the red rule stands {gap / MM:.2f} mm below the number, not 4"
    blank = (lowest - CELL - bottom) / PITCH
    if paper.signers is None and not 1.4 < blank < 3.1:
        yield f"between mark and number there are {blank:.1f} lines, not two"


def _letter_head(pages: list[Side], paper: Paper) -> Iterator[str]:
    """信函: ink of the mark 30 mm below the sheet's edge; double rules of 170 mm below it and 20 mm above the lower edge."""
    left, top, right, _ = _mark_ink(pages[0])
    if not paper.organisation.isascii() and abs(top - 30 * MM) > 0.5 * MM:
        yield f"the mark begins {top / MM:.2f} mm below the sheet's edge, not 30"
    blank = 6 * MM if paper.organisation.endswith("）") else 2 * MM
    if abs((left + right) / 2 - (LEFT + RIGHT) / 2) > blank:
        yield "the mark does not stand in the middle"
    rules = _red_rules(pages[0])
    if len(rules) != 4 or any(abs(r.width - 170 * MM) > 1 or abs(r.left - 20 * MM) > 1 for r in rules):
        yield "the red rules are not 170 mm long, in the middle of the sheet"
        return
    if abs(rules[-1].bottom - 277 * MM) > 0.5 * MM:
        yield f"the lower rule stands {297 - rules[-1].bottom / MM:.2f} mm above the edge, not 20"
    for glyph in _foot_line(pages[0])[:1]:
        gap = rules[2].top - glyph.y - (1 - typefaces(folder())[FANG].ascent) * SMALL
        if abs(gap - 7 / 8 * CELL) > 1:
            yield f"the line at the foot stands {gap / CELL:.2f} characters above the rule, not 7/8"


def _signatures(pages: list[Side], paper: Paper) -> Iterator[str]:
    """The date ends four cells from the right, below the names, on a page with text."""
    where = [(side, row) for side in pages for row in side.rows(TEXT) if _is_date(row, paper)]
    if paper.draft or not paper.issued_on:
        yield from ("a draft is dated" for _ in where)
        return
    if not where:
        yield "the date is missing"
        return
    side, date_row = where[-1]
    said = f"{paper.issued_on.year}年{paper.issued_on.month}月{paper.issued_on.day}日"
    begin = text_of(date_row).rindex(said)
    date = date_row[begin : begin + len(said)]
    end = date[-1].x + CELL
    if len(paper.organisation) <= 12 and abs(end - (RIGHT - 4 * CELL)) > 1.5:
        yield f"the date ends {(RIGHT - end) / CELL:.2f} cells from the right, not four"
    first_name = min((g.y for g in _names_above(side, date_row, paper)), default=date_row[0].y)
    above = [row for row in side.rows(TEXT) if row[0].y < first_name - 1]
    if not above:
        yield "the signature stands on a page without text"
    elif paper.sealed and not paper.signed:
        yield from _seals(side, paper, above[-1], (date[0].x + end) / 2)


def _seals(side: Side, paper: Paper, last_line: list[Glyph], middle_of_date: float) -> Iterator[str]:
    """One seal for each organ, in the middle over the date, beginning within a line of the text, crossing no other."""
    if len(side.seals) != len(paper.organs):
        yield f"there are {len(side.seals)} seals for {len(paper.organs)} organs"
        return
    bottom_of_text = last_line[0].y + (1 - typefaces(folder())[FANG].ascent) * CELL
    gap = min(seal.top for seal in side.seals) - bottom_of_text
    if not -HAIR <= gap <= PITCH + (PITCH - CELL):
        yield f"the seal begins {gap / PITCH:.2f} lines below the text, not within one"
    if any(seal.left < LEFT - HAIR or seal.right > RIGHT + HAIR for seal in side.seals):
        yield "a seal passes the type area"
    if any(math.dist(_middle(a), _middle(b)) <= a.width for a, b in combinations(side.seals, 2)):
        yield "two seals touch or cross"
    nearest = min(abs(_middle(seal)[0] - middle_of_date) for seal in side.seals)
    if nearest > CELL and len(paper.organisation) <= 12:
        yield "no seal stands in the middle over the date"


def _is_date(row: list[Glyph], paper: Paper) -> bool:
    day = paper.issued_on
    return day is not None and text_of(row).endswith(f"{day.year}年{day.month}月{day.day}日") and len(row) < 26


def _names_above(side: Side, date_row: list[Glyph], paper: Paper) -> list[Glyph]:
    """The glyphs of the signatures above the date."""
    signed = "".join(paper.organs)
    rows = [row for row in side.rows(TEXT) if row[0].y < date_row[0].y]
    found: list[Glyph] = []
    for row in reversed(rows):
        if not row or not set(text_of(row)) <= set(signed) or row[0].x < LEFT + 0.1 * CELL:
            break
        found += row
    return found


def _middle(seal: Stroke) -> tuple[float, float]:
    return (seal.left + seal.right) / 2, (seal.top + seal.bottom) / 2


def _page_numbers(pages: list[Side], paper: Paper) -> Iterator[str]:
    """4号, 7 mm below the type area, one cell from the outer edge; a letter's first page has none, nor has a blank side."""
    for side in pages:
        row = next((row for row in side.rows(FOOT) if row[0].y > BOTTOM + 3 * MM), None)
        said = text_of(row) if row else ""
        if (paper.form == "letter" and side.number == 1) or _is_blank(side) or _only_foot_after_blank(pages, side):
            if said:
                yield f"page {side.number} shows a number"
            continue
        if row is None or said != f"—{side.number}—":
            yield f"page {side.number} is numbered “{said}”"
            continue
        dash = (row[0].top + row[0].bottom) / 2
        if abs(dash - BOTTOM - 7 * MM) > 0.7 * MM:
            yield f"page {side.number}: the number stands {(dash - BOTTOM) / MM:.2f} mm below the type area, not 7"
        off = RIGHT - row[-1].x - FOOT if side.number % 2 else row[0].x - LEFT
        if abs(off - FOOT) > 2:
            yield f"page {side.number}: the number does not stand one cell from the outer edge"


def _is_blank(side: Side) -> bool:
    return not any(glyph.text.strip() and glyph.y < BOTTOM for glyph in side.glyphs)


def _only_foot_after_blank(pages: list[Side], side: Side) -> bool:
    return side.number > 1 and _is_blank(pages[side.number - 2])


def _foot(pages: list[Side], paper: Paper) -> Iterator[str]:
    """The 版记 stands at the foot of the last side, of an even one where there are several; only a 文件 has rules in it."""
    last = pages[-1]
    rows = [row for row in last.rows(FOOT) if row[0].y < BOTTOM]
    if not rows or not re.match("主送：|抄送：", text_of(rows[0])):
        if any(re.match("抄送：", text_of(row)) for side in pages[:-1] for row in side.rows(FOOT)):
            yield "the 版记 does not stand on the last side"
        return
    rules = sorted(
        (s for s in last.strokes if not s.red and s.width > 150 * MM and s.top > rows[0][0].y - 2 * FOOT),
        key=lambda s: s.top,
    )
    if paper.form == "letter":
        if rules:
            yield "the 版记 of a letter has rules"
        return
    if len(pages) > 1 and len(pages) % 2:
        yield "the 版记 stands on an odd page"
    if not rules or abs(rules[-1].bottom - BOTTOM) > 1:
        yield "the last rule of the 版记 does not lie on the type area's lower edge"
    if not any("印发" in text_of(row) for row in rows) and paper.issued_on and not paper.draft:
        yield "the 版记 does not say when it was printed"
    if any(abs(rule.width - 156 * MM) > 1 for rule in rules):
        yield "a rule of the 版记 is not as wide as the type area"


# -- the structure tree ----------------------------------------------------------------------------------------------------


@dataclass
class Element:
    """A structure element: its kind, its own text, its elements, and its alternative text."""

    kind: str
    text: str
    children: list["Element"]
    alternative: str = ""
    attributes: Any = None

    def walk(self) -> Iterator["Element"]:
        yield self
        for child in self.children:
            yield from child.walk()

    def reading(self) -> str:
        """What is read aloud, without white space."""
        return "".join((self.text + "".join(child.reading() for child in self.children)).split())


def structure(pdf: bytes) -> Element:
    """The structure tree with the text of each element, on however many pages it stands."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    marked = {page.indirect_reference.idnum: _marked(page) for page in reader.pages if page.indirect_reference}
    return _element(reader.trailer["/Root"]["/StructTreeRoot"]["/K"][0].get_object(), marked)


def _marked(page: pypdf.PageObject) -> dict[int, str]:
    """The text of each marked content of a page, told by the fonts' own tables."""
    stack: list[int | None] = []
    found: dict[int, str] = {}

    def before(operator: bytes, operands: Any, _cm: Any, _tm: Any) -> None:
        if operator == b"BDC":
            stack.append(operands[1].get("/MCID") if isinstance(operands[1], dict) else None)
        elif operator == b"BMC":
            stack.append(None)
        elif operator == b"EMC":
            stack.pop()

    def shown(text: str, _cm: Any, _tm: Any, _font: Any, _size: Any) -> None:
        number = next((n for n in reversed(stack) if n is not None), None)
        if number is not None:
            found[number] = found.get(number, "") + text

    page.extract_text(visitor_operand_before=before, visitor_text=shown)
    return found


def _element(source: Any, marked: dict[int, dict[int, str]], page: int = 0) -> Element:
    page = source.raw_get("/Pg").idnum if "/Pg" in source else page
    own = Element(str(source["/S"])[1:], "", [], str(source.get("/Alt", "")), source.get("/A"))
    kids = source.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        kid = kid.get_object()
        if isinstance(kid, int):
            own.text += marked[page].get(kid, "")
        elif kid.get("/Type") == "/MCR":
            own.text += marked[kid.raw_get("/Pg").idnum].get(kid["/MCID"], "")
        else:
            own.children.append(_element(kid, marked, page))
    return own
