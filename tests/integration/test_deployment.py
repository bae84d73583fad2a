"""Processes as data: the same again changes nothing, words follow, flows are pinned, and what is hostile stays outside."""

import json
from collections.abc import Mapping
from contextlib import suppress

import pytest

from engine import definitions, forms, queries
from engine.access import SYSTEM, Actor, NotAdministrator
from engine.definitions import BundleMissing, BundleTooLarge, FileNotPlain, ProcessUnknown
from engine.errors import EngineError, Invalid
from engine.fragments import FragmentMissing
from engine.models import AuditEvent, Case, ProcessDefinition, ProcessPresentation
from engine.runtime import Faulty
from tests.factories import BUNDLE, World, at_once

FILES = definitions.read_folder(BUNDLE)
KEY = "open_data_request"


def deploy(world: World, files: Mapping[str, bytes], actor: Actor = SYSTEM) -> ProcessDefinition:
    with world.database.unit_of_work(actor) as uow:
        return definitions.deploy(uow, files)


def changed(path: str, old: str, new: str) -> dict[str, bytes]:
    """The bundle with one text of one file changed."""
    assert old.encode() in FILES[path], path
    return FILES | {path: FILES[path].replace(old.encode(), new.encode())}


REWORDED = changed("process.toml", 'title = "答复期限"', 'title = "答复的期限"')
STRICTER = changed("process.toml", "days = 20", "days = 15")


def version_of(world: World, case_id: str) -> tuple[int, int]:
    with world.database.reading(SYSTEM) as reading:
        bundle = definitions.of_case(reading, reading.session.get_one(Case, case_id))
        return bundle.version, bundle.revision


def test_the_same_bundle_again_changes_nothing(world: World) -> None:
    deploy(world, FILES)
    deploy(world, dict(reversed(FILES.items())))
    assert len(world.all(ProcessDefinition)) == len(world.all(ProcessPresentation)) == 1


def test_several_who_deploy_the_same_at_once_leave_one_version(world: World) -> None:
    at_once(*[lambda: deploy(world, STRICTER)] * 3)
    assert sorted(d.version for d in world.all(ProcessDefinition)) == [1, 2]
    assert [d.version for d in world.all(ProcessDefinition, current=True)] == [2]


def test_other_words_are_a_revision_that_running_cases_follow(world: World) -> None:
    case_id = world.submit().case_id
    deploy(world, REWORDED)
    assert len(world.all(ProcessDefinition)) == 1
    assert version_of(world, case_id) == (1, 2)
    handler = world.person("data_provider.case_handler")
    with world.database.reading(handler) as reading:
        titles = {d.title for d in queries.case_file(reading, world.case().reference).deadlines}
    assert "答复的期限" in titles
    world.do("check")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("forms/check.schema.json", '"title": "', '"title": "请'),
        ("notices/reply/body.html.j2", "，", "， "),
        ("notices/reply/notice.toml", "title_en = ", "title_en  = "),
        ("locale/en.toml", "[nodes]", "# reworded\n[nodes]"),
        ("process.toml", "refusal = ", "refusal  = "),
    ],
)
def test_labels_templates_and_translations_are_words(world: World, path: str, old: str, new: str) -> None:
    deploy(world, changed(path, old, new))
    assert (len(world.all(ProcessDefinition)), len(world.all(ProcessPresentation))) == (1, 2)


def test_another_flow_is_a_version_and_running_cases_stay_on_theirs(world: World) -> None:
    old = world.submit().case_id
    deploy(world, STRICTER)
    new = world.submit().case_id
    assert version_of(world, old) == (1, 1)
    assert version_of(world, new) == (2, 1)
    for case_id in (old, new):
        world.case_id = case_id
        world.do("check")
        assert world.open_tasks() == ["assess"]
    with world.database.reading(SYSTEM) as reading:
        assert definitions.current(reading, KEY).manifest.deadlines["fulfilment"].days == 15
        assert [b.version for b in definitions.processes(reading)] == [2]


def test_the_first_version_may_come_back(world: World) -> None:
    deploy(world, STRICTER)
    deploy(world, FILES)
    assert [d.version for d in world.all(ProcessDefinition, current=True)] == [1]
    assert len(world.all(ProcessDefinition)) == 2


def test_words_may_come_back_too(world: World) -> None:
    case_id = world.submit().case_id
    deploy(world, REWORDED)
    deploy(world, FILES)
    assert version_of(world, case_id) == (1, 3)
    with world.database.reading(SYSTEM) as reading:
        assert definitions.current(reading, KEY).manifest.deadlines["reply"].title == "答复期限"


def test_an_issued_paper_keeps_the_words_with_which_it_was_made(world: World) -> None:
    from engine.models import Notice
    from notices import service

    world.submit()
    deploy(world, changed("notices/receipt/body.html.j2", "申请", "请求"))
    notice = world.one(Notice, name="receipt")
    with world.database.reading(SYSTEM) as reading:
        template = service.paper(reading, notice, world.case()).template
        assert template == FILES["notices/receipt/body.html.j2"].decode()


def test_only_administrators_deploy(world: World) -> None:
    for actor in (world.member("gy-jtw", "leader"), Actor("public"), Actor("person", "x", duty="auditor")):
        with pytest.raises(NotAdministrator):
            deploy(world, STRICTER, actor)
    deploy(world, STRICTER, Actor("person", world.member("gy-zf").id, duty="administrator"))


def test_a_deployment_is_on_record(world: World) -> None:
    deploy(world, STRICTER)
    event = world.all(AuditEvent, name="process.deployed")[-1]
    assert (event.detail["process"], event.detail["version"]) == (KEY, 2)


def test_an_unknown_process_is_not_found(world: World) -> None:
    for key in ("", "nonsense", "../open_data_request", "x" * 10_000):
        with pytest.raises(ProcessUnknown), world.database.reading(SYSTEM) as reading:
            definitions.current(reading, key)


MAIN = "process.bpmn"
BAD = {
    "no manifest": {k: v for k, v in FILES.items() if k != "process.toml"},
    "nothing": {},
    "not TOML": FILES | {"process.toml": b"\x00\xff\xfe"},
    "TOML of another kind": FILES | {"process.toml": b"a = 1"},
    "deep TOML": FILES | {"process.toml": b"a = " + b"[" * 5000},
    "no diagram": {k: v for k, v in FILES.items() if not k.endswith(".bpmn")},
    "not XML": FILES | {MAIN: b"no xml"},
    "empty diagram": FILES | {MAIN: b""},
    "entities": FILES
    | {MAIN: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'},
    "bomb": FILES
    | {
        MAIN: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.replace("&a0;", "&a;").encode() for n in range(1, 10))
        + b"]><x>&a9;</x>"
    },
    "deep XML": FILES | {MAIN: b"<a>" * 50_000},
    "schema that is no JSON": FILES | {"forms/check.schema.json": b"{"},
    "schema that is a list": FILES | {"forms/check.schema.json": b"[]"},
    "schema with bad UTF-8": FILES | {"forms/check.schema.json": b'{"title": "\xff"}'},
    "deep schema": FILES | {"forms/check.schema.json": b"[" * 100_000},
    "missing schema": {k: v for k, v in FILES.items() if k != "forms/check.schema.json"},
    "missing notice": {k: v for k, v in FILES.items() if not k.startswith("notices/reply/")},
    "bad notice": FILES | {"notices/reply/notice.toml": b"title = 1"},
    "template that reaches out": FILES
    | {"notices/reply/body.html.j2": b"{{ ''.__class__.__mro__[1].__subclasses__() }}"},
    "template with an unknown name": FILES | {"notices/reply/body.html.j2": b"{{ nonsense }}"},
    "template with an unknown filter": FILES | {"notices/reply/body.html.j2": b"{{ number | safe }}"},
    "template that includes": FILES | {"notices/reply/body.html.j2": b"{% include 'x' %}"},
    "deep template": FILES | {"notices/reply/body.html.j2": b"{{" + b"(" * 5000 + b"}}"},
    "template with a fault": FILES | {"notices/reply/body.html.j2": b"{% if %}"},
    "template with bad UTF-8": FILES | {"notices/reply/body.html.j2": b"\xff\xfe"},
    "translation that is no TOML": FILES | {"locale/en.toml": b"= ="},
    "unknown deadline": changed(MAIN, 'deadline("reply")', 'deadline("nonsense")'),
    "code in a timer": changed(MAIN, 'deadline("reply")', "__import__('os').system('id')"),
    "unknown role": changed(MAIN, "data_provider.case_handler", "data_provider.emperor"),
    "unknown operation": changed(MAIN, 'id="notice.issue"', 'id="shell.run"'),
    "rule about a field that is not there": changed("process.toml", 'field = "intake_action"', 'field = "nonsense"'),
    "rule that cannot be read": changed("process.toml", 'refuse_when = "', 'refuse_when = "('),
    "another key": changed("process.toml", f'key = "{KEY}"', 'key = "../../etc"'),
}
ODD = {
    "climbing path": FILES | {"../../../tmp/evil.toml": b"a = 1"},
    "absolute path": FILES | {"/etc/passwd": b"root"},
    "NUL in a path": FILES | {"forms/\0.schema.json": b"{}"},
    "surrogate in a path": FILES | {"forms/\ud800.schema.json": b"{}"},
    "endless path": FILES | {"x" * 100_000 + ".toml": b""},
    "an extra file": FILES | {"README.exe": b"MZ"},
}


@pytest.mark.sqlite_only
def test_a_bundle_with_faults_is_refused_with_a_sentence_and_changes_nothing(world: World) -> None:
    said: dict[str, int] = {}
    for name, files in BAD.items():
        try:
            deploy(world, files)
        except EngineError as refused:
            said[name] = refused.status if "?" not in refused.sentence() else 0
    assert said == dict.fromkeys(BAD, 422)
    assert len(world.all(ProcessDefinition)) == len(world.all(ProcessPresentation)) == 1


@pytest.mark.sqlite_only
def test_hostile_names_of_files_write_nothing_outside_the_database(world: World) -> None:
    """Refused, or kept as bytes under a name that nothing ever opens."""
    for files in ODD.values():
        with suppress(Invalid):
            deploy(world, files)
        world.submit()
        world.do("check")


@pytest.mark.sqlite_only
def test_a_bundle_that_is_too_large_is_refused_before_it_is_read(world: World) -> None:
    for files in (
        FILES | {f"forms/{n}.ui.json": b"{}" for n in range(500)},
        FILES | {"process.toml": b"#" * (8 * 1024 * 1024)},
    ):
        with pytest.raises(BundleTooLarge):
            deploy(world, files)


@pytest.mark.sqlite_only
def test_faults_name_file_element_and_reason(world: World) -> None:
    with pytest.raises(Faulty) as faulty:
        deploy(world, changed(MAIN, 'deadline("reply")', 'deadline("nonsense")'))
    assert any(fault.file == MAIN and "nonsense" in fault.reason for fault in faulty.value.faults)


@pytest.mark.sqlite_only
def test_a_folder_without_a_manifest_is_no_bundle(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    with pytest.raises(BundleMissing):
        definitions.read_folder(folder)
    (folder / "process.toml").write_text("[process]")
    (folder / "note.md").write_text("x")
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "a.toml").write_text("x")
    assert set(definitions.read_folder(folder)) == {"process.toml"}


@pytest.mark.sqlite_only
def test_a_link_in_a_bundle_is_neither_followed_nor_passed_over(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "process.toml").write_text("[process]")
    for name, target in (("process.bpmn", "/etc/passwd"), ("locale.toml", "nowhere"), ("forms", "/etc")):
        (folder / name).symlink_to(target)
        with pytest.raises(FileNotPlain, match=name):
            definitions.read_folder(folder)
        (folder / name).unlink()


@pytest.mark.sqlite_only
def test_a_fragment_lies_beside_the_process_and_nowhere_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("bundles")
    for folder, text in (("far", 'key = "far"\nfragment = true'), ("near/own", 'key = "own"\nuses = ["../far"]')):
        (place / folder).mkdir(parents=True)
        (place / folder / "process.toml").write_text(f"[process]\n{text}\n")
    with pytest.raises(FragmentMissing):
        definitions.read_folder(place / "near" / "own")


@pytest.mark.sqlite_only
def test_a_schema_may_name_a_field_title(world: World) -> None:
    """Words are taken out of schemas to compare flows; a field that is called “title” is none."""
    schema = {"type": "object", "properties": {"title": {"type": "string", "title": "标题"}}}
    assert definitions._shape(schema) == {"type": "object", "properties": {"title": {"type": "string"}}}
    assert forms.Form(schema, {}).names == ("title",) or forms.Form(json.loads(json.dumps(schema)), {}).names
