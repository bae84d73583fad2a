"""Notices and files of cases, for the desk."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.deps import ApiPerson
from api.files import download
from api.papers import hand_out
from engine import documents
from notices import service

router = APIRouter(tags=["notices and documents"])
Id = Annotated[str, Path(max_length=64)]


@router.get("/notices/{notice_id}/pdf", summary="An issued notice as PDF", response_class=Response)
def notice_pdf(notice_id: Id, door: ApiPerson) -> Response:
    """The bytes as they were issued. Where you work in the organisation to which it goes, the paper is thereby served. While the
    bytes are still being made: 503 with `Retry-After`."""
    return hand_out(door, notice_id)


@router.get("/notices/{notice_id}/draft", summary="The draft of a notice as PDF", response_class=Response)
def draft_pdf(notice_id: Id, door: ApiPerson) -> Response:
    """What a reviewer reads before it is signed."""
    with door.reading() as reading:
        _, filename, content = service.draft_pdf(reading, notice_id)
    return download(filename, "application/pdf", content)


@router.get("/documents/{document_id}", summary="A file of a case", response_class=Response)
def document(document_id: Id, door: ApiPerson) -> Response:
    """The bytes as they were received."""
    with door.reading() as reading:
        found, filename, content = documents.read(reading, document_id)
    return download(filename, found.media_type, content, size=found.size)
