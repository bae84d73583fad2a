"""What somebody tells about themselves is nowhere in the clear: not in the database, its log, our logs, jobs or the record."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from engine import documents, queries, query_codes
from engine.access import PUBLIC, SYSTEM
from engine.errors import EngineError
from engine.form_problems import FormInvalid
from engine.models import AuditEvent, Document, Job, StepRecord
from tests.factories import World

PLANTED = {
    "applicant_name": "欧阳䶮䶮",
    "phone": "13977778888",
    "email": "ouyang.secret@example.org",
    "identity_number": "520103198801017777",
    "description": "我住在贵阳市秘密路七百七十七号，需要停车数据。",
    "intended_use": "用于家里老人就医出行的独特用途。",
}
FILE_NAME, FILE_CONTENT = "欧阳的病历扫描件.txt", "病历内容绝密"
MATERIAL = "补充说明里的私房话"
WITHDRAWAL = "因家庭变故而撤回"
REMARK = "申请人来电说过的话"
SECRETS = [*PLANTED.values(), FILE_NAME, FILE_CONTENT, MATERIAL, WITHDRAWAL, REMARK]


@pytest.fixture
def lived(world: World, caplog: pytest.LogCaptureFixture) -> World:
    """Two cases that have met everything: files, material, drafts, papers, wrong answers, a withdrawal."""
    caplog.set_level(logging.DEBUG)
    stored = world.upload(FILE_NAME, FILE_CONTENT.encode())
    world.submit(uploads=[stored], **PLANTED)
    world.send("more_material", content=MATERIAL)
    world.work(papers=True)
    with pytest.raises(FormInvalid):
        world.do("check", intake_action=PLANTED["applicant_name"])
    world.reach("assess")
    world.do("assess", assessment_remarks=REMARK)
    world.reach("open_dataset")
    world.submit(**PLANTED)
    with pytest.raises(EngineError):
        world.send("nonsense", content=MATERIAL)
    world.send("withdraw", reason=WITHDRAWAL)
    world.travel("+30d")
    world.work(papers=True)
    return world


def everywhere(world: World, where: str, content: bytes) -> list[str]:
    """The secrets that lie in the clear, in any spelling that a database or a log may use."""
    return [
        f"{secret} in {where}"
        for secret in SECRETS
        for spelt in (
            secret.encode(),
            secret.encode("utf-16-le"),
            secret.encode("gb18030"),
            secret.encode("unicode_escape"),
            secret.encode().hex().encode(),
        )
        if spelt in content
    ]


def test_the_secrets_were_really_told(lived: World) -> None:
    """Else the tests below would find nothing because there is nothing."""
    (document,) = lived.all(Document, kind="attachment")
    with lived.database.reading(SYSTEM) as reading:
        name, pieces = documents.read(reading, document.id)[1:]
        assert (name, b"".join(pieces).decode()) == (FILE_NAME, FILE_CONTENT)
        told = str([queries.case_file(reading, c.reference) for c in queries.cases(reading).rows])
    assert PLANTED["description"] in told
    assert REMARK in told


@pytest.mark.sqlite_only
def test_nothing_is_in_the_raw_file_of_the_database_or_in_its_log(lived: World, tmp_path: Path) -> None:
    files = [p for p in tmp_path.rglob("*") if p.is_file() and p.name != "master.key"]
    assert {p.name for p in files} >= {"duban.db", "duban.db-wal"}
    assert [found for path in files for found in everywhere(lived, path.name, path.read_bytes())] == []


def test_nothing_is_in_any_column_of_any_table(lived: World) -> None:
    read = 0
    found: list[str] = []
    with lived.database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            read += len(rows)
            for row in rows:
                for value in row:
                    content = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    found += everywhere(lived, table, content)
    assert read > 200
    assert found == []


def test_the_files_on_the_disk_are_sealed_and_their_names_say_nothing(lived: World) -> None:
    files = [p for p in lived.database.settings.documents.rglob("*") if p.is_file()]
    assert len(files) > 3
    assert [
        found for path in files for found in everywhere(lived, path.name, path.read_bytes() + str(path).encode())
    ] == []
    assert not any(path.read_bytes().find(b"%PDF") >= 0 for path in files)


def test_nothing_is_in_the_logs(lived: World, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(query_codes.WrongCode), lived.database.reading(PUBLIC) as reading:
        query_codes.authenticate_party(reading, PLANTED["applicant_name"], PLANTED["phone"])
    assert everywhere(lived, "the log", caplog.text.encode()) == []


def test_the_record_steps_and_jobs_hold_ids_and_names_of_fields_only(lived: World) -> None:
    everything = str([*lived.all(AuditEvent), *lived.all(StepRecord), *lived.all(Job)])
    assert len(everything) > 10_000
    assert everywhere(lived, "the record", everything.encode()) == []
    completed = [e.detail["fields"] for e in lived.all(AuditEvent, name="task.completed")]
    assert ["intake_action"] in completed


def test_an_error_of_the_database_quotes_no_value(lived: World) -> None:
    with pytest.raises(Exception) as failed, lived.database.engine.begin() as connection:  # noqa: PT011
        connection.execute(text("INSERT INTO no_such_table VALUES (:name)"), {"name": PLANTED["applicant_name"]})
    assert everywhere(lived, "the error", str(failed.value).encode()) == []


def test_the_search_finds_a_name_but_its_index_does_not_hold_it(lived: World) -> None:
    handler = lived.member("gy-jtw", "case_handler", login="finder")
    with lived.database.reading(handler) as reading:
        assert len(queries.cases(reading, search_for=PLANTED["applicant_name"]).rows) == 2
        assert queries.cases(reading, search_for="欧阳").rows == ()


def test_lists_and_pages_show_people_masked_until_somebody_gives_a_reason(lived: World) -> None:
    handler = lived.member("gy-jtw", "case_handler", login="reader")
    with lived.database.reading(handler) as reading:
        shown = str(queries.cases(reading)) + str(queries.inbox(reading, "all"))
        for case in queries.cases(reading).rows:
            shown += str(queries.case_file(reading, case.reference).applicant)
    private = [PLANTED[field] for field in ("applicant_name", "phone", "email", "identity_number")]
    assert [value for value in private if value in shown] == []
    with pytest.raises(EngineError), lived.database.unit_of_work(handler) as uow:
        queries.unmask(uow, lived.case_id, "  ")
    with lived.database.unit_of_work(handler) as uow:
        fields = queries.unmask(uow, lived.case_id, "电话核实申请内容")
    assert all(any(value in str(field) for field in fields) for value in private)
    assert lived.one(AuditEvent, name="party.unmasked").actor == str(handler)


@pytest.mark.sqlite_only
def test_the_key_file_is_the_only_way_in(lived: World, tmp_path: Path) -> None:
    """Who steals the database without the key has nothing."""
    (tmp_path / "master.key").unlink()
    from engine.privacy import KeysMissing, load_keys

    keys = load_keys(lived.database.settings)
    case = lived.case()
    with pytest.raises(KeysMissing):
        keys.case_key(case.wrapped_key, case.master_key_id)
