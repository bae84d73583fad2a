"""What moves clocks: suspended, resumed, extended, begun anew; by whom, as far as the rule allows, and with what consequence."""

from datetime import UTC, date, datetime

import pytest

from engine import consistency, deadline_changes, deadlines, definitions, instance_migration, process, queries
from engine.access import SYSTEM
from engine.deadline_changes import extend, restart, resume, suspend
from engine.errors import Conflict, EngineError
from engine.models import AuditEvent, Breach, DeadlineChange, StepRecord, Task
from engine.reasons import ReasonMissing
from tests.bundles import KEY, bundle
from tests.drawing import Drawn, boundary, error, service
from tests.factories import World, at_once
from tests.moving_clocks import FILES, HANDLING, WHY, Moving


@pytest.fixture
def moving(world: World) -> Moving:
    return Moving(world)


# ---------------------------------------------------------------- standing still, and going on


def test_a_suspended_clock_has_no_due_date_and_goes_on_with_what_was_left(moving: Moving) -> None:
    assert moving.due() == "2026-05-06"
    moving.world.travel("2026-04-24T10:00")  # the third day is used up
    moving.move(suspend)
    assert (moving.clock().state, moving.due()) == ("suspended", None)
    assert moving.clock().due_at is moving.timer().due_at is None
    with moving.world.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []
    moving.world.travel("2026-05-11T10:00")
    moving.move(resume)
    assert (moving.clock().state, moving.due()) == ("running", "2026-05-18")  # seven days from 12 May on
    assert moving.timer().due_at == moving.clock().due_at == datetime(2026, 5, 18, 16, tzinfo=UTC)
    assert moving.ledger() == [("suspended", "2026-04-24", None), ("resumed", "2026-05-11", None)]


def test_a_suspended_clock_is_swept_without_a_breach_and_the_flow_is_not_woken(moving: Moving) -> None:
    moving.move(suspend)
    moving.world.travel("+60d")
    moving.world.work()
    assert [b.basis for b in moving.world.all(Breach)] == ["statutory"]  # of the clock beside it, which nobody can stop
    assert moving.world.open_tasks() == ["work"]


def test_what_is_missed_after_the_resumption_is_a_breach(moving: Moving) -> None:
    moving.move(suspend)
    moving.world.travel("2026-05-11T10:00")
    moving.move(resume)
    moving.world.travel("2026-05-21T23:59")
    moving.world.work()
    assert not moving.world.all(Breach, basis="regulatory")
    moving.world.travel("2026-05-22T00:00")
    moving.world.work()
    assert moving.world.one(Breach, basis="regulatory").due_on == date(2026, 5, 21)
    assert moving.world.open_tasks() == ["nag", "work"]


def test_a_suspension_and_its_end_in_one_breath_change_nothing(moving: Moving) -> None:
    with moving.world.database.unit_of_work() as uow:
        run = process.lock(uow, moving.world.case_id)
        for act in (suspend, resume, suspend, resume):
            act(uow, run, "handling", WHY)
    assert moving.due() == "2026-05-06"
    assert [kind for kind, _, _ in moving.ledger()] == ["suspended", "resumed", "suspended", "resumed"]


def test_a_suspension_in_two_parts_is_as_long_as_one(moving: Moving) -> None:
    moving.move(suspend)
    moving.world.travel("2026-04-30T09:00")
    moving.move(resume)
    moving.move(suspend)
    moving.world.travel("2026-05-11T09:00")
    moving.move(resume)
    assert moving.due() == "2026-05-21"


def test_a_suspended_clock_ends_with_the_case_and_was_not_missed(moving: Moving) -> None:
    moving.move(suspend)
    moving.world.travel("+20d")
    with moving.world.database.unit_of_work() as uow:
        run = process.lock(uow, moving.world.case_id)
        deadlines.on_event(uow, run, "case.closed")
    assert moving.clock().state == "stopped"
    assert not deadlines.missed(moving.clock(), moving.world.watch.at)


def test_a_case_whose_only_legal_clock_stands_still_is_suspended(world: World) -> None:
    manifest = FILES["process.toml"].decode().replace('basis = "statutory"', 'basis = "internal"')
    moving = Moving(world, FILES | {"process.toml": manifest.encode()})
    moving.move(suspend)
    assert (world.case().status, world.case().due_at) == ("suspended", None)
    with world.database.reading(world.person("data_provider.case_handler")) as reading:
        (row,) = queries.inbox(reading, view="queue").rows
        assert (row.light.zh, row.due_on) == ("暂停计时", None)
        assert queries.case_file(reading, world.case().reference).case.light.colour == "grey"
    moving.trial.do("work")
    assert world.case().status == "suspended"  # the flow goes on meanwhile, and does not hide it
    moving.move(resume)
    assert world.case().status == "submitted"


def test_beside_a_running_legal_clock_the_case_is_not_suspended(moving: Moving) -> None:
    moving.move(suspend)
    assert moving.world.case().status == "submitted"
    assert moving.world.case().due_at is not None


# ---------------------------------------------------------------- more days, and a new beginning


def test_an_extension_adds_to_the_budget_before_the_last_day_rolls(moving: Moving) -> None:
    moving.move(extend, 3)
    assert moving.due() == "2026-05-06"  # the thirteenth day is 4 May, within the holiday
    moving.move(extend, 2)
    assert moving.due() == "2026-05-06"
    assert moving.ledger() == [("extended", "2026-04-21", 3), ("extended", "2026-04-21", 2)]


def test_a_clock_can_be_extended_while_it_stands_still(moving: Moving) -> None:
    moving.world.travel("2026-04-24T10:00")
    moving.move(suspend)
    moving.move(extend, 5)
    assert moving.due() is None
    moving.world.travel("2026-05-11T10:00")
    moving.move(resume)
    assert moving.due() == "2026-05-25"  # twelve days from 12 May end on a Saturday


def test_no_more_days_than_the_rule_allows_in_all(moving: Moving) -> None:
    moving.move(extend, 4)
    with pytest.raises(deadline_changes.ExtensionTooLong) as refused:
        moving.move(extend, 2)
    assert refused.value.sentence("zh") == "本流程设定的办理期限最多延长 5 日，已经延长 4 日，不能再延长 2 日。"
    assert refused.value.sentence("en").endswith(
        "may be extended by 5 days in all; 4 are used, and 2 more were asked for."
    )
    moving.move(extend, 1)


def test_a_clock_that_begins_anew_forgets_what_stood_still_and_what_was_extended(moving: Moving) -> None:
    moving.move(extend, 5)
    moving.world.travel("2026-04-23T10:00")
    moving.move(suspend)
    moving.world.travel("2026-05-07T10:00")
    moving.move(restart)
    assert (moving.clock().state, moving.due()) == ("running", "2026-05-18")  # the tenth day, 17 May, is a Sunday
    moving.move(extend, 5)  # the new period has its own budget
    assert moving.due() == "2026-05-22"


def test_an_internal_target_that_is_set_anew_forgets_how_it_was_moved(world: World) -> None:
    more = HANDLING.replace('"regulatory"', '"internal"').replace('["case.closed"]', '["trial.paused"]')
    more = more.replace('"case.submitted"', '"trial.begun"')
    say: dict[str, Drawn] = {
        name: service("case.announce", event=f"'{event}'")
        for name, event in (("begin", "trial.begun"), ("pause", "trial.paused"), ("again", "trial.begun"))
    }
    moving = Moving(world, bundle("start > begin > work > pause > again > rest > end", more=more, **say))
    moving.move(extend, 5)
    world.travel("2026-04-22T09:00")
    moving.trial.do("work")
    assert moving.due() == "2026-05-06"  # ten days from 22 April end on 2 May
    assert moving.ledger()[-1] == ("restarted", "2026-04-22", None)


# ---------------------------------------------------------------- what is refused


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("act", "words"), [(suspend, "不得中止计时"), (restart, "不得重新起算"), (extend, "不得延长")])
def test_a_clock_of_the_law_is_moved_by_nobody_and_the_sentence_names_the_article(
    world: World, act: object, words: str
) -> None:
    """Art. 13(2), 15 and 21: no extension, no suspension, and nothing else that would stretch them."""
    world.submit()
    with world.database.unit_of_work() as uow, pytest.raises(Conflict) as refused:
        run = process.lock(uow, world.case_id)
        if act is extend:
            extend(uow, run, "reply", 1, WHY)
        else:
            act(uow, run, "reply", WHY)  # type: ignore[operator]
    expected = f"《贵阳市政府数据共享开放条例》第二十一条第一款规定的答复期限{words}。"
    assert refused.value.sentence("zh") == expected
    assert "Art. 21(1)" in refused.value.sentence("en")
    assert not world.all(DeadlineChange)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("act", [suspend, restart, extend])
def test_a_period_that_is_over_is_saved_by_nothing(moving: Moving, act: object) -> None:
    moving.world.travel("2026-05-07T00:00")
    with pytest.raises(deadline_changes.PeriodOver) as refused:
        moving.move(act, *([1] if act is extend else []))  # type: ignore[arg-type]
    assert refused.value.sentence("zh") == "本流程设定的办理期限已于 2026-05-06 届满，不能再中止、延长或者重新起算。"


def test_what_does_not_fit_the_state_is_refused(moving: Moving) -> None:
    with pytest.raises(deadline_changes.NotSuspended):
        moving.move(resume)
    moving.move(suspend)
    with pytest.raises(deadline_changes.AlreadySuspended):
        moving.move(suspend)
    with pytest.raises(deadline_changes.DeadlineUnknown):
        moving.move(suspend, name="nothing")
    with moving.world.database.unit_of_work() as uow:
        run = process.lock(uow, moving.world.case_id)
        deadlines.stop_all(uow, run, "case.closed")
    for act in (suspend, resume, restart):
        with pytest.raises(deadline_changes.AlreadyStopped):
            moving.move(act)
    assert [kind for kind, _, _ in moving.ledger()] == ["suspended"]


@pytest.mark.sqlite_only
def test_a_clock_that_has_not_begun_cannot_be_moved(world: World) -> None:
    more = HANDLING.replace('"case.submitted"', '"trial.begun"')
    begin = service("case.announce", event="'trial.begun'")
    moving = Moving(world, bundle("start > work > begin > end", more=more, begin=begin))
    with pytest.raises(deadline_changes.NotBegun):
        moving.move(suspend)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("reason", ["", "  \n ", "\u200b", "长" * 501])
def test_a_reason_is_needed(moving: Moving, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        moving.by_hand("unit_head", "suspend", reason)
    assert not moving.world.all(DeadlineChange)
    assert moving.due() == "2026-05-06"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("days", [0, -1, 3661, None, 10**20])
def test_an_absurd_number_of_days_is_refused(moving: Moving, days: int | None) -> None:
    with pytest.raises(deadline_changes.DaysFaulty):
        moving.by_hand("leader", "extend", days=days)


def test_the_evidence_must_be_a_document_of_the_case(moving: Moving) -> None:
    with pytest.raises(deadline_changes.EvidenceUnknown):
        moving.within(lambda uow, run: suspend(uow, run, "handling", WHY, "0" * 32))
    proof = moving.world.upload("鉴定委托书.pdf")
    entry = moving.by_hand("unit_head", "suspend", evidence=proof)
    assert entry.evidence_id is not None
    with moving.world.database.reading(moving.world.person("data_provider.case_handler")) as reading:
        file = queries.case_file(reading, moving.world.case().reference)
        assert [d.id for d in file.documents] == [entry.evidence_id]
        (view,) = [d for d in file.deadlines if d.name == "handling"]
        assert [(c.kind, c.reason, c.evidence_id) for c in view.changes] == [("suspended", WHY, entry.evidence_id)]


# ---------------------------------------------------------------- who may


@pytest.mark.sqlite_only
@pytest.mark.parametrize("role", ["unit_head", "leader"])
def test_those_in_charge_of_the_agency_that_owes_the_clock_may_move_it(moving: Moving, role: str) -> None:
    entry = moving.by_hand(role, "suspend")
    event = moving.world.one(AuditEvent, name="deadline.suspended")
    assert entry.actor == event.actor
    assert entry.actor.startswith("person:")
    assert event.detail["entry"] == entry.id
    assert WHY not in str(event.detail)


def test_nobody_else_may(moving: Moving) -> None:
    for role in ("case_handler", "registrar"):
        with pytest.raises(deadline_changes.NotInCharge):
            moving.by_hand(role, "suspend")
    stranger = moving.world.member("gy-jyj", "leader")
    with pytest.raises(EngineError) as unseen, moving.world.database.unit_of_work(stranger) as uow:
        deadline_changes.by_hand(uow, moving.world.case_id, "handling", "suspend", WHY)
    assert unseen.value.status == 404
    with (
        pytest.raises(deadline_changes.NotInCharge),
        moving.world.database.unit_of_work(moving.world.applicant()) as uow,
    ):
        deadline_changes.by_hand(uow, moving.world.case_id, "handling", "suspend", WHY)


def test_of_two_who_suspend_at_once_one_is_told_that_it_is_done(moving: Moving) -> None:
    moving.world.person("data_provider.unit_head"), moving.world.person("data_provider.leader")
    done = at_once(
        lambda: moving.by_hand("unit_head", "suspend"),
        lambda: moving.by_hand("leader", "suspend"),
    )
    assert sorted(type(d).__name__ for d in done) == ["AlreadySuspended", "DeadlineChange"]
    assert len(moving.ledger()) == 1


@pytest.mark.sqlite_only
def test_the_public_sees_that_a_clock_was_moved_but_not_why_nor_by_whom(world: World) -> None:
    manifest = FILES["process.toml"].decode()
    swapped = manifest.replace('basis = "statutory"\narticle = "21.1"', 'basis = "internal"').replace(
        'basis = "regulatory"', 'basis = "statutory"\narticle = "29"'
    )
    moving = Moving(world, FILES | {"process.toml": swapped.encode()})
    moving.by_hand("leader", "extend", days=5)
    moving.by_hand("leader", "suspend")
    with world.database.reading(world.applicant()) as reading:
        shown = queries.public_status(reading, world.case_id).deadline
    assert shown is not None
    assert [(c.kind, c.days, c.reason, c.actor) for c in shown.changes] == [
        ("extended", 5, "", ""),
        ("suspended", None, "", ""),
    ]
    assert "自 2026-04-21 起中止计时，剩余 15 日，恢复后次日起继续计算。" in shown.sentences
    assert WHY not in str(shown)


@pytest.mark.sqlite_only
def test_an_explanation_says_what_was_counted_what_stood_still_and_what_was_added(moving: Moving) -> None:
    moving.world.travel("2026-04-24T10:00")
    moving.move(suspend)
    moving.world.travel("2026-04-28T10:00")
    moving.move(resume)
    moving.move(extend, 5)
    with moving.world.database.reading(SYSTEM) as reading:
        explained = deadlines.explain(reading, moving.clock())
    assert explained is not None
    said = explained.sentences("zh")
    assert "2026-04-24（周五）第 3 日。" in said
    assert "2026-04-27（周一）中止期间，不计入。" in said
    assert "2026-04-29（周三）第 4 日。" in said
    assert any(line.startswith("2026-05-09") and "第 14 日（延长）" in line for line in said)
    assert "2026-04-24 中止计时，2026-04-28 恢复，剩余期间自恢复次日起继续计算。" in said
    assert "延长 5 日，期限共 15 日。" in said
    assert "Extended by 5 days, to 15 days in all." in explained.sentences("en")
    assert explained.due is not None
    assert explained.due.day == moving.clock().due_on


# ---------------------------------------------------------------- by the process


def operation(act: str, name: str = "handling", **more: str) -> Drawn:
    return service(f"deadline.{act}", result="moved", deadline=f"'{name}'", reason=f"'{WHY}'", **more)


WAIT = (
    HANDLING
    + """
[deadlines.wait]
title = "等待时限"
title_en = "Waiting"
days = 5
basis = "internal"
owed_by = "data_provider"
starts_on = "deadline.suspended:handling"
stops_on = ["deadline.resumed:handling"]
"""
)


def test_a_process_suspends_and_resumes_and_another_clock_goes_by_that(world: World) -> None:
    files = bundle(
        "start > ask > work > go_on > rest > end",
        {"moved": "object"},
        more=WAIT,
        ask=operation("suspend"),
        go_on=operation("resume"),
    )
    moving = Moving(world, files)
    assert (moving.clock().state, moving.clock("wait").state) == ("suspended", "running")
    entry = world.one(DeadlineChange)
    with world.database.reading(SYSTEM) as reading:
        assert deadline_changes.reason_of(process.opened(reading, world.case()), entry) == WHY
    assert (entry.reason, WHY.encode() in (entry.words or b"")) == ("", False)  # people may name whom it concerns
    world.travel("2026-04-28T09:00")
    moving.trial.do("work")
    assert (moving.clock().state, moving.due(), moving.clock("wait").state) == ("running", "2026-05-08", "stopped")
    events = [r.node for r in world.all(StepRecord, kind="event") if r.node.startswith("deadline.")]
    assert sorted(events) == ["deadline.resumed:handling", "deadline.suspended:handling"]


@pytest.mark.sqlite_only
def test_a_refusal_is_an_error_that_the_process_may_handle(world: World) -> None:
    files = bundle(
        "start > work > longer > end; refused > tell > end2",
        {"moved": "object", "why": "object"},
        more=HANDLING,
        longer=operation("extend", days="9"),
        refused=boundary("longer", error("deadline_refused", "why")),
    )
    moving = Moving(world, files)
    assert moving.trial.do("work") == []
    assert world.open_tasks() == ["tell"]
    assert moving.due() == "2026-05-06"


# ---------------------------------------------------------------- registered late


def late_bundle(more: str = HANDLING, **announcements: str) -> dict[str, bytes]:
    nodes = {name: service("case.announce", event=f"'{event}'", on="day") for name, event in announcements.items()}
    text = "start > work > " + " > ".join(nodes) + " > rest > end"
    return bundle(text, {"day": "date"}, {"work": {"day": "string"}}, more, **nodes)


FROM_CHANGE = HANDLING.replace('"case.submitted"', '"trial.changed"')
UNTIL_SERVED = HANDLING.replace('["case.closed"]', '["trial.served"]')


def test_a_clock_starts_on_the_day_on_which_the_event_happened(world: World) -> None:
    moving = Moving(world, late_bundle(FROM_CHANGE, changed="trial.changed"))
    moving.trial.do("work", day="2026-04-15")
    assert moving.due() == "2026-04-27"  # the tenth day, 25 April, is a Saturday
    assert world.one(StepRecord, node="trial.changed").on == date(2026, 4, 15)
    world.work()
    assert not world.all(Breach)


def test_a_case_can_be_born_overdue_and_has_one_breach_at_once(world: World) -> None:
    moving = Moving(world, late_bundle(FROM_CHANGE, changed="trial.changed"))
    moving.trial.do("work", day="2026-03-02")
    world.work()
    world.work()
    assert world.one(Breach).due_on == date(2026, 3, 12)
    with pytest.raises(deadline_changes.PeriodOver):
        moving.move(suspend)


def test_what_happened_in_time_and_was_registered_late_is_in_time(world: World) -> None:
    moving = Moving(world, late_bundle(UNTIL_SERVED, served="trial.served"))
    world.travel("2026-05-09T09:00")
    moving.trial.do("work", day="2026-05-06")
    assert (moving.clock().state, deadlines.missed(moving.clock(), world.watch.at)) == ("stopped", False)
    assert not world.all(Breach, basis="regulatory")


def test_what_happened_too_late_is_too_late(world: World) -> None:
    moving = Moving(world, late_bundle(UNTIL_SERVED, served="trial.served"))
    world.travel("2026-05-09T09:00")
    moving.trial.do("work", day="2026-05-07")
    assert deadlines.missed(moving.clock(), world.watch.at)
    assert world.one(Breach, basis="regulatory").annulled_at is None


def test_a_breach_that_a_late_registration_disproves_is_annulled_and_kept(world: World) -> None:
    manifest = UNTIL_SERVED.replace('basis = "regulatory"', 'basis = "statutory"\narticle = "29"')
    moving = Moving(world, late_bundle(manifest, served="trial.served"))
    world.travel("2026-05-09T09:00")
    world.work()
    breach = next(b for b in world.all(Breach) if b.deadline_id == moving.clock().id)
    moving.trial.do("work", day="2026-05-06")
    annulled = world.one(Breach, id=breach.id)
    assert annulled.annulled_at is not None
    assert annulled.annulled_reason == "停止计时的事项发生于 2026-05-06，在期限以内；事后补登。"
    assert world.case().late  # the reply is late all the same
    assert len(world.all(AuditEvent, name="breach.annulled")) == 1


@pytest.mark.sqlite_only
def test_a_clock_of_a_later_version_goes_by_the_day_on_which_the_event_happened(world: World) -> None:
    moving = Moving(world, late_bundle(FROM_CHANGE, changed="trial.changed"))
    moving.trial.do("work", day="2026-04-15")
    later = FROM_CHANGE + FROM_CHANGE.replace("deadlines.handling", "deadlines.second")
    with world.database.unit_of_work() as uow:
        version = definitions.deploy(uow, late_bundle(later, changed="trial.changed")).version
    list(instance_migration.apply(world.database, SYSTEM, KEY, version, WHY, run="r1"))
    assert moving.due("second") == moving.due("handling") == "2026-04-27"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("day", ["2026-04-22", "2003-12-31", "2026-02-30", "昨天"])
def test_a_day_on_which_nothing_can_have_happened_is_an_error_of_the_process(world: World, day: str) -> None:
    moving = Moving(world, late_bundle(FROM_CHANGE, changed="trial.changed"))
    assert len(moving.trial.do("work", day=day)) == 1  # the work is kept, the step is held
    assert moving.clock().state == "pending"
    assert not world.all(Task, node="rest")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("day", [None, "2026-04-21"])
def test_without_a_day_or_on_the_day_itself_it_is_now(world: World, day: str | None) -> None:
    moving = Moving(world, late_bundle(FROM_CHANGE, changed="trial.changed"))
    moving.trial.do("work", **({"day": day} if day else {}))
    assert moving.clock().started_at == world.watch.at
    assert world.one(StepRecord, node="trial.changed").on is None


@pytest.mark.sqlite_only
def test_a_clock_that_ends_with_office_hours_is_missed_when_they_are_over(world: World) -> None:
    files = bundle("start > work > end", more=HANDLING + 'cutoff = "17:30"\n')
    moving = Moving(world, files)
    world.travel("2026-05-06T17:29")
    world.work()
    assert not world.all(Breach, deadline_id=moving.clock().id)
    world.travel("2026-05-06T17:30")
    world.work()
    assert world.one(Breach, deadline_id=moving.clock().id).due_on == date(2026, 5, 6)
