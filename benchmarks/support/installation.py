"""A real installation in a folder of its own: the city, the measured process deployed, people who work on its cases."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from api import city
from api.composition import compose
from benchmarks.support import busy
from benchmarks.support.stores import postgres
from engine import cases, definitions, directory, tasks
from engine.access import PUBLIC, SYSTEM, Actor
from engine.db import Database, upgrade
from engine.models import Task
from engine.settings import ROOT, Settings

UNUSABLE_PASSWORD = "!"


@dataclass(frozen=True)
class Installation:
    """One installation, and who does what in it."""

    name: str
    settings: Settings
    database: Database
    people: dict[str, Actor]  # by role
    tokens: dict[str, str]

    def file(self) -> str:
        """Somebody files a case; returns its id."""
        with self.database.unit_of_work(PUBLIC) as uow:
            return cases.submit(uow, busy.KEY, busy.REQUEST).case_id

    def open_task(self, case_id: str, node: str) -> str:
        with self.database.reading(SYSTEM) as reading:
            where = (col(Task.case_id) == case_id, col(Task.node) == node, col(Task.state) == "open")
            return reading.session.exec(select(Task.id).where(*where)).one()

    def complete(self, task_id: str, node: str, result: str) -> None:
        """The whole verb, as the desk and the interface call it."""
        with self.database.unit_of_work(self.people[role_of(node)]) as uow:
            tasks.complete(uow, task_id, busy.answers(node, result))


def role_of(node: str) -> str:
    """Who does a task: the role of its lane."""
    return next(lane.partition(".")[2] for lane, nodes in busy.LANES.items() if node in nodes)


def furnish(name: str, folder: Path, url: str = "") -> Installation:
    """Make an installation over an empty database."""
    settings = Settings(var=folder, database_url=url)
    upgrade(settings.url)
    database = compose(settings)
    people, tokens = {}, {}
    with database.unit_of_work(SYSTEM) as uow:
        organisations = city.found(uow, ROOT / "bpmn")
        definitions.deploy(uow, busy.bundle())
        for lane in busy.LANES:
            role = lane.partition(".")[2]
            person = directory.create_person(uow, role, role, UNUSABLE_PASSWORD)
            directory.grant_role(uow, person.id, organisations[busy.REQUEST["agency"]].id, role)
            people[role] = directory.actor_of(uow, person.id)
            tokens[role] = directory.create_token(uow, person.id, "measuring")
    return Installation(name, settings, database, people, tokens)


@contextmanager
def installations() -> Iterator[list[Installation]]:
    """One on SQLite as it is shipped (each commit waits for the disk), one on PostgreSQL where there is one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = [furnish("SQLite", folder / "sqlite")]
        server = stack.enter_context(postgres())
        if server:
            made.append(furnish("PostgreSQL", folder / "postgresql", server.create("measured")))
        for installation in made:
            stack.callback(installation.database.dispose)
        yield made
