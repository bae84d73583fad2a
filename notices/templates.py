"""Templates of notices: what an author of a process may write, and how the page around it is made.

For authors: ``bpmn/<process>/notices/<name>/body.html.j2``
-----------------------------------------------------------

A template holds the words of the notice and nothing of its looks. Letterhead, title, addressee, signature, seal and page numbers
are drawn around it. It is Jinja, and its output is read as these elements:

=================================  ===============================================================================
``<p>…</p>``                       a paragraph, indented by two characters; ``<br>`` begins a new line
``<h2>`` ``<h3>``                  headings: 一、 in 黑体, （一） in 楷体; you write the number
``<table><tr><th>`` / ``<td>``     a table; a first row of ``th`` is its head; widths are found from the content
``<dl><dt>…</dt><dd>…</dd></dl>``  particulars: names and values, side by side
``<contact>``                      the 附注: 联系人：… in brackets below the date, or at the foot of a letter's first page
``<cc office="…">``                抄送 in the 版记; in a 文件, ``office`` is the office that prints it (印发机关)
``<annex title="…">``              an 附件 on its own page, holding paragraphs, headings and tables; several are numbered
``<aside><h2>…</h2><p>…</p>``      in a slip: the one thing that the reader must not miss, large
``<code>`` ``<small>`` ``<qr>``    in a slip: a query code, small print, and where the QR code stands
=================================  ===============================================================================

Do not write what stands around the words: mark, 份号, 密级, 紧急程度, 文号, 签发人, title, addressees, 附件说明, signatures,
date, seals, 版记 and page numbers come from ``notice.toml`` and the case. Lines and the squeezing of marks are the typesetter's.

Names that a template sees: every fact by its own name (or as ``facts.name``), ``number``, ``issued_on``, ``title``,
``organisation``, ``addressee``, ``lang``, ``draft``. A name that is not given is an error, never an empty space; write
``{% if x is defined %}`` where it may be missing.

Filters, besides Jinja's own: ``date_zh`` (2026年5月6日), ``weekday_zh`` (星期三), ``date_en`` (6 May 2026), ``numeral_zh``
(十二), ``br`` (the lines of a text as lines), ``paragraphs`` (the lines of a text as paragraphs). One component:
``{{ counting_calendar(explanation, start="今天提交", due="最迟答复") }}``, the counted days as a calendar.

Values are escaped, always: ``safe`` and ``autoescape`` do not exist here. Nothing can be included or fetched.
"""

import re
from calendar import month_name
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from engine.clock import SHANGHAI
from notices import body, gongwen
from notices.body import Annex, Block, Copies, Text
from notices.closing import SEAL, closing
from notices.counting import counting_calendar
from notices.fonts import CANDIDATES, FANG, HEI, KAI, Typefaces
from notices.gongwen import Typesetter
from notices.paper import DOCUMENT_LIMIT, DocumentTooLong, Paper, TemplateFaulty, UncoveredCharacters, size_of
from notices.tables import PARTICULARS_LINE, lay_out, lay_out_particulars

FOLDER = Path(__file__).parent / "templates"
PREVIEW_CSS = FOLDER / "preview.css"
MARKUP_LIMIT = 4 * DOCUMENT_LIMIT
LARGEST_TEMPLATE = 32 * 1024
MOST_PARTS = 5_000
"""Of a template: texts, names, operators. A long reply has some 300."""
LARGEST_FACTOR = 10**15
UNSAFE_FILTERS = ("safe", "forceescape", "xmlattr", "urlize", "tojson", "pprint", "random")
OWN = ("facts", "number", "issued_on", "title", "organisation", "addressee", "lang", "draft")
"""Names that every template may use, whatever its notice declares."""
ROLES = {"h2": HEI, "h3": KAI}
LATIN_SIZE = 13.0
"""Of the text of a courtesy translation, which stands ragged at the right and off the grid."""
FOOT_COLUMNS = 26
"""Of 4号 characters, behind 抄送： in the 版记."""
MOST_FOOT_LINES = 18
"""Of names in the 版记, which stands on one side and cannot go over to the next."""
WORDS = {
    "zh-CN": {
        "draft": "〔草稿〕",
        "watermark": "草稿",
        "signer": "签发人",
        "to": "主送",
        "scan": "扫码核验",
        "qr": "二维码",
        "seal": "印章",
        "annex": "附件",
        "cc": "抄送",
        "colon": "：",
        "stop": "。",
    },
    "en": {
        "draft": "[DRAFT]",
        "watermark": "DRAFT",
        "signer": "Signed for issue by",
        "to": "To",
        "courtesy": "Courtesy translation; the Chinese text prevails.",
        "scan": "Scan to verify",
        "qr": "QR code",
        "seal": "seal",
        "annex": "Annex",
        "cc": "Copies to",
        "colon": ": ",
        "stop": ".",
    },
}


# -- the author's template -------------------------------------------------------------------------------------------------


class Unfolded(CodeGenerator):
    """Makes Python of a template without calculating anything: what looks constant may be a gigabyte of blanks."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class _Undeclared(Unfolded, meta.TrackingCodeGenerator):
    """Finds the names that a template takes from its facts."""

    optimizer = property(lambda self: None, lambda self, value: None)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja for strangers: no attributes of Python, no mutation, no unescaped value, no including, no huge numbers or texts."""

    code_generator_class = Unfolded
    intercepted_binops = frozenset({"**", "*", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A fact's own key comes before the methods of its Python type."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("powers are not allowed")
        if operator == "*" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError("only numbers can be multiplied")
        if operator == "*" and max(abs(left), abs(right)) > LARGEST_FACTOR:
            raise SecurityError("a number is too large")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("texts are joined with ~, not with %")
        return super().call_binop(context, operator, left, right)


def date_zh(day: str | date) -> str:
    """2026年5月6日"""
    day = _day(day)
    return f"{day.year}年{day.month}月{day.day}日"


def date_en(day: str | date) -> str:
    """6 May 2026"""
    day = _day(day)
    return f"{day.day} {month_name[day.month]} {day.year}"


def weekday_zh(day: str | date) -> str:
    """星期三"""
    return "星期" + "一二三四五六日"[_day(day).weekday()]


def numeral_zh(number: int) -> str:
    """1 to 99 as 一, 十二, 九十九."""
    if not 1 <= number <= 99:
        raise TemplateFaulty(sentence=f"numeral_zh counts from 1 to 99, not to {number}.")
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")


def br(text: str) -> Markup:
    """The lines of a text, one under the other."""
    return Markup("<br>").join(escape(line.strip()) for line in str(text).splitlines() if line.strip())


def paragraphs(text: str) -> Markup:
    """The lines of a text as paragraphs."""
    return Markup("").join(Markup("<p>{}</p>").format(line.strip()) for line in str(text).splitlines() if line.strip())


def _day(day: str | date) -> date:
    if isinstance(day, datetime):
        return day.astimezone(SHANGHAI).date()
    if isinstance(day, date):
        return day
    try:
        return _day(datetime.fromisoformat(day)) if "T" in day else date.fromisoformat(day)
    except (TypeError, ValueError) as fault:
        raise TemplateFaulty(sentence=f"“{str(day)[:40]}” is not a date.") from fault


@cache
def _sandbox(lang: str) -> Sandbox:
    sandbox = Sandbox(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, optimized=False
    )
    for name in UNSAFE_FILTERS:
        sandbox.filters.pop(name, None)
    filters = (date_zh, date_en, weekday_zh, numeral_zh, br, paragraphs)
    sandbox.filters.update({function.__name__: function for function in filters})
    sandbox.globals = {
        "range": sandbox.globals["range"],
        "namespace": sandbox.globals["namespace"],
        "counting_calendar": partial(counting_calendar, lang=lang),
    }
    return sandbox


def compose(paper: Paper) -> tuple[Block, ...]:
    """Fill the author's template with the facts, and read its output; raises TemplateFaulty, DocumentTooLong."""
    blocks = body.read(_straight(_filled(paper)) if paper.lang == "en" else _filled(paper))
    size = sum(size_of(text) for block in blocks for text in body.texts(block))
    if size > DOCUMENT_LIMIT:
        raise DocumentTooLong(size=size, limit=DOCUMENT_LIMIT)
    return blocks


_CURLY = re.compile("(?<![\u2e80-\uffef])[‘’“”]|[‘’“”](?![\u2e80-\uffef])")
_STRAIGHT = {"‘": "&#39;", "’": "&#39;", "“": "&#34;", "”": "&#34;"}


def _straight(markup: str) -> str:
    """English with straight quotes: the curly ones of every face that we have are as wide as a Chinese character."""
    return _CURLY.sub(lambda found: _STRAIGHT[found.group()], markup)


def _filled(paper: Paper) -> str:
    try:
        output, size = [], 0
        for piece in _compiled(paper.template, paper.lang).generate(_names(paper)):
            size += len(piece)
            if size > MARKUP_LIMIT:
                raise DocumentTooLong(size=size, limit=MARKUP_LIMIT)
            output.append(piece)
        return "".join(output)
    except jinja2.TemplateSyntaxError as fault:
        raise TemplateFaulty(sentence=f"line {fault.lineno}: {fault.message}") from fault
    except jinja2.TemplateError as fault:
        raise TemplateFaulty(sentence=f"{fault.message}.") from fault
    except (TemplateFaulty, DocumentTooLong):
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as fault:
        raise TemplateFaulty(sentence=f"{type(fault).__name__}: {str(fault)[:200]}") from fault


@lru_cache(maxsize=128)
def _compiled(template: str, lang: str) -> jinja2.Template:
    """A template made into Python: far slower than filling it, and papers of one kind come one after the other."""
    sandbox = _sandbox(lang)
    _parsed(sandbox, template)
    return sandbox.from_string(template)


def faults(template: str, facts: Collection[str]) -> Iterator[str]:
    """What shows to be wrong with a template before any paper is made of it; ``facts`` are those that it is given."""
    sandbox = _sandbox("zh-CN")
    try:
        tree = _parsed(sandbox, template)
        sandbox.from_string(template)  # knows the filters, too
        for node in tree.find_all(nodes.Getattr):
            if node.attr.startswith("_"):
                yield f"line {node.lineno}: {node.attr} cannot be read"
        for name in sorted(_names_read(sandbox, tree) - {*facts, *OWN, *sandbox.globals}):
            yield f"uses {name}, which is no fact of notice.toml"
        if any(name is None for name in _keys_of_facts(tree)):
            yield "reads facts as a whole: each is read by its name, as facts.reference or reference"
    except jinja2.TemplateSyntaxError as fault:
        yield f"line {fault.lineno}: {fault.message}"
    except TemplateFaulty as fault:
        yield str(fault.data["sentence"])
    except (RecursionError, MemoryError, IndentationError):
        yield "is nested too deeply"
    except SyntaxError as fault:  # of the Python that Jinja makes of it
        yield f"cannot be used: {fault.msg}"
    except ValueError:
        yield "has a number that is too large"


def reads(template: str) -> frozenset[str]:
    """The names that a template takes from its paper; nothing of one that cannot be read."""
    sandbox = _sandbox("zh-CN")
    try:
        return frozenset(_names_read(sandbox, _parsed(sandbox, template)) - set(sandbox.globals))
    except (jinja2.TemplateSyntaxError, TemplateFaulty, RecursionError, MemoryError, SyntaxError, ValueError):
        return frozenset()


def _names_read(sandbox: Sandbox, tree: nodes.Template) -> set[str]:
    names = _Undeclared(sandbox)
    names.visit(tree)
    return {*names.undeclared_identifiers, *filter(None, _keys_of_facts(tree))} - {"facts"}


def _keys_of_facts(tree: nodes.Template) -> Iterator[str | None]:
    """The names under which ``facts`` is read; None where it is used otherwise, so that nobody can tell what is read."""
    named = 0
    reading: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for node in reading:
        if isinstance(node.node, nodes.Name) and node.node.name == "facts":
            key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            named += isinstance(key, str)
            yield key if isinstance(key, str) else None
    loaded = sum(1 for name in tree.find_all(nodes.Name) if name.name == "facts" and name.ctx == "load")
    if loaded > named:
        yield None


def _parsed(sandbox: Sandbox, template: str) -> nodes.Template:
    """The tree of a template that does nothing forbidden, and is small enough to be made into Python."""
    if len(template) > LARGEST_TEMPLATE:
        raise TemplateFaulty(sentence=f"is larger than {LARGEST_TEMPLATE // 1024} KB.")
    tree = sandbox.parse(template)
    _refuse_autoescape_blocks(tree)
    if sum(1 for _ in islice(tree.find_all(nodes.Node), MOST_PARTS + 1)) > MOST_PARTS:
        raise TemplateFaulty(sentence=f"has more than {MOST_PARTS} names, values and operators.")
    return tree


def _refuse_autoescape_blocks(tree: nodes.Template) -> None:
    if next(tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)), None):
        raise TemplateFaulty(sentence="values are always escaped: {% autoescape %} may not be used.")
    if next(tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)), None):
        raise TemplateFaulty(sentence="a template stands for itself: nothing can be included, imported or extended.")


def _names(paper: Paper) -> dict[str, Any]:
    own = {
        "facts": paper.facts,
        "number": paper.number,
        "issued_on": paper.issued_on,
        "title": gongwen.plain_title(paper.title),
        "organisation": paper.organisation,
        "addressee": paper.addressee,
        "lang": paper.lang,
        "draft": paper.draft,
    }
    return {**paper.facts, **own}


# -- the page around it ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A composed notice: the paper, its blocks sorted by their place on the page."""

    paper: Paper
    blocks: tuple[Block, ...]
    contact: str
    copies: Copies | None
    annexes: tuple[Annex, ...]

    @classmethod
    def of(cls, paper: Paper, blocks: tuple[Block, ...]) -> "Page":
        elsewhere = ("contact", "cc", "annex")
        return cls(
            paper,
            tuple(block for block in blocks if block.kind not in elsewhere),
            "".join(block.text for block in blocks if isinstance(block, Text) and block.kind == "contact"),
            next((block for block in blocks if isinstance(block, Copies)), None),
            tuple(block for block in blocks if isinstance(block, Annex)),
        )

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.paper.lang]

    @property
    def number(self) -> str:
        """The 文号, or the mark of a draft."""
        return self.paper.number or (self.words["draft"] if self.paper.draft else "")

    @property
    def date(self) -> str:
        """The date of issue in words; a draft has none."""
        if self.paper.draft or not self.paper.issued_on:
            return ""
        return date_en(self.paper.issued_on) if self.paper.lang == "en" else date_zh(self.paper.issued_on)

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """份号, 密级和保密期限, 紧急程度 at the upper left, each with the role of its typeface."""
        paper = self.paper
        noted = ((paper.copy_number, FANG), (paper.secrecy, HEI), (paper.urgency, HEI))
        return tuple((text, role) for text, role in noted if text)

    @property
    def mark(self) -> str:
        """发文机关标志 as it is read: the organs, and the word 文件."""
        whole = " ".join(self.paper.organs if self.paper.form == "file" else self.paper.organs[:1])
        return whole + (gongwen.FILE_WORD if self.paper.form == "file" and self.paper.lang == "zh-CN" else "")

    def head(self, setter: Typesetter) -> gongwen.Head | None:
        """The red head of a first page; a slip has none."""
        paper = self.paper
        if paper.form == "file":
            word = gongwen.FILE_WORD if paper.lang == "zh-CN" else ""
            return gongwen.file_head(paper.organs, word, setter, len(paper.signers or ()))
        return gongwen.letter_head(paper.organisation, setter, len(self.notes)) if paper.form == "letter" else None


def check_characters(paper: Paper, blocks: tuple[Block, ...], faces: Typefaces) -> None:
    """Refuse a notice that would show a character which no typeface has; raises UncoveredCharacters."""
    shown = [paper.title, *paper.organs, paper.number or "", paper.addressee or "", *(paper.signers or ())]
    shown += [paper.copy_number or "", paper.secrecy or "", paper.urgency or ""]
    refuse_uncovered([*shown, *(text for block in blocks for text in body.texts(block))], faces)


def refuse_uncovered(texts: Iterable[str], faces: Typefaces) -> None:
    """Raise UncoveredCharacters for the characters of some texts that cannot be printed."""
    found: dict[str, str] = {}
    for text in texts:
        for character in faces.uncovered(text):
            found.setdefault(character, _excerpt(text, character))
    if found:
        raise UncoveredCharacters(
            characters="、".join(f"{c if c.isprintable() else ''}U+{ord(c):04X}" for c in found),
            where="；".join(dict.fromkeys(found.values())),
            codes=[ord(character) for character in found],
        )


def _excerpt(text: str, character: str) -> str:
    at = text.index(character)
    around = text[max(0, at - 8) : at + 9]
    return "".join(c if c.isprintable() else "\ufffd" for c in around)


@cache
def _house() -> jinja2.Environment:
    """Our own templates, which may do what an author's may not."""
    house = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    house.globals.update(
        MM=gongwen.MM,
        P=gongwen.PITCH,
        CELL=gongwen.CELL,
        LEAD=gongwen.LEAD,
        WIDTH=gongwen.WIDTH,
        SEAL=SEAL,
        FOOT_COLUMNS=FOOT_COLUMNS,
        LATIN_SIZE=LATIN_SIZE,
        PARTICULARS_LINE=PARTICULARS_LINE,
        ROLES=ROLES,
    )
    return house


def html(page: Page, setter: Typesetter, *, extra_sides: int = 0) -> str:
    """The page as HTML for the typesetter; ``extra_sides`` are added before the 版记, which stands on the last of them."""
    page = fitting(page, setter)
    paper = page.paper
    head = page.head(setter)
    title = gongwen.title_lines(paper.title, setter)
    at_foot = foot_names(page, setter)
    return (
        _house()
        .get_template(f"{paper.form}.html.j2")
        .render(
            page=page,
            paper=paper,
            words=page.words,
            head=head,
            title=title,
            addressee_at_foot=(page.words["to"], paper.addressee) in at_foot,
            signer_rows=_signer_rows(paper, setter),
            plain_title=gongwen.plain_title(paper.title),
            created=_metadata_instant(paper.created),
            set=setter,
            lay_out=partial(lay_out, setter=setter),
            lay_out_particulars=partial(lay_out_particulars, setter=setter),
            title_lines=partial(gongwen.title_lines, setter=setter),
            closing=closing(paper, page.date, setter),
            at_foot=at_foot,
            foot_lines=sum(len(setter.lines(names + page.words["stop"], 0, FOOT_COLUMNS)) for _, names in at_foot),
            extra_sides=extra_sides,
            strong=setter.faces.stack("strong"),
        )
    )


def _metadata_instant(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).isoformat(timespec="seconds")


def fitting(page: Page, setter: Typesetter) -> Page:
    """The page; where more are to get copies than the 版记 holds, they stand at the end of the text instead."""
    copies = page.copies
    if copies is None or len(setter.lines(copies.text, 0, FOOT_COLUMNS)) <= MOST_FOOT_LINES:
        return page
    words = page.words
    told = Text("p", f"{words['cc']}{words['colon']}{copies.text}{words['stop']}")
    return replace(page, blocks=(*page.blocks, told), copies=replace(copies, text=""))


def foot_names(page: Page, setter: Typesetter) -> list[tuple[str, str]]:
    """Who is named in the 版记: 抄送, and 主送 where so many are addressed that no text would be left on the first page."""
    named = [(page.words["cc"], page.copies.text)] if page.copies and page.copies.text else []
    head, addressee = page.head(setter), page.paper.addressee
    if head is None or not addressee:
        return named
    titles = len(gongwen.title_lines(page.paper.title, setter))
    left = gongwen.ROWS - head.height / gongwen.PITCH - titles - 1
    crowded = len(setter.lines(addressee)) > max(left - 1, 1)
    moved = [(page.words["to"], addressee), *named]
    fits = sum(len(setter.lines(names, 0, FOOT_COLUMNS)) for _, names in moved) <= MOST_FOOT_LINES
    return moved if crowded and fits else named


@dataclass(frozen=True)
class SignerRow:
    """The 签发人 of one row: each name with the room between its characters, in em."""

    names: tuple[tuple[str, float], ...]


def _signer_rows(paper: Paper, setter: Typesetter) -> tuple[tuple[SignerRow, ...], float]:
    """The signers, two a row, in columns as wide as the longest name, and where they begin: one cell is left at the right."""
    names = paper.signers or ()
    widest = max([3.0, *(setter.width(name, KAI) for name in names)])
    spaced = [(name, (widest - setter.width(name, KAI)) / max(len(name) - 1, 1)) for name in names]
    count = gongwen.SIGNERS_A_ROW
    rows = tuple(SignerRow(tuple(spaced[at : at + count])) for at in range(0, len(spaced), count))
    most = max([1, *(len(row.names) for row in rows)])
    label = setter.width(WORDS[paper.lang]["signer"] + WORDS[paper.lang]["colon"])
    return rows, gongwen.WIDTH - (1 + label + most * widest + (most - 1)) * gongwen.CELL


def css(faces: Typefaces) -> str:
    """The style sheet of all forms, for these typefaces."""
    stacks = {role: faces.stack(role) for role in CANDIDATES}
    return _house().get_template("notice.css.j2").render(font=stacks, TITLE_SIZE=gongwen.TITLE_SIZE)


def preview(page: Page) -> str:
    """The notice as an HTML fragment for the screen: the same words, without style attributes; see ``preview.css``."""
    markup = (
        _house()
        .get_template("preview.html.j2")
        .render(page=page, paper=page.paper, words=page.words, plain_title=gongwen.plain_title(page.paper.title))
    )
    return re.sub(r"\n\s*\n+", "\n", markup)
