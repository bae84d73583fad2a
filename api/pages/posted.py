"""What a browser sends: the answers of a form, what belongs to the page itself, and files.

Names that begin with an underscore belong to the page (its one-time token, the revision it shows, its files), and so does
``csrf``; everything else is an answer of the declared form. Texts of the page itself are cleaned of what cannot be seen.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from starlette.datastructures import UploadFile

from api import auth
from api.deps import Door, Once
from engine import documents
from engine.documents import Stored, TooManyUploads

SYSTEM, NUMBER, LONGEST_ORIGIN = "_platform_system", "_platform_number", 120  # of a file that came through the platform
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True)
class Posted:
    """A form as it came: every answer as text or texts, and the files beside it."""

    texts: Mapping[str, list[str]]
    files: Sequence[UploadFile]

    @property
    def answers(self) -> dict[str, str | list[str]]:
        """The answers of the declared form: one text, or several where a name came more than once."""
        return {
            name: texts if len(texts) > 1 else texts[0]
            for name, texts in self.texts.items()
            if not name.startswith("_") and name != auth.CSRF_FIELD
        }

    def text(self, name: str, longest: int = 200) -> str:
        """A text of the page itself, in one line, without anything invisible."""
        return clean(next(iter(self.texts.get(name, ())), ""), longest)

    def lines(self, name: str, longest: int) -> str:
        """A text of the page itself that may have several lines, without anything else invisible."""
        text = next(iter(self.texts.get(name, ())), "").replace("\r\n", "\n")[:longest]
        return "".join(sign for sign in text if sign.isprintable() or sign == "\n").strip()

    def all(self, name: str, longest: int = 64) -> list[str]:
        """Every text under one name."""
        return [clean(text, longest) for text in self.texts.get(name, ())]

    @property
    def submission(self) -> str | None:
        """The page's one-time token: the same page sent twice has one effect."""
        token = self.text("_submission", 64)
        return token if TOKEN.fullmatch(token) else None

    @property
    def revision(self) -> int | None:
        """The revision of the task that the page showed."""
        text = self.text("_revision", 12)
        return int(text) if text.isascii() and text.isdigit() else None


async def _posted(request: Request) -> Posted:
    form = await request.form()
    texts: dict[str, list[str]] = {}
    files: list[UploadFile] = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            texts.setdefault(name, []).append(value)
        elif name == "_attachments" and value.filename:
            files.append(value)
    return Posted(texts, files)


Sent = Annotated[Posted, Depends(_posted)]
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Word = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")]
PageKey = Annotated[str, Query(max_length=400, pattern=r"^[A-Za-z0-9_-]*$")]
Search = Annotated[str, Query(max_length=300)]


def clean(text: str, longest: int = 200) -> str:
    """One line of visible text, cut to what makes sense."""
    return "".join(sign for sign in text if sign.isprintable())[:longest].strip()


def new_submission() -> str:
    """A one-time token for a page with a form."""
    return secrets.token_urlsafe(24)


def once(posted: Posted, place: str) -> Once:
    """What a page does under its token has one effect, however often it is sent."""
    return Once(posted.submission, place)


def store(door: Door, posted: Posted) -> tuple[Stored, ...]:
    """The files, checked and put away before any transaction; raises one of the Upload… errors, TooManyUploads."""
    if len(posted.files) > door.settings.max_attachments:
        raise TooManyUploads(count=door.settings.max_attachments)
    return tuple(documents.store(door.settings, file.filename or "", file.file) for file in posted.files)


def store_at_desk(door: Door, posted: Posted) -> tuple[Stored, ...]:
    """The same at the desk, where it may be said that the files came through the sharing platform (Art. 16)."""
    said = platform(posted)
    return documents.obtained(store(door, posted), said[SYSTEM], said[NUMBER])


def platform(posted: Posted) -> dict[str, str]:
    """From which system of the sharing platform the files came, and under which number; empty where they did not."""
    return {name: posted.text(name, LONGEST_ORIGIN) for name in (SYSTEM, NUMBER)}


def fingerprint(values: Mapping[str, object], uploads: Sequence[Stored]) -> dict[str, object]:
    """What was asked, to tell the same request from another one under the same token."""
    return {"values": dict(values), "files": [upload.digest for upload in uploads]}
