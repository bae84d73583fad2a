"""Enterprises of the public service may follow the regulation (Art. 32(2)): they are not ordered to."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import col, select

from api import scenarios, stories
from api.scenarios import Story
from api.stories import shanghai
from engine.access import SYSTEM
from engine.cases import PartBarred
from engine.models import Organisation
from engine.settings import ROOT
from engine.tasks import RuleViolated

LEAD = stories.read(ROOT / "bpmn" / "supervision_lead" / "scenarios" / "rectification_proposed.toml")
CASE = stories.read(ROOT / "bpmn" / "rectification" / "scenarios" / "no_violation.toml")
ENTERPRISE = "gy-gjj"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("applicability", "ordered"), [("optional", False), ("by_reference", True)])
def test_who_is_only_free_to_follow_the_regulation_is_not_ordered_to(
    applicability: str, ordered: bool, installed: Path, tmp_path: Path
) -> None:
    shutil.copytree(installed, tmp_path / "story")
    start = shanghai(LEAD["start"])
    with scenarios.installation(ROOT / "bpmn", tmp_path / "story", start, "") as (database, watch):
        with database.unit_of_work(SYSTEM) as uow:
            house = uow.session.exec(select(Organisation).where(col(Organisation.code) == ENTERPRISE)).one()
            house.applicability = applicability
            uow.add(house)
        lead = Story(database, watch, ROOT / "bpmn" / "supervision_lead")
        lead._begin(LEAD["submit"] | {"participants": LEAD["submit"]["participants"] | {"respondent": ENTERPRISE}})
        case = Story(database, watch, ROOT / "bpmn" / "rectification")
        asked = CASE["submit"] | {"form": CASE["submit"]["form"] | {"respondent": ENTERPRISE}}
        if ordered:
            lead._step(LEAD["steps"][1])
            case._begin(asked)
            return
        with pytest.raises(RuleViolated) as refused:
            lead._step(LEAD["steps"][1])
        assert "第三十二条第二款" in refused.value.problems[0].zh
        with pytest.raises(PartBarred, match="32"):
            case._begin(asked)
