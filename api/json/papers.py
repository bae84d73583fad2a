"""Notices and files of cases, for the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from api.deps import ApiPerson, Door, Once, OnlyOnce
from api.files import download
from api.json.bodies import Sent, described, plain, sent
from api.json.shapes import ApprovalShape, Asked, Shape, Told
from api.papers import hand_out
from engine import documents, process, queries
from engine.db import UnitOfWork
from notices import manuscript, replacing, service, translations

router = APIRouter(tags=["notices and documents"])
Id = Annotated[str, Path(max_length=64)]


class Withdrawal(Asked):
    """Why a paper no longer holds."""

    reason: str = Field(max_length=2000)


class Withdrawn(Told):
    """The paper was withdrawn; it stays readable."""

    id: str
    number: str | None


class TranslationShape(Shape):
    """A translation that was asked for."""

    notice: str
    ready: bool = Field(description="false while it is being made")


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


@router.post(
    "/notices/{notice_id}/withdraw",
    summary="Withdraw an issued paper",
    openapi_extra=described(Withdrawal, {"reason": "印发后发现引用条款有误，另行制发。"}),
)
def withdraw(
    notice_id: Id, door: ApiPerson, once: OnlyOnce, body: Annotated[Sent[Withdrawal], Depends(sent(Withdrawal))]
) -> Withdrawn:
    """By a head of unit or leader of the organ that issued it. It stays readable, and says that it holds no more."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        notice, _ = service.find(uow, notice_id)
        replacing.withdraw(uow, notice, body.document.reason)
        return {"id": notice.id, "number": notice.number}

    return Withdrawn.model_validate(once.write(door, plain(body.document, []), act))
