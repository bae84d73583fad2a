"""E-mail: a pointer to the portal, once, through a real mail server; it gives nothing away."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from engine import clock, jobs, repairs
from engine.access import SYSTEM
from engine.models import AuditEvent, Delivery, Incident, Job, Reminder
from tests.factories import REQUEST, World
from tests.integration.mailbox import Mailbox

ADDRESS = "wang.wu@example.com"


def mail_delivery(world: World) -> Delivery:
    return world.one(Delivery, channel="email")


def test_the_applicant_gets_a_pointer_once_and_nothing_else(
    posting: Callable[[], AbstractContextManager[World]], mailbox: Mailbox
) -> None:
    with posting() as world, mailbox.open():
        filed = world.submit(email=ADDRESS)
        world.work()
        world.work()
        (mail,) = mailbox.mails
        assert mailbox.recipients == [ADDRESS]
        body = mail.get_content()
        assert filed.reference in body
        assert "/track" in body
        private = [filed.query_code, filed.query_code[:4], *(str(v) for k, v in REQUEST.items() if k != "request_kind")]
        private.remove("citizen")
        assert [word for word in private if word in str(mail) or word in body or word in str(mail["Subject"])] == []
        delivery = mail_delivery(world)
        assert (delivery.state, delivery.proof) == ("dispatched", mail["Message-ID"])
        assert len(world.all(AuditEvent, name="delivery.dispatched")) == 1


def test_who_gave_no_address_gets_no_mail(
    posting: Callable[[], AbstractContextManager[World]], mailbox: Mailbox
) -> None:
    with posting() as world, mailbox.open():
        world.submit()
        world.work()
        assert mailbox.mails == []
        assert not world.all(Delivery, channel="email")


def test_while_the_server_is_away_it_is_tried_again_and_the_case_goes_on(
    posting: Callable[[], AbstractContextManager[World]], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, offset = clock.wall, timedelta()
    monkeypatch.setattr(clock, "wall", lambda: right() + offset)
    with posting() as world:
        world.submit(email=ADDRESS)
        for _ in range(2):
            world.work()
            offset += timedelta(seconds=1000)
        assert mail_delivery(world).state == "pending"
        assert world.one(Job, kind="notice.email").attempts == 2
        world.do("check")
        with mailbox.open():
            world.work()
        assert mail_delivery(world).state == "dispatched"
        assert len(mailbox.mails) == 1
        assert not world.all(Incident)


@pytest.mark.parametrize("refusal", ["451 try again later"])
def test_what_the_server_refuses_again_and_again_becomes_an_incident_that_can_be_retried(
    posting: Callable[[], AbstractContextManager[World]],
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    refusal: str,
) -> None:
    right, offset = clock.wall, timedelta()
    monkeypatch.setattr(clock, "wall", lambda: right() + offset)
    mailbox.refuses = refusal
    with posting() as world, mailbox.open():
        world.submit(email=ADDRESS)
        for _ in range(jobs.ATTEMPTS):
            world.work()
            offset += timedelta(seconds=1000)
        assert mail_delivery(world).state == "failed"
        incident = world.one(Incident)
        assert ADDRESS not in incident.sentence
        assert ADDRESS not in str(world.one(Job, kind="notice.email"))
        mailbox.refuses = ""
        with world.database.unit_of_work(SYSTEM) as uow:
            repairs.retry(uow, incident.id, "邮件服务已恢复")
        world.work()
        assert mail_delivery(world).state == "dispatched"
        assert len(mailbox.mails) == 1


def test_an_address_that_is_refused_for_good_fails_at_once_and_a_person_is_told(
    posting: Callable[[], AbstractContextManager[World]], mailbox: Mailbox
) -> None:
    mailbox.refuses = "550 no such user"
    with posting() as world, mailbox.open():
        world.submit(email=ADDRESS)
        handler = world.person("data_provider.case_handler")
        world.work()
        assert mail_delivery(world).state == "failed"
        job = world.one(Job, kind="notice.email")
        assert (job.state, job.attempts) == ("done", 1)
        assert not world.all(Incident)
        assert [(told.kind, told.person_id) for told in world.all(Reminder)] == [("undelivered", handler.id)]
        assert world.one(Delivery, channel="portal").state == "dispatched"  # the portal is not touched by it


def test_an_address_cannot_smuggle_in_headers_or_recipients(
    posting: Callable[[], AbstractContextManager[World]], mailbox: Mailbox
) -> None:
    from engine.form_problems import FormInvalid

    with posting() as world, mailbox.open():
        for hostile in (
            "a@b.cn\r\nBcc: x@y.cn",
            "a@b.cn, x@y.cn",
            "<a@b.cn>",
            "a@b.cn\n",
            '"x\r\n"@b.cn',
            "a@b.cn;x@y.cn",
        ):
            with pytest.raises(FormInvalid):
                world.submit(email=hostile)
        world.work()
        assert mailbox.mails == []
