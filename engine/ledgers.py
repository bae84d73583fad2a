"""The ledger of a clock: what was added to its budget and when it stood still, read off the entries that moved it.

The budget is the rule; the ledger says from which day it is counted, by how much it was extended, and which days it stood
still. From both the due date is counted anew whenever it is asked for. Entries of one clock never share an instant: their
order is that of their instants.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from engine import clock
from engine.calendars import Pause
from engine.models import Deadline, DeadlineChange


@dataclass(frozen=True)
class Ledger:
    """From which day a clock counts, the days added to its budget, when it stood still, and since when it stands still now."""

    start: date
    extra_days: int = 0
    pauses: tuple[Pause, ...] = ()
    paused_since: date | None = None


def read(deadline: Deadline, changes: Iterable[DeadlineChange]) -> Ledger | None:
    """The ledger of a clock from its entries, in any order; nothing for a clock that has not started.

    A restart begins a new period: what was extended or stood still before it falls away. A correction of the calendar
    changes no budget, only what comes of it.
    """
    if deadline.started_at is None:
        return None
    ledger = Ledger(clock.day_of(deadline.started_at))
    for change in sorted(changes, key=lambda change: change.at):
        ledger = entered(ledger, change)
    return ledger


def entered(ledger: Ledger, change: DeadlineChange) -> Ledger:
    """The ledger with one more entry."""
    if change.kind == "restarted":
        return Ledger(change.on)
    if change.kind == "extended":
        return replace(ledger, extra_days=ledger.extra_days + (change.days or 0))
    if change.kind == "suspended":
        return replace(ledger, paused_since=change.on)
    if change.kind == "resumed" and ledger.paused_since is not None:
        pause = Pause(ledger.paused_since, change.on)
        return replace(ledger, pauses=(*ledger.pauses, pause), paused_since=None)
    return ledger
