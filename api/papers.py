"""Handing out a paper: its addressee is thereby served, and that is recorded before anything is handed out."""

from fastapi import Response

from api.deps import Door
from api.files import download
from notices import served, service

PDF = "application/pdf"


def hand_out(door: Door, notice_id: str) -> Response:
    """The issued PDF as a download; raises NoticeNotFound, NoticeNotReady."""
    with door.reading() as reading:
        _, filename, content = service.pdf(reading, notice_id)
        unopened = served.awaits_opening(reading, notice_id)
    if unopened:
        with door.writing() as uow:
            served.opened(uow, notice_id)
    return download(filename, PDF, content)
