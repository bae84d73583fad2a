"""Files of a case: what comes in, how it lies on the disk, and who gets it out again."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import update

from engine import documents
from engine.access import PUBLIC, SYSTEM, Actor
from engine.documents import (
    DocumentNotFound,
    TooManyUploads,
    UploadEmpty,
    UploadMismatch,
    UploadNotAllowed,
    UploadTooLarge,
)
from engine.errors import EngineError
from engine.models import Case, Document
from engine.privacy import Erased, Unreadable
from engine.settings import Settings
from tests.factories import PDF, World

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "e527defc0000000049454e44ae426082"
)


class Endless:
    """An upload without end that counts what was read of it."""

    read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        chunk = (b"%PDF-1.4\n" if not self.read_bytes else b"").ljust(size, b"x")
        self.read_bytes += len(chunk)
        return chunk


def zipped(**files: str) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


DOCX = zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"})
XLSX = zipped(**{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})


def files_of(world: World) -> list[Any]:
    return [p for p in world.database.settings.documents.rglob("*") if p.is_file()]


def read(world: World, document_id: str, actor: Actor = SYSTEM) -> tuple[str, bytes]:
    with world.database.reading(actor) as reading:
        _, name, pieces = documents.read(reading, document_id)
        return name, b"".join(pieces)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("说明.pdf", PDF),
        ("图.PNG", PNG),
        ("照片.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 200),
        ("表.csv", "名称,位置\n停车场,南明\n".encode()),
        ("表.csv", "名称,位置\n停车场,南明\n".encode("gb18030")),
        ("字.txt", "停车场".encode("utf-8-sig")),
        ("文.docx", DOCX),
        ("表.xlsx", XLSX),
    ],
)
def test_what_may_be_attached_comes_back_as_it_was(world: World, name: str, content: bytes) -> None:
    world.submit(uploads=[world.upload(name, content)])
    document = world.one(Document, kind="attachment")
    assert read(world, document.id) == (name, content)
    assert document.size == len(content)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("size", [30 * 1024 * 1024, 20 * 1024 * 1024 + 1])
def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(world: World, size: int) -> None:
    with pytest.raises(UploadTooLarge, match="20 MB") as refused:
        world.upload("大.pdf", PDF.ljust(size, b"x"))
    assert refused.value.status == 413
    assert files_of(world) == []


@pytest.mark.sqlite_only
def test_the_largest_file_that_is_allowed_comes_back_whole(world: World) -> None:
    content = PDF.ljust(20 * 1024 * 1024, b"x")
    world.submit(uploads=[world.upload("大.pdf", content)])
    assert read(world, world.one(Document, kind="attachment").id)[1] == content


@pytest.mark.sqlite_only
def test_an_endless_upload_is_not_read_to_its_end(world: World) -> None:
    endless = Endless()
    with pytest.raises(UploadTooLarge):
        documents.store(world.database.settings, "x.pdf", endless)  # type: ignore[arg-type]
    assert endless.read_bytes < 21 * 1024 * 1024
    assert files_of(world) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("x.pdf", b"", UploadEmpty),
        ("x.pdf", b"MZ\x90\x00" + b"\0" * 100, UploadMismatch),
        ("x.pdf", b"<html><script>alert(1)</script></html>", UploadMismatch),
        ("x.pdf", PNG, UploadMismatch),
        ("x.png", PDF, UploadMismatch),
        ("x.jpg", PNG, UploadMismatch),
        ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", UploadMismatch),
        ("x.txt", PDF, UploadMismatch),
        ("x.csv", b"a,b\0c", UploadMismatch),
        ("x.txt", b"\x7fELF", UploadMismatch),
        ("x.docx", PDF, UploadMismatch),
        ("x.docx", zipped(**{"a.exe": "MZ"}), UploadMismatch),
        ("x.docx", XLSX, UploadMismatch),
        ("x.xlsx", b"PK\x03\x04 no archive at all", UploadMismatch),
        ("x.exe", b"MZ", UploadNotAllowed),
        ("x.html", b"<html>", UploadNotAllowed),
        ("x.svg", b"<svg/>", UploadNotAllowed),
        ("x.pdf.exe", PDF, UploadNotAllowed),
        ("x", PDF, UploadNotAllowed),
        ("", PDF, UploadNotAllowed),
        (".pdf", PDF, UploadNotAllowed),
        ("x.pdf\0.exe", PDF, UploadNotAllowed),
        ("pdf", PDF, UploadNotAllowed),
    ],
)
def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, error: type[EngineError]
) -> None:
    with pytest.raises(error) as refused:
        documents.store(Settings(var=tmp_path), name, BytesIO(content))
    assert refused.value.status == 422
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../x.pdf", "x.pdf"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("/etc/passwd/x.pdf", "x.pdf"),
        ("C:\\Users\\王\\说明.pdf", "说明.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\x1b[2J停\u202e车.pdf", "[2J停车.pdf"),
        ("长" * 300 + ".pdf", "长" * 100 + ".pdf"),
        ("𬭚䶮.pdf", "𬭚䶮.pdf"),
        ("cafe\u0301.pdf", "café.pdf"),
        ("  x.pdf. ", "x.pdf"),
    ],
)
def test_a_name_keeps_neither_path_nor_control_characters(tmp_path: Path, sent: str, kept: str) -> None:
    assert documents.store(Settings(var=tmp_path), sent, BytesIO(PDF)).filename == kept
    (file,) = (p for p in tmp_path.rglob("*") if p.is_file())
    assert file.parent.parent == tmp_path / "documents"
    assert len(file.name) == 32


def test_more_files_than_allowed_are_refused_with_the_whole_submission(world: World) -> None:
    uploads = [world.upload(f"{n}.pdf") for n in range(11)]
    with pytest.raises(TooManyUploads):
        world.submit(uploads=uploads)
    assert not world.all(Case)
    assert not world.all(Document)
    world.submit(uploads=uploads[:10])
    assert len(world.all(Document)) == 10


def test_what_lies_on_the_disk_cannot_be_read_or_changed_there(world: World) -> None:
    secret = "停车场内部资料".encode() * 50_000
    world.submit(uploads=[world.upload("秘密.txt", secret)])
    document = world.one(Document, kind="attachment")
    path = documents.path_of(world.database.settings, document.blob)
    whole = path.read_bytes()
    assert secret[:30] not in whole
    for position in (0, 3, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(Unreadable):
            read(world, document.id)
    first = 4 + int.from_bytes(whole[:4], "big")
    for changed in (whole[:first], whole[:-1], b"", whole[first:] + whole[:first], whole + whole[:first], whole + b"x"):
        path.write_bytes(changed)
        with pytest.raises(Unreadable):
            read(world, document.id)
    path.unlink()
    with pytest.raises(Unreadable):
        read(world, document.id)
    path.write_bytes(whole)
    assert read(world, document.id)[1] == secret


def test_the_file_of_one_case_does_not_open_with_the_row_of_another(world: World) -> None:
    for content in (b"first", b"other"):
        world.submit(uploads=[world.upload("x.txt", content)])
    one, other = world.all(Document, kind="attachment")
    with world.database.engine.begin() as connection:
        connection.execute(
            update(Document).where(Document.id == one.id).values(blob_key=other.blob_key)  # type: ignore[arg-type]
        )
    with pytest.raises(Unreadable):
        read(world, one.id)


def test_destroying_the_key_of_a_case_erases_its_files(world: World) -> None:
    world.submit(uploads=[world.upload()])
    document = world.one(Document, kind="attachment")
    with world.database.engine.begin() as connection:
        connection.execute(update(Case).values(wrapped_key=None))
    with pytest.raises(Erased):
        read(world, document.id)


def test_a_file_is_seen_by_those_who_may_see_the_case_and_by_who_sent_it(world: World) -> None:
    world.submit(uploads=[world.upload()])
    document = world.one(Document, kind="attachment")
    mine, handler = world.applicant(), world.person("data_provider.case_handler")
    world.submit()
    assert read(world, document.id, mine)[1] == read(world, document.id, handler)[1] == PDF
    for stranger in (
        world.applicant(),
        world.member("gy-jyj", "case_handler"),
        Actor("person", "x", duty="administrator"),
        PUBLIC,
        Actor("party", mine.id, world.case_id),
    ):
        with pytest.raises(DocumentNotFound):
            read(world, document.id, stranger)


def test_what_the_agency_attaches_is_not_for_the_applicant(world: World) -> None:
    world.submit()
    world.do("check", uploads=[world.upload("内部.pdf")])
    document = world.one(Document, kind="attachment")
    assert read(world, document.id, world.person("data_provider.leader"))[0] == "内部.pdf"
    with pytest.raises(DocumentNotFound):
        read(world, document.id, world.applicant())
