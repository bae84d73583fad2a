"""The ladder of a clock, rung by rung on a travelled clock: who is reminded when, and everything once.

The reply is due on 6 May 2026, after the holiday of May; Saturday 9 May is worked to make up for it.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from api.stories import shanghai
from engine import absences, climbing, deadlines, jobs, ladder, maintenance, recusals, tasks
from engine.clock import SHANGHAI
from engine.models import AuditEvent, Breach, Deadline, Incident, Job, LadderClaim, Membership, Person, Reminder
from engine.operations import JobTicket
from tests.factories import BUNDLES, World, at_once, installation

HANDLER, COLLEAGUE, HEAD = "data_provider.case_handler", "data_provider.case_handler#2", "data_provider.unit_head"
RUNGS = ["three_days_before", "one_day_before", "due_day", "overdue", "three_days_after", "five_days_after"]


@pytest.fixture
def office(world: World) -> World:
    """The usual case, taken by one of two handlers; their head, and the supervisor over them, work there as well."""
    return staffed(world)


def staffed(world: World) -> World:
    world.submit()
    world.person(COLLEAGUE), world.person(HEAD)
    world.member("gy-sjj", "supervisor", login="supervisor")
    with world.database.unit_of_work(world.person(HANDLER)) as uow:
        tasks.claim(uow, world.task("check").id)
    world.print_nothing()
    world.leads = leads_of(world)  # type: ignore[attr-defined]
    return world


def leads_of(world: World) -> list[str]:
    """Takes the jobs that ask for a lead; what becomes of them is told elsewhere."""
    asked: list[str] = []

    def raise_lead(database: object, ticket: JobTicket) -> None:
        with world.database.unit_of_work() as uow:
            jobs.settle(uow, ticket)
            asked.append(ticket.payload["breach"])

    world.database.registry.job_handlers["lead.raise"] = raise_lead
    return asked


def told(world: World) -> list[tuple[str, str, str]]:
    """Every reminder: from when, of what, to whom."""
    names = {
        world.person(HANDLER).id: "handler",
        world.person(COLLEAGUE).id: "colleague",
        world.person(HEAD).id: "head",
    }
    rows = sorted(world.all(Reminder), key=lambda r: (r.at, r.kind, names.get(r.person_id, "supervisor")))
    return [(f"{r.at.astimezone(SHANGHAI):%m-%d %H:%M}", r.kind, names.get(r.person_id, "supervisor")) for r in rows]


def claimed(world: World) -> list[tuple[str, bool]]:
    rows = sorted(world.all(LadderClaim), key=lambda c: RUNGS.index(c.rung))
    return [(c.rung, c.superseded) for c in rows]


def reply_clock(world: World) -> Deadline:
    return world.one(Deadline, case_id=world.case_id, name="reply")


def climbs_at(world: World) -> str:
    at = reply_clock(world).climbs_at
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" if at else ""


def test_each_rung_is_climbed_at_its_hour_over_the_holiday_and_the_saturday_that_is_worked(office: World) -> None:
    for moment in (
        "04-28 08:59",
        "04-28 09:00",
        "04-29 23:59",
        "04-30 09:00",
        "05-03 12:00",
        "05-06 08:59",
        "05-06 09:00",
    ):
        office.travel(f"2026-{moment.replace(' ', 'T')}")
        office.work()
    before = [
        ("04-28 09:00", "three_days_before", "handler"),
        ("04-30 09:00", "one_day_before", "handler"),
        ("04-30 09:00", "one_day_before", "head"),
        ("05-06 09:00", "due_day", "handler"),
        ("05-06 09:00", "due_day", "head"),
    ]
    assert told(office) == before
    assert not office.all(Breach)
    for moment in (
        "05-06 23:59",
        "05-07 00:00",
        "05-09 08:59",
        "05-09 09:00",
        "05-11 23:00",
        "05-12 09:00",
        "05-20 09:00",
    ):
        office.travel(f"2026-{moment.replace(' ', 'T')}")
        office.work()
    assert told(office) == [
        *before,
        ("05-07 00:00", "overdue", "supervisor"),
        ("05-09 09:00", "three_days_after", "head"),
    ]
    assert claimed(office) == [(rung, False) for rung in RUNGS]
    breach = office.one(Breach)
    assert office.leads == [breach.id]  # type: ignore[attr-defined]
    assert office.one(Job, kind="lead.raise").unique_key == f"lead.raise:{breach.id}"
    assert climbs_at(office) == ""
    assert len(office.all(AuditEvent, name="deadline.reminded")) == 5


def test_a_clock_is_not_looked_at_before_it_has_something_to_climb(office: World) -> None:
    assert climbs_at(office) == "04-28 09:00"
    assert climbing.climb(office.database) == 0
    office.travel("2026-04-28T09:00")
    assert climbing.climb(office.database) == 1
    assert climbs_at(office) == "04-30 09:00"
    assert climbing.climb(office.database) == 0


def test_however_many_workers_climb_one_rung_one_reminder_is_sent(office: World) -> None:
    office.travel("2026-04-30T09:00")
    answers = at_once(*[lambda: climbing.climb(office.database)] * 4)
    assert not [a for a in answers if not isinstance(a, int)]
    assert [kind for _, kind, _ in told(office)] == ["one_day_before", "one_day_before"]
    assert claimed(office) == [("three_days_before", True), ("one_day_before", False)]


def test_a_server_that_slept_a_week_sends_the_latest_reminder_and_claims_the_others(office: World) -> None:
    office.travel("2026-05-06T10:00")
    office.work()
    assert [(kind, who) for _, kind, who in told(office)] == [("due_day", "handler"), ("due_day", "head")]
    assert claimed(office) == [("three_days_before", True), ("one_day_before", True), ("due_day", False)]


def test_a_server_that_slept_over_everything_misses_the_clock_and_asks_for_the_lead_in_this_order(
    office: World,
) -> None:
    office.travel("2026-05-13T10:00")
    office.work()
    assert [(kind, who) for _, kind, who in told(office)] == [("overdue", "supervisor"), ("three_days_after", "head")]
    assert [rung for rung, superseded in claimed(office) if superseded] == RUNGS[:3]
    events = sorted(office.all(AuditEvent, stream=f"case:{office.case_id}"), key=lambda e: e.position)
    assert [e.detail.get("rung", e.name) for e in events if e.name in ("deadline.missed", "deadline.reminded")] == [
        "deadline.missed",
        "overdue",
        "three_days_after",
    ]
    assert office.leads == [office.one(Breach).id]  # type: ignore[attr-defined]


def test_a_clock_that_jumps_back_and_forward_has_each_effect_once(office: World) -> None:
    for moment in ("04-28T09:00", "05-07T00:00", "04-28T09:00", "05-12T09:00", "04-20T09:00", "05-12T09:00"):
        office.travel(f"2026-{moment}")
        office.work()
    kinds = [kind for _, kind, _ in told(office)]
    assert sorted(set(kinds)) == sorted(["three_days_before", "overdue", "three_days_after"])
    assert len(kinds) == 3
    assert len(office.all(Breach)) == len(office.leads) == 1  # type: ignore[attr-defined]


def test_a_clock_that_was_stopped_climbs_no_more(office: World) -> None:
    office.reach("sign_reply")
    office.travel("2026-05-08T10:00")
    office.do("sign_reply")  # late, and nobody has looked since
    office.work()
    assert len(office.all(Breach)) == 1
    assert climbs_at(office) == ""
    office.travel("2026-05-20T09:00")
    office.work()
    assert not [kind for _, kind, _ in told(office) if kind in ("overdue", "three_days_after")]
    assert not office.leads  # type: ignore[attr-defined]


def test_a_clock_that_is_born_overdue_is_one_breach_and_reminds_nobody_of_what_was_before(office: World) -> None:
    with office.database.unit_of_work() as uow:
        old = {
            "started_at": shanghai("2026-03-02T10:00"),
            "due_on": date(2026, 3, 12),
            "due_at": shanghai("2026-03-13T00:00"),
        }
        clock = uow.session.get_one(Deadline, reply_clock(office).id)
        for name, value in old.items():
            setattr(clock, name, value)
        ladder.plan(uow, clock, deadlines.calendar(uow))
        uow.add(clock)
    office.work()
    office.travel("2026-04-22T10:00")
    office.work()
    assert told(office) == []
    assert [rung for rung, _ in claimed(office)] == RUNGS
    assert office.leads == [office.one(Breach).id]  # type: ignore[attr-defined]


def test_a_due_date_that_has_moved_is_reminded_of_anew(office: World) -> None:
    office.travel("2026-05-06T09:00")
    office.work()
    with office.database.unit_of_work() as uow:
        clock = uow.session.get_one(Deadline, reply_clock(office).id)
        clock.due_on, clock.due_at = date(2026, 5, 12), shanghai("2026-05-13T00:00")
        ladder.plan(uow, clock, deadlines.calendar(uow))
        uow.add(clock)
    assert climbs_at(office) == "05-08 09:00"
    office.travel("2026-05-12T09:00")
    office.work()
    assert [at for at, kind, who in told(office) if (kind, who) == ("due_day", "handler")] == [
        "05-06 09:00",
        "05-12 09:00",
    ]


def test_while_nobody_has_taken_the_task_all_who_may_are_reminded(world: World) -> None:
    world.submit()
    world.person(HANDLER), world.person(COLLEAGUE), world.person(HEAD)
    world.travel("2026-04-28T09:00")
    world.work()
    assert [(kind, who) for _, kind, who in told(world)] == [
        ("three_days_before", "colleague"),
        ("three_days_before", "handler"),
    ]


@pytest.mark.sqlite_only
def test_a_substitute_is_reminded_of_the_work_of_the_absent(office: World) -> None:
    handler, colleague = office.person(HANDLER), office.person(COLLEAGUE)
    with office.database.unit_of_work(handler) as uow:
        absences.enter(uow, colleague.id, date(2026, 4, 28), date(2026, 5, 8), "leave")
    office.travel("2026-04-29T12:00")
    office.work()
    assert sorted(whom for _, _, whom in told(office)) == ["colleague", "handler"]


@pytest.mark.sqlite_only
def test_who_is_told_in_the_next_office_hour_is_whoever_stands_in_then(office: World) -> None:
    handler, colleague = office.person(HANDLER), office.person(COLLEAGUE)
    with office.database.unit_of_work(handler) as uow:
        absences.enter(uow, colleague.id, date(2026, 4, 29), date(2026, 5, 5), "leave")
    office.travel("2026-04-28T20:00")  # the office is closed, and the handler is away from tomorrow on
    office.work()
    assert told(office) == [
        ("04-29 09:00", "three_days_before", "colleague"),
        ("04-29 09:00", "three_days_before", "handler"),
    ]
    assert set(office.one(AuditEvent, name="deadline.reminded").detail["people"]) == {handler.id, colleague.id}


@pytest.mark.parametrize("how", ["left", "recused"])
def test_of_work_in_the_hands_of_nobody_who_may_do_it_the_head_is_reminded(office: World, how: str) -> None:
    handler, head, reference = office.person(HANDLER), office.person(HEAD), office.case().reference
    if how == "recused":
        for who in (handler, office.person(COLLEAGUE)):
            with office.database.unit_of_work(who) as uow:
                recusals.recuse(uow, reference, "有利害关系")
    else:
        with office.database.unit_of_work() as uow:
            uow.session.get_one(Person, handler.id).active = False
    office.travel("2026-04-29T12:00")
    office.work()
    assert [reminder.person_id for reminder in office.all(Reminder)] == [head.id]


def test_of_several_heads_the_one_of_the_unit_is_told(office: World) -> None:
    other = office.member("gy-jtw", "unit_head", login="other.head")
    units = {office.person(HANDLER).id: "数据资源科", office.person(HEAD).id: "数据资源科", other.id: "办公室"}
    with office.database.unit_of_work() as uow:
        for seat in uow.session.exec(select(Membership).where(col(Membership.person_id).in_(units))):
            seat.unit = units[seat.person_id]
            uow.session.add(seat)
    office.travel("2026-04-30T09:00")
    office.work()
    assert [(kind, who) for _, kind, who in told(office)] == [("one_day_before", "handler"), ("one_day_before", "head")]


@pytest.mark.sqlite_only
def test_of_an_instruction_nobody_outside_the_house_is_told(office: World) -> None:
    with office.database.unit_of_work() as uow:
        uow.session.execute(update(Deadline).where(col(Deadline.name) == "reply").values(private=True))
    office.travel("2026-05-07T00:00")
    office.work()
    assert office.one(LadderClaim, rung="overdue")
    assert told(office) == []


@pytest.mark.sqlite_only
def test_a_clock_that_binds_no_house_any_more_climbs_no_more(office: World) -> None:
    with office.database.unit_of_work() as uow:
        gone = {"basis": "internal", "organisation_id": None}
        uow.session.execute(update(Deadline).where(col(Deadline.name) == "reply").values(**gone))
    office.travel("2026-04-28T09:00")
    office.work()
    assert climbs_at(office) == ""
    assert told(office) == []


def test_what_is_only_a_target_of_ours_is_reminded_of_at_the_desk_and_gives_no_lead(office: World) -> None:
    office.reach("open_dataset")
    office.work()
    with office.database.unit_of_work(office.person(HANDLER)) as uow:
        tasks.claim(uow, office.task("open_dataset").id)
    known = len(office.all(Reminder))
    office.travel("+60d")
    office.work()
    assert office.one(Breach).basis == "internal"
    assert not office.case().late
    assert not office.leads  # type: ignore[attr-defined]
    assert len(office.all(Reminder)) == known  # overdue and after it: supervisor and head only


def test_what_a_party_owes_reminds_nobody_at_the_desk(office: World) -> None:
    office.do("check", intake_action="supplement", defects="没有写明需要哪些字段。")
    office.do("approve_intake", intake_approval="approve")
    office.work()
    supplement = office.one(Deadline, name="supplement")
    assert supplement.state == "running"
    assert supplement.climbs_at is None


def test_a_clock_that_nobody_owes_yet_reminds_those_who_look_for_the_agency(world: World) -> None:
    world.submit(agency="unknown")
    triage = world.person("city_data_bureau.case_handler")
    world.travel("2026-04-28T09:00")
    world.work()
    assert [r.person_id for r in world.all(Reminder)] == [triage.id]


def test_an_office_that_opens_later_is_told_when_it_opens(city_url: str, tmp_path: Path) -> None:
    bundles = with_ladder(tmp_path, lambda text: text + '\n[offices.gy-jtw]\nfrom = "10:30"\nto = "16:00"\n')
    with installation(city_url, tmp_path, bundles=bundles) as world:
        staffed(world)
        world.travel("2026-04-28T09:00")
        world.work()
        assert told(world) == [("04-28 10:30", "three_days_before", "handler")]
        assert claimed(world) == [("three_days_before", False)]
        world.travel("2026-04-30T20:00")  # the server slept past closing time, and before the holiday
        world.work()
        assert ("05-06 10:30", "one_day_before", "head") in told(world)


def test_a_case_that_cannot_climb_hinders_no_other_and_is_told_to_the_operator(office: World) -> None:
    broken = office.case_id
    with office.database.unit_of_work() as uow:  # a due date that no calendar reaches
        far = {"due_on": date(2100, 12, 31), "climbs_at": shanghai("2026-04-22T09:00")}
        uow.session.execute(update(Deadline).where(col(Deadline.case_id) == broken).values(**far))
    office.submit()
    office.travel("2026-04-28T09:00")
    for _ in range(2):
        office.work()
    assert [c.rung for c in office.all(LadderClaim)] == ["three_days_before"]
    assert office.one(Incident).kind == "ladder.failed"
    assert office.one(Incident).case_id == broken


def test_clocks_from_before_there_was_a_ladder_get_their_place_on_it(office: World) -> None:
    with office.database.unit_of_work() as uow:
        uow.session.execute(update(Deadline).values(climbs_at=None))
    maintenance.prepare(office.database)
    assert climbs_at(office) == "04-28 09:00"
    assert climbing.refill(office.database) == 0  # nothing has changed since
    with office.database.unit_of_work() as uow:
        uow.session.execute(update(Deadline).values(climbs_at=None))
    assert climbing.refill(office.database) == 1  # one that has lost its place gets it back
    assert climbs_at(office) == "04-28 09:00"


def test_a_ladder_that_has_changed_moves_the_clocks_that_run(city_url: str, tmp_path: Path) -> None:
    with installation(city_url, tmp_path) as world:
        staffed(world)
        maintenance.prepare(world.database)
    bundles = with_ladder(tmp_path, lambda text: text.replace("working_days = -3", "working_days = -4"))
    with installation(city_url, tmp_path, bundles=bundles) as world:
        assert climbing.refill(world.database) == 1
        (clock,) = [d for d in world.all(Deadline) if d.state == "running"]
        assert clock.climbs_at == shanghai("2026-04-27T09:00")


def with_ladder(folder: Path, change: Callable[[str], str]) -> Path:
    """A copy of the processes with another ladder."""
    bundles = folder / "bpmn"
    copytree(BUNDLES, bundles)
    path = bundles / "shared" / ladder.FILE
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return bundles
