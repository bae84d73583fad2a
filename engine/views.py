"""What people look at, as plain frozen values: ``engine.queries`` fills them, the doors (pages, JSON) only arrange them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Light:
    """A traffic light: colour for the eye, words for everybody (还剩 3 个工作日 / 逾期 2 个工作日)."""

    colour: Literal["red", "amber", "green", "grey"]
    zh: str
    en: str


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list, and the key from which the next one goes on (None = this was the last)."""

    rows: tuple[Row, ...]
    next_key: str | None


@dataclass(frozen=True)
class TaskRow:
    """A line of the inbox."""

    task_id: str
    reference: str
    subject: str
    title: str  # of the step, in the reader's language
    process: str  # title of the process
    applicant: str  # masked for lists
    organisation: str  # short name of the organisation whose task it is
    role: str  # title of the role
    due_on: date | None  # legal limit of the case
    target_on: date | None  # what no law sets: an internal target, or the limit of an order; shown differently
    light: Light
    late: bool  # a statutory limit was missed
    assignee: str | None
    assignee_id: str | None
    created_at: datetime
    ended_at: datetime | None
    owner: str | None = None  # who completes it, while the assignee only prepares it
    in_place_of: str | None = None  # the absent colleague for whom the reader does it, or did it
    priority: tuple[str, ...] = ()  # why it goes first (Art. 20), as sentences
    target_basis: str | None = None  # who set ``target_on``: ordered, regulatory, external, internal


@dataclass(frozen=True)
class Counts:
    """The numbers over the inbox; each opens the list that it counts."""

    red: int
    amber: int
    green: int
    grey: int
    mine: int
    queue: int
    done_today: int


@dataclass(frozen=True)
class ChangeView:
    """What has moved a clock. The public is told neither the reason nor who it was."""

    kind: str  # suspended, resumed, extended, restarted, corrected
    on: date
    days: int | None  # of an extension, in the clock's unit
    due_on_before: date | None
    due_on_after: date | None
    reason: str
    actor: str
    evidence_id: str | None  # a document of the case


@dataclass(frozen=True)
class ActView:
    """What somebody in charge may do with a clock, or the sentence that names the rule which forbids it."""

    name: str  # suspend, resume, extend, restart
    refusal: str | None


@dataclass(frozen=True)
class DeadlineView:
    """A clock of a case, with what has moved it and how its date was counted."""

    name: str
    title: str
    basis: str
    article: str | None
    article_title: str  # 《贵阳市政府数据共享开放条例》第二十一条第一款
    days: int
    unit: str
    state: str  # pending, running, suspended, stopped
    started_on: date | None
    due_on: date | None
    provisional: bool
    stopped_on: date | None
    missed: bool
    light: Light
    owed_by: str  # who must act: name of the organisation or party
    explanation: tuple[dict[str, Any], ...]  # Explanation.as_json() of engine.calendars
    sentences: tuple[str, ...]
    extra_days: int = 0  # by which the present period was extended
    extendable: int = 0  # by how many days more the rule allows to extend it
    suspended_on: date | None = None  # since when it stands still
    until: str | None = None  # 17:30, where the last day ends with office hours
    changes: tuple[ChangeView, ...] = ()
    acts: tuple[ActView, ...] = ()  # for whoever is in charge of it


@dataclass(frozen=True)
class FieldShown:
    """An answered field of a form, as it is shown."""

    name: str
    title: str
    value: str
    personal: bool = False  # masked here; unmasking asks for a reason


@dataclass(frozen=True)
class DocumentView:
    """A file of the case."""

    id: str
    filename: str
    media_type: str
    size: int
    kind: str
    created_at: datetime
    provenance: str = ""  # Art. 16: where on the sharing platform it was obtained; it then equals the paper original


@dataclass(frozen=True)
class ApprovalView:
    """A step by which a paper is approved, the drafting first."""

    position: int  # 0 is the drafting
    step: str  # draft, review, countersign, legal_review, sign, seal, register
    title: str
    state: Literal["passed", "returned", "now", "next"]
    organisation: str
    role: str
    person: str
    in_place_of: str
    opinion: str  # empty for those whom it does not concern
    at: datetime | None


@dataclass(frozen=True)
class DeliveryView:
    """One attempt to bring a paper to its addressee, without what names people."""

    id: str
    channel: str  # portal, email, post, in_person
    attempt: int
    state: str  # pending, dispatched, served, failed, returned, cancelled
    ordered_at: datetime | None
    dispatched_at: datetime | None
    dispatched_on: date | None
    deemed_on: date | None  # the day on which it will count as served, though nobody opens it
    served_on: date | None
    how: str | None  # opened, deemed, signed, direct, left, entrusted, collected
    proof: str  # Message-ID, tracking number; empty for the party


@dataclass(frozen=True)
class NoticeView:
    """A paper of the case."""

    id: str
    name: str
    title: str
    number: str | None
    state: str  # draft, issued
    issued_on: date | None
    digest: str | None
    digest_algorithm: str | None
    size: int | None
    ready: bool  # its bytes exist
    translation: str  # of an English courtesy translation: none (there is no such), offered, asked (being made), ready
    deliveries: tuple[DeliveryView, ...]
    served_on: date | None = None
    chain: tuple[ApprovalView, ...] = ()  # who approves it; empty for those who may not know
    replaced_by: str | None = None  # the number of the paper that took its place
    withdrawn_on: date | None = None
    withdrawal_reason: str | None = None  # for the desk
    verify_token: str | None = None  # of issued papers: where a stranger can prove them

    @property
    def served_by(self) -> DeliveryView | None:
        """The attempt that served it."""
        return next((d for d in self.deliveries if d.served_on is not None and d.served_on == self.served_on), None)


@dataclass(frozen=True)
class HistoryEntry:
    """A line of the case's history in words."""

    at: datetime
    title: str
    actor: str
    kind: str  # done, now, next, event
    detail: str = ""


@dataclass(frozen=True)
class Offer:
    """A message that may be sent into the case now (withdraw, supplement …), or the sentence why not."""

    name: str
    title: str
    text: str
    form: str | None
    refusal: str | None  # None = it may be sent


@dataclass(frozen=True)
class CaseView:
    """The head of a case, in sight on every page about it."""

    id: str
    reference: str
    process_key: str
    process: str
    subject: str
    status: str
    status_title: str
    outcome: str | None
    outcome_title: str | None
    late: bool
    submitted_at: datetime
    closed_at: datetime | None
    agency: str | None
    waits_for: str
    stage: str
    stage_text: str
    due_on: date | None
    light: Light
    version: int  # of the process definition


@dataclass(frozen=True)
class HeldView:
    """A step at which the flow of a case has stopped by itself, until an administrator gets it going."""

    node: str
    title: str


@dataclass(frozen=True)
class StoppedRow:
    """A stopped case in the inbox of those who work on it: it may have no task that would show it there."""

    reference: str
    subject: str
    process: str
    places: tuple[HeldView, ...]
    due_on: date | None
    light: Light


@dataclass(frozen=True)
class CaseFile:
    """Everything that the desk shows of a case."""

    case: CaseView
    held: tuple[HeldView, ...]
    deadlines: tuple[DeadlineView, ...]
    fields: tuple[FieldShown, ...]  # the application as it was filed
    answers: tuple[tuple[str, tuple[FieldShown, ...]], ...]  # what later steps wrote: (step title, fields)
    applicant: tuple[FieldShown, ...]  # masked
    documents: tuple[DocumentView, ...]
    notices: tuple[NoticeView, ...]
    tasks: tuple[TaskRow, ...]  # open ones
    history: tuple[HistoryEntry, ...]
    diagrams: tuple["DiagramView", ...]
    party_title: str = ""  # what the process calls whoever filed it
    filing: str = "申请"  # and what they filed
    merges: bool = False  # whether cases of this kind may be handled together


@dataclass(frozen=True)
class DiagramView:
    """A diagram of the process with the state of the case: drawn by ``api.diagrams``."""

    title: str
    process: str  # id of the BPMN process in the file
    source: bytes
    states: dict[str, str]  # drawn id → done | current | held
    names: dict[str, str]  # translated labels by id


@dataclass(frozen=True)
class TaskView:
    """A task with its case, its form and what may be done with it."""

    row: TaskRow
    file: CaseFile
    node: str
    form: Any  # engine.forms.Form, in the reader's language, options filled in
    values: dict[str, Any]  # the saved draft, else what the case document already says for these fields
    draft_at: datetime | None
    revision: int  # for If-Match
    may_claim: bool
    may_complete: bool
    blocked: str | None  # the sentence of the rule that blocks it (four eyes, recusal …)
    draft_notice: NoticeView | None  # the rendered draft that this step reviews or signs
    may_prepare: bool = False  # it was handed to the reader, who gives it back to be completed


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom work may be given."""

    id: str
    name: str
    away_until: date | None = None  # absent today; the last day


@dataclass(frozen=True)
class HandoverView:
    """How a task went from one to another, as its page shows it."""

    at: datetime
    kind: str  # delegated, returned, recalled, reassigned
    by: str
    giver: str
    receiver: str
    words: str


@dataclass(frozen=True)
class RecusalView:
    """A recusal as the file of the case shows it."""

    id: str
    person: str
    kind: str  # own, decided
    reason: str
    at: datetime
    by: str
    lifted_at: datetime | None
    lifted_reason: str | None
    may_lift: bool


@dataclass(frozen=True)
class Hands:
    """In whose hands a task is, to whom it may go, and who is kept from its case."""

    assignee: str | None
    owner: str | None  # who completes it, while the assignee only prepares it
    may_delegate: bool
    may_give_back: bool
    may_call_back: bool
    may_reassign: bool
    colleagues: tuple[Colleague, ...]  # to whom the holder may give it to be prepared
    receivers: tuple[Colleague, ...]  # to whom a head may give it
    handovers: tuple[HandoverView, ...]
    recusals: tuple[RecusalView, ...]
    may_recuse: bool
    led: tuple[Colleague, ...]  # whose recusal the reader may decide
    namesakes: tuple[Colleague, ...]  # of these: whom the name of a party keeps from the case


@dataclass(frozen=True)
class Stage:
    """A stretch of the way as the public sees it."""

    title: str
    state: Literal["done", "now", "next"]
    at: datetime | None


@dataclass(frozen=True)
class SplitCase:
    """A case that was split off one's own, or the one from which that was split off: as its party, the same, sees it."""

    reference: str
    query_code: str
    subject: str
    agency: str | None
    headline: str  # one sentence: what happens there now
    deadline: DeadlineView | None  # of the answer there
    is_first: bool  # the case of the reader was split off this one


@dataclass(frozen=True)
class PublicStatus:
    """What a party sees of its own case, in plain words."""

    case: CaseView
    headline: str  # one sentence: what happens now
    next_text: str  # by when, and whether the reader must do something
    deadline: DeadlineView | None  # of the answer that the party waits for
    stages: tuple[Stage, ...]
    notices: tuple[NoticeView, ...]
    documents: tuple[DocumentView, ...]
    offers: tuple[Offer, ...]
    outcome_text: str | None
    split: tuple[SplitCase, ...] = ()


@dataclass(frozen=True)
class ReminderRow:
    """A reminder in the inbox of its person."""

    reminder_id: str
    kind: str  # a rung of the ladder, urged, delegated …
    title: str
    reference: str
    subject: str
    deadline: str | None  # title of the clock that it is about
    due_on: date | None
    text: str  # the words of an urging
    by: str  # who urged
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class OverdueRow:
    """A line of the supervisor's list: a clock, or a case of which something has not arrived, and where it stands."""

    case_id: str
    reference: str
    subject: str
    process: str
    organisation: str
    step: str  # where it stands
    holder: str  # with whom
    deadline: str
    basis: str
    article: str | None
    ground: str | None
    due_on: date | None
    light: Light
    breach_id: str | None
    urged: int  # how often
    urged_at: datetime | None  # for the last time
    linked: int = 0  # cases that the reader may see and that came out of it, or out of which it came


@dataclass(frozen=True)
class Wanted:
    """Which part of what somebody oversees they look at; empty means all."""

    organisation: str = ""  # id
    process: str = ""
    basis: str = ""
    linked: bool = False  # of lists: only cases that are linked with others


@dataclass(frozen=True)
class BoardCounts:
    """The numbers of the board; each opens the list that it counts. Statutory clocks; others that passed are counted apart."""

    overdue: int
    due_soon: int
    on_time: int
    paused: int
    unacknowledged: int
    undelivered: int
    ordered_overdue: int  # 逾期未改正
    targets_overdue: int
    open: int
    on_time_rate: float | None  # of statutory clocks answered this month


@dataclass(frozen=True)
class Ageing:
    """How far the statutory clocks of an organisation, or of a process, are past or before their day, in working days."""

    id: str  # of the organisation, key of the process
    title: str
    counts: tuple[int, ...]  # as AGES of engine.queries.figures

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Load:
    """What lies with a person: open tasks, those of overdue cases, those of cases that are due soon."""

    name: str
    organisation: str
    gone: bool  # holds no role any more, and still holds tasks
    open: int
    overdue: int
    due_soon: int


@dataclass(frozen=True)
class Results:
    """How many statutory clocks an organisation (or all, in a month) answered in time and late."""

    id: str
    title: str
    in_time: tuple[int, ...]  # by month, the oldest first
    late: tuple[int, ...]

    @property
    def rate(self) -> float | None:
        whole = sum(self.in_time) + sum(self.late)
        return sum(self.in_time) / whole if whole else None


@dataclass(frozen=True)
class Pressure:
    """A step of a process: how many tasks wait there, how many of overdue cases (and lay there when the limit passed), and
    the age that nine in ten do not exceed."""

    node: str
    title: str
    role: str
    running: int
    overdue: int
    stuck: int
    p90: int  # working days


@dataclass(frozen=True)
class PressureView:
    """A process with what waits at its steps."""

    process: str  # its title
    steps: tuple[Pressure, ...]  # the most pressing first
    diagrams: tuple["DiagramView", ...]


@dataclass(frozen=True)
class Figures:
    """The charts and tables of the board."""

    months: tuple[date, ...]
    by_organisation: tuple[Ageing, ...]
    by_process: tuple[Ageing, ...]
    results: tuple[Results, ...]
    loads: tuple[Load, ...]
    organisations: tuple[tuple[str, str], ...]  # that owe something: id, short name
    pressure: PressureView | None
