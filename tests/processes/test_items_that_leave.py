"""An item that leaves the catalogue in the middle of a case: who handles it is told so, and nothing stops."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from api import scenarios, stories
from api.scenarios import Story
from api.stories import shanghai
from engine import catalogue, incidents, items
from engine.access import SYSTEM, Actor
from engine.db import Database
from engine.settings import ROOT
from engine.tasks import RuleViolated

BUNDLE = ROOT / "bpmn" / "share_application"
STORY: dict[str, Any] = stories.read(BUNDLE / "scenarios" / "provided.toml")
ITEM = STORY["submit"]["form"]["catalogue_item"]


def leaves(database: Database) -> None:
    with database.unit_of_work(SYSTEM) as uow:
        catalogue.become_current(uow, catalogue.draft_removal(uow, ITEM), publish=True)
        assert items.find(uow, ITEM) is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("before", ["assess", "confirm_data"])
def test_a_share_application_goes_on_when_its_item_has_left_the_catalogue(
    before: str, installed: Path, tmp_path: Path
) -> None:
    shutil.copytree(installed, tmp_path / "story")
    start = shanghai(STORY["start"])
    with scenarios.installation(BUNDLE.parent, tmp_path / "story", start, "") as (database, watch):
        story = Story(database, watch, BUNDLE)
        story._begin(STORY["submit"])
        gone = False
        for step in STORY["steps"]:
            if step.get("task") == before:
                leaves(database)
                gone = True
            if gone and step.get("task") == "assess":
                with pytest.raises(RuleViolated) as refused:
                    story._step(step)
                assert [p.zh for p in refused.value.problems] == ["目录项已经不在目录中，不能认定可以提供。"]
                return  # it finds otherwise: other stories tell how
            story._step(step)
        with database.reading(Actor("person", duty="administrator")) as reading:
            assert incidents.open_incidents(reading) == []
