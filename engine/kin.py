"""Kin whom people declare, so that a case that concerns them goes to somebody else.

A name is encrypted with a key of its own and found by its keyed hash, like that of a party. Only the person who declared it
can read it; withdrawing it destroys key and name.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from engine import audit, reasons, recusals, sealed_names
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.models import Kin
from engine.search import name_token

RELATIONS = {
    "spouse": ("配偶", "spouse"),
    "lineal": ("直系血亲", "lineal relative by blood"),
    "collateral": ("三代以内旁系血亲", "collateral relative by blood within three generations"),
    "in_law": ("近姻亲", "close relative by marriage"),
    "other": ("其他可能影响公正办理的关系", "other relation that may affect fair handling"),
}
LONGEST_NAME, MOST = 50, 100
STREAM = "kin"


class KinNotFound(NotFound):
    """There is no such declaration of yours."""

    zh = "没有这项申报。"


class KinNameFaulty(Invalid):
    """A name has 2 to {longest} characters."""

    zh = "姓名应为2至{longest}个字。"


class RelationUnknown(Invalid):
    """“{relation}” is not a relation: {known}."""

    zh = "“{relation}”不是有效的亲属关系：{known}。"
    quotes = True


class KinDeclaredAlready(Conflict):
    """You have declared somebody of this name already."""

    zh = "您已经申报过这个姓名。"


class TooManyKin(Conflict):
    """You have declared {most} people; more cannot be kept."""

    zh = "最多可以申报{most}人。"


class NotStaff(Forbidden):
    """Kin are declared by those who handle cases."""

    zh = "亲属关系由办理案件的人员申报。"


@dataclass(frozen=True)
class KinView:
    """A declaration, as the person who made it reads it."""

    id: str
    name: str
    relation: str
    declared_at: datetime


def declare(uow: UnitOfWork, name: str, relation: str) -> Kin:
    """Declare a relative. Cases in your hands that concern them wait for others again.

    Raises NotStaff, KinNameFaulty, RelationUnknown, KinDeclaredAlready, TooManyKin.
    """
    if uow.actor.person_id is None or not uow.actor.roles:
        raise NotStaff()
    called = _name(name)
    if relation not in RELATIONS:
        raise RelationUnknown(relation=relation[:40], known=", ".join(RELATIONS))
    uow.take_turns(f"kin:{uow.actor.person_id}")
    token = name_token(uow.keys, called)
    mine = list(uow.session.exec(select(Kin.name_token).where(col(Kin.person_id) == uow.actor.person_id)))
    if token in mine:
        raise KinDeclaredAlready()
    if len(mine) >= MOST:
        raise TooManyKin(most=MOST)
    key, wrapped, master_key_id = uow.keys.new_case_key()
    kin = Kin(
        person_id=uow.actor.person_id,
        relation=relation,
        name=b"",
        name_token=token,
        wrapped_key=wrapped,
        master_key_id=master_key_id,
        declared_at=uow.now,
    )
    kin.name = key.seal(called.encode(), sealed_names.kin_purpose(kin))
    uow.add(kin)
    audit.record(uow, "kin.declared", stream=STREAM, kin=kin.id, relation=relation)
    recusals.kin_declared(uow, kin.person_id)
    return kin


def withdraw(uow: UnitOfWork, kin_id: str) -> None:
    """Take a declaration back; the name is gone for good, that there was one stays on record. Raises KinNotFound."""
    kin = uow.session.get(Kin, kin_id)
    if kin is None or kin.person_id != uow.actor.person_id:
        raise KinNotFound()
    uow.session.delete(kin)
    uow.session.flush()
    audit.record(uow, "kin.withdrawn", stream=STREAM, kin=kin_id, relation=kin.relation)


def mine(reading: Reading) -> list[KinView]:
    """What the actor has declared, oldest first."""
    declared = select(Kin).where(col(Kin.person_id) == reading.actor.person_id)
    ordered = reading.session.exec(declared.order_by(col(Kin.declared_at), col(Kin.id)))
    return [_view(reading, kin) for kin in ordered]


def _view(reading: Reading, kin: Kin) -> KinView:
    relation = RELATIONS[kin.relation][0 if reading.actor.locale.startswith("zh") else 1]
    return KinView(kin.id, sealed_names.kin_name(reading, kin), relation, kin.declared_at)


def _name(name: str) -> str:
    try:
        called = reasons.given(name)
    except reasons.ReasonMissing:
        raise KinNameFaulty(longest=LONGEST_NAME) from None
    if not 2 <= len(called) <= LONGEST_NAME:
        raise KinNameFaulty(longest=LONGEST_NAME)
    return called
