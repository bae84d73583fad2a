"""A catalogue of hostile .bpmn and .dmn files: each kept small here and made large when it is written."""

from collections.abc import Iterable
from itertools import pairwise

from tests.drawing import (
    DMN,
    NAMESPACES,
    bare_process,
    boundary,
    call,
    decision,
    definitions,
    end,
    error,
    exclusive,
    inclusive,
    parallel,
    process,
    rule,
    script,
    sub,
    user,
)

Files = dict[str, bytes]
GOOD = process("start > a > end")


def drawn(*flows: tuple[str, str], **kinds: str) -> bytes:
    """Nodes by name and kind, flows by their ends; every flow has a condition that nobody can foresee."""
    return definitions(f'<process id="p">{inside(flows, kinds)}</process>')


def inside(flows: Iterable[tuple[str, str]], kinds: dict[str, str], prefix: str = "") -> str:
    xml = "".join(f'<{kind} id="{prefix}{name}"/>' for name, kind in kinds.items())
    for a, b in flows:
        condition = "<conditionExpression>x</conditionExpression>" if kinds[a].startswith(("excl", "incl")) else ""
        ends = f'sourceRef="{prefix}{a}" targetRef="{prefix}{b}"'
        xml += f'<sequenceFlow id="{prefix}{a}__{b}" {ends}>{condition}</sequenceFlow>'
    return xml


def layered(kind: str, width: int, depth: int) -> bytes:
    """A grid of gateways, each leading to every one of the next layer."""
    layers = [[f"g{d}_{w}" for w in range(width)] for d in range(depth)]
    kinds = {"s": "startEvent", "f": kind, "e": "endEvent"} | {n: kind for layer in layers for n in layer}
    flows = [("s", "f"), *(("f", n) for n in layers[0]), *((n, "e") for n in layers[-1])]
    flows += [(a, b) for above, below in pairwise(layers) for a in above for b in below]
    return drawn(*flows, **kinds)


def fan(kind: str, width: int, join: str | None = None) -> bytes:
    """One gateway with many exits, and one that takes them together."""
    tasks = [f"t{i}" for i in range(width)]
    kinds = {"s": "startEvent", "f": kind, "j": join or kind, "e": "endEvent"} | dict.fromkeys(tasks, "task")
    return drawn(("s", "f"), *(("f", t) for t in tasks), *((t, "j") for t in tasks), ("j", "e"), **kinds)


def fans_in_a_row(kind: str, width: int, number: int, inner: str = "task") -> bytes:
    kinds = {"s": "startEvent", "e": "endEvent"}
    flows: list[tuple[str, str]] = []
    last = "s"
    for n in range(number):
        kinds |= {f"f{n}": kind, f"j{n}": kind}
        flows.append((last, f"f{n}"))
        for w in range(width):
            kinds[f"t{n}_{w}"] = inner
            flows += [(f"f{n}", f"t{n}_{w}"), (f"t{n}_{w}", f"j{n}")]
        last = f"j{n}"
    return drawn(*flows, (last, "e"), **kinds)


def ladder_of_loops(number: int, kind: str = "exclusiveGateway") -> bytes:
    """A chain in which every gateway may lead back to every one before it."""
    names = [f"g{n}" for n in range(number)]
    kinds = {"s": "startEvent", "e": "endEvent"} | dict.fromkeys(names, kind)
    back = [(b, a) for i, a in enumerate(names) for b in names[i + 1 :]]
    return drawn(("s", names[0]), *pairwise(names), (names[-1], "e"), *back[: 2_400 - number], **kinds)


def tangle(kind: str, nodes: int, flows: int, other: str = "task") -> bytes:
    """Every way of linking that a simple rule gives: loops, crossings, ways that meet again."""
    kinds = {"s": "startEvent", "e": "endEvent"}
    kinds |= {f"n{i}": kind if i % 2 else other for i in range(nodes)}
    pairs = dict.fromkeys((f"n{(i * 7919) % nodes}", f"n{(i * 104729 + i // nodes) % nodes}") for i in range(flows))
    return drawn(("s", "n1"), *pairs, (f"n{nodes - 1}", "e"), **kinds)


def forks_never_joined(number: int) -> bytes:
    text = "; ".join(f"f{i} > a{i} > c{i}; f{i} > b{i} > c{i}; c{i} > f{i + 1}" for i in range(number))
    gateways = {f"f{i}": parallel() for i in range(number)} | {f"c{i}": exclusive() for i in range(number)}
    return process(f"start > f0; {text}; f{number} > end", **gateways)


def many_scopes(number: int, body: bytes) -> bytes:
    """The same hard puzzle in many subprocesses, to be solved again and again."""
    text = body.decode()
    puzzle = text[text.index('<process id="p">') + len('<process id="p">') : text.index("</process>")]
    parts = []
    for n in range(number):
        inner = puzzle.replace('id="', f'id="x{n}_').replace('Ref="', f'Ref="x{n}_')
        parts.append(f'<subProcess id="S{n}">{inner}</subProcess>')
    names = ["s", *(f"S{n}" for n in range(number)), "e"]
    flows = "".join(f'<sequenceFlow id="{a}__{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(names))
    return definitions(f'<process id="p"><startEvent id="s"/><endEvent id="e"/>{"".join(parts)}{flows}</process>')


def nested(depth: int) -> bytes:
    opening = "".join(f'<subProcess id="s{i}"><startEvent id="t{i}"/>' for i in range(depth))
    return definitions(f'<process id="p">{opening}{"</subProcess>" * depth}</process>')


def many_boundaries(number: int, interrupting: bool) -> bytes:
    nodes = {f"b{i}": boundary("a", error(), interrupting) for i in range(number)}
    text = "; ".join(f"b{i} > j" for i in range(number))
    return process(f"start > a > j > end; {text}", j=parallel(), **nodes)


def calls(levels: int, times: int) -> Files:
    """Each process calls the next several times; the last throws an error that the first catches."""
    files: Files = {}
    for n in range(levels):
        names = [f"c{n}_{i}" for i in range(times)]
        nodes = {name: call(f"p{n + 1}") for name in names}
        bounds = {f"x{n}_{i}": boundary(name, error("E")) for i, name in enumerate(names)} if n == 0 else {}
        text = f"s{n}_start > {' > '.join(names)} > s{n}_end; " + "; ".join(f"{x} > {x}_end" for x in bounds)
        files[f"p{n:03}.bpmn"] = process(text, f"p{n}", **nodes, **bounds)
    files["last.bpmn"] = process("l_start > l_end", f"p{levels}", l_end=end(error("E")))
    return files


def calls_with_locals(levels: int) -> Files:
    """Loop variables that travel through all processes, one more at each call."""
    files: Files = {}
    for n in range(levels):
        inner = f'<inputDataItem id="v{n}_@id@" name="v{n}"/>'
        each = f"<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>{inner}"
        node = call(f"p{n + 1}", f"{each}</multiInstanceLoopCharacteristics>")
        files[f"p{n:03}.bpmn"] = process(f"s{n}_start > c{n} > s{n}_end", f"p{n}", **{f"c{n}": node})
    files["last.bpmn"] = process("l_start > l > l_end", f"p{levels}", l=user())
    return files


def everyone_calls_everyone(number: int) -> bytes:
    parts = []
    for n in range(number):
        names = [f"c{n}_{m}" for m in range(number)]
        nodes = {name: call(f"p{m}") for m, name in enumerate(names)}
        parts.append(bare_process(f"s{n}_start > {' > '.join(names)} > s{n}_end", f"p{n}", **nodes))
    return definitions(*parts)


def many_rules(rules: int, inputs: int, cell: str) -> bytes:
    columns = [f"x{i}" for i in range(inputs)]
    return decision("d", columns, ["y"], [([cell] * inputs, ["1"])] * rules)


def scripts(number: int, text: str) -> bytes:
    nodes = {f"t{i}": script(text) for i in range(number)}
    return process(f"start > {' > '.join(nodes)} > end", **nodes)


def side_by_side(number: int) -> bytes:
    """Many forks, and many nodes that write many fields on all their branches."""
    nodes = {f"f{i}": parallel() for i in range(number)}
    lines = []
    for i in range(number):
        nodes |= {f"a{i}": script("; ".join(f"v{k} = 1" for k in range(20)))}
        lines.append(f"f{i} > a{i} > f{i + 1}; f{i} > b{i} > f{i + 1}")
    nodes[f"f{number}"] = exclusive()
    return process(f"start > f0; {'; '.join(lines)}; f{number} > end", **nodes)


def attributes(text: str) -> bytes:
    return GOOD.replace(b'id="a"', f'id="{text}"'.encode())


ENCODED = GOOD.decode().replace('name="a"', 'name="审核"')
DOCTYPE = '<!DOCTYPE a [<!ENTITY x "y">]>'
TEXTS: Files = {
    "utf-32": ENCODED.encode("utf-32"),
    "utf-32 that says so": f'<?xml version="1.0" encoding="utf-32"?>{ENCODED}'.encode("utf-32"),
    "utf-16 without a mark": ENCODED.encode("utf-16-le"),
    "utf-16 that says utf-8": f'<?xml version="1.0" encoding="utf-8"?>{ENCODED}'.encode("utf-16"),
    "utf-8 that says utf-16": f'<?xml version="1.0" encoding="utf-16"?>{ENCODED}'.encode(),
    "half of a character": ENCODED.encode()[: ENCODED.encode().index("审".encode()) + 1],
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD,
    "ebcdic": f'<?xml version="1.0" encoding="cp037"?>{DOCTYPE}<a>&x;</a>'.encode("cp037"),
    "many elements in ebcdic": f'<?xml version="1.0" encoding="cp037"?><a>{"<b/>" * 400_000}</a>'.encode("cp037"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
    "many elements in utf-7": b'<?xml version="1.0" encoding="utf-7"?><a>' + b"+ADw-b/+AD4-" * 150_000 + b"</a>",
    "hz": b'<?xml version="1.0" encoding="hz-gb-2312"?><a>~{<:Ky2;~}</a>',
    "a document type in the middle": GOOD.replace(b"<process", b"<!DOCTYPE a><process"),
    "a document type in a comment": GOOD.replace(b"<process", b"<!-- <!DOCTYPE a> --><process"),
    "sections of plain text": GOOD.replace(b"<process", b"<![CDATA[" + b"]]>" * 3 + b"<process"),
    "instructions": b"<?xml-stylesheet href='file:///etc/passwd'?>" + b"<?x y?>" * 40_000 + GOOD,
    "comments": GOOD.replace(b"<process", b"<!-- x -->" * 90_000 + b"<process"),
    "a namespace in each element": GOOD.replace(
        b"</process>", b"".join(b'<a:x xmlns:a="u%d"/>' % i for i in range(40_000)) + b"</process>"
    ),
    "a prefix of its own": GOOD.replace(b"<process ", b'<b:process xmlns:b="urn:other" '),
    "no namespace": GOOD.replace(b'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"', b""),
    "an unknown prefix": GOOD.replace(b"<process", b"<zzz:process"),
    "the same attribute twice": GOOD.replace(b'id="a"', b'id="a" id="b"'),
    "xml ids": GOOD.replace(b'id="a"', b'id="a" xml:id="start"'),
    "a null": GOOD.replace(b'id="a"', b'id="a\0"'),
    "a lone surrogate": GOOD.replace(b'id="a"', b'id="&#xD800;"'),
    "a noncharacter": GOOD.replace(b'id="a"', b'id="&#xFFFF;"'),
    "a number too large": GOOD.replace(b'id="a"', b'id="&#99999999999999999999;"'),
    "huge texts": GOOD.replace(b'name="a"', b'name="' + b"x" * 60_000 + b'"'),
    "thirty huge names": process("start > " + " > ".join(f"t{i}" for i in range(30)) + " > end").replace(
        b' name="t', b' name="' + b"y" * 60_000
    ),
    "scripts within scripts": GOOD.replace(
        b"</process>", b"<script>" * 150 + b"x" * 60_000 + b"</script>" * 150 + b"</process>"
    ),
    "lanes within lanes": GOOD.replace(
        b"<startEvent",
        b"<laneSet>" + b"<lane id='l'><childLaneSet>" * 90 + b"</childLaneSet></lane>" * 90 + b"</laneSet><startEvent",
    ),
    "thousands of lanes": GOOD.replace(
        b"<startEvent",
        b"<laneSet>"
        + b"".join(b'<lane id="l%d"><flowNodeRef>a</flowNodeRef></lane>' % i for i in range(15_000))
        + b"</laneSet><startEvent",
    ),
    "thousands of messages": GOOD.replace(
        b"<process", b"".join(b'<message id="m%d" name="n"/>' % i for i in range(30_000)) + b"<process"
    ),
    "thousands of shapes": GOOD.replace(
        b"</definitions>", b'<bpmndi:BPMNShape bpmnElement="a"/>' * 40_000 + b"</definitions>"
    ),
    "thousands of properties": GOOD.replace(
        b"</process>",
        b"<extensionElements>" + b'<spiffworkflow:property name="x"/>' * 40_000 + b"</extensionElements></process>",
    ),
}
IDS: dict[str, bytes] = {
    "a blank": attributes(" "),
    "a line break": attributes("a&#10;b: c"),
    "an escape sequence": attributes("a\u009b31m"),
    "right to left": attributes("a\u202eb"),
    "a tag": attributes("&lt;b&gt;"),
    "a quote": attributes("a&quot; onload=&quot;x"),
    "101 characters": attributes("a" * 101),
    "sixty thousand characters": attributes("a" * 60_000),
    "a path": attributes("../../etc/passwd"),
    "python": attributes("__class__"),
    "a digit first": attributes("1a"),
    "a name of the library": attributes("Root"),
    "that of the process": attributes("p"),
    "that of a flow": attributes("start__a"),
    "that of the file": GOOD.replace(b"<definitions ", b'<definitions id="a" '),
    "that of a lane": GOOD.replace(b"<startEvent", b'<laneSet><lane id="a"/></laneSet><startEvent'),
    "that of a message": GOOD.replace(b"<process", b'<message id="a" name="m"/><process'),
    "composed and decomposed": attributes("\u00e9").replace(b'targetRef="a"', 'targetRef="e\u0301"'.encode()),
}
GRAPHS: dict[str, bytes] = {
    "a fan of inclusive exits": fan("inclusiveGateway", 480),
    "a fan of 13 inclusive exits": fan("inclusiveGateway", 13),
    "a fan of parallel exits": fan("parallelGateway", 480),
    "inclusive exits into a parallel join": fan("inclusiveGateway", 480, "parallelGateway"),
    "parallel exits into an inclusive join": fan("parallelGateway", 480, "inclusiveGateway"),
    "parallel exits into a choice": fan("parallelGateway", 480, "exclusiveGateway"),
    "a grid of parallel gateways": layered("parallelGateway", 15, 11),
    "a grid of inclusive gateways": layered("inclusiveGateway", 15, 11),
    "a narrow grid of inclusive gateways": layered("inclusiveGateway", 3, 200),
    "a wide grid of inclusive gateways": layered("inclusiveGateway", 47, 2),
    "a grid of choices": layered("exclusiveGateway", 15, 11),
    "inclusive fans in a row": fans_in_a_row("inclusiveGateway", 6, 120),
    "parallel fans in a row": fans_in_a_row("parallelGateway", 6, 120),
    "inclusive fans of choices": fans_in_a_row("inclusiveGateway", 8, 90, "exclusiveGateway"),
    "parallel fans of forks": fans_in_a_row("parallelGateway", 8, 90, "parallelGateway"),
    "a ladder of loops": ladder_of_loops(900),
    "a short ladder of loops": ladder_of_loops(66),
    "a ladder of inclusive loops": ladder_of_loops(66, "inclusiveGateway"),
    "a ladder of parallel loops": ladder_of_loops(66, "parallelGateway"),
    "a tangle of choices": tangle("exclusiveGateway", 900, 2_400, "exclusiveGateway"),
    "a tangle of forks": tangle("parallelGateway", 900, 2_400, "parallelGateway"),
    "a tangle of inclusive gateways": tangle("inclusiveGateway", 900, 2_400, "inclusiveGateway"),
    "a tangle of forks and choices": tangle("parallelGateway", 900, 2_400, "exclusiveGateway"),
    "a tangle of inclusive gateways and forks": tangle("inclusiveGateway", 400, 1_200, "parallelGateway"),
    "a tangle of inclusive gateways and tasks": tangle("inclusiveGateway", 400, 1_200),
    "a small tangle": tangle("inclusiveGateway", 60, 240, "exclusiveGateway"),
    "forks that never join": forks_never_joined(150),
    "forty small tangles": many_scopes(14, tangle("inclusiveGateway", 60, 170, "exclusiveGateway")),
    "fifty fans": many_scopes(50, fan("inclusiveGateway", 14)),
    "many fans of twenty": many_scopes(35, fan("parallelGateway", 20, "inclusiveGateway")),
    "many grids": many_scopes(24, layered("inclusiveGateway", 4, 7)),
    "boundary events into one join": many_boundaries(900, False),
    "interrupting boundary events into one join": many_boundaries(900, True),
    "subprocesses within subprocesses": nested(60),
    "many writers side by side": side_by_side(150),
    "everyone calls everyone": everyone_calls_everyone(30),
    "many scripts": scripts(900, "x = y + 1"),
    "many long scripts": scripts(12, "x = y + 1\n" * 790),
    "a call to itself": process("start > c > end", c=call("p")),
}
TOGETHER: dict[str, Files] = {
    "processes that call the next one twice": calls(60, 2),
    "processes that call the next one five times": calls(60, 5),
    "loop variables through a hundred processes": calls_with_locals(100),
    "four hundred files": {f"p{i}.bpmn": process("s > e", f"p{i}") for i in range(400)},
    "forty large files": {
        f"p{i}.bpmn": scripts(900, "x = y + 1").replace(b'"p"', f'"p{i}"'.encode()) for i in range(40)
    },
    "forty tangles": {
        f"p{i}.bpmn": tangle("inclusiveGateway", 400, 1_200, "parallelGateway").replace(b'"p"', b'"p%d"' % i)
        for i in range(40)
    },
    "the same id in four hundred processes": {
        f"p{i}.bpmn": definitions(*(bare_process("start > a > end", f"p{i}_{k}") for k in range(40))) for i in range(40)
    },
    "the same process in many files": {f"p{i}.bpmn": GOOD for i in range(300)},
    "a decision in many files": {f"d{i}.dmn": decision("d", ["x"], ["y"], [(["1"], ["2"])]) for i in range(300)},
    "twenty large tables": {
        **{f"d{i}.dmn": many_rules(900, 10, '"a","b"').replace(b'"d"', f'"d{i}"'.encode()) for i in range(20)},
        "p.bpmn": process("start > r > end", r=rule("d1")),
    },
}
CELLS = {
    "quotes that never close": '"' + '\\"' * 1_900,
    "quotes of two kinds": "\"'" * 1_900,
    "question marks": "?" * 3_900,
    "dots": "[" + "." * 3_900 + "]",
    "not of not": "not(" * 900 + "x" + ")" * 900,
    "brackets": "(" * 3_900,
    "brackets of all kinds": "([{" * 1_200,
    "signs": "-" * 3_900 + "1",
    "commas": "," * 3_900,
    "lists": "[" * 90 + "]" * 90,
    "dunder": "?.__class__.__mro__",
    "an interval of intervals": "[[1..2]..[3..4]]",
    "an injection": "1) or open('x') or (1",
    "a comment": "1 # )",
    "a line break": "1\n) or (2",
    "a semicolon": "1; import os",
    "a null": "\\x00",
    "a power": "9**9**9**9",
    "an endless text": "'x'" * 1_200,
    "a full-width name": "\uff3f\uff3fclass\uff3f\uff3f",
}
TABLES: dict[str, bytes] = {
    **{f"cells with {name}": many_rules(45, 1, cell) for name, cell in CELLS.items()},
    "many rules": many_rules(20_000, 1, "1"),
    "many cells": many_rules(900, 30, "1"),
    "a table within a table": decision("d", ["x"], ["y"], [(["1"], ["2"])]).replace(
        b"<rule", b"<decisionTable>" * 60 + b"</decisionTable>" * 60 + b"<rule"
    ),
    "rules without columns": decision("d", [], [], [([], [])] * 900),
    "two tables": decision("d", ["x"], ["y"], [(["1"], ["2"])]).replace(
        b"</decisionTable>", b"</decisionTable><decisionTable/>"
    ),
    "no name": decision("", ["x"], ["y"], [(["1"], ["2"])]),
    "a name of 60,000 characters": decision("d" * 60_000, ["x"], ["y"], [(["1"], ["2"])]),
    "thousands of decisions": (
        f'<definitions xmlns="{DMN}">' + "".join(f'<decision id="d{i}"/>' for i in range(45_000)) + "</definitions>"
    ).encode(),
}
__all__ = ["GRAPHS", "IDS", "NAMESPACES", "TABLES", "TEXTS", "TOGETHER", "error", "inclusive", "sub"]
