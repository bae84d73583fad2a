"""The pages of a notice as pictures: of its draft while it is one, else of the paper that was issued."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from engine import documents
from engine.db import Reading
from engine.errors import Conflict, EngineError
from engine.models import Case, Document, Notice
from notices import render, served, service

MOST_REMEMBERED = 4096


class NotOpened(Conflict):
    """This paper has not been opened yet. Open the PDF; it is thereby served."""

    zh = "这份文书尚未签收。请打开 PDF 文件，打开即为送达。"


@dataclass(frozen=True)
class Leaves:
    """What is to be shown of a notice: its file, which never changes under this id, and the key to its bytes."""

    document: Document
    case: Case


def find(reading: Reading, notice_id: str) -> Leaves:
    """The file whose pages may be looked at: by whom, is the same as for the PDF.

    Looking at pictures that a page of ours shows serves nothing; so the addressee sees them once the paper itself was opened.
    Raises NoticeNotFound, NotOpened, and NoticeNotReady while it is being made.
    """
    notice, case = _shown(reading, notice_id)
    service.require_not_theirs(reading, notice)
    if served.awaits_opening(reading, notice_id):
        raise NotOpened()
    document_id = _document_of(notice)
    if document_id is None:
        raise service.NoticeNotReady()
    return Leaves(reading.session.get_one(Document, document_id), case)


def _shown(reading: Reading, notice_id: str) -> tuple[Notice, Case]:
    notice = reading.session.get(Notice, notice_id)
    is_draft = notice is not None and notice.state != "issued"
    return service.find_draft(reading, notice_id) if is_draft else service.find(reading, notice_id)


def content(reading: Reading, leaves: Leaves) -> bytes:
    """The bytes of that file."""
    key = reading.keys.case_key(leaves.case.wrapped_key, leaves.case.master_key_id)
    return b"".join(documents.content(reading.settings, key, leaves.document))


class Counter:
    """How many pages papers have. A file never changes, so it is opened once; only the numbers are remembered."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, int] = OrderedDict()

    def unopened(self, reading: Reading, notice_ids: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """By notice, the file that shows it, with its bytes where they have to be looked at."""
        found = {}
        for notice_id in notice_ids:
            try:
                leaves = find(reading, notice_id)
                known = leaves.document.id in self._known
                found[notice_id] = leaves.document.id, b"" if known else content(reading, leaves)
            except EngineError:  # not there yet, or not theirs to see: no pictures of it
                continue
        return found

    def counts(self, files: dict[str, tuple[str, bytes]]) -> dict[str, int]:
        """By notice, its pages; without those that cannot be opened now, for a page of ours stands without pictures, too."""
        return {notice_id: pages for notice_id, (file, pdf) in files.items() if (pages := self._count(file, pdf))}

    def _count(self, document_id: str, pdf: bytes) -> int:
        if document_id not in self._known:
            try:
                self._known[document_id] = render.count_pages(pdf)
            except EngineError:
                return 0
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return self._known.get(document_id, 0)


counter = Counter()


def _document_of(notice: Notice) -> str | None:
    return notice.draft_document_id if notice.state == "draft" else notice.document_id
