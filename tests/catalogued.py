"""An item of the catalogue as tests propose it, and how one becomes current: `from tests.catalogued import ITEM, enter`."""

from typing import Any

from engine import catalogue
from engine.access import SYSTEM
from engine.db import Database
from engine.models import CatalogueItem

ITEM = {
    "name": "公路养护计划",
    "name_en": "Road maintenance plan",
    "description": "年度公路养护工程计划。",
    "domain": "transport",
    "sharing": "unconditional",
    "opening": "open",
    "format": "csv",
    "url": "https://data.example.cn/roads",
    "update_frequency": "yearly",
    "classification": "general",
}


def enter(database: Database, organisation: str, publish: bool = True, **changed: Any) -> str:
    """The code of an item of an organisation that is current, and shown to the public unless told otherwise."""
    with database.unit_of_work(SYSTEM) as uow:
        said = catalogue.draft(uow, ITEM | changed, organisation=organisation)
        catalogue.become_current(uow, said, publish=publish)
        return uow.session.get_one(CatalogueItem, said.item_id).code
