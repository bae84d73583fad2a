"""What our short ways through WeasyPrint rest on: when a new version does one of these differently, this tells it."""

import io
import zlib
from collections.abc import Set
from typing import Any

import pypdf
import pytest
import weasyprint

from notices import templates, weasy
from notices.fonts import folder, typefaces
from notices.pdf import NOTHING, OPTIONS, Printer
from tests import papers
from tests.papers import RARE_NAMES, paper

NOTICE = paper(
    f"<p>一行{RARE_NAMES}，{'国' * 60} A&amp;B &lt;c&gt;</p><h2>一、甲</h2><h3>（一）乙</h3><table><tr><th>丙</th></tr>"
    "<tr><td>1</td></tr></table><dl><dt>丁</dt><dd>戊</dd></dl><annex title='己'><p>庚</p></annex>",
    attached={"number": "1"},
)


@pytest.fixture(scope="module")
def printer() -> Printer:
    return Printer(typefaces(folder()))


def _markup(printer: Printer) -> str:
    return templates.html(printer.page(NOTICE), printer.setter)


def test_the_fast_parser_reads_the_same_tree_as_the_librarys_own(printer: Printer) -> None:
    markup = _markup(printer)
    slow = weasyprint.HTML(string=markup, url_fetcher=NOTHING)
    assert _tree(weasy.Markup(markup, NOTHING).etree_element) == _tree(slow.etree_element)


def test_the_fast_parser_gives_all_that_the_librarys_own_gives(printer: Printer) -> None:
    markup = _markup(printer)
    slow = weasyprint.HTML(string=markup, url_fetcher=NOTHING)
    fast = weasy.Markup(markup, NOTHING)
    assert vars(fast).keys() == vars(slow).keys()
    assert (fast.base_url, fast.media_type) == (slow.base_url, slow.media_type)


def test_the_page_is_the_same_without_any_short_way(printer: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    short = printer.write(printer.page(NOTICE)).content
    monkeypatch.setattr(weasy, "Markup", lambda html, fetcher: weasyprint.HTML(string=html, url_fetcher=fetcher))
    monkeypatch.setattr(weasy, "Finisher", lambda behind: None)
    monkeypatch.setattr("weasyprint.pdf.stream.Font", weasy.fonts.Font)
    long = printer.write(printer.page(NOTICE)).content
    assert len(short) < 1.1 * len(long)
    assert _said(short) == _said(long)
    assert [papers.image(short, n).tobytes() for n in (0, 1)] == [papers.image(long, n).tobytes() for n in (0, 1)]


def test_a_prepared_face_gives_the_same_subset(printer: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(weasy.WORTH_IT):
        prepared = printer.write(printer.page(NOTICE)).content
    assert weasy._faces
    monkeypatch.setattr(weasy, "_subsets", None)
    assert printer.write(printer.page(NOTICE)).content == prepared


def test_what_the_finisher_is_given_is_compressed_once() -> None:
    pdf = (
        weasyprint.HTML(string="<p>x").render(**OPTIONS).write_pdf(finisher=weasy.Finisher(b"0 0 1 1 re f"), **OPTIONS)
    )
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    contents = page["/Contents"].get_object()
    assert contents["/Filter"] == "/FlateDecode"
    assert zlib.decompress(contents._data) == contents.get_data()
    assert contents.get_data().startswith(b"/Artifact <</Type /Background>> BDC q 0 0 1 1 re f Q EMC\n")


def test_a_font_that_cannot_be_made_smaller_stops_the_paper(printer: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weasy.fonts.Font, "_harfbuzz_subset", lambda *_: None)
    with pytest.raises(weasy.RenderFailed):
        printer.write(printer.page(NOTICE))


def test_a_font_is_copied_only_after_it_was_made_smaller(printer: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []
    copying = weasy.fonts.get_hb_object_data

    def counting(face: Any, *rest: Any) -> bytes:
        content: bytes = copying(face, *rest)
        copied.append(len(content))
        return content

    monkeypatch.setattr(weasy.fonts, "get_hb_object_data", counting)
    printer.write(printer.page(NOTICE))
    assert 0 < max(copied) < 2_000_000


def _tree(element: Any) -> Any:
    return (
        element.tag,
        dict(element.attrib),
        element.text or "",
        element.tail or "",
        [_tree(child) for child in element],
    )


def _said(pdf: bytes) -> list[Any]:
    """Every object of a file, as it says itself, whatever its compression; without the identifier, which is of the bytes."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    numbers = sorted({*reader.xref[0], *reader.xref_objStm})
    return [_plain(reader.get_object(number)) for number in numbers if number]


def _plain(value: Any) -> Any:
    match value:
        case pypdf.generic.IndirectObject():
            return f"{value.idnum} R"
        case pypdf.generic.StreamObject() if value.get("/Type") in {"/ObjStm", "/XRef"}:
            return None
        case pypdf.generic.StreamObject():
            return _members(value, without={"/Length", "/Filter"}), value.get_data()
        case pypdf.generic.DictionaryObject():
            return _members(value)
        case pypdf.generic.ArrayObject():
            return [_plain(inner) for inner in list.__iter__(value)]
    return str(value)


def _members(value: Any, without: Set[str] = frozenset()) -> dict[str, Any]:
    return {key: _plain(value.raw_get(key)) for key in value if key not in without}
