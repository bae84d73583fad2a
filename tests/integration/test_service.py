"""Service 送达: issued, dispatched and served are three instants, and what depends on service follows the third."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from engine import clock, process, webhooks
from engine.access import PUBLIC, SYSTEM, Actor
from engine.errors import Forbidden, NotFound
from engine.models import (
    AuditEvent,
    Breach,
    Case,
    Deadline,
    DeadlineChange,
    Delivery,
    Notice,
    Reminder,
    StepRecord,
    WebhookDelivery,
)
from engine.process import CaseNotFound
from notices import deliveries, pages, replacing, served
from notices.service import NoticeNotReady
from tests.bundles import Trial, bundle
from tests.drawing import service
from tests.factories import World, at_once

ORDER = """
[deadlines.rectification]
title = "改正期限"
title_en = "Rectification"
days = 15
basis = "ordered"
owed_by = "data_provider"
starts_on = "notice.served:order"
stops_on = ["case.closed"]
"""
PAPER = """
title = "责令限期改正通知书"
title_en = "Rectification order"
form = "letter"
series = "责改"
issuer = "data_provider"
addressee = "{addressee}"
channels = ["portal", "post", "in_person"]
automatic = "a test"
[service]
post_when = "by_post"
in_person_when = "False"
{more}
[facts]
"""
WHY = "平台无人查阅"


def order_files(addressee: str = "applicant", more: str = "") -> dict[str, bytes]:
    """A process that issues an order, whose clock runs from its service."""
    files = bundle(
        "start > work > issue > work2 > close > end",
        data={"by_post": "boolean"},
        fields={"work": {"by_post": "boolean"}},
        more=ORDER,
        issue=service("notice.issue", name="'order'"),
        close=service("case.close"),
    )
    paper = PAPER.format(addressee=addressee, more=more)
    return files | {
        "notices/order/notice.toml": paper.encode(),
        "notices/order/body.html.j2": b"<p>x</p>",
        "notices/order/sample.json": b"{}",
    }


class Order:
    """An order that was issued on Tuesday, 21 April 2026."""

    def __init__(self, world: World, *, addressee: str = "applicant", more: str = "", by_post: bool = False) -> None:
        self.world = world
        self.trial = Trial(world, order_files(addressee, more))
        self.trial.do("work", by_post=by_post)
        world.print_nothing()
        self.notice_id = world.one(Notice, case_id=world.case_id).id

    @property
    def clerk(self) -> Actor:
        return self.world.person("data_provider.case_handler")

    def act(self, verb: Callable[..., Delivery], *given: Any, by: Actor | None = None, **more: Any) -> Delivery:
        with self.world.database.unit_of_work(by or self.clerk) as uow:
            return verb(uow, self.notice_id, *given, **more)

    def order(self, channel: str, **more: Any) -> str:
        more = {"recipient": "王五", "address": "贵阳市观山湖区林城东路1号"} | more
        return self.act(deliveries.order, channel, WHY, **more).id

    def open(self, by: Actor | None = None) -> None:
        with self.world.database.unit_of_work(by or self.world.applicant()) as uow:
            served.opened(uow, self.notice_id)

    def row(self, channel: str) -> Delivery:
        return self.world.one(Delivery, notice_id=self.notice_id, channel=channel)

    def state(self, channel: str) -> tuple[str, str | None]:
        row = self.row(channel)
        return row.state, row.how

    def served_on(self) -> str | None:
        at = self.world.one(Notice, id=self.notice_id).served_at
        return clock.day_of(at).isoformat() if at else None

    def clock(self) -> Deadline:
        return self.world.one(Deadline, case_id=self.world.case_id, name="rectification")

    def due(self) -> str | None:
        day = self.clock().due_on
        return day.isoformat() if day else None

    def announced(self) -> int:
        return len(self.world.all(StepRecord, case_id=self.world.case_id, node="notice.served:order"))


def test_a_paper_is_served_when_the_party_opens_it_and_the_clock_runs_from_that_day(world: World) -> None:
    order = Order(world)
    assert (order.state("portal"), order.served_on(), order.clock().state) == (("dispatched", None), None, "pending")
    world.travel("+2d")
    order.open()
    order.open()
    assert (order.state("portal"), order.served_on()) == (("served", "opened"), "2026-04-23")
    assert (order.clock().state, order.due(), order.announced()) == ("running", "2026-05-08", 1)
    assert [event.actor.partition(":")[0] for event in world.all(AuditEvent, name="notice.served")] == ["party"]


def test_what_nobody_opens_is_deemed_served_after_five_working_days(world: World) -> None:
    order = Order(world)
    world.travel("2026-04-28T23:59")
    world.work()
    assert order.state("portal") == ("dispatched", None)
    world.travel("2026-04-29T00:00")
    world.work()
    assert (order.state("portal"), order.served_on()) == (("served", "deemed"), "2026-04-28")
    assert order.due() == "2026-05-13"
    world.travel("+1h")
    order.open()  # too late to change anything
    assert (order.state("portal"), order.announced()) == (("served", "deemed"), 1)


@pytest.mark.sqlite_only
def test_deemed_service_falls_on_the_fifth_working_day_whatever_the_day_of_sending(world: World) -> None:
    order = Order(world)
    # 2026: Labour Day rests from 1 to 5 May, and Saturday, 9 May, is worked
    rests, works = {date(2026, 5, day) for day in range(1, 6)}, {date(2026, 5, 9)}
    with world.database.reading(SYSTEM) as reading:
        rule = deliveries.rule_of(reading, reading.session.get_one(Notice, order.notice_id))
        for sent in (date(2026, 4, 13) + timedelta(number) for number in range(31)):
            day, left = sent, 5
            while left:
                day += timedelta(1)
                left -= day in works or (day.weekday() < 5 and day not in rests)
            counted = deliveries.deemed_day(reading, rule, sent)
            assert counted is not None
            assert counted.day == day, sent


def test_only_the_addressee_serves_a_paper_by_opening_it(world: World) -> None:
    order = Order(world)
    with world.database.reading(order.clerk) as reading:
        assert not served.awaits_opening(reading, order.notice_id)
    order.open(order.clerk)
    assert order.state("portal") == ("dispatched", None)
    with world.database.reading(world.applicant()) as reading:
        assert served.awaits_opening(reading, order.notice_id)


def test_an_organisation_is_served_when_a_member_of_it_opens_the_paper(world: World) -> None:
    order = Order(world, addressee="data_provider")
    with pytest.raises(CaseNotFound):
        order.open(world.member("gy-wjj", "case_handler"))
    assert order.state("portal") == ("dispatched", None)
    order.open(order.clerk)
    assert order.state("portal") == ("served", "opened")


def test_a_letter_that_is_ordered_with_the_paper_is_sent_delivered_and_served(world: World) -> None:
    order = Order(world, by_post=True, more="deemed_days = 0")
    row = order.row("post")
    assert row.state == "pending"
    with pytest.raises(deliveries.AddressMissing):  # the start form of this process asks for none
        order.act(deliveries.send, row.id, "1234567890123")
    order.act(deliveries.readdress, row.id, "王五", "贵阳市观山湖区林城东路1号")
    world.travel("+1d")
    assert order.act(deliveries.send, row.id, "1234 5678 90123").proof == "1234567890123"
    world.travel("+5d")
    order.act(deliveries.record, row.id, "signed", date(2026, 4, 24), receiver="王五")
    assert (order.state("post"), order.served_on(), order.due()) == (("served", "signed"), "2026-04-24", "2026-05-09")
    with pytest.raises(deliveries.StepUnfit):
        order.act(deliveries.record, row.id, "signed", receiver="王五")
    assert order.announced() == 1


def test_what_people_record_wrongly_is_refused_with_a_sentence_and_changes_nothing(world: World) -> None:
    order = Order(world)
    world.travel("+2d")
    row = order.order("in_person")
    for given, error in (
        ({"how": "signed", "receiver": "王五"}, deliveries.WayUnfit),
        ({"how": "direct"}, deliveries.ReceiverMissing),
        ({"how": "direct", "receiver": "王" * 201}, deliveries.ReceiverMissing),
        ({"how": "left", "receiver": "王五"}, deliveries.WitnessMissing),
        ({"how": "left", "remarks": "拒收"}, deliveries.WitnessMissing),
        ({"how": "direct", "receiver": "王五", "on": date(2026, 4, 20)}, deliveries.DayUnfit),
        ({"how": "direct", "receiver": "王五", "on": date(2026, 4, 24)}, deliveries.DayUnfit),
    ):
        with pytest.raises(error):
            order.act(deliveries.record, row, **given)
    with pytest.raises(deliveries.NotTheClerk):
        order.act(deliveries.cancel, row, WHY, by=world.person("data_provider.leader"))
    with pytest.raises(deliveries.ChannelBusy):
        order.order("in_person")
    with pytest.raises(deliveries.DeliveryNotFound):
        order.act(deliveries.cancel, "0" * 32, WHY)
    with pytest.raises(deliveries.StepUnfit):
        order.act(deliveries.record, order.row("portal").id, "direct", receiver="王五")
    assert order.state("in_person") == ("pending", None)
    assert order.served_on() is None


def test_a_refused_paper_is_left_behind_before_a_witness_and_is_served(world: World) -> None:
    order = Order(world)
    row = order.order("in_person")
    scan = world.upload("送达回证.pdf")
    order.act(deliveries.record, row, "left", remarks="当事人拒绝签收", witness="社区工作人员李某", scan=scan)
    kept = order.row("in_person")
    assert (order.state("in_person"), kept.document_id is not None) == (("served", "left"), True)
    assert order.served_on() == "2026-04-21"
    assert all("李某" not in str(event.detail) and "王五" not in str(event.detail) for event in world.all(AuditEvent))


def test_the_first_of_two_channels_counts_even_when_it_is_registered_later(world: World) -> None:
    order = Order(world)
    row = order.order("in_person")
    world.travel("+3d")
    order.open()
    assert (order.served_on(), order.due()) == ("2026-04-24", "2026-05-09")
    world.travel("+1d")
    order.act(deliveries.record, row, "direct", date(2026, 4, 22), receiver="王五")
    assert (order.served_on(), order.due(), order.announced()) == ("2026-04-22", "2026-05-07", 1)
    assert [change.kind for change in world.all(DeadlineChange)] == ["corrected"]


def test_a_second_service_does_not_lengthen_the_time(world: World) -> None:
    order = Order(world)
    row = order.order("in_person")
    order.open()
    world.travel("+6d")
    order.act(deliveries.record, row, "direct", receiver="王五")
    assert (order.served_on(), order.due(), order.announced()) == ("2026-04-21", "2026-05-06", 1)


def test_a_service_that_was_recorded_wrongly_is_corrected_and_the_clock_follows(world: World) -> None:
    order = Order(world, more="deemed_days = 0")
    row = order.order("in_person")
    world.travel("2026-05-09T10:00")
    order.act(deliveries.record, row, "direct", date(2026, 4, 22), receiver="王五")
    world.work()
    assert (order.due(), len(world.all(Breach, deadline_id=order.clock().id))) == ("2026-05-07", 1)  # born overdue
    order.act(deliveries.correct, row, date(2026, 4, 28), "回证日期看错")
    assert (order.served_on(), order.due(), order.clock().state) == ("2026-04-28", "2026-05-13", "running")
    assert world.one(Breach, deadline_id=order.clock().id).annulled_at is not None
    order.act(deliveries.correct, row, None, "不是本件的回证")
    assert (order.served_on(), order.due(), order.clock().state) == (None, None, "pending")
    assert order.state("in_person") == ("cancelled", None)
    order.open()
    assert (order.served_on(), order.due()) == ("2026-05-09", "2026-05-25")


def test_an_order_that_is_served_by_receipt_only_is_not_served_by_the_portal(world: World) -> None:
    order = Order(world, more='served_by = "receipt"')
    order.open()
    world.travel("+20d")
    world.work()
    assert (order.state("portal"), order.served_on()) == (("served", "opened"), None)
    row = order.order("in_person")
    order.act(deliveries.record, row, "entrusted", receiver="观山湖区司法局")
    assert order.served_on() == "2026-05-11"


def test_a_letter_that_comes_back_is_told_and_tried_again_on_another_way(world: World) -> None:
    order = Order(world)
    row = order.order("post")
    order.act(deliveries.send, row, "XA123456789CN")
    order.act(deliveries.give_back, row, "查无此人")
    assert order.state("post") == ("returned", None)
    again = order.order("post", address="贵阳市云岩区中华北路2号")
    assert [r.attempt for r in world.all(Delivery, notice_id=order.notice_id, channel="post")] == [1, 2]
    order.act(deliveries.cancel, again, "改为当面送达")
    assert sorted(r.state for r in world.all(Delivery, channel="post")) == ["cancelled", "returned"]


def withdraw(order: Order) -> None:
    with order.world.database.unit_of_work(order.world.person("data_provider.unit_head")) as uow:
        replacing.withdraw(uow, uow.session.get_one(Notice, order.notice_id), "引用条款有误")


def test_a_paper_that_was_withdrawn_is_neither_opened_nor_deemed_served(world: World) -> None:
    order = Order(world)
    world.travel("+1d")
    withdraw(order)
    order.open()
    world.travel("+30d")
    world.work()
    assert (order.state("portal"), order.served_on()) == (("cancelled", None), None)
    assert (order.clock().state, order.announced()) == ("pending", 0)


def test_a_letter_that_was_on_its_way_is_recorded_for_a_day_before_the_withdrawal_only(world: World) -> None:
    order = Order(world, by_post=True)
    letter = order.row("post").id
    order.act(deliveries.readdress, letter, "王五", "贵阳市观山湖区林城东路1号")
    order.act(deliveries.send, letter, "EMS123")
    world.travel("+2d")
    withdraw(order)
    world.travel("+2d")
    with pytest.raises(deliveries.DayUnfit):
        order.act(deliveries.record, letter, "signed", receiver="王五")
    order.act(deliveries.record, letter, "signed", date(2026, 4, 22), receiver="王五")
    assert order.served_on() == "2026-04-22"


def test_pictures_of_a_paper_are_shown_to_its_addressee_after_it_was_opened(world: World) -> None:
    order = Order(world, addressee="data_provider")
    world.work()
    with world.database.reading(order.clerk) as reading, pytest.raises(pages.NotOpened):
        pages.find(reading, order.notice_id)
    assert order.served_on() is None
    order.open(order.clerk)
    with (
        world.database.reading(order.clerk) as reading,
        pytest.raises(NoticeNotReady),
    ):  # nothing is printed in this test
        pages.find(reading, order.notice_id)


def test_other_systems_are_told_which_paper_was_served_and_since_when(world: World) -> None:
    with world.database.unit_of_work() as uow:
        webhooks.subscribe(uow, "监督平台", "https://example.org/x", ["notice.served"])
    order = Order(world, by_post=True)
    letter = order.row("post").id
    order.act(deliveries.readdress, letter, "王五", "贵阳市观山湖区林城东路1号")
    order.act(deliveries.send, letter, "EMS123")
    world.travel("2026-04-27T09:00")
    order.act(deliveries.record, letter, "signed", date(2026, 4, 26), receiver="王五")  # a Sunday
    assert (order.served_on(), order.due()) == ("2026-04-26", "2026-05-11")
    [message] = world.all(WebhookDelivery)
    said = json.loads(message.body)["data"]
    assert (said["notice"], said["served_on"]) == (order.notice_id, "2026-04-26")


def test_a_clock_does_not_start_after_its_case_was_closed(world: World) -> None:
    order = Order(world)
    order.trial.do("work2")
    world.travel("+20d")
    world.work()
    assert (order.served_on(), order.clock().state) == ("2026-04-28", "pending")


def test_two_who_open_and_the_sweep_and_two_who_record_serve_a_paper_once(world: World) -> None:
    order = Order(world)
    row = order.order("in_person")
    world.travel("2026-04-29T09:00")

    def record() -> object:
        return order.act(deliveries.record, row, "direct", date(2026, 4, 28), receiver="王五")

    met = at_once(order.open, order.open, lambda: served.deem(world.database), record, record)
    refused = [type(answer) for answer in met if isinstance(answer, BaseException)]
    assert refused == [deliveries.StepUnfit]
    assert order.announced() == 1
    assert order.served_on() == "2026-04-28"
    assert order.due() == "2026-05-13"
    assert len(world.all(AuditEvent, name="notice.served")) == 1


def test_an_address_is_kept_encrypted(world: World) -> None:
    order = Order(world)
    order.order("post")
    assert "林城东路".encode() not in (order.row("post").details or b"")
    with world.database.reading(SYSTEM) as reading:
        run = process.opened(reading, reading.session.get_one(Case, world.case_id))
        assert deliveries.details(run.key, order.row("post")).address == "贵阳市观山湖区林城东路1号"


def test_nobody_outside_the_house_orders_or_records(world: World) -> None:
    order = Order(world)
    for stranger in (PUBLIC, world.applicant(), world.member("gy-wjj", "registrar", login="wjj.registrar")):
        with pytest.raises((NotFound, Forbidden)):
            order.act(deliveries.order, "post", WHY, by=stranger, recipient="王五", address="x")
    assert not world.all(Delivery, channel="post")
    assert not world.all(Reminder)
