"""What is approved is what is issued: for every paper of every process, the two differ by number, date and seal alone."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.clock import SHANGHAI
from engine.settings import ROOT
from notices import approved
from notices.render import render
from notices.sample import bundle_of, of_bundle
from tests import papers

FOLDERS = papers.of_folders(ROOT / "bpmn")
APPROVED = [folder for folder in FOLDERS if bundle_of(folder.parents[1]).notice(folder.name).approval]


def _name(folder: Path) -> str:
    return f"{folder.parts[-3]}/{folder.name}"


@pytest.mark.parametrize("folder", APPROVED, ids=_name)
def test_the_draft_and_the_issued_paper_say_the_same(folder: Path) -> None:
    issued = of_bundle(bundle_of(folder.parents[1]), folder.name, datetime(2026, 12, 31, 10, tzinfo=SHANGHAI))
    draft = replace(issued, number=None, issued_on=None, seal=False)
    assert approved.digest(draft) == approved.digest(issued)
    assert issued.number is not None
    printed = "2026年12月31日印发"  # in the 版记 of a file that has copies; a draft was printed on no day
    after = papers.text(render(issued)).replace(printed, "", 1).replace(issued.number, "", 1)
    after = "".join(after.rsplit("2026年12月31日", 1))  # the last one: the text may name the day as well
    assert papers.text(render(draft)).replace("〔草稿〕", "", 1) == after


def test_every_numbered_paper_is_approved_or_says_why_not() -> None:
    for folder in FOLDERS:
        rule = bundle_of(folder.parents[1]).notice(folder.name)
        assert rule.form == "slip" or bool(rule.approval) != bool(rule.automatic), _name(folder)
