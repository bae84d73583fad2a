"""What an installation may choose by a switch of a bundle."""

import shutil
from pathlib import Path

from api import scenarios
from engine.settings import ROOT


def test_an_installation_may_let_silence_count_as_a_refusal(tmp_path: Path) -> None:
    bundles = shutil.copytree(ROOT / "bpmn", tmp_path / "bpmn")
    story = bundles / "share_application" / "scenarios" / "silence_is_no_refusal.toml"
    _replace(
        bundles / "coordination" / "process.toml", "coordination_on_silence = false", "coordination_on_silence = true"
    )
    _replace(story, 'refused = "OriginRefused"', "")
    _replace(story, "links = []", 'links = ["coordination"]')
    result = scenarios.play(bundles / "share_application", story, tmp_path / "story")
    assert result.ok, result.fault


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
