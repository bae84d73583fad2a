"""A leader's instruction binds one house by a private clock; nobody else sees it, its clock or its words, anywhere."""

from datetime import date

import pytest

from engine import access, audit, consistency, instructions, process, queries
from engine.access import SYSTEM, Actor
from engine.models import Breach, Case, Deadline, Instruction, Reminder
from engine.queries import instructions as lists
from engine.queries import rows
from engine.views import Wanted
from notices import facts
from tests.factories import World

SECRET = "请盯紧这件，不要拖延"
DUE = date(2026, 4, 24)


def given(world: World, by: Actor, *, bound: str = "gy-jtw", due_on: date = DUE, **changed: str) -> Instruction:
    """A leader's words, recorded on the case that was filed last."""
    said = {"leader": "李副市长", "text": SECRET} | changed
    with world.database.unit_of_work(by) as uow:
        return instructions.record(uow, world.case_id, due_on=due_on, bound=bound, **said)


@pytest.fixture
def filed(world: World) -> World:
    world.submit()
    return world


@pytest.fixture
def leader(filed: World) -> Actor:
    """The leader of the city bureau, which takes part in every request."""
    return filed.member("gy-sjj", "leader", login="sjj.leader")


def test_an_instruction_starts_a_private_clock_of_the_house_that_it_binds(filed: World, leader: Actor) -> None:
    instruction = given(filed, leader)
    clock = filed.one(Deadline, id=instruction.deadline_id)
    assert (clock.name, clock.basis, clock.state, clock.private) == ("instruction_1", "internal", "running", True)
    assert (clock.due_on, clock.days, clock.unit) == (DUE, 3, "calendar")
    assert given(filed, leader).deadline_id != clock.id
    with filed.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []


def test_it_may_be_due_today_and_on_a_rest_day(filed: World, leader: Actor) -> None:
    for day in (date(2026, 4, 21), date(2026, 5, 2)):
        assert filed.one(Deadline, id=given(filed, leader, due_on=day).deadline_id).due_on == day


def test_the_bound_house_reports_and_the_clock_stops(filed: World, leader: Actor) -> None:
    instruction = given(filed, leader)
    head = filed.member("gy-jtw", "unit_head", login="jtw.head")
    with filed.database.unit_of_work(head) as uow:
        instructions.fulfilled(uow, instruction.id, "已经督促答复。")
    clock = filed.one(Deadline, id=instruction.deadline_id)
    assert (clock.state, clock.stopped_by) == ("stopped", "instruction.fulfilled")
    with filed.database.unit_of_work(head) as uow, pytest.raises(instructions.FulfilledAlready):
        instructions.fulfilled(uow, instruction.id, "再报一次。")
    told = [r.person_id for r in filed.all(Reminder, case_id=filed.case_id, kind="instruction")]
    assert told == [leader.id]
    with filed.database.reading(leader) as reading:
        assert lists.on_case(reading, filed.case_id)[0].report == "已经督促答复。"
        assert lists.open_ones(reading).rows == ()


def test_those_who_lead_in_the_bound_house_hear_of_it(filed: World, leader: Actor) -> None:
    head = filed.member("gy-jtw", "unit_head", login="jtw.head")
    filed.member("gy-jtw", "case_handler", login="jtw.idle")
    given(filed, leader)
    assert [r.person_id for r in filed.all(Reminder, kind="instruction")] == [head.id]


def test_an_unfulfilled_instruction_ends_with_the_case(filed: World, leader: Actor) -> None:
    instruction = given(filed, leader)
    filed.send("withdraw", reason="不需要了。")
    assert filed.one(Deadline, id=instruction.deadline_id).state == "stopped"
    with pytest.raises(instructions.CaseEnded):
        given(filed, leader)


def test_a_referral_leaves_it_with_the_house_that_it_binds(filed: World, leader: Actor) -> None:
    instruction = given(filed, leader)
    bound = filed.one(Deadline, id=instruction.deadline_id).organisation_id
    head = filed.person("data_provider.unit_head")
    filed.do("check", intake_action="refer", refer_to="gy-wjj", refer_reason="不由本机关提供。")
    filed.do("approve_intake", intake_approval="approve")
    assert filed.one(Deadline, id=instruction.deadline_id).organisation_id == bound
    with filed.database.reading(head) as reading:
        assert [view.id for view in lists.on_case(reading, filed.case_id)] == [instruction.id]
    with filed.database.reading(filed.member("gy-wjj", "leader", login="wjj.leader")) as reading:
        assert lists.on_case(reading, filed.case_id) == []


@pytest.mark.sqlite_only
def test_who_may_record_one(filed: World, leader: Actor) -> None:
    for organisation, role in (("gy-jtw", "unit_head"), ("gy-sjj", "supervisor"), ("gy-zf", "supervisor")):
        given(filed, filed.member(organisation, role))
    for organisation, role in (("gy-jtw", "case_handler"), ("gy-sjj", "confidentiality_reviewer")):
        with pytest.raises(instructions.NotYoursToInstruct):
            given(filed, filed.member(organisation, role))
    for organisation, role in (("gy-wjj", "leader"), ("gy-wjj", "supervisor")):
        with pytest.raises(process.CaseNotFound):
            given(filed, filed.member(organisation, role))
    with pytest.raises(process.CaseNotFound):
        given(filed, filed.applicant().__class__("public"))


@pytest.mark.sqlite_only
def test_what_is_wrong_with_an_instruction_is_said(filed: World, leader: Actor) -> None:
    with pytest.raises(instructions.LeaderMissing):
        given(filed, leader, leader=" \u200b ")
    with pytest.raises(instructions.LeaderMissing):
        given(filed, leader, leader="李" * 61)
    with pytest.raises(instructions.WordsMissing):
        given(filed, leader, text="\n")
    with pytest.raises(instructions.WordsMissing):
        given(filed, leader, text="拖" * 2001)
    with pytest.raises(instructions.DayFaulty):
        given(filed, leader, due_on=date(2026, 4, 20))
    with pytest.raises(instructions.DayFaulty):
        given(filed, leader, due_on=date(2062, 4, 20))
    with pytest.raises(instructions.CannotBeBound):
        given(filed, leader, bound="gy-wjj")
    assert filed.all(Instruction) == []
    assert filed.all(Deadline, private=True) == []


# ---------------------------------------------------------------- nobody else sees it


@pytest.fixture
def hidden(filed: World, leader: Actor) -> World:
    """The government's instruction, which binds the bureau: the agency that handles the case must not know."""
    given(filed, filed.member("gy-zf", "supervisor", login="zf.supervisor"), bound="gy-sjj")
    return filed


def outsiders(world: World) -> list[Actor]:
    return [world.member("gy-jtw", role, login=f"jtw.{role}") for role in ("case_handler", "unit_head", "supervisor")]


def test_not_in_the_public_status(hidden: World) -> None:
    with hidden.database.reading(hidden.applicant()) as reading:
        shown = repr(queries.public_status(reading, hidden.case_id))
    assert "instruction" not in shown
    assert SECRET not in shown


def test_not_in_the_file_of_a_house_that_neither_gave_nor_got_it(hidden: World) -> None:
    for outsider in outsiders(hidden):
        with hidden.database.reading(outsider) as reading:
            file = queries.case_file(reading, hidden.one(Case, id=hidden.case_id).reference)
            assert "instruction" not in repr(file)
            assert SECRET not in repr(file)
            assert lists.on_case(reading, hidden.case_id) == []
            assert lists.open_ones(reading).rows == ()
        with hidden.database.unit_of_work(outsider) as uow, pytest.raises(instructions.InstructionNotFound):
            instructions.fulfilled(uow, hidden.one(Instruction).id, "已经落实。")


def test_seen_by_the_house_that_it_binds_and_the_one_that_gave_it(hidden: World) -> None:
    for login in ("sjj.leader", "zf.supervisor"):
        with hidden.database.reading(actor(hidden, login)) as reading:
            (view,) = lists.on_case(reading, hidden.case_id)
            assert (view.text, view.bound, view.house) == (SECRET, "市大数据局", "市政府")
            assert view.may_fulfil == (login == "sjj.leader")
            assert [row.id for row in lists.open_ones(reading).rows] == [view.id]


def actor(world: World, login: str) -> Actor:
    from engine import directory

    with world.database.reading(SYSTEM) as reading:
        return directory.actor_of(reading, directory.person(reading, login).id)


def test_not_among_the_target_dates_of_the_inbox(hidden: World) -> None:
    with hidden.database.reading(outsiders(hidden)[0]) as reading:
        assert [row.target_on for row in queries.inbox(reading, "all").rows] == [None]
        assert rows._targets(reading, [hidden.case_id]) == {}


def test_not_on_the_board_and_not_in_its_numbers(hidden: World) -> None:
    hidden.travel("+5d")
    hidden.work()
    assert hidden.one(Breach, basis="internal").organisation_id  # it was missed, and that is on record
    for login in ("jtw.supervisor", "zf.supervisor", "sjj.supervisor"):
        who = actor(hidden, login) if login == "zf.supervisor" else hidden.member(f"gy-{login[:3]}", "supervisor")
        with hidden.database.reading(who) as reading:
            assert queries.board_list(reading, "overdue", Wanted(basis="target")).rows == ()
            assert queries.board_counts(reading).targets_overdue == 0
            assert access.overseen(who) is not None


def test_its_miss_does_not_stand_in_the_history(hidden: World) -> None:
    hidden.travel("+5d")
    hidden.work()
    with hidden.database.reading(outsiders(hidden)[0]) as reading:
        file = queries.case_file(reading, hidden.one(Case, id=hidden.case_id).reference)
    assert [entry.title for entry in file.history if entry.kind == "missed"] == []


def test_neither_the_flow_nor_a_paper_knows_of_it(hidden: World) -> None:
    with hidden.database.reading(SYSTEM) as reading:
        run = process.opened(reading, reading.session.get_one(Case, hidden.case_id))
        assert set(process.context(reading, run).deadlines) == {"reply", "supplement", "fulfilment"}
        known = facts.available(reading, run, run.bundle.notice("receipt"))
    assert set(known["deadlines"]) == {"reply", "supplement", "fulfilment"}
    assert SECRET not in repr(known)


def test_a_search_for_its_words_finds_nothing(hidden: World) -> None:
    for who in (*outsiders(hidden), actor(hidden, "zf.supervisor")):
        with hidden.database.reading(who) as reading:
            assert queries.cases(reading, search_for="盯紧这件").rows == ()
            assert queries.inbox(reading, "all", search_for="李副市长").rows == ()


def test_the_record_and_the_tables_hold_no_word_of_it(hidden: World) -> None:
    with hidden.database.reading(SYSTEM) as reading:
        events = audit.events_of(reading.session, hidden.case_id)
        assert any(event.name == "instruction.recorded" for event in events)
        assert SECRET not in repr([event.detail for event in events])
    kept = hidden.one(Instruction)
    assert SECRET.encode() not in kept.text
    assert "李副市长".encode() not in kept.leader


def test_erasing_the_case_erases_its_words(hidden: World) -> None:
    with hidden.database.unit_of_work(SYSTEM) as uow:
        case = uow.session.get_one(Case, hidden.case_id)
        case.wrapped_key = None
        uow.add(case)
    with hidden.database.reading(actor(hidden, "zf.supervisor")) as reading:
        assert [row.text for row in lists.open_ones(reading).rows] == [""]
