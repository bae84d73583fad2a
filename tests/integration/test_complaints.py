"""Whoever is complained about never handles the complaint, and reads nothing of it before a paper reaches it (Art. 29)."""

import tomllib

import pytest
from sqlmodel import col, select

from engine import cases, definitions, directory, process
from engine.access import PUBLIC, SYSTEM, visible_cases
from engine.cases import PartBarred
from engine.models import Case
from engine.settings import ROOT
from tests.factories import World

BUNDLE = ROOT / "bpmn" / "complaint"
STORY = tomllib.loads((BUNDLE / "scenarios" / "respondent_is_the_bureau.toml").read_text(encoding="utf-8"))


@pytest.fixture
def world(world: World) -> World:
    """A complaint about the city's bureau, filed with the bureau."""
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(BUNDLE))
    with world.database.unit_of_work(PUBLIC) as uow:
        world.case_id = cases.submit(uow, "complaint", STORY["submit"]["form"]).case_id
    return world


def test_a_complaint_about_the_bureau_goes_to_its_superior_and_the_bureau_sees_nothing(world: World) -> None:
    everybody = world.member("gy-sjj", "case_handler", "unit_head", "leader", "registrar")
    with world.database.reading(SYSTEM) as reading:
        playing = process.participants(reading, world.case_id)
        seen = reading.session.exec(select(Case.id).where(col(Case.id) == world.case_id, visible_cases(everybody)))
        assert seen.first() is None
    assert playing["handling_organ"].code == "gy-zf"
    assert playing["respondent"].code == "gy-sjj"


def test_a_complaint_about_the_government_does_not_go_to_a_bureau_below_it(world: World) -> None:
    said = STORY["submit"]["form"] | {"respondent_organ": "gy-zf", "receiver": "bureau"}
    with world.database.unit_of_work(PUBLIC) as uow:
        case_id = cases.submit(uow, "complaint", said).case_id
    with world.database.reading(SYSTEM) as reading:
        assert process.participants(reading, case_id)["handling_organ"].code == "gy-jcw"
    for below in ("gy-sjj", "nm-sjj"):  # directly, and by a district
        with pytest.raises(PartBarred), world.database.unit_of_work(SYSTEM) as uow:
            run = process.opened(uow, process.lock_row(uow, case_id))
            cases.take_part(uow, run, "handling_organ", directory.organisation(uow, below))


def test_nothing_hands_a_complaint_to_the_organ_that_it_is_about(world: World) -> None:
    with pytest.raises(PartBarred) as refusal, world.database.unit_of_work(SYSTEM) as uow:
        run = process.opened(uow, process.lock_row(uow, world.case_id))
        cases.take_part(uow, run, "handling_organ", directory.organisation(uow, "gy-sjj"))
    assert refusal.value.sentence("zh") == "被投诉举报的机关不能办理针对自己的投诉举报。"
