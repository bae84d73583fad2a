"""Urging: by whom, with which words, how often; it reaches those who must act and stays on record."""

import pytest
from sqlmodel import col, select

from engine import directory, queries, tasks, urging
from engine.access import SYSTEM, Actor, answered_cases, overseen
from engine.db import UnitOfWork
from engine.models import AuditEvent, Case, Deadline, Membership, Reminder, Urging
from engine.process import CaseNotFound
from engine.urging import (
    CaseEnded,
    NothingToUrge,
    NotYoursToUrge,
    TooManyToUrge,
    UrgedAlready,
    WordsMissing,
    WordsTooLong,
)
from tests.factories import World, at_once

WORDS = "请于今日内完成审核，\n并说明原因。"
HANDLER, HEAD = "data_provider.case_handler", "data_provider.unit_head"


@pytest.fixture
def supervisor(world: World) -> Actor:
    world.submit()
    world.person(HANDLER), world.person(HEAD)
    with world.database.unit_of_work(world.person(HANDLER)) as uow:
        tasks.claim(uow, world.task("check").id)
    return world.member("gy-sjj", "supervisor", login="supervisor")


def urge(world: World, actor: Actor, *cases: str, words: str = WORDS) -> UnitOfWork:
    with world.database.unit_of_work(actor) as uow:
        urging.urge(uow, cases or [world.case_id], words)
    return uow


def test_who_must_act_and_their_head_read_the_words_in_their_inbox_and_in_the_file(
    world: World, supervisor: Actor
) -> None:
    urge(world, supervisor)
    for lane in (HANDLER, HEAD):
        with world.database.reading(world.person(lane)) as reading:
            (row,) = queries.reminders(reading).rows
            assert (row.kind, row.title, row.text, row.by) == ("urged", "催办", WORDS, "某人")
            assert (row.reference, row.deadline) == (world.case().reference, "答复期限")
            line = next(e for e in queries.case_file(reading, row.reference).history if e.title == "催办")
            assert (line.detail, line.actor) == (WORDS, "某人")
    assert WORDS.encode() not in world.one(Urging).text
    event = world.one(AuditEvent, name="case.urged")
    assert event.actor == f"person:{supervisor.id}"
    assert WORDS not in str(event.detail)
    with world.database.reading(supervisor) as reading:
        assert urging.counts(reading, [world.case_id, "other"]) == {world.case_id: 1}
        assert queries.unread(reading) == 0  # who urges need not be told


def test_the_applicant_hears_nothing_of_it(world: World, supervisor: Actor) -> None:
    reference = world.case().reference
    urge(world, supervisor)
    with world.database.reading(world.applicant()) as reading:
        shown = str(queries.public_status(reading, world.case_id))
    assert reference in shown
    assert "并说明原因" not in shown
    assert "催办" not in shown


def test_leaders_and_heads_urge_what_their_own_house_handles(world: World, supervisor: Actor) -> None:
    urge(world, world.person(HEAD))
    world.travel("+1d")
    urge(world, world.person("data_provider.leader"))
    assert len(world.all(Urging)) == 2
    with pytest.raises(NotYoursToUrge):
        urge(world, world.person(HANDLER))
    with pytest.raises(CaseNotFound):
        urge(world, world.member("gy-wjj", "leader"))


def test_the_head_of_a_unit_urges_what_stands_on_their_board(world: World, supervisor: Actor) -> None:
    """Who answers for a case is said in two ways, of its clocks and of itself: both agree."""
    other = world.member("gy-jtw", "unit_head", login="other.head")
    handler, head = world.person(HANDLER), world.person(HEAD)
    with world.database.unit_of_work() as uow:
        for who, unit in ((handler, "一科"), (head, "一科"), (other, "二科")):
            _work_in(uow, who, unit)
    people = [head, other, world.person("data_provider.leader"), supervisor, handler]
    for who in (_now(world, person) for person in people):
        with world.database.reading(who) as reading:
            on_board = reading.session.exec(select(Deadline.id).where(overseen(who), col(Deadline.name) == "reply"))
            answered = reading.session.exec(select(Case.id).where(answered_cases(who)))
            assert bool(on_board.first()) == bool(answered.first()) == (who.id not in (other.id, people[-1].id))
    with pytest.raises(NotYoursToUrge):
        urge(world, _now(world, other))
    urge(world, _now(world, people[0]))


def _work_in(uow: UnitOfWork, who: Actor, unit: str) -> None:
    for seat in uow.session.exec(select(Membership).where(col(Membership.person_id) == who.id)):
        seat.unit = unit
        uow.add(seat)


def _now(world: World, who: Actor) -> Actor:
    with world.database.reading(SYSTEM) as reading:
        return directory.actor_of(reading, who.id)


def test_a_case_is_not_urged_again_within_hours(world: World, supervisor: Actor) -> None:
    urge(world, supervisor)
    world.travel("+3h")
    with pytest.raises(UrgedAlready) as refused:
        urge(world, supervisor)
    assert "2026-04-21 09:30" in refused.value.sentence("zh")
    world.travel("+1h")
    urge(world, supervisor)
    assert len(world.all(Urging)) == 2


def test_of_several_cases_those_that_cannot_be_urged_are_left_out_and_named(world: World, supervisor: Actor) -> None:
    first = world.case_id
    urge(world, supervisor)
    closed = world.submit()
    world.send("withdraw")
    third = world.submit().case_id
    uow = urge(world, supervisor, third, first, closed.case_id, first)
    assert [u.case_id for u in world.all(Urging)].count(third) == 1
    assert len(world.all(Urging)) == 2
    assert {type(w) for w in uow.warnings} == {UrgedAlready, CaseEnded}
    assert closed.reference in " ".join(w.sentence("zh") for w in uow.warnings)
    with pytest.raises((UrgedAlready, CaseEnded)):
        urge(world, supervisor, closed.case_id, first)


def test_words_that_are_missing_or_too_long_are_refused_and_nothing_is_done(world: World, supervisor: Actor) -> None:
    for words, fault in (("", WordsMissing), (" \n\t\u200b\x00", WordsMissing), ("催" * 501, WordsTooLong)):
        with pytest.raises(fault):
            urge(world, supervisor, words=words)
    with world.database.unit_of_work(supervisor) as uow, pytest.raises(NothingToUrge):
        urging.urge(uow, [], WORDS)
    with world.database.unit_of_work(supervisor) as uow, pytest.raises(TooManyToUrge):
        urging.urge(uow, [str(n) for n in range(101)], WORDS)
    assert not world.all(Urging) + world.all(Reminder)


def test_of_two_who_urge_at_once_one_does(world: World, supervisor: Actor) -> None:
    other = world.member("gy-zf", "supervisor", login="other")
    cases = [world.case_id, world.submit().case_id, world.submit().case_id]
    acts = [lambda a=a, c=c: urge(world, a, *c) for a, c in ((supervisor, cases), (other, cases[::-1]))]
    answers = at_once(*acts)
    assert sorted(isinstance(a, UrgedAlready) for a in answers) == [False, True], answers
    assert sorted(u.case_id for u in world.all(Urging)) == sorted(cases)


def test_where_one_case_is_not_there_none_is_urged(world: World, supervisor: Actor) -> None:
    with world.database.unit_of_work(supervisor) as uow, pytest.raises(CaseNotFound):
        urging.urge(uow, [world.case_id, "0" * 32], WORDS)
    assert not world.all(Urging)
