"""Other systems are told what happens: signed, in order, at least once, without anything personal, whatever they answer."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import jobs, maintenance, webhook_deliveries, webhook_events, webhook_post, webhooks
from engine.access import SYSTEM
from engine.errors import EngineError
from engine.failpoints import armed
from engine.models import AuditEvent, Incident, Job, Notice, WebhookDelivery, WebhookSubscription
from engine.queries import webhooks as shown
from tests.factories import World, at_once, installation
from tests.integration.receiver import Receiver, answering, certified, dripping, endless
from tests.integration.test_jobs import Clockwork


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    return Clockwork(monkeypatch)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().open() as opened:
        yield opened


@pytest.fixture
def telling(city_url: str, tmp_path: Path) -> Iterator[World]:
    """An installation whose webhooks may stay on this machine."""
    with installation(city_url, tmp_path, webhook_private=True) as world:
        yield world


def subscribe(
    world: World,
    address: str,
    name: str = "监督平台",
    kinds: tuple[str, ...] = webhooks.KINDS,
    processes: tuple[str, ...] = (),
) -> tuple[str, str]:
    with world.database.unit_of_work() as uow:
        made, secret = webhooks.subscribe(uow, name, address, kinds, processes)
        return made.id, secret


def test_message(world: World, subscription: str) -> str:
    with world.database.unit_of_work() as uow:
        return webhook_events.send_test(uow, webhooks.find(uow, subscription))


test_message.__test__ = False  # type: ignore[attr-defined]


def deliver(world: World) -> None:
    """Only the messages: nothing is typeset here."""
    while (ticket := jobs.claim(world.database)) is not None:
        jobs.run(world.database, ticket)


def states(world: World) -> list[str]:
    rows = sorted(world.all(WebhookDelivery), key=lambda row: row.created_at)
    return [row.state for row in rows]


# ---------------------------------------------------------------- what is told


def test_another_system_hears_of_a_case_from_its_beginning_to_its_end(telling: World, receiver: Receiver) -> None:
    _, secret = subscribe(telling, receiver.address)
    telling.print_nothing()
    telling.submit()
    telling.reach("sign_reply")
    telling.do("sign_reply")
    telling.work()
    kinds = receiver.kinds
    assert kinds[0] == "duban.case.opened"
    assert kinds.index("duban.notice.issued") < kinds.index("duban.notice.dispatched")
    assert all(got.signed_with(secret) for got in receiver.got)
    assert {got.path for got in receiver.got} == {"/hooks?from=duban"}
    reply = telling.one(Notice, name="reply")
    told = [got.event for got in receiver.got if got.event["type"] == "duban.notice.issued"]
    [issued] = [event for event in told if event["data"]["notice"] == reply.id]
    case = telling.case()
    assert issued["specversion"] == "1.0"
    assert issued["subject"] == case.reference
    assert issued["data"] == {
        "case": case.reference,
        "process": "open_data_request",
        "notice": reply.id,
        "notice_kind": "reply",
        "number": reply.number,
        "issued_on": reply.issued_on.isoformat() if reply.issued_on else None,
        "served_on": None,
        "organisation": "gy-jtw",
    }


@pytest.mark.sqlite_only
def test_another_system_hears_of_a_missed_deadline_once(telling: World, receiver: Receiver) -> None:
    subscribe(telling, receiver.address, kinds=("deadline.missed",))
    telling.print_nothing()
    telling.submit()
    telling.travel("+40d")
    telling.work()
    telling.work()
    said = [got.event["data"] for got in receiver.got]
    [reply] = [data for data in said if data["deadline"] == "reply"]
    assert (reply["basis"], reply["article"]) == ("statutory", "21.1")
    assert set(reply) == {"case", "process", "deadline", "basis", "article", "due_on", "missed_at", "organisation"}


@pytest.mark.sqlite_only
def test_nothing_that_a_party_wrote_leaves_the_house(telling: World, receiver: Receiver) -> None:
    subscribe(telling, receiver.address)
    telling.print_nothing()
    telling.submit()
    telling.reach("sign_reply")
    telling.do("sign_reply")
    telling.travel("+60d")
    telling.work()
    case = telling.case()
    sent = "\n".join(got.body.decode() for got in receiver.got)
    for value in telling.facts().values():
        if isinstance(value, str) and len(value) > 4 and not value.startswith("2026"):
            assert value not in sent
    assert case.subject not in sent


@pytest.mark.sqlite_only
def test_only_what_was_asked_for_is_told(telling: World, receiver: Receiver) -> None:
    subscribe(telling, receiver.address, kinds=("case.opened",))
    with telling.database.unit_of_work() as uow:
        other = webhooks.subscribe(uow, "别的系统", receiver.address, ["case.opened"], ["open_data_request"])[0]
        other.processes = ["coordination"]
        uow.add(other)
    telling.print_nothing()
    telling.submit()
    telling.work()
    assert receiver.kinds == ["duban.case.opened"]


@pytest.mark.sqlite_only
def test_an_event_that_is_undone_is_told_to_nobody(telling: World, receiver: Receiver) -> None:
    subscribe(telling, receiver.address)

    def dies(place: str) -> None:
        if place == "db.changed":
            raise SystemExit

    with pytest.raises(SystemExit), armed(dies):
        telling.submit()
    assert telling.all(WebhookDelivery) == []


# ---------------------------------------------------------------- what a receiver may answer


@pytest.mark.sqlite_only
def test_a_receiver_that_fails_is_tried_again_with_the_same_id(
    telling: World, receiver: Receiver, wall: Clockwork
) -> None:
    subscription, secret = subscribe(telling, receiver.address)
    receiver.answer = answering(500)
    test_message(telling, subscription)
    deliver(telling)
    assert (telling.one(WebhookDelivery).state, telling.one(WebhookDelivery).status) == ("pending", 500)
    receiver.answer = answering(200)
    deliver(telling)
    assert len(receiver.got) == 1, "it waits before it tries again"
    wall.pass_by(6)
    deliver(telling)
    assert states(telling) == ["delivered"]
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert first.signed_with(secret)
    assert second.signed_with(secret)
    assert telling.one(WebhookSubscription).failing_since is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(telling: World, receiver: Receiver, status: int) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    receiver.answer = answering(status, Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
    test_message(telling, subscription)
    deliver(telling)
    assert [got.path for got in receiver.got] == ["/hooks?from=duban"]
    assert "redirects" in telling.one(WebhookDelivery).error


@pytest.mark.sqlite_only
def test_an_endless_answer_is_not_read(telling: World, receiver: Receiver) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    receiver.answer = endless
    test_message(telling, subscription)
    deliver(telling)
    assert states(telling) == ["delivered"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("slow", [dripping, lambda _: time.sleep(3)])
def test_a_receiver_that_hangs_is_left_after_the_time_limit(
    telling: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, slow: object
) -> None:
    monkeypatch.setattr(webhook_post, "SECONDS", 0.3)
    subscription, _ = subscribe(telling, receiver.address)
    receiver.answer = slow  # type: ignore[assignment]
    test_message(telling, subscription)
    deliver(telling)
    assert "no answer within" in telling.one(WebhookDelivery).error


@pytest.mark.sqlite_only
def test_a_receiver_that_fails_costs_one_attempt_however_many_messages_wait(
    telling: World, receiver: Receiver, wall: Clockwork
) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    receiver.answer = answering(503)
    for _ in range(20):
        test_message(telling, subscription)
    deliver(telling)
    assert len(receiver.got) == 1
    receiver.answer = answering(204)
    wall.pass_by(6)
    deliver(telling)
    assert set(states(telling)) == {"delivered"}


def test_messages_of_a_case_arrive_in_order_although_the_first_one_fails(
    telling: World, receiver: Receiver, wall: Clockwork
) -> None:
    subscribe(telling, receiver.address, kinds=("case.opened", "case.closed", "notice.issued"))
    telling.print_nothing()
    receiver.answer = answering(500)
    telling.submit()
    telling.work()
    telling.send("withdraw", reason="不再需要")
    telling.work()
    receiver.answer = answering(204)
    for _ in range(12):
        wall.pass_by(31)
        telling.work()
    taken = receiver.kinds[receiver.kinds.count("duban.case.opened") - 1 :]
    assert taken[0] == "duban.case.opened"
    assert taken[-1] == "duban.case.closed"
    assert set(states(telling)) == {"delivered"}


@pytest.mark.sqlite_only
def test_over_tls_only_a_receiver_with_a_trusted_certificate_is_told(
    telling: World, wall: Clockwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver(certificate=certified(tmp_path)).open() as receiver:
        subscription, secret = subscribe(telling, receiver.address)
        test_message(telling, subscription)
        deliver(telling)
        assert receiver.got == []
        assert "no trusted connection" in telling.one(WebhookDelivery).error
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
        wall.pass_by(6)
        deliver(telling)
        assert [got.signed_with(secret) for got in receiver.got] == [True]


# ---------------------------------------------------------------- dead letters


def test_a_receiver_that_is_down_for_a_day_leaves_dead_letters_and_an_alarm_and_both_pass(
    telling: World, receiver: Receiver, wall: Clockwork
) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    receiver.answer = answering(502)
    for _ in range(3):
        test_message(telling, subscription)
    for _ in range(60):
        deliver(telling)
        wall.pass_by(1800)
    assert states(telling) == ["dead"] * 3
    assert [i.kind for i in telling.all(Incident)] == [webhooks.FAILING]
    assert "监督平台" in telling.one(Incident).sentence
    assert {job.state for job in telling.all(Job, kind=webhook_deliveries.JOB)} == {"done"}
    assert telling.all(AuditEvent, name="webhook.given_up")
    receiver.answer = answering(204)
    with telling.database.unit_of_work() as uow:
        assert webhook_deliveries.replay_dead(uow, subscription) == 3
    wall.pass_by(7200)
    deliver(telling)
    assert states(telling) == ["delivered"] * 3
    assert telling.one(Incident).resolved_at is not None
    assert len({got.id for got in receiver.got}) == 3


@pytest.mark.sqlite_only
def test_a_message_is_sent_again_when_an_administrator_asks_under_the_same_id(
    telling: World, receiver: Receiver
) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    message = test_message(telling, subscription)
    with pytest.raises(webhook_deliveries.NotReplayable), telling.database.unit_of_work() as uow:
        webhook_deliveries.replay(uow, subscription, message)
    deliver(telling)
    with telling.database.unit_of_work() as uow:
        webhook_deliveries.replay(uow, subscription, message)
    deliver(telling)
    assert [got.id for got in receiver.got] == [receiver.got[0].id] * 2
    with pytest.raises(webhook_deliveries.DeliveryNotFound), telling.database.unit_of_work() as uow:
        webhook_deliveries.replay(uow, subscription, "nothing")


def test_what_was_settled_is_forgotten_after_ninety_days(telling: World, receiver: Receiver, wall: Clockwork) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    test_message(telling, subscription)
    deliver(telling)
    wall.pass_by(timedelta(days=89).total_seconds())
    maintenance.tidy(telling.database)
    assert len(telling.all(WebhookDelivery)) == 1
    wall.pass_by(timedelta(days=2).total_seconds())
    maintenance.tidy(telling.database)
    assert telling.all(WebhookDelivery) == []


# ---------------------------------------------------------------- pausing, rotating, removing


@pytest.mark.sqlite_only
def test_what_happens_during_a_pause_is_told_after_it(telling: World, receiver: Receiver) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    test_message(telling, subscription)
    with telling.database.unit_of_work() as uow:
        webhook_deliveries.pause(uow, subscription)
    test_message(telling, subscription)
    deliver(telling)
    assert (receiver.got, states(telling)) == ([], ["waiting", "waiting"])
    with telling.database.unit_of_work() as uow:
        assert webhook_deliveries.resume(uow, subscription) == 2
    deliver(telling)
    assert states(telling) == ["delivered", "delivered"]


@pytest.mark.sqlite_only
def test_a_replaced_secret_signs_beside_the_new_one_for_a_week(
    telling: World, receiver: Receiver, wall: Clockwork
) -> None:
    subscription, old = subscribe(telling, receiver.address)
    with telling.database.unit_of_work() as uow:
        new = webhooks.rotate(uow, subscription)
    assert new != old
    test_message(telling, subscription)
    deliver(telling)
    assert receiver.got[0].signed_with(old)
    assert receiver.got[0].signed_with(new)
    wall.pass_by(webhooks.OVERLAP.total_seconds())
    test_message(telling, subscription)
    deliver(telling)
    assert not receiver.got[1].signed_with(old)
    assert receiver.got[1].signed_with(new)


@pytest.mark.sqlite_only
def test_a_secret_is_not_stored_in_the_clear(telling: World, receiver: Receiver) -> None:
    _, secret = subscribe(telling, receiver.address)
    row = telling.one(WebhookSubscription)
    assert secret.removeprefix("whsec_")[:20] not in repr(row.model_dump())


@pytest.mark.sqlite_only
def test_nothing_is_sent_to_a_removed_subscription(telling: World, receiver: Receiver) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    test_message(telling, subscription)
    with telling.database.unit_of_work() as uow:
        webhooks.remove(uow, subscription)
    telling.print_nothing()
    telling.submit()
    deliver(telling)
    assert receiver.got == []
    with pytest.raises(webhooks.SubscriptionNotFound), telling.database.unit_of_work() as uow:
        webhooks.remove(uow, subscription)
    subscribe(telling, receiver.address)  # the name is free again


# ---------------------------------------------------------------- machines that die or meet


def test_two_workers_at_once_send_each_message_once(telling: World, receiver: Receiver) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    for _ in range(8):
        test_message(telling, subscription)
    at_once(*(lambda: deliver(telling) for _ in range(2)))
    assert len(receiver.got) == len({got.id for got in receiver.got}) == 8
    assert set(states(telling)) == {"delivered"}


def test_a_worker_that_dies_between_sending_and_settling_sends_again_under_the_same_id(
    telling: World, receiver: Receiver, wall: Clockwork
) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    test_message(telling, subscription)

    def dies(place: str) -> None:
        if place == "jobs.settled":
            raise SystemExit

    with pytest.raises(SystemExit), armed(dies):
        deliver(telling)
    assert states(telling) == ["pending"]
    wall.pass_by(61)
    deliver(telling)
    assert states(telling) == ["delivered"]
    assert [got.id for got in receiver.got] == [receiver.got[0].id] * 2


# ---------------------------------------------------------------- administration


def test_the_newest_messages_come_first_page_by_page(telling: World, receiver: Receiver) -> None:
    subscription, _ = subscribe(telling, receiver.address)
    written = [test_message(telling, subscription) for _ in range(5)]
    with telling.database.reading(SYSTEM) as reading:
        first = shown.messages(reading, subscription, limit=3)
        second = shown.messages(reading, subscription, first.next, limit=3)
        assert shown.numbers(reading, subscription)["pending"] == 5
    assert [row.id for row in (*first.items, *second.items)] == written[::-1]
    assert second.next is None


def test_bad_subscriptions_are_refused_with_a_sentence(telling: World, receiver: Receiver) -> None:
    subscribe(telling, receiver.address)
    wrong: list[tuple[object, ...]] = [
        ("监督平台", receiver.address, ["case.opened"], []),  # the name is taken
        ("", receiver.address, ["case.opened"], []),
        ("长" * 101, receiver.address, ["case.opened"], []),
        ("甲", receiver.address, [], []),
        ("甲", receiver.address, ["case.read"], []),
        ("甲", receiver.address, ["case.opened"], ["nothing"]),
        ("甲", "ftp://example.org/", ["case.opened"], []),
    ]
    for name, address, kinds, processes in wrong:
        with pytest.raises(EngineError) as refused, telling.database.unit_of_work() as uow:
            webhooks.subscribe(uow, name, address, kinds, processes)  # type: ignore[arg-type]
        assert refused.value.status in (409, 422)
        assert "?" not in refused.value.sentence("zh")
    assert len(telling.all(WebhookSubscription)) == 1
