"""Reading XML that strangers wrote: no document types, no entities, no network; limits on size, depth and number."""

import re
from collections.abc import Iterator

from lxml import etree

from engine.runtime.errors import Fault

LARGEST_FILE = 2 * 1024 * 1024
DEEPEST_FILE = 200
MOST_ELEMENTS = 50_000
MOST_IN_ONE_TAG = 64 * 1024  # characters between two angle brackets' starts: attributes and text of one element
ENCODINGS = frozenset(  # those in which an angle bracket is an angle bracket, so that bytes can be counted
    {
        *("utf-8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "gb2312", "gbk", "gb18030", "big5"),
        *("iso-8859-1", "iso-8859-15", "windows-1252"),
    }
)

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
DMN_NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    }
)


class Refused(Exception):
    """A file or an element that cannot be used; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read_xml(file: str, source: bytes) -> etree._Element:
    """The root of an XML file; raises Refused with one fault."""
    _check_bytes(file, source)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        reason = " ".join(str(getattr(error, "msg", None) or error).split())[:200]
        raise Refused(
            Fault(file, "", f"is not well-formed XML{f' at line {line}' if line else ''}: {reason}")
        ) from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise Refused(Fault(file, "", "contains a document type (DOCTYPE), which is refused"))
    _check_depth(file, root)
    return root


def _check_bytes(file: str, source: bytes) -> None:
    """What can be refused before a parser sees it."""
    if not source.strip():
        raise Refused(Fault(file, "", "is empty"))
    if len(source) > LARGEST_FILE:
        raise Refused(Fault(file, "", f"is larger than {LARGEST_FILE // 1024 // 1024} MB"))
    plain = source.replace(b"\0", b"")  # UTF-16 and UTF-32 of ASCII characters
    if not plain.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n").startswith(b"<"):
        raise Refused(Fault(file, "", "is not XML: it does not begin with “<”"))
    declared = re.match(rb"[^<]{0,8}<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"'>]{0,60})", plain)
    if declared and declared[1].decode("ascii", "replace").lower() not in ENCODINGS:
        raise Refused(Fault(file, "", "is in an encoding that is not supported: use UTF-8"))
    if re.search(rb"<!\s*DOCTYPE", plain, re.IGNORECASE):
        raise Refused(Fault(file, "", "contains a document type (DOCTYPE), which is refused"))
    if plain.count(b"<") > 2 * MOST_ELEMENTS:
        raise Refused(Fault(file, "", f"has more than {MOST_ELEMENTS} elements"))
    if max(map(len, plain.split(b"<"))) > MOST_IN_ONE_TAG:
        raise Refused(
            Fault(file, "", f"has an element with more than {MOST_IN_ONE_TAG // 1024} KB of attributes or text")
        )


def _check_depth(file: str, root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST_FILE:
            raise Refused(Fault(file, "", f"is nested deeper than {DEEPEST_FILE} elements"))


def children(node: etree._Element, namespace: str = BPMN) -> Iterator[tuple[str, etree._Element]]:
    """The direct children in a namespace, each with its tag."""
    prefix = f"{{{namespace}}}"
    for child in node:
        if isinstance(child.tag, str) and child.tag.startswith(prefix):
            yield child.tag[len(prefix) :], child


def child(node: etree._Element, tag: str, namespace: str = BPMN) -> etree._Element | None:
    return node.find(f"{{{namespace}}}{tag}")


def text_of(node: etree._Element | None) -> str | None:
    """All text within an element, without the blanks around it; None when there is no element or no text."""
    if node is None:
        return None
    return "".join(node.itertext()).strip() or None  # type: ignore[arg-type]


def flag(node: etree._Element, name: str, default: bool) -> bool:
    """A truth value of an attribute, as XML Schema writes it."""
    value = node.get(name)
    return default if value is None else value.strip() in ("true", "1")
