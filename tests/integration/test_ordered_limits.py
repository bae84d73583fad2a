"""The limit that an order sets: as many days as it says, counted from its service, and apart from what the law sets."""

from datetime import date

import pytest
from sqlmodel import col, select

from engine import corrected_starts, deadline_changes, deadlines, process, queries
from engine.access import SYSTEM
from engine.models import Breach, Case, Deadline
from engine.operations import BusinessError, Call
from engine.queries import lights
from tests.bundles import bundle
from tests.drawing import service
from tests.factories import World
from tests.moving_clocks import WHY, Moving

LIMIT = """
[deadlines.rectification]
title = "改正期限"
title_en = "Rectification"
days = 15
days_from = "limit_days"
basis = "ordered"
owed_by = "data_provider"
starts_on = ["order.served", "order.renewed"]
stops_on = ["order.met"]
extension_days = 20
"""


def ordered(world: World, days: int | None = 20) -> Moving:
    """An order of Tuesday, 21 April 2026, served on the 23rd and registered on the 24th, with a second one after it."""
    said = {"served": "order.served", "met": "order.met", "renewed": "order.renewed", "met2": "order.met"}
    nodes = {name: service("case.announce", event=f"'{event}'", on="day") for name, event in said.items()}
    files = bundle(
        "start > work > served > rest > met > again > renewed > rest2 > met2 > end",
        {"limit_days": "integer", "day": "date"},
        {
            "work": {"limit_days": "integer", "day": "string"},
            "rest": {"day": "string"},
            "again": {"limit_days": "integer", "day": "string"},
            "rest2": {"day": "string"},
        },
        LIMIT,
        **nodes,
    )
    moving = Moving(world, files)
    world.travel("2026-04-24T09:00")
    moving.trial.do("work", day="2026-04-23", **({"limit_days": days} if days is not None else {}))
    return moving


def test_the_days_of_an_order_count_from_its_service(world: World) -> None:
    assert ordered(world).due("rectification") == "2026-05-13"


def test_an_order_that_sets_no_days_has_those_that_the_process_suggests(world: World) -> None:
    assert ordered(world, None).due("rectification") == "2026-05-08"


def test_a_second_order_sets_a_limit_of_its_own(world: World) -> None:
    moving = ordered(world)
    world.travel("2026-05-11T09:00")
    moving.trial.do("rest", day="2026-05-11")
    moving.trial.do("again", limit_days=5, day="2026-05-11")
    assert moving.due("rectification") == "2026-05-18"  # the fifth day, 16 May, is a Saturday
    moving.trial.do("rest2", day="2026-05-11")
    world.work()
    assert not world.all(Breach, basis="ordered")


def test_a_missed_order_is_counted_apart_from_what_the_law_sets(world: World) -> None:
    moving = ordered(world, 5)
    world.travel("2026-05-05T09:00")  # the fifth day, 28 April, is over; the clock of the law runs until 6 May
    world.work()
    world.work()
    breach = world.one(Breach)
    assert (breach.basis, breach.due_on) == ("ordered", date(2026, 4, 28))
    with world.database.reading(SYSTEM) as reading:
        case = reading.session.get_one(Case, world.case_id)
        statutory = reading.session.exec(select(Deadline).where(col(Deadline.basis) == "statutory")).one()
        assert (case.late, deadlines.missed(statutory, reading.now)) == (False, False)
    assert moving.clock("rectification").state == "running"


def test_a_line_of_the_inbox_says_that_an_order_has_set_the_limit(world: World) -> None:
    moving = ordered(world)
    handler = world.person("data_provider.case_handler")
    with world.database.reading(handler) as reading:
        (row,) = (r for r in queries.inbox(reading, "all").rows if r.reference == world.case().reference)
    assert (str(row.target_on), row.target_basis) == (moving.due("rectification"), "ordered")


@pytest.mark.parametrize(
    ("basis", "said"), [("ordered", "改正期限"), ("internal", "内部时限"), ("external", "外部期限")]
)
@pytest.mark.sqlite_only
def test_a_light_of_what_no_law_sets_says_what_it_is(world: World, basis: str, said: str) -> None:
    with world.database.reading(SYSTEM) as reading:
        assert lights.target(reading, date(2026, 5, 13), basis).zh.startswith(said)


def test_whoever_was_ordered_cannot_give_itself_more_time(world: World) -> None:
    moving = ordered(world)
    with pytest.raises(deadline_changes.NotInCharge):
        moving.by_hand("leader", "extend", days=5, name="rectification")
    moving.within(lambda uow, run: deadline_changes.extend(uow, run, "rectification", 5, WHY))
    assert moving.due("rectification") == "2026-05-18"


def corrected(world: World, on: str, event: str = "order.served") -> None:
    """Somebody finds out that the order was served on another day than was registered."""
    with world.database.unit_of_work() as uow:
        params = {"event": event, "on": on, "reason": "送达回证上是另一天"}
        corrected_starts.correct_day(uow, process.lock(uow, world.case_id), Call("token", "correct", params))


def test_an_order_whose_service_was_registered_wrongly_has_its_limit_from_the_right_day(world: World) -> None:
    moving = ordered(world, 5)
    world.travel("2026-04-29T09:00")  # the fifth day after the 23rd is over
    world.work()
    assert world.one(Breach).annulled_at is None
    corrected(world, "2026-04-24")
    assert (moving.due("rectification"), world.one(Breach).annulled_at is None) == ("2026-04-29", False)
    corrected(world, "2026-04-22")
    world.work()
    assert moving.due("rectification") == "2026-04-27"
    assert [breach.due_on.day for breach in world.all(Breach) if breach.annulled_at is None] == [27]


@pytest.mark.parametrize("day", ["2026-04-25", "2002-04-23", "kein Tag"])
def test_a_service_is_not_moved_to_a_day_that_cannot_be(world: World, day: str) -> None:
    moving = ordered(world)
    with pytest.raises(BusinessError, match="day_unusable"):
        corrected(world, day)
    assert moving.due("rectification") == "2026-05-13"


@pytest.mark.sqlite_only
def test_what_is_not_on_record_has_no_day_to_correct(world: World) -> None:
    ordered(world)
    with pytest.raises(corrected_starts.NothingHappened):
        corrected(world, "2026-04-23", "order.met")


@pytest.mark.sqlite_only
def test_a_limit_that_is_no_number_of_days_is_refused(world: World) -> None:
    moving = ordered(world)
    with world.database.unit_of_work() as uow:
        run = process.lock(uow, world.case_id)
        run.data["limit_days"] = 0
        deadline = next(d for d in run.clocks if d.name == "rectification")
        with pytest.raises(deadlines.LimitFaulty):
            deadlines._take_limit(run, deadline, uow.now)
    assert moving.clock("rectification").days == 20
