"""Can a process keep what it promises about people: sealed identities, anonymous filing, confidential cases?"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.manifest import Manifest, PartyPart
from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.expressions import names_read

FILE = "process.toml"
_CHOSEN = ("oneOf", "enum", "x-options")


def privacy_faults(
    manifest: Manifest, schemas: Mapping[str, Any], wrong_lane: Callable[[str], str | None]
) -> Iterator[Fault]:
    """Faults of what the process says of those whom a case concerns. ``schemas`` are its forms, by file name."""
    start = _properties(schemas.get(f"{manifest.process.start_form}.schema.json"))
    for name, party in manifest.parties.items():
        yield from _party(f"parties.{name}", party, start, wrong_lane)
    if any(party.sealed for party in manifest.parties.values()):
        yield from _personal_elsewhere(manifest, schemas)
    if manifest.process.confidential:
        yield from _telling_subject(manifest, start)


def _party(
    where: str, party: PartyPart, start: Mapping[str, Any], wrong_lane: Callable[[str], str | None]
) -> Iterator[Fault]:
    if party.opened_by and not party.sealed:
        yield Fault(FILE, where, "says opened_by, but is not sealed")
    for lane in party.opened_by:
        if (reason := wrong_lane(lane)) is not None:
            yield Fault(FILE, where, reason.replace("its lane", "opened_by", 1))
    if party.anonymous_field is not None and start.get(party.anonymous_field, {}).get("type") != "boolean":
        yield Fault(FILE, where, f"anonymous_field: the start form has no yes-or-no field {party.anonymous_field}")


def _personal_elsewhere(manifest: Manifest, schemas: Mapping[str, Any]) -> Iterator[Fault]:
    """Whatever a later form asks of a person would lie in the case, which others open."""
    for name, schema in sorted(schemas.items()):
        if name.endswith(".schema.json") and name != f"{manifest.process.start_form}.schema.json":
            for field, rule in _properties(schema).items():
                if "x-personal" in rule:
                    yield Fault(
                        f"forms/{name}", field, "a sealed party tells who it is in the start form and nowhere else"
                    )


def _telling_subject(manifest: Manifest, start: Mapping[str, Any]) -> Iterator[Fault]:
    """The subject of a case stands in the clear, in lists and in the search index."""
    try:
        names = names_read(manifest.process.subject)
    except ExpressionInvalid:
        return
    for name in sorted(names):
        rule = start.get(name, {})
        free = (
            rule.get("type", "string") == "string"
            and not any(word in rule for word in _CHOSEN)
            and "format" not in rule
        )
        if name in start and free:
            yield Fault(
                FILE, "process.subject", f"reads the free text {name}, which a confidential case keeps encrypted"
            )


def _properties(schema: Any) -> Mapping[str, Any]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return {n: part for n, part in properties.items() if isinstance(part, dict)} if isinstance(properties, dict) else {}
