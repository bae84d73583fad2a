"""The interface for programs: /api/v1, one file a noun."""

from typing import Any

from api.json import calendars, cases, directory, due, incidents, papers, processes, status, supervision, tasks
from api.json.shapes import ProblemShape

_PROBLEM: dict[str, Any] = {
    "model": ProblemShape,
    "description": "Something went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
}

RESPONSES: dict[int | str, dict[str, Any]] = {"default": _PROBLEM}
ROUTERS = [
    noun.router for noun in (processes, cases, status, tasks, papers, supervision, directory, due, calendars, incidents)
]
