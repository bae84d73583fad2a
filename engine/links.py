"""Cases that come out of one another: refusal to review, lead to rectification order, agreed request to catalogue update.

A link has a kind and goes from the case that was first to the one that came out of it; it is read both ways. Somebody files the
later case and names the earlier one (``engine.origins``), or the process opens it (``case.open``, ``[opens]``), or tells linked
cases of what has happened (``case.tell``, ``[tells]``). An effect on another case is a job: it has a transaction of its own.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from engine import (
    audit,
    case_facts,
    cases,
    definitions,
    directory,
    documents,
    jobs,
    messages,
    origins,
    process,
    recusals,
    seats,
)
from engine.access import SYSTEM, sees_whole
from engine.calendars import read_day
from engine.cases import HandedOver
from engine.db import Database, Reading, UnitOfWork
from engine.definitions import Bundle
from engine.errors import EngineError, Invalid
from engine.manifest import LinkRule, OpenRule, TellRule
from engine.models import Case, CaseLink
from engine.operations import Call, Done, JobTicket
from engine.process import Run
from engine.runtime import evaluate


class OpeningUnknown(Invalid):
    """The process declares no opening “{name}”."""

    zh = "流程没有声明开立“{name}”。"


class TellingUnknown(Invalid):
    """The process declares no telling “{name}”."""

    zh = "流程没有声明通知“{name}”。"


def open_linked(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.open``: another case comes out of this one, with what ``[opens]`` hands over as it is now."""
    name = call.params["name"]
    if name not in run.bundle.manifest.opens:
        raise OpeningUnknown(name=name)
    asked = {"opening": name, "revision": run.case.revision, "person": uow.actor.person_id}
    jobs.enqueue(uow, "case.open", f"case.open:{call.token}", case_id=run.case.id, **asked)
    audit.record(uow, "case.opening_asked", run.case.id, opening=name)
    return Done()


def carry_opening(database: Database, ticket: JobTicket) -> None:
    """Job ``case.open``: open the other case in a transaction of its own, once."""
    with database.reading(SYSTEM) as reading:
        run = process.opened(reading, reading.session.get_one(Case, ticket.case_id))
        rule = run.bundle.manifest.opens[ticket.payload["opening"]]
        run.data = process.document_at(reading, run, ticket.payload["revision"])
        handed = handed_over(reading, run, rule)
        files = documents.copied(reading, run.case.id, run.key) if rule.part else []
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        if rule.part:
            origin = process.opened(uow, uow.session.get_one(Case, ticket.case_id))
            opened = cases.open_part(uow, origin, rule, handed, files)
        else:
            opened = cases.open_ex_officio(
                uow,
                rule.process,
                handed.form,
                participants=handed.participants,
                sources={rule.link: run.case.id},
                source="system",
            )
        audit.record(uow, "case.opened_from", opened.id, origin=run.case.id, link=rule.link)


def handed_over(reading: Reading, run: Run, rule: OpenRule) -> HandedOver:
    """What a case that this one opens begins with; what is nothing is left out."""
    known = case_facts.facts(reading, run)

    def said(expressions: Mapping[str, str]) -> dict[str, Any]:
        return _present({name: evaluate(expression, known) for name, expression in expressions.items()})

    since = evaluate(rule.since, known) if rule.since is not None else None
    return HandedOver(
        form=said(rule.form),
        participants={part: directory.organisation(reading, str(c)) for part, c in said(rule.participants).items()},
        document=said(rule.document),
        since=read_day(str(since)) if since else None,
    )


def tell(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.tell``: send the message that ``[tells]`` names into the linked cases that still run."""
    name = call.params["name"]
    rule = run.bundle.manifest.tells.get(name)
    if rule is None:
        raise TellingUnknown(name=name)
    for case_id in linked(uow, run.case.id, rule.link, rule.to):
        asked = {"telling": name, "to": case_id, "token": call.token}
        jobs.enqueue(uow, "case.tell", f"case.tell:{call.token}:{case_id}", case_id=run.case.id, **asked)
    audit.record(uow, "case.telling_asked", run.case.id, telling=name)
    return Done()


def carry_telling(database: Database, ticket: JobTicket) -> None:
    """Job ``case.tell``: the message reaches the other case in a transaction of its own, once.

    A case that is closed needs none, nor one whose process knows no such message: a complaint and a lead have the same offspring.
    """
    with database.reading(SYSTEM) as reading:
        run = process.opened(reading, reading.session.get_one(Case, ticket.case_id))
        rule: TellRule = run.bundle.manifest.tells[ticket.payload["telling"]]
        known = case_facts.facts(reading, run)
        form = _present({name: evaluate(expression, known) for name, expression in rule.form.items()})
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        other = process.lock_row(uow, ticket.payload["to"])
        knows = definitions.of_case(uow, other).manifest.message(rule.message) is not None
        if other.closed_at is None and knows:
            messages.send(uow, other.id, rule.message, form, message_id=f"{ticket.payload['token']}"[:100])


def linked(reading: Reading, case_id: str, kind: str, to: str) -> list[str]:
    """The ids of cases linked with one: that out of which it came (``origin``), or those that came out of it (``offspring``)."""
    here, there = (CaseLink.to_id, CaseLink.from_id) if to == "origin" else (CaseLink.from_id, CaseLink.to_id)
    found = select(there).where(col(here) == case_id, col(CaseLink.kind) == kind)
    return list(reading.session.exec(found.order_by(col(CaseLink.at), col(CaseLink.id))))


def offered(reading: Reading, case: Case) -> list[tuple[Bundle, LinkRule]]:
    """The processes of which somebody may file a case that comes out of this one, with the rule of the link.

    What the rule refuses now is not offered. At the desk only processes that the actor may file (see ``engine.seats``), out of
    cases that they see whole and are not recused from.
    """
    found: list[tuple[Bundle, LinkRule]] = []
    if not sees_whole(reading.session, reading.actor, case.id) or recusals.my_bar(reading, case) is not None:
        return found
    run: Run | None = None
    for bundle in definitions.processes(reading):
        for rule in bundle.manifest.links:
            if case.process_key not in rule.processes or not seats.may_file(reading, bundle):
                continue
            run = run or process.opened(reading, case)
            if _comes_out(reading, run, bundle, rule):
                found.append((bundle, rule))
    return found


def _comes_out(reading: Reading, run: Run, bundle: Bundle, rule: LinkRule) -> bool:
    """Neither the rule refuses it now, nor does a guard keep all houses of the actor from it, by what it takes over."""
    known = case_facts.facts(reading, run) | {"switches": bundle.manifest.switches}
    try:
        if evaluate(rule.refuse_when or "False", known):
            return False
        if rule.one_at_a_time and origins.still_running(reading, run.case, rule) is not None:
            return False
        taken = {name: evaluate(expression, known) for name, expression in rule.takes.items()}
    except EngineError:  # the other version of the process lacks a field that the rule reads
        return False
    return seats.may_be_offered(reading, bundle, taken)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
