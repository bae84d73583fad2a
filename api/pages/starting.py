"""What the start form of a case shows that comes out of another one: which one that is, and what is taken over from it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from api import formview
from engine import origins
from engine.db import Reading
from engine.definitions import Bundle
from engine.forms import Form, Problem
from engine.models import Case


@dataclass(frozen=True)
class Before:
    """The case out of which a new one comes, as its start form shows it."""

    reference: str
    title: str  # what it is to the new one: 被复核的申请
    subject: str
    lines: tuple[tuple[str, str], ...]  # what comes from there, in words
    known: Mapping[str, str]  # the same as the form would have it: nobody fills it in
    taken: Mapping[str, Any] = field(default_factory=dict)  # everything that comes from there, shown or not


def before(reading: Reading, bundle: Bundle, form: Form, reference: str) -> Before:
    """A case of the actor as the one before; raises OriginUnknown, OriginRefused, and what keeps the recused from it."""
    rule = origins.rule_for(reading, bundle, reference)
    if rule is None:
        wanted = [bundle.text(rule, "title", reading.actor.locale) for rule in bundle.manifest.links]
        raise origins.OriginUnknown(title=" / ".join(dict.fromkeys(wanted)))
    taken, links = origins.origin(reading, bundle, {rule.field: reference}, rule.kind)
    case = reading.session.exec(select(Case).where(col(Case.id) == links[rule.kind])).one()
    said = {name: value for name, value in taken.items() if name in form.names and value not in (None, "", [])}
    return Before(
        reference=case.reference,
        title=bundle.text(rule, "title", reading.actor.locale),
        subject=case.subject,
        lines=tuple(form.describe({name: value for name, value in said.items() if name != rule.field})),
        known={name: formview.text_of(value) for name, value in said.items()},
        taken=taken,
    )


def fields(
    form: Form, values: Mapping[str, Any], problems: Sequence[Problem], away: Collection[str]
) -> tuple[formview.FieldView, ...]:
    """The fields that somebody fills in: all but those that are known already."""
    return tuple(view for view in formview.views(form, values, problems) if view.name not in away)
