"""The application of a test, over the test's own database: `from tests.application import application`.

FastAPI prepares our hundreds of routes when the first request comes, and that takes longer than most tests. They know nothing
of the database, so all applications of a test process share those of its first one.
"""

from typing import Any

from fastapi import FastAPI

from api.app import create_app
from api.worker import Metronome
from engine.db import Database

_prepared: list[Any] = []


def application(database: Database, metronome: Metronome | None = None) -> FastAPI:
    """What ``create_app`` makes, with routes that are prepared already."""
    app = create_app(database, metronome)
    if not _prepared:
        _prepared.extend(app.router.routes)
    app.router.routes = list(_prepared)
    return app
