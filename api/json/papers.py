"""Notices and files of cases, for the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from api.deps import ApiPerson, Door, Once, OnlyOnce
from api.files import download
from api.json.shapes import Shape
from engine import documents
from engine.db import UnitOfWork
from notices import service, translations

router = APIRouter(tags=["notices and documents"])
Id = Annotated[str, Path(max_length=64)]


class TranslationShape(Shape):
    """A translation that was asked for."""

    notice: str
    ready: bool = Field(description="false while it is being made")


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


@router.get("/notices/{notice_id}/translation", summary="The English translation of a notice", response_class=Response)
def translation_pdf(notice_id: Id, door: ApiPerson) -> Response:
    """A courtesy without seal or force: the Chinese text prevails. 404 until it was asked for and made."""
    with door.reading() as reading:
        filename, content = translations.pdf(reading, notice_id)
    return download(filename, "application/pdf", content)


@router.post("/notices/{notice_id}/translation", status_code=202, summary="Ask for the English translation of a notice")
def ask_for_translation(notice_id: Id, door: ApiPerson, once: OnlyOnce) -> TranslationShape:
    """It is made in the background, once."""
    return asked(notice_id, door, once)


def asked(notice_id: str, door: Door, once: Once) -> TranslationShape:
    """Have a translation made, for whoever may see the paper."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return {"notice": notice_id, "ready": translations.ask(uow, notice_id)}

    return TranslationShape.model_validate(once.write(door, {}, act))


@router.get("/documents/{document_id}", summary="A file of a case", response_class=Response)
def document(document_id: Id, door: ApiPerson) -> Response:
    """The bytes as they were received."""
    with door.reading() as reading:
        found, filename, content = documents.read(reading, document_id)
    return download(filename, found.media_type, content, size=found.size)
