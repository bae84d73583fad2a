"""A browser, and an office for it to look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.office import FILED, TODAY, Office, opened
from tests.household import PASSWORD
from tests.machine import ROOT, missing

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--lang=zh-CN",
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 30_000  # milliseconds: the machine may be busy

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Chromium, driven."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of the accessibility checker."""
    if not AXE.exists():
        missing("axe-core (scripts/setup_node.sh installs it)")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A busy office on a Tuesday morning before Labour Day; what tests do to it stays done until the next file."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copyfile(sqlite_template, folder / "duban.db")
    with opened(folder) as busy:
        for moment, applicant, kind, dataset, steps in FILED:
            busy.go_to(moment)
            busy.file(applicant, kind, dataset)
            busy.do("zhou.min", steps)
        busy.go_to(TODAY)
        busy.work()
        yield busy


@pytest.fixture
def new_page(browser: Browser, office: Office) -> Iterator[Open]:
    """Pages of browsers that know nothing of each other, on the office."""
    yield from pages(browser, office)


def pages(browser: Browser, office: Office) -> Iterator[Open]:
    """A function that opens a fresh browser, signed in when a login is given. What a page logs as an error fails the test."""
    contexts, complaints = [], []

    def complain(message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            complaints.append(message.text)

    def new(login: str = "", at: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=office.address, locale="zh-CN", **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        if login:
            page.goto("/sign-in")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.click("main button")
            page.wait_for_url(lambda url: "/sign-in" not in url)
        if not login or at != "/":
            page.goto(at)
        return page

    yield new
    for context in contexts:
        context.close()
    assert complaints == []
