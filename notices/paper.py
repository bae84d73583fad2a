"""What is to be printed: one notice with its frozen facts, and the sentences with which printing is refused.

A ``Paper`` is a snapshot. It holds everything that the page shows, so that it can be typeset again years later, in a process
that knows neither the database nor a key, to the same bytes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from engine.errors import Invalid, NotFound, Unavailable

Form = Literal["letter", "file", "slip", "manuscript"]
Language = Literal["zh-CN", "en"]

FIELD_LIMIT = 10 * 1024
DOCUMENT_LIMIT = 100 * 1024


class UncoveredCharacters(Invalid):
    """The notice cannot be printed: no typeface has the characters {characters} ({where})."""

    quotes = True

    zh = "文书无法印制：字体中没有“{characters}”（{where}）。请核对，或者换用通行的写法。"


class TemplateFaulty(Invalid):
    """The notice's template is faulty: {sentence}"""

    lasts = True
    zh = "文书模板有误：{sentence}"


class FieldTooLong(Invalid):
    """{field} is too long for a notice: {size} bytes, at most {limit} are allowed."""

    lasts = True
    zh = "“{field}”过长，无法载入文书：{size} 字节，最多 {limit} 字节。"


class DocumentTooLong(Invalid):
    """The notice is too long: {size} bytes of text, at most {limit} are allowed."""

    lasts = True
    zh = "文书过长：正文 {size} 字节，最多 {limit} 字节。"


class RenderTimedOut(Unavailable):
    """The notice took longer than {seconds} seconds to typeset, and was stopped."""

    attempts = 3
    zh = "文书排版超过 {seconds} 秒，已经停止。"


class RenderBusy(Unavailable):
    """Many notices are being typeset at the moment. Please try again in a minute."""

    zh = "正在排版的文书较多，请稍后再试。"


class NoPdf(Invalid):
    """This is not a PDF that can be shown."""

    zh = "这不是可以显示的 PDF 文件。"


class PageNotFound(NotFound):
    """The paper has no page {page}."""

    zh = "文书没有第 {page} 页。"


class TooManyPages(Invalid):
    """The file has {pages} pages; at most {most} are shown."""

    zh = "文件共 {pages} 页，最多显示 {most} 页。"


class RenderFailed(Unavailable):
    """The notice could not be typeset: {reason}"""

    zh = "文书排版失败：{reason}"


@dataclass(frozen=True)
class Paper:
    """One notice, ready to be typeset.

    ``template`` is the Jinja source of the body (``body.html.j2``; its vocabulary is told in ``notices.templates``), ``facts``
    plain JSON values by name. ``form`` is 信函 ``letter``, 文件 ``file``, or ``slip``: a 提示 such as a receipt, which has
    neither number nor seal. Without a ``number`` a letter or a file is a draft: it says 〔草稿〕, and shows neither date nor
    seal; so is a slip without ``issued_on``. ``title`` may hold ``|`` where a line break is wished. ``qr`` is the text of the
    QR code. ``created`` goes into the PDF's metadata, so that the same paper always gives the same bytes. A paper that will be
    ``signed`` keeps the place
    of the seal free: the signature shows it there. ``attached`` is what a program may read: the PDF carries it as notice.json.
    ``copy_number`` 份号, ``secrecy`` 密级和保密期限 and ``urgency`` 紧急程度 stand at the upper left. A paper upward 上行文 names
    its ``signers`` 签发人; they are empty while it is a draft, and None on every other paper. ``co_issuers`` are the organs
    that issue it jointly, after ``organisation``. An English paper is a courtesy translation: it says so, and is neither signed
    nor sealed.
    """

    template: str
    form: Form
    facts: Mapping[str, Any]
    title: str
    organisation: str
    number: str | None
    issued_on: date | None
    addressee: str | None
    seal: bool
    qr: str | None
    lang: Language
    created: datetime
    signed: bool = False
    attached: Mapping[str, Any] | None = None
    copy_number: str | None = None
    secrecy: str | None = None
    urgency: str | None = None
    signers: tuple[str, ...] | None = None
    co_issuers: tuple[str, ...] = ()

    @property
    def draft(self) -> bool:
        """True while a numbered paper has no number yet, or a slip no day."""
        return (self.issued_on if self.form == "slip" else self.number) is None

    @property
    def sealed(self) -> bool:
        """Whether the page shows the seal."""
        wanted = self.seal and self.form != "slip" and self.lang == "zh-CN"
        return wanted and self.number is not None and self.issued_on is not None

    @property
    def organs(self) -> tuple[str, ...]:
        """Who issues it: one organ, or several jointly."""
        return (self.organisation, *self.co_issuers)

    def to_json(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "form": self.form,
            "facts": dict(self.facts),
            "title": self.title,
            "organisation": self.organisation,
            "number": self.number,
            "issued_on": self.issued_on.isoformat() if self.issued_on else None,
            "addressee": self.addressee,
            "seal": self.seal,
            "qr": self.qr,
            "lang": self.lang,
            "created": self.created.isoformat(),
            "signed": self.signed,
            "attached": dict(self.attached) if self.attached is not None else None,
            "copy_number": self.copy_number,
            "secrecy": self.secrecy,
            "urgency": self.urgency,
            "signers": list(self.signers) if self.signers is not None else None,
            "co_issuers": list(self.co_issuers),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Paper":
        day = document["issued_on"]
        return cls(
            **{
                **document,
                "issued_on": date.fromisoformat(day) if day else None,
                "created": datetime.fromisoformat(document["created"]),
                "signers": tuple(document["signers"]) if document.get("signers") is not None else None,
                "co_issuers": tuple(document.get("co_issuers", ())),
            }
        )


@dataclass(frozen=True)
class Place:
    """Where something stands: the page, counted from 0, and its edges in points from the lower left corner of the sheet."""

    page: int
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Printed:
    """A typeset paper: its bytes, and the place that was kept free for the seal of a paper that will be signed."""

    content: bytes
    seal: Place | None = None


def spelled(paper: Paper, codes: Iterable[int]) -> Paper:
    """The paper with some characters told by their number, 〔U+1F4A9〕: what was issued is printed, whatever it holds."""
    table = {code: f"〔U+{code:04X}〕" for code in codes}

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return value.translate(table)
        if isinstance(value, Mapping):
            return {name: told(inner) for name, inner in value.items()}
        return [told(inner) for inner in value] if isinstance(value, list | tuple) else value

    return replace(paper, facts=told(paper.facts), addressee=told(paper.addressee))


def check_size(paper: Paper) -> None:
    """Refuse what would take minutes to typeset: a field over 10 KB, or texts over 100 KB together."""
    total = size_of(paper.template)
    if total > DOCUMENT_LIMIT:
        raise DocumentTooLong(size=total, limit=DOCUMENT_LIMIT)
    total = 0
    for field, text in _texts(paper):
        size = size_of(text)
        total += size
        if size > FIELD_LIMIT:
            raise FieldTooLong(field=field, size=size, limit=FIELD_LIMIT)
    if total > DOCUMENT_LIMIT:
        raise DocumentTooLong(size=total, limit=DOCUMENT_LIMIT)


def size_of(text: str) -> int:
    """Length in bytes of UTF-8; half a character pair, which a browser cannot send but JSON can, counts as well."""
    return len(text.encode("utf-8", "surrogatepass"))


def _texts(paper: Paper) -> Iterator[tuple[str, str]]:
    for name in ("title", "organisation", "number", "addressee", "qr", "copy_number", "secrecy", "urgency"):
        yield name, getattr(paper, name) or ""
    yield from (("signers", name) for name in paper.signers or ())
    yield from (("co_issuers", name) for name in paper.co_issuers)
    yield from _leaves("", paper.facts)
    yield from _leaves("attached", paper.attached)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every name and text in nested facts, with its path; walked without recursion, however deep they are."""
    waiting: list[tuple[str, Any]] = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                name = f"{path}.{key}" if path else str(key)
                yield name[:80], str(key)
                waiting.append((name[:80], inner))
        elif isinstance(value, list | tuple):
            waiting += [(path, inner) for inner in value]
        else:
            yield path, json.dumps(value)
