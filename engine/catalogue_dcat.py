"""The open catalogue as DCAT-AP in JSON-LD, so that other portals (CKAN) can harvest it; and the same read back in.

What DCAT has no word for stands under ``duban:``, so that nothing is lost on the way. Sources: DCAT-AP 3.0; the authority tables
*frequency*, *file-type* and *data-theme* of the EU; IANA media types.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from engine import catalogue_csv, domains, item_form, items
from engine.catalogue_csv import MOST_LINES, Line
from engine.csv_tables import LARGEST, MOST_FAULTS, Fault, FileFaulty
from engine.settings import Settings

AUTHORITY = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
MEDIA_TYPE = "application/ld+json"
PAGE = 100
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "duban": "urn:duban:catalogue#",
}
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
    settings: Settings, rows: Iterable[items.Row], *, total: int, here: str, following: str | None, publisher: str
) -> dict[str, Any]:
    """A page of the catalogue; ``following`` is the address of the next one, ``publisher`` the bureau."""
    listed = [dataset(settings, *row) for row in rows]
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
        "dcat:dataset": [{"@id": found["@id"]} for found in listed],
    }
    page: dict[str, Any] = {"@id": here, "@type": "hydra:PagedCollection", "hydra:totalItems": total}
    if following:
        page |= {"hydra:next": {"@id": following}, "hydra:nextPage": {"@id": following}}
    return {"@context": CONTEXT, "@graph": [whole, page, *listed]}


def document(settings: Settings, row: items.Row) -> dict[str, Any]:
    """One dataset alone."""
    return {"@context": CONTEXT, **dataset(settings, *row)}


def dataset(settings: Settings, item: Any, said: Any, owner: Any) -> dict[str, Any]:
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
    contact = said.contact or owner.phone
    told["dcat:contactPoint"] = {"@type": "vcard:Organization", "vcard:fn": owner.name, "vcard:hasTelephone": contact}
    if said.opening == "open" and said.url:
        told["dcat:distribution"] = [_distribution(here, said)]
    elif said.url:
        told["duban:url"] = said.url
    answers = item_form.answers(said)
    return told | {f"duban:{name}": answers[name] for name in OWN if name in answers}


def _distribution(here: str, said: Any) -> dict[str, Any]:
    file_type, media_type = FORMATS.get(said.format, ("OCTET", "application/octet-stream"))
    where = {"dcat:accessURL": {"@id": said.url}}
    if said.format != "api":
        where["dcat:downloadURL"] = {"@id": said.url}
    return {
        "@id": f"{here}#data",
        "@type": "dcat:Distribution",
        "dct:title": _said(said.name, said.name_en),
        "dct:format": {"@id": f"{AUTHORITY}file-type/{file_type}"},
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
    is_json = content.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{")
    return read(settings, content) if is_json else catalogue_csv.read(settings, content)


def read(settings: Settings, content: bytes) -> list[Line]:
    """The datasets of a file that was written here, as lines of an import; raises FileFaulty."""
    if len(content) > LARGEST:
        raise FileFaulty([Fault(1, "文件超过2MB", "the file is larger than 2 MB")])
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise FileFaulty([Fault(1, "不是有效的JSON-LD", "is no JSON-LD")]) from None
    graph = told.get("@graph", [told]) if isinstance(told, dict) else []
    nodes = graph if isinstance(graph, list) else []
    found = [node for node in nodes if isinstance(node, dict) and node.get("@type") == "dcat:Dataset"]
    if not found or len(found) > MOST_LINES:
        raise FileFaulty([Fault(1, "文件中没有数据集，或者太多", "has no dataset, or too many")])
    lines = [_line(number, node) for number, node in enumerate(found, start=1)]
    faults = [
        Fault(line.number, f"{line.code}：{problem.zh}", f"{line.code}: {problem.en}")
        for line in lines
        for problem in item_form.problems(settings, line.values)
    ]
    faults += catalogue_csv.unclear(lines)
    if faults:
        raise FileFaulty(faults[:MOST_FAULTS])
    return lines


def _line(number: int, node: Mapping[str, Any]) -> Line:
    values = {name: node[f"duban:{name}"] for name in OWN if isinstance(node.get(f"duban:{name}"), str)}
    values |= {"name": _text(node, "dct:title", "zh"), "name_en": _text(node, "dct:title", "en")}
    values["description"] = _text(node, "dct:description", "zh")
    since = _inside(node, "dct:temporal", "dcat:startDate", "@value")
    links = node.get("dcat:distribution")
    url = _inside(links[0] if isinstance(links, list) and links else {}, "dcat:accessURL", "@id") or _inside(
        node, "duban:url"
    )
    values |= {"data_since": since, "url": url}
    owner = _inside(node, "dct:publisher", "dct:identifier")
    code = node.get("dct:identifier")
    given = {name: value for name, value in values.items() if value}
    return Line(number, code if isinstance(code, str) else None, given, owner=owner or None)


def _text(node: Mapping[str, Any], name: str, language: str) -> str:
    texts = node.get(name)
    found = [t for t in texts if isinstance(t, dict)] if isinstance(texts, list) else []
    return next((str(t.get("@value", "")) for t in found if t.get("@language") == language), "")


def _inside(node: Any, *path: str) -> str:
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, str) else ""
