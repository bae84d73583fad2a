"""Somebody complains; who it was, and what they wrote, is looked for wherever others can look, and in the bytes on the disk.

An identity is planted in a sealed, confidential case: name, telephone, e-mail, identity number, address, a telling file name, the
author within a photograph, and the name once more within the free text. The case is walked through receipt, inquiry, answer and
result. Then everybody who is not entrusted with it asks for everything that has an address (``api.app.declared_routes``: a new
route is asked by itself), with the ids of the case.
"""

import io
import itertools
import json
import logging
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from httpx import Response
from PIL import Image
from pypdf import PdfReader
from sqlmodel import col, select

from api.app import declared_routes
from engine import deadline_changes, definitions, directory, queries, webhooks
from engine.access import PUBLIC, SYSTEM
from engine.models import Case, Delivery, Document, Notice, Organisation, Party, Task, WebhookDelivery
from tests import confidential
from tests.furnished import Furnished
from tests.household import AGENCY, BUREAU, Household, password_hash, reopen
from tests.integration.mailbox import Mailbox

NAME, MAKER = "欧阳䶮䶮", "OuyangMaker"
IDENTITY = {
    "complainant": NAME,
    "phone": "13977778888",
    "email": "ouyang.secret@example.org",
    "identity_number": "520103198801017777",
    "address": "秘密路七百七十七号",
}
FILE_NAME = "欧阳的举报材料.jpg"
FACTS = f"本人{NAME}三月在大厅排队三次，均被告知不办理。"
PLAN, FINDINGS, REASON = "先找排队三次的人核对", "排队三次的情况属实", "等待当事人补交材料"
CONTENT = [FACTS, "排队三次", PLAN, FINDINGS, REASON]  # what only those may read who handle the case
WHO = [*IDENTITY.values(), "欧阳", FILE_NAME, MAKER]
WATCHERS = {
    "handler": "of the respondent, who answered the inquiry",
    "colleague": "of the respondent, beside them",
    "head": "who heads them",
    "stranger": "a handler of another agency",
    "clerk": "a registrar of the bureau that handles the case, without a part in it",
    "newcomer": "a handler of that bureau who came when nothing of it was open",
    "supervisor": "of the bureau",
    "administrator": "",
    "auditor": "",
}
ENTRUSTED = {"bureau": "who handled the case", "bureau_head": "who approved the result"}


@dataclass
class Lived:
    """The installation after the case, with what came out of it."""

    household: Household
    folder: Path
    mailbox: Mailbox
    log: str
    ids: dict[str, list[str]]  # by name of a parameter, or "" for one of each kind


def photograph() -> bytes:
    exif = Image.Exif()
    exif[0x013B] = MAKER
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture(scope="module")
def lived(furnished_sqlite: Furnished, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with living(furnished_sqlite, tmp_path_factory.mktemp("planted")) as planted:
        yield planted


@pytest.fixture(scope="module")
def tried(furnished_sqlite: Furnished, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """The same once more, for those who change what they may."""
    with living(furnished_sqlite, tmp_path_factory.mktemp("tried")) as planted:
        yield planted


@contextmanager
def living(furnished_sqlite: Furnished, folder: Path) -> Iterator[Lived]:
    """An installation in which a complaint has been answered."""
    for file in furnished_sqlite.folder.iterdir():
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    mailbox, log = Mailbox(_free_port()), io.StringIO()
    opened = reopen(folder, smtp_host="127.0.0.1", smtp_port=mailbox.port, webhook_private=True)
    opened.tokens.update(furnished_sqlite.tokens)
    listening = logging.StreamHandler(log)
    logging.getLogger().addHandler(listening)
    try:
        with mailbox.open():
            ids = _live(opened)
        yield Lived(opened, folder, mailbox, log.getvalue(), ids)
    finally:
        logging.getLogger().removeHandler(listening)
        opened.database.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _live(household: Household) -> dict[str, list[str]]:
    """The case, from the complaint to the result; returns its ids."""
    database = household.database
    with database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, confidential.bundle())
        webhooks.subscribe(uow, "其他系统", "http://127.0.0.1:9/", sorted(webhooks.KINDS))
        house = uow.session.exec(select(Organisation).where(col(Organisation.code) == BUREAU)).one()
        for login, role in (("bureau_head", "unit_head"), ("clerk", "registrar")):
            _engage(household, uow, house, login, role)
    form = {"organisation_complained": AGENCY, "facts": FACTS, **IDENTITY}
    asked = json.dumps({"process": confidential.KEY, "form": form})
    photo = ("attachments", (FILE_NAME, photograph(), "image/jpeg"))
    filed = household.anyone.post("/api/v1/cases", data={"request": asked}, files=[photo])
    assert filed.status_code == 201, filed.text
    household.work()
    household.complete("bureau", plan=PLAN, summary="请说明三月以来受理开放需求申请的情况。")
    household.complete("handler", statement="三月以来共受理十二件。")
    household.complete("bureau", findings=FINDINGS)
    with database.unit_of_work(SYSTEM) as uow:
        case = uow.session.exec(select(Case).where(col(Case.process_key) == confidential.KEY)).one()
        uow.actor = directory.actor_of(uow, directory.person(uow, "bureau_head").id)
        deadline_changes.by_hand(uow, case.id, "handling", "extend", REASON, days=5)
    household.complete("bureau_head", verdict="同意")
    with database.unit_of_work(SYSTEM) as uow:
        house = uow.session.exec(select(Organisation).where(col(Organisation.code) == BUREAU)).one()
        _engage(household, uow, house, "newcomer", "case_handler")
    household.work()
    return _ids(household, case.id)


def _engage(household: Household, uow, house: Organisation, login: str, role: str) -> None:  # type: ignore[no-untyped-def]
    person = directory.create_person(uow, login, login, password_hash())
    directory.grant_role(uow, person.id, house.id, role)
    household.tokens[login] = directory.create_token(uow, person.id, "test")


def _ids(household: Household, case_id: str) -> dict[str, list[str]]:
    with household.database.reading(SYSTEM) as reading:
        case = reading.session.get_one(Case, case_id)
        assert case.status == "closed"

        def of(table: type) -> list[str]:
            return list(reading.session.exec(select(table.id).where(table.case_id == case_id)))  # type: ignore[attr-defined]

        tokens = list(reading.session.exec(select(Notice.verify_token).where(col(Notice.case_id) == case_id)))
        known = {
            "reference": [case.reference],
            "task_id": of(Task),
            "notice_id": of(Notice),
            "document_id": of(Document),
            "token": tokens,
            "process": [confidential.KEY],
            "key": [confidential.KEY],
            "form": ["start"],
            "notice": ["result"],
            "lang": ["zh"],
            "page": ["1"],
        }
        every = [case_id, case.reference, *(of(table)[0] for table in (Task, Notice, Document, Party, Delivery))]
        return known | {"": every}


def addresses(ids: dict[str, list[str]], login: str) -> Iterator[str]:
    """Every address that can be asked for, with all ids of the case that fit; an unknown parameter is given one of each kind.

    What is public answers everybody alike, so one asks for it; pictures of pages are looked at as their PDF.
    """
    for route in declared_routes():
        public = route.access.who == "public" and login != "stranger"
        if route.method == "GET" and not public and not route.path.endswith(".png"):
            names = re.findall(r"{(\w+)}", route.path)
            for values in itertools.product(*(ids.get(name, ids[""]) for name in names)):
                yield route.path.format(**dict(zip(names, values, strict=True)))
    yield from ("/api/v1/tasks?view=all", "/desk?view=all", "/board?view=all", "/api/v1/reminders?unread=false")


def told(answer: Response) -> str:
    """What an answer tells: its head, its text, and of a PDF its text, properties and attachments."""
    head = str(answer.headers)
    if answer.headers.get("content-type") == "application/pdf":
        return head + in_pdf(answer.content)
    return head + answer.content.decode(errors="replace")


@cache
def in_pdf(content: bytes) -> str:
    reader = PdfReader(io.BytesIO(content))
    pages = "".join(page.extract_text() for page in reader.pages)
    attached = b"".join(part for parts in reader.attachments.values() for part in parts).decode(errors="replace")
    told_of = str(reader.metadata) + str(reader.trailer["/Root"].get_object())
    return "".join(pages.split()) + attached + told_of + content.decode("latin-1")


def found(text: str, words: list[str]) -> list[str]:
    plain = "".join(text.split())
    return [word for word in words if word in text or word in plain]


@pytest.mark.parametrize("login", WATCHERS)
def test_nobody_who_is_not_entrusted_finds_anything_under_any_address(lived: Lived, login: str) -> None:
    program, browser = lived.household.program_of(login), lived.household.browser_of(login)
    leaks, answered = [], 0
    for address in addresses(lived.ids, login):
        answer = (program if address.startswith("/api/") else browser).get(address)
        assert answer.status_code < 500, address
        answered += answer.status_code == 200
        leaks += [f"{word} under {address}" for word in found(told(answer), WHO + CONTENT)]
    assert leaks == []
    assert answered > 5


BODIES: list[dict[str, object]] = [{}, {"reason": "核实情况"}, {"form": {}}]


def deeds(ids: dict[str, list[str]]) -> Iterator[str]:
    """Every address at which somebody who has signed in can do something, with an id of the case for each parameter."""
    for route in declared_routes():
        if route.method == "POST" and route.access.who != "public" and "sign" not in route.path:
            names = re.findall(r"{(\w+)}", route.path)
            yield route.path.format(**{name: ids.get(name, ids[""])[0] for name in names})


@pytest.mark.parametrize("login", ["handler", "clerk", "supervisor"])
def test_nor_are_they_told_anything_by_what_they_try_to_do(tried: Lived, login: str) -> None:
    """A refusal quotes what it refuses: it must not quote what was kept from them."""
    program, browser = tried.household.program_of(login), tried.household.browser_of(login)
    leaks, refused = [], 0
    for number, (address, body) in enumerate(itertools.product(deeds(tried.ids), BODIES)):
        once = {"Idempotency-Key": f"{login}-{number}"}
        if address.startswith("/api/"):
            answer = program.post(address, json=body, headers=once)
        else:
            answer = browser.post(address, data={key: str(value) for key, value in body.items()})
        assert answer.status_code < 500, address
        refused += answer.status_code in (403, 404, 409, 422)
        leaks += [f"{word} from {address}" for word in found(told(answer), WHO + CONTENT)]
    assert leaks == []
    assert refused > 20


@pytest.mark.parametrize("login", ENTRUSTED)
def test_those_entrusted_read_what_was_written_and_not_who_wrote_it(lived: Lived, login: str) -> None:
    program, browser = lived.household.program_of(login), lived.household.browser_of(login)
    hidden = [word for word in WHO if word not in (NAME, "欧阳")]  # the name stands in the free text
    leaks, read = [], ""
    for address in addresses(lived.ids, login):
        said = told((program if address.startswith("/api/") else browser).get(address))
        leaks += [f"{word} under {address}" for word in found(said, hidden)]
        read += said
    assert leaks == []
    assert {FACTS, PLAN, FINDINGS} <= set(found(read, CONTENT))
    assert "附件1.jpg" in read


def test_the_respondent_reads_its_own_papers_and_its_own_answer(lived: Lived) -> None:
    """Else the tests above would find nothing because there is nothing."""
    reference = lived.ids["reference"][0]
    file = lived.household.program_of("handler").get(f"/api/v1/cases/{reference}").json()
    assert file["subject"] == "试办投诉"
    assert {notice["name"] for notice in file["notices"]} == {"inquiry", "result_respondent"}
    assert "三月以来共受理十二件" in str(file["answers"])
    assert (file["fields"], file["applicant"], file["documents"]) == ([], [], [])
    papers = [lived.household.program_of("handler").get(f"/api/v1/notices/{n}/pdf") for n in lived.ids["notice_id"]]
    assert sorted(paper.status_code for paper in papers) == [200, 200, 404, 404]


def test_the_board_counts_the_case_and_tells_nothing_of_it(lived: Lived) -> None:
    database = lived.household.database
    with database.reading(SYSTEM) as reading:
        supervisor = directory.actor_of(reading, directory.person(reading, "supervisor").id)
    with database.reading(supervisor) as reading:
        assert queries.cases(reading).rows == ()


@pytest.mark.parametrize("typed", [*IDENTITY.values(), "排队三次", AGENCY])
def test_no_search_for_what_was_planted_finds_the_case(lived: Lived, typed: str) -> None:
    for login in (*WATCHERS, *ENTRUSTED):
        if login not in ("administrator", "auditor"):
            cases = lived.household.program_of(login).get("/api/v1/cases", params={"search": typed}).json()["items"]
            assert cases == [], login


def test_mail_goes_to_the_address_and_says_nothing_else(lived: Lived) -> None:
    assert set(lived.mailbox.recipients) == {IDENTITY["email"]}
    words = [word for word in WHO + CONTENT if word != IDENTITY["email"]]
    for mail in lived.mailbox.mails:
        assert found(mail.get_content() + str(mail["Subject"]) + str(mail["From"]), words) == []


def test_webhooks_and_logs_tell_nothing(lived: Lived) -> None:
    with lived.household.database.reading(SYSTEM) as reading:
        bodies = list(reading.session.exec(select(WebhookDelivery.body)))
    assert len(bodies) > 3
    assert found("".join(bodies) + lived.log, WHO + CONTENT) == []


def test_nothing_lies_in_the_clear_on_the_disk(lived: Lived) -> None:
    keys = ("master.key", "identity.key")
    for path in lived.folder.rglob("*"):
        if path.is_file() and path.name not in keys:
            content = path.read_bytes()
            words = [word for word in [*WHO, FACTS, PLAN, FINDINGS, REASON] if word.encode() in content]
            assert words == [], path.name


def test_the_photograph_lies_there_without_its_maker(lived: Lived) -> None:
    with lived.household.database.reading(PUBLIC) as reading:
        party = reading.session.exec(select(Party)).one()
    from engine import documents
    from engine.access import Actor

    with lived.household.database.reading(Actor("party", party.id, party.case_id)) as reading:
        kept = reading.session.exec(select(Document).where(col(Document.kind) == "attachment")).one()
        row, name, pieces = documents.read(reading, kept.id)
        content = b"".join(pieces)
    assert name == FILE_NAME
    assert MAKER.encode() not in content
    assert Image.open(io.BytesIO(content)).size == (256, 256)
    assert row.size == len(content) < len(photograph())


def test_a_file_that_cannot_be_cleaned_is_refused_with_a_sentence_and_nothing_is_filed(lived: Lived) -> None:
    asked = json.dumps({"process": confidential.KEY, "form": {"organisation_complained": AGENCY, "facts": FACTS}})
    broken = ("attachments", ("证据.pdf", b"%PDF-1.4 nothing", "application/pdf"))
    answer = lived.household.anyone.post("/api/v1/cases", data={"request": asked}, files=[broken])
    assert answer.status_code == 422
    assert "证据.pdf" in answer.text
    with lived.household.database.reading(SYSTEM) as reading:
        assert len(reading.session.exec(select(Case)).all()) == 1
