"""The grid of an official paper (GB/T 9704-2012): 22 lines of 28 characters, and how text is broken onto it.

Everything stands on one grid in a type area of 156 x 225 mm. Line n lies n pitches below the upper edge; every height is a
whole number of lines, so a page can be checked by counting.

* The size of the text *is* the cell: 156 mm / 28 = 15.793 pt, the traditional 三号 of 15.75 pt plus 0.3 %. A line of full-width
  characters then needs no spacing at all.
* WeasyPrint neither squeezes punctuation nor justifies Chinese, so we break and fill every line here. A paragraph stays one
  text with newlines under ``white-space: pre``: one paragraph in the structure tree, few boxes.
* 避头尾: marks stick to the character that they belong to, so no line starts with 。 or ends with （. A line that is a little too
  long gives way in the blank halves of its marks, one that is too short is spread.
* 连续标点挤压: of two marks side by side, 》（ or 。”, only one keeps its blank half.

Lengths are points, widths of text are em.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise, product

from markupsafe import Markup, escape

from notices.fonts import FANG, TITLE, Typefaces

MM = 72 / 25.4
ROWS, COLUMNS = 22, 28
CELL = 156 * MM / COLUMNS
PITCH = (225 * MM - CELL) / (ROWS - 1)
LEAD = (PITCH - CELL) / 2
"""Blank above and below the characters of a line."""
TOP, LEFT = 37 * MM, 28 * MM
WIDTH = 156 * MM
TITLE_SIZE = 21.0
TITLE_COLUMNS = 20

CLOSING = frozenset("，。、；：？！）》〉」』】〕”’％℃·…—,.;:?!)]}々ー")
OPENING = frozenset("（《〈「『【〔“‘([{")
SQUEEZABLE = frozenset("，。、；：？！）》〉」』】〕”’（《〈「『【〔“‘")
NEIGHBOURS = re.compile(f"[{''.join(sorted(SQUEEZABLE))}]{{2}}")
_LATIN = "0-9A-Za-z\u00c0-\u024f"
_UNIT = (
    "个?工作日|[万亿]?[元字件条份次人项个]|[%％℃‰年月日号条款章页]|周岁|小时|分钟|平方米|公里"
    "|[ \u00a0](?:[kKMGT]?B|[kcm]?m|kg|h|min)(?![A-Za-z])"
)
_TOKEN = re.compile(
    rf"〔\d{{4}}〕\d+号|\d{{1,2}}月\d{{1,2}}日|[{_LATIN}@][{_LATIN}.,:/\-_@#&+=~?']*(?:(?<=[0-9])(?:{_UNIT}))?|——|……|.",
    re.S,
)
"""What is never torn: a number with its unit, a word, the year and number of a document, a dash."""
_QUOTE = '"'
_MAY_CUT_AFTER = frozenset("/-._@?&=,:")
_MARK_GIVES = 0.3
"""So much of its blank half a mark gives up within a line; at the end of a line, where nobody misses it, all."""
_CHARACTER_GIVES = 0.012
"""So much closer, in em, the characters of a line may stand."""
_CUT_WORTH = 8.0
"""A word is cut when otherwise so many cells would stay blank."""
_SHORT = 4
"""A cluster of so many characters comes again and again, and is measured once."""
_EPSILON = 1e-6


@dataclass(frozen=True)
class Line:
    """One line: its text, its natural width, and the room that it has to fill (None: it may stay ragged)."""

    text: str
    width: float
    room: float | None


@dataclass(frozen=True)
class _Cluster:
    """What is never torn apart: a character or word with the marks that stick to it."""

    text: str
    width: float
    give: float


class Typesetter:
    """Breaks and fills lines with the advances of real typefaces; one that does not squeeze leaves every mark its whole cell."""

    def __init__(self, faces: Typefaces, *, squeezes: bool = True) -> None:
        self.faces = faces
        self._squeezes = squeezes
        self._advance = lru_cache(maxsize=None)(faces.advance)
        self.title_ink = lru_cache(maxsize=512)(faces[TITLE].ink)
        self._blank = lru_cache(maxsize=None)(self._blank_side)
        self._cluster = lru_cache(maxsize=8192)(self._measured)

    # -- lines -------------------------------------------------------------------------------------------------------

    def width(self, text: str, role: str = FANG) -> float:
        """Natural width of a text, of two neighbouring marks only one with its blank half."""
        full = sum(self._advance(character, role) for character in text)
        return full - self._taken(text, role) if NEIGHBOURS.search(text) else full

    def _taken(self, text: str, role: str) -> float:
        """How much narrower the neighbouring marks make a text."""
        return sum(self._neighbours(before, after, role) for before, after in pairwise(text))

    def _neighbours(self, before: str, after: str, role: str) -> float:
        """The blank between two marks that goes: behind a closing one, before the second of two opening ones."""
        if before in SQUEEZABLE and after in SQUEEZABLE and (before in CLOSING or after in OPENING):
            return self._blank(before if before in CLOSING else after, role)
        return 0.0

    def lines(
        self, text: str, first: float = 0, columns: float = COLUMNS, role: str = FANG, *, filled: bool = True
    ) -> list[Line]:
        """Break a text into lines of so many cells, the first one shorter by an indent; a newline ends a line.

        A line that will be ``filled`` may be too long by what its marks and characters can give; another only by the blank half
        of its last mark.
        """
        broken: list[Line] = []
        for segment in text.split("\n"):
            broken += self._segment(segment, first if not broken else 0, columns, role, filled)
        return broken

    def _segment(self, text: str, first: float, columns: float, role: str, filled: bool) -> list[Line]:
        waiting = self._clusters(text, role)[::-1]
        broken: list[Line] = []
        while waiting or not broken:
            room = columns - first if not broken else columns
            taken = self._take(waiting, room, role, filled)
            said = "".join(cluster.text for cluster in taken).strip(" ")
            width = self.width(said, role)
            broken.append(Line(said, width, room if waiting or width > room else None))
        return broken

    def _take(self, waiting: list[_Cluster], room: float, role: str, filled: bool) -> list[_Cluster]:
        """Move the clusters of one line off the stack of those that wait."""
        taken: list[_Cluster] = []
        used = give = 0.0
        while waiting:
            cluster = waiting[-1]
            if not taken and cluster.text == " ":
                waiting.pop()
                continue
            if taken:
                shared = self._neighbours(taken[-1].text[-1], cluster.text[0], role)
                used, give = used - shared, give - min(shared, _MARK_GIVES)
            overflow = used + cluster.width - room
            at_end = self._blank(cluster.text[-1], role) if cluster.text[-1] in CLOSING else 0.0
            most = give + cluster.give + max(at_end - _MARK_GIVES, 0) if filled else at_end
            squeezed = overflow <= min(most, room - used)
            if overflow <= _EPSILON or squeezed or cluster.text == " ":
                taken.append(waiting.pop())
                used, give = used + cluster.width, give + cluster.give
                if overflow > _EPSILON:
                    break
            elif room - used > _CUT_WORTH or not taken:
                head, tail = self._cut(cluster, room - used, role)
                waiting[-1:] = [tail, head] if tail.text else [head]
                taken.append(waiting.pop())
                break
            else:
                break
        return taken

    def _clusters(self, text: str, role: str) -> list[_Cluster]:
        """Words and characters with the opening marks before and the closing marks behind them."""
        clusters: list[str] = []
        open_until_core = quoting = False
        for token in _TOKEN.findall(text):
            starts_with_mark, is_opening = token[0] in CLOSING, token in OPENING
            if token == _QUOTE:
                starts_with_mark, is_opening = quoting, not quoting
                quoting = not quoting
            if clusters and (open_until_core or (starts_with_mark and clusters[-1] != " ")):
                clusters[-1] += token
            else:
                clusters.append(token)
            open_until_core = is_opening or (open_until_core and starts_with_mark)
        return [(self._cluster if len(text) <= _SHORT else self._measured)(text, role) for text in clusters]

    def _measured(self, text: str, role: str) -> _Cluster:
        return _Cluster(text, self.width(text, role), self._give(text, role))

    def _cut(self, cluster: _Cluster, room: float, role: str) -> tuple[_Cluster, _Cluster]:
        """Cut an over-long word (an address, a code) where it fits, if possible behind a stroke or dot."""
        fits, used = 0, 0.0
        for character in cluster.text:
            used += self._advance(character, role)
            if used > room + _EPSILON:
                break
            fits += 1
        fits = max(fits, 1)
        preferred = max((i + 1 for i in range(fits) if cluster.text[i] in _MAY_CUT_AFTER), default=0)
        at = preferred if preferred > fits / 2 else fits
        head, tail = cluster.text[:at], cluster.text[at:]
        width = self.width(head, role)
        rest = cluster.width - width + (self._neighbours(head[-1], tail[0], role) if tail else 0.0)
        return _Cluster(head, width, 0), _Cluster(tail, rest, 0)

    def _give(self, text: str, role: str) -> float:
        """How much narrower a text can get within a line."""
        blanks = zip(text, self._shares(text, role), strict=True)
        of_marks = sum(max(min(self._blank(character, role), _MARK_GIVES) - share, 0.0) for character, share in blanks)
        return of_marks + _CHARACTER_GIVES * len(text)

    def _blank_side(self, mark: str, role: str) -> float:
        """How much of a mark may be taken away: the blank before an opening one, behind a closing one."""
        if mark not in SQUEEZABLE or not self._squeezes:
            return 0.0
        left, right = self.faces.face_of(mark, role).sides(mark)
        return max(0.0, min(0.5, (left if mark in OPENING else right) - 0.06))

    # -- markup ------------------------------------------------------------------------------------------------------

    def paragraph(self, text: str, first: float = 2, columns: float = COLUMNS, role: str = FANG) -> Markup:
        """The markup of a broken and filled paragraph."""
        return Markup("\n").join(self._filled(line, role) for line in self.lines(text, first, columns, role))

    def ragged(self, text: str, columns: float, role: str = FANG) -> Markup:
        """The markup of broken lines that are not filled: cells of a table, small print. No element goes over a line's end."""
        lines = self.lines(text, 0, columns, role, filled=False)
        return Markup("\n").join(self.plain(line.text, role) for line in lines)

    def plain(self, text: str, role: str = FANG, spacing: float = 0.0) -> Markup:
        """Escaped text, its neighbouring marks moved together; ``spacing`` is that of the line in which it stands, in em."""
        if not NEIGHBOURS.search(text):
            return self._shown(text, role)
        return self._closer(text, self._shares(text, role), role, spacing)

    def _shown(self, text: str, role: str) -> Markup:
        """Escaped text; with rare characters in a span without line height, else their face would push the line down."""
        face, rare = self.faces[role], self.faces.rare
        if any(not face.has(character) and rare.has(character) for character in text):
            return Markup('<span class="rare">{}</span>').format(text)
        return escape(text)

    def _filled(self, line: Line, role: str) -> Markup:
        if line.room is None or abs(line.room - line.width) < _EPSILON or len(line.text) < 2:
            return self.plain(line.text, role)
        missing = line.room - line.width
        return self._squeezed(line, -missing, role) if missing < 0 else self._spread(line, missing, role)

    def _spread(self, line: Line, missing: float, role: str) -> Markup:
        """Fill a line: between words where it has many, else between all characters."""
        spaces = line.text.count(" ")
        if spaces * 4 > len(line.text) / 3:
            return Markup('<span style="word-spacing:{}em">{}</span>').format(
                _thousandths(missing / spaces), self.plain(line.text, role)
            )
        spacing = missing / (len(line.text) - 1)
        return Markup('<span style="letter-spacing:{}em">{}</span>').format(
            _thousandths(spacing), self.plain(line.text, role, spacing)
        )

    def _squeezed(self, line: Line, excess: float, role: str) -> Markup:
        """Take the excess out of the last mark's blank half, then of the other marks, then of all characters."""
        shares = self._shares(line.text, role)
        hanging = min(self._blank(line.text[-1], role), excess) if line.text[-1] in CLOSING else 0.0
        rests = [
            max(min(self._blank(character, role), _MARK_GIVES) - share, 0.0)
            for character, share in zip(line.text[:-1], shares, strict=False)
        ]
        of_marks = min(excess - hanging, sum(rests))
        for i, rest in enumerate(rests):
            shares[i] += rest * of_marks / sum(rests) if of_marks else 0.0
        shares[-1] += hanging
        closer = (excess - hanging - of_marks) / max(len(line.text) - 1, 1)
        squeezed = self._closer(line.text, shares, role, -closer)
        if closer < _EPSILON:
            return squeezed
        return Markup('<span style="letter-spacing:{}em">{}</span>').format(_thousandths(-closer), squeezed)

    def _shares(self, text: str, role: str) -> list[float]:
        """What each character gives up to its neighbour."""
        shares = [0.0] * len(text)
        for i, (before, after) in enumerate(pairwise(text)):
            shares[i if before in CLOSING else i + 1] += self._neighbours(before, after, role)
        return shares

    def _closer(self, text: str, shares: Sequence[float], role: str, spacing: float) -> Markup:
        """Markup in which each character gives up its share: an opening mark before it, all others behind it.

        A span ends with a mark that gives, or begins with it, so that there are as few as can be; marks in a row that give alike
        share one.
        """
        rows = _rows_of_marks(text, shares)
        ends = {end for start, stop in rows for end in (start, stop)}
        within = {i for start, stop in rows for i in range(start, stop)}
        ends |= {
            i if text[i] in OPENING else i + 1
            for i, share in enumerate(shares)
            if share >= _EPSILON and i not in within
        }
        return Markup("").join(
            self._row_drawn_in(text[a:b], shares[a], role, spacing)
            if a in within
            else self._drawn_in(text[a:b], shares[a], shares[b - 1], role)
            for a, b in pairwise(sorted({0, *ends, len(text)}))
        )

    def _row_drawn_in(self, row: str, share: float, role: str, spacing: float) -> Markup:
        """Marks that all give up the same share, by their letter spacing; what that cannot say exactly, the margin does."""
        step = math.floor(share * 1000 + _EPSILON) / 1000
        rest = (share - step) * len(row)
        before, behind = (-share, share - rest) if row[0] in OPENING else (0.0, -rest)
        return Markup('<span style="letter-spacing:{}em;margin:0 {:.4f}em 0 {:.4f}em">{}</span>').format(
            _thousandths(spacing - step), behind, before, self._shown(row, role)
        )

    def _drawn_in(self, text: str, first: float, last: float, role: str) -> Markup:
        """A stretch of text whose first mark gives up a share before it, and its last one a share behind it."""
        before = first if text[0] in OPENING else 0.0
        behind = last if text[-1] not in OPENING else 0.0
        if before < _EPSILON and behind < _EPSILON:
            return self._shown(text, role)
        margins = f"margin:0 -{behind:.4f}em 0 -{before:.4f}em"
        return Markup('<span style="{}">{}</span>').format(margins, self._shown(text, role))


def _rows_of_marks(text: str, shares: Sequence[float]) -> list[tuple[int, int]]:
    """Where marks stand in a row, all opening or all closing, that give up the same share: begin and end of each row."""

    def alike(i: int) -> bool:
        return (
            shares[i] >= _EPSILON
            and abs(shares[i] - shares[i + 1]) < _EPSILON
            and (text[i] in OPENING) == (text[i + 1] in OPENING)
        )

    rows: list[tuple[int, int]] = []
    for i in range(len(text) - 1):
        if alike(i):
            goes_on = bool(rows) and rows[-1][1] == i + 1
            rows[-1:] = [(rows[-1][0], i + 2)] if goes_on else [*rows[-1:], (i, i + 2)]
    return rows


def _thousandths(spacing: float) -> str:
    """A spacing in whole thousandths of an em, as a PDF stores it, rounded down: a line never overshoots."""
    whole = math.floor(spacing * 1000 + _EPSILON)
    return f"{(whole + math.copysign(0.3, whole)) / 1000:.4f}"


# -- title ---------------------------------------------------------------------------------------------------------------

WORDS = re.compile(
    "数据|平台|政府|人民|目录|共享|开放|建设|运行|维护|管理|办法|规定|条例|季度|情况|通知|通报|单位|更新|改正|责令|限期|申请|答复|复核|协调|处理|投诉"
    "|举报|意见|综合|行政|执法|城市|城乡|住房|交通|生态|环境|财政|司法|共享|决定|公布|印发|关于|委员会|办公厅|办公室|主管部门|大数据|发展|信息|服务|需求|结果|告知书|通知书|第.季度|[0-9A-Za-z]+[年月日号]?"
)
GOOD_BREAK_BEFORE = re.compile("（|关于|责令|复核结果|协调处理|开放需求|印发|通知书|告知书|答复书|的通报|的通知")
ENDS_A_NAME = frozenset("局厅委院处科所站办")
_IN_WORD, _IN_QUOTED, _AWKWARD, _FORBIDDEN, _WISHED = 400.0, 300.0, 60.0, 1e6, -40.0
_VALLEY, _BLOCK = 300.0, 6.0
"""The standard wants 梯形 or 菱形: what a line costs that is shorter than both its neighbours, and lines all of one length."""
_LONGEST_BALANCED = 160
_REACH, _MOST_SHAPED = 5.0, 4
"""Breaks are sought so far, in em, around where lines of one length would end; titles of more lines need no shape."""


@lru_cache(maxsize=256)
def title_lines(title: str, setter: Typesetter, limit: float = TITLE_COLUMNS) -> Sequence[str]:
    """Lines of about the same length, whole in meaning: a title breaks between words, before 关于, never before 的.

    ``|`` marks a wished break. A line holds at most ``limit`` full-width characters.
    """
    wished, plain = _without_hints(" ".join(title.split()))
    count = math.ceil(setter.width(plain, TITLE) / limit - _EPSILON)
    if count <= 1 and not wished:
        return [plain]
    if len(plain) > _LONGEST_BALANCED:
        return [line.text for line in setter.lines(plain, 0, limit, TITLE)]
    costs = _break_costs(plain, wished)
    for lines in range(max(count, 2), len(plain) + 1):
        balanced = _shaped(plain, lines, limit, costs, setter) if lines <= _MOST_SHAPED else []
        balanced = balanced or _balanced(plain, lines, limit, costs, setter)
        if balanced:
            return balanced
    return [plain]


def _shaped(plain: str, lines: int, limit: float, costs: Sequence[float], setter: Typesetter) -> list[str]:
    """The best of all ways to break a title near where lines of one length would end; empty when none fits."""
    reach = [0.0, *accumulate(setter.width(character, TITLE) for character in plain)]
    mean = reach[-1] / lines
    near = [
        [end for end in range(1, len(plain)) if abs(reach[end] - mean * line) <= _REACH and costs[end] < _FORBIDDEN]
        for line in range(1, lines)
    ]
    best: tuple[float, tuple[int, ...]] = (math.inf, ())
    for ends in product(*near):
        widths = [reach[b] - reach[a] for a, b in pairwise((0, *ends, len(plain)))]
        if min(widths) <= 0 or max(widths) > limit + _EPSILON:
            continue
        total = sum((width - mean) ** 2 for width in widths) + sum(costs[end] for end in ends) + _shape_cost(widths)
        best = min(best, (total, ends))
    return [plain[a:b].strip(" ") for a, b in pairwise((0, *best[1], len(plain)))] if best[1] else []


def _shape_cost(widths: Sequence[float]) -> float:
    """What the outline of some lines costs: nothing for a trapezoid or a rhombus."""
    valleys = sum(widths[i] < min(widths[i - 1], widths[i + 1]) - 0.5 for i in range(1, len(widths) - 1))
    return _VALLEY * valleys + (_BLOCK if max(widths) - min(widths) < 0.5 else 0.0)


def plain_title(title: str) -> str:
    """A title without the marks of wished breaks."""
    return _without_hints(" ".join(title.split()))[1]


def _without_hints(title: str) -> tuple[frozenset[int], str]:
    parts = title.split("|")
    ends = [sum(map(len, parts[: i + 1])) for i in range(len(parts) - 1)]
    plain = "".join(parts)
    return frozenset(end for end in ends if 0 < end < len(plain)), plain


def _break_costs(plain: str, wished: frozenset[int]) -> list[float]:
    """What a break before each character costs."""
    in_word = {i for m in WORDS.finditer(plain) for i in range(m.start() + 1, m.end())}
    good = {m.start() for m in GOOD_BREAK_BEFORE.finditer(plain)}
    costs, depth = [_FORBIDDEN], 0
    for i in range(1, len(plain)):
        depth += (plain[i - 1] in OPENING) - (plain[i - 1] in "）》〉」』】〕”’")
        if i in wished:
            cost = _WISHED
        elif plain[i] in CLOSING or plain[i] == "的" or plain[i - 1] in OPENING:
            cost = _FORBIDDEN
        elif i in in_word or depth > 0 or plain[i] in ENDS_A_NAME:
            cost = _IN_WORD * (i in in_word or plain[i] in ENDS_A_NAME) + _IN_QUOTED * (depth > 0)
        else:
            cost = 0.0 if i in good or plain[i - 1] in "、的》和 " else _AWKWARD
        costs.append(cost)
    return costs


def _balanced(plain: str, lines: int, limit: float, costs: Sequence[float], setter: Typesetter) -> list[str]:
    """The cheapest way to cut a title into a number of lines; empty when a line would be too long."""
    reach = [0.0]
    for character in plain:
        reach.append(reach[-1] + setter.width(character, TITLE))
    mean, size = reach[-1] / lines, len(plain)
    best: list[tuple[float, tuple[int, ...]]] = [(math.inf, ())] * (size + 1)
    best[0] = (0.0, ())
    for number in range(1, lines + 1):
        following: list[tuple[float, tuple[int, ...]]] = [(math.inf, ())] * (size + 1)
        for end in range(number, size + 1):
            for start in range(end - 1, -1, -1):
                width = reach[end] - reach[start]
                if width > limit + _EPSILON:
                    break
                total = best[start][0] + (width - mean) ** 2 + (costs[start] if start else 0)
                if total < following[end][0]:
                    following[end] = (total, (*best[start][1], start))
        best = following
    total, starts = best[size]
    if math.isinf(total):
        return []
    return [plain[a:b].strip(" ") for a, b in zip(starts, (*starts[1:], size), strict=True)]


# -- head ----------------------------------------------------------------------------------------------------------------

MARK_WIDTH = 438.0
FILE_MARK_TOP = 35 * MM
LETTER_MARK_TOP = 30 * MM
LETTER_RULE = 1.7 * MM
FILE_WORD = "文件"
_LARGEST_MARK, _LARGEST_LATIN_MARK = 60.0, 36.0
_NARROWEST = 0.62
"""The 发文机关标志 of a long name is condensed no further than this; then it is made smaller."""
_MARK_PITCH, _MARK_GAP = 1.3, 0.45
"""Of the marks of a joint paper, in em: from line to line, and between the names and the word 文件."""
SIGNERS_A_ROW = 2


@dataclass(frozen=True)
class MarkLine:
    """One name of the 发文机关标志: where it begins, the top of its box, and what is put between its characters, in em."""

    text: str
    left: float
    top: float
    spacing: float = 0.0


@dataclass(frozen=True)
class Head:
    """Where the red head of a first page stands: tops of boxes below the upper edge of the first line's box."""

    marks: tuple[MarkLine, ...]
    size: float
    scale: float
    number_top: float
    rule_top: float
    height: float
    """Whole lines down to the title."""


def letter_head(mark: str, setter: Typesetter, notes: int = 0) -> Head:
    """信函: mark 30 mm below the page's edge, 4 mm, a double rule of 170 mm, and the number 7/8 of a character below it.

    The size of the mark is chosen so that the number falls on the third line of the grid. So many ``notes`` (份号, 密级,
    紧急程度) stand at the left from the number's line on; two lines are left blank before the title.
    """
    number_line = 2
    rule = number_line * PITCH - 7 / 8 * CELL - LETTER_RULE
    top = LETTER_MARK_TOP - TOP
    high, low = setter.title_ink(mark)
    full = (rule - 4 * MM - top) / max(high - low, 0.5)
    size = min(full, _largest(mark), MARK_WIDTH / _mark_width(mark, setter) / _narrowest(mark))
    ink_top = rule - 4 * MM - (high - low) * size if _latin(mark) else top
    scale = min(1.0, MARK_WIDTH / (_mark_width(mark, setter) * size))
    left = (WIDTH - _mark_width(mark, setter) * size * scale) / 2
    marks = (MarkLine(mark, left, _box_top(mark, ink_top, size, setter)),)
    title_line = number_line + max(notes, 1) + 2
    return Head(marks, size, scale, number_line * PITCH, rule + LEAD, title_line * PITCH)


def file_head(names: Sequence[str], word: str, setter: Typesetter, signers: int = 0) -> Head:
    """文件: mark 35 mm below the type area's edge, two lines, the number, 4 mm, a rule, two lines, the title.

    The organs of a joint paper stand one below the other, as wide as the widest of them, with the ``word`` 文件 in the middle at
    their right. Several rows of 签发人 push the number down to the last of them.
    """
    joint = len(names) > 1
    widest = max(_mark_width(name if joint else name + word, setter) for name in names)
    whole = widest + (_MARK_GAP + _mark_width(word, setter) if joint and word else 0.0)
    size = min(_largest(names[0]), MARK_WIDTH / whole / _narrowest(names[0]), 200 / len(names))
    scale = min(1.0, MARK_WIDTH / (whole * size))
    left = (WIDTH - whole * size * scale) / 2
    pitch = _MARK_PITCH * size
    texts = list(names) if joint else [names[0] + word]
    tops = [FILE_MARK_TOP + line * pitch + _ink_below(texts[0], text, size, setter) for line, text in enumerate(texts)]
    marks = [
        MarkLine(text, left, _box_top(text, top, size, setter), _spread_mark(text, widest, setter) if joint else 0.0)
        for text, top in zip(texts, tops, strict=True)
    ]
    if joint and word:
        beside = left + (widest + _MARK_GAP) * size * scale
        middle = FILE_MARK_TOP + (len(texts) - 1) * pitch / 2 + _ink_below(texts[0], word, size, setter)
        marks.append(MarkLine(word, beside, _box_top(word, middle, size, setter)))
    high, low = setter.title_ink(texts[-1])
    foot = tops[-1] + (high - low) * size
    number_line = math.ceil(foot / PITCH + 1.7) + max(math.ceil(signers / SIGNERS_A_ROW), 1) - 1
    rule = number_line * PITCH + CELL + 4 * MM
    title_line = math.ceil(rule / PITCH + 1.75)
    return Head(tuple(marks), size, scale, number_line * PITCH, rule + LEAD, title_line * PITCH)


def _latin(text: str) -> bool:
    return text.isascii()


def _largest(mark: str) -> float:
    return _LARGEST_LATIN_MARK if _latin(mark) else _LARGEST_MARK if mark else 1.0


def _narrowest(mark: str) -> float:
    """Latin letters are not condensed at all."""
    return 1.0 if _latin(mark) else _NARROWEST


def _mark_width(mark: str, setter: Typesetter) -> float:
    return max(setter.width(mark, TITLE), 1.0)


def _spread_mark(name: str, widest: float, setter: Typesetter) -> float:
    """What a shorter name needs between its characters to be as wide as the widest."""
    return (widest - setter.width(name, TITLE)) / (len(name) - 1) if len(name) > 1 else 0.0


def _ink_below(first: str, text: str, size: float, setter: Typesetter) -> float:
    """How much lower the ink of a text begins than that of the first, on the same baseline."""
    return (setter.title_ink(first)[0] - setter.title_ink(text)[0]) * size


def _box_top(mark: str, ink: float, size: float, setter: Typesetter) -> float:
    """The top of the box of a mark whose ink shall begin there."""
    face = setter.faces[TITLE]
    baseline = 0.5 + (face.ascent - face.descent) / 2
    return ink - (baseline - setter.title_ink(mark)[0]) * size + LEAD


def whole_lines(height: float, step: float = 1) -> float:
    """The least number of lines (or of halves, …) that hold a height."""
    return math.ceil(height / PITCH / step - _EPSILON) * step
