"""A terse way to draw processes in tests.

``process("start > check > g; g [ok] > issue > end; g [] > check", g=exclusive(), issue=service("notice.issue"))``

Every name in the flows is a node. ``start``, ``end``, ``end2``, ``inner_start`` are plain events, all others user tasks,
unless the keywords say otherwise. ``a [condition] > b`` is a conditional flow, ``a [] > b`` the default exit.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


@dataclass(frozen=True)
class Drawn:
    """A node: its tag, its attributes, what stands inside it."""

    tag: str
    body: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def xml(self, ident: str, default: str | None) -> str:
        given = {"id": ident, "name": ident, **self.attributes, **({"default": default} if default else {})}
        written = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())
        return f"<{self.tag} {written}>{self.body.replace('@id@', ident)}</{self.tag}>"


def flows(text: str) -> list[tuple[str, str | None, str]]:
    """``a > b [x] > c`` as source, condition, target; an empty condition marks the default exit."""
    out = []
    for line in re.split(r"[;\n]", text):
        parts = re.split(r"\s*(?:\[((?:[^\[\]]|\[[^\]]*\])*)\])?\s*>\s+", line.strip())
        for i in range(0, len(parts) - 2, 2):
            out.append((parts[i].strip(), parts[i + 1], parts[i + 2].strip()))
        if len(parts) == 1 and parts[0]:
            out.append((parts[0], None, ""))  # a node alone
    return out


def content(text: str, nodes: Mapping[str, Drawn]) -> str:
    """The inside of a process or subprocess."""
    drawn = flows(text)
    names = dict.fromkeys([n for source, _, target in drawn for n in (source, target) if n] + list(nodes))
    defaults = {source: f"{source}__{target}" for source, condition, target in drawn if condition == ""}
    xml = "".join(nodes.get(n, _plain(n)).xml(n, defaults.get(n)) for n in names)
    for source, condition, target in drawn:
        if target:
            body = f"<conditionExpression>{escape(condition)}</conditionExpression>" if condition else ""
            xml += (
                f'<sequenceFlow id="{source}__{target}" sourceRef="{source}" targetRef="{target}">{body}</sequenceFlow>'
            )
    return xml


def _plain(name: str) -> Drawn:
    kind = re.search(r"(?:^|_)(start|end)\d*$", name)
    return Drawn(f"{kind[1]}Event") if kind else Drawn("userTask")


# ------------------------------------------------------------------------------------------------ whole files


def process(text: str, ident: str = "p", lanes: Mapping[str, Iterable[str]] | None = None, **nodes: Drawn) -> bytes:
    """A .bpmn file with one process."""
    return definitions(bare_process(text, ident, lanes, **nodes))


def bare_process(text: str, ident: str, lanes: Mapping[str, Iterable[str]] | None = None, **nodes: Drawn) -> str:
    return f'<process id="{ident}" isExecutable="true">{_lanes(lanes)}{content(text, nodes)}</process>'


def _lanes(lanes: Mapping[str, Iterable[str]] | None) -> str:
    if not lanes:
        return ""
    refs = {ident: "".join(f"<flowNodeRef>{n}</flowNodeRef>" for n in members) for ident, members in lanes.items()}
    inside = "".join(f'<lane id="{ident}" name="泳道 {ident}">{ref}</lane>' for ident, ref in refs.items())
    return f'<laneSet id="lanes">{inside}</laneSet>'


def definitions(*processes: str, diagram: bool = False) -> bytes:
    """A .bpmn file of several processes; messages, signals, errors and escalations are declared as they are used."""
    body = "".join(processes)
    declared = ""
    for kind, name in sorted(set(re.findall(r'(message|signal|error|escalation)Ref="ref_\w+?_(\w+)"', body))):
        code = f' {kind}Code="{name}"' if kind in ("error", "escalation") else ""
        declared += f'<{kind} id="ref_{kind}_{name}" name="{name}"{code}/>'
    picture = _diagram(body) if diagram else ""
    return f'<definitions {NAMESPACES} targetNamespace="urn:test">{declared}{body}{picture}</definitions>'.encode()


def _diagram(body: str) -> str:
    nodes = re.findall(r'<(?:\w+(?:Task|Event|Gateway)|task|subProcess|callActivity|lane) id="([^"]+)"', body)
    edges = re.findall(r'<sequenceFlow id="([^"]+)"', body)
    shapes = "".join(
        f'<bpmndi:BPMNShape id="{n}_di" bpmnElement="{n}"><dc:Bounds x="{i * 120}" y="100" width="100" height="80"/>'
        "</bpmndi:BPMNShape>"
        for i, n in enumerate(nodes)
    )
    lines = "".join(f'<bpmndi:BPMNEdge id="{e}_di" bpmnElement="{e}"/>' for e in edges)
    plane = f'<bpmndi:BPMNPlane id="plane">{shapes}{lines}</bpmndi:BPMNPlane>'
    return f'<bpmndi:BPMNDiagram id="diagram">{plane}</bpmndi:BPMNDiagram>'


def with_diagram(source: bytes) -> bytes:
    """The same file with a place in a diagram for every node and flow."""
    text = source.decode()
    return text.replace("</definitions>", _diagram(text) + "</definitions>").encode()


# ------------------------------------------------------------------------------------------------ nodes


def node(tag: str, body: str = "", **attributes: str) -> Drawn:
    return Drawn(tag, body, attributes)


def start(event: str = "", interrupting: bool = True) -> Drawn:
    return Drawn("startEvent", event, {} if interrupting else {"isInterrupting": "false"})


def end(event: str = "") -> Drawn:
    return Drawn("endEvent", event)


def user(body: str = "", **properties: str) -> Drawn:
    return Drawn("userTask", body + _properties(properties))


def _properties(properties: Mapping[str, str]) -> str:
    listed = "".join(f'<spiffworkflow:property name="{k}" value={quoteattr(v)}/>' for k, v in properties.items())
    return _extensions(f"<spiffworkflow:properties>{listed}</spiffworkflow:properties>") if listed else ""


def script(code: str) -> Drawn:
    return Drawn("scriptTask", f"<script>{escape(code)}</script>")


def service(verb: str, result: str | None = None, body: str = "", **parameters: str) -> Drawn:
    listed = "".join(
        f'<spiffworkflow:parameter id="{k}" type="str" value={quoteattr(v)}/>' for k, v in parameters.items()
    )
    named = f' resultVariable="{result}"' if result else ""
    return Drawn(
        "serviceTask",
        _extensions(
            f'<spiffworkflow:serviceTaskOperator id="{verb}"{named}><spiffworkflow:parameters>{listed}'
            "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        )
        + body,
    )


def rule(decision: str) -> Drawn:
    return Drawn(
        "businessRuleTask",
        _extensions(f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>"),
    )


def call(process_id: str, body: str = "") -> Drawn:
    return Drawn("callActivity", body, {"calledElement": process_id})


def sub(text: str, repeat: str = "", **nodes: Drawn) -> Drawn:
    return Drawn("subProcess", content(text, nodes) + repeat)


def handler(text: str, event: str, interrupting: bool = True, **nodes: Drawn) -> Drawn:
    """An event subprocess; the first node of its flows is its start."""
    first = flows(text)[0][0]
    inside = content(text, {first: start(event, interrupting), **nodes})
    return Drawn("subProcess", inside, {"triggeredByEvent": "true"})


def boundary(host: str, event: str, interrupting: bool = True) -> Drawn:
    return Drawn("boundaryEvent", event, {"attachedToRef": host, "cancelActivity": str(interrupting).lower()})


def catch(event: str, **properties: str) -> Drawn:
    return Drawn("intermediateCatchEvent", _properties(properties) + event)


def throw(event: str = "", **properties: str) -> Drawn:
    return Drawn("intermediateThrowEvent", _properties(properties) + event)


def exclusive() -> Drawn:
    return Drawn("exclusiveGateway")


def parallel() -> Drawn:
    return Drawn("parallelGateway")


def inclusive() -> Drawn:
    return Drawn("inclusiveGateway")


def first_of() -> Drawn:
    return Drawn("eventBasedGateway")


# ------------------------------------------------------------------------------------------------ events and loops


def _extensions(body: str) -> str:
    return f"<extensionElements>{body}</extensionElements>"


def message(name: str, variable: str | None = None, payload: str | None = None) -> str:
    inside = f"<spiffworkflow:messageVariable>{variable}</spiffworkflow:messageVariable>" if variable else ""
    inside += f"<spiffworkflow:messagePayload>{escape(payload)}</spiffworkflow:messagePayload>" if payload else ""
    return f'<messageEventDefinition messageRef="ref_message_{name}">{_extensions(inside)}</messageEventDefinition>'


def signal(name: str) -> str:
    return f'<signalEventDefinition signalRef="ref_signal_{name}"/>'


def error(code: str | None = None, variable: str | None = None, payload: str | None = None) -> str:
    return _coded("error", code, variable, payload)


def escalation(code: str | None = None, variable: str | None = None, payload: str | None = None) -> str:
    return _coded("escalation", code, variable, payload)


def _coded(kind: str, code: str | None, variable: str | None, payload: str | None) -> str:
    inside = f"<spiffworkflow:variableName>{variable}</spiffworkflow:variableName>" if variable else ""
    inside += f"<spiffworkflow:payloadExpression>{payload}</spiffworkflow:payloadExpression>" if payload else ""
    ref = f' {kind}Ref="ref_{kind}_{code}"' if code else ""
    return f"<{kind}EventDefinition{ref}>{_extensions(inside) if inside else ''}</{kind}EventDefinition>"


def at(expression: str) -> str:
    """A timer on a date or deadline."""
    return f"<timerEventDefinition><timeDate>{escape(expression)}</timeDate></timerEventDefinition>"


def after(expression: str) -> str:
    return f"<timerEventDefinition><timeDuration>{escape(expression)}</timeDuration></timerEventDefinition>"


def every(expression: str) -> str:
    return f"<timerEventDefinition><timeCycle>{escape(expression)}</timeCycle></timerEventDefinition>"


TERMINATE = "<terminateEventDefinition/>"


def each(
    collection: str,
    item: str | None = None,
    into: str | None = None,
    result: str | None = None,
    sequential: bool = False,
    until: str | None = None,
    times: str | None = None,
) -> str:
    """A multi-instance; ``item`` and ``result`` are the variables of one instance, ``into`` the list of results."""
    parts = [
        f"<loopCardinality>{times}</loopCardinality>"
        if times
        else f"<loopDataInputRef>{collection}</loopDataInputRef>",
        f"<loopDataOutputRef>{into}</loopDataOutputRef>" if into else "",
        f'<inputDataItem id="{item}_@id@" name="{item}"/>' if item else "",
        f'<outputDataItem id="{result}_@id@" name="{result}"/>' if result else "",
        f"<completionCondition>{escape(until)}</completionCondition>" if until else "",
    ]
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{"".join(parts)}'
        "</multiInstanceLoopCharacteristics>"
    )


def loop(condition: str | None = None, test_before: bool = False, most: int | None = None) -> str:
    maximum = f' loopMaximum="{most}"' if most else ""
    asked = f"<loopCondition>{escape(condition)}</loopCondition>" if condition else ""
    return (
        f'<standardLoopCharacteristics testBefore="{str(test_before).lower()}"{maximum}>{asked}'
        "</standardLoopCharacteristics>"
    )


# ------------------------------------------------------------------------------------------------ decisions


def decision(
    ident: str, inputs: list[str], outputs: list[str], rules: list[tuple[list[str], list[str]]], policy: str = "UNIQUE"
) -> bytes:
    """A .dmn file with one decision table."""
    columns = "".join(
        f'<input id="{ident}_i{n}"><inputExpression id="{ident}_e{n}"><text>{escape(text)}</text></inputExpression></input>'
        for n, text in enumerate(inputs)
    ) + "".join(f'<output id="{ident}_o{n}" name="{name}"/>' for n, name in enumerate(outputs))
    rows = ""
    for n, (conditions, values) in enumerate(rules):
        cells = "".join(
            f'<inputEntry id="{ident}_r{n}c{i}"><text>{escape(c)}</text></inputEntry>' for i, c in enumerate(conditions)
        )
        cells += "".join(
            f'<outputEntry id="{ident}_r{n}v{i}"><text>{escape(v)}</text></outputEntry>' for i, v in enumerate(values)
        )
        rows += f'<rule id="{ident}_r{n}">{cells}</rule>'
    table = f'<decisionTable id="{ident}_t" hitPolicy="{policy}">{columns}{rows}</decisionTable>'
    return (
        f'<definitions xmlns="{DMN}" id="d_{ident}" name="d" namespace="urn:test"><decision id="{ident}" name="{ident}">{table}'
        "</decision></definitions>"
    ).encode()
