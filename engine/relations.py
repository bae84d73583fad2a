"""Who stands over whom (Art. 4, 29, 30), as a process reads it: ``participants.X.superior_of``, ``.superiors``, ``.guides``."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import select

from engine.db import Reading
from engine.models import Organisation, OrganisationRelation

SUPERIOR, GUIDE = "superior_of", "business_guidance_of"
NAMES = ("superior_of", "superiors", "guides")


def described(reading: Reading, organisations: Iterable[Organisation]) -> dict[str, dict[str, Any]]:
    """By code: what an expression may ask of organisations.

    ``superior_of`` are the codes of all organisations below (also those below one that is below), ``superiors`` those directly
    above it, ``guides`` those whose business it guides; guidance gives no right to order (Art. 30).
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
            "superior_of": sorted(codes[o] for o in _all_below(organisation.id, below[SUPERIOR]) if o in codes),
            "superiors": sorted(
                codes[o] for o, lower in below[SUPERIOR].items() if organisation.id in lower and o in codes
            ),
            "guides": sorted(codes[o] for o in below[GUIDE].get(organisation.id, ()) if o in codes),
        }
        for organisation in asked
    }


def _below(reading: Reading) -> tuple[dict[str, str], dict[str, dict[str, list[str]]]]:
    """Codes by id, and who stands directly below whom, by kind of the relation."""
    codes = dict(list(reading.session.exec(select(Organisation.id, Organisation.code))))
    below: dict[str, dict[str, list[str]]] = {SUPERIOR: {}, GUIDE: {}}
    for relation in reading.session.exec(select(OrganisationRelation)):
        below[relation.kind].setdefault(relation.upper_id, []).append(relation.lower_id)
    return codes, below


def _all_below(upper: str, below: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(below.get(upper, ()))
    while waiting:
        lower = waiting.pop()
        if lower not in found and lower != upper:
            found.add(lower)
            waiting.extend(below.get(lower, ()))
    return found
