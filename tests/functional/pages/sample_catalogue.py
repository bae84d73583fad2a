"""Values for the pages of the catalogue, of its drafts, of access grants and of the yearly plan. All of it is invented."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from api import catalogue_words, formview
from api.pages.drafts import HERE, Place
from api.pages.frame import Viewer
from engine import item_form, plans
from engine.form_problems import Problem
from engine.item_lists import Asked, Drafted, Granted, Listed, Page
from engine.models import AccessGrant, CatalogueItem, CatalogueRevision, CatalogueVersion, Organisation
from engine.settings import Settings

SETTINGS = Settings()
FORM = item_form.of(SETTINGS)
CODE, REFERENCE = "gy-jtw-0001", "ML-2026-000003"
THEN = datetime(2026, 4, 21, 1, 0, tzinfo=UTC)
ENDS = date(2026, 5, 20)


def _organisation(code: str, name: str, short_name: str) -> Organisation:
    return Organisation(id=code, code=code, name=name, name_en="", short_name=short_name, kind="agency", level="city")


OWNER = _organisation("gy-jtw", "贵阳市交通委员会", "市交委")
HOLDER = _organisation("gy-mzj", "贵阳市民政局", "市民政局")
WORDS = catalogue_words.Words({f.name: dict(f.options) for f in FORM.fields if f.name in catalogue_words.CHOSEN})


def _said(name: str = "城区公共停车场", **changed: Any) -> CatalogueRevision:
    values: dict[str, Any] = {
        "id": "r1",
        "item_id": "i1",
        "number": 2,
        "state": "current",
        "shown": True,
        "name": name,
        "name_en": "Public car parks",
        "description": "全市公共停车场的名称、位置和泊位总数。",
        "sharing": "conditional",
        "conditions": "限于核实经营资格。",
        "opening": "planned",
        "format": "csv",
        "update_frequency": "monthly",
        "fields": [{"name": "名称", "type": "文本"}, {"name": "泊位", "type": "数值", "note": "<b>个</b>"}],
        "classification": "general",
        "domain": "transport",
        "drafted_at": THEN,
        "drafted_by": "person:p1",
        "settled_at": THEN,
        "published_at": THEN,
    }
    return CatalogueRevision(**(values | changed))


def _listed(said: CatalogueRevision, code: str = CODE, demand: int = 0, **changed: Any) -> Listed:
    item = CatalogueItem(
        id=said.item_id, code=code, organisation_id=OWNER.id, updated_at=changed.pop("updated_at", None)
    )
    return Listed(code, OWNER, said, item, demand, **changed)


PLANNED = _listed(_said(), demand=4, under_check=True, updated_at=THEN)
OPEN = _listed(
    _said("公交线路", opening="open", url="https://data.example.cn/bus", sharing="unconditional", fields=[]),
    "gy-jtw-0002",
)
PAGE = Page((PLANNED, OPEN), 31, "gy-jtw-0002")
NOTHING = Page((), 0, None)
FACTS = FORM.describe(item_form.answers(PLANNED.said), "zh")
OFFERS = [("open_data_request", "开放需求申请")]
REASONS = ["公众申请较多"]
ADD = Drafted("d1", "gy-jtw-0003", "add", _said("路况", state="drafted", number=1), OWNER, (), True)
REMOVAL = Drafted(
    "d2", CODE, "remove", _said(state="drafted"), OWNER, ("该目录项在起草以后已有新的修订，请重新起草",), False
)
GRANT = AccessGrant(
    id="g1",
    item_id="i1",
    organisation_id=HOLDER.id,
    access_mode="api",
    purpose="核对低保家庭车辆",
    scope="名称和位置",
    legal_basis="《社会救助暂行办法》第五十八条",
    begins_on=date(2026, 1, 1),
    ends_on=ENDS,
    case_id="c1",
    granted_at=THEN,
)
REVOKED = GRANT.model_copy(
    update={
        "id": "g2",
        "ends_on": None,
        "revoke_reason": "用途已经终止。",
        "misuse_note": "<i>超出范围</i>",
        "access_mode": "batch",
    }
)


def _granted(grant: AccessGrant, state: str, days_left: int | None, **changed: Any) -> Granted:
    row = Granted(grant, CODE, "城区公共停车场", OWNER, HOLDER, "GX-2026-000002", state, days_left, True, True)
    return replace(row, **changed)


GIVEN = [_granted(GRANT, "standing", 22), _granted(REVOKED, "revoked", None, may_revoke=False)]
OTHERS = [_granted(GRANT.model_copy(update={"id": f"g-{state}"}), state, None) for state in ("coming", "ended")]


def pages(viewer: Viewer, case: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """The samples: page name → template and its values."""
    desk: dict[str, Any] = {"here": "catalogue", "viewer": viewer, "words": WORDS}
    listed = {"asked": Asked(text="停车", organisation="gy-jtw"), "organisations": [("gy-jtw", "市交委")]}
    drafts = desk | {"may": True, "heads": frozenset({OWNER.id}), "problems": [], "said": ""}
    one = {"row": PLANNED, "facts": FACTS, "reasons": REASONS, "offers": OFFERS}
    versions = [
        CatalogueVersion(id="v1", organisation_id=OWNER.id, kind="open", number=2, compiled_at=THEN, published_at=THEN),
        CatalogueVersion(id="v2", organisation_id=OWNER.id, kind="resource", number=3, compiled_at=THEN),
    ]
    return {
        "catalogue": ("catalogue.html", {"here": "catalogue", "page": PAGE, "words": WORDS} | listed),
        "catalogue-none": ("catalogue.html", {"here": "catalogue", "page": NOTHING, "words": WORDS} | listed),
        "catalogue-item": ("catalogue_item.html", {"here": "catalogue", "words": WORDS} | one),
        "catalogue-item-open": (
            "catalogue_item.html",
            {"here": "catalogue", "words": WORDS} | one | {"row": OPEN, "reasons": [], "offers": []},
        ),
        "desk-catalogue": ("desk_catalogue.html", desk | listed | {"page": PAGE, "drafts": True}),
        "desk-catalogue-none": ("desk_catalogue.html", desk | listed | {"page": NOTHING, "drafts": False}),
        "desk-item": (
            "desk_item.html",
            desk | one | {"history": [PLANNED.said], "versions": versions, "grants": GIVEN, "mine": True},
        ),
        "drafts": (
            "drafts.html",
            drafts | {"place": HERE, "case": None, "drafts": [ADD, REMOVAL], "items": [PLANNED, OPEN], "said": "kept"},
        ),
        "drafts-of-a-case": (
            "drafts.html",
            drafts
            | {
                "place": Place(f"/desk/cases/{REFERENCE}/items", REFERENCE),
                "case": case,
                "drafts": [ADD],
                "items": [],
                "problems": [formview.FaultView("第3行：领域：不是可以选择的内容", "")],
            },
        ),
        "drafts-only-seen": (
            "drafts.html",
            drafts | {"place": HERE, "case": None, "drafts": [], "items": [], "may": False},
        ),
        "draft": ("draft.html", _form(viewer, CODE, item_form.answers(PLANNED.said))),
        "draft-errors": (
            "draft.html",
            _form(viewer, "", {"name": "<b>路</b>"}, Problem("name", "/name", "minLength", "名称至少 2 个字", "Name")),
        ),
        "grants": (
            "grants.html",
            desk | {"here": "grants", "ours": OTHERS, "given": GIVEN, "problems": [], "typed": {}, "said": ""},
        ),
        "grants-refused": (
            "grants.html",
            desk
            | {
                "here": "grants",
                "ours": [],
                "given": GIVEN,
                "problems": [formview.FaultView("请填写理由（不超过500字），理由将留痕。", "")],
                "typed": {"g1": "<b>"},
                "said": "",
            },
        ),
        "plan": ("plan.html", _plan(viewer, PLAN)),
        "plan-none": ("plan.html", _plan(viewer, [])),
    }


def _form(viewer: Viewer, code: str, values: dict[str, Any], *problems: Problem) -> dict[str, Any]:
    return {
        "here": "catalogue",
        "viewer": viewer,
        "place": HERE,
        "case": None,
        "code": code,
        "form": formview.views(FORM, values, problems),
        "problems": formview.faults(FORM, problems),
    }


PLAN = [
    plans.Line("KJ-2026-000001", "市交委", "公交线路", ENDS, ENDS, plans.PLANNED, None, False),
    plans.Line("KJ-2026-000002", "市交委", "路况", ENDS, date(2026, 4, 1), plans.OPENED, ENDS, True),
]


def _plan(viewer: Viewer, lines: list[plans.Line]) -> dict[str, Any]:
    states = {plans.PLANNED: "已列入", plans.OPENED: "已开放", plans.ABANDONED: "不再开放"}
    told = {"year": 2026, "years": [2026, 2025], "lines": lines, "opened": 1, "late": 1, "states": states}
    return {"here": "plan", "viewer": viewer} | told
