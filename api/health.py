"""What operators and their machines ask: is it alive, is it ready, how much is waiting. No personal data."""

from typing import Annotated

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from api.deps import Door, TokenAccess
from engine import clock, maintenance
from engine.access import SYSTEM
from engine.db import Database, Reading, alembic_config
from engine.models import Deadline, Incident, Job, Task

router = APIRouter(include_in_schema=False)
Operator = Annotated[Door, Depends(TokenAccess("public"))]


@router.get("/healthz")
def alive(door: Operator) -> Response:
    """The process runs."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(door: Operator) -> Response:
    """The database answers and has the tables of this version."""
    lacking = what_is_lacking(door.database)
    if lacking:
        return JSONResponse({"ready": False, "reason": lacking}, 503)
    return JSONResponse({"ready": True})


def what_is_lacking(database: Database) -> str | None:
    """Why requests cannot be served now, in a sentence; nothing when they can."""
    wanted = ScriptDirectory.from_config(alembic_config(database.settings.url)).get_heads()
    try:
        with database.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError:
        return "The database cannot be reached."
    if set(found) != set(wanted):
        return "The tables are not those of this version; run `duban db upgrade`."
    return None


@router.get("/metrics")
def metrics(door: Operator) -> Response:
    """How much is open, late and waiting, in the text format of Prometheus."""
    with door.database.reading(SYSTEM) as reading:
        lines = [line for name, help_text, values in _gauges(reading) for line in _gauge(name, help_text, values)]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


Values = dict[str, float]  # label set (may be empty) → value


def _gauges(reading: Reading) -> list[tuple[str, str, Values]]:
    now, session = clock.wall(), reading.session
    open_tasks = session.exec(select(func.count()).select_from(Task).where(col(Task.state) == "open")).one()
    overdue = (
        select(Deadline.basis, func.count())
        .where(col(Deadline.state) == "running", col(Deadline.due_at) <= reading.now)
        .group_by(col(Deadline.basis))
    )
    queued = select(func.count(), func.min(Job.run_at)).where(col(Job.state) == "queued", col(Job.run_at) <= now)
    waiting, since = session.exec(queued).one()
    heard = maintenance.heard_at(reading)
    incidents = select(func.count()).select_from(Incident).where(col(Incident.resolved_at).is_(None))
    return [
        ("duban_tasks_open", "Tasks that wait for a person.", {"": open_tasks}),
        (
            "duban_deadlines_overdue",
            "Running clocks that have passed their limit, by basis.",
            {f'basis="{basis}"': number for basis, number in session.exec(overdue)},
        ),
        ("duban_jobs_due", "Jobs that are due and not done.", {"": waiting}),
        (
            "duban_jobs_oldest_seconds",
            "How long the oldest due job has waited.",
            {"": max(0.0, (now - since).total_seconds()) if since else 0.0},
        ),
        (
            "duban_metronome_age_seconds",
            "How long ago the worker was heard; nothing when it never was.",
            {"": max(0.0, (now - heard).total_seconds())} if heard else {},
        ),
        ("duban_incidents_open", "Incidents that nobody has resolved.", {"": session.exec(incidents).one()}),
    ]


def _gauge(name: str, help_text: str, values: Values) -> list[str]:
    head = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    return head + [
        f"{name}{{{labels}}} {value:g}" if labels else f"{name} {value:g}" for labels, value in values.items()
    ]
