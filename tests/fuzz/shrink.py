"""Makes a drawing smaller as long as engine and rules still differ over it."""

from collections.abc import Iterator
from copy import copy
from random import Random

from lxml import etree

from engine.runtime.parser import read
from tests.fuzz.duel import Difference, Duel
from tests.fuzz.sketch import Sketch

SCHEDULES = 40  # ways of playing a smaller drawing, before it is given up
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
Node = etree._Element


def shrink(sketch: Sketch, seed: int) -> Duel | None:
    """A duel over the smallest drawing that was found, just lost; None when the difference does not come again."""
    best = _lost(sketch, seed)
    going = best is not None
    while going:
        going = False
        for smaller in _smaller(sketch):
            duel = _lost(smaller, seed)
            if duel is not None:
                sketch, best, going = smaller, duel, True
                break
    return best


def _lost(sketch: Sketch, seed: int) -> Duel | None:
    if any(not fault.warning for fault in read(sketch.files).faults):
        return None
    for number in range(SCHEDULES):
        duel = Duel(sketch, Random(f"{seed} {number}"))
        try:
            duel.play()
        except Difference:
            return duel
        except Exception:
            continue
    return None


def _smaller(sketch: Sketch) -> Iterator[Sketch]:
    """Drawings with one thing less."""
    for file, source in sketch.files.items():
        if not file.endswith(".bpmn"):
            continue
        for number in range(len(list(_nodes(etree.fromstring(source))))):
            for change in (_take_out, _bypass, _plain):
                root = etree.fromstring(source)
                node = list(_nodes(root))[number]
                if change(node):
                    _drop_unreachable(root)
                    other = copy(sketch)
                    other.files = sketch.files | {file: etree.tostring(root)}
                    yield other


def _nodes(root: Node) -> Iterator[Node]:
    """Nodes, the large ones first."""
    found = [n for n in root.iter() if n.get("id") and n.getparent() is not root and _is_node(n)]
    yield from sorted(found, key=lambda n: -len(list(n.iter())))


def _is_node(node: Node) -> bool:
    return str(node.tag).endswith(("Task", "Event", "Gateway", "subProcess", "callActivity", "}task"))


def _flows(node: Node, end: str) -> list[Node]:
    parent = node.getparent()
    return [] if parent is None else [f for f in parent.findall(f"{BPMN}sequenceFlow") if f.get(end) == node.get("id")]


def _remove(node: Node) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def _take_out(node: Node) -> bool:
    """Without the node and everything that only it leads to."""
    if node.tag == f"{BPMN}startEvent":
        return False
    for flow in (*_flows(node, "sourceRef"), *_flows(node, "targetRef")):
        _remove(flow)
    _remove(node)
    return True


def _bypass(node: Node) -> bool:
    """The flow goes past the node."""
    ins, outs = _flows(node, "targetRef"), _flows(node, "sourceRef")
    if not ins or not outs:
        return False
    for flow in ins:
        flow.set("targetRef", outs[0].get("targetRef") or "")
    for flow in outs:
        _remove(flow)
    _remove(node)
    return True


def _plain(node: Node) -> bool:
    """A task for a person instead, done once."""
    if not str(node.tag).endswith(("Task", "subProcess", "callActivity")) or node.get("triggeredByEvent"):
        return False
    if node.tag == f"{BPMN}userTask" and not len(node):
        return False
    plain = etree.Element(f"{BPMN}userTask", id=node.get("id") or "")
    parent = node.getparent()
    if parent is None:
        return False
    parent.replace(node, plain)
    return True


def _drop_unreachable(root: Node) -> None:
    """What nothing leads to any more goes as well, and so do boundary events of what is gone."""
    gone = True
    while gone:
        gone = False
        for node in list(_nodes(root)):
            begins = node.tag == f"{BPMN}startEvent" or node.get("triggeredByEvent") == "true"
            host = node.get("attachedToRef")
            lost = host is not None and root.find(f".//*[@id='{host}']") is None
            if lost or (not begins and host is None and not _flows(node, "targetRef")):
                gone = _take_out(node) or gone
