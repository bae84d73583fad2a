"""Nobody handles a case in which they or their kin are concerned: by decision, by name, or by what they did before."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from engine import (
    absences,
    audit,
    clock,
    deadline_changes,
    directory,
    handovers,
    instructions,
    kin,
    messages,
    process,
    queries,
    recusals,
    tasks,
    urging,
)
from engine.access import SYSTEM, Actor
from engine.db import UnitOfWork
from engine.models import AuditEvent, CaseLink, Kin, NameClearance, Party, Person, Recusal, Task
from engine.reasons import ReasonMissing
from tests.bundles import LANE, Trial, bundle
from tests.drawing import catch, message
from tests.factories import ANSWERS, START, World

HANDLER, COLLEAGUE, HEAD = "data_provider.case_handler", "data_provider.case_handler#2", "data_provider.unit_head"
TODAY = clock.day_of(START)


def acting(world: World, actor: Actor, act: Callable[..., Any], *given: Any) -> Any:
    with world.database.unit_of_work(actor) as uow:
        return act(uow, *given)


def recused(world: World, actor: Actor, whom: Actor | None = None, reason: str = "有利害关系") -> Recusal:
    made: Recusal = acting(
        world, actor, recusals.recuse, world.case().reference, reason, whom.id if whom is not None else None
    )
    return made


def refusal(world: World, actor: Actor, node: str = "check") -> str | None:
    """What the page of a task says why somebody cannot do it."""
    with world.database.reading(actor) as reading:
        return queries.task(reading, world.task(node).id).blocked


def test_who_recuses_themselves_lets_go_and_does_not_come_back(world: World) -> None:
    world.submit()
    handler, colleague, task = world.person(HANDLER), world.person(COLLEAGUE), world.task("check")
    acting(world, handler, tasks.claim, task.id)
    recused(world, handler)
    assert world.task("check").assignee_id is None
    for act in (tasks.claim, lambda uow, id_: tasks.complete(uow, id_, ANSWERS["check"])):
        with pytest.raises(recusals.Recused) as refused:
            acting(world, handler, act, task.id)
    assert refused.value.sentence("zh") == "gy-jtw.case_handler.1已对本件回避，不能办理。"
    assert refusal(world, handler) == refused.value.sentence("zh")
    with pytest.raises(recusals.RecusedAlready):
        recused(world, handler)
    acting(world, colleague, tasks.claim, task.id)
    with pytest.raises(recusals.Recused):
        acting(world, colleague, handovers.delegate, task.id, handler.id, "请协办")
    with pytest.raises(recusals.Recused):
        acting(world, world.person(HEAD), handovers.reassign, task.id, handler.id, "调整")
    world.do("check", by=COLLEAGUE)


def test_those_who_head_somebody_decide_their_recusal_and_lift_it(world: World) -> None:
    world.submit()
    handler, head = world.person(HANDLER), world.person(HEAD)
    made = recused(world, head, handler, "曾在申请单位任职")
    with pytest.raises(recusals.NotTheirHead):
        acting(world, handler, recusals.lift, made.id, "我想办")
    acting(world, head, recusals.lift, made.id, "已经核实无关")
    with pytest.raises(recusals.RecusalLifted):
        acting(world, head, recusals.lift, made.id, "再次")
    with world.database.reading(head) as reading:
        (shown,) = queries.hands(reading, world.task("check").id).recusals
    assert (shown.kind, shown.reason, shown.lifted_reason) == ("decided", "曾在申请单位任职", "已经核实无关")
    recused(world, handler)
    assert [row.lifted_at is None for row in sorted(world.all(Recusal), key=lambda r: r.lifted_at is None)] == [
        False,
        True,
    ]
    names = [event.name for event in world.all(AuditEvent) if event.name.startswith("recusal.")]
    assert sorted(names) == ["recusal.lifted", "recusal.made", "recusal.made"]
    with world.database.reading(SYSTEM) as reading:
        assert audit.verify(reading.session) == []


def test_nobody_decides_for_those_whom_they_do_not_head(world: World) -> None:
    world.submit()
    handler, colleague = world.person(HANDLER), world.person(COLLEAGUE)
    for decider in (colleague, world.member("gy-sjj", "supervisor"), world.member("gy-sjj", "unit_head")):
        with pytest.raises(recusals.NotTheirHead):
            recused(world, decider, handler)
    for outsider in (world.member("gy-jyj", "leader"), world.applicant(), Actor("person", "nobody"), Actor("public")):
        with pytest.raises(process.CaseNotFound):
            recused(world, outsider, handler)
        with pytest.raises(process.CaseNotFound):
            recused(world, outsider)
    made = recused(world, handler)
    with pytest.raises(recusals.RecusalNotFound):
        acting(world, world.member("gy-jyj", "unit_head"), recusals.lift, made.id, "解除")
    with pytest.raises(recusals.RecusalNotFound):
        acting(world, world.person(HEAD), recusals.lift, "nothing", "解除")
    for unknown in ("", "nobody"):
        with pytest.raises(recusals.NotTheirHead):
            acting(world, world.person(HEAD), recusals.recuse, world.case().reference, "回避", unknown)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("reason", ["", " ", "长" * 501])
def test_a_recusal_needs_a_reason_that_fits(world: World, reason: str) -> None:
    world.submit()
    with pytest.raises(ReasonMissing):
        recused(world, world.person(HANDLER), reason=reason)
    assert world.all(Recusal) == []


def test_a_delegate_who_is_recused_gives_back_and_an_owner_who_is_gives_up(world: World) -> None:
    world.submit()
    handler, colleague, task = world.person(HANDLER), world.person(COLLEAGUE), world.task("check")
    acting(world, handler, handovers.delegate, task.id, colleague.id, "请协办")
    recused(world, colleague)
    assert (world.task("check").assignee_id, world.task("check").owner_id) == (handler.id, None)
    third = world.person("data_provider.case_handler#3")
    acting(world, handler, handovers.delegate, task.id, third.id, "请协办")
    recused(world, handler)
    assert (world.task("check").assignee_id, world.task("check").owner_id) == (None, None)


def test_who_bears_the_name_of_a_party_is_kept_away_until_a_head_finds_it_is_somebody_else(world: World) -> None:
    world.submit(applicant_name="王 小明")
    handler, head, task = world.person(HANDLER), world.person(HEAD), world.task("check")
    with world.database.unit_of_work() as uow:
        uow.session.get_one(Person, handler.id).name = "王小明"
    with pytest.raises(recusals.NameConcerned):
        acting(world, handler, tasks.claim, task.id)
    assert "同名" in (refusal(world, handler) or "")
    with world.database.reading(head) as reading:
        assert [person.id for person in queries.hands(reading, task.id).namesakes] == [handler.id]
    for nobody in (handler, world.person(COLLEAGUE)):
        with pytest.raises(recusals.NotTheirHead):
            acting(world, nobody, recusals.clear_name, world.case().reference, handler.id, "不是我")
    acting(world, head, recusals.clear_name, world.case().reference, handler.id, "身份证号不同")
    with pytest.raises(recusals.NothingToClear):
        acting(world, head, recusals.clear_name, world.case().reference, handler.id, "再次")
    assert world.one(NameClearance).person_id == handler.id
    assert refusal(world, handler) is None
    with world.database.reading(head) as reading:
        assert queries.hands(reading, task.id).namesakes == ()
    acting(world, handler, tasks.claim, task.id)
    world.submit(applicant_name="王小明")  # what was found about one case says nothing about the next
    with pytest.raises(recusals.NameConcerned):
        acting(world, handler, tasks.claim, world.task("check").id)


def test_who_declares_kin_lets_go_of_their_case_and_gets_none_of_theirs_any_more(world: World) -> None:
    world.submit(applicant_name="欧阳䶮䶮")
    handler, task = world.person(HANDLER), world.task("check")
    acting(world, handler, tasks.claim, task.id)
    made = acting(world, handler, kin.declare, "欧阳 䶮䶮", "in_law")
    world.work()
    assert world.task("check").assignee_id is None
    with pytest.raises(recusals.NameConcerned):
        acting(world, handler, tasks.claim, task.id)
    acting(world, world.person(COLLEAGUE), tasks.claim, task.id)
    with world.database.reading(handler) as reading:
        assert [(k.name, k.relation) for k in kin.mine(reading)] == [("欧阳 䶮䶮", "近姻亲")]
    with world.database.reading(world.person(HEAD)) as reading:
        assert kin.mine(reading) == []
    with pytest.raises(kin.KinNotFound):
        acting(world, world.person(HEAD), kin.withdraw, made.id)
    acting(world, handler, kin.withdraw, made.id)
    assert world.all(Kin) == []
    with pytest.raises(kin.KinNotFound):
        acting(world, handler, kin.withdraw, made.id)
    assert refusal(world, world.person(COLLEAGUE)) is None


def test_kin_that_concern_no_case_in_hand_change_nothing(world: World) -> None:
    world.submit()
    handler, task = world.person(HANDLER), world.task("check")
    acting(world, handler, tasks.claim, task.id)
    acting(world, handler, kin.declare, "某某某", "spouse")
    world.work()
    assert world.task("check").assignee_id == handler.id


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", ["", "王", " \t", "长" * 51, "\x00", "王" * 600])
def test_a_name_of_kin_that_is_none_is_refused(world: World, name: str) -> None:
    world.submit()
    with pytest.raises(kin.KinNameFaulty):
        acting(world, world.person(HANDLER), kin.declare, name, "spouse")


def test_a_declaration_is_kept_once_and_by_those_who_handle_cases(world: World) -> None:
    world.submit()
    handler = world.person(HANDLER)
    acting(world, handler, kin.declare, "王小明", "lineal")
    with pytest.raises(kin.KinDeclaredAlready):
        acting(world, handler, kin.declare, "王　小明", "spouse")
    with pytest.raises(kin.RelationUnknown):
        acting(world, handler, kin.declare, "李小明", "朋友")
    for nobody in (world.applicant(), Actor("person", "x", duty="administrator"), Actor("public")):
        with pytest.raises(kin.NotStaff):
            acting(world, nobody, kin.declare, "李小明", "spouse")
    acting(world, world.person(COLLEAGUE), kin.declare, "王小明", "lineal")
    assert len(world.all(Kin)) == 2


def test_in_the_place_of_somebody_who_is_recused_nobody_acts(world: World) -> None:
    world.submit()
    handler, head, task = world.person(HANDLER), world.person(HEAD), world.task("check")
    recused(world, handler)
    acting(world, handler, absences.enter, head.id, TODAY, TODAY, "leave")
    with world.database.reading(SYSTEM) as reading:
        substitute = directory.actor_of(reading, head.id)
    with pytest.raises(recusals.Recused, match=r"gy-jtw.case_handler.1 is recused"):
        acting(world, substitute, tasks.claim, task.id)


def test_a_substitute_who_is_recused_themselves_does_not_act_for_the_absent(world: World) -> None:
    world.submit()
    handler, head, task = world.person(HANDLER), world.person(HEAD), world.task("check")
    acting(world, handler, tasks.claim, task.id)
    recused(world, head)
    acting(world, handler, absences.enter, head.id, TODAY, TODAY, "leave")
    with world.database.reading(SYSTEM) as reading:
        substitute = directory.actor_of(reading, head.id)
    with pytest.raises(recusals.Recused, match=r"gy-jtw.unit_head.1 is recused"):
        acting(world, substitute, tasks.complete, task.id, ANSWERS["check"])


# ---------------------------------------------------------------- by what they did in the case before

EXCLUSION = """
[[exclusions]]
tasks = ["decide"]
link = "review"
organisation_of = "data_provider"
text = "作出答复的机关的人员，不能审查对该答复的复核。"
text_en = "Nobody of the agency that replied decides on the review of its reply."
"""
DECIDERS = """
[[exclusions]]
link = "review"
deciders = true
text = "办理过原申请的人员，应当回避。"
text_en = "Whoever worked on the first request does not work on this one."
"""


def reviewed(world: World, more: str) -> tuple[Trial, Task]:
    """A case that came out of the usual request; returns its first task."""
    world.submit()
    first = world.case_id
    world.do("check")
    trial = Trial(world, bundle("start > state > decide > end", more=more))
    with world.database.unit_of_work() as uow:
        uow.add(CaseLink(from_id=first, to_id=world.case_id, kind="review", at=uow.now))
    return trial, world.one(Task, case_id=world.case_id, node="state")


def test_the_people_of_the_agency_that_replied_state_their_view_and_do_not_decide(world: World) -> None:
    trial, _ = reviewed(world, EXCLUSION)
    person = world.person(LANE)
    with world.database.unit_of_work() as uow:  # the agency of the small bundle is that of the first request
        first = uow.session.exec(select(CaseLink.from_id).where(col(CaseLink.kind) == "review")).one()
        assert {o.code for o in process.participants(uow, first).values()} & {trial.agency.code}  # type: ignore[union-attr]
    trial.do("state")
    with pytest.raises(recusals.Excluded) as refused:
        trial.do("decide")
    assert refused.value.sentence("zh") == "作出答复的机关的人员，不能审查对该答复的复核。"
    assert refusal(world, person, "decide") == refused.value.sentence("zh")


def test_who_worked_on_the_first_request_does_not_work_on_what_came_out_of_it(world: World) -> None:
    trial, task = reviewed(world, DECIDERS)
    with pytest.raises(recusals.Excluded):
        trial.do("state")
    acting(world, world.person(f"{LANE}#2"), tasks.complete, task.id, {})


def test_a_case_that_came_out_of_nothing_excludes_nobody(world: World) -> None:
    trial = Trial(world, bundle("start > state > decide > end", more=EXCLUSION + DECIDERS))
    trial.do("state")
    trial.do("decide")
    assert world.open_tasks() == []


def test_a_recusal_changes_nothing_of_another_case(world: World) -> None:
    world.submit()
    recused(world, world.person(HANDLER))
    world.submit()
    world.do("check", by=HANDLER)
    assert world.open_tasks() == ["assess"]


def test_a_party_of_the_case_is_found_by_its_name_alone(world: World) -> None:
    """Names are compared by their keyed hashes: the tables hold none of them."""
    world.submit(applicant_name="欧阳䶮䶮")
    handler = world.person(HANDLER)
    made = acting(world, handler, kin.declare, "欧阳䶮䶮", "spouse")
    assert made.name_token == world.one(Party, case_id=world.case_id).name_token
    assert "欧阳".encode() not in made.name + made.wrapped_key

    def other(uow: UnitOfWork) -> str:
        return kin.declare(uow, "欧阳䶮䶮", "spouse").name.hex()

    assert acting(world, world.person(COLLEAGUE), other) != made.name.hex()


# ---------------------------------------------------------------- more than tasks


def test_a_head_who_is_recused_moves_nothing_in_the_case(world: World) -> None:
    world.submit()
    head, handler, colleague = world.person(HEAD), world.person(HANDLER), world.person(COLLEAGUE)
    kept, task = recused(world, head, handler), world.task("check")
    recused(world, head)
    case, bound = world.case(), code_of_provider(world)
    said = {"leader": "李局长", "text": "请从快办理", "due_on": TODAY, "bound": bound}
    acts: list[Callable[[UnitOfWork], Any]] = [
        lambda uow: handovers.reassign(uow, task.id, colleague.id, "调整"),
        lambda uow: deadline_changes.by_hand(uow, case.id, "reply", "suspend", "等一等"),
        lambda uow: instructions.record(uow, case.id, **said),
        lambda uow: urging.urge(uow, [case.id], "请尽快"),
        lambda uow: queries.unmask(uow, case.id, "想看一看"),
        lambda uow: recusals.lift(uow, kept.id, "没有关系"),
        lambda uow: recusals.clear_name(uow, case.reference, handler.id, "同名"),
    ]
    for act in acts:
        with pytest.raises(recusals.Recused):
            acting(world, head, act)


def code_of_provider(world: World) -> str:
    with world.database.reading(SYSTEM) as reading:
        return process.participants(reading, world.case_id)["data_provider"].code


MESSAGE = """
[[messages]]
name = "hurry"
title = "加快办理"
title_en = "Hurry"
sender = "data_provider.case_handler"
"""


def test_a_recused_colleague_sends_no_message_into_the_case_and_is_told_why(world: World) -> None:
    Trial(world, bundle("start > b > end", b=catch(message("hurry")), more=MESSAGE))
    handler, colleague = world.person(HANDLER), world.person(COLLEAGUE)
    recused(world, handler)
    with pytest.raises(recusals.Recused):
        acting(world, handler, messages.send, world.case_id, "hurry", {})
    with world.database.reading(handler) as reading:
        (offer,) = messages.offered(reading, world.case())
    assert isinstance(offer.refusal, recusals.Recused)
    acting(world, colleague, messages.send, world.case_id, "hurry", {})


def test_who_is_kept_from_a_case_is_kept_from_what_came_out_of_it(world: World) -> None:
    world.submit()
    first, handler = world.case_id, world.person(HANDLER)
    recused(world, handler)
    world.submit()
    with world.database.unit_of_work() as uow:
        uow.add(CaseLink(from_id=first, to_id=world.case_id, kind="review", at=uow.now))
    with pytest.raises(recusals.Recused):
        acting(world, handler, tasks.claim, world.task("check").id)


def test_a_mere_namesake_in_the_case_before_is_found_and_cleared_in_the_one_that_came_out_of_it(world: World) -> None:
    world.submit(applicant_name="王小明")
    first, handler, head = world.case_id, world.person(HANDLER), world.person(HEAD)
    world.submit()
    with world.database.unit_of_work() as uow:
        uow.add(CaseLink(from_id=first, to_id=world.case_id, kind="review", at=uow.now))
        uow.session.get_one(Person, handler.id).name = "王小明"
    task = world.task("check")
    with pytest.raises(recusals.NameConcerned):
        acting(world, handler, tasks.claim, task.id)
    with world.database.reading(head) as reading:
        assert [person.id for person in queries.hands(reading, task.id).namesakes] == [handler.id]
    acting(world, head, recusals.clear_name, world.case().reference, handler.id, "身份证号不同")
    acting(world, handler, tasks.claim, task.id)
