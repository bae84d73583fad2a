"""A mail server that is busy at first: it takes each mail when it is brought the second time, and remembers it."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any, Self

from aiosmtpd.controller import Controller


class Mailbox:
    """Mails by their Message-ID: one mail, however often it is brought."""

    def __init__(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = int(taken.getsockname()[1])
        self.brought: Counter[str] = Counter()

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        mail = str(message_from_bytes(envelope.content)["Message-ID"])
        self.brought[mail] += 1
        return "451 try again later" if self.brought[mail] == 1 else "250 OK"

    @contextmanager
    def open(self) -> Iterator[Self]:
        server = Controller(self, hostname="127.0.0.1", port=self.port)
        server.start()
        yield self
        server.stop()
