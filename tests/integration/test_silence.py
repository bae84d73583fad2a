"""Silence is heard: what should have happened and did not is an alarm, and each alarm opens the cases that it counts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from engine import clock, maintenance, process, queries, silence
from engine.access import SYSTEM, Actor
from engine.models import (
    Case,
    CatalogueItem,
    CatalogueRevision,
    Deadline,
    Delivery,
    Incident,
    Job,
    Notice,
    Organisation,
    PrintedDate,
    SealCertificate,
    SystemValue,
    Task,
    Timer,
)
from engine.queries.board import ViewUnknown
from tests.factories import World


@pytest.fixture
def heard(world: World) -> World:
    """The usual case with its receipt, and a metronome that has just been heard: nothing is silent."""
    world.submit()
    world.print_nothing()
    maintenance.beat(world.database)
    assert alarms(world) == {}
    return world


def alarms(world: World, actor: Actor = SYSTEM) -> dict[str, int]:
    with world.database.reading(actor) as reading:
        return {alarm.kind: alarm.count for alarm in silence.alarms(reading)}


def require_alarm(world: World, kind: str) -> None:
    """The alarm is there, alone, and its list has the case; to who does not answer for the case it is nothing."""
    assert alarms(world) == {kind: 1}
    with world.database.reading(SYSTEM) as reading:
        assert [row.reference for row in queries.board_list(reading, kind).rows] == [world.case().reference]
    over, elsewhere = world.member("gy-sjj", "supervisor"), world.member("gy-wjj", "supervisor", "leader", "unit_head")
    assert alarms(world, over) == alarms(world, world.member("gy-jtw", "leader")) == {kind: 1}
    assert alarms(world, elsewhere) == {}
    with world.database.reading(elsewhere) as reading:
        assert queries.board_list(reading, kind).rows == ()


def change(world: World, *statements: object) -> None:
    with world.database.unit_of_work() as uow:
        for statement in statements:
            uow.session.execute(statement)  # type: ignore[call-overload]


def test_an_hour_without_a_receipt_is_an_alarm(heard: World) -> None:
    change(heard, delete(Delivery), delete(PrintedDate), delete(Notice))
    assert alarms(heard) == {}
    heard.travel("+1h")
    require_alarm(heard, "unacknowledged")


def test_an_open_case_without_a_clock_is_an_alarm(heard: World) -> None:
    change(heard, update(Deadline).where(col(Deadline.name) == "reply").values(state="stopped"))
    require_alarm(heard, "unclocked")


def test_a_clock_without_the_timer_that_is_drawn_is_an_alarm(heard: World) -> None:
    change(heard, delete(Timer).where(col(Timer.deadline) == "reply"))
    require_alarm(heard, "unarmed")


def test_a_clock_without_a_place_on_the_ladder_is_an_alarm(heard: World) -> None:
    change(heard, update(Deadline).values(climbs_at=None))
    require_alarm(heard, "unarmed")


def test_a_clock_that_was_missed_has_fired_its_timer_and_is_no_alarm(heard: World) -> None:
    heard.travel("+8d")
    heard.travel("2026-05-07T10:00")
    heard.work()
    assert alarms(heard) == {}


def test_a_notice_that_was_handed_to_no_channel_is_an_alarm(heard: World) -> None:
    change(heard, delete(Delivery))
    require_alarm(heard, "undelivered")


def test_a_delivery_that_failed_is_an_alarm_until_it_has_gone_out(heard: World) -> None:
    notice = heard.one(Notice)
    with heard.database.unit_of_work() as uow:
        uow.add(Delivery(notice_id=notice.id, case_id=notice.case_id, channel="email", state="failed"))
    require_alarm(heard, "undelivered")
    with heard.database.unit_of_work() as uow:
        again = {"notice_id": notice.id, "case_id": notice.case_id, "channel": "email", "attempt": 2}
        uow.add(Delivery(**again, state="dispatched"))
    assert alarms(heard) == {}


def test_a_delivery_that_says_nothing_for_a_working_day_is_an_alarm(heard: World) -> None:
    heard.travel("2026-04-30T09:30")  # the eve of the holiday
    heard.submit()
    heard.print_nothing()
    change(heard, update(Delivery).where(col(Delivery.case_id) == heard.case_id).values(state="pending"))
    heard.travel("2026-05-05T20:00")
    assert "undelivered" not in alarms(heard)
    heard.travel("2026-05-06T09:30")
    require_alarm(heard, "undelivered")


def test_a_letter_that_lies_unsent_for_two_working_days_is_an_alarm(heard: World) -> None:
    notice = heard.one(Notice)
    letter = {"notice_id": notice.id, "case_id": notice.case_id, "channel": "post", "state": "pending"}
    with heard.database.unit_of_work() as uow:
        uow.add(Delivery(**letter, ordered_at=uow.now))
    heard.travel("+1d")
    assert "undelivered" not in alarms(heard)
    heard.travel("+1d")
    require_alarm(heard, "undelivered")


def test_a_letter_that_came_back_is_an_alarm_until_another_way_was_found(heard: World) -> None:
    change(heard, update(Delivery).values(ordered_at=heard.watch.at))
    notice, later = heard.one(Notice), heard.watch.at + timedelta(minutes=1)
    letter = {"notice_id": notice.id, "case_id": notice.case_id}
    with heard.database.unit_of_work() as uow:
        uow.add(Delivery(**letter, channel="post", state="returned", ordered_at=heard.watch.at))
    require_alarm(heard, "undelivered")
    with heard.database.unit_of_work() as uow:
        uow.add(Delivery(**letter, channel="in_person", state="served", ordered_at=later))
    assert alarms(heard) == {}


def test_a_paper_that_went_out_long_ago_and_was_never_served_is_an_alarm(heard: World) -> None:
    change(heard, update(Delivery).values(deemed_at=None))  # a paper that is served by receipt only
    heard.travel("2026-05-13T09:29")
    assert "undelivered" not in alarms(heard)
    heard.travel("2026-05-14T09:30")
    assert alarms(heard)["undelivered"] == 1
    change(heard, update(Notice).values(served_at=heard.watch.at))
    assert "undelivered" not in alarms(heard)


def test_a_case_that_waits_for_nobody_is_an_alarm(heard: World) -> None:
    change(heard, update(Task).values(state="cancelled"))
    case_id, now, later = heard.case_id, clock.wall(), heard.watch.at + timedelta(days=1)
    for something in (
        Job(kind="x", unique_key="x", case_id=case_id, run_at=now, created_at=now),
        Incident(kind="x", case_id=case_id, sentence="x", at=heard.watch.at),
        Timer(case_id=case_id, token="x", node="supplement_wait", due_at=later),
    ):
        with heard.database.unit_of_work() as uow:
            uow.add(something)
        assert alarms(heard) == {}
        change(heard, delete(type(something)).where(col(type(something).id) == something.id))
    require_alarm(heard, "stranded")
    with heard.database.unit_of_work() as uow:
        run = process.lock(uow, case_id)
        run.instance.listening = sorted([*run.instance.listening, "supplement"])
        uow.add(run.instance)
    assert alarms(heard) == {}


def test_a_closed_case_is_silent_and_no_alarm(heard: World) -> None:
    heard.send("withdraw")
    heard.work()
    heard.travel("+60d")
    heard.work()
    assert alarms(heard) == {}


def test_a_metronome_that_was_not_heard_for_a_minute_is_an_alarm_for_everybody(heard: World) -> None:
    long_ago = (clock.wall() - timedelta(seconds=61)).isoformat()
    change(heard, update(SystemValue).where(col(SystemValue.name) == maintenance.BEAT).values(value=long_ago))
    assert alarms(heard) == alarms(heard, heard.member("gy-wjj", "supervisor")) == {"metronome": 1}
    change(heard, delete(SystemValue))
    assert alarms(heard) == {"metronome": 1}


def test_a_dataset_that_is_older_than_its_frequency_is_an_alarm(heard: World) -> None:
    owner, start = heard.one(Organisation, code="gy-jtw"), heard.watch.at
    item = CatalogueItem(code="gy-jtw-0099", organisation_id=owner.id, opened_at=start, updated_at=start)
    said = CatalogueRevision(
        item_id=item.id,
        number=1,
        state="current",
        name="停车泊位",
        opening="open",
        drafted_at=start,
        drafted_by="system",
    )
    for frequency, days in (("daily", 1), ("weekly", 7), ("yearly", 366), ("once", None), ("", None), ("often", None)):
        said.update_frequency = frequency
        with heard.database.unit_of_work() as uow:
            uow.session.merge(item)
            uow.session.flush()
            uow.session.merge(said)
        heard.watch.at = start + timedelta(days=days or 3000, seconds=-1)
        assert "outdated" not in alarms(heard)
        heard.watch.at += timedelta(seconds=1)
        assert alarms(heard).get("outdated") == (1 if days else None)
    heard.watch.at = start + timedelta(days=1)
    said.update_frequency = "daily"
    with heard.database.unit_of_work() as uow:
        uow.session.merge(said)
    assert alarms(heard, heard.member("gy-jtw", "leader"))["outdated"] == 1
    assert "outdated" not in alarms(heard, heard.member("gy-wjj", "leader"))


def test_a_seal_that_ends_within_thirty_days_is_an_alarm_until_another_one_signs(heard: World) -> None:
    owner, ends = heard.one(Organisation, code="gy-jtw"), heard.watch.at + timedelta(days=30, seconds=1)

    def signs(fingerprint: str, until: datetime) -> None:
        names = {"subject": "CN=x", "issuer": "CN=y", "valid_from": heard.watch.at, "chain": "", "demonstration": False}
        with heard.database.unit_of_work() as uow:
            uow.add(
                SealCertificate(fingerprint=fingerprint, organisation_id=owner.id, valid_until=until, **names)  # type: ignore[arg-type]
            )

    signs("a", ends)
    assert "seal_ends" not in alarms(heard)
    heard.watch.at += timedelta(seconds=1)
    assert alarms(heard)["seal_ends"] == 1
    assert alarms(heard, heard.member("gy-jtw", "leader"))["seal_ends"] == 1
    assert "seal_ends" not in alarms(heard, heard.member("gy-wjj", "leader"))
    signs("b", ends + timedelta(days=365))
    assert "seal_ends" not in alarms(heard)


def test_the_cases_of_an_alarm_come_in_pages(heard: World) -> None:
    ids = [heard.submit().case_id for _ in range(3)]
    change(heard, update(Deadline).where(col(Deadline.case_id).in_(ids)).values(state="stopped"))
    with heard.database.reading(SYSTEM) as reading:
        first = queries.board_list(reading, "unclocked", limit=2)
        second = queries.board_list(reading, "unclocked", after=first.next_key, limit=2)
        assert len({row.reference for row in (*first.rows, *second.rows)}) == 3
        assert second.next_key is None
        with pytest.raises(ViewUnknown):
            queries.board_list(reading, "nonsense")
    assert len(heard.all(Case)) == 4
