"""The open catalogue as DCAT-AP in JSON-LD, so that other portals (CKAN) can harvest it; and the same read back in.

What DCAT has no word for stands under ``duban:``, so that nothing is lost on the way. Sources: DCAT-AP 3.0; the authority tables
*frequency*, *file-type* and *data-theme* of the EU; IANA media types.
"""

import re
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from engine import catalogue_csv, csv_tables, domains, item_form, items, jsonld
from engine.catalogue_csv import MOST_LINES, Line
from engine.csv_tables import MOST_FAULTS, Fault, FileFaulty
from engine.jsonld import PREFIXES, Graph, Node
from engine.settings import Settings

AUTHORITY = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
MEDIA_TYPE = "application/ld+json"
PAGE = 100
LARGEST = 4 * 1024 * 1024  # as many items as a table may have take twice its room
CONTEXT = {name: PREFIXES[name] for name in ("dcat", "dct", "foaf", "vcard", "skos", "rdfs", "xsd", "hydra", "duban")}
FREQUENCIES = {
    "realtime": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "yearly": "ANNUAL",
    "once": "NEVER",
}
FORMATS = {  # our format → (EU file type, IANA media type)
    "csv": ("CSV", "text/csv"),
    "json": ("JSON", "application/json"),
    "xml": ("XML", "application/xml"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "rdf": ("RDF_XML", "application/rdf+xml"),
    "geojson": ("GEOJSON", "application/geo+json"),
    "api": ("JSON", "application/json"),
    "pdf": ("PDF", "application/pdf"),
    "docx": ("DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "jpg": ("JPEG", "image/jpeg"),
}
PLACE = {"@type": "dct:Location", "skos:prefLabel": [{"@value": "贵阳市", "@language": "zh"}]}
LANGUAGE = {"@id": f"{AUTHORITY}language/ZHO"}
_FREQUENCY_OF = {word: ours for ours, word in FREQUENCIES.items()} | {
    "CONT": "realtime",
    "CONTINUOUS": "realtime",
    "ANNUALLY": "yearly",
    "YEARLY": "yearly",
    "P1D": "daily",
    "P1W": "weekly",
    "P1M": "monthly",
    "P3M": "quarterly",
    "P1Y": "yearly",  # R/P1D, of data.json
}
_FORMAT_OF = {word.lower(): ours for ours, words in FORMATS.items() if ours != "api" for word in (ours, *words)}
_OUR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,75}-[0-9]{4,}")
_TELEPHONE, _MAIL = re.compile(r"\b0([0-9]{2,3}-[0-9]{7,8})\b"), re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
OWN = (
    "sharing",
    "conditions",
    "opening",
    "exemption",
    "format",
    "classification",
    "domain",
    "fields",
    "update_frequency",
    "contact",
)


# ---------------------------------------------------------------- out


def catalogue(
    settings: Settings,
    rows: Iterable[items.Row],
    *,
    total: int,
    here: str,
    following: str | None,
    publisher: str,
    public: bool = False,
) -> dict[str, Any]:
    """A page of the catalogue; ``following`` is the address of the next one, ``publisher`` the bureau.

    ``public`` says that the items are as the public is told of them.
    """
    listed = [dataset(settings, *row, public=public) for row in rows]
    base = settings.base_url.rstrip("/")
    whole = {
        "@id": f"{base}/catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _said("贵阳市政府数据开放目录", "Open catalogue of Guiyang government data"),
        "dct:description": _said("贵阳市行政机关开放和待开放的政府数据。", "Data that the organs of Guiyang open."),
        "dct:publisher": {
            "@id": f"{base}/#publisher",
            "@type": "foaf:Agent",
            "foaf:name": _said(publisher, ""),
        },
        "dct:language": LANGUAGE,
        "dct:spatial": PLACE,
        "foaf:homepage": {"@id": f"{base}/catalogue"},
        "dcat:dataset": [{"@id": found["@id"]} for found in listed],
    }
    page: dict[str, Any] = {"@id": here, "@type": "hydra:PagedCollection", "hydra:totalItems": total}
    if following:
        page |= {"hydra:next": {"@id": following}, "hydra:nextPage": {"@id": following}}
    return {"@context": CONTEXT, "@graph": [whole, page, *listed]}


def document(settings: Settings, row: items.Row, *, public: bool = False) -> dict[str, Any]:
    """One dataset alone."""
    return {"@context": CONTEXT, **dataset(settings, *row, public=public)}


def dataset(settings: Settings, item: Any, said: Any, owner: Any, *, public: bool = False) -> dict[str, Any]:
    """An item as a dataset."""
    base = settings.base_url.rstrip("/")
    here = f"{base}/catalogue/{item.code}"
    told: dict[str, Any] = {
        "@id": here,
        "@type": "dcat:Dataset",
        "dct:identifier": item.code,
        "dct:title": _said(said.name, said.name_en),
        "dct:description": _said(said.description or said.name, ""),
        "dct:publisher": {
            "@id": f"{base}/#{owner.code}",
            "@type": "foaf:Agent",
            "foaf:name": _said(owner.name, owner.name_en),
            "dct:identifier": owner.code,
        },
        "dcat:landingPage": {"@id": here},
        "dct:language": LANGUAGE,
        "dct:spatial": PLACE,
        "dct:accessRights": {"@id": f"{AUTHORITY}access-right/{'PUBLIC' if said.opening == 'open' else 'NON_PUBLIC'}"},
        "dcat:contactPoint": _contact(said, owner),
        "dct:modified": _moment(max(filter(None, (item.updated_at, said.settled_at or said.drafted_at)))),
    }
    if said.published_at:
        told["dct:issued"] = _moment(said.published_at)
    if said.update_frequency in FREQUENCIES:
        told["dct:accrualPeriodicity"] = {"@id": f"{AUTHORITY}frequency/{FREQUENCIES[said.update_frequency]}"}
    domain = domains.of(settings).by_key.get(said.domain)
    if domain is not None:
        told["dcat:keyword"] = _said(domain.title, domain.title_en)
        told["dcat:theme"] = {"@id": f"{AUTHORITY}data-theme/{domain.theme}"}
    if said.data_since:
        start = {"@value": said.data_since.isoformat(), "@type": "xsd:date"}
        told["dct:temporal"] = {"@type": "dct:PeriodOfTime", "dcat:startDate": start}
    if said.opening == "open" and said.url:
        told["dcat:distribution"] = [_distribution(here, said)]
    elif said.url:
        told["duban:url"] = said.url
    if public and said.opening != "open":
        told["duban:withheld"] = list(items.WITHHELD)  # brought in again, the file leaves them as they are
    answers = item_form.answers(said)
    return told | {f"duban:{name}": answers[name] for name in OWN if name in answers}


def _contact(said: Any, owner: Any) -> dict[str, Any]:
    """Whom to ask: numbers and addresses as programs dial and write to them, and the words as they are."""
    text = said.contact or owner.phone
    told: dict[str, Any] = {"@type": "vcard:Organization", "vcard:fn": owner.name}
    if number := _TELEPHONE.search(text):
        told["vcard:hasTelephone"] = {"@type": "vcard:Voice", "vcard:hasValue": {"@id": f"tel:+86-{number[1]}"}}
    if mail := _MAIL.search(text):
        told["vcard:hasEmail"] = {"@id": f"mailto:{mail[0]}"}
    return told | ({"vcard:note": text} if text else {})


def _distribution(here: str, said: Any) -> dict[str, Any]:
    file_type, media_type = FORMATS.get(said.format, ("OCTET", "application/octet-stream"))
    where = {"dcat:accessURL": {"@id": said.url}}
    if said.format != "api":
        where["dcat:downloadURL"] = {"@id": said.url}
    return {
        "@id": f"{here}#data",
        "@type": "dcat:Distribution",
        "dct:title": _said(said.name, said.name_en),
        # CKAN shows the label of an IMT as the format of a file, and previews by it; without it shows the address
        "dct:format": {"@id": f"{AUTHORITY}file-type/{file_type}", "@type": "dct:IMT", "rdfs:label": file_type},
        "dcat:mediaType": {"@id": f"{IANA}{media_type}"},
        **where,
    }


def _said(zh: str, en: str) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for text, language in ((zh, "zh"), (en, "en")) if text]


def _moment(at: Any) -> dict[str, str]:
    return {"@value": at.astimezone(UTC).isoformat(timespec="seconds"), "@type": "xsd:dateTime"}


# ---------------------------------------------------------------- in


def read_either(settings: Settings, content: bytes) -> list[Line]:
    """The lines of a file that is JSON-LD or CSV, whatever it is called; raises FileFaulty."""
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    return read(settings, content) if is_json else catalogue_csv.read(settings, content)


def read(settings: Settings, content: bytes) -> list[Line]:
    """The datasets of a file, whoever wrote it, as lines of an import; raises FileFaulty."""
    if len(content) > LARGEST:
        raise FileFaulty(
            [Fault(1, "文件超过4MB，请分成几个文件", "the file is larger than 4 MB: bring it in by parts")]
        )
    try:
        graph = jsonld.read(content)
    except jsonld.Unreadable:
        raise FileFaulty([Fault(1, "不是有效的JSON-LD", "is no JSON-LD")]) from None
    found = graph.of_type("dcat:Dataset")
    if not found or len(found) > MOST_LINES:
        raise FileFaulty([_none(graph)] if not found else [Fault(1, _TOO_MANY[0], _TOO_MANY[1])])
    lines = [_line(settings, graph, number, node) for number, node in enumerate(found, start=1)]
    faults = [fault for line, node in zip(lines, found, strict=True) for fault in _faults(settings, graph, line, node)]
    faults += catalogue_csv.unclear(lines)
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])
    return lines


_TOO_MANY = f"数据集超过 {MOST_LINES} 个，请分成几个文件", f"has more than {MOST_LINES} datasets: bring it in by parts"


def _none(graph: Graph) -> Fault:
    if graph.asks_elsewhere:
        return Fault(
            1,
            "文件中没有认得出的数据集：它引用了网上的@context，系统不会去读取，请把@context写进文件",
            "has no dataset that can be told: its @context is on the net and not fetched, write it into the file",
        )
    return Fault(1, "文件中没有数据集", "has no dataset")


def _faults(settings: Settings, graph: Graph, line: Line, node: Node) -> list[Fault]:
    named = "—" if node.id.startswith("_:") else node.id
    called = line.code or str(line.values.get("name") or named)[:60]
    said = [
        (problem.zh, problem.en)
        for problem in item_form.problems(settings, line.values)
        if problem.field not in line.kept
    ]
    for name in ("dct:title", "dct:description", *(f"duban:{own}" for own in OWN)):
        languages = [text.language for text in set(graph.texts(node, name))]
        if len(languages) > len(set(languages)):
            said.append((f"{name}说了不止一次，而且不一样", f"{name} is said more than once, and differently"))
    number = len(_addresses(graph, node))
    if number > 1:
        zh = f"有 {number} 个获取地址（dcat:distribution），目录项只有一个，请只保留一个"
        said.append((zh, f"has {number} distributions, where an item has one: keep one"))
    return [Fault(line.number, f"{called}：{zh}", f"{called}: {en}") for zh, en in said]


def _line(settings: Settings, graph: Graph, number: int, node: Node) -> Line:
    """A dataset as a line: what we say of items where it stands there, else what the words of DCAT say of it."""
    values = {name: _text(graph, node, f"duban:{name}") for name in OWN}
    values = _told_by_dcat(settings, graph, node) | {name: value for name, value in values.items() if value}
    name_zh, name_en = (_text(graph, node, "dct:title", language) for language in ("zh", "en"))
    values |= {"name": name_zh or name_en, "name_en": name_en if name_zh else ""}
    values["description"] = _text(graph, node, "dct:description", "zh") or _text(graph, node, "dct:description", "en")
    values["data_since"] = _since(graph, node)
    values["url"] = next(iter(_addresses(graph, node)), "") or _text(graph, node, "duban:url")
    kept = frozenset(text.value for text in graph.texts(node, "duban:withheld")) & frozenset(items.WITHHELD)
    given = {name: value for name, value in values.items() if value and name not in kept}
    code = _text(graph, node, "dct:identifier")
    ours = bool(_OUR_CODE.fullmatch(code)) or any(_text(graph, node, f"duban:{name}") for name in OWN)
    return Line(number, code if code and ours else None, given, owner=_owner(graph, node) or None, kept=kept)


def _told_by_dcat(settings: Settings, graph: Graph, node: Node) -> dict[str, str]:
    """What the common words of portals say, in ours; what they say otherwise is not guessed."""
    frequency = _last(_text(graph, node, "dct:accrualPeriodicity")).upper()
    return {
        "update_frequency": _FREQUENCY_OF.get(frequency, ""),
        "domain": _domain(settings, graph, node),
        "format": _format(graph, node),
    }


def _format(graph: Graph, node: Node) -> str:
    """The first format that a distribution names in a word that we know: a media type, or the last word of an address."""
    for copy in graph.things(node, "dcat:distribution"):
        for name in ("dct:format", "dcat:mediaType"):
            said = _text(graph, copy, name)
            for word in (said.rpartition("media-types/")[2], _last(said)):
                if known := _FORMAT_OF.get(word.lower()):
                    return known
    return ""


def _domain(settings: Settings, graph: Graph, node: Node) -> str:
    """The domain that a keyword names, or the only one of a theme."""
    known = domains.of(settings).by_key.values()
    words = {csv_tables.folded(text.value) for text in graph.texts(node, "dcat:keyword")}
    named = [d.key for d in known if {csv_tables.folded(d.title), csv_tables.folded(d.title_en)} & words]
    themes = {_last(text.value).upper() for text in graph.texts(node, "dcat:theme")}
    fitting = named or [d.key for d in known if d.theme in themes]
    return fitting[0] if len(fitting) == 1 else ""


def _addresses(graph: Graph, node: Node) -> list[str]:
    """Where the data can be had, each address once."""
    copies = graph.things(node, "dcat:distribution")
    found = [_text(graph, copy, "dcat:accessURL") or _text(graph, copy, "dcat:downloadURL") for copy in copies]
    return list(dict.fromkeys(filter(None, found)))


def _since(graph: Graph, node: Node) -> str:
    for period in graph.things(node, "dct:temporal"):
        for name in ("dcat:startDate", "schema:startDate"):
            if said := _text(graph, period, name):
                return said.partition("T")[0]
    return ""


def _owner(graph: Graph, node: Node) -> str:
    for house in graph.things(node, "dct:publisher"):
        if said := _text(graph, house, "dct:identifier") or _text(graph, house, "foaf:name", "zh"):
            return said
        if said := _text(graph, house, "foaf:name", "en"):
            return said
    return next((text.value for text in graph.texts(node, "dct:publisher") if not _is_address(text.value)), "")


def _text(graph: Graph, node: Node, name: str, language: str = "") -> str:
    """A text of a property: in a language, or in none; any, where no language is asked for."""
    found = graph.texts(node, name)
    if language:
        said = [text for text in found if text.language.lower().startswith(language)]
        found = said or ([text for text in found if not text.language] if language == "zh" else [])
    return found[0].value.strip() if found else ""


def _last(address: str) -> str:
    """The last word of an address: CSV of …/file-type/CSV."""
    return re.split(r"[/#]", address)[-1]


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://", "urn:", "_:"))
