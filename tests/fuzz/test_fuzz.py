"""Random drawings, random cases: the engine and the rules of BPMN must agree at every step."""

from functools import cache
from itertools import product

import pytest

from engine.runtime.reader import TRIGGERS
from tests.fuzz.duel import Difference, Duel, Result
from tests.fuzz.run import AT_ONCE

CASES = 560
PARTS = 8
NEVER_BESIDE = {("startEvent", "error"), ("boundaryEvent", "error")}  # an error always interrupts
REPEATED = ("userTask", "manualTask", "task", *AT_ONCE, "subProcess", "callActivity")


@pytest.mark.parametrize("part", range(PARTS))
def test_the_engine_and_the_rules_of_bpmn_agree(part: int) -> None:
    results = [played(seed) for seed in range(part, CASES, PARTS)]
    real = [result for result in results if not result.refused and not result.endless]
    assert len(real) > 0.7 * len(results)
    assert sum(result.steps for result in real) > 8 * len(real)
    assert sum(result.parted for result in real) <= len(real) // 20


def test_every_kind_of_element_was_really_played() -> None:
    met = set().union(*(played(seed).kinds for seed in range(CASES)))
    assert set(kinds()) - met == set()


@cache
def played(seed: int) -> Result:
    try:
        return Duel.of(seed).play()
    except Difference as difference:
        pytest.fail(f"seed {seed}, shown by `python -m tests.fuzz {seed}`: {difference}", pytrace=False)


def kinds() -> list[str]:
    """Everything that the reader understands, in the words of ``kind_of``."""
    out = ["startEvent", "endEvent", "intermediateThrowEvent", "receiveTask"]
    out += ["deadline", "instant", "operation that fails", "completion condition", "all instances done"]
    out += ["exit message", "exit signal", "exit timer", "exit receiveTask"]  # of an event-based gateway
    out += ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"]
    out += [*REPEATED, *(f"{task} {how}" for task, how in product(REPEATED, ("loop", "sequential", "parallel")))]
    for element, triggers in TRIGGERS.items():
        for trigger in sorted(triggers):
            out += list(_events(element, trigger))
    return out


def _events(element: str, trigger: str) -> list[str]:
    times = ("timeDate", "timeDuration", "timeCycle") if trigger == "timer" else (trigger,)
    if element not in ("startEvent", "boundaryEvent"):
        return [f"{element} {time}" for time in times if time != "timeCycle"]
    hows = ("interrupting",) if (element, trigger) in NEVER_BESIDE else ("interrupting", "beside")
    pairs = product(times, hows)
    return [f"{element} {time} {how}" for time, how in pairs if (time, how) != ("timeCycle", "interrupting")]
