"""``duban migrate``: an operator sees what would happen, does it, takes it back; killed in the middle, it goes on."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api import cli
from engine import definitions, maintenance
from engine.access import SYSTEM
from engine.models import InstanceMigration, ProcessInstance
from engine.settings import ROOT
from tests import other_versions
from tests.factories import World

Run = Callable[..., tuple[int, str, str]]
KEY = "open_data_request"
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: World, tmp_path: Path) -> Run:
    """Runs a command in this process over the world's installation: exit code, standard output, standard error."""
    monkeypatch.setenv("DUBAN_VAR", str(tmp_path))

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["duban", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command


def deploy(world: World, files: dict[str, bytes]) -> None:
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, files)


def test_a_dry_run_counts_first_and_then_says_what_would_happen_to_each_case(run: Run, world: World) -> None:
    gone = world.submit().reference
    world.reach("assess")
    stays = world.submit().reference
    deploy(world, other_versions.assessed_elsewhere())
    code, out, err = run("migrate", KEY, "--to", "2", "--dry-run")
    first, *lines = out.splitlines()
    assert (code, err) == (1, "")
    assert first == "2 cases (2 on version 1): 1 can go over, 1 cannot."
    told = {line.split()[0]: line for line in lines}
    assert "cannot; assess: the new version has no such node; stays: reply_overdue (timer)" in told[gone]
    assert "1 → 2  can go over; stays: check (task), reply_overdue (timer)" in told[stays]
    assert not world.all(InstanceMigration)


def test_what_begins_to_listen_and_what_is_worth_knowing_stands_in_the_line(run: Run, world: World) -> None:
    world.submit()
    deploy(world, other_versions.with_reminders())
    deploy(world, other_versions.with_an_intake_target())
    assert "begins to listen: reminder_received" in run("migrate", KEY, "--to", "2", "--dry-run")[1]
    assert "note: intake_target: a new clock, which would run since" in run("migrate", KEY, "--to", "3", "--dry-run")[1]


def test_cases_go_over_and_back(run: Run, world: World) -> None:
    reference = world.submit().reference
    world.submit()
    deploy(world, other_versions.countersigned())
    code, out, _ = run("migrate", KEY, "--to", "2", "--reason", "会签", "--case", reference, "--from", "1")
    assert code == 0
    assert out.splitlines()[-1] == "1 case (1 on version 1): 1 went over."
    number = re.search(r"--undo (\w+)", out)
    assert number is not None
    code, out, _ = run("migrate", "--undo", number[1], "--reason", "错误")
    assert (code, out.splitlines()[-1]) == (0, "1 case (1 on version 2): 1 went back.")
    assert run("migrate", "--undo", number[1], "--reason", "错误")[:2] == (0, "There are no such cases.\n")


def test_programs_read_it_as_json(run: Run, world: World) -> None:
    world.submit()
    deploy(world, other_versions.countersigned())
    plan = json.loads(run("migrate", KEY, "--to", "2", "--dry-run", "--json")[1])
    assert (plan["run"], plan["counts"]) == (None, {"possible": 1})
    assert {"node": "check", "kind": "task"} in plan["cases"][0]["stays"]
    done = json.loads(run("migrate", KEY, "--to", "2", "--reason", "会签", "--json")[1])
    assert done["counts"] == {"migrated": 1}
    assert json.loads(run("migrate", "--undo", done["run"], "--reason", "错误", "--json")[1])["counts"] == {
        "returned": 1
    }


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [KEY],
        [KEY, "--to", "1"],
        [KEY, "--to", "0", "--dry-run"],
        [KEY, "--to", "99999999999999999999", "--dry-run"],
        [KEY, "--to", "99", "--dry-run"],
        ["nonsense", "--to", "1", "--dry-run"],
        [KEY, "--to", "1", "--dry-run", "--case", "KF-2000-000001"],
        [KEY, "--to", "1", "--reason", "x", "--undo", "y"],
        ["--undo", "nonsense", "--reason", "x"],
        ["--undo", "nonsense"],
        ["--undo", "nonsense", "--dry-run"],
        [KEY, "--to", "1", "--reason", "x", "--batch", "0"],
        [KEY, "--to", "99", "--reason", "x"],
    ],
)
def test_every_mistake_is_one_line_and_exit_code_2(run: Run, wrong: list[str]) -> None:
    code, _, err = run("migrate", *wrong)
    assert code == 2
    assert err.startswith("duban: ")
    assert err.count("\n") == 1
    assert "unexpected" not in err


def test_killed_in_the_middle_it_leaves_every_case_whole_and_goes_on_later(
    run: Run, world: World, tmp_path: Path
) -> None:
    cases = {world.submit().case_id for _ in range(60)}
    deploy(world, other_versions.countersigned())
    _killed_when(tmp_path, lambda: len(world.all(InstanceMigration)) >= 20)
    moved = {row.case_id for row in world.all(InstanceMigration)}
    assert 0 < len(moved) < len(cases)
    pinned = {i.case_id: i.definition_id for i in world.all(ProcessInstance)}
    assert len({pinned[case_id] for case_id in moved}) == len({pinned[case_id] for case_id in cases - moved}) == 1
    for world.case_id in (min(moved), min(cases - moved)):
        world.do("check")
    code, out, _ = run("migrate", KEY, "--to", "2", "--reason", "会签")
    assert (code, out.splitlines()[-1].count(f"{len(cases - moved)} went over")) == (0, 1)
    assert {row.case_id for row in world.all(InstanceMigration)} == cases
    assert len(world.all(InstanceMigration)) == len(cases)
    assert maintenance.verify_audit(world.database) == []


def _killed_when(folder: Path, so_far: Callable[[], bool]) -> None:
    """Migrate in a process of its own that can say only a page of lines before it waits for a reader; end it by SIGKILL."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    command = [sys.executable, "-m", "api.cli", "migrate", KEY, "--to", "2", "--reason", "会签"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DUBAN_VAR": str(folder)}, stdout=writer) as process:
        while process.poll() is None and not so_far():
            time.sleep(0.05)
        process.kill()
    os.close(writer)
    os.close(reader)
