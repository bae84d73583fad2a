"""Begin a case, find it again by its query code, and what a process may do to it: transfer, conclude, close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    origins,
    process,
    query_codes,
    relations,
    reminders,
    search,
    seats,
    statutes,
    vault,
)
from engine.access import ALL, NOTHING, OWN, Actor, readers
from engine.calendars import Explanation, NoSuchDay, read_day
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle
from engine.documents import Stored
from engine.errors import Conflict, Invalid
from engine.failpoints import failpoint
from engine.manifest import NoticeRule, OpenRule
from engine.manifest import Participant as ParticipantRule
from engine.models import Case, CaseLink, Deadline, Notice, Organisation, Participant, Party, ProcessInstance
from engine.operations import BusinessError, Call, Done
from engine.privacy import CaseKey
from engine.process import Run
from engine.runtime import Start, evaluate

NO_DOCUMENT_YET = NOT_BEGUN = b""
NOBODY: Mapping[str, Organisation] = {}


class OutcomeUnknown(Invalid):
    """The process declares no outcome “{outcome}”."""

    zh = "流程没有声明结果“{outcome}”。"
    quotes = True


class PartUnknown(Invalid):
    """The process declares no participant “{part}”."""

    zh = "流程没有声明参与方“{part}”。"


class PartBarred(Conflict):
    """{text}"""

    zh = "{text_zh}"


@dataclass(frozen=True)
class Submitted:
    """What somebody gets who has begun a case: its number, their code, and when the answer is due, with how it was counted."""

    case_id: str
    reference: str
    party_id: str
    query_code: str
    deadline: Deadline | None
    explanation: Explanation | None


@dataclass(frozen=True)
class HandedOver:
    """What a case that is opened out of another one begins with."""

    form: dict[str, Any]  # its start form
    participants: dict[str, Organisation]
    document: dict[str, Any]  # fields beside the start form
    since: date | None  # the day on which it counts as begun; nothing: today


# ---------------------------------------------------------------- beginning


def submit(
    uow: UnitOfWork,
    process_key: str,
    values: Mapping[str, Any],
    uploads: Sequence[Stored] = (),
    *,
    source: str = "portal",
    locale: str = "zh",
    received_on: date | None = None,
) -> Submitted:
    """Begin a case from the start form of a process; raises ProcessUnknown, FormInvalid, TooManyUploads, EventDayUnusable.

    Fields marked personal go to the party, encrypted; the rest becomes the case's document. The legal clock that starts on
    ``case.submitted`` runs from this day (Art. 15, 21: from the day of application). Somebody at the desk who registers what came
    by post or over the counter on an earlier day says when it was received: the clock goes by that day.
    """
    bundle = definitions.current(uow, process_key)
    if not bundle.manifest.parties or not seats.may_file(uow, bundle):
        raise definitions.ProcessUnknown(key=process_key[:64])  # begun by organisations only, or opened ex officio
    form = definitions.form(uow, bundle, bundle.manifest.process.start_form, locale)
    personal = form.personal
    values, sources = origins.completed(uow, bundle, form, values)
    case, key = _new_case(uow, bundle, values, source)
    _link(uow, bundle, case, sources)
    if uow.actor.kind == "person":  # from here on the case is its party's
        received = {"received_on": received_on.isoformat()} if received_on else {}
        audit.record(uow, "case.filed_for_party", case.id, **received)
    else:
        received_on = None  # whoever files for themselves applies now
    party = _new_party(uow, bundle, case, key, values, personal, locale)
    uow.actor = _as_party(party)
    run = process.opened(uow, case)
    process.write(uow, run, {k: v for k, v in values.items() if k not in personal}, "form:start")
    documents.attach_all(uow, case.id, key, list(uploads))
    if received_on is not None and received_on < clock.day_of(uow.now):
        case.submitted_at = clock.start_of(received_on)
    _begin(uow, run, since=received_on)
    return submitted(uow, case.id, party.id)


def open_ex_officio(
    uow: UnitOfWork,
    process_key: str,
    values: Mapping[str, Any],
    *,
    participants: Mapping[str, Organisation],
    sources: Mapping[str, str],
    source: str = "desk",
) -> Case:
    """Open a case that nobody has filed (依职权): no party, no query code; it begins with ``case.opened``.

    ``participants`` gives parts of the process to organisations, beside those that the process finds by itself; ``sources`` says
    by kind out of which case this one comes. Who may do so is for the verb to judge that calls. Raises ProcessUnknown,
    FormInvalid, PartUnknown.
    """
    bundle = definitions.current(uow, process_key)
    if bundle.manifest.parties:
        raise definitions.ProcessUnknown(key=process_key[:64])  # its party files it
    definitions.form(uow, bundle, bundle.manifest.process.start_form, uow.actor.locale).validate(values)
    return _opened(uow, bundle, values, participants, sources, source)


def file_at_desk(
    uow: UnitOfWork,
    process_key: str,
    values: Mapping[str, Any],
    uploads: Sequence[Stored] = (),
    *,
    organisation: str | None = None,
    source: str = "desk",
) -> Case:
    """File a case that has no party, for the actor's organisation, which plays the part of the lane that ``filed_by`` names.

    ``organisation`` is its code, where the actor may file for several. Raises ProcessUnknown for a process that they may not
    file, FormInvalid, and what ``origins.origin`` raises.
    """
    bundle = definitions.current(uow, process_key)
    offered = seats.of(uow, bundle)
    if organisation is not None:
        offered = [seat for seat in offered if seat[1].code == organisation]
    if bundle.manifest.parties or not offered:
        raise definitions.ProcessUnknown(key=process_key[:64])
    part, house = offered[0]
    form = definitions.form(uow, bundle, bundle.manifest.process.start_form, uow.actor.locale)
    values, sources = origins.completed(uow, bundle, form, values)
    return _opened(uow, bundle, values, {part: house}, sources, source, uploads)


def _opened(
    uow: UnitOfWork,
    bundle: Bundle,
    values: Mapping[str, Any],
    participants: Mapping[str, Organisation],
    sources: Mapping[str, str],
    source: str,
    uploads: Sequence[Stored] = (),
) -> Case:
    """A case without a party begins, with the organisations that are known from the outset."""
    case, key = _new_case(uow, bundle, values, source)
    _link(uow, bundle, case, sources)
    run = process.opened(uow, case)
    process.write(uow, run, values, "form:start")
    documents.attach_all(uow, case.id, key, list(uploads))
    for part, organisation in participants.items():
        take_part(uow, run, part, organisation)
    _begin(uow, run)
    return case


def open_part(
    uow: UnitOfWork,
    origin: Run,
    rule: OpenRule,
    handed: HandedOver,
    files: Sequence[tuple[Stored, str]] = (),
) -> Case:
    """Part of a case that belongs elsewhere goes on as a case of its own (分案): of the same party, received on the same day.

    It has a number, a query code and papers of its own; what the party sent goes along, and so do the cases out of which the
    first one came. ``files`` are copies with their authors. Raises FormInvalid, and what keeps an organisation from its part.
    """
    bundle = definitions.current(uow, rule.process)
    form = definitions.form(uow, bundle, bundle.manifest.process.start_form, uow.actor.locale)
    form.validate(handed.form, form.personal)  # who files it is known
    case, key = _new_case(uow, bundle, handed.form, origin.case.source)
    case.submitted_at = origin.case.submitted_at
    _link(uow, bundle, case, _origins(uow, origin) | {rule.link: origin.case.id})
    authors = _same_parties(uow, origin, case, key)
    run = process.opened(uow, case)
    process.write(uow, run, handed.document, f"operation:case.open:{origin.case.id}")
    process.write(uow, run, handed.form, "form:start")
    for stored, author in files:
        documents.attach(uow, case.id, key, stored, author=authors.get(author, author))
    _begin(uow, run, handed.participants, handed.since)
    return case


def _origins(uow: UnitOfWork, origin: Run) -> dict[str, str]:
    """Out of which cases one came that somebody filed, by kind."""
    kinds = [rule.kind for rule in origin.bundle.manifest.links]
    found = select(CaseLink).where(col(CaseLink.to_id) == origin.case.id, col(CaseLink.kind).in_(kinds))
    return {link.kind: link.from_id for link in uow.session.exec(found)}


def _same_parties(uow: UnitOfWork, origin: Run, case: Case, key: CaseKey) -> dict[str, str]:
    """Whoever is a party of one case is one of the other; as whom they act there, by as whom they act here."""
    acting = {}
    for party in list(uow.session.exec(select(Party).where(col(Party.case_id) == origin.case.id))):
        same = Party(case_id=case.id, part=party.part, type=party.type, sealed=party.sealed, identity=b"")
        same.name_token, same.locale = party.name_token, party.locale
        kept = origin.key.open_value(party.identity, process.identity_purpose(party.id))
        same.identity = key.seal_value(kept, process.identity_purpose(same.id))
        uow.add(same)
        if party.sealed:
            vault.carry(uow, party, same)
        acting[str(_as_party(party))] = str(_as_party(same))
    return acting


def _as_party(party: Party) -> Actor:
    return Actor("party", id=party.id, case_id=party.case_id, locale=party.locale)


def _link(uow: UnitOfWork, bundle: Bundle, case: Case, sources: Mapping[str, str]) -> None:
    """Remember out of which cases one came, and whether it is closed to those who decided there."""
    closed = {rule.link for rule in bundle.manifest.exclusions if rule.deciders}
    uow.add(
        *(
            CaseLink(from_id=origin, to_id=case.id, kind=kind, at=uow.now, keeps_out=kind in closed)
            for kind, origin in sources.items()
        )
    )
    for kind, origin in sources.items():
        audit.record(uow, "case.linked", origin, kind=kind, to=case.id)


def _begin(uow: UnitOfWork, run: Run, given: Mapping[str, Organisation] = NOBODY, since: date | None = None) -> None:
    """What every new case does once it is on paper: parts, clocks, the event that it begins with, its first steps.

    ``given`` organisations play a part whatever the process says; a case that counts as begun earlier says ``since`` when.
    """
    case, manifest = run.case, run.bundle.manifest
    open_parts = {part: rule for part, rule in manifest.participants.items() if part not in run.participants}
    appoint(uow, run, open_parts, given)
    case.subject = str(_said(manifest.process.subject, uow, run) or case.reference)[:300]
    search.index(uow, case)
    deadlines.declare(uow, run)
    key, version = run.bundle.key, run.bundle.version
    audit.record(uow, manifest.begins_with, case.id, process=key, version=version, source=case.source)
    process.announce(uow, run, manifest.begins_with, since)
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
    anonymous = bool(rule.anonymous_field and values.get(rule.anonymous_field))
    identity = {kind: values[field] for field, kind in personal.items() if values.get(field) and not anonymous}
    party = Party(
        case_id=case.id,
        part=part,
        type=str(values.get(rule.type_field, "")) if rule.type_field else "",
        identity=b"",
        sealed=rule.sealed or anonymous,
        name_token=search.name_token(uow.keys, identity["name"]) if "name" in identity else None,
        locale=locale,
    )
    kept = vault.stand_in(rule) if party.sealed else identity
    party.identity = key.seal_value(kept, process.identity_purpose(party.id))
    if party.sealed:
        vault.put(uow, party, identity)
    uow.add(party)
    return party


def appoint(
    uow: UnitOfWork, run: Run, parts: Mapping[str, ParticipantRule], given: Mapping[str, Organisation] = NOBODY
) -> list[Participant]:
    """Give parts of the process to organisations, as far as they are known: in their order, since one may follow from another."""
    found = ((part, given.get(part) or _organisation_for(uow, rule, run)) for part, rule in parts.items())
    return [take_part(uow, run, part, organisation) for part, organisation in found if organisation is not None]


def take_part(uow: UnitOfWork, run: Run, part: str, organisation: Organisation) -> Participant:
    """An organisation plays a part from now on. One that sees its own only sees nothing before something reaches it."""
    rule = run.bundle.manifest.participants.get(part)
    if rule is None:
        raise PartUnknown(part=part)
    _require_allowed(uow, run, part, organisation)
    row = Participant(case_id=run.case.id, part=part, organisation_id=organisation.id, since=uow.now)
    row.sees = NOTHING if rule.sees == OWN else ALL
    row.readers, row.keeps_out = readers(rule.sees, run.bundle.roles_of(part)), rule.keeps_out
    uow.add(row)
    run.participants[part] = organisation
    return row


def join_part(uow: UnitOfWork, run: Run, part: str, organisation: Organisation) -> None:
    """An organisation plays a part beside others that do; the newest is the one that expressions read."""
    same = select(Participant.id).where(
        col(Participant.case_id) == run.case.id,
        col(Participant.part) == part,
        col(Participant.organisation_id) == organisation.id,
        col(Participant.until).is_(None),
    )
    if uow.session.exec(same).first() is None:
        take_part(uow, run, part, organisation)
        audit.record(uow, "case.joined", run.case.id, part=part, organisation=organisation.code)
    run.participants[part] = organisation


def require_competent(uow: UnitOfWork, run: Run, paper: NoticeRule) -> None:
    """Who issues a paper may still play their part: a superior that orders (Art. 30) may have ceased to be one meanwhile.

    Raises PartBarred.
    """
    for part in (paper.issuer, *paper.co_issuers):
        if part in run.participants:
            _require_allowed(uow, run, part, run.participants[part])


def _require_allowed(uow: UnitOfWork, run: Run, part: str, organisation: Organisation) -> None:
    """No guard of the process keeps an organisation from a part; raises PartBarred with the guard's sentence."""
    guards = [guard for guard in run.bundle.manifest.guards if guard.part == part]
    if not guards:
        return
    playing = {**run.participants, part: organisation}
    names: dict[str, Any] = dict.fromkeys(run.bundle.manifest.data) | run.data
    described = relations.described(uow, playing.values())
    names["participants"] = dict.fromkeys(run.bundle.manifest.participants) | {
        name: described[o.code] for name, o in playing.items()
    }
    names |= process.known_items(uow, run)
    for guard in guards:
        if not evaluate(guard.allow_when, names):
            raise PartBarred(text=guard.text_en, text_zh=guard.text)


def _organisation_for(uow: UnitOfWork, rule: ParticipantRule, run: Run) -> Organisation | None:
    if rule.kind is not None:
        return uow.session.exec(
            select(Organisation).where(col(Organisation.kind) == rule.kind, col(Organisation.active).is_(True)).limit(1)
        ).first()
    code = _said(rule.organisation, uow, run) if rule.organisation else None
    return directory.organisation(uow, str(code)) if code else None


def _said(expression: str, reading: Reading, run: Run) -> Any:
    """What an expression says of the case's document and of who takes part; a field that was not filled in is nothing."""
    names = dict.fromkeys(run.bundle.manifest.data) | run.data | process.known_items(reading, run)
    return evaluate(expression, names | {"participants": process.described_participants(reading, run)})


def submitted(reading: Reading, case_id: str, party_id: str) -> Submitted:
    """What the party was told at submission, made again from the records (nothing of it is stored twice)."""
    case, party = reading.session.get_one(Case, case_id), reading.session.get_one(Party, party_id)
    answer = next((d for d in deadlines.of_case(reading, case_id) if "case.submitted" in d.starts_on.split()), None)
    return Submitted(
        case_id=case.id,
        reference=case.reference,
        party_id=party.id,
        query_code=query_codes.query_code(reading, case, party),
        deadline=answer,
        explanation=_explained(reading, answer, party.locale) if answer else None,
    )


def _explained(reading: Reading, deadline: Deadline, locale: str) -> Explanation | None:
    article = statutes.cited(reading.settings, deadline.article, deadline.text_version, locale)
    return deadlines.explain(reading, deadline, article)


# ---------------------------------------------------------------- the query code


# ---------------------------------------------------------------- what a process may do (operations)


def transfer(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``case.transfer``: another organisation takes over a part (转办). Its clocks run on; open tasks of the part go along.

    Of a confidential case whoever hands it over sees from then on what it did and wrote itself, and no more.
    """
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
        row.sees = OWN if run.case.confidential else row.sees  # it may have passed it on because it has a stake in it
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
