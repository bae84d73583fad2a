"""The way out to other systems: one POST to an address that an administrator gave, and no way into our own network.

The name is resolved once, every address behind it is judged, and the connection goes to an address that was judged: a name that
answers differently a moment later changes nothing. No redirect is followed, no proxy asked, no answer read beyond its head.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.errors import EngineError, Invalid
from engine.settings import Settings

SECONDS = 10.0  # for everything: connecting, sending, and the head of the answer
LONGEST_ADDRESS = 500
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_HERE = ("127.0.0.1", "localhost", "::1")
_WORLD = ipaddress.ip_network("2000::/3")
IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressUnusable(Invalid):
    """The address of a receiver cannot be used: {reason}."""

    zh = "接收地址不可用：{reason_zh}。"


class NotTaken(EngineError):
    """The receiver did not take the message: {reason}"""

    zh = "对方没有接收：{reason}"


@dataclass(frozen=True)
class Place:
    """An address in its parts."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """As the receiver is addressed in the request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def check_address(settings: Settings, address: str) -> Place:
    """Refuse what is no address of a receiver, as far as it shows without asking anybody; raises AddressUnusable."""
    place = _place(address)
    here = place.host in _HERE
    if not place.secure and not (here and _may_stay_here(settings)):
        raise _unusable("it must begin with https://", "应以 https:// 开头")
    try:
        literal = ipaddress.ip_address(place.host)
    except ValueError:
        literal = None
    if (here and not _may_stay_here(settings)) or (literal is not None and not _allowed(settings, literal)):
        raise _unusable("it leads into a private network", "指向内部网络")
    return place


def post(settings: Settings, address: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send once; gives the status of an answer that took the message (2xx), and raises NotTaken in every other case."""
    try:
        place = check_address(settings, address)
        return _taken(_exchange(settings, place, headers, body))
    except AddressUnusable as error:
        raise NotTaken(reason=error.sentence()) from None
    except ssl.SSLError as error:
        raise NotTaken(reason=f"no trusted connection ({error.reason or type(error).__name__}).") from None
    except TimeoutError:
        raise NotTaken(reason=f"no answer within {SECONDS:g} seconds.") from None
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(reason=f"no connection ({type(error).__name__}).") from None


def _taken(status: int) -> int:
    if 200 <= status < 300:
        return status
    if 300 <= status < 400:
        raise NotTaken(reason=f"it redirects ({status}), which is not followed.", status=status)
    raise NotTaken(reason=f"it answered {status}.", status=status)


def _exchange(settings: Settings, place: Place, headers: Mapping[str, str], body: bytes) -> int:
    """One request over one connection, closed after the head of the answer; raises TimeoutError when it takes too long."""
    with _Deadline() as deadline:
        plain = _connected(settings, place)
        deadline.guard(plain)
        try:
            line = _secured(plain, place) if place.secure else plain
            deadline.guard(line)
            talk = http.client.HTTPConnection(place.host, place.port, timeout=SECONDS)
            talk.sock = line
            talk.request("POST", place.path, body, {"Host": place.name, "Connection": "close", **headers})
            return talk.getresponse().status
        except (OSError, http.client.HTTPException):
            if deadline.passed:
                raise TimeoutError from None
            raise
        finally:
            deadline.line.close()


def _connected(settings: Settings, place: Place) -> socket.socket:
    """A connection to the first address behind the name that answers; none is tried before all have been judged."""
    entries = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in entries))
    for address in found:
        if not _allowed(settings, ipaddress.ip_address(address)):
            raise _unusable("its name leads into a private network", "域名指向内部网络")
    refused: OSError = OSError()
    for address in found:
        try:
            return socket.create_connection((address, place.port), timeout=SECONDS / len(found))
        except OSError as error:
            refused = error
    raise refused


def _secured(plain: socket.socket, place: Place) -> socket.socket:
    plain.settimeout(SECONDS)
    return ssl.create_default_context().wrap_socket(plain, server_hostname=place.host)


class _Deadline:
    """Cuts the line when the whole exchange takes too long: a receiver that drips bytes never lets a single wait end."""

    def __init__(self) -> None:
        self.passed = False
        self.line: Any = None
        self._timer = threading.Timer(SECONDS, self._strike)
        self._timer.daemon = True

    def guard(self, line: socket.socket) -> None:
        self.line = line

    def _strike(self) -> None:
        self.passed = True
        if self.line is not None:
            try:
                socket.socket.shutdown(self.line, socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


# ---------------------------------------------------------------- addresses


def _place(address: str) -> Place:
    if not address or len(address) > LONGEST_ADDRESS or not address.isascii() or not re.fullmatch(r"[!-~]+", address):
        raise _unusable(
            f"it has 1 to {LONGEST_ADDRESS} ASCII signs without blanks",
            f"应为 1 至 {LONGEST_ADDRESS} 个不含空格的 ASCII 字符",
        )
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _unusable("it is no address", "格式不正确") from None
    if parts.scheme not in ("http", "https"):
        raise _unusable("it must begin with https://", "应以 https:// 开头")
    if parts.username is not None or parts.password is not None or "#" in address:
        raise _unusable("it may have neither a login nor a fragment", "不能包含用户名、密码或者片段")
    if not (_HOST.fullmatch(host) or _is_v6(host)) or port == 0:
        raise _unusable("it names no machine", "没有写明主机")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    return Place(secure, host, port or (443 if secure else 80), path)


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6 and "%" not in host
    except ValueError:
        return False


def _may_stay_here(settings: Settings) -> bool:
    return settings.demo or settings.webhook_private


def _allowed(settings: Settings, address: IP) -> bool:
    """Whether a message may go to an address: anywhere in the world; into private networks where a setting allows it."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return _may_stay_here(settings)
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False  # where clouds keep the keys of their machines, among others
    if address.is_private:
        return settings.webhook_private
    if isinstance(address, ipaddress.IPv6Address):  # no IPv4 address may hide in it
        return address in _WORLD and address.sixtofour is None and address.teredo is None
    return address.is_global


def _unusable(reason: str, zh: str) -> AddressUnusable:
    return AddressUnusable(reason=reason, reason_zh=zh)
