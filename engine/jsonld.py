"""JSON-LD as others write it, read into nodes.

PyLD understands it; here is what it may ask for. A context on the net is never fetched: in its place stand the usual prefixes and
the usual words of DCAT, as they do where a file has no context at all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyld import jsonld

PREFIXES: Mapping[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "schema": "http://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "duban": "urn:duban:catalogue#",
}
_WORDS = {
    "dcat": "Catalog Dataset Distribution dataset distribution keyword theme startDate endDate",
    "dct": "title description identifier publisher modified issued temporal",
    "foaf": "name Agent",
}
_ADDRESSES = {
    "dcat": "accessURL downloadURL mediaType landingPage contactPoint",
    "dct": "accrualPeriodicity format",
}  # words whose values are addresses
USUAL: Mapping[str, Any] = {
    **PREFIXES,
    **{word: f"{prefix}:{word}" for prefix, words in _WORDS.items() for word in words.split()},
    **{
        word: {"@id": f"{prefix}:{word}", "@type": "@id"}
        for prefix, words in _ADDRESSES.items()
        for word in words.split()
    },
}
MOST_TERMS, MOST_CONTEXTS, MOST_NODES = 1_000, 100, 50_000
MOST_SAID = 20  # values of one property that are looked at: many things may lead to one of which endlessly much is said


class Unreadable(ValueError):
    """It is no JSON-LD, or names more than catalogues need."""


@dataclass(frozen=True)
class Text:
    """A text, with its language where that is said."""

    value: str
    language: str = ""


@dataclass
class Node:
    """A thing with what is said of it, by full name of the property; a value is a text or the id of another node."""

    id: str
    types: list[str] = field(default_factory=list)
    said: dict[str, list["Text | str"]] = field(default_factory=dict)


@dataclass
class Graph:
    """All nodes of a file in the order in which they stand there."""

    nodes: dict[str, Node] = field(default_factory=dict)
    asks_elsewhere: bool = False  # it names a context on the net, which was not fetched

    def of_type(self, name: str) -> list[Node]:
        return [node for node in self.nodes.values() if full(name) in node.types]

    def texts(self, node: Node, name: str) -> list[Text]:
        """What a property says as texts; an address is a text too."""
        return [v if isinstance(v, Text) else Text(v) for v in node.said.get(full(name), [])[:MOST_SAID]]

    def things(self, node: Node, name: str) -> list[Node]:
        """The nodes to which a property leads."""
        said = node.said.get(full(name), [])[:MOST_SAID]
        return [self.nodes[v] for v in said if isinstance(v, str) and v in self.nodes]


def full(name: str) -> str:
    """A name with one of the usual prefixes, in full."""
    prefix, _, rest = name.partition(":")
    return PREFIXES[prefix] + rest


def read(content: bytes) -> Graph:
    """The nodes of a file; raises Unreadable."""
    graph = Graph()

    def usual(address: str, _options: Any) -> dict[str, Any]:
        graph.asks_elsewhere = True
        return {"contextUrl": None, "documentUrl": address, "document": {"@context": dict(USUAL)}}

    # no base: a relative address is nowhere, and PyLD would make one up
    options = {"documentLoader": usual, "expandContext": dict(USUAL), "base": None}
    try:
        told = json.loads(content.decode("utf-8-sig"))
        json.dumps(told, ensure_ascii=False).encode()  # half a character is none
        _require_few_contexts(told)
        expanded = jsonld.expand(told, options)
    except (ValueError, RecursionError, jsonld.JsonLdError):
        raise Unreadable() from None
    _gather(graph, expanded)
    return graph


def _require_few_contexts(told: Any) -> None:
    """Each context is worked through anew wherever it stands, so their number bounds the time."""
    waiting, contexts = [told], 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            contexts += "@context" in part
            said = part.get("@context")
            terms = sum(len(each) for each in (said if isinstance(said, list) else [said]) if isinstance(each, dict))
            if contexts > MOST_CONTEXTS or terms > MOST_TERMS:
                raise Unreadable()
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _gather(graph: Graph, things: Iterable[Mapping[str, Any]]) -> None:
    for thing in things:
        list(_values(graph, thing))


def _values(graph: Graph, told: Mapping[str, Any]) -> Iterator[Text | str]:
    """What stands at one place, as texts and ids of nodes; the nodes are kept."""
    if "@value" in told:
        value = told["@value"]
        yield Text(value if isinstance(value, str) else json.dumps(value), told.get("@language", ""))
    elif "@list" in told:
        for part in told["@list"]:
            yield from _values(graph, part)
    else:
        yield _node(graph, told)


def _node(graph: Graph, told: Mapping[str, Any]) -> str:
    ident = told.get("@id") or f"_:{len(graph.nodes)}~"
    node = graph.nodes.setdefault(ident, Node(ident))
    if len(graph.nodes) > MOST_NODES:
        raise Unreadable()
    node.types += told.get("@type", [])
    for name, values in told.items():
        if name in ("@graph", "@included"):
            _gather(graph, values)
        elif not name.startswith("@"):
            said = node.said.setdefault(name, [])
            for value in values:
                said.extend(_values(graph, value))
    return ident
