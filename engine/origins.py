"""The case out of which one comes that somebody files: a refused request before its review, say (``[[links]]``)."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from engine import case_facts, process, query_codes, recusals
from engine.access import Actor, whole_cases
from engine.db import Reading
from engine.definitions import Bundle
from engine.errors import Conflict, Invalid, NotFound
from engine.forms import Form
from engine.manifest import LinkRule
from engine.models import Case, CaseLink
from engine.runtime import evaluate


class OriginMissing(Invalid):
    """Please say out of which case this comes: {title}."""

    zh = "请写明{title}的编号。"


class OriginUnknown(NotFound):
    """There is no such case, the code does not belong to it, or it is not yours to go on from: {title}."""

    zh = "没有找到{title}，或者编号与查询码不符，或者您无权就该件提出。"


class OriginRefused(Conflict):
    """{text}"""

    zh = "{text_zh}"


class AskedAlready(OriginRefused):
    """{process} {reference}, which came out of the same case, is not closed yet; there is no second one beside it."""

    zh = "就同一件提出的{process_zh}（{reference}）还没有办结，不能重复提出。"


def completed(
    reading: Reading, bundle: Bundle, form: Form, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What somebody has filled in, judged, with what comes from the case before; and the links (kind → case).

    Raises FormInvalid, and what ``origin`` raises.
    """
    known = spared(bundle, reading.actor, values)
    typed = {name: value for name, value in values.items() if name not in known}
    form.validate(typed, known)
    taken, links = origin(reading, bundle, typed)
    if shown := {name: taken[name] for name in form.names if name in known and taken.get(name) is not None}:
        form.validate(typed | shown, known)  # what is required may depend on what was taken over
    return {name: value for name, value in typed.items() if name not in secret_fields(bundle)} | taken, links


def spared(bundle: Bundle, actor: Actor, values: Mapping[str, Any]) -> frozenset[str]:
    """Fields of the start form that need not be filled in: what comes from the case that is named, and the query codes of
    those who have shown already who they are."""
    rules = bundle.manifest.links
    taken = frozenset(name for rule in rules if values.get(rule.field) for name in rule.takes if name != rule.field)
    return taken if actor.kind == "public" else taken | secret_fields(bundle)


def rule_for(reading: Reading, bundle: Bundle, reference: str) -> LinkRule | None:
    """By which link a case of a process may come out of this one, if the actor sees it whole; nothing by none."""
    found = select(Case.process_key).where(
        col(Case.reference) == query_codes.plain_reference(reference), whole_cases(reading.actor)
    )
    key = reading.session.exec(found).first()
    return next((rule for rule in bundle.manifest.links if key in rule.processes), None)


def origin(
    reading: Reading, bundle: Bundle, values: Mapping[str, Any], kind: str | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """What somebody who files a case takes over from the one that it comes out of: fields, and the link (kind → case).

    Which one it is stands in the form. Somebody at the desk names a case that they see whole; the public proves by the query code
    that it is theirs, unless they have signed in to that very case. Raises OriginMissing, OriginUnknown, OriginRefused, and what
    keeps a recused person from the case.
    """
    taken: dict[str, Any] = {}
    links: dict[str, str] = {}
    for rule in bundle.manifest.links:
        if kind not in (None, rule.kind):
            continue
        typed = str(values.get(rule.field) or "").strip()
        if not typed:
            continue
        case = _named(reading, bundle, rule, typed, str(values.get(rule.code_field or "") or ""))
        run = process.opened(reading, case)
        known = case_facts.facts(reading, run) | {"switches": bundle.manifest.switches}
        if rule.refuse_when is not None and evaluate(rule.refuse_when, known):
            raise OriginRefused(text=rule.refusal_en, text_zh=rule.refusal)
        if rule.one_at_a_time and (running := still_running(reading, case, rule)) is not None:
            process_ = bundle.manifest.process
            raise AskedAlready(process=process_.title_en, process_zh=process_.title, reference=running)
        taken |= {rule.field: case.reference}
        taken |= {name: evaluate(expression, known) for name, expression in rule.takes.items()}
        links[rule.kind] = case.id
    return taken, links


def still_running(reading: Reading, case: Case, rule: LinkRule) -> str | None:
    """The reference of a case that came out of this one by the same kind of link and is not closed, if there is one."""
    found = (
        select(Case.reference)
        .join(CaseLink, col(CaseLink.to_id) == col(Case.id))
        .where(col(CaseLink.from_id) == case.id, col(CaseLink.kind) == rule.kind, col(Case.closed_at).is_(None))
    )
    return reading.session.exec(found).first()


def _named(reading: Reading, bundle: Bundle, rule: LinkRule, reference: str, code: str) -> Case:
    """The case that a form names, if whoever files may go on from it."""
    actor = reading.actor
    refusal = OriginUnknown(title=bundle.text(rule, "title", actor.locale))
    if actor.kind == "public":
        try:
            actor = query_codes.authenticate_party(reading, reference, code)
        except query_codes.WrongCode:
            raise refusal from None
    found = select(Case).where(
        col(Case.reference) == query_codes.plain_reference(reference),
        col(Case.process_key).in_(rule.processes),
        whole_cases(actor),
    )
    case = reading.session.exec(found).first()
    if case is None:
        raise refusal
    recusals.require_free(reading, case)
    return case


def secret_fields(bundle: Bundle) -> frozenset[str]:
    """Fields of the start form that prove something and are never kept: query codes of other cases."""
    return frozenset(rule.code_field for rule in bundle.manifest.links if rule.code_field)
