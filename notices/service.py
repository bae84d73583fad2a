"""Drafting, issuing and handing out notices.

A draft is rendered and glyph-checked by a job while the flow waits. Issuing allots the number and dispatches on the portal in
one transaction: from then on the paper exists, whatever happens to the machine; its bytes are made by a job right after, from
facts that are frozen, and kept unchanged with their hash.
"""

from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select

from engine import audit, clock, documents, jobs, printed_dates, process
from engine.access import own_papers, visible_cases, whole_cases
from engine.db import Reading, UnitOfWork
from engine.definitions import Bundle, with_presentation
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.manifest import NoticeRule
from engine.models import Case, Delivery, Document, Notice, Organisation, Party, new_id
from engine.operations import Call, Done, Parked
from engine.privacy import CaseKey
from engine.process import Run
from notices import facts, letterhead, numbering
from notices.paper import Paper

FACTS = "notice.facts:"


class NoticeNotFound(NotFound):
    """There is no such notice, or you may not see it."""

    zh = "没有这份文书，或者您无权查看。"


class NoticeNotReady(Unavailable):
    """The notice is being typeset. Please try again in a moment."""

    zh = "文书正在生成，请稍后再试。"


class IssuerUnknown(Invalid):
    """The notice “{notice}” has no issuing organisation: nobody plays the part {part} in the case."""

    zh = "文书“{notice}”没有制发机关：案件中没有“{part}”。"


class DraftNotReady(Conflict):
    """The draft of this notice has not been typeset yet, so it cannot be issued."""

    zh = "文书草稿尚未生成，不能签发。"


class DrafterApproves(Forbidden):
    """Who drafted a notice cannot issue it as well."""

    zh = "拟稿人不能签发自己拟定的文书。"


class ApproverMissing(Forbidden):
    """A paper that was drafted is issued by whoever approves it, not by an administrator who moves its case."""

    zh = "拟定的文书应由审批人签发，不能由系统管理员移动流程后发出。"


# ---------------------------------------------------------------- operations


def draft(uow: UnitOfWork, run: Run, call: Call) -> Parked:
    """``notice.draft``: freeze the facts and have the draft typeset; the flow waits until that has been done."""
    name = call.params["name"]
    notice = _new_notice(uow, run, name)
    old = select(Notice).where(
        col(Notice.case_id) == run.case.id, col(Notice.name) == name, col(Notice.state) == "draft"
    )
    for former in uow.session.exec(old):
        former.state = "discarded"
        uow.add(former)
    notice.drafted_by = uow.actor.person_id
    uow.add(notice)
    printed_dates.record(uow, run, notice, run.bundle.notice(name))
    audit.record(uow, "notice.drafted", run.case.id, notice=notice.id, kind=name)
    jobs.enqueue(
        uow, "notice.draft", f"notice.draft:{notice.id}", case_id=run.case.id, notice=notice.id, token=call.token
    )
    failpoint("notices.drafted")
    return Parked()


def issue(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``notice.issue``: number and date the paper and dispatch it on the portal, all in this transaction.

    A draft of that name is what is issued, with the facts that were approved; a paper without a draft is made from the case as
    it is now. Announces ``notice.issued:<name>`` and ``notice.dispatched:<name>``, on which clocks stop (Art. 15, 21).
    """
    name = call.params["name"]
    rule = run.bundle.notice(name)
    draft = _draft_of(uow, run, name)
    notice = draft or _new_notice(uow, run, name)
    if notice.drafted_by is not None and notice.drafted_by == uow.actor.person_id:
        raise DrafterApproves()
    if notice.drafted_by is not None and uow.actor.duty == "administrator":
        raise ApproverMissing()
    day = clock.day_of(uow.now)
    if rule.series is not None:
        issuer = uow.session.get_one(Organisation, notice.organisation_id)
        notice.number = numbering.allot(uow, issuer, rule.series, day)
    notice.state, notice.issued_at, notice.issued_on = "issued", uow.now, day
    notice.approved_by = uow.actor.person_id
    uow.add(notice)
    if draft is None:
        printed_dates.record(uow, run, notice, rule)
    else:
        printed_dates.overtaken(uow, run, notice)
    audit.record(uow, "notice.issued", run.case.id, notice=notice.id, kind=name, number=notice.number)
    jobs.enqueue(uow, "notice.render", f"notice.render:{notice.id}", case_id=run.case.id, notice=notice.id)
    process.announce(uow, run, f"notice.issued:{name}")
    process.let_see(uow, run, rule.addressee)
    failpoint("notices.issued")
    _dispatch(uow, run, notice, rule)
    return Done({"notice": notice.id, "number": notice.number})


def _draft_of(uow: UnitOfWork, run: Run, name: str) -> Notice | None:
    found = uow.session.exec(
        select(Notice).where(col(Notice.case_id) == run.case.id, col(Notice.name) == name, col(Notice.state) == "draft")
    ).first()
    if found is not None and found.draft_document_id is None:
        raise DraftNotReady()
    return found


def _new_notice(uow: UnitOfWork, run: Run, name: str) -> Notice:
    rule = run.bundle.notice(name)
    issuer = run.participants.get(rule.issuer)
    if issuer is None:
        issuer = _stand_in(run, rule)
    party = facts.addressee(uow, run, rule)
    receiver = run.participants.get(rule.addressee)
    notice_id = new_id()
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
        facts=run.key.seal_value(facts.collect(uow, run, rule), FACTS + notice_id),
        verify_token=new_id(),
        created_at=uow.now,
    )


def _stand_in(run: Run, rule: NoticeRule) -> Organisation:
    """A slip (a receipt) can be given before it is known who will answer: any organisation of the case hands it out."""
    if rule.form == "slip" and run.participants:
        return next(iter(run.participants.values()))
    raise IssuerUnknown(notice=rule.title, part=rule.issuer)


def _dispatch(uow: UnitOfWork, run: Run, notice: Notice, rule: NoticeRule) -> None:
    if "portal" in rule.channels:
        uow.add(
            Delivery(
                notice_id=notice.id, case_id=run.case.id, channel="portal", state="dispatched", dispatched_at=uow.now
            )
        )
        process.announce(uow, run, f"notice.dispatched:{notice.name}")
    if "email" in rule.channels and uow.settings.smtp_host and mail_address(uow, run, notice):
        delivery = Delivery(notice_id=notice.id, case_id=run.case.id, channel="email")
        uow.add(delivery)
        jobs.enqueue(uow, "notice.email", f"notice.email:{delivery.id}", case_id=run.case.id, delivery=delivery.id)


def mail_address(reading: Reading, run: Run, notice: Notice) -> str | None:
    party = reading.session.get(Party, notice.party_id) if notice.party_id else None
    if party is None:
        return None
    identity = run.key.open_value(party.identity, process.identity_purpose(party.id))
    return str(identity["email"]) if identity.get("email") else None


# ---------------------------------------------------------------- the paper


def paper(reading: Reading, notice: Notice, case: Case) -> Paper:
    """The notice as it is to be typeset, from its frozen facts and the very template that it was made with."""
    bundle: Bundle = with_presentation(reading, notice.presentation_id)
    rule = bundle.notice(notice.name)
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    issuer = reading.session.get_one(Organisation, notice.organisation_id)
    said = key.open_value(notice.facts, FACTS + notice.id)
    created: datetime = notice.issued_at or notice.created_at
    return Paper(
        template=bundle.template(notice.name),
        form=rule.form,
        facts=said | {"remedy_litigation": rule.remedy_litigation},
        title=rule.title,
        organisation=issuer.name,
        number=notice.number,
        issued_on=notice.issued_on,
        addressee=_addressee_name(reading, notice, key),
        seal=rule.form != "slip" and notice.state == "issued",
        qr=reading.settings.base_url.rstrip("/") + "/track",
        lang="zh-CN",
        created=created,
        **letterhead.of(reading, notice, rule, said),
    )


def _addressee_name(reading: Reading, notice: Notice, key: CaseKey) -> str | None:
    if notice.party_id is not None:
        party = reading.session.get_one(Party, notice.party_id)
        name = key.open_value(party.identity, process.identity_purpose(party.id)).get("name")
        return str(name) if name else None
    if notice.addressee_id is not None:
        return reading.session.get_one(Organisation, notice.addressee_id).name
    return None


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


def pdf(reading: Reading, notice_id: str) -> tuple[Notice, str, bytes]:
    """The issued bytes of a notice with a file name; raises NoticeNotFound, NoticeNotReady while they are being made."""
    notice, case = find(reading, notice_id)
    if notice.document_id is None:
        raise NoticeNotReady()
    return notice, f"{notice.title}-{case.reference}.pdf", _bytes(reading, case, notice.document_id)


def draft_pdf(reading: Reading, notice_id: str) -> tuple[Notice, str, bytes]:
    """The draft that reviewers and signers look at: only for people of the organisation whose paper it will be."""
    notice, case = find(reading, notice_id)
    if not may_see_draft(reading, notice):
        raise NoticeNotFound()
    if notice.draft_document_id is None:
        raise NoticeNotReady()
    return notice, f"{notice.title}-草稿-{case.reference}.pdf", _bytes(reading, case, notice.draft_document_id)


def may_see_draft(reading: Reading, notice: Notice) -> bool:
    """Whether the actor works in the organisation whose paper this will be."""
    return reading.actor.kind == "system" or notice.organisation_id in reading.actor.organisations()


def _bytes(reading: Reading, case: Case, document_id: str) -> bytes:
    document = reading.session.get_one(Document, document_id)
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    return b"".join(documents.content(reading.settings, key, document))
