"""Can it come true what a process says of other cases: ``[[guards]]``, ``[[links]]``, ``[opens]``, ``[tells]``, ``filed_by``?

What another bundle declares is not known here: the fields of its start form and messages are judged when a case hands them over.
"""

import re
from collections.abc import Callable, Iterator

from engine.manifest import LinkRule, Manifest
from engine.runtime import Fault
from engine.runtime.expressions import RESERVED

FILE = "process.toml"
AROUND = frozenset(
    {"case", "participants", "organisations", "items", "notices", "deadlines", "links", "today"}
)  # case_facts
GUARDED = frozenset({"participants", "items"})
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
    for name, opening in manifest.opens.items():
        where = f"opens.{name}"
        yield from _names(where, name, opening.link, opening.process)
        for value in (*opening.form.values(), *opening.participants.values()):
            yield from expression(FILE, where, value, AROUND)
    for name, telling in manifest.tells.items():
        where = f"tells.{name}"
        yield from _names(where, name, telling.link, telling.message)
        for value in telling.form.values():
            yield from expression(FILE, where, value, AROUND)


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


def _names(where: str, *names: str) -> Iterator[Fault]:
    for name in names:
        if not _NAME.fullmatch(name) or name in RESERVED:
            yield Fault(FILE, where, f"{name!r} is not a name: small letters, digits and underscores")


def _says(where: str, *texts: str) -> Iterator[Fault]:
    if not all(text.strip() for text in texts):
        yield Fault(FILE, where, "says nothing to whoever is refused: a sentence in Chinese and one in English")


def taken(manifest: Manifest) -> frozenset[str]:
    """Fields of the case that are written from another one when it is filed."""
    return frozenset(name for rule in manifest.links for name in (rule.field, *rule.takes))


def proofs(manifest: Manifest) -> frozenset[str]:
    """Fields of the start form that are never kept."""
    return frozenset(rule.code_field for rule in manifest.links if rule.code_field)
