"""Reads what a template wrote: paragraphs, headings, tables — and nothing else.

A bundle's template is data from strangers. Its output is parsed into the few blocks below, and the page is made from the blocks
alone: no style, link, image or script can reach it, however the template came by it. What is not in the vocabulary (told in
``notices.templates``) is refused with a sentence.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from notices.paper import TemplateFaulty


@dataclass(frozen=True)
class Text:
    """A block of running text: ``p``, ``h2``, ``h3``, ``small``, ``code``, ``contact``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Copies:
    """抄送 and, at the foot of a 文件, the office that prints it."""

    text: str
    office: str = ""
    kind: str = "cc"


@dataclass(frozen=True)
class Table:
    """A table: header cells (may be none) and rows of cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: str = "table"


@dataclass(frozen=True)
class Particulars:
    """Names and values, side by side (``dl``)."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "dl"


@dataclass(frozen=True)
class Callout:
    """The one thing that the reader must not miss (``aside``): a large line and small ones."""

    title: str
    texts: tuple[str, ...]
    kind: str = "aside"


@dataclass(frozen=True)
class Day:
    """One day of a counted period, ``role`` being start, counted, rest, due or outside."""

    date: str
    role: str
    label: str


@dataclass(frozen=True)
class CountedDays:
    """A counted period as a calendar of whole weeks (``counting-calendar``)."""

    weekdays: tuple[str, ...]
    weeks: tuple[tuple[Day, ...], ...]
    kind: str = "calendar"


@dataclass(frozen=True)
class QrHere:
    """Where a slip shows its QR code (``qr``)."""

    kind: str = "qr"


@dataclass(frozen=True)
class Annex:
    """An 附件 on a page of its own."""

    title: str
    blocks: tuple["Block", ...]
    kind: str = "annex"


Block = Text | Copies | Table | Particulars | Callout | CountedDays | QrHere | Annex

TEXTS = frozenset({"p", "h2", "h3", "small", "code", "contact"})
# Which element may stand directly in which; "" is the body itself.
PLACES: dict[str, frozenset[str]] = {
    "": TEXTS | {"cc", "table", "dl", "aside", "qr", "annex", "counting-calendar"},
    "annex": TEXTS | {"table", "dl"},
    "table": frozenset({"thead", "tbody", "tr"}),
    "thead": frozenset({"tr"}),
    "tbody": frozenset({"tr"}),
    "tr": frozenset({"th", "td"}),
    "dl": frozenset({"dt", "dd"}),
    "aside": frozenset({"h2", "p"}),
    "counting-calendar": frozenset({"week"}),
    "week": frozenset({"day"}),
}
HOLDS_TEXT = TEXTS | {"cc", "th", "td", "dt", "dd", "day"}
ATTRIBUTES: dict[str, frozenset[str]] = {
    "annex": frozenset({"title"}),
    "cc": frozenset({"office"}),
    "counting-calendar": frozenset({"weekdays"}),
    "day": frozenset({"date", "role"}),
}
VOCABULARY = "p, h2, h3, br, table, dl, aside, small, code, contact, cc, annex, qr"


def read(markup: str) -> tuple[Block, ...]:
    """The blocks of a rendered template; raises TemplateFaulty for anything outside the vocabulary."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return tuple(_block(element) for element in reader.finished().children)


def texts(block: Block) -> Iterator[str]:
    """Every text that a block shows."""
    match block:
        case Text(text=text):
            yield text
        case Copies(text=text, office=office):
            yield from (text, office)
        case Table(head=head, rows=rows):
            yield from head
            for row in rows:
                yield from row
        case Particulars(rows=pairs):
            for pair in pairs:
                yield from pair
        case Callout(title=title, texts=lines):
            yield from (title, *lines)
        case CountedDays(weekdays=weekdays, weeks=weeks):
            yield from weekdays
            yield from (text for week in weeks for day in week for text in (day.date, day.label))
        case Annex(title=title, blocks=blocks):
            yield title
            for inner in blocks:
                yield from texts(inner)
        case QrHere():
            return


class _Element:
    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name, self.attributes, self.line = name, attributes, line
        self.children: list[_Element] = []
        self.written: list[str] = []

    @property
    def text(self) -> str:
        return tidy("".join(self.written))

    def named(self, *names: str) -> list["_Element"]:
        return [child for child in self.children if child.name in names]


class _Reader(HTMLParser):
    """Builds the elements; nesting is checked against ``PLACES``, so that it stays shallow."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [_Element("", {}, 0)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1]
        if tag == "br" and parent.name in HOLDS_TEXT:
            parent.written.append("\v")
            return
        if tag not in PLACES.get(parent.name, frozenset()):
            where = f"inside <{parent.name}>" if parent.name else "here"
            raise TemplateFaulty(sentence=f"<{tag}> may not stand {where}; the vocabulary is {VOCABULARY}.")
        attributes = {name: value or "" for name, value in attrs}
        for name in attributes.keys() - ATTRIBUTES.get(tag, frozenset()):
            raise TemplateFaulty(sentence=f"<{tag}> may not have the attribute {name!r}.")
        element = _Element(tag, attributes, self.getpos()[0])
        parent.children.append(element)
        if tag != "qr":
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in {"br", "qr"}:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"br", "qr"}:
            return
        if tag != self.open[-1].name:
            raise TemplateFaulty(sentence=f"</{tag}> closes what is not open.")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        element = self.open[-1]
        if element.name in HOLDS_TEXT:
            element.written.append(data)
        elif data.strip():
            raise TemplateFaulty(sentence=f"“{data.strip()[:40]}” stands outside a paragraph; write <p>…</p>.")

    def handle_decl(self, decl: str) -> None:
        raise TemplateFaulty(sentence=f"<!{decl[:20]}> may not stand in a notice.")

    def handle_pi(self, data: str) -> None:
        raise TemplateFaulty(sentence=f"<?{data[:20]}> may not stand in a notice.")

    def unknown_decl(self, data: str) -> None:
        raise TemplateFaulty(sentence=f"<![{data[:20]}]> may not stand in a notice.")

    def finished(self) -> _Element:
        if len(self.open) > 1:
            raise TemplateFaulty(sentence=f"<{self.open[-1].name}> in line {self.open[-1].line} is not closed.")
        return self.open[0]


def _block(element: _Element) -> Block:
    match element.name:
        case "cc":
            return Copies(element.text, tidy(element.attributes.get("office", "")))
        case "table":
            return _table(element)
        case "dl":
            return _particulars(element)
        case "aside":
            title = next((child.text for child in element.named("h2")), "")
            return Callout(title, tuple(child.text for child in element.named("p")))
        case "counting-calendar":
            weeks = tuple(tuple(_day(day) for day in week.children) for week in element.children)
            return CountedDays(tuple(element.attributes.get("weekdays", "").split()), weeks)
        case "qr":
            return QrHere()
        case "annex":
            return Annex(tidy(element.attributes.get("title", "")), tuple(_block(child) for child in element.children))
        case kind:
            return Text(kind, element.text)


def _day(element: _Element) -> Day:
    return Day(element.attributes.get("date", ""), element.attributes.get("role", "outside"), element.text)


def _table(element: _Element) -> Table:
    rows = [row for child in element.children for row in ([child] if child.name == "tr" else child.children)]
    head = tuple(cell.text for cell in rows[0].children) if rows and not rows[0].named("td") else ()
    body = [tuple(cell.text for cell in row.children) for row in rows[bool(head) :]]
    columns = max((len(row) for row in [head, *body]), default=0)
    if not columns:
        raise TemplateFaulty(sentence="a <table> has no cells.")
    filled = tuple(row + ("",) * (columns - len(row)) for row in body)
    return Table(head + ("",) * (columns - len(head)) if head else (), filled)


def _particulars(element: _Element) -> Particulars:
    names = [child.name for child in element.children]
    if not names or names != ["dt", "dd"] * (len(names) // 2):
        raise TemplateFaulty(sentence="in a <dl>, each <dt> is followed by one <dd>.")
    cells = [child.text for child in element.children]
    return Particulars(tuple(zip(cells[::2], cells[1::2], strict=True)))


_SPACE = re.compile(r"[ \t\r\n\f]+")


def tidy(text: str) -> str:
    """Text as it will be shown: white space collapsed, none where a line of the source ends beside a Chinese character.

    ``\\v`` stands for a ``<br>`` and becomes the newline.
    """

    def one(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if not before or not after or "\v" in before + after:
            return ""
        broken = "\n" in match.group() or "\r" in match.group()
        return "" if broken and (_wide(before) or _wide(after)) else " "

    return _SPACE.sub(one, text).replace("\v", "\n")


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"} or character in "“”‘’…—·"
