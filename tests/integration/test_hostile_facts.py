"""Hostile and huge texts in every fact of every template of every bundle: a right paper or a clear sentence, and nothing lost.

Bundles, notices, facts and the branches of a template are found here, so that a new one is tried as well.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from engine import definitions
from engine.definitions import Bundle
from engine.settings import ROOT
from notices import body, sample, templates
from notices.paper import Paper, UncoveredCharacters, spelled
from notices.render import check_characters, count_pages, preview, render
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
HUGE = ("x" * 10_000, "国" * 3_400, "（" * 3_400)  # a word without end, one paragraph, marks that stick together


@dataclass(frozen=True)
class Kind:
    """A notice of a bundle in one language."""

    bundle: Bundle
    notice: str
    language: str

    @property
    def paper(self) -> Paper:
        return replace(sample.of_bundle(self.bundle, self.notice, NOW, self.language), qr="https://example.cn/verify/x")

    def __str__(self) -> str:
        return f"{self.bundle.key}-{self.notice}-{self.language}"


def _kinds() -> Iterator[Kind]:
    for folder in definitions.bundle_folders(ROOT / "bpmn"):
        flow, words = definitions.split(definitions.read_folder(folder))
        bundle = Bundle("", "", 1, 1, flow, words)
        for path in sorted(words):
            if re.fullmatch(r"notices/[^/]+/notice\.toml", path):
                notice = Path(path).parent.name
                yield from (Kind(bundle, notice, language) for language in sample.languages(bundle, notice))


KINDS = list(_kinds())
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def test_every_bundle_and_fact_is_tried() -> None:
    assert {kind.bundle.key for kind in KINDS} >= {"open_data_request", "supervision_lead"}
    for kind in KINDS:
        declared = set(kind.bundle.notice(kind.notice).facts)
        tried = {name for variant in _variants(kind.paper) for name in _free(variant)}
        fixed = _compared(kind.paper.template).keys() | _dates(kind.paper.template)
        assert {name for name in declared - fixed if isinstance(kind.paper.facts.get(name), str | None)} <= tried


@every_kind
def test_every_branch_shows_every_fact_as_it_was_written(kind: Kind) -> None:
    for number, variant in enumerate(_variants(kind.paper)):
        name = list(SHOWN_AS_WRITTEN)[number % len(SHOWN_AS_WRITTEN)]
        _set_whole(_with(variant, SHOWN_AS_WRITTEN[name]))


@every_kind
def test_what_looks_like_code_is_only_text(kind: Kind) -> None:
    hostile = _with(kind.paper, "".join(SHOWN_AS_WRITTEN.values()))
    _set_whole(hostile)
    assert not re.search(r"<(script|img|style|b)\b", preview(hostile))


@every_kind
def test_what_cannot_be_printed_is_named_and_can_be_spelled(kind: Kind) -> None:
    for name, text in REFUSED.items():
        with pytest.raises(UncoveredCharacters) as refusal:
            check_characters(_with(kind.paper, text))
        assert "字体中没有" in refusal.value.sentence("zh"), name
    hostile = _with(kind.paper, "".join(REFUSED.values()))
    with pytest.raises(UncoveredCharacters) as refusal:
        render(hostile)
    said = papers.text(render(spelled(hostile, refusal.value.data["codes"])))
    assert all(f"〔U+{code:04X}〕" in said for code in refusal.value.data["codes"])


@every_kind
def test_huge_facts_are_set_whole(kind: Kind) -> None:
    huge = HUGE[KINDS.index(kind) % len(HUGE)]
    _set_whole(_with(kind.paper, huge[: 20_000 // len(huge[0].encode()) // (_shown(kind.paper) + 2)]))


# -- what a template asks for --------------------------------------------------------------------------------------------


def _compared(template: str) -> dict[str, set[str]]:
    """The facts on whose words a template decides, with the words."""
    found: dict[str, set[str]] = {}
    for node in jinja2.Environment().parse(template).find_all(nodes.Compare):
        if isinstance(node.expr, nodes.Name):
            words = [c.value for c in node.find_all(nodes.Const) if isinstance(c.value, str)]
            found.setdefault(node.expr.name, set()).update(words)
    for node in jinja2.Environment().parse(template).find_all(nodes.Getitem):
        if isinstance(node.arg, nodes.Name):
            found.setdefault(node.arg.name, set())
    return found


def _dates(template: str) -> set[str]:
    """The facts that a template shows as days."""
    filters = jinja2.Environment().parse(template).find_all(nodes.Filter)
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


def _set_whole(paper: Paper) -> None:
    """Every character that the template writes stands on the pages, and each text in one piece unless a page ends in it."""
    pdf = render(paper)
    said, pages = papers.text(pdf), count_pages(pdf)
    addressee = "".join(str(paper.addressee).split())
    written = _composed(paper) + addressee
    assert not Counter(written) - Counter(said)
    assert said.count(addressee) >= written.count(addressee) - (pages - 1)
