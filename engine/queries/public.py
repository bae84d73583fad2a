"""What a party sees of its own case, in plain words: what happens now, by when, and whether it must do something."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import col, select

from engine import messages, process, query_codes
from engine.access import visible_cases
from engine.db import Reading
from engine.models import Case, CaseLink, Notice, Party, StepRecord
from engine.process import Run
from engine.queries.clocks import deadline_view
from engine.queries.files import document_views, notice_views, view
from engine.views import DeadlineView, NoticeView, Offer, PublicStatus, SplitCase, Stage


def public_status(reading: Reading, case_id: str) -> PublicStatus:
    """The case as its party sees it; raises CaseNotFound for anybody else."""
    case = reading.session.exec(select(Case).where(col(Case.id) == case_id, visible_cases(reading.actor))).first()
    if case is None:
        raise process.CaseNotFound()
    run = process.opened(reading, case)
    head = view(reading, case)
    answer = _answer_clock(reading, run)
    outcome = run.bundle.manifest.outcomes.get(case.outcome or "")
    outcome_text = run.bundle.text(outcome, "text", reading.actor.locale) if outcome else None
    return PublicStatus(
        case=head,
        headline=_headline(reading, run, outcome_text),
        next_text=_next_text(run, head.stage_text, reading.actor.locale),
        deadline=answer,
        stages=tuple(_stages(reading, run)),
        notices=tuple(_notices(reading, run)),
        documents=tuple(document_views(reading, run)),
        offers=tuple(offers(reading, case)),
        outcome_text=outcome_text,
        split=tuple(_split(reading, run)),
    )


def _split(reading: Reading, run: Run) -> Iterator[SplitCase]:
    """Cases that were split off this one, and the one that it was split off: they are of the same party.

    Whoever follows one follows all, so each is told with its number and its own code.
    """
    kinds = {rule.link for rule in run.bundle.manifest.opens.values() if rule.part}
    here = or_(col(CaseLink.from_id) == run.case.id, col(CaseLink.to_id) == run.case.id)
    linked = select(CaseLink).where(here, col(CaseLink.kind).in_(kinds)).order_by(col(CaseLink.at))
    for link in reading.session.exec(linked) if reading.actor.kind == "party" else ():
        is_first = link.to_id == run.case.id
        other = process.opened(reading, reading.session.get_one(Case, link.from_id if is_first else link.to_id))
        parties = select(Party).where(col(Party.case_id) == other.case.id).limit(1)
        outcome = other.bundle.manifest.outcomes.get(other.case.outcome or "")
        outcome_text = other.bundle.text(outcome, "text", reading.actor.locale) if outcome else None
        yield SplitCase(
            reference=other.case.reference,
            query_code=query_codes.query_code(reading, other.case, reading.session.exec(parties).one()),
            subject=other.case.subject,
            agency=view(reading, other.case).agency,
            headline=_headline(reading, other, outcome_text),
            deadline=_answer_clock(reading, other),
            is_first=is_first,
        )


def _next_text(run: Run, stage_text: str, locale: str) -> str:
    """What happens now, in a sentence; one that is handled together with others says so, and not with which."""
    if run.case.closed_at is not None:
        return ""
    rule = run.bundle.manifest.merging
    return run.bundle.text(rule, "text", locale) if rule is not None and run.case.merged_into else stage_text


def _answer_clock(reading: Reading, run: Run) -> DeadlineView | None:
    """The clock of the answer that the party waits for: the statutory one that an organisation owes."""
    for deadline in run.clocks:
        if deadline.basis == "statutory" and deadline.owed_by not in run.bundle.manifest.parties:
            return deadline_view(reading, run, deadline)
    return None


def _headline(reading: Reading, run: Run, outcome_text: str | None) -> str:
    locale = reading.actor.locale
    if run.case.closed_at is not None:
        return outcome_text or ("本件已经办结。" if locale.startswith("zh") else "The case is closed.")
    stage = next((s for s in run.bundle.manifest.stages if s.key == run.case.stage), None)
    return run.bundle.text(stage, "title", locale) if stage else ""


def _stages(reading: Reading, run: Run) -> list[Stage]:
    """The way of the case: what is behind it, where it is, and what will come in any case."""
    locale = reading.actor.locale
    reached = _reached(reading, run)
    declared = run.bundle.manifest.stages
    keys = [s.key for s in declared]
    here = keys.index(run.case.stage) if run.case.stage in keys else -1
    closed = run.case.closed_at is not None
    way = []
    for index, stage in enumerate(declared):
        at = reached.get(stage.key)
        if index == here and not closed:
            way.append(Stage(run.bundle.text(stage, "title", locale), "now", at))
        elif at is not None and (closed or index < here):
            way.append(Stage(run.bundle.text(stage, "title", locale), "done", at))
        elif index > here and not closed and not stage.optional:
            way.append(Stage(run.bundle.text(stage, "title", locale), "next", None))
    if closed:
        way.append(Stage("办结" if locale.startswith("zh") else "Closed", "done", run.case.closed_at))
    return way


def _reached(reading: Reading, run: Run) -> dict[str, datetime]:
    """When each stage was last passed through."""
    query = select(StepRecord.node, func.max(col(StepRecord.at))).where(
        col(StepRecord.case_id) == run.case.id, col(StepRecord.kind) != "event"
    )
    reached: dict[str, datetime] = {}
    for node, at in reading.session.exec(query.group_by(col(StepRecord.node))):
        for stage in run.bundle.manifest.stages:
            if node in stage.nodes:
                reached[stage.key] = max(at, reached.get(stage.key, at))
    return reached


def _notices(reading: Reading, run: Run) -> list[NoticeView]:
    issued = select(Notice).where(
        col(Notice.case_id) == run.case.id, col(Notice.state) == "issued", col(Notice.party_id) == reading.actor.id
    )
    found = list(reading.session.exec(issued.order_by(col(Notice.issued_at))))
    return notice_views(reading, run, found)


def offers(reading: Reading, case: Case) -> list[Offer]:
    """What the reader may send into a case, each with the sentence why not, if it is refused now."""
    locale, run = reading.actor.locale, process.opened(reading, case)
    return [
        Offer(
            name=accepted.rule.name,
            title=run.bundle.text(accepted.rule, "title", locale),
            text=run.bundle.text(accepted.rule, "text", locale),
            form=accepted.rule.form,
            refusal=accepted.refusal.sentence(locale) if accepted.refusal else None,
        )
        for accepted in messages.offered(reading, case)
    ]
