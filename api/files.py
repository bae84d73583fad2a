"""Files to take home: never shown within our pages, so that nothing in them can act in our name."""

from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

PNG = "image/png"


def download(filename: str, media_type: str, content: bytes | Iterator[bytes], *, size: int | None = None) -> Response:
    """A response that saves a file under its (Chinese) name."""
    headers = {"Content-Disposition": disposition(filename)}
    if isinstance(content, bytes):
        return Response(content, media_type=media_type, headers=headers)
    if size is not None:
        headers["Content-Length"] = str(size)
    return StreamingResponse(content, media_type=media_type, headers=headers)


def disposition(filename: str) -> str:
    """The header that names a file: in UTF-8, and in ASCII for whom that is too new (RFC 6266)."""
    suffix = filename.rpartition(".")[2] if "." in filename else ""
    ascii_name = f"duban.{suffix}" if suffix.isascii() and suffix.isalnum() else "duban"
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='')}"


def kept_privately(tag: str) -> dict[str, str]:
    """Headers of what one browser may keep, and asks about before each use: who signs out has seen the last of it."""
    return {"Cache-Control": "private, no-cache", "ETag": tag}
