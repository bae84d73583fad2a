"""Begin a case, find it again by its query code, and what a process may do to it: transfer, conclude, close."""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from engine import (
    audit,
    clock,
    deadlines,
    definitions,
    directory,
    documents,
    numbers,
    process,
    reminders,
    search,
    statutes,
)
from engine.access import ALL, NOTHING, OWN, Actor
from engine.calendars import Explanation, NoSuchDay, read_day
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.documents import Stored
from engine.errors import Invalid, NotFound
from engine.failpoints import failpoint
from engine.manifest import Participant as ParticipantRule
from engine.models import Case, CaseLink, Deadline, Notice, Organisation, Participant, Party, ProcessInstance
from engine.operations import BusinessError, Call, Done
from engine.privacy import CaseKey, Erased, plain_code
from engine.process import Run
from engine.runtime import Start, evaluate

NO_DOCUMENT_YET = NOT_BEGUN = b""


class WrongCode(NotFound):
    """The number and the code do not belong together. Please check both."""

    zh = "编号与查询码不符，请核对后再试。"


class OutcomeUnknown(Invalid):
    """The process declares no outcome “{outcome}”."""

    zh = "流程没有声明结果“{outcome}”。"
    quotes = True


class PartUnknown(Invalid):
    """The process declares no participant “{part}”."""

    zh = "流程没有声明参与方“{part}”。"


@dataclass(frozen=True)
class Submitted:
    """What somebody gets who has begun a case: its number, their code, and when the answer is due, with how it was counted."""

    case_id: str
    reference: str
    party_id: str
    query_code: str
    deadline: Deadline | None
    explanation: Explanation | None


# ---------------------------------------------------------------- beginning


def submit(
    uow: UnitOfWork,
    process_key: str,
    values: Mapping[str, Any],
    uploads: Sequence[Stored] = (),
    *,
    source: str = "portal",
    locale: str = "zh",
) -> Submitted:
    """Begin a case from the start form of a process; raises ProcessUnknown, FormInvalid, TooManyUploads.

    Fields marked personal go to the party, encrypted; the rest becomes the case's document. The legal clock that starts on
    ``case.submitted`` runs from this moment (Art. 15, 21: from the day of application).
    """
    bundle = definitions.current(uow, process_key)
    if bundle.manifest.process.applicants != "public" and uow.actor.kind in ("public", "party"):
        raise definitions.ProcessUnknown(key=process_key[:64])  # begun by organisations only
    if not bundle.manifest.parties:
        raise definitions.ProcessUnknown(key=process_key[:64])  # nobody files it: it is opened ex officio
    form = definitions.form(uow, bundle, bundle.manifest.process.start_form, locale)
    form.validate(values)
    personal = form.personal
    case, key = _new_case(uow, bundle, values, source)
    party = _new_party(uow, bundle, case, key, values, personal, locale)
    uow.actor = Actor("party", id=party.id, case_id=case.id, locale=locale)
    run = process.opened(uow, case)
    process.write(uow, run, {k: v for k, v in values.items() if k not in personal}, "form:start")
    documents.attach_all(uow, case.id, key, list(uploads))
    _begin(uow, run)
    return submitted(uow, case.id, party.id)


def open_ex_officio(
    uow: UnitOfWork,
    process_key: str,
    values: Mapping[str, Any],
    *,
    participants: Mapping[str, Organisation],
    links: Mapping[str, str],
    source: str = "desk",
) -> Case:
    """Open a case that nobody has filed (依职权): no party, no query code; it begins with ``case.opened``.

    ``participants`` gives parts of the process to organisations, beside those that the process finds by itself; ``links`` says
    by kind out of which case this one comes. Who may do so is for the verb to judge that calls. Raises ProcessUnknown,
    FormInvalid, PartUnknown.
    """
    bundle = definitions.current(uow, process_key)
    if bundle.manifest.parties:
        raise definitions.ProcessUnknown(key=process_key[:64])  # its party files it
    definitions.form(uow, bundle, bundle.manifest.process.start_form, uow.actor.locale).validate(values)
    case, _ = _new_case(uow, bundle, values, source)
    uow.add(*(CaseLink(from_id=origin, to_id=case.id, kind=kind, at=uow.now) for kind, origin in links.items()))
    run = process.opened(uow, case)
    process.write(uow, run, values, "form:start")
    for part, organisation in participants.items():
        take_part(uow, run, part, organisation)
    _begin(uow, run)
    return case


def _begin(uow: UnitOfWork, run: Run) -> None:
    """What every new case does once it is on paper: parts, clocks, the event that it begins with, its first steps."""
    case, manifest = run.case, run.bundle.manifest
    case.subject = str(_said(manifest.process.subject, run) or case.reference)[:300]
    appoint(uow, run, {part: rule for part, rule in manifest.participants.items() if part not in run.participants})
    search.index(uow, case)
    deadlines.declare(uow, run)
    key, version = run.bundle.key, run.bundle.version
    audit.record(uow, manifest.begins_with, case.id, process=key, version=version, source=case.source)
    process.announce(uow, run, manifest.begins_with)
    process.proceed(uow, run, Start(), "form:start")


def _new_case(uow: UnitOfWork, bundle: Bundle, values: Mapping[str, Any], source: str) -> tuple[Case, CaseKey]:
    key, wrapped, master_key_id = uow.keys.new_case_key()
    year = clock.day_of(uow.now).year
    prefix = bundle.manifest.process.reference_prefix
    number = numbers.next_number(uow, numbers.CASES, prefix, year)
    case = Case(
        reference=f"{prefix}-{year}-{number:06d}",
        process_key=bundle.key,
        definition_id=bundle.definition_id,
        subject="",
        confidential=bundle.manifest.process.confidential,
        source=source,
        data=NO_DOCUMENT_YET,
        wrapped_key=wrapped,
        master_key_id=master_key_id,
        submitted_at=uow.now,
        touched_at=uow.now,
    )
    case.data = key.seal_value({}, process.data_purpose(case.id))
    uow.add(case)
    uow.add(ProcessInstance(case_id=case.id, definition_id=bundle.definition_id, state=NOT_BEGUN))
    failpoint("cases.opened")
    return case, key


def _new_party(
    uow: UnitOfWork,
    bundle: Bundle,
    case: Case,
    key: CaseKey,
    values: Mapping[str, Any],
    personal: Mapping[str, str],
    locale: str,
) -> Party:
    part, rule = next(iter(bundle.manifest.parties.items()))
    identity = {kind: values[field] for field, kind in personal.items() if values.get(field)}
    party = Party(
        case_id=case.id,
        part=part,
        type=str(values.get(rule.type_field, "")) if rule.type_field else "",
        identity=b"",
        name_token=search.name_token(uow.keys, identity["name"]) if "name" in identity else None,
        locale=locale,
    )
    party.identity = key.seal_value(identity, process.identity_purpose(party.id))
    uow.add(party)
    return party


def appoint(uow: UnitOfWork, run: Run, parts: Mapping[str, ParticipantRule]) -> list[Participant]:
    """Give parts of the process to organisations, as far as they are known."""
    found = {part: _organisation_for(uow, rule, run) for part, rule in parts.items()}
    return [take_part(uow, run, part, organisation) for part, organisation in found.items() if organisation is not None]


def take_part(uow: UnitOfWork, run: Run, part: str, organisation: Organisation) -> Participant:
    """An organisation plays a part from now on. One that sees its own only sees nothing before something reaches it."""
    rule = run.bundle.manifest.participants.get(part)
    if rule is None:
        raise PartUnknown(part=part)
    row = Participant(case_id=run.case.id, part=part, organisation_id=organisation.id, since=uow.now)
    row.sees = NOTHING if rule.sees == OWN else ALL
    uow.add(row)
    run.participants[part] = organisation
    return row


def _organisation_for(uow: UnitOfWork, rule: ParticipantRule, run: Run) -> Organisation | None:
    if rule.kind is not None:
        return uow.session.exec(
            select(Organisation).where(col(Organisation.kind) == rule.kind, col(Organisation.active).is_(True)).limit(1)
        ).first()
    code = _said(rule.organisation, run) if rule.organisation else None
    return directory.organisation(uow, str(code)) if code else None


def _said(expression: str, run: Run) -> Any:
    """What an expression says of the case's document, in which a field that was not filled in is nothing."""
    return evaluate(expression, dict.fromkeys(run.bundle.manifest.data) | run.data)


def submitted(reading: Reading, case_id: str, party_id: str) -> Submitted:
    """What the party was told at submission, made again from the records (nothing of it is stored twice)."""
    case, party = reading.session.get_one(Case, case_id), reading.session.get_one(Party, party_id)
    answer = next((d for d in deadlines.of_case(reading, case_id) if d.starts_on == "case.submitted"), None)
    return Submitted(
        case_id=case.id,
        reference=case.reference,
        party_id=party.id,
        query_code=query_code(reading, case, party),
        deadline=answer,
        explanation=_explained(reading, answer, party.locale) if answer else None,
    )


def _explained(reading: Reading, deadline: Deadline, locale: str) -> Explanation | None:
    article = statutes.cited(reading.settings, deadline.article, deadline.text_version, locale)
    return deadlines.explain(reading, deadline, article)


# ---------------------------------------------------------------- the query code


def query_code(reading: Reading, case: Case, party: Party) -> str:
    """The code by which a party follows its case (13 signs, 63 bits); derived, never stored."""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    return key.query_code(case.id, party.id, party.code_version)


def plain_reference(typed: str) -> str:
    """A reference as somebody typed it: full-width or lower-case letters and blanks do not matter."""
    wide = unicodedata.normalize("NFKC", typed[:200]).upper()
    return "".join(c for c in wide if c.isalnum() or c == "-")[:40]


def authenticate_party(reading: Reading, reference: str, code: str) -> Actor:
    """The party that holds this number and code. A wrong number and a wrong code answer alike: WrongCode."""
    typed = plain_code(code)
    case = reading.session.exec(select(Case).where(col(Case.reference) == plain_reference(reference))).first()
    holders = reading.session.exec(select(Party).where(col(Party.case_id) == (case.id if case else ""))).all()
    found = None
    for party in holders:
        try:
            right = query_code(reading, case, party) if case else ""
        except Erased:
            continue
        if hmac.compare_digest(right, typed):
            found = party
    if not holders:  # the same work for a number that does not exist
        hmac.compare_digest(CaseKey(b"\0" * 32).query_code("", "", 1), typed)
    if found is None:
        raise WrongCode()
    return Actor("party", id=found.id, case_id=found.case_id, locale=found.locale)


# ---------------------------------------------------------------- what a process may do (operations)


def transfer(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.transfer``: another organisation takes over a part (转办). Its clocks run on; open tasks of the part go along."""
    part, code = call.params["part"], call.params["organisation"]
    if part not in run.bundle.manifest.participants:
        raise PartUnknown(part=part)
    organisation = directory.organisation(uow, code) if code else None
    leaving = run.participants.pop(part, None)
    for row in uow.session.exec(
        select(Participant).where(
            col(Participant.case_id) == run.case.id, col(Participant.part) == part, col(Participant.until).is_(None)
        )
    ):
        row.until = uow.now
        uow.add(row)
    if organisation is not None:
        take_part(uow, run, part, organisation)
    deadlines.owe(uow, run, part, organisation)
    process.reassign_open_tasks(uow, run, part)
    audit.record(
        uow,
        "case.transferred",
        run.case.id,
        part=part,
        leaving=leaving.code if leaving else None,
        taking=organisation.code if organisation else None,
    )
    process.announce(uow, run, f"case.transferred:{part}")
    return Done({"organisation": organisation.code if organisation else None})


def record_outcome(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.record_outcome``: how the matter was decided; announced as ``case.<outcome>``."""
    outcome = call.params["outcome"]
    if outcome not in run.bundle.manifest.outcomes:
        raise OutcomeUnknown(outcome=outcome)
    run.case.outcome = outcome
    uow.add(run.case)
    audit.record(uow, "case.decided", run.case.id, outcome=outcome)
    process.announce(uow, run, f"case.{outcome}")
    return Done()


def close(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.close``: the case is finished; clocks that still run stop."""
    run.case.status, run.case.closed_at = call.params.get("status", process.CLOSED), uow.now
    uow.add(run.case)
    uow.session.execute(  # what was drafted and not issued is not wanted any more
        update(Notice).where(col(Notice.case_id) == run.case.id, col(Notice.state) == "draft").values(state="discarded")
    )
    process.announce(uow, run, "case.closed")
    deadlines.stop_all(uow, run, "case.closed")
    audit.record(uow, "case.closed", run.case.id, status=run.case.status)
    return Done()


def remind(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.remind``: tell the people of a lane that something of this case waits for them."""
    part, _, role = call.params["lane"].partition(".")
    organisation = run.participants.get(part)
    if organisation is None:
        raise process.PartVacant(part=part)
    people = directory.holders(uow, role, organisation.id)
    reminders.remind(uow, people, call.params["kind"], run.case.id)
    audit.record(uow, "case.reminded", run.case.id, lane=call.params["lane"], kind=call.params["kind"])
    return Done()


def announce(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.announce``: a domain event of the process's own, on which clocks may start and stop.

    One that happened earlier says when (``on``); a day that cannot be is the business error ``day_unusable``.
    """
    on = call.params.get("on")
    try:
        process.announce(uow, run, call.params["event"], read_day(on) if on else None)
    except (NoSuchDay, process.EventDayUnusable) as error:
        raise BusinessError("day_unusable", day=on) from error
    return Done()
