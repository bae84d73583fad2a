"""Anybody verifies a paper: behind its QR code, with the file, by a program, from a terminal. And the register on screen."""

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfWriter
from pypdf.generic import NameObject, TextStringObject

from engine.access import SYSTEM
from engine.models import Notice, Organisation, Person
from engine.settings import ROOT
from notices import certificates, service
from tests.application import application
from tests.factories import World
from tests.household import PASSWORD, password_hash

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def replied(world: World) -> World:
    """A case whose reply was issued."""
    world.submit()
    world.reach("sign_reply")
    world.do("sign_reply")
    world.work(papers=True)
    return world


def browser(world: World) -> TestClient:
    headers = {"Sec-Fetch-Site": "same-origin"}
    return TestClient(application(world.database), follow_redirects=False, headers=headers)


def paper(world: World, name: str = "reply") -> tuple[Notice, bytes]:
    notice = world.one(Notice, case_id=world.case_id, name=name)
    with world.database.reading(SYSTEM) as reading:
        return notice, service.pdf(reading, notice.id)[2]


def drop(client: TestClient, address: str, content: bytes) -> str:
    answer = client.post(address, files={"_attachments": ("文书.pdf", content, "application/pdf")})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_behind_the_qr_code_says_what_the_register_knows_and_nothing_of_the_case(replied: World) -> None:
    notice, content = paper(replied)
    client = browser(replied)
    shown = client.get(f"/verify/{notice.verify_token}").text
    assert str(notice.number) in shown
    assert "演示签章，不具有法律效力" in shown
    assert replied.case().reference not in shown
    assert replied.case().subject not in shown
    assert "该文件与印发的文书一致" in drop(client, f"/verify/{notice.verify_token}", content)
    assert "该文件与印发的文书一致" in drop(client, "/verify", content)
    assert "该文件在签署后被改动" in drop(client, "/verify", content + b"\n% x")
    told = client.get(f"/api/v1/public/papers/{notice.verify_token}").json()
    assert (told["number"], told["signature"], told["holds"]) == (notice.number, "valid", True)
    assert told["certificate"]["demonstration"] is True


def test_a_receipt_is_known_to_the_register_although_nobody_signed_it(replied: World) -> None:
    _, content = paper(replied, "receipt")
    shown = drop(browser(replied), "/verify", content)
    assert "该文件与印发的文书一致" in shown
    assert "回执、提示类文书，不编号、不盖章" in shown


def test_whoever_guesses_codes_has_to_wait(world: World) -> None:
    client = browser(world)
    limit = world.database.settings.max_attempts * 5
    answers = [client.get(f"/verify/{number:032}").status_code for number in range(limit + 1)]
    assert answers == [404] * limit + [429]
    assert client.get(f"/api/v1/public/papers/{'0' * 32}").status_code == 429


def test_what_is_no_paper_is_refused_with_a_sentence(world: World) -> None:
    client = browser(world)
    assert "请先选择文书的 PDF 文件" in client.post("/verify", data={}).text
    empty = client.post("/verify", files={"_attachments": ("a.pdf", b"", "application/pdf")})
    assert "请先选择文书的 PDF 文件" in empty.text
    assert "该文件不是可以读取的 PDF" in drop(client, "/verify", b"not a pdf")
    huge = client.post("/verify", files={"_attachments": ("a.pdf", b"%PDF" + b"0" * (20 << 20), "application/pdf")})
    assert huge.status_code == 413
    assert "20 MB" in huge.text
    assert client.post(f"/verify/{'0' * 32}", files={"_attachments": ("a.pdf", b"%PDF", "x")}).status_code == 404


def signed_in(world: World, actor_id: str) -> TestClient:
    with world.database.unit_of_work(SYSTEM) as uow:
        person = uow.session.get_one(Person, actor_id)
        person.password_hash = password_hash()
        uow.add(person)
    client = browser(world)
    assert client.post("/sign-in", data={"login": person.login, "password": PASSWORD}).status_code == 303
    return client


def csrf(page: str) -> str:
    return page.partition('name="csrf" value="')[2].partition('"')[0]


def test_a_head_withdraws_a_paper_from_the_file_of_the_case_and_everybody_sees_it(replied: World) -> None:
    notice, _ = paper(replied)
    reference = replied.case().reference
    client = signed_in(replied, replied.person("data_provider.leader").id)
    page = client.get(f"/desk/cases/{reference}").text
    form = {"csrf": csrf(page), "notice": notice.id}
    missing = client.post(f"/desk/cases/{reference}/withdraw", data=form | {"reason": " "})
    assert missing.status_code == 422
    assert "请填写理由" in missing.text
    done = client.post(f"/desk/cases/{reference}/withdraw", data=form | {"reason": "引用条款有误"})
    assert done.status_code == 303, done.text
    assert "引用条款有误" in client.get(f"/desk/cases/{reference}").text
    assert "该文书已被撤回" in browser(replied).get(f"/verify/{notice.verify_token}").text


def test_the_register_is_kept_on_screen_and_taken_along(replied: World) -> None:
    notice, _ = paper(replied)
    organ = replied.one(Organisation, id=notice.organisation_id)
    client = signed_in(replied, replied.member(organ.code, "registrar", login="deng.ji").id)
    page = client.get("/desk/register").text
    assert str(notice.number) in page
    form = {"csrf": csrf(page), "organisation": organ.code, "series": "开放复"}
    assert client.post("/desk/register/void", data=form | {"reason": ""}).status_code == 422
    assert client.post("/desk/register/void", data=form | {"series": "无", "reason": "作废"}).status_code == 404
    token = {"_submission": "s" * 24}
    answers = [client.post("/desk/register/void", data=form | token | {"reason": "纸面占用"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    page = client.get("/desk/register", params={"series": "开放复"}).text
    assert page.count("纸面占用") == 1
    assert "2号" in page
    sheet = client.post("/desk/register/export", data={"csrf": csrf(page), "format": "xlsx"})
    with zipfile.ZipFile(BytesIO(sheet.content)) as book:
        assert "纸面占用" in "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert client.get("/desk/register", params={"organisation": "gy-wjj"}).status_code == 403


def test_a_terminal_verifies_a_paper_without_the_register(replied: World, tmp_path: Path) -> None:
    notice, content = paper(replied)
    root, file, changed = tmp_path / "root.pem", tmp_path / "paper.pdf", tmp_path / "changed.pdf"
    root.write_text(certificates.as_pem(certificates.roots(replied.database.settings)))
    file.write_bytes(content)
    changed.write_bytes(content + b"\n")
    (tmp_path / "none.pdf").write_bytes(b"none")

    def verified(pdf: Path, *more: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "api.cli", "verify-notice", str(pdf), *more]
        answer = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env={"DUBAN_VAR": str(tmp_path / "other")}
        )
        return answer.returncode, answer.stdout + answer.stderr

    code, said = verified(file, "--root", str(root))
    assert code == 0, said
    assert f"number = {notice.number}" in said
    assert "演示签章，不具有法律效力" in said
    assert verified(changed, "--root", str(root))[0] == 1
    foreign, words = verified(file)
    assert (foreign, words.partition(":")[0]) == (1, "foreign")
    assert verified(tmp_path / "none.pdf", "--root", str(root))[0] == 2
    assert verified(tmp_path / "missing.pdf")[0] == 2
    assert verified(file, "--root", str(tmp_path / "none.pdf"))[0] == 2


@pytest.mark.parametrize(
    "said",
    [
        b'{"verify": "https://x/verify/\\ud800"}',
        b'{"verify": "https://x/verify/\\u0000"}',
        b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
def test_what_a_file_says_of_itself_harms_nobody(world: World, said: bytes) -> None:
    file = BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("notice.json", said)
    named = writer._root_object["/Names"]["/EmbeddedFiles"]["/Names"][1].get_object()  # type: ignore[index]
    named[NameObject("/UF")] = TextStringObject("notice.json")
    writer.write(file)
    shown = drop(browser(world), "/verify", file.getvalue())
    assert "该文件没有" in shown or "不是可以读取的 PDF" in shown
