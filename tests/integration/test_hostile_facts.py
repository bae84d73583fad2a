"""Hostile and huge texts in every fact of every template of every bundle: a right paper or a clear sentence, and nothing lost.

Bundles, notices, facts and the branches of a template are found here, so that a new one is tried as well. Every branch of
every notice is composed in each language; what must be seen on paper is seen once for each layout, which is the form and what
follows what in it: of two notices that differ in words alone, one is printed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes
from lxml import html

from engine import definitions
from engine.definitions import Bundle
from engine.settings import ROOT
from notices import body, sample, templates
from notices.fonts import typefaces
from notices.gongwen import Typesetter
from notices.paper import Paper, UncoveredCharacters, spelled
from notices.render import check_characters, preview, render
from tests import papers

pytestmark = pytest.mark.sqlite_only
NOW = datetime(2026, 11, 18, 1, tzinfo=UTC)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
SHOWN_AS_WRITTEN = {
    "markup": "<b onload=x>&amp;</p><script>1</script><img src=file:///etc/passwd>",
    "Jinja": "{{7*7}}{%include'/etc/passwd'%}{#x#}",
    "styles": "*{background:url(http://127.0.0.1:9/x)}</style>@import'//x'",
    "quotes": "\"'`\\()[]<>«»“”‘’%s%n${x}",
    "names": papers.RARE_NAMES,
    "marks": "，。、；：？！）》（《“”……——",
}
REFUSED = {
    "bidirectional controls": "王\u202e某\u2066",
    "NUL": "王\x00某",
    "other controls": "王\x1b[2J\x07某",
    "half a character": "王\ud800某",
    "combining marks": "e\u0301\u0489\u20dd王",
    "zero width": "王\u200b\u2060\ufeff某",
    "variation selectors": "葛\U000e0100\ufe0f",
    "emoji": "王😀👨‍👩‍👧",
    "right to left": "שלום مرحبا",
    "private use": "王\ue000\U000f0000",
    "fillers": "王\u3164\u115f某",
    "not characters": "王\uffff\ufdd0某",
}
AS_WRITTEN, NOT_PRINTED = "".join(SHOWN_AS_WRITTEN.values()), "".join(REFUSED.values())
HUGE = ("x" * 10_000, "国" * 3_400, "（" * 3_400)  # a word without end, one paragraph, marks that stick together


@dataclass(frozen=True)
class Kind:
    """A notice of a bundle in one language."""

    bundle: Bundle
    notice: str
    language: str

    @cached_property
    def paper(self) -> Paper:
        return replace(sample.of_bundle(self.bundle, self.notice, NOW, self.language), qr="https://example.cn/verify/x")

    def __str__(self) -> str:
        return f"{self.bundle.key}-{self.notice}-{self.language}"


def _kinds() -> Iterator[Kind]:
    for folder in definitions.bundle_folders(ROOT / "bpmn"):
        bundle = sample.bundle_of(folder)
        for notice in bundle.notices():
            yield from (Kind(bundle, notice, language) for language in sample.languages(bundle, notice))


KINDS = list(_kinds())


def _layout(kind: Kind) -> tuple[str, ...]:
    """What the typesetter sees of a notice but its words: the form, the language, and the kinds of block one after the other."""
    blocks = [type(block).__name__ for block in templates.compose(kind.paper)]
    return kind.paper.form, kind.language, *(name for name, _ in groupby(blocks))


PRINTED = list({_layout(kind): kind for kind in KINDS}.values())
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
every_layout = pytest.mark.parametrize("kind", PRINTED, ids=str)


@pytest.fixture(scope="module")
def setter(fonts: Path) -> Typesetter:
    return Typesetter(typefaces(fonts))


def test_every_bundle_and_fact_is_tried() -> None:
    assert {kind.bundle.key for kind in KINDS} >= {"open_data_request", "supervision_lead"}
    for kind in KINDS:
        declared = set(kind.bundle.notice(kind.notice).facts)
        tried = {name for variant in _variants(kind.paper) for name in _free(variant)}
        fixed = _compared(kind.paper.template).keys() | _dates(kind.paper.template)
        assert {name for name in declared - fixed if isinstance(kind.paper.facts.get(name), str | None)} <= tried


@every_kind
def test_every_branch_shows_every_fact_as_it_was_written(kind: Kind, setter: Typesetter) -> None:
    for variant in _variants(kind.paper):
        hostile = _with(variant, AS_WRITTEN)
        markup = templates.html(templates.Page.of(hostile, templates.compose(hostile)), setter)
        _shows_whole(hostile, "".join(html.document_fromstring(markup).text_content().split()), pages=1)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_printed_is_refused(text: str) -> None:
    with pytest.raises(UncoveredCharacters) as refusal:
        check_characters(_with(KINDS[0].paper, text))
    assert "字体中没有" in refusal.value.sentence("zh")


@every_kind
def test_every_character_that_cannot_be_printed_is_named(kind: Kind) -> None:
    with pytest.raises(UncoveredCharacters) as refusal:
        check_characters(_with(kind.paper, NOT_PRINTED))
    assert set(refusal.value.data["codes"]) == set(map(ord, NOT_PRINTED)) - set(map(ord, "王某葛e[2J "))


@every_layout
def test_what_looks_like_code_is_only_text_and_what_cannot_be_printed_is_spelled(kind: Kind) -> None:
    hostile = _with(kind.paper, AS_WRITTEN + NOT_PRINTED)
    with pytest.raises(UncoveredCharacters) as refusal:
        render(hostile)
    told = spelled(hostile, refusal.value.data["codes"])
    said = _set_whole(told)
    assert all(f"〔U+{code:04X}〕" in said for code in refusal.value.data["codes"])
    assert not re.search(r"<(script|img|style|b)\b", preview(told))


@every_layout
def test_huge_facts_are_set_whole(kind: Kind) -> None:
    huge = HUGE[PRINTED.index(kind) % len(HUGE)]
    _set_whole(_with(kind.paper, huge[: 20_000 // len(huge[0].encode()) // (_shown(kind.paper) + 2)]))


# -- what a template asks for --------------------------------------------------------------------------------------------


_parsed = cache(jinja2.Environment().parse)


def _compared(template: str) -> dict[str, set[str]]:
    """The facts on whose words a template decides, with the words."""
    found: dict[str, set[str]] = {}
    for node in _parsed(template).find_all(nodes.Compare):
        if isinstance(node.expr, nodes.Name):
            words = [c.value for c in node.find_all(nodes.Const) if isinstance(c.value, str)]
            found.setdefault(node.expr.name, set()).update(words)
    for node in _parsed(template).find_all(nodes.Getitem):
        if isinstance(node.arg, nodes.Name):
            found.setdefault(node.arg.name, set())
    return found


def _dates(template: str) -> set[str]:
    """The facts that a template shows as days."""
    filters = _parsed(template).find_all(nodes.Filter)
    shown = (f for f in filters if f.name.split("_")[0] in {"date", "weekday", "numeral"})
    return {
        name.name
        for f in shown
        if f.node
        for name in [f.node, *f.node.find_all(nodes.Name)]
        if isinstance(name, nodes.Name)
    }


def _variants(paper: Paper) -> Iterator[Paper]:
    """The sample, and the sample with each word on which its template decides; nothing that it may show is missing."""
    days, compared = _dates(paper.template), _compared(paper.template)
    whole = {
        name: value if value is not None else "2026-12-01" if name in days else "某"
        for name, value in paper.facts.items()
    }
    yield replace(paper, facts=whole)
    for name, words in sorted(compared.items()):
        for word in sorted(words):
            yield replace(paper, facts={**whole, name: word})


def _free(paper: Paper) -> list[str]:
    """The facts that may hold any text."""
    fixed = _compared(paper.template).keys() | _dates(paper.template)
    texts = [name for name, value in paper.facts.items() if isinstance(value, str)]
    return [name for name in texts if name not in fixed and not DAY.match(str(paper.facts[name]))]


def _with(paper: Paper, text: str) -> Paper:
    """The paper with a text in each fact that may hold any, and as its addressee."""
    return replace(paper, facts={**paper.facts, **dict.fromkeys(_free(paper), text)}, addressee=text)


def _shown(paper: Paper) -> int:
    """How often a template writes the facts that may hold any text."""
    return _composed(_with(paper, "▲")).count("▲")


def _composed(paper: Paper) -> str:
    """Everything that the template writes, without white space."""
    blocks = templates.compose(paper)
    return "".join("".join(text for block in blocks for text in body.texts(block)).split())


def _set_whole(paper: Paper) -> str:
    """All that stands on the pages of a paper, which holds every character that its template writes."""
    pages = papers.texts(render(paper))
    _shows_whole(paper, "".join(pages), len(pages))
    return "".join(pages)


def _shows_whole(paper: Paper, said: str, pages: int) -> None:
    """Every character that the template writes is said, and each text in one piece unless a page ends in it."""
    addressee = "".join(str(paper.addressee).split())
    written = _composed(paper) + addressee
    assert not Counter(written) - Counter(said)
    assert said.count(addressee) >= written.count(addressee) - (pages - 1)
