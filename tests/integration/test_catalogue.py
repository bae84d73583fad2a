"""What a process and its people do with the catalogues: draft, adopt, compile, publish, ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from engine import catalogue, catalogue_versions, items, priority, process
from engine.access import PUBLIC, SYSTEM, Actor
from engine.db import UnitOfWork
from engine.form_problems import FormInvalid
from engine.models import CatalogueItem, CatalogueRevision, CatalogueVersion
from engine.operations import BusinessError, Call, Done, Parked
from engine.process import Run
from tests.factories import World

NEW = {
    "name": "公路养护计划",
    "description": "年度公路养护工程计划。",
    "domain": "transport",
    "sharing": "unconditional",
    "opening": "planned",
    "format": "csv",
    "update_frequency": "yearly",
    "classification": "general",
    "data_since": "2018-01-01",
    "fields": "路线编号，文本\n里程，数值，公里",
}


def ask(world: World, verb: Callable[[UnitOfWork, Run, Call], Done | Parked], **params: Any) -> Any:
    """What an operation gives to the case."""
    with world.database.unit_of_work(SYSTEM) as uow:
        done = verb(uow, process.lock(uow, world.case_id), Call("token", "node", params))
    assert isinstance(done, Done)
    return done.result


def draft(world: World, actor: Actor, **changed: Any) -> CatalogueRevision:
    code = changed.pop("code", None)
    case_id = changed.pop("case_id", world.case_id)
    values = {name: value for name, value in (NEW | changed).items() if value is not None}
    with world.database.unit_of_work(actor) as uow:
        return catalogue.draft(uow, values, code=code, case_id=case_id)


@pytest.fixture
def waiting(world: World) -> World:
    """A case that waits at the transport commission."""
    world.submit()
    world.reach("assess")
    return world


def test_what_a_case_drafts_becomes_current_together_and_is_shown_when_it_is_published(waiting: World) -> None:
    handler = waiting.person("data_provider.case_handler")
    draft(waiting, handler)
    draft(waiting, handler, code="gy-jtw-0004", name="停车场泊位信息", format="json")
    with waiting.database.unit_of_work(handler) as uow:
        catalogue.draft_removal(uow, "gy-jtw-0002", case_id=waiting.case_id)
    assert ask(waiting, catalogue.survey) == {"drafted": 3, "faults": 0}
    assert ask(waiting, catalogue.look, item="gy-jtw-0004")["format"] == "csv"
    assert ask(waiting, catalogue_versions.perform_compile, kind="open", part="data_provider") == {
        "version": 1,
        "items": 4,
    }
    assert ask(waiting, catalogue_versions.perform_compile, kind="open", part="data_provider")["version"] == 1
    assert ask(waiting, catalogue_versions.perform_publish) == {"version": 1, "items": 4}
    looked = ask(waiting, catalogue.look, item="gy-jtw-0004")
    assert (looked["format"], looked["version"], looked["published"], looked["owner"]) == ("json", 2, True, "gy-jtw")
    assert ask(waiting, catalogue.look, item="gy-jtw-0007")["name"] == NEW["name"]
    with pytest.raises(BusinessError, match="item_unknown"):
        ask(waiting, priority.demand, item="gy-jtw-0002")
    assert waiting.all(CatalogueRevision, shown=True, item_id=waiting.one(CatalogueItem, code="gy-jtw-0002").id) == []
    assert waiting.one(CatalogueVersion).state == "published"
    with pytest.raises(BusinessError, match="not_for_publication"):
        ask(waiting, catalogue_versions.perform_publish)


def test_a_resource_catalogue_is_never_published_and_a_discarded_draft_changes_nothing(waiting: World) -> None:
    draft(waiting, waiting.person("data_provider.case_handler"))
    assert ask(waiting, catalogue_versions.perform_compile, kind="resource", part="data_provider")["items"] == 7
    with pytest.raises(BusinessError, match="not_for_publication"):
        ask(waiting, catalogue_versions.perform_publish)
    assert ask(waiting, catalogue.discard) == {"discarded": 1}
    assert ask(waiting, catalogue.survey) == {"drafted": 0, "faults": 0}
    assert ask(waiting, catalogue.adopt, publish=True) == {"adopted": 0}
    with pytest.raises(BusinessError, match="item_unknown"):
        ask(waiting, catalogue.look, item="gy-jtw-0007")


def test_only_the_house_at_which_the_case_waits_drafts_its_items(waiting: World) -> None:
    strangers = (waiting.member("gy-wjj", "case_handler"), waiting.member("gy-jtw", "registrar"))
    for actor in strangers:
        with pytest.raises((catalogue.NotYourCatalogue, process.CaseNotFound)):
            draft(waiting, actor)
    handler = waiting.person("data_provider.case_handler")
    with pytest.raises(catalogue.ItemUnknown):
        draft(waiting, handler, code="gy-wjj-0001")
    waiting.reach("confidentiality_review")
    with pytest.raises(catalogue.NotYourCatalogue):
        draft(waiting, handler)


def test_two_new_items_of_one_case_do_not_bear_one_name(waiting: World) -> None:
    handler = waiting.person("data_provider.case_handler")
    first = draft(waiting, handler)
    with pytest.raises(catalogue.NameTaken):
        draft(waiting, handler)
    code = waiting.one(CatalogueItem, id=first.item_id).code
    assert draft(waiting, handler, code=code, description="改写的说明。").id == first.id  # the same item again


def test_what_is_wrong_with_an_item_is_said_at_its_field(waiting: World) -> None:
    handler = waiting.person("data_provider.case_handler")
    wrong = {"opening": "open", "format": "pdf", "url": "https://data.example.cn/x"}
    for changed, field in (
        (wrong, "format"),
        ({"opening": "open"}, "url"),
        ({"sharing": "conditional"}, "conditions"),
        ({"opening": "closed"}, "exemption"),
        ({"exemption": "law"}, "exemption"),
        ({"domain": "astrology"}, "domain"),
        ({"name": None}, "name"),
    ):
        with pytest.raises(FormInvalid) as refused:
            draft(waiting, handler, **changed)
        assert [problem.field for problem in refused.value.problems] == [field]
    with pytest.raises(catalogue.NameTaken):
        draft(waiting, handler, name="公交线路与站点")


def test_a_proposal_outside_a_case_is_adopted_by_another_person_who_heads_a_unit(waiting: World) -> None:
    both = waiting.member("gy-jtw", "case_handler", "unit_head")
    head = waiting.member("gy-jtw", "unit_head")
    said = draft(waiting, both, case_id=None)
    with pytest.raises(catalogue.ItemInHand):
        draft(waiting, waiting.person("data_provider.case_handler"), code="gy-jtw-0007")
    with pytest.raises(catalogue.SamePerson), waiting.database.unit_of_work(both) as uow:
        catalogue.agree(uow, said.id)
    with (
        pytest.raises(catalogue.RevisionUnknown),
        waiting.database.unit_of_work(waiting.member("gy-wjj", "unit_head")) as uow,
    ):
        catalogue.agree(uow, said.id)
    with waiting.database.unit_of_work(head) as uow:
        catalogue.agree(uow, said.id)
    assert waiting.one(CatalogueRevision, id=said.id).state == "current"
    assert ask(waiting, catalogue.look, item="gy-jtw-0007")["published"] is False


def test_an_opened_dataset_keeps_what_the_catalogue_said_of_it(waiting: World) -> None:
    how = {"format": "csv", "url": "https://data.example.cn/parking", "update_frequency": "daily"}
    assert ask(waiting, catalogue.open_item, name="停车场泊位信息", **how) == {"item": "gy-jtw-0004"}
    looked = ask(waiting, catalogue.look, item="gy-jtw-0004")
    assert (looked["opening"], looked["domain"], looked["published"]) == ("open", "transport", True)
    assert ask(waiting, catalogue.open_item, name="没有列入的数据", **how) == {"item": "gy-jtw-0007"}
    elsewhere = ask(waiting, catalogue.look, item="gy-wjj-0001")
    opened = ask(waiting, catalogue.open_item, name=elsewhere["name"], item="gy-wjj-0001", **how)
    assert opened == {"item": "gy-jtw-0008"}  # the case was handed on, and what it names is another's
    assert ask(waiting, catalogue.look, item="gy-wjj-0001") == elsewhere


def test_an_item_that_leaves_the_catalogue_in_the_middle_of_a_case_stops_nothing(waiting: World) -> None:
    before = ask(waiting, catalogue.look, item="gy-jtw-0004")
    with waiting.database.unit_of_work(SYSTEM) as uow:
        catalogue.become_current(uow, catalogue.draft_removal(uow, "gy-jtw-0004"), publish=True)
        assert items.find(uow, "gy-jtw-0004") is None
    assert ask(waiting, catalogue.look, item="gy-jtw-0004")["name"] == before["name"]
    with pytest.raises(BusinessError, match="item_unknown"):
        ask(waiting, priority.demand, item="gy-jtw-0004")
    how = {"format": "csv", "url": "https://data.example.cn/parking", "update_frequency": "daily"}
    assert ask(waiting, catalogue.open_item, name="泊位", item="gy-jtw-0004", **how) == {"item": "gy-jtw-0004"}
    assert waiting.one(CatalogueItem, code="gy-jtw-0004").removed_at is None
    with waiting.database.reading(PUBLIC) as reading:
        assert "gy-jtw-0004" in dict(items.options(reading, "catalogue_open"))


def test_demand_is_counted_once_a_case_and_gives_priority_that_moves_no_date(waiting: World) -> None:
    due = waiting.facts()["deadlines"]
    assert ask(waiting, priority.demand, item="unknown") == {"demand": 0, "priority": 0}
    assert ask(waiting, priority.demand, item="gy-jtw-0004") == {"demand": 1, "priority": 2}
    assert ask(waiting, priority.demand, item="gy-jtw-0004") == {"demand": 1, "priority": 2}
    for _ in range(2):
        waiting.submit()
        last = ask(waiting, priority.demand, item="gy-jtw-0004")
    assert last == {"demand": 3, "priority": 3}
    assert waiting.case().priority_reasons == ["domain", "new", "demand"]
    assert waiting.facts()["deadlines"] == due


def test_the_public_is_offered_what_is_published_and_staff_what_is_current(world: World) -> None:
    with world.database.reading(PUBLIC) as reading:
        offered = dict(items.options(reading, "catalogue_closed"))
        assert "gy-gaj-0004" not in offered
        assert "gy-jtw-0003" in offered
    with world.database.reading(world.member("gy-sjj", "case_handler")) as reading:
        assert "gy-gaj-0004" in dict(items.options(reading, "catalogue_closed"))
        named = items.named(reading, ["gy-jtw-0003", ["gy-mzj-0001", 3], "nothing", None])
    assert {code: said["sharing"] for code, said in named.items()} == {
        "gy-jtw-0003": "conditional",
        "gy-mzj-0001": "conditional",
    }
