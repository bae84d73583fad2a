"""The doors to the engine: who asks, in which language, and the one place where a request opens the database.

A route takes one door as a parameter, and thereby declares who may use it::

    @router.post("/tasks/{task_id}/claim")
    def claim(task_id: str, door: ApiPerson) -> …:
        with door.writing() as uow:        # commits at the end of this block, before anything is answered
            tasks.claim(uow, task_id)

Doors of programs (``Api…``) look at bearer tokens, or at reference and code in headers; doors of pages (``Page…``)
look at cookies and, for every change, at the session's token and at where the request came from. What is slow
(parsing, storing files, checking passwords) is done before ``writing()``, which holds the only lock.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool

from api import auth, problems
from engine import audit, clock, directory, query_codes
from engine.access import PUBLIC, Actor, require_administrator, require_overseer, require_supervisor
from engine.db import Database, Reading, UnitOfWork
from engine.errors import Conflict, Invalid
from engine.failpoints import failpoint
from engine.models import IdempotencyKey
from engine.settings import Settings

Who = Literal["public", "party", "person", "supervisor", "overseer", "administrator"]


@dataclass(frozen=True)
class Door:
    """Somebody's way to the data: who they are, how they read, where from, and how to look and change."""

    database: Database
    actor: Actor
    locale: str
    address: str  # from where the request came: for limits, never for the log
    csrf: str = ""  # the token that forms of this session carry in the field ``csrf``
    visitor: Actor | None = None  # on public pages: the person who happens to be signed in
    nudge: Callable[[], None] = lambda: None  # wakes the worker after a commit

    @property
    def settings(self) -> Settings:
        return self.database.settings

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Look; nothing is written."""
        with self.database.reading(self.actor) as reading:
            yield reading

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Change: one transaction, committed when the block ends well. Then the worker is woken, where it left work."""
        if self.actor.duty == "auditor":
            raise auth.AuditorsChangeNothing()
        with self.database.unit_of_work(self.actor) as uow:
            yield uow
            if uow.left_work:
                uow.after_commit(self.nudge)

    def as_actor(self, actor: Actor) -> "Door":
        """The same door for somebody who has just shown who they are."""
        return replace(self, actor=replace(actor, locale=self.locale))


def access_of(route: APIRoute) -> "Access | None":
    """Who may use a route, as it declares; nothing when it declares nobody, which is a fault."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, CookieAccess | TokenAccess | CodeAccess):
            return dependency.call
    return None


def _door(request: Request, actor: Actor) -> Door:
    state, locale = request.app.state, problems.locale_of(request)
    address = auth.address_of(request)
    return Door(state.database, replace(actor, locale=locale), locale, address, nudge=state.nudge)


def _admit(who: Who, actor: Actor) -> None:
    """Whether somebody known is the kind of somebody that a route is for."""
    if who == "supervisor":
        require_supervisor(actor)
    if who == "overseer":
        require_overseer(actor)
    if who == "administrator":
        require_administrator(actor)


# ---------------------------------------------------------------- programs

_bearer = HTTPBearer(
    auto_error=False, description="Made by `duban user token LOGIN`. Cookies are never looked at here."
)


@dataclass(frozen=True)
class TokenAccess:
    """A program with a bearer token. Where ``who`` is public it may come without one, but never with a wrong one."""

    who: Who

    def __call__(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Door:
        door = _door(request, PUBLIC)
        if "authorization" not in request.headers:
            if self.who == "public":
                return door
            raise auth.TokenNeeded()
        with door.reading() as reading:
            actor = directory.actor_by_token(reading, bearer.credentials) if bearer else None
        if actor is None:
            raise auth.TokenNeeded()
        _admit(self.who, actor)
        return door.as_actor(actor)


@dataclass(frozen=True)
class CodeAccess:
    """Somebody who follows one case with its reference and query code, both in headers: addresses end up in logs."""

    who: Who = "party"

    def __call__(
        self,
        request: Request,
        duban_reference: Annotated[
            str | None, Header(max_length=100, description="The case's reference.", examples=["KF-2026-000001"])
        ] = None,
        duban_query_code: Annotated[
            str | None, Header(max_length=100, description="The code from the receipt, with or without blanks.")
        ] = None,
    ) -> Door:
        if not duban_reference or not duban_query_code:
            raise auth.CodeNeeded()
        door = _door(request, PUBLIC)
        return door.as_actor(show_code(door, duban_reference, duban_query_code))


ApiAnyone = Annotated[Door, Depends(TokenAccess("public"))]
ApiParty = Annotated[Door, Depends(CodeAccess())]
ApiPerson = Annotated[Door, Depends(TokenAccess("person"))]
ApiSupervisor = Annotated[Door, Depends(TokenAccess("supervisor"))]
ApiOverseer = Annotated[Door, Depends(TokenAccess("overseer"))]
ApiAdministrator = Annotated[Door, Depends(TokenAccess("administrator"))]


# ---------------------------------------------------------------- pages


@dataclass(frozen=True)
class CookieAccess:
    """A reader of pages, known by the cookie of a session. Changes are checked against forgery."""

    who: Who

    async def __call__(self, request: Request) -> Door:
        door = _door(request, PUBLIC)
        changes = request.method not in auth.SAFE_METHODS
        if changes:
            auth.require_own_page(request, door.settings.base_url)
        kind: auth.Kind = "party" if self.who == "party" else "person"
        known = await run_in_threadpool(auth.known, door.database, request, kind, PUBLIC)
        if self.who == "public":
            return replace(door, visitor=known.actor, csrf=known.csrf) if known else door
        if known is None:
            raise auth.SignInNeeded()
        if changes:
            await auth.require_csrf_token(request, known.csrf)
        _admit(self.who, known.actor)
        return replace(door.as_actor(known.actor), csrf=known.csrf)


Access = TokenAccess | CodeAccess | CookieAccess


def who_is_there(request: Request) -> Door | None:
    """The door of whoever happens to be signed in, for a page that comes whatever was asked for: that of an error."""
    door = _door(request, PUBLIC)
    known = auth.known(door.database, request, "person", PUBLIC)
    return replace(door.as_actor(known.actor), csrf=known.csrf) if known else None


PageAnyone = Annotated[Door, Depends(CookieAccess("public"))]
PageParty = Annotated[Door, Depends(CookieAccess("party"))]
PagePerson = Annotated[Door, Depends(CookieAccess("person"))]
PageSupervisor = Annotated[Door, Depends(CookieAccess("supervisor"))]
PageOverseer = Annotated[Door, Depends(CookieAccess("overseer"))]
PageAdministrator = Annotated[Door, Depends(CookieAccess("administrator"))]


# ---------------------------------------------------------------- showing who one is


def show_code(door: Door, reference: str, code: str) -> Actor:
    """The party behind a reference and code; raises WrongCode, alike for a wrong number and a wrong code.

    Wrong ones are counted, right ones never.
    """
    reference = "".join(c for c in reference[:100] if c.isprintable())
    name = f"reference:{query_codes.plain_reference(reference)}"  # however it is spelled, it is one number
    with door.reading() as reading:
        auth.check_attempts(reading, door.address, name)
        try:
            return query_codes.authenticate_party(reading, reference, code)
        except query_codes.WrongCode as error:
            wrong = error
    with door.writing() as uow:
        auth.count_failure(uow, door.address, name)
    raise wrong


def follow_case(door: Door, request: Request, reference: str, code: str) -> auth.Opened:
    """Open a session for the party of a case, after the right reference and code (pages)."""
    actor = show_code(door, reference, code)
    with door.as_actor(actor).writing() as uow:
        return auth.open_session(uow, "party", actor.id, replaces=request.cookies.get(auth.CASE_COOKIE))


def sign_in(door: Door, request: Request, login: str, password: str) -> auth.Opened:
    """Open a session for a person, after the right login and password (pages); raises WrongCredentials.

    Wrong ones are counted, right ones never.
    """
    name = f"login:{directory.folded(login)[:64]}"  # however it is spelled, it is one login
    try:
        with door.reading() as reading:
            auth.check_attempts(reading, door.address, name)
            person = directory.sign_in(reading, login, password)
            actor = directory.actor_of(reading, person.id)
    except directory.WrongCredentials:
        with door.writing() as uow:
            auth.count_failure(uow, door.address, name)
            audit.record(uow, "person.sign_in_failed", stream="sign_in")
        raise
    with door.database.unit_of_work(actor) as uow:  # an auditor changes nothing, but signs in
        audit.record(uow, "person.signed_in", stream="sign_in")
        return auth.open_session(uow, "person", person.id, replaces=request.cookies.get(auth.SESSION_COOKIE))


def sign_out(door: Door, request: Request, kind: auth.Kind) -> None:
    """End the session of this browser (pages); the page deletes the cookie with ``forget_cookie``."""
    with door.database.unit_of_work(door.actor) as uow:
        auth.close_session(uow, request.cookies.get(auth.COOKIES[kind], ""))
        if kind == "person":
            audit.record(uow, "person.signed_out", stream="sign_in")


# ---------------------------------------------------------------- doing things once


class KeyFaulty(Invalid):
    """An Idempotency-Key has 1 to 100 printable ASCII signs."""

    zh = "Idempotency-Key 应为 1 至 100 个可打印的 ASCII 字符。"


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request."""

    zh = "该 Idempotency-Key 已用于另一个请求。"


class _Raced(Exception):
    """Somebody else is just carrying out the same request."""


Answer = dict[str, Any]  # plain values, ids only: it is kept, with the sentences of ``warnings``


@dataclass(frozen=True)
class Once:
    """The key under which a request has one effect, however often and from however many places it is sent."""

    key: str | None
    place: str  # method and address

    def write(self, door: Door, request: Any, act: Callable[[UnitOfWork], Answer]) -> Answer:
        """Carry out ``act`` in one unit of work, or give the answer that it had the first time.

        ``request`` is what was asked (plain values): the same key with another request is refused. What failed is not
        kept, so it may be tried again under the same key. What whoever acts must be told besides is in ``warnings``.
        """

        def answered(uow: UnitOfWork) -> Answer:
            return act(uow) | {"warnings": [warning.sentence(door.locale) for warning in uow.warnings]}

        if self.key is None:
            with door.writing() as uow:
                return answered(uow)
        while True:
            try:
                with door.writing() as uow:
                    return self._kept_or_done(uow, request, answered)
            except _Raced:
                continue  # the other one has committed by now: its answer is ours

    def _kept_or_done(self, uow: UnitOfWork, request: Any, act: Callable[[UnitOfWork], Answer]) -> Answer:
        scope = uow.keys.token(f"{uow.actor}|{self.place}", "idempotency")
        value = uow.keys.token(str(self.key), "idempotency")
        fingerprint = uow.keys.token(json.dumps(request, sort_keys=True, default=str), "idempotency")
        same = select(IdempotencyKey).where(col(IdempotencyKey.scope) == scope, col(IdempotencyKey.value) == value)
        kept = uow.session.exec(same).first()
        if kept is not None:
            if kept.fingerprint != fingerprint:
                raise KeyReused()
            return {"warnings": []} | kept.result
        kept = IdempotencyKey(scope=scope, value=value, fingerprint=fingerprint, created_at=clock.wall())
        try:
            uow.add(kept)  # PostgreSQL waits here for one that is at work under the same key
        except IntegrityError:
            raise _Raced() from None
        failpoint("deps.key_kept")
        kept.result = act(uow)
        uow.add(kept)
        return dict(kept.result)


def _once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Any text of your choice, for example a UUID. Sent again with the same request, it has the "
            "same answer and no second effect.",
            examples=["3f1c9f0e-6f0a-4b0e-8f53-2f1a9d7f7a11"],
        ),
    ] = None,
) -> Once:
    if idempotency_key is not None and not re.fullmatch(r"[!-~]([ -~]{0,98}[!-~])?", idempotency_key):
        raise KeyFaulty()
    return Once(idempotency_key, f"{request.method} {request.url.path}")


OnlyOnce = Annotated[Once, Depends(_once)]


# ---------------------------------------------------------------- the revision one has seen


class ChangedMeanwhile(Conflict):
    """Somebody changed this after you looked (If-Match); look again, then decide."""

    status = 412
    zh = "您查看之后内容已被更改（If-Match），请重新查看后再操作。"


def etag(revision: int | str) -> str:
    """A revision as programs send it back."""
    return f'"{revision}"'


def _seen(
    if_match: Annotated[
        str | None,
        Header(description="The ETag of what you looked at. If it has changed since, nothing is done (412)."),
    ] = None,
) -> str | None:
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


SeenRevision = Annotated[str | None, Depends(_seen)]


def require_unchanged(seen: str | None, revision: int | str) -> None:
    """Refuse to act on something that is not what the caller looked at; raises ChangedMeanwhile."""
    if seen is not None and seen != str(revision):
        raise ChangedMeanwhile()
