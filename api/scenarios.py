"""Play the stories of a bundle (``scenarios/*.toml``) on a real installation in a temporary folder.

A story says when a case is filed, who does what when, and what must then be true. It runs through the same verbs, database,
jobs and notices as the product; only time is its own, so that a story of May is the same in November.
"""

import shutil
import tempfile
import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlmodel import col, select

from api import city, stories
from api.composition import compose
from api.stories import moment, shanghai
from engine import (
    cases,
    catalogue,
    clock,
    deadlines,
    definitions,
    directory,
    documents,
    grants,
    incidents,
    item_form,
    items,
    leads,
    links,
    maintenance,
    merging,
    messages,
    origins,
    query_codes,
    tasks,
)
from engine.access import PUBLIC, SUPERVISOR, SYSTEM, Actor
from engine.calendars import read_day
from engine.db import Database, UnitOfWork, upgrade
from engine.errors import EngineError
from engine.manifest import Manifest
from engine.models import (
    AccessGrant,
    Breach,
    Case,
    CaseLink,
    CatalogueItem,
    CatalogueRevision,
    Deadline,
    Membership,
    Notice,
    Organisation,
    Participant,
    Party,
    Person,
    StepRecord,
    Task,
)
from engine.settings import Settings

CURRENT_ITEM = col(CatalogueRevision.state) == items.CURRENT
DEFAULT_PAUSE = timedelta(hours=1)
SUPERVISING = ("government", "city_data_bureau", "district_data_bureau", "supervisory_organ")
ANY_PDF = b"%PDF-1.7\n%%EOF\n"
UNUSABLE_PASSWORD = "!"  # noqa: S105  (personas of a story never sign in)


def _standing_grants(case_id: str, today: date) -> Any:
    """Grants that were made in a case and stand: “item → organisation”."""
    granted: Any = select(col(CatalogueItem.code) + " → " + col(Organisation.code))
    joined = granted.join(AccessGrant, col(AccessGrant.item_id) == col(CatalogueItem.id)).join(
        Organisation, col(Organisation.id) == col(AccessGrant.organisation_id)
    )
    return joined.where(col(AccessGrant.case_id) == case_id, grants.standing(today))


class Untrue(Exception):
    """Something that a story expects is not so."""


@dataclass(frozen=True)
class Result:
    """How one story went; ``fault`` is the sentence that tells where it went wrong."""

    file: str
    title: str
    fault: str | None
    passed: frozenset[str] = frozenset()  # lines and nodes of the bundle's drawings that its cases have passed

    @property
    def ok(self) -> bool:
        return self.fault is None


class Stopwatch:
    """The time of a story: it stands still until the story moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def run(
    bundle: Path, chosen: Callable[[str], bool] = lambda file: True, url: Callable[[], str] | None = None
) -> list[Result]:
    """Play the stories of a bundle; ``url`` gives each one an empty database (default: SQLite files made from one template)."""
    bundle = bundle.resolve()
    files = sorted((bundle / "scenarios").glob("*.toml"))
    with tempfile.TemporaryDirectory(prefix="duban-") as folder:
        template = _template(bundle, Path(folder)) if url is None else None
        return [play(bundle, file, Path(folder) / file.stem, template, url) for file in files if chosen(file.stem)]


def play(
    bundle: Path,
    file: Path,
    folder: Path,
    template: Path | None = None,
    url: Callable[[], str] | None = None,
    leave: Collection[str] = (),
) -> Result:
    """Play one story; jobs of the kinds to ``leave`` are not run."""
    try:
        story = stories.read(file)
    except stories.StoryFaulty as error:
        return Result(file.name, file.stem, f"the file cannot be read: {error}")
    title, start = story["title"], shanghai(story["start"])
    if template is not None:
        shutil.copytree(template, folder)
    needed = bundles_of(bundle) if template is None else ()
    with installation(bundle.parent, folder, start, url() if url else "", deploy=needed) as (database, watch):
        tale = Story(database, watch, bundle, leave)
        try:
            tale.tell(story)
        except (Untrue, EngineError) as error:
            sentence = error.sentence() if isinstance(error, EngineError) else str(error)
            return Result(file.name, title, sentence, tale.passed())
    return Result(file.name, title, None, tale.passed())


def _template(bundle: Path, folder: Path) -> Path:
    """An installation with city and bundle, copied for each story."""
    made = folder / "template"
    with installation(bundle.parent, made, shanghai("2020-01-01T00:00"), "", deploy=bundles_of(bundle)):
        return made


@contextmanager
def installation(
    bundles: Path, folder: Path, start: datetime, url: str, *, deploy: Sequence[Path] = ()
) -> Iterator[tuple[Database, Stopwatch]]:
    """A running installation whose time the caller moves.

    A new one gets the demonstration's organisations and the bundles to ``deploy``; a copy of one has them already.
    """
    watch = Stopwatch(start)
    database = compose(Settings(var=folder, database_url=url, bundles=bundles, master_keys="", identity_keys=""), watch)
    make_hasty(database)
    try:
        if deploy:
            upgrade(database.settings.url)
            with database.unit_of_work(SYSTEM) as uow:
                city.found(uow, bundles)
                _seat_supervisors(uow)
            for bundle in deploy:
                with database.unit_of_work(SYSTEM) as uow:
                    definitions.deploy(uow, definitions.read_folder(bundle))
        yield database, watch
    finally:
        database.dispose()


def _seat_supervisors(uow: UnitOfWork) -> None:
    """Governments, data bureaus and the supervisory organ have somebody before whom leads can be brought, as in any real city."""
    for organisation in directory.organisations(uow, SUPERVISING):
        login = f"{organisation.code}.{SUPERVISOR}.1"
        person = directory.create_person(uow, login, login, UNUSABLE_PASSWORD)
        directory.grant_role(uow, person.id, organisation.id, SUPERVISOR)


def bundles_of(bundle: Path) -> list[Path]:
    """A bundle and those beside it that its cases and stories reach: what they come out of, open, and begin with."""
    found: dict[str, Path] = {}
    waiting = [bundle, bundle.parent / leads.PROCESS]  # a missed clock becomes a lead
    while waiting:
        folder = waiting.pop()
        if folder.name in found or not (folder / definitions.MANIFEST).is_file():
            continue
        found[folder.name] = folder
        waiting += [folder.parent / key for key in sorted(_reached(folder))]
    return list(found.values())


def _reached(folder: Path) -> set[str]:
    """The processes that a bundle names: in links and openings, and in its stories."""
    declared = tomllib.loads((folder / definitions.MANIFEST).read_text(encoding="utf-8"))
    keys = {key for rule in declared.get("links", []) for key in rule.get("processes", [])}
    keys |= {rule["process"] for rule in declared.get("opens", {}).values() if "process" in rule}
    for file in folder.glob("scenarios/*.toml"):
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        keys |= {str(told.get("source", {}).get("story", "")).partition("/")[0]} - {""}
        keys |= {step["submit"]["process"] for step in told.get("steps", []) if "process" in step.get("submit", {})}
    return keys


def make_hasty(database: Database) -> None:
    """Do not wait for the disk: a throw-away installation need not survive a power cut (SQLite only)."""
    if database.sqlite:
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


class Story:
    """One story while it is told: its cases, the people who work on them, and the time."""

    def __init__(self, database: Database, watch: Stopwatch, bundle: Path, leave: Collection[str] = ()) -> None:
        self.database, self.watch, self.bundle, self.leave = database, watch, bundle, leave
        self.key = tomllib.loads((bundle / definitions.MANIFEST).read_text(encoding="utf-8"))["process"]["key"]
        self.case_id = ""  # of the case that the present step is about
        self.cases: dict[str, str] = {}  # by the name that the story has for them

    def tell(self, story: dict[str, Any]) -> None:
        """Tell the whole story; raises Untrue at the first thing that is not as expected."""
        if "source" in story:
            self._tell_before(story["source"]["story"], shanghai(story["start"]))
        self._begin(story["submit"])
        for number, step in enumerate(story.get("steps", []), start=1):
            try:
                self._step(step)
            except Untrue as error:
                raise Untrue(f"step {number}: {error}") from None
            except EngineError as error:
                raise Untrue(
                    f"step {number} ({step.get('task') or step.get('message')}): {error.sentence()}"
                ) from error

    def _tell_before(self, name: str, start: datetime) -> None:
        """Tell the story out of whose case this one comes, and go on to the day on which this one starts."""
        folder, _, file = name.partition("/")
        bundle = self.bundle.parent / folder
        earlier = stories.read(bundle / "scenarios" / f"{file}.toml")
        self.watch.at = shanghai(earlier["start"])
        before = type(self)(self.database, self.watch, bundle, self.leave)
        before.tell(earlier)
        self.cases = {"source": before.cases["main"]} | {
            f"source_{alias}": case_id for alias, case_id in before.cases.items() if alias != "main"
        }
        self._move_to(start)

    def _begin(self, submit: dict[str, Any]) -> None:
        """The case that the story is about."""
        self.cases["main"] = self.case_id = self._file(self.key, submit, "source" if "source" in self.cases else None)
        self._settle()

    def _file(self, key: str, submit: dict[str, Any], origin: str | None = None) -> str:
        """A case is filed by the public or at the desk, or opened ex officio; its id."""
        actor = self._filer(submit)
        with self.database.reading(actor) as reading:
            bundle = definitions.current(reading, key)
            form = definitions.form(reading, bundle, bundle.manifest.process.start_form, "zh")
        public = bundle.manifest.process.applicants == "public" and actor is SYSTEM and bundle.manifest.parties
        actor = PUBLIC if public else actor
        said, source = dict(submit["form"]), submit.get("from", origin)
        if source is not None:
            said |= self._origin(bundle.manifest, submit.get("link"), source, prove=bool(public))
        values = form.coerce({k: _text(v) for k, v in said.items()})
        with self.database.unit_of_work(actor) as uow:
            if bundle.manifest.parties:
                received_on = read_day(submit["received_on"]) if "received_on" in submit else None
                way = "api" if public else "desk"
                return cases.submit(uow, key, values, source=way, received_on=received_on).case_id
            if actor is not SYSTEM:
                return cases.file_at_desk(uow, key, values, organisation=submit["by"].partition(".")[0]).id
            parts = {part: directory.organisation(uow, code) for part, code in submit.get("participants", {}).items()}
            taken, sources = origins.origin(uow, bundle, values)
            return cases.open_ex_officio(uow, key, values | taken, participants=parts, sources=sources).id

    def _filer(self, submit: dict[str, Any]) -> Actor:
        return self.person(submit["by"]) if "by" in submit else SYSTEM

    def _origin(self, manifest: Manifest, kind: str | None, source: str, *, prove: bool) -> dict[str, str]:
        """What the form says of the case that the new one comes out of."""
        rule = manifest.link(kind) if kind else next(iter(manifest.links), None)
        if rule is None:
            return {}
        case_id = self._case_called(source)
        with self.database.reading(SYSTEM) as reading:
            case = reading.session.get_one(Case, case_id)
            named = {rule.field: case.reference}
            if prove and rule.code_field:
                party = reading.session.exec(select(Party).where(col(Party.case_id) == case_id)).one()
                named[rule.code_field] = query_codes.query_code(reading, case, party)
            return named

    def _case_called(self, name: str) -> str:
        """The case that the story calls so, or that kinds of links lead to from the main one (``lead.rectification``)."""
        if name in self.cases:
            return self.cases[name]
        case_id = self.cases["main"]
        with self.database.reading(SYSTEM) as reading:
            for kind in name.split("."):
                found = links.linked(reading, case_id, kind, "offspring") or links.linked(
                    reading, case_id, kind, "origin"
                )
                if not found:
                    raise Untrue(f"there is no case called {name}: nothing is linked as {kind}")
                case_id = found[-1]
        return case_id

    def _step(self, step: dict[str, Any]) -> None:
        if "travel" in step:
            self._move_to(shanghai(step["travel"]))
        elif "expect" in step:
            self.case_id = self._case_called(step.get("in", "main"))
            self._check(step["expect"])
        else:
            self.case_id = self._case_called(step.get("in", "main"))
            self._move_to(self._when(step.get("at")))
            self._act(step)
        self._settle()

    def _when(self, at: Any) -> datetime:
        return self.watch.at + DEFAULT_PAUSE if at is None else moment(at, self.watch.at)

    def _move_to(self, at: datetime) -> None:
        if at < self.watch.at:
            raise Untrue(f"time cannot run back from {self.watch.at:%Y-%m-%d %H:%M} to {at:%Y-%m-%d %H:%M}")
        self.watch.at = at

    def _settle(self) -> None:
        maintenance.settle(self.database, leave=self.leave)
        with self.database.reading(Actor("person", duty="administrator")) as reading:
            open_ones = incidents.open_incidents(reading)
        if open_ones:
            raise Untrue(f"an incident: {open_ones[0].sentence}")

    def _act(self, step: dict[str, Any]) -> None:
        refused = step.get("refused")
        try:
            if "submit" in step:
                self.cases[step["submit"]["as"]] = self._file(step["submit"]["process"], step["submit"])
            elif "merge" in step:
                self._merge(step["merge"])
            elif "unmerge" in step:
                self._unmerge(step["unmerge"])
            elif "message" in step:
                self._send(step)
            elif "items" in step:
                self._draft(step)
            else:
                self._complete(step)
        except EngineError as error:
            if refused is None:
                raise
            if type(error).__name__ != refused:
                raise Untrue(f"refused with {type(error).__name__} ({error.sentence()}), expected {refused}") from None
        else:
            if refused is not None:
                raise Untrue(f"was not refused, expected {refused}")

    def _merge(self, asked: dict[str, str]) -> None:
        """The present case follows another one, once somebody has decided so."""
        follower, leading = self._reference(self.case_id), self._reference(self._case_called(asked["lead"]))
        with self.database.unit_of_work(self.person(asked["by"])) as uow:
            merger = merging.propose(uow, leading, follower, "申请的是同一项数据。")
        if "approved_by" in asked:
            with self.database.unit_of_work(self.person(asked["approved_by"])) as uow:
                merging.approve(uow, merger.id)

    def _unmerge(self, by: str) -> None:
        with self.database.unit_of_work(self.person(by)) as uow:
            merger = merging.standing(uow, self.case_id)
            if merger is None:
                raise Untrue("the case follows no other one")
            merging.undo(uow, merger.id, "不是同一事项。")

    def _reference(self, case_id: str) -> str:
        with self.database.reading(SYSTEM) as reading:
            return reading.session.get_one(Case, case_id).reference

    def _send(self, step: dict[str, Any]) -> None:
        by = step.get("by", "applicant")
        actor = SYSTEM if by == "system" else self.person(by) if "." in by else self._party()
        with self.database.unit_of_work(actor) as uow:
            messages.send(uow, self.case_id, step["message"], step.get("form", {}), key=step.get("key"))

    def _draft(self, step: dict[str, Any]) -> None:
        """Revisions of catalogue items are drafted for the case: new ones, changed ones (``code``), and what is taken out."""
        with self.database.unit_of_work(self.person(step["by"])) as uow:
            for told in step["items"]:
                said = {name: _text(value) for name, value in told.items() if name not in ("code", "remove")}
                if told.get("remove"):
                    catalogue.draft_removal(uow, told["code"], case_id=self.case_id)
                    continue
                if "code" in told:
                    row = items.find(uow, told["code"])
                    said = (item_form.answers(row[1]) if row else {}) | said
                kept = {name: value for name, value in said.items() if value}
                catalogue.draft(uow, kept, code=told.get("code"), case_id=self.case_id)

    def _complete(self, step: dict[str, Any]) -> None:
        with self.database.unit_of_work(self.person(step["by"])) as uow:
            waiting = select(Task).where(
                col(Task.case_id) == self.case_id, col(Task.node) == step["task"], col(Task.state) == "open"
            )
            task = uow.session.exec(waiting.order_by(col(Task.created_at))).first()
            if task is None:
                raise Untrue(f"the task {step['task']} is not open; open are: {', '.join(self._open()) or 'none'}")
            uploads = [documents.store(uow.settings, name, BytesIO(ANY_PDF)) for name in step.get("files", [])]
            tasks.complete(uow, task.id, step.get("form", {}), uploads)

    # ------------------------------------------------------------ who acts

    def _party(self) -> Actor:
        with self.database.reading(SYSTEM) as reading:
            party = reading.session.exec(select(Party).where(col(Party.case_id) == self.case_id)).one()
        return Actor("party", id=party.id, case_id=self.case_id)

    def person(self, lane: str) -> Actor:
        """Somebody of a lane; ``#2`` is a second person of the same role, ``part.role+other`` one who holds both roles.

        ``part.role@科室#3`` says in which unit of the organisation that person works.
        """
        place, _, nth = lane.partition("#")
        place, _, unit = place.partition("@")
        part, _, roles = place.partition(".")
        role = roles.partition("+")[0]
        with self.database.unit_of_work(SYSTEM) as uow:
            organisation = self._organisation(uow.session, part)
            login = f"{organisation.code}.{role}.{nth or '1'}"
            found = uow.session.exec(select(Person).where(col(Person.login) == login)).first()
            if found is None:
                found = directory.create_person(uow, login, login, UNUSABLE_PASSWORD)
            held = set(uow.session.exec(select(Membership.role).where(col(Membership.person_id) == found.id)))
            for missing in sorted(set(roles.split("+")) - held):
                uow.add(Membership(person_id=found.id, organisation_id=organisation.id, role=missing, unit=unit))
            return directory.actor_of(uow, found.id)

    def _organisation(self, session: Any, part: str) -> Organisation:
        taking_part = (
            select(Organisation)
            .join(Participant, col(Participant.organisation_id) == col(Organisation.id))
            .where(
                col(Participant.case_id) == self.case_id,
                col(Participant.part) == part,
                col(Participant.until).is_(None),
            )
        )
        called = select(Organisation).where(col(Organisation.code) == part)
        found: Organisation | None = session.exec(taking_part).first() or session.exec(called).first()
        if found is None:
            raise Untrue(f"nobody plays the part {part}")
        return found

    # ------------------------------------------------------------ what must be true

    def _check(self, expected: dict[str, Any]) -> None:
        actual = self.facts()
        for name, value in expected.items():
            if name not in actual:
                raise Untrue(f"“{name}” cannot be expected; known are: {', '.join(sorted(actual))}")
            wanted = sorted(value) if isinstance(value, list) else value
            got = {k: v for k, v in actual[name].items() if k in value} if isinstance(value, dict) else actual[name]
            if got != wanted:
                raise Untrue(f"{name} is {got!r}, expected {wanted!r}")

    def facts(self) -> dict[str, Any]:
        """What can be expected of a case."""
        with self.database.reading(SYSTEM) as reading:
            case = reading.session.get_one(Case, self.case_id)
            issued = select(Notice.name).where(col(Notice.case_id) == case.id, col(Notice.state) == "issued")
            missed = (
                select(Deadline.name)
                .join(Breach, col(Breach.deadline_id) == col(Deadline.id))
                .where(col(Breach.case_id) == case.id, col(Breach.annulled_at).is_(None))
            )
            return {
                "status": case.status,
                "outcome": case.outcome or "",
                "late": case.late,
                "open": self._open(),
                "deadlines": {
                    d.name: d.due_on.isoformat() if d.due_on else "" for d in deadlines.of_case(reading, case.id)
                },
                "links": sorted(reading.session.exec(select(CaseLink.kind).where(col(CaseLink.from_id) == case.id))),
                "origins": sorted(reading.session.exec(select(CaseLink.kind).where(col(CaseLink.to_id) == case.id))),
                "notices": sorted(reading.session.exec(issued)),
                "breaches": sorted(reading.session.exec(missed)),
                "priority": case.priority,
                "items": {row[0].code: row[1].opening for row in reading.session.exec(items.rows(CURRENT_ITEM))},
                "grants": sorted(reading.session.exec(_standing_grants(case.id, clock.day_of(reading.now)))),
            }

    def passed(self) -> frozenset[str]:
        """The lines and nodes that cases of this process have passed."""
        with self.database.reading(SYSTEM) as reading:
            steps = select(StepRecord.node).join(Case, col(Case.id) == col(StepRecord.case_id))
            ours = steps.where(col(Case.process_key) == self.key, col(StepRecord.kind) != "event")
            return frozenset(reading.session.exec(ours.distinct()))

    def _open(self) -> list[str]:
        with self.database.reading(SYSTEM) as reading:
            waiting = select(Task.node).where(col(Task.case_id) == self.case_id, col(Task.state) == "open")
            return sorted(reading.session.exec(waiting))


def _text(value: Any) -> str | list[str]:
    return [str(v) for v in value] if isinstance(value, list) else str(value)
