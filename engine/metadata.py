"""What a file tells of who made it, and where, taken out of it: for files of confidential cases, before they are kept.

A picture loses its EXIF, comments and previews, a PDF its properties, XMP, earlier revisions and the authors of notes, an Office
file its properties and the names of authors and reviewers. What a reader sees stays as it is. Texts have no such data. What
cannot be cleaned (encrypted, damaged, with other files inside) is refused with a sentence, never kept as it came.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from lxml import etree
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject

from engine.errors import Invalid

MOST_ENTRIES, LARGEST_CONTENT = 5_000, 200 * 1024 * 1024  # of an Office file
BEGINNING = (1980, 1, 1, 0, 0, 0)  # of all time, for a ZIP archive
ORIENTATION = 0x0112
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"sBIT",
        b"bKGD",
        b"pHYs",
        b"hIST",
    }
)
_TELLING = frozenset(
    {
        "author",
        "initials",
        "userName",
        "userId",
        "providerId",
        "displayName",
        "lastModifiedBy",
        "creator",
        "manager",
        "company",
    }
)
_EMPTY_PROPERTIES = {
    "docProps/core.xml": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties xmlns:cp='
    b'"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "docProps/app.xml": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>',
    "docProps/custom.xml": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>',
}


class MetadataStays(Invalid):
    """Who made “{filename}” cannot be taken out of the file, so it was not accepted. Please save it as a plain PDF or picture."""

    zh = "附件“{filename}”中的作者等信息无法清除，没有接收；请另存为不加密、不含嵌入文件的 PDF 或者图片再上传。"


class _Unclean(Exception):
    """A file that cannot be cleaned, within this module."""


def removed(filename: str, content: bytes) -> bytes:
    """The same file without what tells of its maker; ``filename`` says what it is. Raises MetadataStays."""
    try:
        return _cleaner(filename)(content)
    except (
        _Unclean,
        PyPdfError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        etree.XMLSyntaxError,
        zipfile.BadZipFile,
    ):
        raise MetadataStays(filename=filename) from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, RecursionError, NotImplementedError):
        raise MetadataStays(filename=filename) from None  # what readers of damaged files trip over


def _cleaner(filename: str) -> Callable[[bytes], bytes]:
    suffix = PurePosixPath(filename).suffix.lower()
    known: dict[str, Callable[[bytes], bytes]] = {
        ".jpg": _photograph,
        ".jpeg": _photograph,
        ".png": _png,
        ".pdf": _pdf,
        ".docx": _office,
        ".xlsx": _office,
        ".txt": bytes,
        ".csv": bytes,
    }
    if suffix not in known:
        raise _Unclean(suffix)
    return known[suffix]


# ---------------------------------------------------------------- pictures


def _photograph(content: bytes) -> bytes:
    """A JPEG, standing upright even where only its EXIF said how."""
    with Image.open(io.BytesIO(content)) as picture:
        turned = picture.getexif().get(ORIENTATION, 1) not in (0, 1)
        if not turned:
            return _jpeg(content)
        upright = ImageOps.exif_transpose(picture)
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=95)
    return _jpeg(out.getvalue())


def _jpeg(content: bytes) -> bytes:
    """A JPEG without application data (but JFIF, colour and Adobe's transform), comments, and what follows its end."""
    if not content.startswith(b"\xff\xd8"):
        raise _Unclean("no JPEG")
    out, at = bytearray(b"\xff\xd8"), 2
    while at < len(content):
        if content[at] != 0xFF:
            raise _Unclean("a broken JPEG")
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xD9:
            return bytes(out + b"\xff\xd9")
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if _is_picture(marker, content[at + 4 : end]):
            out += content[at:end]
        at = end
        if marker == 0xDA:  # pixels, until the next marker that is none of theirs
            begin, at = at, _end_of_pixels(content, at)
            out += content[begin:at]
    raise _Unclean("a JPEG without an end")


def _is_picture(marker: int, body: bytes) -> bool:
    """Whether a segment is needed to show the picture."""
    if marker == 0xFE:
        return False
    if marker == 0xE0:
        return body.startswith(b"JFIF\0")
    if marker == 0xE2:
        return body.startswith(b"ICC_PROFILE\0")
    return not 0xE0 <= marker <= 0xEF or marker == 0xEE


def _end_of_pixels(content: bytes, at: int) -> int:
    while (at := content.find(b"\xff", at)) >= 0:
        following = content[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2
    raise _Unclean("a JPEG without an end")


def _png(content: bytes) -> bytes:
    """A PNG with the chunks that make the picture, and no others."""
    if not content.startswith(_PNG_HEAD):
        raise _Unclean("no PNG")
    out, at = bytearray(_PNG_HEAD), len(_PNG_HEAD)
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if kind in _PNG_KEPT:
            out += content[at : at + 12 + length]
        at += 12 + length
        if kind == b"IEND":
            return bytes(out)
    raise _Unclean("a PNG without an end")


# ---------------------------------------------------------------- PDF


def _pdf(content: bytes) -> bytes:
    """A PDF with its pages and nothing about it; written anew, so that no earlier revision stays behind."""
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        raise _Unclean("encrypted")
    writer = PdfWriter(clone_from=reader)
    names = writer.root_object.get("/Names")
    if (names is not None and "/EmbeddedFiles" in names.get_object()) or "/Collection" in writer.root_object:
        raise _Unclean("files within")
    for thing in list(writer._objects):
        _clean_pdf_object(thing)
    return _written(
        PdfWriter(clone_from=PdfReader(io.BytesIO(_written(writer))))
    )  # without what nothing refers to any more


def _written(writer: PdfWriter) -> bytes:
    writer.metadata = None
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _clean_pdf_object(thing: object) -> None:
    for table in _dictionaries(thing):
        if table.get("/Type") == "/Filespec" or "/EF" in table:
            raise _Unclean("files within")
        for key in ("/Metadata", "/PieceInfo", "/LastModified"):
            table.pop(NameObject(key), None)
        if "/Subtype" in table and "/Rect" in table and table.get("/Subtype") != "/Widget":
            for key in ("/T", "/M", "/NM", "/CreationDate"):  # who made a note, and when
                table.pop(NameObject(key), None)
    if isinstance(thing, StreamObject):
        filters = thing.get("/Filter")
        chain = [filters] if isinstance(filters, NameObject) else list(filters or ())
        if chain == ["/DCTDecode"]:
            thing._data = _jpeg(thing._data)
        elif "/DCTDecode" in chain:
            raise _Unclean("a picture within a picture's wrapping")


def _dictionaries(thing: object) -> Iterator[DictionaryObject]:
    """A dictionary with those that stand within it; references lead to objects that come by themselves."""
    if isinstance(thing, DictionaryObject):
        yield thing
        for inner in list(thing.values()):
            yield from _dictionaries(inner)
    elif isinstance(thing, ArrayObject):
        for inner in thing:
            yield from _dictionaries(inner)


# ---------------------------------------------------------------- Office


def _office(content: bytes) -> bytes:
    """A DOCX or XLSX without properties and names of authors; pictures in it are cleaned as well."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        entries = source.infolist()
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_CONTENT:
            raise _Unclean("too large")
        for entry in entries:
            if not entry.is_dir():
                target.writestr(zipfile.ZipInfo(entry.filename, BEGINNING), _part(entry.filename, source.read(entry)))
    return out.getvalue()


def _part(name: str, content: bytes) -> bytes:
    """One file within an Office file."""
    if name in _EMPTY_PROPERTIES:
        return _EMPTY_PROPERTIES[name]
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in (".xml", ".rels", ".vml"):
        return _office_xml(content)
    if suffix in (".jpg", ".jpeg"):
        return _jpeg(content)
    if suffix == ".png":
        return _png(content)
    raise _Unclean(name)  # other files within: nobody knows what they tell


def _office_xml(content: bytes) -> bytes:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, huge_tree=False
    )
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _Unclean("a DTD")
    for element in root.iter(etree.Element):
        _clean_element(element)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _clean_element(element: "etree._Element") -> None:
    local = etree.QName(element).localname
    if local in _TELLING and element.text:
        element.text = ""
    for name in list(element.attrib):
        if etree.QName(name).localname in _TELLING:
            element.set(name, "")
    if local == "absPath":  # where it lay on somebody's machine
        element.set("url", "")
    if local == "Relationship" and element.get("Type", "").endswith("/attachedTemplate"):
        element.set("Target", "Normal.dotm")
