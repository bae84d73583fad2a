"""Legal clocks of a case: declared by the process, started and stopped by domain events, explained day by day.

A clock stores its rule and when it started; the due date is derived from them by ``engine.calendars`` and kept for queries.
The flow knows a clock by name only: when it moves, one update moves the timers that refer to it.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, update
from sqlmodel import col, select

from engine import audit, calendar_versions, calendars, clock, jobs, ladder, results, webhook_events
from engine.db import Reading, UnitOfWork
from engine.errors import Invalid
from engine.ledgers import Ledger, entered, read
from engine.manifest import DeadlineRule
from engine.models import Breach, Case, Deadline, DeadlineChange, Job, Organisation, StepRecord, Timer
from engine.name_lint import MOST_DAYS
from engine.runtime import DeadlineView, evaluate

if TYPE_CHECKING:
    from engine.process import Run

SET_ANEW = frozenset({"internal", "ordered"})  # bases of clocks that may start again after they were stopped
SHORTEST = timedelta(microseconds=1)  # between two entries of a ledger: their order is that of their instants
EXCUSE = "停止计时的事项发生于 {day}，在期限以内；事后补登。"


class LimitFaulty(Invalid):
    """The case gives {deadline} no number of days from 1 to {most}."""

    zh = "案件没有给期限“{deadline}”规定 1 到 {most} 之间的天数。"


def calendar(reading: Reading) -> calendars.Calendar:
    """The working days of this installation, as they are known now."""
    return calendar_versions.current(reading)


def declare(uow: UnitOfWork, run: "Run") -> None:
    """Give a new case all clocks that its process declares; none runs yet."""
    run.clocks = [_declared(run, name, rule) for name, rule in run.bundle.manifest.deadlines.items()]
    uow.add(*run.clocks)


def _declared(run: "Run", name: str, rule: DeadlineRule) -> Deadline:
    owing = run.participants.get(rule.owed_by)
    return Deadline(
        case_id=run.case.id,
        process_key=run.case.process_key,
        name=name,
        basis=rule.basis,
        article=rule.article,
        text_version=rule.text_version,
        ground=rule.ground,
        days=rule.days,
        unit=rule.unit,
        roll=rule.roll,
        cutoff=rule.cutoff,
        extension_days=rule.extension_days,
        may_suspend=rule.suspension == "allowed",
        may_restart=rule.restart == "allowed",
        starts_on=" ".join(rule.starting),
        stops_on=list(rule.stops_on),
        owed_by=rule.owed_by,
        organisation_id=owing.id if owing else None,
    )


def adopt(uow: UnitOfWork, run: "Run") -> list[Deadline]:
    """Give a running case the clocks that it does not have yet and another version of its process declares.

    One whose event has happened already runs from that moment, which may be long ago.
    """
    adopted = []
    for name, since in unadopted(uow, run).items():
        deadline = _declared(run, name, run.bundle.manifest.deadlines[name])
        adopted.append(deadline)
        run.clocks.append(deadline)
        uow.add(deadline)
        if since is not None:
            _start(uow, deadline, run.bundle.manifest.deadlines[name].starting[0], since)
    refresh_case(uow, run)
    return adopted


def unadopted(reading: Reading, run: "Run") -> dict[str, datetime | None]:
    """The clocks that a case lacks, each with the moment from which it would run by what is on record."""
    known = {deadline.name for deadline in run.clocks}
    rules = {name: rule for name, rule in run.bundle.manifest.deadlines.items() if name not in known}
    return {name: _running_since(reading, run.case.id, rule) for name, rule in rules.items()}


def _running_since(reading: Reading, case_id: str, rule: DeadlineRule) -> datetime | None:
    """When a clock would have started and not been stopped since; a legal clock starts once."""
    records = reading.session.exec(
        select(StepRecord)
        .where(
            col(StepRecord.case_id) == case_id,
            col(StepRecord.kind) == "event",
            col(StepRecord.node).in_([*rule.starting, *rule.stops_on]),
        )
        .order_by(col(StepRecord.position))
    )
    since, started = None, False
    for record in records:
        if record.node in rule.stops_on:
            since = None
        elif not started or rule.basis in SET_ANEW:
            since, started = since or (clock.start_of(record.on) if record.on else record.at), True
    return since


def rule_of(deadline: Deadline, extra_days: int = 0) -> calendars.Rule:
    """The counting rule of a clock; an extension adds to its days, before the last one rolls."""
    cutoff = time.fromisoformat(deadline.cutoff) if deadline.cutoff else None
    days = deadline.days + extra_days
    return calendars.Rule(days, deadline.unit, deadline.roll, cutoff)  # type: ignore[arg-type]


def changes(reading: Reading, deadlines: Iterable[Deadline]) -> dict[str, list[DeadlineChange]]:
    """What has moved clocks, by their ids and in order: one query."""
    entries = select(DeadlineChange).where(col(DeadlineChange.deadline_id).in_([d.id for d in deadlines]))
    found: dict[str, list[DeadlineChange]] = {}
    for change in reading.session.exec(entries.order_by(col(DeadlineChange.at))):
        found.setdefault(change.deadline_id, []).append(change)
    return found


def ledgers(reading: Reading, deadlines: Iterable[Deadline]) -> dict[str, Ledger]:
    """The ledgers of clocks by their ids, in one query; a clock that has not started has none."""
    clocks = list(deadlines)
    entries = changes(reading, clocks)
    read_off = {d.id: read(d, entries.get(d.id, ())) for d in clocks}
    return {deadline_id: ledger for deadline_id, ledger in read_off.items() if ledger is not None}


def counted(deadline: Deadline, ledger: Ledger | None, calendar: calendars.Calendar) -> calendars.Due | None:
    """When a clock is due by its rule and its ledger, whether it still runs or has ended.

    Nothing where there is no due date: the clock has not started (and has no ledger), or stands still.
    """
    if ledger is None or ledger.paused_since is not None:
        return None
    return calendars.count(rule_of(deadline, ledger.extra_days), ledger.start, calendar, ledger.pauses)


def of_case(reading: Reading, case_id: str) -> list[Deadline]:
    """The clocks of a case, the earliest due first, those that never started last."""
    rows = reading.session.exec(_CLOCKS, params={"case_id": case_id})
    far = datetime.max.replace(tzinfo=clock.SHANGHAI)
    return sorted(rows, key=lambda d: (d.due_at or far, d.name))


_CLOCKS = select(Deadline).where(col(Deadline.case_id) == bindparam("case_id"))


def stands_still(clocks: Iterable[Deadline]) -> bool:
    """Whether a case waits for a suspended clock: one by which others measure it, and no such clock runs beside it."""
    states = {d.state for d in clocks if d.basis != "internal"}
    return "suspended" in states and "running" not in states


def for_runtime(clocks: Iterable[Deadline]) -> Mapping[str, DeadlineView]:
    """The clocks of a case as the flow sees them; of an instruction it knows nothing."""
    return {d.name: DeadlineView(d.due_at, d.state == "running") for d in clocks if not d.private}


def explain(reading: Reading, deadline: Deadline, article: str | None = None) -> calendars.Explanation | None:
    """How the due date was counted, every day with its reason; of a clock that stands still, how far it was counted.

    Nothing for a clock that has not started.
    """
    ledger = ledgers(reading, [deadline]).get(deadline.id)
    if ledger is None:
        return None
    rule = rule_of(deadline, ledger.extra_days)
    counted_with = calendar_versions.of_version(reading, deadline.calendar_version)
    return calendars.explain(rule, ledger.start, counted_with, article, ledger.respite)


# ---------------------------------------------------------------- moving


def on_event(uow: UnitOfWork, run: "Run", event: str, on: date | None = None) -> None:
    """Start and stop the clocks that a domain event starts or stops: now, or on the earlier day on which it happened."""
    at = uow.now if on is None else clock.start_of(on)
    for deadline in run.clocks:
        if event in deadline.stops_on and deadline.state in ("running", "suspended"):
            _stop(uow, deadline, event, at)
        elif event in deadline.starts_on.split() and _may_start(deadline) and run.case.closed_at is None:
            _take_limit(run, deadline, at)
            _start(uow, deadline, event, at)
    refresh_case(uow, run)


def _take_limit(run: "Run", deadline: Deadline, start: datetime) -> None:
    """Where the case itself says how long a clock runs, that is its rule: its last day (one that has passed ends it today),
    or the number of its days, as an order sets them. Raises LimitFaulty."""
    rule = run.bundle.manifest.deadlines.get(deadline.name)
    if rule is None or not (rule.due_on or rule.days_from):
        return
    said = evaluate(rule.due_on or rule.days_from or "", dict.fromkeys(run.bundle.manifest.data) | run.data)
    if rule.due_on and said:
        set_last_day(deadline, clock.day_of(start), date.fromisoformat(str(said)))
    elif rule.days_from and said is not None:
        if not isinstance(said, int) or isinstance(said, bool) or not 1 <= said <= MOST_DAYS:
            raise LimitFaulty(deadline=deadline.name, most=MOST_DAYS)
        deadline.days = said


def set_last_day(deadline: Deadline, start: date, last: date) -> None:
    """Let a clock that starts on a day end on another, whatever kind of day that is."""
    deadline.days, deadline.unit, deadline.roll = max((last - start).days, 0), "calendar", "none"


def _may_start(deadline: Deadline) -> bool:
    """A legal clock starts once; an internal target, and a limit that an order sets, may be set anew."""
    return deadline.state == "pending" or (deadline.state == "stopped" and deadline.basis in SET_ANEW)


def _start(uow: UnitOfWork, deadline: Deadline, event: str, at: datetime | None = None) -> None:
    at = at or uow.now
    anew = deadline.started_at is not None
    deadline.state, deadline.started_at, deadline.started_by = "running", at, event
    deadline.stopped_at, deadline.stopped_by = None, None
    if anew:  # what moved the clock the last time is over
        enter(uow, deadline, "restarted", "", on=clock.day_of(at), event=event)
    else:
        recount(uow, deadline, Ledger(clock.day_of(at)))
    due_on = deadline.due_on.isoformat() if deadline.due_on else None
    audit.record(uow, "deadline.started", deadline.case_id, deadline=deadline.name, event=event, due_on=due_on)


def _stop(uow: UnitOfWork, deadline: Deadline, event: str, at: datetime | None = None) -> None:
    """An answer that comes late is late even if nobody has looked since; one that was in time is not late, though it
    was registered late: of an earlier day the day is known, and it is in time up to the last one."""
    at = at or uow.now
    deadline.stopped_at = max(at, deadline.started_at or at)
    if not missed(deadline, uow.now):
        _excuse(uow, deadline)
    else:
        record_breach(uow, deadline)
    deadline.state, deadline.stopped_by = "stopped", event
    uow.add(deadline)
    results.stopped(uow, deadline)
    take_effect(uow, deadline)
    audit.record(uow, "deadline.stopped", deadline.case_id, deadline=deadline.name, event=event)


def enter(
    uow: UnitOfWork,
    deadline: Deadline,
    kind: str,
    reason: str,
    *,
    on: date | None = None,
    days: int | None = None,
    evidence: str | None = None,
    **detail: str,
) -> DeadlineChange:
    """Write an entry into a clock's ledger, and count its due date anew from it."""
    before = ledgers(uow, [deadline]).get(deadline.id) or Ledger(clock.day_of(uow.now))
    entries = select(func.max(DeadlineChange.at)).where(col(DeadlineChange.deadline_id) == deadline.id)
    last = uow.session.exec(entries).one()
    entry = DeadlineChange(
        deadline_id=deadline.id,
        kind=kind,
        at=max(uow.now, last + SHORTEST) if last else uow.now,
        on=on or today(uow),
        days=days,
        due_on_before=deadline.due_on,
        reason=reason,
        evidence_id=evidence,
        actor=str(uow.actor),
        detail=detail,
    )
    recount(uow, deadline, entered(before, entry))
    entry.due_on_after = deadline.due_on
    uow.add(entry)
    return entry


def recount(uow: UnitOfWork, deadline: Deadline, ledger: Ledger) -> None:
    """Derive the due date of a clock from its rule and its ledger, and let follow what hangs on it."""
    now_valid = calendar(uow)
    calendar_versions.keep(uow, now_valid)
    due = counted(deadline, ledger, now_valid)
    deadline.due_on, deadline.due_at = (due.day, due.at) if due else (None, None)
    deadline.provisional = due is not None and due.provisional
    deadline.calendar_version = due.calendar_version if due else deadline.calendar_version
    uow.add(deadline)
    take_effect(uow, deadline)


def take_effect(uow: UnitOfWork, deadline: Deadline) -> None:
    """Let the ladder and the timers of the flow follow a clock that has started, moved or stopped: one update."""
    due_at = deadline.due_at if deadline.state == "running" else None
    _plan(uow, deadline)
    uow.session.flush()
    uow.session.execute(
        update(Timer)
        .where(col(Timer.case_id) == deadline.case_id, col(Timer.deadline) == deadline.name)
        .values(due_at=due_at)
        .execution_options(synchronize_session="fetch")
    )


def impose(uow: UnitOfWork, run: "Run", deadline: Deadline, event: str) -> None:
    """Start a clock in a case that its process does not declare: an instruction sets it."""
    run.clocks.append(deadline)
    _start(uow, deadline, event)


def lift(uow: UnitOfWork, deadline: Deadline, event: str) -> None:
    """Stop a clock that was imposed; it may have been stopped with the case before."""
    if deadline.state in ("running", "suspended"):
        _stop(uow, deadline, event)


def stop_all(uow: UnitOfWork, run: "Run", event: str) -> None:
    """Stop whatever still runs when a case ends."""
    for deadline in run.clocks:
        if deadline.state in ("running", "suspended"):
            _stop(uow, deadline, event)
    refresh_case(uow, run)


def owe(uow: UnitOfWork, run: "Run", part: str, organisation: Organisation | None) -> None:
    """Another organisation (or nobody yet) now owes what this part of the case owes; the clocks run on."""
    for deadline in run.clocks:
        if deadline.owed_by == part and deadline.state != "stopped":
            deadline.organisation_id = organisation.id if organisation else None
            if deadline.climbs_at is None:  # a target that nobody owed was on no ladder
                _plan(uow, deadline)
            uow.add(deadline)


def _plan(uow: UnitOfWork, deadline: Deadline) -> None:
    ladder.plan(uow, deadline, calendar(uow))


def refresh_case(uow: UnitOfWork, run: "Run") -> None:
    """Keep on the case, for lists, when its earliest running statutory clock is due."""
    pressing = [d.due_at for d in run.clocks if d.state == "running" and d.basis == "statutory" and d.due_at]
    run.case.due_at = min(pressing, default=None)
    uow.add(run.case)


# ---------------------------------------------------------------- missed


def record_breach(uow: UnitOfWork, deadline: Deadline) -> Breach | None:
    """Record once that an organisation missed a clock; the case stays marked late for ever if the clock is statutory.

    What a party owes (a supplement) is no duty of anybody's: its passing is no breach.
    """
    if deadline.basis != "statutory" and deadline.organisation_id is None:
        return None
    if deadline.state != "running" or deadline.due_on is None or deadline.due_at is None:
        return None
    if not missed(deadline, uow.now):
        return None
    standing = select(Breach.id).where(col(Breach.deadline_id) == deadline.id, col(Breach.annulled_at).is_(None))
    if uow.session.exec(standing).first() is not None:
        return None
    breach = Breach(
        deadline_id=deadline.id,
        case_id=deadline.case_id,
        process_key=deadline.process_key,
        organisation_id=deadline.organisation_id,
        basis=deadline.basis,
        article=deadline.article,
        ground=deadline.ground,
        due_on=deadline.due_on,
        at=deadline.due_at,
        recorded_at=uow.now,
    )
    uow.add(breach)
    if deadline.basis == "statutory":
        case = uow.session.get_one(Case, deadline.case_id)
        case.late = True
        uow.add(case)
    audit.record(uow, "deadline.missed", deadline.case_id, deadline=deadline.name, due_on=deadline.due_on.isoformat())
    webhook_events.hear_missed(uow, deadline, breach)
    return breach


def _excuse(uow: UnitOfWork, deadline: Deadline) -> None:
    """Annul the breach of a clock that, as is known only now, was stopped in time."""
    if deadline.due_at is None or deadline.stopped_at is None or uow.now < deadline.due_at:
        return
    of_this_period = select(Breach).where(
        col(Breach.deadline_id) == deadline.id, col(Breach.at) == deadline.due_at, col(Breach.annulled_at).is_(None)
    )
    breach = uow.session.exec(of_this_period).first()
    if breach is not None:
        annul(uow, breach, EXCUSE.format(day=clock.day_of(deadline.stopped_at).isoformat()))


def annul(uow: UnitOfWork, breach: Breach, reason: str) -> None:
    """A breach was none: it stays on record, annulled with the reason, and so does the lead that came of it.

    The case is late no more unless another statutory clock of it was missed.
    """
    breach.annulled_at, breach.annulled_reason = uow.now, reason
    uow.add(breach)
    case = uow.session.get_one(Case, breach.case_id)
    others = select(Breach.id).where(
        col(Breach.case_id) == breach.case_id, col(Breach.basis) == "statutory", col(Breach.annulled_at).is_(None)
    )
    case.late = uow.session.exec(others).first() is not None
    uow.add(case)
    due_on = breach.due_on.isoformat()
    audit.record(uow, "breach.annulled", breach.case_id, breach=breach.id, due_on=due_on)
    raised = select(Job.id).where(col(Job.unique_key) == f"lead.raise:{breach.id}")
    if uow.session.exec(raised).first() is not None:
        key = f"lead.annul:{breach.id}"
        jobs.enqueue(uow, "lead.annul", key, case_id=breach.case_id, breach=breach.id, reason=reason)


def missed(deadline: Deadline, now: datetime) -> bool:
    """Whether a clock was missed: it ran past its due instant, or was stopped after it."""
    return deadline.due_at is not None and (deadline.stopped_at or now) >= deadline.due_at


def today(reading: Reading) -> date:
    """The legal day on which the reader looks."""
    return clock.day_of(reading.now)
