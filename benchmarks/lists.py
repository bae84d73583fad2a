"""Inbox and board at a million tasks: pages and numbers, beside the naive way on the same data.

The naive way joins and counts as one would write it down: no partial index, no rows counted beforehand, pages by OFFSET.
Tasks are made by copying the rows of one case; four in a hundred are open. ``DUBAN_BENCH_TASKS`` says how many
(default 50,000, so that `make bench` ends soon). Run by ``make bench``.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import text
from sqlmodel import col, select

from benchmarks.support.copies import Copier, ident
from benchmarks.support.figures import compared, heading, milliseconds, p95
from benchmarks.support.installation import Installation, installations
from engine import clock, directory, process, queries, results
from engine.access import SYSTEM, Actor
from engine.db import Reading
from engine.models import Organisation, ProcessPresentation

TASKS = int(os.environ.get("DUBAN_BENCH_TASKS", "50000"))
A_CASE = 4  # tasks: an open case has three done and one open, an ended one four done
OPEN_IN_A_HUNDRED = 16  # cases, so four tasks in a hundred
HOUSES, PEOPLE_OF_A_HOUSE = 60, 10
ROUNDS = 15
NODES = ("register", "legal", "draft", "approve")
PAGE, DEEP = 25, 20  # rows of a page; the page to which somebody turns


def organisations(at: Installation) -> tuple[list[str], list[list[str]], Actor]:
    """Sixty organisations with ten people each, and a supervisor who stands over all of them."""
    with at.database.unit_of_work(SYSTEM) as uow:
        bureau = uow.session.exec(select(Organisation.id).where(col(Organisation.code) == "gy-sjj")).one()
        houses, people = [], []
        for number in range(HOUSES):
            house = directory.create_organisation(uow, f"house-{number}", f"第{number}局", "agency", "city")
            directory.relate(uow, bureau, house.id, "business_guidance_of")
            houses.append(house.id)
            staff = [
                directory.create_person(uow, f"p{number}.{n}", f"人员{n}", "!").id for n in range(PEOPLE_OF_A_HOUSE)
            ]
            for person in staff:
                directory.grant_role(uow, person, house.id, "case_handler")
            directory.grant_role(uow, staff[0], house.id, "leader")
            people.append(staff)
        supervisor = directory.create_person(uow, "oversees-all", "督办人", "!")
        directory.grant_role(uow, supervisor.id, bureau, "supervisor")
        return houses, people, directory.actor_of(uow, supervisor.id)


def fill(at: Installation, houses: list[str], people: list[list[str]]) -> None:
    """A quarter as many cases as tasks, over a year; open ones are due from three weeks ago to three weeks ahead."""
    cases = TASKS // A_CASE
    template = at.file()
    copier = Copier(at.database)
    now = datetime.now(UTC).replace(microsecond=0)
    (case,) = copier.rows("case_file", template, "id")
    (party,) = copier.rows("party", template)
    (participant,) = copier.rows("participant", template)
    (deadline,) = copier.rows("deadline", template)
    (task,) = copier.rows("task", template)
    with at.database.reading(SYSTEM) as reading:
        key = reading.keys.case_key(case["wrapped_key"], case["master_key_id"])
        presentation = reading.session.exec(select(ProcessPresentation.id)).first()
        identity = key.open_value(party["identity"], process.identity_purpose(party["id"]))

    def is_open(n: int) -> bool:
        return n % 100 < OPEN_IN_A_HUNDRED

    def due_at(n: int) -> datetime:
        days = n % 43 - 21 if is_open(n) else -(n * 7 % 365) - 1
        return clock.end_of(clock.day_of(now + timedelta(days=days)))

    def stopped_at(n: int) -> datetime | None:
        return None if is_open(n) else due_at(n) + timedelta(days=2 if n % 17 == 0 else -3)

    at_ = copier.at
    everyone = range(cases)
    copier.insert(
        "case_file",
        (
            case
            | {
                "id": ident("c", n),
                "reference": f"FM-2025-{n:07}",
                "due_at": at_(due_at(n)) if is_open(n) else None,
                "closed_at": at_(stopped_at(n)),
                "status": "in_progress" if is_open(n) else "closed",
                "submitted_at": at_(due_at(n) - timedelta(days=10)),
            }
            for n in everyone
        ),
    )
    copier.insert(
        "party",
        (
            party
            | {
                "id": ident("a", n),
                "case_id": ident("c", n),
                "identity": key.seal_value(identity, process.identity_purpose(ident("a", n))),
                "name_token": None,
            }
            for n in everyone
        ),
    )
    copier.insert(
        "participant",
        (
            participant | {"id": ident("b", n), "case_id": ident("c", n), "organisation_id": houses[n % HOUSES]}
            for n in everyone
        ),
    )
    copier.insert(
        "deadline",
        (
            deadline
            | {
                "id": ident("d", n),
                "case_id": ident("c", n),
                "organisation_id": houses[n % HOUSES],
                "state": "running" if is_open(n) else "stopped",
                "due_at": at_(due_at(n)),
                "due_on": (due_at(n) - timedelta(hours=1)).date().isoformat(),
                "stopped_at": at_(stopped_at(n)),
                "stopped_by": None if is_open(n) else "case.answered",
            }
            for n in everyone
        ),
    )

    def tasks() -> Any:
        for n in everyone:
            staff = people[n % HOUSES]
            for step in range(A_CASE):
                going_on = is_open(n) and step == A_CASE - 1
                somebody = staff[(n // HOUSES + step) % PEOPLE_OF_A_HOUSE]
                since = due_at(n) - timedelta(days=10 - step)
                yield task | {
                    "id": ident(f"e{step}", n),
                    "case_id": ident("c", n),
                    "token": f"t{step}",
                    "node": NODES[(n + step) % len(NODES)],
                    "role": "case_handler",
                    "organisation_id": houses[n % HOUSES],
                    "state": "open" if going_on else "completed",
                    "assignee_id": somebody if not going_on or n % 2 else None,
                    "completed_by": None if going_on else somebody,
                    "created_at": at_(since),
                    "ended_at": None if going_on else at_(since + timedelta(hours=5)),
                }

    copier.insert("task", tasks())
    copier.insert(
        "notice",
        (
            {
                "id": ident("f", n),
                "case_id": ident("c", n),
                "name": "receipt",
                "presentation_id": presentation,
                "organisation_id": houses[n % HOUSES],
                "party_id": ident("a", n),
                "form": "receipt",
                "title": "申请回执",
                "facts": b"",
                "state": "issued",
                "verify_token": ident("f", n),
                "created_at": at_(due_at(n)),
                "issued_at": at_(due_at(n)),
            }
            for n in everyone
        ),
    )
    copier.insert(
        "delivery",
        (
            {
                "id": ident("9", n),
                "notice_id": ident("f", n),
                "case_id": ident("c", n),
                "channel": "portal",
                "attempt": 1,
                "state": "failed" if n % 1000 == 0 else "served",
                "proof": "",
            }
            for n in everyone
        ),
    )
    copier.done()
    results.recount(at.database)


def measure(at: Installation, houses: list[str], people: list[list[str]], supervisor: Actor) -> None:
    with at.database.reading(SYSTEM) as reading:
        handler = directory.actor_of(reading, people[7][3])
    naive = Naive(houses[7], people[7][3])
    heading(f"{TASKS:,} tasks on {at.name}, ms", "p50", "naive p50")
    for title, actor, ours, theirs in (
        ("inbox: mine", handler, lambda r: queries.inbox(r, "mine", limit=PAGE), naive.mine),
        ("inbox: waiting to be claimed", handler, lambda r: queries.inbox(r, "queue", limit=PAGE), naive.queue),
        ("inbox: all open", handler, lambda r: queries.inbox(r, "all", limit=PAGE), naive.all_open),
        ("inbox: done by me", handler, lambda r: queries.inbox(r, "done", limit=PAGE), naive.done),
        ("numbers of the inbox", handler, queries.counts, naive.inbox_numbers),
        ("board: the numbers", supervisor, queries.board_counts, naive.board_numbers),
        ("board: overdue, first page", supervisor, lambda r: queries.board_list(r, limit=PAGE), naive.overdue(0)),
        (f"board: overdue, page {DEEP + 1}", supervisor, turned(at, supervisor), naive.overdue(DEEP * PAGE)),
        ("board: all charts", supervisor, queries.figures, naive.charts),
    ):
        compare(at, title, actor, ours, theirs)


def compare(
    at: Installation, title: str, actor: Actor, ours: Callable[[Reading], Any], naive: Callable[[Reading], Any]
) -> None:
    """Both in turn, so that a slow moment meets both. The naive way is given fewer rounds where it is slow."""
    mine: list[float] = []
    theirs: list[float] = []
    with at.database.reading(actor) as reading:
        ours(reading)
    begun = perf_counter()
    for _ in range(ROUNDS):
        with at.database.reading(actor) as reading:
            mine.append(milliseconds(lambda r=reading: ours(r)))  # type: ignore[misc]
        if perf_counter() - begun < 4 or not theirs:
            with at.database.reading(actor) as reading:
                theirs.append(milliseconds(lambda r=reading: naive(r)))  # type: ignore[misc]
    compared(title, median(mine), median(theirs))
    print(f"    {'one in twenty is slower':48}{p95(mine):12,.3f}")


def turned(at: Installation, supervisor: Actor) -> Callable[[Reading], Any]:
    """The page to which one comes by turning pages."""
    after = None
    with at.database.reading(supervisor) as reading:
        for _ in range(DEEP):
            after = queries.board_list(reading, after=after, limit=PAGE).next_key or after
    return lambda reading: queries.board_list(reading, after=after, limit=PAGE)


class Naive:
    """The same questions as one would first write them: joins, functions over columns, OFFSET. No index helps."""

    def __init__(self, house: str, person: str) -> None:
        self.known = {"house": house, "person": person}

    def _ask(self, reading: Reading, question: str, **more: Any) -> Any:
        now = reading.now.astimezone(UTC)
        at = now.strftime("%Y-%m-%d %H:%M:%S.%f") if reading.session.get_bind().dialect.name == "sqlite" else now
        return reading.session.execute(text(question), self.known | {"now": at} | more).all()

    def _tasks(self, reading: Reading, condition: str) -> Any:
        return self._ask(
            reading,
            f"""SELECT t.*, c.subject, c.due_at FROM task t JOIN case_file c ON c.id = t.case_id
            WHERE {condition} AND c.id IN (SELECT p.case_id FROM participant p WHERE lower(p.organisation_id) = :house)
            ORDER BY coalesce(c.due_at, t.ended_at), t.id LIMIT {PAGE} OFFSET 0""",
        )

    def mine(self, reading: Reading) -> Any:
        return self._tasks(reading, "lower(t.state) = 'open' AND lower(t.assignee_id) = :person")

    def queue(self, reading: Reading) -> Any:
        return self._tasks(
            reading, "lower(t.state) = 'open' AND lower(t.organisation_id) = :house AND t.assignee_id IS NULL"
        )

    def all_open(self, reading: Reading) -> Any:
        return self._tasks(reading, "lower(t.state) = 'open' AND lower(t.organisation_id) = :house")

    def done(self, reading: Reading) -> Any:
        return self._tasks(reading, "lower(t.state) = 'completed' AND lower(t.completed_by) = :person")

    def inbox_numbers(self, reading: Reading) -> Any:
        return [self.mine(reading), self.queue(reading), self.all_open(reading), self.done(reading)]

    _OVERSEEN = """FROM deadline d JOIN case_file c ON c.id = d.case_id WHERE lower(d.basis) = 'statutory'
        AND c.id IN (SELECT p.case_id FROM participant p JOIN organisation_relation r ON r.lower_id = p.organisation_id)"""

    def board_numbers(self, reading: Reading) -> Any:
        lights = (
            "lower(d.state) = 'running' AND d.due_at <= :now",
            "lower(d.state) = 'running' AND d.due_at > :now",
            "lower(d.state) = 'suspended'",
        )
        return [self._ask(reading, f"SELECT count(*) {self._OVERSEEN} AND {light}") for light in lights]

    def overdue(self, offset: int) -> Callable[[Reading], Any]:
        question = f"""SELECT d.*, c.subject {self._OVERSEEN} AND lower(d.state) = 'running' AND d.due_at <= :now
            ORDER BY d.due_at, d.id LIMIT {PAGE} OFFSET {offset}"""
        return lambda reading: self._ask(reading, question)

    def charts(self, reading: Reading) -> Any:
        """Only two of the four charts: results by organisation and month, and what waits at each step."""
        month = "substr(CAST(d.stopped_at AS TEXT), 1, 7)"
        late = "CASE WHEN d.stopped_at >= d.due_at THEN 1 ELSE 0 END"
        self._ask(
            reading,
            f"""SELECT d.organisation_id, {month}, count(*), sum({late}) {self._OVERSEEN}
            AND lower(d.state) = 'stopped' GROUP BY d.organisation_id, {month}""",
        )
        self._ask(
            reading,
            """SELECT t.node, count(*) FROM task t JOIN case_file c ON c.id = t.case_id
            WHERE lower(t.state) = 'open' GROUP BY t.node""",
        )


def main() -> None:
    with installations() as made:
        for at in made:
            begun = perf_counter()
            houses, people, supervisor = organisations(at)
            fill(at, houses, people)
            print(f"\n{TASKS:,} tasks of {TASKS // A_CASE:,} cases made on {at.name} in {perf_counter() - begun:.0f} s")
            measure(at, houses, people, supervisor)


if __name__ == "__main__":
    main()
