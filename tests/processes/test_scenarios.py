"""Every story of every bundle is true, and together they take every line and event of every drawing."""

import os
import tomllib
from pathlib import Path

import pytest

from api import coverage, scenarios
from engine import definitions
from engine.manifest import read_manifest
from engine.settings import ROOT
from tests.processes.story_files import FILES, name

BUNDLES = sorted({file.parents[1] for file in FILES})


def _told(file: Path, going_on: set[str]) -> set[str]:
    """The outcomes of its own process that a story expects: a case ends in the last one, and goes on from ``going_on``."""
    steps = tomllib.loads(file.read_text(encoding="utf-8")).get("steps", [])
    processes = {"main": file.parts[-3]}
    expected: dict[str, list[str]] = {}
    for step in steps:
        if "submit" in step:
            processes[step["submit"]["as"]] = step["submit"]["process"]
        if outcome := step.get("expect", {}).get("outcome"):
            expected.setdefault(step.get("in", "main"), []).append(outcome)
    own = [outcomes for case, outcomes in expected.items() if processes.get(case) == file.parts[-3]]
    return {outcomes[-1] for outcomes in own} | {each for outcomes in own for each in outcomes if each in going_on}


@pytest.fixture(scope="session")
def trails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all processes of this test run put down which lines and nodes each story has passed."""
    shared = tmp_path_factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else None
    folder = (shared or tmp_path_factory.getbasetemp()) / "trails"
    folder.mkdir(exist_ok=True)
    return folder


def _play(file: Path, installed: Path, trails: Path, folder: Path) -> scenarios.Result:
    """Play a story, and put down what it has passed."""
    bundle = file.parents[1]
    result = scenarios.play(bundle, file, folder, installed)
    draft = trails / f"{bundle.name}.{file.stem}.{os.getpid()}"
    draft.write_text("\n".join(sorted(result.passed)), encoding="utf-8")
    draft.replace(trails / f"{bundle.name}.{file.stem}.txt")
    return result


@pytest.mark.parametrize("file", FILES, ids=name)
def test_the_story_is_true(file: Path, installed: Path, trails: Path, tmp_path: Path) -> None:
    result = _play(file, installed, trails, tmp_path / "story")
    assert result.ok, result.fault


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_the_stories_of_a_process_take_every_line_and_event_of_its_drawings(
    bundle: Path, installed: Path, trails: Path, tmp_path: Path
) -> None:
    passed: set[str] = set()
    for file in (file for file in FILES if file.parents[1] == bundle):
        trail = trails / f"{bundle.name}.{file.stem}.txt"
        if not trail.exists():  # this test runs alone, or the story is still being played elsewhere
            _play(file, installed, trails, tmp_path / file.stem)
        passed |= set(trail.read_text(encoding="utf-8").split())
    measured = coverage.measure(bundle, passed)
    print(f"{bundle.name}: {measured.sentence()}")
    assert measured.untaken == ()


def test_every_bundle_tells_stories_and_every_outcome_is_told() -> None:
    for folder in definitions.bundle_folders(ROOT / "bpmn"):
        declared = read_manifest(definitions.read_folder(folder)["process.toml"]).outcomes
        going_on = {name for name, outcome in declared.items() if outcome.next == "fulfilment"}
        stories = [file for file in FILES if file.parts[-3] == folder.name]
        told = set[str]().union(*(_told(file, going_on) for file in stories))
        assert stories, folder.name
        assert set(declared) <= told, folder.name
