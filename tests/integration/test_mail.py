"""E-mail: a pointer to the portal, once, through a real mail server; it gives nothing away."""

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from engine import clock, jobs, repairs
from engine.access import SYSTEM
from engine.models import AuditEvent, Delivery, Incident, Job
from tests.factories import REQUEST, World, installation

ADDRESS = "wang.wu@example.com"


class Mailbox:
    """A mail server that keeps what it is given, or refuses it."""

    def __init__(self, port: int) -> None:
        self.port, self.refuses = port, ""
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        if self.refuses:
            return self.refuses
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    @contextmanager
    def open(self) -> Iterator[None]:
        server = Controller(self, hostname="127.0.0.1", port=self.port)
        server.start()
        try:
            yield
        finally:
            server.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return Mailbox(int(taken.getsockname()[1]))


@pytest.fixture
def posting(city_url: str, tmp_path: Path, mailbox: Mailbox) -> Callable[[], AbstractContextManager[World]]:
    """An installation that sends its mail to the mailbox."""
    return lambda: installation(city_url, tmp_path, smtp_host="127.0.0.1", smtp_port=mailbox.port)


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


@pytest.mark.parametrize("refusal", ["550 no such user", "451 try again later"])
def test_what_the_server_refuses_for_good_becomes_an_incident_that_can_be_retried(
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
