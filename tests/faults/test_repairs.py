"""A case that has stopped, and operators who get it going: machines die meanwhile, and others come at the same moment."""

import pytest

from engine import repairs
from engine.access import SYSTEM
from engine.models import AuditEvent, Incident, ProcessInstance, Task
from tests.faults.invariants import require_consistent, require_whole
from tests.faults.stage import Act, Outcome, Stage
from tests.faults.story import zipped
from tests.faults.test_races import require_both

BRITTLE = ("intake.bpmn", "supplement_asked = True", "supplement_asked = int(defects) > 0")
DEFECTS = {"intake_action": "supplement", "defects": "没有写明需要哪些字段。"}


def approval(stage: Stage) -> Act:
    """The approval after which the case stops, since its process counts what cannot be counted."""
    assert stage.do(stage.deploy(zipped(BRITTLE))).ok
    stage.world.submit()
    stage.world.do("check", **DEFECTS)
    return stage.complete("approve_intake", intake_approval="approve")


def correct(stage: Stage) -> None:
    incident = stage.world.one(Incident, case_id=stage.world.case_id, resolved_at=None)
    with stage.world.database.unit_of_work(SYSTEM) as uow:
        repairs.correct(uow, incident.id, {"defects": "3"}, "改为条数")


@pytest.fixture
def stopped(stage: Stage) -> Stage:
    assert stage.do(approval(stage)).ok
    correct(stage)
    return stage


def require_first(outcomes: list[Outcome]) -> None:
    """The first got through; the second is told that there is nothing left to repair."""
    assert outcomes[0].ok, outcomes
    assert (outcomes[1].status, outcomes[1].type) == (409, "already-settled"), outcomes


def killed_everywhere(stage: Stage, act: Act) -> None:
    outcomes: list[Outcome] = []
    for outcome in stage.insist(act, "kill", set()):
        require_consistent(stage.world)
        outcomes.append(outcome)
    assert outcomes[-1].ok, outcomes[-1]


@pytest.mark.sqlite_only
def test_a_case_that_stops_and_goes_on_does_so_once_whoever_is_killed_meanwhile(stage: Stage) -> None:
    killed_everywhere(stage, approval(stage))
    assert [t.state for t in stage.world.all(Task, node="approve_intake")] == ["completed"]
    assert len(stage.world.all(Incident)) == 1
    correct(stage)
    killed_everywhere(stage, stage.try_again())
    require_whole(stage.world)
    assert len(stage.world.all(AuditEvent, name="token.retried")) == 1
    heard = ["end_waiting", "lead_decided", "more_material", "supplement", "withdraw"]
    assert stage.world.one(ProcessInstance).listening == heard


def test_of_two_operators_who_try_again_at_once_one_does(stopped: Stage) -> None:
    outcomes = stopped.meet(stopped.try_again(), "process.advanced", stopped.try_again("administrator#2"))
    require_first(outcomes)
    assert len(stopped.world.all(AuditEvent, name="token.retried")) == 1
    require_whole(stopped.world)


def test_a_withdrawal_that_comes_while_an_operator_tries_again_comes_after_it(stopped: Stage) -> None:
    require_both(stopped.meet(stopped.try_again(), "process.advanced", stopped.send("withdraw")))
    assert stopped.world.facts()["outcome"] == "withdrawn"
    require_whole(stopped.world)


def test_an_operator_who_tries_again_while_the_case_is_withdrawn_comes_too_late(stopped: Stage) -> None:
    outcomes = stopped.meet(stopped.send("withdraw"), "process.advanced", stopped.try_again())
    require_first(outcomes)
    assert not stopped.world.all(AuditEvent, name="token.retried")
    assert stopped.world.facts()["outcome"] == "withdrawn"
    require_whole(stopped.world)
