"""Where we know WeasyPrint better than it lets us: shorter ways to the same page, all in this one place.

Each rests on something that its documentation does not promise. ``tests/unit/notices/test_weasy.py`` says what, and fails when
a new version does it differently; the longer, documented way is told beside each, so that one can go back to it.
"""

import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import cffi
import cssselect2
import pydyf
import weasyprint
from lxml import etree
from weasyprint.pdf import fonts, stream
from weasyprint.text.ffi import ffi

from notices.paper import Place, RenderFailed

POINT = 0.75
"""Points in a CSS pixel."""
COMMON = 4600
"""So many glyphs of a face are kept ready: those of ``notices.prepared_fonts`` up to the first level of GB 2312."""
WORTH_IT = 3
"""With which subset of a face they are made ready: a process that sets one paper is done sooner without."""
LEVEL = 3
"""Of compression: the library's 9 takes four times as long for a twentieth fewer bytes, and does it twice."""


class Markup(weasyprint.HTML):  # type: ignore[misc]
    """A page read by the C parser of libxml2, in a twentieth of the time that ``weasyprint.HTML(string=…)`` takes.

    The tree is the same, because our markup leaves no tag for a parser to guess.
    """

    def __init__(self, html: str, url_fetcher: Any) -> None:
        tree: Any = _Tree()
        parser = etree.HTMLParser(target=tree, encoding="utf-8", remove_comments=True, no_network=True, huge_tree=True)
        parser.feed(html.encode())
        self.base_url = None
        self.url_fetcher = url_fetcher
        self.media_type = "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(parser.close(), content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
        return [_ground()]


@cache
def _ground() -> Any:
    """The library's own style sheet without markers and footnotes: it styles eight of them for every element, used or not."""
    rules = (files(weasyprint) / "css" / "html5_ua.css").read_text(encoding="utf-8")
    sheet = "\n".join(rule for rule in rules.splitlines() if not rule.startswith("::"))
    return weasyprint.CSS(string=sheet)


class _Tree:
    """Builds the elements of the standard library, which WeasyPrint walks fastest."""

    def __init__(self) -> None:
        builder = ElementTree.TreeBuilder()
        self._start, self.data, self.end, self.close = builder.start, builder.data, builder.end, builder.close

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._start(tag, dict(attributes))


class PaperFont(fonts.Font):  # type: ignore[misc]
    """A font of a PDF that does not copy the whole file (7 MB) beforehand, of which the subset is all that is used."""

    def __init__(self, *described: Any) -> None:
        copying = fonts.get_hb_object_data
        fonts.get_hb_object_data = _copy_nothing
        try:
            super().__init__(*described)
        finally:
            fonts.get_hb_object_data = copying

    def subset(self, to_unicode: dict[int, str], hinting: bool) -> None:
        whole: Any = self.hb_face
        self.hb_face: Any = _prepared(whole, max(to_unicode, default=0))
        try:
            super().subset(to_unicode, hinting)
        finally:
            self.hb_face = whole
        if not self.file_content:
            raise RenderFailed(reason=f"HarfBuzz cannot make a subset of {self.family}")


def _prepared(face: Any, highest: int) -> Any:
    """The common glyphs of a face, with what HarfBuzz must look up for each subset looked up once.

    The face itself where a rarer glyph is asked for, and before HarfBuzz 6.
    """
    if _subsets is None or highest >= COMMON:
        return face
    address = int(ffi.cast("uintptr_t", face))
    _uses[address] = _uses.get(address, 0) + 1
    if _uses[address] < WORTH_IT:
        return face
    if address not in _faces:
        _subsets.hb_face_reference(_own.cast("void *", address))  # it stays, so that no other takes its address
        common = int(ffi.cast("uintptr_t", _common_glyphs(face) or face))
        prepared = _subsets.hb_subset_preprocess(_own.cast("void *", common))
        _faces[address] = ffi.cast("hb_face_t *", int(_own.cast("uintptr_t", prepared)))
    return _faces[address]


def _common_glyphs(face: Any) -> Any:
    wanted = fonts.harfbuzz_subset.hb_subset_input_create_or_fail()
    numbers = ffi.new("hb_codepoint_t[]", list(range(COMMON)))
    glyphs = fonts.harfbuzz_subset.hb_subset_input_glyph_set(wanted)
    fonts.harfbuzz.hb_set_add_sorted_array(glyphs, numbers, COMMON)
    subsets = fonts.harfbuzz_subset
    flags = subsets.HB_SUBSET_FLAGS_PASSTHROUGH_UNRECOGNIZED | subsets.HB_SUBSET_FLAGS_DESUBROUTINIZE
    subsets.hb_subset_input_set_flags(wanted, flags | subsets.HB_SUBSET_FLAGS_RETAIN_GIDS)
    return subsets.hb_subset_or_fail(face, wanted)


def _subset_library() -> Any:
    try:
        library: Any = _own.dlopen("libharfbuzz-subset.so.0")
        return library if library.hb_subset_preprocess and library.hb_face_reference else None
    except (OSError, AttributeError):
        return None


_own = cffi.FFI()
_own.cdef("void *hb_face_reference(void *face); void *hb_subset_preprocess(void *source);")
_uses: dict[int, int] = {}
_faces: dict[int, Any] = {}
_subsets = _subset_library()


def _copy_nothing(_face: Any) -> bytes:
    return b""


stream.Font = PaperFont


class _Said(pydyf.Object):  # type: ignore[misc]
    """An object of a PDF whose bytes are settled: they are asked for twice, for the identifier and for the file."""

    data = b""

    def __init__(self, said: Any) -> None:
        super().__init__()
        self.number, self.data, self._stream = said.number, said.data, isinstance(said, pydyf.Stream)

    @property
    def compressible(self) -> bool:
        return not self._stream


class Finisher:
    """What ``write_pdf`` calls before it writes: draws ``behind`` all pages, and compresses each stream once and quickly.

    Without it the file says the same. What stands behind the text is an artifact: it is seen, and neither copied nor read out.
    """

    def __init__(self, behind: bytes = b"") -> None:
        self._behind = behind

    def __call__(self, _document: Any, pdf: Any) -> None:
        for number in pdf.pages["Kids"][::3] if self._behind else ():
            page = pdf.objects[int(pdf.objects[number]["Contents"].split()[0])]
            page.stream.insert(0, b"/Artifact <</Type /Background>> BDC q " + self._behind + b" Q EMC")
        for written in pdf.objects:
            if isinstance(written, pydyf.Stream) and written.compress:
                said = b"\n".join(pydyf._to_bytes(item) for item in written.stream)
                written.stream, written.compress = [_compressed(said)], False
                written.extra["Filter"] = "/FlateDecode"
        pdf.objects[:] = [said if said.free == "f" else _Said(said) for said in pdf.objects]


def _compressed(said: bytes) -> bytes:
    return _compressed_small(said) if len(said) < 4096 else zlib.compress(said, LEVEL)


@lru_cache(maxsize=64)
def _compressed_small(said: bytes) -> bytes:
    """What every paper has in common, such as the colour profile, is compressed once."""
    return zlib.compress(said, 9)


def place_of(document: Any, which: str) -> Place | None:
    """Where on the pages the first element of a class stands; nothing where there is none."""
    for number, page in enumerate(document.pages):
        for box in page._page_box.descendants():
            if box.element is not None and box.element.get("class") == which:
                left, top = box.border_box_x() * POINT, page.height * POINT - box.border_box_y() * POINT
                return Place(number, left, top - box.border_height() * POINT, left + box.border_width() * POINT, top)
    return None
