"""Mails that come back: a report of the mail server marks its pointer as returned, once, and a person is told."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.models import AuditEvent, Delivery, Reminder
from notices import bounces
from tests.factories import World
from tests.integration.mailbox import Mailbox

ADDRESS = "wang.wu@example.com"


def report(message_id: str, action: str = "failed", status: str = "5.1.1", headers_only: bool = False) -> bytes:
    """What a mail server sends back (RFC 3464)."""
    mail = MIMEMultipart("report", **{"report-type": "delivery-status"})
    mail["From"], mail["To"], mail["Subject"] = "MAILER-DAEMON@example.com", "duban@localhost", "Undelivered Mail"
    mail.attach(MIMEText("This is the mail system. I could not deliver your message."))
    told = EmailMessage()
    told["Reporting-MTA"] = "dns; mx.example.com"
    whom = EmailMessage()
    whom["Final-Recipient"], whom["Action"], whom["Status"] = f"rfc822; {ADDRESS}", action, status
    status_part = MIMEText("", _subtype="plain")
    status_part.set_type("message/delivery-status")
    status_part.set_payload([told, whom])
    mail.attach(status_part)
    if headers_only:
        part = MIMEText(f"Message-ID: {message_id}\nSubject: x\n", _subtype="rfc822-headers")
        mail.attach(part)
    else:
        original = Message()
        original["Message-ID"] = message_id
        original.set_payload("x")
        mail.attach(MIMEMessage(original))
    return mail.as_bytes()


Posting = Callable[[], AbstractContextManager[World]]


@pytest.mark.parametrize("headers_only", [True, False])
def test_a_pointer_that_comes_back_is_returned_and_its_handler_told_once(
    posting: Posting, mailbox: Mailbox, headers_only: bool
) -> None:
    with posting() as world, mailbox.open():
        world.submit(email=ADDRESS)
        handler = world.person("data_provider.case_handler")
        world.work()
        sent = world.one(Delivery, channel="email").proof
        (bounce,) = bounces.read(report(sent, headers_only=headers_only))
        assert (bounce.message_id, bounce.status) == (sent, "5.1.1")
        assert [bounces.note(world.database, bounce).outcome for _ in range(2)] == ["returned", "known"]
        assert world.one(Delivery, channel="email").state == "returned"
        assert world.one(Delivery, channel="portal").state == "dispatched"
        assert [(told.kind, told.person_id) for told in world.all(Reminder)] == [("undelivered", handler.id)]
        assert ADDRESS not in str(world.one(AuditEvent, name="delivery.returned").detail)


def test_a_report_about_another_mail_changes_nothing(posting: Posting, mailbox: Mailbox) -> None:
    with posting() as world, mailbox.open():
        world.submit(email=ADDRESS)
        world.work()
        sent = world.one(Delivery, channel="email")
        portal = world.one(Delivery, channel="portal")
        for wrong in (
            f"<{sent.id}@elsewhere.example>",
            f"<{portal.id}@localhost>",
            "<>",
            "x",
            f"<{'0' * 32}@localhost>",
        ):
            for bounce in bounces.read(report(wrong)):
                assert bounces.note(world.database, bounce).outcome == "unknown"
        assert world.one(Delivery, channel="email").state == "dispatched"


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: a@b.cn\n\nhello",
        b"From x\n\nnothing",
        report("<a@b>", action="delayed", status="4.4.1"),
        report("<a@b>", action="delivered", status="2.0.0"),
        report(""),
        report("<a@b>")[:300],
        b'Content-Type: multipart/report; boundary="x"\n\n--x\nContent-Type: message/delivery-status\n\n--x--',
    ],
)
def test_what_is_no_report_of_a_failure_says_nothing(source: bytes) -> None:
    assert bounces.read(source) == []


def test_a_mailbox_of_reports_is_read_one_by_one() -> None:
    box = b"".join(b"From MAILER-DAEMON Tue Apr 21 09:30:00 2026\n" + report(f"<{n}@b>") + b"\n" for n in range(3))
    assert [bounce.message_id for bounce in bounces.read(box)] == ["<0@b>", "<1@b>", "<2@b>"]


def test_the_command_reads_a_file_or_its_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api import cli

    monkeypatch.setenv("DUBAN_VAR", str(tmp_path))
    (tmp_path / "mail").write_bytes(b"From: a@b.cn\n\nhello")
    for given, typed in ((str(tmp_path / "mail"), b""), ("-", b"hello")):
        answer = CliRunner().invoke(cli.app, ["bounces", given], input=io.BytesIO(typed))
        assert (answer.exit_code, "No report" in answer.output) == (0, True)
