"""Mail about reminders: several in one, in office hours, hours apart, never twice, and nothing personal in it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlmodel import col, select

from engine import clock, reminders
from engine.access import SYSTEM, Actor
from engine.models import Job, Membership, Person, Reminder
from tests.factories import REQUEST, World, at_once
from tests.integration.mailbox import Mailbox

Posting = Callable[[], AbstractContextManager[World]]
HANDLER = "data_provider.case_handler"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves wall time on, in which mails keep their distance."""
    right, ahead = clock.wall, [timedelta()]
    monkeypatch.setattr(clock, "wall", lambda: right() + ahead[0])

    def move(by: timedelta) -> None:
        ahead[0] += by

    return move


def reachable(world: World, lane: str = HANDLER) -> Actor:
    """Somebody of a lane who has an address."""
    person = world.person(lane)
    with world.database.unit_of_work() as uow:
        known = uow.session.get_one(Person, person.id)
        known.email = f"{known.login}@example.com"
        uow.add(known)
    return person


def remind(world: World, person: Actor, *kinds: str) -> None:
    for kind in kinds:
        with world.database.unit_of_work() as uow:
            reminders.remind(uow, [person.id], kind, world.case_id)


def test_several_reminders_make_one_mail_that_only_points(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        filed = world.submit()
        world.print_nothing()
        handler = reachable(world)
        remind(world, handler, "three_days_before", "urged")
        world.work()
        world.work()
        (mail,) = mailbox.mails
        body = mail.get_content()
        assert mail["Subject"] == "您有 2 条督办提醒"
        assert f"{filed.reference}：到期前3个工作日" in body
        assert f"{filed.reference}: Urged" in body
        assert "/desk" in body
        private = [str(v) for k, v in REQUEST.items() if k not in ("request_kind", "applicant_type", "agency")]
        assert [word for word in private if word in body or word in str(mail)] == []
        assert all(r.mailed_at for r in world.all(Reminder))


@pytest.mark.sqlite_only
def test_the_next_mail_comes_hours_later_with_what_came_meanwhile(
    posting: Posting, mailbox: Mailbox, later: Callable[[timedelta], None]
) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.print_nothing()
        handler = reachable(world)
        remind(world, handler, "urged")
        world.work()
        remind(world, handler, "delegated", "urged")
        later(timedelta(hours=3, minutes=59))
        world.work()
        assert len(mailbox.mails) == 1
        later(timedelta(minutes=2))
        world.work()
        assert [mail["Subject"] for mail in mailbox.mails] == ["您有 1 条督办提醒", "您有 2 条督办提醒"]


@pytest.mark.sqlite_only
def test_outside_office_hours_and_over_the_holiday_nobody_is_written_to(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.print_nothing()
        remind(world, reachable(world), "urged")
        for closed in ("2026-04-30T17:30", "2026-04-30T23:00", "2026-05-01T10:00", "2026-05-06T08:59"):
            world.travel(closed)
            world.work()
        assert mailbox.mails == []
        world.travel("2026-05-06T09:00")
        world.work()
        assert len(mailbox.mails) == 1


@pytest.mark.sqlite_only
def test_what_was_read_in_the_inbox_is_not_written_about(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.print_nothing()
        handler = reachable(world)
        remind(world, handler, "urged")
        with world.database.unit_of_work(handler) as uow:
            reminders.mark_all_read(uow)
        world.work()
        assert mailbox.mails == []
        remind(world, handler, "returned")
        world.work()
        assert [mail["Subject"] for mail in mailbox.mails] == ["您有 1 条督办提醒"]


@pytest.mark.sqlite_only
def test_who_has_no_address_or_left_has_the_inbox_only(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.print_nothing()
        remind(world, world.person(HANDLER), "urged")
        left = reachable(world, f"{HANDLER}#2")
        remind(world, left, "urged")
        with world.database.unit_of_work() as uow:
            somebody = uow.session.get_one(Person, left.id)
            somebody.active = False
            uow.add(somebody)
        world.work()
        assert mailbox.mails == []
        assert len(world.all(Reminder, read_at=None)) == 2


@pytest.mark.sqlite_only
def test_a_case_that_one_may_not_see_any_more_is_not_named(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.print_nothing()
        handler = reachable(world)
        remind(world, handler, "urged")
        other = world.member("gy-wjj", "case_handler", login="elsewhere")
        with world.database.unit_of_work() as uow:  # moved to another house
            for seat in uow.session.exec(select(Membership).where(col(Membership.person_id) == handler.id)):
                seat.organisation_id = next(o for o, _ in other.roles)
                uow.session.add(seat)
        world.work()
        world.work()
        assert mailbox.mails == []
        assert world.one(Job, kind="reminder.digest").state == "done"


def test_two_workers_send_one_mail(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.print_nothing()
        handler = reachable(world)
        remind(world, handler, "urged", "delegated")
        answers = at_once(*[world.work] * 3)
        assert answers == [None] * 3
        assert len(mailbox.mails) == 1


@pytest.mark.sqlite_only
def test_while_the_server_is_away_it_is_tried_again_and_then_tells_of_all(
    posting: Posting, mailbox: Mailbox, later: Callable[[timedelta], None]
) -> None:
    with posting() as world:
        world.submit()
        world.print_nothing()
        handler = reachable(world)
        remind(world, handler, "urged")
        world.work()
        later(timedelta(seconds=1000))
        remind(world, handler, "delegated")
        world.work()
        assert world.one(Job, kind="reminder.digest").attempts == 2
        later(timedelta(seconds=1000))
        with mailbox.open():
            world.work()
        assert [mail["Subject"] for mail in mailbox.mails] == ["您有 2 条督办提醒"]


@pytest.mark.sqlite_only
def test_without_a_mail_server_nothing_is_asked_for(world: World) -> None:
    world.submit()
    world.print_nothing()
    remind(world, reachable(world), "urged")
    world.work()
    assert not world.all(Job, kind="reminder.digest")
    with world.database.reading(SYSTEM) as reading:
        assert reminders.title(reading.settings, "urged", "zh") == "催办"
