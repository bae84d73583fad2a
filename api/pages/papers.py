"""The pages of papers as pictures, so that one sees beside the form what one decides on."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import files
from api.deps import Door, PagePerson
from api.pages.posted import Key
from engine.views import NoticeView
from notices import pages, render

router = APIRouter(prefix="/desk/notices")


@router.get("/{notice_id}/pages/{page}.png")
def picture(request: Request, door: PagePerson, notice_id: Key, page: int) -> Response:
    """A page of the draft while it is one, else of the issued paper; the browser keeps it, and asks whether it still holds."""
    with door.reading() as reading:
        leaves = pages.find(reading, notice_id)
        tag = f'"{leaves.document.id}-{page}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=files.kept_privately(tag))
        pdf = pages.content(reading, leaves)
    return Response(render.picture(pdf, page - 1), media_type=files.PNG, headers=files.kept_privately(tag))


def counted(door: Door, papers: Iterable[NoticeView]) -> dict[str, int]:
    """How many pages the papers have that can be shown, by their ids."""
    with door.reading() as reading:
        opened = pages.counter.unopened(reading, [paper.id for paper in papers if paper.ready])
    return pages.counter.counts(opened)
