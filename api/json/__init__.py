"""The interface for programs: /api/v1, one file a noun."""

from typing import Any

from fastapi import APIRouter

from api.json import cases, directory, due, incidents, papers, processes, status, supervision, tasks
from api.json.shapes import ProblemShape

_PROBLEM: dict[str, Any] = {
    "model": ProblemShape,
    "description": "Something went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
}

router = APIRouter(responses={"default": _PROBLEM})
for noun in (processes, cases, status, tasks, papers, supervision, directory, due, incidents):
    router.include_router(noun.router)
