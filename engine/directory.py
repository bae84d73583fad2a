"""Agencies and people: which organisations there are, who stands over whom, who works where, and who signs in.

Passwords are kept as argon2 hashes, tokens as SHA-256. Hashing is slow on purpose, so it is done outside any write:
``hash_password`` before the unit of work opens, ``sign_in`` in a reading.
"""

import hashlib
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from pwdlib import PasswordHash
from sqlalchemy import bindparam, or_
from sqlmodel import col, select

from engine import absences, audit, clock, relations, roles
from engine.access import UNIT_HEAD, Actor, require_administrator
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, EngineError, Invalid, NotFound
from engine.models import ApiToken, Membership, Organisation, OrganisationRelation, Person, UtcDateTime

RELATIONS = ("superior_of", "business_guidance_of")
LONGEST_CODE = 64  # of an organisation
DUTIES = ("none", "administrator", "auditor")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 200
STREAM = "administration"

_HASHES = PasswordHash.recommended()
_HASHING = threading.BoundedSemaphore(4)  # each takes 64 MB: a flood of sign-ins must not take the machine


class WrongCredentials(EngineError):
    """The login or the password is wrong."""

    status = 401
    zh = "用户名或密码不正确。"


class PersonNotFound(NotFound):
    """There is nobody with the login “{login}”."""

    zh = "没有用户名为“{login}”的人员。"


class PersonLeft(EngineError):
    """This person does not work here any more."""

    status = 401
    zh = "该人员已停用。"


class OrganisationNotFound(NotFound):
    """There is no organisation with the code “{code}”."""

    zh = "没有代码为“{code}”的机构。"
    quotes = True


class LoginFaulty(Invalid):
    """“{login}” cannot be a login: 2 to 64 small letters, digits, dots, hyphens or underscores."""

    zh = "“{login}”不能作为用户名：应为 2 至 64 个小写字母、数字、点、连字符或下划线。"


class LoginTaken(Conflict):
    """The login “{login}” is taken."""

    zh = "用户名“{login}”已被使用。"


class CodeTaken(Conflict):
    """The code “{code}” belongs to another organisation."""

    zh = "代码“{code}”已属于其他机构。"


class PasswordTooWeak(Invalid):
    """A password has {shortest} to {longest} signs."""

    zh = "密码长度应为 {shortest} 至 {longest} 个字符。"


class DutyUnknown(Invalid):
    """“{duty}” is not a duty: {known}."""

    zh = "“{duty}”不是有效的职责：{known}。"


class RoleUnknown(Invalid):
    """“{role}” is not a role: {known}."""

    zh = "“{role}”不是有效的角色：{known}。"


class RelationUnknown(Invalid):
    """“{kind}” is not a relation between organisations: {known}."""

    zh = "“{kind}”不是有效的机构关系：{known}。"


class RelationCircular(Conflict):
    """{lower} is the same as {upper} or stands over it already, so it cannot stand below it."""

    zh = "{lower}与{upper}是同一机构，或者已经是它的上级，不能再设为它的下级。"


class DutiesSeparated(Conflict):
    """Administrators and auditors handle no cases, so they have no role in an organisation."""

    zh = "系统管理员和审计员不办理案件，不得在机构中担任角色。"


# ---------------------------------------------------------------- organisations


def organisations(reading: Reading, kinds: Iterable[str] | None = None) -> list[Organisation]:
    """The organisations that take part in cases, by level and code; of some kinds only, when asked."""
    found = select(Organisation).where(col(Organisation.active).is_(True))
    if kinds is not None:
        found = found.where(col(Organisation.kind).in_(list(kinds)))
    return list(reading.session.exec(found.order_by(col(Organisation.level), col(Organisation.code))))


def organisation(reading: Reading, code: str) -> Organisation:
    """The organisation with a code; raises OrganisationNotFound."""
    found = reading.session.exec(select(Organisation).where(col(Organisation.code) == code)).first()
    if found is None:
        raise OrganisationNotFound(code=code[:64])
    return found


def named(reading: Reading, values: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """The organisations whose codes stand among some values, by code, as expressions of a process read them."""
    codes = [value for value in values if isinstance(value, str) and len(value) <= LONGEST_CODE]
    found = reading.session.exec(select(Organisation).where(col(Organisation.code).in_(codes)))
    return relations.described(reading, found)


def create_organisation(uow: UnitOfWork, code: str, name: str, kind: str, level: str, **details: Any) -> Organisation:
    """Add an organisation; ``details`` are further columns (short_name, name_en, document_prefix, phone, address)."""
    require_administrator(uow.actor)
    if uow.session.exec(select(Organisation.id).where(col(Organisation.code) == code)).first():
        raise CodeTaken(code=code)
    made = Organisation(code=code, name=name, kind=kind, level=level, **{"short_name": name, **details})
    uow.add(made)
    audit.record(uow, "organisation.created", stream=STREAM, organisation=made.id)
    return made


def relate(uow: UnitOfWork, upper_id: str, lower_id: str, kind: str) -> None:
    """Say that one organisation stands over another, as superior or as guide of its business. Twice is once.

    Nobody stands over itself, by however many steps: raises RelationCircular.
    """
    require_administrator(uow.actor)
    if kind not in RELATIONS:
        raise RelationUnknown(kind=kind, known=", ".join(RELATIONS))
    uow.take_turns(f"relations:{kind}")
    if lower_id in (upper_id, *relations.all_above(uow, upper_id, kind)):
        upper, lower = (uow.session.get_one(Organisation, each).name for each in (upper_id, lower_id))
        raise RelationCircular(upper=upper, lower=lower)
    same = select(OrganisationRelation.id).where(
        col(OrganisationRelation.upper_id) == upper_id,
        col(OrganisationRelation.lower_id) == lower_id,
        col(OrganisationRelation.kind) == kind,
    )
    if uow.session.exec(same).first() is None:
        uow.add(OrganisationRelation(upper_id=upper_id, lower_id=lower_id, kind=kind))
        audit.record(uow, "organisation.related", stream=STREAM, upper=upper_id, lower=lower_id, kind=kind)


# ---------------------------------------------------------------- people


def people(reading: Reading) -> list[Person]:
    """Everybody who can sign in, by login."""
    require_administrator(reading.actor)
    return list(reading.session.exec(select(Person).order_by(col(Person.login))))


def person(reading: Reading, login: str) -> Person:
    """The person with a login; raises PersonNotFound."""
    found = reading.session.exec(select(Person).where(col(Person.login) == folded(login))).first()
    if found is None:
        raise PersonNotFound(login=login[:64])
    return found


def create_person(
    uow: UnitOfWork,
    login: str,
    name: str,
    password_hash: str,
    *,
    email: str = "",
    locale: str = "zh",
    duty: str = "none",
) -> Person:
    """Add somebody who signs in; ``password_hash`` comes from ``hash_password``, before the unit of work opened."""
    require_administrator(uow.actor)
    login = folded(login)
    if not re.fullmatch(r"[a-z0-9._-]{2,64}", login):
        raise LoginFaulty(login=login[:64])
    if duty not in DUTIES:
        raise DutyUnknown(duty=duty[:40], known=", ".join(DUTIES))
    if uow.session.exec(select(Person.id).where(col(Person.login) == login)).first():
        raise LoginTaken(login=login)
    made = Person(
        login=login,
        name=name,
        email=email,
        password_hash=password_hash,
        locale=locale,
        duty=duty,
        created_at=clock.wall(),
    )
    uow.add(made)
    audit.record(uow, "person.created", stream=STREAM, person=made.id, duty=duty)
    return made


def set_password(uow: UnitOfWork, person_id: str, password_hash: str) -> None:
    """Give somebody another password; ``password_hash`` comes from ``hash_password``."""
    require_administrator(uow.actor)
    somebody = uow.session.get_one(Person, person_id)
    somebody.password_hash = password_hash
    uow.add(somebody)
    audit.record(uow, "person.password_set", stream=STREAM, person=person_id)


def grant_role(uow: UnitOfWork, person_id: str, organisation_id: str, role: str, unit: str = "") -> Membership:
    """Let a person work in a role of an organisation, from now on. Granting it again changes nothing."""
    require_administrator(uow.actor)
    known = roles.known(uow.settings)
    if known and role not in known:
        raise RoleUnknown(role=role[:40], known=", ".join(sorted(known)))
    if uow.session.get_one(Person, person_id).duty != "none":
        raise DutiesSeparated()
    membership = _membership(uow, person_id, organisation_id, role) or Membership(
        person_id=person_id, organisation_id=organisation_id, role=role
    )
    membership.unit, membership.ended_at = unit or membership.unit, None
    uow.add(membership)
    audit.record(uow, "role.granted", stream=STREAM, person=person_id, organisation=organisation_id, role=role)
    return membership


def end_role(uow: UnitOfWork, person_id: str, organisation_id: str, role: str) -> None:
    """Take a role from a person. What they did in it stays theirs."""
    require_administrator(uow.actor)
    membership = _membership(uow, person_id, organisation_id, role)
    if membership is not None and membership.ended_at is None:
        membership.ended_at = uow.now
        uow.add(membership)
        audit.record(uow, "role.ended", stream=STREAM, person=person_id, organisation=organisation_id, role=role)


def memberships(reading: Reading, person_id: str) -> list[tuple[Organisation, Membership]]:
    """Where a person works now, and as what."""
    found = (
        select(Organisation, Membership)
        .join(Membership, col(Membership.organisation_id) == col(Organisation.id))
        .where(col(Membership.person_id) == person_id, col(Membership.ended_at).is_(None))
        .order_by(col(Organisation.code), col(Membership.role))
    )
    return [(organisation, membership) for organisation, membership in reading.session.exec(found)]


def holders(reading: Reading, role: str, *organisation_ids: str) -> list[str]:
    """The people (by id) who hold a role in any of the organisations now."""
    seats = (
        select(Membership.person_id)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Membership.role) == role, col(Membership.organisation_id).in_(organisation_ids))
        .where(col(Membership.ended_at).is_(None), col(Person.active).is_(True))
    )
    return sorted(set(reading.session.exec(seats)))


def _membership(uow: UnitOfWork, person_id: str, organisation_id: str, role: str) -> Membership | None:
    return uow.session.exec(
        select(Membership).where(
            col(Membership.person_id) == person_id,
            col(Membership.organisation_id) == organisation_id,
            col(Membership.role) == role,
        )
    ).first()


# ---------------------------------------------------------------- signing in


def hash_password(password: str) -> str:
    """What is kept of a password: its argon2id hash. Slow on purpose; raises PasswordTooWeak."""
    plain = _normal(password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        raise PasswordTooWeak(shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)
    with _HASHING:
        return _HASHES.hash(plain)


def sign_in(reading: Reading, login: str, password: str) -> Person:
    """The person behind a login and password; raises WrongCredentials.

    An unknown login costs as much work as a wrong password, so that nobody can find out who works here.
    """
    decoy = _decoy()
    known = reading.session.exec(select(Person).where(col(Person.login) == folded(login))).first()
    with _HASHING:
        right = _HASHES.verify(_normal(password)[: LONGEST_PASSWORD + 1], known.password_hash if known else decoy)
    if known is None or not right or not known.active:
        raise WrongCredentials()
    return known


def actor_of(reading: Reading, person_id: str) -> Actor:
    """Who a person is now: their roles, their duty, their language, for whom they stand in; raises PersonLeft."""
    actor = _actor(reading, list(reading.session.exec(_ACTOR_BY_ID, params={"person_id": person_id})))
    if actor is None:
        raise PersonLeft()
    return actor


def _actor(reading: Reading, rows: Sequence[tuple[Person, str | None, str | None, str | None]]) -> Actor | None:
    """Somebody active from the rows of ``_ACTOR``, one a role that they hold now; nobody when there is no row."""
    if not rows:
        return None
    somebody = rows[0][0]
    held = frozenset((organisation_id, role) for _, organisation_id, role, _ in rows if organisation_id and role)
    heads = frozenset((o, unit or "") for _, o, role, unit in rows if o and role == UNIT_HEAD)
    actor = Actor("person", somebody.id, roles=held, units=heads, duty=somebody.duty, locale=somebody.locale)
    return _standing_in(reading, actor) if held else actor


def _standing_in(reading: Reading, actor: Actor) -> Actor:
    """The actor with what absent colleagues may do, as far as they work in the same organisation."""
    ours = actor.organisations()
    lent = [row for row in absences.roles_stood_in_for(reading, actor.id) if row[1] in ours]
    return replace(
        actor,
        roles=actor.roles | {(organisation_id, role) for _, organisation_id, role, _ in lent},
        units=actor.units | {(organisation_id, unit) for _, organisation_id, role, unit in lent if role == UNIT_HEAD},
        stands_in_for=frozenset(person_id for person_id, _, _, _ in lent),
    )


_ACTOR = (
    select(Person, Membership.organisation_id, Membership.role, Membership.unit)
    .outerjoin(Membership, (col(Membership.person_id) == col(Person.id)) & col(Membership.ended_at).is_(None))
    .where(col(Person.active).is_(True))
)
_ACTOR_BY_ID = _ACTOR.where(col(Person.id) == bindparam("person_id"))
_ACTOR_BY_TOKEN = _ACTOR.join(ApiToken, col(ApiToken.person_id) == col(Person.id)).where(
    col(ApiToken.token_hash) == bindparam("token_hash"),
    col(ApiToken.revoked_at).is_(None),
    or_(col(ApiToken.expires_at).is_(None), col(ApiToken.expires_at) > bindparam("now", type_=UtcDateTime)),
)


@cache
def _decoy() -> str:
    """A hash that no password meets, made like a real one, so that verifying against it takes as long."""
    return _HASHES.hash(secrets.token_urlsafe(32))


def folded(login: str) -> str:
    """A login as it was meant: full-width letters and capitals do not matter, and nothing unseen is in it."""
    return "".join(c for c in unicodedata.normalize("NFKC", login[:200]) if c.isprintable()).strip().lower()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password[:1000])


# ---------------------------------------------------------------- tokens of programs


def create_token(uow: UnitOfWork, person_id: str, label: str, days: int | None = None) -> str:
    """A bearer token with which a program acts as a person. It is shown this once; only its hash is kept."""
    require_administrator(uow.actor)
    now = clock.wall()
    token = f"duban_{secrets.token_urlsafe(32)}"
    kept = ApiToken(
        person_id=person_id,
        token_hash=_token_hash(token),
        label=label[:100],
        created_at=now,
        expires_at=now + timedelta(days=days) if days is not None else None,
    )
    uow.add(kept)
    audit.record(uow, "token.created", stream=STREAM, person=person_id, token=kept.id)
    return token


def tokens(reading: Reading, person_id: str) -> list[ApiToken]:
    """The tokens of a person that were not revoked, oldest first."""
    require_administrator(reading.actor)
    kept = select(ApiToken).where(col(ApiToken.person_id) == person_id, col(ApiToken.revoked_at).is_(None))
    return list(reading.session.exec(kept.order_by(col(ApiToken.created_at))))


def revoke_token(uow: UnitOfWork, token_id: str) -> None:
    """End a token; a program that still uses it is refused."""
    require_administrator(uow.actor)
    kept = uow.session.get(ApiToken, token_id)
    if kept is None:
        raise NotFound()
    if kept.revoked_at is None:
        kept.revoked_at = clock.wall()
        uow.add(kept)
        audit.record(uow, "token.revoked", stream=STREAM, person=kept.person_id, token=kept.id)


def actor_by_token(reading: Reading, token: str) -> Actor | None:
    """Who a program acts for; nothing when the token is unknown, revoked or expired, or its person left."""
    known = {"token_hash": _token_hash(token), "now": clock.wall()}
    return _actor(reading, list(reading.session.exec(_ACTOR_BY_TOKEN, params=known)))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
