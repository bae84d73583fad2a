"""Fill an empty installation with the demonstration city: organisations, people, and cases in every state.

The cases are the stories of the bundles, told with other words at other times and broken off where ``demonstration.toml``
says; so a demonstration contains nothing that the product did not do itself.
"""

import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from api import city
from api.composition import compose
from api.scenarios import Stopwatch, make_hasty
from api.tales import Tale, tell
from engine import (
    calendars,
    catalogue,
    clock,
    deadlines,
    definitions,
    directory,
    instructions,
    jobs,
    leads,
    maintenance,
    reports,
)
from engine.access import SYSTEM, Actor
from engine.db import Database, UnitOfWork
from engine.manifest import DeadlineRule, Manifest, read_manifest
from engine.models import Breach, Case, Organisation
from engine.settings import Settings

OFFICE_OPENS = 9  # o'clock; cases are filed through the day
STANDS_BEFORE = timedelta(days=30)  # the city and its catalogue, before the first case


def seed(database: Database, show: bool = True, count: int | None = None) -> list[str]:
    """Seed an empty installation with all cases, or only so many; prints a line a step when ``show``.

    Returns which tales could not be told to their end, and why: none, unless a story and the calendar do not go together.
    """
    bundles = database.settings.bundles
    declared = read(bundles)
    with database.reading(SYSTEM) as reading:
        now = reading.now
    watch = Stopwatch(now)
    told = compose(database.settings.model_copy(update={"demo": False}), watch)
    make_hasty(told)  # what a power cut spoils is seeded again
    tales = [Tale(told, watch, bundles / case["process"], case, now) for case in plan(declared, database, now)]
    tales = sorted(tales, key=lambda tale: tale.begins())[:count]
    watch.at = min((tale.begins() for tale in tales), default=now) - STANDS_BEFORE
    with told.unit_of_work(SYSTEM) as uow:
        organisations = city.found(uow, bundles)
    password_hash = directory.hash_password(declared["password"])
    with told.unit_of_work(SYSTEM) as uow:
        _hire(uow, declared, organisations, password_hash)
    _say(show, f"{len(organisations)} organisations and their people")
    with told.unit_of_work(SYSTEM) as uow:
        for folder in definitions.bundle_folders(bundles):
            definitions.deploy(uow, definitions.read_folder(folder))
    for over in tell(tales, watch, now):
        _progress(show, over, len(tales))
    watch.at = now
    maintenance.settle(told)
    _supervise(told, watch, bundles, declared, now)
    told.dispose()
    for tale in tales:
        if tale.stopped:
            _say(show, f"{tale.case['process']}/{tale.case['story']} was not told to its end: {tale.stopped}")
    return [f"{tale.case['process']}/{tale.case['story']}: {tale.stopped}" for tale in tales if tale.stopped]


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
                login = f"{organisation.code.removeprefix('gy-')}.{person['suffix']}"
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
    for number, case in enumerate(declared["told"], start=1):
        process, _, story = case["story"].partition("/")
        said = {"say": declared["say"] | case.get("say", {})}
        yield case | said | {"process": process, "story": story, "number": number}


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
            for _ in tale.go_on():
                pass
    for given in declared["instructions"]:
        _instruct(told, given)
    for given in declared["renewed"]:
        with suppress(catalogue.ItemUnknown), told.unit_of_work(_person(told, given["by"])) as uow:
            catalogue.renewed(uow, given["code"])  # a small city has no such item
    for given in declared["published"]:
        last = clock.day_of(now).replace(day=1) - timedelta(days=1)
        with told.unit_of_work(_person(told, given["by"])) as uow:
            reports.publish(uow, given["report"], reports.Period.of_month(last.year, last.month))


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
    if case_id is not None:
        with told.unit_of_work(_person(told, given["by"])) as uow:
            due_on = clock.day_of(uow.now) + timedelta(days=given["days"])
            said = {name: given[name] for name in ("leader", "text", "bound")}
            instructions.record(uow, case_id, due_on=due_on, **said)


def _person(told: Database, login: str) -> Actor:
    with told.reading(SYSTEM) as reading:
        return directory.actor_of(reading, directory.person(reading, login).id)


def _say(show: bool, line: str) -> None:
    if show:
        print(f"seed: {line}", flush=True)


def _progress(show: bool, number: int, total: int) -> None:
    if show and (number % 10 == 0 or number == total):
        print(f"seed: case {number} of {total}", file=sys.stdout, flush=True)
