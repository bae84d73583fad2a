"""Fill an empty installation with the demonstration city: organisations, people, and cases in every state.

The cases are the stories of the bundles, told with other words at other times and broken off where ``demonstration.toml``
says; so a demonstration contains nothing that the product did not do itself.
"""

import sys
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from api import city
from api.composition import compose
from api.scenarios import Stopwatch, Story
from engine import (
    calendars,
    clock,
    deadlines,
    definitions,
    directory,
    instructions,
    jobs,
    leads,
    maintenance,
    tasks,
)
from engine.access import SYSTEM, Actor
from engine.db import Database, UnitOfWork
from engine.manifest import DeadlineRule, Manifest, read_manifest
from engine.models import Breach, Case, Membership, Organisation, Person, Task
from engine.settings import Settings

LONGEST_PAUSE = timedelta(days=1)
OFFICE_OPENS = 9  # o'clock; cases are filed through the day


def seed(database: Database, show: bool = True, count: int | None = None) -> None:
    """Seed an empty installation with all cases, or only so many; prints a line a step when ``show``."""
    bundles = database.settings.bundles
    declared = read(bundles)
    with database.unit_of_work(SYSTEM) as uow:
        organisations = city.found(uow, bundles)
    password_hash = directory.hash_password(declared["password"])
    with database.unit_of_work(SYSTEM) as uow:
        _hire(uow, declared, organisations, password_hash)
    _say(show, f"{len(organisations)} organisations and their people")
    with database.unit_of_work(SYSTEM) as uow:
        for folder in definitions.bundle_folders(bundles):
            definitions.deploy(uow, definitions.read_folder(folder))
    with database.reading(SYSTEM) as reading:
        now = reading.now
    watch = Stopwatch(now)
    told = compose(database.settings.model_copy(update={"demo": False}), watch)
    cases = sorted(plan(declared, database, now), key=lambda c: c["filed"])[:count]
    for number, case in enumerate(cases, start=1):
        _progress(show, number, len(cases))
        Tale(told, watch, bundles / case["process"], case, now).tell_until(case["steps"])
    watch.at = now
    maintenance.settle(told)
    _supervise(told, watch, bundles, declared, now)
    told.dispose()
    _say(show, f"{len(cases)} cases")


def read(bundles: Path) -> dict[str, Any]:
    """What the file of the demonstration declares."""
    return tomllib.loads((bundles / "shared" / "demonstration.toml").read_text(encoding="utf-8"))


def login_lines() -> list[str]:
    """The logins worth showing when a demonstration starts, a line each, and the password that all share."""
    declared = read(Settings().bundles)
    shown = [f"  {person['login']:<16} {person['text']}" for person in declared["shown"]]
    return [f"  password for all logins: {declared['password']}", *shown]


# ---------------------------------------------------------------- people


def _hire(
    uow: UnitOfWork, declared: dict[str, Any], organisations: dict[str, Organisation], password_hash: str
) -> None:
    names = _names(declared["names"])
    for staff in declared["staff"]:
        for organisation in organisations.values():
            if organisation.kind not in staff["kinds"] or staff.get("level", organisation.level) != organisation.level:
                continue
            for person in staff["people"]:
                login = f"{organisation.code.split('-', 1)[1]}.{person['suffix']}"
                hired = directory.create_person(uow, login, next(names), password_hash)
                directory.grant_role(uow, hired.id, organisation.id, person["role"], unit=person["unit"])
    for duty in declared["duties"]:
        directory.create_person(uow, duty["login"], duty["name"], password_hash, duty=duty["duty"])


def _names(parts: dict[str, list[str]]) -> Iterator[str]:
    """Fictional names, all different for a long while."""
    surnames, given = parts["surnames"], parts["given"]
    for index in range(len(surnames) * len(given)):
        yield surnames[index % len(surnames)] + given[(index * 7 + index // len(surnames)) % len(given)]


# ---------------------------------------------------------------- cases


def plan(declared: dict[str, Any], database: Database, now: datetime) -> Iterator[dict[str, Any]]:
    """Every case of the demonstration with the instant at which it is filed."""
    bundles = database.settings.bundles
    with database.reading(SYSTEM) as reading:
        calendar = deadlines.calendar(reading)
    for group in declared["cases"]:
        manifest = read_manifest(definitions.read_folder(bundles / group["process"])[definitions.MANIFEST])
        for index, case in enumerate(group["list"]):
            day = _filing_day(case["filed"], clock.day_of(now), _answer_rule(manifest), calendar)
            at = datetime.combine(day, time(OFFICE_OPENS + index % 8, (index * 17) % 60), clock.SHANGHAI)
            yield case | {
                "filed": min(at, now - timedelta(minutes=5)),
                "process": group["process"],
                "number": index + 1,
                "words": declared["words"],
                "applicant": _applicant(group, index),
            }


def _answer_rule(manifest: Manifest) -> DeadlineRule:
    return next(d for d in manifest.deadlines.values() if d.basis == "statutory")


def _filing_day(filed: str, today: date, rule: DeadlineRule, calendar: calendars.Calendar) -> date:
    """“-12d”: so many days ago. “due 3”: the latest day from which the answer is due in three working days, or just before."""
    if not filed.startswith("due"):
        return today - timedelta(days=int(filed.strip("-d")))
    due_on = calendars.shift(today, int(filed.removeprefix("due")), calendar)
    counted = calendars.Rule(rule.days, rule.unit, rule.roll)
    day = min(today, due_on)
    while calendars.count(counted, day, calendar).day > due_on:
        day -= timedelta(days=1)
    return day


def _applicant(group: dict[str, Any], index: int) -> dict[str, str]:
    """Mostly citizens, now and then a company or an association; with a telephone that no subscriber has."""
    phone = f"1380000{index:04d}"
    if index % 6 == 5:
        name = group["bodies"][index // 6 % len(group["bodies"])]
        kind = "legal_person" if "公司" in name else "organisation"
        return {"applicant_type": kind, "applicant_name": name, "phone": phone}
    return {
        "applicant_type": "citizen",
        "applicant_name": group["applicants"][index % len(group["applicants"])],
        "phone": phone,
    }


# ---------------------------------------------------------------- what became of overdue ones


def _supervise(told: Database, watch: Stopwatch, bundles: Path, declared: dict[str, Any], now: datetime) -> None:
    """Leads of overdue cases, as far as their stories are to be told, and leaders' instructions."""
    for number, lead in enumerate(declared["leads"], start=1):
        case_id = _lead_about(told, lead["dataset"])
        if case_id is not None:
            case = lead | {"words": declared["words"], "number": number}
            tale = Tale(told, watch, bundles / leads.PROCESS, case, now)
            tale.case_id = case_id
            tale.go_on(lead["steps"])
    for given in declared["instructions"]:
        _instruct(told, given)


def _lead_about(told: Database, dataset: str) -> str | None:
    """The lead of the breach of a case, raised unless the ladder has done so."""
    with told.reading(SYSTEM) as reading:
        missed = select(Breach.id, Breach.case_id).join(Case, col(Case.id) == col(Breach.case_id))
        found = reading.session.exec(
            missed.where(col(Case.subject) == dataset, col(Breach.basis) == "statutory")
        ).first()
    if found is None:
        return None
    with told.unit_of_work(SYSTEM) as uow:
        jobs.enqueue(uow, "lead.raise", f"lead.raise:{found[0]}", case_id=found[1], breach=found[0])
    maintenance.settle(told)
    with told.reading(SYSTEM) as reading:
        lead = leads.of_breach(reading, found[0])
        return lead.case_id if lead else None


def _instruct(told: Database, given: dict[str, Any]) -> None:
    with told.reading(SYSTEM) as reading:
        case_id = reading.session.exec(select(Case.id).where(col(Case.subject) == given["dataset"])).first()
        by = directory.actor_of(reading, directory.person(reading, given["by"]).id)
    if case_id is not None:
        with told.unit_of_work(by) as uow:
            due_on = clock.day_of(uow.now) + timedelta(days=given["days"])
            said = {name: given[name] for name in ("leader", "text", "bound")}
            instructions.record(uow, case_id, due_on=due_on, **said)


class Tale(Story):
    """A story of a bundle, told with the words and in the time of one case of the demonstration."""

    def __init__(self, database: Database, watch: Stopwatch, bundle: Path, case: dict[str, Any], now: datetime) -> None:
        super().__init__(database, watch, bundle)
        self.case, self.now = case, now
        self.story = tomllib.loads((bundle / "scenarios" / f"{case['story']}.toml").read_text(encoding="utf-8"))

    def tell_until(self, count: int) -> None:
        """File the case, and do the first ``count`` steps of the story between then and now."""
        self.watch.at = self.case["filed"]
        form = self._reworded(self.story["submit"]["form"]) | self.case["applicant"]
        form |= {"dataset": self.case["dataset"]} | ({"agency": self.case["agency"]} if "agency" in self.case else {})
        form.pop("email", None)
        self._begin({"form": form})
        self.go_on(count)
        self._hand_out()

    def go_on(self, count: int) -> None:
        """Do the first ``count`` steps of the story between the present of the case and now."""
        steps = [s for s in self.story["steps"] if ("task" in s or "message" in s) and "refused" not in s][:count]
        pause = min(LONGEST_PAUSE, (self.now - self.watch.at) / (len(steps) + 1))
        for step in steps:
            self.watch.at += pause
            self._act(step | {"form": self._reworded(step.get("form", {}))})
            self._settle()

    def _reworded(self, form: dict[str, Any]) -> dict[str, Any]:
        words = self.case["words"]
        soon = clock.day_of(self.now) + timedelta(days=7)
        known = {"dataset": self.case["dataset"], "number": self.case["number"], "soon": soon.isoformat()}
        return {k: words[k].format(**known) if k in words else v for k, v in form.items()}

    def person(self, lane: str) -> Actor:
        """Somebody of the city who has this role; a second one where the story asks for one."""
        place, _, nth = lane.partition("#")
        part, _, roles = place.partition(".")
        role = roles.partition("+")[0]
        with self.database.reading(SYSTEM) as reading:
            organisation = self._organisation(reading.session, part)
            holders = (
                select(Person.id)
                .join(Membership, col(Membership.person_id) == col(Person.id))
                .where(col(Membership.organisation_id) == organisation.id, col(Membership.role) == role)
            )
            people = list(reading.session.exec(holders.order_by(col(Person.login))))
            return directory.actor_of(reading, people[(int(nth or 1) - 1) % len(people)])

    def _hand_out(self) -> None:
        """In an inbox, some tasks are claimed already: those of every other case."""
        if self.case["number"] % 2:
            return
        with self.database.reading(SYSTEM) as reading:
            waiting = select(Task).where(col(Task.case_id) == self.case_id, col(Task.state) == "open")
            found = [t for t in reading.session.exec(waiting) if t.organisation_id]
        for task in found:
            with self.database.unit_of_work(self.person(f"{task.part}.{task.role}")) as uow:
                tasks.claim(uow, task.id)


def _say(show: bool, line: str) -> None:
    if show:
        print(f"seed: {line}", flush=True)


def _progress(show: bool, number: int, total: int) -> None:
    if show and (number % 10 == 0 or number == total):
        print(f"seed: case {number} of {total}", file=sys.stdout, flush=True)
