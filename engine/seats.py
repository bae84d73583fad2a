"""For which part and organisation somebody may file a case at the desk (``filed_by``), and what the guards already say of it."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from engine import items, relations
from engine.db import Reading
from engine.definitions import Bundle
from engine.manifest import Guard
from engine.models import Organisation
from engine.runtime import evaluate, members_read, names_read

Seat = tuple[str, Organisation]  # the part that the organisation would play
ITEMS, PARTICIPANTS = "items", "participants"


def of(reading: Reading, bundle: Bundle) -> list[Seat]:
    """For which part and organisation the actor may file a case of a process at the desk, by the lanes of ``filed_by``.

    A part that only organisations of one kind can play (``kind``) lets only their people file.
    """
    seats = []
    for lane in bundle.manifest.process.filed_by:
        part, _, role = lane.partition(".")
        rule = bundle.manifest.participants[part]
        houses = select(Organisation).where(
            col(Organisation.id).in_(sorted(reading.actor.organisations(role))), col(Organisation.active).is_(True)
        )
        if rule.kind is not None:
            houses = houses.where(col(Organisation.kind) == rule.kind)
        seats += [(part, house) for house in reading.session.exec(houses.order_by(col(Organisation.code)))]
    return seats


def offered(reading: Reading, bundle: Bundle, known: Mapping[str, Any] | None = None) -> list[Seat]:
    """The same without those that a guard keeps out whatever else is filled in; ``known`` are fields that are known already."""
    return [seat for seat in of(reading, bundle) if barred(reading, bundle, seat, known or {}) is None]


def barred(reading: Reading, bundle: Bundle, seat: Seat, known: Mapping[str, Any]) -> Guard | None:
    """The guard that keeps an organisation from a part, as far as the relations of the house and what is known tell."""
    part, house = seat
    guards = [rule for rule in bundle.manifest.guards if rule.part == part and _decidable(rule, known)]
    if not guards:
        return None
    names = {
        **known,
        PARTICIPANTS: {part: relations.described(reading, [house])[house.code]},
        ITEMS: items.named(reading, known.values()),
    }
    return next((rule for rule in guards if not evaluate(rule.allow_when, names)), None)


def may_file(reading: Reading, bundle: Bundle) -> bool:
    """Whether the actor may begin a case of a process: the public, or people of the lanes that file it at the desk.

    One that has a party and names no lanes may be begun by anybody who works here, for that party.
    """
    if reading.actor.kind == "system":
        return True
    if reading.actor.kind == "person" and bundle.manifest.process.filed_by:
        return bool(of(reading, bundle))
    if reading.actor.kind == "person":
        return bool(bundle.manifest.parties)
    return bundle.manifest.process.applicants == "public"


def may_be_offered(reading: Reading, bundle: Bundle, known: Mapping[str, Any]) -> bool:
    """Whether to offer the actor to begin a case of which some fields are known already."""
    if reading.actor.kind == "person" and bundle.manifest.process.filed_by:
        return bool(offered(reading, bundle, known))
    return may_file(reading, bundle)


def _decidable(rule: Guard, known: Mapping[str, Any]) -> bool:
    """Whether a guard reads nothing but the part itself and what is known."""
    read = names_read(rule.allow_when) - {PARTICIPANTS, ITEMS}
    return read <= known.keys() and members_read(rule.allow_when, PARTICIPANTS) <= {rule.part}
