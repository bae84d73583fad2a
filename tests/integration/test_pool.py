"""The helper processes end well, whatever happens to them, to us, or to what lies between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from engine.settings import Settings
from notices import render, viewer, worker
from notices.paper import NoPdf, PageNotFound, RenderBusy, RenderFailed, RenderTimedOut
from notices.pool import Pool
from notices.render import question, written
from tests import papers
from tests.machine import ROOT
from tests.papers import paper

pytestmark = pytest.mark.sqlite_only
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a %}{% endfor %}{% endfor %}"


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool("notices.worker", 1, 10, wait=1)
    yield made
    made.close()


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found


def _soon(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def test_a_process_that_is_killed_fails_its_paper_and_the_next_one_is_set(pool: Pool) -> None:
    before = _children()
    pool.ask(worker.CHECK, question(paper()))
    (process,) = _children() - before
    with ThreadPoolExecutor(1) as asker:
        asked = asker.submit(pool.ask, worker.WRITE, question(paper(ENDLESS)))
        time.sleep(0.5)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(RenderFailed):
            asked.result()
    assert written(pool.ask(worker.WRITE, question(paper()))).content.startswith(b"%PDF")


def test_an_idle_process_that_was_killed_is_replaced(pool: Pool) -> None:
    before = _children()
    pool.ask(worker.CHECK, question(paper()))
    for process in _children() - before:
        os.kill(process, signal.SIGKILL)
        assert _soon(lambda ended=process: ") Z " in Path(f"/proc/{ended}/stat").read_text())
    assert pool.ask(worker.CHECK, question(paper())) == b""


def test_who_waits_too_long_for_a_process_is_told_to_come_back(pool: Pool) -> None:
    before = _children()
    pool.ask(worker.CHECK, question(paper()))
    with ThreadPoolExecutor(1) as asker:
        asked = asker.submit(pool.ask, worker.WRITE, question(paper(ENDLESS)))
        time.sleep(0.3)
        with pytest.raises(RenderBusy) as refusal:
            pool.ask(worker.CHECK, question(paper()))
        assert "请稍后再试" in refusal.value.sentence("zh")
        pool.close()
        for process in _children() - before:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(RenderFailed):
            asked.result()


def test_no_process_stays_when_the_pool_is_closed_even_one_that_is_busy() -> None:
    before, closing = _children(), Pool("notices.worker", 2, 10)
    with ThreadPoolExecutor(2) as askers:
        asked = [askers.submit(closing.ask, worker.WRITE, question(paper())) for _ in range(2)]
        assert _soon(lambda: len(_children() - before) == 2)
        closing.close()
        assert all(written(one.result()).content for one in asked)
    assert _soon(lambda: _children() == before)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_processes_end_with_us_however_we_die(how: signal.Signals) -> None:
    ours = (
        "import sys, time\n"
        "from notices import worker\nfrom notices.pool import Pool\nfrom notices.render import question\n"
        "from tests.papers import paper\n"
        "pool = Pool('notices.worker', 1, 10)\npool.ask(worker.CHECK, question(paper()))\n"
        "print(pool._idle[0].id, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", ours], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert Path(f"/proc/{child}").exists()
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    assert _soon(lambda: not Path(f"/proc/{child}").exists())


def test_a_process_that_stops_reading_is_given_up() -> None:
    pdf, before, impatient = render.render(paper()), _children(), Pool("notices.viewer", 1, 1)
    impatient.ask(viewer.COUNT, pdf)
    (process,) = _children() - before
    os.kill(process, signal.SIGSTOP)  # it reads no more, and a large order fills the pipe
    with pytest.raises(RenderTimedOut):
        impatient.ask(viewer.COUNT, b"%PDF-" + b"x" * 8_000_000)
    assert _soon(lambda: _children() == before)
    impatient.close()


def test_the_time_of_an_order_is_counted_from_its_beginning_whatever_the_process_has_used_before() -> None:
    once = (
        "import signal, sys; from notices import orders; orders._allow(9); sum(range(30_000_000)); orders._allow(9); "
    )
    told = "print(signal.getitimer(signal.ITIMER_PROF)[0])"
    left = subprocess.run([sys.executable, "-c", once + told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 8.9 < float(left.stdout) <= 9.1


def test_as_many_papers_are_set_at_once_as_there_are_cores_but_two_at_most() -> None:
    assert render.workers(Settings(render_workers=3)) == 3
    assert 1 <= render.workers(Settings()) <= 2


# -- pictures ------------------------------------------------------------------------------------------------------------


def test_pages_become_pictures() -> None:
    pdf = render.render(paper("{% for _ in range(30) %}<p>国</p>{% endfor %}"))
    drawn = render.pictures(pdf)
    assert len(drawn) == render.count_pages(pdf) == 2
    assert all(png.startswith(b"\x89PNG") for png in drawn)
    assert render.picture(pdf, 1) == drawn[1]
    with pytest.raises(PageNotFound):
        render.picture(pdf, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        b"\x00" * 1000,
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n",
        b"%PDF-1.7\n" + b"[" * 100_000,
        b"<html></html>",
        b"x" * (render.LARGEST_PDF + 1),
    ],
    ids=["empty", "head", "zeros", "no pages", "nested", "html", "huge"],
)
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(NoPdf) as refusal:
        render.pictures(content)
    assert "PDF" in refusal.value.sentence("zh")


def test_a_picture_has_a_largest_size() -> None:
    assert len(render.picture(render.render(paper()), 0, dpi=1_000_000)) < 5_000_000


def test_a_draft_carries_its_mark_across_the_page_and_nothing_more_to_copy() -> None:
    issued, draft = render.render(paper()), render.render(paper(number=None))
    pale = [sum(papers.image(pdf).convert("L").histogram()[230:245]) for pdf in (issued, draft)]
    assert pale[1] > pale[0] + 10_000
    assert papers.text(draft).count("草稿") == 1
