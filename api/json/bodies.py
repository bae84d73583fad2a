"""What programs send: a JSON document, alone or as the part ``request`` of a multipart form with files beside it."""

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from api.middleware import PLAIN_BODY
from engine import documents
from engine.documents import Stored
from engine.settings import Settings

Document = TypeVar("Document", bound=BaseModel)
DOCUMENT_PART, FILES_PART = "request", "attachments"
LARGEST_INTEGER = 2**53  # beyond it, programs that count in floating point disagree about what was sent


@dataclass(frozen=True)
class Sent(Generic[Document]):
    """A request's document and its files."""

    document: Document
    files: tuple[UploadFile, ...] = field(default=())

    def store(self, settings: Settings) -> list[Stored]:
        """Check the files and put them, encrypted, into the folder: before any transaction. Raises an Upload… error."""
        if len(self.files) > settings.max_attachments:
            raise documents.TooManyUploads(count=settings.max_attachments)
        return [documents.store(settings, file.filename or "", file.file) for file in self.files]


def plain(document: BaseModel, files: list[Stored]) -> dict[str, Any]:
    """A request as plain values, to tell whether another one is the same."""
    return {"document": document.model_dump(mode="json"), "files": [[f.filename, f.digest] for f in files]}


def sent(model: type[Document]) -> Callable[[Request], AsyncIterator[Sent[Document]]]:
    """A dependency that reads a request of this shape, with or without files."""

    async def read(request: Request) -> AsyncIterator[Sent[Document]]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            yield Sent(_parsed(model, await request.body()))
        elif kind == "multipart/form-data":
            async with request.form(max_part_size=PLAIN_BODY) as form:
                yield Sent(_parsed(model, await _document_part(form)), _file_parts(form))
        else:
            raise HTTPException(415)

    return read


def described(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """How OpenAPI describes such a request: as JSON, or with files."""
    schema = model.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    both = {"type": "object", "properties": {DOCUMENT_PART: schema, FILES_PART: files}, "required": [DOCUMENT_PART]}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "example": example},
                "multipart/form-data": {"schema": both},
            },
        }
    }


async def _document_part(form: FormData) -> bytes:
    part = form.get(DOCUMENT_PART)
    if isinstance(part, UploadFile):
        return await part.read(PLAIN_BODY)
    if part is None:
        raise _refused("missing", DOCUMENT_PART)
    return part.encode()


def _file_parts(form: FormData) -> tuple[UploadFile, ...]:
    for name in form:
        if name not in (DOCUMENT_PART, FILES_PART):
            raise _refused("extra_forbidden", name[:100])
    files = []
    for part in form.getlist(FILES_PART):
        if not isinstance(part, UploadFile):
            raise _refused("file_type", FILES_PART)
        files.append(part)
    return tuple(files)


def _parsed(model: type[Document], raw: bytes) -> Document:
    try:
        document = model.model_validate_json(raw)
    except ValidationError as error:
        found = [{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_url=False, include_input=False)]
        raise RequestValidationError(found) from None
    for name, value in document.model_dump().items():
        _require_countable(value, name)
    return document


def _require_countable(value: Any, *where: str | int) -> None:
    """Refuse numbers that JSON lets one write but nobody can keep: infinite ones, and integers beyond all use."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _require_countable(inner, *where, name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _require_countable(inner, *where, index)
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and abs(value) > LARGEST_INTEGER
    ):
        raise _refused("number_out_of_range", *where)


def _refused(code: str, *where: str | int) -> RequestValidationError:
    return RequestValidationError([{"type": code, "loc": ("body", *where), "msg": code}])
