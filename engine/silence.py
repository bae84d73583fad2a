"""What should have been heard and was not: each kind of silence is one query, and an alarm when it finds something.

Everybody is told of the cases that they answer for (``access.answered_cases``), and everybody of the metronome. After how long
a silence is an alarm is said in ``bpmn/shared/ladder.toml``.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, text, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from engine import calendars, clock, deadlines, definitions, ladder, maintenance, supervision, vacancies
from engine.access import LEADER, UNIT_HEAD, answered_cases, overseen_organisations, stands_over
from engine.db import Reading
from engine.definitions import Bundle
from engine.items import CURRENT
from engine.models import (
    Breach,
    Case,
    CaseLink,
    CatalogueItem,
    CatalogueRevision,
    Deadline,
    Delivery,
    Incident,
    Job,
    Notice,
    Participant,
    Party,
    ProcessDefinition,
    ProcessInstance,
    SealCertificate,
    Task,
    Timer,
)
from engine.models.task import WAITING
from engine.runtime.expressions import deadlines_read
from engine.views import Wanted

ALL = Wanted()
SEAL_WARNING = timedelta(days=30)
LOOKED_BACK = timedelta(days=92)  # for issued papers that were handed to no channel


@dataclass(frozen=True)
class Alarm:
    """A kind of silence, in words, and how often it was found."""

    kind: str
    zh: str
    en: str
    count: int

    @property
    def listed(self) -> bool:
        """Whether it counts cases, so that there is a list of them."""
        return self.kind in CASES

    @property
    def counted(self) -> bool:
        """Whether there may be several; a metronome is silent or not."""
        return self.kind != METRONOME


def alarms(reading: Reading, wanted: Wanted = ALL, without: Collection[str] = ()) -> list[Alarm]:
    """What is silent now, as far as the reader answers for it; nothing when all is heard of."""
    kinds = [kind for kind in CASES if kind not in without]
    found = [Alarm(kind, *TITLES[kind], number_of_cases(reading, kind, wanted)) for kind in kinds]
    found.append(Alarm(OUTDATED, *TITLES[OUTDATED], _count_outdated(reading)))
    found.append(Alarm(SEAL_ENDS, *TITLES[SEAL_ENDS], _count_ending_seals(reading)))
    found.append(Alarm(METRONOME, *TITLES[METRONOME], int(_is_metronome_silent(reading))))
    return [alarm for alarm in found if alarm.count]


def number_of_cases(reading: Reading, kind: str, wanted: Wanted = ALL) -> int:
    """How many cases an alarm counts."""
    return reading.session.exec(select(func.count()).select_from(Case).where(*of_cases(reading, kind, wanted))).one()


def of_cases(reading: Reading, kind: str, wanted: Wanted = ALL) -> Iterator[ColumnElement[bool]]:
    """The conditions on ``Case`` for what an alarm counts: its number and its list start from here."""
    yield answered_cases(reading.actor)
    yield CASES[kind](reading)
    if wanted.process:
        yield col(Case.process_key) == wanted.process
    if wanted.organisation:
        part = select(Participant.id).where(
            col(Participant.case_id) == col(Case.id),
            col(Participant.organisation_id) == wanted.organisation,
            col(Participant.until).is_(None),
        )
        yield part.exists()


# ---------------------------------------------------------------- cases


def _open() -> ColumnElement[bool]:
    return col(Case.closed_at).is_(None)


def _unacknowledged(reading: Reading) -> ColumnElement[bool]:
    """Filed by a party a while ago, and nothing was issued."""
    since = reading.now - timedelta(minutes=_limits(reading).acknowledgement_minutes)
    party = select(Party.id).where(col(Party.case_id) == col(Case.id))
    issued = select(Notice.id).where(col(Notice.case_id) == col(Case.id), col(Notice.state) == "issued")
    return and_(_open(), col(Case.submitted_at) <= since, party.exists(), ~issued.exists())


def _unclocked(reading: Reading) -> ColumnElement[bool]:
    """Open, somebody waits for an answer or its process has clocks, and none that an organisation owes runs or is paused.

    Where no party waits, a clock may be elsewhere for a while: in the case that came out of this one and is not closed yet, or in
    a paper that is on its way, from whose service it counts. That one, and such a paper, have alarms of their own.
    """
    of_case = select(Deadline.id).where(col(Deadline.case_id) == col(Case.id))
    armed = of_case.where(
        col(Deadline.state).in_(["running", "suspended"]),
        or_(supervision.statutory(), supervision.targets()),
        col(Deadline.private).is_(False),
    )
    party = select(Party.id).where(col(Party.case_id) == col(Case.id))
    elsewhere = or_(_goes_on_in_another(), _waits_for_service(reading))
    return and_(_open(), ~armed.exists(), or_(party.exists(), and_(of_case.exists(), ~elsewhere)))


def _goes_on_in_another() -> ColumnElement[bool]:
    """Nobody has anything to do in it, and a case that came out of it is open."""
    further = aliased(Case)
    open_one = (
        select(CaseLink.id)
        .join(further, col(further.id) == col(CaseLink.to_id))
        .where(col(CaseLink.from_id) == col(Case.id), col(further.closed_at).is_(None))
    )
    task = select(Task.id).where(col(Task.case_id) == col(Case.id), col(Task.state).in_(WAITING))
    return and_(open_one.exists(), ~task.exists())


def _waits_for_service(reading: Reading) -> ColumnElement[bool]:
    """A paper was issued, and is not served yet, from whose service a clock counts."""
    starting = [
        (bundle.definition_id, event.partition(":")[2])
        for bundle in _in_use(reading)
        for rule in bundle.manifest.deadlines.values()
        for event in rule.starting
        if event.startswith("notice.served:")
    ]
    paper = select(Notice.id).where(
        col(Notice.case_id) == col(Case.id),
        col(Notice.state) == "issued",
        col(Notice.served_at).is_(None),
        col(Notice.withdrawn_at).is_(None),
        tuple_(col(Case.definition_id), col(Notice.name)).in_(starting),
    )
    return paper.exists() if starting else false()


def _unarmed(reading: Reading) -> ColumnElement[bool]:
    """A clock runs towards its due date, and nothing would happen there: no timer of the flow, or no place on the ladder.

    The drawing says for which clocks the flow has a timer over the whole case; it fires once, so one that was missed has none.
    """
    running = select(Deadline.id).where(
        col(Deadline.case_id) == col(Case.id), supervision.running(), col(Deadline.due_at) > reading.now
    )
    timed = [(bundle.definition_id, name) for bundle in _in_use(reading) for name in _drawn(bundle).clocks]
    timer = select(Timer.id).where(
        col(Timer.case_id) == col(Deadline.case_id), col(Timer.deadline) == col(Deadline.name)
    )
    missed = select(Breach.id).where(col(Breach.deadline_id) == col(Deadline.id))
    timerless = running.where(
        tuple_(col(Case.definition_id), col(Deadline.name)).in_(timed), ~timer.exists(), ~missed.exists()
    )
    placeless = running.where(col(Deadline.climbs_at).is_(None), or_(supervision.statutory(), supervision.targets()))
    return and_(_open(), or_(placeless.exists(), timerless.exists() if timed else false()))


def _undelivered(reading: Reading) -> ColumnElement[bool]:
    """A paper was issued, and a channel failed or says nothing for a working day, a letter lies unsent or came back, what went
    out was never served, or no channel was tried."""
    since = _working_days_ago(reading, _limits(reading).delivery_working_days)
    unsent = _working_days_ago(reading, _limits(reading).post_working_days)
    other = aliased(Delivery)
    any_way = select(other.id).where(col(other.notice_id) == col(Notice.id))
    failed = and_(col(Delivery.state).in_(["failed", "returned"]), ~_later_attempt().exists())
    by_hand = col(Delivery.channel).in_(["post", "in_person"])
    asked_for = func.coalesce(col(Delivery.ordered_at), col(Notice.issued_at))
    pending = and_(
        col(Delivery.state) == "pending", or_(and_(by_hand, asked_for <= unsent), and_(~by_hand, asked_for <= since))
    )
    stuck = (
        select(Delivery.case_id)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(text("delivery.state IN ('failed', 'pending', 'returned')"))  # as its partial index says it
        .where(
            col(Notice.state) == "issued", or_(failed, pending), ~any_way.where(col(other.state) == "served").exists()
        )
    )
    untried = select(Notice.case_id).where(
        col(Notice.state) == "issued", col(Notice.issued_at) > reading.now - LOOKED_BACK, ~any_way.exists()
    )
    return or_(col(Case.id).in_(stuck), col(Case.id).in_(untried), col(Case.id).in_(_unserved(reading)))


def _unserved(reading: Reading) -> Any:
    """Cases with a paper that went out long ago and was neither opened nor signed for, nor deemed served."""
    since = _working_days_ago(reading, _limits(reading).unserved_working_days)
    return (
        select(Delivery.case_id)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(text("delivery.state = 'dispatched' AND delivery.channel <> 'email'"))  # as its partial index says it
        .where(col(Delivery.ordered_at).is_not(None), col(Delivery.dispatched_at) <= since)
        .where(col(Notice.state) == "issued", col(Notice.served_at).is_(None), col(Notice.withdrawn_at).is_(None))
    )


def _working_days_ago(reading: Reading, days: int) -> datetime:
    """Before when something began that has taken so many whole working days by now."""
    calendar, there = deadlines.calendar(reading), reading.now.astimezone(clock.SHANGHAI)
    day = calendars.shift(there.date(), -days, calendar)
    if not calendar.is_workday(there.date()):  # what began on that day has not had all of it
        return clock.start_of(day)
    return datetime.combine(day, there.time(), clock.SHANGHAI)


def _later_attempt() -> Any:
    """A further attempt that has gone out: on the same channel, or on another one that was ordered afterwards."""
    later = aliased(Delivery)
    again = and_(col(later.channel) == col(Delivery.channel), col(later.attempt) > col(Delivery.attempt))
    return select(later.id).where(
        col(later.notice_id) == col(Delivery.notice_id),
        or_(again, col(later.ordered_at) > col(Delivery.ordered_at)),
        col(later.state).in_(["dispatched", "served"]),
    )


def _stranded(reading: Reading) -> ColumnElement[bool]:
    """Open, and it waits for nobody: no task, no timer, no job, no message, and no incident that an operator sees to.

    What listens beside the flow for as long as the case lives (a withdrawal, a clock over the whole case) moves nothing on.
    """
    work = [
        select(Task.id).where(col(Task.case_id) == col(Case.id), col(Task.state).in_(WAITING)),
        select(Job.id).where(col(Job.case_id) == col(Case.id), col(Job.state) == "queued"),
        select(Incident.id).where(col(Incident.case_id) == col(Case.id), col(Incident.resolved_at).is_(None)),
    ]
    beside = {bundle.definition_id: _drawn(bundle) for bundle in _in_use(reading)}
    around = [(ident, node) for ident, drawn in beside.items() for node in drawn.timers]
    timer = select(Timer.id).where(col(Timer.case_id) == col(Case.id))
    if around:
        timer = timer.where(tuple_(col(Case.definition_id), col(Timer.node)).not_in(around))
    deaf = [(ident, text) for ident, drawn in beside.items() for text in ("[]", json.dumps(sorted(drawn.messages)))]
    instance = select(ProcessInstance.id).where(
        col(ProcessInstance.case_id) == col(Case.id),
        or_(
            col(ProcessInstance.finished_at).is_not(None),
            tuple_(col(Case.definition_id), cast(col(ProcessInstance.listening), String)).in_(deaf),
        ),
    )
    return and_(_open(), instance.exists(), ~timer.exists(), *(~some.exists() for some in work))


def _nobody(_: Reading) -> ColumnElement[bool]:
    """A task waits that nobody may do, as the last night found."""
    reported = select(Incident.id).where(
        col(Incident.case_id) == col(Case.id),
        col(Incident.kind) == vacancies.KIND,
        col(Incident.resolved_at).is_(None),
    )
    return and_(_open(), reported.exists())


@dataclass(frozen=True)
class _Drawn:
    """What a drawing has around its main flow: the clocks over the whole case with their timers, and awaited messages."""

    clocks: frozenset[str]
    timers: frozenset[str]
    messages: frozenset[str]


def _drawn(bundle: Bundle) -> _Drawn:
    starts = [
        start
        for handler in bundle.blueprint.drawn[bundle.key].handlers()
        if handler.inside is not None
        for start in handler.inside.of_kind("startEvent")
        if start.trigger is not None
    ]
    timers = {s.id: s.trigger.expression or "" for s in starts if s.trigger and s.trigger.kind == "timer"}
    messages = {s.trigger.name or "" for s in starts if s.trigger and s.trigger.kind == "message"}
    clocks = frozenset[str]().union(*(deadlines_read(expression) for expression in timers.values()))
    return _Drawn(clocks, frozenset(timers), frozenset(messages))


def _in_use(reading: Reading) -> Iterator[Bundle]:
    """The versions of processes on which cases are open."""
    open_case = select(Case.id).where(col(Case.definition_id) == col(ProcessDefinition.id), _open())
    for ident in reading.session.exec(select(ProcessDefinition.id).where(open_case.exists())):
        yield definitions.bundle(reading, ident)


# ---------------------------------------------------------------- what is no case's


def _count_outdated(reading: Reading) -> int:
    """Open datasets that are older than the frequency at which they are to be renewed allows (Art. 12)."""
    old = [
        and_(
            col(CatalogueRevision.update_frequency) == frequency,
            col(CatalogueItem.updated_at) <= reading.now - timedelta(days=days),
        )
        for frequency, days in _limits(reading).frequencies.items()
    ]
    owner = stands_over(reading.actor, col(CatalogueItem.organisation_id))
    houses = reading.actor.organisations(LEADER, UNIT_HEAD)
    overseen = or_(owner, col(CatalogueItem.organisation_id).in_(houses))
    items = (
        select(func.count())
        .select_from(CatalogueItem)
        .join(CatalogueRevision, col(CatalogueRevision.item_id) == col(CatalogueItem.id))
        .where(col(CatalogueRevision.state) == CURRENT, col(CatalogueRevision.opening) == "open")
    )
    return reading.session.exec(items.where(or_(false(), *old), overseen)).one()


def _count_ending_seals(reading: Reading) -> int:
    """Organisations whose seal ends within 30 days, or has ended, and that have signed with no longer one yet."""
    ends = func.max(col(SealCertificate.valid_until))
    soon = (
        select(SealCertificate.organisation_id)
        .where(overseen_organisations(reading.actor, col(SealCertificate.organisation_id)))
        .group_by(col(SealCertificate.organisation_id))
        .having(ends <= reading.now + SEAL_WARNING)
    )
    return reading.session.exec(select(func.count()).select_from(soon.subquery())).one()


def _is_metronome_silent(reading: Reading) -> bool:
    """Whether the metronome has not been heard for a minute; wall time, in which it beats."""
    heard = maintenance.heard_at(reading)
    return heard is None or clock.wall() - heard > timedelta(seconds=_limits(reading).metronome_seconds)


def _limits(reading: Reading) -> ladder.Silence:
    return ladder.of(reading.settings).silence


METRONOME, OUTDATED, SEAL_ENDS = "metronome", "outdated", "seal_ends"
CASES: dict[str, Callable[[Reading], ColumnElement[bool]]] = {
    "unacknowledged": _unacknowledged,
    "unclocked": _unclocked,
    "unarmed": _unarmed,
    "undelivered": _undelivered,
    "stranded": _stranded,
    "nobody": _nobody,
}
TITLES = {
    "unacknowledged": ("提交后尚未发出回执", "Filed some time ago, and no receipt was sent"),
    "unclocked": ("未办结，但没有计时", "Open, and no clock is running"),
    "unarmed": ("正在计时，但到期不会触发", "A clock is running, and nothing would happen when it ends"),
    "undelivered": ("文书未送达", "A notice has not reached its addressee"),
    "stranded": ("未办结，但没有任何人或者事项在办", "Open, and it waits for nobody"),
    "nobody": (
        "有任务没有人可以办理：均须回避、受职责分离限制，或者岗位无人",
        "A task that nobody may do: all must recuse or keep apart, or the role is vacant",
    ),
    OUTDATED: ("开放数据超过约定的更新频率", "A dataset is older than its update frequency allows"),
    SEAL_ENDS: ("电子印章证书即将到期或者已经过期", "The certificate of a seal ends within 30 days, or has ended"),
    METRONOME: ("后台任务没有响应", "The worker is not heard any more"),
}
