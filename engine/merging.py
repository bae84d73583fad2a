"""Merging (并案): cases of one matter are handled in one, and every party still gets a receipt, a due date and papers of its own.

A case that follows rests: its tasks wait for nobody (but for those that stay ``awake``), its clocks run on. What is decided in
the case that leads is handed over to each follower, which issues its own papers (``[merging]`` in process.toml says what and
when). A person proposes, another one decides; as long as nothing was decided in the matter it can be undone, and is undone by
itself when the leading case ends or goes to another organisation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select

from engine import audit, jobs, messages, process, reasons, recusals, search
from engine.access import whole_cases
from engine.bigrams import index_terms
from engine.db import Database, Reading, UnitOfWork
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.followers import CLOSED, FOLLOW, LINK, TELL
from engine.manifest import Merging
from engine.models import Case, CaseLink, Merger, Participant, Person, Task
from engine.models.merger import STANDING
from engine.models.task import OPEN, RESTING
from engine.operations import JobTicket
from engine.process import Run

LOOKED_AT = 200  # cases with words in common that are compared
MOST_ALIKE = 20  # that are shown
ALIKE = 0.3  # of the words of the shorter text: below it nobody would think of merging


class NotMergeable(Conflict):
    """These cases cannot be handled together: {why}"""

    zh = "不能并案：{why_zh}"


class MergerNotFound(NotFound):
    """There is no such merger, or it is not yours to see."""

    zh = "没有这项并案，或者您无权查看。"


class MergerSettled(Conflict):
    """This was settled already."""

    zh = "该项并案已有决定。"


class NotYoursToMerge(Forbidden):
    """Mergers are proposed and decided by people of the organisation that handles both, in the roles that the process names."""

    zh = "并案由承办机关规定角色的人员提出和决定。"


class OwnProposal(Forbidden):
    """Whoever proposed a merger does not decide on it."""

    zh = "提出并案的人不能自己批准。"


class ReferenceMissing(Invalid):
    """Please say which case is to follow."""

    zh = "请选择要并入的案件。"


@dataclass(frozen=True)
class Alike:
    """A case that may be about the same matter; ``share`` of the words of the shorter text are in both (0 to 1)."""

    case: Case
    share: float


# ---------------------------------------------------------------- finding what is alike


def alike(reading: Reading, run: Run) -> list[Alike]:
    """Open cases of the same process and organisation that use the same words, the likeliest first; never those that follow.

    The index finds cases whose subjects have words in common; the fields that the process names (``compares``) are compared.
    """
    rule, part = run.bundle.manifest.merging, _organisation(run)
    if rule is None or part is None:
        return []
    words = _words(run, rule)
    near = (
        select(Case)
        .join(Participant, col(Participant.case_id) == col(Case.id))
        .where(
            search.sharing(reading, run.case.subject),
            col(Participant.part) == rule.part,
            col(Participant.organisation_id) == part,
            col(Participant.until).is_(None),
            col(Case.process_key) == run.case.process_key,
            col(Case.id) != run.case.id,
            col(Case.closed_at).is_(None),
            col(Case.merged_into).is_(None),
            whole_cases(reading.actor),
        )
    )
    found = []
    for case in reading.session.exec(near.order_by(col(Case.submitted_at).desc()).limit(LOOKED_AT)):
        if bar(reading, case, rule) is not None:
            continue
        share = _share(words, _words(process.opened(reading, case), rule))
        if share >= ALIKE:
            found.append(Alike(case, share))
    return sorted(found, key=lambda one: (-one.share, one.case.reference))[:MOST_ALIKE]


def _words(run: Run, rule: Merging) -> frozenset[str]:
    said = " ".join(str(run.data.get(name) or "") for name in rule.compares)
    return frozenset(term for term in index_terms(said) if len(term) > 1)


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter else 0.0


# ---------------------------------------------------------------- verbs


def propose(uow: UnitOfWork, lead: str, follower: str, reason: str) -> Merger:
    """Propose that a case follows another one (both by reference), with a reason; somebody else decides.

    Raises CaseNotFound, NotYoursToMerge, NotMergeable, ReasonMissing, and what keeps the actor from either case.
    """
    if not follower.strip():
        raise ReferenceMissing()
    words = reasons.given(reason)
    uow.take_turns(LINK)
    leading = process.opened(uow, seen(uow, lead))
    run = process.lock(uow, seen(uow, follower).id)
    rule = _require_mergeable(uow, leading, run)
    _require_lane(uow, run, rule.propose)
    merger = Merger(case_id=run.case.id, lead_id=leading.case.id, reason=b"", proposed_by="", proposed_at=uow.now)
    merger.proposed_by = str(uow.actor.person_id)
    merger.reason = run.key.seal(words.encode(), _purpose(merger))
    uow.add(merger)
    audit.record(uow, "merger.proposed", run.case.id, merger=merger.id, lead=leading.case.id)
    return merger


def approve(uow: UnitOfWork, merger_id: str, reason: str = "") -> Merger:
    """Let the case follow: from now on its tasks rest. Raises what ``propose`` raises, MergerSettled, OwnProposal."""
    uow.take_turns(LINK)  # two at once could let two cases follow each other, and nobody would handle either
    merger, run = _decidable(uow, merger_id)
    leading = process.opened(uow, uow.session.get_one(Case, merger.lead_id))
    rule = _require_mergeable(uow, leading, run, merger)
    _settle(uow, run, merger, "merged", reason)
    run.case.merged_into = leading.case.id
    _put(uow, run, OPEN, RESTING, but=rule.awake)
    uow.add(run.case, CaseLink(from_id=run.case.id, to_id=leading.case.id, kind=LINK, at=uow.now))
    jobs.enqueue(uow, FOLLOW, f"{FOLLOW}:{merger.id}", case_id=leading.case.id, event="", after=leading.position)
    audit.record(uow, "case.merged", run.case.id, merger=merger.id, lead=leading.case.id)
    return merger


def refuse(uow: UnitOfWork, merger_id: str, reason: str) -> Merger:
    """Let the cases go on apart. Raises MergerNotFound, MergerSettled, OwnProposal, ReasonMissing."""
    merger, run = _decidable(uow, merger_id)
    _settle(uow, run, merger, "refused", reasons.given(reason))
    audit.record(uow, "merger.refused", run.case.id, merger=merger.id)
    return merger


def undo(uow: UnitOfWork, merger_id: str, reason: str) -> Merger:
    """Let a case go on by itself again (撤销并案), where it stood; by who decides on mergers, until the matter is decided."""
    merger, run = _found(uow, merger_id)
    rule = _rule(run)
    _require_lane(uow, run, rule.approve)
    if merger.state != "merged":
        raise MergerSettled()
    _let_go(uow, run, merger, reasons.given(reason))
    return merger


def _let_go(uow: UnitOfWork, run: Run, merger: Merger, reason: str) -> None:
    _settle(uow, run, merger, "undone", reason)
    run.case.merged_into = None
    _put(uow, run, RESTING, OPEN)
    uow.add(run.case)
    following = (
        col(CaseLink.from_id) == run.case.id,
        col(CaseLink.to_id) == merger.lead_id,
        col(CaseLink.kind) == LINK,
    )
    uow.session.execute(delete(CaseLink).where(*following))
    audit.record(uow, "merger.undone", run.case.id, merger=merger.id)


def _settle(uow: UnitOfWork, run: Run, merger: Merger, state: str, reason: str) -> None:
    merger.state, merger.settled_by, merger.settled_at = state, str(uow.actor), uow.now
    words = reasons.said(reason)
    merger.settled_reason = run.key.seal(words.encode(), _purpose(merger)) if words else None
    uow.add(merger)


def _put(uow: UnitOfWork, run: Run, state: str, other: str, but: Sequence[str] = ()) -> None:
    """Lay the tasks of a case to rest, or wake them; who had them has them again."""
    mine = (col(Task.case_id) == run.case.id, col(Task.state) == state, col(Task.node).not_in(but))
    uow.session.execute(update(Task).where(*mine).values(state=other, revision=Task.revision + 1))
    process.touch(uow, run.case)


# ---------------------------------------------------------------- what must hold


def seen(reading: Reading, reference: str) -> Case:
    """A case that the actor sees whole; raises CaseNotFound."""
    found = select(Case).where(col(Case.reference) == reference.strip()[:40], whole_cases(reading.actor))
    case = reading.session.exec(found).first()
    if case is None:
        raise process.CaseNotFound()
    return case


def _found(uow: UnitOfWork, merger_id: str) -> tuple[Merger, Run]:
    """A merger with the case that follows, locked."""
    known = uow.session.get(Merger, merger_id)
    if known is None:
        raise MergerNotFound()
    try:
        run = process.lock(uow, known.case_id)
    except process.CaseNotFound:
        raise MergerNotFound() from None
    return uow.session.get_one(Merger, merger_id, populate_existing=True), run


def _decidable(uow: UnitOfWork, merger_id: str) -> tuple[Merger, Run]:
    """A proposal that the actor may decide on."""
    merger, run = _found(uow, merger_id)
    _require_lane(uow, run, _rule(run).approve)
    if merger.state != "proposed":
        raise MergerSettled()
    if uow.actor.person_id == merger.proposed_by:
        raise OwnProposal()
    return merger, run


def _require_lane(uow: UnitOfWork, run: Run, lane: str) -> None:
    """The actor has the role in the organisation that plays the part, and nothing keeps them from the case."""
    part, _, role = lane.partition(".")
    organisation = run.participants.get(part)
    if organisation is None or (organisation.id, role) not in uow.actor.roles:
        raise NotYoursToMerge()
    recusals.require_free(uow, run.case, run.bundle)


def _rule(run: Run) -> Merging:
    if run.bundle.manifest.merging is None:
        raise _no("the process does not provide for it.", "该类案件不实行并案。")
    return run.bundle.manifest.merging


def _require_mergeable(reading: Reading, leading: Run, run: Run, proposal: Merger | None = None) -> Merging:
    """Both cases may be handled together now; raises NotMergeable with the reason."""
    rule = _rule(run)
    if leading.case.id == run.case.id:
        raise _no("a case cannot follow itself.", "案件不能并入自身。")
    if leading.case.process_key != run.case.process_key:
        raise _no("they are of different kinds.", "案件类型不同。")
    if _organisation(leading) is None or _organisation(leading) != _organisation(run):
        raise _no("they are handled by different organisations.", "承办机关不同。")
    for one in (leading, run):
        if (bars := bar(reading, one.case, rule)) is not None:
            raise bars
        if one.case.merged_into is not None:
            raise _no(f"{one.case.reference} follows another case.", f"{one.case.reference} 已经并入其他案件。")
        recusals.require_free(reading, one.case, one.bundle)
    if followers(reading, run.case.id):
        raise _no(f"other cases follow {run.case.reference}.", f"已有其他案件并入 {run.case.reference}。")
    if proposal is None and standing(reading, run.case.id) is not None:
        raise _no(f"that of {run.case.reference} is being decided.", f"{run.case.reference} 的并案正在审批。")
    return rule


def bar(reading: Reading, case: Case, rule: Merging) -> NotMergeable | None:
    """Why a case can neither lead nor follow at this point of its way, if it cannot."""

    def happened(event: str) -> bool:
        return process.happened(reading, case.id, event)

    if case.closed_at is not None or any(map(happened, rule.ends)):
        return _no(f"{case.reference} has been decided.", f"{case.reference} 已经作出决定。")
    if any(map(happened, rule.lets_go)):
        return _no(f"{case.reference} goes on alone.", f"{case.reference} 已经转为单独办理。")
    if rule.since is not None and not happened(rule.since):
        return _no(f"{case.reference} has not been accepted yet.", f"{case.reference} 尚未受理。")
    return None


def _no(why: str, why_zh: str) -> NotMergeable:
    return NotMergeable(why=why, why_zh=why_zh)


def _organisation(run: Run) -> str | None:
    rule = run.bundle.manifest.merging
    playing = run.participants.get(rule.part) if rule else None
    return playing.id if playing else None


# ---------------------------------------------------------------- what the leading case tells (jobs)


def follow(database: Database, ticket: JobTicket) -> None:
    """Job ``merging.follow``: something happened in a case that leads; each follower is told in a transaction of its own.

    Without an event it is asked by a merger decided just now: whatever has happened since is told. What came before, the passing
    on of the leading case to the organisation that has it now, say, was looked at when the merger was decided.
    """
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        leading = uow.session.get_one(Case, ticket.case_id)
        for merger in _standing_of(uow, leading.id):
            for event in _events(uow, process.opened(uow, leading), ticket.payload):
                key = f"{TELL}:{merger.id}:{event}"
                jobs.enqueue(uow, TELL, key, case_id=merger.case_id, merger=merger.id, event=event)


def _events(reading: Reading, leading: Run, asked: Mapping[str, Any]) -> list[str]:
    if asked["event"]:
        return [str(asked["event"])]
    rule = _rule(leading)
    known = [*(tell.event for tell in rule.tells), f"case.transferred:{rule.part}", *rule.lets_go, CLOSED]
    return [one for one in known if process.happened(reading, leading.case.id, one, after=int(asked.get("after", 0)))]


def tell(database: Database, ticket: JobTicket) -> None:
    """Job ``merging.tell``: hand over what the leading case says, and let the follower act on it; or let it go on by itself."""
    event = str(ticket.payload["event"])
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        run = process.lock(uow, str(ticket.case_id))
        merger = uow.session.get_one(Merger, ticket.payload["merger"], populate_existing=True)
        if merger.state not in ("merged", "decided") or run.case.closed_at is not None:
            return
        told = next((tell.message for tell in _rule(run).tells if tell.event == event), None)
        if told is not None:
            _hand_over(uow, run, merger, told, event)
        elif merger.state == "merged":
            _let_go(uow, run, merger, f"{_parting(_rule(run), event)}，自动撤销并案，本件继续单独办理。")


def _parting(rule: Merging, event: str) -> str:
    if event == CLOSED:
        return "主案已经结束"
    return "主案或者本件已经转为单独办理" if event in rule.lets_go else "主案已转由其他机关办理"


def _hand_over(uow: UnitOfWork, run: Run, merger: Merger, message: str, event: str) -> None:
    leading = process.opened(uow, uow.session.get_one(Case, merger.lead_id))
    process.write(uow, run, _said_to_followers(leading, _rule(run)), "merging")
    merger.state, run.case.merged_into = "decided", None
    uow.add(merger, run.case)
    _put(uow, run, RESTING, OPEN)
    messages.send(uow, run.case.id, message, {}, message_id=f"{merger.id}:{event}"[:100])


def _said_to_followers(leading: Run, rule: Merging) -> dict[str, object]:
    """What is handed over: where the leading case has words of its own for the others, these and not those to its own party."""
    reworded = rule.rewords if any(leading.data.get(name) for name in rule.rewords.values()) else {}
    return {name: leading.data.get(reworded.get(name, name)) for name in rule.hands_over}


# ---------------------------------------------------------------- looking


def followers(reading: Reading, case_id: str) -> Sequence[Merger]:
    """The mergers of cases that follow a case, those that are still proposed left out; oldest first."""
    return [merger for merger in _standing_of(reading, case_id) if merger.state != "proposed"]


def proposals(reading: Reading, case_id: str) -> Sequence[Merger]:
    """What was proposed to follow a case and is not decided yet."""
    return [merger for merger in _standing_of(reading, case_id) if merger.state == "proposed"]


def standing(reading: Reading, case_id: str) -> Merger | None:
    """The merger by which a case follows another one, or is to."""
    mine = select(Merger).where(col(Merger.case_id) == case_id, col(Merger.state).in_(STANDING))
    return reading.session.exec(mine).first()


def _standing_of(reading: Reading, lead_id: str) -> list[Merger]:
    theirs = select(Merger).where(col(Merger.lead_id) == lead_id, col(Merger.state).in_(STANDING))
    return list(reading.session.exec(theirs.order_by(col(Merger.proposed_at), col(Merger.id))))


def reason_of(run: Run, merger: Merger) -> str:
    """Why it was proposed, as whoever sees the following case whole may read."""
    return run.key.open(merger.reason, _purpose(merger)).decode()


def proposer(reading: Reading, merger: Merger) -> str:
    """The name of who proposed it."""
    return reading.session.get_one(Person, merger.proposed_by).name


def _purpose(merger: Merger) -> str:
    return f"merger:{merger.id}"
