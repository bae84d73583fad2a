"""Every notice of every bundle, from each of its samples and in each of its languages, as a reader would find it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Template, nodes

from engine import definitions
from engine.definitions import Bundle
from engine.settings import ROOT
from notices import body, sample, templates
from notices.paper import Paper
from notices.render import render
from tests.papers import texts

NOW = datetime(2026, 5, 14, 2, tzinfo=UTC)
BUNDLES = definitions.bundle_folders(ROOT / "bpmn")
CHINESE = r"[\u3400-\u9fff]"
HALF_WIDTH = re.compile(rf"{CHINESE}[,;:?!()]|[,;?!(]{CHINESE}")
LEFT_OVER = re.compile(r"None|[Uu]ndefined|\{\{|\}\}|\{%|%\}|（）|“”|《》|〔〕|\(\)|、。|，，|。。")


@cache
def bundle(folder: Path) -> Bundle:
    return sample.bundle_of(folder)


def notices() -> Iterator[tuple[Path, str]]:
    for folder in BUNDLES:
        for name in bundle(folder).notices():
            yield folder, name


def papers() -> Iterator[Any]:
    for folder, name in notices():
        found = bundle(folder)
        for case in sample.cases(found, name):
            for language in sample.languages(found, name):
                yield pytest.param(folder, name, case, language, id=f"{folder.name}-{name}-{case}-{language}")


@pytest.mark.parametrize(("folder", "name", "case", "language"), list(papers()))
def test_a_sample_reads_well(folder: Path, name: str, case: str, language: str) -> None:
    paper = sample.of_bundle(bundle(folder), name, NOW, language, case)
    _reads_well(paper, [_written(paper), paper.title, paper.organisation, paper.addressee or ""])


def printed() -> Iterator[Any]:
    """The longest sample of each notice, in the one language or the other."""
    for number, (folder, name) in enumerate(notices()):
        found = bundle(folder)
        spoken = sample.languages(found, name)
        language = spoken[number % len(spoken)]
        samples = [sample.of_bundle(found, name, NOW, language, case) for case in sample.cases(found, name)]
        paper = max(samples, key=lambda paper: len(_written(paper)))
        yield pytest.param(paper, id=f"{folder.name}-{name}-{language}")


def _written(paper: Paper) -> str:
    """All that the template writes."""
    return "".join("".join(text for block in templates.compose(paper) for text in body.texts(block)).split())


@pytest.mark.parametrize("paper", list(printed()))
def test_a_sample_reads_well_on_paper(fonts: Path, paper: Paper) -> None:
    pages = texts(render(paper))
    _reads_well(paper, pages)
    assert "".join(paper.title.replace("|", "").split()) in "".join(pages)


def _reads_well(paper: Paper, pages: list[str]) -> None:
    shown = "".join(pages)
    assert not LEFT_OVER.search(shown), LEFT_OVER.search(shown)
    if paper.lang == "zh-CN":
        assert not HALF_WIDTH.search(shown), HALF_WIDTH.search(shown)
    for sentence in _sentences(paper.facts, templates.reads(paper.template)):
        assert _stands(sentence, pages), f"“{sentence}” is lost"


def _sentences(facts: Mapping[str, Any], read: frozenset[str]) -> Iterator[str]:
    """What somebody wrote in Chinese: every sentence of it stands on the paper."""
    for name in sorted(read & facts.keys()):
        value = facts[name]
        if isinstance(value, str) and re.search(CHINESE, value):
            for sentence in re.split(r"[。；\n]", value):
                if sentence.strip():
                    yield "".join(sentence.split())


def _stands(sentence: str, pages: list[str]) -> bool:
    """On one page, or over the break between two."""
    over = ((sentence[:cut], sentence[cut:]) for cut in range(1, len(sentence)))
    return any(sentence in page for page in pages) or any(
        head in here and tail in there for head, tail in over for here, there in pairwise(pages)
    )


# ---------------------------------------------------------------- branches


@pytest.mark.parametrize(
    ("folder", "name"), list(notices()), ids=lambda value: value if isinstance(value, str) else value.name
)
def test_every_branch_of_a_template_is_seen_in_some_sample(folder: Path, name: str) -> None:
    found = bundle(folder)
    for language in sample.languages(found, name):
        watched = Watched(found.template(name, language), "en" if language == "en" else "zh-CN")
        for case in sample.cases(found, name):
            watched.fill(sample.of_bundle(found, name, NOW, language, case))
        assert not watched.unseen(), f"{name} ({language}): no sample goes through {watched.unseen()}"


class Watched:
    """A template that notes through which branches it goes."""

    def __init__(self, source: str, language: str) -> None:
        self.seen: set[str] = set()
        self.branches: list[str] = []
        sandbox = templates._sandbox(language)
        tree = sandbox.parse(source)
        for branch in [*tree.find_all(nodes.If)]:
            self._watch(branch.body, branch.lineno, "if")
            if branch.else_:
                self._watch(branch.else_, branch.lineno, "else of the if")
        tree.set_environment(sandbox)
        code = sandbox.compile(tree)
        names = {**sandbox.globals, "_passes": self._passes}
        self._template = Template.from_code(sandbox, code, names)

    def _watch(self, body: list[nodes.Node], line: int, kind: str) -> None:
        label = f"the {kind} of line {line}"
        self.branches.append(label)
        call = nodes.Call(nodes.Name("_passes", "load"), [nodes.Const(label)], [], None, None)
        body.insert(0, nodes.Output([call], lineno=line))

    def _passes(self, label: str) -> str:
        self.seen.add(label)
        return ""

    def fill(self, paper: templates.Paper) -> None:
        self._template.render(templates._names(paper))

    def unseen(self) -> list[str]:
        return [label for label in self.branches if label not in self.seen]
