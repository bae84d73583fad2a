"""What stories can tell of processes unlike the ones of this city."""

import shutil
from pathlib import Path

from api import scenarios
from engine.settings import ROOT
from tests.bundles import KEY, bundle
from tests.drawing import catch, each, message, sub

OPINION = """
[[messages]]
name = "opinion"
title = "部门意见"
title_en = "Opinion"
sender = "data_provider.case_handler"
"""
STORY = """
title = "哪个部门的意见，就归哪个部门"
start = "2026-04-21T09:30"
[submit.form]
agency = "gy-jtw"
[[steps]]
by = "data_provider.case_handler"
task = "name_departments"
[[steps]]
by = "data_provider.case_handler"
message = "opinion"
key = "second"
[[steps]]
expect = { open = [] }
[[steps]]
by = "data_provider.case_handler"
message = "opinion"
key = "first"
[[steps]]
expect = { open = ["summarise"] }
"""
WITHDRAWAL = """
[[messages]]
name = "withdraw"
title = "撤回"
title_en = "Withdraw"
sender = "proposer"
"""


def played(folder: Path, files: dict[str, bytes], *told: str) -> list[scenarios.Result]:
    """The stories of a bundle in a folder of its own, with the tables of this city beside it."""
    shutil.copytree(ROOT / "bpmn" / "shared", folder / "shared")
    stories = {f"scenarios/{number}.toml": text.encode() for number, text in enumerate(told)}
    for name, content in {**files, **stories}.items():
        path = folder / KEY / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return scenarios.run(folder / KEY)


def test_a_message_is_for_the_department_that_its_key_names(tmp_path: Path) -> None:
    asked = sub(
        "i_start > wait > i_end",
        each("['first', 'second']", "department"),
        wait=catch(message("opinion"), messageKey="department"),
    )
    files = bundle("start > name_departments > asked > summarise > end", more=OPINION, asked=asked)
    (result,) = played(tmp_path, files, STORY)
    assert result.ok, result.fault


def test_an_organisation_files_and_its_party_is_called_as_the_process_says(tmp_path: Path) -> None:
    files = bundle("start > wait > after > end", more=WITHDRAWAL, wait=catch(message("withdraw")))
    manifest = files["process.toml"].decode().replace("[parties.applicant]", "[parties.proposer]")
    manifest = manifest.replace('start_form = "start"', 'start_form = "start"\napplicants = "organisation"')
    story = (
        STORY.split("[[steps]]")[0]
        + '[[steps]]\nby = "proposer"\nmessage = "withdraw"\n[[steps]]\nexpect = { open = ["after"] }\n'
    )
    (result,) = played(tmp_path, files | {"process.toml": manifest.encode()}, story)
    assert result.ok, result.fault


def test_a_story_that_cannot_be_read_does_not_keep_the_others_from_being_played(tmp_path: Path) -> None:
    told = STORY.split("[[steps]]")[0]
    faulty, fine = played(tmp_path, bundle("start > a > end"), told + '[[steps]]\ntravel = "soon"\n', told)
    assert (faulty.ok, fine.ok) == (False, True)
    assert "step 1" in str(faulty.fault)
