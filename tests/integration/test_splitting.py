"""Part of a case that belongs elsewhere goes on as a case of its own (分案): of the same party, with what they sent."""

import tomllib

import pytest
from sqlmodel import col, select

from engine import cases, definitions, documents, process, queries, query_codes, vault
from engine.access import PUBLIC, SYSTEM, Actor
from engine.access import visible_cases as seen_by
from engine.models import AuditEvent, Case, CaseLink, Document, Party, SealedIdentity
from engine.privacy import show_code
from engine.settings import ROOT
from tests.factories import World

COMPLAINT = ROOT / "bpmn" / "complaint"
NAME, EMAIL = "欧阳䶮䶮", "ouyang.secret@example.org"
STORY = tomllib.loads((COMPLAINT / "scenarios" / "split_and_each_decided.toml").read_text(encoding="utf-8"))
SPLIT = next(step["form"] for step in STORY["steps"] if step.get("task") == "check" and "refused" not in step)
PART = {
    "intake_action": "split",
    "split_part": "公交站点客流数据",
    "split_to": "gy-gaj",
    "split_reason": "客流数据由公安部门采集。",
}


def follow(world: World) -> tuple[str, str]:
    """The first case and the one that was split off it."""
    link = world.one(CaseLink, kind="split_off")
    return link.from_id, link.to_id


def party(world: World, case_id: str) -> Party:
    return world.one(Party, case_id=case_id)


def acting(world: World, case_id: str) -> Actor:
    return Actor("party", id=party(world, case_id).id, case_id=case_id)


def split(world: World) -> None:
    """The usual request is split, which another person approves."""
    world.reach("check")
    world.do("check", **PART)
    world.work()
    world.do("approve_intake", intake_approval="approve")
    world.work()


@pytest.fixture
def complaint(world: World) -> World:
    """A complaint of somebody who has told who they are and sent a file, split by whoever handles it."""
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(COMPLAINT))
    form = STORY["submit"]["form"] | {"complainant_name": NAME, "email": EMAIL}
    with world.database.unit_of_work(PUBLIC) as uow:
        uploads = [world.upload("证据.txt", "客流大量为零。".encode())]
        world.case_id = cases.submit(uow, "complaint", form, uploads).case_id
    world.do("check", **SPLIT)
    world.work()
    world.do("approve_intake", intake_approval="approve")
    world.work()
    return world


def test_the_identity_goes_along_sealed_and_nobody_opens_it_on_the_way(complaint: World) -> None:
    first, part = follow(complaint)
    with complaint.database.reading(SYSTEM) as reading:
        row = party(complaint, part)
        case = reading.session.get_one(Case, part)
        key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
        assert row.sealed
        assert key.open_value(row.identity, process.identity_purpose(row.id)) == {"name": "投诉举报人"}
        assert row.name_token == party(complaint, first).name_token
        assert vault.email(reading, row.id) == EMAIL
        assert NAME not in str(process.opened(reading, case).data)
    sealed = complaint.all(SealedIdentity)
    assert len({kept.wrapped_key for kept in sealed}) == len(sealed) == 2
    assert complaint.all(AuditEvent, name="identity.opened") == []
    assert complaint.one(AuditEvent, name="identity.carried").stream == f"case:{part}"


def test_the_files_of_the_party_go_along_as_its_own_and_those_of_the_desk_stay(complaint: World) -> None:
    first, part = follow(complaint)
    (sent,) = complaint.all(Document, case_id=first, kind="attachment")
    (copy,) = complaint.all(Document, case_id=part, kind="attachment")
    assert (copy.digest, copy.author) == (sent.digest, str(acting(complaint, part)))
    assert copy.blob != sent.blob
    with complaint.database.reading(acting(complaint, part)) as reading:
        _, name, content = documents.read(reading, copy.id)
        assert (name, b"".join(content).decode()) == ("证据.txt", "客流大量为零。")


def test_whoever_is_complained_about_in_the_first_case_sees_nothing_of_the_other(complaint: World) -> None:
    first, part = follow(complaint)
    for house in ("gy-jtw", "gy-gaj"):
        everybody = complaint.member(house, "case_handler", "unit_head", "leader", "registrar")
        with complaint.database.reading(everybody) as reading:
            ours = select(Case.id).where(col(Case.id).in_([first, part]), seen_by(everybody))
            assert reading.session.exec(ours).all() == []


def test_the_party_follows_both_cases_each_with_its_own_code(world: World) -> None:
    world.submit()
    split(world)
    first, part = follow(world)
    with world.database.reading(acting(world, first)) as reading:
        (shown,) = queries.public_status(reading, first).split
        assert not shown.is_first
        assert shown.subject == "公交站点客流数据"
        assert shown.deadline is not None
        found = query_codes.authenticate_party(reading, shown.reference, show_code(shown.query_code))
        assert found.case_id == part
    with world.database.reading(acting(world, part)) as reading:
        (shown,) = queries.public_status(reading, part).split
        assert shown.is_first
        assert query_codes.authenticate_party(reading, shown.reference, shown.query_code).case_id == first


def test_the_part_was_received_on_the_day_of_the_first_case_and_its_clock_counts_from_there(world: World) -> None:
    filed = world.submit()
    world.reach("check")
    world.travel("+20d")
    world.work()
    split(world)
    first, part = follow(world)
    world.work()
    before, after = world.one(Case, id=first), world.one(Case, id=part)
    assert after.submitted_at == before.submitted_at
    assert after.late
    assert filed.deadline is not None
    assert after.due_at == before.due_at == filed.deadline.due_at


def test_what_is_written_while_the_other_case_is_being_opened_does_not_reach_it(world: World) -> None:
    world.submit()
    world.reach("check")
    world.do("check", **PART)
    world.work()
    world.do("approve_intake", intake_approval="approve")  # the job that opens the case has not run yet
    with world.database.unit_of_work(SYSTEM) as uow:
        run = process.lock(uow, world.case_id)
        assert run.data["split_part"] is None
        process.write(uow, run, {"split_part": "别的", "split_to": "gy-mzj"}, "test")
    world.work()
    _, part = follow(world)
    with world.database.reading(SYSTEM) as reading:
        opened = process.opened(reading, reading.session.get_one(Case, part))
        assert opened.data["dataset"] == "公交站点客流数据"
        assert opened.participants["data_provider"].code == "gy-gaj"
