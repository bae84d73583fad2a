"""The kinds of links between cases: one table names them all, and is judged."""

from pathlib import Path

import pytest

from engine import link_kinds, link_lint
from engine.settings import ROOT
from tests.related import quarrel


def test_a_process_names_no_kind_of_link_that_the_table_lacks() -> None:
    (fault,) = link_lint.unknown_kinds(quarrel()["process.toml"], frozenset({"review"}))
    assert (fault.element, fault.reason) == (
        "links.coordination",
        "coordination is no kind of link: shared/links.toml names review",
    )
    assert list(link_lint.unknown_kinds(quarrel()["process.toml"], frozenset({"coordination"}))) == []
    assert list(link_lint.unknown_kinds(quarrel()["process.toml"], None)) == []  # a bundle is judged without a city


@pytest.mark.parametrize("text", ['[Review]\ntitle = "x"\ntitle_en = "x"\n', '[review]\ntitle = "x"\n', "[review"])
def test_a_faulty_table_of_kinds_is_told_by_the_linter(tmp_path: Path, text: str) -> None:
    (tmp_path / link_kinds.FILE).write_text(text, encoding="utf-8")
    (fault,) = link_kinds.faults(tmp_path / link_kinds.FILE)
    assert fault.file == "shared/links.toml"


def test_the_table_of_this_city_is_sound() -> None:
    assert link_kinds.faults(ROOT / "bpmn" / "shared" / link_kinds.FILE) == []
