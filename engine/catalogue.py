"""Data items of the catalogues, as far as cases open them to the public (Art. 18–20)."""

from sqlmodel import col, select

from engine import audit
from engine.db import UnitOfWork
from engine.models import CatalogueItem, Organisation


def open_item(
    uow: UnitOfWork,
    case_id: str,
    organisation: Organisation,
    *,
    name: str,
    format: str,
    url: str,
    update_frequency: str,
) -> CatalogueItem:
    """Record that a dataset is open: the catalogue then knows its format, its address and how often it is renewed."""
    same = select(CatalogueItem).where(
        col(CatalogueItem.organisation_id) == organisation.id, col(CatalogueItem.name) == name
    )
    item = uow.session.exec(same).first() or CatalogueItem(organisation_id=organisation.id, name=name)
    item.format, item.url, item.update_frequency = format, url, update_frequency
    item.open, item.opened_at, item.case_id = True, uow.now, case_id
    uow.add(item)
    audit.record(uow, "catalogue.opened", case_id, item=item.id, organisation=organisation.code)
    return item
