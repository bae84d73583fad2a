"""Reads a .bpmn file into a drawing, and says of everything that it cannot read which element it is and why.

What the engine would silently do wrong is refused here: an element is either understood wholly or named as a fault.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from engine.runtime.drawing import Drawing, Element, Flow, Process, Repetition, Scope, Trigger
from engine.runtime.errors import Fault
from engine.runtime.xmlfile import BPMN, BPMNDI, SPIFF, Refused, child, children, flag, read_xml, text_of

TASKS = frozenset({"userTask", "manualTask", "task"})  # done by a person
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
ACTIVITIES = TASKS | {
    *("scriptTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "subProcess", "callActivity"),
}
NODES = ACTIVITIES | GATEWAYS | EVENTS

TRIGGERS: Mapping[str, frozenset[str]] = {
    "startEvent": frozenset({"message", "timer", "error", "escalation", "signal"}),
    "endEvent": frozenset({"message", "error", "escalation", "signal", "terminate"}),
    "intermediateCatchEvent": frozenset({"message", "timer", "signal"}),
    "intermediateThrowEvent": frozenset({"message", "escalation", "signal"}),
    "boundaryEvent": frozenset({"message", "timer", "error", "escalation", "signal"}),
}
NOT_NODES = frozenset(
    {
        *("documentation", "extensionElements", "laneSet", "sequenceFlow", "textAnnotation", "association", "group"),
        *("incoming", "outgoing", "monitoring", "auditing", "supportedInterfaceRef", "resourceRole", "performer"),
        *(
            "humanPerformer",
            "potentialOwner",
            "standardLoopCharacteristics",
            "multiInstanceLoopCharacteristics",
            "artifact",
        ),
    }
)
UNSUPPORTED: Mapping[str, str] = {
    "complexGateway": "complex gateways are not supported: use exclusive, parallel or inclusive ones",
    "transaction": "transactions are not supported: use a subprocess with an error event",
    "adHocSubProcess": "ad-hoc subprocesses are not supported",
    "dataObject": "data objects are not supported: case data is declared in process.toml",
    "dataObjectReference": "data objects are not supported: case data is declared in process.toml",
    "dataStoreReference": "data stores are not supported: case data is declared in process.toml",
    "dataInputAssociation": "data associations are not supported: every node reads and writes case data",
    "dataOutputAssociation": "data associations are not supported: every node reads and writes case data",
    "ioSpecification": "an ioSpecification is not supported: every node reads and writes case data",
    "property": "properties of a process are not supported: case data is declared in process.toml",
    "correlationSubscription": "correlations are not supported: a message is sent to a case",
    "callChoreography": "choreographies are not supported",
    "implicitThrowEvent": "implicit throw events are not supported",
}
_SPIFF_UNSUPPORTED: Mapping[str, str] = {
    "preScript": "scripts before a node are not supported: draw a script task",
    "postScript": "scripts after a node are not supported: draw a script task",
    "variableName": "a variable for the whole form is not supported: the fields of a form become case data",
    "processVariableCorrelation": "correlations are not supported: a message is sent to a case",
}
_ACTING = frozenset(
    {
        "calledDecision",
        "connector",
        "dueDate",
        "executionListener",
        "executionListeners",
        "failedJobRetryTimeCycle",
        "followUpDate",
        "in",
        "inputOutput",
        "ioMapping",
        "loopCharacteristics",
        "out",
        "script",
        "skipExpression",
        "taskDefinition",
        "taskListener",
        "taskListeners",
    }
)
"""What other engines run or follow, in their own namespaces; a drawing means something else without it."""
_EVENT_SUFFIX = "EventDefinition"
MESSAGE_KEY = "messageKey"  # the property of an event or task that says which of several messages of one name it means
_INSTEAD: Mapping[str, str] = {
    "conditional": "nothing watches case data; draw a gateway, a message or a signal",
    "link": "draw the sequence flow",
    "compensate": "draw the work that undoes what was done",
    "cancel": "it belongs to transactions, which are not supported either",
}
_SAID = (  # elements whose text is an expression or a script
    *(f"{{{BPMN}}}{tag}" for tag in ("conditionExpression", "script", "timeDate", "timeDuration", "timeCycle")),
    *(f"{{{BPMN}}}{tag}" for tag in ("loopCardinality", "loopCondition", "completionCondition", "loopDataInputRef")),
    *(f"{{{SPIFF}}}{tag}" for tag in ("messagePayload", "payloadExpression")),
)
MOST = {  # of one file: beyond any drawing that people could read, and it would keep the checks busy for minutes
    "nodes": 1_000,
    "sequence flows": 2_500,
    "processes": 50,
    "characters of expressions": 100_000,  # conditions, scripts, parameters and times
}
DEEPEST_SCOPE = 12
LONGEST_ID = 100  # as long as the columns in which ids of nodes are kept
_ID = re.compile(r"[^\W\d][\w.-]*")  # as XML wants it; names that tables, addresses and styles can carry


def read_drawing(file: str, source: bytes) -> tuple[Drawing, list[Fault]]:
    """A .bpmn file as a drawing, with every fault that reading finds."""
    try:
        root = read_xml(file, source)
    except Refused as refused:
        return Drawing(file), [refused.fault]
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace != BPMN:
        return Drawing(file), [Fault(file, "", f"is not BPMN 2.0: its root is {str(root.tag)[:120]}")]
    return _Reader(file, root).read()


class _Reader:
    """Reads one file."""

    def __init__(self, file: str, root: etree._Element) -> None:
        self.file, self.root = file, root
        self.faults: list[Fault] = []
        self.lane_of: dict[str, str] = {}
        self.globals: dict[str, dict[str, etree._Element]] = {}
        for tag, node in children(root):
            self.globals.setdefault(tag, {})[node.get("id") or ""] = node

    def fault(self, element: str | None, reason: str) -> None:
        self.faults.append(Fault(self.file, element or "", reason))

    def read(self) -> tuple[Drawing, list[Fault]]:
        size = self.size()
        for what, most in MOST.items():
            if size[what] > most:
                self.fault(None, f"has more than {most} {what}: split it into called processes")
                return Drawing(self.file), self.faults
        self.check_globals()
        self.check_others()
        processes = [self.process(node) for tag, node in children(self.root) if tag == "process"]
        if not processes:
            self.fault(None, "contains no process")
        drawing = Drawing(
            self.file,
            processes,
            frozenset(n for m in self.globals.get("message", {}).values() if (n := m.get("name"))),
            frozenset(s for s in (n.get("bpmnElement") for n in self.root.iter(f"{{{BPMNDI}}}*")) if s),
            Counter(i for n in self.root.iter(f"{{{BPMN}}}*") if (i := n.get("id"))),
            size,
        )
        for ident, times in drawing.ids.items():
            if times > 1:
                self.fault(ident, "this id is given more than once in the file")
        return drawing, self.faults

    def size(self) -> dict[str, int]:
        """How much there is to read and to judge."""
        number = Counter(etree.QName(n).localname for n in self.root.iter(f"{{{BPMN}}}*"))
        texts = sum(len(text_of(n) or "") for tag in _SAID for n in self.root.iter(tag))
        given = (f"{{{SPIFF}}}parameter", f"{{{SPIFF}}}property")
        values = sum(len(n.get("value") or "") for n in self.root.iter(*given))
        return {
            "nodes": sum(number[kind] for kind in NODES),
            "sequence flows": number["sequenceFlow"],
            "processes": number["process"],
            "characters of expressions": texts + values,
        }

    def check_globals(self) -> None:
        for tag in ("dataStore", "itemDefinition", "correlationProperty", "choreography", "globalChoreographyTask"):
            for ident in self.globals.get(tag, {}) if tag != "itemDefinition" else ():
                self.fault(ident, UNSUPPORTED.get(f"{tag}Reference", f"{tag} is not supported"))
        for tag in ("globalTask", "globalUserTask", "globalScriptTask", "globalManualTask", "globalBusinessRuleTask"):
            for ident in self.globals.get(tag, {}):
                self.fault(ident, "global tasks are not supported: draw a process")
        for collaboration in self.globals.get("collaboration", {}).values():
            for tag, node in children(collaboration):
                if tag in ("correlationKey", "conversationLink", "choreographyRef"):
                    self.fault(
                        node.get("id"), "correlations and conversations are not supported: a message is sent to a case"
                    )

    def check_others(self) -> None:
        """What another engine would do, and what a file says must be understood: passed over, it would be another process."""
        if any(tag == "extension" and flag(node, "mustUnderstand", False) for tag, node in children(self.root)):
            self.fault(None, "says of an extension that it must be understood, which it is not")
        for node in self.root.iter(f"{{{BPMN}}}*"):
            parts = [part.tag for part in self.extensions(node) if isinstance(part.tag, str)]
            for name in dict.fromkeys((*parts, *node.keys())):
                namespace, _, local = str(name).rpartition("}")
                if local in _ACTING and namespace[1:] not in ("", BPMN, SPIFF):
                    self.fault(node.get("id"), f"{local} is of another engine, and would be passed over: take it out")

    # -------------------------------------------------------------------------------------------- scopes

    def process(self, node: etree._Element) -> Process:
        ident = self.ident(node, "process")
        lanes = self.lanes(node)
        process = Process(
            ident,
            name=node.get("name") or ident,
            file=self.file,
            executable=flag(node, "isExecutable", True),
            lanes=lanes,
        )
        self.fill(process, node, None, 1)
        return process

    def lanes(self, node: etree._Element) -> dict[str, str]:
        """The lanes of a process, innermost last, so that a node belongs to the innermost that names it."""
        out: dict[str, str] = {}
        for lane in node.iter(f"{{{BPMN}}}lane"):
            ident = lane.get("id")
            if not ident:
                self.fault(None, "a lane has no id")
                continue
            self.ident(lane, "lane")
            out[ident] = lane.get("name") or ident
            around = {outer.get("id") for outer in lane.iterancestors(f"{{{BPMN}}}lane")}
            for reference in lane.findall(f"{{{BPMN}}}flowNodeRef"):
                node_id = text_of(reference) or ""
                other = self.lane_of.get(node_id, ident)
                if other != ident and other not in around:
                    self.fault(node_id, f"stands in two lanes, {other[:LONGEST_ID]} and {ident[:LONGEST_ID]}")
                self.lane_of[node_id] = ident
        return out

    def fill(self, scope: Scope, node: etree._Element, lane: str | None, depth: int) -> None:
        if depth > DEEPEST_SCOPE:
            self.fault(scope.id, f"subprocesses are nested deeper than {DEEPEST_SCOPE}")
            return
        for tag, part in children(node):
            if tag == "sequenceFlow":
                self.flow(scope, part)
            elif tag in NODES:
                self.element(scope, tag, part, lane, depth)
            elif tag in UNSUPPORTED:
                self.fault(part.get("id") or scope.id, UNSUPPORTED[tag])
            elif tag not in NOT_NODES:
                self.fault(part.get("id") or scope.id, f"{tag} is not supported")

    def flow(self, scope: Scope, node: etree._Element) -> None:
        ident = self.ident(node, "sequenceFlow")
        condition = child(node, "conditionExpression")
        if condition is not None and text_of(condition) is None:
            self.fault(ident, "its condition is empty")
        self.language(condition, ident)
        scope.flows.setdefault(
            ident, Flow(ident, node.get("sourceRef") or "", node.get("targetRef") or "", text_of(condition))
        )

    def ident(self, node: etree._Element, tag: str) -> str:
        ident = node.get("id")
        if not ident:
            self.fault(None, f"a {tag} has no id")
        elif not _ID.fullmatch(ident) or len(ident) > LONGEST_ID or ident.startswith("__"):
            self.fault(ident, f"the id of a {tag} is a letter and then letters, digits and _.-, at most {LONGEST_ID}")
        return ident or f"({tag})"

    def language(self, node: etree._Element | None, ident: str) -> None:
        """An expression that says it is FEEL or JavaScript is not ours."""
        language = node.get("language") or node.get("scriptFormat") if node is not None else None
        if language and not any(word in language.lower() for word in ("python", "duban")):
            self.fault(ident, f"expressions in {language[:60]} are not supported")

    # -------------------------------------------------------------------------------------------- nodes

    def element(self, scope: Scope, tag: str, node: etree._Element, lane: str | None, depth: int) -> None:
        ident = self.ident(node, tag)
        element = Element(
            ident,
            " ".join((node.get("name") or "").split()),
            tag,
            self.file,
            lane=self.lane_of.get(ident, lane),
            properties=self.properties(node),
        )
        self.common(element, node)
        for reader, kinds in _READERS.items():
            if tag in kinds:
                getattr(self, reader)(element, node)
        if tag == "subProcess":
            element.inside, element.triggered = Scope(ident), flag(node, "triggeredByEvent", False)
            self.fill(element.inside, node, element.lane, depth + 1)
        scope.elements.setdefault(ident, element)

    def common(self, element: Element, node: etree._Element) -> None:
        for tag, part in children(node):
            if tag in UNSUPPORTED and tag not in NODES and element.kind != "subProcess":
                self.fault(part.get("id") or element.id, UNSUPPORTED[tag])
        if flag(node, "isForCompensation", False):
            self.fault(element.id, "compensation is not supported")
        for attribute in ("startQuantity", "completionQuantity"):
            if node.get(attribute, "1").strip() != "1":
                self.fault(element.id, f"{attribute} is not supported")
        for tag, _ in children(self.extensions(node), SPIFF):
            if tag in _SPIFF_UNSUPPORTED:
                self.fault(element.id, _SPIFF_UNSUPPORTED[tag])
        element.default = node.get("default")

    @staticmethod
    def extensions(node: etree._Element) -> etree._Element:
        found = child(node, "extensionElements")
        return found if found is not None else etree.Element("none")

    def properties(self, node: etree._Element) -> dict[str, str]:
        holder = child(self.extensions(node), "properties", SPIFF)
        parts = [] if holder is None else [p for tag, p in children(holder, SPIFF) if tag == "property"]
        return {p.get("name") or "": p.get("value") or "" for p in parts}

    def repetition(self, element: Element, node: etree._Element) -> None:
        standard, multi = (child(node, f"{k}LoopCharacteristics") for k in ("standard", "multiInstance"))
        if standard is not None:
            element.repetition = Repetition(
                standard=True,
                condition=text_of(child(standard, "loopCondition")),
                maximum=standard.get("loopMaximum"),
                test_before=flag(standard, "testBefore", False),
            )
        if multi is None:
            return
        if standard is not None:
            self.fault(element.id, "it cannot be a loop and a multi-instance at once")
        for tag, _ in children(multi):
            if tag in ("complexBehaviorDefinition",):
                self.fault(element.id, "complex multi-instance behaviour is not supported")
        if multi.get("behavior", "All") != "All":
            self.fault(element.id, "events of single instances are not supported: draw an escalation in a subprocess")
        element.repetition = Repetition(
            sequential=flag(multi, "isSequential", False),
            collection=text_of(child(multi, "loopDataInputRef")),
            cardinality=text_of(child(multi, "loopCardinality")),
            item=self.item(child(multi, "inputDataItem")),
            output=text_of(child(multi, "loopDataOutputRef")),
            output_item=self.item(child(multi, "outputDataItem")),
            completion=text_of(child(multi, "completionCondition")),
        )

    @staticmethod
    def item(node: etree._Element | None) -> str | None:
        """A loop variable: its name, or its id where it has none (ids must differ within a file, names need not)."""
        return None if node is None else node.get("name") or node.get("id")

    def call(self, element: Element, node: etree._Element) -> None:
        called = node.get("calledElement")
        element.called = called.split(":")[-1] if called else None

    def script(self, element: Element, node: etree._Element) -> None:
        element.script = text_of(child(node, "script"))
        self.language(node, element.id)

    def decision(self, element: Element, node: etree._Element) -> None:
        element.decision = text_of(child(self.extensions(node), "calledDecisionId", SPIFF))

    def operation(self, element: Element, node: etree._Element) -> None:
        operator = child(self.extensions(node), "serviceTaskOperator", SPIFF)
        if operator is None:
            return
        element.verb, element.result = operator.get("id"), operator.get("resultVariable") or None
        parameters: dict[str, str] = {}
        for tag, holder in children(operator, SPIFF):
            for _, part in children(holder, SPIFF) if tag == "parameters" else ():
                name = part.get("id") or ""
                if not name or name in parameters:
                    self.fault(element.id, f"the parameter “{name}” is named twice or not at all")
                parameters[name] = part.get("value") or ""
        element.parameters = parameters

    # -------------------------------------------------------------------------------------------- events

    def event(self, element: Element, node: etree._Element) -> None:
        element.attached_to = node.get("attachedToRef")
        element.interrupting = flag(
            node, "cancelActivity" if element.kind == "boundaryEvent" else "isInterrupting", True
        )
        definitions = [(tag, part) for tag, part in children(node) if tag.endswith(_EVENT_SUFFIX)]
        if any(tag == "eventDefinitionRef" for tag, _ in children(node)):
            self.fault(
                element.id, "references to event definitions are not supported: define the event where it is drawn"
            )
        if len(definitions) > 1:
            self.fault(element.id, "it waits for several things at once, which is not supported: draw several events")
        elif definitions:
            tag, part = definitions[0]
            kind = tag.removesuffix(_EVENT_SUFFIX)
            if kind in TRIGGERS[element.kind]:
                element.trigger = self.trigger(element, kind, part)
            else:
                hint = _INSTEAD.get(kind, "see docs/bpmn.md")
                self.fault(element.id, f"{kind} is not supported for a {element.kind}: {hint}")
                element.trigger = Trigger("unsupported")

    def message_task(self, element: Element, node: etree._Element) -> None:
        if flag(node, "instantiate", False):
            self.fault(element.id, "a receive task that begins a case is not supported: draw a start event")
        definition = child(node, "messageEventDefinition")
        element.trigger = self.trigger(element, "message", node if definition is None else definition)

    def trigger(self, element: Element, kind: str, part: etree._Element) -> Trigger | None:
        if kind == "timer":
            return self.timer(element, part)
        if kind == "terminate":
            return Trigger(kind)
        reference = part.get(f"{kind}Ref")
        if reference is None:
            if kind in ("error", "escalation") and element.kind in ("startEvent", "boundaryEvent"):
                return Trigger(kind)  # any error
            self.fault(element.id, f"it names no {kind}")
            return Trigger(kind)
        declared = self.globals.get(kind, {}).get(reference.split(":")[-1])
        if declared is None:
            self.fault(element.id, f"there is no {kind} “{reference[:100]}” in the file")
            return Trigger(kind)
        name = declared.get({"error": "errorCode", "escalation": "escalationCode"}.get(kind, "name"))
        if not name:
            what = "code" if kind in ("error", "escalation") else "name"
            self.fault(reference, f"the {kind} has no {what}")
        key = element.properties.get(MESSAGE_KEY) or None if kind == "message" else None
        return replace(self.carrying(kind, name, part, declared), key=key)

    def carrying(self, kind: str, name: str | None, part: etree._Element, declared: etree._Element) -> Trigger:
        """What travels with the event: a payload on the throwing side, a variable on the catching one."""
        variable = payload = None
        for place in (self.extensions(part), self.extensions(declared)):
            for tag, value in children(place, SPIFF):
                if tag in ("messageVariable", "variableName"):
                    variable = variable or text_of(value)
                elif tag in ("messagePayload", "payloadExpression"):
                    payload = payload or text_of(value)
        return Trigger(kind, name, variable=variable, payload=payload)

    def timer(self, element: Element, part: etree._Element) -> Trigger | None:
        times = [(t, p) for t in ("timeDate", "timeDuration", "timeCycle") if (p := child(part, t)) is not None]
        if len(times) != 1:
            self.fault(element.id, "a timer says exactly one of timeDate, timeDuration and timeCycle")
            return Trigger("timer")
        (kind, node), *_ = times
        if text_of(node) is None:
            self.fault(element.id, f"its {kind} is empty")
        self.language(node, element.id)
        return Trigger("timer", timer=kind, expression=text_of(node))

    def gateway(self, element: Element, node: etree._Element) -> None:
        if flag(node, "instantiate", False) or node.get("eventGatewayType", "Exclusive") != "Exclusive":
            self.fault(element.id, "an event-based gateway that begins a case or waits for all is not supported")


_READERS: Mapping[str, frozenset[str]] = {
    "repetition": ACTIVITIES,
    "call": frozenset({"callActivity"}),
    "script": frozenset({"scriptTask"}),
    "decision": frozenset({"businessRuleTask"}),
    "operation": frozenset({"serviceTask"}),
    "event": EVENTS,
    "message_task": frozenset({"sendTask", "receiveTask"}),
    "gateway": frozenset({"eventBasedGateway"}),
}
