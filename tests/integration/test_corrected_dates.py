"""A holiday notice arrives: dates move, in batches and with an entry in each case; what is printed is not made earlier."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from engine import (
    audit,
    calendar_versions,
    consistency,
    corrections,
    deadlines,
    holiday_notices,
    holidays,
    jobs,
    printed_corrections,
    printed_dates,
)
from engine.access import SYSTEM, Actor, NotAdministrator
from engine.db import Database, UnitOfWork
from engine.holiday_notices import HolidayNoticeInForce, RemarksUnread
from engine.models import (
    AuditEvent,
    Breach,
    CalendarVersion,
    Case,
    Deadline,
    DeadlineChange,
    HolidayNotice,
    Job,
    Notice,
    PrintedCorrection,
    PrintedDate,
    ResultCount,
    Timer,
)
from engine.printed_corrections import CorrectionDecided, CorrectionNotFound
from engine.reasons import ReasonMissing
from engine.recount import Plan
from tests.bundles import bundle
from tests.drawing import service
from tests.factories import World, at_once
from tests.moving_clocks import HANDLING, Moving

WINTER = "2026-12-22T10:00"  # ten days end on 1 January 2027, a Friday and holiday; the Monday after is the 4th
PRINTED = date(2027, 1, 4)
LAW = """
[[holiday]]
name = "春节"
from = 2027-02-05
to = 2027-02-08
[[holiday]]
name = "清明节"
from = 2027-04-05
to = 2027-04-05
[[holiday]]
name = "劳动节"
from = 2027-05-01
to = 2027-05-02
[[holiday]]
name = "端午节"
from = 2027-06-09
to = 2027-06-09
[[holiday]]
name = "中秋节"
from = 2027-09-15
to = 2027-09-15
[[holiday]]
name = "国庆节"
from = 2027-10-01
to = 2027-10-03
"""


def notice(last: str = "2027-01-03", makeup: str = "", rest: str = LAW) -> str:
    """A notice for 2027: New Year's holiday until a day, perhaps with a day worked instead."""
    worked = f"makeup = [{makeup}]" if makeup else ""
    first = f'[[holiday]]\nname = "元旦"\nfrom = 2027-01-01\nto = {last}\n{worked}\n'
    return f'year = 2027\nsource = "国务院办公厅关于2027年部分节假日安排的通知"\n{first}{rest}'


LONGER, SHORTER, SAME = notice("2027-01-05"), notice("2027-01-02", "2027-01-03"), notice()


@pytest.fixture
def winter(world: World) -> World:
    world.travel(WINTER)
    return world


def bring_in(world: World, text: str, *, read_again: bool = False, by: Actor = SYSTEM) -> HolidayNotice:
    """An administrator proposes and approves a notice."""
    with world.database.unit_of_work(by) as uow:
        row = holiday_notices.propose(uow, text, "2027.toml")
        return holiday_notices.approve(uow, row.id, "新年度安排已经公布", read_again=read_again)


def dry_run(world: World, text: str) -> Plan:
    with world.database.reading(SYSTEM) as reading:
        return holiday_notices.consequences(reading, holidays.parse_notice(text, "2027.toml"))


def reply(world: World, case_id: str = "") -> Deadline:
    return world.one(Deadline, case_id=case_id or world.case_id, name="reply")


def corrected(world: World) -> list[AuditEvent]:
    return world.all(AuditEvent, name="deadline.corrected")


def papers(world: World) -> list[Notice]:
    return world.all(Notice, case_id=world.case_id, name="correction_notice")


def facts_of(world: World, paper: Notice) -> dict[str, Any]:
    from notices import service

    with world.database.reading(SYSTEM) as reading:
        facts: Any = service.paper(reading, paper, reading.session.get_one(Case, paper.case_id)).facts
    return dict(facts)


def whole(world: World) -> None:
    with world.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []


# ---------------------------------------------------------------- the dry run


def test_the_dry_run_says_what_would_move_and_changes_nothing(winter: World) -> None:
    winter.submit()
    winter.work()
    before, events = reply(winter), len(winter.all(AuditEvent))
    plan = dry_run(winter, LONGER)
    assert plan.sentence("en") == "1 case moves, 0 become overdue, 0 cease to be"
    assert plan.sentence("zh") == "将有 1 件改期：0 件变为逾期，0 件不再逾期"
    assert [(m.reference, m.clock, m.before, m.after) for m in plan.moves] == [
        (winter.case().reference, "reply", PRINTED, date(2027, 1, 6))
    ]
    assert reply(winter) == before
    assert len(winter.all(AuditEvent)) == events
    assert not winter.all(HolidayNotice)


@pytest.mark.sqlite_only
def test_the_dry_run_is_what_then_happens(winter: World) -> None:
    for _ in range(3):
        winter.submit()
    winter.travel("2027-01-05T09:00")
    winter.work()
    plan = dry_run(winter, LONGER)
    assert (plan.moved, plan.become_overdue, plan.cease_overdue) == (3, 0, 3)
    bring_in(winter, LONGER)
    winter.work()
    assert [reply(winter, m.case_id).due_on for m in plan.moves] == [m.after for m in plan.moves]
    assert not dry_run(winter, LONGER).moves


# ---------------------------------------------------------------- applied


def test_a_later_date_moves_the_clock_with_all_that_hangs_on_it_and_is_told(winter: World) -> None:
    winter.submit()
    winter.work()
    assert reply(winter).provisional
    row = bring_in(winter, LONGER)
    winter.work()
    clock = reply(winter)
    assert (clock.due_on, clock.provisional, clock.state) == (date(2027, 1, 6), False, "running")
    assert winter.case().due_at == clock.due_at
    assert {
        t.due_at for t in winter.all(Timer, case_id=winter.case_id, deadline="reply") if t.node == "reply_overdue"
    } == {clock.due_at}
    (entry,) = winter.all(DeadlineChange, deadline_id=clock.id)
    assert (entry.kind, entry.due_on_before, entry.due_on_after, entry.reason) == (
        "corrected",
        PRINTED,
        date(2027, 1, 6),
        row.source,
    )
    assert corrected(winter)[0].detail["due_on"] == "2027-01-06"
    (paper,) = papers(winter)
    (told,) = facts_of(winter, paper)["corrected"]
    assert (told["due_on_before"], told["due_on_after"], told["paper"]) == ("2027-01-04", "2027-01-06", "申请回执")
    assert paper.number is not None
    assert winter.one(PrintedDate, notice_id=paper.id).due_on == date(2027, 1, 6)
    whole(winter)


def test_a_withdrawn_paper_prints_no_date_that_would_have_to_be_told(winter: World) -> None:
    winter.submit()
    winter.work()
    with winter.database.unit_of_work(SYSTEM) as uow:
        receipt = uow.session.get_one(Notice, winter.one(Notice, name="receipt").id)
        receipt.withdrawn_at, receipt.withdrawal_reason = uow.now, "有误"
        uow.add(receipt)
    bring_in(winter, LONGER)
    winter.work()
    assert reply(winter).due_on == date(2027, 1, 6)
    assert papers(winter) == []


@pytest.mark.sqlite_only
def test_the_same_notice_again_changes_nothing_and_says_so(winter: World) -> None:
    winter.submit()
    bring_in(winter, LONGER)
    winter.work()
    with pytest.raises(HolidayNoticeInForce):
        bring_in(winter, LONGER)
    assert corrections.correct_all(winter.database, "again") == 0
    assert len(corrected(winter)) == 1
    assert len(papers(winter)) == 1


def test_a_recount_that_was_killed_goes_on_where_it_was(winter: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted(winter.submit().case_id for _ in range(4))
    bring_in(winter, LONGER)
    monkeypatch.setattr(corrections, "BATCH", 1)
    right, done = corrections.correct, list[str]()

    def dies(uow: UnitOfWork, case_ids: Any, source: str) -> int:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.extend(case_ids)
        return right(uow, case_ids, source)

    monkeypatch.setattr(corrections, "correct", dies)
    with pytest.raises(KeyboardInterrupt):
        corrections.correct_all(winter.database, "killed")
    monkeypatch.setattr(corrections, "correct", right)
    assert [reply(winter, case_id).due_on for case_id in ids] == [date(2027, 1, 6)] * 2 + [PRINTED] * 2
    assert corrections.correct_all(winter.database, "again") == 2
    assert {reply(winter, case_id).due_on for case_id in ids} == {date(2027, 1, 6)}
    assert len(corrected(winter)) == 4


def test_a_job_corrects_what_it_can_within_its_lease_and_leaves_the_rest_to_the_next(
    winter: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        winter.submit()
    monkeypatch.setattr(corrections, "BATCH", 1)
    monkeypatch.setattr(corrections, "ROUND", 2)
    bring_in(winter, LONGER)
    winter.work()
    assert len(corrected(winter)) == 5
    assert len(winter.all(Job, kind=corrections.RECOUNT, state="done")) >= 3


def test_any_number_may_correct_at_once(winter: World) -> None:
    for _ in range(4):
        winter.submit()
    bring_in(winter, LONGER)
    answers = at_once(*[lambda: corrections.correct_all(winter.database, "at once")] * 3)
    assert not [answer for answer in answers if not isinstance(answer, int)]
    assert len(corrected(winter)) == 4
    with winter.database.reading(SYSTEM) as reading:
        assert audit.verify(reading.session) == []


def test_an_answer_that_is_signed_while_dates_are_corrected_is_neither_lost_nor_late(winter: World) -> None:
    winter.submit()
    winter.reach("sign_reply")
    bring_in(winter, LONGER)
    answers = at_once(
        lambda: winter.do("sign_reply"), lambda: corrections.correct_all(winter.database, "at the same time")
    )
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    winter.work()
    assert reply(winter).state == "stopped"
    assert not winter.all(Breach, basis="statutory")
    whole(winter)


@pytest.mark.sqlite_only
def test_time_never_runs_back_within_a_case_that_is_corrected(winter: World) -> None:
    winter.submit()
    touched = winter.case().touched_at
    winter.travel("2026-12-20T10:00")
    bring_in(winter, LONGER)
    corrections.correct_all(winter.database, "travelled back")
    assert corrected(winter)[0].at == touched
    assert winter.case().touched_at == touched


# ---------------------------------------------------------------- missed, and not missed after all


def overdue(world: World) -> Breach:
    """A case that was missed on the fourth of January."""
    world.submit()
    world.travel("2027-01-05T09:00")
    world.work()
    return world.one(Breach)


def test_a_breach_of_a_date_that_was_wrong_is_annulled_with_its_mark_and_its_lead(winter: World) -> None:
    breach = overdue(winter)
    assert winter.case().late
    with winter.database.unit_of_work() as uow:
        jobs.enqueue(uow, "lead.raise", f"lead.raise:{breach.id}", case_id=breach.case_id, breach=breach.id)
    row = bring_in(winter, LONGER)
    corrections.correct_all(winter.database, row.source)
    annulled = winter.one(Breach, id=breach.id)
    assert (annulled.annulled_reason, winter.case().late) == (row.source, False)
    assert annulled.annulled_at is not None
    assert winter.one(Job, kind="lead.annul").payload == {"breach": breach.id, "reason": row.source}
    assert winter.one(AuditEvent, name="breach.annulled").detail["breach"] == breach.id
    winter.travel("2027-01-07T00:00")
    with winter.database.unit_of_work() as uow:
        clock = uow.session.get_one(Deadline, breach.deadline_id)
        assert deadlines.record_breach(uow, clock) is not None  # the right date can be missed as well
    assert len(winter.all(Breach)) == 2


@pytest.mark.sqlite_only
def test_a_clock_that_is_missed_by_the_right_date_too_stays_missed(winter: World) -> None:
    breach = overdue(winter)
    winter.travel("2027-01-20T09:00")
    bring_in(winter, LONGER)
    winter.work()
    standing = winter.one(Breach)
    assert (standing.id, standing.due_on, standing.annulled_at) == (breach.id, date(2027, 1, 6), None)
    assert winter.case().late


@pytest.mark.sqlite_only
def test_an_answer_that_was_late_by_a_wrong_date_was_not_late(winter: World) -> None:
    winter.submit()
    winter.reach("sign_reply")
    winter.travel("2027-01-05T09:00")
    winter.do("sign_reply")
    assert winter.one(Breach, basis="statutory").annulled_at is None
    assert winter.case().late
    bring_in(winter, LONGER)
    winter.work()
    assert winter.one(Breach, basis="statutory").annulled_at is not None
    assert not winter.case().late
    assert (reply(winter).state, reply(winter).due_on) == ("stopped", date(2027, 1, 6))
    assert not papers(winter)  # nobody waits for that answer any more


@pytest.mark.sqlite_only
def test_an_answer_that_was_not_late_after_all_is_counted_among_those_in_time(winter: World) -> None:
    winter.submit()
    winter.reach("sign_reply")
    winter.travel("2027-01-05T09:00")
    winter.do("sign_reply")
    assert [(row.in_time, row.late) for row in winter.all(ResultCount)] == [(0, 1)]
    bring_in(winter, LONGER)
    winter.work()
    assert [(row.in_time, row.late) for row in winter.all(ResultCount)] == [(1, 0)]
    whole(winter)


def test_a_date_that_comes_back_is_missed_once_more_with_a_lead_of_its_own(winter: World) -> None:
    winter.print_nothing()
    winter.submit()
    winter.travel("2027-01-20T09:00")
    winter.work()
    bring_in(winter, notice("2027-01-24"), read_again=True)
    winter.work()
    assert (reply(winter).due_on, winter.case().late) == (date(2027, 1, 25), False)
    bring_in(winter, SAME, read_again=True)  # the later notice takes it back
    winter.work()
    (waits,) = winter.all(PrintedCorrection, state="waiting")
    with winter.database.unit_of_work(SYSTEM) as uow:
        printed_corrections.approve(uow, waits.id, "放假安排恢复")
    winter.work()
    breaches = sorted(winter.all(Breach, basis="statutory"), key=lambda breach: breach.annulled_at is None)
    assert [(b.due_on, b.annulled_at is None) for b in breaches] == [(PRINTED, False), (PRINTED, True)]
    assert {job.payload["breach"] for job in winter.all(Job, kind="lead.raise")} == {b.id for b in breaches}
    assert winter.case().late


@pytest.mark.sqlite_only
def test_a_target_that_was_missed_the_time_before_stays_missed_when_its_new_date_moves(world: World) -> None:
    say = {
        name: service("case.announce", event=f"'{event}'")
        for name, event in (("begin", "trial.begun"), ("pause", "trial.paused"), ("again", "trial.begun"))
    }
    target = HANDLING.replace('"regulatory"', '"internal"').replace('"case.submitted"', '"trial.begun"')
    target = target.replace('["case.closed"]', '["trial.paused"]')
    world.travel("2026-12-10T10:00")
    moving = Moving(world, bundle("start > begin > work > pause > wait > again > rest > end", more=target, **say))
    world.travel("2026-12-22T10:00")
    moving.trial.do("work")
    moving.trial.do("wait")
    assert (moving.due(), moving.clock().state) == ("2027-01-04", "running")
    bring_in(world, LONGER)
    world.work()
    assert moving.due() == "2027-01-06"
    breach = world.one(Breach, basis="internal")
    assert (breach.due_on, breach.annulled_at) == (date(2026, 12, 21), None)


@pytest.mark.sqlite_only
def test_without_a_corrected_date_no_breach_is_annulled(winter: World) -> None:
    overdue(winter)
    bring_in(winter, SAME)
    winter.work()
    assert winter.one(Breach).annulled_at is None
    assert winter.case().late


# ---------------------------------------------------------------- printed dates


@pytest.mark.sqlite_only
def test_a_printed_date_is_not_made_earlier_without_a_person(winter: World) -> None:
    winter.submit()
    winter.work()
    plan = dry_run(winter, SHORTER)
    assert (plan.moved, plan.waiting) == (0, 1)
    assert "另有 1 件" in plan.sentence()
    bring_in(winter, SHORTER)
    winter.work()
    assert (reply(winter).due_on, reply(winter).provisional) == (PRINTED, True)
    waits = winter.one(PrintedCorrection)
    assert (waits.state, waits.due_on_before, waits.due_on_after) == ("waiting", PRINTED, date(2027, 1, 3))
    assert corrections.correct_all(winter.database, "again") == 0


def waiting(world: World) -> PrintedCorrection:
    world.submit()
    world.work()
    bring_in(world, SHORTER)
    world.work()
    return world.one(PrintedCorrection)


def test_the_leader_of_the_owing_organisation_approves_and_the_applicant_is_told(winter: World) -> None:
    waits = waiting(winter)
    leader = winter.person("data_provider.leader")
    with winter.database.reading(leader) as reading:
        assert [w.reference for w in printed_corrections.waiting(reading).rows] == [winter.case().reference]
    with winter.database.unit_of_work(leader) as uow:
        printed_corrections.approve(uow, waits.id, "依照公布的安排更正")
    assert (reply(winter).due_on, reply(winter).provisional) == (date(2027, 1, 3), False)
    assert winter.case().due_at == reply(winter).due_at
    (paper,) = papers(winter)
    (told,) = facts_of(winter, paper)["corrected"]
    assert (told["due_on_before"], told["due_on_after"]) == ("2027-01-04", "2027-01-03")
    decided = winter.one(PrintedCorrection)
    assert (decided.state, decided.told_by, decided.decided_by) == ("applied", paper.id, str(leader))
    with pytest.raises(CorrectionDecided), winter.database.unit_of_work(leader) as uow:
        printed_corrections.approve(uow, waits.id, "再来一次")
    winter.work()
    assert corrections.correct_all(winter.database, "again") == 0
    whole(winter)


@pytest.mark.sqlite_only
def test_a_refused_correction_keeps_the_printed_date_for_good(winter: World) -> None:
    waits = waiting(winter)
    supervisor = winter.member("gy-sjj", "supervisor")
    with winter.database.unit_of_work(supervisor) as uow:
        printed_corrections.refuse(uow, waits.id, "已经告知申请人")
    assert corrections.correct_all(winter.database, "again") == 0
    assert not dry_run(winter, SHORTER).moves
    assert (reply(winter).due_on, winter.one(PrintedCorrection).state) == (PRINTED, "refused")
    bring_in(winter, LONGER)  # a later date is another matter
    winter.work()
    assert reply(winter).due_on == date(2027, 1, 6)


@pytest.mark.sqlite_only
def test_nobody_else_decides_and_nobody_without_a_reason(winter: World) -> None:
    waits = waiting(winter)
    others = [
        winter.person("data_provider.case_handler"),
        winter.member("gy-wjj", "supervisor", login="of.another.house"),
        winter.member("gy-wjj", "leader", login="leader.of.another.house"),
        Actor("person", id="x", duty="administrator"),
    ]
    for actor in others:
        with pytest.raises(CorrectionNotFound), winter.database.unit_of_work(actor) as uow:
            printed_corrections.approve(uow, waits.id, "理由")
    leader = winter.person("data_provider.leader")
    with pytest.raises(ReasonMissing), winter.database.unit_of_work(leader) as uow:
        printed_corrections.approve(uow, waits.id, " \u200b ")
    assert winter.one(PrintedCorrection).state == "waiting"


def test_two_who_decide_at_once_decide_once(winter: World) -> None:
    waits, leader = waiting(winter), winter.person("data_provider.leader")

    def decide(verb: Any) -> None:
        with winter.database.unit_of_work(leader) as uow:
            verb(uow, waits.id, "理由")

    answers = at_once(lambda: decide(printed_corrections.approve), lambda: decide(printed_corrections.refuse))
    assert [type(a) for a in answers if a is not None] == [CorrectionDecided]
    assert winter.one(PrintedCorrection).state in ("applied", "refused")


@pytest.mark.sqlite_only
def test_what_waits_lapses_when_a_later_notice_leaves_the_date_as_it_is(winter: World) -> None:
    waiting(winter)
    bring_in(winter, SAME)
    winter.work()
    assert winter.one(PrintedCorrection).state == "lapsed"
    assert (reply(winter).due_on, reply(winter).provisional) == (PRINTED, False)


@pytest.mark.sqlite_only
def test_a_date_that_moves_twice_before_it_is_told_is_told_once_from_what_is_printed(winter: World) -> None:
    winter.submit()
    bring_in(winter, LONGER)
    corrections.correct_all(winter.database, "first")
    bring_in(winter, notice("2027-01-06"))
    corrections.correct_all(winter.database, "second")
    winter.work()
    (paper,) = papers(winter)
    (told,) = facts_of(winter, paper)["corrected"]
    assert (told["due_on_before"], told["due_on_after"]) == ("2027-01-04", "2027-01-07")


@pytest.mark.sqlite_only
def test_a_clock_that_has_no_paper_moves_to_an_earlier_day_at_once(winter: World) -> None:
    winter.travel("2026-12-04T10:00")
    winter.submit()
    winter.reach("open_dataset")
    before = winter.one(Deadline, case_id=winter.case_id, name="fulfilment").due_on
    bring_in(winter, SHORTER)
    winter.work()
    after = winter.one(Deadline, case_id=winter.case_id, name="fulfilment").due_on
    assert before is not None
    assert after is not None
    assert after < before
    assert not winter.all(PrintedCorrection)


# ---------------------------------------------------------------- calendars


@pytest.mark.sqlite_only
def test_a_date_that_stays_loses_the_mark_of_being_provisional(winter: World) -> None:
    winter.submit()
    winter.work()
    bring_in(winter, SAME)
    winter.work()
    assert (reply(winter).due_on, reply(winter).provisional) == (PRINTED, False)
    assert not corrected(winter)
    assert len(winter.all(AuditEvent, name="deadline.confirmed")) == 1
    assert not papers(winter)


@pytest.mark.sqlite_only
def test_a_date_is_explained_for_ever_by_the_calendar_that_it_was_counted_with(winter: World) -> None:
    winter.submit()
    winter.reach("sign_reply")
    winter.do("sign_reply")
    bring_in(winter, LONGER)
    winter.work()
    clock = reply(winter)
    with winter.database.reading(SYSTEM) as reading:
        explained = deadlines.explain(reading, clock)
        assert explained is not None
        assert (explained.due.day, explained.calendar_version) == (PRINTED, clock.calendar_version)
        assert deadlines.calendar(reading).version != clock.calendar_version


def test_a_calendar_is_stored_once_whoever_counts_first(winter: World) -> None:
    at_once(*[lambda: winter.submit()] * 4)
    assert len(winter.all(CalendarVersion)) == 1
    bring_in(winter, LONGER)
    winter.submit()
    versions = {row.version for row in winter.all(CalendarVersion)}
    assert {d.calendar_version for d in winter.all(Deadline) if d.calendar_version} == versions


def test_a_calendar_that_was_stored_in_work_that_was_undone_is_stored_by_the_next(winter: World) -> None:
    with pytest.raises(ZeroDivisionError), winter.database.unit_of_work() as uow:
        for _ in range(2):
            calendar_versions.keep(uow, deadlines.calendar(uow))
        raise ZeroDivisionError
    winter.submit()
    assert len(winter.all(CalendarVersion)) == 1


def test_a_server_that_runs_sees_what_another_one_approved(winter: World) -> None:
    winter.submit()
    with winter.database.reading(SYSTEM) as reading:
        assert not deadlines.calendar(reading).covered(date(2027, 1, 1))
    other = Database(winter.database.settings, winter.database.registry, winter.watch)
    with other.unit_of_work() as uow:
        row = holiday_notices.propose(uow, LONGER, "2027.toml")
        holiday_notices.approve(uow, row.id, "公布")
    other.dispose()
    with winter.database.reading(SYSTEM) as reading:
        assert deadlines.calendar(reading).covered(date(2027, 1, 1))


@pytest.mark.sqlite_only
def test_an_approval_that_is_undone_counts_nowhere(winter: World) -> None:
    with pytest.raises(ZeroDivisionError), winter.database.unit_of_work() as uow:
        row = holiday_notices.propose(uow, LONGER, "2027.toml")
        holiday_notices.approve(uow, row.id, "公布")
        assert deadlines.calendar(uow).covered(date(2027, 1, 1))
        raise ZeroDivisionError
    bring_in(winter, SAME)
    with winter.database.reading(SYSTEM) as reading:
        assert deadlines.calendar(reading).is_workday(date(2027, 1, 5))


@pytest.mark.sqlite_only
def test_what_is_unusual_must_be_read_again(winter: World) -> None:
    text = notice(rest="")
    with pytest.raises(RemarksUnread, match="2027-10-01"):
        bring_in(winter, text)
    assert not winter.all(HolidayNotice)
    assert bring_in(winter, text, read_again=True).state == "approved"


@pytest.mark.sqlite_only
def test_a_superseded_notice_does_not_come_back_unnoticed(winter: World) -> None:
    bring_in(winter, LONGER)
    bring_in(winter, SAME)
    with pytest.raises(RemarksUnread, match="superseded"):
        bring_in(winter, LONGER)
    bring_in(winter, LONGER, read_again=True)
    with winter.database.reading(SYSTEM) as reading:
        assert not deadlines.calendar(reading).is_workday(date(2027, 1, 5))


@pytest.mark.sqlite_only
def test_only_administrators_bring_a_notice_in(winter: World) -> None:
    with pytest.raises(NotAdministrator):
        bring_in(winter, LONGER, by=winter.member("gy-sjj", "supervisor"))
    assert bring_in(winter, LONGER, by=Actor("person", id="a" * 32, duty="administrator")).decided_by


@pytest.mark.sqlite_only
def test_a_discarded_notice_counts_nowhere(winter: World) -> None:
    with winter.database.unit_of_work() as uow:
        row = holiday_notices.propose(uow, LONGER, "2027.toml")
        assert holiday_notices.propose(uow, LONGER, "2027.toml").id == row.id
    with winter.database.unit_of_work() as uow:
        holiday_notices.discard(uow, row.id, "文件有误")
    with pytest.raises(holiday_notices.HolidayNoticeDecided), winter.database.unit_of_work() as uow:
        holiday_notices.approve(uow, row.id, "还是要用")
    with winter.database.reading(SYSTEM) as reading:
        assert not deadlines.calendar(reading).covered(date(2027, 1, 1))


# ---------------------------------------------------------------- what papers print


def test_which_clocks_a_paper_prints_is_read_off_its_facts() -> None:
    names = {"reply", "supplement", "fulfilment"}
    read = printed_dates.printed_by(["deadlines.reply.due_on", "deadlines.supplement.days", "case.reference"], names)
    assert read == {"reply"}
    assert printed_dates.printed_by(["deadlines['fulfilment'].sentences if x else None"], names) == {"fulfilment"}
    assert printed_dates.printed_by(["deadlines"], names) == names
    assert printed_dates.printed_by(["deadlines.nonsense.due_on"], names) == set()


@pytest.mark.sqlite_only
def test_the_record_of_many_cases_is_chained_at_once_and_holds(winter: World) -> None:
    for _ in range(7):  # more than are asked for one by one
        winter.submit()
    bring_in(winter, LONGER)
    corrections.correct_all(winter.database, "many")
    with winter.database.reading(SYSTEM) as reading:
        assert audit.verify(reading.session) == []
        streams = select(AuditEvent.stream).where(col(AuditEvent.name) == "deadline.corrected")
        assert len(set(reading.session.exec(streams))) == 7
