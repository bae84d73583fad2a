"""Files of a case: checked and encrypted before the transaction, taken over by the case within it, swept when orphaned.

``store`` writes the bytes under a random name, encrypted with a key of their own; ``attach`` puts the row into the case and
seals that key with the key of the case. So nothing large is held in a transaction, and erasing the case's key erases its files.
"""

import hashlib
import os
import re
import secrets
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import puremagic
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import or_
from sqlmodel import col, select

from engine import audit, clock, metadata
from engine.access import own_documents, visible_cases, whole_cases
from engine.db import Reading, UnitOfWork
from engine.errors import Invalid, NotFound
from engine.failpoints import failpoint
from engine.models import Case, Document, Notice, new_id
from engine.privacy import CaseKey, Unreadable
from engine.settings import Settings

CHUNK = 256 * 1024
TAG = 16
LONGEST_PROVENANCE = 300
PAPERS = ("notice", "translation")  # kinds of files that are handed out as papers, with what that means

# What may be attached: suffix → media type.
ACCEPTED = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".txt": "text/plain",
}
# An Office file is a ZIP archive; the header of each file in it is 30 bytes long and then says the file's name.
OFFICE = {
    ".docx": re.compile(rb"PK\x03\x04.{26}word/", re.DOTALL),
    ".xlsx": re.compile(rb"PK\x03\x04.{26}xl/", re.DOTALL),
}


class UploadTooLarge(Invalid):
    """The file “{filename}” is larger than {megabytes} MB."""

    status = 413
    zh = "附件“{filename}”超过 {megabytes} MB。"


class UploadEmpty(Invalid):
    """The file “{filename}” is empty."""

    zh = "附件“{filename}”是空文件。"


class UploadNotAllowed(Invalid):
    """Files of the kind “{suffix}” cannot be attached; please use PDF, PNG, JPG, DOCX, XLSX, CSV or TXT."""

    zh = "不能上传“{suffix}”类型的附件，请使用 PDF、PNG、JPG、DOCX、XLSX、CSV 或 TXT 文件。"


class UploadMismatch(Invalid):
    """The content of “{filename}” is not what its name says."""

    zh = "附件“{filename}”的内容与文件类型不符。"


class TooManyUploads(Invalid):
    """At most {count} files can be attached."""

    zh = "最多只能上传 {count} 个附件。"


class AttachmentMissing(Invalid):
    """Please attach the file that this form asks for."""

    zh = "请上传本表要求的附件。"


class ProvenanceFaulty(Invalid):
    """A file that was obtained through the sharing platform is attached here, with the system and the number there."""

    zh = "经共享平台获取的文件，应当在此上传，并且同时写明来源系统和编号。"


class DocumentNotFound(NotFound):
    """There is no such file, or you may not see it."""

    zh = "没有这个文件，或者您无权查看。"


@dataclass(frozen=True)
class Stored:
    """A file that lies encrypted in the folder and waits for a case to take it over."""

    blob: str
    blob_key: bytes
    filename: str
    media_type: str
    size: int
    digest: str
    made: bool = False  # by us, and not sent by anybody
    provenance: str = ""  # from which system of the sharing platform, under which number, where it was obtained there


def obtained(uploads: tuple[Stored, ...], system: str, number: str) -> tuple[Stored, ...]:
    """The same files as obtained through the sharing platform, where a system or a number is named.

    Source: Art. 16 (equal in force to the paper original). Raises ProvenanceFaulty.
    """
    if not system and not number:
        return uploads
    if not (system and number and uploads):
        raise ProvenanceFaulty()
    return tuple(replace(upload, provenance=f"{system}，{number}"[:LONGEST_PROVENANCE]) for upload in uploads)


# ---------------------------------------------------------------- storing


def store(settings: Settings, filename: str, stream: BinaryIO) -> Stored:
    """Check an upload and put it, encrypted, into the folder; before any transaction. Raises one of the Upload… errors."""
    name = clean_name(filename)
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in ACCEPTED:
        raise UploadNotAllowed(suffix=suffix or name)
    head = stream.read(CHUNK)
    if not head:
        raise UploadEmpty(filename=name)
    if not looks_like(suffix, head):
        raise UploadMismatch(filename=name)
    return _write(settings, name, ACCEPTED[suffix], _chunks(head, stream), settings.max_upload)


def store_made(settings: Settings, filename: str, media_type: str, content: bytes) -> Stored:
    """Put a file that we made ourselves (a PDF) into the folder."""
    return replace(_write(settings, filename, media_type, iter([content]), len(content)), made=True)


def clean_name(filename: str) -> str:
    """A file's name without path, control characters or excess length."""
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip(" .") or "附件"
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:100]}{dot}{suffix[:10]}" if stem else name[:100]


def looks_like(suffix: str, head: bytes) -> bool:
    """Whether the first bytes of a file fit its suffix."""
    if suffix in (".csv", ".txt"):
        return b"\0" not in head and not head.startswith((b"%PDF", b"PK\x03\x04", b"MZ", b"\x7fELF"))
    if suffix in OFFICE:
        return head.startswith(b"PK\x03\x04") and OFFICE[suffix].search(head) is not None
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return False
    return ACCEPTED[suffix] in found


def _chunks(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(CHUNK):
        yield chunk


def _write(settings: Settings, name: str, media_type: str, chunks: Iterator[bytes], limit: int) -> Stored:
    blob, blob_key = new_id(), secrets.token_bytes(32)
    path = path_of(settings, blob)
    path.parent.mkdir(parents=True, exist_ok=True)
    size, digest = 0, hashlib.sha256()
    try:
        with open(path, "xb") as file:
            for index, chunk in enumerate(chunks):
                size += len(chunk)
                if size > limit:
                    raise UploadTooLarge(filename=name, megabytes=limit // 1024 // 1024)
                digest.update(chunk)
                sealed = AESGCM(blob_key).encrypt(_nonce(index), chunk, None)
                file.write(struct.pack(">I", len(sealed)) + sealed)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    failpoint("documents.written")
    return Stored(blob, blob_key, name, media_type, size, digest.hexdigest())


def attach(
    uow: UnitOfWork,
    case_id: str,
    key: CaseKey,
    stored: Stored,
    kind: str = "attachment",
    task_id: str | None = None,
    author: str | None = None,
) -> Document:
    """Take a stored file into the case, in its transaction.

    What was sent into a confidential case is kept without what it tells of its maker. That is done here, where every file comes
    by, so that no door can forget it. Raises MetadataStays.
    """
    if not stored.made and uow.session.get_one(Case, case_id).confidential:
        stored = _without_metadata(uow, stored)
    document_id = new_id()
    document = Document(
        id=document_id,
        case_id=case_id,
        kind=kind,
        blob=stored.blob,
        blob_key=key.seal(stored.blob_key, f"blob:{document_id}"),
        filename=key.seal_value(stored.filename, f"filename:{document_id}"),
        media_type=stored.media_type,
        size=stored.size,
        digest=stored.digest,
        author=author or str(uow.actor),
        task_id=task_id,
        equal_force=bool(stored.provenance),
        provenance=stored.provenance,
        created_at=uow.now,
    )
    uow.add(document)
    audit.record(uow, "document.added", case_id, document=document_id, kind=kind, size=stored.size)
    failpoint("documents.attached")
    return document


def _without_metadata(uow: UnitOfWork, stored: Stored) -> Stored:
    """The file written anew; the one that came is deleted, and its key, which was never kept, is forgotten."""
    settings = uow.settings
    content = b"".join(_decrypted(settings, stored.blob, stored.blob_key, stored.size))
    cleaned = metadata.removed(stored.filename, content)
    uow.after_commit(lambda: path_of(settings, stored.blob).unlink(missing_ok=True))
    anew = _write(settings, stored.filename, stored.media_type, iter([cleaned]), len(cleaned))
    return replace(anew, provenance=stored.provenance)


def attach_all(
    uow: UnitOfWork,
    case_id: str,
    key: CaseKey,
    uploads: "tuple[Stored, ...] | list[Stored]",
    task_id: str | None = None,
) -> list[Document]:
    """Take several uploads into the case; raises TooManyUploads."""
    if len(uploads) > uow.settings.max_attachments:
        raise TooManyUploads(count=uow.settings.max_attachments)
    return [attach(uow, case_id, key, stored, task_id=task_id) for stored in uploads]


def copied(reading: Reading, case_id: str, key: CaseKey) -> list[tuple[Stored, str]]:
    """What came with a case or was sent into it, stored once more for another one, each file with its author.

    What people of the desk attached to their steps stays where it is.
    """
    sent = (col(Document.case_id) == case_id, col(Document.kind) == "attachment", col(Document.task_id).is_(None))
    rows = reading.session.exec(select(Document).where(*sent).order_by(col(Document.created_at)))
    return [(_stored_anew(reading.settings, key, row), row.author) for row in rows]


def _stored_anew(settings: Settings, key: CaseKey, row: Document) -> Stored:
    anew = _write(settings, filename(key, row), row.media_type, content(settings, key, row), row.size)
    return replace(anew, made=True, provenance=row.provenance)  # what it told of its maker was removed already


# ---------------------------------------------------------------- reading


def read(reading: Reading, document_id: str) -> tuple[Document, str, Iterator[bytes]]:
    """A file that the actor may see: its row, its name, and its bytes in pieces. Raises DocumentNotFound."""
    document, case = find(reading, document_id)
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    name = shown_name(reading, key, case, document)
    return document, name, content(reading.settings, key, document)


def find(reading: Reading, document_id: str) -> tuple[Document, Case]:
    """The row of a file in a case that the actor may see. A party sees its own attachments only; a draft is read in the
    organisation whose paper it will be, and nowhere else, and so is its manuscript; an issued paper is handed out as such."""
    query = (
        select(Document, Case)
        .join(Case, col(Case.id) == col(Document.case_id))
        .where(col(Document.id) == document_id, visible_cases(reading.actor))
    )
    if reading.actor.kind == "party":
        query = query.where(col(Document.kind) == "attachment", col(Document.author) == str(reading.actor))
    elif reading.actor.kind != "system":
        house = col(Notice.organisation_id).in_(reading.actor.organisations())
        drafts = select(col(Notice.draft_document_id)).where(house, col(Notice.draft_document_id).is_not(None))
        sheets = select(col(Notice.manuscript_id)).where(house, col(Notice.manuscript_id).is_not(None))
        others = col(Document.kind).not_in(("draft", "manuscript", *PAPERS))
        query = query.where(or_(others, col(Document.id).in_(drafts), col(Document.id).in_(sheets)))
        query = query.where(or_(whole_cases(reading.actor), own_documents(reading.actor)))
    found = reading.session.exec(query).first()
    if found is None:
        raise DocumentNotFound()
    return found[0], found[1]


def shown_name(reading: Reading, key: CaseKey, case: Case, document: Document) -> str:
    """What a file is called for the reader: what a party called its own in a confidential case, it alone reads."""
    name = filename(key, document)
    if not case.confidential or not document.author.startswith("party:") or document.author == str(reading.actor):
        return name
    attached = select(Document.id).where(col(Document.case_id) == case.id, col(Document.kind) == document.kind)
    order = list(reading.session.exec(attached.order_by(col(Document.created_at), col(Document.id))))
    return f"附件{order.index(document.id) + 1}{PurePosixPath(name).suffix.lower()}"


def filename(key: CaseKey, document: Document) -> str:
    return str(key.open_value(document.filename, f"filename:{document.id}"))


def content(settings: Settings, key: CaseKey, document: Document) -> Iterator[bytes]:
    """The bytes in the clear, piece by piece; raises Unreadable when the file was changed."""
    return _decrypted(settings, document.blob, key.open(document.blob_key, f"blob:{document.id}"), document.size)


def _decrypted(settings: Settings, blob: str, blob_key: bytes, size: int) -> Iterator[bytes]:
    cipher, left = AESGCM(blob_key), size
    with _opened(settings, blob) as file:
        index = 0
        while length := file.read(4):
            try:
                chunk = cipher.decrypt(_nonce(index), file.read(struct.unpack(">I", length)[0]), None)
            except (InvalidTag, struct.error, ValueError):
                raise Unreadable() from None
            left, index = left - len(chunk), index + 1
            yield chunk
    if left:
        raise Unreadable()


def _opened(settings: Settings, blob: str) -> BinaryIO:
    try:
        return open(path_of(settings, blob), "rb")
    except FileNotFoundError:
        raise Unreadable() from None


def path_of(settings: Settings, blob: str) -> Path:
    return settings.documents / blob[:2] / blob


def is_whole(settings: Settings, document: Document) -> bool:
    """Whether the file of a document is there in its full length; whether it was changed shows when it is read."""
    path = path_of(settings, document.blob)
    if not path.is_file():
        return False
    end, size = path.stat().st_size, 0
    with path.open("rb") as file:
        while len(length := file.read(4)) == 4:
            sealed = struct.unpack(">I", length)[0]
            size += sealed - TAG
            file.seek(sealed, os.SEEK_CUR)
        return file.tell() == end and size == document.size


def _nonce(index: int) -> bytes:
    return struct.pack(">IQ", 0, index)


# ---------------------------------------------------------------- orphans


def sweep_orphans(reading: Reading, older_than_seconds: float = 86_400) -> int:
    """Delete files that no case took over within a day; returns how many."""
    folder = reading.settings.documents
    if not folder.is_dir():
        return 0
    removed, limit = 0, clock.wall().timestamp() - older_than_seconds
    for path in folder.glob("??/*"):
        try:
            if path.stat().st_mtime >= limit or _known(reading, path.name):
                continue
            path.unlink()
        except FileNotFoundError:
            continue  # another worker was faster
        removed += 1
    return removed


def _known(reading: Reading, blob: str) -> bool:
    return reading.session.exec(select(Document.id).where(col(Document.blob) == blob)).first() is not None
