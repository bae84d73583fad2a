"""The vault: who complained, kept apart from the case under a key of its own, and opened only by name, reason and record.

A sealed party (``[parties.X] sealed = true``) stands in its case by a word, such as 投诉举报人: papers, pages, lists, searches
and exports know nothing else. Its identity lies here, encrypted with a key that an *identity* master key wraps, so that neither
the key of the case nor the master key of cases opens it. Mail reads the address within the job that sends it.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from engine import audit
from engine.db import Reading, UnitOfWork
from engine.errors import Forbidden, NotFound
from engine.manifest import PartyPart
from engine.models import Party, SealedIdentity
from engine.process import Run
from engine.search import name_token


class IdentityClosed(Forbidden):
    """Who this is, is sealed. It may be opened by those who handle the case in the lanes that the process names."""

    zh = "该身份信息已封存，只有流程指定的承办岗位人员可以说明理由后查看。"


class NothingSealed(NotFound):
    """This party has not told who they are."""

    zh = "当事人没有提供身份信息。"


def stand_in(rule: PartyPart) -> dict[str, Any]:
    """What the case keeps of somebody whose identity it does not keep: a word for the name."""
    return {"name": rule.title}


def put(uow: UnitOfWork, party: Party, identity: Mapping[str, Any]) -> None:
    """Keep an identity apart from its case; where somebody has told nothing, nothing is kept."""
    party.name_token = name_token(uow.keys.identity, identity["name"]) if identity.get("name") else None
    uow.add(party)
    if not identity:
        return
    key, wrapped, master_key_id = uow.keys.identity.new_case_key()
    kept = SealedIdentity(
        party_id=party.id,
        identity=key.seal_value(dict(identity), _purpose(party.id)),
        by_email=bool(identity.get("email")),
        wrapped_key=wrapped,
        master_key_id=master_key_id,
    )
    uow.add(kept)


def told(reading: Reading, party_id: str) -> bool:
    """Whether a sealed party has told who they are; nothing is opened to know it."""
    return _find(reading, party_id) is not None


def by_email(reading: Reading, party_id: str) -> bool:
    """Whether a sealed party can be reached by e-mail; nothing is opened to know it."""
    kept = _find(reading, party_id)
    return kept is not None and kept.by_email


def email(reading: Reading, party_id: str) -> str | None:
    """The address of a sealed party, for the job that sends mail and for nobody else. Raises Erased."""
    kept = _find(reading, party_id)
    address = _opened(reading, kept).get("email") if kept is not None and kept.by_email else None
    return str(address) if address else None


def may_open(reading: Reading, run: Run, party: Party) -> bool:
    """Whether the actor works in a lane that may open this identity, in the organisation that plays that part now."""
    rule = run.bundle.manifest.parties.get(party.part)
    lanes = [lane.partition(".") for lane in rule.opened_by] if rule is not None else []
    seats = {(run.participants[part].id, role) for part, _, role in lanes if part in run.participants}
    return reading.actor.kind == "person" and bool(seats & reading.actor.roles)


def open_identity(uow: UnitOfWork, run: Run, party: Party) -> dict[str, Any]:
    """Open who a sealed party is, once, for somebody who may; that it was opened stands in the record of the case.

    The reason is judged and recorded by the verb that calls (``queries.unmask``). Raises IdentityClosed, NothingSealed, Erased.
    """
    if not may_open(uow, run, party):
        raise IdentityClosed()
    kept = _find(uow, party.id)
    if kept is None:
        raise NothingSealed()
    audit.record(uow, "identity.opened", run.case.id, party=party.id)
    return _opened(uow, kept)


def carry(uow: UnitOfWork, party: Party, to: Party) -> None:
    """The same sealed party in another case: its identity goes along sealed anew, seen by nobody, and on record there."""
    kept = _find(uow, party.id)
    put(uow, to, _opened(uow, kept) if kept is not None else {})
    audit.record(uow, "identity.carried", to.case_id, party=to.id)


def erase(uow: UnitOfWork, party_id: str) -> None:
    """Destroy the key of an identity: nobody can read it any more, whatever copies there are."""
    kept = _find(uow, party_id)
    if kept is not None:
        kept.wrapped_key = None
        uow.add(kept)


def _find(reading: Reading, party_id: str) -> SealedIdentity | None:
    return reading.session.exec(select(SealedIdentity).where(col(SealedIdentity.party_id) == party_id)).first()


def _opened(reading: Reading, kept: SealedIdentity) -> dict[str, Any]:
    key = reading.keys.identity.case_key(kept.wrapped_key, kept.master_key_id)
    identity: dict[str, Any] = key.open_value(kept.identity, _purpose(kept.party_id))
    return identity


def _purpose(party_id: str) -> str:
    return f"sealed.identity:{party_id}"
