"""The catalogue, what is drafted for a case, and access grants."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from api.deps import ApiAnyone, ApiPerson, OnlyOnce
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import Reference
from api.json.shapes import Asked, Shape, Told
from engine import catalogue, grants, item_form, item_lists, items
from engine.access import Actor
from engine.db import UnitOfWork
from engine.item_lists import Granted, Listed
from engine.queries import files

router = APIRouter(tags=["catalogue"])
EXAMPLE = {"code": "gy-jtw-0004", "item": {"name": "停车场泊位信息", "description": "……", "opening": "planned"}}
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]
GrantId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Word = Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")]


class ItemShape(Shape):
    """An item of the catalogue: for the public what is published, for people here what is current."""

    code: str
    owner: str = Field(description="Code of the organisation whose data it is")
    owner_name: str
    name: str
    name_en: str
    description: str
    sharing: str = Field(description="unconditional, conditional, none (Art. 14)")
    conditions: str
    opening: str = Field(description="open, planned (in the open catalogue), closed")
    exemption: str = Field(description="Of Art. 18: state_secret, trade_secret, personal_privacy, law; or empty")
    format: str
    url: str
    update_frequency: str
    domain: str = Field(description="Of Art. 20, or one that the city added")
    classification: str
    data_since: date | None
    fields: list[dict[str, str]] = Field(description="Data fields: name, type, note")
    version: int = Field(description="Number of the revision")
    published: bool
    demand: int = Field(description="How many cases asked for it (Art. 20)")
    under_check: bool | None = Field(description="Its data are being verified now (Art. 13(3)); null for the public")


class ItemPage(Shape):
    """Some items."""

    items: list[ItemShape]
    total: int
    next: str | None = Field(description="Give it as `after`; null when this is the last page")


class DraftShape(Shape):
    """A revision that is drafted for a case."""

    id: str
    code: str
    change: str = Field(description="add, change, remove")
    item: dict[str, Any]
    faults: list[str] = Field(description="Why it cannot be adopted as it stands")


class NewDraft(Asked):
    """A new item, a change of one (with its code), or that it is to be taken out."""

    code: str | None = Field(default=None, max_length=80)
    item: dict[str, Any] = Field(default_factory=dict, description="The answers of the form of an item")
    remove: bool = False


class Drafted(Told):
    """The draft was kept."""

    id: str
    code: str


class GrantShape(Shape):
    """Who may use which shared data, for what, and until when (Art. 17)."""

    id: str
    item: str
    provider: str
    holder: str
    access_mode: str = Field(description="api, batch, query")
    purpose: str
    scope: str
    legal_basis: str
    begins_on: date
    ends_on: date | None
    state: str = Field(description="coming, standing, ended, revoked")
    case: str = Field(description="Reference of the case in which it was granted")
    revoked_at: datetime | None
    revoke_reason: str
    misuse_note: str


class Revocation(Asked):
    """Why a grant is taken back."""

    reason: str = Field(max_length=500)


class Revoked(Told):
    """The grant was taken back."""

    id: str


@router.get("/catalogue", summary="The catalogue")
def list_items(
    door: ApiAnyone,
    q: Annotated[str, Query(max_length=200)] = "",
    organisation: Word = "",
    domain: Word = "",
    sharing: Word = "",
    opening: Word = "",
    after: Word = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ItemPage:
    """By code. The same for other portals is `/catalogue.jsonld` (DCAT-AP) and `/catalogue.csv`, outside this interface."""
    asked = item_lists.Asked(q, organisation, domain, "", sharing, opening)
    with door.reading() as reading:
        page = item_lists.listed(reading, asked, after, limit)
    return ItemPage(items=[_item(row, door.actor) for row in page.rows], total=page.total, next=page.next_key)


@router.get("/catalogue/{code}", summary="An item of the catalogue")
def one_item(door: ApiAnyone, code: Code) -> ItemShape:
    """As whoever asks may see it: the public what is published, people here what is current."""
    with door.reading() as reading:
        return _item(item_lists.one(reading, code), door.actor)


@router.get("/cases/{reference}/items", summary="What is drafted for a case")
def list_drafts(reference: Reference, door: ApiPerson) -> list[DraftShape]:
    """Revisions of the catalogue that become current when the process of the case says so."""
    with door.reading() as reading:
        found = item_lists.drafts(reading, files.find(reading, reference).id)
    return [
        DraftShape(
            id=row.id, code=row.code, change=row.change, item=item_form.answers(row.said), faults=list(row.faults)
        )
        for row in found
    ]


@router.post(
    "/cases/{reference}/items",
    status_code=201,
    summary="Draft a revision for a case",
    openapi_extra=described(NewDraft, EXAMPLE),
)
def draft(
    reference: Reference, door: ApiPerson, once: OnlyOnce, body: Annotated[Sent[NewDraft], Depends(sent(NewDraft))]
) -> Drafted:
    """By case handlers and heads of unit of the owner, while the case waits for them."""
    asked = body.document

    def act(uow: UnitOfWork) -> dict[str, Any]:
        case_id = files.find(uow, reference).id
        if asked.remove:
            said = catalogue.draft_removal(uow, asked.code or "", case_id=case_id)
        else:
            said = catalogue.draft(uow, asked.item, code=asked.code, case_id=case_id)
        return {"id": said.id, "code": item_lists.code_of(uow, said)}

    return Drafted.model_validate(once.write(door, plain(asked, []), act))


@router.get("/grants", summary="Access grants")
def list_grants(door: ApiPerson, item: Word = "") -> list[GrantShape]:
    """Those given to your organisations and by them."""
    with door.reading() as reading:
        return [_grant(row) for row in item_lists.granted(reading, code=item)]


@router.post(
    "/grants/{grant_id}/revoke",
    summary="Take a grant back",
    openapi_extra=described(Revocation, {"reason": "超出约定的用途使用。"}),
)
def revoke(
    grant_id: GrantId, door: ApiPerson, once: OnlyOnce, body: Annotated[Sent[Revocation], Depends(sent(Revocation))]
) -> Revoked:
    """By the head of a unit of the organisation that gave it; it ends at once."""
    asked = body.document

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return {"id": grants.revoke(uow, grant_id, asked.reason).id}

    return Revoked.model_validate(once.write(door, plain(asked, []), act))


def _item(row: Listed, actor: Actor) -> ItemShape:
    works_here = actor.kind not in ("public", "party")
    return ItemShape(
        **items.described(row.item, row.said, row.owner),
        fields=row.said.fields,
        demand=row.demand,
        under_check=row.under_check if works_here else None,
    )


def _grant(row: Granted) -> GrantShape:
    given: dict[str, Any] = {
        name: getattr(row.grant, name) for name in GrantShape.model_fields if hasattr(row.grant, name)
    }
    about: dict[str, Any] = {"item": row.code, "provider": row.provider.code, "holder": row.holder.code}
    return GrantShape(**given, **about, state=row.state, case=row.reference)
