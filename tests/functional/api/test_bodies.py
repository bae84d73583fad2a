"""What strangers send: too much, in the wrong form, or not at all what it says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response
from sqlmodel import select

from engine.access import SYSTEM
from engine.models import Case
from tests.household import PDF, REQUEST, Household, reopen

JSON = {"Content-Type": "application/json"}


def post(household: Household, content: bytes | Iterator[bytes], headers: dict[str, str] = JSON) -> Response:
    return household.anyone.post("/api/v1/cases", content=content, headers=headers)


def attach(household: Household, *files: tuple[str, bytes], **parts: str) -> Response:
    document = json.dumps({"process": "open_data_request", "form": REQUEST})
    uploads = [("attachments", (name, content)) for name, content in files]
    return household.anyone.post("/api/v1/cases", data={"request": document, **parts}, files=uploads)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"x"', 422),
        (b"\xff\xfe", 400),
        (b'{"process": "open_data_request"}', 422),
        (b'{"process": 1, "form": {}}', 422),
        (b'{"process": "open_data_request", "form": []}', 422),
        (b'{"process": "open_data_request", "form": {}, "more": 1}', 422),
        (b'{"process": "open_data_request", "form": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}", 400),
        (b'{"process": "open_data_request", "form": {"a": NaN}}', 422),
        (b'{"process": "open_data_request", "form": {"a": 1e999}}', 422),
        (b'{"process": "open_data_request", "form": {"a": 1' + b"0" * 400 + b"}}", 422),
        (b'{"process": "open_data_request", "form": {"a": "\\ud800"}}', 400),
        (b'{"process": "' + b"x" * 65 + b'", "form": {}}', 422),
        (b'{"process": "\\u0000", "form": {}}', 422),
    ],
)
def test_a_broken_document_is_refused_in_a_sentence(small_household: Household, content: bytes, status: int) -> None:
    answer = post(small_household, content)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_what_was_sent_is_not_repeated(small_household: Household) -> None:
    answer = post(small_household, b'{"process": {"secret": "13800000001"}, "form": {}}')
    assert answer.status_code == 422
    assert "13800000001" not in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", ""])
def test_another_kind_of_content_is_not_understood(small_household: Household, kind: str) -> None:
    assert post(small_household, b"{}", {"Content-Type": kind}).status_code == 415


def test_a_huge_document_is_refused_before_it_is_read(small_household: Household) -> None:
    answer = post(small_household, b" " * (2 * 1024 * 1024))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:duban:problem:too-large")


def test_a_huge_document_is_refused_without_an_announced_length_too(small_household: Household) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 100_000

    assert post(small_household, endless()).status_code == 413


def test_a_form_larger_than_all_allowed_files_is_refused(small_household: Household, tmp_path: Any) -> None:
    tiny = reopen(small_household.database.settings.var, max_upload=100_000, max_attachments=2)
    assert attach(tiny, ("a.pdf", PDF + b" " * 2_000_000)).status_code == 413
    tiny.database.dispose()


def test_an_attachment_that_is_too_large_is_refused_by_name(small_household: Household) -> None:
    tiny = reopen(small_household.database.settings.var, max_upload=1000)
    answer = attach(tiny, ("清单.pdf", PDF + b" " * 2000))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:duban:problem:upload-too-large")
    assert "清单.pdf" in answer.json()["detail"]
    tiny.database.dispose()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.exe", b"MZ\x90\x00", "upload-not-allowed"),
        ("a.pdf", b"<html>not a pdf</html>", "upload-mismatch"),
        ("a.png", PDF, "upload-mismatch"),
        ("a.pdf", b"", "upload-empty"),
        ("a", PDF, "upload-not-allowed"),
    ],
)
def test_an_attachment_that_is_not_what_it_says_is_refused(
    small_household: Household, name: str, content: bytes, problem: str
) -> None:
    answer = attach(small_household, (name, content))
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:duban:problem:{problem}")
    assert count(small_household) == 0


def test_too_many_attachments_are_refused_before_any_is_kept(small_household: Household) -> None:
    few = reopen(small_household.database.settings.var, max_attachments=2)
    answer = attach(few, *((f"{n}.pdf", PDF) for n in range(3)))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:duban:problem:too-many-uploads")
    assert not list(few.database.settings.documents.glob("*/*"))
    few.database.dispose()


def test_an_unknown_part_of_a_form_is_refused(small_household: Household) -> None:
    answer = attach(small_household, ("a.pdf", PDF), attachment="typo")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/attachment")


def test_a_form_without_the_document_is_refused(small_household: Household) -> None:
    answer = small_household.anyone.post("/api/v1/cases", files={"attachments": ("a.pdf", PDF)})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/request")


@pytest.mark.parametrize("content", [b"zz", b"--b\r\n\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"])
def test_a_broken_form_is_refused(small_household: Household, content: bytes) -> None:
    answer = post(small_household, content, {"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code in (400, 422), answer.text
    assert post(small_household, content, {"Content-Type": "multipart/form-data"}).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "tasks/%00",
        "tasks/' or 1=1",
        "tasks/" + "x" * 300,
        "cases/%00",
        "cases/%F0%9F%98%80",
        "cases/..%2F..%2Fetc",
        "notices/%00/pdf",
        "documents/%ED%A0%80",
        "processes/%00",
        "processes/open_data_request/forms/..%2Fprocess",
        "tasks?search=%00&view=all",
        "tasks?after=%00",
        "cases?status=%00",
        "cases?search=%00%25_",
        "cases?limit=0",
        "cases?limit=x",
        "tasks?view=theirs",
    ],
)
def test_no_address_breaks_the_application(household: Household, address: str) -> None:
    answer = household.program_of("handler").get(f"/api/v1/{address}")
    assert answer.status_code in (200, 400, 404, 422), (address, answer.text)


def count(household: Household) -> int:
    with household.database.reading(SYSTEM) as reading:
        return len(reading.session.exec(select(Case.id)).all())
