"""What the public sees of its own case. Reference and code come in headers: addresses end up in logs and histories."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from api.deps import ApiParty, OnlyOnce
from api.files import download
from api.json import papers
from api.json.bodies import Sent, described, plain, sent
from api.json.cases import MessageSent, MessageTaken, notice_shape
from api.json.shapes import CaseShape, DeadlineShape, DocumentShape, NoticeShape, Shape
from api.papers import hand_out
from engine import documents, messages, queries
from engine.db import UnitOfWork
from notices import translations

router = APIRouter(tags=["status (public)"])


class StageShape(Shape):
    """A stretch of the way."""

    title: str
    state: str = Field(description="done, now, next")
    at: datetime | None


class OfferShape(Shape):
    """Something that may be sent into the case, or why not now."""

    name: str
    title: str
    text: str
    form: str | None
    refusal: str | None = Field(description="null = it may be sent")


class SplitShape(Shape):
    """A case that was split off this one, or the one that this was split off: of the same party."""

    reference: str
    query_code: str = Field(description="With the reference, it opens that case")
    subject: str
    agency: str | None
    headline: str
    deadline: DeadlineShape | None
    is_first: bool = Field(description="This case was split off that one")


class StatusShape(CaseShape):
    """A case in plain words."""

    headline: str = Field(description="What happens now")
    next_text: str = Field(description="By when, and whether you must do something")
    deadline: DeadlineShape | None
    stages: list[StageShape]
    notices: list[NoticeShape]
    documents: list[DocumentShape]
    offers: list[OfferShape]
    outcome_text: str | None
    split: list[SplitShape]


@router.get("/status", summary="How a case stands")
def status(door: ApiParty) -> StatusShape:
    """For the party of the case. A wrong reference and a wrong code answer alike (404), and are limited (429)."""
    with door.reading() as reading:
        seen = queries.public_status(reading, door.actor.case_id)
    names = ("headline", "next_text", "deadline", "stages", "documents", "offers", "outcome_text", "split")
    shown: dict[str, Any] = {name: getattr(seen, name) for name in names}
    return StatusShape.model_validate({**vars(seen.case), **shown, "notices": [notice_shape(n) for n in seen.notices]})


@router.post(
    "/status/messages/{name}",
    summary="Withdraw, answer a question, add material",
    openapi_extra=described(MessageSent, {"form": {}}),
)
def send_message(
    name: Annotated[str, Path(max_length=64, description="One of the `offers` of the status")],
    door: ApiParty,
    once: OnlyOnce,
    body: Annotated[Sent[MessageSent], Depends(sent(MessageSent))],
) -> MessageTaken:
    """What comes too late is refused with the sentence of the process (409)."""
    files = body.store(door.settings)

    def act(uow: UnitOfWork) -> dict[str, Any]:
        sent_in = body.document
        messages.send(uow, door.actor.case_id, name, sent_in.form, files, key=sent_in.key, message_id=sent_in.id)
        return {"reference": queries.public_status(uow, door.actor.case_id).case.reference, "message": name}

    return MessageTaken.model_validate(once.write(door, plain(body.document, files), act))


@router.get("/status/notices/{notice_id}/pdf", summary="A paper of the case as PDF", response_class=Response)
def notice_pdf(notice_id: Annotated[str, Path(max_length=64)], door: ApiParty) -> Response:
    """The bytes as they were issued; the paper is thereby served. While they are still being made: 503 with `Retry-After`."""
    return hand_out(door, notice_id)


@router.get(
    "/status/notices/{notice_id}/translation", summary="The English translation of a paper", response_class=Response
)
def translation_pdf(notice_id: Annotated[str, Path(max_length=64)], door: ApiParty) -> Response:
    """A courtesy without seal or force: the Chinese text prevails. 404 until it was asked for and made."""
    with door.reading() as reading:
        filename, content = translations.pdf(reading, notice_id)
    return download(filename, "application/pdf", content)


@router.post(
    "/status/notices/{notice_id}/translation", status_code=202, summary="Ask for the English translation of a paper"
)
def ask_for_translation(
    notice_id: Annotated[str, Path(max_length=64)], door: ApiParty, once: OnlyOnce
) -> papers.TranslationShape:
    """It is made in the background, once."""
    return papers.asked(notice_id, door, once)


@router.get("/status/documents/{document_id}", summary="A file that you sent", response_class=Response)
def document(document_id: Annotated[str, Path(max_length=64)], door: ApiParty) -> Response:
    """The bytes as you sent them."""
    with door.reading() as reading:
        found, filename, content = documents.read(reading, document_id)
    return download(filename, found.media_type, content, size=found.size)
