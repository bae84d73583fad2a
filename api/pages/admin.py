"""Administration: which processes are deployed, and what needs an operator. Nothing of any case is shown here."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import i18n, rendering
from api.deps import PageAdministrator
from api.pages import casework
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word
from engine import definitions, incidents, repairs
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import ProcessDefinition
from engine.views import DiagramView

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
        troubles = incidents.open_incidents(reading)
    shown = next((bundle for bundle in bundles if bundle.key == process), bundles[0] if bundles else None)
    drawn = [casework.drawing(diagram, door.locale) for diagram in _diagrams(shown, door.locale)] if shown else []
    return rendering.page(
        request,
        "admin.html",
        here="admin",
        viewer=who,
        processes=deployed,
        shown=shown.key if shown else "",
        diagrams=drawn,
        incidents=troubles,
        said=_said(said, door.locale),
    )


@router.post("/incidents/{incident_id}/retry")
def retry(door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    with door.writing() as uow:
        repairs.retry(uow, incident_id, posted.text("reason", repairs.LONGEST_REASON))
    return RedirectResponse("/admin?said=retried", 303)


@router.post("/incidents/{incident_id}/resolve")
def resolve(door: PageAdministrator, incident_id: Key, posted: Sent) -> Response:
    with door.writing() as uow:
        repairs.resolve(uow, incident_id, posted.text("reason", repairs.LONGEST_REASON))
    return RedirectResponse("/admin?said=settled", 303)


def _deployed(reading: Reading, bundle: Bundle, locale: str) -> Deployed:
    definition = reading.session.get_one(ProcessDefinition, bundle.definition_id)
    title = bundle.text(bundle.manifest.process, "title", locale)
    return Deployed(bundle.key, title, bundle.version, bundle.revision, definition.deployed_at)


def _diagrams(bundle: Bundle, locale: str) -> list[DiagramView]:
    """The drawings of a process, the main one first, without any case in them."""
    names = {} if locale == i18n.CHINESE else {k: str(v) for k, v in bundle.english.get("nodes", {}).items()}
    nodes = bundle.blueprint.nodes.values()
    views = []
    for path, source in bundle.diagrams().items():
        process = next((node.process for node in nodes if node.file == path), None)
        if process is not None:
            caller = next((node.id for node in nodes if node.called == process), None)
            own = bundle.text(bundle.manifest.process, "title", locale)
            title = bundle.node_title(caller, locale) if caller else own
            views.append(DiagramView(title, process, source, {}, names))
    return sorted(views, key=lambda view: view.process != bundle.key)


def _said(name: str, locale: str) -> str:
    _ = i18n.gettext(locale)
    return {"retried": _("It will be tried again."), "settled": _("The incident is settled.")}.get(name, "")
