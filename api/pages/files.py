"""Handing out papers and files: always as a download, never shown as a page of ours."""

from collections.abc import Iterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

PDF = "application/pdf"


def paper(filename: str, content: bytes, *, inline: bool = False) -> Response:
    """A PDF; a draft is read in the browser, an issued paper is kept."""
    return Response(content, media_type=PDF, headers={"Content-Disposition": _disposition(filename, inline)})


def file(filename: str, media_type: str, content: Iterator[bytes]) -> Response:
    """An attachment, piece by piece."""
    return StreamingResponse(
        content, media_type=media_type, headers={"Content-Disposition": _disposition(filename, inline=False)}
    )


def _disposition(filename: str, inline: bool) -> str:
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(filename, safe='')}"
