"""Values for every template, made by hand: what the engine gives on a busy day. All people and cases are invented."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from api import chain_picture, formview
from api.pages import board, board_charts, casework
from api.pages import reports as report_page
from api.pages.calendar import Attempt as CalendarAttempt
from api.pages.case import Attempt as Tried
from api.pages.casework import Drawing
from api.pages.dates import Attempt as DatesAttempt
from api.pages.dates import Proposed
from api.pages.frame import Viewer
from api.pages.incidents import Attempt, Place, Standing
from api.pages.new_case import Offered
from api.pages.notices import FaceShown
from api.pages.notices import Row as NoticeRow
from api.pages.services import FollowUp, Service
from api.pages.starting import Before
from api.pages.webhooks import Attempt as WebhookAttempt
from engine import holidays, reports, silence, webhooks
from engine.absences import AbsenceView
from engine.calendars import Respite, Rule, explain, load
from engine.forms import Form, Problem
from engine.holiday_notices import Remark, Share
from engine.kin import KinView
from engine.models import (
    HolidayNotice,
    Incident,
    Organisation,
    SealCertificate,
    WebhookDelivery,
    WebhookSubscription,
)
from engine.printed_corrections import Waiting
from engine.queries.case_chain import CaseChain, ChainCase, ChainLink
from engine.queries.instructions import InstructionView
from engine.queries.leads import Choice, LeadRow, Origin
from engine.queries.mergers import AlikeRow, MergerRow, MergingView
from engine.queries.parts import PartView
from engine.recount import Move, Plan
from engine.report_rules import Figure, Report, Selection
from engine.reports import Line, Period, Table, Trace, Value
from engine.situations import Field, Row
from engine.views import (
    ActView,
    Ageing,
    ApprovalView,
    BoardCounts,
    CaseFile,
    CaseView,
    ChangeView,
    Colleague,
    Counts,
    DeadlineView,
    DeliveryView,
    DiagramView,
    DocumentView,
    FieldShown,
    Figures,
    HandoverView,
    Hands,
    HeldView,
    HistoryEntry,
    Light,
    Load,
    NoticeView,
    Offer,
    OverdueRow,
    Pressure,
    PressureView,
    PublicStatus,
    RecusalView,
    ReminderRow,
    Results,
    SplitCase,
    Stage,
    StoppedRow,
    TaskRow,
    TaskView,
)
from engine.what_if import Moved, Outcome
from notices.deliveries import HOW, Details
from notices.paper import TemplateFaulty
from notices.post import Letter
from notices.register import Asked, Entry, Kept
from notices.showroom import Exhibit, Shown
from notices.standing import Comparison, Other
from notices.standing import Standing as PaperStanding
from notices.verification import Certified, Verdict
from tests.functional.pages import sample_catalogue
from tests.machine import ROOT

FORMS = ROOT / "bpmn" / "open_data_request" / "forms"
TODAY = date(2026, 4, 28)
RED = Light("red", "逾期 2 个工作日", "overdue by 2 working days")
AMBER = Light("amber", "还剩 1 个工作日", "1 working day left")
GREEN = Light("green", "还剩 6 个工作日", "6 working days left")
GREY = Light("grey", "暂停计时", "clock paused")
ARTICLE = "《贵阳市政府数据共享开放条例》第二十一条第一款"
REFERENCE = "KF-2026-000042"
PARKING = "贵阳市公共停车场实时泊位数据"


def at(day: int, hour: int = 9, minute: int = 14, month: int = 4) -> datetime:
    return datetime(2026, month, day, hour - 8 if hour >= 8 else hour, minute, tzinfo=UTC)


def form(name: str) -> Form:
    """A form of the open-data request, as it is declared."""
    import json

    def read(path: Path) -> Any:
        return json.loads(path.read_text(encoding="utf-8"))

    schema = read(FORMS / f"{name}.schema.json")
    if "agency" in schema["properties"]:
        schema["properties"]["agency"]["oneOf"] = [
            {"const": "gy-jtw", "title": "贵阳市交通委员会"},
            *schema["properties"]["agency"]["x-options-extra"],
        ]
    return Form(schema, read(FORMS / f"{name}.ui.json"))


def viewer(**changes: Any) -> Viewer:
    values = {
        "id": "p1",
        "name": "周敏",
        "organisation": "市交委",
        "csrf": "token",
        "home": "/desk",
        "works": True,
        "oversees": True,
        "administers": False,
    }
    return Viewer(**(values | changes))


def clock(**changes: Any) -> DeadlineView:
    explanation = explain(Rule(10), date(2026, 4, 21), load(ROOT / "bpmn" / "shared" / "calendars"), ARTICLE)
    values: dict[str, Any] = {
        "name": "reply",
        "title": "答复期限",
        "basis": "statutory",
        "article": "21.1",
        "article_title": ARTICLE,
        "days": 10,
        "unit": "calendar",
        "state": "running",
        "started_on": date(2026, 4, 21),
        "due_on": date(2026, 5, 6),
        "provisional": False,
        "stopped_on": None,
        "missed": False,
        "light": AMBER,
        "owed_by": "贵阳市交通委员会",
        "explanation": tuple(explanation.as_json()),
        "sentences": tuple(explanation.sentences("zh")),
    }
    return DeadlineView(**(values | changes))


def case(**changes: Any) -> CaseView:
    values: dict[str, Any] = {
        "id": "c1",
        "reference": REFERENCE,
        "process_key": "open_data_request",
        "process": "开放需求申请",
        "subject": PARKING,
        "status": "in_progress",
        "status_title": "办理中",
        "outcome": None,
        "outcome_title": None,
        "late": False,
        "submitted_at": at(21),
        "closed_at": None,
        "agency": "贵阳市交通委员会",
        "waits_for": "贵阳市交通委员会",
        "stage": "评估审查",
        "stage_text": "数据提供机关正在评估数据能否开放，现在不需要您做什么。",
        "due_on": date(2026, 5, 6),
        "light": AMBER,
        "version": 1,
    }
    return CaseView(**(values | changes))


def row(subject: str = PARKING, light: Light = AMBER, **changes: Any) -> TaskRow:
    values: dict[str, Any] = {
        "task_id": "t1",
        "reference": REFERENCE,
        "subject": subject,
        "title": "评估开放条件",
        "process": "开放需求申请",
        "applicant": "李某",
        "organisation": "市交委",
        "role": "承办人",
        "due_on": date(2026, 5, 6),
        "target_on": None,
        "light": light,
        "late": False,
        "assignee": "周敏",
        "assignee_id": "p1",
        "created_at": at(22),
        "ended_at": None,
    }
    return TaskRow(**(values | changes))


ROWS = (
    row(
        "黔灵山公园客流统计数据",
        RED,
        reference="KF-2026-000017",
        due_on=date(2026, 4, 24),
        late=True,
        applicant="陈某某",
    ),
    row(
        "城区路内停车收费标准明细",
        RED,
        reference="KF-2026-000021",
        due_on=date(2026, 4, 27),
        late=True,
        applicant="贵州云图信息技术有限公司",
    ),
    row(target_on=date(2026, 4, 29)),
    row(
        "公交线路与站点坐标",
        AMBER,
        reference="KF-2026-000044",
        title="拟定答复",
        applicant="孙某",
        assignee=None,
        assignee_id=None,
    ),
    row(
        "道路交通事故多发路段",
        GREEN,
        reference="KF-2026-000051",
        due_on=date(2026, 5, 9),
        applicant="何某某",
        title="核对申请",
    ),
    row(
        "出租汽车经营企业名录",
        GREEN,
        reference="KF-2026-000053",
        due_on=date(2026, 5, 11),
        applicant="郑某",
        title="核对申请",
    ),
    row(
        "轨道交通分时客流数据",
        GREY,
        reference="KF-2026-000011",
        due_on=None,
        target_on=date(2026, 5, 19),
        title="登记开放数据",
    ),
)

NOTICES = (
    NoticeView(
        "n1",
        "receipt",
        "开放需求申请回执",
        None,
        "issued",
        date(2026, 4, 21),
        "3b1f0c9ae2d94d5f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
        "sha256",
        88_140,
        True,
        "offered",
        (
            DeliveryView(
                "v1", "portal", 1, "dispatched", at(21), at(21), date(2026, 4, 21), date(2026, 4, 28), None, None, ""
            ),
            DeliveryView("v2", "email", 1, "pending", at(21), None, None, None, None, None, ""),
        ),
    ),
    NoticeView(
        "n2",
        "supplement_notice",
        "补正通知书",
        "筑交数补〔2026〕3号",
        "issued",
        date(2026, 4, 22),
        None,
        None,
        None,
        False,
        "none",
        (),
    ),
)
DOCUMENTS = (
    DocumentView("d1", "需求说明.pdf", "application/pdf", 1_240_000, "attachment", at(21)),
    DocumentView("d2", "营业执照.pdf", "application/pdf", 88_000, "attachment", at(21), "市场主体登记库，GY-2026-0007"),
)
HISTORY = (
    HistoryEntry(at(21), "提交申请", "申请人", "event"),
    HistoryEntry(at(21, 9, 15), "发出《开放需求申请回执》", "系统", "event"),
    HistoryEntry(at(22, 10, 30), "核对申请", "周敏", "done"),
)
FIELDS = (
    FieldShown("applicant_type", "申请人类型", "公民"),
    FieldShown("request_kind", "申请事由", "应当开放，没有开放"),
    FieldShown("dataset", "需要什么数据", PARKING),
    FieldShown("description", "具体要求", "全市公共停车场的名称、位置、泊位总数和实时空余泊位，\n每五分钟更新一次。"),
)
APPLICANT = (
    FieldShown("name", "姓名或名称", "李某", True),
    FieldShown("phone", "电话", "138****6021", True),
)
SERVICE = Service(
    "open_data_request",
    "开放需求申请",
    "申请开放应当列入开放目录而没有列入，或者应当开放而没有开放的政府数据。",
    (f"自申请之日起 10 日内答复（{ARTICLE}）。",),
)
STATUS = PublicStatus(
    case=case(),
    headline="评估审查",
    next_text="数据提供机关正在评估数据能否开放，现在不需要您做什么。",
    deadline=clock(),
    stages=(
        Stage("提交申请", "done", at(21)),
        Stage("核对申请", "done", at(22)),
        Stage("评估审查", "now", at(22, 10, 30)),
        Stage("作出答复", "next", None),
        Stage("已经答复", "next", None),
    ),
    notices=NOTICES,
    documents=DOCUMENTS,
    offers=(
        Offer("withdraw", "撤回申请", "答复作出以前可以随时撤回。", "withdraw", None),
        Offer("supplement", "提交补正", "请逐项补正。", "supplement", "现在没有等待您补正的事项。"),
        Offer("more_material", "主动补充材料", "", "more_material", None),
    ),
    outcome_text=None,
)

SPLIT = (
    SplitCase(
        "KF-2026-000131",
        "7F3K92QXHM4TD",
        "公交站点客流数据",
        "贵阳市公安局",
        "核对申请",
        clock(),
        is_first=False,
    ),
    SplitCase(
        "KF-2026-000101", "7F3K92QXHM4TE", "公共停车场和公交站点数据", None, "您已经撤回申请。", None, is_first=True
    ),
)


def diagram(stopped_at: str = "") -> Drawing:
    """The main drawing of the open-data request, half way through, perhaps stopped at a step."""
    from api.diagrams import NodeState, draw

    source = (ROOT / "bpmn" / "open_data_request" / "process.bpmn").read_bytes()
    states = {name: NodeState("done") for name in ("request_received", "issue_receipt", "intake")}
    here = {stopped_at: NodeState("held")} if stopped_at else {"assess": NodeState("current")}
    picture = draw(source, "open_data_request", states | here, reader=True)
    return Drawing("开放需求申请", picture, True, bool(stopped_at))


FILE = CaseFile(
    case=case(),
    held=(),
    deadlines=(
        clock(),
        clock(
            name="fulfilment",
            title="落实开放时限",
            basis="internal",
            article=None,
            article_title="",
            days=20,
            unit="working",
            state="pending",
            started_on=None,
            due_on=None,
            light=GREY,
            explanation=(),
            sentences=(),
        ),
    ),
    fields=FIELDS,
    answers=(("核对申请", (FieldShown("intake_action", "处理意见", "继续办理"),)),),
    applicant=APPLICANT,
    documents=DOCUMENTS,
    notices=NOTICES,
    tasks=(row(),),
    history=HISTORY,
    diagrams=(),
)
STOPPED = StoppedRow(REFERENCE, PARKING, "开放需求申请", (HeldView("assess", "评估开放条件"),), date(2026, 5, 6), AMBER)
REMINDERS = (
    ReminderRow(
        "r1",
        "urged",
        "催办",
        REFERENCE,
        PARKING,
        "答复期限",
        date(2026, 5, 6),
        "请于今日内完成审核。",
        "孙毅",
        at(28),
        None,
    ),
    ReminderRow("r2", "due_day", "今天到期", REFERENCE, PARKING, None, None, "", "", at(27), None),
)
CHAIN = (
    ApprovalView(0, "draft", "拟稿", "passed", "市交委", "", "周敏", "", "", at(22)),
    ApprovalView(1, "review", "核稿", "passed", "市交委", "科室负责人", "钱伟", "林涛", "文字已核，\n同意。", at(23)),
    ApprovalView(
        2, "legal_review", "合法性审核", "returned", "市交委", "合法性审核员", "吴蕾", "", "缺少依据。", at(24)
    ),
    ApprovalView(3, "countersign", "会签", "now", "市大数据局", "科室负责人", "", "", "", None),
    ApprovalView(4, "sign", "签发", "next", "市交委", "分管领导", "", "", "", None),
)
DRAFT = NoticeView(
    "n3", "reply", "开放需求申请答复书", None, "draft", None, None, None, 90_000, True, "none", (), chain=CHAIN
)


COLLEAGUES = (Colleague("p2", "何静"), Colleague("p3", "林涛", date(2026, 5, 8)))
HANDS = Hands(
    assignee="周敏",
    owner=None,
    may_delegate=True,
    may_give_back=False,
    may_call_back=False,
    may_reassign=True,
    colleagues=COLLEAGUES,
    receivers=COLLEAGUES,
    handovers=(
        HandoverView(at(22), "delegated", "周敏", "周敏", "何静", "请先核对数据目录。"),
        HandoverView(at(23), "returned", "何静", "何静", "周敏", "已经核对。"),
        HandoverView(at(24), "recalled", "周敏", "何静", "周敏", "改由本人办理。"),
        HandoverView(at(24, 11), "reassigned", "孙立", "何静", "林涛", "工作调整。"),
        HandoverView(at(25), "reassigned", "孙立", "林涛", "", "林涛出差。"),
    ),
    recusals=(
        RecusalView("r1", "秦岚", "own", "申请人是本人的亲属。", at(22), "秦岚", None, None, True),
        RecusalView("r2", "何静", "decided", "曾在申请单位任职。", at(22), "孙立", at(23), "已经核实无关。", False),
    ),
    may_recuse=True,
    led=COLLEAGUES,
    namesakes=COLLEAGUES[:1],
)
ABSENCES = (
    AbsenceView("a1", "p3", "林涛", "何静", date(2026, 4, 27), date(2026, 5, 8), "出差", True, "周敏", None, True),
    AbsenceView(
        "a2", "p2", "何静", "林涛", date(2026, 4, 28), date(2026, 4, 28), "休假", True, None, "何静目前无人代办。", True
    ),
    AbsenceView("a3", "p1", "周敏", "何静", date(2026, 6, 1), date(2026, 6, 5), "休假", False, None, None, False),
)


def task(**changes: Any) -> TaskView:
    values: dict[str, Any] = {
        "row": row(),
        "file": FILE,
        "node": "assess",
        "form": form("assess"),
        "values": {},
        "draft_at": at(28, 14, 32),
        "revision": 3,
        "may_claim": False,
        "may_complete": True,
        "blocked": None,
        "draft_notice": None,
    }
    return TaskView(**(values | changes))


REFUSED = tuple(
    ActView(name, f"{ARTICLE}规定的答复期限{words}。")
    for name, words in (("suspend", "不得中止计时"), ("extend", "不得延长"), ("restart", "不得重新起算"))
)
STANDING = explain(
    Rule(60),
    date(2026, 4, 1),
    load(ROOT / "bpmn" / "shared" / "calendars"),
    respite=Respite(extra_days=30, paused_since=date(2026, 4, 20)),
)
MOVABLE = (
    clock(acts=REFUSED),
    clock(
        name="handling",
        title="办理期限",
        basis="regulatory",
        article=None,
        article_title="",
        days=30,
        state="suspended",
        due_on=None,
        light=GREY,
        extra_days=30,
        extendable=10,
        suspended_on=date(2026, 4, 20),
        explanation=tuple(STANDING.as_json()),
        sentences=tuple(STANDING.sentences()),
        changes=(
            ChangeView(
                "extended", date(2026, 4, 10), 30, date(2026, 5, 6), date(2026, 6, 1), "案情复杂", "吴处长", "d1"
            ),
            ChangeView("suspended", date(2026, 4, 20), None, date(2026, 6, 1), None, "等待鉴定结论", "吴处长", None),
        ),
        acts=(ActView("resume", None), ActView("extend", None), ActView("restart", None)),
    ),
)


def case_page(file: CaseFile, deadlines: tuple[DeadlineView, ...], **changes: Any) -> dict[str, Any]:
    """What case.html is given."""
    values = {
        "here": "search",
        "viewer": viewer(),
        "today": TODAY,
        "file": file,
        "unmasked": (),
        "pages": {},
        "attempt": Tried(),
        "around": casework.Around(None, [], [], GROUNDS, [], [], []),
        "withdrawable": [notice for notice in FILE.notices if notice.state == "issued"],
        "typed": {},
        "submission": "x" * 24,
        "clocks": casework.clocks(deadlines),
        "diagrams": [diagram()],
    }
    return values | changes


def task_page(
    view: TaskView, values: dict[str, Any], problems: tuple[Problem, ...] = (), **more: Any
) -> dict[str, Any]:
    """What the page of a task gives to its template."""
    given: dict[str, Any] = {
        "here": "desk",
        "viewer": viewer(),
        "today": TODAY,
        "task": view,
        "form": formview.views(view.form, values, problems),
        "form_title": view.form.title,
        "form_text": view.form.description,
        "problems": formview.faults(view.form, problems),
        "attachments": False,
        "upload_fault": "",
        "platform": {},
        "upload_limit": 10,
        "upload_megabytes": 20,
        "conflict": "",
        "changes": (),
        "typed": [],
        "blocked": view.blocked,
        "unmasked": (),
        "barred": "",
        "theirs": frozenset(),
        "clocks": casework.clocks(view.file.deadlines),
        "diagrams": [diagram()],
        "hands": HANDS,
        "handed": {},
        "pages": {"n3": 2} if view.draft_notice else {},
    }
    return given | more


def apply_page(values: dict[str, Any], problems: tuple[Problem, ...] = ()) -> dict[str, Any]:
    """What the page of a start form gives to its template."""
    asked = form("request")
    return {
        "here": "apply",
        "service": SERVICE,
        "before": None,
        "named": "",
        "csrf": "",
        "intro": asked.description,
        "form": formview.views(asked, values, problems),
        "problems": formview.faults(asked, problems),
        "attachments": True,
        "upload_fault": "",
        "upload_limit": 10,
        "upload_megabytes": 20,
        "submission": "x" * 24,
    }


FIELDS_READ = (Field("data_exists", "string", True), Field("days", "integer", False))


def incident_page(**changed: Any) -> dict[str, Any]:
    """What the page of an incident gives to its template: a script that cannot calculate."""
    step = Place("already_open", "判断是否已经开放", "系统计算")
    ends = (Place("assess", "评估开放条件", "人工办理"), Place("replied", "已答复", "结束"))
    case = SimpleNamespace(
        bundle=SimpleNamespace(key="open_data_request", version=1),
        revision=3,
        reads=FIELDS_READ,
        fields=(*FIELDS_READ, Field("publish", "boolean", False)),
    )
    given: dict[str, Any] = {
        "here": "admin",
        "viewer": viewer(works=False, oversees=False, administers=True, organisation=""),
        "incident": Incident(
            id="i2",
            kind="expression-failed",
            case_id="c1",
            node="already_open",
            token="k1",
            revision=2,
            sentence="At already_open, the expression “int(days)” cannot be evaluated: it is not a number",
            at=at(28, 10),
        ),
        "title": "表达式无法计算",
        "since": at(28),
        "tries": 2,
        "process": "开放需求申请",
        "case": case,
        "place": step,
        "standings": [Standing("k1", step, True, ends), Standing("k2", ends[0], False, ends)],
        "kinds": {"string": "文字", "integer": "整数", "boolean": "是或否"},
        "field": None,
        "attempt": Attempt(),
        "problems": (),
        "diagrams": [diagram()],
        "history": (
            HistoryEntry(at(28), "流程停下", "", "missed", "表达式无法计算"),
            HistoryEntry(at(28, 10), "已经重试", "系统管理员", "done", "已更正"),
        ),
        "submission": "x" * 24,
    }
    return given | changed


CERTIFICATE = SealCertificate(
    fingerprint="ab" * 32,
    organisation_id="o1",
    subject="CN=贵阳市交通委员会,O=演示签章，不具有法律效力,C=CN",
    issuer="CN=督办演示根证书,O=演示签章，不具有法律效力,C=CN",
    valid_from=at(1),
    valid_until=at(30),
    demonstration=True,
    chain="",
)
STANDING = PaperStanding(
    token="a" * 32,
    issuer="贵阳市交通委员会",
    title="开放需求申请答复书",
    number="筑数复〔2026〕7号",
    issued_on=date(2026, 4, 28),
    digest="cd" * 32,
    digest_algorithm="sha256",
    signature="valid",
    signature_algorithm="PAdES, ECDSA P-256, SHA-256",
    signed_at=at(28),
    certificate=CERTIFICATE,
    replaced_by=None,
    withdrawn_on=None,
)
VERDICT = Verdict(
    "valid",
    digest="cd" * 32,
    certificate=Certified(
        "贵阳市交通委员会", "CN=贵阳市交通委员会", "CN=督办演示根证书", "ab" * 32, "2026-01-01", "2027-01-01", True
    ),
    algorithm="PAdES, ECDSA P-256, SHA-256",
    covers_all=True,
    signatures=1,
)
HOUSE = Organisation(code="gy-jtw", name="贵阳市交通委员会", short_name="市交通委", kind="agency", level="city")
OTHER_HOUSE = Organisation(code="gy-wjj", name="贵阳市卫生健康局", short_name="市卫健局", kind="agency", level="city")
KEPT = Kept((HOUSE, OTHER_HOUSE), HOUSE, (2026, 2025), ("数复", "数补"), ())


def verify_page(**changes: Any) -> dict[str, Any]:
    """What verify.html is given."""
    given = {
        "here": "verify",
        "canonical": "/verify",
        "token": None,
        "paper": None,
        "found": None,
        "result": "",
        "good": False,
        "fault": "",
    }
    return given | changes


def register_page(**changes: Any) -> dict[str, Any]:
    """What register.html is given."""
    given = {
        "here": "register",
        "canonical": "/desk/register",
        "viewer": viewer(registers=True),
        "kept": KEPT,
        "asked": Asked("gy-jtw", 2026, "数复"),
        "rows": [
            Entry("筑数复〔2026〕8号", date(2026, 4, 28), "", "", "voided", "纸面文书占用", None),
            Entry("筑数复〔2026〕7号", date(2026, 4, 28), "开放需求申请答复书", REFERENCE, "issued", "", "n1"),
        ],
        "next_key": "abc",
        "states": {"issued": "已印发", "replaced": "已被替换", "withdrawn": "已撤回", "voided": "空号"},
        "problems": (),
        "typed": "",
        "submission": "x" * 24,
        "said": "",
    }
    return given | changes


def post_page(view: str, rows: list[Letter], **changes: Any) -> dict[str, Any]:
    """What post.html is given."""
    given = {
        "here": "post",
        "canonical": "/desk/post",
        "viewer": viewer(posts=True),
        "view": view,
        "rows": rows,
        "next_key": None,
        "problems": [],
        "typed": {},
        "picked": frozenset(),
        "submission": "x" * 24,
        "said": "",
    }
    return given | changes


def letter(**changes: Any) -> Letter:
    """A line of the post desk."""
    number = "筑数复〔2026〕7号"
    plain = Letter("l1", "n3", REFERENCE, "开放需求申请答复书", number, "李**", True, date(2026, 4, 28), None, 1, "")
    return replace(plain, **changes)


def tried(channel: str, state: str, *acts: str, scan: str = "", **known: Any) -> dict[str, Any]:
    """An attempt of a paper's service, and what may be recorded of it."""
    shown = {name: known.pop(name) for name in tuple(known) if name in Details.__dataclass_fields__}
    view = DeliveryView(
        f"{channel}-{state}", channel, 1, state, at(24), *(known.pop(name, None) for name in DELIVERED), **known
    )
    by_hand = channel in ("post", "in_person")
    return {"view": view, "details": Details(**shown), "acts": acts, "scan": scan, "by_hand": by_hand}


DELIVERED = ("dispatched_at", "dispatched_on", "deemed_on", "served_on", "how")
HOME = {"recipient": "李明", "address": "贵阳市观山湖区林城东路1号"}
TRIED = [
    tried("portal", "dispatched", dispatched_at=at(24), deemed_on=date(2026, 5, 8), proof=""),
    tried("email", "failed", "cancelled", reason="550 5.1.1 <li@example.com>", proof=""),
    tried("post", "pending", "sent", "readdressed", "cancelled", recipient="李明", proof=""),
    tried("post", "returned", "cancelled", dispatched_at=at(25), proof="XA123456789CN", **HOME),
    tried("in_person", "pending", "served", "returned", "cancelled", proof="", **HOME),
]
SERVED = [
    tried(
        "in_person",
        "served",
        "corrected",
        scan="d1",
        served_on=date(2026, 4, 27),
        how="left",
        proof="",
        receiver="王某（配偶）",
        witness="社区民警陈某",
        remarks="拒收，留置于住所。",
        **HOME,
    ),
]


def service_page(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """What service.html is given."""
    given = {
        "here": "search",
        "canonical": "/desk/notices/n3/service",
        "viewer": viewer(),
        "paper": replace(
            DRAFT,
            number="筑数复〔2026〕7号",
            state="issued",
            issued_on=date(2026, 4, 24),
            deliveries=tuple(row["view"] for row in rows),
        ),
        "reference": REFERENCE,
        "subject": PARKING,
        "rows": rows,
        "today": TODAY,
        "typed": {},
        "problems": [],
        "submission": "x" * 24,
        "ways": HOW,
        "said": "",
    }
    return given | changes


BOARD_COUNTS = BoardCounts(3, 9, 41, 0, 2, 1, 1, 2, 53, 0.941)
OVERDUE = [
    OverdueRow(
        "c1",
        "KF-2026-000017",
        "黔灵山公园客流统计数据",
        "开放需求申请",
        "市综合执法局",
        "评估开放条件",
        "何静",
        "答复期限",
        "statutory",
        "21.1",
        "6",
        date(2026, 4, 24),
        RED,
        "b1",
        2,
        at(27, 9),
        linked=2,
    ),
    OverdueRow(
        "c2",
        "KF-2026-000009",
        "轨道交通分时客流数据",
        "开放需求申请",
        "市交委",
        "登记开放数据",
        "",
        "落实开放时限",
        "internal",
        None,
        None,
        None,
        Light("amber", "内部时限逾期 1 个工作日", "internal target: overdue by 1 working day"),
        None,
        0,
        None,
    ),
]
PROCESS = (ROOT / "bpmn" / "open_data_request" / "process.bpmn").read_bytes()
FIGURES = Figures(
    months=tuple(date(2025 + (4 + n) // 12, (4 + n) % 12 + 1, 1) for n in range(12)),
    by_organisation=(
        Ageing("o1", "市交委", (1, 0, 1, 0, 2, 5, 20, 1)),
        Ageing("", "", (0, 0, 0, 1, 0, 0, 0, 0)),
    ),
    by_process=(Ageing("open_data_request", "开放需求申请", (1, 0, 1, 1, 2, 5, 20, 1)),),
    results=(Results("o1", "市交委", (3,) * 12, (1,) * 12),),
    loads=(Load("何静", "市交委", False, 7, 2, 1), Load("周敏", "", True, 1, 0, 0)),
    organisations=(("o1", "市交委"),),
    pressure=PressureView(
        "开放需求申请",
        (Pressure("assess", "评估开放条件", "承办人", 12, 3, 3, 8),),
        (DiagramView("开放需求申请", "open_data_request", PROCESS, {"assess": ""}, {}),),
    ),
)
ERRORS_IN_TASK = (
    Problem("data_held", "/data_held", "required", "请选择是否由本机关持有", "Please choose “Held by us”"),
    Problem(
        "existing_url",
        "/existing_url",
        "format",
        "获取地址不是有效的网址，应以 http:// 或者 https:// 开头",
        "not a URL",
    ),
)

INBOX_OF_HANDS: dict[str, Any] = {"receivers": (), "absent": (), "handed": {}}
OFFERED = Offer("check_now", "提前核查", "不等到约定的核查日，现在就核查。", "check_now", None)
GROUNDS = [("6", "第三十条第六项 不按照规定受理、答复、复核或者反馈政府数据共享或者开放需求申请的")]
HOUSE = Organisation(code="gy-jtw", name="贵阳市交通委员会", short_name="市交委", kind="agency", level="city")
LEAD = LeadRow(
    reference="XS-2026-000003",
    subject="老旧小区改造项目进度数据（答复期限逾期）",
    ground="6",
    ground_title=GROUNDS[0][1],
    respondent="市交委",
    organ="市大数据局",
    about=REFERENCE,
    opened_on=TODAY,
    age=2,
    stage="核查线索",
    outcome=None,
    outcome_title=None,
    annulled=False,
    by_hand=False,
    closed_at=None,
)
FIGURE = Figure(
    key="open_refused",
    title="不予开放依据分布",
    title_en="Grounds of refusal",
    formula="期内办结的申请中，不同意或者部分同意的件数。",
    formula_en="Requests refused in whole or part.",
    shown="count",
    base="cases",
    of=Selection(when="closed"),
    split="refusal_item",
)
RATE = Figure(
    key="open_timely",
    title="按期答复率",
    title_en="Answered in time",
    formula="在期限内答复的件数÷应当答复的件数。",
    formula_en="Those answered in time.",
    shown="rate",
    base="clocks",
    of=Selection(when="due"),
    that=Selection(in_time=True),
)
PERIOD = Period.of_month(2026, 4)
VALUES = {"open_refused": Value(3, parts=(("law", 1), ("trade_secret", 2))), "open_timely": Value(3, 4)}
REPORT = Table(
    Report(key="evaluation", title="评估统计", title_en="Evaluation", article="28", figures=["open_refused"]),
    PERIOD,
    (FIGURE, RATE),
    (Line("gy-jtw", "贵阳市交通委员会", VALUES), Line("-", "未确定", VALUES)),
    Line("", "", VALUES),
)
ASKED = report_page.Asked("evaluation", 2026, 4, "", "")
REPORTS = {
    "here": "reports",
    "asked": ASKED,
    "reports": [REPORT.report],
    "years": [2026, 2025],
    "problems": [],
    "value": report_page._shown,
    "item": report_page._item,
    "submission": "s" * 24,
}
PUBLISHED = {
    "id": "c" * 32,
    "title": "评估统计",
    "title_en": "Evaluation",
    "article": "28",
    "since": TODAY,
    "until": TODAY,
    "published_at": datetime(2026, 4, 28, 2, 0, tzinfo=UTC),
    "organisation": "贵阳市大数据发展管理局",
}
MERGER = MergerRow(
    id="b" * 32,
    reference="KF-2026-000005",
    subject="公共停车场泊位数据",
    state="proposed",
    reason="申请的是同一项数据。",
    proposer="周文静",
    proposed_at=datetime(2026, 4, 28, 2, 0, tzinfo=UTC),
    yours=True,
)
ORIGIN = Origin(
    REFERENCE,
    "老旧小区改造项目进度数据",
    "办理中",
    None,
    Light("red", "逾期 6 个工作日", "overdue by 6 working days"),
    True,
)
_GIVEN = InstructionView(
    id="i1",
    reference=REFERENCE,
    subject="老旧小区改造项目进度数据",
    leader="李副市长",
    text="请抓紧依法答复，\n并报告逾期原因。",
    house="市政府",
    bound="市交委",
    due_on=TODAY,
    recorded_at=at(28),
    light=Light("amber", "内部时限还剩 1 个工作日", "internal target: 1 working day left"),
    fulfilled_at=None,
    report="",
    may_fulfil=True,
)
INSTRUCTIONS = [_GIVEN, replace(_GIVEN, id="i2", fulfilled_at=at(28), report="已经答复。", may_fulfil=False)]
ADMINISTRATOR = viewer(works=False, oversees=False, administers=True, organisation="")
MOVE = Move(
    "c1", "KF-2026-000127", "停车场泊位数据", "open_data_request", "reply", "statutory", "o1", False,
    date(2027, 1, 4), date(2027, 1, 6), True, False, False,
)  # fmt: skip
EARLIER = replace(MOVE, reference="KF-2026-000128", after=date(2027, 1, 3), waits=True)
PLAN = Plan((MOVE, EARLIER, replace(MOVE, reference="KF-2026-000129", was_late=False, is_late=True)), 2)
HOLIDAY_TEXT = """year = 2027
source = "国务院办公厅关于2027年部分节假日安排的通知"
[[holiday]]
name = "元旦"
from = 2027-01-01
to = 2027-01-05
makeup = [2027-01-09]
"""
HOLIDAYS = HolidayNotice(
    id="h1",
    year=2027,
    version="2027.1a2b3c4d",
    source="国务院办公厅关于2027年部分节假日安排的通知",
    text=HOLIDAY_TEXT,
    proposed_at=at(20),
    proposed_by="system",
    reason="公布",
)


def holiday_page(**changes: Any) -> dict[str, Any]:
    values = {
        "here": "calendar",
        "viewer": ADMINISTRATOR,
        "row": HOLIDAYS,
        "notice": holidays.parse_notice(HOLIDAY_TEXT, "2027.toml"),
        "state": "proposed",
        "remarks": (Remark("文件没有写明这些法定节日：2027-10-01。", "It does not name these days: 2027-10-01."),),
        "plan": PLAN,
        "sentence": PLAN.sentence(),
        "shares": [Share("市交委", 1, 0, 1, 1), Share("", 1, 0, 0, 0)],
        "moves": PLAN.moves,
        "more": 3,
        "attempt": CalendarAttempt(),
        "problems": (),
        "submission": "s" * 24,
    }
    return values | changes


def dates_page(**changes: Any) -> dict[str, Any]:
    waits = Waiting(
        "c1", "KF-2026-000127", "停车场泊位数据", "答复期限", "市交委", date(2027, 1, 4), date(2027, 1, 3),
        "转办告知书", "筑数转〔2026〕1号", HOLIDAYS.source, at(20),
    )  # fmt: skip
    values = {
        "here": "dates",
        "viewer": viewer(dates=True),
        "rows": (waits, replace(waits, id="c2", paper_number=None, organisation="")),
        "next_key": "next",
        "proposed": [Proposed(HOLIDAYS.source, PLAN.sentence(), PLAN.moves, 2)],
        "attempt": DatesAttempt(),
        "problems": (),
        "submission": "s" * 24,
    }
    return values | changes


WEBHOOK_USUAL: dict[str, Any] = {
    "address": "https://ducha.example.cn/hooks/duban?tenant=guiyang",
    "kinds": list(webhooks.KINDS),
    "processes": [],
    "secret": b"",
    "master_key_id": "",
    "created_at": at(20),
    "created_by": "system",
}
WEBHOOK = WebhookSubscription(
    id="w1", name="市政务督查平台", failing_since=at(27), wait_until=at(28, 12), failures=3, **WEBHOOK_USUAL
)
PAUSED_WEBHOOK = WebhookSubscription(
    id="w2", name="开放平台", active=False, **WEBHOOK_USUAL | {"processes": ["open_data_request"]}
)
NUMBERS = {"pending": 1, "waiting": 0, "delivered": 12, "dead": 1}
WEBHOOK_MESSAGES = [
    WebhookDelivery(
        id=f"d{n}",
        subscription_id="w1",
        event_id=f"{n}" * 32,
        kind=kind,
        body="{}",
        state=state,
        attempts=n,
        status=status,
        error="The receiver did not take the message: it answered 502." if state != "delivered" else "",
        created_at=at(28),
        queued_at=at(28),
        next_at=at(28, 12) if state == "pending" else None,
    )
    for n, (kind, state, status) in enumerate(
        [
            ("notice.served", "pending", None),
            ("deadline.missed", "dead", 502),
            ("case.opened", "delivered", 204),
            ("webhook.test", "waiting", None),
        ]
    )
]


def webhooks_page(**changes: Any) -> dict[str, Any]:
    values = {"here": "webhooks", "viewer": ADMINISTRATOR, "rows": [], "numbers": {}, "kinds": webhooks.KINDS}
    values |= {
        "processes": [("open_data_request", "开放需求申请")],
        "attempt": WebhookAttempt(),
        "submission": "s" * 32,
    }
    return values | changes


def webhook_page(**changes: Any) -> dict[str, Any]:
    values = {"here": "webhooks", "viewer": ADMINISTRATOR, "row": WEBHOOK, "messages": [], "next": None}
    values |= {"numbers": NUMBERS, "secret": "", "conflict": "", "submission": "s" * 32}
    return values | changes


FOLLOW_UPS = [FollowUp("review", "复核", "对不同意开放的答复有异议的，可以申请复核。")]
BEFORE = Before(
    REFERENCE, "被复核的申请", PARKING, (("答复文号", "筑交数复〔2026〕18号"),), {"source_reference": REFERENCE}
)


def linked_case(reference: str, process: str, **changes: Any) -> ChainCase:
    """One case of a chain."""
    usual = (PARKING, "已办结", "不同意开放", False, "贵阳市交通委员会", at(8), at(18))
    return replace(ChainCase(reference, "x", process, *usual, False), **changes)


CHAIN = CaseChain(
    cases=(
        linked_case(REFERENCE, "开放需求申请", late=True, is_this=True),
        linked_case("XS-2026-000003", "监督线索", outcome_title=None, status_title="办理中", closed_at=None),
        linked_case("FH-2026-000002", "复核", outcome_title="变更答复"),
        linked_case("ZG-2026-000001", "责令改正", outcome_title="逾期未改正，移送监察机关处理", late=True),
    ),
    links=(
        ChainLink(REFERENCE, "XS-2026-000003", "lead", "监督线索", at(20)),
        ChainLink(REFERENCE, "FH-2026-000002", "review", "申请复核", at(21)),
        ChainLink("XS-2026-000003", "ZG-2026-000001", "rectification", "责令改正", at(22)),
        ChainLink("FH-2026-000002", "ZG-2026-000001", "rectification", "责令改正", at(22)),
    ),
    hidden=2,
    cut=False,
)
OFFERED_AT_DESK = Offered(
    "coordination",
    "协调处理",
    "提供机关不同意共享的，由市大数据主管部门协调。",
    ARTICLE,
    False,
    ("被拒绝的共享申请",),
)


def new_case_page(**changes: Any) -> dict[str, Any]:
    """What the page of a start form at the desk gives to its template."""
    asked = apply_page({})
    away = {"service", "csrf", "named"}
    given = {name: value for name, value in asked.items() if name not in away}
    houses = (
        HOUSE,
        Organisation(code="gy-mzj", name="贵阳市民政局", short_name="市民政局", kind="agency", level="city"),
    )
    more = {"here": "desk", "viewer": viewer(), "offered": OFFERED_AT_DESK, "houses": houses, "chosen": {}, "typed": ""}
    return given | more | changes


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "home": ("home.html", {"here": "home", "services": [SERVICE], "demo": True}),
    "home-of-several": ("home.html", {"here": "home", "services": [SERVICE, SERVICE], "demo": True}),
    "apply": ("apply.html", apply_page({})),
    "apply-errors": (
        "apply.html",
        apply_page(
            {"applicant_name": "<b>李明</b>", "dataset": "停"},
            (
                Problem("applicant_type", "/applicant_type", "required", "请选择申请人类型", "Please choose"),
                Problem("dataset", "/dataset", "minLength", "需要什么数据至少 2 个字", "too short"),
            ),
        ),
    ),
    "submitted": (
        "submitted.html",
        {
            "here": "apply",
            "reference": REFERENCE,
            "query_code": "7KQ2M9XRVB4TD",
            "subject": PARKING,
            "clock": clock(),
            "receipts": NOTICES[:1],
            "warnings": ["您提交的内容已经收到并妥善保存。后续步骤由工作人员处理，办理期限不受影响。"],
            "filing": "申请",
            "headline": "提交申请",
            "next_text": "申请已经收到，现在不需要您做什么。",
        },
    ),
    "track": ("track.html", {"here": "track", "reference": "", "fault": ""}),
    "track-wrong": (
        "track.html",
        {"here": "track", "reference": REFERENCE, "fault": "编号与查询码不符，请核对后再试。"},
    ),
    "track-case": (
        "track_case.html",
        {
            "here": "track",
            "csrf": "token",
            "status": STATUS,
            "offers": STATUS.offers[::2],
            "asked": [],
            "further": FOLLOW_UPS,
        },
    ),
    "track-split": (
        "track_case.html",
        {
            "here": "track",
            "csrf": "token",
            "status": replace(STATUS, split=SPLIT),
            "offers": (),
            "asked": [],
            "further": [],
        },
    ),
    "track-office-hours": (
        "track_case.html",
        {
            "here": "track",
            "csrf": "token",
            "status": replace(STATUS, deadline=clock(until="17:30")),
            "offers": (),
            "asked": [],
            "further": [],
        },
    ),
    "track-suspended": (
        "track_case.html",
        {
            "here": "track",
            "csrf": "token",
            "status": replace(STATUS, deadline=MOVABLE[1]),
            "offers": (),
            "asked": [],
            "further": FOLLOW_UPS,
        },
    ),
    "message": (
        "message.html",
        {
            "here": "track",
            "csrf": "token",
            "offer": STATUS.offers[0],
            "status": STATUS,
            "form": formview.views(form("withdraw"), {}),
            "attachments": False,
            "upload_fault": "",
            "upload_limit": 10,
            "upload_megabytes": 20,
            "submission": "x" * 24,
        },
    ),
    "sign-in": ("sign_in.html", {"next": "", "login": "", "fault": ""}),
    "inbox": (
        "inbox.html",
        {
            "here": "desk",
            "viewer": viewer(),
            "today": TODAY,
            "view": "mine",
            "light": "",
            "process": "",
            "search": "",
            "files": True,
            "rows": ROWS,
            "next_key": "abc",
            "first": False,
            "most_urgent": ROWS[0],
            "counts": Counts(2, 2, 2, 1, 6, 4, 3),
            "stopped": (STOPPED,),
            "reminders": REMINDERS,
            "unread": 5,
            "seen_at": at(28).isoformat(),
            "processes": [("open_data_request", "开放需求申请")],
            "claimable": True,
            **INBOX_OF_HANDS,
        },
    ),
    "inbox-of-a-head": (
        "inbox.html",
        {
            "here": "desk",
            "viewer": viewer(heads=True),
            "today": TODAY,
            "view": "unit",
            "light": "",
            "process": "",
            "search": "",
            "files": True,
            "rows": (row(owner="何静"), row(task_id="t2", in_place_of="林涛"), row(task_id="t3", assignee=None)),
            "next_key": None,
            "first": False,
            "most_urgent": None,
            "counts": Counts(2, 2, 2, 1, 6, 4, 3),
            "stopped": (),
            "reminders": (),
            "unread": 0,
            "seen_at": at(28).isoformat(),
            "processes": [("open_data_request", "开放需求申请")],
            "claimable": False,
            "receivers": COLLEAGUES,
            "absent": COLLEAGUES,
            "handed": {"person": "p2", "reason": "<b>出差</b>", "tasks": ["t2"]},
            "problems": [formview.FaultView("KF-2026-000042：该任务已经在待领取状态。", "handing")],
        },
    ),
    "absences": (
        "absences.html",
        {
            "here": "absences",
            "viewer": viewer(heads=True),
            "today": TODAY,
            "absences": ABSENCES,
            "colleagues": COLLEAGUES,
            "led": COLLEAGUES,
            "reasons": [("leave", "休假"), ("travel", "出差")],
            "typed": {"person": "p3", "substitute": "p2", "since": "2026-05-01", "until": "x", "reason": "travel"},
            "submission": "x" * 24,
            "problems": [formview.FaultView("截止日期不能早于开始日期或者今天，缺勤不能超过一年。", "until")],
            "faulty": "until",
        },
    ),
    "kin": (
        "kin.html",
        {
            "here": "absences",
            "viewer": viewer(),
            "today": TODAY,
            "kin": (KinView("k1", "周慧", "近姻亲", at(20)),),
            "relations": [("spouse", "配偶"), ("other", "其他可能影响公正办理的关系")],
            "typed": {"name": "周", "relation": "other"},
            "submission": "x" * 24,
            "problems": [formview.FaultView("姓名应为2至50个字。", "name")],
            "faulty": "name",
        },
    ),
    "task-prepared": (
        "task.html",
        task_page(
            task(row=row(owner="何静"), may_complete=False, may_prepare=True),
            {"data_exists": "yes"},
            hands=replace(HANDS, owner="何静", may_delegate=False, may_give_back=True),
        ),
    ),
    "task-in-place-of": (
        "task.html",
        task_page(
            task(row=row(in_place_of="何静")),
            {"data_exists": "yes"},
            handed={"act": "delegate", "person": "p3", "reason": "<i>请协办</i>"},
        ),
    ),
    "task-with-a-file-of-the-platform": (
        "task.html",
        task_page(
            task(),
            {"data_exists": "yes"},
            attachments=True,
            upload_fault="经共享平台获取的文件，应当在此上传，并且同时写明来源系统和编号。",
            platform={"_platform_system": "<b>登记库"},
        ),
    ),
    "task": ("task.html", task_page(task(), {"data_exists": "yes"})),
    "task-errors": ("task.html", task_page(task(), {"data_exists": "yes"}, ERRORS_IN_TASK)),
    "task-conflict": (
        "task.html",
        task_page(
            task(), {"data_exists": "yes"}, conflict="您打开后，该任务已有变动，请重新查看。", changes=HISTORY[-2:]
        ),
    ),
    "task-sign": ("task.html", task_page(task(form=form("sign_reply"), draft_notice=DRAFT), {})),
    "task-blocked": (
        "task.html",
        task_page(task(may_complete=False, blocked="拟定答复的人，不能自己签发。", draft_notice=DRAFT), {}),
    ),
    "case": ("case.html", case_page(FILE, FILE.deadlines)),
    "case-that-revises-the-catalogue": (
        "case.html",
        case_page(
            FILE,
            FILE.deadlines,
            around=casework.Around(None, [], [], GROUNDS, [], [], [], may_draft=True, drafts=2),
        ),
    ),
    "case-in-charge": (
        "case.html",
        case_page(
            FILE,
            MOVABLE,
            attempt=Tried(
                "handling-extend", "days", "请填写延长的天数，应为 1 至 3660 之间的整数。", typed={"days": "0"}
            ),
            problems=[formview.FaultView("请填写延长的天数，应为 1 至 3660 之间的整数。", "days-handling-extend")],
        ),
    ),
    "case-moved-meanwhile": (
        "case.html",
        case_page(
            FILE,
            MOVABLE,
            attempt=Tried(conflict="本流程设定的办理期限已经中止计时。", typed={"reason": "等待补充材料"}),
        ),
    ),
    "case-of-somebody-recused": (
        "case.html",
        case_page(
            FILE,
            MOVABLE,
            around=casework.Around(None, [], [], GROUNDS, [], [], [], barred="何静已对本件回避，不能办理。"),
            withdrawable=[],
        ),
    ),
    "case-among-others": (
        "case.html",
        case_page(
            FILE,
            FILE.deadlines,
            around=casework.Around(
                None,
                [],
                [],
                GROUNDS,
                [],
                [],
                [],
                chain=CHAIN,
                follow_ups=FOLLOW_UPS,
                parts=(
                    PartView("数据提供机关", "贵阳市交通委员会", at(8), None),
                    PartView("数据提供机关", "贵阳市民政局", at(7), at(8)),
                ),
            ),
        ),
    ),
    "chain": (
        "chain.html",
        {
            "here": "search",
            "viewer": viewer(),
            "today": TODAY,
            "this": CHAIN.cases[0],
            "chain": CHAIN,
            "picture": chain_picture.drawn(CHAIN, "zh"),
        },
    ),
    "new": ("new.html", {"here": "desk", "viewer": viewer(), "rows": [OFFERED_AT_DESK]}),
    "new-none": ("new.html", {"here": "desk", "viewer": viewer(), "rows": []}),
    "new-case": ("new_case.html", new_case_page()),
    "new-case-out-of-another": ("new_case.html", new_case_page(before=BEFORE, houses=(HOUSE,))),
    "new-case-for-a-party": (
        "new_case.html",
        new_case_page(offered=replace(OFFERED_AT_DESK, for_party=True), houses=()),
    ),
    "new-filed": (
        "new_filed.html",
        {
            "here": "desk",
            "viewer": viewer(),
            "reference": REFERENCE,
            "query_code": "7KQ2M9XRVB4TD",
            "subject": PARKING,
            "process": "开放需求申请",
            "filed_at": at(28),
            "clock": clock(),
            "receipts": NOTICES[:1],
            "opens": True,
            "portal": "http://127.0.0.1:8000",
            "warnings": [],
        },
    ),
    "apply-out-of-another": ("apply.html", apply_page({}) | {"before": BEFORE, "named": REFERENCE, "csrf": "token"}),
    "case-of-a-lead": (
        "case.html",
        case_page(
            replace(FILE, applicant=()),
            FILE.deadlines,
            around=casework.Around(ORIGIN, [], [], GROUNDS, [], [], []),
        ),
    ),
    "case-with-leads": (
        "case.html",
        case_page(
            FILE,
            FILE.deadlines,
            around=casework.Around(
                None,
                [LEAD],
                [Choice("gy-jtw", "贵阳市交通委员会")],
                GROUNDS,
                INSTRUCTIONS,
                [OFFERED],
                [HOUSE],
                may_urge=True,
            ),
        ),
    ),
    "send": (
        "send.html",
        {
            "here": "search",
            "viewer": viewer(),
            "offer": OFFERED,
            "case": FILE.case,
            "form": formview.views(form("withdraw"), {}),
            "submission": "x" * 24,
        },
    ),
    "post": (
        "post.html",
        post_page("waiting", [letter(), letter(id="l2", recipient="", addressed=False, attempt=2)], next_key="abc"),
    ),
    "post-sent": (
        "post.html",
        post_page("sent", [letter(sent_on=date(2026, 4, 28), tracking="XA123456789CN")], said="已登记寄出。"),
    ),
    "post-returned": ("post.html", post_page("returned", [letter(sent_on=date(2026, 4, 24), tracking="XA1")])),
    "post-empty": ("post.html", post_page("waiting", [])),
    "post-refused": (
        "post.html",
        post_page(
            "waiting",
            [letter()],
            problems=[formview.FaultView("请先勾选邮件。", "letters")],
            typed={"tracking-l1": "<b>"},
            picked=frozenset({"l1"}),
        ),
    ),
    "service": ("service.html", service_page(TRIED)),
    "service-none": ("service.html", service_page([], said="已取消该次送达。")),
    "service-served": (
        "service.html",
        service_page(
            SERVED,
            typed={"in_person-served-happened": "corrected", "in_person-served-on": "2026-04-30"},
            problems=[formview.FaultView("请填写理由。", "in_person-served-corrected-reason")],
        ),
    ),
    "service-refused": (
        "service.html",
        service_page(
            TRIED,
            typed={"in_person-pending-happened": "served", "in_person-pending-receiver": "<b>"},
            problems=[formview.FaultView("请选择送达的具体方式。", "in_person-pending-served-how")],
        ),
    ),
    "register": ("register.html", register_page()),
    "register-with-a-gap": (
        "register.html",
        register_page(
            kept=replace(KEPT, gaps=("gy-jtw: of 数复〔2026〕 3 numbers were given out, 2 stand in the register",)),
            problems=[formview.FaultView("请填写理由（不超过500字），理由将留痕。", "reason")],
        ),
    ),
    "verify": ("verify.html", verify_page()),
    "verify-unknown": ("verify.html", verify_page(fault="没有与此核验码对应的文书。")),
    "verify-paper": ("verify.html", verify_page(token="a" * 32, paper=STANDING, canonical="/verify/" + "a" * 32)),
    "verify-same": (
        "verify.html",
        verify_page(
            token="a" * 32,
            paper=replace(
                STANDING, withdrawn_on=date(2026, 5, 9), replaced_by=Other("筑数复〔2026〕8号", at(28).date(), "b")
            ),
            found=Comparison("same", VERDICT, STANDING),
            result="该文件与印发的文书一致。",
            good=True,
        ),
    ),
    "verify-changed": (
        "verify.html",
        verify_page(
            found=Comparison("changed", replace(VERDICT, state="changed"), None), result="该文件在签署后被改动。"
        ),
    ),
    "leads": (
        "leads.html",
        {
            "here": "leads",
            "viewer": viewer(),
            "rows": [LEAD],
            "next_key": "abc",
            "ground": "6",
            "closed": False,
            "grounds": GROUNDS,
        },
    ),
    "merging": (
        "merging.html",
        {
            "here": "search",
            "viewer": viewer(),
            "view": MergingView(
                "KF-2026-000001",
                "公共停车场泊位数据",
                True,
                None,
                (AlikeRow("KF-2026-000004", "全市公共停车场泊位", TODAY, TODAY, 82),),
                (MERGER,),
                (replace(MERGER, state="merged", yours=False), replace(MERGER, state="decided")),
                True,
                True,
            ),
            "problems": [],
            "reason": "",
            "chosen": frozenset({"KF-2026-000004"}),
            "submission": "s" * 24,
            "said": "",
        },
    ),
    "merging-followed": (
        "merging.html",
        {
            "here": "search",
            "viewer": viewer(),
            "view": MergingView("KF-2026-000002", "泊位", True, replace(MERGER, yours=False), (), (), (), False, True),
            "problems": [],
            "reason": "",
            "chosen": frozenset(),
            "submission": "s" * 24,
            "said": "已经并案。",
        },
    ),
    "reports": ("reports.html", REPORTS | {"viewer": viewer(), "table": REPORT, "may_publish": True}),
    "reports-nothing": ("reports.html", REPORTS | {"viewer": viewer(), "table": None, "may_publish": False}),
    "report-cases": (
        "report_cases.html",
        {
            "here": "reports",
            "viewer": viewer(),
            "trace": Trace(FIGURE, (), 2),
            "asked": ASKED,
            "part": "of",
            "period": PERIOD,
        },
    ),
    "reports-published": ("reports_published.html", {"here": "reports", "rows": [PUBLISHED]}),
    "reports-none-published": ("reports_published.html", {"here": "reports", "rows": []}),
    "report-published": (
        "report_published.html",
        {
            "here": "reports",
            "row": PUBLISHED,
            "content": reports.content(REPORT),
            "value": lambda figure, one: str(one["number"]),
            "item": report_page._item,
        },
    ),
    "leads-closed": (
        "leads.html",
        {
            "here": "leads",
            "viewer": viewer(),
            "rows": [replace(LEAD, outcome="annulled", outcome_title="期限更正，线索撤销", annulled=True)],
            "next_key": None,
            "ground": "",
            "closed": True,
            "grounds": GROUNDS,
        },
    ),
    "instructions": (
        "instructions.html",
        {"here": "instructions", "viewer": viewer(), "rows": INSTRUCTIONS, "next_key": "abc"},
    ),
    "case-stopped": (
        "case.html",
        case_page(
            replace(FILE, held=STOPPED.places, tasks=()),
            FILE.deadlines,
            diagrams=[diagram(stopped_at="assess")],
            said="您的办理已经保存。",
        ),
    ),
    "search": (
        "search.html",
        {
            "here": "search",
            "viewer": viewer(),
            "today": TODAY,
            "search": "",
            "status": "",
            "statuses": [("closed", "已办结")],
            "rows": [case(), case(reference="KF-2026-000011", closed_at=at(27), outcome_title="同意开放", light=GREEN)],
            "next_key": None,
        },
    ),
    "board": (
        "board.html",
        {
            "here": "board",
            "viewer": viewer(),
            "now": at(28, 14, 30),
            "today": TODAY,
            "asked": board.Filters(organisation="o1", search="停车"),
            "numbers": board.numbers(BOARD_COUNTS, "zh"),
            "counts": BOARD_COUNTS,
            "list_title": "逾期件",
            "alarms": [silence.Alarm(kind, *words, 3) for kind, words in silence.TITLES.items()],
            "rate": "94.1",
            "charts": board_charts.drawn(FIGURES, "zh"),
            "organisations": [("o1", "市交委"), ("o2", "市综合执法局")],
            "processes": [("open_data_request", "开放需求申请"), ("review", "复核")],
            "rows": OVERDUE,
            "next_key": "abc",
            "picked": ["c1"],
            "text": "",
        },
    ),
    "what-if": (
        "what_if.html",
        {
            "here": "board",
            "viewer": viewer(),
            "today": TODAY,
            "day": "2026-05-06",
            "becomes": "holiday",
            "limit": "open_data_request.reply",
            "days": "7",
            "unit": "working",
            "clocks": [("open_data_request", "reply", "开放需求申请 · 答复期限")],
            "titles": {"open_data_request.reply": "开放需求申请 · 答复期限"},
            "outcome": Outcome(
                40,
                3,
                5,
                2,
                0,
                201,
                tuple(
                    Moved(
                        "KF-2026-000009",
                        "轨道交通分时客流数据",
                        "市交委",
                        "open_data_request",
                        "reply",
                        TODAY,
                        TODAY,
                        a,
                        b,
                    )
                    for a in (False, True)
                    for b in (False, True)
                ),
            ),
        },
    ),
    "admin": (
        "admin.html",
        {
            "here": "admin",
            "viewer": viewer(works=False, oversees=False, administers=True, organisation=""),
            "processes": [
                {
                    "key": "open_data_request",
                    "title": "开放需求申请",
                    "version": 1,
                    "revision": 2,
                    "deployed_at": at(20),
                }
            ],
            "shown": "open_data_request",
            "diagrams": [diagram()],
            "incidents": [
                Row("i1", at(28, 10), "job.failed", "后台作业未能完成", "", ""),
                Row("i2", at(28, 9), "expression-failed", "表达式无法计算", "开放需求申请", "判断是否已经开放"),
            ],
        },
    ),
    "admin-notices": (
        "admin_notices.html",
        {
            "here": "admin",
            "viewer": ADMINISTRATOR,
            "processes": [("open_data_request", "开放需求申请"), ("supervision_lead", "监督线索")],
            "shown": "open_data_request",
            "rows": [
                NoticeRow(
                    "开放需求申请答复书",
                    SimpleNamespace(form="letter", series="数复", title="开放需求申请答复书", title_en="Reply"),
                    Exhibit("reply", (Shown("zh", 2), Shown("en", 1)), ()),
                ),
                NoticeRow(
                    "申请回执",
                    SimpleNamespace(form="slip", series=None, title="申请回执", title_en="Receipt"),
                    Exhibit(
                        "receipt",
                        (Shown("zh", 0, TemplateFaulty(sentence="line 3: 'day' is undefined.")),),
                        ("notices/receipt/body.html.j2: uses day, which is no fact of notice.toml",),
                    ),
                ),
            ],
            "faces": [
                FaceShown("标题和发文机关标志", "FZXBSJW.TTF", True),
                FaceShown("正文", "FandolFang-Regular.otf", False),
            ],
            "fonts_missing": "",
        },
    ),
    "admin-notices-without-fonts": (
        "admin_notices.html",
        {
            "here": "admin",
            "viewer": ADMINISTRATOR,
            "processes": [],
            "shown": "",
            "rows": [],
            "faces": [],
            "fonts_missing": "无法排版文书：缺少字体。请运行 scripts/fetch_fonts.sh。",
        },
    ),
    "webhooks": ("webhooks.html", webhooks_page(rows=[WEBHOOK], numbers={WEBHOOK.id: NUMBERS})),
    "webhooks-empty": (
        "webhooks.html",
        webhooks_page(
            attempt=WebhookAttempt("接收地址不可用：指向内部网络。", "address", "<b>", "https://10.0.0.1/", status=422),
            problems=[formview.FaultView("接收地址不可用：指向内部网络。", "address")],
        ),
    ),
    "webhook": (
        "webhook.html",
        webhook_page(
            messages=WEBHOOK_MESSAGES, next="abc", secret="whsec_" + "x" * 44, said="该系统自现在起接收事件。"
        ),
    ),
    "webhook-paused": ("webhook.html", webhook_page(row=PAUSED_WEBHOOK, conflict="该订阅已暂停，请先恢复。")),
    "calendar": (
        "calendar.html",
        {
            "here": "calendar",
            "viewer": ADMINISTRATOR,
            "calendar": holidays.published(),
            "notices": [HOLIDAYS],
            "states": {HOLIDAYS.id: "in force"},
        },
    ),
    "calendar-empty": (
        "calendar.html",
        {
            "here": "calendar",
            "viewer": ADMINISTRATOR,
            "calendar": holidays.published(),
            "notices": [],
            "states": {},
            "problems": [formview.FaultView("放假安排文件 a.toml 不能使用：缺少 source。", "file")],
        },
    ),
    "calendar-notice": ("calendar_notice.html", holiday_page()),
    "calendar-notice-refused": (
        "calendar_notice.html",
        holiday_page(
            attempt=CalendarAttempt("approve", problem="请说明理由。", reason="<b>", status=422),
            problems=[formview.FaultView("请说明理由。", "reason-approve")],
        ),
    ),
    "calendar-notice-in-force": (
        "calendar_notice.html",
        holiday_page(state="in force", remarks=(), shares=[], moves=[]),
    ),
    "dates": ("dates.html", dates_page()),
    "dates-empty": ("dates.html", dates_page(rows=(), proposed=[])),
    "dates-refused": (
        "dates.html",
        dates_page(
            attempt=DatesAttempt("c1", "请说明理由。", "", "<b>", 422),
            problems=[formview.FaultView("请说明理由。", "reason-c1")],
        ),
    ),
    "incident": ("incident.html", incident_page()),
    "incident-refused": (
        "incident.html",
        incident_page(
            field=FIELDS_READ[1],
            attempt=Attempt("correct", "字段“days”应填写整数。", value="三", status=422),
            problems=[formview.FaultView("字段“days”应填写整数。", "reason-correct")],
        ),
    ),
    "incident-settled": (
        "incident.html",
        incident_page(
            incident=Incident(
                kind="job.failed", sentence="The mail server refused.", at=at(28), resolved_at=at(28, 11)
            ),
            case=None,
            place=None,
            process="",
            standings=(),
            diagrams=(),
        ),
    ),
    "error": (
        "error.html",
        {
            "viewer": viewer(),
            "heading": "没有找到",
            "status": 404,
            "sentence": "没有找到，或者您无权查看。",
            "advice": "请核对地址。",
            "back": "/desk",
            "again": "",
        },
    ),
    "error-portal": (
        "error.html",
        {
            "viewer": None,
            "heading": "没有找到",
            "status": 404,
            "sentence": "没有找到，或者您无权查看。",
            "advice": "请核对地址。",
            "back": "/",
            "again": "",
        },
    ),
    **sample_catalogue.pages(viewer(), case()),
}
