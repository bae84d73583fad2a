"""Files lose what they tell of their maker, and keep what a reader sees; what cannot be cleaned is refused."""

import io
import zipfile

import pytest
from PIL import Image, PngImagePlugin
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import NameObject, TextStringObject

from engine import metadata

NAME = "OuyangSecret"


def picture(**save: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 20)).convert("RGB").save(out, **save)  # type: ignore[arg-type]
    return out.getvalue()


def photograph(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x013B], exif[0x0112] = NAME, orientation
    return picture(format="JPEG", exif=exif, comment=NAME.encode()) + b"trailer " + NAME.encode()


def drawing() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", NAME)
    told.add_itxt("XML:com.adobe.xmp", NAME)
    return picture(format="PNG", pnginfo=told) + NAME.encode()


def paper(**more: bytes) -> bytes:
    with Image.open(io.BytesIO(photograph())) as photo:
        out = io.BytesIO()
        photo.save(out, "PDF", author=NAME, title=NAME)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(out.getvalue())))
    writer.xmp_metadata = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{NAME}</x:xmpmeta>'.encode()  # type: ignore[assignment]
    note = FreeText(text="批注", rect=(0, 0, 10, 10))
    note[NameObject("/T")] = TextStringObject(NAME)
    writer.add_annotation(0, note)
    for name, content in more.items():
        writer.add_attachment(name, content)
    told = io.BytesIO()
    writer.write(told)
    return told.getvalue()


def office(**entries: bytes) -> bytes:
    head = '<?xml version="1.0"?>'
    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="t"/>',
        "docProps/core.xml": f"{head}<p><creator>{NAME}</creator></p>",
        "docProps/app.xml": f"{head}<p><Company>{NAME}</Company></p>",
        "word/document.xml": f'{head}<d xmlns:w="w"><w:ins w:author="{NAME}" w:id="1"/><w:t>正文</w:t></d>',
        "word/people.xml": f'{head}<p xmlns:w="w"><w:person w:author="{NAME}" w:userId="{NAME}"/></p>',
        "word/_rels/settings.xml.rels": f'{head}<r><Relationship Type="x/attachedTemplate" Target="C:/{NAME}/a.dotm"/></r>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = NAME.encode()
        for name, text in parts.items():
            archive.writestr(name, text)
        archive.writestr("word/media/image1.jpg", photograph())
        for name, content in entries.items():
            archive.writestr(f"word/embeddings/{name}.bin", content)
    return out.getvalue()


def everything_in(content: bytes) -> bytes:
    """The bytes of a file, and those of the files within."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return content + b"".join(archive.read(entry) for entry in archive.infolist())


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("a.jpg", photograph()),
        ("a.jpeg", photograph(6)),
        ("a.png", drawing()),
        ("a.pdf", paper()),
        ("a.docx", office()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_of_the_maker_is_left(filename: str, content: bytes) -> None:
    assert NAME.encode() in everything_in(content)
    assert NAME.encode() not in everything_in(metadata.removed(filename, content))


def test_a_picture_shows_the_same_pixels_and_stands_upright() -> None:
    before, after = (Image.open(io.BytesIO(c)) for c in (photograph(), metadata.removed("a.jpg", photograph())))
    assert before.tobytes() == after.tobytes()
    assert Image.open(io.BytesIO(metadata.removed("a.jpg", photograph(6)))).size == (20, 40)
    before, after = (Image.open(io.BytesIO(c)) for c in (drawing(), metadata.removed("a.png", drawing())))
    assert before.tobytes() == after.tobytes()


def test_a_paper_keeps_its_pages_and_notes_and_loses_properties_and_authors() -> None:
    cleaned = PdfReader(io.BytesIO(metadata.removed("a.pdf", paper())))
    assert len(cleaned.pages) == 1
    assert len(cleaned.pages[0]["/Annots"]) == 1
    assert not cleaned.metadata
    assert cleaned.xmp_metadata is None
    assert len(cleaned.pages[0].images) == 1


def test_an_office_file_keeps_its_text() -> None:
    with zipfile.ZipFile(io.BytesIO(metadata.removed("a.docx", office()))) as archive:
        assert "正文" in archive.read("word/document.xml").decode()
        assert b"author" in archive.read("word/document.xml")


def test_an_earlier_revision_of_a_paper_does_not_stay_behind() -> None:
    revised = io.BytesIO(paper())
    writer = PdfWriter(revised, incremental=True)
    writer.add_metadata({"/Author": "somebody else"})
    out = io.BytesIO()
    writer.write(out)
    assert NAME.encode() in out.getvalue()
    assert NAME.encode() not in metadata.removed("a.pdf", out.getvalue())


def locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(paper())))
    writer.encrypt("geheim", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("a.pdf", locked()),
        ("a.pdf", paper(**{"inner.txt": b"x"})),
        ("a.pdf", b"%PDF-1.4 nothing"),
        ("a.docx", office(object1=b"x")),
        ("a.docx", b"PK\x03\x04nothing"),
        ("a.jpg", photograph()[:200]),
        ("a.jpg", b"\xff\xd8\xff"),
        ("a.png", drawing()[:60]),
        ("a.exe", b"MZ"),
    ],
)
def test_what_cannot_be_cleaned_is_refused_with_a_sentence(filename: str, content: bytes) -> None:
    with pytest.raises(metadata.MetadataStays) as refused:
        metadata.removed(filename, content)
    assert filename in refused.value.sentence("zh")


def test_a_text_stays_as_it_is() -> None:
    assert metadata.removed("a.csv", b"1,2") == b"1,2"
