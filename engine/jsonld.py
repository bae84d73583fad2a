"""JSON-LD as others write it, read into nodes: prefixes and terms of a context, @graph, single values or lists, language maps.

A subset of JSON-LD 1.1 that covers what catalogues hold. A context on the net is never fetched: in its place stand the usual
prefixes and the usual words of DCAT, as they do where a file has no context at all.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

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
_WORDS: Mapping[str, str] = {
    word: f"{prefix}:{word}"
    for prefix, words in {
        "dcat": "Catalog Dataset Distribution dataset distribution keyword theme accessURL downloadURL mediaType landingPage "
        "contactPoint startDate endDate",
        "dct": "title description identifier publisher accrualPeriodicity modified issued temporal format",
        "foaf": "name Agent",
    }.items()
    for word in words.split()
}
MOST_TERMS, MOST_CONTEXTS, DEEPEST, MOST_NODES = 1_000, 100, 40, 50_000
MOST_SAID = 20  # values of one property that are looked at: many things may lead to one of which endlessly much is said
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*|@none")


class Unreadable(ValueError):
    """It is no JSON-LD, or nested or named beyond what catalogues need."""


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
    contexts: int = 0

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
    try:
        told = json.loads(content.decode("utf-8-sig"))
        if b"\\u" in content:
            json.dumps(told, ensure_ascii=False).encode()  # half a character is none
    except (ValueError, RecursionError):
        raise Unreadable() from None
    if not isinstance(told, dict | list):
        raise Unreadable()
    reader = _Reader()
    for _ in reader.values(told, _Context(), None, 0):
        pass
    return reader.graph


@dataclass
class _Context:
    """What the words of a file mean at one place of it."""

    terms: dict[str, dict[str, Any]] = field(default_factory=dict)
    vocabulary: str = ""
    language: str = ""
    usual: bool = True  # the usual words hold: no context of the file says what words mean

    def with_said(self, said: Any, graph: Graph) -> "_Context":
        """The context after another one was read."""
        now = _Context(dict(self.terms), self.vocabulary, self.language, self.usual)
        for part in said if isinstance(said, list) else [said]:
            if isinstance(part, str):
                graph.asks_elsewhere = True
            elif part is None:
                now = _Context()
            elif isinstance(part, dict):
                now.usual = now.usual and graph.asks_elsewhere
                now._take(part)
        graph.contexts += 1
        if len(now.terms) > MOST_TERMS or graph.contexts > MOST_CONTEXTS:
            raise Unreadable()
        return now

    def _take(self, part: Mapping[str, Any]) -> None:
        if isinstance(part.get("@vocab"), str):
            self.vocabulary = self.name(part["@vocab"])
        if isinstance(part.get("@language"), str):
            self.language = part["@language"]
        for term, said in part.items():
            if not term.startswith("@") and isinstance(said, str | dict):
                self.terms[term] = {"@id": said} if isinstance(said, str) else said

    def name(self, word: str, depth: int = 0) -> str:
        """The full name of a word; a keyword stays as it is."""
        if word.startswith("@") or depth > 4:
            return word
        defined = self.terms.get(word, {}).get("@id")
        if isinstance(defined, str) and defined != word:
            return self.name(defined, depth + 1)
        prefix, colon, rest = word.partition(":")
        if colon and not rest.startswith("//"):
            if prefix in self.terms and isinstance(self.terms[prefix].get("@id"), str):
                return self.name(self.terms[prefix]["@id"], depth + 1) + rest
            return PREFIXES.get(prefix, f"{prefix}:") + rest
        if colon:
            return word
        if self.vocabulary:
            return self.vocabulary + word
        return full(_WORDS[word]) if self.usual and word in _WORDS else word


class _Reader:
    """Walks through a file once and gathers its nodes."""

    def __init__(self) -> None:
        self.graph = Graph()

    def values(self, told: Any, context: _Context, term: str | None, depth: int) -> Iterator[Text | str]:
        """What stands at one place, as texts and ids of nodes; the nodes are kept."""
        if depth > DEEPEST:
            raise Unreadable()
        if isinstance(told, list):
            for part in told:
                yield from self.values(part, context, term, depth + 1)
        elif isinstance(told, dict):
            yield from self.thing(told, context, term, depth)
        elif isinstance(told, str | int | float):
            yield self.scalar(told, context, term)

    @staticmethod
    def scalar(told: str | float, context: _Context, term: str | None) -> Text | str:
        text = told if isinstance(told, str) else json.dumps(told)
        kind = context.terms.get(term or "", {})
        if kind.get("@type") in ("@id", "@vocab"):
            return context.name(text)
        language = kind.get("@language", context.language)
        return Text(text, language if isinstance(language, str) else "")

    def thing(self, told: Mapping[str, Any], context: _Context, term: str | None, depth: int) -> Iterator[Text | str]:
        if "@context" in told:
            context = context.with_said(told["@context"], self.graph)
        keys = {context.name(key): key for key in told}
        if "@value" in keys:
            value, language = told[keys["@value"]], told.get(keys.get("@language", ""), "")
            if isinstance(value, str | int | float):
                text = value if isinstance(value, str) else json.dumps(value)
                yield Text(text, language if isinstance(language, str) else "")
        elif "@list" in keys or "@set" in keys:
            yield from self.values(told[keys.get("@list") or keys["@set"]], context, term, depth + 1)
        elif term is not None and self.is_language_map(told, context, term):
            for language, texts in told.items():
                for text in texts if isinstance(texts, list) else [texts]:
                    if isinstance(text, str):
                        yield Text(text, language.removeprefix("@none"))
        else:
            yield self.node(told, keys, context, depth)

    @staticmethod
    def is_language_map(told: Mapping[str, Any], context: _Context, term: str) -> bool:
        container = context.terms.get(term, {}).get("@container")
        said = container == "@language" or (isinstance(container, list) and "@language" in container)
        plain = all(isinstance(text, str | list) for text in told.values())
        return said or (bool(told) and plain and all(_LANGUAGE.fullmatch(key) for key in told) and "id" not in told)

    def node(self, told: Mapping[str, Any], keys: Mapping[str, str], context: _Context, depth: int) -> str:
        called = told.get(keys.get("@id", ""))
        ident = context.name(called) if isinstance(called, str) and called else f"_:{len(self.graph.nodes)}~"
        node = self.graph.nodes.setdefault(ident, Node(ident))
        if len(self.graph.nodes) > MOST_NODES:
            raise Unreadable()
        kinds = told.get(keys.get("@type", ""), [])
        node.types += [context.name(k) for k in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(k, str)]
        for name, key in keys.items():
            if name in ("@graph", "@included"):
                for _ in self.values(told[key], context, None, depth + 1):
                    pass
            elif not name.startswith("@"):
                node.said.setdefault(name, []).extend(self.values(told[key], context, key, depth + 1))
        return ident
