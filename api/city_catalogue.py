"""The catalogues of the demonstration city (``bpmn/shared/catalogue.toml``), for seeds and scenarios."""

import tomllib
from pathlib import Path

from engine import catalogue, item_form
from engine.db import UnitOfWork
from engine.items import CURRENT
from engine.models import CatalogueItem, CatalogueRevision, Organisation, new_id


def found(uow: UnitOfWork, bundles: Path, organisations: dict[str, Organisation]) -> None:
    """Make all items, each current, and shown to the public where a published catalogue lists it; raises FormInvalid."""
    file = bundles / "shared" / "catalogue.toml"
    if not file.is_file():
        return
    items, revisions = [], []
    for said in tomllib.loads(file.read_text(encoding="utf-8"))["items"]:
        code, values = said["code"], {name: value for name, value in said.items() if name != "code"}
        item_form.require(uow.settings, values)
        opened = uow.now if values["opening"] == "open" else None
        ident = new_id()
        owner = organisations[code.rpartition("-")[0]]
        items.append(
            {
                "id": ident,
                "code": code,
                "organisation_id": owner.id,
                "opened_at": opened,
                "updated_at": None,  # nobody has told yet when its data were renewed
                "removed_at": None,
            }
        )
        shown = values["sharing"] != "none" or values["opening"] != "closed"
        revisions.append(
            {
                "item_id": ident,
                "number": 1,
                "state": CURRENT,
                "change": catalogue.ADD,
                "shown": shown,
                "case_id": None,
                "drafted_at": uow.now,
                "drafted_by": str(uow.actor),
                "settled_at": uow.now,
                "settled_by": str(uow.actor),
                "published_at": uow.now if shown else None,
                **item_form.columns(values),
            }
        )
    uow.append(CatalogueItem, items)
    uow.append(CatalogueRevision, revisions)
