"""Processes: which there are, their forms, and a new version of one."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import Field
from starlette.datastructures import UploadFile

from api.bundles import unpack
from api.deps import ApiAdministrator, ApiAnyone, OnlyOnce
from api.json.shapes import FormShape, Shape
from engine import definitions
from engine.db import UnitOfWork
from engine.definitions import MAX_BYTES, Bundle

router = APIRouter(tags=["processes"])
Key = Annotated[str, Path(max_length=64, description="The process's key", examples=["open_data_request"])]

ZIP_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"bundle": {"type": "string", "format": "binary"}},
                    "required": ["bundle"],
                }
            },
        },
    }
}


class ProcessShape(Shape):
    """A process in its current version."""

    key: str
    version: int
    revision: int = Field(description="Of its words: labels, arrangement of forms, notices")
    title: str
    text: str
    article: str
    applicants: str = Field(description="public, or organisation: who may begin a case")
    start_form: str


class ProcessDetail(ProcessShape):
    """A process with what may be asked and answered in it."""

    forms: list[str]
    outcomes: dict[str, str]
    messages: dict[str, str]


class Deployed(Shape):
    """A version of a process that new cases start on from now."""

    key: str
    version: int
    definition: str
    flow_hash: str


@router.get("/processes", summary="The processes")
def list_processes(door: ApiAnyone) -> list[ProcessShape]:
    """Each in the version on which new cases begin."""
    with door.reading() as reading:
        return [ProcessShape.model_validate(_head(b, door.locale)) for b in definitions.processes(reading)]


@router.get("/processes/{key}", summary="One process")
def show_process(key: Key, door: ApiAnyone) -> ProcessDetail:
    """With the names of its forms, outcomes and messages."""
    with door.reading() as reading:
        bundle = definitions.current(reading, key)
    manifest, locale = bundle.manifest, door.locale
    return ProcessDetail.model_validate(
        {
            **_head(bundle, locale),
            "forms": [form for file in sorted(bundle.words) if (form := _form_name(file))],
            "outcomes": {name: bundle.text(rule, locale=locale) for name, rule in manifest.outcomes.items()},
            "messages": {rule.name: bundle.text(rule, locale=locale) for rule in manifest.messages},
        }
    )


@router.get("/processes/{key}/forms/{form}", summary="A form of a process")
def show_form(
    key: Key, form: Annotated[str, Path(max_length=64, description="Name of the form")], door: ApiAnyone
) -> FormShape:
    """In the language of `Accept-Language`, with the lists of organisations filled in."""
    with door.reading() as reading:
        bundle = definitions.current(reading, key)
        return FormShape.model_validate(definitions.form(reading, bundle, form, door.locale))


def _head(bundle: Bundle, locale: str) -> dict[str, Any]:
    process = bundle.manifest.process
    return {
        "key": process.key,
        "version": bundle.version,
        "revision": bundle.revision,
        "title": bundle.text(process, locale=locale),
        "text": bundle.text(process, "text", locale),
        "article": process.article,
        "applicants": process.applicants,
        "start_form": process.start_form,
    }


def _form_name(file: str) -> str | None:
    """The form that a file of a bundle describes, if it is one."""
    path = PurePosixPath(file)
    suffix = ".schema.json"
    return path.name.removesuffix(suffix) if path.parent.name == "forms" and path.name.endswith(suffix) else None


async def _zipped(request: Request) -> bytes:
    """The ZIP file of a request: as its body, or as the part ``bundle`` of a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/zip":
        content = b""
        async for chunk in request.stream():
            content += chunk
            if len(content) > MAX_BYTES:
                raise HTTPException(413)
        return content
    if kind != "multipart/form-data":
        raise HTTPException(415)
    async with request.form() as form:
        part = form.get("bundle")
        if not isinstance(part, UploadFile):
            raise HTTPException(400)
        if (part.size or 0) > MAX_BYTES:
            raise HTTPException(413)
        return await part.read()


@router.post("/processes", status_code=201, summary="Deploy a process", openapi_extra=ZIP_BODY)
def deploy(door: ApiAdministrator, once: OnlyOnce, zipped: Annotated[bytes, Depends(_zipped)]) -> Deployed:
    """A bundle as a ZIP file becomes the current version. Running cases stay on theirs. The same content again changes
    nothing; what the lint finds is listed (422)."""
    files = unpack(zipped)

    def act(uow: UnitOfWork) -> dict[str, Any]:
        made = definitions.deploy(uow, files)
        return {"key": made.key, "version": made.version, "definition": made.id, "flow_hash": made.flow_hash}

    return Deployed.model_validate(once.write(door, {"bundle": definitions.hash_of(files)}, act))
