"""Put the house together: one database with every operation and job registered. Every command and every test starts here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine import cases, catalogue, clock, corrections, printed_dates
from engine.db import Database
from engine.operations import Registry
from engine.settings import Settings
from notices import handlers

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
TEXT_OR_NOTHING: dict[str, Any] = {"type": ["string", "null"]}
PART = TEXT | {"x-refers": "participant"}
OUTCOME = TEXT | {"x-refers": "outcome"}
EVENT = TEXT | {"x-refers": "event", "maxLength": 100}


def compose(settings: Settings, now: Callable[[], datetime] = clock.wall) -> Database:
    """The database of an installation, with everything registered that its processes may ask for."""
    return Database(settings, registry(), now)


def registry() -> Registry:
    """All operations and jobs."""
    offered = Registry()
    offered.operation("case.transfer", ["case.transferred:{part}"], part=PART, organisation=TEXT_OR_NOTHING)(
        cases.transfer
    )
    offered.operation("case.record_outcome", ["case.{outcome}"], outcome=OUTCOME)(cases.record_outcome)
    closed = {"enum": ["closed", "withdrawn"], "default": "closed"}
    offered.operation("case.close", ["case.closed"], status=closed)(cases.close)
    offered.operation("case.announce", ["{event}"], event=EVENT)(cases.announce)
    offered.operation(
        "catalogue.open",
        name=TEXT | {"maxLength": 300},
        format=TEXT | {"maxLength": 40},
        url=TEXT_OR_NOTHING | {"maxLength": 500},
        update_frequency=TEXT_OR_NOTHING | {"maxLength": 40},
        part=PART | {"default": catalogue.PROVIDER},
    )(catalogue.open_item)
    offered.job(corrections.RECOUNT)(corrections.run_round)
    offered.job(printed_dates.TELL)(printed_dates.tell_later)
    handlers.register(offered)
    return offered
