"""Who owes an answer when a request is passed on, and who therefore sees it as late."""

import pytest

from engine import maintenance, queries
from engine.models import Breach, Deadline, Notice
from notices import service
from tests.factories import World


def refer(world: World, agency: str) -> None:
    world.submit()
    world.do("check", intake_action="refer", refer_to=agency, refer_reason="本机关没有这项数据。")
    world.do("approve_intake", intake_approval="approve")


def test_while_nobody_knows_the_agency_nobody_is_blamed_but_the_clock_runs(world: World) -> None:
    refer(world, "unknown")
    assert world.open_tasks() == ["triage"]
    assert world.one(Deadline, name="reply").organisation_id is None
    assert world.one(Deadline, name="reply").state == "running"
    world.travel("+20d")
    world.work()
    assert world.one(Breach).organisation_id is None
    supervisor = world.member("gy-zf", "supervisor")
    with world.database.reading(supervisor) as reading:
        (row,) = queries.board_list(reading).rows
    assert row.organisation == "市大数据局"


def test_who_has_handed_a_request_over_is_not_late_with_it(world: World) -> None:
    refer(world, "gy-jyj")
    world.travel("+20d")
    world.work()
    former, present = world.member("gy-jtw", "supervisor"), world.member("gy-jyj", "supervisor")
    with world.database.reading(former) as reading:
        assert queries.board_list(reading).rows == ()
        assert queries.board_counts(reading).overdue == 0
    with world.database.reading(present) as reading:
        assert [r.organisation for r in queries.board_list(reading).rows] == ["市教育局"]


def test_a_supplement_that_does_not_come_is_no_breach(world: World) -> None:
    world.submit()
    world.do("check", intake_action="supplement", defects="请写明时间范围。")
    world.do("approve_intake", intake_approval="approve")
    world.travel("+9d")
    maintenance.settle(world.database)
    assert world.all(Breach) == []


def test_a_draft_is_read_in_its_own_house_alone(world: World) -> None:
    world.submit()
    world.reach("review_reply")
    world.work()
    draft = world.one(Notice, state="draft")
    head, bureau = world.person("data_provider.unit_head"), world.person("city_data_bureau.case_handler")
    with world.database.reading(head) as reading:
        assert service.draft_pdf(reading, draft.id)[2].startswith(b"%PDF")
        assert "draft" in {n.state for n in queries.case_file(reading, world.case().reference).notices}
    with world.database.reading(bureau) as reading:
        with pytest.raises(service.NoticeNotFound):
            service.draft_pdf(reading, draft.id)
        assert {n.state for n in queries.case_file(reading, world.case().reference).notices} == {"issued"}
