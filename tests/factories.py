"""A real installation for a test: the demonstration's city, the open-data request deployed, people who do what is asked.

    world.submit()                       # somebody files the usual request
    world.reach("sign_reply")            # everybody does the usual until this task is open
    world.do("sign_reply")               # the leader signs
    world.travel("+10d"), world.work()   # time passes; the machine does what is due

What is usual stands in a story of the bundle, ``scenarios/agreed_open.toml``; a test says only what differs from it.
"""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import update
from sqlmodel import col, select

from api import city
from api.composition import compose
from api.scenarios import Stopwatch, Story, make_hasty
from api.stories import shanghai
from engine import cases, definitions, directory, documents, maintenance, messages, tasks
from engine.access import PUBLIC, SYSTEM, Actor
from engine.cases import Submitted
from engine.db import Database
from engine.documents import Stored
from engine.models import Case, Job, Organisation, Party, Task
from engine.settings import ROOT, Settings

BUNDLES = ROOT / "bpmn"
BUNDLE = BUNDLES / "open_data_request"
STORY = tomllib.loads((BUNDLE / "scenarios" / "agreed_open.toml").read_text(encoding="utf-8"))
START = shanghai(STORY["start"])
REQUEST: dict[str, Any] = STORY["submit"]["form"]
ANSWERS: dict[str, dict[str, Any]] = {step["task"]: step["form"] for step in STORY["steps"] if "task" in step}
TYPESETTING = ("notice.render", "notice.manuscript", "notice.translate")
"""Jobs that set what was issued; drafts are set in any case, for nobody approves what was not."""
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"

Row = TypeVar("Row")
Answer = TypeVar("Answer")


def furnish(url: str, folder: Path) -> None:
    """Put the city and the open-data request into a migrated database."""
    database = compose(Settings(var=folder, database_url=url), Stopwatch(shanghai("2020-01-01T00:00")))
    with database.unit_of_work(SYSTEM) as uow:
        city.found(uow, BUNDLES)
    with database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(BUNDLE))
    database.dispose()


@contextmanager
def installation(url: str, folder: Path, at: datetime = START, **settings: Any) -> "Iterator[World]":
    """An installation over a furnished database, whose time stands still at ``at`` until the test moves it."""
    watch = Stopwatch(at)
    database = compose(Settings(var=folder, database_url=url, **settings), watch)
    make_hasty(database)
    try:
        yield World(database, watch)
    finally:
        database.dispose()


@dataclass
class World:
    """An installation, and the case that was filed last, which all verbs mean unless they are told another one."""

    database: Database
    watch: Stopwatch
    case_id: str = ""

    # ------------------------------------------------------------ what people do

    def submit(self, uploads: Sequence[Stored] = (), locale: str = "zh", **changed: Any) -> Submitted:
        """File the usual request with some answers changed; an answer of None is left out."""
        with self.database.unit_of_work(PUBLIC) as uow:
            filed = cases.submit(uow, "open_data_request", _merged(REQUEST, changed), uploads, locale=locale)
        self.case_id = filed.case_id
        return filed

    def do(self, node: str, by: str = "", uploads: Sequence[Stored] = (), **changed: Any) -> Task:
        """Let the right person (or somebody of the lane ``by``) complete an open task with the usual answers."""
        task = self.task(node)
        actor = self.person(by or f"{task.part}.{task.role}")
        with self.database.unit_of_work(actor) as uow:
            done = tasks.complete(uow, task.id, _merged(ANSWERS.get(node, {}), changed), uploads)
        if self.all(Job, case_id=self.case_id, kind="notice.draft", state="queued"):
            self.work()  # the draft is typeset before anybody can approve it
        return done

    def reach(self, node: str) -> Task:
        """Let everybody do the usual until a task is open."""
        while node not in (open_tasks := self.open_tasks()):
            self.do(next(usual for usual in ANSWERS if usual in open_tasks))
        return self.task(node)

    def send(self, message: str, by: Actor | None = None, **form: Any) -> None:
        """Let the applicant send a message."""
        with self.database.unit_of_work(by or self.applicant()) as uow:
            messages.send(uow, self.case_id, message, form)

    def upload(self, filename: str = "说明.pdf", content: bytes = PDF) -> Stored:
        """A file that waits to be attached."""
        return documents.store(self.database.settings, filename, BytesIO(content))

    # ------------------------------------------------------------ time and machine

    def travel(self, to: str) -> None:
        """Move time on (``+10d``, ``+2h``) or to a moment in Guiyang (``2026-05-07T00:00``)."""
        unit = {"d": "days", "h": "hours", "m": "minutes"}.get(to[-1], "")
        self.watch.at = self.watch.at + timedelta(**{unit: int(to[:-1])}) if unit else shanghai(to)

    def work(self, *, papers: bool = False) -> None:
        """Do everything that is due, as the metronome would; what was issued is typeset where the test looks at ``papers``."""
        maintenance.settle(self.database, leave=() if papers else TYPESETTING)

    def print_nothing(self) -> None:
        """Leave out the typesetting that waits: a test that looks at no paper need not pay for it."""
        with self.database.unit_of_work(SYSTEM) as uow:
            waiting = (col(Job.state) == "queued", col(Job.kind) == "notice.render")
            uow.session.execute(update(Job).where(*waiting).values(state="done"))

    # ------------------------------------------------------------ who acts

    def person(self, lane: str) -> Actor:
        """Somebody of a lane of the case: ``data_provider.case_handler``, ``…#2`` for a colleague."""
        return self._story().person(lane)

    def member(self, organisation: str, *roles: str, login: str = "") -> Actor:
        """Somebody with roles in an organisation, whether it takes part in a case or not."""
        with self.database.unit_of_work(SYSTEM) as uow:
            found = uow.session.exec(select(Organisation).where(col(Organisation.code) == organisation)).one()
            known = directory.create_person(uow, login or f"{organisation}.{'.'.join(roles)}", "某人", "!")
            for role in roles:
                directory.grant_role(uow, known.id, found.id, role)
            return directory.actor_of(uow, known.id)

    def applicant(self) -> Actor:
        """The applicant of the case."""
        party = self.one(Party, case_id=self.case_id)
        return Actor("party", id=party.id, case_id=self.case_id)

    # ------------------------------------------------------------ what is so

    def facts(self) -> dict[str, Any]:
        """Status, outcome, open tasks, due dates, notices and breaches of the case, as scenarios expect them."""
        return self._story().facts()

    def case(self) -> Case:
        return self.one(Case, id=self.case_id)

    def open_tasks(self) -> list[str]:
        return sorted(task.node for task in self.all(Task, case_id=self.case_id, state="open"))

    def task(self, node: str) -> Task:
        """The open task of a node."""
        return self.one(Task, case_id=self.case_id, node=node, state="open")

    def all(self, table: type[Row], **values: Any) -> list[Row]:
        """The rows of a table that have these values."""
        with self.database.reading(SYSTEM) as reading:
            return list(reading.session.exec(select(table).filter_by(**values)))

    def one(self, table: type[Row], **values: Any) -> Row:
        """The one row of a table that has these values."""
        (found,) = self.all(table, **values)
        return found

    def _story(self) -> Story:
        story = Story(self.database, self.watch, BUNDLE)
        story.case_id = self.case_id
        return story


def at_once(*acts: Callable[[], Answer]) -> list[Answer | BaseException]:
    """Do several things in threads that start together; returns what each gave, or the error that it met."""
    start = Barrier(len(acts))

    def act(do: Callable[[], Answer]) -> Answer | BaseException:
        start.wait()
        try:
            return do()
        except BaseException as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def _merged(usual: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (usual | changed).items() if value is not None}
