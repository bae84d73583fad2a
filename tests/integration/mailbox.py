"""A real mail server for tests: it keeps what it is given, or refuses it."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


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
