"""Timers: dates, durations and cycles on a clock that is passed in, and deadlines that are only referred to.

A timer on ``deadline("reply")`` stores the name, never an instant: moving, suspending and stopping the deadline is
somebody else's row, and the flow follows. Days of a duration are calendar days.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimeDateEventDefinition

from engine.clock import SHANGHAI
from engine.runtime.execution import failed
from engine.runtime.values import Context, DeadlineRef

_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?\Z"
)
_CYCLE = re.compile(r"R(\d{0,6})/(P.+)\Z")
LOOKS_LIKE_TIME = re.compile(r"(R\d*/)?P[\dT][\dYMWDTHS]*\Z|\d{4}-\d\d-\d\d([T ][\d:.+Z-]*)?\Z")


@dataclass(frozen=True)
class Duration:
    """A length of time as ISO 8601 writes it."""

    months: int
    fixed: timedelta

    def after(self, start: datetime) -> datetime:
        """The instant so much later; months are counted on the calendar of Guiyang and end within their month."""
        local = start.astimezone(SHANGHAI)
        month = local.month - 1 + self.months
        year, month = local.year + month // 12, month % 12 + 1
        day = min(local.day, monthrange(year, month)[1])
        return (local.replace(year=year, month=month, day=day) + self.fixed).astimezone(UTC)


def duration_of(text: object) -> Duration:
    """``P10D``, ``PT2H30M`` and the like; raises ValueError with a sentence."""
    found = _DURATION.match(text.upper()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"“{str(text)[:60]}” is not a duration such as P10D or PT2H")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    fixed = timedelta(days=weeks * 7 + days, hours=hours, minutes=minutes, seconds=seconds)
    return Duration(years * 12 + months, fixed)


def instant_of(value: object) -> datetime:
    """A date or an instant; a day means its beginning, and what names no zone means Guiyang; raises ValueError."""
    if not isinstance(value, str | datetime):
        raise ValueError("a date in quotes or deadline(…) is needed here")
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        return (instant if instant.tzinfo else instant.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except ValueError:
        shown = str(value)[:60]
        raise ValueError(f"“{shown}” is not a date such as 2026-03-01 or 2026-03-01T09:00+08:00") from None
    except OverflowError:
        raise ValueError("the date is out of range") from None


def cycle_of(text: object) -> tuple[int, timedelta]:
    """``R3/P1D``: how often (-1 for ever) and how far apart; raises ValueError with a sentence."""
    found = _CYCLE.match(text.upper()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"“{str(text)[:60]}” is not a cycle such as R3/P1D")
    every = duration_of(found[2])
    if every.months or every.fixed < timedelta(minutes=1):
        raise ValueError("the rounds of a cycle are at least a minute apart, in weeks, days, hours or minutes")
    return (int(found[1]) if found[1] else -1), every.fixed


def check_time(kind: str, value: object) -> None:
    """Refuse a constant that is no time of its kind; raises ValueError with a sentence."""
    if kind == "timeDate":
        instant_of(value)
    elif kind == "timeDuration":
        _require_on_calendar(duration_of(value))
    else:
        cycle_of(value)


def _require_on_calendar(length: Duration) -> None:
    try:
        length.after(datetime(2100, 1, 1, tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError("the duration leads beyond the end of the calendar") from None


# ------------------------------------------------------------------------------------------------ for the library


class DateTimer(TimeDateEventDefinition):  # type: ignore[misc]
    """A date, or a deadline by its name."""

    def has_fired(self, my_task: Any) -> bool:
        execution, internal = my_task.workflow.script_engine, my_task.internal_data
        if internal.get("event_value") is None:
            internal["event_value"] = self._begin(my_task, execution)
        due = due_at(internal["event_value"], execution.context)
        if due is not None and due <= execution.now:
            internal["event_fired"] = True
        return bool(internal.get("event_fired", False))

    def _begin(self, my_task: Any, execution: Any) -> Any:
        """What is stored when the timer begins to wait: the name of a deadline, or an instant."""
        value = execution.evaluate(my_task, self.expression)
        if isinstance(value, DeadlineRef):
            return {"deadline": value.name}
        try:
            return self._instant(value, execution.now)
        except (ValueError, OverflowError) as error:
            raise failed(my_task, self.expression, error) from None

    @staticmethod
    def _instant(value: object, now: datetime) -> datetime:
        return instant_of(value)

    def reset(self, my_task: Any) -> None:
        my_task.internal_data.pop("event_fired", None)
        my_task.internal_data.pop("event_value", None)


class DurationTimer(DateTimer):
    """A length of time from the moment at which the timer begins to wait."""

    @staticmethod
    def _instant(value: object, now: datetime) -> datetime:
        return duration_of(value).after(now)


class CycleTimer(CycleTimerEventDefinition):  # type: ignore[misc]
    """A repeated timer; rounds missed while nobody looked count, but fire once."""

    def cycle_complete(self, my_task: Any) -> bool:
        execution, internal = my_task.workflow.script_engine, my_task.internal_data
        value = internal.get("event_value") or self._begin(my_task, execution)
        fired = False
        if value["cycles"] != 0 and value["next"] <= execution.now:
            rounds = floor((execution.now - value["next"]).total_seconds() / value["every"]) + 1
            value = {
                "cycles": value["cycles"] if value["cycles"] < 0 else max(0, value["cycles"] - rounds),
                "next": value["next"] + timedelta(seconds=rounds * value["every"]),
                "every": value["every"],
            }
            fired = True
        internal["event_value"] = value
        if value["cycles"] == 0:
            internal["event_fired"] = True
        return fired

    def _begin(self, my_task: Any, execution: Any) -> dict[str, Any]:
        try:
            cycles, every = cycle_of(execution.evaluate(my_task, self.expression))
            return {"cycles": cycles, "next": execution.now + every, "every": every.total_seconds()}
        except (ValueError, OverflowError) as error:
            raise failed(my_task, self.expression, error) from None

    def update_task(self, my_task: Any) -> None:
        if self.cycle_complete(my_task):
            my_task.task_spec.spawn(my_task)


def due_at(value: Any, context: Context) -> datetime | None:
    """When a stored timer is due; None while its deadline is not running."""
    if isinstance(value, dict):
        if "next" in value:
            return value["next"]  # type: ignore[no-any-return]
        deadline = context.deadlines.get(value["deadline"])
        return deadline.due_at if deadline is not None and deadline.running else None
    return value  # type: ignore[no-any-return]
