"""``duban calendar``: what a notice moves, approved, applied, gone on with; and due dates that follow it."""

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from api import cli
from engine import calendar_versions
from engine.access import SYSTEM
from engine.models import Deadline, HolidayNotice
from tests import holiday_files
from tests.factories import World

Run = Callable[..., tuple[int, str, str]]
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


def due_on(world: World) -> date:
    day = world.one(Deadline, case_id=world.case_id, name="reply").due_on
    assert day is not None
    return day


@pytest.fixture
def file(world: World, tmp_path: Path) -> Path:
    """The notice of the year in which the case is due, with its due date and the day after made holidays."""
    world.submit()
    world.work(papers=True)
    with world.database.reading(SYSTEM) as reading:
        calendar = calendar_versions.current(reading)
    path = tmp_path / "notice.toml"
    path.write_text(holiday_files.notice(calendar, 2026, due_on(world), date(2026, 5, 7)), encoding="utf-8")
    return path


def test_a_dry_run_says_what_moves_in_its_first_line_and_changes_nothing(run: Run, world: World, file: Path) -> None:
    code, out, err = run("calendar", "import", str(file), "--dry-run")
    first, *lines = out.splitlines()
    assert (code, err) == (0, "")
    assert first.startswith("1 case moves, ")
    assert f"{world.case().reference}  reply  2026-05-06 → 2026-05-08" in "\n".join(lines)
    assert "note: " in out
    assert due_on(world) == date(2026, 5, 6)
    assert not world.all(HolidayNotice)


def test_what_is_unusual_and_what_is_not_approved_changes_nothing(run: Run, world: World, file: Path) -> None:
    code, _, err = run("calendar", "import", str(file), "--yes")
    assert (code, "--read-again" in err) == (2, True)
    code, _, err = run("calendar", "import", str(file), "--read-again")
    assert (code, "--yes" in err) == (2, True)  # nobody is there to be asked
    assert not world.all(HolidayNotice)


def test_what_is_approved_is_applied_and_the_same_again_says_so(run: Run, world: World, file: Path) -> None:
    code, out, _ = run("calendar", "import", str(file), "--yes", "--read-again", "--reason", "公布")
    assert (code, out.splitlines()[-1]) == (0, "1 case corrected.")
    assert due_on(world) == date(2026, 5, 8)
    assert world.one(HolidayNotice).reason == "公布"
    code, out, _ = run("calendar", "import", str(file), "--yes")
    assert (code, out.splitlines()[-1]) == (0, "Nothing is left to do.")
    assert run("due", "2026-04-21", "10")[1] == "2026-05-08\n", "the date is counted with what was approved"
    assert "in force" in run("calendar", "list")[1]
    assert "2026-05-07  holiday  特别假期" in run("calendar", "show", "2026")[1]


def test_a_recount_that_was_killed_goes_on_when_the_notice_is_imported_again(
    run: Run, world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine import corrections

    right = corrections.correct_all

    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(corrections, "correct_all", dies)
    assert run("calendar", "import", str(file), "--yes", "--read-again")[0] == 130
    monkeypatch.setattr(corrections, "correct_all", right)
    assert due_on(world) == date(2026, 5, 6)
    assert run("calendar", "import", str(file), "--yes")[1].splitlines()[-1] == "1 case corrected."
    assert due_on(world) == date(2026, 5, 8)


def test_a_program_reads_it_as_json_and_writes_the_notice_as_json(run: Run, world: World, tmp_path: Path) -> None:
    world.submit()
    path = tmp_path / "2026.json"
    holiday = {"name": "特别假期", "from": "2026-05-01", "to": "2026-05-07"}
    path.write_text(json.dumps({"year": 2026, "source": "通知", "holiday": [holiday]}), encoding="utf-8")
    code, out, _ = run("calendar", "import", str(path), "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["moved"], told["moves"][0]["reference"]) == (0, 1, world.case().reference)
    told = json.loads(run("calendar", "import", str(path), "--yes", "--read-again", "--json")[1])
    assert (told["in_force"], told["corrected"]) == (True, 1)
    assert json.loads(run("calendar", "held", "--json")[1]) == []
    assert json.loads(run("calendar", "list", "--json")[1])["notices"][0]["state"] == "in force"


def test_a_printed_date_that_would_become_earlier_is_listed(run: Run, world: World, file: Path, tmp_path: Path) -> None:
    world.work(papers=True)
    run("calendar", "import", str(file), "--yes", "--read-again")
    world.work(papers=True)  # the later date is told, and so printed
    with world.database.reading(SYSTEM) as reading:
        text = holiday_files.notice(calendar_versions.holidays.published(), 2026)
        assert calendar_versions.in_force(reading)
    earlier = tmp_path / "earlier.toml"
    earlier.write_text(text, encoding="utf-8")
    code, out, _ = run("calendar", "import", str(earlier), "--yes", "--read-again")
    assert (code, "1 more: a printed date would become earlier" in out) == (0, True)
    assert f"{world.case().reference}  答复期限  2026-05-08 → 2026-05-06" in run("calendar", "held")[1]


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe\x00", b"[" * 10_000, b'{"year": 1e999}', b"year = 2027\n"])
def test_a_file_that_is_no_notice_is_one_clear_line(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    code, out, err = run("calendar", "import", str(path), "--dry-run")
    assert (code, out) == (2, "")
    assert err.startswith("duban: The holiday notice bad.toml cannot be used: ")
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    code, _, err = run("calendar", "import", str(tmp_path / "none.toml"))
    assert (code, "No such file" in err) == (2, True)
