"""The case file: everything that the desk sees of a case, personal data masked until somebody gives a reason."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from engine import (
    audit,
    clock,
    definitions,
    documents,
    masking,
    process,
    reasons,
    recusals,
    reminders,
    search,
    subjects,
    vault,
)
from engine import urging as urgings
from engine.access import OWN, desk_cases, own_documents, own_papers, sees_whole, visible_cases
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle, Versions
from engine.forms import Form
from engine.models import (
    Breach,
    Case,
    CaseRevision,
    Deadline,
    Delivery,
    Document,
    Job,
    Notice,
    Organisation,
    Party,
    Person,
    ReceivedMessage,
    StepRecord,
    Task,
)
from engine.process import Run
from engine.queries import chains, clocks, diagrams, lights, paging, rows, stopped
from engine.runtime.reader import TASKS
from engine.views import (
    CaseFile,
    CaseView,
    DeliveryView,
    DiagramView,
    DocumentView,
    FieldShown,
    HistoryEntry,
    NoticeView,
    Page,
)

STATUS_TITLES = {
    "submitted": ("已提交", "submitted"),
    "accepted": ("已受理", "accepted"),
    "not_accepted": ("不予受理", "not accepted"),
    "supplement_requested": ("等待补正", "supplement requested"),
    "in_progress": ("办理中", "in progress"),
    "replied": ("已答复", "replied"),
    "fulfilling": ("落实中", "being fulfilled"),
    "suspended": ("中止", "suspended"),
    "withdrawn": ("已撤回", "withdrawn"),
    "closed": ("已办结", "closed"),
    "archived": ("已归档", "archived"),
}
IDENTITY_TITLES = {
    "name": ("姓名或名称", "Name"),
    "phone": ("电话", "Phone"),
    "email": ("电子邮箱", "E-mail"),
    "identity_number": ("证件号码", "Identity number"),
    "address": ("地址", "Address"),
}


# ---------------------------------------------------------------- lists and the whole file


def cases(
    reading: Reading, *, status: str | None = None, search_for: str = "", after: str | None = None, limit: int = 50
) -> Page[CaseView]:
    """The cases that the actor may see, newest first; of one status, or as found by a search."""
    limit = paging.bounded(limit)
    query = select(Case).where(visible_cases(reading.actor))
    if status:
        query = query.where(col(Case.status) == status)
    if search_for.strip():
        query = query.where(search.matching(reading, search_for))
    if (going_on := paging.before(after, col(Case.submitted_at), col(Case.id))) is not None:  # type: ignore[arg-type]
        query = query.where(going_on)
    ordered = query.order_by(col(Case.submitted_at).desc(), col(Case.id).desc()).limit(limit + 1)
    rows, more = paging.cut(reading.session.exec(ordered).all(), limit)
    next_key = paging.make(rows[-1].submitted_at, rows[-1].id) if more else None
    return Page(tuple(view(reading, case) for case in rows), next_key)


def case_file(reading: Reading, reference: str) -> CaseFile:
    """The file of a case by its reference; raises CaseNotFound for what the actor may not see."""
    return of_case(reading, find(reading, reference))


def find(reading: Reading, reference: str) -> Case:
    """A case by its reference, for the desk; raises CaseNotFound for what the actor may not see."""
    found = reading.session.exec(
        select(Case).where(col(Case.reference) == reference.strip().upper()[:40], desk_cases(reading.actor))
    ).first()
    if found is None:
        raise process.CaseNotFound()
    return found


def of_case(reading: Reading, case: Case) -> CaseFile:
    """The file of a case that the actor may see: whole, or what is their own in it."""
    if not sees_whole(reading.session, reading.actor, case.id):
        return _own_part(reading, process.opened(reading, case))
    run = process.opened(reading, case)
    revisions = list(
        reading.session.exec(
            select(CaseRevision).where(col(CaseRevision.case_id) == case.id).order_by(col(CaseRevision.revision))
        )
    )
    open_tasks = reading.session.exec(
        select(Task).where(col(Task.case_id) == case.id, col(Task.state) == "open").order_by(col(Task.created_at))
    ).all()
    held = stopped.places(reading, run.bundle, case.id)
    return CaseFile(
        case=view(reading, case),
        held=held,
        deadlines=tuple(clocks.deadline_views(reading, run)),
        fields=_application(reading, run, revisions),
        answers=_answers(reading, run, revisions),
        applicant=applicant(reading, run, "page"),
        party_title=_party_title(reading, run),
        filing=run.bundle.text(run.bundle.manifest.process, "filing", reading.actor.locale),
        documents=tuple(document_views(reading, run)),
        notices=tuple(notice_views(reading, run, _notices(reading, case))),
        tasks=tuple(rows.task_rows(reading, [(t, case) for t in open_tasks])),
        history=tuple(_history(reading, run)),
        diagrams=tuple(_diagrams(reading, run, [t.node for t in open_tasks], [place.node for place in held])),
        merges=run.bundle.manifest.merging is not None,
    )


def _own_part(reading: Reading, run: Run) -> CaseFile:
    """What a participant sees that is kept out of others' deliberation: its papers, its tasks and answers, its clocks."""
    case, ours = run.case, reading.actor.organisations()
    of_ours = select(Task).where(col(Task.case_id) == case.id, col(Task.organisation_id).in_(ours))
    tasks = list(reading.session.exec(of_ours.order_by(col(Task.created_at))))
    causes = [f"task:{task.id}" for task in tasks]
    written = select(CaseRevision).where(col(CaseRevision.case_id) == case.id, col(CaseRevision.cause).in_(causes))
    revisions = list(reading.session.exec(written.order_by(col(CaseRevision.revision))))
    papers = select(Notice).where(col(Notice.case_id) == case.id, own_papers(reading.actor))
    notices = list(reading.session.exec(papers.order_by(col(Notice.created_at))))
    return CaseFile(
        case=view(reading, case),
        held=(),
        deadlines=tuple(clocks.deadline_views(reading, run, ours)),
        fields=(),
        answers=_answers(reading, run, revisions, messages=False),
        applicant=(),
        documents=tuple(document_views(reading, run, own_documents(reading.actor))),
        notices=tuple(notice_views(reading, run, notices)),
        tasks=tuple(rows.task_rows(reading, [(t, case) for t in tasks if t.state == "open"])),
        history=tuple(_own_history(reading, run, tasks)),
        diagrams=(),
    )


def _own_history(reading: Reading, run: Run, tasks: Sequence[Task]) -> list[HistoryEntry]:
    """What their own house has done."""
    done = select(StepRecord).where(
        col(StepRecord.case_id) == run.case.id, col(StepRecord.task_id).in_([task.id for task in tasks])
    )
    records = list(reading.session.exec(done.order_by(col(StepRecord.position))))
    names, versions = _actor_names(reading, run, records), definitions.versions_of(reading, run.case)
    steps = chains.step_titles(reading, tasks)
    titled = [(r, steps.get(r.task_id or "") or _record_title(versions, r, reading.actor.locale)) for r in records]
    return [HistoryEntry(r.at, title, names.get(_doer(r), ""), "done") for r, title in titled if title]


# ---------------------------------------------------------------- the head


def view(reading: Reading, case: Case) -> CaseView:
    """The head of a case."""
    locale, bundle = reading.actor.locale, definitions.of_case(reading, case)
    zh = locale.startswith("zh")
    taking_part = process.participants(reading, case.id)
    shown = _shows_its_way(reading, bundle, case)
    stage = next((s for s in bundle.manifest.stages if shown and s.key == case.stage), None)
    waits_for = stage.waits_for if stage and case.closed_at is None else ""
    outcome = bundle.manifest.outcomes.get(case.outcome or "")
    due_on = lights.last_day(case.due_at)
    stage_title = bundle.text(stage, "title", locale) if stage else ""
    known = STATUS_TITLES.get(case.status, (stage_title or case.status,) * 2)  # a process may have a status of its own
    return CaseView(
        id=case.id,
        reference=case.reference,
        process_key=case.process_key,
        process=bundle.text(bundle.manifest.process, "title", locale),
        subject=subjects.of_case(reading, case),
        status=case.status,
        status_title=known[0 if zh else 1],
        outcome=case.outcome,
        outcome_title=bundle.text(outcome, "title", locale) if outcome else None,
        late=case.late,
        submitted_at=case.submitted_at,
        closed_at=case.closed_at,
        agency=rows.organisation_name(_answering(bundle, taking_part), locale),
        waits_for=rows.who(bundle, waits_for, taking_part, locale),
        stage=stage_title,
        stage_text=bundle.text(stage, "text", locale) if stage else "",
        due_on=due_on,
        light=lights.of_case(reading, case),
        version=bundle.version,
    )


def _answering(bundle: Bundle, taking_part: Mapping[str, Organisation]) -> Organisation | None:
    """Who answers for a case: whoever owes its statutory clock, else another one, else the first that takes part."""
    owed = sorted(bundle.manifest.deadlines.values(), key=lambda rule: rule.basis != "statutory")
    parts = (*(rule.owed_by for rule in owed), *bundle.manifest.participants)
    return next((taking_part[part] for part in parts if part in taking_part), None)


def _shows_its_way(reading: Reading, bundle: Bundle, case: Case) -> bool:
    """Whether the reader may know at which step others are: not a participant that sees its own only."""
    limited = any(participant.sees == OWN for participant in bundle.manifest.participants.values())
    return not limited or sees_whole(reading.session, reading.actor, case.id)


# ---------------------------------------------------------------- what was said


def _application(reading: Reading, run: Run, revisions: Sequence[CaseRevision]) -> tuple[FieldShown, ...]:
    """The application as it was filed: the first revision of the document."""
    if not revisions:
        return ()
    bundle = definitions.versions_of(reading, run.case).at(revisions[0].revision)
    form = _form(reading, bundle, bundle.manifest.process.start_form)
    return shown(form, _writes(run, revisions[0]), reading.actor.locale)


def _answers(
    reading: Reading, run: Run, revisions: Sequence[CaseRevision], *, messages: bool = True
) -> tuple[tuple[str, tuple[FieldShown, ...]], ...]:
    """What later steps wrote and what was sent into the case, in order."""
    tasks = list(reading.session.exec(select(Task).where(col(Task.case_id) == run.case.id)))
    nodes, steps = {t.id: t.node for t in tasks}, chains.step_titles(reading, tasks)
    told, hidden = _messages(reading, run) if messages else [], chains.hidden(reading, tasks)
    versions = definitions.versions_of(reading, run.case)
    for revision in revisions:
        bundle = versions.at(revision.revision)
        task_id = revision.cause.removeprefix("task:")
        node = nodes.get(task_id) if revision.cause.startswith("task:") and task_id not in hidden else None
        name = bundle.form_of(node) if node else None
        if node and name:
            fields = shown(_form(reading, bundle, name), _writes(run, revision), reading.actor.locale)
            if fields:
                title = steps.get(task_id)
                told.append((revision.at, title or bundle.node_title(node, reading.actor.locale), fields))
    return tuple((title, fields) for _, title, fields in sorted(told, key=lambda entry: entry[0]))


def _messages(reading: Reading, run: Run) -> list[tuple[datetime, str, tuple[FieldShown, ...]]]:
    """What the parties and others sent into the case while it ran, in their own words."""
    told, versions = [], definitions.versions_of(reading, run.case)
    received = select(ReceivedMessage).where(col(ReceivedMessage.case_id) == run.case.id)
    for message in reading.session.exec(received.order_by(col(ReceivedMessage.received_at))):
        bundle = versions.of_message(message.name)
        rule = bundle.manifest.message(message.name)
        if rule is not None and rule.form is not None:
            said = dict(run.key.open_value(message.payload, process.message_purpose(message.id)))
            fields = shown(_form(reading, bundle, rule.form), said, reading.actor.locale)
            if fields:
                told.append((message.received_at, bundle.text(rule, "title", reading.actor.locale), fields))
    return told


def _form(reading: Reading, bundle: Bundle, name: str) -> Form:
    return definitions.form(reading, bundle, name, reading.actor.locale)


def _writes(run: Run, revision: CaseRevision) -> dict[str, Any]:
    purpose = f"case.revision:{run.case.id}:{revision.revision}"
    return dict(run.key.open_value(revision.writes, purpose))


def shown(form: Form, values: dict[str, Any], locale: str) -> tuple[FieldShown, ...]:
    """Answered fields in the order of their form."""
    return tuple(
        FieldShown(name, *line, personal=False)
        for name in form.names
        if name in values
        for line in form.describe({name: values[name]}, locale)
    )


def applicant(reading: Reading, run: Run, level: masking.Level) -> tuple[FieldShown, ...]:
    """Who applied, masked for the place where it is shown; ``none`` shows everything."""
    party = _party(reading, run)
    if party is not None and party.sealed:
        return _sealed_applicant(reading, run, party)
    return _identity_shown(reading, _party_of(reading, run), level)


def _party(reading: Reading, run: Run) -> Party | None:
    return reading.session.exec(select(Party).where(col(Party.case_id) == run.case.id).limit(1)).first()


def _party_of(reading: Reading, run: Run) -> Mapping[str, Any]:
    """What identifies the party of a case, as the case knows it."""
    return next(iter(process.parties(reading, run).values()), {})


def _party_title(reading: Reading, run: Run) -> str:
    party = _party(reading, run)
    return rows.who(run.bundle, party.part, {}, reading.actor.locale) if party else ""


def _sealed_applicant(reading: Reading, run: Run, party: Party) -> tuple[FieldShown, ...]:
    """A word for somebody whose identity is sealed; what asks for a reason is offered to those who may open it."""
    zh, told = reading.actor.locale.startswith("zh"), vault.told(reading, party.id)
    word = rows.who(run.bundle, party.part, {}, reading.actor.locale)
    state = ("身份已封存" if told else "匿名") if zh else ("identity sealed" if told else "anonymous")
    said = f"{word}（{state}）" if zh else f"{word} ({state})"
    title = IDENTITY_TITLES["name"][0 if zh else 1]
    return (FieldShown("name", title, said, personal=told and vault.may_open(reading, run, party)),)


def _identity_shown(reading: Reading, party: Mapping[str, Any], level: masking.Level) -> tuple[FieldShown, ...]:
    index = 0 if reading.actor.locale.startswith("zh") else 1
    return tuple(
        FieldShown(
            kind,
            titles[index],
            party[kind] if _is_open(party, kind, level) else masking.mask(kind, party[kind], level),  # type: ignore[arg-type]
            personal=True,
        )
        for kind, titles in IDENTITY_TITLES.items()
        if party.get(kind)
    )


def _is_open(party: Mapping[str, Any], kind: str, level: masking.Level) -> bool:
    """Whether a value is shown as it is: the names of companies and associations are no secret."""
    return level == "none" or (kind == "name" and not rows.is_natural_person(party["type"]))


def unmask(uow: UnitOfWork, case_id: str, reason: str) -> tuple[FieldShown, ...]:
    """Show who applied in full; the reason is recorded. Raises ReasonMissing, CaseNotFound, and of a sealed identity
    IdentityClosed, NothingSealed."""
    told = reasons.given(reason)
    run = process.lock(uow, case_id)
    if not sees_whole(uow.session, uow.actor, case_id):
        raise process.CaseNotFound()
    recusals.require_free(uow, run.case, run.bundle)
    party = _party(uow, run)
    sealed = party is not None and party.sealed
    identity: Mapping[str, Any] = (
        vault.open_identity(uow, run, party) if party is not None and sealed else _party_of(uow, run)
    )
    said = reasons.without(told, [str(identity.get(kind) or "") for kind in IDENTITY_TITLES])
    audit.record(uow, "party.unmasked", stream="reads", case=case_id, reason=said)
    return _identity_shown(uow, identity, "none")


# ---------------------------------------------------------------- papers and files


def document_views(reading: Reading, run: Run, *conditions: ColumnElement[bool]) -> list[DocumentView]:
    """The attachments of a case; a party sees its own."""
    attached = (col(Document.case_id) == run.case.id, col(Document.kind) == "attachment")
    query = select(Document).where(*attached, *conditions)
    if reading.actor.kind == "party":
        query = query.where(col(Document.author) == str(reading.actor))
    return [
        DocumentView(
            d.id,
            documents.shown_name(reading, run.key, run.case, d),
            d.media_type,
            d.size,
            d.kind,
            d.created_at,
            d.provenance,
        )
        for d in reading.session.exec(query.order_by(col(Document.created_at)))
    ]


def _notices(reading: Reading, case: Case) -> list[Notice]:
    ours = col(Notice.organisation_id).in_(reading.actor.organisations())  # a draft is its own house's alone
    kept = select(Notice).where(
        col(Notice.case_id) == case.id, or_(col(Notice.state) == "issued", and_(col(Notice.state) == "draft", ours))
    )
    return list(reading.session.exec(kept.order_by(col(Notice.created_at))))


def _deliveries(reading: Reading, notices: Sequence[Notice]) -> dict[str, list[DeliveryView]]:
    """How papers were delivered, by the paper, in the order in which it was tried."""
    of_papers = select(Delivery).where(col(Delivery.notice_id).in_([n.id for n in notices]))
    order = (col(Delivery.ordered_at), col(Delivery.channel).desc(), col(Delivery.attempt))
    sent: dict[str, list[DeliveryView]] = {}
    for row in reading.session.exec(of_papers.order_by(*order)):
        sent.setdefault(row.notice_id, []).append(delivery_view(reading, row))
    return sent


def delivery_view(reading: Reading, row: Delivery) -> DeliveryView:
    """One attempt; its number is for the desk."""
    return DeliveryView(
        id=row.id,
        channel=row.channel,
        attempt=row.attempt,
        state=row.state,
        ordered_at=row.ordered_at,
        dispatched_at=row.dispatched_at,
        dispatched_on=clock.day_of(row.dispatched_at) if row.dispatched_at else None,
        deemed_on=lights.last_day(row.deemed_at) if row.state == "dispatched" else None,
        served_on=clock.day_of(row.served_at) if row.served_at and row.state == "served" else None,
        how=row.how,
        proof="" if reading.actor.kind == "party" else row.proof,
    )


def _translation(reading: Reading, notice: Notice, asked: Collection[str]) -> str:
    if notice.translation_id is not None:
        return "ready"
    bundle = definitions.with_presentation(reading, notice.presentation_id)
    if notice.state != "issued" or not bundle.has_translation(notice.name):
        return "none"
    return "asked" if notice.id in asked else "offered"


def _translations_asked(reading: Reading, notices: Sequence[Notice]) -> set[str]:
    """The papers whose translation is being made."""
    keys = {translation_job(n.id): n.id for n in notices if n.translation_id is None}
    found = reading.session.exec(select(Job.unique_key).where(col(Job.unique_key).in_(keys), col(Job.state) != "done"))
    return {keys[key] for key in found}


def translation_job(notice_id: str) -> str:
    """The key of the job that makes a translation, whoever asks for it."""
    return f"notice.translate:{notice_id}"


def notice_views(reading: Reading, run: Run, notices: Sequence[Notice]) -> list[NoticeView]:
    """Papers with the hash of their bytes and how they were delivered."""
    locale = reading.actor.locale
    made = {n.document_id or n.draft_document_id for n in notices} - {None}
    files = {d.id: d for d in reading.session.exec(select(Document).where(col(Document.id).in_(made)))}
    sent = _deliveries(reading, notices)
    replaced = select(Notice.replaces_id, Notice.number).where(
        col(Notice.replaces_id).in_([n.id for n in notices]), col(Notice.state) == "issued"
    )
    later = dict(reading.session.exec(replaced.order_by(col(Notice.issued_at))).all())
    views, approved, asked = [], chains.of_notices(reading, run, notices), _translations_asked(reading, notices)
    for notice in notices:
        file = files.get((notice.document_id if notice.state == "issued" else notice.draft_document_id) or "")
        title = (
            notice.title
            if locale.startswith("zh")
            else _notice_title(definitions.with_presentation(reading, notice.presentation_id), notice.name, locale)
        )
        views.append(
            NoticeView(
                id=notice.id,
                name=notice.name,
                title=title,
                number=notice.number,
                state=notice.state,
                issued_on=notice.issued_on,
                digest=file.digest if file else None,
                digest_algorithm=file.digest_algorithm if file else None,
                size=file.size if file else None,
                ready=file is not None,
                translation=_translation(reading, notice, asked),
                deliveries=tuple(sent.get(notice.id, [])),
                chain=approved.get(notice.id, ()),
                replaced_by=later.get(notice.id),
                withdrawn_on=clock.day_of(notice.withdrawn_at) if notice.withdrawn_at else None,
                withdrawal_reason=notice.withdrawal_reason if reading.actor.kind != "party" else None,
                verify_token=notice.verify_token if notice.state == "issued" and notice.number else None,
                served_on=clock.day_of(notice.served_at) if notice.served_at else None,
            )
        )
    return views


# ---------------------------------------------------------------- what happened


def _history(reading: Reading, run: Run) -> list[HistoryEntry]:
    """What was done, when and by whom, in words; what was missed stands in its place."""
    locale, zh = reading.actor.locale, reading.actor.locale.startswith("zh")
    records = list(
        reading.session.exec(
            select(StepRecord).where(col(StepRecord.case_id) == run.case.id).order_by(col(StepRecord.position))
        )
    )
    names, absent = _actor_names(reading, run, records), _stood_in_for(reading, run)
    entries, versions = [], definitions.versions_of(reading, run.case)
    steps = _step_titles(reading, records)
    for record in records:
        title = steps.get(record.task_id or "") or _record_title(versions, record, locale)
        if title:
            kind = "done" if record.kind in TASKS | {process.STEP_OF_APPROVAL} else "event"
            detail = absent.get(record.task_id or "", "")
            entries.append(HistoryEntry(record.at, title, names.get(_doer(record), ""), kind, detail))
    for breach, deadline in reading.session.exec(
        select(Breach, Deadline)
        .join(Deadline, col(Deadline.id) == col(Breach.deadline_id))
        .where(col(Breach.case_id) == run.case.id, col(Breach.annulled_at).is_(None), col(Deadline.private).is_(False))
    ):
        bundle = versions.of_deadline(deadline.name)
        declared = bundle.manifest.deadlines.get(deadline.name)
        called = bundle.text(declared, "title", locale) if declared else deadline.name
        word = "逾期" if zh else "missed"
        entries.append(HistoryEntry(breach.at, f"{called}：{word}" if zh else f"{called}: {word}", "", "missed"))
    urged = reminders.title(reading.settings, "urged", locale)
    for urging, words, name in urgings.of_case(reading, run):
        entries.append(HistoryEntry(urging.at, urged, name, "event", words))
    return sorted(entries, key=lambda e: e.at)


def _step_titles(reading: Reading, records: Sequence[StepRecord]) -> dict[str, str]:
    """What was done as a step of an approval, by task."""
    ids = [record.task_id for record in records if record.task_id]
    return chains.step_titles(reading, list(reading.session.exec(select(Task).where(col(Task.id).in_(ids)))))


def _stood_in_for(reading: Reading, run: Run) -> dict[str, str]:
    """Tasks that somebody did in the place of an absent colleague → that in words."""
    zh = reading.actor.locale.startswith("zh")
    absent = select(Task.id, Person.name).join(Person, col(Person.id) == col(Task.completed_for))
    found = reading.session.exec(absent.where(col(Task.case_id) == run.case.id))
    return {task_id: f"代{name}办理" if zh else f"in place of {name}" for task_id, name in found}


def _doer(record: StepRecord) -> str:
    """Who did it. A notice that a party's act set off was issued by the system, not by the party."""
    automatic = record.actor.startswith("party:") and record.node.startswith(("notice.", "case.closed"))
    return "system" if automatic else record.actor


def _notice_title(bundle: Bundle, name: str, locale: str) -> str:
    return bundle.text(bundle.notice(name), "title", locale)


def _record_title(versions: Versions, record: StepRecord, locale: str) -> str:
    zh = locale.startswith("zh")
    if record.kind in TASKS | {process.STEP_OF_APPROVAL}:
        return versions.of_node(record.node).node_title(record.node, locale)
    if record.kind != "event":
        return ""
    event, _, name = record.node.partition(":")
    if event == "notice.issued":
        title = _notice_title(versions.of_notice(name), name, locale)
        return f"发出《{title}》" if zh else f"Issued: {title}"
    if event == "message.received":
        bundle = versions.of_message(name)
        message = bundle.manifest.message(name)
        return bundle.text(message, "title", locale) if message else ""
    if event in clocks.CHANGES:
        declared = versions.of_deadline(name).manifest.deadlines.get(name)
        title = versions.present.text(declared, "title", locale) if declared else name
        return (
            f"{clocks.change_title(event, locale)}：{title}" if zh else f"{clocks.change_title(event, locale)}: {title}"
        )
    if event == "case.transferred":
        declared_part = versions.present.manifest.participants.get(name)
        part = versions.present.text(declared_part, "title", locale) if declared_part else ""
        return f"确定{part or '办理机关'}" if zh else f"Named: {part or 'agency'}"
    words = {
        "case.submitted": ("提交申请", "Filed"),
        "case.opened": ("立案", "Opened"),
        "case.closed": ("办结", "Closed"),
    }.get(event)
    return words[0 if zh else 1] if words else ""


def _actor_names(reading: Reading, run: Run, records: Sequence[StepRecord]) -> dict[str, str]:
    """People by name; parties by what they are, for their names are masked."""
    zh = reading.actor.locale.startswith("zh")
    actors = {r.actor for r in records}
    ids = [a.removeprefix("person:") for a in actors if a.startswith("person:")]
    names = {f"person:{p.id}": p.name for p in reading.session.exec(select(Person).where(col(Person.id).in_(ids)))}
    names |= {a: "申请人" if zh else "Applicant" for a in actors if a.startswith("party:")}
    parties = reading.session.exec(select(Party).where(col(Party.case_id) == run.case.id))
    names |= {f"party:{p.id}": rows.who(run.bundle, p.part, {}, reading.actor.locale) for p in parties}
    return names | {"system": "系统" if zh else "System"}


def _diagrams(reading: Reading, run: Run, open_nodes: Sequence[str], held: Sequence[str]) -> list[DiagramView]:
    """The diagrams of the process, each with the way that the case took through it."""
    passed = reading.session.exec(
        select(StepRecord.node).where(col(StepRecord.case_id) == run.case.id, col(StepRecord.kind) != "event")
    )
    states = diagrams.states_of(run.bundle, passed, open_nodes, held)
    return diagrams.of_bundle(run.bundle, reading.actor.locale, states)
