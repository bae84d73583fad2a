"""The jobs of notices: typeset a draft, typeset the issued paper, send the pointer by e-mail.

Each reads, works outside any transaction, and settles in one. Done twice, it has one effect.
"""

from engine import audit, documents, jobs, process
from engine.access import SYSTEM
from engine.db import Database, UnitOfWork
from engine.digests import KIND
from engine.errors import EngineError
from engine.failpoints import failpoint
from engine.models import Case, Delivery, Notice, Organisation
from engine.operations import JobTicket, Registry
from engine.runtime import OperationDone, OperationFailed, StaleTrigger
from notices import deliveries, digest, manuscript, sealing, served, service, translations
from notices.channels import email
from notices.lint import notice_faults
from notices.paper import Paper, Printed, UncoveredCharacters, spelled
from notices.render import render, typeset

PDF = "application/pdf"
NAME = {"type": "string", "minLength": 1, "x-refers": "notice"}
REPLACES = {"type": ["string", "null"], "x-refers": "notice", "default": None}
TO = {
    "type": ["string", "null"],
    "default": None,
}  # code of one organisation, of several that the paper goes to one by one
OVER = ("dispatched", "cancelled")  # an e-mail that is not to be sent (again)


def register(registry: Registry) -> None:
    """Offer the operations and jobs of this package."""
    registry.operation("notice.draft", name=NAME, replaces=REPLACES)(service.draft)
    announced = ["notice.issued:{name}", "notice.dispatched:{name}"]
    registry.operation("notice.issue", announced, ["notice.served:{name}"], name=NAME, replaces=REPLACES, to=TO)(
        service.issue
    )
    registry.sweep(served.deem)
    registry.check(notice_faults)
    registry.job("notice.draft")(typeset_draft)
    registry.job("notice.render")(typeset_issued)
    registry.job(service.MANUSCRIPT)(manuscript.make)
    registry.job("notice.email")(send_mail)
    registry.job(translations.JOB)(translations.make)
    registry.job(KIND)(digest.send)


def typeset_draft(database: Database, ticket: JobTicket) -> None:
    """Typeset a draft and let the flow go on; a character that no font has sends it back to the drafter."""
    notice_id, token = ticket.payload["notice"], ticket.payload["token"]
    with database.reading(SYSTEM) as reading:
        notice = reading.session.get_one(Notice, notice_id)
        case = reading.session.get_one(Case, notice.case_id)
        paper = service.paper(reading, notice, case)
    answer: OperationDone | OperationFailed
    stored = None
    try:
        printed = render(paper)
        failpoint("notices.draft_typeset")
        stored = documents.store_made(database.settings, "draft.pdf", PDF, printed)
        answer = OperationDone(token, {"notice": notice_id})
    except UncoveredCharacters as error:
        answer = OperationFailed(token, "uncovered_character", {"characters": error.data.get("characters", "")})
    try:
        with database.unit_of_work() as uow:
            run = process.lock(uow, case.id)
            jobs.settle(uow, ticket)
            if stored is not None:
                document = documents.attach(uow, case.id, run.key, stored, kind="draft")
                drafted = uow.session.get_one(Notice, notice_id, populate_existing=True)
                drafted.draft_document_id = document.id
                uow.add(drafted)
            process.proceed(uow, run, answer, "operation:notice.draft")
    except StaleTrigger:  # the case was withdrawn meanwhile: the draft is not wanted any more
        with database.unit_of_work() as uow:
            process.lock(uow, case.id)
            jobs.settle(uow, ticket)
            _discard(uow, notice_id)


def _discard(uow: UnitOfWork, notice_id: str) -> None:
    notice = uow.session.get_one(Notice, notice_id, populate_existing=True)
    if notice.state == "draft":
        notice.state = "discarded"
        uow.add(notice)


def typeset_issued(database: Database, ticket: JobTicket) -> None:
    """Make the bytes of an issued notice, once: typeset, sealed with the key of its organ, kept with their hash."""
    with database.reading(SYSTEM) as reading:
        notice = reading.session.get_one(Notice, ticket.payload["notice"])
        case = reading.session.get_one(Case, notice.case_id)
        issuer = reading.session.get_one(Organisation, notice.organisation_id)
        paper = service.paper(reading, notice, case) if notice.document_id is None else None
    proof = sealing.seal(database.settings, paper, issuer, _printed(paper), reading.now) if paper else None
    stored = documents.store_made(database.settings, f"{notice.title}.pdf", PDF, proof.content) if proof else None
    failpoint("notices.paper_stored")
    with database.unit_of_work() as uow:
        run = process.lock(uow, case.id)
        jobs.settle(uow, ticket)
        issued = uow.session.get_one(Notice, notice.id, populate_existing=True)
        if stored is not None and proof is not None and issued.document_id is None:
            document = documents.attach(uow, case.id, run.key, stored, kind="notice")
            issued.document_id = document.id
            sealing.keep(uow, issued, proof)
            audit.record(uow, "notice.rendered", case.id, notice=issued.id, digest=document.digest, algorithm="sha256")
        translations.after_typesetting(uow, run, issued)


def _printed(paper: Paper) -> Printed:
    """An issued paper comes in any case: a character that no typeface has is told by its number."""
    try:
        return typeset(paper)
    except UncoveredCharacters as error:
        return typeset(spelled(paper, error.data["codes"]))


def send_mail(database: Database, ticket: JobTicket) -> None:
    """Tell the addressee by e-mail that there is a notice: a pointer without content."""
    with database.reading(SYSTEM) as reading:
        delivery = reading.session.get_one(Delivery, ticket.payload["delivery"])
        notice = reading.session.get_one(Notice, delivery.notice_id)
        case = reading.session.get_one(Case, delivery.case_id)
        address = service.mail_address(reading, process.opened(reading, case), notice)
        over = delivery.state in OVER
    proof, failure, refused = "", None, False
    if address and not over:
        try:
            mail = email.pointer(database.settings, address, case.reference, delivery.id)
            proof = email.send(database.settings, mail)
        except email.MailRefused:  # trying again would mend nothing: a person finds another way
            refused = True
        except EngineError as error:
            if not ticket.last:
                raise
            failure = error
    failpoint("notices.mailed")
    with database.unit_of_work() as uow:
        process.lock_row(uow, case.id)
        delivery = uow.session.get_one(Delivery, delivery.id, populate_existing=True)
        if failure is None:
            jobs.settle(uow, ticket)
        if not over and delivery.state not in OVER:  # a failed one may be tried again by an operator
            gone_out = failure is None and not refused and bool(address)
            delivery.state, delivery.proof = ("dispatched" if gone_out else "failed"), proof
            delivery.dispatched_at = uow.now if gone_out else None
            uow.add(delivery)
            audit.record(uow, f"delivery.{delivery.state}", case.id, delivery=delivery.id, channel="email")
            if refused:
                deliveries.undelivered(uow, uow.session.get_one(Notice, delivery.notice_id))
    if failure is not None:
        raise failure
