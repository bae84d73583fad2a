"""What a screen reader is told of a page: the structure tree of the PDF, in the order in which the paper is read.

WeasyPrint tags the boxes of its layout: a paragraph that goes on over the page becomes two, a repeated table head is read on
every page, page numbers hang in the air. We build the tree from the *elements* instead: one element is one structure element,
on however many pages it stands. Lines and spacings leave no trace in it.

* The head of a table that is repeated, and page numbers, become artifacts; rules and backgrounds are already.
* A row that only goes on with the one above (``goes-on``) belongs to that row.
* ``read-after-sign`` is read behind the signature, though it stands at the foot of the first page.

Imported in the rendering processes only, where it takes the place of the library's own tags. Its interface is not promised:
``tests/integration/test_structure.py`` reads the trees of real papers, and fails when a new version does it differently.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder

POINT = 0.75
"""Points in a CSS pixel."""
KINDS = {
    "p": "P",
    "h1": "H1",
    "h2": "H2",
    "h3": "H3",
    "dl": "L",
    "dt": "Lbl",
    "dd": "LBody",
    "table": "Table",
    "thead": "THead",
    "tbody": "TBody",
    "tr": "TR",
    "th": "TH",
    "td": "TD",
    "img": "Figure",
    "section": "Sect",
}
GROUPS = frozenset({"Document", "Sect", "L", "LI", "Table", "THead", "TBody", "TR"})
"""What holds no text of its own: a text directly in it is a paragraph."""


@dataclass
class Branch:
    """One structure element: its kind, what stands in it, and what else is known of it."""

    kind: str
    children: list["Branch | Piece"] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """Marked content on one page."""

    page: int
    number: int


def add_tags(pdf: Any, document: Any, _version: Any, streams: Any) -> None:
    """Write the tree of a laid-out document into its PDF; in place of ``weasyprint.pdf.add_tags``."""
    tree = _Tree()
    for number, (page, stream) in enumerate(zip(document.pages, streams, strict=True)):
        tree.read(number, page, stream)
    _write(pdf, tree.finished(), [len(stream.pieces) for stream in tree.pages])
    pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    pdf.catalog["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})


@dataclass
class _Page:
    number: int
    height: float
    stream: Any
    pieces: dict[Any, Any]


class _Tree:
    """Grows from page to page; an element that was met before goes on growing."""

    def __init__(self) -> None:
        self.root = Branch("Document")
        self.pages: list[_Page] = []
        self._known: dict[int, Branch] = {}
        self._first_page: dict[int, int] = {}
        self._later: list[Branch] = []
        self._signed_at: int | None = None

    def read(self, number: int, page: Any, stream: Any) -> None:
        self.pages.append(_Page(number, page.height * POINT, stream, dict(stream._tags)))
        stream._tags.clear()
        self._read(page._page_box, self.root)

    def finished(self) -> Branch:
        """The whole tree, everything in its place."""
        at = len(self.root.children) if self._signed_at is None else self._signed_at
        self.root.children[at:at] = self._later
        return self.root

    def _read(self, box: Any, parent: Branch) -> None:
        box = box._box if isinstance(box, AbsolutePlaceholder) else box
        if isinstance(box, boxes.MarginBox) or self._repeats(box):
            self._set_aside(box)
            return
        branch = self._branch(box, parent)
        if isinstance(box, boxes.TextBox | boxes.ReplacedBox):
            self._put(box, branch)
        for child in _children(box):
            self._read(child, branch)
        if "sign" in _classes(box) and branch is self.root:
            self._signed_at = len(self.root.children)

    def _branch(self, box: Any, parent: Branch) -> Branch:
        """The structure element of a box: that of its element, or that in which it stands."""
        element = box.element
        if element is None or isinstance(box, boxes.PageBox):
            return parent
        if id(element) in self._known:
            return self._known[id(element)]
        kind = "LI" if parent.kind == "L" else KINDS.get(element.tag, "")
        if not kind and parent.kind in GROUPS and _holds_text(box):
            kind = "P"
        if not kind:
            return parent
        above = parent.children[-1] if parent.children else None
        if "goes-on" in _classes(box) and isinstance(above, Branch):
            return self._goes_on(element, above)
        return self._begin(box, element, kind, parent)

    def _begin(self, box: Any, element: Any, kind: str, parent: Branch) -> Branch:
        branch = Branch(kind)
        (self._later if "read-after-sign" in _classes(box) else parent.children).append(branch)
        self._known[id(element)] = branch
        self._first_page[id(element)] = self.pages[-1].number
        if kind == "Figure":
            branch.said["Alt"] = pydyf.String(element.get("alt", ""))
            branch.said["A"] = pydyf.Dictionary({"O": "/Layout", "BBox": pydyf.Array(self._edges(box))})
        if kind == "TH":
            scope = "Row" if element.get("scope") == "row" else "Column"
            branch.said["A"] = pydyf.Dictionary({"O": "/Table", "Scope": f"/{scope}"})
        if element.get("lang") and element.tag not in ("html", "body"):
            branch.said["Lang"] = pydyf.String(element.get("lang"))
        return branch

    def _goes_on(self, element: Any, row: Branch) -> Branch:
        """The row above, whose cells the cells of this one continue."""
        self._known[id(element)] = row
        for cell, above in zip(element, row.children, strict=False):
            if isinstance(above, Branch):
                self._known[id(cell)] = above
        return row

    def _repeats(self, box: Any) -> bool:
        """Whether this is the head of a table that was read on an earlier page."""
        if not getattr(box, "is_header", False) or box.element is None:
            return False
        return self._first_page.get(id(box.element), self.pages[-1].number) < self.pages[-1].number

    def _put(self, box: Any, branch: Branch) -> None:
        page = self.pages[-1]
        branch.children.append(Piece(page.number, page.pieces[box]["mcid"]))

    def _set_aside(self, box: Any) -> None:
        """Make artifacts of all marked content in a box."""
        page = self.pages[-1]
        if box in page.pieces:
            written, number = page.stream.stream, page.pieces[box]["mcid"]
            at = next(i for i, said in enumerate(written) if isinstance(said, dict) and said.get("MCID") == number)
            written[at - 1 : at + 2] = ["/Artifact", b"BMC"]
        for child in _children(box):
            self._set_aside(child._box if isinstance(child, AbsolutePlaceholder) else child)

    def _edges(self, box: Any) -> tuple[float, ...]:
        left, top = box.content_box_x() * POINT, self.pages[-1].height - box.content_box_y() * POINT
        edges = (left, top - box.height * POINT, left + box.width * POINT, top)
        return tuple(round(edge, 2) for edge in edges)


def _children(box: Any) -> Iterator[Any]:
    return iter(box.children) if isinstance(box, boxes.ParentBox) else iter(())


def _classes(box: Any) -> frozenset[str]:
    return frozenset((box.element.get("class") or "").split()) if box.element is not None else frozenset()


def _holds_text(box: Any) -> bool:
    """Whether lines stand directly in a box, or in an anonymous box of the same element."""
    return any(
        isinstance(child, boxes.LineBox | boxes.TextBox)
        or (isinstance(child, boxes.ParentBox) and child.element is box.element and _holds_text(child))
        for child in _children(box)
    )


def _write(pdf: Any, root: Branch, counts: list[int]) -> None:
    """The objects of the tree, and for each page the list that leads from its marked contents back to the tree."""
    parents = [[b"null"] * count for count in counts]
    top = pydyf.Dictionary({"Type": "/StructTreeRoot"})
    pdf.add_object(top)
    written = _element(pdf, root, top.reference, parents, pdf.page_references)
    nums = pydyf.Array()
    for number, references in enumerate(parents):
        nums.extend([number, pydyf.Array(references)])
    mapping = pydyf.Dictionary({"Nums": nums})
    pdf.add_object(mapping)
    top["K"], top["ParentTree"] = pydyf.Array([written]), mapping.reference
    pdf.catalog["StructTreeRoot"] = top.reference


def _element(pdf: Any, branch: Branch, parent: bytes, parents: list[list[bytes]], pages: Sequence[bytes]) -> bytes:
    """One structure element with all that stands in it; its reference."""
    element = pydyf.Dictionary({"Type": "/StructElem", "S": f"/{branch.kind}", "P": parent, **branch.said})
    pdf.add_object(element)
    own = next((child.page for child in branch.children if isinstance(child, Piece)), None)
    if own is not None:
        element["Pg"] = pages[own]
    kids = pydyf.Array()
    for child in branch.children:
        if isinstance(child, Branch):
            kids.append(_element(pdf, child, element.reference, parents, pages))
            continue
        parents[child.page][child.number] = element.reference
        elsewhere = {"Type": "/MCR", "Pg": pages[child.page], "MCID": child.number}
        kids.append(child.number if child.page == own else pydyf.Dictionary(elsewhere))
    element["K"] = kids
    return element.reference  # type: ignore[no-any-return]
