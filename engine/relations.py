"""Who stands over whom (Art. 4, 11, 29, 30), as expressions of a process read it: ``participants.X.superior_of`` and so on."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import col, select

from engine.db import Reading
from engine.models import Organisation, OrganisationRelation

SUPERIOR, GUIDE = "superior_of", "business_guidance_of"
NAMES = ("superior_of", "guides", "superiors", "guided_by")


def described(reading: Reading, organisations: Iterable[Organisation]) -> dict[str, dict[str, Any]]:
    """By code: what an expression may ask of organisations.

    ``superior_of`` are the codes of all organisations below (also those below one that is below), ``guides`` of those whose
    business it guides; guidance gives no right to order (Art. 30). Looking up, ``superiors`` are those that stand directly above,
    ``guided_by`` those that guide its business.
    """
    asked = list(organisations)
    codes, below = _below(reading) if asked else ({}, {})
    return {
        organisation.code: {
            "code": organisation.code,
            "name": organisation.name,
            "kind": organisation.kind,
            "level": organisation.level,
            "applicability": organisation.applicability,
            "superior_of": sorted(codes[o] for o in _reached(organisation.id, below[SUPERIOR]) if o in codes),
            "guides": sorted(codes[o] for o in below[GUIDE].get(organisation.id, ()) if o in codes),
            "superiors": _directly_above(organisation.id, below[SUPERIOR], codes),
            "guided_by": _directly_above(organisation.id, below[GUIDE], codes),
        }
        for organisation in asked
    }


def all_above(reading: Reading, lower_id: str, kind: str) -> set[str]:
    """The organisations that stand over one in a relation, by however many steps."""
    above: dict[str, list[str]] = {}
    for relation in reading.session.exec(select(OrganisationRelation).where(col(OrganisationRelation.kind) == kind)):
        above.setdefault(relation.lower_id, []).append(relation.upper_id)
    return _reached(lower_id, above)


def _below(reading: Reading) -> tuple[dict[str, str], dict[str, dict[str, list[str]]]]:
    """Codes by id, and who stands directly below whom, by kind of the relation."""
    codes = dict(list(reading.session.exec(select(Organisation.id, Organisation.code))))
    below: dict[str, dict[str, list[str]]] = {SUPERIOR: {}, GUIDE: {}}
    for relation in reading.session.exec(select(OrganisationRelation)):
        below[relation.kind].setdefault(relation.upper_id, []).append(relation.lower_id)
    return codes, below


def _directly_above(lower: str, below: Mapping[str, list[str]], codes: Mapping[str, str]) -> list[str]:
    return sorted(codes[upper] for upper, lowers in below.items() if lower in lowers and upper in codes)


def _reached(first: str, steps: Mapping[str, list[str]]) -> set[str]:
    """All others to which steps lead, one after the other."""
    found: set[str] = set()
    waiting = list(steps.get(first, ()))
    while waiting:
        reached = waiting.pop()
        if reached not in found and reached != first:
            found.add(reached)
            waiting.extend(steps.get(reached, ()))
    return found
