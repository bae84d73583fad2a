"""The life of one case, from filing to the opened data, with everything in it that machines do besides."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

from engine import definitions
from engine.models import Case
from tests.factories import BUNDLE
from tests.faults.stage import LEASES_RUN_OUT, Act, Stage

Step = Callable[[Stage], Act]

MAIL = "wang.wu@example.com"
PAPER = ("说明.pdf", "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")


def zipped(*replaced: tuple[str, str, str]) -> bytes:
    """The open-data request as a ZIP file, with texts of files replaced."""
    files = dict(definitions.read_folder(BUNDLE))
    for path, old, new in replaced:
        assert old.encode() in files[path]
        files[path] = files[path].replace(old.encode(), new.encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def _deploys(stage: Stage) -> Act:
    return stage.deploy(zipped(("process.toml", "days = 20", "days = 21")))


def _files(stage: Stage) -> Act:
    return stage.file([PAPER], email=MAIL)


def _works(stage: Stage) -> Act:
    if not stage.world.case_id:
        stage.world.case_id = stage.world.one(Case).id
    return stage.work()


def _completes(node: str, **changed: Any) -> Step:
    return lambda stage: stage.complete(node, **changed)


def _supplements(stage: Stage) -> Act:
    return stage.send("supplement", [PAPER], content="需要停车场名称、位置、空余泊位，2026年全年。")


def _after(to: str, step: Step) -> Step:
    def later(stage: Stage) -> Act:
        stage.world.travel(to)
        return step(stage)

    return later


STORY: tuple[Step, ...] = (
    _deploys,
    _files,
    _works,
    _completes("check", intake_action="supplement", defects="没有写明需要哪些字段。"),
    _works,
    _completes("approve_intake", intake_approval="approve"),
    _works,
    _after("+1d", _supplements),
    _completes("check"),
    _completes("assess"),
    _completes("confidentiality_review"),
    _after("2026-05-07T00:00", _works),  # the answer is late
    _completes("explain_delay", delay_reason="人手不足。", delay_until="2026-05-20"),
    _completes("draft_reply"),
    _works,
    _completes("review_reply"),
    _completes("sign_reply"),
    _works,
    _completes("open_dataset"),
    _works,
    _completes("verify_opening"),
    _completes("sign_completion"),
    _works,
)


def rehearsed(stage: Stage) -> None:
    """The first acts of the story, from the filing to the second check."""
    stage.rehearsal = True
    for step in STORY[1:9]:
        outcome = stage.do(step(stage))
        assert outcome.ok, outcome


def played(stage: Stage) -> None:
    """The story as it goes when nothing happens to anybody."""
    for step in STORY:
        outcome = stage.do(step(stage))
        assert outcome.ok, outcome
    finished(stage)


def finished(stage: Stage) -> None:
    """All that waits for its turn, or to be tried again, has had it."""
    stage.ahead += LEASES_RUN_OUT
    assert stage.do(stage.work()).ok
