"""Notices and files of cases, for the desk."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.deps import ApiPerson
from api.files import download
from api.json.shapes import ApprovalShape
from engine import documents, process, queries
from notices import manuscript, service

router = APIRouter(tags=["notices and documents"])
Id = Annotated[str, Path(max_length=64)]


@router.get("/notices/{notice_id}/pdf", summary="An issued notice as PDF", response_class=Response)
def notice_pdf(notice_id: Id, door: ApiPerson) -> Response:
    """The bytes as they were issued. While they are still being made: 503 with `Retry-After`."""
    with door.reading() as reading:
        _, filename, content = service.pdf(reading, notice_id)
    return download(filename, "application/pdf", content)


@router.get("/notices/{notice_id}/draft", summary="The draft of a notice as PDF", response_class=Response)
def draft_pdf(notice_id: Id, door: ApiPerson) -> Response:
    """What a reviewer reads before it is signed."""
    with door.reading() as reading:
        _, filename, content = service.draft_pdf(reading, notice_id)
    return download(filename, "application/pdf", content)


@router.get("/notices/{notice_id}/approvals", summary="Who approves a notice")
def approvals(notice_id: Id, door: ApiPerson) -> list[ApprovalShape]:
    """The steps of its chain in order, with what was decided: for the office whose paper it is, and, without what others
    think, for whoever takes a step of it. Empty for a notice that nobody approves."""
    with door.reading() as reading:
        notice, case = service.find_draft(reading, notice_id)
        chain = queries.chain(reading, process.opened(reading, case), notice)
        return [ApprovalShape.model_validate(step) for step in chain]


@router.get(
    "/notices/{notice_id}/manuscript", summary="The sheet on which a notice is approved", response_class=Response
)
def manuscript_pdf(notice_id: Id, door: ApiPerson) -> Response:
    """发文稿纸 as PDF: drafted, judged and signed by whom, as it stands now, or as it was kept with the issued notice."""
    with door.reading() as reading:
        _, filename, content = manuscript.pdf(reading, notice_id)
    return download(filename, "application/pdf", content)


@router.get("/documents/{document_id}", summary="A file of a case", response_class=Response)
def document(document_id: Id, door: ApiPerson) -> Response:
    """The bytes as they were received."""
    with door.reading() as reading:
        found, filename, content = documents.read(reading, document_id)
    return download(filename, found.media_type, content, size=found.size)
