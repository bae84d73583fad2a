"""An installation that sends mail, and the server to which it does."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.factories import World, installation
from tests.integration.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return Mailbox(int(taken.getsockname()[1]))


@pytest.fixture
def posting(city_url: str, tmp_path: Path, mailbox: Mailbox) -> Callable[[], AbstractContextManager[World]]:
    """An installation that sends its mail to the mailbox."""
    return lambda: installation(city_url, tmp_path, smtp_host="127.0.0.1", smtp_port=mailbox.port)
