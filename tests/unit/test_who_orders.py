"""Nothing orders, criticises or sanctions by itself (Art. 30): a leader signs such a paper, and people open an order."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import ROOT

GRAVE = re.compile("责令|通报|处分|问题线索|逾期未改正")
LANE = re.compile(r'<bpmn:lane id="([^"]+)".*?</bpmn:lane>', re.DOTALL)
BUNDLES = sorted(ROOT.glob("bpmn/*/process.toml"))


def grave_papers() -> Iterator[Path]:
    """Numbered papers by which somebody is ordered, criticised, or recommended for a sanction."""
    for file in sorted(ROOT.glob("bpmn/*/notices/*/notice.toml")):
        declared = tomllib.loads(file.read_text(encoding="utf-8"))
        if declared["form"] != "slip" and GRAVE.search(declared["title"]):
            yield file


def lanes(folder: Path) -> dict[str, str]:
    """Whose tasks the drawings of a bundle show, by node."""
    found = {}
    for drawing in folder.glob("*.bpmn"):
        for lane in LANE.finditer(drawing.read_text(encoding="utf-8")):
            found |= dict.fromkeys(re.findall(r"<bpmn:flowNodeRef>([^<]+)<", lane[0]), lane[1])
    return found


@pytest.mark.parametrize("file", grave_papers(), ids=lambda file: f"{file.parts[-4]}-{file.parts[-2]}")
def test_an_order_a_circular_and_a_sanction_are_signed_by_a_leader_and_drafted_by_another(file: Path) -> None:
    declared, bundle = tomllib.loads(file.read_text(encoding="utf-8")), file.parents[2]
    signing = next(step["task"] for step in declared["approval"] if step["step"] == "sign")
    assert "automatic" not in declared
    assert lanes(bundle)[signing].endswith(".leader")
    separations = tomllib.loads((bundle / "process.toml").read_text(encoding="utf-8"))["separations"]
    assert any(signing in kept["tasks"] for kept in separations)


def test_there_are_orders_to_look_at() -> None:
    names = {file.parts[-2] for file in grave_papers()}
    assert names >= {"order", "circular", "sanction_proposal", "clue_transfer", "overdue_notice"}


@pytest.mark.parametrize("manifest", BUNDLES, ids=lambda file: file.parent.name)
def test_a_rectification_is_opened_only_behind_a_task_of_a_person(manifest: Path) -> None:
    """The drawing that opens one has a user task before it: no way leads there from the start without a decision."""
    declared = tomllib.loads(manifest.read_text(encoding="utf-8"))
    openings = {name for name, rule in declared.get("opens", {}).items() if rule["process"] == "rectification"}
    for drawing in manifest.parent.glob("*.bpmn"):
        text = drawing.read_text(encoding="utf-8")
        flows = re.findall(r'<bpmn:sequenceFlow [^>]*?sourceRef="([^"]+)" targetRef="([^"]+)"', text)
        decided = set(re.findall(r'<bpmn:(?:userTask|callActivity) id="([^"]+)"', text))
        for node in re.findall(r'<bpmn:serviceTask id="([^"]+)".*?</bpmn:serviceTask>', text, re.DOTALL):
            body = re.search(rf'<bpmn:serviceTask id="{node}".*?</bpmn:serviceTask>', text, re.DOTALL)
            assert body is not None
            if '"case.open"' not in body[0] or not any(f"'{name}'" in body[0] for name in openings):
                continue
            before, waiting = set(), [node]
            while waiting:
                for source in (a for a, b in flows if b == waiting[-1] and a not in before | decided):
                    before.add(source)
                    waiting.insert(0, source)
                waiting.pop()
            assert not before & set(re.findall(r'<bpmn:startEvent id="([^"]+)"', text))


def test_a_circular_knows_nothing_of_who_reported() -> None:
    """Its facts are what the drafter wrote for it, never the lead or complaint that it came out of."""
    facts = tomllib.loads((ROOT / "bpmn/rectification/notices/circular/notice.toml").read_text(encoding="utf-8"))[
        "facts"
    ]
    assert set(facts.values()) == {
        "participants.respondent.name",
        "circular_facts",
        "grounds",
        "circular_demands",
        "circular_scope",
    }
