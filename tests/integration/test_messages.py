"""What an applicant sends: once is once, too late is refused with a sentence, too early is kept."""

import pytest

from engine import messages, process, queries
from engine.access import PUBLIC, Actor
from engine.form_problems import FormInvalid
from engine.messages import MessageRefused, MessageUnknown
from engine.models import AuditEvent, Case, ReceivedMessage, Task
from engine.operations import Parked
from tests.bundles import Trial, bundle
from tests.drawing import catch, each, message, parallel, script, service, sub, throw
from tests.factories import World, at_once

DEFECTS = {"intake_action": "supplement", "defects": "没有写明需要哪些字段。"}
SUPPLEMENT = {"content": "需要停车场名称、位置、空余泊位，2026年全年。"}


def ask_for_a_supplement(world: World) -> None:
    world.do("check", **DEFECTS)
    world.do("approve_intake", intake_approval="approve")


def data_of(world: World) -> dict[str, object]:
    with world.database.reading(world.applicant()) as reading:
        return process.opened(reading, reading.session.get_one(Case, world.case_id)).data


def test_a_supplement_is_taken_only_while_one_is_awaited(world: World) -> None:
    world.submit()
    with pytest.raises(MessageRefused):
        world.send("supplement", **SUPPLEMENT)
    ask_for_a_supplement(world)
    world.send("supplement", **SUPPLEMENT)
    assert world.open_tasks() == ["check"]
    with pytest.raises(MessageRefused):
        world.send("supplement", content="第二次")
    assert data_of(world)["supplement"] == SUPPLEMENT


def test_a_supplement_that_is_sent_twice_at_once_arrives_once(world: World) -> None:
    world.submit()
    ask_for_a_supplement(world)
    applicant = world.applicant()
    answers = at_once(*[lambda: world.send("supplement", by=applicant, **SUPPLEMENT)] * 2)
    assert answers.count(None) == 1
    assert any(isinstance(a, MessageRefused) for a in answers)
    assert world.open_tasks() == ["check"]
    assert len(world.all(Task, node="check")) == 2


def test_a_supplement_and_the_end_of_its_time_at_once_leave_one_way(world: World) -> None:
    world.submit()
    ask_for_a_supplement(world)
    world.travel("2026-04-30T00:00")
    applicant = world.applicant()
    sent, _ = at_once(lambda: world.send("supplement", by=applicant, **SUPPLEMENT), world.work)
    world.work()
    assert sent is None or isinstance(sent, MessageRefused)
    assert world.open_tasks() == ["check"]
    assert (data_of(world).get("supplement") is not None) == (sent is None)


def test_a_withdrawal_is_accepted_once(world: World) -> None:
    world.submit()
    world.send("withdraw")
    with pytest.raises(MessageRefused):
        world.send("withdraw")
    assert world.facts()["outcome"] == "withdrawn"
    assert len([n for n in world.facts()["notices"] if n == "withdrawal_receipt"]) == 1


def test_after_the_reply_a_withdrawal_is_refused_with_the_sentence_of_the_process(world: World) -> None:
    world.submit()
    world.reach("open_dataset")
    with pytest.raises(MessageRefused) as refused:
        world.send("withdraw")
    assert refused.value.sentence("zh") == "答复已经作出，不能再撤回申请。"
    assert refused.value.sentence("en") == "The reply has been issued; the request can no longer be withdrawn."
    assert world.open_tasks() == ["open_dataset"]


def test_a_message_that_nobody_awaits_yet_is_kept_encrypted_and_taken_when_somebody_does(world: World) -> None:
    """Kept as the process of a later law may need it: here a rule is sent past its gate by hand."""
    world.submit()
    with world.database.unit_of_work(world.applicant()) as uow:
        run = process.lock(uow, world.case_id)
        messages._keep(uow, run, "supplement", SUPPLEMENT, None, None)
    kept = world.one(ReceivedMessage)
    assert SUPPLEMENT["content"].encode() not in kept.payload
    ask_for_a_supplement(world)
    assert world.one(ReceivedMessage).consumed_at is not None
    assert data_of(world)["supplement"] == SUPPLEMENT
    assert world.open_tasks() == ["check"]


def test_only_the_applicant_of_the_case_may_send(world: World) -> None:
    world.submit()
    first, applicant = world.case_id, world.applicant()
    world.submit()
    for stranger in (applicant, Actor("party", "x", world.case_id), PUBLIC, Actor("person", "nobody")):
        with pytest.raises((process.CaseNotFound, MessageUnknown)):
            world.send("withdraw", by=stranger)
    with pytest.raises(MessageUnknown):
        world.send("withdraw", by=world.person("data_provider.case_handler"))
    assert {c.status for c in world.all(Case)} == {"accepted"}
    assert first != world.case_id


@pytest.mark.parametrize("name", ["", "nonsense", "reply_overdue", "x" * 10_000])
def test_a_message_that_the_process_does_not_know_is_refused(world: World, name: str) -> None:
    world.submit()
    with pytest.raises(MessageUnknown):
        world.send(name)


def test_a_message_with_wrong_content_changes_nothing(world: World) -> None:
    world.submit()
    ask_for_a_supplement(world)
    for wrong in ({}, {"content": ""}, {"content": "x" * 100_000}, {"content": "\0"}, {"other": "x"}):
        with pytest.raises(FormInvalid):
            world.send("supplement", **wrong)
    assert world.open_tasks() == []
    world.send("supplement", **SUPPLEMENT)


def test_what_the_applicant_wrote_is_read_at_the_desk_every_time(world: World) -> None:
    world.submit()
    world.send("more_material", content="第一次补充：只要2026年的数据。")
    world.send("more_material", content="第二次补充：加上充电车位。")
    ask_for_a_supplement(world)
    world.send("supplement", **SUPPLEMENT)
    world.send("withdraw", reason="已经从别处得到数据。")
    with world.database.reading(world.person("data_provider.case_handler")) as reading:
        answers = queries.case_file(reading, world.case().reference).answers
    told = [(title, field.value) for title, fields in answers for field in fields]
    assert [line for line in told if line[0] in ("主动补充材料", "提交补正", "撤回申请")] == [
        ("主动补充材料", "第一次补充：只要2026年的数据。"),
        ("主动补充材料", "第二次补充：加上充电车位。"),
        ("提交补正", SUPPLEMENT["content"]),
        ("撤回申请", "已经从别处得到数据。"),
    ]


def test_a_flood_of_material_does_not_bury_the_desk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST", 3)
    world.submit()
    for number in range(3):
        world.send("more_material", content=f"第{number}份")
    with pytest.raises(MessageRefused):
        world.send("more_material", content="还有")
    assert world.open_tasks().count("read_material") == 3
    world.send("withdraw")


def test_what_the_applicant_owes_presses_nobody_at_the_desk(world: World) -> None:
    world.submit()
    world.send("more_material", content="顺便说明用途。")
    ask_for_a_supplement(world)
    with world.database.reading(world.person("data_provider.case_handler")) as reading:
        (row,) = queries.inbox(reading, "all").rows
    assert row.title == "阅看补充材料"
    assert (row.due_on is not None, row.target_on) == (True, None)


# ---------------------------------------------------------------- ids and keys

MESSAGE = """
[[messages]]
name = "opinion"
title = "意见"
title_en = "Opinion"
sender = "applicant"
"""
ASKING = bundle(
    "start > ask > both > S > end",
    {"departments": "list", "one": "string", "other": "string"},
    {"ask": {"one": "string", "other": "string"}},
    both=script("departments = [one, other]"),
    more=MESSAGE,
    S=sub(
        "i_start > k > note > i_end",
        each("departments", "department"),
        k=catch(message("opinion"), messageKey="department"),
    ),
)


def opinions(world: World, key: str | None, message_id: str | None = None) -> None:
    with world.database.unit_of_work(world.applicant()) as uow:
        messages.send(uow, world.case_id, "opinion", {}, key=key, message_id=message_id)


def test_a_message_with_the_id_of_an_earlier_one_has_no_second_effect(world: World) -> None:
    Trial(world, ASKING).do("ask", one="A", other="B")
    opinions(world, "A", "letter-1")
    opinions(world, "A", "letter-1")
    assert world.open_tasks() == ["note"]
    assert len(world.all(ReceivedMessage, case_id=world.case_id)) == 1
    opinions(world, "B", "letter-2")
    assert world.open_tasks() == ["note", "note"]


def test_the_same_id_sent_twice_at_once_has_one_effect(world: World) -> None:
    Trial(world, ASKING).do("ask", one="A", other="B")
    assert at_once(*[lambda: opinions(world, "A", "letter-1")] * 3) == [None, None, None]
    assert world.open_tasks() == ["note"]
    assert len(world.all(ReceivedMessage, case_id=world.case_id)) == 1


def test_early_messages_wait_for_who_has_their_key(world: World) -> None:
    trial = Trial(world, ASKING)
    opinions(world, "B")
    opinions(world, "C")
    assert [m.consumed_at for m in world.all(ReceivedMessage, case_id=world.case_id)] == [None, None]
    trial.do("ask", one="A", other="B")
    assert world.open_tasks() == ["note"]
    waiting = world.all(ReceivedMessage, case_id=world.case_id, consumed_at=None)
    assert len(waiting) == 1
    assert all(m.key != b"C" for m in waiting), "a key is kept encrypted"


def test_an_early_message_does_not_wait_for_work_that_a_machine_does_beside_it(world: World) -> None:
    world.database.registry.operation("test.takes_long")(lambda uow, run, call: Parked())
    drawn = "start > f > op > j > end; f > ask > k > note > j"
    files = bundle(
        drawn,
        more=MESSAGE,
        f=parallel(),
        j=parallel(),
        op=service("test.takes_long"),
        k=catch(message("opinion")),
    )
    trial = Trial(world, files)
    opinions(world, None)
    trial.do("ask")
    assert world.open_tasks() == ["note"]


def test_what_a_process_tells_is_on_record_also_where_an_operation_follows(world: World) -> None:
    files = bundle(
        "start > a > t > op > b > end", t=throw(message("told")), op=service("case.announce", event="'case.told'")
    )
    Trial(world, files).do("a")
    (told,) = world.all(AuditEvent, stream=f"case:{world.case_id}", name="message.thrown")
    assert told.detail == {"message": "told"}
