"""Can a process keep what it promises about people: sealed identities, anonymous filing, confidential cases?"""

from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

from engine.manifest import Manifest, NoticeRule, PartyPart
from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.expressions import names_read

FILE = "process.toml"


def privacy_faults(
    manifest: Manifest,
    notices: Mapping[str, NoticeRule],
    schemas: Mapping[str, Any],
    wrong_lane: Callable[[str], str | None],
) -> Iterator[Fault]:
    """Faults of what the process says of those whom a case concerns. ``schemas`` are its forms, by file name."""
    start = _properties(schemas.get(f"{manifest.process.start_form}.schema.json"))
    for name, party in manifest.parties.items():
        yield from _party(f"parties.{name}", party, start, wrong_lane)
    if any(party.sealed for party in manifest.parties.values()):
        yield from _personal_elsewhere(manifest, schemas)
    if manifest.process.confidential:
        words = {name for name, rule in start.items() if _is_free_text(rule)}
        yield from _telling_subject(manifest, words)
        if any(party.sealed for party in manifest.parties.values()):
            yield from _telling_papers(manifest, notices, words)


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


def _telling_subject(manifest: Manifest, words: Set[str]) -> Iterator[Fault]:
    """The subject of a case stands in the clear, in lists and registers."""
    for name in sorted(_names(manifest.process.subject) & words):
        yield Fault(FILE, "process.subject", f"reads the free text {name}, which a confidential case keeps encrypted")


def _telling_papers(manifest: Manifest, notices: Mapping[str, NoticeRule], words: Set[str]) -> Iterator[Fault]:
    """Who sees its own only gets a summary that somebody wrote, never the words of whoever filed the case."""
    kept_out = {part for part, rule in manifest.participants.items() if rule.sees == "own"}
    for notice, rule in sorted(notices.items()):
        for fact, expression in rule.facts.items():
            for name in sorted(_names(expression) & words) if rule.addressee in kept_out else ():
                reason = f"reads {name}, the very words of who filed the case, on a paper to {rule.addressee}: write a summary"
                yield Fault(f"notices/{notice}/notice.toml", f"facts.{fact}", reason)


def _is_free_text(rule: Mapping[str, Any]) -> bool:
    chosen = any(word in rule for word in ("oneOf", "enum", "x-options", "format"))
    return rule.get("type", "string") == "string" and not chosen


def _names(expression: str) -> frozenset[str]:
    try:
        return frozenset(names_read(expression))
    except ExpressionInvalid:
        return frozenset()  # a fault of its own


def _properties(schema: Any) -> Mapping[str, Any]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return {n: part for n, part in properties.items() if isinstance(part, dict)} if isinstance(properties, dict) else {}
