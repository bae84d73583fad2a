"""What a drawing may not contain is refused with file, element and reason; everything else is read wholly."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from engine.runtime import Fault, Faulty, parse
from tests.drawing import (
    NAMESPACES,
    TERMINATE,
    Drawn,
    after,
    at,
    bare_process,
    boundary,
    call,
    catch,
    decision,
    definitions,
    each,
    end,
    error,
    escalation,
    every,
    exclusive,
    first_of,
    handler,
    inclusive,
    loop,
    message,
    node,
    parallel,
    process,
    rule,
    script,
    service,
    start,
    sub,
    throw,
    user,
)


def faults(source: bytes, **files: bytes) -> list[tuple[str, str]]:
    """Element and reason of each fault."""
    named = {name.replace("_dmn", ".dmn").replace("_bpmn", ".bpmn"): content for name, content in files.items()}
    told: tuple[Fault, ...] = ()
    try:
        parse({"p.bpmn": source, **named}, "p")
    except Faulty as error:
        told = error.faults
    assert all(fault.file in ("p.bpmn", *named) and "\n" not in str(fault) for fault in told)
    return [(fault.element, fault.reason) for fault in told]


def wrap(body: str) -> bytes:
    return (
        f'<definitions {NAMESPACES} targetNamespace="urn:test"><process id="p">{body}</process></definitions>'.encode()
    )


# ------------------------------------------------------------------------------------------------ what nodes tell


def test_nodes_by_id_with_lane_properties_and_process() -> None:
    drawn = process(
        "start > review > S > c > end",
        lanes={"data_provider.case_handler": ["start", "review", "S", "end"], "bureau.leader": ["sign", "c"]},
        review=user(formJsonSchemaFilename="review.schema.json"),
        S=sub("s_start > draft > sign > s_end"),
        c=call("q"),
    )
    blueprint = parse({"p.bpmn": drawn, "q.bpmn": process("q_start > work > q_end", "q")}, "p")
    nodes = blueprint.nodes
    assert nodes["review"].lane == "data_provider.case_handler"
    assert nodes["draft"].lane == "data_provider.case_handler"  # that of its subprocess
    assert nodes["sign"].lane == "bureau.leader"
    assert nodes["review"].properties == {"formJsonSchemaFilename": "review.schema.json"}
    assert (nodes["review"].kind, nodes["c"].kind, nodes["S"].kind) == ("userTask", "callActivity", "subProcess")
    assert (nodes["draft"].process, nodes["work"].process) == ("p", "q")
    assert (nodes["work"].file, nodes["work"].lane) == ("q.bpmn", None)


def test_processes_that_are_not_called_are_not_part_of_a_blueprint() -> None:
    both = definitions(bare_process("start > a > end", "p"), bare_process("o_start > b > o_end", "other"))
    assert set(parse({"p.bpmn": both}, "p").nodes) == {"start", "a", "end"}


def test_pools_messages_flows_annotations_and_documentation_are_no_obstacle() -> None:
    source = process("start > a > end").replace(
        b"<process ",
        b'<collaboration id="c"><participant id="pool" processRef="p"/><participant id="public" name="x"/>'
        b'<messageFlow id="mf" sourceRef="public" targetRef="a"/></collaboration><process ',
    )
    source = source.replace(
        b"</process>",
        b'<textAnnotation id="t"><text>note</text></textAnnotation><association id="as" sourceRef="a" targetRef="t"/>'
        b"<documentation>words</documentation></process>",
    )
    assert faults(source) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_and_a_byte_order_mark(encoding: str) -> None:
    text = process("start > a > end").decode().replace('name="a"', 'name="审核𬭚"')
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    source = f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(encoding)
    assert parse({"p.bpmn": source}, "p").nodes["a"].name == "审核𬭚"


# ------------------------------------------------------------------------------------------------ refused elements


@pytest.mark.parametrize(
    ("element", "part"),
    [
        ('<complexGateway id="x"/>', "complex gateways"),
        ('<transaction id="x"/>', "transactions"),
        ('<adHocSubProcess id="x"/>', "ad-hoc"),
        ('<dataObject id="x"/>', "data objects"),
        ('<dataObjectReference id="x" dataObjectRef="y"/>', "data objects"),
        ('<dataStoreReference id="x"/>', "data stores"),
        ('<ioSpecification id="x"/>', "ioSpecification"),
        ('<property id="x"/>', "properties"),
        ('<correlationSubscription id="x"/>', "correlations"),
        ('<nonsense id="x"/>', "not supported"),
        ('<userTask id="x" isForCompensation="true"/>', "compensation"),
        ('<userTask id="x" completionQuantity="2"/>', "completionQuantity"),
        ('<userTask id="x"><ioSpecification/></userTask>', "ioSpecification"),
        ('<userTask id="x"><dataInputAssociation/></userTask>', "data associations"),
        ('<receiveTask id="x" instantiate="true" messageRef="m"/>', "begins a case"),
        ('<eventBasedGateway id="x" instantiate="true"/>', "begins a case"),
        ('<eventBasedGateway id="x" eventGatewayType="Parallel"/>', "waits for all"),
        ('<scriptTask id="x" scriptFormat="javascript"><script>a = 1</script></scriptTask>', "javascript"),
        ('<endEvent id="x"><compensateEventDefinition/></endEvent>', "compensate is not supported"),
        ('<endEvent id="x"><cancelEventDefinition/></endEvent>', "cancel is not supported"),
        ('<intermediateThrowEvent id="x"><linkEventDefinition/></intermediateThrowEvent>', "link is not supported"),
        ('<intermediateThrowEvent id="x"><compensateEventDefinition/></intermediateThrowEvent>', "compensate"),
        ('<intermediateCatchEvent id="x"><linkEventDefinition/></intermediateCatchEvent>', "link is not supported"),
        ('<intermediateCatchEvent id="x"><conditionalEventDefinition/></intermediateCatchEvent>', "conditional"),
        ('<intermediateCatchEvent id="x"><errorEventDefinition/></intermediateCatchEvent>', "error is not supported"),
        (
            '<intermediateCatchEvent id="x"><eventDefinitionRef>y</eventDefinitionRef></intermediateCatchEvent>',
            "references",
        ),
        ('<intermediateCatchEvent id="x"/>', "says what it waits for"),
        ('<boundaryEvent id="x" attachedToRef="a"/>', "says what it waits for"),
        ('<boundaryEvent id="x" attachedToRef="a"><conditionalEventDefinition/></boundaryEvent>', "conditional"),
        ('<sendTask id="x"/>', "names no message"),
        ('<receiveTask id="x" messageRef="nowhere"/>', "there is no message"),
        ('<serviceTask id="x"/>', "names its operation"),
        ('<businessRuleTask id="x"/>', "names its decision"),
        ('<callActivity id="x"/>', "names the process"),
        ('<callActivity id="x" calledElement="nowhere"/>', "there is no process"),
        ('<scriptTask id="x"/>', "has a script"),
        ('<subProcess id="x"/>', "no start event"),
    ],
)
def test_elements_that_are_refused(element: str, part: str) -> None:
    flows = '<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/>'
    found = faults(wrap(f'<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>{flows}{element}'))
    assert any(at == "x" and part in reason for at, reason in found), found


@pytest.mark.parametrize("extension", ["preScript", "postScript", "variableName", "processVariableCorrelation"])
def test_extensions_that_would_change_the_run(extension: str) -> None:
    body = f"<extensionElements><spiffworkflow:{extension}>a = 1</spiffworkflow:{extension}></extensionElements>"
    assert [at for at, _ in faults(process("start > a > end", a=user(body)))] == ["a"]


@pytest.mark.parametrize(
    ("nodes", "at", "part"),
    [
        # starts and ends
        ({"start": start(at("'2026-01-01'"))}, "start", "not begun by a timer"),
        ({"start": start("<signalEventDefinition/>")}, "start", "names no signal"),
        ({"extra_start": start()}, "p", "2 start events"),
        ({"a": sub("i_start > i > i_end", i_start=start(message("m")))}, "i_start", "waits for nothing"),
        ({"a": sub("i_start > i > i_end", other_start=start())}, "a", "2 start events"),
        ({"h": Drawn("subProcess", '<startEvent id="hs"/>', {"triggeredByEvent": "true"})}, "hs", "what it waits for"),
        ({"h": handler("hs > i", error("E"), interrupting=False)}, "hs", "an error always interrupts"),
        ({"h": handler("hs > i", "<conditionalEventDefinition/>")}, "hs", "conditional is not supported"),
        ({"h": handler("hs > i", every("'R3/P1D'"))}, "hs", "do not interrupt"),
        # boundary events
        ({"b": boundary("nowhere", message("m"))}, "b", "not attached"),
        ({"b": boundary("start", message("m"))}, "b", "not attached"),
        ({"b": boundary("a", error("E"), interrupting=False)}, "b", "an error always interrupts"),
        ({"b": boundary("a", every("'R3/P1D'"))}, "b", "do not interrupt"),
        ({"b": boundary("a", message("m") + message("n"))}, "b", "several things at once"),
        # times
        ({"a": catch(after("P7D"))}, "a", "needs quotes"),
        ({"a": catch(after("PT1H"))}, "a", "needs quotes"),
        ({"a": catch(at("2026-01-01"))}, "a", "needs quotes"),
        ({"a": catch(at("2026-01-01T10:00:00+08:00"))}, "a", "needs quotes"),
        ({"b": boundary("a", every("R3/P1D"), False)}, "b", "needs quotes"),
        ({"a": catch(after("'7 days'"))}, "a", "not a duration"),
        ({"a": catch(at("'tomorrow'"))}, "a", "not a date"),
        ({"b": boundary("a", every("'R3/PT0S'"), False)}, "b", "at least a minute"),
        ({"a": catch(every("'R3/P1D'"))}, "a", "do not interrupt"),
        ({"a": catch(after("deadline('d')"))}, "a", "a deadline is a date"),
        ({"a": catch(at("open('x')"))}, "a", "no function open()"),
        ({"a": catch("<timerEventDefinition/>")}, "a", "exactly one of"),
        ({"a": catch("<timerEventDefinition><timeDate/></timerEventDefinition>")}, "a", "is empty"),
        # expressions
        ({"a": script("import os")}, "a", "script is not allowed"),
        ({"a": script("x = ().__class__")}, "a", "script is not allowed"),
        ({"a": service("v.x", n="x +")}, "a", "parameter n"),
        ({"a": service("v.x", n="'{0.__class__}'.format(1)")}, "a", "no methods"),
        ({"a": service("v.x", result="two words")}, "a", "not a name"),
        ({"a": service("v.x", result="len")}, "a", "not a name"),
        ({"a": catch(message("m", "__x"))}, "a", "not a name"),
        ({"a": throw(message("m", payload="lambda: 1"))}, "a", "payload"),
        # repetition
        ({"a": user(each("open('x')", "i"))}, "a", "collection"),
        ({"a": user(each("", "i", times="9**9**"))}, "a", "number of instances"),
        ({"a": user(each("xs", "i", until="x ++"))}, "a", "completion condition"),
        ({"a": user(each("xs", "i", into="os"))}, "a", "names no outputDataItem"),
        ({"a": user(each("xs", "i", result="o"))}, "a", "nothing to collect"),
        ({"a": user(each("xs", "i", into="os", result="i"))}, "a", "two variables"),
        ({"a": user(each("xs", "2x"))}, "a", "not a name"),
        ({"a": user("<multiInstanceLoopCharacteristics/>")}, "a", "either a collection or"),
        ({"a": user("<standardLoopCharacteristics/>")}, "a", "how often"),
        ({"a": user('<standardLoopCharacteristics loopMaximum="many"/>')}, "a", "loopMaximum"),
        ({"a": user(loop("x +"))}, "a", "loop condition"),
        ({"a": user(loop("x") + each("xs", "i"))}, "a", "at once"),
        ({"a": sub("i_start > i > i_end", each("xs", "x"), i=user(each("ys", "x")))}, "i", "loop around this one"),
        (
            {"a": sub("i_start > i_end", each("xs", "x"), h=handler("h > h_end", message("m", "x")))},
            "h",
            "already uses",
        ),
        (
            {"a": sub("i_start > i > i_end; n > i_end2", each("xs", "x"), n=boundary("i", message("m", "x"), False))},
            "n",
            "already uses",
        ),
        ({"a": node("receiveTask", message("m") + each("xs", "x"))}, "a", "does not repeat"),
        # decisions
        ({"a": rule("nowhere")}, "a", "there is no decision"),
    ],
)
def test_nodes_that_are_refused(nodes: dict[str, Drawn], at: str, part: str) -> None:
    found = faults(process("start > a > end", **nodes))
    assert any(element == at and part in reason for element, reason in found), found


@pytest.mark.parametrize(
    ("text", "nodes", "at", "part"),
    [
        ("start > a > end; a > b > end2", {}, "a", "several flows lead out"),
        ("start > g; g > a > end; g [x] > b > end2", {"g": exclusive()}, "g__a", "has no condition"),
        ("start > g; g > a > end; g > b > end2", {"g": inclusive()}, "g__a", "has no condition"),
        ("start > a; a [x] > end", {}, "a__end", "would be ignored"),
        ("start > f; f [x] > a > end; f > b > end2", {"f": parallel()}, "f__a", "would be ignored"),
        ("start > a; a [] > end", {}, "a", "would be ignored"),
        ("start > g; g [x +] > a > end; g [] > end2", {"g": exclusive()}, "g__a", "condition"),
        ("start > m > a > m", {"m": exclusive()}, None, None),
        ("start > a > b > a", {}, "a", "goes round for ever"),
        ("start > f > a > f; f > end", {"f": parallel()}, "a", "goes round for ever"),
        ("start > a > start", {}, "start", "no flow may lead to it"),
        ("start > a > end > b", {}, "end", "no flow may lead out"),
        ("start > g > a > end; g > c > end2", {"g": first_of(), "c": catch(message("m"))}, "a", "only catching events"),
        ("start > g", {"g": first_of()}, "g", "nothing follows"),
        (
            "start > g > c > end; g > d > end2",
            {"g": first_of(), "c": catch(after("'P1D'")), "d": catch(after("'P2D'"))},
            "g",
            "several timers",
        ),
        (
            "start > g > c > end; g > d > end2",
            {"g": first_of(), "c": catch(message("m")), "d": catch(message("m"))},
            "g",
            "several events for the message m",
        ),
        (
            "start > f > g > c > end; g > d > end2; f > c",
            {"f": parallel(), "g": first_of(), "c": catch(message("m")), "d": catch(message("n"))},
            "c",
            "reached from nowhere else",
        ),
        (
            "start > m > f > j > g; f > k > j; g [x] > m; g [] > end",
            {"m": exclusive(), "f": inclusive(), "j": inclusive(), "g": exclusive()},
            "j",
            "may not join branches in a loop",
        ),
        (
            "start > f > a > m > j > end; f > b > m; f > c > j",
            {"f": parallel(), "m": exclusive(), "j": parallel()},
            "j",
            "several tokens can come by m__j",
        ),
        (
            "start > f > a > j > end; f > b > j; n > m > j",
            {"f": parallel(), "j": parallel(), "m": exclusive(), "n": boundary("a", message("x"), False)},
            "j",
            "several tokens can come by m__j",
        ),
        (
            "start > f > a > j > end; f > b > j; n > j",
            {"f": parallel(), "j": parallel(), "n": boundary("a", message("x"), False)},
            "n",
            "straight into a join",
        ),
    ],
)
def test_flows_that_are_refused(text: str, nodes: dict[str, Drawn], at: str | None, part: str | None) -> None:
    found = faults(process(text, **nodes))
    if at is None:
        assert not any("goes round" in reason for _, reason in found), found
    else:
        assert any(element == at and str(part) in reason for element, reason in found), found


def test_flows_to_nowhere_and_across_the_border_of_a_subprocess() -> None:
    body = (
        '<startEvent id="s"/><userTask id="a"/><subProcess id="S"><startEvent id="i"/><userTask id="b"/></subProcess>'
        '<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="b"/>'
        '<sequenceFlow id="f3" sourceRef="nowhere" targetRef="a"/><sequenceFlow id="f4" sourceRef="a" targetRef="S"/>'
    )
    found = faults(wrap(body))
    assert ("f2", "leads to “b”, which is not a node of the same process or subprocess") in found
    assert ("f3", "leads from “nowhere”, which is not a node of the same process or subprocess") in found


def test_two_flows_between_the_same_nodes() -> None:
    source = process("start > f > j > end; f > a > j", f=parallel(), j=parallel())
    twice = source.replace(b'sourceRef="f" targetRef="a"', b'sourceRef="f" targetRef="j"')
    assert ("f", "2 flows lead from here to j: draw one, with one condition") in faults(twice)


def test_default_exits_that_are_no_exits() -> None:
    source = process("start > g; g [x] > a > end; g [] > b > end2", g=exclusive())
    assert any("is not one of its flows" in r for _, r in faults(source.replace(b'default="g__b"', b'default="zzz"')))
    both = source.replace(b'targetRef="b">', b'targetRef="b"><conditionExpression>x</conditionExpression>')
    assert any("the default exit of a gateway has no condition" in r for _, r in faults(both))


# ------------------------------------------------------------------------------------------------ files together


def test_ids_given_twice() -> None:
    found = faults(wrap('<startEvent id="s"/><userTask id="a"/><userTask id="a"/>'))
    assert ("a", "this id is given more than once in the file") in found


def test_ids_shared_by_processes_that_call_each_other() -> None:
    callee = process("start > work > done_end", "q")
    found = faults(process("start > c > end", c=call("q")), q_bpmn=callee)
    assert any(at == "start" and "also used in process" in reason for at, reason in found)
    assert faults(process("start > a > end"), q_bpmn=callee) == []  # strangers


def test_the_same_process_in_two_files() -> None:
    found = faults(process("start > a > end"), other_bpmn=process("o_start > b > o_end"))
    assert ("p", "a process with this id is also in other.bpmn") in found or (
        "p",
        "a process with this id is also in p.bpmn",
    ) in found


def test_the_same_decision_in_two_files() -> None:
    table = decision("d", ["x"], ["y"], [(["1"], ["2"])])
    found = faults(process("start > r > end", r=rule("d")), a_dmn=table, b_dmn=table)
    assert any("a decision with this id" in reason for _, reason in found)


def test_processes_that_call_each_other_in_a_circle() -> None:
    assert any("in a circle" in r for _, r in faults(process("start > c > end", c=call("p"))))
    callee = process("q_start > d > q_end", "q", d=call("p"))
    found = faults(process("start > c > end", c=call("q")), q_bpmn=callee)
    assert {at for at, reason in found if "in a circle" in reason} == {"c", "d"}


def test_a_called_process_that_is_not_executable() -> None:
    callee = process("q_start > work > q_end", "q").replace(b'isExecutable="true"', b'isExecutable="false"')
    found = faults(process("start > c > end", c=call("q")), q_bpmn=callee)
    assert ("c", "the called process “q” is marked as not executable") in found


def test_the_main_process_must_be_there_and_executable() -> None:
    with pytest.raises(Faulty, match="no process with this id"):
        parse({"p.bpmn": process("start > a > end")}, "missing")
    with pytest.raises(Faulty, match="not executable"):
        parse({"p.bpmn": process("start > a > end").replace(b'"true"', b'"false"', 1)}, "p")
    with pytest.raises(Faulty, match="no process with this id"):
        parse({}, "p")


def test_all_faults_are_told_at_once() -> None:
    drawn = process("start > a > b > end", a=script("import os"), b=service("v.x", n="x +"), c=rule("nowhere"))
    assert {at for at, _ in faults(drawn)} >= {"a", "b", "c"}


def test_good_drawings_with_everything_in_them() -> None:
    drawn = process(
        "start > f > a > S > j > g; f > w > g2 > k1 > m > j; g2 > k2 > m; g [x] > t > end; g [] > end2;"
        "late > told > end3; b > end4; err > end5",
        f=parallel(),
        j=parallel(),
        w=user(each("xs", "x1", "os", "o")),
        g2=first_of(),
        k1=catch(message("m1", "got")),
        k2=catch(after("'P1D'")),
        m=exclusive(),
        g=exclusive(),
        S=sub("i_start > op > i_end", op=service("v.x", "r", n="1"), i_end=end(escalation("E"))),
        err=boundary("S", error("E")),
        b=boundary("S", escalation("E"), False),
        late=boundary("a", at("deadline('d')"), False),
        told=throw(message("m2", payload="{'x': 1}")),
        t=user(loop("x")),
        end2=end(TERMINATE),
        h=handler("h_start > ht > h_end", message("m3", "extra"), False),
    )
    assert faults(drawn) == []


# ------------------------------------------------------------------------------------------------ hostile files


def chain(count: int) -> str:
    names = ["s", *(f"n{i}" for i in range(count)), "e"]
    nodes = '<startEvent id="s"/>' + "".join(f'<userTask id="{n}"/>' for n in names[1:-1]) + '<endEvent id="e"/>'
    return nodes + "".join(f'<sequenceFlow id="f_{a}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(names))


def dense(kind: str, count: int) -> str:
    pairs: Iterable[tuple[int, int]] = [(i, j) for i in range(count) for j in range(count) if i < j]
    flows = "".join(
        f'<sequenceFlow id="f{i}_{j}" sourceRef="g{i}" targetRef="g{j}"><conditionExpression>x</conditionExpression>'
        "</sequenceFlow>"
        for i, j in pairs
    )
    nodes = "".join(f'<{kind} id="g{i}"/>' for i in range(count))
    return f'<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="g0"/>{nodes}{flows}'


ENTITIES = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
HOSTILE = {
    "empty": b"",
    "blank": b" \n ",
    "text": b"hello",
    "binary": bytes(range(256)) * 50,
    "zip": b"PK\x03\x04" + b"\0" * 500,
    "json": b'{"a": 1}',
    "cut off": process("start > a > end")[:-40],
    "two roots": process("start > a > end") * 2,
    "unknown encoding": b'<?xml version="1.0" encoding="nonsense"?><a/>',
    "wrong bytes": '<?xml version="1.0" encoding="utf-8"?><a b="é"/>'.encode("latin-1"),
    "other root": b"<a/>",
    "old namespace": b'<definitions xmlns="http://schema.omg.org/spec/BPMN/2.0"><process id="p"/></definitions>',
    "no process": f"<definitions {NAMESPACES}/>".encode(),
    "doctype": b"<!DOCTYPE a><a/>",
    "doctype in utf-16": '<?xml version="1.0" encoding="utf-16"?><!doctype a><a/>'.encode("utf-16"),
    "entities": f'<!DOCTYPE l [<!ENTITY l0 "lol">{ENTITIES}]><l>&l9;</l>'.encode(),
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external dtd": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
    "undeclared entity": b"<a>&x;</a>",
    "three megabytes": b"<a>" + b"x" * 3_000_000 + b"</a>",
    "one long attribute": f'<a b="{"x" * 1_900_000}"/>'.encode(),
    "many attributes": ("<a " + " ".join(f'a{i}=""' for i in range(150_000)) + "/>").encode(),
    "many namespaces": ("<a " + " ".join(f'xmlns:a{i}="u"' for i in range(60_000)) + "/>").encode(),
    "many elements": wrap("<task/>" * 200_000),
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "201 deep": b"<a>" * 201 + b"</a>" * 201,
    "deep subprocesses": wrap(
        "".join(f'<subProcess id="s{i}"><startEvent id="t{i}"/>' for i in range(90)) + "</subProcess>" * 90
    ),
    "5000 nodes": wrap(chain(5_000)),
    "many flows": wrap(
        '<startEvent id="s"/><endEvent id="e"/>' + '<sequenceFlow id="f" sourceRef="s" targetRef="e"/>' * 20_000
    ),
    "dense forks": wrap(dense("parallelGateway", 70)),
    "dense choices": wrap(dense("exclusiveGateway", 70)),
    "dense inclusive gateways": wrap(dense("inclusiveGateway", 70)),
    "many boundary events": wrap(
        '<startEvent id="s"/><userTask id="u"/>'
        + "".join(
            f'<boundaryEvent id="b{i}" attachedToRef="u" cancelActivity="false"><signalEventDefinition/></boundaryEvent>'
            for i in range(990)
        )
    ),
    "a megabyte of scripts": wrap(
        '<startEvent id="s"/>'
        + "".join(f'<scriptTask id="t{i}"><script>{"a = (1 + 2) * 3;" * 90}</script></scriptTask>' for i in range(700))
    ),
    "a deep script": wrap(f'<startEvent id="s"/><scriptTask id="t"><script>a = {"(" * 3000}</script></scriptTask>'),
    "a long condition": wrap(
        '<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="s"><conditionExpression>'
        + "-" * 60_000
        + "1</conditionExpression></sequenceFlow>"
    ),
    "nodes without anything": wrap(
        "<startEvent/><task/><sequenceFlow/><boundaryEvent/><subProcess/><callActivity/><serviceTask/><scriptTask/>"
        "<businessRuleTask/><sendTask/><receiveTask/><intermediateCatchEvent/><exclusiveGateway/><lane/><laneSet><lane/></laneSet>"
    ),
    "ids of blanks": wrap('<startEvent id=" "/><userTask id="&#10;"/><userTask id=""/>'),
    "control characters": wrap('<startEvent id="s" name="&#1;"/>'),
    "include": wrap('<startEvent id="s"/><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
    "200 processes": definitions(*(bare_process("s > e", f"p{i}") for i in range(200))),
}
LAWFUL = {"include", "dense choices", "dense inclusive gateways"}  # unreachable ends are for the lint


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_with_faults(name: str) -> None:
    found = faults(HOSTILE[name])
    assert found or name in LAWFUL
    assert all(reason for _, reason in found)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_decisions_end_with_faults(name: str) -> None:
    assert faults(process("start > a > end"), d_dmn=HOSTILE[name])


@pytest.mark.parametrize(
    "cell", ["[" + "." * 1900 + "]", '"' * 1800 + "?", "not(" * 900 + ")" * 900, "(" * 1900, "?" * 1900, "x" * 5000]
)
def test_hostile_cells_end_soon_with_faults(cell: str) -> None:
    table = decision("d", ["x"], ["y"], [([cell], ["1"])] * 90)
    assert faults(process("start > r > end", r=rule("d")), d_dmn=table)


def test_a_large_but_lawful_file_is_read() -> None:
    assert faults(wrap(chain(900))) == []
