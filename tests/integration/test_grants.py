"""Access grants: recorded by a process, ending by themselves, told of before, taken back with a reason (Art. 17)."""

import pytest

from engine import grants
from engine.models import AccessGrant, Reminder
from engine.operations import BusinessError
from engine.reasons import ReasonMissing
from tests.factories import World
from tests.integration.test_catalogue import ask

ITEM = "gy-mzj-0002"  # its provider is not the transport commission, which plays a part in the case
SAID = {
    "access_mode": "api",
    "purpose": "核验助学对象",
    "scope": "本市户籍学生",
    "legal_basis": "《社会救助暂行办法》",
    "begins_on": "2026-05-01",
    "ends_on": "2026-07-31",
}
TO = {"item": ITEM, "part": "data_provider"}


@pytest.fixture
def granted(world: World) -> World:
    world.submit()
    world.reach("assess")
    ask(world, grants.record, **TO, **SAID)
    return world


def test_a_grant_stands_from_its_first_day_to_its_last(granted: World) -> None:
    for day, stands in (("2026-04-30", False), ("2026-05-01", True), ("2026-07-31", True), ("2026-08-01", False)):
        granted.travel(f"{day}T12:00")
        assert ask(granted, grants.find, **TO) == {"granted": stands, "until": "2026-07-31" if stands else None}
        assert ask(granted, grants.others, item=ITEM, part="city_data_bureau") == (["gy-jtw"] if stands else [])
        assert ask(granted, grants.others, **TO) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": ""},
        {"ends_on": "2026-04-01"},
        {"begins_on": "1. Mai"},
        {"legal_basis": None},
        {"item": "gy-jtw-0001"},
    ],
)
def test_a_grant_without_purpose_basis_or_sound_dates_is_faulty(granted: World, wrong: dict[str, str]) -> None:
    with pytest.raises(BusinessError, match="grant_faulty"):
        ask(granted, grants.record, **{**TO, **SAID, **wrong})


def test_both_houses_are_told_thirty_and_seven_days_before_the_end_once_each(granted: World) -> None:
    heads = {granted.member(code, "unit_head").id for code in ("gy-mzj", "gy-jtw")}
    for day, told in (("2026-06-30", 0), ("2026-07-01", 1), ("2026-07-10", 1), ("2026-07-24", 2), ("2026-08-02", 2)):
        granted.travel(f"{day}T10:00")
        grants.remind_of_endings(granted.database)
        grants.remind_of_endings(granted.database)
        reminded = [r for r in granted.all(Reminder, kind="grant_expiring") if r.person_id in heads]
        assert len(reminded) == 2 * told


def test_the_provider_takes_a_grant_back_with_a_reason_and_nobody_else_does(granted: World) -> None:
    grant = granted.one(AccessGrant)
    head = granted.member("gy-mzj", "unit_head")
    for actor in (granted.member("gy-jtw", "unit_head"), granted.member("gy-mzj", "case_handler")):
        with pytest.raises(grants.GrantUnknown), granted.database.unit_of_work(actor) as uow:
            grants.revoke(uow, grant.id, "……")
    with pytest.raises(ReasonMissing), granted.database.unit_of_work(head) as uow:
        grants.revoke(uow, grant.id, "  ")
    with granted.database.unit_of_work(head) as uow:
        grants.note_misuse(uow, grant.id, "调用量明显超出用途。")
        grants.revoke(uow, grant.id, "用于约定以外的事项。")
    granted.travel("2026-05-20T10:00")
    assert ask(granted, grants.find, **TO)["granted"] is False
    with pytest.raises(grants.GrantEnded), granted.database.unit_of_work(head) as uow:
        grants.revoke(uow, grant.id, "再次收回。")
    grant = granted.one(AccessGrant)
    assert (grant.misuse_note, grant.revoke_reason) == ("调用量明显超出用途。", "用于约定以外的事项。")
