"""Legal time: it never runs backwards within a case, and travels in a demonstration only."""

from datetime import timedelta

import pytest

from engine import audit, maintenance, tasks
from engine.access import SYSTEM
from engine.maintenance import NoTimeTravel, TooFar
from engine.models import AuditEvent, Task
from tests.factories import START, World, installation


def times_of(world: World) -> list[object]:
    with world.database.reading(SYSTEM) as reading:
        return [e.at for e in audit.events_of(reading.session, world.case_id)]


def test_time_never_runs_backwards_within_a_case(world: World) -> None:
    world.submit()
    world.travel("+3d")
    world.do("check")
    later = world.watch.at
    world.watch.at = START
    world.do("assess")
    assert world.one(Task, node="assess").ended_at == later
    assert times_of(world) == sorted(times_of(world), key=str)


def test_not_even_when_a_task_was_only_claimed_in_the_future(world: World) -> None:
    world.submit()
    world.travel("+3d")
    with world.database.unit_of_work(world.person("data_provider.case_handler")) as uow:
        tasks.claim(uow, world.task("check").id)
    world.watch.at = START
    world.do("check")
    assert times_of(world) == sorted(times_of(world), key=str)


def test_nor_when_a_breach_was_recorded_in_the_future(world: World) -> None:
    world.submit()
    world.travel("+30d")
    world.work()
    world.watch.at = START
    world.do("check")
    assert times_of(world) == sorted(times_of(world), key=str)


def test_only_a_demonstration_travels(world: World) -> None:
    with pytest.raises(NoTimeTravel), world.database.unit_of_work(SYSTEM) as uow:
        maintenance.travel(uow, timedelta(days=10))
    assert not world.all(AuditEvent, name="clock.travelled")


def test_a_demonstration_travels_and_keeps_its_time(city_url: str, tmp_path) -> None:
    with installation(city_url, tmp_path, demo=True) as world:
        with world.database.unit_of_work(SYSTEM) as uow:
            maintenance.travel(uow, timedelta(days=10))
        with world.database.reading(SYSTEM) as reading:
            assert reading.now == START + timedelta(days=10)
        with pytest.raises(TooFar), world.database.unit_of_work(SYSTEM) as uow:
            maintenance.travel(uow, timedelta(days=4000))
        with world.database.unit_of_work(SYSTEM) as uow:
            maintenance.travel(uow, timedelta(days=-10))
        with world.database.reading(SYSTEM) as reading:
            assert reading.now == START


def test_an_offset_that_is_left_in_the_database_moves_no_real_installation(city_url: str, tmp_path) -> None:
    with installation(city_url, tmp_path, demo=True) as world, world.database.unit_of_work(SYSTEM) as uow:
        maintenance.travel(uow, timedelta(days=10))
    with installation(city_url, tmp_path) as world, world.database.reading(SYSTEM) as reading:
        assert reading.now == START


def test_each_travel_is_on_record(city_url: str, tmp_path) -> None:
    with installation(city_url, tmp_path, demo=True) as world:
        with world.database.unit_of_work(SYSTEM) as uow:
            maintenance.travel(uow, timedelta(days=10))
        assert world.one(AuditEvent, name="clock.travelled").detail == {"seconds": 864000.0}
