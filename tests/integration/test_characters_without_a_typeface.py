"""Characters that no typeface has, in a paper that was issued without a draft."""

import pytest

from engine import maintenance
from engine.access import SYSTEM
from engine.models import Case, Incident, Job, Notice
from notices import paper, render, service
from tests.factories import World


def test_a_receipt_comes_whatever_the_name_holds(world: World) -> None:
    world.submit(applicant_name="王\U0001f4a9", dataset="停车数据\U00031350")
    world.work(papers=True)
    receipt = world.one(Notice, name="receipt")
    assert receipt.document_id is not None
    assert [job.state for job in world.all(Job, kind="notice.render")] == ["done"]


def test_such_a_character_is_told_by_its_number(world: World) -> None:
    world.submit(dataset="停车数据\U0001f4a9")
    with world.database.reading(SYSTEM) as reading:
        receipt = service.paper(reading, world.one(Notice), reading.session.get_one(Case, world.case_id))
    with pytest.raises(paper.UncoveredCharacters) as refused:
        render.render(receipt)
    assert paper.spelled(receipt, refused.value.data["codes"]).facts["dataset"] == "停车数据〔U+1F4A9〕"


def test_the_sentence_that_quotes_a_name_stays_out_of_jobs_and_incidents(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> bytes:
        raise paper.UncoveredCharacters(characters="U+1F4A9", where="欧阳春华", codes=[])

    monkeypatch.setattr("notices.handlers.typeset", refuse)
    monkeypatch.setattr("engine.jobs.ATTEMPTS", 1)
    world.submit()
    maintenance.run_jobs(world.database)
    kept = [*(job.last_error for job in world.all(Job)), *(incident.sentence for incident in world.all(Incident))]
    assert "uncovered-characters" in kept
    assert "欧阳春华" not in str(kept)
