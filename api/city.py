"""The city of ``bpmn/shared/organisations.toml``: organisations, their two relations and catalogues, for seeds and scenarios."""

import tomllib
from pathlib import Path
from typing import Any

from api import city_catalogue
from engine import directory
from engine.db import UnitOfWork
from engine.models import Organisation


def read(bundles: Path) -> dict[str, Any]:
    """What the file declares."""
    return tomllib.loads((bundles / "shared" / "organisations.toml").read_text(encoding="utf-8"))


def found(uow: UnitOfWork, bundles: Path) -> dict[str, Organisation]:
    """Make all organisations with their relations; returns them by code."""
    declared = read(bundles)
    demonstration = bool(declared.get("demonstration", False))
    made = {
        o["code"]: directory.create_organisation(uow, demonstration=demonstration, **o)
        for o in declared["organisations"]
    }
    for relation in declared.get("relations", []):
        for lower in relation["lower"]:
            directory.relate(uow, made[relation["upper"]].id, made[lower].id, relation["kind"])
    city_catalogue.found(uow, bundles, made)
    return made
