"""A missed clock becomes a lead for the body that may act; nothing of it reaches the respondent before a sheet does."""

from typing import Any

import pytest
from sqlmodel import col, select

from engine import consistency, definitions, directory, jobs, leads, process, queries, recusals, repairs, tasks
from engine.access import SYSTEM, Actor, NotSupervisor
from engine.models import (
    Breach,
    Case,
    CaseLink,
    Deadline,
    Incident,
    Job,
    Notice,
    Organisation,
    Reminder,
    SupervisionLead,
    Task,
    Urging,
)
from engine.queries import leads as lists
from engine.queries.board import Wanted
from notices import service
from tests.factories import BUNDLES, World, at_once

LATE = "2026-05-14T09:30"  # five working days after the reply of the usual request was due (2026-05-06)
SHEET = {
    "sheet_facts": "该申请应当于2026年5月6日前答复。",
    "sheet_request": "查明逾期原因，依法作出答复。",
    "reply_by": "2026-05-21",
    "sheet_contact": "周文静，0851-12345602",
}
HIDDEN = "不宜外传的研判意见"


@pytest.fixture
def city(world: World) -> World:
    """The process of leads beside that of requests, and supervisors in the bureau and in the city government."""
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(BUNDLES / "supervision_lead"))
    world.member("gy-sjj", "supervisor", login="sjj.supervisor")
    world.member("gy-sjj", "leader", login="sjj.leader")
    world.member("gy-zf", "supervisor", login="zf.supervisor")
    return world


def actor(city: World, login: str) -> Actor:
    with city.database.reading(SYSTEM) as reading:
        return directory.actor_of(reading, directory.person(reading, login).id)


def breached(city: World, until: str = LATE, **changed: Any) -> Breach:
    """A request that nobody has answered in time."""
    city.submit(**changed)
    city.travel(until)
    city.work()
    return city.one(Breach, case_id=city.case_id, basis="statutory")


def raised(city: World, breach: Breach) -> SupervisionLead:
    with city.database.unit_of_work(SYSTEM) as uow:
        jobs.enqueue(uow, "lead.raise", f"lead.raise:{breach.id}", case_id=breach.case_id, breach=breach.id)
    city.work()
    return city.one(SupervisionLead, breach_id=breach.id)


def annulled(city: World, breach: Breach, reason: str = "放假安排公布后，期限顺延。") -> None:
    with city.database.unit_of_work(SYSTEM) as uow:
        known = uow.session.get_one(Breach, breach.id)
        known.annulled_at, known.annulled_reason = uow.now, reason
        uow.add(known)
        asked = {"breach": breach.id, "reason": reason}
        jobs.enqueue(uow, "lead.annul", f"lead.annul:{breach.id}", case_id=breach.case_id, **asked)
    city.work()


def do(city: World, case_id: str, node: str, who: Actor, **form: Any) -> None:
    task = city.one(Task, case_id=case_id, node=node, state="open")
    with city.database.unit_of_work(who) as uow:
        tasks.complete(uow, task.id, form)
    city.work()


def code_of(city: World, organisation_id: str) -> str:
    return city.one(Organisation, id=organisation_id).code


# ---------------------------------------------------------------- how a lead comes about


def test_a_missed_clock_becomes_a_lead_of_the_bureau_that_guides_the_agency(city: World) -> None:
    breach = breached(city)
    lead = raised(city, breach)
    case = city.one(Case, id=lead.case_id)
    assert (code_of(city, lead.organ_id), code_of(city, lead.respondent_id)) == ("gy-sjj", "gy-jtw")
    assert (lead.ground, lead.opened_by, case.source) == ("6", "system", "system")
    assert case.reference == "XS-2026-000001"
    assert city.one(CaseLink, to_id=case.id).from_id == breach.case_id
    assert [task.node for task in city.all(Task, case_id=case.id)] == ["verify"]
    told = city.one(Reminder, case_id=case.id, kind="lead")
    assert told.person_id == actor(city, "sjj.supervisor").id
    with city.database.reading(SYSTEM) as reading:
        assert consistency.verify(reading) == []


def test_a_breach_has_one_lead_however_often_it_is_asked_for(city: World) -> None:
    breach = breached(city)
    raised(city, breach)
    with city.database.unit_of_work(SYSTEM) as uow:
        jobs.enqueue(uow, "lead.raise", f"again:{breach.id}", case_id=breach.case_id, breach=breach.id)
    city.work()
    assert len(city.all(SupervisionLead)) == 1
    assert len(city.all(Case, process_key="supervision_lead")) == 1


def test_two_workers_that_raise_one_lead_raise_it_once(city: World) -> None:
    breach = breached(city)
    with city.database.unit_of_work(SYSTEM) as uow:
        for number in (1, 2):
            jobs.enqueue(uow, "lead.raise", f"{number}:{breach.id}", case_id=breach.case_id, breach=breach.id)
    tickets = [jobs.claim(city.database) for _ in (1, 2)]
    at_once(*(lambda ticket=ticket: jobs.run(city.database, ticket) for ticket in tickets))  # type: ignore[misc]
    assert len(city.all(SupervisionLead)) == 1


def test_the_bureaus_own_breach_goes_to_its_superior(city: World) -> None:
    lead = raised(city, breached(city, agency="gy-sjj"))
    assert (code_of(city, lead.organ_id), code_of(city, lead.respondent_id)) == ("gy-zf", "gy-sjj")


def test_while_the_agency_is_looked_for_it_is_the_breach_of_whose_turn_it_was(city: World) -> None:
    breach = breached(city, agency="unknown")
    assert breach.organisation_id is None
    lead = raised(city, breach)
    assert (code_of(city, lead.organ_id), code_of(city, lead.respondent_id)) == ("gy-zf", "gy-sjj")


def test_without_anybody_above_an_operator_is_asked_and_nothing_is_lost(city: World) -> None:
    with city.database.unit_of_work(SYSTEM) as uow:
        for login, code in (("sjj.supervisor", "gy-sjj"), ("zf.supervisor", "gy-zf")):
            house = directory.organisation(uow, code)
            directory.end_role(uow, directory.person(uow, login).id, house.id, "supervisor")
    breach = breached(city)
    assert city.one(Job, kind="lead.raise").state == "failed"  # at once: no further attempt would find anybody
    incident = city.one(Incident)
    assert (incident.kind, incident.case_id) == ("job.failed", breach.case_id)
    assert "stands over" in incident.sentence
    assert city.all(SupervisionLead) == []
    with city.database.unit_of_work(SYSTEM) as uow:
        house, who = directory.organisation(uow, "gy-zf"), directory.person(uow, "zf.supervisor")
        directory.grant_role(uow, who.id, house.id, "supervisor")
        repairs.retry(uow, incident.id, "督办人已补充")
    city.work()
    assert code_of(city, city.one(SupervisionLead).organ_id) == "gy-zf"
    assert city.one(Incident).resolved_at is not None


def test_an_annulled_breach_gives_no_lead(city: World) -> None:
    breach = breached(city, until="2026-05-07T09:30")
    annulled(city, breach)
    with city.database.unit_of_work(SYSTEM) as uow:
        jobs.enqueue(uow, "lead.raise", f"lead.raise:{breach.id}", case_id=breach.case_id, breach=breach.id)
    city.work()
    assert city.all(SupervisionLead) == []


def test_a_corrected_due_date_annuls_the_lead_and_keeps_it(city: World) -> None:
    breach = breached(city)
    lead = raised(city, breach)
    annulled(city, breach)
    case = city.one(Case, id=lead.case_id)
    assert (case.status, case.outcome) == ("closed", "annulled")
    assert city.one(SupervisionLead, id=lead.id).annulled_reason == "放假安排公布后，期限顺延。"


def test_a_lead_that_was_decided_stays_decided_when_its_breach_is_annulled(city: World) -> None:
    breach = breached(city)
    lead = raised(city, breach)
    who = actor(city, "sjj.supervisor")
    do(city, lead.case_id, "verify", who, handling="dismiss", handling_reasons="停电所致。")
    annulled(city, breach)
    assert city.one(Case, id=lead.case_id).outcome == "dismissed"
    assert city.one(SupervisionLead, id=lead.id).annulled_at is not None


def test_a_late_answer_does_not_end_the_lead_and_is_shown_in_it(city: World) -> None:
    breach = breached(city)
    lead = raised(city, breach)
    city.case_id = breach.case_id
    city.reach("sign_reply")
    city.do("sign_reply")
    with city.database.reading(actor(city, "sjj.supervisor")) as reading:
        origin = lists.origin(reading, lead.case_id)
    assert origin is not None
    assert origin.answered_on is not None
    assert city.one(Case, id=lead.case_id).closed_at is None


# ---------------------------------------------------------------- opened by hand


def by_hand(city: World, who: Actor, **changed: str) -> str:
    asked = {"ground": "6", "findings": "没有说明原因。", "respondent": "gy-jtw"} | changed
    with city.database.unit_of_work(who) as uow:
        return leads.open_by_hand(uow, city.case_id, **asked).case_id


def test_a_supervisor_opens_a_lead_of_their_own_house(city: World) -> None:
    city.submit()
    lead = city.one(SupervisionLead, case_id=by_hand(city, actor(city, "zf.supervisor")))
    assert code_of(city, lead.organ_id) == "gy-zf"
    assert lead.breach_id is None


def test_against_their_own_house_it_goes_to_the_body_above(city: World) -> None:
    city.submit(agency="gy-sjj")
    lead = city.one(SupervisionLead, case_id=by_hand(city, actor(city, "sjj.supervisor"), respondent="gy-sjj"))
    assert code_of(city, lead.organ_id) == "gy-zf"


def test_a_second_open_lead_on_the_same_is_refused(city: World) -> None:
    city.submit()
    by_hand(city, actor(city, "sjj.supervisor"))
    with pytest.raises(leads.LeadStands, match="XS-2026-000001"):
        by_hand(city, actor(city, "sjj.supervisor"))
    by_hand(city, actor(city, "sjj.supervisor"), ground="9")


@pytest.mark.sqlite_only
def test_what_is_wrong_with_a_lead_by_hand_is_said(city: World) -> None:
    city.submit()
    supervisor = actor(city, "sjj.supervisor")
    with pytest.raises(leads.FindingsMissing):
        by_hand(city, supervisor, findings="  ")
    with pytest.raises(leads.RespondentUnknown):
        by_hand(city, supervisor, respondent="gy-wjj")
    with pytest.raises(Exception, match="choices"):
        by_hand(city, supervisor, ground="12")
    with pytest.raises(Exception, match="supervisor"):
        by_hand(city, city.member("gy-jtw", "case_handler"))
    with pytest.raises(process.CaseNotFound):
        by_hand(city, city.member("gy-wjj", "supervisor"))
    assert city.all(SupervisionLead) == []


# ---------------------------------------------------------------- what is decided


def test_urging_reaches_the_case_and_goes_on_record(city: World) -> None:
    breach = breached(city)
    lead = raised(city, breach)
    who = actor(city, "sjj.supervisor")
    do(city, lead.case_id, "verify", who, handling="urge", urging_text="请尽快答复。", check_again_on="2026-05-20")
    urging = city.one(Urging, case_id=breach.case_id)
    assert urging.by == str(who)
    assert "请尽快答复".encode() not in urging.text


def test_the_sheet_says_by_how_much_the_case_is_late(city: World) -> None:
    lead = raised(city, breached(city))
    sheet(city, lead)
    notice = city.one(Notice, case_id=lead.case_id, name="sheet")
    case = city.one(Case, id=lead.case_id)
    with city.database.reading(SYSTEM) as reading:
        facts = service.paper(reading, notice, case).facts
    assert notice.number == "筑数督〔2026〕1号"
    # seven working days: Saturday 9 May is a make-up day
    assert (facts["limit_on"], facts["overdue_days"], facts["reply_by"]) == (
        "2026-05-06",
        7,
        "2026-05-21",
    )  # 9 May is a make-up day
    clock = city.one(Deadline, case_id=lead.case_id, name="sheet_answer")
    assert (str(clock.due_on), clock.basis) == ("2026-05-21", "internal")


def sheet(city: World, lead: SupervisionLead) -> None:
    supervisor = actor(city, "sjj.supervisor")
    do(city, lead.case_id, "verify", supervisor, handling="sheet", handling_reasons=HIDDEN)
    do(city, lead.case_id, "draft_sheet", supervisor, **SHEET)
    do(city, lead.case_id, "sign_sheet", actor(city, "sjj.leader"), sign_result="sign", sign_remarks=HIDDEN)


# ---------------------------------------------------------------- what the respondent sees


def test_the_respondent_knows_nothing_of_a_lead_before_a_sheet_reaches_it(city: World) -> None:
    lead = raised(city, breached(city))
    reference = city.one(Case, id=lead.case_id).reference
    for who in (city.member("gy-jtw", "unit_head", login="head"), city.member("gy-jtw", "supervisor", login="sup")):
        with city.database.reading(who) as reading:
            assert reference not in [case.reference for case in queries.cases(reading).rows]
            assert queries.cases(reading, search_for=reference).rows == ()
            with pytest.raises(process.CaseNotFound):
                queries.case_file(reading, reference)
            assert lists.about(reading, lead.about_id) == []


def test_the_respondent_sees_the_sheet_and_its_own_answer_and_no_deliberation(city: World) -> None:
    lead = raised(city, breached(city))
    sheet(city, lead)
    reference = city.one(Case, id=lead.case_id).reference
    head = city.member("gy-jtw", "unit_head", login="head")
    with city.database.reading(head) as reading:
        file = queries.case_file(reading, reference)
    assert [notice.name for notice in file.notices] == ["sheet"]
    assert [task.title for task in file.tasks] == ["回复督办单"]
    assert [clock.name for clock in file.deadlines] == ["sheet_answer"]
    assert (file.fields, file.answers, file.history, file.diagrams, file.case.stage) == ((), (), (), (), "")
    assert HIDDEN not in repr(file)
    do(city, lead.case_id, "answer_sheet", head, answer_cause="工作交接遗漏。", answer_text="已经答复。")
    supervisor = actor(city, "sjj.supervisor")
    do(city, lead.case_id, "judge_answer", supervisor, answer_result="accept", answer_remarks=HIDDEN)
    with city.database.reading(head) as reading:
        file = queries.case_file(reading, reference)
    assert [title for title, _ in file.answers] == ["回复督办单"]
    assert [entry.title for entry in file.history] == ["回复督办单"]
    assert HIDDEN not in repr(file)
    with city.database.reading(supervisor) as reading:
        assert HIDDEN in repr(queries.case_file(reading, reference))


def test_the_respondent_reaches_neither_tasks_nor_drafts_of_others(city: World) -> None:
    lead = raised(city, breached(city))
    sheet(city, lead)
    head = city.member("gy-jtw", "unit_head", login="head")
    others = [task.id for task in city.all(Task, case_id=lead.case_id) if task.part == "supervising_organ"]
    papers = city.all(Notice, case_id=lead.case_id)
    with city.database.reading(head) as reading:
        for task_id in others:
            with pytest.raises(tasks.TaskNotFound):
                tasks.find(reading, task_id)
        for paper in papers:
            assert service.find(reading, paper.id)[0].state == "issued"
            with pytest.raises(service.NoticeNotFound):
                service.draft_pdf(reading, paper.id)
    with city.database.unit_of_work(head) as uow, pytest.raises(process.CaseNotFound):
        queries.unmask(uow, lead.case_id, "想看一看")


def test_the_respondent_does_not_learn_who_is_kept_from_the_lead(city: World) -> None:
    lead = raised(city, breached(city))
    reference = city.one(Case, id=lead.case_id).reference
    with city.database.unit_of_work(city.member("gy-sjj", "supervisor", login="sjj.second")) as uow:
        recusals.recuse(uow, reference, "与被督办机关负责人系同学")
    sheet(city, lead)
    head = city.member("gy-jtw", "unit_head", login="head")
    answer = city.one(Task, case_id=lead.case_id, node="answer_sheet")
    with city.database.reading(head) as reading:
        assert queries.hands(reading, answer.id).recusals == ()
    with city.database.unit_of_work(head) as uow:
        recusals.recuse(uow, reference, "本人系该申请承办人")
    with city.database.reading(head) as reading:
        assert [kept.reason for kept in queries.hands(reading, answer.id).recusals] == ["本人系该申请承办人"]


def test_a_board_shows_the_clock_of_a_sheet_to_those_who_may_open_the_lead(city: World) -> None:
    city.submit()
    above = actor(city, "zf.supervisor")
    case_id = by_hand(city, above)
    do(city, case_id, "verify", above, handling="sheet", handling_reasons=HIDDEN)
    do(city, case_id, "draft_sheet", above, **SHEET)
    do(city, case_id, "sign_sheet", city.member("gy-zf", "leader"), sign_result="sign", sign_remarks=HIDDEN)
    reference = city.one(Case, id=case_id).reference
    shown = {}
    for who in (above, actor(city, "sjj.supervisor"), city.member("gy-jtw", "leader", login="jtw.leader")):
        with city.database.reading(who) as reading:
            rows = queries.board_list(reading, "on_time", Wanted(basis="internal")).rows
            shown[who.id] = [row.reference for row in rows if row.deadline == "督办回复时限"]
    assert list(shown.values()) == [[reference], [], [reference]]


def test_who_stands_over_the_respondent_alone_does_not_see_the_file(city: World) -> None:
    city.submit()
    reference = city.one(Case, id=by_hand(city, actor(city, "zf.supervisor"))).reference  # conducted by the government
    with city.database.reading(actor(city, "sjj.supervisor")) as reading:
        with pytest.raises(process.CaseNotFound):
            queries.case_file(reading, reference)
        assert lists.leads_list(reading).rows == ()
    with city.database.reading(actor(city, "zf.supervisor")) as reading:
        assert [row.reference for row in lists.leads_list(reading).rows] == [reference]


def test_leads_are_listed_by_ground_and_age_page_by_page(city: World) -> None:
    city.submit()
    supervisor = actor(city, "sjj.supervisor")
    for ground in "69":
        by_hand(city, supervisor, ground=ground)
        city.travel("+1d")
    with city.database.reading(supervisor) as reading:
        first = lists.leads_list(reading, limit=1)
        second = lists.leads_list(reading, limit=1, after=first.next_key)
        assert [row.ground for row in (*first.rows, *second.rows)] == ["6", "9"]
        assert second.next_key is None
        assert [row.ground for row in lists.leads_list(reading, ground="9").rows] == ["9"]
        assert lists.leads_list(reading, closed=True).rows == ()
        assert first.rows[0].age == 2
    with (
        city.database.reading(city.member("gy-jtw", "case_handler")) as reading,
        pytest.raises(NotSupervisor),
    ):
        lists.leads_list(reading)


def test_a_case_that_nobody_files_is_not_filed_by_the_public(city: World) -> None:
    from engine import cases
    from engine.access import PUBLIC

    with city.database.unit_of_work(PUBLIC) as uow, pytest.raises(definitions.ProcessUnknown):
        cases.submit(uow, "supervision_lead", {"about_reference": "KF-1", "about_subject": "数据", "ground": "6"})
    with city.database.reading(SYSTEM) as reading:
        assert reading.session.exec(select(Case).where(col(Case.process_key) == "supervision_lead")).first() is None
