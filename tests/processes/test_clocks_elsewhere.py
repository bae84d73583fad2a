"""A case whose clock is elsewhere for a while is no alarm: in a paper on its way, or in the case that came out of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from api import scenarios, stories
from engine import silence
from engine.access import SYSTEM
from engine.models import Case, CaseLink, Notice
from engine.queries import board_list
from engine.settings import ROOT


@contextmanager
def told(name: str, until: str, installed: Path, folder: Path) -> Iterator[scenarios.Story]:
    """A story of a bundle, up to the step with that task."""
    key, _, file = name.partition("/")
    bundle = ROOT / "bpmn" / key
    story: dict[str, Any] = stories.read(bundle / "scenarios" / f"{file}.toml")
    last = next(n for n, step in enumerate(story["steps"]) if step.get("task") == until and "refused" not in step)
    story["steps"] = story["steps"][: last + 1]
    shutil.copytree(installed, folder)
    start = stories.shanghai(story["start"])
    with scenarios.installation(bundle.parent, folder, start, "") as (database, watch):
        tale = scenarios.Story(database, watch, bundle)
        tale.tell(story)
        yield tale


def unclocked(tale: scenarios.Story) -> list[str]:
    """The cases of which it is an alarm that they are open and no clock runs."""
    with tale.database.reading(SYSTEM) as reading:
        found = [row.reference for row in board_list(reading, "unclocked").rows]
        assert len(found) == sum(alarm.count for alarm in silence.alarms(reading) if alarm.kind == "unclocked")
    return found


def test_between_issue_and_service_of_an_order_no_limit_runs(installed: Path, tmp_path: Path) -> None:
    with told("rectification/second_list", "sign_order", installed, tmp_path / "story") as tale:
        assert unclocked(tale) == []
        with tale.database.unit_of_work(SYSTEM) as uow:
            uow.session.execute(update(Notice).where(col(Notice.name) == "order").values(served_at=uow.now))
        assert len(unclocked(tale)) == 1  # it is served, and yet nothing runs


def test_a_lead_that_waits_for_an_order_is_clocked_there(installed: Path, tmp_path: Path) -> None:
    with told("supervision_lead/rectification_proposed", "verify", installed, tmp_path / "story") as tale:
        assert unclocked(tale) == []
        with tale.database.unit_of_work(SYSTEM) as uow:
            order = select(CaseLink.to_id).where(col(CaseLink.kind) == "rectification").scalar_subquery()
            uow.session.execute(update(Case).where(col(Case.id) == order).values(closed_at=uow.now))
        assert len(unclocked(tale)) == 1  # the order is done with, and the lead waits on
