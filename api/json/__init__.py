"""The interface for programs: /api/v1, one file a noun."""

from typing import Any

from api.json import (
    absences,
    calendars,
    cases,
    catalogue,
    deadlines,
    deliveries,
    directory,
    due,
    handovers,
    incidents,
    instructions,
    kin,
    leads,
    mergers,
    papers,
    processes,
    proofs,
    recusals,
    reminders,
    reports,
    status,
    supervision,
    tasks,
    webhooks,
)
from api.json.shapes import ProblemShape

_PROBLEM: dict[str, Any] = {
    "model": ProblemShape,
    "description": "Something went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
}

RESPONSES: dict[int | str, dict[str, Any]] = {"default": _PROBLEM}
NOUNS = (
    catalogue,
    *(processes, cases, deadlines, status, tasks, reminders, handovers, absences, recusals, kin),
    *(
        papers,
        proofs,
        deliveries,
        supervision,
        leads,
        mergers,
        reports,
        instructions,
        directory,
        due,
        calendars,
        incidents,
        webhooks,
    ),
)
ROUTERS = [noun.router for noun in NOUNS]
