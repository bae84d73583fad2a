"""A report on a period counts the whole of it, though its analysis began earlier (Art. 22)."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import col, select

from api import scenarios, stories
from api.scenarios import Story
from api.stories import shanghai
from engine import process
from engine.access import SYSTEM
from engine.models import Case, Notice
from engine.settings import ROOT
from notices import service

BUNDLE = ROOT / "bpmn" / "opinion_analysis"
OPINION = {"topic": "quality", "opinion_text": "停车场数据的坐标有偏差。"}


@pytest.mark.sqlite_only
def test_a_report_counts_what_came_after_its_analysis_began_and_not_what_was_withdrawn(
    installed: Path, tmp_path: Path
) -> None:
    shutil.copytree(installed, tmp_path / "story")
    told = stories.read(BUNDLE / "scenarios" / "dropped.toml")  # begun on 25 June for the second quarter
    draft = told["steps"][0] | {"at": "2026-07-02T09:00"}
    del draft["refused"]
    came = [{"at": "2026-06-29T09:00", "submit": {"process": "opinion", "as": a, "form": OPINION}} for a in ("a", "b")]
    withdrawn = {"in": "b", "by": "sender", "message": "withdraw", "form": {"reason": "已经改为反馈校核。"}}
    signed = {"by": "city_data_bureau.leader", "task": "sign_report", "form": {"report_sign": "sign"}}
    with scenarios.installation(BUNDLE.parent, tmp_path / "story", shanghai(told["start"]), "") as (database, watch):
        Story(database, watch, BUNDLE).tell(told | {"steps": [*came, withdrawn, draft, signed]})
        with database.reading(SYSTEM) as reading:
            report = reading.session.exec(select(Notice).where(col(Notice.name) == "report")).one()
            run = process.opened(reading, reading.session.get_one(Case, report.case_id))
            facts = run.key.open_value(report.facts, service.FACTS + report.id)
    assert (facts["total"], [row["value"] for row in facts["by_topic"]]) == (1, ["quality"])
