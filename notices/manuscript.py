"""发文稿纸: the sheet on which a paper was drafted, judged, signed, sealed and registered, for print and for the file.

It is made on demand from the record, and kept with the paper once that is issued. It is no notice: it has neither number of
its own nor seal, and only those see it who may see the draft.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine import approvals, clock, documents, jobs, process, queries
from engine.access import SYSTEM
from engine.db import Database, Reading
from engine.definitions import with_presentation
from engine.errors import Conflict
from engine.models import Case, Document, Notice
from engine.operations import JobTicket
from engine.views import ApprovalView
from notices import service
from notices.gongwen import plain_title
from notices.paper import Paper, UncoveredCharacters, spelled
from notices.render import render

PDF = "application/pdf"
TITLE = "发文稿纸"
AGREED = dict.fromkeys(("review", "countersign", "legal_review", "sign"), "同意") | {
    "seal": "已用印",
    "register": "已登记",
}
FORMS = {"letter": "信函", "file": "文件", "slip": "提示"}
RETENTION = {"permanent": "永久", "30": "30年", "10": "10年"}
SAID = "{% for text in manuscript.texts %}<p>{{ text }}</p>{% endfor %}"
"""Every text of the sheet, before the words of the paper: so each of its characters is looked for in the typefaces, and the
paper's 抄送 and 附件 are known. The sheet itself is drawn by ``templates/manuscript.html.j2``."""


class NoManuscript(Conflict):
    """This notice is approved by nobody, so it has no approval sheet."""

    zh = "这份文书不经审批发出，没有发文稿纸。"


def pdf(reading: Reading, notice_id: str) -> tuple[Notice, str, bytes]:
    """The sheet of a draft or paper with a file name, as kept or as it stands now; raises NoticeNotFound."""
    notice, case = service.find_draft(reading, notice_id)
    name = f"{notice.title}-{TITLE}-{case.reference}.pdf"
    if not approvals.chain(reading, notice.id):
        raise NoManuscript()
    whole = reading.actor.kind == "system" or notice.organisation_id in reading.actor.organisations()
    if notice.manuscript_id is not None and whole:
        document = reading.session.get_one(Document, notice.manuscript_id)
        key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
        return notice, name, b"".join(documents.content(reading.settings, key, document))
    return notice, name, printed(sheet(reading, notice, case))


def printed(paper: Paper) -> bytes:
    """The sheet as PDF; a character that no typeface has is told by its number."""
    try:
        return render(paper)
    except UncoveredCharacters as error:
        return render(spelled(paper, error.data["codes"]))


def sheet(reading: Reading, notice: Notice, case: Case) -> Paper:
    """The sheet as it is to be typeset, with the opinions that the reader may see."""
    steps = queries.chain(reading, process.opened(reading, case), notice)
    paper = service.paper(reading, notice, case)
    rows, chain = _particulars(reading, notice, case, paper), [_row(step) for step in steps]
    looked_at = _digest(reading, notice)
    shown = {
        "kind": TITLE,
        "title": plain_title(paper.title),
        "addressee": paper.addressee or "",
        "rows": rows,
        "chain": chain,
        "below": f"审批所依据的稿件（SHA-256）：{looked_at}" if looked_at else "",
    }
    texts = [paper.organisation, *_texts(shown)]
    return replace(
        paper,
        template=SAID + paper.template,
        form="manuscript",
        facts={**paper.facts, "manuscript": {**shown, "texts": texts}},
        title=TITLE,
        seal=False,
        signed=False,
        attached=None,
        qr=None,
        lang="zh-CN",
        created=max((step.at for step in steps if step.at), default=notice.created_at),
    )


def _particulars(reading: Reading, notice: Notice, case: Case, paper: Paper) -> list[dict[str, str]]:
    """What stands beside each other above the chain."""
    rule = with_presentation(reading, notice.presentation_id).notice(notice.name)
    day = notice.issued_on
    told = {
        "文　号": notice.number or "",
        "成文日期": f"{day.year}年{day.month}月{day.day}日" if day else "",
        "格　式": FORMS[rule.form],
        "密　级": paper.secrecy or "",
        "紧急程度": paper.urgency or "",
        "份　数": "1",
        "保管期限": RETENTION[rule.retention],
        "办件编号": case.reference,
    }
    return [{"name": name, "value": value} for name, value in told.items()]


def _digest(reading: Reading, notice: Notice) -> str:
    """Of the draft that lay before those who approved it."""
    draft = reading.session.get(Document, notice.draft_document_id) if notice.draft_document_id else None
    return draft.digest if draft else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _row(step: ApprovalView) -> dict[str, Any]:
    opinion = step.opinion
    if not opinion and step.state == "passed":
        opinion = AGREED.get(step.step, "")
    who = f"{step.person}（代{step.in_place_of}）" if step.in_place_of else step.person
    at = step.at.astimezone(clock.SHANGHAI) if step.at else None
    return {
        "step": step.title,
        "office": "　".join(part for part in (step.organisation, step.role) if part),
        "opinion": opinion,
        "returned": step.state == "returned",
        "person": who,
        "on": f"{at.year}年{at.month}月{at.day}日" if at else "",
    }


# ---------------------------------------------------------------- keeping it


def make(database: Database, ticket: JobTicket) -> None:
    """Job ``notice.manuscript``: typeset the sheet of an issued paper, once, and keep it in the case."""
    with database.reading(SYSTEM) as reading:
        notice = reading.session.get_one(Notice, ticket.payload["notice"])
        case = reading.session.get_one(Case, notice.case_id)
        paper = sheet(reading, notice, case) if notice.manuscript_id is None else None
    stored = (
        documents.store_made(database.settings, f"{notice.title}-{TITLE}.pdf", PDF, printed(paper)) if paper else None
    )
    with database.unit_of_work() as uow:
        run = process.lock(uow, case.id)
        jobs.settle(uow, ticket)
        issued = uow.session.get_one(Notice, notice.id, populate_existing=True)
        if stored is not None and issued.manuscript_id is None:
            issued.manuscript_id = documents.attach(uow, case.id, run.key, stored, kind="manuscript").id
            uow.add(issued)
