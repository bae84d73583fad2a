"""The check of texts finds what it is there to find, and leaves alone what is right."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import ROOT

SCRIPT = ROOT / "scripts" / "check_text.py"

FAULTS = {
    "api/templates/inbox.html": ("<p>\n已逾期,请尽快办理</p>", 2),
    "api/templates/track.html": ("<!-- 注释, -->\n\n<p>答复期限(工作日)</p>", 3),
    "api/pages/desk.py": ('def title(n: int) -> str:\n    return f"共{n}件, 其中"\n', 2),
    "api/locale/zh_Hans_CN/LC_MESSAGES/messages.po": ('msgid "Save?"\nmsgstr "要保存吗?"\n', 2),
    "bpmn/demand/process.toml": ('key = "demand"\n[lanes]\nhandler = "经办人;科长"\n', 3),
    "bpmn/demand/forms/apply.schema.json": ('{\n  "title": "名称:"\n}\n', 2),
    "bpmn/demand/process.bpmn": ("<a>\n<!-- 评论: -->\n<b name='需要脱敏?'/></a>", 3),
    "bpmn/demand/notices/reply/body.html.j2": ("{# 说明, #}\n答复如下...", 2),
    "engine/tasks.py": ("def f(session):\n    session.commit()\n", 2),
    "engine/jobs.py": ("from datetime import datetime, UTC\nnow = datetime.now(UTC)\n", 2),
    "engine/models/case.py": ("import sqlalchemy as sa\nat = sa.func.now()\n", 2),
    "engine/cases.py": ('def f(case):\n    return case.process_key == "demand"\n', 2),
    "package-lock.json": ('{\n"resolved": "somewhere"}', 2),
    "setup.cfg": ("[install]\nindex-url = somewhere\n", 2),
    "docs/how.md": ("See\n/home/somebody/duban/README.md\n", 2),
    "docs/latin.md": ("\xff".encode("latin-1"), 1),
}

IN_ORDER = {
    "api/templates/inbox.html": "<style>p { font-family: 仿宋, serif }</style>{# 注, #}<p>已逾期，请办（{{ n }}）</p>",
    "api/pages/desk.py": '"""The inbox (收件箱), by due date."""\nTITLES = {"收件箱": "待办", "x": ("甲", "乙")}\n',
    "api/locale/en/LC_MESSAGES/messages.po": 'msgid "x"\nmsgstr "The inbox (收件箱)"\n',
    "bpmn/demand/process.toml": '# 注释, English: no fault\ntitle = "开放需求申请"\ntitle_en = "Request (申请)"\n',
    "bpmn/demand/locale/en.toml": 'title = "Open data request (开放需求申请), Art. 21"\n',
    "bpmn/demand/forms/apply.schema.json": '{"pattern": "^[一-龥,;]+$", "enum": ["甲", "乙"]}',
    "bpmn/demand/decisions/test.dmn": "<a><text>'甲','乙'</text></a>",
    "engine/db.py": "def f(session):\n    session.commit()\n",
    "engine/clock.py": "from datetime import datetime, UTC\nnow = datetime.now(UTC)\n",
    "engine/leads.py": 'import time\nGROUND = "demand"\nwaited = time.monotonic()\n',
    "docs/how.md": "Open https://example.org/home/index and /usr/lib/postgresql; the inbox (收件箱) is at /work.\n",
    "logo.png": b"\x89PNG\0\xff",
}


def _check(folder: Path, files: dict[str, str | bytes]) -> subprocess.CompletedProcess[str]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    command = [sys.executable, str(SCRIPT), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_file_and_line(name: str, tmp_path: Path) -> None:
    content, line = FAULTS[name]
    manifest = FAULTS["bpmn/demand/process.toml"][0].replace(";", "；")
    done = _check(tmp_path, {"bpmn/demand/process.toml": manifest, name: content})
    assert done.returncode == 1
    assert [fault.rsplit(": ", 1)[0].split(": ")[0] for fault in done.stdout.splitlines()] == [f"{name}:{line}"]


def test_what_is_right_is_left_alone(tmp_path: Path) -> None:
    done = _check(tmp_path, IN_ORDER)
    assert (done.stdout, done.returncode) == ("", 0)
