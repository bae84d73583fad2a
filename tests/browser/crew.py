"""People of several houses at their desks, who read labels and press buttons as anybody would; each signs in once."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from engine import cases, directory, tasks
from engine.access import PUBLIC, SYSTEM
from engine.models import Task
from tests.browser.conftest import PATIENCE, Open
from tests.browser.office import REQUEST, Office, actor_of
from tests.browser.test_screens import CHECK, RULES, WIDTHS, keep_picture
from tests.household import password_hash

Answers = Mapping[str, str | Sequence[str]]
DONE = "本环节已经提交，流程继续。"


def hire(office: Office, people: Mapping[str, tuple[str, str, str]]) -> None:
    """Give an office more people: login → (name, code of the organisation, role)."""
    with office.database.unit_of_work(SYSTEM) as uow:
        for login, (name, organisation, role) in people.items():
            person = directory.create_person(uow, login, name, password_hash())
            directory.grant_role(uow, person.id, directory.organisation(uow, organisation).id, role)


def fill(form: Locator, answers: Answers) -> None:
    """Answer the fields of a form that have these labels; a choice is named by its own label."""
    for label, answer in answers.items():
        named = re.compile(rf"^\s*{re.escape(label)}(必填)?\s*$")
        group = form.locator("fieldset").filter(has=form.page.locator("legend", has_text=named))
        if group.count():
            for choice in [answer] if isinstance(answer, str) else answer:
                group.get_by_label(choice, exact=True).check()
            continue
        entry = form.locator(".field").filter(has=form.page.locator("label", has_text=named))
        box = entry.locator("input, select, textarea").first
        if box.evaluate("e => e.tagName") == "SELECT":
            box.select_option(label=str(answer))
        elif box.get_attribute("type") == "checkbox":
            box.check()
        else:
            box.fill(str(answer))


def soon(page: Page, wanted: Locator) -> Locator:
    """Something that the machine is about to do: look again until it is there."""
    limit = time.monotonic() + PATIENCE / 1000
    while not wanted.count():
        assert time.monotonic() < limit, f"never came: {wanted} on {page.inner_text('main')}"
        time.sleep(0.3)
        page.reload()
    return wanted.first


def downloaded(page: Page, link: Locator) -> bytes:
    """What a link gives."""
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


@dataclass
class Crew:
    """The people of a test."""

    office: Office
    new_page: Open
    axe: str
    pages: dict[str, Page] = field(default_factory=dict)

    def at(self, login: str, address: str) -> Page:
        """The page of somebody, at an address."""
        if login not in self.pages:
            self.pages[login] = self.new_page(login, address)
        else:
            self.pages[login].goto(address)
        return self.pages[login]

    def take(self, login: str, reference: str, step: str) -> Page:
        """Let somebody claim a step that waits in their queue; its page."""
        page = self.at(login, "/desk?view=queue")
        row = page.locator("tbody tr").filter(has_text=reference).filter(has_text=step)
        soon(page, row).get_by_role("button", name="领取").click()
        expect(page.locator("h1")).to_contain_text(step)
        return page

    def do(self, login: str, reference: str, step: str, answers: Answers) -> None:
        """Let somebody claim a step, answer its form and send it; then the machine does what is due."""
        self.send(self.take(login, reference, step), answers)

    def send(self, page: Page, answers: Answers) -> None:
        """Answer the form of a claimed step and send it."""
        fill(page.locator("#work"), answers)
        page.locator("#work").get_by_role("button", name="提交", exact=True).click()
        expect(page.locator(".said")).to_have_text(DONE)
        self.office.work()

    def look(self, page: Page, picture: str) -> None:
        """A page is accessible and as wide as the window, wide and narrow."""
        page.wait_for_load_state()
        page.evaluate(self.axe)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(CHECK, RULES) == [], f"{picture} at {width}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{picture} at {width}"
            keep_picture(page, f"journey-{picture}-{width}")
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def track(self, reference: str, code: str) -> Page:
        """The page on which somebody follows their case by number and query code."""
        page = self.at("", "/track")
        page.get_by_label("编号", exact=True).fill(reference)
        page.get_by_label("查询码").fill(code)
        page.locator("main form").get_by_role("button").click()
        expect(page.locator("main")).to_contain_text(reference)
        return page

    def refused_request(self, answers: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
        """A request for open data that the agency has refused; its number and query code."""
        form = REQUEST | {"applicant_name": "王䶮", "dataset": "2025年公交卡刷卡明细数据"}
        filed = self.tell(cases.submit, PUBLIC, "open_data_request", form)
        people = {"confidentiality_review": "wu.lei", "review_reply": "qian.wei", "sign_reply": "zhao.guo"}
        for node, given in answers.items():
            task = self.open_task(filed.case_id, node)
            self.tell(tasks.complete, actor_of(self.office.database, people.get(node, "zhou.min")), task, given)
        self.office.work()
        return filed.reference, filed.query_code

    def open_task(self, case_id: str, node: str) -> str:
        """A task that is open, or will be as soon as the server's own worker has typeset a draft."""
        limit = time.monotonic() + PATIENCE / 1000
        wanted = select(Task.id).where(col(Task.case_id) == case_id, col(Task.node) == node, col(Task.state) == "open")
        while True:
            self.office.work()
            with self.office.database.reading(SYSTEM) as reading:
                if task := reading.session.exec(wanted).first():
                    return task
            assert time.monotonic() < limit, f"never opened: {node}"
            time.sleep(0.2)

    def tell(self, verb: Any, actor: Any, *arguments: Any, **named: Any) -> Any:
        """Do something through the engine that the journey is not about."""
        with self.office.database.unit_of_work(actor) as uow:
            return verb(uow, *arguments, **named)
