"""What is wrong with the notices of a bundle: said at deployment, not on the day on which the paper is due.

Templates that do what they may not or ask for what is not declared, samples that lack what a template needs or hold what cannot
be, and facts that nothing uses.
"""

import re
from collections.abc import Iterator, Mapping

from engine.errors import EngineError
from engine.manifest import FieldType, NoticeRule, fits, read_manifest, read_notice
from engine.runtime import ExpressionInvalid, Fault, names_read

TEMPLATE = re.compile(r"(notices/[^/]+)/body(\.en)?\.html\.j2")
SAMPLE = re.compile(r"(notices/[^/]+)/(sample\.json|samples/[^/]+\.json)")
SWITCHES = frozenset({"remedy_litigation"})


def notice_faults(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """The faults of all notices of a bundle, as far as they show without a paper."""
    data = _declared_data(files)
    for folder in sorted({found[1] for path in files if (found := TEMPLATE.fullmatch(path) or SAMPLE.fullmatch(path))}):
        source = files.get(f"{folder}/notice.toml", b"")
        try:
            rule = read_notice(source)
        except EngineError:
            continue  # that the declaration is wrong is said elsewhere
        read: set[str] = set()
        for path in _in(files, folder, TEMPLATE):
            yield from template_faults(path, files[path], rule)
            read |= _reads(files[path])
        for path in _in(files, folder, SAMPLE):
            yield from sample_faults(path, files[path], rule, read, data)
        yield from _unused(f"{folder}/notice.toml", rule, read)


def template_faults(path: str, template: bytes, rule: NoticeRule) -> Iterator[Fault]:
    """What a template does that it may not, or asks for that it is not given."""
    from notices import templates  # Jinja is loaded where templates are judged, not by every command

    try:
        text = template.decode()
    except UnicodeDecodeError:
        yield Fault(path, "", "is not UTF-8")
        return
    for reason in templates.faults(text, {*rule.facts, *SWITCHES}):
        yield Fault(path, "", reason)


def sample_faults(
    path: str, source: bytes, rule: NoticeRule, read: set[str], data: Mapping[str, FieldType]
) -> Iterator[Fault]:
    """What a sample lacks, holds that is no fact, or holds that its fact could never be."""
    from notices import sample
    from notices.templates import OWN

    try:
        facts = sample.parsed(source, "", path)
    except sample.SampleFaulty as error:
        yield Fault(path, "", str(error.data["reason"]))
        return
    for name in sorted((read | _heading_reads(rule)) & rule.facts.keys() - facts.keys()):
        yield Fault(path, name, "is missing: the text needs it")
    for name in sorted(facts.keys() - rule.facts.keys() - SWITCHES - set(sample.AROUND)):
        yield Fault(path, name, "is no fact of notice.toml", warning=name not in OWN)
    for name, expression in rule.facts.items():
        kind = _kind(expression, data)
        if name in facts and kind is not None and not fits(facts[name], kind):
            yield Fault(path, name, f"holds no {kind}, as the field {expression.strip()} does")


def _kind(expression: str, data: Mapping[str, FieldType]) -> FieldType | None:
    """What a fact can be, where its expression tells: a field of the case, or a day or number of its clocks."""
    expression = expression.strip()
    if expression in data:
        return data[expression]
    if re.fullmatch(r"deadlines\.\w+\.(due_on|started_on)|case\.submitted_on|today", expression):
        return "date"
    if re.fullmatch(r"deadlines\.\w+\.days", expression):
        return "integer"
    if re.fullmatch(r"deadlines\.\w+\.(explanation|sentences)|corrections", expression):
        return "list"
    if re.fullmatch(r"(case|participants)\.[\w.]*(reference|subject|name|phone)|portal_url|query_code", expression):
        return "string"
    return None


def _unused(path: str, rule: NoticeRule, read: set[str]) -> Iterator[Fault]:
    """A fact that nothing shows is frozen for nothing."""
    used = {*read, *_heading_reads(rule), *rule.attached}
    for name in rule.facts:
        if name not in used:
            yield Fault(path, f"facts.{name}", "is used by no text, heading or attachment", warning=True)


def _heading_reads(rule: NoticeRule) -> set[str]:
    try:
        return set(names_read(rule.heading)) if rule.heading else set()
    except ExpressionInvalid:
        return set()  # that it cannot be read is said elsewhere


def _reads(template: bytes) -> frozenset[str]:
    from notices import templates

    return templates.reads(template.decode(errors="replace"))


def _in(files: Mapping[str, bytes], folder: str, kind: re.Pattern[str]) -> list[str]:
    return sorted(path for path in files if (found := kind.fullmatch(path)) and found[1] == folder)


def _declared_data(files: Mapping[str, bytes]) -> Mapping[str, FieldType]:
    try:
        return read_manifest(files.get("process.toml", b"")).data
    except EngineError:
        return {}
