"""Cases that somebody may file about an item of the catalogue: a request to open it, a doubt about its data (``about_item``).

Which processes these are, and what of the item their start forms begin with, is said in ``process.toml``.
"""

from typing import Any

from engine import definitions, items, seats
from engine.db import Reading
from engine.definitions import Bundle
from engine.errors import EngineError
from engine.item_lists import Listed, one
from engine.runtime import evaluate


def offered(reading: Reading, row: Listed) -> list[Bundle]:
    """The processes of which the reader may file a case about an item as it is now."""
    return [
        bundle
        for bundle in definitions.processes(reading)
        if bundle.manifest.process.about_item
        and _fits(bundle, row)
        and seats.may_be_offered(reading, bundle, _begun(bundle, row))
    ]


def known(reading: Reading, bundle: Bundle, code: str) -> dict[str, Any]:
    """What the start form begins with for an item; nothing where the process is not about items, or there is no such one."""
    try:
        row = one(reading, code)
    except EngineError:
        return {}
    return _begun(bundle, row) if _fits(bundle, row) else {}


def _begun(bundle: Bundle, row: Listed) -> dict[str, Any]:
    said = {"item": items.described(row.item, row.said, row.owner)}
    return {field: evaluate(expression, said) for field, expression in bundle.manifest.process.about_item.items()}


def _fits(bundle: Bundle, row: Listed) -> bool:
    condition = bundle.manifest.process.about_item_when
    described = items.described(row.item, row.said, row.owner)
    return condition is None or bool(evaluate(condition, {"item": described}))
