"""The case out of which one comes that somebody files: a refused request before its review, say (``[[links]]``)."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from engine import case_facts, process, query_codes
from engine.access import whole_cases
from engine.db import UnitOfWork
from engine.definitions import Bundle
from engine.errors import Conflict, Invalid, NotFound
from engine.manifest import LinkRule
from engine.models import Case
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


def origin(
    uow: UnitOfWork, bundle: Bundle, values: Mapping[str, Any], kind: str | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """What somebody who files a case takes over from the one that it comes out of: fields, and the link (kind → case).

    Which one it is stands in the form. Somebody at the desk names a case that they see whole; the public proves by the query code
    that it is theirs, unless they have signed in to that very case. Raises OriginMissing, OriginUnknown, OriginRefused.
    """
    taken: dict[str, Any] = {}
    links: dict[str, str] = {}
    for rule in bundle.manifest.links:
        if kind not in (None, rule.kind):
            continue
        typed = str(values.get(rule.field) or "").strip()
        if not typed:
            continue
        case = _named(uow, bundle, rule, typed, str(values.get(rule.code_field or "") or ""))
        run = process.opened(uow, case)
        known = case_facts.facts(uow, run) | {"switches": bundle.manifest.switches}
        if rule.refuse_when is not None and evaluate(rule.refuse_when, known):
            raise OriginRefused(text=rule.refusal_en, text_zh=rule.refusal)
        taken |= {rule.field: case.reference}
        taken |= {name: evaluate(expression, known) for name, expression in rule.takes.items()}
        links[rule.kind] = case.id
    return taken, links


def _named(uow: UnitOfWork, bundle: Bundle, rule: LinkRule, reference: str, code: str) -> Case:
    """The case that a form names, if whoever files may go on from it."""
    actor = uow.actor
    refusal = OriginUnknown(title=bundle.text(rule, "title", actor.locale))
    if actor.kind == "public":
        try:
            actor = query_codes.authenticate_party(uow, reference, code)
        except query_codes.WrongCode:
            raise refusal from None
    found = select(Case).where(
        col(Case.reference) == query_codes.plain_reference(reference),
        col(Case.process_key).in_(rule.processes),
        whole_cases(actor),
    )
    case = uow.session.exec(found).first()
    if case is None:
        raise refusal
    return case


def secret_fields(bundle: Bundle) -> frozenset[str]:
    """Fields of the start form that prove something and are never kept: query codes of other query_codes."""
    return frozenset(rule.code_field for rule in bundle.manifest.links if rule.code_field)
