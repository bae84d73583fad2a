"""Issued papers: sealed, frozen, replaced, withdrawn, and registered under numbers without a gap."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import col, select

from engine import clock, consistency, definitions, process, repairs
from engine.access import PUBLIC, SYSTEM
from engine.models import (
    AuditEvent,
    Case,
    Document,
    Incident,
    Job,
    Notice,
    Organisation,
    Party,
    RegisteredNumber,
    SealCertificate,
)
from engine.operations import Call
from engine.reasons import ReasonMissing
from notices import certificates, numbering, register, replacing, service, standing
from notices.register import Asked
from notices.render import typeset
from notices.verification import Trust, verify
from tests.factories import World, at_once, installation
from tests.seals import PASSPHRASE, Authority

TITLE = "开放需求申请答复书"


@pytest.fixture
def replied(world: World) -> World:
    """A case whose reply was issued and sealed."""
    world.submit()
    world.reach("sign_reply")
    world.do("sign_reply")
    world.work(papers=True)
    return world


def reply_of(world: World) -> Notice:
    return world.one(Notice, case_id=world.case_id, name="reply")


def content(world: World, notice: Notice) -> bytes:
    with world.database.reading(SYSTEM) as reading:
        return service.pdf(reading, notice.id)[2]


def head(world: World) -> Any:
    return world.person("data_provider.leader")


# ---------------------------------------------------------------- sealed


def test_an_issued_paper_is_sealed_and_the_register_knows_by_what(replied: World) -> None:
    notice, settings = reply_of(replied), replied.database.settings
    pdf = content(replied, notice)
    verdict = verify(pdf, Trust(certificates.as_pem(certificates.roots(settings)), {}, replied.watch.at))
    assert verdict.state == "valid"
    assert verdict.certificate is not None
    assert verdict.certificate.fingerprint == notice.certificate
    assert notice.signature_algorithm == verdict.algorithm
    assert replied.one(SealCertificate, fingerprint=notice.certificate).demonstration
    with replied.database.reading(SYSTEM) as reading:
        typeset_again = typeset(service.paper(reading, notice, replied.case())).content
    assert notice.digest == hashlib.sha256(typeset_again).hexdigest()


@pytest.mark.sqlite_only
def test_the_paper_carries_for_programs_what_its_declaration_lists_and_no_more(replied: World) -> None:
    notice = reply_of(replied)
    said = verify(content(replied, notice), Trust("", {}, replied.watch.at)).said
    assert said is not None
    assert said["number"] == notice.number
    assert said["verify"].endswith(f"/verify/{notice.verify_token}")
    assert said["case"] == replied.case().reference
    assert set(said["facts"]) == {
        *("reference", "dataset", "agency", "decision", "refusal_item", "existing_url", "planned_opening_on")
    }


@pytest.mark.sqlite_only
def test_a_receipt_is_not_signed_and_never_tells_its_code_to_programs(replied: World) -> None:
    receipt = replied.one(Notice, case_id=replied.case_id, name="receipt")
    verdict = verify(content(replied, receipt), Trust("", {}, replied.watch.at))
    assert verdict.state == "unsigned"
    assert receipt.certificate is None
    assert receipt.digest is not None
    assert "query_code" not in str(verdict.said)


@pytest.mark.sqlite_only
def test_a_paper_is_made_once_however_often_its_job_is_done(replied: World) -> None:
    before = content(replied, reply_of(replied))
    with replied.database.unit_of_work(SYSTEM) as uow:
        again = (col(Job.kind) == "notice.render", col(Job.case_id) == replied.case_id)
        uow.session.execute(update(Job).where(*again).values(state="queued", lease_token=None, lease_until=None))
    replied.work(papers=True)
    assert content(replied, reply_of(replied)) == before
    papers = select(Notice).where(col(Notice.case_id) == replied.case_id, col(Notice.document_id).is_not(None))
    with replied.database.reading(SYSTEM) as reading:
        count = len(reading.session.exec(papers).all())
    assert len(replied.all(Document, case_id=replied.case_id, kind="notice")) == count


@pytest.mark.sqlite_only
def test_an_organ_without_a_seal_stops_its_paper_and_nothing_else(city_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "seals"
    folder.mkdir()
    with installation(city_url, tmp_path, seals=folder, seals_passphrase=PASSPHRASE) as world:
        world.submit()
        world.reach("sign_reply")
        world.do("sign_reply")
        world.work(papers=True)
        notice = reply_of(world)
        assert notice.number is not None
        assert notice.document_id is None
        (incident,) = world.all(Incident, kind="job.failed")
        assert "no electronic seal" in incident.sentence
        code = world.one(Organisation, id=notice.organisation_id).code
        authority = Authority()
        authority.issue(folder / f"{code}.p12", "贵阳市交通委员会")
        with world.database.unit_of_work(SYSTEM) as uow:
            repairs.retry(uow, incident.id, "印章已经补齐")
        world.work(papers=True)
        pdf = content(world, reply_of(world))
    verdict = verify(pdf, Trust(authority.pem, {}, world.watch.at))
    assert verdict.state == "valid"
    assert verdict.certificate is not None
    assert not verdict.certificate.demonstration


# ---------------------------------------------------------------- frozen


@pytest.mark.sqlite_only
def test_what_was_issued_stays_whatever_changes_afterwards(replied: World) -> None:
    notice, bundle = reply_of(replied), replied.one(Case, id=replied.case_id).definition_id
    before = content(replied, notice)
    with replied.database.reading(SYSTEM) as reading:
        paper = service.paper(reading, notice, replied.case())
    with replied.database.unit_of_work(SYSTEM) as uow:
        run = process.lock(uow, replied.case_id)
        party = uow.session.exec(select(Party).where(col(Party.case_id) == replied.case_id)).one()
        party.identity = run.key.seal_value({"name": "另一个人"}, process.identity_purpose(party.id))
        uow.add(party)
        for organisation in uow.session.exec(select(Organisation)):
            organisation.name, organisation.document_prefix = f"新{organisation.name}"[:200], "新"
            uow.add(organisation)
        files = dict(definitions.read_folder(Path("bpmn/open_data_request")))
        files["notices/reply/body.html.j2"] = "<p>另一种文字。</p>".encode()
        definitions.deploy(uow, files)
    replied.database.settings.base_url = "https://another.example"
    assert replied.one(Case, id=replied.case_id).definition_id == bundle
    with replied.database.reading(SYSTEM) as reading:
        again = service.paper(reading, reply_of(replied), replied.case())
    assert again == paper
    assert typeset(again).content == typeset(paper).content
    assert content(replied, reply_of(replied)) == before


# ---------------------------------------------------------------- replaced and withdrawn


def issue_again(world: World, name: str, printed: bool = True, **params: Any) -> Notice:
    """Let an operation of the flow issue a paper, as a drawn service task does, where its kind needs nobody's approval."""
    with world.database.unit_of_work(head(world)) as uow:
        run = process.lock(uow, world.case_id)
        path = f"notices/{name}/notice.toml"
        declared = b'automatic = "x"\n' + run.bundle.words[path].partition(b"[[approval]]")[0]
        run.bundle = replace(run.bundle, words={**run.bundle.words, path: declared})
        done = uow.registry.find("notice.issue").perform(uow, run, Call("", "", {"name": name, **params}))
        ident = str(done.result["notice"])  # type: ignore[union-attr, index]
    if not printed:
        world.print_nothing()
    world.work(papers=True)
    return world.one(Notice, id=ident)


@pytest.mark.sqlite_only
def test_a_correction_names_the_paper_that_it_replaces_and_both_stay_readable(replied: World) -> None:
    old = reply_of(replied)
    before = content(replied, old)
    new = issue_again(replied, "reply", replaces="reply")
    assert new.replaces_id == old.id
    assert content(replied, old) == before
    with replied.database.reading(PUBLIC) as reading:
        seen = standing.find(reading, old.verify_token)
        assert seen.replaced_by is not None
        assert (seen.replaced_by.number, seen.holds) == (new.number, False)
        assert standing.find(reading, new.verify_token).holds


@pytest.mark.sqlite_only
def test_a_template_can_say_what_it_replaces(replied: World) -> None:
    from notices import facts

    old = reply_of(replied)
    with replied.database.reading(SYSTEM) as reading:
        run = process.opened(reading, replied.case())
        rule = run.bundle.notice("reply")
        told = type(rule)(
            **{**{f: getattr(rule, f) for f in rule.__struct_fields__}, "facts": {"old": "replaced.number"}}
        )
        assert facts.collect(reading, run, told, old) == {"old": old.number}


@pytest.mark.sqlite_only
def test_what_was_never_issued_cannot_be_replaced(replied: World) -> None:
    with pytest.raises(replacing.NothingToReplace):
        issue_again(replied, "completion_notice", replaces="completion_notice")


@pytest.mark.sqlite_only
def test_a_head_of_the_issuing_organ_withdraws_a_paper_with_a_reason(replied: World) -> None:
    notice = reply_of(replied)
    with replied.database.unit_of_work(head(replied)) as uow:
        replacing.withdraw(uow, uow.session.get_one(Notice, notice.id), "引用条款有误")
    withdrawn = reply_of(replied)
    assert withdrawn.withdrawal_reason == "引用条款有误"
    assert content(replied, withdrawn)
    with replied.database.reading(PUBLIC) as reading:
        assert standing.find(reading, notice.verify_token).withdrawn_on == clock.day_of(replied.watch.at)
        assert not standing.find(reading, notice.verify_token).holds
    assert replied.all(AuditEvent, name="notice.withdrawn")


def test_a_paper_is_withdrawn_once_with_a_reason_and_by_nobody_else(replied: World) -> None:
    notice = reply_of(replied)

    def withdraw(actor: Any, reason: str) -> None:
        with replied.database.unit_of_work(actor) as uow:
            replacing.withdraw(uow, uow.session.get_one(Notice, notice.id), reason)

    with pytest.raises(replacing.NotHeadOfIssuer):
        withdraw(replied.person("data_provider.case_handler"), "有误")
    with pytest.raises(replacing.NotHeadOfIssuer):
        withdraw(replied.applicant(), "有误")
    with pytest.raises(ReasonMissing):
        withdraw(head(replied), "  ")
    results = at_once(*[lambda: withdraw(head(replied), "引用条款有误")] * 2)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyWithdrawn", "NoneType"]


# ---------------------------------------------------------------- numbers


@pytest.fixture
def numbered(world: World) -> World:
    """A case whose reply has its number; its paper is left unmade."""
    world.submit()
    world.reach("sign_reply")
    world.do("sign_reply")
    world.print_nothing()
    return world


def keeper(world: World) -> Any:
    return world.member("gy-jtw", "registrar", login="registrar.jtw")


@pytest.mark.sqlite_only
def test_every_number_stands_in_the_register_with_its_paper(numbered: World) -> None:
    notice = reply_of(numbered)
    given = numbered.one(RegisteredNumber, notice_id=notice.id)
    assert (given.number, given.ordinal, given.void_reason) == (notice.number, 1, None)
    with numbered.database.reading(SYSTEM) as reading:
        assert consistency.register_gaps(reading) == []


def test_a_number_is_spent_on_no_paper_with_a_reason_and_never_used_again(numbered: World) -> None:
    actor = keeper(numbered)
    first = numbered.one(RegisteredNumber, notice_id=reply_of(numbered).id)
    series = first.series
    with numbered.database.unit_of_work(actor) as uow:
        spent = numbering.void(uow, "gy-jtw", series, "纸面文书已占用该号")
    again = issue_again(numbered, "reply", printed=False, replaces="reply")
    assert spent.number.endswith("2号")
    assert str(again.number).endswith("3号")
    with numbered.database.reading(actor) as reading:
        states = [
            (entry.number, entry.state) for entry in register.entries(reading, Asked("gy-jtw", series=series)).rows
        ]
        assert register.kept(reading, Asked("gy-jtw")).gaps == ()
    assert dict(states) == {again.number: "issued", spent.number: "voided", first.number: "replaced"}


@pytest.mark.sqlite_only
def test_numbers_are_spent_by_those_who_keep_the_register_alone(numbered: World) -> None:
    series = numbered.one(RegisteredNumber, notice_id=reply_of(numbered).id).series
    for actor in (numbered.person("data_provider.case_handler"), numbered.member("gy-wjj", "registrar"), PUBLIC):
        with pytest.raises(numbering.NotRegisterKeeper), numbered.database.unit_of_work(actor) as uow:
            numbering.void(uow, "gy-jtw", series, "试一试")
    actor = keeper(numbered)
    with pytest.raises(numbering.SeriesUnknown), numbered.database.unit_of_work(actor) as uow:
        numbering.void(uow, "gy-jtw", "没有的字号", "试一试")
    with pytest.raises(ReasonMissing), numbered.database.unit_of_work(actor) as uow:
        numbering.void(uow, "gy-jtw", series, " ")


def test_several_who_take_numbers_at_once_neither_share_nor_skip_one(numbered: World) -> None:
    actor = keeper(numbered)
    series = numbered.one(RegisteredNumber, notice_id=reply_of(numbered).id).series

    def take() -> str:
        with numbered.database.unit_of_work(actor) as uow:
            return numbering.void(uow, "gy-jtw", series, "同时取号").number

    def fail() -> str:
        with numbered.database.unit_of_work(actor) as uow:
            numbering.void(uow, "gy-jtw", series, "同时取号")
            raise KeyError("after the number was taken")

    taken = at_once(*[take, fail] * 4)
    assert len({number for number in taken if isinstance(number, str)}) == 4
    ordinals = sorted(row.ordinal for row in numbered.all(RegisteredNumber, series=series))
    assert ordinals == [1, 2, 3, 4, 5]
    with numbered.database.reading(SYSTEM) as reading:
        assert consistency.register_gaps(reading) == []


def test_a_gap_is_shown_loudly(numbered: World) -> None:
    given = numbered.one(RegisteredNumber, notice_id=reply_of(numbered).id)
    with numbered.database.unit_of_work(SYSTEM) as uow:
        uow.session.execute(delete(RegisteredNumber).where(col(RegisteredNumber.id) == given.id))
    with numbered.database.reading(keeper(numbered)) as reading:
        gaps = register.kept(reading, Asked("gy-jtw")).gaps
    assert any("1 numbers were given out, 0 stand in the register" in gap for gap in gaps)
    assert any(str(given.number) in gap for gap in gaps)


def test_the_register_goes_on_page_after_page(numbered: World) -> None:
    actor = keeper(numbered)
    series = numbered.one(RegisteredNumber, notice_id=reply_of(numbered).id).series
    for _ in range(4):
        with numbered.database.unit_of_work(actor) as uow:
            numbering.void(uow, "gy-jtw", series, "翻页")
    numbers, after = [], None
    with numbered.database.reading(actor) as reading:
        while True:
            page = register.entries(reading, Asked("gy-jtw", series=series), after, limit=2)
            numbers += [entry.number for entry in page.rows]
            if (after := page.next_key) is None:
                break
        assert numbers == [entry.number for entry in register.every_entry(reading, Asked("gy-jtw", series=series))]
    assert len(set(numbers)) == 5


# ---------------------------------------------------------------- compared


@pytest.mark.sqlite_only
def test_a_file_is_compared_with_what_was_issued(replied: World) -> None:
    notice = reply_of(replied)
    receipt = replied.one(Notice, case_id=replied.case_id, name="receipt")
    issued, slip = content(replied, notice), content(replied, receipt)

    def compared(pdf: bytes, token: str | None = None) -> str:
        with replied.database.reading(PUBLIC) as reading:
            trust = standing.trust(reading, standing.with_digest(reading, hashlib.sha256(pdf).hexdigest()))
            return standing.compare(reading, verify(pdf, trust), token).result

    assert compared(issued) == compared(issued, notice.verify_token) == "same"
    assert compared(slip) == "same"
    assert compared(slip, notice.verify_token) == "other_paper"
    assert compared(issued[:-1] + b"\n%") == "changed"
    assert compared(b"%PDF") == "unreadable"
    assert compared(resealed(replied, notice), notice.verify_token) == "another"
    assert compared(resealed(replied, notice)) == "another"


def resealed(world: World, notice: Notice) -> bytes:
    """Another document under the same number, signed with the organ's own key."""
    from dataclasses import replace

    from notices import sealing

    organ = world.one(Organisation, id=notice.organisation_id)
    with world.database.reading(SYSTEM) as reading:
        paper = replace(service.paper(reading, notice, world.case()), template="<p>同意。</p>")
    return sealing.seal(world.database.settings, paper, organ, typeset(paper), world.watch.at).content


@pytest.mark.sqlite_only
def test_the_register_tells_no_addressee_and_no_fact(replied: World) -> None:
    notice = reply_of(replied)
    with replied.database.reading(PUBLIC) as reading:
        shown = repr(standing.find(reading, notice.verify_token))
    assert TITLE in shown
    for private in (replied.case().reference, replied.case().subject, "addressee"):
        assert private not in shown


@pytest.mark.sqlite_only
def test_drafts_and_wrong_codes_are_unknown(world: World) -> None:
    world.submit()
    world.reach("sign_reply")
    draft = world.one(Notice, case_id=world.case_id, name="reply")
    assert draft.state == "draft"
    with world.database.reading(PUBLIC) as reading:
        for token in (draft.verify_token, "", "0" * 32, draft.id):
            with pytest.raises(standing.PaperUnknown):
                standing.find(reading, token)


@pytest.mark.sqlite_only
def test_papers_of_a_revoked_seal_are_told_from_those_signed_before(replied: World) -> None:
    notice = reply_of(replied)
    day = replied.watch.at.date()
    for said, expected in (("", "revoked"), (f"={day.replace(year=2020)}", "revoked"), ("=2090-01-01", "valid")):
        replied.database.settings.revoked_seals = f"{notice.certificate}{said}"
        with replied.database.reading(PUBLIC) as reading:
            assert standing.find(reading, notice.verify_token).signature == expected


@pytest.mark.sqlite_only
def test_a_paper_of_an_erased_case_is_still_known(replied: World) -> None:
    notice = reply_of(replied)
    with replied.database.unit_of_work(SYSTEM) as uow:
        case = uow.session.get_one(Case, replied.case_id)
        case.wrapped_key = None
        uow.add(case)
    with replied.database.reading(PUBLIC) as reading:
        assert standing.find(reading, notice.verify_token).issuer
