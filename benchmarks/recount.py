"""100,000 open deadlines after a holiday notice, all of them moving: dry run and correction, on SQLite and on PostgreSQL.

The baseline is the plain way on a sample: one clock at a time, through a unit of work and ``audit.record``. Cases are made by
bulk inserts, each with a key of its own, a clock, a timer and a beginning of its record. Run by ``make bench``.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import insert, update
from sqlmodel import SQLModel, col, select

from benchmarks.support import busy
from benchmarks.support.figures import bounded, compared, heading
from benchmarks.support.installation import Installation, installations
from engine import audit, calendars, corrections, deadlines, holiday_notices, holidays, process
from engine.access import SYSTEM
from engine.audit import GENESIS
from engine.models import AuditEvent, Case, Deadline, Organisation, ProcessDefinition, Timer, new_id

CLOCKS = int(os.environ.get("DUBAN_BENCH_CLOCKS", "100000"))
SAMPLE, CHUNK, MOST_SECONDS = 200, 5_000, 60
FIRST_DAY = datetime(2026, 12, 1, 2, tzinfo=UTC)
# The day on which everything is due and the two before it become holidays: every clock of ten working days moves.
NOTICE = """
year = 2027
source = "measured"
[[holiday]]
name = "元旦"
from = 2026-12-07
to = 2027-01-03
"""


def main() -> None:
    with installations() as made:
        for at in made:
            measure(at)


def measure(at: Installation) -> None:
    _fill(at, CLOCKS)
    text = holidays.parse_notice(NOTICE, "2027.toml")
    moved = []

    def dry_run() -> None:
        with at.database.reading(SYSTEM) as reading:
            moved.append(holiday_notices.consequences(reading, text).moved)

    looked = _seconds(dry_run)
    assert moved == [CLOCKS], moved
    with at.database.unit_of_work() as uow:
        row = holiday_notices.propose(uow, NOTICE, "2027.toml")
        holiday_notices.approve(uow, row.id, "measured", read_again=True)
    plain = _seconds(lambda: _one_by_one(at, SAMPLE)) * CLOCKS / SAMPLE
    written = _seconds(lambda: corrections.correct_all(at.database, row.source)) * CLOCKS / (CLOCKS - SAMPLE)
    heading(f"a holiday notice that moves {CLOCKS:,} clocks on {at.name}, s", "ours", "one by one")
    compared("correct", written, plain)
    bounded("dry run", looked, MOST_SECONDS, "s")
    bounded("dry run and correction", looked + written, MOST_SECONDS, "s")


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _one_by_one(at: Installation, number: int) -> None:
    """The plain way: lock a case, count its clock, write clock, timer and record, commit."""
    with at.database.reading(SYSTEM) as reading:
        ids = reading.session.exec(select(Deadline.id, Deadline.case_id).limit(number)).all()
    for deadline_id, case_id in ids:
        with at.database.unit_of_work() as uow:
            case = process.lock_row(uow, case_id)
            clock = uow.session.get_one(Deadline, deadline_id)
            due = calendars.count(deadlines.rule_of(clock), clock.started_at or uow.now, deadlines.calendar(uow))
            clock.due_on, clock.due_at, clock.provisional = due.day, due.at, due.provisional
            clock.calendar_version = case_version = due.calendar_version
            case.due_at = due.at
            uow.add(clock, case)
            moved = update(Timer).where(col(Timer.case_id) == case_id, col(Timer.deadline) == clock.name)
            uow.session.execute(moved.values(due_at=due.at))
            audit.record(uow, "deadline.corrected", case_id, due_on=due.day.isoformat(), calendar=case_version)


# ---------------------------------------------------------------- the cases


def _fill(at: Installation, number: int) -> None:
    """So many open cases, on some twenty starting days."""
    with at.database.reading(SYSTEM) as reading:
        definition = reading.session.exec(select(ProcessDefinition.id)).first()
        owing = reading.session.exec(select(Organisation.id).order_by(col(Organisation.code))).first()
        calendar = deadlines.calendar(reading)
    rule = calendars.Rule(10, "working")
    due = {
        start: calendars.count(rule, start, calendar) for start in (date(2026, 12, 1) + timedelta(d) for d in range(5))
    }
    for first in range(0, number, CHUNK):
        rows: dict[type[SQLModel], list[dict[str, object]]] = {Case: [], Deadline: [], Timer: [], AuditEvent: []}
        for index in range(first, min(first + CHUNK, number)):
            started = FIRST_DAY + timedelta(days=index % 5)
            _case(at, rows, index, started, due[started.date()], str(definition), str(owing))
        with at.database.unit_of_work() as uow:
            for table, made in rows.items():
                uow.session.connection().execute(insert(table), made)


def _case(
    at: Installation,
    rows: dict[type[SQLModel], list[dict[str, object]]],
    index: int,
    started: datetime,
    due: calendars.Due,
    definition: str,
    owing: str,
) -> None:
    case_id = new_id()
    key, wrapped, master_key_id = at.database.keys.new_case_key()
    rows[Case].append(
        {
            "id": case_id,
            "reference": f"M-2026-{index:06d}",
            "process_key": busy.KEY,
            "definition_id": definition,
            "subject": "measured",
            "data": key.seal_value({"subject": "measured"}, process.data_purpose(case_id)),
            "wrapped_key": wrapped,
            "master_key_id": master_key_id,
            "submitted_at": started,
            "touched_at": started,
            "due_at": due.at,
        }
    )
    rows[Deadline].append(
        {
            "id": new_id(),
            "case_id": case_id,
            "process_key": busy.KEY,
            "name": "reply",
            "basis": "statutory",
            "days": 10,
            "unit": "working",
            "roll": "forward",
            "starts_on": "case.submitted",
            "stops_on": [],
            "owed_by": "agency",
            "organisation_id": owing,
            "state": "running",
            "started_at": started,
            "due_on": due.day,
            "due_at": due.at,
            "provisional": due.provisional,
            "calendar_version": due.calendar_version,
        }
    )
    timer = {"case_id": case_id, "token": new_id(), "node": "overdue", "deadline": "reply", "due_at": due.at}
    rows[Timer].append({"id": new_id(), **timer})
    event = {"stream": f"case:{case_id}", "position": 1, "at": started, "actor": "system", "name": "case.submitted"}
    made = AuditEvent(**event, detail={}, previous=GENESIS, digest="")
    rows[AuditEvent].append(
        {"id": new_id(), **event, "detail": {}, "previous": GENESIS, "digest": audit.digest_of(made)}
    )


if __name__ == "__main__":
    main()
