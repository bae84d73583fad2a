"""Processes laid out and drawn: what a reader sees, what a screen reader hears, what a hostile file gets."""

import re
import subprocess
from pathlib import Path
from time import process_time

import pytest
from lxml import etree

from api.diagrams import NodeState, draw, faults, layout, outline
from api.diagrams.errors import (
    BadCoordinate,
    DanglingReference,
    DiagramTooLarge,
    DuplicateId,
    MessageWithinPool,
    NestedHandler,
    NoDiagram,
    NoDiagramOf,
    UnreadableBpmn,
)
from api.diagrams.svg import STYLESHEET
from api.diagrams.text import label_size, wrap
from engine.errors import EngineError, Invalid
from tests.generated_processes import HEAD, GeneratedProcess
from tests.machine import ROOT, missing

BUNDLED = sorted((ROOT / "bpmn").glob("**/*.bpmn"))
NAMES = [str(path.relative_to(ROOT / "bpmn")) for path in BUNDLED]
SEEDS = range(1, 13)
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
SVG = "{http://www.w3.org/2000/svg}"
DI_SPACES = (
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
)


def file(process: str, before: str = "", after: str = "") -> bytes:
    """A BPMN file with one process `p`."""
    return f'{HEAD}{before}<bpmn:process id="p" name="办理">{process}</bpmn:process>{after}</bpmn:definitions>'.encode()


def flow(source: str, target: str, name: str = "") -> str:
    named = f' name="{name}"' if name else ""
    return f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"{named}/>'


SIMPLE = file(
    '<bpmn:startEvent id="start" name="收到申请"/><bpmn:userTask id="check" name="核对申请内容"/>'
    '<bpmn:serviceTask id="notify" name="发送回执"/><bpmn:exclusiveGateway id="ask" name="是否同意？" default="ask_no"/>'
    '<bpmn:endEvent id="yes" name="已同意"/><bpmn:endEvent id="no" name="不同意"/>'
    + flow("start", "check")
    + flow("check", "notify")
    + flow("notify", "ask")
    + flow("ask", "yes", "同意")
    + flow("ask", "no", "不同意")
)


def parsed(svg: str) -> etree._Element:
    return etree.fromstring(svg.encode())


def drawn_ids(svg: str) -> set[str]:
    return {i for g in parsed(svg).iter(f"{SVG}g") if (i := g.get("data-id")) is not None}


# ------------------------------------------------------------------------------------------------------------- bundles


@pytest.mark.parametrize("path", BUNDLED, ids=NAMES)
def test_the_diagrams_that_we_ship_have_no_line_behind_a_shape_and_no_label_on_a_line(path: Path) -> None:
    assert faults(path.read_bytes()) == []


@pytest.mark.parametrize("path", BUNDLED, ids=NAMES)
def test_laying_out_what_is_laid_out_changes_nothing_in_the_process(path: Path) -> None:
    def without_diagram(bpmn: bytes) -> bytes:
        root = etree.fromstring(bpmn, etree.XMLParser(remove_blank_text=True))
        for part in root.findall("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"):
            root.remove(part)
        return etree.tostring(root, method="c14n")

    bpmn = path.read_bytes()
    assert without_diagram(layout(bpmn)) == without_diagram(bpmn)


@pytest.mark.parametrize("path", BUNDLED, ids=NAMES)
def test_a_reader_sees_at_most_fifteen_tasks_and_events_in_the_main_flow(path: Path) -> None:
    svg = parsed(draw(path.read_bytes(), reader=True))
    handlers = [g for g in svg.iter(f"{SVG}g") if "bp-handler" in g.get("class", "")]
    tasks = [g for g in svg.iter(f"{SVG}g") if "data-id" in g.attrib and g not in handlers and _is_task(g)]
    shown = any(kind in path.read_bytes() for kind in (b"userTask", b"manualTask", b"callActivity"))
    assert (0 < len(tasks) <= 15) if shown else tasks == []  # what the system does alone is no news to a reader


def _is_task(group: etree._Element) -> bool:
    return any("bp-shape" in rect.get("class", "") for rect in group.iter(f"{SVG}rect"))


def test_the_diagrams_that_we_ship_pass_the_linter_of_the_trade() -> None:
    linter = ROOT / "node_modules" / "bpmnlint" / "bin" / "bpmnlint.js"
    if not linter.exists():
        missing("bpmnlint (scripts/setup_node.sh installs it)")
    command = ["bash", "scripts/node.sh", str(linter), *map(str, BUNDLED)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, "")


# ------------------------------------------------------------------------------------------------------------- layout


@pytest.mark.parametrize("seed", SEEDS)
def test_any_process_is_laid_out_without_faults_and_every_step_is_drawn(seed: int) -> None:
    process = GeneratedProcess(seed, size=6)
    laid_out = layout(process.xml)
    assert faults(laid_out) == []
    steps = re.findall(rb'<bpmn:\w+(?:Task|Event|Gateway|callActivity|subProcess) id="(\w+)"', process.xml)
    assert {step.decode() for step in steps} <= drawn_ids(draw(laid_out))


def test_the_same_process_is_always_laid_out_alike() -> None:
    process = GeneratedProcess(3, size=7).xml
    once = layout(process)
    assert layout(process) == once
    assert layout(once) == once


def test_thirty_steps_are_laid_out_in_a_second_and_drawn_in_an_instant() -> None:
    """With an allowance for a busy machine; the time is this process's own, not the clock's."""
    process = next(p for s in range(99) if 28 <= len((p := GeneratedProcess(s, size=10)).nodes) <= 32)
    began = process_time()
    laid_out = layout(process.xml)
    assert process_time() - began < 3
    draw(laid_out)
    began = process_time()
    for _ in range(20):
        draw(laid_out)
    assert (process_time() - began) / 20 < 0.01


def test_boundary_events_sit_on_their_task_and_never_on_each_other() -> None:
    guests = "".join(
        f'<bpmn:boundaryEvent id="b{i}" name="期满提醒{i}" attachedToRef="t"/><bpmn:endEvent id="e{i}" name="已提醒{i}"/>'
        + flow(f"b{i}", f"e{i}")
        for i in range(5)
    )
    assert faults(layout(file(f'<bpmn:userTask id="t" name="办理"/>{guests}'))) == []


def test_several_pools_with_messages_between_them_stand_under_each_other() -> None:
    before = (
        '<bpmn:collaboration id="c"><bpmn:participant id="one" name="甲" processRef="p"/>'
        '<bpmn:participant id="two" name="乙" processRef="q"/><bpmn:participant id="public" name="公众"/>'
        '<bpmn:messageFlow id="m1" name="函" sourceRef="a" targetRef="b"/>'
        '<bpmn:messageFlow id="m2" sourceRef="two" targetRef="one"/>'
        '<bpmn:messageFlow id="m3" sourceRef="public" targetRef="b"/></bpmn:collaboration>'
    )
    laid_out = layout(file('<bpmn:task id="a"/>', before, '<bpmn:process id="q"><bpmn:task id="b"/></bpmn:process>'))
    assert faults(laid_out) == []
    assert drawn_ids(draw(laid_out)) == {"a", "b"}
    assert drawn_ids(draw(laid_out, process="q")) == {"b"}
    assert "公众" in draw(laid_out, process="q")
    assert "甲" not in draw(laid_out, process="q")


def test_a_process_without_pool_or_lane_is_laid_out_too() -> None:
    assert faults(layout(SIMPLE)) == []


def test_each_process_of_a_file_and_the_inside_of_a_subprocess_have_pages_of_their_own() -> None:
    inside = '<bpmn:startEvent id="s1"/><bpmn:task id="t1" name="内部"/>' + flow("s1", "t1")
    process = (
        f'<bpmn:startEvent id="s"/><bpmn:subProcess id="sub" name="子流程">{inside}</bpmn:subProcess>{flow("s", "sub")}'
    )
    laid_out = layout(file(process, after='<bpmn:process id="q"><bpmn:task id="b"/></bpmn:process>'))
    assert faults(laid_out) == []
    assert drawn_ids(draw(laid_out)) == {"s", "sub"}
    assert drawn_ids(draw(laid_out, process="sub")) == {"s1", "t1"}
    assert drawn_ids(draw(laid_out, process="q")) == {"b"}


def test_a_line_from_a_task_to_itself_and_two_lines_between_the_same_steps_are_drawn() -> None:
    twice = '<bpmn:sequenceFlow id="again" name="再次" sourceRef="a" targetRef="b"/>'
    process = f'<bpmn:task id="a"/><bpmn:task id="b"/>{flow("a", "b", "一次")}{twice}{flow("b", "b")}'
    assert faults(layout(file(process))) == []


# ------------------------------------------------------------------------------------------------------------- faults


def moved(bpmn: bytes, shape: str, x: int, y: int) -> bytes:
    root = etree.fromstring(bpmn)
    for element in root.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape"):
        if element.get("bpmnElement") == shape:
            bounds = element.find(f"{DC}Bounds")
            assert bounds is not None
            bounds.set("x", str(x))
            bounds.set("y", str(y))
    return etree.tostring(root)


def test_a_shape_drawn_on_another_and_a_line_behind_a_shape_are_told() -> None:
    laid_out = layout(SIMPLE)
    root = etree.fromstring(laid_out)
    bounds = root.find(f".//*[@bpmnElement='notify']/{DC}Bounds")
    assert bounds is not None
    found = faults(moved(laid_out, "check", int(bounds.get("x", "")) + 20, int(float(bounds.get("y", "")))))
    assert "shapes check and notify overlap" in found or "shapes notify and check overlap" in found
    assert any(fault.startswith("line ") and "behind shape check" in fault for fault in found)


def test_a_step_or_line_that_is_not_drawn_is_told() -> None:
    root = etree.fromstring(layout(SIMPLE))
    for part in root.findall(".//*[@bpmnElement='yes']") + root.findall(".//*[@bpmnElement='ask_yes']"):
        parent = part.getparent()
        assert parent is not None
        parent.remove(part)
    found = faults(etree.tostring(root))
    assert "step yes is not drawn" in found
    assert "line ask_yes is not drawn" in found


# ------------------------------------------------------------------------------------------------------------ drawing


def test_a_drawing_is_well_formed_has_titles_and_neither_inline_style_nor_script() -> None:
    svg = draw(layout(SIMPLE))
    root = parsed(svg)
    assert root.get("role") == "img"
    told = {e.get("id") for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert {root.get("aria-labelledby"), root.get("aria-describedby")} == told
    assert not [e for e in root.iter() if "style" in e.attrib or e.tag in (f"{SVG}style", f"{SVG}script")]
    assert not [name for e in root.iter() for name in e.attrib if str(name).startswith("on")]
    titles = [g.findtext(f"{SVG}title") for g in root.iter(f"{SVG}g") if "data-id" in g.attrib]
    assert "人工办理：核对申请内容" in titles


def test_markup_in_names_states_and_translations_stays_text() -> None:
    nasty = '<script>alert("1")</script>&\x00\x1b'
    states = {"check": NodeState("current", 3, 9, nasty)}
    svg = draw(layout(SIMPLE), states=states, names={"notify": nasty, "p": nasty})
    assert not list(parsed(svg).iter(f"{SVG}script"))
    assert "\x00" not in svg


def test_the_way_of_a_case_is_told_by_word_and_tick_and_not_by_colour_alone() -> None:
    states = {
        "start": NodeState("done"),
        "check": NodeState("done"),
        "notify": NodeState("current", description="第2次"),
    }
    root = parsed(draw(layout(SIMPLE), states=states))
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "bp-ok"]) == 1, "a tick on the finished task"
    words = [text for g in root.iter(f"{SVG}g") if "bp-now" in g.get("class", "") for text in g.itertext()]
    assert "进行中" in "".join(words)
    taken = [p for p in root.iter(f"{SVG}path") if "bp-done" in p.get("class", "").split()]
    assert len(taken) == 2, "start to check, check to notify"
    titles = [t.text for t in root.iter(f"{SVG}title")]
    assert "系统办理：发送回执，进行中，第2次" in titles


def test_the_lines_that_a_case_took_may_be_given() -> None:
    states = {"start": NodeState("done"), "check": NodeState("done"), "start_check": NodeState("done")}
    root = parsed(draw(layout(SIMPLE), states=states))
    assert len([p for p in root.iter(f"{SVG}path") if "bp-done" in p.get("class", "").split()]) == 1


def test_counts_have_their_number_in_words_and_their_heat_a_shape() -> None:
    root = parsed(draw(layout(SIMPLE), states={"check": NodeState(count=128, heat=4), "notify": NodeState(count=2)}))
    badges = [g for g in root.iter(f"{SVG}g") if "bp-badge" in g.get("class", "")]
    assert ["".join(g.itertext()) for g in badges] == ["128件", "2件"]
    assert ["bp-light" in etree.tostring(g).decode() for g in badges] == [True, False]
    assert any("128件在办" in (t.text or "") for t in root.iter(f"{SVG}title"))


def test_a_reader_does_not_see_what_the_system_does_but_its_lines_stay_joined() -> None:
    root = parsed(svg := draw(layout(SIMPLE), reader=True))
    assert drawn_ids(svg) == {"start", "check", "ask", "yes", "no"}
    assert len([p for p in root.iter(f"{SVG}path") if p.get("marker-end")]) == 4
    assert "发送回执" not in "".join(group for g in outline(layout(SIMPLE), reader=True) for group in g.steps)


def test_a_reader_sees_the_systems_step_where_the_case_waits() -> None:
    assert "notify" in drawn_ids(draw(layout(SIMPLE), reader=True, states={"notify": NodeState("current")}))


def test_a_step_at_which_the_case_has_stopped_is_told_by_shape_colour_and_word() -> None:
    svg = draw(layout(SIMPLE), reader=True, states={"check": NodeState("done"), "notify": NodeState("held")})
    (step,) = [g for g in parsed(svg).iter(f"{SVG}g") if g.get("data-id") == "notify"]
    assert "bp-held" in step.get("class", "")
    (badge,) = [g for g in parsed(svg).iter(f"{SVG}g") if "bp-stop" in g.get("class", "")]
    assert "停滞" in "".join(badge.itertext())
    assert [path.get("class") for path in badge.iter(f"{SVG}path")] == ["bp-light"], "a sign beside the word"
    told = [t.text for t in parsed(svg).iter(f"{SVG}title")]
    assert any(text and text.endswith("停滞") for text in told)


def test_a_drawing_in_english_has_english_words_and_labels() -> None:
    names = {"check": "Check the request", "p": "Request", "ask_yes": "Agreed in full"}
    svg = draw(layout(SIMPLE), states={"check": NodeState("current", 1)}, locale="en", names=names)
    titles = [t.text for t in parsed(svg).iter(f"{SVG}title")]
    assert titles[0] == "Request"
    assert "User task: Check the request, in progress, 1 case here" in titles


def test_the_outline_tells_lane_by_lane_what_happens() -> None:
    laid_out = layout(GeneratedProcess(3, size=7).xml)
    groups = outline(laid_out, states={"n0": NodeState("done")})
    assert len(groups) > 1
    assert any(step.endswith("（已完成）") for group in groups for step in group.steps)


def test_a_file_without_places_for_labels_is_drawn_with_its_labels() -> None:
    root = etree.fromstring(layout(SIMPLE))
    for label in list(root.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNLabel")):
        parent = label.getparent()
        assert parent is not None
        parent.remove(label)
    assert "是否同意？" in "".join(parsed(draw(etree.tostring(root))).itertext())


def test_a_standalone_drawing_carries_its_style_sheet() -> None:
    styles = [e.text or "" for e in parsed(draw(layout(SIMPLE), standalone=True)).iter(f"{SVG}style")]
    assert len(styles) == 1
    assert ".bp-shape" in styles[0]


# ------------------------------------------------------------------------------------------------------------- looks


def test_every_class_of_a_drawing_is_in_the_style_sheet() -> None:
    css = STYLESHEET.read_text(encoding="utf-8")
    states = {"check": NodeState("done"), "notify": NodeState("current", 2, 3)}
    used = set(
        re.findall(r"bp-[a-z0-9-]+", " ".join(re.findall(r'class="([^"]*)"', draw(layout(SIMPLE), states=states))))
    )
    structural = {"bp-step", "bp-text", "bp-anchor-middle", "bp-h0"}
    assert {name for name in used - structural if f".{name}" not in css} == set()


def _luminance(colour: str) -> float:
    full = "".join(c * 2 for c in colour) if len(colour) == 3 else colour
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_words_and_lines_stand_out_enough_for_weak_eyes() -> None:
    """WCAG 2.2 AA: 4.5 for words, 3 for the edges of shapes and for lines."""
    css = STYLESHEET.read_text(encoding="utf-8")
    ink = re.search(r"\.bpmn text \{ fill: #(\w+)", css)
    assert ink
    grounds = re.findall(r"bp-shape[^{]*\{[^}]*fill: #(\w+)", css)
    edges = re.findall(r"bp-shape[^{]*\{[^}]*fill: #(\w+); stroke: #(\w+)", css)
    plates = re.findall(r"bp-plate \{ fill: #(\w+)", css)
    assert len(grounds) >= 7
    assert len(plates) >= 6
    assert all(contrast(ink[1], ground) >= 4.5 for ground in grounds)
    assert all(contrast("fff", plate) >= 4.5 for plate in plates)
    assert all(contrast(fill, stroke) >= 3 for fill, stroke in edges)
    assert all(contrast("fff", line) >= 3 for line in re.findall(r"\.bp-flow[^{]*\{[^}]*stroke: #(\w+)", css))


def test_labels_break_evenly_and_never_begin_with_a_closing_mark() -> None:
    assert wrap("是否属于本机关职责？", 84) == ("是否属于本", "机关职责？")
    assert wrap("核对（申请）材料", 40)[0][-1] != "（"
    assert all(line[0] not in "，。？）" for line in wrap("材料，齐全。是否？（是）" * 4, 52, most=99))
    assert wrap("Review the reply", 70) == ("Review", "the reply")
    assert wrap("字" * 500, 84)[-1].endswith("…")
    assert "".join(wrap("x" * 60, 84, most=99)) == "x" * 60
    assert label_size("字" * 5000)[1] == label_size("字" * 500)[1]


# ------------------------------------------------------------------------------------------------------- hostile files

PLANE = f'<bpmndi:BPMNDiagram {DI_SPACES}><bpmndi:BPMNPlane bpmnElement="p">%s</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
SHAPE = '<bpmndi:BPMNShape bpmnElement="%s"><dc:Bounds x="%s" y="0" width="%s" height="10"/></bpmndi:BPMNShape>'
LANE = '<bpmn:laneSet id="ls"><bpmn:lane id="l"><bpmn:flowNodeRef>%s</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
HANDLER = '<bpmn:subProcess id="%s" triggeredByEvent="true">%s</bpmn:subProcess>'
POOL = '<bpmn:collaboration id="c"><bpmn:participant id="x" processRef="%s"/>%s</bpmn:collaboration>'


@pytest.mark.parametrize(
    ("bpmn", "error"),
    [
        (b"", UnreadableBpmn),
        (b"\xff\xfe\x00", UnreadableBpmn),
        (b"<html/>", UnreadableBpmn),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', UnreadableBpmn),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + SIMPLE, UnreadableBpmn),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + SIMPLE, UnreadableBpmn),
        (HEAD.encode() + b"</bpmn:definitions>", UnreadableBpmn),
        ((HEAD + '<bpmn:subProcess id="s">' * 400).encode(), UnreadableBpmn),
        (file('<bpmn:task id="a"/><bpmn:task id="a"/>'), DuplicateId),
        (file("<bpmn:task/>"), DuplicateId),
        (file('<bpmn:task id="a"/>' + flow("a", "nowhere")), DanglingReference),
        (file('<bpmn:boundaryEvent id="b" attachedToRef="b"/>'), DanglingReference),
        (file('<bpmn:boundaryEvent id="b"/>'), DanglingReference),
        (file(LANE % "nobody"), DanglingReference),
        (file('<bpmn:task id="a"/>', POOL % ("nothing", "")), DanglingReference),
        (
            file('<bpmn:task id="a"/>', POOL % ("p", '<bpmn:messageFlow id="m" sourceRef="a" targetRef="q"/>')),
            DanglingReference,
        ),
        (
            file('<bpmn:task id="a"/>', POOL % ("p", '<bpmn:messageFlow id="m" sourceRef="a" targetRef="x"/>')),
            MessageWithinPool,
        ),
        (file(HANDLER % ("outer", HANDLER % ("inner", ""))), NestedHandler),
        (file("".join(f'<bpmn:task id="t{i}"/>' for i in range(900))), DiagramTooLarge),
        (b" " * 5_000_000, DiagramTooLarge),
        (file("<bpmn:documentation/>" * 21_000), DiagramTooLarge),
    ],
)
def test_a_file_that_cannot_be_laid_out_gets_a_sentence(bpmn: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error) as caught:
        layout(bpmn)
    assert "?" not in caught.value.sentence("en")
    assert caught.value.sentence("zh").endswith("。")


@pytest.mark.parametrize(
    ("shapes", "error"),
    [
        (SHAPE % ("missing", "0", "10"), DanglingReference),
        (SHAPE % ("a", "NaN", "10"), BadCoordinate),
        (SHAPE % ("a", "1e300", "10"), BadCoordinate),
        (SHAPE % ("a", "left", "10"), BadCoordinate),
        (SHAPE % ("a", "0", "-10"), BadCoordinate),
        ('<bpmndi:BPMNShape bpmnElement="a"/>', BadCoordinate),
        ('<bpmndi:BPMNEdge bpmnElement="a"/>', BadCoordinate),
        (SHAPE % ("a", "0", "10") * 2_001, DiagramTooLarge),
        ("", NoDiagram),
    ],
)
def test_a_diagram_that_makes_no_sense_gets_a_sentence(shapes: str, error: type[EngineError]) -> None:
    with pytest.raises(error) as caught:
        draw(file('<bpmn:task id="a"/>', after=PLANE % shapes))
    assert caught.value.status == 422


def test_a_process_that_is_not_in_the_file_gets_a_sentence() -> None:
    with pytest.raises(NoDiagramOf, match="no diagram of other"):
        draw(layout(SIMPLE), process="other")


def test_strange_but_readable_diagrams_are_drawn() -> None:
    """Shapes of lines, lines of shapes, no size at all: other tools write them, and nothing may break."""
    line = '<bpmndi:BPMNEdge bpmnElement="a"><di:waypoint x="0" y="0"/><di:waypoint x="0" y="0"/></bpmndi:BPMNEdge>'
    process = (
        '<bpmn:task id="a" default="a_a"/><bpmn:textAnnotation id="n"><bpmn:text>说明</bpmn:text></bpmn:textAnnotation>'
    )
    shapes = SHAPE % ("a_a", "0", "0") + SHAPE % ("a", "0", "0") + SHAPE % ("n", "5", "90") + line
    svg = draw(file(process + flow("a", "a"), after=PLANE % shapes), reader=True)
    assert "说明" in "".join(parsed(svg).itertext())


def test_names_of_any_length_leave_the_diagram_in_order() -> None:
    process = (
        f'<bpmn:startEvent id="s" name="{"长" * 3000}"/><bpmn:task id="a" name="{"x" * 3000}"/>'
        f'<bpmn:exclusiveGateway id="g" name="{"很 长 " * 500}"/><bpmn:endEvent id="e" name="终"/>'
    )
    laid_out = layout(file(process + flow("s", "a", "多" * 800) + flow("a", "g") + flow("g", "e", "y " * 900)))
    assert faults(laid_out) == []
    assert parsed(draw(laid_out)) is not None
