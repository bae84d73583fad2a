"""The board: each number is as long as its list, whoever looks, on either database, and however many cases there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from engine import directory, maintenance, queries, silence, tasks, urging
from engine.access import SYSTEM, Actor
from engine.db import Database, Reading
from engine.models import Deadline, Delivery, Membership, Notice, Organisation, Task
from engine.queries.board import CLOCKS, NUMBERED
from engine.queries.board_export import TooManyLines, export_rows
from engine.queries.figures import AGES
from engine.views import Wanted
from tests.factories import World

TRANSPORT, SCHOOLS, BUREAU = "gy-jtw", "gy-jyj", "gy-sjj"


@pytest.fixture
def city(world: World) -> World:
    """Cases of two agencies: overdue, due soon, in time, paused, without receipt, with a paper that came back."""
    for agency in (TRANSPORT, TRANSPORT, SCHOOLS):
        world.submit(agency=agency)
    world.travel("+8d")
    world.submit(agency=TRANSPORT)
    world.travel("+8d")
    paused = world.submit(agency=TRANSPORT).case_id
    returned = world.submit(agency=SCHOOLS).case_id
    maintenance.sweep(world.database)
    with world.database.unit_of_work() as uow:
        clock = uow.session.exec(
            select(Deadline).where(col(Deadline.case_id) == paused, col(Deadline.basis) == "statutory")
        ).one()
        clock.state, clock.due_on, clock.due_at = "suspended", None, None
        delivery = uow.session.exec(select(Delivery).where(col(Delivery.case_id) == returned)).first()
        assert delivery is not None
        delivery.state = "failed"
        uow.add(clock, delivery)
    silent = world.submit(agency=TRANSPORT).case_id
    with world.database.unit_of_work() as uow:
        receipt = uow.session.exec(select(Notice).where(col(Notice.case_id) == silent)).one()
        receipt.state = "discarded"
        uow.add(receipt)
    world.travel("+2h")
    return world


def numbers(reading: Reading, wanted: Wanted = Wanted()) -> dict[str, int]:  # noqa: B008  (frozen)
    counts = queries.board_counts(reading, wanted)
    return {view: getattr(counts, view) for view in (*CLOCKS, *NUMBERED)}


SEEN = {
    (BUREAU, "supervisor"): (3, 1, 2, 1, 1, 1),
    ("gy-zf", "supervisor"): (3, 1, 2, 1, 1, 1),
    (TRANSPORT, "leader"): (2, 1, 1, 1, 1, 0),
    (TRANSPORT, "unit_head"): (2, 1, 1, 1, 1, 0),
    (SCHOOLS, "leader"): (1, 0, 1, 0, 0, 1),
    ("gy-wjj", "leader"): (0, 0, 0, 0, 0, 0),
}


def test_each_number_is_as_long_as_its_list_whoever_looks(city: World) -> None:
    for (organisation, role), expected in SEEN.items():
        with city.database.reading(city.member(organisation, role)) as reading:
            assert tuple(numbers(reading).values()) == expected, (organisation, role)
            for view, number in numbers(reading).items():
                rows = queries.board_list(reading, view).rows
                assert len({row.case_id for row in rows}) == len(rows) == number, (organisation, role, view)
            figures = queries.figures(reading)
            aged = [sum(row.counts) for row in figures.by_organisation]
            assert sum(aged) == sum(row.total for row in figures.by_process) == sum(expected[:4])


def test_the_numbers_of_the_board_are_those_of_the_alarms(city: World) -> None:
    for organisation, role in SEEN:
        with city.database.reading(city.member(organisation, role)) as reading:
            alarms = {alarm.kind: alarm.count for alarm in silence.alarms(reading)}
            assert {kind: numbers(reading)[kind] for kind in NUMBERED} == {
                kind: alarms.get(kind, 0) for kind in NUMBERED
            }
            for kind in silence.CASES:
                assert len(queries.board_list(reading, kind).rows) == alarms.get(kind, 0), (organisation, role, kind)


def test_a_number_of_one_organisation_is_as_long_as_its_list_too(city: World) -> None:
    with city.database.reading(city.member(BUREAU, "supervisor")) as reading:
        house = reading.session.exec(select(Organisation.id).where(col(Organisation.code) == SCHOOLS)).one()
        for wanted in (Wanted(house), Wanted(house, "open_data_request"), Wanted(process="no_such_process")):
            for view, number in numbers(reading, wanted).items():
                assert len(queries.board_list(reading, view, wanted).rows) == number, (wanted, view)
        assert numbers(reading, Wanted(house))["overdue"] == 1


@pytest.mark.sqlite_only
def test_a_page_of_the_list_goes_on_where_the_one_before_ended(city: World) -> None:
    with city.database.reading(city.member(BUREAU, "supervisor")) as reading:
        whole = [row.reference for row in queries.board_list(reading).rows]
        after, pieces = None, []
        while True:
            page = queries.board_list(reading, after=after, limit=1)
            pieces += [row.reference for row in page.rows]
            if (after := page.next_key) is None:
                break
        assert pieces == whole
        found = queries.board_list(reading, search_for=whole[1]).rows
        assert [row.reference for row in found] == [whole[1]]


def test_the_head_of_a_unit_sees_what_the_unit_holds_and_what_nobody_holds(world: World) -> None:
    first, second = world.submit().case_id, world.submit().case_id
    heads = [_member(world, f"head{n}", "unit_head", unit) for n, unit in enumerate(("数据科", "法规科", ""))]
    ours, theirs = (_member(world, f"h{n}", "case_handler", unit) for n, unit in enumerate(("数据科", "法规科")))
    for case_id, somebody in ((first, ours), (second, theirs)):
        with world.database.unit_of_work(somebody) as uow:
            task = uow.session.exec(
                select(Task.id).where(col(Task.case_id) == case_id, col(Task.state) == "open")
            ).one()
            tasks.claim(uow, task)
    third = world.submit().case_id
    seen = []
    for head in heads:
        with world.database.reading(head) as reading:
            assert queries.board_counts(reading).on_time == len(queries.board_list(reading, "on_time").rows)
            seen.append({row.case_id for row in queries.board_list(reading, "on_time").rows})
            assert [load.open for load in queries.figures(reading).loads] == [1] * (1 if head in heads[:2] else 2)
    assert seen == [{first, third}, {second, third}, {first, second, third}]


@pytest.mark.sqlite_only
def test_an_instruction_is_on_nobodys_board(city: World) -> None:
    with city.database.unit_of_work() as uow:
        for clock in uow.session.exec(select(Deadline).where(col(Deadline.basis) == "statutory")):
            clock.private = True
            uow.add(clock)
    for organisation, role in ((BUREAU, "supervisor"), (TRANSPORT, "leader")):
        with city.database.reading(city.member(organisation, role)) as reading:
            assert queries.board_counts(reading).open == 0


@pytest.mark.sqlite_only
def test_targets_and_orders_that_passed_are_counted_apart(city: World) -> None:
    supervisor = city.member(BUREAU, "supervisor")
    for basis, place in (("internal", "targets_overdue"), ("ordered", "ordered_overdue")):
        with city.database.unit_of_work() as uow:
            for clock in uow.session.exec(select(Deadline).where(col(Deadline.state) == "running")):
                clock.basis = basis
                uow.add(clock)
        with city.database.reading(supervisor) as reading:
            counts = queries.board_counts(reading)
            assert (counts.overdue, getattr(counts, place)) == (0, 3)
            asked = Wanted(basis="target" if basis == "internal" else basis)
            assert len(queries.board_list(reading, "overdue", asked).rows) == 3


@pytest.mark.sqlite_only
def test_ages_are_counted_in_working_days(world: World) -> None:
    """Filed on 20 April 2026, due on 30 April; 1 to 5 May are holidays, 9 May is worked."""
    world.travel("2026-04-20T10:00")
    world.submit()
    leader = world.member(TRANSPORT, "leader")
    for moment, column in (
        ("2026-04-21T09:00", (-9999, -6)),
        ("2026-04-28T09:00", (-2, 0)),
        ("2026-04-30T23:59", (-2, 0)),
        ("2026-05-01T00:00", (0, 2)),
        ("2026-05-07T09:00", (0, 2)),
        ("2026-05-08T09:00", (3, 5)),
        ("2026-05-09T09:00", (3, 5)),
        ("2026-05-12T09:00", (6, 10)),
        ("2026-06-12T09:00", (11, 9999)),
    ):
        world.travel(moment)
        with world.database.reading(leader) as reading:
            (row,) = queries.figures(reading).by_organisation
            assert [AGES[at] for at, number in enumerate(row.counts) if number] == [column], moment


def test_a_step_says_what_lies_there_and_how_old_it_is(city: World) -> None:
    with city.database.reading(city.member(BUREAU, "supervisor")) as reading:
        pressure = queries.figures(reading).pressure
        assert pressure is not None
        steps = {step.node: step for step in pressure.steps}
        assert (steps["check"].running, steps["check"].overdue, steps["check"].stuck) == (7, 3, 3)
        assert steps["explain_delay"].stuck == 0  # it began because the limit had passed
        assert steps["check"].p90 > steps["explain_delay"].p90


@pytest.mark.sqlite_only
def test_who_has_left_and_still_holds_tasks_is_said(city: World) -> None:
    city.case_id = city.all(Task, state="open", node="check")[0].case_id
    holder = city.person(f"{city.task('check').part}.case_handler")
    with city.database.unit_of_work(holder) as uow:
        tasks.claim(uow, city.task("check").id)
    with city.database.unit_of_work() as uow:
        for membership in uow.session.exec(select(Membership).where(col(Membership.person_id) == holder.id)):
            membership.ended_at = uow.now
            uow.add(membership)
    with city.database.reading(city.member(BUREAU, "supervisor")) as reading:
        (load,) = queries.figures(reading).loads
        assert (load.gone, load.open, load.organisation) == (True, 1, "")


def test_an_urging_shows_how_often_and_when_last(city: World) -> None:
    supervisor = city.member(BUREAU, "supervisor")
    with city.database.reading(supervisor) as reading:
        case_ids = [row.case_id for row in queries.board_list(reading).rows[:2]]
    for _ in range(2):
        city.travel("+3d")
        with city.database.unit_of_work(supervisor) as uow:
            urging.urge(uow, case_ids[:1], "请尽快办理。")
    with city.database.reading(supervisor) as reading:
        first, second, *_ = queries.board_list(reading).rows
        assert (first.urged, first.urged_at, second.urged) == (2, reading.now, 0)


@pytest.mark.sqlite_only
def test_an_export_has_every_line_and_a_bound(city: World) -> None:
    with city.database.reading(city.member(BUREAU, "supervisor")) as reading:
        rows = list(export_rows(reading, "overdue"))
        assert [row.reference for row, _ in rows] == [row.reference for row in queries.board_list(reading).rows]
        assert all("王䶮" not in applicant and applicant for _, applicant in rows)
        with pytest.raises(TooManyLines):
            list(export_rows(reading, "overdue", most=2))


# ---------------------------------------------------------------- however many cases there are

LOOKS: dict[str, Callable[[Reading], object]] = {
    "numbers": queries.board_counts,
    "figures": queries.figures,
    **{f"board {view}": lambda r, v=view: queries.board_list(r, v) for view in (*CLOCKS, *NUMBERED)},
    **{f"inbox {view}": lambda r, v=view: queries.inbox(r, v) for view in ("mine", "queue", "all", "done")},
    "numbers of the inbox": queries.counts,
    "stopped": queries.stopped,
}


def test_board_and_inbox_ask_as_many_questions_for_thirty_cases_as_for_five(world: World) -> None:
    worker = _member(world, "everything", "case_handler", "")
    with world.database.unit_of_work() as uow:
        house = uow.session.exec(select(Organisation.id).where(col(Organisation.code) == TRANSPORT)).one()
        for role in ("leader", "supervisor"):
            directory.grant_role(uow, worker.id, house, role)
        worker = directory.actor_of(uow, worker.id)
    asked: list[dict[str, int]] = []
    filed = 0
    for many in (5, 30):
        while filed < many:
            world.submit()
            filed += 1
            if filed % 2:
                with world.database.unit_of_work(worker) as uow:
                    tasks.claim(uow, world.task("check").id)
            if filed % 6 == 0:
                world.do("check")
        world.travel("+1h")
        asked.append({name: _statements(world.database, worker, look) for name, look in LOOKS.items()})
    assert asked[0] == asked[1]


def _statements(database: Database, actor: Actor, look: Callable[[Reading], object]) -> int:
    with database.reading(actor) as reading:
        look(reading)  # what is read once and remembered
    with database.reading(actor) as reading, _counting(database) as seen:
        look(reading)
    return len(seen)


@contextmanager
def _counting(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _member(world: World, login: str, role: str, unit: str) -> Actor:
    with world.database.unit_of_work(SYSTEM) as uow:
        house = uow.session.exec(select(Organisation.id).where(col(Organisation.code) == TRANSPORT)).one()
        person = directory.create_person(uow, login, login, "!")
        directory.grant_role(uow, person.id, house, role, unit)
        return directory.actor_of(uow, person.id)


def test_a_paper_that_waits_for_a_working_day_counts_as_not_delivered(world: World) -> None:
    world.travel("2026-04-24T10:00")  # a Friday
    world.submit()
    with world.database.unit_of_work() as uow:
        for delivery in uow.session.exec(select(Delivery)):
            delivery.state = "pending"
            uow.add(delivery)
    leader = world.member(TRANSPORT, "leader")
    for moment, number in (("2026-04-26T12:00", 0), ("2026-04-27T09:00", 0), ("2026-04-27T10:01", 1)):
        world.travel(moment)
        with world.database.reading(leader) as reading:
            assert queries.board_counts(reading).undelivered == number, moment
    with world.database.unit_of_work() as uow:  # tried again, and it arrived
        first = uow.session.exec(select(Delivery)).first()
        assert first is not None
        again = first.model_copy(update={"id": "again", "attempt": 2, "state": "served"})
        uow.add(Delivery(**again.model_dump()))
    with world.database.reading(leader) as reading:
        assert queries.board_counts(reading).undelivered == 0


@pytest.mark.sqlite_only
def test_the_months_of_the_board_end_with_this_one(world: World) -> None:
    with world.database.reading(world.member(TRANSPORT, "leader")) as reading:
        months = queries.figures(reading).months
        assert (len(months), months[-1]) == (12, date(reading.now.year, reading.now.month, 1))
        assert months[0] > months[-1] - timedelta(days=366)
