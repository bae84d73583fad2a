"""Priority by Art. 20: which data are opened first. It orders queues, says why, and changes no deadline.

A case has a point for each reason: ``domain`` (its data belong to a domain that the regulation names), ``new`` (they came into
being since the regulation is in force), ``demand`` (so many cases have asked for them).
"""

from sqlalchemy import func
from sqlmodel import col, select

from engine import audit, catalogue, domains
from engine.db import Reading, UnitOfWork
from engine.models import CatalogueDemand, CatalogueItem, CatalogueRevision
from engine.operations import BusinessError, Call, Done
from engine.process import Run
from engine.settings import Settings

DOMAIN, NEW, DEMAND = "domain", "new", "demand"
WORDS = {  # reason → (Chinese, English)
    DOMAIN: ("属于第二十条第二款列举的优先开放领域", "its domain is one of those that Art. 20(2) names"),
    NEW: (
        "条例施行以后新增的数据（第二十条第一款）",
        "the data came into being since the regulation is in force (Art. 20(1))",
    ),
    DEMAND: ("需求度高（第二十条第三款）", "the data are in high demand (Art. 20(3))"),
}


def demand(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.demand``: the case asks for an item. Counted once a case; the case's priority follows.

    An item that is not known yet (nothing, or ``unknown``) is no demand for any; business error ``item_unknown`` for a code
    that the catalogue does not have.
    """
    if call.params["item"] in (None, "", catalogue.UNKNOWN_ITEM):
        return Done({"demand": 0, "priority": 0})
    item, said, _ = catalogue.asked(uow, call)
    if item.removed_at is not None:
        raise BusinessError("item_unknown", item=item.code)
    uow.take_turns(f"demand:{item.id}")
    known = select(CatalogueDemand.id).where(
        col(CatalogueDemand.item_id) == item.id, col(CatalogueDemand.case_id) == run.case.id
    )
    if uow.session.exec(known).first() is None:
        uow.add(CatalogueDemand(item_id=item.id, case_id=run.case.id, at=uow.now))
    count = demand_of(uow, item)
    run.case.priority_reasons = reasons(uow.settings, said, count)
    run.case.priority = len(run.case.priority_reasons)
    uow.add(run.case)
    audit.record(uow, "case.prioritised", run.case.id, item=item.id, demand=count, reasons=run.case.priority_reasons)
    return Done({"demand": count, "priority": run.case.priority})


def reasons(settings: Settings, said: CatalogueRevision, count: int) -> list[str]:
    """Why data go first, as keys."""
    ranked = domains.of(settings)
    domain = ranked.by_key.get(said.domain)
    found = {
        DOMAIN: domain is not None and domain.named,
        NEW: said.data_since is not None and said.data_since >= ranked.new_since,
        DEMAND: count >= ranked.demand,
    }
    return [reason for reason, holds in found.items() if holds]


def sentence(reason: str, locale: str) -> str:
    """A reason in the reader's language."""
    zh, en = WORDS[reason]
    return zh if locale.startswith("zh") else en


def demand_of(reading: Reading, item: CatalogueItem) -> int:
    """How many cases have asked for an item."""
    return reading.session.exec(
        select(func.count()).select_from(CatalogueDemand).where(col(CatalogueDemand.item_id) == item.id)
    ).one()
