"""Cases of one matter are handled together, and nobody loses their papers, dates or way by it."""

import json
from typing import Any

import pytest

from engine import cases, definitions, merging, process, recusals, tasks
from engine.access import PUBLIC, SYSTEM
from engine.merging import MergerSettled, NotMergeable, NotYoursToMerge, OwnProposal
from engine.models import Case, CaseLink, Deadline, Merger, Task
from engine.tasks import TaskNotFound
from tests.bundles import KEY, LANE, bundle
from tests.drawing import handler, message, service
from tests.factories import World, at_once

MERGING = """
[outcomes.merged]
title = "并案"
title_en = "Merged"
text = "与主案一并办结。"
text_en = "Settled with the case that leads."
[outcomes.decided]
title = "已决定"
title_en = "Decided"
text = "已经决定。"
text_en = "Decided."
[merging]
part = "data_provider"
propose = "data_provider.case_handler"
approve = "data_provider.unit_head"
compares = ["wish"]
until = "matter.decided"
hands_over = ["answer"]
rewords = { answer = "answer_to_others" }
text = "您的申请与事项相同的其他申请一并办理。"
text_en = "Your request is handled together with others on the same matter."
[[merging.tells]]
event = "matter.decided"
message = "lead_decided"
[[rules]]
task = "decide"
refuse_when = "followers > 1 and not answer_to_others"
field = "answer_to_others"
text = "有两件以上并入的，另外写明。"
text_en = "With more than one follower, write it separately."
[[messages]]
name = "lead_decided"
title = "主案已决定"
title_en = "The leading case is decided"
sender = "system"
[[messages]]
name = "withdraw"
title = "撤回"
title_en = "Withdraw"
sender = "applicant"
"""
HEAD = "data_provider.unit_head"


def files() -> dict[str, bytes]:
    made = bundle(
        "start > decide > known > settled > closed > end; withdrawn; followed",
        data={"wish": "string", "answer": "string", "answer_to_others": "string"},
        fields={"decide": {"answer": "string", "answer_to_others": "string"}},
        more=MERGING,
        known=service("case.announce", event="'matter.decided'"),
        settled=service("case.record_outcome", outcome="'decided'"),
        closed=service("case.close"),
        withdrawn=handler("w_start > w_closed > w_end", message("withdraw", "said"), w_closed=service("case.close")),
        followed=handler(
            "f_start > f_settled > f_closed > f_end",
            message("lead_decided", "told"),
            f_settled=service("case.record_outcome", outcome="'merged'"),
            f_closed=service("case.close"),
        ),
    )
    start = json.loads(made["forms/start.schema.json"])
    start["properties"]["wish"] = {"type": "string", "title": "事项"}
    made["forms/start.schema.json"] = json.dumps(start, ensure_ascii=False).encode()
    made["process.toml"] = made["process.toml"].replace("subject = \"'试办'\"".encode(), b'subject = "wish"')
    return made


@pytest.fixture
def crowd(world: World) -> World:
    """An installation in which three people ask for the same thing, and one for another."""
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, files())
    return world


def ask(world: World, wish: str, agency: str = "gy-jtw") -> Case:
    with world.database.unit_of_work(PUBLIC) as uow:
        filed = cases.submit(uow, KEY, {"agency": agency, "wish": wish})
    world.case_id = filed.case_id
    return world.case()


def merge(world: World, lead: Case, follower: Case, by: str = LANE, head: str = HEAD) -> Merger:
    world.case_id = lead.id
    with world.database.unit_of_work(world.person(by)) as uow:
        proposed = merging.propose(uow, lead.reference, follower.reference, "同一事项。")
    with world.database.unit_of_work(world.person(head)) as uow:
        return merging.approve(uow, proposed.id)


def decide(world: World, case: Case, answer: str = "同意公布。", **more: str) -> None:
    world.case_id = case.id
    waiting = world.one(Task, case_id=case.id, node="decide", state="open")
    with world.database.unit_of_work(world.person(LANE)) as uow:
        tasks.complete(uow, waiting.id, {"answer": answer, **more})
    world.work()


def state(world: World, case: Case) -> tuple[str, str | None, list[str]]:
    world.case_id = case.id
    now = world.case()
    return now.status, now.outcome, sorted(t.state for t in world.all(Task, case_id=case.id))


def test_what_is_decided_for_one_is_decided_for_all_who_asked_for_the_same(crowd: World) -> None:
    lead, follower = ask(crowd, "公共停车场泊位数据"), ask(crowd, "全市公共停车场的泊位数据")
    merge(crowd, lead, follower)
    assert state(crowd, follower)[2] == ["resting"]
    assert crowd.one(Deadline, case_id=follower.id).stopped_at is None  # whoever asked is still owed an answer in time
    decide(crowd, lead)
    assert state(crowd, lead)[:2] == ("closed", "decided")
    assert state(crowd, follower)[:2] == ("closed", "merged")
    with crowd.database.reading(SYSTEM) as reading:
        assert process.opened(reading, reading.session.get_one(Case, follower.id)).data["answer"] == "同意公布。"


def test_cases_that_use_the_same_words_are_found_and_others_are_not(crowd: World) -> None:
    lead = ask(crowd, "公共停车场泊位数据")
    same, other = ask(crowd, "贵阳市公共停车场泊位"), ask(crowd, "中小学学区划分")
    elsewhere = ask(crowd, "公共停车场泊位数据", agency="gy-jyj")
    crowd.case_id = lead.id
    with crowd.database.reading(crowd.person(LANE)) as reading:
        found = merging.alike(reading, process.opened(reading, reading.session.get_one(Case, lead.id)))
    assert [one.case.id for one in found] == [same.id]
    assert {other.id, elsewhere.id}.isdisjoint(one.case.id for one in found)
    assert found[0].share > 0.5


def test_followers_are_told_in_words_of_their_own_and_a_rule_may_ask_for_them(crowd: World) -> None:
    lead, *others = [ask(crowd, "公共停车场泊位数据") for _ in range(3)]
    for follower in others:
        merge(crowd, lead, follower)
    with pytest.raises(tasks.RuleViolated):
        decide(crowd, lead, "你的来信已经核对，同意公布。")
    decide(crowd, lead, "你的来信已经核对，同意公布。", answer_to_others="同意公布。")
    with crowd.database.reading(SYSTEM) as reading:
        said = [process.opened(reading, reading.session.get_one(Case, case.id)).data["answer"] for case in others]
    assert said == ["同意公布。", "同意公布。"]
    assert all(state(crowd, case)[:2] == ("closed", "merged") for case in others)


def test_whoever_proposed_a_merger_does_not_decide_on_it(crowd: World) -> None:
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    crowd.case_id = lead.id
    both = crowd.person("data_provider.case_handler+unit_head")
    with crowd.database.unit_of_work(both) as uow:
        proposed = merging.propose(uow, lead.reference, follower.reference, "同一事项。")
    with pytest.raises(OwnProposal), crowd.database.unit_of_work(both) as uow:
        merging.approve(uow, proposed.id)
    with pytest.raises(NotYoursToMerge), crowd.database.unit_of_work(crowd.person(f"{LANE}#2")) as uow:
        merging.approve(uow, proposed.id)
    assert state(crowd, follower)[2] == ["open"]


def test_a_case_that_was_merged_by_mistake_goes_on_where_it_stood(crowd: World) -> None:
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    crowd.case_id = follower.id
    waiting = crowd.one(Task, case_id=follower.id)
    handler_of = crowd.person(LANE)
    with crowd.database.unit_of_work(handler_of) as uow:
        tasks.claim(uow, waiting.id)
        tasks.save_draft(uow, waiting.id, {"answer": "拟同意"})
    merger = merge(crowd, lead, follower)
    with pytest.raises(TaskNotFound), crowd.database.unit_of_work(crowd.member("gy-jyj", "case_handler")) as uow:
        tasks.complete(uow, waiting.id, {"answer": "同意"})
    with pytest.raises(tasks.TaskAlreadyEnded), crowd.database.unit_of_work(handler_of) as uow:
        tasks.complete(uow, waiting.id, {"answer": "同意"})
    with crowd.database.unit_of_work(crowd.person(HEAD)) as uow:
        merging.undo(uow, merger.id, "不是同一事项。")
    again = crowd.one(Task, case_id=follower.id)
    assert (again.state, again.assignee_id, again.draft is not None) == ("open", handler_of.id, True)
    assert crowd.all(CaseLink, kind="merged") == []
    decide(crowd, lead)
    assert state(crowd, follower)[1] is None
    decide(crowd, follower)
    assert state(crowd, follower)[1] == "decided"


def test_when_the_leading_case_is_withdrawn_those_that_follow_go_on_by_themselves(crowd: World) -> None:
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    merger = merge(crowd, lead, follower)
    crowd.case_id = lead.id
    crowd.send("withdraw")
    crowd.work()
    assert state(crowd, follower)[2] == ["open"]
    assert crowd.one(Merger, id=merger.id).state == "undone"


def test_a_follower_may_still_be_withdrawn_by_its_applicant(crowd: World) -> None:
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    merger = merge(crowd, lead, follower)
    crowd.case_id = follower.id
    crowd.send("withdraw")
    assert state(crowd, follower)[0] == "closed"
    decide(crowd, lead)
    assert crowd.one(Merger, id=merger.id).state == "ended"
    assert state(crowd, follower)[1] is None


def test_a_merger_that_is_decided_while_the_leading_case_is_being_decided_misses_nothing(crowd: World) -> None:
    """Whichever commits first: the decision of the lead finds the follower, or the merger is refused, or it is told later."""
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    crowd.case_id = lead.id
    with crowd.database.unit_of_work(crowd.person(LANE)) as uow:
        proposed = merging.propose(uow, lead.reference, follower.reference, "同一事项。")
    head = crowd.person(HEAD)

    def approve() -> None:
        with crowd.database.unit_of_work(head) as uow:
            merging.approve(uow, proposed.id)

    at_once(approve, lambda: decide(crowd, lead))
    crowd.work()
    settled = crowd.one(Merger, id=proposed.id).state
    assert (settled, state(crowd, follower)[1]) in {("ended", "merged"), ("decided", "merged"), ("proposed", None)}


def test_two_cases_never_follow_each_other_though_both_mergers_are_approved_at_once(crowd: World) -> None:
    one, other = ask(crowd, "泊位"), ask(crowd, "泊位")
    crowd.case_id = one.id
    handler, head = crowd.person(LANE), crowd.person(HEAD)
    with crowd.database.unit_of_work(handler) as uow:
        there = merging.propose(uow, one.reference, other.reference, "同一事项。").id
        back = merging.propose(uow, other.reference, one.reference, "同一事项。").id

    def approve(merger: str) -> None:
        with crowd.database.unit_of_work(head) as uow:
            merging.approve(uow, merger)

    met = at_once(lambda: approve(there), lambda: approve(back))
    assert sorted(type(answer).__name__ for answer in met) == ["NoneType", "NotMergeable"]
    crowd.work()
    assert sorted(case.merged_into is not None for case in crowd.all(Case)) == [False, True]


def test_what_cannot_be_merged_is_refused_with_the_reason(crowd: World) -> None:
    lead, follower, third = ask(crowd, "泊位"), ask(crowd, "泊位"), ask(crowd, "泊位")
    elsewhere = ask(crowd, "泊位", agency="gy-jyj")
    done = ask(crowd, "泊位")
    decide(crowd, done)
    merge(crowd, lead, follower)
    crowd.case_id = lead.id
    person = crowd.person(LANE)

    def refused(leading: Case, following: Case) -> str:
        try:
            with crowd.database.unit_of_work(person) as uow:
                merging.propose(uow, leading.reference, following.reference, "同一事项。")
        except NotMergeable as error:
            return str(error.data["why"])
        except Exception as error:
            return type(error).__name__
        return ""

    assert refused(lead, lead) == "a case cannot follow itself."
    assert refused(lead, done) == f"{done.reference} has been decided."
    assert refused(follower, third) == f"{follower.reference} follows another case."
    assert refused(third, lead) == f"other cases follow {lead.reference}."
    assert refused(lead, elsewhere) == "CaseNotFound"
    assert refused(lead, third) == ""
    assert refused(lead, third) == f"that of {third.reference} is being decided."


def test_nobody_decides_on_a_merger_who_is_kept_from_one_of_the_cases(crowd: World) -> None:
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    crowd.case_id = lead.id
    with crowd.database.unit_of_work(crowd.person(LANE)) as uow:
        proposed = merging.propose(uow, lead.reference, follower.reference, "同一事项。")
    head = crowd.person(HEAD)
    with crowd.database.unit_of_work(head) as uow:
        recusals.recuse(uow, lead.reference, "本人亲属系申请人。")
    with pytest.raises(recusals.Recused), crowd.database.unit_of_work(head) as uow:
        merging.approve(uow, proposed.id)


def test_a_merger_is_settled_once(crowd: World) -> None:
    lead, follower = ask(crowd, "泊位"), ask(crowd, "泊位")
    merger = merge(crowd, lead, follower)
    head: Any = crowd.person(HEAD)
    for again in (merging.approve, merging.refuse):
        with pytest.raises(MergerSettled), crowd.database.unit_of_work(head) as uow:
            again(uow, merger.id, "重复。")
