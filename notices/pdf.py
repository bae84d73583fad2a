"""From a composed page to PDF bytes: tagged PDF/A-3a, the same bytes for the same paper.

WeasyPrint is given everything it needs and may fetch nothing. This module is imported in the rendering processes only
(``notices.worker``), after their own fontconfig file has been set.
"""

import json
from typing import Any

import weasyprint
import weasyprint.pdf
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from notices import qr, seal, sheets, structure, templates, watermark, weasy
from notices.drawing import Drawing
from notices.fonts import Typefaces
from notices.gongwen import Typesetter
from notices.paper import Paper, Printed, TemplateFaulty
from notices.templates import Page

OPTIONS = {"pdf_tags": True, "pdf_variant": "pdf/a-3a"}
weasyprint.pdf.add_tags = structure.add_tags
MOST_SPANS = 3000
"""Of markup that squeezes marks, each of which takes a millisecond; the longest reply has some 500."""
FACTS_FILE, FACTS_TITLE = "notice.json", "机器可读的文书要素"


class FetchNothing(URLFetcher):  # type: ignore[misc]
    """No file, no address: a page that asks for one is not printed."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        raise FatalURLFetchingError(url)


NOTHING = FetchNothing()


class Printer:
    """Sets pages with one set of typefaces. One per process: its font configuration and style sheet are costly."""

    def __init__(self, faces: Typefaces) -> None:
        self.setter = Typesetter(faces)
        self._coarse = Typesetter(faces, squeezes=False)
        self._fonts = FontConfiguration()
        self._style = weasyprint.CSS(string=templates.css(faces), font_config=self._fonts, url_fetcher=NOTHING)

    def page(self, paper: Paper) -> Page:
        """Compose a notice, and refuse it when a character of it cannot be printed."""
        blocks = templates.compose(paper)
        templates.check_characters(paper, blocks, self.setter.faces)
        return Page.of(paper, blocks)

    def preview(self, paper: Paper) -> str:
        """The notice for the screen, where the reader's own fonts show what they can."""
        return templates.preview(Page.of(paper, templates.compose(paper)))

    def write(self, page: Page) -> Printed:
        """The PDF of a composed notice, and where its seal belongs."""
        pictures = self._pictures(page.paper)
        document = self._layout(self._markup(page), pictures)
        odd = len(document.pages) % 2 and len(document.pages) > 1
        if page.paper.form == "file" and odd and templates.foot_names(page, self.setter):
            document = self._with_even_pages(page, pictures)
        finish = weasy.Finisher(watermark.draw(page.words["watermark"], self.setter.faces) if page.paper.draft else b"")
        content = bytes(document.write_pdf(attachments=_attachments(page.paper), finisher=finish, **OPTIONS))
        return Printed(content, weasy.place_of(document, "seal free"))

    def sheet(self, told: dict[str, Any]) -> bytes:
        """The PDF of a sheet of the house, which is no paper: a form, labels, a list."""
        source = weasyprint.HTML(string=sheets.html(told, self.setter.faces), url_fetcher=FetchNothing())
        return bytes(source.write_pdf(font_config=self._fonts, pdf_tags=True))

    def _with_even_pages(self, page: Page, pictures: dict[str, Drawing]) -> Any:
        """The 版记 on the last side of the last sheet: behind one blank side, or two where the text ends on such a side."""
        document = self._layout(self._markup(page, extra_sides=1), pictures)
        if len(document.pages) % 2:
            document = self._layout(self._markup(page, extra_sides=2), pictures)
        return document

    def _markup(self, page: Page, extra_sides: int = 0) -> str:
        """The page for the typesetter; where thousands of marks would be squeezed, which nobody writes, each keeps its cell."""
        fine = templates.html(page, self.setter, extra_sides=extra_sides)
        return (
            fine if fine.count("<span") <= MOST_SPANS else templates.html(page, self._coarse, extra_sides=extra_sides)
        )

    def _layout(self, html: str, pictures: dict[str, Drawing]) -> Any:
        try:
            source = weasy.Markup(html, NOTHING)
            templates.refuse_uncovered(source.etree_element.itertext(), self.setter.faces)  # whatever put it there
            return source.render(stylesheets=[self._style], font_config=self._fonts, cache=dict(pictures), **OPTIONS)
        except FatalURLFetchingError as refused:
            raise TemplateFaulty(sentence=f"a notice may not refer to “{str(refused)[:80]}”.") from refused

    def _pictures(self, paper: Paper) -> dict[str, Drawing]:
        """The seal and the QR code under the addresses that our templates use."""
        pictures = {}
        if paper.sealed and not paper.signed:
            pictures["seal:"] = seal.draw(paper.organisation, self.setter.faces)
        if paper.sealed:
            for number, organ in enumerate(paper.co_issuers, start=1):
                pictures[f"seal:{number}"] = seal.draw(organ, self.setter.faces)
        if paper.qr:
            pictures["qr:"] = qr.draw(paper.qr)
        return pictures


def _attachments(paper: Paper) -> list[weasyprint.Attachment]:
    """What a program may read, with dates of the paper, so that the bytes stay the same."""
    if paper.attached is None:
        return []
    said = json.dumps(paper.attached, ensure_ascii=False, sort_keys=True, indent=1)
    # Half a character, which JSON tells by its number and no encoding can hold, is told by its number here as well.
    return [
        weasyprint.Attachment(
            string=said.encode("utf-8", "backslashreplace").decode(),
            url_fetcher=NOTHING,
            name=FACTS_FILE,
            description=FACTS_TITLE,
            created=paper.created,
            modified=paper.created,
            relationship="Data",
        )
    ]
