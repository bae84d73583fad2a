"""What a process declares about itself: ``process.toml`` and each ``notice.toml`` of a bundle, read into frozen values.

Two kinds of keys live side by side. *Labels* (``title``, ``text``, ``…_en``) are presentation and may be reworded while cases
run; everything else is flow and is pinned for the life of a case (see ``engine.definitions``). The guide for process authors
in ``bpmn/README.md`` explains every table with an example.
"""

import json
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from engine.errors import Invalid
from engine.strict import Unreadable, read_toml

LABELS = frozenset({"title", "title_en", "text", "text_en", "refusal", "refusal_en", "filing", "filing_en"})

Basis = Literal["statutory", "ordered", "regulatory", "external", "internal"]
FieldType = Literal["string", "integer", "number", "boolean", "date", "list", "object"]
LARGEST_NUMBER = 2**53  # beyond it, programs that count in floating point disagree about what was written
T = TypeVar("T")
_KINDS: dict[FieldType, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}


class ManifestFaulty(Invalid):
    """{file}: {reason}"""

    zh = "{file}：{reason}"


class _Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all declarations: unknown keys are refused, so that a misspelt key never passes silently."""


class ProcessPart(_Declared, frozen=True):
    """``[process]``: the name of the process, its article, and how its cases are begun and called."""

    key: str
    title: str
    title_en: str
    article: str
    reference_prefix: str
    subject: str  # expression over case data: what the case is called in lists
    start_form: str
    applicants: Literal["public", "organisation"] = "public"  # who may begin a case
    uses: list[str] = []  # fragments (engine.fragments) whose processes it calls; empty once they are merged into it
    filed_by: list[str] = []  # lanes whose people file a case at the desk, for their organisation or for the public
    about_item: dict[str, str] = {}  # start-form field = expression over ``item``: cases about an item of the catalogue
    about_item_when: str | None = None  # expression over ``item``: about which ones
    confidential: bool = False
    correction_notice: str | None = None  # the paper that tells of a printed due date that was moved
    text: str = ""  # what the portal says about this process, in one or two sentences
    text_en: str = ""
    filing: str = "申请"  # what whoever begins a case files: 提交申请, 提交投诉举报
    filing_en: str = "request"


class Participant(_Declared, frozen=True):
    """``[participants.X]``: the part that an organisation plays in a case, and how that organisation is found."""

    title: str
    title_en: str
    organisation: str | None = None  # expression over case data giving an organisation's code; nothing = not yet known
    kind: str | None = None  # or: the one organisation of this kind
    stand_in: str | None = None  # the part whose organisation does its tasks while nobody plays it
    sees: Literal["all", "own"] = "all"  # own: nothing before a paper or task reaches it, then only what is its own
    keeps_out: bool = False  # whoever works there does and sees nothing of the case for another organisation


class Guard(_Declared, frozen=True):
    """``[[guards]]``: which organisation may play a part, such as who may order: a superior or a supervisory organ."""

    part: str
    allow_when: str  # expression over case data and participants, the organisation in question among them
    text: str
    text_en: str


class LinkRule(_Declared, frozen=True):
    """``[[links]]``: out of which case one of this process may come when somebody files it, and what it takes from there."""

    kind: str  # of the link: "review"
    title: str
    title_en: str
    processes: list[str]  # keys of the processes out of whose cases it may come
    field: str  # of the start form: the reference of that case
    code_field: str | None = (
        None  # of the start form: its query code, by which the public proves that it is theirs; never kept
    )
    refuse_when: str | None = None  # expression over the facts of that case and ``switches`` of this process
    refusal: str = ""
    refusal_en: str = ""
    takes: dict[str, str] = {}  # field of this case = expression over the facts of that case
    one_at_a_time: bool = False  # no second one comes out of the same case before the first is closed


class OpenRule(_Declared, frozen=True):
    """``[opens.X]``: a case of another process that one of this opens by ``case.open``, and what it hands over."""

    process: str
    link: str  # kind of the link from this case to that one
    form: dict[str, str] = {}  # field of its start form = expression over the facts of this case
    participants: dict[str, str] = {}  # its part = expression giving the code of an organisation
    part: bool = False  # it is a part of this case (分案): of the same process and party, received on the same day
    since: str | None = None  # of a part: expression giving the day on which it counts as begun; left out, today
    document: dict[str, str] = {}  # of a part: field of its document beside the start form = expression


class TellRule(_Declared, frozen=True):
    """``[tells.X]``: what ``case.tell`` sends to the cases that are linked with this one."""

    link: str  # kind of the link
    message: str  # of the process of those cases, whose sender is "system"
    to: Literal["origin", "offspring"] = "origin"  # the case out of which this one came, or those that came out of it
    form: dict[str, str] = {}  # field of the message = expression over the facts of this case


def _events(named: str | list[str] | None) -> tuple[str, ...]:
    """One event, several or none, as a list."""
    return () if named is None else (named,) if isinstance(named, str) else tuple(named)


class MergingTell(_Declared, frozen=True):
    """``[[merging.tells]]``: an event of the lead case, and the message that it sends into the cases merged into it."""

    event: str
    message: str  # of the same process; its sender is "system"


class Merging(_Declared, frozen=True):
    """``[merging]``: cases of one matter are handled together (并案), and each party still gets its own papers and dates."""

    part: str  # cases are merged only where the same organisation plays it
    propose: str  # lane whose people propose it
    approve: str  # lane whose people decide, somebody else than who proposed
    compares: list[str]  # fields whose words are compared
    until: str | list[str]  # an event, or several, after which a case neither leads nor follows
    tells: list[MergingTell]
    text: str  # for the parties of the merged cases
    text_en: str
    hands_over: list[str] = []  # fields of the lead case that are written into the merged ones before they are told
    rewords: dict[
        str, str
    ] = {}  # of these = field of the lead case with what is said to the parties of the merged ones
    since: str | None = None  # an event before which it does neither
    lets_go: list[str] = []  # events at which a case that leads or follows goes on alone, and cannot be merged any more
    awake: list[str] = []  # user tasks that do not rest while the case follows: what its party sends is read

    @property
    def ends(self) -> tuple[str, ...]:
        return _events(self.until)

    @property
    def events(self) -> tuple[str, ...]:
        since = (self.since,) if self.since else ()
        return (*self.ends, *since, *self.lets_go, *(tell.event for tell in self.tells))


class PartyPart(_Declared, frozen=True):
    """``[parties.X]``: a person or body concerned. Fields of the start form marked ``x-personal`` are kept there, encrypted."""

    title: str
    title_en: str
    type_field: str | None = None  # the field of the start form that says citizen, legal person or other organisation
    sealed: bool = False  # who it is, is kept in the vault, and shown by its title
    opened_by: list[str] = []  # lanes whose people may open a sealed identity, with a reason
    anonymous_field: str | None = (
        None  # the field of the start form by which somebody says that they do not give a name
    )


class DeadlineRule(_Declared, frozen=True):
    """``[deadlines.X]``: a legal clock, told apart from others by its basis; it starts and stops on events of the domain."""

    title: str
    title_en: str
    days: int
    basis: Basis
    owed_by: str  # participant (or party) that must act
    starts_on: str | list[str]  # e.g. "case.submitted"; of several, whichever happens
    stops_on: list[str]  # e.g. ["notice.dispatched:reply", "case.withdrawn"]
    unit: Literal["calendar", "working"] = "calendar"
    roll: Literal["forward", "none"] = "forward"
    article: str | None = None  # the article that sets it; internal targets have none
    ground: str | None = None  # ground of Art. 30 under which a breach becomes a lead
    text_version: str = "2017"  # the version of the regulation that is cited
    cutoff: str | None = None  # "17:30" where the last day ends with office hours (Civil Code Art. 203(2))
    extension_days: int = 0  # the longest extension that the rule allows, in its unit; the four of the regulation: none
    suspension: Literal["none", "allowed"] = "none"  # whether the clock may be stopped for a while
    restart: Literal["none", "allowed"] = "none"  # whether it may begin anew, after a supplement say
    due_on: str | None = None  # expression over case data giving the last day itself, which then goes before ``days``
    days_from: str | None = None  # expression over case data giving the number of days, which then goes before ``days``

    @property
    def starting(self) -> tuple[str, ...]:
        """The events on which it starts."""
        return (self.starts_on,) if isinstance(self.starts_on, str) else tuple(self.starts_on)


class MessageRule(_Declared, frozen=True):
    """``[[messages]]``: what someone outside the flow may send into a running case, and until when."""

    name: str
    title: str
    title_en: str
    sender: str  # a party ("applicant"), a lane ("data_provider.case_handler") or "system": a job of this installation
    form: str | None = None
    until: str | list[str] | None = (
        None  # a domain event, or several, after which it is refused with the sentence below
    )
    refusal: str = ""
    refusal_en: str = ""
    when_listening: bool = False  # accepted only while the flow waits for it (never stored for later)
    text: str = ""
    text_en: str = ""

    @property
    def ends(self) -> tuple[str, ...]:
        return _events(self.until)


class TaskRule(_Declared, frozen=True):
    """``[[rules]]``: what a submission of a task may not say in the present state of the case."""

    task: str
    refuse_when: str  # expression over case data overlaid with the submission
    field: str
    text: str
    text_en: str


class Separation(_Declared, frozen=True):
    """``[[separations]]``: tasks that one and the same person may not do in one case (four eyes)."""

    tasks: list[str]
    text: str
    text_en: str
    messages: list[str] = []  # nor does such a task who sent one of these into the case


class Exclusion(_Declared, frozen=True):
    """``[[exclusions]]``: who may not do tasks of this process because of what they were in the case that it came out of."""

    link: str  # kind of the link from that case to this one, e.g. "review"
    text: str
    text_en: str
    organisation_of: str | None = None  # everybody who works in the organisation that has this part there
    spares: str | None = (
        None  # but nobody of the organisation that has this part here: it conducts the case, whoever replied
    )
    deciders: bool = False  # everybody who completed a task there
    units: bool = (
        False  # everybody of the units whose people did the tasks of organisation_of there; leaders bind no unit
    )
    tasks: list[str] = []  # of this process; all of them when left out


class Stage(_Declared, frozen=True):
    """``[[stages]]``: a stretch of the flow as the public sees it, with the status that the case then has."""

    key: str
    title: str
    title_en: str
    status: str
    nodes: list[str]  # drawn ids; the case is in the last stage of which a node is active
    text: str  # one sentence: what happens now, and whether the reader must do something
    text_en: str
    waits_for: str  # the participant or party whose turn it is
    optional: bool = False  # only some cases come here: not shown to the public before it happens


class Outcome(_Declared, frozen=True):
    """``[outcomes.X]``: a result that a case may have, in words for staff (title) and for the applicant (text)."""

    title: str
    title_en: str
    text: str
    text_en: str
    next: Literal["ends", "fulfilment"] = "ends"


class Manifest(_Declared, frozen=True):
    """A whole ``process.toml``."""

    process: ProcessPart
    participants: dict[str, Participant]
    data: dict[str, FieldType]
    switches: dict[str, bool] = {}  # read as switches.X by [[links]]: what an installation may choose
    parties: dict[str, PartyPart] = {}  # none where organisations settle the matter among themselves
    deadlines: dict[str, DeadlineRule] = {}
    messages: list[MessageRule] = []
    rules: list[TaskRule] = []
    separations: list[Separation] = []
    exclusions: list[Exclusion] = []
    guards: list[Guard] = []
    links: list[LinkRule] = []
    opens: dict[str, OpenRule] = {}
    merging: Merging | None = None
    tells: dict[str, TellRule] = {}
    stages: list[Stage] = []
    outcomes: dict[str, Outcome] = {}

    @property
    def begins_with(self) -> str:
        """The domain event with which a case begins: its party files it, or an organisation opens it ex officio."""
        return "case.submitted" if self.parties else "case.opened"

    def link(self, kind: str) -> LinkRule | None:
        return next((rule for rule in self.links if rule.kind == kind), None)

    def message(self, name: str) -> MessageRule | None:
        return next((m for m in self.messages if m.name == name), None)

    def stage_of(self, node: str) -> Stage | None:
        return next((s for s in self.stages if node in s.nodes), None)


class ApprovalRule(_Declared, frozen=True):
    """``[[approval]]`` of a notice: one step of the chain by which its draft is approved, bound to a drawn task."""

    step: Literal["review", "countersign", "legal_review", "sign", "seal", "register"]
    task: str  # the drawn user task; several steps of one task are done inside it, one after the other
    passes: str  # expression over the answers of the form: passed, else returned
    lane: str | None = None  # participant.role: whose step it is; the lane of the task, unless said
    when: str | None = None  # expression over case data when it is drafted: a step that only some papers need
    opinion: str | None = None  # the field of the form that holds the opinion


class ServiceRule(_Declared, frozen=True):
    """``[service]`` of a notice: when it counts as served; what it leaves open is said in ``bpmn/shared/service.toml``.

    The two conditions read what the facts of a notice read: whether a paper is also posted, or handed over, when it is issued.
    """

    deemed_days: Annotated[int, msgspec.Meta(ge=0, le=366)] | None = None  # 0: never without the addressee's doing
    unit: Literal["calendar", "working"] | None = None
    served_by: Literal["first", "receipt"] | None = None  # receipt: only what somebody has signed for, or refused
    post_when: str | None = None
    in_person_when: str | None = None


Channel = Literal["portal", "email", "post", "in_person"]


class NoticeRule(_Declared, frozen=True):
    """A ``notice.toml``: what kind of paper it is, who issues it to whom, and which facts it is frozen with."""

    title: str
    title_en: str
    form: Literal["letter", "file", "slip"]  # 信函, 文件, 提示 (neither numbered nor sealed)
    issuer: str  # participant whose paper it is
    addressee: str  # party or participant
    facts: dict[str, str]  # name in the template = expression over case, data, participants, parties, deadlines
    heading: str | None = (
        None  # expression over the facts: the title on the paper, such as 关于……的答复; ``|`` breaks a line
    )
    series: str | None = None  # the kind of document within 文号 (开放复); numbered papers have one
    channels: list[Channel] = msgspec.field(default_factory=lambda: ["portal", "email"])
    service: ServiceRule | None = None
    carries_query_code: bool = False  # only on papers to the party whose code it is
    retention: Literal["permanent", "30", "10"] = "10"
    attached: list[str] = []  # facts that the PDF also carries as notice.json, for programs of the addressee
    remedy_litigation: bool = False  # reconsideration and litigation paragraph, for the deployer's lawyers
    approval: list[ApprovalRule] = []  # who approves it, in this order; a paper that has a chain is drafted first
    automatic: str | None = None  # why a numbered paper needs nobody's approval
    upward: bool = False  # 上行文 (请示, 报告): to one organ above, names its 签发人
    secrecy: str | None = None  # 密级和保密期限: 秘密★1年
    urgency: Literal["特急", "加急"] | None = None  # 紧急程度
    co_issuers: list[str] = []  # 联合行文: participants that issue it with the issuer, in this order


def fits(value: Any, kind: FieldType) -> bool:
    """Whether a field of the case's document that is declared so may hold a value; nothing fits everywhere."""
    if value is None:
        return True
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
        return False
    try:
        if kind == "date":
            return date.fromisoformat(str(value)).isoformat() == value
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()  # as the document keeps it
    except (ValueError, RecursionError):
        return False
    return True


def read_manifest(source: bytes, file: str = "process.toml") -> Manifest:
    """Read ``process.toml``; raises ManifestFaulty with the place and the reason."""
    return _read(source, file, Manifest)


def read_notice(source: bytes, file: str = "notice.toml") -> NoticeRule:
    """Read one ``notice.toml``; raises ManifestFaulty with the place and the reason."""
    return _read(source, file, NoticeRule)


def _read(source: bytes, file: str, kind: type[T]) -> T:
    try:
        return msgspec.convert(parse_toml(source, file), kind)
    except msgspec.ValidationError as error:
        raise ManifestFaulty(file=file, reason=str(error)) from None


def parse_toml(source: bytes, file: str) -> dict[str, Any]:
    """TOML bytes to plain values; raises ManifestFaulty."""
    try:
        return read_toml(source)
    except Unreadable as error:
        raise ManifestFaulty(file=file, reason=str(error)) from None


def without_labels(values: Any) -> Any:
    """The same declarations with every label taken out: the part that is pinned for a case."""
    if isinstance(values, dict):
        return {k: without_labels(v) for k, v in values.items() if k not in LABELS}
    if isinstance(values, list):
        return [without_labels(v) for v in values]
    return values
