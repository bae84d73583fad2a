"""Running cases go over to another version of their process: planned first, moved with a reason, and back again."""

from collections.abc import Callable
from typing import Any

import pytest

from engine import (
    definitions,
    handovers,
    instance_migration,
    maintenance,
    messages,
    migration_plans,
    process,
    queries,
    tasks,
)
from engine.access import PUBLIC, SYSTEM, Actor, NotAdministrator
from engine.db import UnitOfWork
from engine.definitions import VersionUnknown
from engine.errors import EngineError
from engine.instance_migration import RunUnknown
from engine.migration_plans import CasePlan, CaseUnknown
from engine.models import (
    AuditEvent,
    Breach,
    Case,
    Deadline,
    Document,
    InstanceMigration,
    Job,
    Notice,
    Participant,
    ProcessInstance,
    ReceivedMessage,
    Task,
    Timer,
    new_id,
)
from engine.reasons import ReasonMissing
from tests import other_versions
from tests.factories import ANSWERS, World, at_once

KEY, REASON = "open_data_request", "流程修正"
REPLY, CHECKED = ANSWERS["draft_reply"], ANSWERS["check"]
MATERIAL = {"content": "另附一份说明。"}
REPLIES: dict[str, dict[str, Any]] = {"countersign": {"review_result": "approve"}}


def deploy(world: World, files: dict[str, bytes]) -> int:
    with world.database.unit_of_work(SYSTEM) as uow:
        return definitions.deploy(uow, files).version


def planned(world: World, to: int, **chosen: Any) -> list[CasePlan]:
    with world.database.reading(SYSTEM) as reading:
        return migration_plans.plan(reading, KEY, to, **chosen)


def migrate(world: World, to: int, run: str = "r1", **chosen: Any) -> list[CasePlan]:
    return list(instance_migration.apply(world.database, SYSTEM, KEY, to, REASON, run=run, **chosen))


def undo(world: World, run: str = "r1") -> list[CasePlan]:
    return list(instance_migration.undo(world.database, SYSTEM, run, REASON))


def version(world: World) -> int:
    with world.database.reading(SYSTEM) as reading:
        return definitions.of_case(reading, reading.session.get_one(Case, world.case_id)).version


def rows_of(world: World) -> dict[str, list[Any]]:
    """What the desk, the clocks and the flow of a case are, but for revisions."""
    found: dict[str, list[Any]] = {}
    for table, names in (
        (Task, ("id", "token", "node", "part", "role", "organisation_id", "state", "assignee_id", "draft", "locals")),
        (Timer, ("id", "token", "node", "deadline", "due_at")),
        (Deadline, ("id", "name", "state", "started_at", "due_at", "stopped_at", "days")),
        (Notice, ("id", "name", "state", "number", "facts")),
    ):
        rows = world.all(table, case_id=world.case_id)
        found[table.__name__] = sorted([[getattr(row, n) for n in names] for row in rows], key=str)
    case, instance = world.case(), world.one(ProcessInstance, case_id=world.case_id)
    found["Case"] = [case.status, case.stage, case.outcome, case.late, case.due_at, case.data, case.revision]
    found["Instance"] = [sorted(instance.listening), instance.parked, instance.finished_at]
    return found


# ------------------------------------------------------------------------------------------------ every stage


STAGES: dict[str, Callable[[World], object]] = {
    "filed": lambda world: world.submit(),
    "agency unknown": lambda world: world.submit(agency="unknown"),
    "supplement awaited": lambda world: (
        world.submit(),
        world.do("check", intake_action="supplement", defects="请说明用途。"),
        world.do("approve_intake", intake_approval="approve"),
        world.work(papers=True),
    ),
    "assessed": lambda world: (world.submit(), world.reach("assess")),
    "under confidentiality review": lambda world: (world.submit(), world.reach("confidentiality_review")),
    "reply to be drafted": lambda world: (world.submit(), world.reach("draft_reply")),
    "reply reviewed": lambda world: (world.submit(), world.reach("review_reply")),
    "to be signed": lambda world: (world.submit(), world.reach("sign_reply")),
    "to be opened": lambda world: (world.submit(), world.reach("open_dataset")),
    "more material came": lambda world: (world.submit(), world.send("more_material", **MATERIAL)),
    "late": lambda world: (world.submit(), world.travel("+12d"), world.work(papers=True)),
}


@pytest.mark.sqlite_only
def test_cases_go_over_at_any_stage_and_nothing_of_them_changes(world: World) -> None:
    standing = {}
    for stage, come_there in STAGES.items():
        come_there(world)
        standing[world.case_id] = stage
    to = deploy(world, other_versions.countersigned())
    before = {}
    for world.case_id in standing:
        before[world.case_id] = rows_of(world)
    plans = {plan.case_id: plan for plan in planned(world, to)}
    assert plans.keys() == standing.keys()
    for world.case_id, stage in standing.items():
        plan = plans[world.case_id]
        assert (plan.outcome, plan.obstacles, plan.begins) == ("possible", (), ()), stage
        assert {place.node for place in plan.stays if place.kind == "task"} == set(world.open_tasks()), stage
    assert [plan.outcome for plan in migrate(world, to, batch=4)] == ["migrated"] * len(standing)
    for world.case_id, stage in standing.items():
        assert (version(world), rows_of(world)) == (to, before[world.case_id]), stage
    assert planned(world, to) == migrate(world, to) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("stage", ["filed", "reply reviewed"])
def test_a_case_that_went_over_takes_the_new_way_to_reply_and_paper(world: World, stage: str) -> None:
    STAGES[stage](world)
    migrate(world, deploy(world, other_versions.countersigned()))
    countersigned = False
    for _ in range(40):
        world.work(papers=True)
        if world.case().closed_at is not None:
            break
        node = world.open_tasks()[0]
        countersigned |= node == "countersign"
        world.do(node, **REPLIES.get(node, {}))
    assert countersigned
    assert world.case().status == "closed"
    reply = world.one(Notice, case_id=world.case_id, name="reply")
    assert reply.state == "issued"
    assert world.all(Document, id=reply.document_id)
    assert maintenance.verify_audit(world.database) == []


def test_a_parked_operation_is_finished_after_the_case_went_over(world: World) -> None:
    world.submit()
    world.reach("draft_reply")
    with world.database.unit_of_work(world.person("data_provider.case_handler")) as uow:
        tasks.complete(uow, world.task("draft_reply").id, REPLY)
    assert world.open_tasks() == []
    (plan,) = planned(world, to := deploy(world, other_versions.countersigned()))
    assert [place.kind for place in plan.stays if place.node == "draft_notice"] == ["operation"]
    migrate(world, to)
    world.work(papers=True)
    assert world.open_tasks() == ["review_reply"]


@pytest.mark.sqlite_only
def test_claim_and_draft_stay_with_whoever_has_them(world: World) -> None:
    world.submit()
    handler, task = world.person("data_provider.case_handler"), world.task("check")
    with world.database.unit_of_work(handler) as uow:
        tasks.claim(uow, task.id)
        tasks.save_draft(uow, task.id, {"intake_action": "proceed"})
    before = world.one(Task, id=task.id)
    migrate(world, deploy(world, other_versions.countersigned()))
    assert world.one(Task, id=task.id) == before
    world.do("check")
    assert world.open_tasks() == ["assess"]


# ------------------------------------------------------------------------------------------------ what changes


@pytest.mark.sqlite_only
def test_a_task_of_another_lane_is_offered_to_it(world: World) -> None:
    world.submit()
    handler, task = world.person("data_provider.case_handler"), world.task("check")
    with world.database.unit_of_work(handler) as uow:
        tasks.claim(uow, task.id)
    migrate(world, deploy(world, other_versions.checked_by_the_head()))
    offered = world.one(Task, id=task.id)
    assert (offered.role, offered.assignee_id, offered.token) == ("unit_head", None, task.token)
    with world.database.unit_of_work(handler) as uow, pytest.raises(EngineError):
        tasks.claim(uow, task.id)
    undo(world)
    assert world.one(Task, id=task.id).role == "case_handler"
    world.do("check")


@pytest.mark.sqlite_only
def test_a_task_that_is_being_prepared_is_nobodys_in_another_lane(world: World) -> None:
    world.submit()
    handler, colleague, task = (
        *map(world.person, ("data_provider.case_handler", "data_provider.case_handler#2")),
        world.task("check"),
    )
    with world.database.unit_of_work(handler) as uow:
        handovers.delegate(uow, task.id, colleague.id, "请协办")
    migrate(world, deploy(world, other_versions.checked_by_the_head()))
    offered = world.one(Task, id=task.id)
    assert (offered.assignee_id, offered.owner_id) == (None, None)
    world.do("check")


@pytest.mark.sqlite_only
def test_what_the_applicant_could_not_send_before_can_be_sent(world: World) -> None:
    world.submit()
    to = deploy(world, other_versions.with_reminders())
    (plan,) = planned(world, to)
    assert plan.begins == ("reminder_received",)
    with pytest.raises(messages.MessageUnknown):
        world.send("remind")
    migrate(world, to)
    world.send("remind")
    assert world.open_tasks() == ["answer_reminder", "check"]
    world.do("answer_reminder", reminder_note="已转承办人。")
    assert world.open_tasks() == ["check"]


@pytest.mark.sqlite_only
def test_a_message_that_came_too_early_is_taken_up_by_a_version_that_waits_for_it(world: World) -> None:
    world.submit()
    with world.database.unit_of_work(SYSTEM) as uow:
        run, ident = process.lock(uow, world.case_id), new_id()
        payload = run.key.seal_value({}, process.message_purpose(ident))
        early = ReceivedMessage(id=ident, case_id=world.case_id, name="remind", payload=payload, received_at=uow.now)
        uow.add(early)
    to = deploy(world, other_versions.with_reminders())
    assert "came earlier" in planned(world, to)[0].warnings[0].sentence
    migrate(world, to)
    assert world.open_tasks() == ["check"]
    world.do("check")
    assert world.open_tasks() == ["answer_reminder", "assess"]


@pytest.mark.sqlite_only
def test_a_new_clock_runs_from_the_moment_that_would_have_started_it(world: World) -> None:
    world.submit()
    world.travel("+1d")
    to = deploy(world, other_versions.with_an_intake_target())
    (plan,) = planned(world, to)
    assert [(w.place, "would run since" in w.sentence) for w in plan.warnings] == [("intake_target", True)]
    migrate(world, to)
    clocks = {d.name: d for d in world.all(Deadline, case_id=world.case_id)}
    assert clocks["intake_target"].started_at == clocks["reply"].started_at == world.case().submitted_at
    assert clocks["intake_target"].state == "running"


@pytest.mark.sqlite_only
def test_a_new_clock_whose_end_has_come_already_does_not_run(world: World) -> None:
    world.submit()
    world.reach("open_dataset")
    to = deploy(world, other_versions.with_an_intake_target())
    (plan,) = planned(world, to)
    assert "does not run yet" in plan.warnings[0].sentence
    migrate(world, to)
    assert world.one(Deadline, case_id=world.case_id, name="intake_target").state == "pending"


@pytest.mark.sqlite_only
def test_a_clock_that_the_new_version_lacks_or_changes_keeps_its_rule(world: World) -> None:
    world.submit()
    rule = 'days = {}\nunit = "calendar"\nbasis = "{}"'  # no clock of the law any more: that one has ten days
    changes = (rule.format(10, "statutory"), rule.format(20, "internal"))
    longer = other_versions.changed(other_versions.original(), "process.toml", changes)
    to = deploy(world, longer)
    (plan,) = planned(world, to)
    assert [str(w) for w in plan.warnings] == ["reply: it keeps its 10 calendar days"]
    before = world.one(Deadline, case_id=world.case_id, name="reply")
    migrate(world, to)
    assert world.one(Deadline, case_id=world.case_id, name="reply") == before


@pytest.mark.sqlite_only
def test_what_was_said_under_the_old_version_stays_in_the_file(world: World) -> None:
    world.submit()
    world.reach("confidentiality_review")
    handler = world.person("data_provider.case_handler")

    def file() -> Any:
        with world.database.reading(handler) as reading:
            return queries.case_file(reading, world.case().reference)

    before = file()
    migrate(world, deploy(world, other_versions.assessed_elsewhere()))
    after = file()
    assert (after.answers, after.history, after.fields) == (before.answers, before.history, before.fields)
    assert "评估开放条件" in [entry.title for entry in after.history]
    with world.database.reading(handler) as reading:
        done = queries.inbox(reading, "done").rows
    assert {"核对申请内容", "评估开放条件"} <= {row.title for row in done}


# ------------------------------------------------------------------------------------------------ what cannot be


def test_a_case_at_a_node_that_is_gone_stays_and_the_others_go(world: World) -> None:
    world.submit()
    gone = world.case_id
    world.reach("assess")
    world.submit()
    to = deploy(world, other_versions.assessed_elsewhere())
    done = {plan.case_id: plan for plan in migrate(world, to)}
    assert [str(o) for o in done[gone].obstacles] == ["assess: the new version has no such node"]
    assert (done[gone].outcome, done[world.case_id].outcome) == ("hindered", "migrated")
    assert version(world) == to
    world.case_id = gone
    assert version(world) == 1
    world.do("assess")
    assert [plan.outcome for plan in migrate(world, to, run="r2")] == ["migrated"]


@pytest.mark.sqlite_only
def test_a_field_of_another_type_is_an_obstacle_while_it_holds_a_value(world: World) -> None:
    world.submit()
    other = other_versions.changed(
        other_versions.original(), "process.toml", ('description = "string"', 'description = "list"')
    )
    with world.database.reading(SYSTEM) as reading:
        run = process.opened(reading, reading.session.get_one(Case, world.case_id))
        target = definitions.Bundle("x", "x", 9, 1, *map(dict, definitions.split(other)))
        judged, _ = migration_plans.judged(reading, run, target)
    assert [(o.place, o.sentence) for o in judged.obstacles] == [("description", "what the case holds is no list")]


@pytest.mark.sqlite_only
def test_cases_are_chosen_by_version_and_by_number(world: World) -> None:
    first = world.submit().reference
    second = world.submit().reference
    two, three = deploy(world, other_versions.countersigned()), deploy(world, other_versions.with_reminders())
    assert [plan.reference for plan in migrate(world, two, references=[second])] == [second]
    assert {plan.reference: plan.from_version for plan in planned(world, three)} == {first: 1, second: 2}
    assert [plan.reference for plan in planned(world, three, from_version=2)] == [second]
    with pytest.raises(CaseUnknown):
        planned(world, three, references=["KF-2000-000001"])
    with pytest.raises(VersionUnknown):
        planned(world, 99)


@pytest.mark.sqlite_only
def test_closed_cases_are_left_in_peace(world: World) -> None:
    world.submit()
    world.send("withdraw", reason="重复提交。")
    world.work(papers=True)
    assert planned(world, deploy(world, other_versions.countersigned())) == []


def test_only_an_administrator_moves_cases_and_only_with_a_reason(world: World) -> None:
    world.submit()
    to = deploy(world, other_versions.countersigned())
    for actor in (PUBLIC, world.person("data_provider.case_handler"), world.applicant()):
        with world.database.reading(actor) as reading, pytest.raises(NotAdministrator):
            migration_plans.plan(reading, KEY, to)
        with pytest.raises(NotAdministrator):
            list(instance_migration.apply(world.database, actor, KEY, to, REASON))
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(ReasonMissing):
            list(instance_migration.apply(world.database, SYSTEM, KEY, to, reason))
    assert version(world) == 1
    administrator = Actor("person", id="a" * 32, duty="administrator")
    (done,) = instance_migration.apply(world.database, administrator, KEY, to, REASON)
    assert done.outcome == "migrated"


@pytest.mark.sqlite_only
def test_who_moved_what_and_why_is_on_record(world: World) -> None:
    world.submit()
    to = deploy(world, other_versions.countersigned())
    migrate(world, to)
    undo(world)
    case_events = {e.name: e.detail for e in world.all(AuditEvent, stream=f"case:{world.case_id}")}
    assert case_events["process.migrated"] == {"run": "r1", "before": 1, "after": to, "reason": REASON}
    assert case_events["process.migration_undone"] == {"run": "r1", "before": to, "after": 1, "reason": REASON}
    administration = [e.name for e in world.all(AuditEvent, stream="administration")]
    assert administration[-2:] == ["process.migration_begun", "process.migration_undone"]
    assert maintenance.verify_audit(world.database) == []


# ------------------------------------------------------------------------------------------------ the way back


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("stage", "other"),
    [
        ("filed", "checked_by_the_head"),
        ("assessed", "with_an_intake_target"),
        ("more material came", "with_reminders"),
        ("late", "countersigned"),
    ],
)
def test_a_case_that_has_not_moved_goes_back_as_it_was(world: World, stage: str, other: str) -> None:
    STAGES[stage](world)
    before, state = rows_of(world), world.one(ProcessInstance, case_id=world.case_id).state
    migrate(world, deploy(world, getattr(other_versions, other)()))
    (back,) = undo(world)
    assert (back.outcome, version(world)) == ("returned", 1)
    assert rows_of(world) == before
    assert world.one(ProcessInstance, case_id=world.case_id).state == state
    assert undo(world) == []


def test_a_case_that_has_moved_does_not_go_back(world: World) -> None:
    world.submit()
    moving = world.case_id
    world.submit()
    to = deploy(world, other_versions.countersigned())
    migrate(world, to)
    staying, world.case_id = world.case_id, moving
    world.do("check")
    outcomes = {plan.case_id: plan.outcome for plan in undo(world)}
    assert outcomes == {moving: "hindered", staying: "returned"}
    assert version(world) == to


@pytest.mark.sqlite_only
def test_a_new_clock_that_was_missed_keeps_the_case_where_it_is(world: World) -> None:
    world.submit()
    migrate(world, deploy(world, other_versions.with_an_intake_target()))
    world.travel("+7d")
    maintenance.sweep(world.database)
    assert world.all(Breach, case_id=world.case_id)
    assert [plan.outcome for plan in undo(world)] == ["hindered"]
    assert version(world) == 2


@pytest.mark.sqlite_only
def test_a_case_may_go_over_again_after_it_went_back(world: World) -> None:
    world.submit()
    to = deploy(world, other_versions.with_an_intake_target())
    for run in ("r1", "r2"):
        migrate(world, to, run=run)
        assert world.one(Deadline, case_id=world.case_id, name="intake_target").state == "running"
        undo(world, run)
        assert not world.all(Deadline, case_id=world.case_id, name="intake_target")
    assert len(world.all(InstanceMigration)) == 2
    with pytest.raises(RunUnknown):
        undo(world, "nonsense")


# ------------------------------------------------------------------------------------------------ many at once


def test_two_who_move_the_same_cases_move_each_once(world: World) -> None:
    for _ in range(6):
        world.submit()
    to = deploy(world, other_versions.countersigned())
    results = at_once(*[lambda run=run: migrate(world, to, run=run, batch=2) for run in ("a", "b", "c")])
    done = [plan for result in results if isinstance(result, list) for plan in result]
    assert [plan.outcome for plan in done] == ["migrated"] * 6
    assert len({plan.case_id for plan in done}) == len(world.all(InstanceMigration)) == 6


def test_people_go_on_working_while_cases_are_moved(world: World) -> None:
    filed = [world.submit().case_id for _ in range(6)]
    to = deploy(world, other_versions.countersigned())
    handler = world.person("data_provider.case_handler")

    def work() -> int:
        done = 0
        for case_id in filed:
            (task,) = world.all(Task, case_id=case_id, state="open")
            with world.database.unit_of_work(handler) as uow:
                tasks.complete(uow, task.id, CHECKED)
            done += 1
        return done

    moved, worked = at_once(lambda: migrate(world, to), work)
    assert worked == 6
    assert isinstance(moved, list)
    assert [plan.outcome for plan in moved] == ["migrated"] * 6
    for case_id in filed:
        world.case_id = case_id
        assert (world.open_tasks(), version(world)) == (["assess"], to)


def test_what_fails_in_one_case_leaves_it_as_it_was_and_the_others_move(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = world.submit().case_id
    before = rows_of(world)
    world.submit()
    to = deploy(world, other_versions.countersigned())
    record = instance_migration.audit.record

    def fail(uow: UnitOfWork, name: str, case_id: str | None = None, **detail: Any) -> None:
        if (name, case_id) == ("process.migrated", broken):
            raise OSError("the disk is full")
        record(uow, name, case_id, **detail)

    monkeypatch.setattr(instance_migration.audit, "record", fail)
    outcomes = {plan.case_id: plan.outcome for plan in migrate(world, to)}
    monkeypatch.undo()
    assert outcomes == {broken: "failed", world.case_id: "migrated"}
    world.case_id = broken
    assert (rows_of(world), version(world)) == (before, 1)
    assert [plan.outcome for plan in migrate(world, to, run="r2")] == ["migrated"]


@pytest.mark.sqlite_only
def test_jobs_of_a_case_find_it_again(world: World) -> None:
    world.submit()
    migrate(world, deploy(world, other_versions.countersigned()))
    world.work(papers=True)
    assert {job.state for job in world.all(Job, case_id=world.case_id)} == {"done"}
    assert world.all(Participant, case_id=world.case_id)
