"""Fragments: what several processes share is part of each, and of nothing by itself."""

import io
import tomllib
import zipfile
from pathlib import Path

import pytest

from api.bundles import unpack
from engine import definitions, fragments, lint
from engine.strict import read_toml

PROCESS = (
    b'[process]\nkey = "complaint"\nuses = ["passing"]\n[data]\nfacts = "string"\n[[messages]]\nname = "withdraw"\n'
)
FRAGMENT = b"""[process]
key = "passing"
title = "\xe7\xa7\xbb\xe9\x80\x81"
title_en = "Passing on"
article = "29"
fragment = true
[data]
passed_to = "string"
[deadlines.answer]
days = 5
stops_on = ["answer.given"]
[[messages]]
name = "answer"
"""


def folders(root: Path, process: bytes = PROCESS, fragment: bytes | None = FRAGMENT) -> Path:
    (root / "complaint" / "locale").mkdir(parents=True)
    (root / "complaint" / "process.toml").write_bytes(process)
    (root / "complaint" / "locale" / "en.toml").write_bytes(b'[nodes]\nplan = "Plan"\n')
    if fragment is not None:
        (root / "passing" / "locale").mkdir(parents=True)
        (root / "passing" / "process.toml").write_bytes(fragment)
        (root / "passing" / "passing.bpmn").write_bytes(b"<drawing/>")
        (root / "passing" / "locale" / "en.toml").write_bytes(b'[nodes]\naccept = "Accept"\n')
    return root / "complaint"


def test_a_process_is_read_together_with_the_fragments_that_it_uses(tmp_path: Path) -> None:
    files = definitions.read_folder(folders(tmp_path))
    declared = tomllib.loads(files["process.toml"].decode())
    assert declared["process"] == {"key": "complaint"}
    assert declared["data"] == {"facts": "string", "passed_to": "string"}
    assert [message["name"] for message in declared["messages"]] == ["withdraw", "answer"]
    assert declared["deadlines"]["answer"] == {"days": 5, "stops_on": ["answer.given"]}
    assert files["passing.bpmn"] == b"<drawing/>"
    assert tomllib.loads(files["locale/en.toml"].decode())["nodes"] == {"plan": "Plan", "accept": "Accept"}


@pytest.mark.parametrize(
    ("more", "name"),
    [
        (b'[outcomes.x]\ntitle = "y"\n[data]\nfacts = "date"\n', "data.facts"),
        (b'[[messages]]\nname = "withdraw"\n', "messages.withdraw"),
    ],
)
def test_a_name_in_both_is_a_fault(tmp_path: Path, more: bytes, name: str) -> None:
    head = FRAGMENT[: FRAGMENT.index(b"[data]")]
    with pytest.raises(fragments.FragmentCollides, match=name):
        definitions.read_folder(folders(tmp_path, fragment=head + more))


def test_a_process_whose_fragment_is_missing_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(fragments.FragmentMissing, match="passing"):
        definitions.read_folder(folders(tmp_path, fragment=None))
    (fault,) = [f for f in lint.lint_bundle({"process.toml": PROCESS}, lint.Vocabulary()) if f.element == "process"]
    assert "its folder belongs beside" in fault.reason


def test_a_fragment_is_no_process_of_its_own(tmp_path: Path) -> None:
    folders(tmp_path)
    assert [folder.name for folder in definitions.bundle_folders(tmp_path)] == ["complaint"]
    (fault,) = [f for f in lint.lint_bundle({"process.toml": FRAGMENT}, lint.Vocabulary()) if f.element == "process"]
    assert "is a fragment" in fault.reason


def test_a_zip_brings_the_fragment_beside_the_process(tmp_path: Path) -> None:
    folders(tmp_path)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for file in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(tmp_path).as_posix())
    assert unpack(made.getvalue()) == definitions.read_folder(tmp_path / "complaint")


def test_what_is_written_is_read_as_the_same() -> None:
    values = {
        "a": '“引号” " \\ \n\x7f',
        "b": {"c": [1, 2.5, True], "d": {"e.f": "g"}},
        "h": [{"i": {"j": []}}, {"i": {"k": "l"}, "m": [{"n": 1}]}],
    }
    assert read_toml(fragments.written(values)) == values
