"""A browser, and an office for it to look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.office import TODAY, Office, furnish, make_busy, opened
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
PATIENCE = 30_000

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


@pytest.fixture(scope="session")
def furnished_office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office without a case, to copy."""
    folder = tmp_path_factory.mktemp("furnished_office")
    shutil.copyfile(sqlite_template, folder / "duban.db")
    furnish(folder)
    return folder


@pytest.fixture(scope="session")
def busy_office(furnished_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a busy office, to copy."""
    folder = tmp_path_factory.mktemp("busy_office")
    shutil.copytree(furnished_office, folder, dirs_exist_ok=True)
    make_busy(folder)
    return folder


@pytest.fixture(scope="module")
def office(busy_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A busy office on a Tuesday morning before Labour Day; what tests do to it stays done until the next file."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copytree(busy_office, folder, dirs_exist_ok=True)
    with opened(folder, at=TODAY) as busy:
        yield busy


@pytest.fixture
def new_page(browser: Browser, office: Office) -> Iterator[Open]:
    """Pages of browsers that know nothing of each other, on the office."""
    yield from pages(browser, office)


def pages(browser: Browser, office: Office) -> Iterator[Open]:
    """A function that opens a fresh browser, signed in when a login is given. What a page logs as an error fails the test.

    Who has signed in once brings the cookies of then into further browsers.
    """
    contexts, complaints = [], []

    def complain(message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            complaints.append(message.text)

    def new(login: str = "", at: str = "/", **options: Any) -> Page:
        kept, landing = office.signed_in.get(login, (None, ""))
        context = browser.new_context(base_url=office.address, locale="zh-CN", storage_state=kept, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        if login and not kept:
            page.goto("/sign-in")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.click("main button")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            landing = page.url
            office.signed_in[login] = context.storage_state(), landing
        if kept or not login or at != "/":
            page.goto(landing if login and at == "/" else at)
        return page

    yield new
    for context in contexts:
        context.close()
    assert complaints == []
