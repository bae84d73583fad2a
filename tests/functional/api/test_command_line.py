"""The command line: one clear line for every error, exit codes that scripts can rely on."""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api import cli
from engine import clock
from engine.settings import ROOT
from tests import stopped
from tests.household import BUNDLE, Household

Run = Callable[..., tuple[int, str, str]]
DUBAN = Path(sys.executable).with_name("duban")
BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="x">
  <process id="p" isExecutable="true">
    <startEvent id="s"><outgoing>a</outgoing></startEvent>
    <sequenceFlow id="a" sourceRef="s" targetRef="e" />
    <endEvent id="e"><incoming>a</incoming></endEvent>
  </process>
</definitions>
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("DUBAN_VAR", str(tmp_path))
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def command(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["duban", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command


@pytest.fixture
def city(small_household: Household, tmp_path: Path) -> Path:
    """A furnished installation in the folder that the commands use."""
    return tmp_path


def test_alone_it_says_what_it_can_do(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    for name in (
        "serve",
        "worker",
        "deploy",
        "lint",
        "test",
        "due",
        "notice",
        "verify",
        "verify-audit",
        "seed",
        "travel",
        "catalogue",
        "user",
        "incidents",
        "incident",
        "webhook",
    ):
        assert f"  {name} " in out


@pytest.mark.parametrize(
    "wrong",
    [
        ["nonsense"],
        ["due"],
        ["due", "2026-04-21"],
        ["due", "2026-04-21", "ten"],
        ["due", "2026-02-30", "10"],
        ["due", "21.4.2026", "10"],
        ["due", "2026-04-21", "10", "--unit", "weeks"],
        ["due", "2026-04-21", "--", "-1"],
        ["due", "2026-04-21", "999999999"],
        ["due", "2026-04-21", "10", "--nonsense"],
        ["lint", "no/such/folder"],
        ["lint", "README.md"],
        ["lint"],
        ["deploy", "no/such/folder"],
        ["test", "no/such/folder"],
        ["notice", "render", "bpmn/open_data_request", "reply", "-o", "x.pdf"],
        ["notice", "render", "bpmn/open_data_request", "no_such", "--sample", "-o", "x.pdf"],
        ["notice", "render", "bpmn/open_data_request", "reply", "--case", "no_such", "-o", "x.pdf"],
        ["notice", "render", "bpmn/open_data_request", "reply", "--sample", "--case", "not_held", "-o", "x.pdf"],
        ["notice", "render", "bpmn/open_data_request", "reply", "--sample", "--lang", "fr", "-o", "x.pdf"],
        ["notice", "render", "bpmn/supervision_lead", "sheet", "--sample", "--lang", "en", "-o", "x.pdf"],
        ["notice", "render", "bpmn/open_data_request", "reply", "--facts", "no/such.json", "-o", "x.pdf"],
        ["notice", "render", "bpmn/open_data_request", "reply", "--facts", "README.md", "-o", "x.pdf"],
        ["notice", "list", "no/such/folder"],
        ["webhook", "add", "x", "https://10.0.0.1/"],
        ["catalogue"],
        ["catalogue", "import", "no/such.csv"],
        ["catalogue", "import", "README.md"],
        ["catalogue", "import", "pyproject.csv", "--organisation", "gy-none"],
        ["catalogue", "export", "no/such/folder/x.csv"],
        ["catalogue", "export", "x.txt"],
        ["catalogue", "export", "x.jsonld", "--organisation", "gy-none"],
        ["travel", "10"],
        ["travel", "+10y"],
        ["travel", "+99999999d"],
        ["user"],
        ["user", "role", "nobody", "gy-jtw", "case_handler"],
        ["user", "token", "nobody"],
        ["diagram", "draw", "no/such.bpmn"],
        ["diagram", "draw", "README.md"],
        ["serve", "--port", "99999999"],
        ["serve", "--host", "nowhere.invalid"],
    ],
)
def test_every_mistake_is_one_line_and_exit_code_2(run: Run, city: Path, wrong: list[str]) -> None:
    code, out, err = run(*wrong)
    assert code == 2, (out, err)
    assert err.startswith("duban: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert "unexpected" not in err


def test_a_missing_database_is_said_in_one_line(run: Run) -> None:
    for command in (["worker"], ["deploy", str(BUNDLE)], ["user", "list"], ["verify"], ["travel", "+1d"]):
        code, _, err = run(*command)
        assert (code, err.count("\n")) == (2, 1), command
        assert "duban db upgrade" in err


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_PORT", "eighty")
    code, _, err = run("worker")
    assert code == 2
    assert "DUBAN_PORT" in err


class TestDue:
    def test_the_first_line_is_the_date_alone(self, run: Run) -> None:
        assert run("due", "2026-04-21", "10") == (0, "2026-05-06\n", "")
        code, out, _ = run("due", "2026-04-21", "10", "--explain")
        assert code == 0
        assert out.splitlines()[0] == "2026-05-06"
        assert len(out.splitlines()) > 15

    def test_working_days(self, run: Run) -> None:
        assert run("due", "2026-04-20", "10", "--unit", "working")[1] == "2026-05-07\n"

    def test_as_json(self, run: Run) -> None:
        short = json.loads(run("due", "2026-04-21", "10", "--json")[1])
        long = json.loads(run("due", "2026-04-21", "10", "--json", "--explain")[1])
        assert short["due"] == long["due"] == "2026-05-06"
        assert "days" not in short
        assert long["days"][0]["verdict"] == "start"

    def test_in_the_language_of_the_terminal(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        monkeypatch.delenv("LC_ALL", raising=False)
        monkeypatch.delenv("LC_MESSAGES", raising=False)
        assert "起算当日，不计入" in run("due", "2026-04-21", "10", "--explain")[1]

    def test_without_loading_the_house(self) -> None:
        heavy = ["sqlalchemy", "pydantic", "fastapi", "SpiffWorkflow", "weasyprint", "jinja2", "cryptography"]
        script = (
            "import sys; sys.argv = ['duban', 'due', '2026-04-21', '10']\n"
            "from api.cli import main\n"
            "try: main()\n"
            f"finally: print([name for name in {heavy!r} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.stdout.splitlines() == ["2026-05-06", "[]"], done.stderr


class TestProcesses:
    def test_a_sound_process_passes_lint(self, run: Run) -> None:
        assert run("lint", str(BUNDLE)) == (0, "", "")
        assert run("lint", str(BUNDLE.parent))[0] == 0

    def test_a_ladder_beside_the_processes_is_judged_too(self, run: Run, tmp_path: Path) -> None:
        bundles = tmp_path / "bpmn"
        shutil.copytree(BUNDLE.parent, bundles)
        path = bundles / "shared" / "ladder.toml"
        path.write_text(path.read_text(encoding="utf-8").replace('at = "24:00"', 'at = "24:30"'), encoding="utf-8")
        code, out, _ = run("lint", str(bundles))
        assert code == 1
        assert out.startswith(f"{bundles}/shared/ladder.toml:")
        assert "24:30" in out

    def test_nothing_starts_with_a_faulty_ladder(self, run: Run, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DUBAN_BUNDLES", str(city))
        code, _, err = run("worker")
        assert code == 2
        assert "ladder.toml" in err

    def test_a_bare_file_passes_lint(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "sound.bpmn").write_text(BPMN)
        assert run("lint", str(tmp_path / "sound.bpmn"))[0] == 0

    def test_each_fault_is_a_line_with_file_element_and_reason(self, run: Run, tmp_path: Path) -> None:
        faulty = tmp_path / "faulty.bpmn"
        faulty.write_text(BPMN.replace('targetRef="e"', 'targetRef="nowhere"'))
        code, out, _ = run("lint", str(faulty))
        assert code == 1
        assert out
        for line in out.splitlines():
            file, element, reason = line.split(": ", 2)
            assert file == str(faulty)
            assert element
            assert reason

    def test_a_process_is_deployed_and_deploying_it_again_changes_nothing(self, run: Run) -> None:
        run("db", "upgrade")
        first = run("deploy", str(BUNDLE))
        assert first == (0, "open_data_request: version 1, words revision 1\n", "")
        assert run("deploy", str(BUNDLE)) == first

    def test_a_notice_is_typeset_from_its_sample(self, run: Run, tmp_path: Path) -> None:
        code, _, err = run("notice", "render", str(BUNDLE), "reply", "--sample", "-o", str(tmp_path / "reply.pdf"))
        assert (code, err) == (0, "")
        assert (tmp_path / "reply.pdf").read_bytes().startswith(b"%PDF-")

    def test_a_notice_is_typeset_as_a_draft_in_english_from_facts_in_a_file(self, run: Run, tmp_path: Path) -> None:
        facts = tmp_path / "facts.json"
        facts.write_bytes((BUNDLE / "notices" / "reply" / "samples" / "not_held.json").read_bytes())
        where = ("--facts", str(facts), "-o", str(tmp_path / "reply.pdf"))
        code, _, err = run("notice", "render", str(BUNDLE), "reply", "--lang", "en", "--draft", *where)
        assert (code, err) == (0, "")
        assert (tmp_path / "reply.pdf").read_bytes().startswith(b"%PDF-")

    def test_the_notices_of_a_process_are_listed_with_their_languages_and_samples(self, run: Run) -> None:
        code, out, _ = run("notice", "list", str(BUNDLE))
        assert code == 0
        assert "receipt  申请回执  slip  zh+en  sample provisional split_off split_off_overdue\n" in out

    def test_a_diagram_is_drawn(self, run: Run) -> None:
        code, out, _ = run("diagram", "draw", str(BUNDLE / "process.bpmn"))
        assert code == 0
        assert out.lstrip().startswith("<svg")


class TestPeople:
    def test_somebody_is_added_given_a_role_and_a_token(self, run: Run, city: Path) -> None:
        assert run("user", "add", "li.na", "李娜", stdin="a-good-password\n")[0] == 0
        assert run("user", "role", "li.na", "gy-jtw", "case_handler")[0] == 0
        listed = run("user", "list")[1]
        assert "李娜" in next(line for line in listed.splitlines() if line.startswith("li.na "))
        assert "case_handler@gy-jtw" in listed
        code, token, _ = run("user", "token", "li.na")
        assert code == 0
        assert token.startswith("duban_")
        (kept,) = run("user", "token", "li.na", "--list")[1].splitlines()
        assert run("user", "token", "li.na", "--revoke", kept.split()[0])[0] == 0
        assert run("user", "token", "li.na", "--list")[1] == ""
        assert run("user", "role", "li.na", "gy-jtw", "case_handler", "--end")[0] == 0

    def test_a_short_password_is_refused(self, run: Run, city: Path) -> None:
        code, _, err = run("user", "add", "li.na", "李娜", stdin="short\n")
        assert code == 2
        assert "8 to 200" in err

    def test_a_password_is_changed(self, run: Run, city: Path) -> None:
        assert run("user", "password", "handler", stdin="another-password\n")[0] == 0
        assert run("user", "password", "nobody", stdin="another-password\n")[0] == 2


class TestTime:
    def test_only_a_demonstration_travels(self, run: Run, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        code, _, err = run("travel", "+10d")
        assert code == 2
        assert "make demo" in err
        monkeypatch.setenv("DUBAN_DEMO", "1")
        code, out, _ = run("travel", "+10d")
        assert code == 0
        assert "in Guiyang" in out
        assert run("travel", "-10d")[0] == 0


class TestAlarms:
    def test_what_is_not_heard_is_a_line_and_exit_code_1(self, run: Run, city: Path) -> None:
        code, out, err = run("alarms")
        assert (code, err) == (1, "")
        assert out == "metronome: 1: The worker is not heard any more\n"
        with sqlite3.connect(city / "duban.db") as connection:
            beat = ("metronome_beat", clock.wall().isoformat())
            connection.execute("INSERT INTO system_value (name, value) VALUES (?, ?)", beat)
        assert run("alarms") == (0, "All is heard of.\n", "")


class TestAudit:
    def test_a_whole_record_passes_and_a_changed_one_is_told(self, run: Run, city: Path) -> None:
        assert run("verify-audit")[0] == 0
        assert run("verify") == (0, "Everything belongs together.\n", "")
        with sqlite3.connect(city / "duban.db") as connection:
            connection.execute("UPDATE audit_event SET name = 'nothing.happened' WHERE position = 2")
        for command in ("verify-audit", "verify"):
            code, out, _ = run(command)
            assert code == 1
            assert "changed" in out


class TestIncidents:
    @pytest.fixture
    def incident(self, small_household: Household) -> str:
        """A case that has stopped, in the installation that the commands use."""
        return stopped.stop(small_household)

    def test_a_stopped_case_is_listed_shown_corrected_and_tried_again(self, run: Run, incident: str) -> None:
        (line,) = run("incidents")[1].splitlines()
        assert line.split()[0] == incident
        assert line.endswith("expression-failed  试办 · s")
        _, shown, _ = run("incident", "show", incident[:8])
        assert f"{incident}  expression-failed  open" in shown
        assert "at s (held)" in shown
        assert "field: amount (string, filled, read here)" in shown
        assert stopped.SECRET not in shown
        assert run("incident", "retry", incident, "--reason", "试一试") == (
            0,
            "It was done; the process then stopped at “s”.\nTried again; the incident is still open.\n",
            "",
        )
        assert run("incident", "correct", incident, "amount=3", "kept=yes", "--reason", "已核实")[0] == 0
        assert run("incident", "retry", incident, "--reason", "已更正")[1].endswith("the incident is settled.\n")
        assert run("incidents") == (0, "", "")
        assert "token.retried  " in run("incident", "show", incident)[1]

    def test_the_held_token_is_moved_when_no_other_is_named(self, run: Run, incident: str) -> None:
        code, _, err = run("incident", "cancel", incident, "--reason", "不再需要")
        assert (code, err.count("\n")) == (2, 1)
        assert "move it to an end" in err
        code, out, _ = run("incident", "move", incident, "--to", "count", "--reason", "请重新填写")
        assert (code, out) == (0, "Moved; the incident is settled.\n")

    def test_a_reason_is_kept_as_one_line_without_commands_for_terminals(self, run: Run, incident: str) -> None:
        assert run("incident", "retry", incident, "--reason", "已核实\x1b[31m\n请看")[0] == 0
        _, shown, _ = run("incident", "show", incident)
        assert "token.retried    已核实 [31m 请看\n" in shown

    def test_every_mistake_of_an_operator_is_one_line(self, run: Run, incident: str) -> None:
        for wrong in (
            ["show", "nobody"],
            ["show", ""],
            ["retry", incident],
            ["retry", incident, "--reason", " "],
            ["resolve", incident, "--reason", "x"],
            ["correct", incident, "--reason", "x"],
            ["correct", incident, "amount", "--reason", "x"],
            ["correct", incident, "total=three", "--reason", "x"],
            ["correct", incident, "amount=1", "amount=2", "--reason", "x"],
            ["correct", incident, "nothing=1", "--reason", "x"],
            ["move", incident, "--reason", "x"],
            ["move", incident, "--to", "nowhere", "--reason", "x"],
            ["cancel", incident, "--token", "x", "--reason", "x"],
        ):
            code, _, err = run("incident", *wrong)
            assert (code, err.count("\n"), err[:7]) == (2, 1, "duban: "), (wrong, err)
            assert "unexpected" not in err


class TestServing:
    @pytest.fixture
    def server(self, city: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
        environment = {**os.environ, "DUBAN_VAR": str(city), "DUBAN_METRONOME_SECONDS": "0.2", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [DUBAN, "serve", "--port", "0"],
            env=environment,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout
        assert process.stdout.readline() == "Duban 督办\n"
        yield process, process.stdout.readline().split()[0]
        if process.poll() is None:
            process.kill()
        process.communicate()

    def test_it_says_where_it_is_and_stops_when_told(self, server: tuple[subprocess.Popen[str], str]) -> None:
        process, address = server
        assert fetch(f"{address}readyz") == '{"ready":true}'
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "Traceback" not in err

    def test_a_busy_port_is_said_in_one_sentence(self, run: Run, server: tuple[subprocess.Popen[str], str]) -> None:
        port = server[1].rstrip("/").rpartition(":")[2]
        code, _, err = run("serve", "--port", port)
        assert (code, err.count("\n")) == (2, 1)
        assert port in err
        assert "--port" in err

    def test_a_worker_stops_when_told(self, city: Path) -> None:
        process = subprocess.Popen(
            [DUBAN, "worker"],
            env={**os.environ, "DUBAN_VAR": str(city)},
            cwd=ROOT,
            text=True,
            stderr=subprocess.PIPE,
        )
        assert process.stderr
        assert "beats" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stderr.close()


def fetch(address: str, seconds: float = 30) -> str:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
