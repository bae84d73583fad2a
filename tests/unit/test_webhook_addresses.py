"""Where messages to other systems may go: into the world, over TLS, and not into our own network, whatever a name says."""

import socket
from pathlib import Path
from typing import Any

import pytest

from engine import webhook_post
from engine.settings import Settings

PUBLIC = "93.184.216.34"
CLOSED = Settings(var=Path("unused"))
DEMO = Settings(var=Path("unused"), demo=True)
PRIVATE = Settings(var=Path("unused"), webhook_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x" * 501,
        "example.org/hook",
        "ftp://example.org/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://example.org/hook",
        "https://",
        "https:///hook",
        "https://user:password@example.org/",
        "https://user@example.org/",
        "https://@example.org/",
        "https://example.org/#part",
        "https://example.org/ path",
        "https://example.org/\r\nX: y",
        "https://exämple.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://[::1/",
        "https://127.0.0.1/",
        "http://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://[::]/",
    ],
)
def test_this_address_is_refused_at_once(address: str) -> None:
    with pytest.raises(webhook_post.AddressUnusable) as refused:
        webhook_post.check_address(CLOSED, address)
    assert refused.value.sentence("zh").endswith("。")


@pytest.mark.parametrize(
    "address", ["https://example.org", "https://example.org:8443/a?b=c", "https://[2606:2800::1]/"]
)
def test_a_public_address_over_tls_is_accepted(address: str) -> None:
    assert webhook_post.check_address(CLOSED, address).secure


def test_this_machine_may_be_told_in_a_demonstration() -> None:
    assert not webhook_post.check_address(DEMO, "http://127.0.0.1:9000/hook").secure
    with pytest.raises(webhook_post.AddressUnusable):
        webhook_post.check_address(DEMO, "https://10.0.0.1/")


def test_private_networks_are_opened_by_a_setting_but_never_the_addresses_of_the_machine_room() -> None:
    assert webhook_post.check_address(PRIVATE, "https://10.0.0.1/hook").host == "10.0.0.1"
    for address in ("http://10.0.0.1/", "https://169.254.169.254/", "https://0.0.0.0/", "https://[fe80::1]/"):
        with pytest.raises(webhook_post.AddressUnusable):
            webhook_post.check_address(PRIVATE, address)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve so, one answer after the other; returns what was connected to."""
    connected: list[str] = []
    left = list(answers)

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in found]

    def create_connection(place: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    return connected


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_into_our_network_is_not_connected_to(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    for answers in ([inside], [PUBLIC, inside]):
        connected = resolving(monkeypatch, answers)
        with pytest.raises(webhook_post.NotTaken, match="private network"):
            webhook_post.post(CLOSED, "https://inside.example.org/", {}, b"{}")
        assert connected == []


def test_a_name_that_answers_differently_a_moment_later_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving(monkeypatch, [PUBLIC], ["127.0.0.1"])
    with pytest.raises(webhook_post.NotTaken):
        webhook_post.post(CLOSED, "https://rebinding.example.org/", {}, b"{}")
    assert connected == [PUBLIC]
