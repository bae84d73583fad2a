"""What moves a legal clock besides its events: suspended, resumed, extended, begun anew.

Each needs a reason, is written into the ledger of the clock and refused where the rule of the clock forbids it, with a
sentence that names the rule. The process may do it by itself (the operations ``deadline.…``); by hand a head of unit or a
leader of the organisation that owes the clock. A period that is over can be saved by none of them.

A restart begins a new period: what had passed, what stood still and what was extended before it falls away, and so the new
period may be extended as far as the rule allows.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Literal

from engine import audit, deadlines, definitions, documents, process, reasons, recusals, statutes
from engine.access import Actor
from engine.db import Reading, UnitOfWork
from engine.documents import Stored
from engine.errors import Conflict, EngineError, Forbidden, Invalid, NotFound
from engine.models import Deadline, DeadlineChange, Document
from engine.name_lint import MOST_DAYS
from engine.operations import BusinessError, Call, Done
from engine.process import Run

Act = Literal["suspend", "resume", "extend", "restart"]

IN_CHARGE = ("unit_head", "leader")
REFUSED = "deadline_refused"  # the error in which an operation ends that the rule of the clock forbids


class DeadlineUnknown(NotFound):
    """The case has no clock {name}."""

    zh = "本件没有名为“{name}”的期限。"


class NotInCharge(Forbidden):
    """Only a head of unit or a leader of the organisation that owes the clock may do this."""

    zh = "只有承担该期限的机关的科室负责人或者分管领导可以进行此操作。"


class EvidenceUnknown(Invalid):
    """The evidence is no document of this case."""

    zh = "所附依据不是本件的材料。"


class DaysFaulty(Invalid):
    """Say by how many days, as a whole number from 1 to {most}."""

    zh = "请填写延长的天数，应为 1 至 {most} 之间的整数。"


class SuspensionForbidden(Conflict):
    """{rule} cannot be suspended."""

    zh = "{rule_zh}不得中止计时。"


class ExtensionForbidden(Conflict):
    """{rule} cannot be extended."""

    zh = "{rule_zh}不得延长。"


class ExtensionTooLong(Conflict):
    """{rule} may be extended by {limit} {unit} in all; {used} are used, and {days} more were asked for."""

    zh = "{rule_zh}最多延长 {limit} {unit_zh}，已经延长 {used} {unit_zh}，不能再延长 {days} {unit_zh}。"


class RestartForbidden(Conflict):
    """{rule} cannot begin anew."""

    zh = "{rule_zh}不得重新起算。"


class NotBegun(Conflict):
    """{rule} has not begun to run."""

    zh = "{rule_zh}尚未起算。"


class AlreadyStopped(Conflict):
    """{rule} has been met or has ended; there is nothing left to count."""

    zh = "{rule_zh}已经停止计算。"


class AlreadySuspended(Conflict):
    """{rule} stands still already."""

    zh = "{rule_zh}已经中止计时。"


class NotSuspended(Conflict):
    """{rule} is not suspended."""

    zh = "{rule_zh}没有中止计时，无需恢复。"


class PeriodOver(Conflict):
    """{rule} ended on {day}: a period that is over cannot be suspended, extended or begun anew."""

    zh = "{rule_zh}已于 {day} 届满，不能再中止、延长或者重新起算。"


# ---------------------------------------------------------------- what a process or a person does


def suspend(uow: UnitOfWork, run: Run, name: str, reason: str, evidence: str | None = None) -> DeadlineChange:
    """Let a clock stand still: it has no due date until it is resumed, and is not overdue. Today is used up.

    Raises SuspensionForbidden, NotBegun, AlreadyStopped, AlreadySuspended, PeriodOver.
    """
    deadline = _of(run, name)
    _require(refusal(uow, run, deadline, "suspend"))
    deadline.state = "suspended"
    return _entered(uow, run, deadline, "suspended", reason, evidence)


def resume(uow: UnitOfWork, run: Run, name: str, reason: str, evidence: str | None = None) -> DeadlineChange:
    """Let a suspended clock go on: what was left of it counts from tomorrow. Raises NotBegun, AlreadyStopped, NotSuspended."""
    deadline = _of(run, name)
    _require(refusal(uow, run, deadline, "resume"))
    deadline.state = "running"
    return _entered(uow, run, deadline, "resumed", reason, evidence)


def extend(uow: UnitOfWork, run: Run, name: str, days: int, reason: str, evidence: str | None = None) -> DeadlineChange:
    """Give a clock more days, in the unit of its rule and before its last day rolls; also while it stands still.

    Raises DaysFaulty, ExtensionForbidden, ExtensionTooLong, NotBegun, AlreadyStopped, PeriodOver.
    """
    deadline = _of(run, name)
    if not 1 <= days <= MOST_DAYS:
        raise DaysFaulty(most=MOST_DAYS)
    _require(refusal(uow, run, deadline, "extend", days))
    return _entered(uow, run, deadline, "extended", reason, evidence, days)


def restart(uow: UnitOfWork, run: Run, name: str, reason: str, evidence: str | None = None) -> DeadlineChange:
    """Let a clock begin anew today, which is not counted; a suspended one runs again.

    Raises RestartForbidden, NotBegun, AlreadyStopped, PeriodOver.
    """
    deadline = _of(run, name)
    _require(refusal(uow, run, deadline, "restart"))
    deadline.state = "running"
    return _entered(uow, run, deadline, "restarted", reason, evidence)


def _of(run: Run, name: str) -> Deadline:
    found = next((deadline for deadline in run.clocks if deadline.name == name), None)
    if found is None:
        raise DeadlineUnknown(name=name[:64])
    return found


def _require(refused: EngineError | None) -> None:
    if refused is not None:
        raise refused


def _entered(
    uow: UnitOfWork, run: Run, deadline: Deadline, kind: str, reason: str, evidence: str | None, days: int | None = None
) -> DeadlineChange:
    """What all of them leave behind: the entry, the due date and the timers that follow it, the record, the event."""
    line = reasons.given(reason)
    if evidence is not None:
        document = uow.session.get(Document, evidence)
        if document is None or document.case_id != run.case.id:
            raise EvidenceUnknown()
    entry = deadlines.enter(uow, deadline, kind, "", days=days, evidence=evidence)
    entry.words = run.key.seal(line.encode(), _purpose(entry))
    audit.record(
        uow,
        f"deadline.{kind}",
        run.case.id,
        deadline=deadline.name,
        entry=entry.id,
        days=days,
        due_on_before=_iso(entry.due_on_before),
        due_on_after=_iso(entry.due_on_after),
    )
    process.announce(uow, run, f"deadline.{kind}:{deadline.name}")
    process.show_status(uow, run)
    return entry


def _purpose(entry: DeadlineChange) -> str:
    return f"deadline_change:{entry.id}"


def reason_of(run: Run, entry: DeadlineChange) -> str:
    """Why a clock was moved: people may have written whom it concerns, so it lies there encrypted; a calendar is no secret."""
    return run.key.open(entry.words, _purpose(entry)).decode() if entry.words is not None else entry.reason


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ---------------------------------------------------------------- by hand


def by_hand(
    uow: UnitOfWork,
    case_id: str,
    name: str,
    act: Act,
    reason: str,
    *,
    days: int | None = None,
    evidence: Stored | None = None,
) -> DeadlineChange:
    """A person in charge moves a clock, with a file as evidence if they like.

    Raises CaseNotFound, DeadlineUnknown, NotInCharge, ReasonMissing, what keeps a recused person from the case, and
    what the verbs raise.
    """
    run = process.lock(uow, case_id)
    deadline = _of(run, name)
    if not in_charge(uow.actor, deadline):
        raise DeadlineUnknown(name=name[:64]) if deadline.private else NotInCharge()
    recusals.require_free(uow, run.case, run.bundle)
    proof = documents.attach(uow, case_id, run.key, evidence).id if evidence else None
    if act == "extend":
        return extend(uow, run, name, days or 0, reason, proof)
    return {"suspend": suspend, "resume": resume, "restart": restart}[act](uow, run, name, reason, proof)


def in_charge(actor: Actor, deadline: Deadline) -> bool:
    """Whether somebody may move a clock by hand: a head of unit or leader of the organisation that owes it.

    A limit that an order sets is moved by its process alone: whoever was ordered cannot give itself more time.
    """
    if deadline.basis == "ordered" and actor.kind != "system":
        return False
    return actor.kind == "system" or deadline.organisation_id in actor.organisations(*IN_CHARGE)


# ---------------------------------------------------------------- what the rule says


def refusal(reading: Reading, run: Run, deadline: Deadline, act: Act, days: int = 1) -> EngineError | None:
    """Why a clock cannot be moved so now, in a sentence that names its rule; nothing when it can."""
    said = _rule(reading, run, deadline)
    if act == "suspend" and not deadline.may_suspend:
        return SuspensionForbidden(**said)
    if act == "restart" and not deadline.may_restart:
        return RestartForbidden(**said)
    if act == "extend" and not deadline.extension_days:
        return ExtensionForbidden(**said)
    if deadline.state == "pending":
        return NotBegun(**said)
    if deadline.state == "stopped":
        return AlreadyStopped(**said)
    if act == "resume":
        return None if deadline.state == "suspended" else NotSuspended(**said)
    if deadline.state == "suspended" and act == "suspend":
        return AlreadySuspended(**said)
    if deadline.due_on is not None and deadlines.missed(deadline, reading.now):
        return PeriodOver(day=deadline.due_on.isoformat(), **said)
    return _too_long(reading, deadline, days, said) if act == "extend" else None


def _too_long(reading: Reading, deadline: Deadline, days: int, said: Mapping[str, str]) -> EngineError | None:
    used, limit = extra_days(reading, deadline), deadline.extension_days
    if used + days <= limit:
        return None
    working = deadline.unit == "working"
    unit, unit_zh = ("working days", "个工作日") if working else ("days", "日")
    return ExtensionTooLong(limit=limit, used=used, days=days, unit=unit, unit_zh=unit_zh, **said)


def extra_days(reading: Reading, deadline: Deadline) -> int:
    """By how many days the present period of a clock was extended."""
    ledger = deadlines.ledgers(reading, [deadline]).get(deadline.id)
    return ledger.extra_days if ledger else 0


def _rule(reading: Reading, run: Run, deadline: Deadline) -> dict[str, str]:
    """The rule of a clock as sentences name it: what it is called, and the article that sets it, if one does."""
    bundle = definitions.versions_of(reading, run.case).of_deadline(deadline.name)
    declared = bundle.manifest.deadlines.get(deadline.name)
    zh, en = ((bundle.text(declared, "title", at) if declared else deadline.name) for at in ("zh", "en"))
    cited_zh, cited_en = (
        statutes.cited(reading.settings, deadline.article, deadline.text_version, at) for at in ("zh", "en")
    )
    return {
        "rule": f"“{en}” under {cited_en}" if cited_en else f"“{en}”, which the process sets,",
        "rule_zh": f"{cited_zh}规定的{zh}" if cited_zh else f"本流程设定的{zh}",
    }


# ---------------------------------------------------------------- what a process may do (operations)


def perform_suspend(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``deadline.suspend``: the process lets a clock stand still, while a supplement is awaited say."""
    return _performed(lambda: suspend(uow, run, call.params["deadline"], call.params["reason"]))


def perform_resume(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``deadline.resume``: the process lets a clock go on."""
    return _performed(lambda: resume(uow, run, call.params["deadline"], call.params["reason"]))


def perform_extend(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``deadline.extend``: the process gives a clock more days."""
    days = call.params["days"]
    return _performed(lambda: extend(uow, run, call.params["deadline"], days, call.params["reason"]))


def perform_restart(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``deadline.restart``: the process lets a clock begin anew."""
    return _performed(lambda: restart(uow, run, call.params["deadline"], call.params["reason"]))


def _performed(act: Callable[[], DeadlineChange]) -> Done:
    """What the rule forbids is an error that the process may handle: nobody who acts in it is to blame."""
    try:
        entry = act()
    except Conflict as refused:
        raise BusinessError(REFUSED, reason=refused.sentence("zh")) from refused
    return Done({"due_on": _iso(entry.due_on_after)})
