"""What a BPMN file says, before anybody draws it: pages, pools, lanes, steps and lines.

A *page* is what one diagram shows: the collaboration with its pools, a process outside any collaboration, or the inside
of an ordinary subprocess (shown closed on the page above). A *scope* is a process or subprocess with its own steps and
lines; its event subprocesses are its *handlers*, drawn open on the same page. Notes and data objects are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

from api.diagrams.errors import (
    DanglingReference,
    DiagramTooLarge,
    DuplicateId,
    MessageWithinPool,
    NestedHandler,
    UnreadableBpmn,
)
from api.diagrams.text import tidy

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"

SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
TASKS = SUBPROCESSES | {
    "task",
    "userTask",
    "manualTask",
    "serviceTask",
    "scriptTask",
    "sendTask",
    "receiveTask",
    "businessRuleTask",
    "callActivity",
}
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"})
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
BOUNDARY = "boundaryEvent"
MOST_BYTES = 4_000_000
MOST_ELEMENTS = 20_000

Element: TypeAlias = etree._Element


@dataclass(frozen=True, slots=True)
class Node:
    """One step: a task, an event or a gateway. `host` is the task that a boundary event sits on."""

    id: str
    kind: str
    name: str
    element: Element
    host: str | None = None

    @property
    def is_task(self) -> bool:
        return self.kind in TASKS

    @property
    def is_gateway(self) -> bool:
        return self.kind in GATEWAYS

    @property
    def is_event(self) -> bool:
        return self.kind in EVENTS or self.kind == BOUNDARY


@dataclass(frozen=True, slots=True)
class Flow:
    """One line from step to step; a message flow runs between pools."""

    id: str
    name: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What one role does. A scope without lanes has a single one without an id."""

    id: str | None
    name: str
    members: frozenset[str]


@dataclass(slots=True)
class Scope:
    """A process or subprocess: its steps and lines, its lanes, its event subprocesses."""

    id: str
    name: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    handlers: list["Scope"] = field(default_factory=list)

    def seated(self) -> list[Node]:
        """The steps that need a place of their own: all but boundary events."""
        return [n for n in self.nodes.values() if n.host is None]

    def guests(self, host: str) -> list[Node]:
        """The boundary events of a task."""
        return [n for n in self.nodes.values() if n.host == host]

    def seat(self, node: str) -> str:
        """The step itself, or the task that it sits on."""
        return self.nodes[node].host or node

    def lane_of(self, node: str) -> int:
        """The lane's number; the first for a step that no lane names, the last for such an event subprocess."""
        for number, lane in enumerate(self.lanes):
            if node in lane.members:
                return number
        return 0 if node in self.nodes else len(self.lanes) - 1


@dataclass(frozen=True, slots=True)
class Pool:
    """A participant: with its process, or closed (scope is None)."""

    id: str
    name: str
    scope: Scope | None


@dataclass(slots=True)
class Page:
    """What one diagram shows. `id` names the collaboration, process or subprocess; `pools` is empty without pools."""

    id: str
    name: str
    scopes: list[Scope]
    pools: list[Pool] = field(default_factory=list)
    messages: list[Flow] = field(default_factory=list)

    def all_scopes(self) -> Iterator[Scope]:
        for scope in self.scopes:
            yield scope
            yield from scope.handlers

    def nodes(self) -> dict[str, Node]:
        return {i: node for scope in self.all_scopes() for i, node in scope.nodes.items()}

    def flows(self) -> dict[str, Flow]:
        """All lines, message flows included."""
        drawn = [flow for scope in self.all_scopes() for flow in scope.flows] + self.messages
        return {flow.id: flow for flow in drawn}

    def pool_of(self, end: str) -> str | None:
        """The pool that a message's end is, or is in."""
        for pool in self.pools:
            scopes = [pool.scope, *pool.scope.handlers] if pool.scope is not None else []
            if end == pool.id or any(end in scope.nodes for scope in scopes):
                return pool.id
        return None

    def handlers(self) -> dict[str, Scope]:
        return {handler.id: handler for scope in self.scopes for handler in scope.handlers}


def parse(bpmn: bytes) -> Element:
    """The root of a BPMN file that is safe to read: no document type, no entities, no network, of a bounded size."""
    if len(bpmn) > MOST_BYTES:
        raise DiagramTooLarge(count=len(bpmn), what="bytes", limit=MOST_BYTES)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True)
    try:
        root = etree.fromstring(bpmn, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableBpmn(reason=tidy(error.msg) or "not XML") from None
    if root.getroottree().docinfo.internalDTD is not None or b"<!DOCTYPE" in bpmn:
        raise UnreadableBpmn(reason="a document type declaration is not allowed")
    if root.tag != BPMN + "definitions":
        raise UnreadableBpmn(reason="its root is not bpmn:definitions")
    count = sum(1 for _ in root.iter())
    if count > MOST_ELEMENTS:
        raise DiagramTooLarge(count=count, what="elements", limit=MOST_ELEMENTS)
    return root


def kind_of(element: Element) -> str:
    """The BPMN name of an element; empty for comments and for other people's namespaces."""
    tag = element.tag
    return tag[len(BPMN) :] if isinstance(tag, str) and tag.startswith(BPMN) else ""


def is_handler(element: Element) -> bool:
    """Whether the element is an event subprocess."""
    return kind_of(element) in SUBPROCESSES and element.get("triggeredByEvent") == "true"


def elements_by_id(root: Element) -> dict[str, Element]:
    """Every BPMN element that has an id; an id may be used once."""
    found: dict[str, Element] = {}
    for element in root.iter(BPMN + "*"):
        identifier = element.get("id")
        if identifier in found:
            raise DuplicateId(element=identifier)
        if identifier is not None:
            found[identifier] = element
    return found


def read_pages(root: Element) -> list[Page]:
    """The pages of a file, the collaboration first, the insides of subprocesses last."""
    known = elements_by_id(root)
    processes = {_id(e): e for e in root.findall(BPMN + "process")}
    if not processes:
        raise UnreadableBpmn(reason="it holds no process")
    scopes = {i: _read_scope(e, known) for i, e in processes.items()}
    pages = [_read_collaboration(e, scopes, known) for e in root.findall(BPMN + "collaboration")[:1]]
    shown = {scope.id for page in pages for scope in page.scopes}
    pages += [Page(i, scope.name, [scope]) for i, scope in scopes.items() if i not in shown]
    for page in pages:  # grows while it is read: subprocesses inside subprocesses come later
        for node in page.nodes().values():
            if node.kind in SUBPROCESSES and any(kind_of(e) in TASKS | EVENTS for e in node.element):
                pages.append(Page(node.id, node.name, [_read_scope(node.element, known)]))
    return pages


def _id(element: Element) -> str:
    identifier = element.get("id")
    if not identifier:
        raise DuplicateId(element=f"({kind_of(element)})")
    return identifier


def _reference(
    element: Element, attribute: str, allowed: "dict[str, Element] | dict[str, Scope] | dict[str, Node]"
) -> str:
    reference = (element.get(attribute) or "").strip()
    if reference not in allowed:
        raise DanglingReference(element=_id(element), reference=reference or f"({attribute})")
    return reference


def _read_collaboration(element: Element, scopes: dict[str, Scope], known: dict[str, Element]) -> Page:
    page = Page(_id(element), tidy(element.get("name")), [])
    for participant in element.findall(BPMN + "participant"):
        scope = scopes[_reference(participant, "processRef", scopes)] if participant.get("processRef") else None
        if scope is not None and scope in page.scopes:
            raise DuplicateId(element=scope.id)
        page.pools.append(Pool(_id(participant), tidy(participant.get("name")), scope))
        page.scopes += [scope] if scope is not None else []
    ends = dict.fromkeys([*page.nodes(), *(pool.id for pool in page.pools)], element)
    for message in element.findall(BPMN + "messageFlow"):
        source, target = (_reference(message, end, ends) for end in ("sourceRef", "targetRef"))
        if page.pool_of(source) == page.pool_of(target):
            raise MessageWithinPool(element=_id(message))
        page.messages.append(Flow(_id(message), tidy(message.get("name")), source, target))
    if not page.name:
        page.name = next((scope.name for scope in page.scopes if scope.name), "")
    return page


def _read_scope(element: Element, known: dict[str, Element], inside_handler: bool = False) -> Scope:
    scope = Scope(_id(element), tidy(element.get("name")))
    for child in element:
        kind = kind_of(child)
        if is_handler(child):
            if inside_handler:
                raise NestedHandler(element=_id(child))
            scope.handlers.append(_read_scope(child, known, inside_handler=True))
        elif kind in TASKS or kind in EVENTS or kind in GATEWAYS or kind == BOUNDARY:
            host = child.get("attachedToRef", "") if kind == BOUNDARY else None
            scope.nodes[_id(child)] = Node(_id(child), kind, tidy(child.get("name")), child, host)
    _check_hosts(scope)
    for child in element.findall(BPMN + "sequenceFlow"):
        source, target = (_reference(child, end, scope.nodes) for end in ("sourceRef", "targetRef"))
        scope.flows.append(Flow(_id(child), tidy(child.get("name")), source, target))
    scope.lanes = _read_lanes(element, known)
    return scope


def _check_hosts(scope: Scope) -> None:
    for node in scope.nodes.values():
        if node.host is not None and (node.host not in scope.nodes or not scope.nodes[node.host].is_task):
            raise DanglingReference(element=node.id, reference=node.host or "(attachedToRef)")


def _read_lanes(element: Element, known: dict[str, Element]) -> list[Lane]:
    lanes = []
    for lane in element.iter(BPMN + "lane"):
        if lane.find(BPMN + "childLaneSet") is not None or _owner(lane) is not element:
            continue
        members = frozenset((ref.text or "").strip() for ref in lane.findall(BPMN + "flowNodeRef"))
        missing = sorted(members - known.keys())
        if missing:
            raise DanglingReference(element=_id(lane), reference=missing[0] or "(flowNodeRef)")
        lanes.append(Lane(_id(lane), tidy(lane.get("name")), members))
    return lanes or [Lane(None, "", frozenset())]


def _owner(lane: Element) -> Element | None:
    """The process or subprocess whose lane this is."""
    for ancestor in lane.iterancestors():
        if kind_of(ancestor) == "process" or kind_of(ancestor) in SUBPROCESSES:
            return ancestor
    return None
