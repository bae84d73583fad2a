"""Results: answered in time and late, counted where a clock stops, and counted anew with the same outcome."""

from collections.abc import Callable

from sqlalchemy import update
from sqlmodel import col, select

from engine import consistency, deadlines, queries, results
from engine.access import SYSTEM
from engine.models import Breach, Deadline, ResultCount
from tests.factories import World, at_once


def counted(world: World) -> list[tuple[str, int, int]]:
    return sorted((f"{r.month:%Y-%m} {r.basis}", r.in_time, r.late) for r in world.all(ResultCount))


def answer(world: World) -> None:
    """The reply of the case that was filed last goes out."""
    world.reach("open_dataset")
    world.work(papers=True)


def answered_late(world: World) -> None:
    world.submit()
    world.travel("+30d")
    world.work(papers=True)
    answer(world)


def test_an_answer_is_counted_in_the_month_in_which_it_goes_out(world: World) -> None:
    world.travel("2026-04-27T10:00")
    world.submit()
    world.travel("2026-05-06T00:00")
    answer(world)
    assert counted(world) == [("2026-05 statutory", 1, 0)]
    with world.database.reading(world.member("gy-jtw", "leader")) as reading:
        (row,) = queries.figures(reading).results
        assert (row.in_time[-1], row.late[-1], row.rate) == (1, 0, 1.0)
        assert queries.board_counts(reading).on_time_rate == 1.0


def test_a_late_answer_is_counted_as_late(world: World) -> None:
    answered_late(world)
    assert [(in_time, late) for _, in_time, late in counted(world)] == [(0, 1)]


def test_a_withdrawal_is_no_answer(world: World) -> None:
    world.submit()
    world.send("withdraw", reason="不再需要")
    world.work(papers=True)
    assert counted(world) == []


def test_an_annulled_breach_makes_the_answer_one_in_time(world: World) -> None:
    answered_late(world)
    breach = world.one(Breach, basis="statutory")
    with world.database.unit_of_work() as uow:
        row = uow.session.get_one(Breach, breach.id)
        row.annulled_at, row.annulled_reason = uow.now, "日历更正"
        uow.add(row)
        results.corrected(uow, [uow.session.get_one(Deadline, row.deadline_id)])
    assert [(in_time, late) for _, in_time, late in counted(world)] == [(1, 0)]
    with world.database.reading(SYSTEM) as reading:
        assert list(results.faults(reading)) == []


def test_counting_anew_gives_the_same_and_mends_what_is_wrong(world: World) -> None:
    answered_late(world)
    world.submit()
    answer(world)
    before = counted(world)
    assert results.recount(world.database) == len(before)
    assert counted(world) == before
    with world.database.unit_of_work() as uow:
        uow.session.execute(update(ResultCount).values(late=9))
    with world.database.reading(SYSTEM) as reading:
        assert any("the clocks say" in fault for fault in consistency.verify(reading))
    results.recount(world.database)
    assert counted(world) == before
    with world.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []


def test_two_answers_at_the_same_moment_are_both_counted(world: World) -> None:
    cases = [world.submit().case_id for _ in range(2)]

    def stop(case_id: str) -> Callable[[], None]:
        def act() -> None:
            with world.database.unit_of_work() as uow:
                clock = uow.session.exec(
                    select(Deadline).where(col(Deadline.case_id) == case_id, col(Deadline.basis) == "statutory")
                ).one()
                deadlines._stop(uow, clock, "notice.dispatched:reply")

        return act

    assert at_once(*(stop(case_id) for case_id in cases)) == [None, None]
    assert [(in_time, late) for _, in_time, late in counted(world)] == [(2, 0)]


def test_what_is_undone_is_not_counted(world: World) -> None:
    world.submit()
    with world.database.unit_of_work() as uow:
        clock = uow.session.exec(select(Deadline).where(col(Deadline.basis) == "statutory")).one()
        try:
            with uow.part():
                deadlines._stop(uow, clock, "notice.dispatched:reply")
                raise KeyError
        except KeyError:
            pass
    assert counted(world) == []
