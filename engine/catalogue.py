"""Data items of the catalogues, as far as cases open them to the public (Art. 18–20)."""

from sqlmodel import col, select

from engine import audit, process
from engine.db import UnitOfWork
from engine.models import CatalogueItem
from engine.operations import Call, Done
from engine.process import Run

PROVIDER = "data_provider"  # whose dataset it is, when a process does not say


def open_item(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.open``: record that a dataset is open; the catalogue then knows its format, address and update frequency.

    ``part`` names the participant whose dataset it is. Source: Art. 19 (machine-readable, online).
    """
    part = call.params.get("part", PROVIDER)
    owner = run.participants.get(part)
    if owner is None:
        raise process.PartVacant(part=part)
    name = call.params["name"]
    same = select(CatalogueItem).where(col(CatalogueItem.organisation_id) == owner.id, col(CatalogueItem.name) == name)
    item = uow.session.exec(same).first() or CatalogueItem(organisation_id=owner.id, name=name)
    item.format, item.url = call.params["format"], call.params["url"] or ""
    item.update_frequency = call.params["update_frequency"] or ""
    item.open, item.opened_at, item.updated_at, item.case_id = True, uow.now, uow.now, run.case.id
    uow.add(item)
    audit.record(uow, "catalogue.opened", run.case.id, item=item.id, organisation=owner.code)
    return Done({"item": item.id})
