"""However people answer, a case ends: walks through random valid answers, with all that comes of a case.

A few of each process here; hundreds by ``make walk``, which begins with the same ones.
"""

import os
import random
import shutil
from pathlib import Path

import pytest

from api import scenarios
from api.stories import shanghai
from engine.settings import ROOT
from tests.processes.walking import Walk

BUNDLES = sorted(file.parent for file in ROOT.glob("bpmn/*/process.toml") if (file.parent / "scenarios").is_dir())
WALKS = int(os.environ.get("WALKS", "4"))  # of each process
AT_ONCE = 8  # in one installation


@pytest.mark.sqlite_only
@pytest.mark.parametrize("first", range(0, WALKS, AT_ONCE))
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_however_people_answer_a_case_ends(bundle: Path, first: int, installed: Path, tmp_path: Path) -> None:
    shutil.copytree(installed, tmp_path / "walk")
    files = sorted((bundle / "scenarios").glob("*.toml"))
    steps = []
    start = shanghai("2026-01-01T00:00")
    with scenarios.installation(bundle.parent, tmp_path / "walk", start, "") as (database, watch):
        for seed in range(first, min(first + AT_ONCE, WALKS)):
            dice = random.Random(f"{bundle.name}:{seed}")
            walk = Walk(database, watch, bundle, dice)
            walk.begin(dice.choice(files))
            steps.append(walk.to_the_end())
    print(f"{bundle.name}: walks of {steps} steps")
