"""Filing a case from a page or a program: once, at the desk or for the public, with wrong codes counted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from api import auth, deps
from api.deps import Door, Once
from engine import cases, definitions, origins, query_codes
from engine.access import Actor
from engine.db import UnitOfWork
from engine.documents import Stored


def begin(
    door: Door,
    once: Once,
    asked: Any,
    process: str,
    values: Mapping[str, Any],
    uploads: Sequence[Stored],
    *,
    source: str,
    acting: Actor | None = None,
    organisation: str | None = None,
    locale: str | None = None,
    received_on: date | None = None,
) -> deps.Answer:
    """File a case; the answer has its id as ``case`` and, where it has a party, that one's id as ``party``.

    ``asked`` is what the same request is known by. ``acting`` is the party who goes on from their own case; ``organisation`` the
    code of the house for which somebody files who sits in several; ``received_on`` the day on which it reached them. Raises what
    ``cases.submit`` and ``cases.file_at_desk`` raise; a wrong code for the case before is counted like one on the page for
    following a case.
    """
    filer = acting or door.actor
    names = _guessed(door, process, values) if filer.kind == "public" else []

    def act(uow: UnitOfWork) -> deps.Answer:
        uow.actor = filer
        if filer.kind == "person" and not definitions.current(uow, process).manifest.parties:
            filed = cases.file_at_desk(uow, process, values, uploads, organisation=organisation, source=source)
            return {"case": filed.id}
        language = locale or door.locale
        begun = cases.submit(uow, process, values, uploads, source=source, locale=language, received_on=received_on)
        return {"case": begun.case_id, "party": begun.party_id}

    try:
        return once.write(door, asked, act)
    except origins.OriginUnknown:
        with door.writing() as uow:
            for name in names:
                auth.count_failure(uow, door.address, name)
        raise


def _guessed(door: Door, process: str, values: Mapping[str, Any]) -> Iterable[str]:
    """The cases whose codes are offered as a proof, as wrong codes are counted; raises TooManyAttempts."""
    with door.reading() as reading:
        rules = [rule for rule in definitions.current(reading, process).manifest.links if rule.code_field]
        typed = [str(values.get(rule.field) or "") for rule in rules]
        names = [f"reference:{query_codes.plain_reference(reference)}" for reference in typed if reference.strip()]
        for name in names:
            auth.check_attempts(reading, door.address, name)
    return names
