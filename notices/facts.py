"""The facts of a notice: what its ``notice.toml`` lists, taken from the case at one moment and frozen.

An expression of ``notice.toml`` reads the fields of the case's document and, beside them, ``case``, ``participants``, the
parties by name (``applicant.name``), ``organisations`` and ``items`` of the
catalogue (those that the document names, by code), ``deadlines``,
``corrections`` (printed due dates that were moved and not told of yet), ``replaced`` (number, title and date of the paper that
this one replaces, or nothing), ``portal_url``, ``today`` and, where the paper carries it, ``query_code``.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel import col, select

from engine import clock, deadlines, printed_dates, process, query_codes, statutes
from engine.db import Reading
from engine.manifest import NoticeRule
from engine.models import Notice, Organisation, Party
from engine.privacy import show_code
from engine.process import Run
from engine.runtime import evaluate
from notices import headings, letterhead

LONGEST_CODE = 64  # of an organisation


def collect(reading: Reading, run: Run, rule: NoticeRule, replaced: Notice | None = None) -> dict[str, Any]:
    """All facts of one notice, as plain JSON values."""
    names = available(reading, run, rule) | {"replaced": _replaced(replaced)}
    said = {name: plain(evaluate(expression, names)) for name, expression in rule.facts.items()}
    headings.title(rule, said)  # one that cannot be made stops the paper here, not in the job that typesets it
    return said | letterhead.frozen(run, rule)


def available(reading: Reading, run: Run, rule: NoticeRule) -> dict[str, Any]:
    """Everything that an expression of ``notice.toml`` may read."""
    names: dict[str, Any] = dict.fromkeys(run.bundle.manifest.data) | run.data
    names |= dict.fromkeys(run.bundle.manifest.parties) | process.parties(reading, run)
    names["participants"] = dict.fromkeys(run.bundle.manifest.participants) | {
        part: _described(organisation) for part, organisation in run.participants.items()
    }
    names["case"] = {
        "reference": run.case.reference,
        "subject": run.case.subject,
        "submitted_on": clock.day_of(run.case.submitted_at).isoformat(),
        "outcome": run.case.outcome,
        "late": run.case.late,
    }
    names["deadlines"] = dict.fromkeys(run.bundle.manifest.deadlines) | _deadlines(reading, run)
    names["corrections"] = printed_dates.as_facts(reading, run)
    names["organisations"] = _organisations(reading, run)
    names |= process.known_items(reading, run)
    names["today"] = deadlines.today(reading).isoformat()
    names["portal_url"] = reading.settings.base_url.rstrip("/") + "/track"
    names["query_code"] = _query_code(reading, run, rule)
    return names


def _described(organisation: Organisation) -> dict[str, Any]:
    return {
        "code": organisation.code,
        "name": organisation.name,
        "short_name": organisation.short_name,
        "name_en": organisation.name_en,
        "phone": organisation.phone,
        "address": organisation.address,
        "prefix": organisation.document_prefix,
    }


def _organisations(reading: Reading, run: Run) -> dict[str, Any]:
    """By code: the organisations that the case's document names, whether they take part or not."""
    codes = [value for value in run.data.values() if isinstance(value, str) and len(value) <= LONGEST_CODE]
    named = select(Organisation).where(col(Organisation.code).in_(codes))
    return {o.code: _described(o) for o in reading.session.exec(named)}


def _replaced(notice: Notice | None) -> dict[str, Any] | None:
    if notice is None:
        return None
    return {"number": notice.number, "title": notice.title, "issued_on": notice.issued_on}


def _deadlines(reading: Reading, run: Run) -> dict[str, Any]:
    described = {}
    for deadline in (d for d in run.clocks if not d.private):
        explanation = deadlines.explain(reading, deadline)
        described[deadline.name] = {
            "days": deadline.days,
            "unit": deadline.unit,
            "due_on": deadline.due_on.isoformat() if deadline.due_on else None,
            "started_on": clock.day_of(deadline.started_at).isoformat() if deadline.started_at else None,
            "provisional": deadline.provisional,
            "article": statutes.cited(reading.settings, deadline.article, deadline.text_version),
            "explanation": explanation.as_json() if explanation else [],
            "sentences": explanation.sentences() if explanation else [],
        }
    return described


def _query_code(reading: Reading, run: Run, rule: NoticeRule) -> str | None:
    """Only on papers to the party whose code it is."""
    if not rule.carries_query_code:
        return None
    party = addressee(reading, run, rule)
    return show_code(query_codes.query_code(reading, run.case, party)) if party else None


def addressee(reading: Reading, run: Run, rule: NoticeRule) -> Party | None:
    """The party to whom a notice goes; nothing when it goes to an organisation."""
    return reading.session.exec(
        select(Party).where(col(Party.case_id) == run.case.id, col(Party.part) == rule.addressee)
    ).first()


def plain(value: Any) -> Any:
    """The value as JSON has it: dates as ISO text, everything else as it is."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
