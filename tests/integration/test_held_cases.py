"""A process that stops loses nothing: the work is kept, an incident says where, and an operator gets the case going."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from engine import audit, incidents, process, queries, repairs, situations
from engine.access import SYSTEM, Actor, NotAdministrator
from engine.incidents import AlreadySettled
from engine.manifest import FieldType
from engine.models import AuditEvent, Case, CaseRevision, Incident, StepRecord, Task
from engine.reasons import ReasonMissing
from engine.repairs import StillHeld, TokenGone, ValueUnfit
from engine.situations import Stopped
from tests.bundles import Trial, bundle
from tests.drawing import Drawn, each, exclusive, parallel, script, service
from tests.factories import World

OPERATOR = Actor("person", id="operator", duty="administrator")
COUNTING = bundle(
    "start > count > s > after > end",
    {"amount": "string", "total": "integer", "day": "date", "share": "number", "entries": "list"},
    {"count": {"amount": "string"}},
    s=script("total = int(amount) + 1"),
)


@pytest.fixture
def stopped(world: World) -> Trial:
    """A case whose script cannot calculate with what a case handler entered."""
    trial = Trial(world, COUNTING)
    assert trial.do("count", amount="许多") == ["您的办理已经保存。流程随后在“s”处停下，已通知系统管理员处理。"]
    return trial


def incident_of(world: World) -> Incident:
    return world.one(Incident, case_id=world.case_id, resolved_at=None)


def situation(world: World) -> Stopped:
    with world.database.reading(OPERATOR) as reading:
        found = situations.of_incident(reading, incident_of(world).id).case
    assert found is not None
    return found


def correct(world: World, **values: object) -> None:
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.correct(uow, incident_of(world).id, values, "金额应为数字，已与承办人核实")


def retry(world: World) -> None:
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.retry(uow, incident_of(world).id, "已更正")


def events(world: World, name: str) -> list[dict[str, object]]:
    found = world.all(AuditEvent, stream=f"case:{world.case_id}", name=name)
    return [{key: value for key, value in e.detail.items() if key != "incident"} for e in found]


def test_the_work_is_kept_and_an_incident_names_the_element(world: World, stopped: Trial) -> None:
    assert world.one(Task, case_id=world.case_id, node="count").state == "completed"
    incident = incident_of(world)
    assert (incident.kind, incident.node, incident.revision) == ("expression-failed", "s", 2)
    assert "许多" not in incident.sentence, "what somebody wrote stays in the case"
    assert events(world, "token.held") == [{"node": "s", "reason": "expression-failed"}]
    assert world.case().status != "closed"


def test_an_operator_corrects_data_and_lets_the_case_go_on(world: World, stopped: Trial) -> None:
    correct(world, amount="3")
    retry(world)
    assert world.open_tasks() == ["after"]
    assert world.all(Incident, case_id=world.case_id, resolved_at=None) == []
    assert events(world, "data.corrected") == [{"fields": ["amount"], "reason": "金额应为数字，已与承办人核实"}]
    assert events(world, "token.retried") == [{"node": "s", "reason": "已更正"}]
    assert [r.cause.partition(":")[0] for r in world.all(CaseRevision, case_id=world.case_id)] == [
        "form",
        "task",
        "repair",
        "task",
    ]
    with world.database.reading(SYSTEM) as reading:
        assert audit.verify(reading.session) == []
        assert process.opened(reading, reading.session.get_one(Case, world.case_id)).data["total"] == 4


def test_a_new_try_that_fails_again_leaves_the_incident_open(world: World, stopped: Trial) -> None:
    first = incident_of(world)
    correct(world, amount="9" * 20)
    retry(world)
    second = incident_of(world)
    assert (second.id, second.node, second.cause) == (first.id, "s", first.cause)
    assert (second.sentence != first.sentence, second.revision) == (True, 3)


def test_a_case_that_still_stands_cannot_be_called_settled(world: World, stopped: Trial) -> None:
    with pytest.raises(StillHeld), world.database.unit_of_work(OPERATOR) as uow:
        repairs.resolve(uow, incident_of(world).id, "没有问题")
    assert incident_of(world)


def test_an_operator_sees_where_it_stands_and_no_values(world: World, stopped: Trial) -> None:
    found = situation(world)
    assert [(t.node, t.held) for t in found.tokens] == [("s", True)]
    assert set(found.tokens[0].destinations) == {"count", "s", "after", "end"}
    assert [(f.name, f.kind, f.filled) for f in found.reads] == [("amount", "string", True)]
    assert "许多" not in repr(found.fields)


def test_a_held_token_is_moved_with_a_reason(world: World, stopped: Trial) -> None:
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.move(uow, incident_of(world).id, situation(world).tokens[0].id, "count", "请承办人重新填写")
    assert world.open_tasks() == ["count"]
    assert events(world, "token.moved") == [{"node": "s", "reason": "请承办人重新填写", "to": "count"}]
    assert stopped.do("count", amount="5") == []
    assert world.open_tasks() == ["after"]


def test_a_branch_is_cancelled_and_the_other_ends_the_case(world: World) -> None:
    files = bundle("start > f > s > end; f > a > end2", {"n": "integer"}, f=parallel(), s=script("n = int('x')"))
    trial = Trial(world, files)
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.cancel(uow, incident_of(world).id, situation(world).tokens[0].id, "此步骤不再需要")
    assert world.open_tasks() == ["a"]
    trial.do("a")
    assert world.open_tasks() == []
    assert world.all(Incident, case_id=world.case_id, resolved_at=None) == []


@pytest.mark.parametrize("reason", ["", "  ", "长" * 501])
def test_nothing_is_repaired_without_a_reason(world: World, stopped: Trial, reason: str) -> None:
    with pytest.raises(ReasonMissing), world.database.unit_of_work(OPERATOR) as uow:
        repairs.retry(uow, incident_of(world).id, reason)


UNFIT: tuple[tuple[str, object], ...] = (
    ("amount", 3),
    ("total", "3"),
    ("total", True),
    ("total", 2**60),
    ("nothing", 1),
    ("agency", []),
    ("agency", "\ud800"),
    ("day", "2026-02-30"),
    ("day", "20260421"),
    ("share", float("nan")),
    ("entries", [float("inf")]),
)


def test_data_are_corrected_only_to_what_the_process_declares(world: World, stopped: Trial) -> None:
    for name, value in UNFIT:
        with pytest.raises((ValueUnfit, process.FieldUndeclared)):
            correct(world, **{name: value})
    assert world.case().revision == 2


def test_only_operators_repair(world: World, stopped: Trial) -> None:
    handler = world.person("data_provider.case_handler")
    incident = incident_of(world)
    for act in (
        lambda uow: repairs.retry(uow, incident.id, "因为"),
        lambda uow: repairs.correct(uow, incident.id, {"amount": "3"}, "因为"),
        lambda uow: repairs.move(uow, incident.id, incident.token, "end", "因为"),
        lambda uow: repairs.cancel(uow, incident.id, incident.token, "因为"),
        lambda uow: repairs.resolve(uow, incident.id, "因为"),
    ):
        with pytest.raises(NotAdministrator), world.database.unit_of_work(handler) as uow:
            act(uow)


def test_what_somebody_else_has_settled_is_a_clear_conflict(world: World, stopped: Trial) -> None:
    old = incident_of(world)
    correct(world, amount="3")
    retry(world)
    for act in (
        lambda uow: repairs.retry(uow, old.id, "再试一次"),
        lambda uow: repairs.move(uow, old.id, old.token or "", "count", "重新填写"),
        lambda uow: repairs.cancel(uow, old.id, old.token or "", "取消"),
        lambda uow: repairs.correct(uow, old.id, {"amount": "4"}, "更正"),
    ):
        with pytest.raises(AlreadySettled), world.database.unit_of_work(OPERATOR) as uow:
            act(uow)
    assert world.open_tasks() == ["after"]


@pytest.mark.parametrize("token", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_token_that_is_gone_is_a_clear_conflict(world: World, stopped: Trial, token: str) -> None:
    with pytest.raises(TokenGone), world.database.unit_of_work(OPERATOR) as uow:
        repairs.move(uow, incident_of(world).id, token, "count", "重新填写")


def test_an_operator_sees_what_was_done_so_far_and_how_often_it_was_tried(world: World, stopped: Trial) -> None:
    retry(world)
    correct(world, amount="3")
    with world.database.reading(OPERATOR) as reading:
        found = situations.of_incident(reading, incident_of(world).id)
    assert [(act.name, act.reason) for act in found.acts] == [
        ("token.held", "expression-failed"),
        ("token.retried", "已更正"),
        ("token.held", "expression-failed"),
        ("data.corrected", "金额应为数字，已与承办人核实"),
    ]
    assert found.tries == 2
    assert found.since == found.acts[0].at
    assert found.case is not None
    assert (found.case.revision, found.incident.revision) == (3, 2)


def test_an_incident_of_the_machine_is_closed_with_a_reason(world: World, stopped: Trial) -> None:
    with world.database.unit_of_work(SYSTEM) as uow:
        incidents.open_incident(uow, "job.failed", "The mail server does not answer.")
        failed = uow.session.exec(select(Incident).where(col(Incident.kind) == "job.failed")).one()
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.resolve(uow, failed.id, "已改用邮寄送达")
    with world.database.reading(OPERATOR) as reading:
        (act,) = situations.of_incident(reading, failed.id).acts
    assert (act.name, act.reason) == ("incident.resolved", "已改用邮寄送达")
    with pytest.raises(repairs.NoCase), world.database.unit_of_work(OPERATOR) as uow:
        repairs.correct(uow, failed.id, {"amount": "3"}, "更正")


# ---------------------------------------------------------------- operations


BREAKING = bundle(
    "start > a > op > b > end",
    {"who": "string"},
    {"a": {"who": "string"}},
    op=service("case.transfer", part="'data_provider'", organisation="who"),
)


def test_an_operation_that_breaks_leaves_no_trace_but_its_incident(world: World) -> None:
    trial = Trial(world, BREAKING)
    before = world.all(StepRecord, case_id=world.case_id, kind="event")
    assert len(trial.do("a", who="没有这个机关")) == 1
    incident = incident_of(world)
    assert (incident.kind, incident.node) == ("operation-broken", "op")
    assert "没有这个机关" not in incident.sentence
    assert world.all(StepRecord, case_id=world.case_id, kind="event") == before
    assert situation(world).tokens[0].held
    assert trial.agency is not None
    correct(world, who=trial.agency.code)
    retry(world)
    assert world.open_tasks() == ["b"]


def test_what_follows_a_new_try_is_done_in_the_name_of_who_had_set_it_off(world: World) -> None:
    trial = Trial(world, BREAKING)
    trial.do("a", who="没有这个机关")
    assert trial.agency is not None
    correct(world, who=trial.agency.code)
    retry(world)
    handler = world.person("data_provider.case_handler")
    (moved,) = [e for e in world.all(AuditEvent, stream=f"case:{world.case_id}") if e.name == "case.transferred"]
    assert moved.actor == str(handler)


def test_a_database_that_fails_is_no_incident_of_the_operation(world: World) -> None:
    """It undoes everything, as ever: the person tries again."""
    trial = Trial(world, BREAKING)
    task = world.task("a")

    def broken(*_: object) -> object:
        raise IntegrityError("", {}, Exception())

    operations = world.database.registry.operations
    working = operations["case.transfer"]
    operations["case.transfer"] = type(working)(working.name, working.parameters, broken)  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        trial.do("a", who="x")
    operations["case.transfer"] = working
    assert world.task("a").id == task.id
    assert world.all(Incident) == []


def test_a_flow_that_runs_in_circles_through_operations_is_held(world: World) -> None:
    files = bundle(
        "start > a > m > op > g; g [true] > m; g [] > end",
        m=exclusive(),
        g=exclusive(),
        op=service("case.announce", event="'case.circled'"),
    )
    trial = Trial(world, files)
    assert len(trial.do("a")) == 1
    assert incident_of(world).node == "op"


def test_a_held_case_shows_at_the_desk_where_it_stands(world: World, stopped: Trial) -> None:
    with world.database.reading(world.person("data_provider.case_handler")) as reading:
        assert queries.case_file(reading, world.case().reference).case.reference == world.case().reference
    with world.database.reading(OPERATOR) as reading:
        assert [i.node for i in incidents.open_incidents(reading)] == ["s"]


# ---------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("string", " 三 ", " 三 "),
        ("string", " ", None),
        ("integer", " 3 ", 3),
        ("number", "3", 3),
        ("number", "-0.5", -0.5),
        ("boolean", "是", True),
        ("boolean", "No", False),
        ("date", "2026-04-21", "2026-04-21"),
        ("list", "[1, 2]", [1, 2]),
        ("object", '{"a": null}', {"a": None}),
        ("list", "", None),
    ],
)
def test_what_is_typed_is_read_as_the_field_holds_it(kind: FieldType, typed: str, value: object) -> None:
    assert repairs.read_value("n", kind, typed) == value


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("integer", "三个"),
        ("integer", "3.5"),
        ("number", "x"),
        ("boolean", "也许"),
        ("list", "[1"),
        ("list", "[" * 100_000),
    ],
)
def test_what_cannot_be_read_is_refused(kind: FieldType, typed: str) -> None:
    with pytest.raises(ValueUnfit):
        repairs.read_value("n", kind, typed)


def test_each_instance_of_a_repetition_that_has_stopped_is_tried_again(world: World) -> None:
    counted = Drawn("scriptTask", f"<script>total = int(amount) + x</script>{each('', 'x', times='2')}")
    files = bundle(
        "start > count > s > after > end",
        {"amount": "string", "total": "integer"},
        {"count": {"amount": "string"}},
        s=counted,
    )
    Trial(world, files).do("count", amount="许多")
    stopped = world.all(Incident, case_id=world.case_id)
    with world.database.unit_of_work(OPERATOR) as uow:
        found = situations.of_incident(uow, stopped[0].id).case
        repairs.correct(uow, stopped[0].id, {"amount": "3"}, "金额应为数字")
    assert found is not None
    assert [(t.node, t.held) for t in found.tokens] == [("s", False), ("s", True), ("s", True)]
    for incident in stopped:
        with world.database.unit_of_work(OPERATOR) as uow:
            repairs.retry(uow, incident.id, "已更正")
    assert world.open_tasks() == ["after"]


def test_who_takes_a_branch_away_is_told_of_the_gateway_that_still_waits_for_it(world: World) -> None:
    drawn = "start > f > s > j > after > end; f > a > j"
    trial = Trial(world, bundle(drawn, {"n": "integer"}, f=parallel(), j=parallel(), s=script("n = int('x')")))
    trial.do("a")
    held = next(token for token in situation(world).tokens if token.held)
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.cancel(uow, incident_of(world).id, held.id, "此步骤不再需要")
        assert [warning.sentence("zh") for warning in uow.warnings] == ["已经执行；流程随后在“j”处停下。"]
    assert (incident_of(world).kind, incident_of(world).node) == ("nothing-comes", "j")
    with world.database.unit_of_work(OPERATOR) as uow:
        repairs.move(uow, incident_of(world).id, situation(world).tokens[0].id, "after", "另一分支已取消")
    assert world.open_tasks() == ["after"]
