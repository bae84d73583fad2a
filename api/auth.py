"""Who is asking: sessions of browsers, tokens of programs, and the codes of the public.

Deny by default: each route declares by a dependency who may use it (``api.deps``), and what it declares is checked
when the application is made. Programs use bearer tokens and nothing else; a cookie is never looked at under
``/api/``. Browsers have server-side sessions, known by the hash of a random cookie: one for a person at the desk,
another for somebody who follows a case with its reference and code, so that the two do not end each other. Every
change that a session makes needs the session's own token besides, and every change at all needs to come from our own
pages.
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from fastapi import Request, Response

from engine import attempts, clock, directory
from engine.access import Actor
from engine.db import Database, Reading, UnitOfWork
from engine.errors import EngineError, Forbidden
from engine.models import Party, WebSession
from engine.settings import Settings

SESSION_COOKIE = "duban_session"  # of a person at the desk
CASE_COOKIE = "duban_case"  # of somebody who follows one case
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
RENEWED_EVERY = timedelta(minutes=5)

Kind = Literal["person", "party"]
COOKIES: dict[Kind, str] = {"person": SESSION_COOKIE, "party": CASE_COOKIE}


class SignInNeeded(EngineError):
    """Please sign in first."""

    status = 401
    zh = "请先登录。"


class TokenNeeded(EngineError):
    """A valid bearer token is needed in the Authorization header."""

    status = 401
    zh = "请在 Authorization 请求头中提供有效的令牌。"


class CodeNeeded(EngineError):
    """The headers Duban-Reference and Duban-Query-Code are needed."""

    status = 401
    zh = "请在请求头 Duban-Reference 和 Duban-Query-Code 中提供编号和查询码。"


class ForeignRequest(Forbidden):
    """This request did not come from a page of this site; please reload the page and try again."""

    zh = "此请求不是从本站页面发出的，请刷新页面后重试。"


class AuditorsChangeNothing(Forbidden):
    """Auditors look, and change nothing."""

    zh = "审计员只能查看，不能更改。"


# ---------------------------------------------------------------- sessions of browsers


@dataclass(frozen=True)
class Opened:
    """A session that was just opened: the secret for its cookie, and how long it lasts without use."""

    kind: Kind
    secret: str
    csrf: str
    expires_at: datetime

    def set_cookie(self, response: Response, settings: Settings) -> None:
        """Hand the secret to the browser, for this site only and out of reach of scripts."""
        response.set_cookie(
            COOKIES[self.kind], self.secret, httponly=True, samesite="lax", secure=settings.secure_cookies, path="/"
        )


@dataclass(frozen=True)
class Known:
    """Who a session belongs to, and the token that its forms carry."""

    actor: Actor
    csrf: str


def open_session(uow: UnitOfWork, kind: Kind, owner_id: str, replaces: str | None = None) -> Opened:
    """Begin a session for a person or a party. It always has a fresh secret; the one before it ends."""
    if replaces:
        close_session(uow, replaces)
    now = clock.wall()
    opened = Opened(kind, secrets.token_urlsafe(32), secrets.token_urlsafe(32), now + _lifetime(uow.settings, kind))
    uow.add(
        WebSession(
            id=_hashed(opened.secret),
            person_id=owner_id if kind == "person" else None,
            party_id=owner_id if kind == "party" else None,
            csrf=opened.csrf,
            created_at=now,
            seen_at=now,
            expires_at=opened.expires_at,
        )
    )
    return opened


def close_session(uow: UnitOfWork, secret: str) -> None:
    """End a session: its cookie is worth nothing from now on."""
    session = uow.session.get(WebSession, _hashed(secret))
    if session is not None:
        uow.session.delete(session)
        uow.session.flush()


def known(database: Database, request: Request, kind: Kind, visitor: Actor) -> Known | None:
    """Who the cookie of a request belongs to; nothing when there is none, or it has ended."""
    secret = request.cookies.get(COOKIES[kind])
    if not secret:
        return None
    with database.reading(visitor) as reading:
        session = reading.session.get(WebSession, _hashed(secret))
        if session is None or session.expires_at <= clock.wall():
            return None
        actor = _actor_of(reading, session, kind)
    if actor is None:
        return None
    if clock.wall() - session.seen_at > RENEWED_EVERY:
        _renew(database, session.id, kind, visitor)
    return Known(actor, session.csrf)


def _actor_of(reading: Reading, session: WebSession, kind: Kind) -> Actor | None:
    if kind == "person" and session.person_id:
        try:
            return directory.actor_of(reading, session.person_id)
        except directory.PersonLeft:
            return None
    party = reading.session.get(Party, session.party_id) if kind == "party" and session.party_id else None
    return Actor("party", party.id, case_id=party.case_id, locale=party.locale) if party else None


def _renew(database: Database, session_id: str, kind: Kind, visitor: Actor) -> None:
    """A session that is used lasts longer, but no longer than a working day."""
    now = clock.wall()
    with database.unit_of_work(visitor) as uow:
        session = uow.session.get(WebSession, session_id)
        if session is not None:
            longest = session.created_at + timedelta(hours=uow.settings.session_hours)
            session.seen_at, session.expires_at = now, min(now + _lifetime(uow.settings, kind), longest)
            uow.add(session)


def _lifetime(settings: Settings, kind: Kind) -> timedelta:
    if kind == "person":
        return timedelta(hours=settings.session_hours)
    return timedelta(minutes=settings.public_session_minutes)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# ---------------------------------------------------------------- forged requests


def require_own_page(request: Request, base_url: str) -> None:
    """A change must come from a page of ours: browsers say where a request was made. Raises ForeignRequest."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignRequest()
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc not in (request.headers.get("host"), urlsplit(base_url).netloc):
        raise ForeignRequest()


async def require_csrf_token(request: Request, expected: str) -> None:
    """A change in a session must carry the session's token, in a header or a form field. Raises ForeignRequest."""
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise ForeignRequest()


# ---------------------------------------------------------------- guessing

NEARBY, ANYWHERE = 5, 10  # an address may be an office, a name may be under attack from many places


def check_attempts(reading: Reading, address: str, name: str) -> None:
    """Refuse to look at a password or code where too many were wrong; raises TooManyAttempts."""
    for key, allowance in _limits(address, name):
        attempts.check(reading, key, allowance=allowance)


def count_failure(uow: UnitOfWork, address: str, name: str) -> None:
    """Count one wrong password or code against the address, the name, and the two together."""
    for key, _ in _limits(address, name):
        attempts.failed(uow, key)


def _limits(address: str, name: str) -> tuple[tuple[str, int], ...]:
    return (f"pair:{address}:{name}", 1), (f"address:{address}", NEARBY), (f"name:{name}", ANYWHERE)


def address_of(request: Request) -> str:
    """From where a request came. IPv6 hands out whole networks, so of those only the first half counts."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))
