"""A paper goes out when every step of its chain has been passed for that very draft, each by another person."""

from collections.abc import Iterator

import pytest

from engine import approvals, consistency, handovers, queries, tasks
from engine.access import SYSTEM, Actor
from engine.approvals import ApprovesTwice, DrafterApproves, DraftMissing, NotApproved
from engine.errors import EngineError
from engine.models import AuditEvent, Case, Document, Notice, NoticeApproval, Organisation, Person, Task
from engine.process import lock, opened
from engine.views import ApprovalView
from notices import manuscript, pages, service
from notices.approved import DraftChanged
from notices.service import NoticeNotFound
from tests import papers
from tests.chains import APPROVE, Chain, chained
from tests.factories import World, at_once

HANDLER, HEAD, LEADER = (f"data_provider.{role}" for role in ("case_handler", "unit_head", "leader"))


@pytest.fixture
def chain(world: World) -> Iterator[Chain]:
    yield Chain(world, chained())
    with world.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []


def decision(chain: Chain, state: str = "draft") -> Notice:
    return chain.world.one(Notice, case_id=chain.world.case_id, name="decision", state=state)


def steps(chain: Chain, reader: Actor = SYSTEM, state: str = "draft") -> list[ApprovalView]:
    """The chain of the paper, as somebody sees it."""
    with chain.database.reading(reader) as reading:
        run = opened(reading, reading.session.get_one(Case, chain.world.case_id))
        return list(queries.chain(reading, run, reading.session.get_one(Notice, decision(chain, state).id)))


def told(views: list[ApprovalView]) -> list[tuple[str, str]]:
    return [(view.step, view.state) for view in views]


# ---------------------------------------------------------------- one after the other


def test_each_step_is_a_task_of_its_own_in_the_inbox_of_its_own_role(chain: Chain) -> None:
    chain.write()
    seen = []
    while decision_is_open(chain):
        lane = chain.lane()
        with chain.database.reading(chain.world.person(lane)) as reading:
            (row,) = queries.inbox(reading, "queue").rows
            view = queries.task(reading, row.task_id)
        assert view.draft_notice is not None
        now = next(step for step in view.draft_notice.chain if step.state == "now")
        seen.append((lane, row.title, now.title))
        chain.decide(remark="同意。")
    assert seen == [
        ("data_provider.unit_head", "核稿：试办决定书", "核稿"),
        ("city_data_bureau.unit_head", "会签：试办决定书", "会签"),
        ("data_provider.leader", "签发：试办决定书", "签发"),
        ("data_provider.seal_keeper", "用印：试办决定书", "用印"),
        ("data_provider.registrar", "登记：试办决定书", "登记"),
    ]
    issued = decision(chain, "issued")
    signer = chain.world.one(NoticeApproval, notice_id=issued.id, step="sign")
    assert issued.approved_by == signer.person_id
    draft = chain.world.one(Document, id=issued.draft_document_id)
    assert {row.digest for row in chain.world.all(NoticeApproval, notice_id=issued.id)} == {draft.digest}


def decision_is_open(chain: Chain) -> bool:
    return bool(chain.world.all(Task, case_id=chain.world.case_id, node=APPROVE, state="open"))


def test_the_flow_goes_on_only_after_the_last_step(chain: Chain) -> None:
    chain.write()
    chain.until("registrar")
    assert decision(chain).number is None
    chain.decide()
    assert decision(chain, "issued").number == "筑交试〔2026〕1号"
    assert chain.world.case().status == "closed"


def test_a_step_that_only_some_papers_need_is_left_out_of_others(chain: Chain) -> None:
    chain.write("不予受理")
    chain.until("legal_reviewer")
    assert [view.step for view in steps(chain)] == [
        *("draft", "review", "countersign", "legal_review", "sign", "seal", "register")
    ]


def test_a_return_sends_the_paper_back_and_the_new_draft_begins_anew(chain: Chain) -> None:
    chain.write("不予受理")
    chain.until("legal_reviewer")
    chain.decide(result="return", remark="缺少法律依据。")
    first = decision(chain)
    assert told(steps(chain))[3:] == [
        *(("legal_review", "returned"), ("sign", "next"), ("seal", "next"), ("register", "next"))
    ]
    chain.write("依照条例不予受理")
    assert chain.world.one(Notice, id=first.id).state == "discarded"
    assert told(steps(chain)) == [
        *(("draft", "passed"), ("review", "now"), ("countersign", "next")),
        *(("sign", "next"), ("seal", "next"), ("register", "next")),
    ]
    kept = chain.world.one(NoticeApproval, notice_id=first.id, step="legal_review")
    assert kept.result == "returned"
    chain.until("registrar")
    chain.decide()
    assert decision(chain, "issued").number is not None


def test_whoever_approves_finds_an_empty_form_and_not_the_answer_of_the_step_before(chain: Chain) -> None:
    chain.write()
    chain.decide(remark="文字已核。")
    task = chain.open_task()
    with chain.database.reading(chain.world.person(chain.lane())) as reading:
        assert queries.task(reading, task.id).values == {}


def test_steps_are_on_record_with_the_draft_that_was_looked_at(chain: Chain) -> None:
    chain.write()
    chain.decide(remark="文字已核。")
    (event,) = chain.world.all(AuditEvent, name="notice.step_passed")
    assert event.detail["step"] == "review"
    assert event.detail["digest"]
    assert "文字已核" not in str(event.detail)
    row = chain.world.one(NoticeApproval, notice_id=decision(chain).id, step="review")
    assert row.opinion is not None
    assert "文字已核".encode() not in row.opinion


def test_a_withdrawn_case_cancels_the_step_that_is_open(world: World) -> None:
    world.submit()
    task = world.reach("sign_reply")
    assert task.approval_id is not None
    world.send("withdraw", reason="不需要了。")
    assert world.one(Task, id=task.id).state == "cancelled"
    assert world.all(Notice, case_id=world.case_id, name="reply", state="issued") == []


# ---------------------------------------------------------------- each by another person


def test_whoever_drafted_takes_no_step_of_its_approval(chain: Chain) -> None:
    drafter = chain.world.person(f"{HANDLER}+unit_head+leader+seal_keeper+registrar")
    chain.write(by=f"{HANDLER}+unit_head+leader+seal_keeper+registrar")
    for role in ("unit_head", "leader", "seal_keeper"):
        task = chain.until(role)
        with pytest.raises(DrafterApproves), chain.database.unit_of_work(drafter) as uow:
            tasks.claim(uow, task.id)
        with chain.database.reading(drafter) as reading:
            assert "拟稿人不能办理" in str(queries.task(reading, task.id).blocked)
        chain.decide(by=chain.world.person(f"data_provider.{role}#2"))
    chain.decide(by=drafter)  # who drafts may enter it into the register
    assert decision(chain, "issued").drafted_by == drafter.person_id


def test_nobody_does_two_steps_of_one_paper(chain: Chain) -> None:
    both = chain.world.person(f"{HEAD}+leader")
    chain.write()
    chain.decide(by=both)
    chain.decide()
    with pytest.raises(ApprovesTwice) as refusal:
        chain.decide(by=both)
    assert refusal.value.sentence("zh") == "同一人不能先后办理《试办决定书》的核稿和签发，请由其他人员办理。"


def test_whoever_prepared_a_step_for_another_has_done_it_too(chain: Chain) -> None:
    owner, helper = chain.world.person(HEAD), chain.world.person(f"{HEAD}#2")
    chain.write()
    task = chain.open_task()
    with chain.database.unit_of_work(owner) as uow:
        handovers.delegate(uow, task.id, str(helper.person_id), "请先看文字。")
    with chain.database.unit_of_work(helper) as uow:
        handovers.give_back(uow, task.id)
    chain.decide(by=owner)
    chain.decide()
    with pytest.raises(ApprovesTwice):
        chain.decide(by=chain.world.person(f"{HEAD}+leader#2"))


def test_a_step_is_handed_to_nobody_who_may_not_do_it(chain: Chain) -> None:
    chain.world.person(f"{HANDLER}+leader")
    chain.write(by=f"{HANDLER}+leader")
    task = chain.until("leader")
    drafter = chain.world.person(HANDLER)
    signer = chain.world.person(f"{LEADER}#2")
    with pytest.raises(DrafterApproves), chain.database.unit_of_work(signer) as uow:
        handovers.delegate(uow, task.id, str(drafter.person_id), "请代为准备。")
    with pytest.raises(DrafterApproves), chain.database.unit_of_work(signer) as uow:
        handovers.reassign(uow, task.id, str(drafter.person_id), "请办理。")


def test_whoever_signs_does_not_keep_the_seal(chain: Chain) -> None:
    signer = chain.world.person(f"{LEADER}+seal_keeper")
    chain.write()
    chain.until("leader")
    chain.decide(by=signer)
    with pytest.raises(ApprovesTwice):
        chain.decide(by=signer)


def test_of_two_who_decide_at_once_one_is_told_that_the_other_was_first(chain: Chain) -> None:
    chain.write()
    task = chain.open_task()

    def decide(by: Actor) -> None:
        with chain.database.unit_of_work(by) as uow:
            tasks.complete(uow, task.id, {"result": "agree"})

    one, other = chain.world.person(HEAD), chain.world.person(f"{HEAD}#2")
    results = at_once(lambda: decide(one), lambda: decide(other))
    (refused,) = [result for result in results if result is not None]
    assert isinstance(refused, tasks.TaskAlreadyEnded | tasks.TaskAlreadyClaimed)
    assert len(chain.world.all(Task, case_id=chain.world.case_id, node=APPROVE, state="open")) == 1


# ---------------------------------------------------------------- what must hold to issue


def test_a_paper_is_not_issued_while_a_step_has_not_passed_and_nothing_is_changed(chain: Chain) -> None:
    chain.write()
    with pytest.raises(NotApproved) as refusal:
        chain.decide(result="heedless")
    assert refusal.value.sentence("zh") == "《试办决定书》不能发出：这一稿还没有通过核稿。"
    assert chain.open_task().state == "open"
    assert decision(chain).number is None


def test_a_paper_with_a_chain_is_never_issued_without_a_draft(chain: Chain) -> None:
    with chain.database.reading(SYSTEM) as reading:
        rule = opened(reading, reading.session.get_one(Case, chain.world.case_id)).bundle.notice("decision")
        with pytest.raises(DraftMissing):
            approvals.require_passed(reading, None, rule)


def test_a_paper_that_would_differ_from_what_was_approved_is_not_issued(chain: Chain) -> None:
    chain.write()
    chain.until("registrar")
    with chain.database.unit_of_work(SYSTEM) as uow:
        run, notice = lock(uow, chain.world.case_id), uow.session.get_one(Notice, decision(chain).id)
        said = run.key.open_value(notice.facts, service.FACTS + notice.id)
        notice.facts = run.key.seal_value({**said, "words": "不予开放"}, service.FACTS + notice.id)
        uow.add(notice)
    with pytest.raises(DraftChanged):
        chain.decide()
    assert decision(chain).number is None
    chain.decide(result="return", remark="稿件已变更。")
    assert chain.world.open_tasks() == ["write"]


def test_an_office_that_is_renamed_meanwhile_issues_what_was_approved(chain: Chain) -> None:
    chain.write()
    chain.until("registrar")
    with chain.database.unit_of_work(SYSTEM) as uow:
        office = uow.session.get_one(Organisation, decision(chain).organisation_id)
        former, office.name = office.name, "贵阳市交通运输局"
        uow.add(office)
    chain.decide()
    with chain.database.reading(SYSTEM) as reading:
        issued = service.paper(reading, decision(chain, "issued"), reading.session.get_one(Case, chain.world.case_id))
    assert issued.organisation == former


def test_a_classified_urgent_paper_upward_is_issued_as_approved_and_keeps_its_signer(world: World) -> None:
    files = chained()
    file = "notices/decision/notice.toml"
    marked = 'upward = true\nsecrecy = "秘密★1年"\nurgency = "特急"\nseries'
    upward = files[file].replace(b"series", marked.encode(), 1).replace(b'"letter"', b'"file"')
    chain = Chain(world, files | {file: upward.replace(b'"applicant"', b'"city_data_bureau"')})
    chain.write()
    with world.database.reading(SYSTEM) as reading:
        draft, case = decision(chain), reading.session.get_one(Case, world.case_id)
        rows = manuscript.sheet(reading, draft, case).facts["manuscript"]["rows"]
    told = {row["name"]: row["value"] for row in rows}
    assert (told["密　级"], told["紧急程度"]) == ("秘密★1年", "特急")
    chain.until("registrar")
    chain.decide()
    with world.database.unit_of_work(SYSTEM) as uow:
        signer = uow.session.get_one(Person, decision(chain, "issued").approved_by)
        former, signer.name = signer.name, "改名人"
        uow.add(signer)
    with world.database.reading(SYSTEM) as reading:
        issued = service.paper(reading, decision(chain, "issued"), reading.session.get_one(Case, world.case_id))
    assert (issued.signers, issued.copy_number) == ((former,), "000001")


def test_a_version_without_a_chain_issues_as_before_with_four_eyes(world: World) -> None:
    """As running cases of a version from before there were chains do."""
    files = chained(())
    toml = files["notices/decision/notice.toml"].replace(b"\n[facts]", '\nautomatic = "试验"\n[facts]'.encode())
    chain = Chain(world, files | {"notices/decision/notice.toml": toml})
    drafter = world.person(HANDLER)
    chain.write()
    assert chain.open_task().approval_id is None
    with pytest.raises(service.DrafterIssues):
        chain.decide(by=drafter)
    chain.decide(by=world.person(f"{HANDLER}#2"))
    assert decision(chain, "issued").approved_by == world.person(f"{HANDLER}#2").person_id


# ---------------------------------------------------------------- who may know


def test_opinions_are_for_the_office_whose_paper_it_is(chain: Chain) -> None:
    chain.write()
    chain.decide(remark="内部意见。")
    chain.decide(remark="会签意见。")
    handler = chain.world.person(HANDLER)
    countersigner = chain.world.person("city_data_bureau.unit_head")
    colleague = chain.world.member("gy-wjj", "case_handler")
    assert [view.opinion for view in steps(chain, handler)][:3] == ["", "内部意见。", "会签意见。"]
    assert [view.opinion for view in steps(chain, countersigner)][:3] == ["", "", "会签意见。"]
    for reader, seen in ((handler, ["内部意见。", "会签意见。"]), (countersigner, ["会签意见。"])):
        with chain.database.reading(reader) as reading:
            file = queries.case_file(reading, chain.world.case().reference)
        said = [field.value for _, fields in file.answers for field in fields if field.name == "remark"]
        assert said == seen
    for reader in (chain.world.applicant(), colleague):
        assert steps(chain, reader) == []
        with pytest.raises(NoticeNotFound), chain.database.reading(reader) as reading:
            manuscript.pdf(reading, decision(chain).id)


def test_whoever_countersigns_for_another_office_reads_the_draft(chain: Chain) -> None:
    countersigner = chain.world.person("city_data_bureau.unit_head")
    chain.write()
    with pytest.raises(NoticeNotFound), chain.database.reading(countersigner) as reading:
        service.draft_pdf(reading, decision(chain).id)
    chain.decide()
    with chain.database.reading(countersigner) as reading:
        assert service.draft_pdf(reading, decision(chain).id)[2].startswith(b"%PDF")
        assert pages.find(reading, decision(chain).id).document.kind == "draft"


# ---------------------------------------------------------------- on paper


@pytest.mark.sqlite_only
def test_what_is_issued_differs_from_what_was_approved_by_number_and_date_alone(chain: Chain) -> None:
    chain.write()
    with chain.database.reading(SYSTEM) as reading:
        before = papers.text(service.draft_pdf(reading, decision(chain).id)[2])
    chain.until("registrar")
    chain.decide()
    chain.world.work(papers=True)
    issued = decision(chain, "issued")
    with chain.database.reading(SYSTEM) as reading:
        after = papers.text(service.pdf(reading, issued.id)[2])
    day = issued.issued_on
    assert day is not None
    assert issued.number is not None
    assert (
        after.replace(issued.number, "")
        .replace(f"{day.year}年{day.month}月{day.day}日", "")
        .startswith(before.replace("〔草稿〕", ""))
    )


@pytest.mark.sqlite_only
def test_the_sheet_names_every_step_and_is_kept_with_the_issued_paper(chain: Chain) -> None:
    chain.write()
    chain.decide(remark="文字已核𓀀。")  # no typeface has the last character: it is told by its number
    drafter, head = chain.world.person(HANDLER), chain.world.person(HEAD)
    with chain.database.reading(drafter) as reading:
        _, name, content = manuscript.pdf(reading, decision(chain).id)
    assert name.startswith("试办决定书-发文稿纸-")
    said = papers.text(content)
    for expected in (
        "发文稿纸",
        "试办决定书",
        "拟稿",
        "核稿",
        "文字已核〔U+13000〕。",
        chain.world.one(Person, id=head.person_id).name,
        "会签",
    ):
        assert expected.replace(" ", "") in said, expected
    chain.until("registrar")
    chain.decide()
    chain.world.work(papers=True)
    issued = decision(chain, "issued")
    assert issued.manuscript_id is not None
    assert issued.number is not None
    with chain.database.reading(drafter) as reading:
        kept = manuscript.pdf(reading, issued.id)[2]
    assert issued.number in papers.text(kept)


@pytest.mark.sqlite_only
def test_a_paper_that_nobody_approves_has_no_sheet(world: World) -> None:
    world.submit()
    receipt = world.one(Notice, case_id=world.case_id, name="receipt")
    with pytest.raises(EngineError, match="no approval sheet"), world.database.reading(SYSTEM) as reading:
        manuscript.pdf(reading, receipt.id)
