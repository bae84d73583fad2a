"""Drafting, issuing and handing out notices.

A draft is rendered and glyph-checked by a job while the flow waits. Issuing allots the number and dispatches on the portal in
one transaction: from then on the paper exists, whatever happens to the machine; its bytes are made by a job right after, from
facts that are frozen, and kept unchanged with their hash.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from engine import approvals, audit, cases, clock, directory, documents, jobs, printed_dates, process, vault
from engine.access import own_papers, visible_cases, whole_cases
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle, with_presentation
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.manifest import NoticeRule
from engine.models import Case, Document, Notice, Organisation, Party, new_id
from engine.operations import Call, Done, Parked
from engine.privacy import CaseKey
from engine.process import Run
from notices import approved, attaching, deliveries, facts, headings, letterhead, numbering, replacing
from notices.paper import Paper

FACTS, PRINTED = "notice.facts:", "notice.printed:"
MANUSCRIPT = "notice.manuscript"  # the job that keeps the sheet of an issued paper (notices.manuscript)


class NoticeNotFound(NotFound):
    """There is no such notice, or you may not see it."""

    zh = "没有这份文书，或者您无权查看。"


class NoticeNotReady(Unavailable):
    """The notice is being typeset. Please try again in a moment."""

    zh = "文书正在生成，请稍后再试。"


class CodeIsTheirs(Forbidden):
    """“{title}” carries the query code: it is for its party, and for whoever is to post it or hand it over."""

    zh = "《{title}》载有查询码，只供当事人本人查看；需要邮寄或者当面送达的，由办理送达的人员打印。"


class IssuerUnknown(Invalid):
    """The notice “{notice}” has no issuing organisation: nobody plays the part {part} in the case."""

    zh = "文书“{notice}”没有制发机关：案件中没有“{part}”。"


class DraftNotReady(Conflict):
    """The draft of this notice has not been typeset yet, so it cannot be issued."""

    zh = "文书草稿尚未生成，不能签发。"


class DraftReplacesNothing(Conflict):
    """“{notice}” was drafted without naming the paper that it replaces: notice.draft needs the parameter replaces as well."""

    zh = "文书“{notice}”拟稿时没有写明所替换的文书：notice.draft 也须带有 replaces 参数。"


class DrafterIssues(Forbidden):
    """Who drafted a notice cannot issue it as well."""

    zh = "拟稿人不能签发自己拟定的文书。"


class NoOrganisationAddressed(Conflict):
    """“{notice}” goes to a party or was drafted, so it cannot be issued to one organisation after the other."""

    zh = "文书“{notice}”发给当事人或者经过拟稿，不能逐一发给不同机关。"


class ApproverMissing(Forbidden):
    """A paper that was drafted is issued by whoever approves it, not by an administrator who moves its case."""

    zh = "拟定的文书应由审批人签发，不能由系统管理员移动流程后发出。"


# ---------------------------------------------------------------- operations


def draft(uow: UnitOfWork, run: Run, call: Call) -> Parked:
    """``notice.draft``: freeze the facts and have the draft typeset; the flow waits until that has been done."""
    name = call.params["name"]
    notice = _new_notice(uow, run, name, call.params.get("replaces"))
    old = select(Notice).where(
        col(Notice.case_id) == run.case.id, col(Notice.name) == name, col(Notice.state) == "draft"
    )
    for former in uow.session.exec(old):
        former.state = "discarded"
        uow.add(former)
    notice.drafted_by = uow.actor.person_id
    notice.drafting_task_id = run.cause.removeprefix("task:") if run.cause.startswith("task:") else None
    notice.approved_digest = approved.digest(paper(uow, notice, run.case))
    uow.add(notice)
    uow.session.flush()
    approvals.lay_down(uow, run, notice, run.bundle.notice(name))
    printed_dates.record(uow, run, notice, run.bundle.notice(name))
    audit.record(uow, "notice.drafted", run.case.id, notice=notice.id, kind=name)
    jobs.enqueue(
        uow, "notice.draft", f"notice.draft:{notice.id}", case_id=run.case.id, notice=notice.id, token=call.token
    )
    failpoint("notices.drafted")
    return Parked()


def issue(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``notice.issue``: number and date the paper and dispatch it on the portal, all in this transaction.

    A draft of that name is what is issued, with the facts that were approved; a paper that nobody approves, and that was not
    drafted, is made from the case as it is now. What is issued differs from what was approved by number, date and seal alone.
    Announces ``notice.issued:<name>`` and ``notice.dispatched:<name>``, on which clocks stop (Art. 15, 21). Raises
    DraftNotReady, DraftMissing, NotApproved, DraftChanged, DrafterIssues, ApproverMissing, NoOrganisationAddressed, and
    PartBarred where a guard keeps the issuer from its part by now.
    """
    name = call.params["name"]
    rule = run.bundle.notice(name)
    draft = _draft_of(uow, run, name)
    steps = approvals.require_passed(uow, draft, rule)
    replaces = call.params.get("replaces")
    if call.params.get("to"):
        _address(uow, run, rule, call.params["to"], draft)
    notice = draft or _new_notice(uow, run, name, replaces)
    cases.require_competent(uow, run, rule)
    if replaces is not None and notice.replaces_id is None:
        raise DraftReplacesNothing(notice=rule.title)
    if notice.drafted_by is not None and not steps:
        _require_another(uow, notice)
    day = clock.day_of(uow.now)
    notice.state, notice.issued_at, notice.issued_on = "issued", uow.now, day
    notice.approved_by = next((step.person_id for step in steps if step.step == "sign"), uow.actor.person_id)
    if rule.upward:
        printed = shown_besides(uow, notice, run.case)
        notice.printed = run.key.seal_value(printed, PRINTED + notice.id)
    uow.add(notice)
    if rule.series is not None:
        issuer = uow.session.get_one(Organisation, notice.organisation_id)
        numbering.allot(uow, notice, issuer, rule.series, day)
    if notice.approved_digest is not None:
        approved.require_same(paper(uow, notice, run.case), notice.approved_digest)
    if draft is None:
        printed_dates.record(uow, run, notice, rule)
    else:
        printed_dates.overtaken(uow, run, notice)
    audit.record(uow, "notice.issued", run.case.id, notice=notice.id, kind=name, number=notice.number)
    jobs.enqueue(uow, "notice.render", f"notice.render:{notice.id}", case_id=run.case.id, notice=notice.id)
    process.announce(uow, run, f"notice.issued:{name}", paper=notice)
    process.let_see(uow, run, rule.addressee)
    if steps:
        jobs.enqueue(uow, MANUSCRIPT, f"{MANUSCRIPT}:{notice.id}", case_id=run.case.id, notice=notice.id)
    failpoint("notices.issued")
    deliveries.dispatch(uow, run, notice, rule)
    return Done({"notice": notice.id, "number": notice.number})


def _address(uow: UnitOfWork, run: Run, rule: NoticeRule, code: str, draft: Notice | None) -> None:
    """One organisation of several gets the paper: it plays the part that is addressed, beside those that got it before."""
    if draft is not None or rule.addressee not in run.bundle.manifest.participants:
        raise NoOrganisationAddressed(notice=rule.title)
    cases.join_part(uow, run, rule.addressee, directory.organisation(uow, code))


def _require_another(uow: UnitOfWork, notice: Notice) -> None:
    """A draft without a chain of approval is issued by somebody else than drafted it."""
    if notice.drafted_by == uow.actor.person_id:
        raise DrafterIssues()
    if uow.actor.duty == "administrator":
        raise ApproverMissing()


def _draft_of(uow: UnitOfWork, run: Run, name: str) -> Notice | None:
    found = uow.session.exec(
        select(Notice).where(col(Notice.case_id) == run.case.id, col(Notice.name) == name, col(Notice.state) == "draft")
    ).first()
    if found is not None and found.draft_document_id is None:
        raise DraftNotReady()
    return found


def _new_notice(uow: UnitOfWork, run: Run, name: str, replaces: str | None) -> Notice:
    rule = run.bundle.notice(name)
    replaced = replacing.newest(uow, run, replaces) if replaces is not None else None
    issuer = run.participants.get(rule.issuer)
    if issuer is None:
        issuer = _stand_in(run, rule)
    party = facts.addressee(uow, run, rule)
    receiver = run.participants.get(rule.addressee)
    notice_id, token = new_id(), new_id()
    return Notice(
        id=notice_id,
        case_id=run.case.id,
        name=name,
        presentation_id=run.bundle.presentation_id,
        organisation_id=issuer.id,
        party_id=party.id if party else None,
        addressee_id=receiver.id if receiver else None,
        form=rule.form,
        title=rule.title,
        facts=run.key.seal_value(facts.collect(uow, run, rule, replaced), FACTS + notice_id),
        printed=run.key.seal_value(
            _printed_besides(uow, run, rule, issuer, party, receiver, token), PRINTED + notice_id
        ),
        verify_token=token,
        replaces_id=replaced.id if replaced else None,
        created_at=uow.now,
    )


def _printed_besides(
    reading: Reading,
    run: Run,
    rule: NoticeRule,
    issuer: Organisation,
    party: Party | None,
    receiver: Organisation | None,
    token: str,
) -> dict[str, Any]:
    """What the page shows besides the facts: as it is now, and whatever becomes of organisations, parties and addresses."""
    addressee = _name_of(run.key, party) if party else receiver.name if receiver else None
    portal = reading.settings.base_url.rstrip("/")
    qr = f"{portal}/track" if rule.series is None else f"{portal}/verify/{token}"
    return {"organisation": issuer.name, "addressee": addressee, "qr": qr}


def _stand_in(run: Run, rule: NoticeRule) -> Organisation:
    """A slip (a receipt) can be given before it is known who will answer: any organisation of the case hands it out."""
    if rule.form == "slip" and run.participants:
        return next(iter(run.participants.values()))
    raise IssuerUnknown(notice=rule.title, part=rule.issuer)


def takes_mail(reading: Reading, run: Run, notice: Notice) -> bool:
    """Whether the addressee gave an e-mail address; that of a sealed one is not looked at."""
    party = reading.session.get(Party, notice.party_id) if notice.party_id else None
    if party is not None and party.sealed:
        return vault.by_email(reading, party.id)
    return bool(mail_address(reading, run, notice))


def mail_address(reading: Reading, run: Run, notice: Notice) -> str | None:
    party = reading.session.get(Party, notice.party_id) if notice.party_id else None
    if party is None:
        return None
    if party.sealed:
        return vault.email(reading, party.id)
    identity = run.key.open_value(party.identity, process.identity_purpose(party.id))
    return str(identity["email"]) if identity.get("email") else None


# ---------------------------------------------------------------- the paper


def paper(reading: Reading, notice: Notice, case: Case) -> Paper:
    """The notice as it is to be typeset, from what was frozen and the very template that it was made with."""
    bundle: Bundle = with_presentation(reading, notice.presentation_id)
    rule = bundle.notice(notice.name)
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    said = key.open_value(notice.facts, FACTS + notice.id)
    shown = shown_besides(reading, notice, case)
    created: datetime = notice.issued_at or notice.created_at
    issued = notice.state == "issued"
    return Paper(
        template=bundle.template(notice.name),
        form=rule.form,
        facts=said | {"remedy_litigation": rule.remedy_litigation},
        title=headings.title(rule, said),
        organisation=shown["organisation"],
        number=notice.number,
        issued_on=notice.issued_on,
        addressee=shown["addressee"],
        seal=rule.form != "slip" and issued,
        qr=shown["qr"],
        lang="zh-CN",
        created=created,
        signed=rule.form != "slip" and issued,
        attached=attaching.attached(notice, case, rule, said, shown) if issued else None,
        **letterhead.of(rule, said, shown["signers"]),
    )


def shown_besides(reading: Reading, notice: Notice, case: Case) -> dict[str, Any]:
    """What was frozen with the facts; papers of earlier versions have only what is so now. Raises Erased."""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    if notice.printed is not None:
        kept: dict[str, Any] = key.open_value(notice.printed, PRINTED + notice.id)
        return {"signers": letterhead.signers(reading, notice)} | kept
    issuer = reading.session.get_one(Organisation, notice.organisation_id)
    portal = reading.settings.base_url.rstrip("/")
    return {
        "organisation": issuer.name,
        "addressee": _addressee_name(reading, notice, key),
        "qr": f"{portal}/track",
        "signers": letterhead.signers(reading, notice),
    }


def _addressee_name(reading: Reading, notice: Notice, key: CaseKey) -> str | None:
    if notice.party_id is not None:
        return _name_of(key, reading.session.get_one(Party, notice.party_id))
    if notice.addressee_id is not None:
        return reading.session.get_one(Organisation, notice.addressee_id).name
    return None


def _name_of(key: CaseKey, party: Party) -> str | None:
    name = key.open_value(party.identity, process.identity_purpose(party.id)).get("name")
    return str(name) if name else None


# ---------------------------------------------------------------- handing out


def find(reading: Reading, notice_id: str) -> tuple[Notice, Case]:
    """A notice of a case that the actor may see; a party sees what was issued to it, never a draft."""
    query = (
        select(Notice, Case)
        .join(Case, col(Case.id) == col(Notice.case_id))
        .where(col(Notice.id) == notice_id, visible_cases(reading.actor))
    )
    if reading.actor.kind == "party":
        query = query.where(col(Notice.state) == "issued", col(Notice.party_id) == reading.actor.id)
    else:
        query = query.where(or_(whole_cases(reading.actor), own_papers(reading.actor)))
    found = reading.session.exec(query).first()
    if found is None:
        raise NoticeNotFound()
    return found[0], found[1]


def require_not_theirs(reading: Reading, notice: Notice) -> None:
    """Whoever works on a case never learns the code by which its party acts: they could withdraw, or read, in its place.

    Raises CodeIsTheirs, except for who has to bring the paper by hand.
    """
    if _is_theirs(reading, notice):
        raise CodeIsTheirs(title=notice.title)


def theirs(reading: Reading, case_id: str) -> frozenset[str]:
    """The ids of a case's issued papers that are for its party alone, since they bear the query code."""
    issued = select(Notice).where(col(Notice.case_id) == case_id, col(Notice.state) == "issued")
    return frozenset(notice.id for notice in reading.session.exec(issued) if _is_theirs(reading, notice))


def _is_theirs(reading: Reading, notice: Notice) -> bool:
    paper = with_presentation(reading, notice.presentation_id).notice(notice.name)
    return reading.actor.kind == "person" and paper.carries_query_code and not deliveries.brings(reading, notice)


def pdf(reading: Reading, notice_id: str) -> tuple[Notice, str, bytes]:
    """The issued bytes of a notice with a file name; raises NoticeNotFound, CodeIsTheirs, NoticeNotReady while they are being
    made."""
    notice, case = find(reading, notice_id)
    require_not_theirs(reading, notice)
    if notice.document_id is None:
        raise NoticeNotReady()
    return notice, f"{notice.title}-{case.reference}.pdf", bytes_of(reading, case, notice.document_id)


def draft_pdf(reading: Reading, notice_id: str) -> tuple[Notice, str, bytes]:
    """The draft that reviewers and signers look at: for the office whose paper it will be, and whoever takes a step of it."""
    notice, case = find_draft(reading, notice_id)
    if notice.draft_document_id is None:
        raise NoticeNotReady()
    return notice, f"{notice.title}-草稿-{case.reference}.pdf", bytes_of(reading, case, notice.draft_document_id)


def may_see_draft(reading: Reading, notice: Notice) -> bool:
    """Whether the actor works in the office whose paper this will be, or takes a step in approving it."""
    return approvals.may_see_draft(reading, notice)


def find_draft(reading: Reading, notice_id: str) -> tuple[Notice, Case]:
    """A paper before those who take part in approving it; raises NoticeNotFound for all others."""
    query = select(Notice, Case).join(Case, col(Case.id) == col(Notice.case_id)).where(col(Notice.id) == notice_id)
    found = reading.session.exec(query.where(visible_cases(reading.actor))).first()
    if found is None or not may_see_draft(reading, found[0]):
        raise NoticeNotFound()
    return found[0], found[1]


def bytes_of(reading: Reading, case: Case, document_id: str) -> bytes:
    """The bytes of a document of a case, opened."""
    document = reading.session.get_one(Document, document_id)
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    return b"".join(documents.content(reading.settings, key, document))
