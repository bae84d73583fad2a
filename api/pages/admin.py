"""Administration: which processes are deployed, and what needs an operator. Nothing of any case is shown here."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import rendering
from api.deps import PageAdministrator
from api.pages import casework
from api.pages import incidents as incident_pages
from api.pages.frame import viewer
from api.pages.posted import Word
from engine import definitions, situations
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import ProcessDefinition
from engine.queries import diagrams

router = APIRouter(prefix="/admin")


@dataclass(frozen=True)
class Deployed:
    """A process as the administrator sees it."""

    key: str
    title: str
    version: int
    revision: int
    deployed_at: datetime


@router.get("")
def overview(request: Request, door: PageAdministrator, process: Word = "", said: Word = "") -> Response:
    with door.reading() as reading:
        who = viewer(reading, door)
        bundles = definitions.processes(reading)
        deployed = [_deployed(reading, bundle, door.locale) for bundle in bundles]
        troubles = situations.listed(reading)
    shown = next((bundle for bundle in bundles if bundle.key == process), bundles[0] if bundles else None)
    views = diagrams.of_bundle(shown, door.locale, {}) if shown else []
    return rendering.page(
        request,
        "admin.html",
        here="admin",
        viewer=who,
        processes=deployed,
        shown=shown.key if shown else "",
        diagrams=[casework.drawing(view, door.locale) for view in views],
        incidents=troubles,
        said=incident_pages.said(said, door.locale),
    )


def _deployed(reading: Reading, bundle: Bundle, locale: str) -> Deployed:
    definition = reading.session.get_one(ProcessDefinition, bundle.definition_id)
    title = bundle.text(bundle.manifest.process, "title", locale)
    return Deployed(bundle.key, title, bundle.version, bundle.revision, definition.deployed_at)
