"""Can it come true what a process says of other cases: ``[[guards]]``, ``[[links]]``, ``[opens]``, ``[tells]``, ``filed_by``?

What another bundle declares is not known here: the fields of its start form and messages are judged when a case hands them over.
"""

import re
from collections.abc import Callable, Iterator

from engine.manifest import LinkRule, Manifest, ManifestFaulty, Merging, OpenRule, read_manifest
from engine.runtime import Fault
from engine.runtime.expressions import RESERVED

FILE = "process.toml"
AROUND = frozenset(
    {"case", "participants", "organisations", "items", "notices", "deadlines", "links", "outcomes", "today"}
)  # case_facts
GUARDED = frozenset({"participants", "items"})
_SWITCH = re.compile(r"\bswitches\.([A-Za-z0-9_]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
Expression = Callable[[str, str, str, frozenset[str]], Iterator[Fault]]


def link_faults(
    manifest: Manifest,
    start_fields: frozenset[str],
    wrong_lane: Callable[[str], str | None],
    expression: Expression,
    foreign: Callable[[str, str], Iterator[Fault]],
) -> Iterator[Fault]:
    """Faults of the tables that reach beyond one case.

    ``expression`` judges one over this case's fields, ``foreign`` one over the fields of another process, which are unknown.
    """
    for lane in manifest.process.filed_by:
        if (reason := wrong_lane(lane)) is not None:
            yield Fault(FILE, "process.filed_by", reason)
    for field, said in manifest.process.about_item.items():
        if field not in start_fields:
            yield Fault(FILE, "process.about_item", f"the start form has no field {field}")
        yield from foreign("process.about_item", said)
    yield from foreign("process.about_item_when", manifest.process.about_item_when or "True")
    for number, guard in enumerate(manifest.guards, start=1):
        where = f"guards.{number}"
        if guard.part not in manifest.participants:
            yield Fault(FILE, where, f"there is no participant {guard.part}")
        yield from expression(FILE, where, guard.allow_when, GUARDED)
        yield from _says(where, guard.text, guard.text_en)
    for rule in manifest.links:
        yield from _link(manifest, rule, start_fields, foreign)
    yield from _switches(manifest)
    yield from _reaching_out(manifest, start_fields, expression)
    if manifest.merging is not None:
        yield from _merging(manifest, manifest.merging, wrong_lane)


def _reaching_out(manifest: Manifest, start_fields: frozenset[str], expression: Expression) -> Iterator[Fault]:
    """What is handed over to cases that this one opens or tells."""
    for name, opening in manifest.opens.items():
        where = f"opens.{name}"
        yield from _names(where, name, opening.link, opening.process)
        said = (*opening.form.values(), *opening.participants.values(), *opening.document.values())
        for value in (*said, *filter(None, [opening.since])):
            yield from expression(FILE, where, value, AROUND)
        yield from _part(manifest, where, opening, start_fields)
    for name, telling in manifest.tells.items():
        where = f"tells.{name}"
        yield from _names(where, name, telling.link, telling.message)
        for value in telling.form.values():
            yield from expression(FILE, where, value, AROUND)


def _part(manifest: Manifest, where: str, rule: OpenRule, start_fields: frozenset[str]) -> Iterator[Fault]:
    """A part of a case is one of the same process, so that it is known here what it may begin with."""
    if not rule.part and (rule.since is not None or rule.document):
        yield Fault(FILE, where, "since and document are for what is a part of the case (part = true)")
    if not rule.part:
        return
    if rule.process != manifest.process.key:
        yield Fault(FILE, where, f"a part of a case is one of the same process, {manifest.process.key}")
    for known, names, what in (
        (start_fields, rule.form, "field of the start form"),
        (manifest.data.keys(), rule.document, "field under [data]"),
        (manifest.participants.keys(), rule.participants, "participant"),
    ):
        for name in names:
            if name not in known:
                yield Fault(FILE, where, f"there is no {what} {name}")


def _merging(manifest: Manifest, rule: Merging, wrong_lane: Callable[[str], str | None]) -> Iterator[Fault]:
    if rule.part not in manifest.participants:
        yield Fault(FILE, "merging.part", f"there is no participant {rule.part}")
    for name, lane in (("propose", rule.propose), ("approve", rule.approve)):
        if (reason := wrong_lane(lane)) is not None:
            yield Fault(FILE, f"merging.{name}", reason)
    for field in (*rule.compares, *rule.hands_over):
        if field not in manifest.data:
            yield Fault(FILE, "merging", f"there is no field {field} under [data]")
    for field, reworded in rule.rewords.items():
        if field not in rule.hands_over or reworded not in manifest.data:
            yield Fault(FILE, "merging.rewords", f"{field} is not handed over, or {reworded} no field under [data]")
    for telling in rule.tells:
        message = manifest.message(telling.message)
        if message is None or message.sender != "system":
            yield Fault(FILE, "merging.tells", f"there is no message {telling.message} that the system sends")
    if not rule.tells:
        yield Fault(FILE, "merging.tells", "tells nothing: merged cases would never end")
    yield from _says("merging", rule.text, rule.text_en)


def _link(
    manifest: Manifest, rule: LinkRule, start_fields: frozenset[str], foreign: Callable[[str, str], Iterator[Fault]]
) -> Iterator[Fault]:
    where = f"links.{rule.kind}"
    yield from _names(where, rule.kind, *rule.processes)
    for field in filter(None, (rule.field, rule.code_field)):
        if field not in start_fields:
            yield Fault(FILE, where, f"the start form has no field {field}")
    if rule.code_field is not None and rule.code_field in manifest.data:
        yield Fault(FILE, where, f"{rule.code_field} is a query code, which is never kept: take it out of [data]")
    if rule.code_field is None and manifest.parties and manifest.process.applicants == "public":
        yield Fault(FILE, where, "lacks code_field: the public proves by the query code that the case is theirs")
    for name in (rule.field, *rule.takes):
        if name not in manifest.data:
            yield Fault(FILE, where, f"writes {name}, which process.toml does not declare under [data]")
    for value in (*rule.takes.values(), *filter(None, [rule.refuse_when])):
        yield from foreign(where, value)
    if rule.refuse_when is not None:
        yield from _says(where, rule.refusal, rule.refusal_en)


def _switches(manifest: Manifest) -> Iterator[Fault]:
    """Every switch that a link reads is declared, and every one that is declared is read: a dead one would deceive."""
    texts = [text for rule in manifest.links for text in (*rule.takes.values(), rule.refuse_when or "")]
    read = {name for text in texts for name in _SWITCH.findall(text)}
    for name in sorted(read - manifest.switches.keys()):
        yield Fault(FILE, f"switches.{name}", "is read by [[links]], and not declared under [switches]")
    for name in sorted(manifest.switches):
        yield from _names(f"switches.{name}", name)
        if name not in read:
            yield Fault(FILE, f"switches.{name}", "no expression of [[links]] reads it")


def _names(where: str, *names: str) -> Iterator[Fault]:
    for name in names:
        if not _NAME.fullmatch(name) or name in RESERVED:
            yield Fault(FILE, where, f"{name!r} is not a name: small letters, digits and underscores")


def _says(where: str, *texts: str) -> Iterator[Fault]:
    if not all(text.strip() for text in texts):
        yield Fault(FILE, where, "says nothing to whoever is refused: a sentence in Chinese and one in English")


def taken(manifest: Manifest) -> frozenset[str]:
    """Fields of the case that are written from another one when it begins."""
    filed = [name for rule in manifest.links for name in (rule.field, *rule.takes)]
    split_off = [name for rule in manifest.opens.values() if rule.part for name in (*rule.form, *rule.document)]
    return frozenset(filed + split_off)


def proofs(manifest: Manifest) -> frozenset[str]:
    """Fields of the start form that are never kept."""
    return frozenset(rule.code_field for rule in manifest.links if rule.code_field)


def unknown_kinds(source: bytes, known: frozenset[str] | None) -> Iterator[Fault]:
    """Kinds of links in ``process.toml`` that ``shared/links.toml`` does not name; nothing where that is not known."""
    try:
        manifest = read_manifest(source, FILE)
    except ManifestFaulty:
        return  # which is said elsewhere
    named = [(f"links.{rule.kind}", rule.kind) for rule in manifest.links]
    named += [(f"opens.{name}", rule.link) for name, rule in manifest.opens.items()]
    named += [(f"tells.{name}", rule.link) for name, rule in manifest.tells.items()]
    named += [(f"exclusions.{number}", rule.link) for number, rule in enumerate(manifest.exclusions, start=1)]
    for where, kind in named:
        if known is not None and kind not in known:
            yield Fault(FILE, where, f"{kind} is no kind of link: shared/links.toml names {', '.join(sorted(known))}")
