"""A chain of approval that cannot work is refused when its process is deployed, with a sentence that names the place."""

from collections.abc import Mapping, Sequence

import pytest

from api.composition import registry
from engine import lint, roles
from engine.runtime import Fault
from engine.settings import Settings
from tests.chains import APPROVE, FLOW, WHOLE, chained
from tests.drawing import each

NOTICE = "notices/decision/notice.toml"
REVIEW, COUNTERSIGN, LEGAL, SIGN, SEAL, REGISTER = WHOLE


def judged(files: Mapping[str, bytes]) -> list[Fault]:
    known = lint.vocabulary(registry(), roles.known(Settings()))
    return [fault for fault in lint.lint_bundle(files, known) if not fault.warning]


def reworded(old: str, new: str) -> dict[str, bytes]:
    files = chained()
    assert old in files[NOTICE].decode()
    return files | {NOTICE: files[NOTICE].decode().replace(old, new).encode()}


def test_a_whole_chain_inside_one_task_has_no_faults() -> None:
    assert judged(chained()) == []


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "names who approves it"),
        ((REVIEW, COUNTERSIGN), "one step “sign”"),
        ((SIGN, SIGN), "one step “sign”"),
        (({**SIGN, "when": "words == '同意'"},), "is always signed"),
        ((SIGN, REVIEW), "the step “review” comes before “sign”"),
        ((SEAL, SIGN), "the step “seal” comes after “sign”"),
        ((SIGN, REGISTER, SEAL), "sealed before it is registered"),
        ((SIGN, SEAL, SEAL), "the step “seal” more than once"),
        (({**SIGN, "task": "nowhere"},), "there is no user task nowhere"),
        (({**SIGN, "lane": "data_provider.nobody"},), "names the role nobody"),
        (({**SIGN, "lane": "stranger.leader"},), "the participant stranger"),
        (({**SIGN, "opinion": "thoughts"},), "has no field thoughts"),
        (({**SIGN, "passes": "True"},), "does not depend on the form"),
        (({**SIGN, "passes": "words == 'x'"},), "does not depend on the form"),
        (({**SIGN, "passes": "result =="},), "is not allowed"),
        (({**REVIEW, "when": "verdict == 1"}, SIGN), "reads verdict"),
    ],
)
def test_a_chain_that_cannot_work_is_refused(steps: Sequence[Mapping[str, str]], said: str) -> None:
    assert said in " ".join(fault.reason for fault in judged(chained(steps)) if fault.file == NOTICE)


def test_a_paper_that_nobody_need_approve_says_why() -> None:
    approved = NOTICE, chained(())[NOTICE]
    automatic = approved[1].replace(b"\n[facts]", '\nautomatic = "只转告已经批准的事项"\n[facts]'.encode())
    assert judged(chained(()) | {NOTICE: automatic}) == []
    assert "not automatic" in judged(reworded('series = "试"', 'series = "试"\nautomatic = "为何"'))[0].reason


def test_a_paper_is_drafted_before_it_is_approved() -> None:
    without = FLOW.replace("write > draft >", "write >")
    assert "nothing drafts it" in judged(chained(flow=without))[0].reason
    around = FLOW.replace("start > m", f"start > x; x [words == 'quick'] > {APPROVE}; x [] > m")
    assert f"{APPROVE} is reached before there is a draft" in str(judged(chained(flow=around)))


def test_a_paper_is_approved_once_and_not_by_each_of_many() -> None:
    files = chained()
    drawn = files["process.bpmn"].decode()
    task = drawn[drawn.index(f'<userTask id="{APPROVE}"') :].split("</userTask>")[0]
    repeated = drawn.replace(task, task + each("['a', 'b']", "item"))
    assert "a paper is approved once" in str(judged(files | {"process.bpmn": repeated.encode()}))


def test_an_unknown_step_is_refused() -> None:
    assert judged(reworded('step = "sign"', 'step = "bless"')) != []
