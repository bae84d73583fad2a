"""Every story of every bundle is true on SQLite; on PostgreSQL one for each way in which a case can end."""

import tomllib
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from api import scenarios
from api.stories import shanghai
from engine import definitions
from engine.manifest import read_manifest
from engine.settings import ROOT
from tests.postgres import PostgresServer

FILES = sorted(ROOT.glob("bpmn/*/scenarios/*.toml"))
_numbers = count(1)


def _ending(file: Path) -> tuple[str, str]:
    """The process of a story, and the outcome that it expects last (or the status, where there is none)."""
    steps = tomllib.loads(file.read_text(encoding="utf-8")).get("steps", [])
    expected: dict[str, str] = {}
    for step in steps:
        expected |= step.get("expect", {})
    return file.parts[-3], expected.get("outcome") or expected.get("status", "")


ONE_FOR_EACH_ENDING = list({_ending(file): file for file in FILES}.values())


def _name(file: Path) -> str:
    return f"{file.parts[-3]}/{file.stem}"


def _install(bundle: Path, folder: Path, url: str = "") -> None:
    with scenarios.installation(bundle, folder, shanghai("2020-01-01T00:00"), url, fresh=True):
        pass


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Gives the folder of an installation to copy, made when a bundle is first needed."""

    @cache
    def make(bundle: Path) -> Path:
        folder = tmp_path_factory.mktemp("stories") / bundle.name
        _install(bundle, folder)
        return folder

    return make


@pytest.fixture(scope="session")
def installed_on_postgres(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], tuple[Path, str]]:
    """Gives the folder of an installation to copy and the name of its database, which is a template."""

    @cache
    def make(bundle: Path) -> tuple[Path, str]:
        folder, name = tmp_path_factory.mktemp("stories") / bundle.name, f"stories_{bundle.name}"
        _install(bundle, folder, postgres.create(name))
        postgres.freeze(name)
        return folder, name

    return make


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_the_story_is_true(file: Path, installed: Callable[[Path], Path], tmp_path: Path) -> None:
    bundle = file.parents[1]
    result = scenarios.play(bundle, file, tmp_path / "story", installed(bundle))
    assert result.ok, result.fault


@pytest.mark.parametrize("file", ONE_FOR_EACH_ENDING, ids=_name)
def test_on_postgresql_a_case_ends_in_the_same_way(
    file: Path,
    postgres: PostgresServer,
    installed_on_postgres: Callable[[Path], tuple[Path, str]],
    tmp_path: Path,
) -> None:
    bundle = file.parents[1]
    (folder, template), name = installed_on_postgres(bundle), f"story_{next(_numbers)}"
    url = postgres.create(name, template)
    result = scenarios.play(bundle, file, tmp_path / "story", folder, lambda: url)
    postgres.drop(name)
    assert result.ok, result.fault


def test_every_bundle_tells_stories_and_every_outcome_is_told() -> None:
    for folder in definitions.bundle_folders(ROOT / "bpmn"):
        declared = read_manifest(definitions.read_folder(folder)["process.toml"]).outcomes
        told = {ending for process, ending in map(_ending, FILES) if process == folder.name}
        assert set(declared) <= told, folder.name
